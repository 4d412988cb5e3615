/*
 * From the journal back to where the run was cut short.
 *
 * The journal is played through the very functions that made it: while orch->is_replaying nothing
 * is journalled and nothing is sent. What executors were told about their orders is kept, because
 * the last state that an executor reported may be older; its host gets all of it again and leaves
 * out what its ledger knows.
 *
 * The first step then goes on: hosts are spawned from their states, what they missed is told, and
 * each is shown to the market as soon as its instruments have quotes. A venue that lived in this
 * process has died with it: it gets its perpetual positions, the balances that the fills say, and
 * the rest of each order that was in its book. A venue in another process is asked what happened
 * meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_perpetuals.h"
#include "actors/roles/orchestrator_reconciler.h"
#include "actors/roles/orchestrator_router.h"
#include "actors/roles/orchestrator_supervisor.h"
#include "base/log.h"
#include "market/wire.h"
#include "persistence/reader.h"

enum {
    RECOVERY_RESUMED_MAX = 512,        /* Executors shown to the market per step. */
    RECOVERY_TREE_BYTES_MAX = 8 << 20, /* While a configuration or an action is parsed. */
};

/* ---- The records, one by one ---- */

/* The replay of one journal. */
struct recovery {
    struct orchestrator *orch;
    struct failure *failure;
    bool *is_created;    /* Owned, by place in the run file. */
    bool follows_denial; /* The record before was a denial, whose order comes behind it. */
};

static enum err recovery_refuse(struct recovery *recovery, const struct record *record,
                                const char *why)
{
    return failure_set(
        recovery->failure, ERR_CORRUPT,
        "journal record %llu (%s): %s: the run cannot go on from it; see tutti verify",
        (unsigned long long)record->seq, record_kind_type(record->kind), why);
}

static enum err recovery_on_run(struct recovery *recovery, const struct record *record)
{
    const struct run_config *config = recovery->orch->given.config;
    if (record->kind != RECORD_RUN_STARTED ||
        strcmp(record->data.run.config_hash, config->hash) == 0) {
        return ERR_NONE;
    }
    return failure_set(recovery->failure, ERR_STATE,
                       "%s: the run in its database was cut short, and the run file has changed "
                       "since: put the file back to let it go on, or choose another "
                       "persistence.path",
                       config->path);
}

/* Parses a configuration of the journal into the memory that the executor will own. */
static enum err recovery_read_config(const struct record *record, struct executor_owner *owner,
                                     struct executor_section *ret_section)
{
    const char *json = record->data.executor.config;
    struct arena tree;
    arena_init(&tree, RECOVERY_TREE_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "config");
    const struct node *root;
    enum err err =
        node_read_json("config", json != NULL ? json : "", json != NULL ? strlen(json) : 0,
                       NODE_DEPTH_MAX, &tree, &problems, &root);
    if (err == ERR_NONE) {
        err = factory_parse(root, "", &owner->arena, &problems, &ret_section->kind,
                            &ret_section->config);
    }
    problems_done(&problems);
    arena_done(&tree);
    return err;
}

