/*
 * executors/take_profit.h - the take profit of a bracket that rests in the book (SPEC 6.2.0, 6.5).
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_TAKE_PROFIT_H
#define TUTTI_EXECUTORS_TAKE_PROFIT_H

#include "executors/moment.h"

/* True when a take profit order is filled, or when what its fills have left is too small. */
bool take_profit_is_done(const struct bracket *bracket, const struct moment *moment);

/* Cancels a live take profit that left its bounds or no longer covers the entry, or places one.
 * VERDICT_STAY, or VERDICT_FAIL. */
enum verdict take_profit_step(struct bracket *bracket, const struct moment *moment,
                              struct executor_requests *requests);

/* When take_profit_step() could act next. The end of a retry wait is the caller's. */
void take_profit_wake(const struct bracket *bracket, const struct moment *moment,
                      struct wake_levels *levels);

#endif
