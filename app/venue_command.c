#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "actors/venue_process.h"
#include "app/command.h"
#include "app/progress_bar.h"
#include "app/venue_reconcile.h"
#include "base/instant.h"
#include "base/log.h"

enum { VENUE_HEARTBEAT_MS_MAX = 60000, VENUE_URL_MAX = 256 };

/* What the words on the command line say. */
struct venue_words {
    const char *path;
    struct venue_process_options options;
    struct venue_faults faults;
    char url[VENUE_URL_MAX];
    char events_url[VENUE_URL_MAX];
};

static void venue_block_signals(sigset_t *signals)
{
    (void)sigemptyset(signals);
    (void)sigaddset(signals, SIGINT);
    (void)sigaddset(signals, SIGTERM);
    (void)sigaddset(signals, SIGUSR1);
    (void)pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* Waits for SIGINT or SIGTERM and ends the venue; SIGUSR1: it has ended. */
static void *venue_wait_for_signals(void *process)
{
    sigset_t signals;
    venue_block_signals(&signals);
    int number;
    if (sigwait(&signals, &number) == 0 && number != SIGUSR1) {
        log_line(LOG_INFO, "venue", "%s: the venue ends", number == SIGINT ? "SIGINT" : "SIGTERM");
        venue_process_stop(process);
    }
    return NULL;
}

static void venue_show_tape(void *context, uint64_t done, uint64_t total)
{
    progress_bar_show(context, done, total, "bytes of tape");
}

/* How often each fault struck, so that a test knows what it has seen. */
static void venue_log_faults(const struct venue_faults *faults)
{
    for (unsigned fault = 0; faults != NULL && fault < VENUE_FAULT_COUNT; fault++) {
        if (faults->strikes[fault] > 0) {
            log_line(LOG_INFO, "venue", "fault %s struck %llu times",
                     venue_fault_name((enum venue_fault)fault),
                     (unsigned long long)faults->strikes[fault]);
        }
    }
}

static enum exit_code venue_execute(struct venue_process *process,
                                    const struct venue_process_options *options)
{
    struct failure failure;
    pthread_t signals;
    if (pthread_create(&signals, NULL, venue_wait_for_signals, process) != 0) {
        (void)failure_set(&failure, ERR_LIMIT, "no thread for signals: raise the process limit");
        return command_failed(&failure);
    }
    log_line(LOG_INFO, "venue", "requests at %s, events at %s", options->url, options->events_url);
    const enum err err = venue_process_execute(process, &failure);
    (void)pthread_kill(signals, SIGUSR1);
    (void)pthread_join(signals, NULL);
    venue_log_faults(options->faults);
    return err == ERR_NONE ? EXIT_CODE_OK : command_failed(&failure);
}

static enum exit_code venue_open(struct venue_words *words, const struct run_config *config)
{
    struct venue_process_options *options = &words->options;
    const char *name = options->venue != NULL
                           ? options->venue
                           : ((const struct venue_section *)config->file.venues.items)->name;
    (void)snprintf(words->url, sizeof(words->url), "ipc://%s.venue", name);
    (void)snprintf(words->events_url, sizeof(words->events_url), "ipc://%s.venue-events", name);
    options->url = options->url != NULL ? options->url : words->url;
    options->events_url = options->events_url != NULL ? options->events_url : words->events_url;
    struct progress_bar bar;
    progress_bar_init(&bar, name);
    options->on_tape = venue_show_tape;
    options->context = &bar;
    sigset_t signals;
    venue_block_signals(&signals);
    struct venue_process *process = NULL;
    struct failure failure;
    const enum err err = venue_process_create(config, options, &process, &failure);
    progress_bar_done(&bar);
    if (err != ERR_NONE) {
        const enum exit_code code = command_failed(&failure);
        return err == ERR_SYNTAX ? EXIT_CODE_USAGE : code;
    }
    const enum exit_code code = venue_execute(process, options);
    venue_process_destroy(process);
    return code;
}

/* ---- Words ---- */

/* A number > 0 and at most `max`. */
static bool venue_take_number(const char *word, int64_t max, struct decimal *ret_value)
{
    return decimal_parse(word, strlen(word), ret_value) == ERR_NONE &&
           decimal_sign(*ret_value) > 0 && decimal_compare(*ret_value, decimal_from_int(max)) <= 0;
}

/* Reads an option that has a value; false with words in *failure when one of them is wrong. */
static bool venue_take_option(struct venue_words *words, const char *name, const char *value,
                              struct failure *failure)
{
    struct venue_process_options *options = &words->options;
    const struct {
        const char *name;
        const char **text;
    } texts[] = {{"--venue", &options->venue},
                 {"--listen", &options->url},
                 {"--events", &options->events_url},
                 {"--log", &options->log}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (strcmp(name, texts[i].name) == 0) {
            *texts[i].text = value;
            return true;
        }
    }
    if (strcmp(name, "--faults") == 0) {
        options->faults = &words->faults;
        return venue_faults_parse(value, &words->faults, failure) == ERR_NONE;
    }
    struct decimal number = DECIMAL_ZERO;
    if (strcmp(name, "--speed") == 0 && venue_take_number(value, 1000000, &number)) {
        options->speed = number;
        return true;
    }
    if (strcmp(name, "--heartbeat-ms") == 0 &&
        venue_take_number(value, VENUE_HEARTBEAT_MS_MAX, &number) && decimal_digits(number) == 0) {
        return decimal_to_mantissa_floor(number, 0, &options->heartbeat_ns) == ERR_NONE;
    }
    (void)failure_set(failure, ERR_SYNTAX, "unexpected %s %s", name, value);
    return false;
}

/* Reads all words; false with words in *failure, "" for --help. */
static bool venue_take_words(struct venue_words *words, int argc, char **argv,
                             struct failure *failure)
{
    words->options.heartbeat_ns = 200;
    for (int i = 1; i < argc; i++) {
        failure->text[0] = '\0';
        if (strcmp(argv[i], "--help") == 0) {
            return false;
        }
        if (strcmp(argv[i], "--stop-at-end") == 0) {
            words->options.is_stopped_at_end = true;
        } else if (argv[i][0] != '-' && words->path == NULL) {
            words->path = argv[i];
        } else if (argv[i][0] != '-' || i + 1 == argc) {
            (void)failure_set(failure, ERR_SYNTAX, "unexpected %s", argv[i]);
            return false;
        } else if (!venue_take_option(words, argv[i], argv[i + 1], failure)) {
            return false;
        } else {
            i++;
        }
    }
    words->options.heartbeat_ns *= NS_PER_MS;
    if (words->path == NULL) {
        (void)failure_set(failure, ERR_SYNTAX, "which run file?");
    }
    return words->path != NULL;
}

static enum exit_code venue_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "reconcile") == 0) {
        return venue_reconcile(argc - 1, argv + 1);
    }
    struct venue_words words = {0};
    struct failure failure = {0};
    if (!venue_take_words(&words, argc, argv, &failure)) {
        return failure.text[0] == '\0' ? command_help(command)
                                       : command_misused(command, "%s", failure.text);
    }
    struct problems problems;
    problems_init(&problems, words.path);
    struct run_config config;
    enum exit_code code = EXIT_CODE_USAGE;
    if (run_config_load(words.path, &config, &problems) == ERR_NONE) {
        code = venue_open(&words, &config);
    } else {
        (void)fputs(text_string(&problems.lines), stderr);
        (void)fprintf(stderr, "tutti: %s: %zu problem%s, nothing was started\n", words.path,
                      problems.count, problems.count == 1 ? "" : "s");
    }
    run_config_done(&config);
    problems_done(&problems);
    return code;
}

