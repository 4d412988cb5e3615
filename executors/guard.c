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

/* Takes over the levels on the mark of a position that is opened on `side`. */
static void guard_set(struct guard *guard, const struct executor *executor, enum side side,
                      const struct wake *wake)
{
    const struct wake_levels *levels = &wake->markets[0];
    const enum wake_trigger low = guard_trigger_low(side);
    const enum wake_trigger high = guard_trigger_high(side);
    *guard = (struct guard){
        .is_up = executor->status == EXECUTOR_RUNNING && !levels->every_quote,
        .ledger_changes = executor->ledger.changes,
        .until_ns = wake->at_ns,
        .low = levels->is_set[low] ? levels->level[low] : GUARD_LOW_NONE,
        .high = levels->is_set[high] ? levels->level[high] : GUARD_HIGH_NONE,
    };
}

void guard_raise(struct guard *guard, const struct executor *executor, enum side side,
                 const struct wake *wake)
{
    const bool *is_set = wake->markets[0].is_set;
    const enum side other = side_opposite(side);
    guard_set(guard, executor, side, wake);
    guard->is_up &= !is_set[guard_trigger_low(other)] && !is_set[guard_trigger_high(other)];
}

void guard_pair_raise(struct guard_pair *pair, const struct executor *executor,
                      const struct wake *wake)
{
    guard_set(&pair->bid, executor, SIDE_BUY, wake);
    guard_set(&pair->ask, executor, SIDE_SELL, wake);
}

/* Adds the levels on the mark. */
static void guard_add_levels(const struct guard *guard, enum side side, struct wake_levels *levels)
{
    ASSERT(guard->is_up);
    if (!decimal_equal(guard->low, GUARD_LOW_NONE)) {
        wake_add_level(levels, guard_trigger_low(side), guard->low);
    }
    if (!decimal_equal(guard->high, GUARD_HIGH_NONE)) {
        wake_add_level(levels, guard_trigger_high(side), guard->high);
    }
}

struct wake guard_wake(const struct guard *guard, enum side side)
{
    struct wake wake = {.at_ns = guard->until_ns};
    guard_add_levels(guard, side, &wake.markets[0]);
    return wake;
}

struct wake guard_pair_wake(const struct guard_pair *pair)
{
    struct wake wake = {.at_ns = pair->bid.until_ns};
    guard_add_levels(&pair->bid, SIDE_BUY, &wake.markets[0]);
    guard_add_levels(&pair->ask, SIDE_SELL, &wake.markets[0]);
    return wake;
}
