#include "actors/roles/orchestrator_journal.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_router.h"
#include "base/log.h"

static const char *journal_reason_name(enum shutdown_reason reason)
{
    static const char *const names[] = {[SHUTDOWN_END_OF_FEED] = "end_of_feed",
                                        [SHUTDOWN_SIGNAL] = "signal",
                                        [SHUTDOWN_RISK] = "risk",
                                        [SHUTDOWN_REQUEST] = "request",
                                        [SHUTDOWN_FAILURE] = "failure"};
    return reason >= SHUTDOWN_END_OF_FEED && reason <= SHUTDOWN_FAILURE ? names[reason] : "";
}

enum err journal_flush(struct orchestrator *orch)
{
    if (orch->page == NULL) {
        return ERR_NONE;
    }
    nng_msg *page = orch->page;
    orch->page = NULL;
    return context_post(orch->context, orch->given.persistence, page);
}

/* A new page that begins with the record. Not part of journal_add(), which mostly gets by without,
 * and then saves no registers for it. */
static __attribute__((noinline)) enum err journal_turn_page(struct orchestrator *orch,
                                                            const struct record *record)
{
    const enum err err = journal_flush(orch);
    if (err != ERR_NONE) {
        return err;
    }
    orch->page = record_page_create(orch->now_ns, record);
    return orch->page != NULL ? ERR_NONE : ERR_MEMORY;
}

enum err journal_add(struct orchestrator *orch, struct record *record)
{
    if (orch->is_replaying) {
        return ERR_NONE; /* It is there already. */
    }
    ASSERT(orch->seq > 0 ||
           record->kind == RECORD_RUN_STARTED); /* Else no start goes on with it. */
    record->seq = ++orch->seq;
    record->ts_ns = orch->now_ns;
    const bool is_added = orch->page != NULL && record_page_add(message_body(orch->page), record);
    return is_added ? ERR_NONE : journal_turn_page(orch, record);
}

static enum err journal_submit(struct orchestrator *orch, const struct order_ticket *ticket)
{
    const uint32_t venue = orch->given.config->instruments[ticket->instrument].venue;
    const struct order_entry *order =
        &roster_get(orch, ticket->id.executor)->orders[ticket->id.ordinal - 1];
    enum err err = journal_flush(orch); /* Its intent is on its way before it is. */
    if (err != ERR_NONE) {
        return err;
    }
    err = message_post(orch->context, orch->given.venues[venue], MESSAGE_SUBMIT, orch->now_ns,
                       ticket, sizeof(*ticket));
    /* It was to be taken back while its intent was written. */
    return err == ERR_NONE && order->state == ORDER_PENDING_CANCEL
               ? message_post(orch->context, orch->given.venues[venue], MESSAGE_CANCEL,
                              orch->now_ns, &ticket->id, sizeof(ticket->id))
               : err;
}

static enum err journal_hold(struct orchestrator *orch, uint64_t seq,
                             const struct order_ticket *ticket)
{
    if (orch->held_first + orch->held_count == orch->held_capacity) {
        if (orch->held_count == JOURNAL_HELD_MAX) {
            return ERR_LIMIT;
        }
        const size_t capacity = orch->held_capacity != 0 ? orch->held_capacity * 2 : 64;
        struct held_ticket *held = realloc(orch->held, capacity * sizeof(*held));
        if (held == NULL) {
            return ERR_MEMORY;
        }
        orch->held = held;
        orch->held_capacity = capacity;
    }
    orch->held[orch->held_first + orch->held_count++] =
        (struct held_ticket){.seq = seq, .ticket = *ticket};
    roster_get(orch, ticket->id.executor)->orders[ticket->id.ordinal - 1].is_held = true;
    return ERR_NONE;
}

enum err journal_release_after(struct orchestrator *orch, uint64_t seq,
                               const struct order_ticket *ticket)
{
    /* One that could go at once still waits behind those that may not. */
    if (orch->given.config->durability != DURABILITY_FULL && !orch->is_store_full &&
        orch->held_count == 0) {
        return journal_submit(orch, ticket);
    }
    return journal_hold(orch, seq, ticket);
}

