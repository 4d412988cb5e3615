#include "market/venues/paper_match.h"

#include <stdlib.h>

#include "market/venues/paper_deal.h"
#include "market/venues/paper_orders.h"

struct decimal paper_match_price(const struct order_ticket *ticket, const struct quote *quote)
{
    if (ticket->type != ORDER_MARKET) {
        return ticket->price;
    }
    return ticket->side == SIDE_BUY ? quote->ask : quote->bid;
}

bool paper_match_crosses(const struct order_ticket *ticket, const struct quote *quote)
{
    if (ticket->type == ORDER_MARKET) {
        return true;
    }
    return ticket->side == SIDE_BUY ? !decimal_less(ticket->price, quote->ask)
                                    : !decimal_less(quote->bid, ticket->price);
}

/* ---- touch ---- */

/* How much of an order may trade now; false: nothing. */
static bool paper_match_amount(const struct paper_venue *venue, const struct paper_order *order,
                               struct decimal *ret_amount)
{
    const struct paper_script *script = venue->config.script;
    const struct order_ticket *ticket = &order->ticket;
    *ret_amount = decimal_subtract(ticket->amount, order->executed);
    if (ticket->time_in_force == TIME_IN_FORCE_FOK &&
        decimal_less(paper_order_fillable(venue, order), *ret_amount)) {
        return false;
    }
    if (script == NULL) {
        return true;
    }
    const uint64_t rounds = venue->markets[ticket->instrument].round - order->accepted_round;
    if (script->is_matched != NULL &&
        !script->is_matched(script->context, ticket->id.ordinal, (uint32_t)rounds)) {
        return false;
    }
    return script->match_amount == NULL ||
           script->match_amount(script->context, ticket->id.ordinal, ticket->amount, order->matches,
                                ret_amount);
}

/* Matches one touched order that was taken out of its heap. */
static void paper_match_one(struct paper_venue *venue, uint32_t slot, const struct quote *quote,
                            struct venue_updates *updates)
{
    const struct paper_order *order = &venue->orders[slot];
    const struct order_ticket *ticket = &order->ticket;
    struct paper_deal deal = {
        .price = paper_match_price(ticket, quote),
        .liquidity = ticket->type == ORDER_MARKET ? LIQUIDITY_TAKER : LIQUIDITY_MAKER,
        .time_ns = quote->time_ns,
    };
    bool is_open = true;
    if (paper_match_amount(venue, order, &deal.amount)) {
        (void)paper_deal_fill(venue, slot, &deal, updates, &is_open);
    }
    if (is_open) {
        paper_book_add(&venue->markets[ticket->instrument].book, venue->orders, slot);
    }
}

