/*
 * market/venues/paper_orders.h - the table of the venue's orders, and what they hold back.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_ORDERS_H
#define TUTTI_MARKET_VENUES_PAPER_ORDERS_H

#include "market/venues/paper_layout.h"

/* Makes sure that a slot is free. ERR_MEMORY. */
MUST_USE enum err paper_orders_reserve(struct paper_venue *venue);

/* The slot of an open order, or PAPER_SLOT_ENDED. */
uint32_t paper_orders_find_open(const struct paper_venue *venue, struct order_id id);

static inline const struct instrument *paper_order_instrument(const struct paper_venue *venue,
                                                              const struct order_ticket *ticket)
{
    return &venue->instruments[ticket->instrument];
}

/* What is not executed yet, >= 0. */
struct decimal paper_order_rest(const struct paper_order *order);

/* CLOSE on a perpetual instrument: it may only make a position smaller. */
bool paper_order_is_reduce_only(const struct paper_venue *venue, const struct order_ticket *ticket);

/* How much of the rest may be filled: all, or what a reduce-only order finds to close. */
struct decimal paper_order_fillable(const struct paper_venue *venue,
                                    const struct paper_order *order);

/* Whether a fill of this ticket pays its fee in base. */
bool paper_order_pays_base(const struct paper_venue *venue, const struct order_ticket *ticket);

/* What the rest of the order needs when it trades at `price`, with the fee of `liquidity`. */
struct paper_need paper_order_need(const struct paper_venue *venue, const struct paper_order *order,
                                   struct decimal price, enum liquidity liquidity);

/* Holds back what the rest of the order may need and gives back what it no longer does. */
void paper_order_hold(struct paper_venue *venue, struct paper_order *order,
                      const struct paper_need *need);

/* Forgets an order that is in no heap; its id stays known. */
void paper_order_end(struct paper_venue *venue, uint32_t slot);

/* Tells that an open order, which is in no heap, is canceled, and ends it. There must be room for
 * one update. */
void paper_order_cancel(struct paper_venue *venue, uint32_t slot, const char *reason,
                        struct venue_updates *updates);

#endif
