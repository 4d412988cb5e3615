#include "market/venues/paper_arrival.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "market/venues/paper_deal.h"
#include "market/venues/paper_match.h"
#include "market/venues/paper_orders.h"
#include "market/venues/paper_rules.h"
#include "market/venues/paper_volume.h"

enum { IMMEDIATE_CAPACITY_FIRST = 16 };

static const char *const not_at_once = "not filled at once";

/* Whether an order that arrives takes before it rests. */
static bool paper_arrival_takes(const struct paper_venue *venue)
{
    return venue->config.fill_model != PAPER_FILL_TOUCH;
}

static bool paper_arrival_waits(const struct order_ticket *ticket)
{
    return ticket->time_in_force == TIME_IN_FORCE_GTC;
}

/* Reserves what the order needs; false with the reason when there is too little. */
static bool paper_arrival_afford(struct paper_venue *venue, struct paper_order *order,
                                 const struct quote *quote, char reason[VENUE_REASON_MAX])
{
    if (venue->config.is_unlimited) {
        return true;
    }
    const struct order_ticket *ticket = &order->ticket;
    struct decimal price = paper_match_price(ticket, quote);
    enum liquidity liquidity = ticket->type == ORDER_MARKET ? LIQUIDITY_TAKER : LIQUIDITY_MAKER;
    if (paper_arrival_takes(venue) && paper_match_crosses(ticket, quote)) {
        liquidity = LIQUIDITY_TAKER;
        const struct book_walk walk = paper_match_walk(venue, ticket, ticket->amount);
        price = decimal_max(walk.worst, price);
    }
    const struct paper_need need = paper_order_need(venue, order, price, liquidity);
    const struct decimal available = paper_accounts_available(
        &venue->accounts, paper_order_instrument(venue, ticket), need.asset);
    const bool is_free = decimal_is_valid(need.amount) && decimal_sign(need.amount) == 0;
    if (!decimal_is_valid(need.amount) || (!is_free && decimal_less(available, need.amount))) {
        paper_rules_shortfall(need.asset, need.amount, available, reason);
        return false;
    }
    paper_order_hold(venue, order, &need);
    return true;
}

/* Whether the order fits what it is to do to the positions. */
static bool paper_arrival_fits(const struct paper_venue *venue, const struct paper_order *order,
                               char reason[VENUE_REASON_MAX])
{
    const struct order_ticket *ticket = &order->ticket;
    const char *refusal = NULL;
    if (paper_order_instrument(venue, ticket)->is_perpetual &&
        venue->config.position_mode == PAPER_HEDGE && ticket->action == POSITION_ACTION_NIL) {
        refusal = "hedge mode needs a position action, OPEN or CLOSE";
    } else if (paper_order_is_reduce_only(venue, ticket) &&
               decimal_sign(paper_order_fillable(venue, order)) == 0) {
        refusal = "reduce-only: there is no position to close";
    }
    if (refusal != NULL) {
        (void)snprintf(reason, VENUE_REASON_MAX, "%s", refusal);
    }
    return refusal == NULL;
}

/* Whether an order that is to make does. */
static bool paper_arrival_makes(const struct paper_venue *venue, const struct order_ticket *ticket,
                                const struct quote *quote, char reason[VENUE_REASON_MAX])
{
    const bool may_rest =
        venue->config.post_only == PAPER_POST_ONLY_REST && !paper_arrival_takes(venue);
    if (ticket->type != ORDER_LIMIT_MAKER || may_rest || !paper_match_crosses(ticket, quote)) {
        return true;
    }
    paper_rules_would_take(ticket, quote, reason);
    return false;
}

/* Whether an arriving order is let in; otherwise `reason` says why not. */
static bool paper_arrival_accepts(struct paper_venue *venue, struct paper_order *order,
                                  const struct quote *quote, char reason[VENUE_REASON_MAX])
{
    const struct paper_script *script = venue->config.script;
    const struct order_ticket *ticket = &order->ticket;
    if (script != NULL && script->fails != NULL &&
        script->fails(script->context, ticket->id.ordinal)) {
        (void)snprintf(reason, VENUE_REASON_MAX, "refused by script");
        return false;
    }
    const struct decimal price = ticket->type == ORDER_MARKET ? quote->bid : ticket->price;
    return paper_rules_allow(paper_order_instrument(venue, ticket), ticket, price, reason) &&
           paper_arrival_fits(venue, order, reason) &&
           paper_arrival_makes(venue, ticket, quote, reason) &&
           paper_arrival_afford(venue, order, quote, reason);
}

