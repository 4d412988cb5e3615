#include "actors/run.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/kill_file.h"
#include "actors/messages.h"
#include "actors/roles/control.h"
#include "actors/roles/feed.h"
#include "actors/roles/market.h"
#include "actors/roles/publisher.h"
#include "actors/roles/remote_venue.h"
#include "actors/roles/venue.h"
#include "actors/roles/wire_client.h"
#include "actors/system_thread.h"
#include "base/log.h"

enum { RUN_POLL_MS = 10 };

struct run {
    const struct run_config *config; /* Borrowed. */
    struct run_options options;
    struct system *system;  /* Owned. */
    struct run_tapes tapes; /* Owned; empty when the options give them. */
    struct feed_source *sources;
    unsigned *price_digits; /* Per instrument. */
    char *database;         /* Owned; NULL: none. */
    struct store *store;    /* Owned until the keeper has it. */
    bool is_resumed;        /* The database holds a run that was cut short: it goes on. */
    int64_t resumed_ns;     /* Market time of its last record. */
    struct actor_ref *venues;
    struct actor_ref *live; /* Those of them that are in other processes. */
    size_t live_count;
    struct link_publisher *publisher; /* Owned; NULL: no sockets. */
    struct link_secrets secrets;      /* Of control over HTTP, when there is. */
    struct link_caller *caller;       /* Owned; NULL: unrecorded, takes no actions. */
    struct system_thread *thread;     /* Owned; NULL: run_execute() on the caller's. */
    struct run_result result;         /* Of the thread, as the two below. */
    struct failure ended;
    enum err err;
    struct actor_ref market;
    struct actor_ref orchestrator;
    struct risk_latches latches; /* Owned: states of risk that hold from the start. */
    uint64_t rows_total;
    uint64_t rows_done;
    struct run_outcome outcome;
    struct orchestrator_remains remains; /* Owned. */
    struct keeper_outcome journal;
    struct failure failure; /* Of an actor that failed. */
};

/* Damage and locks of files that are no database are plain failures to the caller. */
static enum err run_plain_failure(struct failure *failure, enum err err)
{
    if (err == ERR_NONE || err == ERR_MEMORY) {
        return err;
    }
    failure->code = ERR_IO;
    return ERR_IO;
}

/* ---- The root: spawns the roles and ends the run when one of them fails ---- */

/* A venue in another process: its adapter, and the port through which that speaks. */
static enum err run_spawn_remote(struct run *run, struct context *context, uint32_t venue)
{
    const struct venue_section *section =
        (const struct venue_section *)run->config->file.venues.items + venue;
    struct remote_venue_arguments remote = {.config = run->config, .venue = venue};
    enum err err = context_spawn(context, &remote_venue_class, &remote, &run->venues[venue]);
    if (err != ERR_NONE) {
        return err;
    }
    struct wire_client_arguments port = {.url = section->url,
                                         .events_url = section->events_url,
                                         .client = run->venues[venue],
                                         .context = run->options.context,
                                         .failure = &run->failure};
    struct actor_ref ref;
    run->live[run->live_count++] = run->venues[venue];
    const struct actor_class *class_ = run->options.port_class;
    return context_spawn(context, class_ != NULL ? class_ : &wire_client_class, &port, &ref);
}

static enum err run_spawn_venues(struct run *run, struct context *context)
{
    const struct venue_section *venues = run->config->file.venues.items;
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < run->config->file.venues.count && err == ERR_NONE; i++) {
        struct venue_arguments arguments = {.config = run->config, .venue = i};
        err = venues[i].is_remote
                  ? run_spawn_remote(run, context, i)
                  : context_spawn(context, &venue_class, &arguments, &run->venues[i]);
    }
    return err;
}

static enum err run_spawn_publisher(struct run *run, struct context *context,
                                    struct actor_ref *ret_publisher)
{
    const bool is_called = run->options.on_event != NULL && !run->options.is_unrecorded;
    if (run->publisher == NULL && !is_called) {
        return ERR_NONE;
    }
    struct publisher_arguments arguments = {
        .link = run->publisher, .on_event = run->options.on_event, .context = run->options.context};
    return context_spawn(context, &publisher_class, &arguments, ret_publisher);
}

