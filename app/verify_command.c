#include <sodium.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/progress_bar.h"
#include "base/text.h"
#include "persistence/verify.h"

enum { CHECKSUM_TEXT_MAX = 2 * CHECKSUM_SIZE + 1 };

/* Where the findings go. */
struct verify_output {
    const char *path;
    bool is_json;
    struct text problems; /* JSON: an array. */
    struct progress_bar bar;
};

static void verify_show_problem(void *context, const struct verify_problem *problem)
{
    struct verify_output *output = context;
    if (output->is_json) {
        json_object_begin(&output->problems);
        json_put_string(&output->problems, "where", problem->where);
        json_put_string(&output->problems, "what", problem->what);
        json_put_string(&output->problems, "next", problem->next);
        json_object_end(&output->problems);
        return;
    }
    progress_bar_done(&output->bar);
    (void)printf("problem     %s: %s\n            %s\n", problem->where, problem->what,
                 problem->next);
}

static void verify_show_progress(void *context, uint64_t records, uint64_t records_total)
{
    struct verify_output *output = context;
    progress_bar_show(&output->bar, records, records_total, "records");
}

static void verify_print_text(const struct verify_output *output,
                              const struct verify_report *report)
{
    char checksum[CHECKSUM_TEXT_MAX];
    (void)sodium_bin2hex(checksum, sizeof(checksum), report->checksum.bytes, CHECKSUM_SIZE);
    (void)printf("database    %s\njournal     %llu sound records, checksum %s\n", output->path,
                 (unsigned long long)report->records, checksum);
    if (report->is_compared) {
        (void)printf("tables      %llu rows compared with the journal\n"
                     "books       %llu orders, %llu fills, %llu positions added up\n",
                     (unsigned long long)report->rows, (unsigned long long)report->orders,
                     (unsigned long long)report->fills, (unsigned long long)report->positions);
    } else {
        (void)printf("tables      not compared, as the journal breaks\n");
    }
    if (report->problems == 0) {
        (void)printf("verdict     sound\n");
    } else {
        (void)printf("verdict     corrupt: %llu problem%s\n", (unsigned long long)report->problems,
                     report->problems == 1 ? "" : "s");
    }
}

static void verify_print_json(const struct verify_output *output,
                              const struct verify_report *report)
{
    char checksum[CHECKSUM_TEXT_MAX];
    (void)sodium_bin2hex(checksum, sizeof(checksum), report->checksum.bytes, CHECKSUM_SIZE);
    struct text out = {0};
    json_object_begin(&out);
    json_put_string(&out, "database", output->path);
    json_put_string(&out, "verdict", report->problems == 0 ? "sound" : "corrupt");
    json_put_int(&out, "records", (int64_t)report->records);
    json_put_string(&out, "checksum", checksum);
    json_put_bool(&out, "is_compared", report->is_compared);
    json_put_int(&out, "rows", (int64_t)report->rows);
    json_put_int(&out, "orders", (int64_t)report->orders);
    json_put_int(&out, "fills", (int64_t)report->fills);
    json_put_int(&out, "positions", (int64_t)report->positions);
    json_put_int(&out, "problem_count", (int64_t)report->problems);
    json_put_raw(&out, "problems", text_string(&output->problems));
    json_object_end(&out);
    (void)printf("%s\n", text_string(&out));
    text_done(&out);
}

/* Locked means here that it cannot be looked at. */
static enum exit_code verify_refused(const struct failure *failure)
{
    const enum exit_code code = command_failed(failure);
    return code == EXIT_CODE_CORRUPT ? code : EXIT_CODE_FAILURE;
}

static enum exit_code verify_show(struct verify_output *output)
{
    const struct verify_options options = {
        .on_problem = verify_show_problem, .on_progress = verify_show_progress, .context = output};
    struct verify_report report;
    struct failure failure;
    progress_bar_init(&output->bar, output->path);
    json_array_begin(&output->problems);
    const enum err err = verify_database(output->path, &options, &report, &failure);
    json_array_end(&output->problems);
    progress_bar_done(&output->bar);
    enum exit_code code = report.problems == 0 ? EXIT_CODE_OK : EXIT_CODE_CORRUPT;
    if (err != ERR_NONE) {
        code = verify_refused(&failure);
    } else if (output->is_json && text_failed(&output->problems)) {
        (void)fputs("tutti: no memory to print what is wrong\n", stderr);
        code = EXIT_CODE_FAILURE;
    } else if (output->is_json) {
        verify_print_json(output, &report);
    } else {
        verify_print_text(output, &report);
    }
    text_done(&output->problems);
    return code;
}

static enum exit_code verify_run(const struct command *command, int argc, char **argv)
{
    struct verify_output output = {0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--json") == 0) {
            output.is_json = true;
        } else if (argv[i][0] == '-' || output.path != NULL) {
            return command_misused(command, "unexpected %s", argv[i]);
        } else {
            output.path = argv[i];
        }
    }
    if (output.path == NULL) {
        return command_misused(command, "which database?");
    }
    return verify_show(&output);
}

const struct command command_verify = {
    .name = "verify",
    .summary = "is a database whole? pages, checksums, tables, orders, positions",
    .help = "Usage: tutti verify [--json] DATABASE\n\n"
            "Reads the whole database, of a run that goes on, was killed or has ended, and says\n"
            "exactly what is wrong and what to do. Every table must be what the journal makes of\n"
            "it, every order and position the sum of its fills. Nothing is changed.\n\n"
            "Exit codes: 0 sound, 1 it cannot be looked at, 4 corrupt, foreign or newer.\n\n"
            "Example:\n  tutti verify quickstart.db\n",
    .run = verify_run,
};
