#include "actors/roles/remote_venue.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "actors/roles/remote_venue_parts.h"
#include "base/log.h"

/* Between two attempts, at first and at most. */
#define REMOTE_WAIT_MIN_NS (50 * NS_PER_MS)
#define REMOTE_WAIT_MAX_NS (5 * NS_PER_S)

static enum err remote_start(struct context *context, void *state, void *arguments)
{
    struct remote_venue *remote = state;
    remote->given = *(const struct remote_venue_arguments *)arguments;
    remote->context = context;
    const struct run_config *config = remote->given.config;
    remote->section = (const struct venue_section *)config->file.venues.items + remote->given.venue;
    remote->market = (struct wire_market){.instruments = config->instruments,
                                          .count = config->instrument_count,
                                          .venue = remote->given.venue};
    prng_init(&remote->prng,
              (uint64_t)config->file.run->seed ^ (UINT64_C(1) << 32) ^ remote->given.venue);
    const int64_t now_ns = context_now(context);
    remote->newest_stamp_ns = INT64_MIN;
    remote->heard_ns = now_ns;
    enum err err = context_timer(context, REMOTE_TIMER_WATCH,
                                 instant_add(now_ns, remote->section->heartbeat_ns));
    if (err == ERR_NONE) {
        err = context_timer(context, REMOTE_TIMER_PERIODIC,
                            instant_add(now_ns, remote->section->reconcile_interval_ns));
    }
    return err == ERR_NONE ? context_timer(context, REMOTE_TIMER_PROBE, now_ns) : err;
}

static void remote_stop(struct context *context, void *state)
{
    (void)context;
    remote_work_done(state);
}

/* ---- Clocks ---- */

int64_t remote_clock(const struct remote_venue *remote)
{
    return context_now(remote->context) + remote->ahead_ns;
}

void remote_hear(struct remote_venue *remote, int64_t clock_ns, int64_t time_ns)
{
    /* What was under way for long says too little; the freshest word says the most. */
    const int64_t ahead_ns = clock_ns - context_now(remote->context);
    if (!remote->is_clock_known || ahead_ns > remote->ahead_ns) {
        remote->ahead_ns = ahead_ns;
        remote->is_clock_known = true;
    }
    remote->time_ns = time_ns > remote->time_ns ? time_ns : remote->time_ns;
}

int64_t remote_backoff(struct remote_venue *remote, uint32_t attempts)
{
    int64_t wait_ns = REMOTE_WAIT_MIN_NS;
    for (uint32_t i = 0; i < attempts && wait_ns < REMOTE_WAIT_MAX_NS; i++) {
        wait_ns *= 2;
    }
    wait_ns = wait_ns < REMOTE_WAIT_MAX_NS ? wait_ns : REMOTE_WAIT_MAX_NS;
    return prng_between(&remote->prng, wait_ns / 2, wait_ns);
}

/* ---- The link ---- */

enum err remote_tell_link(struct remote_venue *remote, const char *reason)
{
    const bool is_connected = remote->link != REMOTE_DOWN;
    log_line(is_connected ? LOG_INFO : LOG_WARNING, remote->section->name, "%s: %s",
             is_connected ? "connected" : "disconnected", reason);
    if (actor_ref_is_nobody(remote->orchestrator)) {
        return ERR_NONE;
    }
    struct message_venue_link link = {.venue = remote->given.venue, .is_connected = is_connected};
    (void)snprintf(link.reason, sizeof(link.reason), "%s", reason);
    return message_post(remote->context, remote->orchestrator, MESSAGE_VENUE_LINK, remote->time_ns,
                        &link, sizeof(link));
}

/* Asks for the time until somebody answers, with more and more patience. */
static enum err remote_probe(struct remote_venue *remote)
{
    if (remote->link != REMOTE_DOWN) {
        return ERR_NONE;
    }
    const bool is_free = remote->slots[REMOTE_SLOT_PROBE].token == 0;
    enum err err = ERR_NONE;
    if (is_free && !actor_ref_is_nobody(remote->port)) {
        const struct remote_work work = {.kind = WIRE_TIME};
        struct wire_request request = {.kind = WIRE_TIME};
        err = remote_ask(remote, REMOTE_SLOT_PROBE, &work, &request);
    }
    const int64_t wait_ns = remote_backoff(remote, remote->probes++);
    return err == ERR_NONE ? context_timer(remote->context, REMOTE_TIMER_PROBE,
                                           instant_add(context_now(remote->context), wait_ns))
                           : err;
}

enum err remote_try_connect(struct remote_venue *remote)
{
    if (remote->link != REMOTE_DOWN || !remote->is_answering || !remote->is_telling ||
        actor_ref_is_nobody(remote->orchestrator)) {
        return ERR_NONE;
    }
    remote->link = REMOTE_SYNCING;
    remote->probes = 0;
    const enum err err = remote_tell_link(remote, "the venue answers and sends events");
    return err == ERR_NONE ? remote_sync_begin(remote) : err;
}

/* A reconciliation under way is of no use any more. */
static enum err remote_drop_sync(struct remote_venue *remote)
{
    struct remote_slot *slot = &remote->slots[REMOTE_SLOT_SYNC];
    remote->sync = (struct remote_sync){0};
    if (slot->token == 0) {
        return ERR_NONE;
    }
    struct text nothing = {0};
    const enum err err = message_post_wire(remote->context, remote->port, MESSAGE_WIRE_FORGET,
                                           slot->token, &nothing);
    slot->token = 0;
    return err;
}

