/*
 * Executors whose host has failed.
 *
 * The orders and fills of such an executor are safe: they are the orchestrator's. Lost is what its
 * host knew, so another one is made from the journal, as after a restart: from the states that
 * the executor reported and everything about its orders, of which its ledger leaves out what it
 * knows. Until then the market does not wait for it, and what venues say about its orders is kept.
 *
 * After SUPERVISOR_REBUILDS_MAX times within SUPERVISOR_WINDOW_NS, or without a report from it in
 * between, it is given up: its orders are canceled, what it owns stays in the position book. So is
 * one of a run that keeps no journal to go on from. Nobody else notices.
 */
#include "actors/roles/orchestrator_supervisor.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_router.h"
#include "base/log.h"
#include "persistence/reader.h"

enum { SUPERVISOR_REBUILDING_FIRST = 4 };

/* ---- Giving up ---- */

/* The market does not wait for the host any more, and hears no answer that was held back. */
static enum err supervisor_retire(struct orchestrator *orch, uint32_t number, bool is_coming_back)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orch->waiting_wake_count; i++) {
        const struct message_wake_done *done = message_body(orch->waiting_wakes[i]);
        if (done->executor != number) {
            orch->waiting_wakes[kept++] = orch->waiting_wakes[i];
        } else {
            message_destroy(orch->waiting_wakes[i]);
        }
    }
    orch->waiting_wake_count = kept;
    const enum err err = router_flush(orch); /* What it was told comes ahead. */
    if (err != ERR_NONE) {
        return err;
    }
    const struct message_retire retire = {.executor = number, .is_coming_back = is_coming_back};
    return message_post(orch->context, orch->market, MESSAGE_RETIRE, orch->now_ns, &retire,
                        sizeof(retire));
}

/* What its orders say about it, as far as its host cannot any more. */
static void supervisor_sum(const struct executor_entry *entry, struct record_executor *figures)
{
    for (uint32_t i = 0; i < entry->order_count; i++) {
        const struct order_entry *order = &entry->orders[i];
        if (order->market != 0) {
            continue; /* Figures are in the quote asset of market 0. */
        }
        figures->cum_fees_quote = decimal_add(figures->cum_fees_quote, order->fee_quote);
        figures->filled_amount_quote =
            decimal_add(figures->filled_amount_quote, order->executed_quote);
    }
}

static enum err supervisor_journal_failed(struct orchestrator *orch,
                                          const struct executor_entry *entry, const char *reason)
{
    struct record record = {
        .kind = RECORD_EXECUTOR_FAILED,
        .controller_id = entry->config->controller_id,
        .executor_id = entry->id,
        .data.executor = {.type = entry->kind->type,
                          .connector_name = entry->instruments[0]->venue_name,
                          .trading_pair = entry->instruments[0]->trading_pair,
                          .reason = reason,
                          .side = (int)executor_config_side(entry->kind, entry->config),
                          .status = EXECUTOR_TERMINATED,
                          .close_type = CLOSE_FAILED,
                          .closed_at_ns = orch->now_ns}};
    supervisor_sum(entry, &record.data.executor);
    return journal_add(orch, &record);
}

/* Why an executor is given up. */
struct supervisor_verdict {
    const char *code; /* In the journal. */
    const char *words;
};

static const struct supervisor_verdict supervisor_not_loaded = {"state_not_loaded",
                                                                "cannot be loaded"};
static const struct supervisor_verdict supervisor_too_often = {"handler_failed", "fails too often"};
static const struct supervisor_verdict supervisor_not_kept = {
    "handler_failed", "failed, and the run keeps no journal to rebuild it from"};