/* The disk is full, or has room again: says so in the journal, where it is read when there is. */
static enum err journal_note_full(struct orchestrator *orch, bool is_full)
{
    if (is_full == orch->is_store_full) {
        return ERR_NONE;
    }
    orch->is_store_full = is_full;
    orch->full_since_ns = is_full ? orch->now_ns : orch->full_since_ns;
    if (orch->final_seq != 0) {
        return ERR_NONE; /* The last record is on its way: nothing comes behind it. */
    }
    struct record record = {
        .kind = is_full ? RECORD_RUN_DEGRADED : RECORD_RUN_RESTORED,
        .controller_id = "",
        .executor_id = "",
        .data.run = {.subject = "store",
                     .reason = "disk_full",
                     .effect = is_full ? "no new orders and actions; the market waits"
                                       : "everything is stored; orders and actions go on",
                     .since_ns = orch->full_since_ns}};
    return journal_add(orch, &record);
}

enum err journal_on_committed(struct orchestrator *orch, const struct message_committed *committed)
{
    if (committed->has_failed) {
        log_line(LOG_ERROR, "orchestrator",
                 "the journal refuses records: no further order is sent; the run ends here");
        return ERR_IO;
    }
    ASSERT(committed->seq >= orch->committed && committed->seq <= orch->seq);
    orch->committed = committed->seq;
    const enum err noted = journal_note_full(orch, committed->is_full);
    if (noted != ERR_NONE) {
        return noted;
    }
    while (orch->held_count > 0 && orch->held[orch->held_first].seq <= orch->committed) {
        const struct order_ticket *ticket = &orch->held[orch->held_first].ticket;
        const enum err err =
            router_may_leave(orch, ticket) ? journal_submit(orch, ticket) : ERR_NONE;
        if (err != ERR_NONE) {
            return err;
        }
        roster_get(orch, ticket->id.executor)->orders[ticket->id.ordinal - 1].is_held = false;
        orch->held_first++;
        orch->held_count--;
    }
    if (orch->held_count == 0) {
        orch->held_first = 0;
    }
    return ERR_NONE;
}

bool journal_is_behind(const struct orchestrator *orch)
{
    return orch->is_store_full || orch->seq - orch->committed > JOURNAL_WINDOW;
}

struct record_run journal_run(const struct orchestrator *orch)
{
    static const char *const modes[] = {
        [MODE_BACKTEST] = "backtest", [MODE_PAPER] = "paper", [MODE_LIVE] = "live"};
    const struct run_config *config = orch->given.config;
    return (struct record_run){.name = config->file.run->name,
                               .mode = modes[config->file.run->mode],
                               .config_hash = config->hash,
                               .version = TUTTI_VERSION,
                               .reason = "",
                               .seed = config->file.run->seed};
}

enum err journal_run_started(struct orchestrator *orch)
{
    struct record record = {.kind = RECORD_RUN_STARTED,
                            .controller_id = "",
                            .executor_id = "",
                            .data.run = journal_run(orch)};
    record.data.run.config = orch->given.config->json;
    return journal_add(orch, &record);
}

enum err journal_run_stopped(struct orchestrator *orch)
{
    struct record record = {.kind = RECORD_RUN_STOPPED,
                            .controller_id = "",
                            .executor_id = "",
                            .data.run = journal_run(orch)};
    record.data.run.reason = journal_reason_name(orch->reason);
    record.data.run.actor = orch->ended_by;
    return journal_add(orch, &record);
}

enum err journal_note(struct orchestrator *orch, enum record_kind kind, const char *scope,
                      const char *code, const char *text)
{
    struct record record = {.kind = kind,
                            .controller_id = "",
                            .executor_id = "",
                            .data.note = {.scope = scope, .code = code, .text = text}};
    return journal_add(orch, &record);
}
