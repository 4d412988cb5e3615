#include "executors/grid.h"

#include "executors/grid_levels.h"
#include "executors/grid_lot.h"
#include "executors/grid_orders.h"
#include "executors/shutdown.h"

static void grid_check(const struct grid *grid)
{
    const struct executor *executor = &grid->executor;
    ASSERT((executor->close_type == CLOSE_NONE) == (executor->status < EXECUTOR_SHUTTING_DOWN));
    ASSERT(grid->level_count <= GRID_LEVELS_MAX);
    ASSERT(grid->level_count > 0 || executor->status == EXECUTOR_TERMINATED);
    ASSERT(!grid->guard.bid.is_up || executor->status != EXECUTOR_RUNNING ||
           grid->guard.bid.ledger_changes == executor->ledger.changes);
}

enum grid_level_state grid_level_state(const struct grid *grid, const struct grid_level *level)
{
    if (grid_live(grid, level->close_ordinal) != NULL) {
        return GRID_LEVEL_CLOSE_ORDER_PLACED;
    }
    if (grid_live(grid, level->open_ordinal) != NULL) {
        return GRID_LEVEL_OPEN_ORDER_PLACED;
    }
    /* Less than an order of the venue is carried along until the level has opened again. */
    return level->has_lot ? GRID_LEVEL_OPEN_ORDER_FILLED : GRID_LEVEL_NOT_ACTIVE;
}

void grid_plan(const struct executor_config *config, const struct executor_view *view,
               struct executor_plans *ret_plans)
{
    const struct grid_config *grid = (const struct grid_config *)config;
    const struct market_view *market = &view->markets[0];
    const struct instrument *instrument = market->instrument;
    const struct decimal mid = decimal_halve(decimal_add(market->bid, market->ask));
    const struct grid_levels levels = grid_levels_make(grid, instrument, mid);
    const struct decimal amount = decimal_multiply(levels.amount, decimal_from_int(levels.count));
    ret_plans->count = 1;
    if (grid->side == SIDE_SELL && !instrument->is_perpetual) {
        ret_plans->items[0] = (struct executor_plan){.is_base = true, .amount = amount};
        return;
    }
    /* Level prices add up to no more than the total; a grid that cannot be made needs nothing. */
    struct decimal quote = levels.count > 0 ? grid->total_amount_quote : DECIMAL_ZERO;
    if (instrument->is_perpetual) {
        quote = decimal_divide(quote, decimal_from_int(grid->leverage));
    }
    ret_plans->items[0] = (struct executor_plan){.amount = quote};
}

/* Ends a grid that never ran. */
static void grid_refuse_start(struct grid *grid, enum close_type close_type, int64_t now_ns)
{
    grid->executor.close_type = close_type;
    grid->executor.closed_at_ns = now_ns;
    executor_set_status(&grid->executor, EXECUTOR_TERMINATED);
}

/* One whose total buys no level that the venue takes. */
static void grid_skip_all(const struct grid *grid, struct executor_requests *requests)
{
    const struct grid_config *config = grid_config_of(grid);
    const struct order_draft draft = {
        .role = ROLE_OPEN,
        .side = config->side,
        .type = config->barriers->open_order_type,
        .amount = grid_target(grid->executor.config).amount,
        .price = grid->start_mid,
    };
    executor_skip_small(&grid->executor, requests, &draft);
}

void grid_on_start(struct executor *executor, const struct executor_view *view, bool is_funded,
                   struct executor_requests *requests)
{
    struct grid *grid = (struct grid *)executor;
    const struct market_view *market = &view->markets[0];
    grid->final = (struct quote){view->now_ns, market->bid, market->ask};
    const struct grid_moment moment = grid_moment_of(grid, view);
    grid->start_mid = moment.mid;
    grid_levels_set(grid);
    if (!is_funded) {
        grid_refuse_start(grid, CLOSE_INSUFFICIENT_BALANCE, view->now_ns);
    } else if (moment.is_expired) {
        grid_refuse_start(grid, CLOSE_EXPIRED, view->now_ns);
    } else if (grid->level_count == 0 || !moment.is_valid) {
        if (moment.is_valid) {
            grid_skip_all(grid, requests);
        }
        grid_refuse_start(grid, CLOSE_FAILED, view->now_ns);
    } else {
        executor_set_status(executor, EXECUTOR_RUNNING);
    }
    grid_check(grid);
}

static bool grid_is_stopped_out(const struct grid *grid, const struct grid_moment *moment)
{
    const struct barrier_config *barriers = grid_config_of(grid)->barriers;
    return moment->is_closable && barriers->has_stop_loss &&
           !decimal_less(decimal_negate(barriers->stop_loss), moment->position_pct);
}

