#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link.h"
#include "app/command.h"
#include "app/control_client.h"
#include "base/text.h"

enum {
    WATCH_TOPICS_MAX = 64,
    WATCH_POLL_MS = 200,
    WATCH_SILENT_POLLS_MAX = 5, /* Then the run is asked whether something was missed. */
};

struct watch {
    const char *url;
    struct control_client client; /* Without an address gaps are reported, not filled. */
    const char *topics[WATCH_TOPICS_MAX];
    size_t topic_count;
    uint64_t next_seq; /* 0: whatever comes first. */
    bool has_snapshot; /* Begin with one. */
    bool is_all;       /* With what has ended. */
    bool is_json;
    bool is_endless;
    bool is_over; /* run.stopped was printed. */
    bool is_gone; /* The run does not answer; said once. */
    unsigned silent_polls;
    uint64_t gaps;
};

static bool watch_wants(const struct watch *watch, const char *event)
{
    for (size_t i = 0; i < watch->topic_count; i++) {
        if (strncmp(event, watch->topics[i], strlen(watch->topics[i])) == 0) {
            return true;
        }
    }
    return watch->topic_count == 0;
}

/* Prints an event whose topic is wanted; a run.stopped is the last one. */
static void watch_print(struct watch *watch, const char *topic, size_t topic_length,
                        const char *json)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", (int)topic_length, topic);
    if (watch_wants(watch, name)) {
        (void)printf(watch->is_json ? "%.0s%s\n" : "%s %s\n", name, json);
        (void)fflush(stdout);
    }
    watch->is_over = watch->is_over || (!watch->is_endless && strcmp(name, "run.stopped") == 0);
}

/* Prints one event as the control socket gives it: JSON whose member "type" is its topic. */
static bool watch_print_stored(void *context, uint64_t seq, const char *json)
{
    static const char member[] = "\"type\":\"";
    struct watch *watch = context;
    const char *topic = strstr(json, member);
    topic = topic != NULL ? topic + strlen(member) : "";
    watch->next_seq = seq + 1;
    watch_print(watch, topic, strcspn(topic, "\""), json);
    return !watch->is_over;
}

/* Asks for the committed events from next_seq on, at most `limit` (0: all that there are). */
static enum err watch_catch_up(struct watch *watch, uint64_t limit, struct failure *failure)
{
    return control_client_events(&watch->client, watch->next_seq, limit, watch_print_stored, watch,
                                 failure);
}

/* The same of a run that may come back when it has gone: then it is asked again later. */
static enum err watch_catch_up_if_there(struct watch *watch, uint64_t limit,
                                        struct failure *failure)
{
    const enum err err = watch_catch_up(watch, limit, failure);
    const bool is_gone = err == ERR_NOT_FOUND || err == ERR_CLOSED || err == ERR_END;
    if (is_gone && !watch->is_gone) {
        (void)fprintf(stderr, "tutti watch: %s; waiting for it to come back\n", failure->text);
    }
    watch->is_gone = is_gone;
    return is_gone ? ERR_NONE : err;
}

/* Prints how everything stands; the events behind that follow. */
static enum err watch_begin_with_snapshot(struct watch *watch, struct failure *failure)
{
    const char *request =
        watch->is_all ? "{\"request\":\"snapshot\",\"all\":true}" : "{\"request\":\"snapshot\"}";
    struct text answer = {0};
    const enum err err = control_client_query(&watch->client, request, &answer, failure);
    if (err == ERR_NONE) {
        watch->next_seq = control_client_seq(text_string(&answer)) + 1;
        (void)printf(watch->is_json ? "%s\n" : "snapshot %s\n", text_string(&answer));
        (void)fflush(stdout);
    }
    text_done(&answer);
    return err;
}

static void watch_report_gap(struct watch *watch, uint64_t seq, const char *next_step)
{
    watch->gaps++;
    (void)fprintf(stderr, "tutti watch: events %llu to %llu were missed: %s\n",
                  (unsigned long long)watch->next_seq, (unsigned long long)seq - 1, next_step);
}

/* Seq of the next one is known: fills what is missing before it, or says that it is missing. A run
 * that has told its end does not come back to fill it. */
static enum err watch_close_gap(struct watch *watch, uint64_t seq, bool is_last,
                                struct failure *failure)
{
    if (watch->client.control == NULL) {
        watch_report_gap(watch, seq, "give --control to fill gaps");
        return ERR_NONE;
    }
    const enum err err = watch_catch_up_if_there(watch, seq - watch->next_seq, failure);
    if (err == ERR_NONE && watch->is_gone && is_last) {
        watch_report_gap(watch, seq, "the run has ended; they are in its database");
        watch->is_gone = false;
    }
    return err;
}

static enum err watch_take(struct watch *watch, const char *bytes, size_t size,
                           struct failure *failure)
{
    char *event = strndup(bytes, size);
    if (event == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory for an event");
    }
    const char *space = strchr(event, ' ');
    const uint64_t seq = space != NULL ? control_client_seq(space) : 0;
    enum err err = ERR_NONE;
    /* Only a subscriber of everything can see a gap: for the others numbers are missing anyway. */
    if (watch->next_seq != 0 && seq > watch->next_seq) {
        const bool is_last = !watch->is_endless && strncmp(event, "run.stopped ", 12) == 0;
        err = watch_close_gap(watch, seq, is_last, failure);
    }
    /* Behind a gap that nobody could fill it is not taken either: it comes with the others. */
    const bool is_next = seq >= watch->next_seq && (seq == watch->next_seq || !watch->is_gone);
    if (err == ERR_NONE && space != NULL && is_next && !watch->is_over) {
        watch->next_seq = seq + 1;
        watch_print(watch, event, (size_t)(space - event), space + 1);
    }
    free(event);
    return err;
}

