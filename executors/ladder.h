/*
 * executors/ladder.h - the trailing stop of a progressive executor, which closes in steps
 * (SPEC 6.4).
 *
 * The distance widens with the profit up to a maximum. When the net pnl falls to the trigger, the
 * row of the take profit table with the greatest level at or below it says which share of what
 * remains is closed; the trigger then starts anew below. Without such a row all is closed.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_LADDER_H
#define TUTTI_EXECUTORS_LADDER_H

#include "executors/moment_wake.h"

/* bracket_rules.trail */
enum verdict ladder_step(struct bracket *bracket, const struct moment *moment,
                         struct executor_requests *requests);

/* bracket_rules.trail_wake */
void ladder_wake(const struct bracket *bracket, const struct moment_scale *scale,
                 struct wake *wake);

/* net_pct - trail(net_pct): where the trigger would be if it were set now. */
struct decimal ladder_candidate(const struct bracket *bracket, struct decimal net_pct);

/* The share to close at this net pnl: that of the row with the greatest level <= net_pct, the
 * first of equal ones; 1 when there is none. */
struct decimal ladder_ratio(const struct trailing_config *trailing, struct decimal net_pct);

#endif
