#include "executors/mark.h"

/* A level that cannot be computed concerns every quote. */
static bool mark_refuses(struct wake_levels *levels, struct decimal level)
{
    if (decimal_is_valid(level)) {
        return false;
    }
    levels->every_quote = true;
    return true;
}

void mark_wake_above(struct wake_levels *levels, enum side side, struct decimal mark,
                     struct decimal level)
{
    if (mark_refuses(levels, level)) {
        return;
    }
    wake_add_level(levels, side == SIDE_BUY ? WAKE_BID_AT_LEAST : WAKE_ASK_AT_LEAST,
                   decimal_max(level, decimal_add(mark, DECIMAL_ULP)));
}

void mark_wake_below(struct wake_levels *levels, enum side side, struct decimal mark,
                     struct decimal level)
{
    if (mark_refuses(levels, level)) {
        return;
    }
    wake_add_level(levels, side == SIDE_BUY ? WAKE_BID_AT_MOST : WAKE_ASK_AT_MOST,
                   decimal_min(level, decimal_subtract(mark, DECIMAL_ULP)));
}

/* How far the quotient behind mark_of_notional() may be off: the product that it inverts is
 * rounded, and so is the quotient itself. */
static struct decimal mark_notional_slack(struct decimal amount)
{
    return decimal_add(decimal_divide(DECIMAL_ULP, amount), (struct decimal){.raw = 2});
}

struct decimal mark_of_notional(const struct instrument *instrument, struct decimal amount)
{
    ASSERT(decimal_sign(amount) > 0);
    return decimal_subtract(decimal_divide(instrument->min_notional, amount),
                            mark_notional_slack(amount));
}

void mark_wake_tradable(struct wake_levels *levels, enum side side, struct decimal mark,
                        const struct instrument *instrument, struct decimal amount)
{
    if (decimal_sign(amount) <= 0 || decimal_less(amount, instrument->min_order_size)) {
        return;
    }
    const struct decimal level = mark_of_notional(instrument, amount);
    if (!instrument_is_tradable(instrument, amount, mark)) {
        mark_wake_above(levels, side, mark, level);
        return;
    }
    const struct decimal slack = mark_notional_slack(amount);
    mark_wake_below(levels, side, mark, decimal_add(level, decimal_add(slack, slack)));
}