/* Nothing has come for a while: what was sent before the connection stood is asked for. A run that
 * has gone may come back. */
static enum err watch_ask_in_silence(struct watch *watch, struct failure *failure)
{
    if (watch->client.control == NULL || watch->next_seq == 0 ||
        ++watch->silent_polls < WATCH_SILENT_POLLS_MAX) {
        return ERR_NONE;
    }
    watch->silent_polls = 0;
    return watch_catch_up_if_there(watch, 0, failure);
}

/* Waits for one event and takes it. */
static enum err watch_step(struct watch *watch, struct link_subscriber *subscriber,
                           struct failure *failure)
{
    nng_msg *message;
    enum err err = link_subscriber_receive(subscriber, WATCH_POLL_MS, &message);
    if (err == ERR_END) {
        return watch_ask_in_silence(watch, failure);
    }
    if (err != ERR_NONE) {
        return failure_set(failure, err, "%s: the subscription is gone: %s", watch->url,
                           err_name(err));
    }
    watch->silent_polls = 0;
    const struct link_received *received = message_body(message);
    err = watch_take(watch, link_received_bytes(message), received->size, failure);
    message_destroy(message);
    return err;
}

static enum err watch_follow(struct watch *watch, struct failure *failure)
{
    /* All topics are taken in, so that gaps are seen; printing picks the wanted ones. */
    static const char *const everything[] = {""};
    const struct link_subscription subscription = {
        .url = watch->url, .topics = everything, .topic_count = 1};
    struct link_subscriber *subscriber;
    enum err err = link_subscriber_open(&subscription, &subscriber, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (watch->has_snapshot) {
        err = watch_begin_with_snapshot(watch, failure);
    }
    if (err == ERR_NONE && watch->next_seq != 0) {
        err = watch_catch_up(watch, 0, failure);
    }
    while (err == ERR_NONE && !watch->is_over) {
        err = watch_step(watch, subscriber, failure);
    }
    link_subscriber_close(subscriber);
    return err;
}

/* Reads the words of the command line; false with a message when they are wrong. */
static bool watch_read_words(const struct command *command, int argc, char **argv,
                             struct watch *watch)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            watch->is_json = true;
        } else if (strcmp(argv[i], "--follow") == 0) {
            watch->is_endless = true;
        } else if (strcmp(argv[i], "--snapshot") == 0) {
            watch->has_snapshot = true;
        } else if (strcmp(argv[i], "--all") == 0) {
            watch->is_all = true;
        } else if (strcmp(argv[i], "--control") == 0 && i + 1 < argc) {
            watch->client.control = argv[++i];
        } else if (strcmp(argv[i], "--from") == 0 && i + 1 < argc) {
            char *end;
            watch->next_seq = strtoull(argv[++i], &end, 10);
            if (*end != '\0' || watch->next_seq == 0) {
                (void)command_misused(command, "--from %s: expected a number from 1", argv[i]);
                return false;
            }
        } else if (argv[i][0] == '-' || watch->topic_count == WATCH_TOPICS_MAX) {
            (void)command_misused(command, "unexpected %s", argv[i]);
            return false;
        } else if (strstr(argv[i], "://") != NULL && watch->url == NULL) {
            watch->url = argv[i];
        } else {
            watch->topics[watch->topic_count++] = argv[i];
        }
    }
    if (watch->url == NULL) {
        (void)command_misused(command, "which address?");
        return false;
    }
    if ((watch->next_seq != 0 || watch->has_snapshot) && watch->client.control == NULL) {
        (void)command_misused(command, "--from and --snapshot need --control: they come from "
                                       "there");
        return false;
    }
    if (watch->next_seq != 0 && watch->has_snapshot) {
        (void)command_misused(command, "either --from or --snapshot");
        return false;
    }
    return watch->client.control == NULL ||
           control_client_find(&watch->client, command) == EXIT_CODE_OK;
}

static enum exit_code watch_run(const struct command *command, int argc, char **argv)
{
    struct watch watch = {0};
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        return command_help(command);
    }
    if (!watch_read_words(command, argc, argv, &watch)) {
        return EXIT_CODE_USAGE;
    }
    struct failure failure;
    if (watch_follow(&watch, &failure) != ERR_NONE) {
        return command_failed(&failure);
    }
    return watch.gaps == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

const struct command command_watch = {
    .name = "watch",
    .summary = "follow the events of a run from another process",
    .help =
        "Usage: tutti watch [--json] [--follow] [--from N | --snapshot [--all]] [--control URL]\n"
        "                   URL [TOPIC...]\n\n"
        "Prints one event per line, `TOPIC JSON`, until the run has stopped. TOPIC is a prefix:\n"
        "fill, order., executor.terminated, ... Sequence numbers are checked; what is missing\n"
        "is asked for at the run's control address, or reported (exit code 1) without one.\n\n"
        "  --json         print the JSON only\n"
        "  --follow       go on after run.stopped, for the next run on this address\n"
        "  --from N       begin with event N (needs --control)\n"
        "  --snapshot     begin with how everything stands, then all events behind that\n"
        "  --all          with executors that have ended and orders that are over\n"
        "  --control URL  the run's control address (control.listen)\n\n"
        "Example:\n  tutti watch --control ipc://paper-events.control ipc://paper-events.events "
        "fill\n",
    .run = watch_run,
};