/* The last of the roles: it knows whom it speaks to. */
static enum err run_spawn_control(struct run *run, struct context *context, struct actor_ref keeper,
                                  struct actor_ref orchestrator)
{
    const struct control_section *section = run->config->file.control;
    if (section->listen.count + section->http.count == 0 || run->options.is_unrecorded) {
        return ERR_NONE;
    }
    struct actor_ref ref;
    struct control_arguments arguments = {.section = section,
                                          .secrets = &run->secrets,
                                          .database = run->database,
                                          .keeper = keeper,
                                          .orchestrator = orchestrator,
                                          .market = run->market,
                                          .failure = &run->failure};
    const enum err err = context_spawn(context, &control_class, &arguments, &ref);
    return run_plain_failure(&run->failure, err);
}

static enum err run_spawn_caller(struct run *run, struct context *context,
                                 struct actor_ref orchestrator)
{
    if (run->caller == NULL) {
        return ERR_NONE;
    }
    struct actor_ref ref;
    struct link_caller_arguments arguments = {.caller = run->caller, .orchestrator = orchestrator};
    return context_spawn(context, &link_caller_class, &arguments, &ref);
}

static enum err run_spawn_market(struct run *run, struct context *context,
                                 struct actor_ref orchestrator)
{
    const struct feed_section *feeds = run->config->file.feeds.items;
    struct market_arguments arguments = {.instruments = run->config->instruments,
                                         .price_digits = run->price_digits,
                                         .instrument_count = run->config->instrument_count,
                                         .rows_total = run->rows_total,
                                         .rows_done = &run->rows_done,
                                         .is_exhaustive = run->options.is_exhaustive,
                                         .live = run->live,
                                         .live_count = feeds[0].is_live ? run->live_count : 0,
                                         .orchestrator = orchestrator};
    enum err err = ERR_NONE;
    if (run->options.on_progress != NULL) {
        struct progress_arguments progress = {.callback = run->options.on_progress,
                                              .context = run->options.context};
        err = context_spawn(context, &progress_class, &progress, &arguments.progress);
    }
    struct feed_arguments feed = {.sources = run->sources,
                                  .count = run->config->file.feeds.count,
                                  .speed = feeds[0].speed,
                                  .after_ns = run->is_resumed ? run->resumed_ns : INT64_MIN};
    if (err == ERR_NONE && !feeds[0].is_live) {
        err = context_spawn(context, &feed_class, &feed, &arguments.feed);
    }
    return err == ERR_NONE ? context_spawn(context, &market_class, &arguments, &run->market) : err;
}

static enum err run_root_start(struct context *context, void *state, void *given)
{
    struct run *run = given;
    *(struct run **)state = run;
    struct actor_ref publisher = ACTOR_NOBODY;
    enum err err = run_spawn_publisher(run, context, &publisher);
    struct actor_ref keeper = ACTOR_NOBODY;
    if (err == ERR_NONE) {
        struct keeper_arguments arguments = {
            .store = run->store,
            .publisher = publisher,
            .is_hashed = run->store != NULL && run->database == NULL,
            .is_lazy = run->config->durability == DURABILITY_MEMORY,
            .outcome = &run->journal};
        err = context_spawn(context, &keeper_class, &arguments, &keeper);
        if (err == ERR_NONE) {
            run->store = NULL; /* The keeper owns it now. */
        }
    }
    if (err == ERR_NONE) {
        err = run_spawn_venues(run, context);
    }
    struct actor_ref orchestrator = ACTOR_NOBODY;
    if (err == ERR_NONE) {
        struct orchestrator_arguments arguments = {.config = run->config,
                                                   .epoch = run->options.epoch,
                                                   .persistence = keeper,
                                                   .publisher = publisher,
                                                   .venues = run->venues,
                                                   .latches = &run->latches,
                                                   .is_unrecorded = run->options.is_unrecorded,
                                                   .database =
                                                       run->is_resumed ? run->database : NULL,
                                                   .journal = run->database,
                                                   .on_restart = run->options.on_restart,
                                                   .failure = &run->failure,
                                                   .outcome = &run->outcome,
                                                   .remains = &run->remains};
        err = context_spawn(context, &orchestrator_class, &arguments, &orchestrator);
        run->orchestrator = err == ERR_NONE ? orchestrator : ACTOR_NOBODY;
        system_watch(run->system, run->orchestrator);
    }
    if (err == ERR_NONE) {
        err = run_spawn_market(run, context, orchestrator);
    }
    if (err == ERR_NONE) {
        err = run_spawn_caller(run, context, orchestrator);
    }
    return err == ERR_NONE ? run_spawn_control(run, context, keeper, orchestrator) : err;
}

