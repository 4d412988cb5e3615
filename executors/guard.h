/*
 * executors/guard.h - the prices between which an executor has nothing to decide.
 *
 * An evaluation ends with the levels at which the executor asks to be woken. Where all of them are
 * on the mark of one market, a guard takes them over: as long as the mark stays between them, their
 * time has not come and the ledger is as it was, an evaluation would change nothing, for that is
 * what a wake promises. So a comparison of prices stands for it, and who asks again for the wake
 * gets the same one.
 *
 * Nothing is decided here. A quote that reaches a level is evaluated in full, and the barriers are
 * compared with the net pnl to its last digit as ever.
 *
 * A guard sees for itself when the ledger has changed. Whoever changes anything else that the wake
 * was made of drops it.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GUARD_H
#define TUTTI_EXECUTORS_GUARD_H

#include "executors/mark.h"

/* All zero: it is down. */
struct guard {
    bool is_up;
    uint32_t ledger_changes; /* Those of the ledger then. */
    int64_t until_ns;
    struct decimal low; /* Of the mark; reached when it is at or below (at or above). */
    struct decimal high;
};

/* Puts the guard up with what the executor waits for, or leaves it down when that is more than the
 * mark of its first market. `side`: on which the position is opened. */
void guard_raise(struct guard *guard, const struct executor *executor, enum side side,
                 const struct wake *wake);

static inline void guard_drop(struct guard *guard)
{
    guard->is_up = false;
}

/* Whether an evaluation of the executor in that view would change nothing. Only of a RUNNING one.
 */
static inline bool guard_holds(const struct guard *guard, const struct executor *executor,
                               enum side side, const struct executor_view *view)
{
    const struct decimal mark = mark_of(side, &view->markets[0]);
    return guard->is_up && executor->status == EXECUTOR_RUNNING &&
           guard->ledger_changes == executor->ledger.changes && view->now_ns < guard->until_ns &&
           decimal_less(guard->low, mark) && decimal_less(mark, guard->high);
}

/* What a guard was raised with. It must be up. */
struct wake guard_wake(const struct guard *guard, enum side side);

/* A guard of both prices, for executors to whom the other side of the market matters as well. */
struct guard_pair {
    struct guard bid;
    struct guard ask;
};

/* As guard_raise(), guard_holds() and guard_wake(), with levels on both prices. */
void guard_pair_raise(struct guard_pair *pair, const struct executor *executor,
                      const struct wake *wake);
struct wake guard_pair_wake(const struct guard_pair *pair);

static inline bool guard_pair_holds(const struct guard_pair *pair, const struct executor *executor,
                                    const struct executor_view *view)
{
    return guard_holds(&pair->bid, executor, SIDE_BUY, view) &&
           guard_holds(&pair->ask, executor, SIDE_SELL, view);
}

#endif