/* The mid price has come to the limit on the losing side. */
static bool grid_is_at_limit(const struct grid *grid, const struct grid_moment *moment)
{
    const struct decimal limit = grid_config_of(grid)->limit_price;
    return grid_side(grid) == SIDE_BUY ? !decimal_less(limit, moment->mid)
                                       : !decimal_less(moment->mid, limit);
}

/* The mid price has left the ladder on the winning side. */
static bool grid_is_won(const struct grid *grid, const struct grid_moment *moment)
{
    const struct grid_config *config = grid_config_of(grid);
    return grid_side(grid) == SIDE_BUY ? decimal_less(config->end_price, moment->mid)
                                       : decimal_less(moment->mid, config->start_price);
}

/* The trailing stop of the open position; a new position begins anew. */
static bool grid_trails_out(struct grid *grid, const struct grid_moment *moment)
{
    const struct trailing_config *trailing = grid_config_of(grid)->barriers->trailing_stop;
    if (trailing == NULL) {
        return false;
    }
    if (decimal_sign(moment->sellable) == 0) {
        grid->trailing = (struct trailing_trigger){0};
    }
    return moment->is_closable && trailing_follow(&grid->trailing, trailing->activation,
                                                  trailing->distance, moment->position_pct);
}

/* The first barrier that fires, or CLOSE_NONE. */
static enum close_type grid_barrier(struct grid *grid, const struct grid_moment *moment)
{
    if (!moment->is_valid || executor_is_exhausted(&grid->executor)) {
        return CLOSE_FAILED;
    }
    if (grid_is_stopped_out(grid, moment)) {
        return CLOSE_STOP_LOSS;
    }
    if (grid_is_at_limit(grid, moment)) {
        return grid_config_of(grid)->keep_position ? CLOSE_POSITION_HOLD : CLOSE_STOP_LOSS;
    }
    if (moment->is_expired) {
        return CLOSE_TIME_LIMIT;
    }
    if (grid_trails_out(grid, moment)) {
        return CLOSE_TRAILING_STOP;
    }
    return grid_is_won(grid, moment) ? CLOSE_TAKE_PROFIT : CLOSE_NONE;
}

static enum shutdown_mode grid_mode(enum close_type close_type)
{
    if (close_type == CLOSE_FAILED) {
        return SHUTDOWN_FAIL;
    }
    return close_type == CLOSE_POSITION_HOLD ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE;
}

/* The shutdown rule, and a note of the market when it ends the grid. */
static void grid_shut_down(struct grid *grid, const struct grid_moment *moment,
                           struct executor_requests *requests)
{
    const struct holding holding = {
        .side = grid_side(grid), .remaining = moment->remaining, .mark = moment->mark};
    shutdown_step(&grid->executor, &holding, moment->now_ns, requests);
    if (grid->executor.status == EXECUTOR_TERMINATED) {
        grid->final = (struct quote){moment->now_ns, moment->bid, moment->ask};
    }
}

void grid_on_market(struct executor *executor, const struct executor_view *view,
                    struct executor_requests *requests)
{
    struct grid *grid = (struct grid *)executor;
    ASSERT(executor->status == EXECUTOR_RUNNING || executor->status == EXECUTOR_SHUTTING_DOWN);
    if (guard_pair_holds(&grid->guard, executor, view)) {
        return;
    }
    const struct grid_moment moment = grid_moment_of(grid, view);
    if (executor->status == EXECUTOR_RUNNING) {
        enum close_type close_type = grid_barrier(grid, &moment);
        if (close_type == CLOSE_NONE && !grid_orders_step(grid, &moment, requests)) {
            close_type = CLOSE_FAILED;
        }
        if (close_type != CLOSE_NONE) {
            executor_leave(executor, close_type, grid_mode(close_type), moment.now_ns);
        }
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        grid_shut_down(grid, &moment, requests);
    }
    if (executor->status == EXECUTOR_RUNNING) {
        const struct wake wake = grid_wake_at(grid, &moment);
        guard_pair_raise(&grid->guard, executor, &wake);
    }
    grid_check(grid);
}

void grid_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns)
{
    struct grid *grid = (struct grid *)executor;
    executor_on_order(executor, event, now_ns);
    const struct ledger_order *order = ledger_find(&executor->ledger, event->ordinal);
    if (order != NULL && event->kind == ORDER_EVENT_FILL) {
        grid_lot_book(grid, order, &event->fill);
        grid->fill_events++;
    }
}

enum err grid_on_stop(struct executor *executor, const struct executor_view *view,
                      bool keep_position, struct executor_requests *requests)
{
    struct grid *grid = (struct grid *)executor;
    if (executor->status != EXECUTOR_RUNNING) {
        return ERR_STATE;
    }
    const struct grid_moment moment = grid_moment_of(grid, view);
    executor_leave(executor, keep_position ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                   keep_position ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE, moment.now_ns);
    grid_shut_down(grid, &moment, requests);
    grid_check(grid);
    return ERR_NONE;
}
