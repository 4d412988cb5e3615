/*
 * market/wake.h - when could an executor act next?
 *
 * An executor names price levels and a time; it need not be looked at before one of them is
 * reached. A wake may be too early (an evaluation with nothing new has no effect), never too late.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_WAKE_H
#define TUTTI_MARKET_WAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/instant.h"

enum wake_trigger {
    WAKE_BID_AT_MOST,  /* bid <= level */
    WAKE_BID_AT_LEAST, /* bid >= level */
    WAKE_ASK_AT_MOST,  /* ask <= level */
    WAKE_ASK_AT_LEAST, /* ask >= level */
    WAKE_TRIGGER_COUNT,
};

static inline bool wake_trigger_is_at_most(enum wake_trigger trigger)
{
    return trigger == WAKE_BID_AT_MOST || trigger == WAKE_ASK_AT_MOST;
}

enum { WAKE_MARKETS_MAX = 2 };

/* The levels on one market. */
struct wake_levels {
    bool every_quote; /* Any change of the quote concerns it. */
    bool is_set[WAKE_TRIGGER_COUNT];
    struct decimal level[WAKE_TRIGGER_COUNT];
};

struct wake {
    int64_t at_ns; /* INSTANT_NEVER: no time. */
    struct wake_levels markets[WAKE_MARKETS_MAX];
};

/* Nothing wakes it. */
static inline struct wake wake_never(void)
{
    return (struct wake){.at_ns = INSTANT_NEVER};
}

/* Adds a level; of two on the same trigger the one that is reached first stays. An invalid level
 * (overflow) becomes every_quote: too early is allowed, too late is not. */
void wake_add_level(struct wake_levels *levels, enum wake_trigger trigger, struct decimal level);

/* Adds a time; the earlier one stays. */
void wake_add_time(struct wake *wake, int64_t at_ns);

#endif
