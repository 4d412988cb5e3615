/*
 * executors/moment_wake.h - from a net pnl to the mark price that brings it about.
 *
 * The net pnl rises and falls with the mark, strictly but for rounding. A level of pnl that has
 * not been passed at the current mark is therefore passed at no mark on this side of the one that
 * these functions compute; that one is exact but for a few units of the 18th digit, on the early
 * side.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_MOMENT_WAKE_H
#define TUTTI_EXECUTORS_MOMENT_WAKE_H

#include "executors/moment.h"

/* From a net pnl as a fraction to the mark that brings it about, for one moment: a straight line.
 * What is computed for all levels together. */
struct moment_scale {
    const struct moment *moment; /* Borrowed. */
    struct decimal origin;       /* The mark at which the net pnl is 0. */
    struct decimal unit;         /* How far from it the net pnl is 1: basis / remaining. */
    struct decimal slack;        /* How far rounding may have moved a mark with a net pnl of 0. */
};

/* Something must remain to be closed. */
struct moment_scale moment_scale_of(const struct moment *moment);

/*
 * Wakes when the net pnl rises (falls) to `net_pct`. `is_passed`: the condition that waits for it
 * holds already; then every quote is looked at.
 */
void moment_wake_rise(const struct moment_scale *scale, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels);
void moment_wake_fall(const struct moment_scale *scale, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels);

#endif
