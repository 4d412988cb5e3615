#include "tests/simulation/exchange.h"

#include <stdlib.h>

#include "actors/messages.h"
#include "actors/roles/venue_server.h"

static enum err exchange_root_start(struct context *context, void *state, void *given)
{
    struct exchange *exchange = given;
    *(struct exchange **)state = exchange;
    const struct feed_section *feeds = exchange->config.file.feeds.items;
    struct feed_arguments feed = {
        .sources = exchange->sources, .count = 2, .speed = feeds[0].speed, .after_ns = INT64_MIN};
    struct venue_server_arguments server = {.config = &exchange->config,
                                            .speed = feeds[0].speed,
                                            .heartbeat_ns = exchange->plan->heartbeat_ns,
                                            .faults = &exchange->chances->venue,
                                            .log = exchange->log};
    struct network_server_arguments port = {.network = exchange->network};
    struct actor_ref ref;
    enum err err = context_spawn(context, &feed_class, &feed, &server.feed);
    if (err == ERR_NONE) {
        err = context_spawn(context, &venue_server_class, &server, &port.venue);
    }
    return err == ERR_NONE ? context_spawn(context, &network_server_class, &port, &ref) : err;
}

static enum err exchange_root_receive(struct context *context, void *state, nng_msg **message)
{
    struct exchange *exchange = *(struct exchange **)state;
    if (message_envelope(*message)->kind == MESSAGE_ACTOR_FAILED) {
        exchange->failure = ((const struct actor_exit *)message_body(*message))->reason;
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class exchange_root_class = {
    .name = "exchange",
    .state_size = sizeof(struct exchange *),
    .start = exchange_root_start,
    .receive = exchange_root_receive,
};

static enum err exchange_load(struct exchange *exchange, struct failure *failure)
{
    struct problems problems;
    problems_init(&problems, "venue");
    const struct text *file = &exchange->plan->venue_file;
    const enum err err =
        run_config_read("venue", text_string(file), file->length, &exchange->config, &problems);
    if (err != ERR_NONE) {
        (void)failure_set(failure, err, "%s%s", text_string(&problems.lines), text_string(file));
    }
    problems_done(&problems);
    return err;
}

enum err exchange_open(struct exchange *exchange, uint64_t seed, struct failure *failure)
{
    enum err err = exchange_load(exchange, failure);
    if (err == ERR_NONE) {
        err = run_tapes_open(&exchange->config, NULL, NULL, &exchange->tapes, failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    for (size_t i = 0; i < 2; i++) {
        exchange->sources[i] =
            (struct feed_source){.instrument = (uint32_t)exchange->config.feed_instruments[i],
                                 .tape = exchange->tapes.items[i]};
    }
    exchange->log = open_memstream(&exchange->log_bytes, &exchange->log_size);
    const struct system_options options = {.seed = seed, .is_shuffled = true, .is_virtual = true};
    struct actor_ref root;
    err = exchange->log != NULL ? system_create(&options, &exchange->system) : ERR_MEMORY;
    if (err == ERR_NONE) {
        err = system_spawn(exchange->system, &exchange_root_class, exchange, &root);
    }
    return err == ERR_NONE ? ERR_NONE : failure_set(failure, err, "the venue does not start");
}

void exchange_end(struct exchange *exchange)
{
    system_destroy(exchange->system);
    exchange->system = NULL;
    if (exchange->log != NULL) {
        (void)fclose(exchange->log);
        exchange->log = NULL;
    }
}

void exchange_close(struct exchange *exchange)
{
    exchange_end(exchange);
    run_tapes_close(&exchange->tapes);
    run_config_done(&exchange->config);
    free(exchange->log_bytes);
}
