/*
 * market/resting.h - own limit orders of one instrument, so that a new one does not meet them.
 *
 * Two heaps of prices: finding the best own bid and ask costs O(1), entering and taking out an
 * order O(log n). Whoever enters an order keeps its place to take it out again.
 *
 * Threads: belongs to its owner.
 */
#ifndef TUTTI_MARKET_RESTING_H
#define TUTTI_MARKET_RESTING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "market/order.h"
#include "market/wake_heap.h"

/* The orders of one side; a heap gives its smallest key, so bids are kept with negated prices. */
struct resting_side {
    struct wake_heap heap;
    uint32_t *free;      /* Owned: places below `used` that are free again. */
    uint32_t free_count; /* Room for `used` of them is always there. */
    uint32_t free_capacity;
    uint32_t used;
};

struct resting {
    struct resting_side sides[2]; /* Bids, asks. All zero is empty. */
};

void resting_done(struct resting *resting);

/*
 * Enters an order at a price in whole ticks. *ret_place is above 0 and says where it is until
 * resting_remove(). ERR_MEMORY, ERR_LIMIT: nothing has changed.
 */
MUST_USE enum err resting_add(struct resting *resting, enum side side, int64_t price,
                              uint32_t *ret_place);

/* Takes it out. `place` as resting_add() gave it. */
void resting_remove(struct resting *resting, enum side side, uint32_t place);

/* True when a new order of `side` at `price` would meet an own one of the other side: it buys at
 * or above the best own ask, or sells at or below the best own bid. That one's price is
 * *ret_price. */
bool resting_meets(const struct resting *resting, enum side side, int64_t price,
                   int64_t *ret_price);

#endif
