#include "market/venue_ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { LEDGER_CAPACITY_FIRST = 64 };

void venue_ledger_init(struct venue_ledger *ledger)
{
    *ledger = (struct venue_ledger){0};
}

void venue_ledger_done(struct venue_ledger *ledger)
{
    free(ledger->orders);
    free(ledger->trades);
    paper_index_done(&ledger->index);
    *ledger = (struct venue_ledger){0};
}

static enum err venue_ledger_reserve_order(struct venue_ledger *ledger)
{
    if (ledger->order_count < ledger->order_capacity) {
        return ERR_NONE;
    }
    if (ledger->order_count == VENUE_LEDGER_ORDERS_MAX) {
        return ERR_LIMIT;
    }
    const size_t capacity =
        ledger->order_capacity != 0 ? ledger->order_capacity * 2 : LEDGER_CAPACITY_FIRST;
    struct venue_ledger_order *orders = realloc(ledger->orders, capacity * sizeof(*ledger->orders));
    if (orders == NULL) {
        return ERR_MEMORY;
    }
    ledger->orders = orders;
    ledger->order_capacity = capacity;
    return ERR_NONE;
}

enum err venue_ledger_add(struct venue_ledger *ledger, const struct order_ticket *ticket)
{
    if (paper_index_find(&ledger->index, ticket->id) != NULL) {
        return ERR_EXISTS;
    }
    enum err err = venue_ledger_reserve_order(ledger);
    if (err == ERR_NONE) {
        err = paper_index_add(&ledger->index, ticket->id, (uint32_t)ledger->order_count);
    }
    if (err == ERR_NONE) {
        ledger->orders[ledger->order_count++] =
            (struct venue_ledger_order){.ticket = *ticket, .state = ORDER_PENDING_SUBMIT};
    }
    return err;
}

struct venue_ledger_order *venue_ledger_find(const struct venue_ledger *ledger, struct order_id id)
{
    const struct paper_index_entry *entry = paper_index_find(&ledger->index, id);
    return entry == NULL ? NULL : &ledger->orders[entry->slot];
}

static enum err venue_ledger_add_trade(struct venue_ledger *ledger, const struct fill *fill)
{
    if (ledger->trade_count == ledger->trade_capacity) {
        if (ledger->trade_count == VENUE_LEDGER_TRADES_MAX) {
            return ERR_LIMIT;
        }
        const size_t capacity =
            ledger->trade_capacity != 0 ? ledger->trade_capacity * 2 : LEDGER_CAPACITY_FIRST;
        struct fill *trades = realloc(ledger->trades, capacity * sizeof(*trades));
        if (trades == NULL) {
            return ERR_MEMORY;
        }
        ledger->trades = trades;
        ledger->trade_capacity = capacity;
    }
    ledger->trades[ledger->trade_count++] = *fill;
    return ERR_NONE;
}

static enum err venue_ledger_fill(struct venue_ledger *ledger, struct venue_ledger_order *order,
                                  const struct fill *fill)
{
    const enum err err = venue_ledger_add_trade(ledger, fill);
    if (err == ERR_NONE) {
        order->executed_base = decimal_add(order->executed_base, fill->amount);
        if (!order_state_is_terminal(order->state)) {
            order->state = ORDER_PARTIALLY_FILLED;
        }
    }
    return err;
}

/* A liquidation is an order too, which the venue places by itself. */
static enum err venue_ledger_add_own(struct venue_ledger *ledger, const struct venue_update *update)
{
    const struct order_ticket ticket = {.id = update->order,
                                        .instrument = update->fill.instrument,
                                        .side = update->fill.side,
                                        .type = ORDER_MARKET,
                                        .amount = update->fill.amount};
    const enum err err = venue_ledger_add(ledger, &ticket);
    if (err == ERR_NONE) {
        ledger->orders[ledger->order_count - 1].state = ORDER_OPEN;
    }
    return err;
}

enum err venue_ledger_apply(struct venue_ledger *ledger, const struct venue_update *update)
{
    if (update->kind == VENUE_FUNDING) {
        return ERR_NONE;
    }
    if (update->kind == VENUE_LIQUIDATION) {
        return venue_ledger_add_own(ledger, update);
    }
    struct venue_ledger_order *order = venue_ledger_find(ledger, update->order);
    if (order == NULL) {
        return ERR_STATE;
    }
    static const enum order_state states[] = {[VENUE_ACCEPTED] = ORDER_OPEN,
                                              [VENUE_REJECTED] = ORDER_REJECTED,
                                              [VENUE_COMPLETED] = ORDER_FILLED,
                                              [VENUE_CANCELED] = ORDER_CANCELED,
                                              [VENUE_EXPIRED] = ORDER_EXPIRED};
    if (update->kind == VENUE_FILL) {
        return venue_ledger_fill(ledger, order, &update->fill);
    }
    ASSERT((size_t)update->kind < sizeof(states) / sizeof(states[0]));
    order->state = states[update->kind];
    memcpy(order->reason, update->reason, sizeof(order->reason));
    return ERR_NONE;
}

const struct venue_ledger_order *venue_ledger_next_live(struct venue_ledger *ledger, size_t *place)
{
    while (ledger->live_first < ledger->order_count &&
           order_state_is_terminal(ledger->orders[ledger->live_first].state)) {
        ledger->live_first++;
    }
    size_t i = *place > ledger->live_first ? *place : ledger->live_first;
    while (i < ledger->order_count && order_state_is_terminal(ledger->orders[i].state)) {
        i++;
    }
    *place = i + 1;
    return i < ledger->order_count ? &ledger->orders[i] : NULL;
}
