#include "executors/grid.h"

#include "executors/grid_orders.h"
#include "executors/mark.h"
#include "executors/moment_wake.h"
#include "executors/shutdown.h"

/* The mid price lies between bid and ask: it has reached a level only when one of them has. */
static void grid_wake_mid_at_most(struct wake_levels *levels, struct decimal level)
{
    wake_add_level(levels, WAKE_BID_AT_MOST, level);
    wake_add_level(levels, WAKE_ASK_AT_MOST, level);
}

static void grid_wake_mid_at_least(struct wake_levels *levels, struct decimal level)
{
    wake_add_level(levels, WAKE_BID_AT_LEAST, level);
    wake_add_level(levels, WAKE_ASK_AT_LEAST, level);
}

/* The limit price on one side and the end of the ladder on the other; half a unit of the last digit
 * may be lost in the mid price, which the levels allow for. */
static void grid_wake_ends(const struct grid *grid, struct wake_levels *levels)
{
    const struct grid_config *config = grid_config_of(grid);
    if (grid_side(grid) == SIDE_BUY) {
        grid_wake_mid_at_most(levels, decimal_add(config->limit_price, DECIMAL_ULP));
        grid_wake_mid_at_least(levels, config->end_price);
    } else {
        grid_wake_mid_at_least(levels, decimal_subtract(config->limit_price, DECIMAL_ULP));
        grid_wake_mid_at_most(levels, config->start_price);
    }
}

/* Stop loss and trailing stop of what is owned. */
static void grid_wake_barriers(const struct grid *grid, const struct grid_moment *moment,
                               struct wake_levels *levels)
{
    const struct barrier_config *barriers = grid_config_of(grid)->barriers;
    if (!moment->is_closable) {
        mark_wake_tradable(levels, grid_side(grid), moment->mark, moment->instrument,
                           moment->sellable);
        return;
    }
    const struct moment position = grid_moment_position(grid, moment);
    const struct moment_scale scale = moment_scale_of(&position);
    if (barriers->has_stop_loss) {
        const struct decimal stop = decimal_negate(barriers->stop_loss);
        moment_wake_fall(&scale, stop, !decimal_less(stop, position.net_pct), levels);
    }
    if (barriers->trailing_stop != NULL) {
        trailing_await(&grid->trailing, barriers->trailing_stop->activation,
                       barriers->trailing_stop->distance, &scale, levels);
    }
}

struct wake grid_wake_at(const struct grid *grid, const struct grid_moment *moment)
{
    struct wake wake = wake_never();
    const struct grid_config *config = grid_config_of(grid);
    if (executor_is_waiting(&grid->executor, moment->now_ns)) {
        wake_add_time(&wake, grid->executor.retry_at_ns);
    }
    executor_wake_to_open(&grid->executor, moment->now_ns, &wake);
    if (config->barriers->has_time_limit) {
        wake_add_time(&wake,
                      instant_add(config->common.timestamp_ns, config->barriers->time_limit_ns));
    }
    grid_wake_ends(grid, &wake.markets[0]);
    grid_wake_barriers(grid, moment, &wake.markets[0]);
    grid_orders_wake(grid, moment, &wake);
    return wake;
}

void grid_wake(const struct executor *executor, const struct executor_view *view,
               struct wake *ret_wake)
{
    const struct grid *grid = (const struct grid *)executor;
    *ret_wake = wake_never();
    if (executor->status == EXECUTOR_TERMINATED) {
        return;
    }
    if (guard_pair_holds(&grid->guard, executor, view)) {
        *ret_wake = guard_pair_wake(&grid->guard);
        return;
    }
    const struct grid_moment moment = grid_moment_of(grid, view);
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct holding holding = {
            .side = grid_side(grid), .remaining = moment.remaining, .mark = moment.mark};
        shutdown_wake(executor, &holding, moment.now_ns, ret_wake);
        return;
    }
    if (executor->status == EXECUTOR_NOT_STARTED || !moment.is_valid) {
        ret_wake->markets[0].every_quote = true;
        return;
    }
    *ret_wake = grid_wake_at(grid, &moment);
}
