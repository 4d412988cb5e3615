#include "market/venues/paper_orders.h"

#include <stdio.h>
#include <stdlib.h>

enum { ORDERS_CAPACITY_FIRST = 64 };

enum err paper_orders_reserve(struct paper_venue *venue)
{
    if (venue->free_count > 0) {
        return ERR_NONE;
    }
    const uint32_t old = venue->order_capacity;
    if (old > UINT32_MAX / 4) {
        return ERR_MEMORY;
    }
    const uint32_t capacity = old == 0 ? ORDERS_CAPACITY_FIRST : old * 2;
    struct paper_order *orders = realloc(venue->orders, capacity * sizeof(*orders));
    venue->orders = orders == NULL ? venue->orders : orders;
    uint32_t *free_slots = realloc(venue->free_slots, capacity * sizeof(*free_slots));
    venue->free_slots = free_slots == NULL ? venue->free_slots : free_slots;
    struct paper_touched *touched = realloc(venue->touched, capacity * sizeof(*touched));
    venue->touched = touched == NULL ? venue->touched : touched;
    if (orders == NULL || free_slots == NULL || touched == NULL) {
        return ERR_MEMORY;
    }
    venue->order_capacity = capacity;
    for (uint32_t slot = capacity; slot > old; slot--) {
        venue->free_slots[venue->free_count++] = slot - 1;
    }
    return ERR_NONE;
}

uint32_t paper_orders_find_open(const struct paper_venue *venue, struct order_id id)
{
    const struct paper_index_entry *entry = paper_index_find(&venue->index, id);
    if (entry == NULL || entry->slot == PAPER_SLOT_ENDED || !venue->orders[entry->slot].is_open) {
        return PAPER_SLOT_ENDED;
    }
    return entry->slot;
}

struct decimal paper_order_rest(const struct paper_order *order)
{
    return decimal_max(DECIMAL_ZERO, decimal_subtract(order->ticket.amount, order->executed));
}

bool paper_order_is_reduce_only(const struct paper_venue *venue, const struct order_ticket *ticket)
{
    return ticket->action == POSITION_ACTION_CLOSE &&
           paper_order_instrument(venue, ticket)->is_perpetual;
}

struct decimal paper_order_fillable(const struct paper_venue *venue,
                                    const struct paper_order *order)
{
    const struct decimal rest = paper_order_rest(order);
    return paper_order_is_reduce_only(venue, &order->ticket)
               ? paper_accounts_closable(&venue->accounts, &order->ticket, rest)
               : rest;
}

bool paper_order_pays_base(const struct paper_venue *venue, const struct order_ticket *ticket)
{
    return venue->config.fee_in_base_on_buy && ticket->side == SIDE_BUY &&
           !paper_order_instrument(venue, ticket)->is_perpetual;
}

struct paper_need paper_order_need(const struct paper_venue *venue, const struct paper_order *order,
                                   struct decimal price, enum liquidity liquidity)
{
    const struct order_ticket *ticket = &order->ticket;
    const struct decimal fee_rate =
        liquidity == LIQUIDITY_TAKER ? venue->config.taker_fee : venue->config.maker_fee;
    const struct paper_terms terms = {
        .amount = paper_order_rest(order),
        .price = price,
        .fee_rate = paper_order_pays_base(venue, ticket) ? DECIMAL_ZERO : fee_rate,
    };
    return paper_accounts_need(&venue->accounts, paper_order_instrument(venue, ticket), ticket,
                               &terms);
}

void paper_order_hold(struct paper_venue *venue, struct paper_order *order,
                      const struct paper_need *need)
{
    if (venue->config.is_unlimited) {
        return;
    }
    paper_accounts_reserve(&venue->accounts, paper_order_instrument(venue, &order->ticket),
                           need->asset, decimal_subtract(need->amount, order->reserved));
    order->reserved = need->amount;
}

void paper_order_end(struct paper_venue *venue, uint32_t slot)
{
    struct paper_order *order = &venue->orders[slot];
    const struct instrument *instrument = paper_order_instrument(venue, &order->ticket);
    const bool holds_base = order->ticket.side == SIDE_SELL && !instrument->is_perpetual;
    const struct paper_need nothing = {holds_base ? instrument->base : instrument->quote,
                                       DECIMAL_ZERO};
    paper_order_hold(venue, order, &nothing);
    order->is_open = false;
    paper_index_find(&venue->index, order->ticket.id)->slot = PAPER_SLOT_ENDED;
    venue->free_slots[venue->free_count++] = slot;
}

void paper_order_cancel(struct paper_venue *venue, uint32_t slot, const char *reason,
                        struct venue_updates *updates)
{
    const struct paper_order *order = &venue->orders[slot];
    ASSERT(order->is_open);
    struct venue_update *update = paper_tell(updates, VENUE_CANCELED, order->ticket.id);
    (void)snprintf(update->reason, sizeof(update->reason), "%s", reason);
    paper_order_end(venue, slot);
}
