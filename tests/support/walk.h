/*
 * tests/support/walk.h - a tape for runs that need a market of no particular kind.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_SUPPORT_WALK_H
#define TUTTI_TESTS_SUPPORT_WALK_H

#include <check.h>

#include "base/instant.h"
#include "market/tape.h"

#define WALK_START_NS (INT64_C(1700000000) * NS_PER_S)

enum { WALK_STEP_MAX = 5000 };

/* A tape of `count` quotes, one a second, that walk from 100000.00 by up to step_max cents. */
static inline void walk_write(const char *path, size_t count, int64_t step_max)
{
    const struct tape_walk walk = {.seed = 3,
                                   .count = count,
                                   .start_ns = WALK_START_NS,
                                   .interval_ns = NS_PER_S,
                                   .price = 10000000,
                                   .price_digits = 2,
                                   .step_max = step_max,
                                   .spread = 10};
    struct failure failure;
    ck_assert_msg(tape_make_walk(&walk, path, &failure) == ERR_NONE, "%s", failure.text);
}

#endif
