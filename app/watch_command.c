#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link.h"
#include "app/command.h"
#include "base/text.h"

enum {
    WATCH_TOPICS_MAX = 64,
    WATCH_POLL_MS = 200,
    WATCH_REQUEST_TIMEOUT_MS = 10000,
};

struct watch {
    const char *url;
    const char *control; /* NULL: gaps are reported, not filled. */
    const char *topics[WATCH_TOPICS_MAX];
    size_t topic_count;
    uint64_t next_seq; /* 0: whatever comes first. */
    bool is_json;
    bool is_endless;
    bool is_over; /* run.stopped was printed. */
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

/* Reads an unsigned member that the program itself has written near the front of an event. */
static uint64_t watch_seq(const char *json)
{
    const char *member = strstr(json, "\"seq\":");
    return member != NULL ? strtoull(member + strlen("\"seq\":"), NULL, 10) : 0;
}

/* The next object of an array of objects, as it stands in the text; NULL at the end. */
static const char *watch_next_object(const char *text, size_t *ret_length)
{
    const char *start = strpbrk(text, "{]");
    if (start == NULL || *start == ']') {
        return NULL;
    }
    int depth = 0;
    bool in_string = false;
    for (const char *c = start; *c != '\0'; c++) {
        if (in_string) {
            c += *c == '\\' && c[1] != '\0' ? 1 : 0;
            in_string = *c != '"';
        } else if (*c == '"') {
            in_string = true;
        } else if (*c == '{') {
            depth++;
        } else if (*c == '}' && --depth == 0) {
            *ret_length = (size_t)(c - start) + 1;
            return start;
        }
    }
    return NULL;
}

/* Prints one event as the control socket gives it: JSON whose member "type" is its topic. */
static void watch_print_stored(struct watch *watch, const char *json)
{
    static const char member[] = "\"type\":\"";
    const char *topic = strstr(json, member);
    topic = topic != NULL ? topic + strlen(member) : "";
    watch->next_seq = watch_seq(json) + 1;
    watch_print(watch, topic, strcspn(topic, "\""), json);
}

/* One answer of the control socket: prints its events as they are and says how many they were. */
static enum err watch_print_answer(struct watch *watch, const struct text *answer,
                                   uint64_t *ret_count, struct failure *failure)
{
    static const char member[] = "\"events\":[";
    const char *cursor = strstr(text_string(answer), member);
    if (cursor == NULL) {
        return failure_set(failure, ERR_IO, "%s: no events: %.200s", watch->control,
                           text_string(answer));
    }
    size_t length;
    cursor += strlen(member);
    while ((cursor = watch_next_object(cursor, &length)) != NULL && !watch->is_over) {
        char *json = strndup(cursor, length);
        if (json == NULL) {
            return failure_set(failure, ERR_MEMORY, "no memory for an event");
        }
        watch_print_stored(watch, json);
        free(json);
        cursor += length;
        ++*ret_count;
    }
    return ERR_NONE;
}

/* Asks for the committed events from next_seq on until `until` (0: until there are no more). */
static enum err watch_catch_up(struct watch *watch, uint64_t until, struct failure *failure)
{
    for (;;) {
        char request[96];
        const int length =
            snprintf(request, sizeof(request), "{\"request\":\"events\",\"from\":%llu}",
                     (unsigned long long)watch->next_seq);
        const struct link_request asked = {.url = watch->control,
                                           .bytes = request,
                                           .size = (size_t)length,
                                           .timeout_ms = WATCH_REQUEST_TIMEOUT_MS};
        struct text answer = {0};
        uint64_t count = 0;
        enum err err = link_request(&asked, &answer, failure);
        if (err == ERR_NONE) {
            err = watch_print_answer(watch, &answer, &count, failure);
        }
        text_done(&answer);
        if (err != ERR_NONE || count == 0 || watch->is_over ||
            (until != 0 && watch->next_seq >= until)) {
            return err;
        }
    }
}

/* Seq of the next one is known: fills what is missing before it, or says that it is missing. */
static enum err watch_close_gap(struct watch *watch, uint64_t seq, struct failure *failure)
{
    if (watch->control != NULL) {
        return watch_catch_up(watch, seq, failure);
    }
    watch->gaps++;
    (void)fprintf(stderr,
                  "tutti watch: events %llu to %llu were missed: give --control to fill "
                  "gaps\n",
                  (unsigned long long)watch->next_seq, (unsigned long long)seq - 1);
    return ERR_NONE;
}

static enum err watch_take(struct watch *watch, const char *bytes, size_t size,
                           struct failure *failure)
{
    char *event = strndup(bytes, size);
    if (event == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory for an event");
    }
    const char *space = strchr(event, ' ');
    const uint64_t seq = space != NULL ? watch_seq(space) : 0;
    enum err err = ERR_NONE;
    /* Only a subscriber of everything can see a gap: for the others numbers are missing anyway. */
    if (watch->next_seq != 0 && seq > watch->next_seq) {
        err = watch_close_gap(watch, seq, failure);
    }
    if (err == ERR_NONE && space != NULL && seq >= watch->next_seq && !watch->is_over) {
        watch->next_seq = seq + 1;
        watch_print(watch, event, (size_t)(space - event), space + 1);
    }
    free(event);
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
    if (watch->next_seq != 0) {
        err = watch_catch_up(watch, 0, failure);
    }
    while (err == ERR_NONE && !watch->is_over) {
        nng_msg *message;
        err = link_subscriber_receive(subscriber, WATCH_POLL_MS, &message);
        if (err == ERR_END) {
            err = ERR_NONE;
        } else if (err == ERR_NONE) {
            const struct link_received *received = message_body(message);
            err = watch_take(watch, link_received_bytes(message), received->size, failure);
            message_destroy(message);
        } else {
            err = failure_set(failure, err, "%s: the subscription is gone: %s", watch->url,
                              err_name(err));
        }
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
        } else if (strcmp(argv[i], "--control") == 0 && i + 1 < argc) {
            watch->control = argv[++i];
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
    if (watch->next_seq != 0 && watch->control == NULL) {
        (void)command_misused(command, "--from needs --control: past events come from there");
        return false;
    }
    return true;
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
        "Usage: tutti watch [--json] [--follow] [--from N] [--control URL] URL [TOPIC...]\n\n"
        "Prints one event per line, `TOPIC JSON`, until the run has stopped. TOPIC is a prefix:\n"
        "fill, order., executor.terminated, ... Sequence numbers are checked; what is missing\n"
        "is asked for at the run's control address, or reported (exit code 1) without one.\n\n"
        "  --json         print the JSON only\n"
        "  --follow       go on after run.stopped, for the next run on this address\n"
        "  --from N       begin with event N (needs --control)\n"
        "  --control URL  the run's control address (control.listen)\n\n"
        "Example:\n  tutti watch --control ipc://paper-events.control ipc://paper-events.events "
        "fill\n",
    .run = watch_run,
};