static enum err run_root_receive(struct context *context, void *state, nng_msg **message)
{
    struct run *run = *(struct run **)state;
    if (message_envelope(*message)->kind == MESSAGE_ACTOR_FAILED) {
        const struct actor_exit *exit_ = message_body(*message);
        if (run->failure.code == ERR_NONE) {
            (void)failure_set(&run->failure, exit_->reason,
                              "%s: a part of the run failed (%s): see the lines above; the journal "
                              "is whole up to there",
                              run->config->file.run->name, err_name(exit_->reason));
        }
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class run_root_class = {
    .name = "run",
    .state_size = sizeof(struct run *),
    .start = run_root_start,
    .receive = run_root_receive,
};

/* ---- Opening ---- */

/* Opens the tapes, unless they are given, and tells the feed and the market about them. */
static enum err run_open_tapes(struct run *run, struct failure *failure)
{
    const struct run_tapes *tapes = run->options.tapes;
    if (tapes == NULL) {
        const enum err err = run_tapes_open(run->config, run->options.on_tape, run->options.context,
                                            &run->tapes, failure);
        if (err != ERR_NONE) {
            return err;
        }
        tapes = &run->tapes;
    }
    ASSERT(tapes->count == run->config->file.feeds.count);
    for (size_t i = 0; i < tapes->count; i++) {
        if (tapes->items[i] == NULL) {
            run->price_digits[run->config->feed_instruments[i]] = MARKET_LIVE_DIGITS;
            continue; /* Live: the quotes come from the venue. */
        }
        const struct tape_columns *columns = tape_columns_of(tapes->items[i]);
        const uint32_t instrument = (uint32_t)run->config->feed_instruments[i];
        run->sources[i] = (struct feed_source){.instrument = instrument, .tape = tapes->items[i]};
        run->price_digits[instrument] = columns->price_digits;
        run->rows_total += columns->count;
    }
    return ERR_NONE;
}

static enum err run_open_publisher(struct run *run, struct failure *failure)
{
    const struct events_section *events = run->config->file.events;
    if (events->listen.count == 0 || run->options.is_unrecorded) {
        return ERR_NONE;
    }
    const struct link_addresses addresses = {.urls = events->listen.items,
                                             .url_count = events->listen.count,
                                             .origins = events->origins.items,
                                             .origin_count = events->origins.count};
    return run_plain_failure(failure, link_publisher_open(&addresses, &run->publisher, failure));
}

/*
 * The states of risk that hold from the start: what the database says, also when its run is to be
 * replaced, and the kill file. A backtest begins afresh each time: it repeats.
 */
static enum err run_load_risk(struct run *run)
{
    enum err err = ERR_NONE;
    if (run->database != NULL && run->config->file.run->mode != MODE_BACKTEST) {
        err = risk_load_file(run->database, &run->latches);
    }
    char reason[KILL_FILE_REASON_MAX];
    if (err == ERR_NONE && kill_file_halts(run->config->file.risk->kill_file, reason)) {
        err = risk_latches_set(&run->latches, RISK_SCOPE_GLOBAL, RISK_HALTED, reason);
    }
    return err;
}

static enum err run_open_store(struct run *run, struct failure *failure)
{
    if (run->options.is_unrecorded) {
        return ERR_NONE;
    }
    const struct persistence_section *section = run->config->file.persistence;
    const char *name = run->config->file.run->name;
    if (strcmp(section->type, "memory") != 0) {
        const bool is_named = section->path != NULL;
        if (asprintf(&run->database, "%s%s", is_named ? section->path : name,
                     is_named ? "" : ".db") < 0) {
            run->database = NULL;
            return failure_set(failure, ERR_MEMORY, "no memory to start the run");
        }
    }
    /* What is replaced is read before it is gone; all else when the writer has it, because only a
     * writer can open what was killed at its birth. */
    const bool is_replaced = section->existing == EXISTING_REPLACE;
    const bool lasts = run->config->file.run->mode != MODE_BACKTEST;
    if (is_replaced && run_load_risk(run) != ERR_NONE) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the run");
    }
    const struct store_options options = {.path = run->database,
                                          .run_name = name,
                                          .durability = run->config->durability,
                                          .is_resumed =
                                              lasts && section->existing == EXISTING_RESUME,
                                          .is_replaced = is_replaced,
                                          .keeps_latches = lasts};
    const enum err err = store_open(section->type, &options, &run->store, failure);
    if (err != ERR_NONE) {
        return err;
    }
    run->is_resumed = run->store->last_seq > 0;
    run->resumed_ns = run->store->last_ts_ns;
    if (!is_replaced && run_load_risk(run) != ERR_NONE) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the run");
    }
    return ERR_NONE;
}