/* Room for everything that the arrival of an order may need. */
static enum err paper_arrival_reserve(struct paper_venue *venue, struct paper_market *market,
                                      const struct paper_order *order,
                                      struct venue_updates *updates)
{
    size_t room = 2;
    if (paper_arrival_takes(venue)) {
        const struct order_ticket *ticket = &order->ticket;
        room += PAPER_DEAL_UPDATES * paper_match_walk(venue, ticket, ticket->amount).levels;
    }
    if (market->immediate_count == market->immediate_capacity) {
        const size_t capacity = market->immediate_capacity == 0 ? IMMEDIATE_CAPACITY_FIRST
                                                                : 2 * market->immediate_capacity;
        struct order_id *immediate = realloc(market->immediate, capacity * sizeof(*immediate));
        if (immediate == NULL) {
            return ERR_MEMORY;
        }
        market->immediate = immediate;
        market->immediate_capacity = capacity;
    }
    const enum err err = paper_book_reserve(&market->book, order);
    return err == ERR_NONE ? venue_updates_reserve(updates, room) : err;
}

/* An order that was let in takes what it crosses; false: nothing of it is left to rest. */
static bool paper_arrival_cross(struct paper_venue *venue, uint32_t slot,
                                struct venue_updates *updates)
{
    struct paper_order *order = &venue->orders[slot];
    const struct paper_market *market = &venue->markets[order->ticket.instrument];
    if (paper_match_crosses(&order->ticket, &market->quote) &&
        !paper_match_take(venue, slot, LIQUIDITY_TAKER, updates)) {
        return false;
    }
    if (order->ticket.type == ORDER_MARKET || !paper_arrival_waits(&order->ticket)) {
        paper_order_cancel(venue, slot, not_at_once, updates);
        return false;
    }
    const struct paper_need need =
        paper_order_need(venue, order, order->ticket.price, LIQUIDITY_MAKER);
    paper_order_hold(venue, order, &need);
    paper_volume_join(venue, order);
    return true;
}

/* The arrival of a new order. */
static enum err paper_arrival_new(struct paper_venue *venue, struct paper_market *market,
                                  uint32_t slot, struct venue_updates *updates)
{
    struct paper_order *order = &venue->orders[slot];
    const struct order_id id = order->ticket.id;
    ASSERT(!order->is_open);
    const enum err err = paper_arrival_reserve(venue, market, order, updates);
    if (err != ERR_NONE) {
        return err;
    }
    char reason[VENUE_REASON_MAX];
    if (!paper_arrival_accepts(venue, order, &market->quote, reason)) {
        memcpy(paper_tell(updates, VENUE_REJECTED, id)->reason, reason, sizeof(reason));
        paper_order_end(venue, slot);
        return ERR_NONE;
    }
    order->is_open = true;
    order->sequence = ++venue->accepted_count;
    order->accepted_round = market->round;
    paper_tell(updates, VENUE_ACCEPTED, id);
    if (paper_arrival_takes(venue)) {
        if (paper_arrival_cross(venue, slot, updates)) {
            paper_book_add(&market->book, venue->orders, slot);
        }
        return ERR_NONE;
    }
    paper_book_add(&market->book, venue->orders, slot);
    if (!paper_arrival_waits(&order->ticket)) {
        market->immediate[market->immediate_count++] = id;
    }
    return ERR_NONE;
}

/* The arrival of a cancel. */
static enum err paper_arrival_cancel(struct paper_venue *venue, struct paper_market *market,
                                     struct order_id id, struct venue_updates *updates)
{
    const struct paper_script *script = venue->config.script;
    const uint32_t slot = paper_orders_find_open(venue, id);
    if (slot == PAPER_SLOT_ENDED || (script != NULL && script->ignores_cancel != NULL &&
                                     script->ignores_cancel(script->context, id.ordinal))) {
        return ERR_NONE;
    }
    const enum err err = venue_updates_reserve(updates, 1);
    if (err == ERR_NONE) {
        paper_book_remove(&market->book, venue->orders, slot);
        paper_order_cancel(venue, slot, "", updates);
    }
    return err;
}

enum err paper_arrival_take(struct paper_venue *venue, struct paper_market *market, size_t enough,
                            struct venue_updates *updates)
{
    const struct paper_request *request;
    while (market->arriving > 0 && updates->count < enough) {
        request = paper_queue_first(&market->queue);
        if (request->arrives_at_ns > market->now_ns) {
            market->arriving = 0;
            return ERR_NONE;
        }
        const enum err err = request->kind == PAPER_REQUEST_NEW
                                 ? paper_arrival_new(venue, market, request->slot, updates)
                                 : paper_arrival_cancel(venue, market, request->id, updates);
        if (err != ERR_NONE) {
            return err;
        }
        paper_queue_drop(&market->queue);
        market->arriving--;
    }
    return ERR_NONE;
}

enum err paper_arrival_sweep(struct paper_venue *venue, struct paper_market *market,
                             struct venue_updates *updates)
{
    while (market->immediate_count > 0) {
        const struct order_id id = market->immediate[market->immediate_count - 1];
        const uint32_t slot = paper_orders_find_open(venue, id);
        if (slot != PAPER_SLOT_ENDED) {
            const enum err err = venue_updates_reserve(updates, 1);
            if (err != ERR_NONE) {
                return err;
            }
            paper_book_remove(&market->book, venue->orders, slot);
            paper_order_cancel(venue, slot, not_at_once, updates);
        }
        market->immediate_count--;
    }
    return ERR_NONE;
}
