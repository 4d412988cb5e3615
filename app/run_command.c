#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/kill_file.h"
#include "actors/run.h"
#include "app/command.h"
#include "app/progress_bar.h"
#include "app/report.h"
#include "base/instant.h"
#include "base/log.h"

/* A run in the foreground: what its signal thread and its callbacks need. */
struct foreground {
    struct run *run;
    struct progress_bar bar;
    bool is_quiet;
    enum restart_policy on_restart; /* 0: as the run file says. */
    bool is_json;
    const char *kill_file; /* Borrowed; NULL: none. */
    int ends;              /* Of signals that end. The signal thread's, as the next two. */
    bool is_end_due;
    bool is_halt_due;
    atomic_bool is_over; /* The run is; stored by the main thread, loaded by the signal thread. */
};

/* How often the kill file is looked at: half a second. */
#define FOREGROUND_LOOK_NS (500 * NS_PER_MS)

/* Client order ids of a backtest depend on its seed only, so that it repeats byte for byte; every
 * other start has an epoch of its own: milliseconds since 1970. */
static uint64_t foreground_epoch(const struct run_config *config)
{
    if (config->file.run->mode == MODE_BACKTEST) {
        return (uint64_t)config->file.run->seed % 1000000;
    }
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void foreground_show_rows(void *context, uint64_t rows, uint64_t rows_total, int64_t now_ns)
{
    (void)now_ns;
    struct foreground *foreground = context;
    progress_bar_show(&foreground->bar, rows, rows_total, "quotes");
}

static void foreground_show_tape(void *context, uint64_t done, uint64_t total)
{
    struct foreground *foreground = context;
    progress_bar_show(&foreground->bar, done, total, "bytes of tape");
}

/* The signals that the thread waits for. SIGUSR2 wakes it when the run is over. */
static void foreground_signals(sigset_t *ret_signals)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
    (void)sigemptyset(ret_signals);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        (void)sigaddset(ret_signals, numbers[i]);
    }
}

/* Ends the run; what cannot be sent now is sent when the thread looks again. */
static void foreground_stop(struct foreground *foreground)
{
    const enum err err = run_stop(foreground->run, SHUTDOWN_SIGNAL);
    foreground->is_end_due = err == ERR_FULL || err == ERR_MEMORY;
}

/* SIGINT and SIGTERM: the first ends the run in order, the second at once. */
static void foreground_end(struct foreground *foreground, const char *name)
{
    if (++foreground->ends > 1) {
        static const char text[] = "\ntutti: second signal: ended at once; what was committed "
                                   "is in the database\n";
        (void)!write(STDERR_FILENO, text, sizeof(text) - 1);
        _exit(EXIT_CODE_FAILURE);
    }
    log_line(LOG_WARNING, "run",
             "%s: stopping executors and finishing in order; a second signal ends at once", name);
    foreground_stop(foreground);
}

/* Halts the run; what cannot be sent now is sent when the thread looks again. */
static void foreground_halt(struct foreground *foreground, const char *reason, const char *actor)
{
    const struct message_risk request =
        risk_request_make(RISK_HALTED, RISK_SCOPE_GLOBAL, reason, actor);
    const enum err err = run_set_risk(foreground->run, &request);
    foreground->is_halt_due = err == ERR_FULL || err == ERR_MEMORY;
}

/* What is looked at between signals: the kill file, and what could not be sent. */
static void foreground_look(struct foreground *foreground)
{
    char reason[KILL_FILE_REASON_MAX];
    if (kill_file_halts(foreground->kill_file, reason)) {
        foreground_halt(foreground, reason, "kill_file");
    } else if (foreground->is_halt_due) {
        foreground_halt(foreground, "SIGUSR1", "signal");
    }
    if (foreground->is_end_due) {
        foreground_stop(foreground);
    }
}

/* Waits for signals, and looks at the kill file in between. */
static void *foreground_wait_for_signals(void *given)
{
    struct foreground *foreground = given;
    const struct timespec interval = {.tv_nsec = FOREGROUND_LOOK_NS};
    sigset_t signals;
    foreground_signals(&signals);
    while (!atomic_load(&foreground->is_over)) {
        const int number = sigtimedwait(&signals, NULL, &interval);
        if (number == SIGINT || number == SIGTERM) {
            foreground_end(foreground, number == SIGINT ? "SIGINT" : "SIGTERM");
        } else if (number == SIGUSR1) {
            foreground_halt(foreground, "SIGUSR1", "signal");
        }
        foreground_look(foreground);
    }
    return NULL;
}