const struct command command_venue = {
    .name = "venue",
    .summary = "run a paper venue as a process of its own",
    .help =
        "Usage: tutti venue [--venue NAME] [--listen URL] [--events URL] [--log PATH]\n"
        "                   [--speed N] [--heartbeat-ms N] [--stop-at-end] [--faults PLAN] FILE\n"
        "       tutti venue reconcile --venue NAME (--control URL | FILE)\n\n"
        "Runs the paper venue of a run file alone: it trades the tapes of its feeds at their\n"
        "speed, then holds their last quotes, until SIGINT or SIGTERM. Runtimes reach it as a\n"
        "venue of type remote and come and go; docs/venue-protocol.md is what is spoken.\n\n"
        "  --venue NAME      which venue of the file; the first when it is left out\n"
        "  --listen URL      requests: ipc://PATH or tcp://127.0.0.1:PORT; ipc://NAME.venue\n"
        "  --events URL      events, the same; ipc://NAME.venue-events\n"
        "  --log PATH        appends every order and trade, one JSON object per line\n"
        "  --speed N         market time per real time, instead of the feeds' speed\n"
        "  --heartbeat-ms N  time between two heartbeats; 200\n"
        "  --stop-at-end     end with the feed\n"
        "  --faults PLAN     misbehave: a seed, or a list like "
        "seed=7,reply_lost=500,disconnect@12\n"
        "                    (so many of 10000 times; exactly the 12th time)\n\n"
        "`reconcile` has a run compare itself with such a venue now: tutti venue reconcile "
        "--help\n\n"
        "Example:\n  tutti venue --log venue.jsonl examples/venue.yaml\n",
    .run = venue_run,
};
