#include "executors/moment_wake.h"

#include "executors/mark.h"

/* 2^59 is a little less than the scale of a decimal. */
enum { UNITS_SHIFT = 59 };

/* As many units of the last digit as the value counts, or a few more. */
static struct decimal moment_units(struct decimal value)
{
    return (struct decimal){.raw = (decimal_absolute(value).raw >> UNITS_SHIFT) + 1};
}

/*
 * How far rounding may have moved the mark. Half a unit of net_pct is worth basis / 2 units of
 * quote, a few more units come from the products, and all of it is divided by what remains; origin
 * and unit are rounded as well.
 */
static struct decimal moment_scale_slack(const struct moment *moment, struct decimal unit)
{
    const struct decimal rounding = {.raw = 4};
    const struct decimal fraction = moment_units(unit);
    const struct decimal slack = decimal_add(decimal_add(fraction, fraction), rounding);
    return decimal_add(slack, decimal_divide(rounding, moment->remaining));
}

/* See moment_value() for the way forth. */
struct moment_scale moment_scale_of(const struct moment *moment)
{
    ASSERT(decimal_sign(moment->remaining) > 0);
    const struct decimal realized =
        decimal_subtract(moment->proceeds, decimal_multiply(moment->closed, moment->entry));
    const struct decimal fees = mark_signed(moment->side, moment->fees);
    const struct decimal way = decimal_divide(decimal_subtract(fees, realized), moment->remaining);
    const struct decimal unit = decimal_divide(moment->basis, moment->remaining);
    return (struct moment_scale){
        .moment = moment,
        .origin = decimal_add(moment->entry, way),
        .unit = unit,
        .slack = moment_scale_slack(moment, unit),
    };
}

/* `is_up`: wait for the net pnl to rise, that is, for the mark to rise (long) or fall (short). */
static void moment_wake_pct(const struct moment_scale *scale, struct decimal net_pct, bool is_up,
                            struct wake_levels *levels)
{
    const enum side side = scale->moment->side;
    const struct decimal mark = scale->moment->mark;
    const struct decimal way = decimal_multiply(net_pct, scale->unit);
    const struct decimal level = decimal_add(scale->origin, mark_signed(side, way));
    const struct decimal slack = decimal_add(scale->slack, moment_units(net_pct));
    if (is_up == (side == SIDE_BUY)) {
        mark_wake_above(levels, side, mark, decimal_subtract(level, slack));
    } else {
        mark_wake_below(levels, side, mark, decimal_add(level, slack));
    }
}

void moment_wake_rise(const struct moment_scale *scale, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels)
{
    levels->every_quote |= is_passed;
    moment_wake_pct(scale, net_pct, true, levels);
}

void moment_wake_fall(const struct moment_scale *scale, struct decimal net_pct, bool is_passed,
                      struct wake_levels *levels)
{
    levels->every_quote |= is_passed;
    moment_wake_pct(scale, net_pct, false, levels);
}