static void foreground_block_signals(void)
{
    sigset_t signals;
    foreground_signals(&signals);
    (void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

/* From the database when there is one, so that the printed report is what the tables say. */
static enum err foreground_report(const struct foreground *foreground, const char *database,
                                  const struct report_speed *speed, struct failure *failure)
{
    struct reader *reader;
    enum err err = reader_open(database, &reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct report report;
    err = report_load(reader, &report, failure);
    if (err == ERR_NONE && foreground->is_json) {
        err = report_print_json(&report, reader, speed, stdout, failure);
    } else if (err == ERR_NONE) {
        report_print_text(&report, speed, stdout);
        (void)printf("database    %s\n", database);
    }
    report_done(&report);
    reader_close(reader);
    return err;
}

/* The few lines that are known without a database. */
static void foreground_summary(const struct run_result *result, const struct report_speed *speed)
{
    const struct performance_report *total = &result->outcome.total;
    char net[DECIMAL_TEXT_MAX];
    char fees[DECIMAL_TEXT_MAX];
    char volume[DECIMAL_TEXT_MAX];
    (void)decimal_print(total->global_pnl_quote, net);
    (void)decimal_print(total->fees_quote, fees);
    (void)decimal_print(total->volume_traded, volume);
    char elapsed[INSTANT_TEXT_MAX];
    (void)duration_print(speed->elapsed_ns, elapsed);
    (void)printf("quotes      %llu in %s\nevents      %llu, sha256 %s\nexecutors   %llu closed, "
                 "%llu still active\nnet pnl     %s\nfees        %s\nvolume      %s\n"
                 "database    none (persistence type memory)\n",
                 (unsigned long long)speed->rows, elapsed,
                 (unsigned long long)result->journal.committed, result->journal.hash,
                 (unsigned long long)total->executors_closed,
                 (unsigned long long)total->executors_active, net, fees, volume);
}

static enum exit_code foreground_conclude(const struct foreground *foreground,
                                          const struct run_result *result, enum err err,
                                          struct failure *failure, int64_t elapsed_ns)
{
    const struct report_speed speed = {.rows = result->rows, .elapsed_ns = elapsed_ns};
    enum exit_code code = err == ERR_NONE ? EXIT_CODE_OK : command_failed(failure);
    const char *database = run_database(foreground->run);
    if (!foreground->is_quiet && database != NULL && result->journal.committed > 0) {
        if (foreground_report(foreground, database, &speed, failure) != ERR_NONE) {
            code = command_failed(failure);
        }
    } else if (!foreground->is_quiet && err == ERR_NONE) {
        foreground_summary(result, &speed);
    }
    if (result->outcome.executors_unfinished > 0) {
        (void)fprintf(stderr,
                      "tutti: %llu executors could not be closed before the draining ended: "
                      "see their orders in the database\n",
                      (unsigned long long)result->outcome.executors_unfinished);
        code = EXIT_CODE_FAILURE;
    }
    if (!result->outcome.is_balanced) {
        (void)fputs("tutti: the venue's balances differ from what the fills say: see the log\n",
                    stderr);
        code = EXIT_CODE_FAILURE;
    }
    return code == EXIT_CODE_OK && result->outcome.reason == SHUTDOWN_RISK ? EXIT_CODE_RISK : code;
}

/* Shown once: the file keeps only hashes. */
static void foreground_show_secrets(void *context, const char *path,
                                    const struct link_secret_texts *texts)
{
    (void)context;
    (void)fprintf(stderr,
                  "tutti: new secrets for control over HTTP, shown this once; %s keeps their "
                  "hashes\n"
                  "  token to read     %s\n"
                  "  token to trade    %s\n"
                  "  token for all     %s\n"
                  "  user " LINK_USER ", password %s\n",
                  path, texts->items[LINK_SECRET_READ], texts->items[LINK_SECRET_TRADE],
                  texts->items[LINK_SECRET_ADMIN], texts->items[LINK_SECRET_PASSWORD]);
}

static enum exit_code foreground_run(struct foreground *foreground, const struct run_config *config)
{
    foreground_block_signals();
    progress_bar_init(&foreground->bar, config->file.run->name);
    uint8_t entropy[LINK_ENTROPY_BYTES];
    randombytes_buf(entropy, sizeof(entropy));
    const struct run_options options = {.entropy = entropy,
                                        .on_secrets = foreground_show_secrets,
                                        .on_progress = foreground_show_rows,
                                        .on_tape = foreground_show_tape,
                                        .context = foreground,
                                        .epoch = foreground_epoch(config),
                                        .on_restart = foreground->on_restart};
    foreground->kill_file = config->file.risk->kill_file;
    struct failure failure;
    const enum err created = run_create(config, &options, &foreground->run, &failure);
    sodium_memzero(entropy, sizeof(entropy));
    if (created != ERR_NONE) {
        progress_bar_done(&foreground->bar);
        return command_failed(&failure);
    }
    pthread_t signals;
    if (pthread_create(&signals, NULL, foreground_wait_for_signals, foreground) != 0) {
        run_destroy(foreground->run);
        (void)failure_set(&failure, ERR_LIMIT, "no thread for signals: raise the process limit");
        return command_failed(&failure);
    }
    progress_bar_init(&foreground->bar, config->file.run->name);
    struct run_result result = {0};
    const int64_t started_ns = progress_clock_ns();
    const enum err err = run_execute(foreground->run, &result, &failure);
    const int64_t elapsed_ns = progress_clock_ns() - started_ns;
    progress_bar_done(&foreground->bar);
    atomic_store(&foreground->is_over, true);
    (void)pthread_kill(signals, SIGUSR2);
    (void)pthread_join(signals, NULL);
    const enum exit_code code = foreground_conclude(foreground, &result, err, &failure, elapsed_ns);
    run_destroy(foreground->run);
    return code;
}

/* What --on-restart says; false when it says nothing that is known. */
static bool foreground_take_restart(struct foreground *foreground, const char *word)
{
    int policy;
    if (word == NULL || !field_value_of(restart_policy_names, word, &policy)) {
        return false;
    }
    foreground->on_restart = (enum restart_policy)policy;
    return true;
}

static enum exit_code run_run(const struct command *command, int argc, char **argv)
{
    struct foreground foreground = {0};
    const char *path = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        if (strcmp(argv[i], "--json") == 0) {
            foreground.is_json = true;
        } else if (strcmp(argv[i], "--quiet") == 0) {
            foreground.is_quiet = true;
        } else if (strcmp(argv[i], "--on-restart") == 0) {
            if (!foreground_take_restart(&foreground, argv[i + 1])) {
                return command_misused(command, "--on-restart: expected resume, stop_close or "
                                                "stop_keep");
            }
            i++;
        } else if (argv[i][0] == '-' || path != NULL) {
            return command_misused(command, "unexpected %s", argv[i]);
        } else {
            path = argv[i];
        }
    }
    if (path == NULL) {
        return command_misused(command, "which run file?");
    }
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    enum exit_code code = EXIT_CODE_USAGE;
    if (run_config_load(path, &config, &problems) == ERR_NONE) {
        code = foreground_run(&foreground, &config);
    } else {
        (void)fputs(text_string(&problems.lines), stderr);
        (void)fprintf(stderr, "tutti: %s: %zu problem%s, nothing was started\n", path,
                      problems.count, problems.count == 1 ? "" : "s");
    }
    run_config_done(&config);
    problems_done(&problems);
    return code;
}

const struct command command_run = {
    .name = "run",
    .summary = "trade a run file: backtest or paper",
    .help = "Usage: tutti run [--json] [--quiet] [--on-restart POLICY] FILE\n\n"
            "Runs the executors of a run file until its feed ends, then prints the report.\n"
            "SIGINT or SIGTERM ends it in order: executors are stopped by run.on_end, orders\n"
            "cancelled, everything committed, the report printed; a second signal ends at once.\n"
            "SIGUSR1 halts trading: all orders are cancelled, nothing more is sent until\n"
            "`tutti risk resume`.\n\n"
            "  --json    print the report as JSON\n"
            "  --quiet   print no report\n"
            "  --on-restart resume|stop_close|stop_keep\n"
            "            what becomes of the executors of a run that was cut short (instead of\n"
            "            run.on_restart): starting it again lets it go on from its database\n\n"
            "Example:\n  tutti run examples/quickstart.yaml\n",
    .run = run_run,
};
