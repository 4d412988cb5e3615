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

/*
 * Wakes when the net pnl rises (falls) to `net_pct`. `is_passed`: the condition that waits for it
 * holds already; then every quote is looked at. Something must remain to be closed.
 */
void moment_wake_rise(const struct moment *moment, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels);
void moment_wake_fall(const struct moment *moment, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels);

#endif
