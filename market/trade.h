/*
 * market/trade.h - a trade that others made, as a venue publishes it.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_TRADE_H
#define TUTTI_MARKET_TRADE_H

#include <stdint.h>

#include "base/decimal.h"
#include "market/order.h"

struct trade {
    int64_t time_ns;
    struct decimal price;  /* > 0 */
    struct decimal amount; /* Base, > 0. */
    enum side taker;       /* Who took: SIDE_SELL hit a resting buy. */
};

#endif