/* It trades no more; what it owns stays in the book. */
static enum err supervisor_give_up(struct orchestrator *orch, uint32_t number,
                                   const struct supervisor_verdict *verdict, enum err why)
{
    struct executor_entry *entry = roster_get(orch, number);
    log_line(LOG_ERROR, "orchestrator",
             "executor %s %s (%s): its orders are canceled, what it owns stays in the position "
             "book, the others go on",
             entry->id, verdict->words, err_name(why));
    enum err err = supervisor_journal_failed(orch, entry, verdict->code);
    if (err == ERR_NONE) {
        err = restore_cancel_all(orch, number);
    }
    roster_close(orch, entry, CLOSE_FAILED, DECIMAL_ZERO);
    if (err == ERR_NONE) {
        err = supervisor_retire(orch, number, false);
    }
    const struct message_report last = {
        .executor = number,
        .cause = REPORT_STATUS,
        .figures = {.status = EXECUTOR_TERMINATED, .close_type = CLOSE_FAILED}};
    return err == ERR_NONE ? actions_on_report(orch, entry, &last) : err;
}

/* ---- A new host ---- */

enum err supervisor_spawn(struct orchestrator *orch, uint32_t number)
{
    const struct executor_entry *entry = roster_get(orch, number);
    const struct executor_past *past = entry->owner->past;
    const char *states = past->states.length > 0 ? text_string(&past->states) : NULL;
    enum err err = roster_spawn(orch, number, past->is_funded, states);
    if (err == ERR_CORRUPT || err == ERR_VERSION) {
        return supervisor_give_up(orch, number, &supervisor_not_loaded, err);
    }
    for (uint32_t i = 0; err == ERR_NONE && i < past->missed_count; i++) {
        err = message_post(orch->context, entry->host, MESSAGE_CATCH_UP, orch->now_ns,
                           &past->missed[i], sizeof(past->missed[i]));
    }
    const struct message_caught_up caught_up = {.order_count = entry->order_count};
    return err == ERR_NONE ? message_post(orch->context, entry->host, MESSAGE_CAUGHT_UP,
                                          orch->now_ns, &caught_up, sizeof(caught_up))
                           : err;
}

/* ---- From the journal ---- */

/* The records of one executor on their way into its past. */
struct supervisor_walk {
    const struct orchestrator *orch;
    const struct executor_entry *entry;
    struct executor_past *past; /* Being filled. */
    struct decimal *executed;   /* Owned, by ordinal from 1: what of the order is filled so far. */
    bool *is_seen;              /* Owned, the same: a record of it came. */
};

static enum err supervisor_on_order(struct supervisor_walk *walk, const struct record *record)
{
    const uint32_t ordinal = record->data.order.id.ordinal;
    if (router_order(walk->entry, ordinal) == NULL) {
        return ERR_CORRUPT;
    }
    const bool is_first = !walk->is_seen[ordinal];
    walk->is_seen[ordinal] = true;
    struct message_catch_up missed = {0};
    if (!past_event(record, is_first, &missed.event)) {
        return ERR_NONE;
    }
    missed.event.market = walk->entry->orders[ordinal - 1].market;
    return past_keep(walk->past, &missed);
}

static enum err supervisor_on_fill(struct supervisor_walk *walk, const struct record *record)
{
    const uint32_t ordinal = record->data.fill.fill.order.ordinal;
    const struct order_entry *order = router_order(walk->entry, ordinal);
    if (order == NULL) {
        return ERR_CORRUPT;
    }
    const struct instrument *instrument =
        &walk->orch->given.config->instruments[order->ticket.instrument];
    const struct message_catch_up missed = {.event = {.kind = ORDER_EVENT_FILL,
                                                      .ordinal = ordinal,
                                                      .market = order->market,
                                                      .fill = past_fill(record, instrument)},
                                            .executed_before = walk->executed[ordinal]};
    walk->executed[ordinal] = decimal_add(walk->executed[ordinal], missed.event.fill.amount);
    return past_keep(walk->past, &missed);
}

static enum err supervisor_on_executor(struct supervisor_walk *walk, const struct record *record)
{
    struct executor_past *past = walk->past;
    if (record->kind == RECORD_EXECUTOR_CREATED) {
        past->is_funded = record->data.executor.reserved != NULL;
    }
    return record->data.executor.state != NULL ? past_take_state(past, record->data.executor.state)
                                               : ERR_NONE;
}

