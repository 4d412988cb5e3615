#include "executors/guard.h"

/* Marks that no market has: they stand for a level that is not set. */
#define GUARD_LOW_NONE ((struct decimal){.raw = DECIMAL_RAW_INVALID + 1})
#define GUARD_HIGH_NONE decimal_negate(GUARD_LOW_NONE)

/* The triggers on the mark of a position that is opened on `side`. */
static enum wake_trigger guard_trigger_low(enum side side)
{
    return side == SIDE_BUY ? WAKE_BID_AT_MOST : WAKE_ASK_AT_MOST;
}

static enum wake_trigger guard_trigger_high(enum side side)
{
    return side == SIDE_BUY ? WAKE_BID_AT_LEAST : WAKE_ASK_AT_LEAST;
}

static bool guard_is_on_mark(const struct wake *wake, enum side side)
{
    const struct wake_levels *levels = &wake->markets[0];
    const enum side other = side_opposite(side);
    return !levels->every_quote && !levels->is_set[guard_trigger_low(other)] &&
           !levels->is_set[guard_trigger_high(other)];
}

void guard_raise(struct guard *guard, const struct executor *executor, enum side side,
                 const struct wake *wake)
{
    const struct wake_levels *levels = &wake->markets[0];
    const enum wake_trigger low = guard_trigger_low(side);
    const enum wake_trigger high = guard_trigger_high(side);
    *guard = (struct guard){
        .is_up = executor->status == EXECUTOR_RUNNING && guard_is_on_mark(wake, side),
        .ledger_changes = executor->ledger.changes,
        .until_ns = wake->at_ns,
        .low = levels->is_set[low] ? levels->level[low] : GUARD_LOW_NONE,
        .high = levels->is_set[high] ? levels->level[high] : GUARD_HIGH_NONE,
    };
}

struct wake guard_wake(const struct guard *guard, enum side side)
{
    ASSERT(guard->is_up);
    struct wake wake = {.at_ns = guard->until_ns};
    if (!decimal_equal(guard->low, GUARD_LOW_NONE)) {
        wake_add_level(&wake.markets[0], guard_trigger_low(side), guard->low);
    }
    if (!decimal_equal(guard->high, GUARD_HIGH_NONE)) {
        wake_add_level(&wake.markets[0], guard_trigger_high(side), guard->high);
    }
    return wake;
}
