/*
 * executors/depth.h - the price of a whole amount.
 *
 * Where a market has depth (market_view.depth), an amount is bought from as many levels as it
 * takes, and its price is the average of them, but never better than the quote: the quote may be
 * newer than the levels, and so no price for an amount is better than that of the smallest one. On
 * that executors rely that wait for the top of the book.
 *
 * Without depth every amount has the price of the quote.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_DEPTH_H
#define TUTTI_EXECUTORS_DEPTH_H

#include "executors/executor.h"

struct depth_price {
    bool suffices;            /* The levels have the whole amount. */
    struct decimal available; /* Base: how much of the amount they have. */
    struct decimal average;   /* Quote per base, rounded to 18 digits; invalid unless it suffices,
                               * and on overflow. */
    struct decimal worst;     /* The price of the last level it reaches; invalid the same. */
};

/* What an order of `taker` and `amount` would trade at now. An amount that is not above 0 has the
 * price of the quote. */
struct depth_price depth_price_of(const struct market_view *market, enum side taker,
                                  struct decimal amount);

#endif
