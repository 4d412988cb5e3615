/*
 * executors/trailing.h - the trailing stop of a position executor (SPEC 6.3).
 *
 * Once the net pnl exceeds the activation, a trigger follows its best value at a fixed distance;
 * when the pnl falls below the trigger, everything is closed.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_TRAILING_H
#define TUTTI_EXECUTORS_TRAILING_H

#include "executors/moment.h"

/* bracket_rules.trail */
enum verdict trailing_step(struct bracket *bracket, const struct moment *moment,
                           struct executor_requests *requests);

/* bracket_rules.trail_wake */
void trailing_wake(const struct bracket *bracket, const struct moment *moment, struct wake *wake);

#endif