/* [["quote","base"],...] by market: what was set aside when it was created. */
static enum err recovery_read_reserved(struct orchestrator *orch, struct executor_entry *entry,
                                       const char *json)
{
    struct arena arena;
    arena_init(&arena, RECOVERY_TREE_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "reserved");
    const struct node *root = NULL;
    enum err err =
        node_read_json("reserved", json, strlen(json), NODE_DEPTH_MAX, &arena, &problems, &root);
    for (uint32_t i = 0; err == ERR_NONE && i < entry->kind->market_count; i++) {
        struct reservation reserved;
        const struct node *pair = i < root->count ? root->items[i] : NULL;
        if (pair == NULL || pair->count != 2 ||
            decimal_parse(pair->items[0]->text, pair->items[0]->length, &reserved.quote) !=
                ERR_NONE ||
            decimal_parse(pair->items[1]->text, pair->items[1]->length, &reserved.base) !=
                ERR_NONE) {
            err = ERR_CORRUPT;
        } else {
            err = books_restore_reserved(orch, entry, i, &reserved);
        }
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

static struct executor_owner *recovery_create_owner(void)
{
    struct executor_owner *owner = executor_owner_create();
    if (owner != NULL) {
        owner->past = calloc(1, sizeof(*owner->past));
    }
    if (owner == NULL || owner->past == NULL) {
        executor_owner_destroy(owner);
        return NULL;
    }
    return owner;
}

static enum err recovery_on_created(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    struct executor_owner *owner = recovery_create_owner();
    if (owner == NULL) {
        return ERR_MEMORY;
    }
    struct executor_section section;
    enum err err = recovery_read_config(record, owner, &section);
    if (err != ERR_NONE) {
        executor_owner_destroy(owner);
        return err == ERR_MEMORY
                   ? err
                   : recovery_refuse(recovery, record, "its configuration cannot be read");
    }
    owner->controller_id = section.config->controller_id;
    const struct roster_origin origin = {.id = record->executor_id, .owner = owner};
    struct executor_entry *entry;
    err = roster_enter(orch, &section, &origin, &entry);
    if (err != ERR_NONE) {
        return err;
    }
    if (orch->action_count > 0 && record->data.executor.origin == 0) {
        owner->create_action = orch->action_count; /* The record before; completed by one behind. */
    }
    const int64_t place = record->data.executor.origin;
    if (place > 0 && (size_t)place <= orch->given.config->executor_count) {
        recovery->is_created[place - 1] = true;
    }
    const char *reserved = record->data.executor.reserved;
    entry->created_seq = record->seq;
    entry->owner->past->is_funded = reserved != NULL;
    err = reserved != NULL ? recovery_read_reserved(orch, entry, reserved) : ERR_NONE;
    return err == ERR_NONE || err == ERR_MEMORY
               ? err
               : recovery_refuse(recovery, record, "its reservation cannot be read");
}

static enum err recovery_on_executor(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    const struct record_executor *figures = &record->data.executor;
    const uint32_t number = roster_find(orch, record->executor_id);
    if (number == 0) {
        return recovery_refuse(recovery, record, "of an executor that was never created");
    }
    struct executor_entry *entry = roster_get(orch, number);
    if (entry->status == EXECUTOR_TERMINATED) {
        return recovery_refuse(recovery, record, "of an executor that had ended");
    }
    entry->status = (enum executor_status)figures->status;
    const enum err err =
        figures->state != NULL ? past_take_state(entry->owner->past, figures->state) : ERR_NONE;
    if (entry->status == EXECUTOR_TERMINATED) {
        roster_close(orch, entry, (unsigned)figures->close_type, figures->net_pnl_quote);
        executor_past_destroy(entry->owner->past);
        entry->owner->past = NULL;
    }
    return err;
}

static enum err recovery_on_order(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    const struct order_id id = record->data.order.id;
    if (id.executor == 0 || id.executor > orch->executor_count) {
        return recovery_refuse(recovery, record, "of an executor that was never created");
    }
    const struct order_entry *known = router_order(roster_get(orch, id.executor), id.ordinal);
    const bool is_refused = record->kind == RECORD_ORDER_REJECTED && known != NULL &&
                            !order_state_is_terminal(known->state) && !recovery->follows_denial &&
                            !deny_is_withheld(deny_find(record->data.order.reason));
    const bool is_first = known == NULL;
    const enum err err = restore_order(orch, &record->data.order);
    if (err != ERR_NONE) {
        return err == ERR_MEMORY ? err : recovery_refuse(recovery, record, "out of its order");
    }
    if (is_refused) {
        guard_recall_rejected(orch, id.executor); /* By its venue. */
    }
    struct order_event event;
    if (!past_event(record, is_first, &event)) {
        return ERR_NONE;
    }
    struct executor_entry *executor = roster_get(orch, id.executor);
    executor->is_withheld = executor->is_withheld || event.is_withheld;
    return past_tell(orch, id.executor, &event);
}

/* A part of a liquidation has the venue's trade id and a number behind it: the venue's own must not
 * be booked again. */
static enum err recovery_take_whole(struct orchestrator *orch, const struct fill *fill)
{
    const char *point = memchr(fill->trade_id, '.', strnlen(fill->trade_id, TRADE_ID_MAX));
    if (point == NULL) {
        return ERR_NONE;
    }
    struct fill whole = *fill;
    memset(whole.trade_id, 0, sizeof(whole.trade_id));
    memcpy(whole.trade_id, fill->trade_id, (size_t)(point - fill->trade_id));
    bool is_new;
    return externals_take(orch, &whole, &is_new);
}

static enum err recovery_on_fill(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    const struct record_fill *given = &record->data.fill;
    const struct instrument *instrument =
        run_config_find_instrument(orch->given.config, given->venue, given->trading_pair);
    if (instrument == NULL) {
        return recovery_refuse(recovery, record,
                               "of an instrument that the run file does not name");
    }
    struct venue_update update = {.kind = VENUE_FILL, .order = given->fill.order};
    update.fill = past_fill(record, instrument);
    orch->replayed_fills++;
    const uint64_t number = wire_trade_number(update.fill.trade_id);
    if (number > 0) {
        reconciler_know_trade(orch, instrument->venue, number);
    }
    enum err err = recovery_take_whole(orch, &update.fill);
    if (err == ERR_NONE) {
        err = router_on_update(orch, &update);
    }
    return err == ERR_NONE ? perpetuals_on_fill(orch, &update.fill) : err;
}

static enum err recovery_on_funding(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    const struct record_funding *given = &record->data.funding;
    const struct instrument *instrument =
        run_config_find_instrument(orch->given.config, given->venue, given->trading_pair);
    uint32_t controller;
    enum err err = instrument != NULL ? books_controller(orch, record->controller_id, &controller)
                                      : ERR_CORRUPT;
    if (err != ERR_NONE) {
        return err == ERR_MEMORY ? err : recovery_refuse(recovery, record, "cannot be booked");
    }
    const struct venue_payment payment = {.instrument = instrument->index,
                                          .side = (enum side)given->side,
                                          .amount = given->amount,
                                          .rate = given->rate,
                                          .due_ns = given->due_ns};
    struct position *position =
        position_book_get(orch->positions, controller, instrument->index, payment.side);
    books_fund_account(orch, &payment);
    if (position == NULL) {
        return ERR_MEMORY;
    }
    err = books_apply_funding(orch, position, &payment, payment.amount);
    return err == ERR_NONE ? perpetuals_on_funding(orch, &payment) : err;
}

/* The highest result that was seen, from which a fall is measured. */
static enum err recovery_on_performance(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    uint32_t controller;
    const enum err err = books_controller(orch, record->controller_id, &controller);
    if (err != ERR_NONE || record->controller_id[0] == '\0') {
        return err;
    }
    struct performance *performance = &orch->controllers[controller].performance;
    const struct performance_report *report = &record->data.performance;
    performance->peak_pnl_quote =
        decimal_max(performance->peak_pnl_quote, report->global_pnl_quote);
    performance->report.max_drawdown_quote = report->max_drawdown_quote;
    return ERR_NONE;
}

/* Which of a venue's trades were known: what comes behind them is fetched. */
static enum err recovery_on_reconciled(struct recovery *recovery, const struct record *record)
{
    struct orchestrator *orch = recovery->orch;
    const struct record_note *note = &record->data.note;
    const size_t venue = run_config_find_venue(orch->given.config, note->scope);
    static const char member[] = "\"last_trade\":";
    const char *number = note->text != NULL ? strstr(note->text, member) : NULL;
    if (venue < orch->given.config->file.venues.count && number != NULL) {
        orch->links[venue].trade_known = strtoull(number + strlen(member), NULL, 10);
    }
    return ERR_NONE;
}

static enum err recovery_on_note(struct recovery *recovery, const struct record *record)
{
    switch ((int)record->kind) {
    case RECORD_VENUE_RECONCILED:
        return recovery_on_reconciled(recovery, record);
    case RECORD_RISK_DENIED:
        guard_recall_denied(recovery->orch, record);
        return ERR_NONE;
    case RECORD_RISK_PEAK:
    case RECORD_RISK_DAY:
        return losses_recall(recovery->orch, record) == ERR_NONE
                   ? ERR_NONE
                   : recovery_refuse(recovery, record, "of a scope that is not known");
    default:
        return ERR_NONE; /* States of risk are in a table of their own; links begin anew. */
    }
}

static enum err recovery_take(struct recovery *recovery, const struct record *record)
{
    switch (record_kind_data(record->kind)) {
    case RECORD_DATA_RUN:
        return recovery_on_run(recovery, record);
    case RECORD_DATA_ACTION:
        return answers_restore(recovery->orch, record);
    case RECORD_DATA_EXECUTOR:
        return record->kind == RECORD_EXECUTOR_CREATED ? recovery_on_created(recovery, record)
                                                       : recovery_on_executor(recovery, record);
    case RECORD_DATA_ORDER:
        return recovery_on_order(recovery, record);
    case RECORD_DATA_FILL:
        return recovery_on_fill(recovery, record);
    case RECORD_DATA_FUNDING:
        return recovery_on_funding(recovery, record);
    case RECORD_DATA_PERFORMANCE:
        return recovery_on_performance(recovery, record);
    case RECORD_DATA_POSITION:
        return record->kind == RECORD_POSITION_OPENED ? opening_restore(recovery->orch, record)
                                                      : ERR_NONE; /* Made from the fills. */
    case RECORD_DATA_NOTE:
        return recovery_on_note(recovery, record);
    case RECORD_DATA_LIQUIDATION:
        return perpetuals_on_liquidation(recovery->orch, &record->data.liquidation);
    case RECORD_DATA_SKIP:
    case RECORD_DATA_RATE:
        break; /* Made from others, or only told. */
    }
    return ERR_NONE;
}

static enum err recovery_on_record(void *context, const struct record *record)
{
    struct recovery *recovery = context;
    recovery->orch->now_ns = record->ts_ns;
    recovery->orch->seq = record->seq;
    const enum err err = recovery_take(recovery, record);
    recovery->follows_denial = record->kind == RECORD_RISK_DENIED;
    return err;
}

/* ---- The replay as a whole ---- */

static bool recovery_is_remote(const struct orchestrator *orch, uint32_t venue)
{
    const struct venue_section *venues = orch->given.config->file.venues.items;
    return venues[venue].is_remote;
}

/* Executors of the run file that were created before are not created again. */
static void recovery_forget_created(struct orchestrator *orch, const bool *is_created)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orch->waiting_count; i++) {
        if (!is_created[orch->waiting[i]]) {
            orch->waiting[kept++] = orch->waiting[i];
        }
    }
    orch->waiting_count = kept;
}

