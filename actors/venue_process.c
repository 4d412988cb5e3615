#include "actors/venue_process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/roles/feed.h"
#include "actors/roles/venue_server.h"
#include "actors/roles/wire_server.h"
#include "actors/run_tapes.h"

struct venue_process {
    const struct run_config *config; /* Borrowed. */
    struct venue_process_options options;
    uint32_t venue;
    struct system *system;       /* Owned. */
    struct run_tapes tapes;      /* Owned: of all feeds of the file. */
    struct feed_source *sources; /* Owned: those of this venue. */
    size_t source_count;
    struct decimal speed;
    FILE *log;              /* Owned; NULL: none. */
    struct failure failure; /* Of an actor that failed. */
};

/* ---- The root ---- */

static enum err venue_process_spawn(struct venue_process *process, struct context *context)
{
    struct venue_server_arguments server = {.config = process->config,
                                            .venue = process->venue,
                                            .speed = process->speed,
                                            .heartbeat_ns = process->options.heartbeat_ns,
                                            .faults = process->options.faults,
                                            .log = process->log,
                                            .is_stopped_at_end =
                                                process->options.is_stopped_at_end};
    struct feed_arguments feed = {
        .sources = process->sources, .count = process->source_count, .speed = process->speed};
    struct wire_server_arguments port = {.url = process->options.url,
                                         .events_url = process->options.events_url,
                                         .failure = &process->failure};
    struct actor_ref ref;
    enum err err = context_spawn(context, &feed_class, &feed, &server.feed);
    if (err == ERR_NONE) {
        err = context_spawn(context, &venue_server_class, &server, &port.venue);
    }
    return err == ERR_NONE ? context_spawn(context, &wire_server_class, &port, &ref) : err;
}

static enum err venue_root_start(struct context *context, void *state, void *given)
{
    *(struct venue_process **)state = given;
    return venue_process_spawn(given, context);
}

static enum err venue_root_receive(struct context *context, void *state, nng_msg **message)
{
    struct venue_process *process = *(struct venue_process **)state;
    if (message_envelope(*message)->kind == MESSAGE_ACTOR_FAILED) {
        const struct actor_exit *exit_ = message_body(*message);
        (void)failure_set(&process->failure, exit_->reason,
                          "the venue failed (%s): see the lines above; what it did is in its log",
                          err_name(exit_->reason));
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class venue_root_class = {
    .name = "venue",
    .state_size = sizeof(struct venue_process *),
    .start = venue_root_start,
    .receive = venue_root_receive,
};

/* ---- Opening ---- */

static enum err venue_process_find(struct venue_process *process, struct failure *failure)
{
    const struct run_config *config = process->config;
    const struct venue_section *venues = config->file.venues.items;
    const char *name = process->options.venue;
    const size_t number = name == NULL ? 0 : run_config_find_venue(config, name);
    if (number == config->file.venues.count) {
        return failure_set(failure, ERR_SYNTAX, "%s: no venue is called %s: see venues",
                           config->path, name);
    }
    if (strcmp(venues[number].type, "paper") != 0) {
        return failure_set(failure, ERR_SYNTAX,
                           "%s: venue %s is of type %s: only a paper venue can be run; name "
                           "another one with --venue",
                           config->path, venues[number].name, venues[number].type);
    }
    process->venue = (uint32_t)number;
    return ERR_NONE;
}

/* The feeds of this venue, and the speed of the first. */
static enum err venue_process_open_feeds(struct venue_process *process, struct failure *failure)
{
    const struct run_config *config = process->config;
    const struct feed_section *feeds = config->file.feeds.items;
    enum err err = run_tapes_open(config, process->options.on_tape, process->options.context,
                                  &process->tapes, failure);
    if (err != ERR_NONE) {
        return err;
    }
    process->sources = calloc(config->file.feeds.count, sizeof(*process->sources));
    if (process->sources == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the venue");
    }
    process->speed = process->options.speed;
    for (size_t i = 0; i < config->file.feeds.count; i++) {
        const uint32_t instrument = (uint32_t)config->feed_instruments[i];
        if (config->instruments[instrument].venue != process->venue) {
            continue;
        }
        if (decimal_sign(process->speed) == 0) {
            process->speed = feeds[i].speed;
        }
        process->sources[process->source_count++] =
            (struct feed_source){.instrument = instrument, .tape = process->tapes.items[i]};
    }
    if (process->source_count == 0) {
        return failure_set(failure, ERR_SYNTAX, "%s: this venue has no feed: add one to feeds",
                           config->path);
    }
    return decimal_sign(process->speed) > 0
               ? ERR_NONE
               : failure_set(failure, ERR_SYNTAX,
                             "%s: a venue of its own needs a pace: set speed of its feed (1 is "
                             "real time), or give --speed",
                             config->path);
}

static enum err venue_process_open_log(struct venue_process *process, struct failure *failure)
{
    const char *path = process->options.log;
    if (path == NULL) {
        return ERR_NONE;
    }
    process->log = fopen(path, "ae");
    return process->log != NULL
               ? ERR_NONE
               : failure_set(failure, ERR_IO,
                             "%s: cannot be opened: %s: choose another path for --log", path,
                             strerror(errno));
}

static enum err venue_process_start(struct venue_process *process, struct failure *failure)
{
    const struct system_options options = {.workers = 1};
    enum err err = system_create(&options, &process->system);
    struct actor_ref root;
    if (err == ERR_NONE) {
        err = system_spawn(process->system, &venue_root_class, process, &root);
    }
    if (err != ERR_NONE && process->failure.code != ERR_NONE) {
        *failure = process->failure; /* A socket that cannot listen has said why. */
        return err;
    }
    return err == ERR_NONE
               ? ERR_NONE
               : failure_set(failure, err, "the venue cannot be started: %s", err_name(err));
}

enum err venue_process_create(const struct run_config *config,
                              const struct venue_process_options *options,
                              struct venue_process **ret_process, struct failure *failure)
{
    struct venue_process *process = calloc(1, sizeof(*process));
    if (process == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the venue");
    }
    process->config = config;
    process->options = *options;
    enum err err = venue_process_find(process, failure);
    if (err == ERR_NONE) {
        err = venue_process_open_feeds(process, failure);
    }
    if (err == ERR_NONE) {
        err = venue_process_open_log(process, failure);
    }
    if (err == ERR_NONE) {
        err = venue_process_start(process, failure);
    }
    if (err != ERR_NONE) {
        venue_process_destroy(process);
        return err;
    }
    *ret_process = process;
    return ERR_NONE;
}

enum err venue_process_execute(struct venue_process *process, struct failure *failure)
{
    const enum err err = system_run(process->system);
    if (process->failure.code != ERR_NONE) {
        *failure = process->failure;
        return failure->code;
    }
    return err == ERR_NONE ? ERR_NONE
                           : failure_set(failure, err, "the venue ended: %s", err_name(err));
}

void venue_process_stop(struct venue_process *process)
{
    system_stop(process->system);
}

void venue_process_destroy(struct venue_process *process)
{
    if (process == NULL) {
        return;
    }
    system_destroy(process->system);
    run_tapes_close(&process->tapes);
    free(process->sources);
    if (process->log != NULL) {
        (void)fclose(process->log);
    }
    free(process);
}
