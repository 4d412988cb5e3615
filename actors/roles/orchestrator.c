#include "actors/roles/orchestrator.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_reconciler.h"
#include "actors/roles/orchestrator_router.h"
#include "actors/roles/orchestrator_supervisor.h"
#include "base/log.h"

static enum err orchestrator_start(struct context *context, void *state, void *arguments)
{
    struct orchestrator *orch = state;
    orch->given = *(const struct orchestrator_arguments *)arguments;
    orch->context = context;
    const struct run_config *config = orch->given.config;
    prng_init(&orch->prng, (uint64_t)config->file.run->seed);
    *orch->given.outcome = (struct run_outcome){.is_balanced = true};
    orch->marks = calloc(config->instrument_count, sizeof(*orch->marks));
    orch->is_marked = calloc(config->instrument_count, sizeof(*orch->is_marked));
    orch->waiting_wakes = calloc(MARKET_WAKES_MAX, sizeof(*orch->waiting_wakes));
    if (orch->marks == NULL || orch->is_marked == NULL || orch->waiting_wakes == NULL) {
        return ERR_MEMORY;
    }
    enum err err = books_init(orch);
    if (err == ERR_NONE) {
        err = guard_init(orch);
    }
    if (err == ERR_NONE) {
        err = reconciler_init(orch);
    }
    if (err == ERR_NONE) {
        err = roster_init(orch);
    }
    if (err == ERR_NONE && orch->given.database != NULL) {
        err = recovery_replay(orch, orch->given.database, orch->given.failure);
    }
    if (err == ERR_NONE) {
        err = reconciler_start(orch);
    }
    return err == ERR_NONE ? journal_flush(orch) : err;
}

static void orchestrator_stop(struct context *context, void *state)
{
    (void)context;
    struct orchestrator *orch = state;
    answers_done(orch);
    roster_done(orch);
    books_done(orch);
    guard_done(orch);
    reconciler_done(orch);
    free(orch->marks);
    free(orch->is_marked);
    free(orch->held);
    for (uint32_t i = 0; i < orch->waiting_wake_count; i++) {
        message_destroy(orch->waiting_wakes[i]);
    }
    free(orch->waiting_wakes);
    free(orch->externals);
    free(orch->resuming);
    free(orch->rebuilding);
    free(orch->past);
    message_destroy(orch->waiting_step);
    orch->waiting_step = NULL;
    message_destroy(orch->page);
    orch->page = NULL;
    message_destroy(orch->events);
    orch->events = NULL;
}

/* ---- Steps ---- */

static void orchestrator_take_marks(struct orchestrator *orch, const struct message_step *step)
{
    for (uint32_t i = 0; i < step->mark_count; i++) {
        const struct mark *mark = &step->marks[i];
        orch->marks[mark->instrument] = *mark;
        orch->is_marked[mark->instrument] = true;
    }
}