static int paper_touched_compare(const void *a, const void *b)
{
    const struct paper_touched *left = a;
    const struct paper_touched *right = b;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

void paper_match_find(struct paper_venue *venue, struct paper_market *market)
{
    size_t count = 0;
    for (enum paper_heap_kind kind = 0; kind < PAPER_HEAP_COUNT; kind++) {
        const struct paper_order *top = paper_book_top(&market->book, venue->orders, kind);
        while (top != NULL && paper_match_crosses(&top->ticket, &market->quote)) {
            const uint32_t slot = (uint32_t)(top - venue->orders);
            venue->touched[count++] = (struct paper_touched){top->sequence, slot};
            paper_book_remove(&market->book, venue->orders, slot);
            top = paper_book_top(&market->book, venue->orders, kind);
        }
    }
    if (count > 1) {
        qsort(venue->touched, count, sizeof(*venue->touched), paper_touched_compare);
    }
    venue->touched_next = 0;
    venue->touched_count = count;
}

enum err paper_match_touched(struct paper_venue *venue, struct paper_market *market, size_t enough,
                             struct venue_updates *updates)
{
    enum err err = ERR_NONE;
    while (venue->touched_next < venue->touched_count && updates->count < enough &&
           err == ERR_NONE) {
        err = venue_updates_reserve(updates, PAPER_DEAL_UPDATES);
        if (err == ERR_NONE) {
            paper_match_one(venue, venue->touched[venue->touched_next++].slot, &market->quote,
                            updates);
        }
    }
    while (err != ERR_NONE && venue->touched_next < venue->touched_count) {
        paper_book_add(&market->book, venue->orders, venue->touched[venue->touched_next++].slot);
    }
    return err;
}

/* ---- Taking ---- */

struct book_walk paper_match_walk(const struct paper_venue *venue,
                                  const struct order_ticket *ticket, struct decimal amount)
{
    const struct paper_market *market = &venue->markets[ticket->instrument];
    const struct decimal limit = ticket->type == ORDER_MARKET ? DECIMAL_ZERO : ticket->price;
    if (venue->config.fill_model == PAPER_FILL_BOOK) {
        return book_walk(&market->depth.book, ticket->side, amount, limit);
    }
    if (!paper_match_crosses(ticket, &market->quote)) {
        return (struct book_walk){0};
    }
    const struct decimal price = ticket->side == SIDE_BUY ? market->quote.ask : market->quote.bid;
    return (struct book_walk){
        .amount = amount,
        .quote = decimal_multiply(price, amount),
        .worst = price,
        .levels = 1,
    };
}

/* Takes at most `amount` from the nearest level; false: the order has ended. */
static bool paper_match_take_level(struct paper_venue *venue, uint32_t slot,
                                   const struct paper_deal *offered, struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[venue->orders[slot].ticket.instrument];
    const enum side side = side_opposite(venue->orders[slot].ticket.side);
    struct paper_deal deal = *offered;
    const bool walks = venue->config.fill_model == PAPER_FILL_BOOK;
    if (walks) {
        const struct book_level *best = book_best(&market->depth.book, side);
        deal.amount = decimal_min(deal.amount, best->amount);
        deal.price = deal.liquidity == LIQUIDITY_MAKER ? deal.price : best->price;
    }
    bool is_open;
    const struct decimal filled = paper_deal_fill(venue, slot, &deal, updates, &is_open);
    if (walks && decimal_sign(filled) > 0) {
        book_take(&market->depth.book, side, filled);
    }
    return is_open;
}

bool paper_match_take(struct paper_venue *venue, uint32_t slot, enum liquidity liquidity,
                      struct venue_updates *updates)
{
    const struct paper_order *order = &venue->orders[slot];
    const struct decimal wanted = paper_order_fillable(venue, order);
    if (decimal_sign(wanted) == 0) {
        paper_order_cancel(venue, slot, "reduce-only: there is no position to close", updates);
        return false;
    }
    const struct book_walk walk = paper_match_walk(venue, &order->ticket, wanted);
    if (order->ticket.time_in_force == TIME_IN_FORCE_FOK &&
        decimal_less(walk.amount, paper_order_rest(order))) {
        return true;
    }
    struct paper_deal deal = {
        .price = liquidity == LIQUIDITY_MAKER ? order->ticket.price : walk.worst,
        .liquidity = liquidity,
        .time_ns = venue->markets[order->ticket.instrument].now_ns,
    };
    bool is_open = true;
    for (size_t i = 0; i < walk.levels && is_open; i++) {
        deal.amount = paper_order_rest(order);
        is_open = paper_match_take_level(venue, slot, &deal, updates);
    }
    return is_open;
}

/* ---- book ---- */

/* Lets the orders of one side take that the nearest level of the other side has reached. */
static enum err paper_match_side(struct paper_venue *venue, struct paper_market *market,
                                 enum paper_heap_kind kind, struct venue_updates *updates)
{
    const enum side other = kind == PAPER_BUYS ? SIDE_SELL : SIDE_BUY;
    size_t waiting = 0;
    enum err err = ERR_NONE;
    while (err == ERR_NONE && book_count(&market->depth.book, other) > 0) {
        const struct book_level *best = book_best(&market->depth.book, other);
        uint32_t slot;
        if (!paper_book_take_reached(&market->book, venue->orders, kind, best->price, &slot)) {
            break;
        }
        const struct paper_order *order = &venue->orders[slot];
        const struct book_walk walk =
            paper_match_walk(venue, &order->ticket, paper_order_fillable(venue, order));
        err = venue_updates_reserve(updates, PAPER_DEAL_UPDATES * (walk.levels + 1));
        if (err != ERR_NONE || paper_match_take(venue, slot, LIQUIDITY_MAKER, updates)) {
            venue->touched[waiting++].slot = slot;
        }
    }
    for (size_t i = 0; i < waiting; i++) {
        paper_book_add(&market->book, venue->orders, venue->touched[i].slot);
    }
    return err;
}

enum err paper_match_crossed(struct paper_venue *venue, struct paper_market *market,
                             struct venue_updates *updates)
{
    const enum err err = paper_match_side(venue, market, PAPER_BUYS, updates);
    return err == ERR_NONE ? paper_match_side(venue, market, PAPER_SELLS, updates) : err;
}
