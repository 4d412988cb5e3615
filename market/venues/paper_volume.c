#include "market/venues/paper_volume.h"

#include "market/venues/paper_deal.h"
#include "market/venues/paper_orders.h"

void paper_volume_join(const struct paper_venue *venue, struct paper_order *order)
{
    const struct book_sync *depth = &venue->markets[order->ticket.instrument].depth;
    order->is_ahead_known = depth->is_synchronized;
    order->ahead = book_amount(&depth->book, order->ticket.side, order->ticket.price);
}

void paper_volume_refresh(struct paper_venue *venue, struct paper_market *market)
{
    if (!market->depth.is_synchronized) {
        return;
    }
    for (enum paper_heap_kind kind = PAPER_BUYS; kind <= PAPER_SELLS; kind++) {
        const struct paper_heap *heap = &market->book.heaps[kind];
        for (uint32_t i = 0; i < heap->count; i++) {
            struct paper_order *order = &venue->orders[heap->slots[i]];
            const struct decimal level =
                book_amount(&market->depth.book, order->ticket.side, order->ticket.price);
            order->ahead = order->is_ahead_known ? decimal_min(order->ahead, level) : level;
            order->is_ahead_known = true;
        }
    }
}

/*
 * How much of the volume that is left of a trade reaches this order, after what stands before it
 * has had its share. A trade beyond its price has used up everything at its level.
 */
static struct decimal paper_volume_reach(struct paper_order *order, const struct trade *trade,
                                         struct decimal left)
{
    if (!decimal_equal(order->ticket.price, trade->price)) {
        order->ahead = DECIMAL_ZERO;
        order->is_ahead_known = true;
        return left;
    }
    if (!order->is_ahead_known) {
        return DECIMAL_ZERO;
    }
    const struct decimal before = decimal_min(order->ahead, left);
    order->ahead = decimal_subtract(order->ahead, before);
    return decimal_subtract(left, before);
}

/* Fills one order, which is in no heap, from what is left of the trade. False: it has ended. */
static bool paper_volume_fill(struct paper_venue *venue, uint32_t slot, const struct trade *trade,
                              struct venue_updates *updates, struct decimal *left)
{
    struct paper_order *order = &venue->orders[slot];
    const struct decimal reach = paper_volume_reach(order, trade, *left);
    const struct decimal step = paper_order_instrument(venue, &order->ticket)->step;
    const struct decimal amount =
        decimal_min(decimal_floor_to(reach, step), paper_order_rest(order));
    if (decimal_sign(amount) == 0) {
        return true;
    }
    const struct paper_deal deal = {
        .amount = amount,
        .price = order->ticket.price,
        .liquidity = LIQUIDITY_MAKER,
        .time_ns = trade->time_ns,
    };
    bool is_open;
    const struct decimal filled = paper_deal_fill(venue, slot, &deal, updates, &is_open);
    *left = decimal_subtract(*left, filled);
    return is_open;
}

enum err paper_volume_give(struct paper_venue *venue, struct paper_market *market,
                           const struct trade *trade, struct venue_updates *updates)
{
    const enum paper_heap_kind kind = trade->taker == SIDE_SELL ? PAPER_BUYS : PAPER_SELLS;
    struct decimal left = trade->amount;
    size_t waiting = 0;
    uint32_t slot;
    enum err err = ERR_NONE;
    while (err == ERR_NONE &&
           paper_book_take_reached(&market->book, venue->orders, kind, trade->price, &slot)) {
        err = venue_updates_reserve(updates, PAPER_DEAL_UPDATES);
        if (err != ERR_NONE || paper_volume_fill(venue, slot, trade, updates, &left)) {
            venue->touched[waiting++].slot = slot;
        }
    }
    for (size_t i = 0; i < waiting; i++) {
        paper_book_add(&market->book, venue->orders, venue->touched[i].slot);
    }
    return err;
}