static enum err remote_disconnect(struct remote_venue *remote, const char *reason)
{
    remote->link = REMOTE_DOWN;
    remote->is_answering = false;
    remote->is_telling = false;
    remote->is_clock_known = false;
    enum err err = remote_tell_link(remote, reason);
    if (err == ERR_NONE) {
        err = remote_drop_sync(remote);
    }
    if (err == ERR_NONE) {
        err = remote_turn_away(remote);
    }
    return err == ERR_NONE ? remote_probe(remote) : err;
}

enum err remote_on_gap(struct remote_venue *remote)
{
    if (remote->link == REMOTE_DOWN) {
        return ERR_NONE; /* It is all fetched with the next connection. */
    }
    if (remote->link == REMOTE_UP) {
        remote->link = REMOTE_SYNCING;
        enum err err = remote_tell_link(remote, "events are missing");
        if (err == ERR_NONE) {
            err = remote_turn_away(remote);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    return remote_sync_begin(remote);
}

static enum err remote_watch(struct remote_venue *remote)
{
    const int64_t now_ns = context_now(remote->context);
    const int64_t silence_ns = now_ns - remote->heard_ns;
    enum err err = ERR_NONE;
    if (remote->link != REMOTE_DOWN &&
        silence_ns > REMOTE_HEARTBEATS_MISSED * remote->section->heartbeat_ns) {
        err = remote_disconnect(remote, "no heartbeat");
    }
    return err == ERR_NONE ? context_timer(remote->context, REMOTE_TIMER_WATCH,
                                           instant_add(now_ns, remote->section->heartbeat_ns))
                           : err;
}

static enum err remote_on_periodic(struct remote_venue *remote)
{
    enum err err = ERR_NONE;
    if (remote->link == REMOTE_UP && remote->sync.step == SYNC_NONE) {
        err = remote_sync_begin(remote);
    }
    return err == ERR_NONE ? context_timer(remote->context, REMOTE_TIMER_PERIODIC,
                                           instant_add(context_now(remote->context),
                                                       remote->section->reconcile_interval_ns))
                           : err;
}

/* ---- Messages ---- */

/* At the start of the run, or whenever somebody wants to be sure. */
static enum err remote_on_reconcile(struct remote_venue *remote, struct actor_ref sender,
                                    const struct message_reconcile *reconcile)
{
    remote->orchestrator = sender;
    if (reconcile->after_trade > remote->trade_known) {
        remote->trade_known = reconcile->after_trade;
    }
    return remote->link == REMOTE_DOWN ? remote_try_connect(remote) : remote_sync_begin(remote);
}

/* The market's step needs nothing of a venue that has its own. */
static enum err remote_on_step(struct remote_venue *remote, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const struct message_step *step = message_body(message);
    const struct message_step_done done = {
        .instrument = step->instrument, .venue_at_ns = INSTANT_NEVER, .alarm_ns = INSTANT_NEVER};
    return message_post(remote->context, envelope->sender, MESSAGE_STEP_DONE, envelope->now_ns,
                        &done, sizeof(done));
}

static enum err remote_on_timer(struct remote_venue *remote, uint64_t tag)
{
    switch (tag) {
    case REMOTE_TIMER_WATCH:
        return remote_watch(remote);
    case REMOTE_TIMER_PROBE:
        return remote_probe(remote);
    case REMOTE_TIMER_PERIODIC:
        return remote_on_periodic(remote);
    case REMOTE_TIMER_SYNC:
        return remote_sync_step(remote);
    case REMOTE_TIMER_WORK:
        return remote_pump(remote);
    default:
        return remote_on_timeout(remote, (size_t)(tag - REMOTE_TIMER_SLOT));
    }
}

/* What comes from the orchestrator and the market. */
static enum err remote_on_request(struct remote_venue *remote, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const void *body = message_body(message);
    switch (envelope->kind) {
    case MESSAGE_STEP:
        return remote_on_step(remote, message);
    case MESSAGE_SUBMIT:
        return remote_on_submit(remote, body);
    case MESSAGE_CANCEL:
        return remote_on_cancel(remote, *(const struct order_id *)body);
    case MESSAGE_VENUE_QUERY:
        return remote_on_query(remote, *(const struct order_id *)body);
    case MESSAGE_RECONCILE:
        return remote_on_reconcile(remote, envelope->sender, body);
    case MESSAGE_BALANCES_WANTED:
        return remote_on_balances_wanted(remote);
    case MESSAGE_LIVE_WANTED:
        remote->live_market = envelope->sender;
        return ERR_NONE;
    case MESSAGE_UPDATES_WANTED:
        return ERR_NONE; /* Nothing is kept back here. */
    default:
        ASSERT(!"a message the remote venue knows");
        return ERR_STATE;
    }
}

static enum err remote_receive(struct context *context, void *state, nng_msg **message)
{
    struct remote_venue *remote = state;
    const struct envelope *envelope = message_envelope(*message);
    remote->context = context;
    switch (envelope->kind) {
    case MESSAGE_TIMER:
        return remote_on_timer(remote, ((const struct timer_fired *)message_body(*message))->tag);
    case MESSAGE_WIRE_ATTACH:
        remote->port = envelope->sender;
        return remote_probe(remote);
    case MESSAGE_WIRE_ANSWER:
        return remote_on_answer(remote, message_body(*message));
    case MESSAGE_WIRE_EVENT:
        return remote_on_event(remote, message_body(*message));
    default:
        return remote_on_request(remote, *message);
    }
}

const struct actor_class remote_venue_class = {
    .name = "remote_venue",
    .state_size = sizeof(struct remote_venue),
    .start = remote_start,
    .receive = remote_receive,
    .stop = remote_stop,
};
