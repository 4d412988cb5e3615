#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/control_client.h"
#include "persistence/reader.h"

/* What is printed, and from where. */
struct events {
    struct control_client client;
    uint64_t from;
    uint64_t limit; /* 0: all. */
};

/* Both kinds of sources give their events here; nothing more is wanted when nobody reads stdout. */
static bool events_print(void *context, uint64_t seq, const char *json)
{
    (void)context;
    (void)seq;
    return printf("%s\n", json) >= 0;
}

static bool events_print_stored(void *context, uint64_t seq, const char *event)
{
    const char *space = strchr(event, ' ');
    return events_print(context, seq, space != NULL ? space + 1 : event);
}

static bool events_is_database(const char *path)
{
    static const char head[] = "SQLite format 3";
    char found[sizeof(head)] = {0};
    FILE *file = path != NULL ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        return false;
    }
    const size_t count = fread(found, 1, sizeof(found), file);
    (void)fclose(file);
    return count == sizeof(found) && memcmp(found, head, sizeof(head)) == 0;
}

static enum err events_read_database(const struct events *events, struct failure *failure)
{
    struct reader *reader;
    enum err err = reader_open(events->client.run_file, &reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    err = reader_events(reader, events->from, events->limit > 0 ? events->limit : INT64_MAX,
                        events_print_stored, NULL, failure);
    reader_close(reader);
    return err;
}

static enum exit_code events_show(struct events *events, const struct command *command)
{
    struct failure failure;
    enum err err;
    if (events->client.control == NULL && events_is_database(events->client.run_file)) {
        err = events_read_database(events, &failure);
    } else {
        const enum exit_code code = control_client_find(&events->client, command);
        if (code != EXIT_CODE_OK) {
            return code;
        }
        err = control_client_events(&events->client, events->from, events->limit, events_print,
                                    NULL, &failure);
    }
    return err == ERR_NONE ? EXIT_CODE_OK : command_failed(&failure);
}

/* A whole number from 1, or 0. */
static uint64_t events_number(const char *word)
{
    char *end = NULL;
    const uint64_t value = word != NULL ? strtoull(word, &end, 10) : 0;
    return end != NULL && *end == '\0' && word[0] != '-' && value <= INT64_MAX ? value : 0;
}

static enum exit_code events_run(const struct command *command, int argc, char **argv)
{
    struct events events = {.from = 1};
    for (int i = 1; i < argc;) {
        if (strcmp(argv[i], "--help") == 0) {
            return command_help(command);
        }
        uint64_t *number = strcmp(argv[i], "--from") == 0    ? &events.from
                           : strcmp(argv[i], "--limit") == 0 ? &events.limit
                                                             : NULL;
        int taken = 2;
        if (number != NULL) {
            *number = events_number(argv[i + 1]);
            if (*number == 0) {
                return command_misused(command, "%s: expected a number from 1", argv[i]);
            }
        } else {
            taken = control_client_take(&events.client, &argv[i]);
        }
        if (taken == 0) {
            return command_misused(command, "unexpected or incomplete: %s", argv[i]);
        }
        i += taken;
    }
    return events_show(&events, command);
}

const struct command command_events = {
    .name = "events",
    .summary = "the events of a run from its journal, one JSON object per line",
    .help = "Usage: tutti events [--from N] [--limit M] (--control URL | FILE | DATABASE)\n\n"
            "Prints committed events as they were published, and ends: see tutti watch for those\n"
            "to come.\n\n"
            "  --from N       begin with event N; 1 when absent\n"
            "  --limit M      print at most M\n" CONTROL_CLIENT_HELP
            "  DATABASE       or the database of a run, which need not be running\n\n"
            "Example:\n  tutti events --from 40 --limit 10 quickstart.db\n",
    .run = events_run,
};