static enum err supervisor_on_record(void *context, const struct record *record)
{
    struct supervisor_walk *walk = context;
    switch (record_kind_data(record->kind)) {
    case RECORD_DATA_EXECUTOR:
        return supervisor_on_executor(walk, record);
    case RECORD_DATA_ORDER:
        return supervisor_on_order(walk, record);
    case RECORD_DATA_FILL:
        return supervisor_on_fill(walk, record);
    case RECORD_DATA_RUN:
    case RECORD_DATA_ACTION:
    case RECORD_DATA_SKIP:
    case RECORD_DATA_POSITION:
    case RECORD_DATA_FUNDING:
    case RECORD_DATA_LIQUIDATION:
    case RECORD_DATA_RATE:
    case RECORD_DATA_PERFORMANCE:
    case RECORD_DATA_NOTE:
        break; /* No news for an executor. */
    }
    return ERR_NONE;
}

/* Walks along the executor's records up to its failure. */
static enum err supervisor_walk(struct supervisor_walk *walk, struct failure *failure)
{
    const struct reader_range range = {.first = walk->entry->created_seq,
                                       .last = walk->entry->owner->rebuild_seq,
                                       .executor_id = walk->entry->id};
    struct reader *reader = NULL;
    enum err err = reader_open(walk->orch->given.journal, &reader, failure);
    if (err == ERR_NONE) {
        err = reader_records(reader, &range, supervisor_on_record, walk, failure);
    }
    reader_close(reader);
    return err;
}

/* Puts what the journal says before what was kept since the failure. */
static enum err supervisor_recall(struct orchestrator *orch, struct executor_entry *entry)
{
    struct executor_past *kept = entry->owner->past;
    struct supervisor_walk walk = {.orch = orch,
                                   .entry = entry,
                                   .past = calloc(1, sizeof(*walk.past)),
                                   .executed =
                                       calloc(entry->order_count + 1U, sizeof(*walk.executed)),
                                   .is_seen = calloc(entry->order_count + 1U, sizeof(bool))};
    struct failure failure = {.text = "no memory"};
    enum err err = walk.past != NULL && walk.executed != NULL && walk.is_seen != NULL
                       ? supervisor_walk(&walk, &failure)
                       : ERR_MEMORY;
    for (uint32_t i = 0; err == ERR_NONE && i < kept->missed_count; i++) {
        err = past_keep(walk.past, &kept->missed[i]);
    }
    if (err == ERR_NONE) {
        entry->owner->past = walk.past;
        walk.past = kept;
    } else {
        log_line(LOG_ERROR, "orchestrator", "executor %s cannot be rebuilt from the journal: %s",
                 entry->id, failure.text);
    }
    executor_past_destroy(walk.past);
    free(walk.executed);
    free(walk.is_seen);
    return err;
}

/* ---- Failures ---- */

static enum err supervisor_journal_run(struct orchestrator *orch,
                                       const struct executor_entry *entry, enum record_kind kind,
                                       const char *effect)
{
    const struct executor_owner *owner = entry->owner;
    const uint32_t last = (owner->failure_count - 1) % SUPERVISOR_REBUILDS_MAX;
    struct record record = {.kind = kind,
                            .controller_id = entry->config->controller_id,
                            .executor_id = entry->id,
                            .data.run = {.subject = "executor",
                                         .reason = "handler_failed",
                                         .effect = effect,
                                         .since_ns = owner->failed_ns[last]}};
    return journal_add(orch, &record);
}

/* Counts the failure; false when there were too many of late: a replay may go through the window in
 * an instant, so those without a word from the executor in between count as well. */
static bool supervisor_count(struct executor_owner *owner, int64_t now_ns)
{
    int64_t *place = &owner->failed_ns[owner->failure_count % SUPERVISOR_REBUILDS_MAX];
    const bool is_spent =
        owner->failure_count >= SUPERVISOR_REBUILDS_MAX && now_ns - *place < SUPERVISOR_WINDOW_NS;
    *place = now_ns;
    owner->failure_count++;
    owner->failures_in_row++;
    return !is_spent && owner->failures_in_row <= SUPERVISOR_REBUILDS_MAX;
}

