/*
 * executors/mark.h - the price at which a position could be closed, and how to wait for it.
 *
 * The mark is the best bid for a long and the best ask for a short. Wake levels on it are exact or
 * a little early, never late: where the arithmetic behind a level rounds, the caller gives it
 * some slack, and where the condition is known to be false at the current mark the level is moved
 * beyond that mark, so that a price which stays where it is wakes nobody.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_MARK_H
#define TUTTI_EXECUTORS_MARK_H

#include "executors/executor.h"

/* The smallest positive decimal. */
#define DECIMAL_ULP ((struct decimal){.raw = 1})

/* `value` with the sign of the position: itself for a long, negated for a short. */
static inline struct decimal mark_signed(enum side side, struct decimal value)
{
    return side == SIDE_BUY ? value : decimal_negate(value);
}

static inline struct decimal mark_of(enum side side, const struct market_view *market)
{
    return side == SIDE_BUY ? market->bid : market->ask;
}

/* Wakes when the mark is at or above (below) the level, which is first moved beyond `mark`. */
void mark_wake_above(struct wake_levels *levels, enum side side, struct decimal mark,
                     struct decimal level);
void mark_wake_below(struct wake_levels *levels, enum side side, struct decimal mark,
                     struct decimal level);

/*
 * Wakes when instrument_is_tradable(amount, mark) may become true (false) although it is not (is)
 * at `mark`. An amount that is below min_order_size never wakes.
 */
void mark_wake_tradable(struct wake_levels *levels, enum side side, struct decimal mark,
                        const struct instrument *instrument, struct decimal amount);

/* The price from which on `amount` reaches min_notional, at most a little too low. */
struct decimal mark_of_notional(const struct instrument *instrument, struct decimal amount);

#endif
