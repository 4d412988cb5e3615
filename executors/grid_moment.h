/*
 * executors/grid_moment.h - a grid seen at one instant: prices, position and result.
 *
 * The position is what the lots of all levels hold; its result is taken at the mark price against
 * their average cost, minus the fees paid for opening it. Realized is the result of what was
 * closed, at fill prices and after all fees. Both together are the net result.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GRID_MOMENT_H
#define TUTTI_EXECUTORS_GRID_MOMENT_H

#include "executors/grid.h"
#include "executors/moment.h"

struct grid_moment {
    int64_t now_ns;
    const struct instrument *instrument; /* Borrowed. */
    struct decimal bid;
    struct decimal ask;
    struct decimal mid;
    struct decimal mark; /* The price at which the position could be closed. */

    struct decimal remaining; /* Base: all opening fills after base fees minus all closing fills. */
    struct decimal sellable;  /* remaining, down to the step. */
    struct decimal owned;     /* The same, summed up over the lots. */
    struct decimal cost;      /* Quote: what remains, at its average price. */
    struct decimal lot_fees;  /* Quote: paid for opening what remains. */
    struct decimal position_pnl;
    struct decimal position_pct; /* position_pnl / cost; 0 when nothing is owned. */
    struct decimal net;          /* position_pnl plus realized. */
    struct decimal filled;       /* Quote: all fills. */
    struct decimal net_pct;      /* net / filled */

    bool is_expired;
    bool is_closable; /* sellable may be traded at the mark. */
    bool is_valid;    /* false: something left the range of a decimal; decide nothing on it. */
};

/* The grid now; of one that has TERMINATED at its end, whatever the view says. */
struct grid_moment grid_moment_of(const struct grid *grid, const struct executor_view *view);

/* What is owned, as the position that barriers and their wake levels are made for: its net_pct is
 * position_pct. Something must be owned. */
struct moment grid_moment_position(const struct grid *grid, const struct grid_moment *moment);

#endif