enum err recovery_replay(struct orchestrator *orch, const char *database, struct failure *failure)
{
    struct recovery recovery = {.orch = orch, .failure = failure};
    recovery.is_created = calloc(orch->given.config->executor_count + 1, sizeof(bool));
    struct reader *reader = NULL;
    enum err err = recovery.is_created != NULL
                       ? ERR_NONE
                       : failure_set(failure, ERR_MEMORY, "no memory to recover the run");
    if (err == ERR_NONE) {
        err = reader_open(database, &reader, failure);
    }
    if (err == ERR_NONE) {
        err = answers_prepare(orch);
    }
    if (err == ERR_NONE) {
        orch->is_replaying = true;
        const struct reader_range all = {.first = 1, .last = UINT64_MAX};
        err = reader_records(reader, &all, recovery_on_record, &recovery, failure);
        orch->is_replaying = false;
    }
    if (err == ERR_NONE) {
        recovery_forget_created(orch, recovery.is_created);
        orch->committed = orch->seq;
        orch->is_recovered = true;
        prng_init(&orch->prng, (uint64_t)orch->given.config->file.run->seed ^ orch->given.epoch);
    }
    reader_close(reader);
    free(recovery.is_created);
    return err;
}

/* ---- The first step ---- */

/* What the fills say a venue holds, for one that has forgotten. */
static enum err recovery_restore_balances(struct orchestrator *orch, uint32_t venue)
{
    const struct account *account = &orch->accounts[venue];
    nng_msg *message =
        message_create(MESSAGE_BALANCES, orch->now_ns,
                       sizeof(struct message_balances) + account->count * sizeof(struct balance));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_balances *balances = message_body(message);
    *balances = (struct message_balances){
        .venue = venue, .count = (uint32_t)account->count, .trade_count = orch->replayed_fills};
    for (size_t i = 0; i < account->count; i++) {
        balances->items[i] = (struct balance){.total = account->assets[i].total};
        (void)snprintf(balances->items[i].asset, sizeof(balances->items[i].asset), "%s",
                       account->assets[i].asset);
    }
    return context_post(orch->context, orch->given.venues[venue], message);
}

