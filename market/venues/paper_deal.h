/*
 * market/venues/paper_deal.h - one fill: its fee, the accounts, what the owner is told.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_DEAL_H
#define TUTTI_MARKET_VENUES_PAPER_DEAL_H

#include "market/venues/paper_layout.h"

/* At which terms somebody trades with an order. */
struct paper_deal {
    struct decimal amount; /* > 0 */
    struct decimal price;
    enum liquidity liquidity; /* Ours. */
    int64_t time_ns;
};

enum { PAPER_DEAL_UPDATES = 2 }; /* At most so many for one deal. */

/*
 * Fills an open order that is in no heap by at most its rest. There must be room for
 * PAPER_DEAL_UPDATES. Returns the amount that was filled, which is less for a reduce-only order
 * that finds less to close, and 0 when the accounts refuse. *ret_is_open: the order goes on;
 * otherwise it has ended, and its owner has been told how.
 */
struct decimal paper_deal_fill(struct paper_venue *venue, uint32_t slot,
                               const struct paper_deal *deal, struct venue_updates *updates,
                               bool *ret_is_open);

/* Books a fill of any ticket and tells it; there must be room for one update. ERR_OVERFLOW: nothing
 * has changed. */
MUST_USE enum err paper_deal_book(struct paper_venue *venue, const struct order_ticket *ticket,
                                  const struct paper_deal *deal, struct venue_updates *updates);

#endif
