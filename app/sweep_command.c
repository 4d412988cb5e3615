#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/sweep.h"
#include "app/command.h"
#include "app/progress_bar.h"

/* A sweep in the foreground. */
struct sweeping {
    const char *path; /* Of the run file. */
    struct sweep_options options;
    struct sweep *sweep;
    struct progress_bar bar;
    struct text out; /* The table or the JSON. */
    size_t top;      /* 0: as the file says. */
    size_t rank;     /* Rows printed. */
    bool is_json;
    bool is_quiet;
};

/* How many signals came: the first ends in order, the second at once. */
static volatile sig_atomic_t sweeping_signals;

static void sweeping_on_signal(int number)
{
    (void)number;
    sweeping_signals++;
    if (sweeping_signals > 1) {
        static const char text[] =
            "\ntutti: second signal: ended at once; what was committed is in "
            "the database\n";
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        _exit(EXIT_CODE_FAILURE);
    }
}

static void sweeping_catch_signals(void)
{
    struct sigaction action = {.sa_handler = sweeping_on_signal, .sa_flags = SA_RESTART};
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static bool sweeping_show(void *context, const struct sweep_progress *progress)
{
    struct sweeping *sweeping = context;
    progress_bar_show(&sweeping->bar, progress->done, progress->total, "sets");
    return sweeping_signals == 0;
}

static void sweeping_show_tape(void *context, uint64_t done, uint64_t total)
{
    struct sweeping *sweeping = context;
    progress_bar_show(&sweeping->bar, done, total, "bytes of tape");
}

/* ---- The table ---- */

/* Six decimal places are enough for a table; JSON and the database are exact. */
static void table_put_decimal(struct text *out, struct decimal value, int width)
{
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(decimal_round_to(decimal_absolute(value), decimal_literal("0.000001")),
                        printed);
    char text[DECIMAL_TEXT_MAX + 1];
    (void)snprintf(text, sizeof(text), "%s%s",
                   decimal_sign(value) < 0 && strcmp(printed, "0") != 0 ? "-" : "", printed);
    text_printf(out, "  %*s", width, text);
}

/* The last key of a path says most; all of it when another path ends the same. */
static const char *table_label(const struct sweep_section *section, size_t parameter)
{
    const struct sweep_parameter_section *all = section->parameters.items;
    const char *dot = strrchr(all[parameter].path, '.');
    const char *label = dot != NULL ? dot + 1 : all[parameter].path;
    for (size_t i = 0; i < section->parameters.count; i++) {
        const char *other = strrchr(all[i].path, '.');
        if (i != parameter && strcmp(other != NULL ? other + 1 : all[i].path, label) == 0) {
            return all[parameter].path;
        }
    }
    return label;
}

/* In a text of its own: JSON would put a comma behind what stands there. */
static void table_put_json(struct text *out, const struct node *value)
{
    struct text json = {0};
    node_print_json(value, &json);
    text_append(out, text_string(&json), json.length);
    text_done(&json);
}

static void table_put_values(struct sweeping *sweeping, uint64_t set)
{
    const struct sweep_section *section = sweep_config(sweeping->sweep)->file.sweep;
    for (size_t i = 0; i < section->parameters.count; i++) {
        const struct node *value = sweep_value(sweeping->sweep, set, i);
        text_printf(&sweeping->out, "%s%s=", i == 0 ? "  " : " ", table_label(section, i));
        if (value->kind == NODE_SCALAR) {
            text_append_string(&sweeping->out, value->is_null ? "null" : value->text);
        } else {
            table_put_json(&sweeping->out, value);
        }
    }
}

static void table_put_row(void *context, const struct sweep_row *row)
{
    struct sweeping *sweeping = context;
    struct text *out = &sweeping->out;
    const struct performance_report *total = &row->total;
    text_printf(out, "%5zu %9llu", ++sweeping->rank, (unsigned long long)row->set);
    table_put_decimal(out, total->global_pnl_quote, 16);
    table_put_decimal(out, total->fees_quote, 14);
    table_put_decimal(out, total->win_rate, 8);
    table_put_decimal(out, total->max_drawdown_quote, 16);
    table_put_decimal(out, total->sharpe_ratio, 10);
    text_printf(out, "  %9llu  %7llu", (unsigned long long)total->executors_closed,
                (unsigned long long)total->fills);
    table_put_values(sweeping, row->set);
    text_append_char(out, '\n');
}

static enum err table_print(struct sweeping *sweeping, const struct sweep_result *result,
                            struct failure *failure)
{
    struct text *out = &sweeping->out;
    const struct run_config *config = sweep_config(sweeping->sweep);
    text_printf(out,
                "sweep       %s\nsets        %llu: %llu done, %llu invalid, %llu failed\n"
                "database    %s\nranked by   %s\n\n",
                config->file.run->name, (unsigned long long)result->sets,
                (unsigned long long)result->counts.done, (unsigned long long)result->counts.invalid,
                (unsigned long long)result->counts.failed, sweep_database(sweeping->sweep),
                field_name_of(sweep_measure_names, (int)config->file.sweep->rank_by));
    text_printf(out, "%5s %9s  %16s  %14s  %8s  %16s  %10s  %9s  %7s  parameters\n", "rank", "set",
                "net pnl", "fees", "win rate", "max drawdown", "sharpe", "executors", "fills");
    return sweep_rank(sweeping->sweep, sweeping->top, table_put_row, sweeping, failure);
}

/* ---- JSON ---- */

static void json_put_row(void *context, const struct sweep_row *row)
{
    struct sweeping *sweeping = context;
    struct text *out = &sweeping->out;
    json_object_begin(out);
    json_put_int(out, "rank", (int64_t)++sweeping->rank);
    json_put_int(out, "set", (int64_t)row->set);
    json_put_raw(out, "parameters", row->parameters);
#define JSON_PUT_MEASURE(name, column, member, is_least) \
    json_put_decimal(out, #column, row->total.member);
    SWEEP_MEASURES(JSON_PUT_MEASURE)
#undef JSON_PUT_MEASURE
    json_put_int(out, "executors", (int64_t)row->total.executors_closed);
    json_put_int(out, "fills", (int64_t)row->total.fills);
    json_put_raw(out, "close_type_counts", row->close_types);
    json_object_end(out);
}

static enum err json_print(struct sweeping *sweeping, const struct sweep_result *result,
                           struct failure *failure)
{
    struct text *out = &sweeping->out;
    const struct run_config *config = sweep_config(sweeping->sweep);
    json_object_begin(out);
    json_put_string(out, "sweep", config->file.run->name);
    json_put_string(out, "config_hash", config->hash);
    json_put_string(out, "database", sweep_database(sweeping->sweep));
    json_put_bool(out, "is_complete", result->is_complete);
    json_put_int(out, "sets", (int64_t)result->sets);
    json_put_int(out, "found", (int64_t)result->found);
    json_put_int(out, "run", (int64_t)result->run);
    json_put_int(out, "done", (int64_t)result->counts.done);
    json_put_int(out, "invalid", (int64_t)result->counts.invalid);
    json_put_int(out, "failed", (int64_t)result->counts.failed);
    json_put_string(out, "rank_by",
                    field_name_of(sweep_measure_names, (int)config->file.sweep->rank_by));
    json_key(out, "top");
    json_array_begin(out);
    const enum err err =
        sweep_rank(sweeping->sweep, sweeping->top, json_put_row, sweeping, failure);
    json_array_end(out);
    json_object_end(out);
    text_append_char(out, '\n');
    return err;
}

/* ---- The command ---- */

static enum exit_code sweeping_conclude(struct sweeping *sweeping,
                                        const struct sweep_result *result, int64_t elapsed_ns)
{
    struct failure failure;
    const enum err err = sweeping->is_quiet  ? ERR_NONE
                         : sweeping->is_json ? json_print(sweeping, result, &failure)
                                             : table_print(sweeping, result, &failure);
    if (err != ERR_NONE) {
        return command_failed(&failure);
    }
    if (text_failed(&sweeping->out)) {
        (void)failure_set(&failure, ERR_MEMORY, "no memory for the table");
        return command_failed(&failure);
    }
    (void)fputs(text_string(&sweeping->out), stdout);
    const uint64_t per_second = result->run * 1000 / ((uint64_t)elapsed_ns / 1000000 + 1);
    (void)fprintf(stderr, "tutti: %llu sets in %lld ms (%llu sets/s), %llu were there before\n",
                  (unsigned long long)result->run, (long long)(elapsed_ns / 1000000),
                  (unsigned long long)per_second, (unsigned long long)result->found);
    if (!result->is_complete) {
        (void)fprintf(stderr,
                      "tutti: ended with %llu of %llu sets; to go on, start it again with the same "
                      "file and database (%s)\n",
                      (unsigned long long)result->found + (unsigned long long)result->run,
                      (unsigned long long)result->sets, sweep_database(sweeping->sweep));
    }
    return result->is_complete && result->counts.done > 0 ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

static enum exit_code sweeping_run(struct sweeping *sweeping)
{
    struct problems problems;
    problems_init(&problems, sweeping->path);
    enum exit_code code = EXIT_CODE_USAGE;
    if (sweep_load(sweeping->path, &problems, &sweeping->sweep) != ERR_NONE) {
        (void)fputs(text_string(&problems.lines), stderr);
        (void)fprintf(stderr, "tutti: %s: %zu problem%s, nothing was started\n", sweeping->path,
                      problems.count, problems.count == 1 ? "" : "s");
    } else {
        sweeping_catch_signals();
        progress_bar_init(&sweeping->bar, sweep_config(sweeping->sweep)->file.run->name);
        struct sweep_result result;
        struct failure failure;
        const int64_t started_ns = progress_clock_ns();
        const enum err err = sweep_run(sweeping->sweep, &sweeping->options, &result, &failure);
        const int64_t elapsed_ns = progress_clock_ns() - started_ns;
        progress_bar_done(&sweeping->bar);
        code = err == ERR_NONE ? sweeping_conclude(sweeping, &result, elapsed_ns)
                               : command_failed(&failure);
    }
    sweep_destroy(sweeping->sweep);
    problems_done(&problems);
    text_done(&sweeping->out);
    return code;
}

/* A whole number from 1 to `max`, or 0. */
static unsigned sweeping_number(const char *word, unsigned max)
{
    char *end = NULL;
    const unsigned long value = word != NULL ? strtoul(word, &end, 10) : 0;
    return value >= 1 && value <= max && *end == '\0' && word[0] != '-' ? (unsigned)value : 0;
}

/* Takes the option at `words`: how many words it has, 0 for an unknown or incomplete one. */
static int sweeping_take_option(struct sweeping *sweeping, char **words)
{
    if (strcmp(words[0], "--json") == 0) {
        sweeping->is_json = true;
        return 1;
    }
    if (strcmp(words[0], "--quiet") == 0) {
        sweeping->is_quiet = true;
        return 1;
    }
    if (strcmp(words[0], "--replace") == 0) {
        sweeping->options.is_replaced = true;
        return 1;
    }
    if (strcmp(words[0], "--workers") == 0) {
        sweeping->options.workers = sweeping_number(words[1], 256);
        return sweeping->options.workers > 0 ? 2 : 0;
    }
    if (strcmp(words[0], "--top") == 0) {
        sweeping->top = sweeping_number(words[1], SWEEP_TOP_MAX);
        return sweeping->top > 0 ? 2 : 0;
    }
    if (strcmp(words[0], "--database") == 0) {
        sweeping->options.database = words[1];
        return words[1] != NULL ? 2 : 0;
    }
    return 0;
}

static enum exit_code sweep_command_run(const struct command *command, int argc, char **argv)
{
    struct sweeping sweeping = {
        .options = {.on_progress = sweeping_show, .on_tape = sweeping_show_tape}};
    sweeping.options.context = &sweeping;
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (argv[i][0] != '-' && sweeping.path == NULL) {
            sweeping.path = argv[i++];
            continue;
        }
        const int taken = sweeping_take_option(&sweeping, &argv[i]);
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    return sweeping.path != NULL ? sweeping_run(&sweeping)
                                 : command_misused(command, "which run file?");
}

const struct command command_sweep = {
    .name = "sweep",
    .summary = "backtest a run file with many parameter sets, on all cores",
    .help = "Usage: tutti sweep [--workers N] [--database FILE] [--replace] [--top N] [--json]\n"
            "                   [--quiet] FILE\n\n"
            "Runs the file once per set of the parameters in its sweep section, as backtests, and\n"
            "prints the best. Results go to one database as they come; started again, it goes on\n"
            "where it was ended, by SIGINT, SIGTERM or otherwise. Invalid sets are counted and\n"
            "kept with their reason. docs/sweep.md tells more.\n\n"
            "  --workers N      sets that run at a time; one per processor when absent\n"
            "  --database FILE  where results are kept; NAME.sweep.db when absent\n"
            "  --replace        delete the sweep that the database holds\n"
            "  --top N          rows of the table, instead of sweep.top\n"
            "  --json           print the table as JSON\n"
            "  --quiet          print no table\n\n"
            "Example:\n  tutti sweep examples/sweep.yaml\n",
    .run = sweep_command_run,
};