static enum err recovery_restore_venues(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->given.config->file.venues.count && err == ERR_NONE; i++) {
        if (!recovery_is_remote(orch, i)) {
            err = perpetuals_restore(orch, i);
            err = err == ERR_NONE ? recovery_restore_balances(orch, i) : err;
        }
    }
    free(orch->past);
    orch->past = NULL;
    orch->past_count = 0;
    orch->past_capacity = 0;
    return err;
}

static enum err recovery_spawn_all(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    orch->resuming = calloc(orch->executor_count + 1U, sizeof(*orch->resuming));
    if (orch->resuming == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t number = 1; number <= orch->executor_count && err == ERR_NONE; number++) {
        if (roster_get(orch, number)->status == EXECUTOR_TERMINATED) {
            continue;
        }
        err = supervisor_spawn(orch, number);
        struct executor_entry *entry = roster_get(orch, number);
        executor_past_destroy(entry->owner->past);
        entry->owner->past = NULL;
        if (err == ERR_NONE && entry->status != EXECUTOR_TERMINATED) {
            orch->resuming[orch->resuming_count++] = number;
        }
    }
    return err;
}

enum err recovery_begin(struct orchestrator *orch)
{
    struct record record = {.kind = RECORD_RUN_RECOVERED,
                            .controller_id = "",
                            .executor_id = "",
                            .data.run = journal_run(orch)};
    record.data.run.executors_resumed = orch->active_count;
    record.data.run.orders_reconciled = risk_usage_of(orch->risk, RISK_GLOBAL, 0).open_orders;
    enum err err = journal_add(orch, &record);
    if (err == ERR_NONE) {
        err = recovery_restore_venues(orch);
    }
    if (err == ERR_NONE) {
        err = restore_orders(orch);
    }
    return err == ERR_NONE ? recovery_spawn_all(orch) : err;
}

/* One whose instruments have quotes goes on, or is stopped when the run file says so. */
static enum err recovery_resume(struct orchestrator *orch, uint32_t number)
{
    const enum restart_policy policy = orch->given.on_restart != 0
                                           ? orch->given.on_restart
                                           : orch->given.config->file.run->on_restart;
    enum err err = roster_register(orch, number);
    if (err == ERR_NONE && policy != RESTART_RESUME) {
        err = roster_stop(orch, number, policy == RESTART_STOP_KEEP);
    }
    return err == ERR_NONE ? actions_resume(orch, number) : err;
}

enum err recovery_go_on(struct orchestrator *orch)
{
    uint32_t kept = 0;
    uint32_t resumed = 0;
    for (uint32_t i = 0; i < orch->resuming_count; i++) {
        const uint32_t number = orch->resuming[i];
        if (resumed == RECOVERY_RESUMED_MAX || !roster_is_quoted(orch, roster_get(orch, number))) {
            orch->resuming[kept++] = number;
            continue;
        }
        resumed++;
        const enum err err = recovery_resume(orch, number);
        if (err != ERR_NONE) {
            return err;
        }
    }
    orch->resuming_count = kept;
    return ERR_NONE;
}
