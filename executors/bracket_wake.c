#include "executors/bracket.h"

#include "executors/entry.h"
#include "executors/mark.h"
#include "executors/moment_wake.h"
#include "executors/shutdown.h"
#include "executors/take_profit.h"

enum { SECONDS_PER_YEAR = 31536000 };

/* How long levels of a rising stop are made for, at least and at most. */
#define YIELD_HORIZON_MIN_NS NS_PER_S
#define YIELD_HORIZON_MAX_NS (3600 * NS_PER_S)

/*
 * For how long a stop that rises with the yield is taken as it will be at the end of that time:
 * half of what it would need to reach the net pnl of now, within limits.
 */
static int64_t bracket_yield_horizon(const struct bracket *bracket, struct decimal gap)
{
    const struct decimal apr = bracket_barriers(bracket_config_of(bracket))->apr_yield;
    const struct decimal seconds =
        decimal_divide(decimal_multiply(gap, decimal_from_int(SECONDS_PER_YEAR / 2)), apr);
    int64_t horizon_ns = YIELD_HORIZON_MAX_NS;
    if (decimal_is_valid(seconds) && decimal_less(seconds, instant_seconds(YIELD_HORIZON_MAX_NS))) {
        const enum err err = instant_from_seconds(seconds, &horizon_ns);
        ASSERT(err == ERR_NONE);
    }
    return horizon_ns < YIELD_HORIZON_MIN_NS ? YIELD_HORIZON_MIN_NS : horizon_ns;
}

/* The first instant in (after, until] at which the target yield is at least `yield`, as it is at
 * `until`. It never falls with time. */
static int64_t bracket_yield_instant(const struct bracket *bracket, struct decimal yield,
                                     int64_t after_ns, int64_t until_ns)
{
    int64_t low = after_ns;
    int64_t high = until_ns;
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (decimal_less(moment_target_yield(bracket, middle), yield)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

/*
 * Wakes when the net pnl falls to target_yield - allowance. With a yield that level rises: it is
 * taken as it will be at the end of a horizon, and the end of the horizon is a wake of its own. If
 * the level reaches the net pnl of now within the horizon, it ends at that very instant, and until
 * then any worse price wakes.
 */
static void bracket_wake_yield(const struct bracket *bracket, const struct moment_scale *scale,
                               struct decimal allowance, struct wake *wake)
{
    const struct moment *moment = scale->moment;
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    struct decimal level = decimal_subtract(moment->target_yield, allowance);
    const bool is_passed = !decimal_less(level, moment->net_pct);
    if (!is_passed && barriers->has_apr_yield && decimal_sign(barriers->apr_yield) > 0) {
        const struct decimal gap = decimal_subtract(moment->net_pct, level);
        const struct decimal reached = decimal_add(moment->net_pct, allowance);
        int64_t until_ns = instant_add(moment->now_ns, bracket_yield_horizon(bracket, gap));
        struct decimal yield = moment_target_yield(bracket, until_ns);
        if (!decimal_less(yield, reached)) {
            until_ns = bracket_yield_instant(bracket, reached, moment->now_ns, until_ns);
            yield = moment_target_yield(bracket, until_ns);
        }
        level = decimal_subtract(yield, allowance);
        wake_add_time(wake, until_ns);
    }
    moment_wake_fall(scale, level, is_passed, &wake->markets[0]);
}

/* The barriers that are only looked at while the position can be closed. */
static void bracket_wake_barriers(const struct bracket *bracket, const struct moment_scale *scale,
                                  const struct bracket_rules *rules, struct wake *wake)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    const struct moment *moment = scale->moment;
    if (barriers->has_stop_loss) {
        bracket_wake_yield(bracket, scale, bracket->stop_loss, wake);
    }
    if (barriers->trailing_stop != NULL) {
        rules->trail_wake(bracket, scale, wake);
    }
    if (!barriers->has_take_profit) {
        return;
    }
    if (barriers->take_profit_order_type == ORDER_MARKET) {
        moment_wake_rise(scale, barriers->take_profit,
                         !decimal_less(moment->net_pct, barriers->take_profit), &wake->markets[0]);
    } else {
        take_profit_wake(bracket, moment, &wake->markets[0]);
    }
}

/* What is owned: its barriers, and the yield that extends a time limit which has come. */
static void bracket_wake_position(const struct bracket *bracket, const struct moment *moment,
                                  const struct bracket_rules *rules, struct wake *wake)
{
    const struct moment_scale scale = moment_scale_of(moment);
    if (moment->is_closable) {
        bracket_wake_barriers(bracket, &scale, rules, wake);
    } else {
        mark_wake_tradable(&wake->markets[0], moment->side, moment->mark, moment->instrument,
                           moment->sellable);
    }
    if (moment->is_expired) {
        bracket_wake_yield(bracket, &scale, DECIMAL_ZERO, wake);
    }
}

struct wake bracket_wake_at(const struct bracket *bracket, const struct moment *moment,
                            const struct bracket_rules *rules)
{
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct barrier_config *barriers = bracket_barriers(config);
    struct wake wake = wake_never();
    if (executor_is_waiting(&bracket->executor, moment->now_ns)) {
        wake_add_time(&wake, bracket->executor.retry_at_ns);
    }
    executor_wake_to_open(&bracket->executor, moment->now_ns, &wake);
    entry_wake(bracket, moment, &wake);
    if (decimal_sign(moment->remaining) > 0) {
        bracket_wake_position(bracket, moment, rules, &wake);
    }
    if (barriers->has_time_limit && !moment->is_expired) {
        wake_add_time(&wake, instant_add(config->common.timestamp_ns, barriers->time_limit_ns));
    }
    return wake;
}

void bracket_wake(const struct executor *executor, const struct executor_view *view,
                  const struct bracket_rules *rules, struct wake *ret_wake)
{
    const struct bracket *bracket = (const struct bracket *)executor;
    *ret_wake = wake_never();
    if (executor->status == EXECUTOR_TERMINATED) {
        return;
    }
    if (guard_holds(&bracket->guard, executor, bracket_side(bracket), view)) {
        *ret_wake = guard_wake(&bracket->guard, bracket_side(bracket));
        return;
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const enum side side = bracket_side(bracket);
        const struct holding holding = {.side = side,
                                        .remaining = ledger_remaining(&executor->ledger),
                                        .mark = mark_of(side, &view->markets[0])};
        shutdown_wake(executor, &holding, view->now_ns, ret_wake);
        return;
    }
    const struct moment moment = moment_of(bracket, view);
    if (executor->status == EXECUTOR_NOT_STARTED || !moment.is_valid) {
        ret_wake->markets[0].every_quote = true;
        return;
    }
    *ret_wake = bracket_wake_at(bracket, &moment, rules);
}
