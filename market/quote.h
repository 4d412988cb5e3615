/*
 * market/quote.h - the top of a book at an instant.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_QUOTE_H
#define TUTTI_MARKET_QUOTE_H

#include <stdint.h>

#include "base/decimal.h"

struct quote {
    int64_t time_ns;
    struct decimal bid; /* Best bid price, > 0. */
    struct decimal ask; /* Best ask price, >= bid. */
};

#endif