/* When nothing is alive any more: asks every venue what it holds. */
static enum err orchestrator_finish(struct orchestrator *orch)
{
    if (orch->is_finishing) {
        return ERR_NONE;
    }
    orch->is_finishing = true;
    orch->given.outcome->executors_unfinished = orch->active_count;
    const size_t venues = orch->given.config->file.venues.count;
    orch->balances_missing = (uint32_t)venues;
    for (size_t i = 0; i < venues; i++) {
        const enum err err = message_post(orch->context, orch->given.venues[i],
                                          MESSAGE_BALANCES_WANTED, orch->now_ns, NULL, 0);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* Gives the step back to the market, unless the journal is too far behind. */
static enum err orchestrator_give_done(struct orchestrator *orch, struct message_step_done *done)
{
    if (journal_is_behind(orch)) {
        orch->waiting_done = *done;
        orch->is_done_waiting = true;
        return ERR_NONE;
    }
    orch->is_done_waiting = false;
    const enum err err = router_flush_for(orch, &done->touched);
    return err == ERR_NONE ? message_post(orch->context, orch->market, MESSAGE_STEP_DONE,
                                          orch->now_ns, done, sizeof(*done))
                           : err;
}

/* The next start of an executor, performance event, or look at the drawdown. */
static int64_t orchestrator_next_alarm(const struct orchestrator *orch)
{
    if (orch->is_stopping && orch->stopped < orch->executor_count) {
        return orch->now_ns; /* More than one step's worth: the next step goes on with it. */
    }
    const int64_t start_ns = roster_next_start(orch);
    const int64_t alarm_ns = orch->publish_at_ns < start_ns ? orch->publish_at_ns : start_ns;
    const bool watches = (orch->watches_losses && orch->active_count > 0) ||
                         (orch->has_barred && !orch->is_stopping);
    const int64_t look_ns = instant_add(orch->now_ns, DRAWDOWN_INTERVAL_NS);
    return watches && look_ns < alarm_ns ? look_ns : alarm_ns;
}

/* What the orchestrator does at the end of every step. */
static enum err orchestrator_end_step(struct orchestrator *orch, struct message_step_done *done)
{
    enum err err = books_publish(orch, false);
    if (err != ERR_NONE) {
        return err;
    }
    guard_revalue(orch);
    err = losses_watch(orch);
    if (err != ERR_NONE) {
        return err;
    }
    done->alarm_ns = orchestrator_next_alarm(orch);
    done->is_halted = orch->is_halted;
    done->is_finished = orch->is_stopping && orch->active_count == 0;
    if (done->is_finished) {
        err = orchestrator_finish(orch);
    }
    return err == ERR_NONE ? orchestrator_give_done(orch, done) : err;
}

enum err orchestrator_begin(struct orchestrator *orch)
{
    if (orch->is_begun) {
        return ERR_NONE;
    }
    orch->is_begun = true;
    orch->given.outcome->started_ns = orch->now_ns;
    enum err err = orch->is_recovered ? recovery_begin(orch) : journal_run_started(orch);
    if (err == ERR_NONE) {
        err = halt_on_started(orch);
    }
    return err == ERR_NONE && !orch->is_recovered ? opening_begin(orch) : err;
}

/* Creates, stops, and hands the step on to the venue of its instrument. */
static enum err orchestrator_run_step(struct orchestrator *orch, nng_msg **message)
{
    const struct message_step *step = message_body(*message);
    orch->given.outcome->ended_ns = orch->now_ns;
    enum err err = orchestrator_begin(orch);
    if (err == ERR_NONE && orch->resuming_count > 0) {
        err = recovery_go_on(orch);
    }
    orch->last_touched = 0;
    if (step->is_draining && !orch->is_stopping) {
        orch->is_stopping = true;
        orch->reason = step->reason;
    }
    if (err == ERR_NONE) {
        err = orch->is_stopping ? roster_stop_some(orch) : roster_create_due(orch);
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (step->is_last) {
        return orchestrator_finish(orch);
    }
    if (step->instrument == STEP_NO_INSTRUMENT) {
        struct message_step_done done = {.instrument = STEP_NO_INSTRUMENT,
                                         .venue_at_ns = INSTANT_NEVER};
        return orchestrator_end_step(orch, &done);
    }
    const uint32_t venue = orch->given.config->instruments[step->instrument].venue;
    return context_send(orch->context, orch->given.venues[venue], message);
}

/* Keeps a step back while orders before it are not durable: the venue must see them first. */
static enum err orchestrator_on_step(struct orchestrator *orch, nng_msg **message)
{
    orch->market = message_envelope(*message)->sender;
    orchestrator_take_marks(orch, message_body(*message));
    if (orch->held_count > 0) {
        ASSERT(orch->waiting_step == NULL);
        orch->waiting_step = *message;
        *message = NULL;
        return ERR_NONE;
    }
    return orchestrator_run_step(orch, message);
}

/* Everything is committed; the last events may still be on their way to the sockets. */
static enum err orchestrator_end_run(struct orchestrator *orch)
{
    orch->given.outcome->is_finished = true;
    if (!actor_ref_is_nobody(orch->given.publisher)) {
        return message_post(orch->context, orch->given.publisher, MESSAGE_FLUSH, orch->now_ns, NULL,
                            0);
    }
    system_stop(context_system(orch->context));
    return ERR_NONE;
}

/* What the executor asks for, and what it held back. */
static enum err orchestrator_take_requests(struct orchestrator *orch,
                                           const struct message_wake_done *done)
{
    for (uint32_t i = 0; i < done->request_count; i++) {
        const enum err err = router_on_request(orch, done->executor, &done->requests[i]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return done->skip.reason != SKIP_NONE ? denials_on_skipped(orch, done->executor, &done->skip)
                                          : ERR_NONE;
}

/* An executor has answered; the market hears of it when the journal has room for what may follow.
 */
static enum err orchestrator_on_wake_done(struct orchestrator *orch, nng_msg **message)
{
    enum err err = orchestrator_take_requests(orch, message_body(*message));
    if (err == ERR_NONE) {
        err = router_flush(orch); /* What executors are told of them comes ahead. */
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (!journal_is_behind(orch)) {
        return context_send(orch->context, orch->market, message);
    }
    ASSERT(orch->waiting_wake_count < MARKET_WAKES_MAX);
    orch->waiting_wakes[orch->waiting_wake_count++] = *message;
    *message = NULL;
    return ERR_NONE;
}

/* Lets the venue send the rest of a crowded step. */
static enum err orchestrator_want_updates(struct orchestrator *orch, struct actor_ref venue)
{
    return message_post(orch->context, venue, MESSAGE_UPDATES_WANTED, orch->now_ns, NULL, 0);
}

/* The journal has caught up: what waited for it goes on. */
static enum err orchestrator_let_go(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->waiting_wake_count; i++) {
        if (err == ERR_NONE) {
            err = context_send(orch->context, orch->market, &orch->waiting_wakes[i]);
        }
        message_destroy(orch->waiting_wakes[i]);
    }
    orch->waiting_wake_count = 0;
    if (err == ERR_NONE && !actor_ref_is_nobody(orch->waiting_venue)) {
        err = orchestrator_want_updates(orch, orch->waiting_venue);
        orch->waiting_venue = ACTOR_NOBODY;
    }
    return err;
}

static enum err orchestrator_on_committed(struct orchestrator *orch,
                                          const struct message_committed *committed)
{
    enum err err = journal_on_committed(orch, committed);
    if (err == ERR_NONE) {
        err = answers_on_committed(orch);
    }
    if (err == ERR_NONE) {
        err = halt_on_committed(orch);
    }
    if (err == ERR_NONE && orch->rebuilding_count > 0) {
        err = supervisor_on_committed(orch);
    }
    if (err == ERR_NONE && orch->waiting_step != NULL && orch->held_count == 0) {
        nng_msg *step = orch->waiting_step;
        orch->waiting_step = NULL;
        orch->now_ns = message_envelope(step)->now_ns;
        err = orchestrator_run_step(orch, &step);
        message_destroy(step);
    }
    if (err == ERR_NONE && orch->is_done_waiting) {
        struct message_step_done done = orch->waiting_done;
        err = orchestrator_give_done(orch, &done);
    }
    if (err == ERR_NONE && !journal_is_behind(orch)) {
        err = orchestrator_let_go(orch);
    }
    if (err == ERR_NONE && orch->final_seq != 0 && orch->committed >= orch->final_seq) {
        err = orchestrator_end_run(orch);
    }
    return err;
}

static enum err orchestrator_on_balances(struct orchestrator *orch,
                                         const struct message_balances *balances)
{
    enum err err = books_on_balances(orch, balances);
    ASSERT(orch->balances_missing > 0);
    orch->balances_missing--;
    if (err == ERR_NONE && orch->balances_missing == 0) {
        err = books_publish(orch, true);
        if (err == ERR_NONE) {
            err = losses_end(orch);
        }
        if (err == ERR_NONE) {
            err = journal_run_stopped(orch);
        }
        orch->final_seq = orch->seq;
        orch->given.outcome->records = orch->seq;
        orch->given.outcome->reason = orch->reason;
        orch->given.outcome->total = orch->total.report;
    }
    return err;
}

static enum err orchestrator_take_updates(struct orchestrator *orch,
                                          const struct venue_update *updates, size_t count)
{
    enum err err = orchestrator_begin(orch); /* A venue may have news before the first step. */
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        err = router_on_update(orch, &updates[i]);
    }
    return err;
}

/* The venue has done its part of a step. */
static enum err orchestrator_on_step_done(struct orchestrator *orch, struct message_step_done *told)
{
    struct message_step_done done = *told;
    done.update_count = 0;
    const enum err err =
        orchestrator_take_updates(orch, message_step_updates(told), told->update_count);
    return err == ERR_NONE ? orchestrator_end_step(orch, &done) : err;
}

/* A full message has more behind it: the venue waits until it is asked. */
static enum err orchestrator_on_updates(struct orchestrator *orch, nng_msg *message)
{
    const struct envelope *envelope = message_envelope(message);
    const struct venue_update *updates = message_body(message);
    const size_t count = envelope->size / sizeof(*updates);
    const enum err err = orchestrator_take_updates(orch, updates, count);
    if (err != ERR_NONE || count < VENUE_UPDATES_MAX) {
        return err;
    }
    if (journal_is_behind(orch)) {
        orch->waiting_venue = envelope->sender;
        return ERR_NONE;
    }
    return orchestrator_want_updates(orch, envelope->sender);
}

/* Remembers who ended the run, for its last record; the first one counts. */
static void orchestrator_on_shutdown(struct orchestrator *orch,
                                     const struct message_shutdown *shutdown)
{
    if (orch->ended_by[0] == '\0') {
        memcpy(orch->ended_by, shutdown->actor, sizeof(orch->ended_by));
    }
}

static enum err orchestrator_dispatch(struct orchestrator *orch, nng_msg **message)
{
    void *body = message_body(*message);
    switch (message_envelope(*message)->kind) {
    case MESSAGE_STEP:
        return orchestrator_on_step(orch, message);
    case MESSAGE_STEP_DONE:
        return orchestrator_on_step_done(orch, body);
    case MESSAGE_SHUTDOWN:
        orchestrator_on_shutdown(orch, body);
        return ERR_NONE;
    case MESSAGE_NEVER_SENT:
        return router_on_never_sent(orch, body);
    case MESSAGE_VENUE_UPDATE:
        return orchestrator_on_updates(orch, *message);
    case MESSAGE_WAKE_DONE:
        return orchestrator_on_wake_done(orch, message);
    case MESSAGE_REPORT:
        return roster_on_report(orch, body);
    case MESSAGE_VENUE_LINK:
        return reconciler_on_link(orch, body);
    case MESSAGE_RECONCILE_WANTED:
        return reconciler_on_wanted(orch, body, message_envelope(*message)->sender);
    case MESSAGE_RECONCILED:
        return reconciler_on_reconciled(orch, body);
    case MESSAGE_ACTION:
        return actions_on_action(orch, body, message_envelope(*message)->sender);
    case MESSAGE_REFRESH:
        return refresh_on_message(orch, body, message_envelope(*message)->sender);
    case MESSAGE_RISK:
        return halt_on_request(orch, body, message_envelope(*message)->sender);
    case MESSAGE_LATCHED:
        return halt_on_latched(orch, body);
    case MESSAGE_RISK_SWEEP:
        return halt_on_sweep(orch);
    case MESSAGE_COMMITTED:
        return orchestrator_on_committed(orch, body);
    case MESSAGE_FLUSH:
        system_stop(context_system(orch->context));
        return ERR_NONE;
    case MESSAGE_BALANCES:
        return orchestrator_on_balances(orch, body);
    case MESSAGE_ACTOR_STUCK:
        return supervisor_on_stuck(orch, body);
    case MESSAGE_ACTOR_FAILED:
    case MESSAGE_ACTOR_ENDED:
        return supervisor_on_exit(orch, body);
    default:
        ASSERT(!"a message the orchestrator knows");
        return ERR_STATE;
    }
}

static enum err orchestrator_receive(struct context *context, void *state, nng_msg **message)
{
    struct orchestrator *orch = state;
    const struct envelope *envelope = message_envelope(*message);
    orch->context = context;
    /* What comes from outside has no instant of the market: it happens now. */
    if (envelope->kind >= MESSAGE_KIND_FIRST && envelope->now_ns > orch->now_ns) {
        orch->now_ns = envelope->now_ns;
    }
    const enum err err = orchestrator_dispatch(orch, message);
    return err == ERR_NONE ? router_flush(orch) : err;
}

static enum err orchestrator_idle(struct context *context, void *state)
{
    struct orchestrator *orch = state;
    orch->context = context;
    return journal_flush(orch);
}

const struct actor_class orchestrator_class = {
    .name = "orchestrator",
    .state_size = sizeof(struct orchestrator),
    .start = orchestrator_start,
    .receive = orchestrator_receive,
    .idle = orchestrator_idle,
    .stop = orchestrator_stop,
};
