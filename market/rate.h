/*
 * market/rate.h - what one asset is worth in another, from a few known pairs.
 *
 * A pair BASE-QUOTE says how much of QUOTE one BASE is worth: fixed, or the mid price of an
 * instrument. It is used in both directions; the way back is the quotient, rounded to 18 digits.
 * Pairs are not chained: what is to be converted has a pair of its own.
 *
 * Threads: a table is immutable once it is made, any thread.
 */
#ifndef TUTTI_MARKET_RATE_H
#define TUTTI_MARKET_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/instrument.h"

/* One known pair. */
struct rate {
    char base[ASSET_MAX_LENGTH + 1];
    char quote[ASSET_MAX_LENGTH + 1];
    bool is_live;         /* Its value is the mid price of `instrument`, else `fixed`. */
    struct decimal fixed; /* > 0 */
    uint32_t instrument;
};

struct rate_table {
    const struct rate *items; /* Borrowed. */
    size_t count;
};

/* How one asset becomes another. */
struct rate_source {
    const struct rate *rate; /* Borrowed from the table; NULL: the asset itself, which is 1. */
    bool is_inverse;
};

/* How `from` becomes `to`. ERR_NOT_FOUND: neither the pair nor the one the other way is there. */
MUST_USE enum err rate_find(const struct rate_table *table, const char *from, const char *to,
                            struct rate_source *ret_source);

/* Whether the value comes from quotes of rate->instrument. */
static inline bool rate_is_live(const struct rate_source *source)
{
    return source->rate != NULL && source->rate->is_live;
}

/* How much of `to` one `from` is worth; bid and ask are those of rate->instrument when it is live.
 * Invalid without a price > 0. */
struct decimal rate_value(const struct rate_source *source, struct decimal bid, struct decimal ask);

#endif