static enum err run_open_secrets(struct run *run, struct failure *failure)
{
    const struct control_section *section = run->config->file.control;
    if (section->http.count == 0 || run->options.is_unrecorded) {
        return ERR_NONE;
    }
    const struct run_control_secrets given = {.path = section->secrets,
                                              .database = run->database,
                                              .run_name = run->config->file.run->name,
                                              .entropy = run->options.entropy,
                                              .on_made = run->options.on_secrets,
                                              .context = run->options.context};
    return run_plain_failure(failure, run_control_secrets_open(&given, &run->secrets, failure));
}

static enum err run_allocate(struct run *run)
{
    const struct run_file *file = &run->config->file;
    run->sources = calloc(file->feeds.count, sizeof(*run->sources));
    run->price_digits = calloc(run->config->instrument_count, sizeof(*run->price_digits));
    run->venues = calloc(file->venues.count, sizeof(*run->venues));
    run->live = calloc(file->venues.count, sizeof(*run->live));
    if (run->sources == NULL || run->price_digits == NULL || run->venues == NULL ||
        run->live == NULL) {
        return ERR_MEMORY;
    }
    return run->options.is_unrecorded ? ERR_NONE : link_caller_create(&run->caller);
}

static enum err run_open(struct run *run, struct failure *failure)
{
    enum err err = run_allocate(run);
    if (err != ERR_NONE) {
        return failure_set(failure, err, "no memory to start the run");
    }
    for (size_t i = 0; i < run->config->instrument_count; i++) {
        run->price_digits[i] = run->config->instruments[i].price_digits;
    }
    if (sodium_init() < 0) {
        return failure_set(failure, ERR_IO,
                           "the cryptographic library cannot start: is /dev/urandom there?");
    }
    err = run_open_tapes(run, failure);
    if (err == ERR_NONE) {
        err = run_open_publisher(run, failure);
    }
    if (err == ERR_NONE) {
        err = run_open_store(run, failure);
    }
    return err == ERR_NONE ? run_open_secrets(run, failure) : err;
}

static unsigned run_workers(const struct run_config *config)
{
    if (config->file.run->mode == MODE_BACKTEST) {
        return 0;
    }
    if (config->file.run->workers > 0) {
        return (unsigned)config->file.run->workers;
    }
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    return processors < 1                    ? 1
           : processors > SYSTEM_WORKERS_MAX ? SYSTEM_WORKERS_MAX
                                             : (unsigned)processors;
}

static enum err run_start_system(struct run *run, struct failure *failure)
{
    const struct system_options options = {.workers = run_workers(run->config),
                                           .stuck_ns = run->options.stuck_ms * NS_PER_MS,
                                           .seed = (uint64_t)run->config->file.run->seed};
    const struct system_options *given = run->options.scheduling;
    enum err err = system_create(given != NULL ? given : &options, &run->system);
    struct actor_ref root;
    if (err == ERR_NONE) {
        err = system_spawn(run->system, &run_root_class, run, &root);
    }
    if (err != ERR_NONE && run->failure.code != ERR_NONE) {
        *failure = run->failure; /* A socket that cannot listen has said why, or the journal. */
        return failure->code;
    }
    return err == ERR_NONE
               ? ERR_NONE
               : failure_set(failure, err, "the run cannot be started: %s", err_name(err));
}

enum err run_create(const struct run_config *config, const struct run_options *options,
                    struct run **ret_run, struct failure *failure)
{
    struct run *run = calloc(1, sizeof(*run));
    if (run == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the run");
    }
    run->config = config;
    run->options = *options;
    enum err err = run_open(run, failure);
    if (err == ERR_NONE) {
        err = run_start_system(run, failure);
    }
    if (err != ERR_NONE) {
        run_destroy(run);
        return err;
    }
    *ret_run = run;
    return ERR_NONE;
}

