/*
 * executors/grid_levels.h - how many levels a grid has, where they are and how much each trades.
 *
 * As many as the money allows, at least min_spread_between_orders apart, evenly from the start
 * price to the end price; all of them together never cost more than total_amount_quote at their
 * prices. The same configuration, instrument and mid price give the same levels for ever: a loaded
 * grid makes them anew.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GRID_LEVELS_H
#define TUTTI_EXECUTORS_GRID_LEVELS_H

#include "executors/grid.h"

struct grid_levels {
    uint32_t count;             /* 0: the money is not enough for one level. */
    struct decimal amount;      /* Base per level, on the step grid. */
    struct decimal step;        /* Distance of two levels, as a fraction of the start price. */
    struct decimal take_profit; /* Fraction of a level's price. */
};

/* Shares the money out at the mid price `mid`. */
struct grid_levels grid_levels_make(const struct grid_config *config,
                                    const struct instrument *instrument, struct decimal mid);

/* The price of a level, not yet on the tick grid. */
struct decimal grid_levels_price(const struct grid_config *config, uint32_t count, uint32_t index);

/* Fills in the levels of the grid for grid->start_mid; lots and orders stay as they are. */
void grid_levels_set(struct grid *grid);

/* The target of executor_kind: all levels at once, however often each is traded. They are worth
 * their average price or the market, where that is higher; so no market makes it more. */
struct target grid_target(const struct executor_config *config);

#endif
