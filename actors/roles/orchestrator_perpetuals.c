/*
 * What a venue of this process must be told about its perpetual positions after a restart.
 *
 * A position, the margin held for it and the time of its next funding follow from its fills and
 * payments since it was flat, and a venue makes them of those again by its own functions, so that
 * they are the same to the last digit. What came before a position was flat is forgotten.
 */
#include "actors/roles/orchestrator_perpetuals.h"

#include <stdlib.h>

#include "actors/roles/orchestrator_router.h"

enum {
    PERPETUALS_PAST_MAX = 1 << 20, /* Fills and payments of positions that are open. */
    PERPETUALS_PAST_FIRST = 64,
    PERPETUALS_MESSAGE_MAX = 64, /* In one message. */
};

static enum err perpetuals_keep(struct orchestrator *orch, const struct paper_past *past)
{
    if (orch->past_count == orch->past_capacity) {
        const uint32_t capacity =
            orch->past_capacity != 0 ? orch->past_capacity * 2 : PERPETUALS_PAST_FIRST;
        if (capacity > PERPETUALS_PAST_MAX) {
            return ERR_LIMIT;
        }
        struct paper_past *grown = realloc(orch->past, capacity * sizeof(*grown));
        if (grown == NULL) {
            return ERR_MEMORY;
        }
        orch->past = grown;
        orch->past_capacity = capacity;
    }
    orch->past[orch->past_count++] = *past;
    return ERR_NONE;
}

/* Whether no venue holds anything of the instrument, on any side. */
static bool perpetuals_is_flat(const struct orchestrator *orch, uint32_t instrument)
{
    size_t count;
    const struct position *items = position_book_items(orch->held_by_venues, &count);
    for (size_t i = 0; i < count; i++) {
        if (items[i].instrument == instrument && decimal_sign(items[i].amount) != 0) {
            return false;
        }
    }
    return true;
}

/* Liquidations are counted for ever: their orders have numbers. */
static void perpetuals_forget(struct orchestrator *orch, uint32_t instrument)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orch->past_count; i++) {
        const struct paper_past *past = &orch->past[i];
        if (past->instrument != instrument || past->kind == PAPER_PAST_LIQUIDATION) {
            orch->past[kept++] = *past;
        }
    }
    orch->past_count = kept;
}

/* The order of a fill that has been booked; one that nobody here placed opens, as far as anybody
 * knows. */
static struct order_ticket perpetuals_ticket(const struct orchestrator *orch,
                                             const struct fill *fill)
{
    const struct order_entry *order =
        fill->order.executor == 0 || fill->order.executor > orch->executor_count
            ? NULL
            : router_order(roster_get(orch, fill->order.executor), fill->order.ordinal);
    return order != NULL ? order->ticket : (struct order_ticket){.side = fill->side};
}

enum err perpetuals_on_fill(struct orchestrator *orch, const struct fill *fill)
{
    const struct instrument *instrument = &orch->given.config->instruments[fill->instrument];
    if (!instrument->is_perpetual) {
        return ERR_NONE;
    }
    if (perpetuals_is_flat(orch, fill->instrument)) {
        perpetuals_forget(orch, fill->instrument);
        return ERR_NONE;
    }
    const struct order_ticket ticket = perpetuals_ticket(orch, fill);
    const struct paper_past past = {
        .kind = PAPER_PAST_FILL,
        .instrument = fill->instrument,
        .position = instrument_position_side(instrument, fill->side, ticket.action),
        .leverage = ticket.leverage,
        .fill = *fill};
    return perpetuals_keep(orch, &past);
}

enum err perpetuals_on_funding(struct orchestrator *orch, const struct venue_payment *payment)
{
    const struct paper_past past = {
        .kind = PAPER_PAST_FUNDING, .instrument = payment->instrument, .due_ns = payment->due_ns};
    return perpetuals_keep(orch, &past);
}

enum err perpetuals_on_liquidation(struct orchestrator *orch,
                                   const struct record_liquidation *record)
{
    const struct instrument *instrument =
        run_config_find_instrument(orch->given.config, record->venue, record->trading_pair);
    if (instrument == NULL) {
        return ERR_CORRUPT;
    }
    const struct paper_past past = {.kind = PAPER_PAST_LIQUIDATION,
                                    .instrument = instrument->index};
    return perpetuals_keep(orch, &past);
}

enum err perpetuals_restore(struct orchestrator *orch, uint32_t venue)
{
    struct paper_past chunk[PERPETUALS_MESSAGE_MAX];
    size_t count = 0;
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->past_count && err == ERR_NONE; i++) {
        if (orch->given.config->instruments[orch->past[i].instrument].venue != venue) {
            continue;
        }
        chunk[count++] = orch->past[i];
        if (count == PERPETUALS_MESSAGE_MAX) {
            err = message_post(orch->context, orch->given.venues[venue], MESSAGE_PAST, orch->now_ns,
                               chunk, count * sizeof(chunk[0]));
            count = 0;
        }
    }
    return err == ERR_NONE && count > 0
               ? message_post(orch->context, orch->given.venues[venue], MESSAGE_PAST, orch->now_ns,
                              chunk, count * sizeof(chunk[0]))
               : err;
}