void run_destroy(struct run *run)
{
    if (run == NULL) {
        return;
    }
    if (run->thread != NULL) {
        system_stop(run->system);
        system_thread_join(run->thread);
    }
    link_publisher_close(run->publisher, LINK_LINGER_DEFAULT_MS);
    system_destroy(run->system);
    orchestrator_remains_done(&run->remains);
    link_caller_destroy(run->caller);
    struct failure ignored;
    (void)!store_close(run->store, &ignored);
    run_tapes_close(&run->tapes);
    risk_latches_done(&run->latches);
    free(run->sources);
    free(run->price_digits);
    free(run->venues);
    free(run->live);
    free(run->database);
    free(run);
}

/* ---- Running ---- */

/* Holds the run back until enough subscribers are connected, so that they miss nothing. */
static void run_wait_for_subscribers(const struct run *run)
{
    const int64_t wanted = run->config->file.events->wait_for_subscribers;
    if (wanted == 0 || run->publisher == NULL ||
        link_publisher_wait(run->publisher, (unsigned)wanted, RUN_SUBSCRIBERS_WAIT_MS)) {
        return;
    }
    log_line(LOG_WARNING, "run", "fewer than %lld subscribers after %d s: starting without them",
             (long long)wanted, RUN_SUBSCRIBERS_WAIT_MS / 1000);
}

enum err run_execute(struct run *run, struct run_result *ret_result, struct failure *failure)
{
    run_wait_for_subscribers(run);
    const enum err err = system_run(run->system);
    system_counters_read(run->system, &ret_result->counters);
    ret_result->outcome = run->outcome;
    ret_result->journal = run->journal;
    ret_result->rows = run->rows_done;
    if (run->journal.failure.code != ERR_NONE) {
        *failure = run->journal.failure;
        return run->journal.failure.code;
    }
    if (run->failure.code != ERR_NONE) {
        *failure = run->failure;
        return run->failure.code;
    }
    return run->outcome.is_finished && err == ERR_NONE
               ? ERR_NONE
               : failure_set(failure, ERR_STATE, "%s: the run ended before everything was stopped",
                             run->config->file.run->name);
}

/* ---- A run beside its program ---- */

static void run_thread_main(void *context)
{
    struct run *run = context;
    run->err = run_execute(run, &run->result, &run->ended);
}

enum err run_start(struct run *run, struct failure *failure)
{
    ASSERT(run->thread == NULL);
    const enum err err = system_thread_start(run_thread_main, run, &run->thread);
    return err == ERR_NONE ? ERR_NONE
                           : failure_set(failure, err, "no thread for the run: %s", err_name(err));
}

enum err run_wait(struct run *run, struct run_result *ret_result, struct failure *failure)
{
    ASSERT(run->thread != NULL);
    system_thread_join(run->thread);
    run->thread = NULL;
    *ret_result = run->result;
    if (run->err != ERR_NONE) {
        *failure = run->ended;
    }
    return run->err;
}

enum err run_submit(struct run *run, const struct action *action, link_answer_callback *callback,
                    void *context)
{
    return run->caller != NULL ? link_caller_submit(run->caller, action, callback, context)
                               : ERR_CLOSED;
}

enum err run_ask(struct run *run, const struct action *action, unsigned timeout_ms,
                 struct link_answer *ret_answer)
{
    return run->caller != NULL ? link_caller_ask(run->caller, action, timeout_ms, ret_answer)
                               : ERR_CLOSED;
}

/* By signal it was whoever sent it; else the program. */
static const char *run_stop_origin(enum shutdown_reason reason)
{
    return reason == SHUTDOWN_SIGNAL ? ORIGIN_SIGNAL : ORIGIN_PROGRAM;
}

enum err run_stop(struct run *run, enum shutdown_reason reason)
{
    nng_msg *message = message_create(MESSAGE_SHUTDOWN, 0, sizeof(struct message_shutdown));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_shutdown *shutdown = message_body(message);
    *shutdown = (struct message_shutdown){.reason = reason};
    origin_print(shutdown->actor, run_stop_origin(reason), NULL);
    const enum err err = system_send(run->system, run->market, &message);
    message_destroy(message);
    return err;
}

enum err run_set_risk(struct run *run, const struct message_risk *request)
{
    nng_msg *message = message_create(MESSAGE_RISK, 0, sizeof(*request));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    memcpy(message_body(message), request, sizeof(*request));
    const enum err err = system_send(run->system, run->orchestrator, &message);
    if (err != ERR_NONE) {
        message_destroy(message);
    }
    return err;
}

const char *run_database(const struct run *run)
{
    return run->database;
}

struct system *run_system(struct run *run)
{
    return run->system;
}
