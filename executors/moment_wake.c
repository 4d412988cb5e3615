#include "executors/moment_wake.h"

#include "executors/mark.h"

/* The mark at which the net pnl is `net_pct`; see moment_value() for the way forth. */
static struct decimal moment_wake_mark(const struct moment *moment, struct decimal net_pct)
{
    const struct decimal net = decimal_multiply(net_pct, moment->basis);
    const struct decimal trade = decimal_add(net, moment->fees);
    const struct decimal realized =
        decimal_subtract(moment->proceeds, decimal_multiply(moment->closed, moment->entry));
    const struct decimal unrealized = decimal_subtract(mark_signed(moment->side, trade), realized);
    return decimal_add(moment->entry, decimal_divide(unrealized, moment->remaining));
}

/* How far rounding may have moved that mark: half a unit of net_pct is worth basis / 2 units of
 * quote, a few more units come from the products, and all of it is divided by what remains. */
static struct decimal moment_wake_slack(const struct moment *moment)
{
    const struct decimal rounding = {.raw = 4};
    const struct decimal quote = decimal_add(decimal_multiply(rounding, moment->basis), rounding);
    return decimal_add(decimal_divide(quote, moment->remaining), rounding);
}

/* `is_up`: wait for the net pnl to rise, that is, for the mark to rise (long) or fall (short). */
static void moment_wake_pct(const struct moment *moment, struct decimal net_pct, bool is_up,
                            struct wake_levels *levels)
{
    ASSERT(decimal_sign(moment->remaining) > 0);
    const struct decimal level = moment_wake_mark(moment, net_pct);
    const struct decimal slack = moment_wake_slack(moment);
    if (is_up == (moment->side == SIDE_BUY)) {
        mark_wake_above(levels, moment->side, moment->mark, decimal_subtract(level, slack));
    } else {
        mark_wake_below(levels, moment->side, moment->mark, decimal_add(level, slack));
    }
}

void moment_wake_rise(const struct moment *moment, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels)
{
    levels->every_quote |= is_passed;
    moment_wake_pct(moment, net_pct, true, levels);
}

void moment_wake_fall(const struct moment *moment, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels)
{
    levels->every_quote |= is_passed;
    moment_wake_pct(moment, net_pct, false, levels);
}