/* Puts the executor among those that are rebuilt. Until then its past is kept. */
static enum err supervisor_enlist(struct orchestrator *orch, uint32_t number)
{
    struct executor_owner *owner = roster_get(orch, number)->owner;
    if (orch->rebuilding_count == orch->rebuilding_capacity) {
        const uint32_t capacity = orch->rebuilding_capacity != 0 ? orch->rebuilding_capacity * 2
                                                                 : SUPERVISOR_REBUILDING_FIRST;
        uint32_t *all = realloc(orch->rebuilding, capacity * sizeof(*all));
        if (all == NULL) {
            return ERR_MEMORY;
        }
        orch->rebuilding = all;
        orch->rebuilding_capacity = capacity;
    }
    if (owner->past == NULL) {
        owner->past = calloc(1, sizeof(*owner->past));
    }
    if (owner->past == NULL) {
        return ERR_MEMORY;
    }
    orch->rebuilding[orch->rebuilding_count++] = number;
    return ERR_NONE;
}

static enum err supervisor_on_failed(struct orchestrator *orch, uint32_t number, enum err why)
{
    struct executor_entry *entry = roster_get(orch, number);
    struct executor_owner *owner = executor_owner_of(entry);
    if (owner == NULL) {
        return ERR_MEMORY;
    }
    if (!roster_is_durable(orch) || orch->given.journal == NULL) {
        return supervisor_give_up(orch, number, &supervisor_not_kept, why);
    }
    if (!supervisor_count(owner, orch->now_ns)) {
        return supervisor_give_up(orch, number, &supervisor_too_often, why);
    }
    const enum err listed = supervisor_enlist(orch, number);
    if (listed != ERR_NONE) {
        return listed;
    }
    log_line(LOG_WARNING, "orchestrator", "executor %s failed (%s): it is rebuilt from the journal",
             entry->id, err_name(why));
    const enum err err = supervisor_journal_run(
        orch, entry, RECORD_RUN_DEGRADED,
        "the executor is rebuilt from the journal; its orders stay, the others go on");
    owner->rebuild_seq = orch->seq;
    return err == ERR_NONE ? supervisor_retire(orch, number, true) : err;
}

/* The number of the executor that an actor is the host of; 0: of none. */
static uint32_t supervisor_find(const struct orchestrator *orch, struct actor_ref host)
{
    for (uint32_t number = 1; number <= orch->executor_count; number++) {
        const struct actor_ref ref = roster_get(orch, number)->host;
        if (ref.slot == host.slot && ref.generation == host.generation) {
            return number;
        }
    }
    return 0;
}

enum err supervisor_on_exit(struct orchestrator *orch, const struct actor_exit *exit_)
{
    const uint32_t number = exit_->reason != ERR_NONE ? supervisor_find(orch, exit_->child) : 0;
    if (number == 0 || orch->is_finishing) {
        return ERR_NONE; /* It has ended, was replaced, or the run is over. */
    }
    return roster_get(orch, number)->status != EXECUTOR_TERMINATED
               ? supervisor_on_failed(orch, number, exit_->reason)
               : supervisor_retire(orch, number, false);
}

/* ---- Rebuilding ---- */

static bool supervisor_is_resuming(const struct orchestrator *orch, uint32_t number)
{
    for (uint32_t i = 0; i < orch->resuming_count; i++) {
        if (orch->resuming[i] == number) {
            return true; /* After a restart, before its first quote. */
        }
    }
    return false;
}

