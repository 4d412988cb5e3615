/*
 * actors/sweep_range.h - the values of a range: so many, equally far apart or in equal ratios.
 *
 * Threads: pure.
 */
#ifndef TUTTI_ACTORS_SWEEP_RANGE_H
#define TUTTI_ACTORS_SWEEP_RANGE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/decimal.h"
#include "config/node.h"

enum { SWEEP_RANGE_DIGITS = 10 }; /* Significant digits between the ends. */

struct sweep_range {
    struct decimal from;
    struct decimal to; /* May be below `from`, or the same. */
    size_t steps;      /* >= 2 */
    bool is_log;       /* Equal ratios; then from > 0 and to > 0. */
};

/*
 * Writes the steps values as scalars into the arena. The ends are exact; between them value i is
 * from + (to - from) * i / (steps - 1), or from * (to / from) ^ (i / (steps - 1)), rounded to
 * SWEEP_RANGE_DIGITS significant digits. ERR_OVERFLOW when that leaves the range of decimals,
 * ERR_MEMORY.
 */
MUST_USE enum err sweep_range_list(const struct sweep_range *range, struct arena *arena,
                                   const struct node ***ret_values);

#endif
