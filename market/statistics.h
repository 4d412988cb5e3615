/*
 * market/statistics.h - figures for people about series of results, in decimals.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_STATISTICS_H
#define TUTTI_MARKET_STATISTICS_H

#include <stdint.h>

#include "base/decimal.h"

/* The square root to within 10^-18, by Newton's method. Invalid for negative or invalid values. */
struct decimal statistics_root(struct decimal value);

/* Sums over a series. */
struct statistics_sums {
    uint64_t count;
    struct decimal sum;
    struct decimal square_sum;
};

/*
 * mean / sample deviation: sqrt(n (n - 1)) * sum / (n * sqrt(n * square_sum - sum^2)). 0 below two
 * values, when the deviation is below 10^-9 (the rounding of the squares hides it) and when the
 * sums have left the range of decimals.
 */
struct decimal statistics_sharpe(const struct statistics_sums *sums);

#endif