/* What the host before had been told and had not done yet. */
static enum err supervisor_remind(struct orchestrator *orch, uint32_t number)
{
    struct executor_entry *entry = roster_get(orch, number);
    enum err err = actions_on_rebuilt(orch, entry);
    if (err == ERR_NONE && entry->is_stop_told) {
        err = roster_stop(orch, number, entry->keeps_position);
    }
    if (err == ERR_NONE && !actor_ref_is_nobody(entry->owner->refresh.to)) {
        err =
            message_post(orch->context, entry->host, MESSAGE_REPORT_WANTED, orch->now_ns, NULL, 0);
    }
    return err;
}

/* It has a host again: the market may wake it. */
static enum err supervisor_go_on(struct orchestrator *orch, uint32_t number)
{
    enum err err =
        supervisor_journal_run(orch, roster_get(orch, number), RECORD_RUN_RESTORED,
                               "the executor goes on where its journal says that it was");
    if (err == ERR_NONE) {
        err = supervisor_remind(orch, number);
    }
    if (err == ERR_NONE) {
        err = supervisor_is_resuming(orch, number) ? supervisor_retire(orch, number, false)
                                                   : roster_register(orch, number);
    }
    return err;
}

static enum err supervisor_rebuild(struct orchestrator *orch, uint32_t number)
{
    struct executor_entry *entry = roster_get(orch, number);
    enum err err = supervisor_recall(orch, entry);
    if (err == ERR_NONE) {
        err = supervisor_spawn(orch, number);
    }
    if (err != ERR_NONE) {
        return supervisor_on_failed(orch, number, err); /* Its past is kept for the next time. */
    }
    executor_past_destroy(entry->owner->past);
    entry->owner->past = NULL;
    entry->owner->rebuild_seq = 0;
    return entry->status != EXECUTOR_TERMINATED
               ? supervisor_go_on(orch, number)
               : supervisor_journal_run(orch, entry, RECORD_RUN_RESTORED,
                                        "the executor was given up; the others go on");
}

enum err supervisor_on_committed(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->rebuilding_count && err == ERR_NONE;) {
        const uint32_t number = orch->rebuilding[i];
        if (roster_get(orch, number)->owner->rebuild_seq > orch->committed || orch->is_finishing) {
            i++;
            continue;
        }
        orch->rebuilding[i] = orch->rebuilding[--orch->rebuilding_count];
        err = supervisor_rebuild(orch, number);
    }
    return err;
}

/* ---- Actors that hang ---- */

/* The step does not wait for an executor that hangs, and waits for it again when it is back. */
static enum err supervisor_let_hang(struct orchestrator *orch, uint32_t number, bool is_back)
{
    const struct executor_entry *entry = roster_get(orch, number);
    const bool has_failed = entry->owner != NULL && entry->owner->past != NULL;
    if (has_failed || supervisor_is_resuming(orch, number)) {
        return ERR_NONE; /* The market waits for another host, or does not know it yet. */
    }
    const bool goes_on = is_back && entry->status != EXECUTOR_TERMINATED;
    const enum err err = supervisor_retire(orch, number, !is_back);
    return err == ERR_NONE && goes_on ? roster_register(orch, number) : err;
}

enum err supervisor_on_stuck(struct orchestrator *orch, const struct actor_stuck *stuck)
{
    if (!orch->is_begun || orch->is_finishing) {
        return ERR_NONE; /* The log has it. */
    }
    const uint32_t number = supervisor_find(orch, stuck->actor);
    const struct executor_config *config = number != 0 ? roster_get(orch, number)->config : NULL;
    struct record record = {
        .kind = stuck->is_back ? RECORD_RUN_RESTORED : RECORD_RUN_DEGRADED,
        .controller_id = config != NULL ? config->controller_id : "",
        .executor_id = config != NULL ? config->id : "",
        .data.run = {.subject = "actor",
                     .reason = config != NULL ? config->id : stuck->name,
                     .effect = stuck->is_back ? "its handler has come back"
                                              : "its handler does not come back; what needs its "
                                                "answer waits",
                     .since_ns = orch->now_ns}};
    const enum err err = journal_add(orch, &record);
    return err == ERR_NONE && number != 0 ? supervisor_let_hang(orch, number, stuck->is_back) : err;
}
