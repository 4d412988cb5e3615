/*
 * executors/trailing.h - the trailing stop with a fixed distance (SPEC 6.3).
 *
 * Once the net pnl exceeds the activation, a trigger follows its best value at a fixed distance;
 * when the pnl falls below the trigger, everything is closed.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_TRAILING_H
#define TUTTI_EXECUTORS_TRAILING_H

#include "executors/moment_wake.h"

/* How far a trailing stop has come. */
struct trailing_trigger {
    bool is_armed;
    struct decimal level; /* Meaningful when armed. 0 is a level. */
};

/* Follows the net pnl one step; true when it has fallen below the trigger. */
bool trailing_follow(struct trailing_trigger *trigger, struct decimal activation,
                     struct decimal distance, struct decimal net_pct);

/* When trailing_follow() could act next. */
void trailing_await(const struct trailing_trigger *trigger, struct decimal activation,
                    struct decimal distance, const struct moment_scale *scale,
                    struct wake_levels *levels);

/* bracket_rules.trail */
enum verdict trailing_step(struct bracket *bracket, const struct moment *moment,
                           struct executor_requests *requests);

/* bracket_rules.trail_wake */
void trailing_wake(const struct bracket *bracket, const struct moment_scale *scale,
                   struct wake *wake);

#endif
