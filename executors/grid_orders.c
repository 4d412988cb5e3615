#include "executors/grid_orders.h"

#include "executors/mark.h"

/* A limited batch is not followed by another one before this. */
#define GRID_BATCH_INTERVAL_NS NS_PER_S

/* Whether a resting order at `price` is within the activation bounds. */
static bool grid_is_near(const struct grid *grid, const struct grid_moment *moment,
                         struct decimal price)
{
    const struct grid_config *config = grid_config_of(grid);
    if (!config->has_activation_bounds) {
        return true;
    }
    const struct decimal distance = decimal_absolute(decimal_subtract(price, moment->mid));
    return !decimal_less(decimal_multiply(config->activation_bounds, moment->mid), distance);
}

/* The price of an order that does not cross: `wanted`, or a little away from the best price on its
 * own side. On the tick grid; invalid when it cannot be computed. */
static struct decimal grid_resting_price(const struct grid *grid, const struct grid_moment *moment,
                                         enum side side, struct decimal wanted, bool crosses)
{
    const struct decimal extra = grid_config_of(grid)->safe_extra_spread;
    const bool buys = side == SIDE_BUY;
    const struct decimal factor =
        buys ? decimal_subtract(DECIMAL_ONE, extra) : decimal_add(DECIMAL_ONE, extra);
    const struct decimal price =
        crosses ? decimal_multiply(buys ? moment->bid : moment->ask, factor) : wanted;
    return decimal_is_valid(price) ? instrument_passive_price(moment->instrument, side, price)
                                   : DECIMAL_INVALID;
}

/* Large enough, with a price that is one, and near enough. */
static bool grid_may_rest(const struct grid *grid, const struct grid_moment *moment,
                          const struct order_draft *draft)
{
    return decimal_is_valid(draft->price) && decimal_sign(draft->price) > 0 &&
           decimal_is_valid(draft->amount) && decimal_sign(draft->amount) > 0 &&
           instrument_is_tradable(moment->instrument, draft->amount, draft->price) &&
           grid_is_near(grid, moment, draft->price);
}

/* Notes why an order may not rest. */
static void grid_skip(const struct grid *grid, const struct grid_moment *moment,
                      const struct order_draft *draft, struct executor_requests *requests)
{
    if (!decimal_is_valid(draft->price)) {
        return;
    }
    const bool is_waiting = draft->role == ROLE_OPEN
                                ? executor_is_waiting_to_open(&grid->executor, moment->now_ns)
                                : executor_is_waiting(&grid->executor, moment->now_ns);
    if (is_waiting) {
        executor_skip(requests, draft, SKIP_RETRY_WAIT);
    } else if (instrument_is_tradable(moment->instrument, draft->amount, draft->price)) {
        executor_skip(requests, draft, SKIP_BOUNDS);
    } else {
        executor_skip_small(&grid->executor, requests, draft);
    }
}

static uint32_t grid_leverage(const struct grid *grid)
{
    return grid->executor.instruments[0]->is_perpetual ? (uint32_t)grid_config_of(grid)->leverage
                                                       : 0;
}

/* What the lot of a level lacks, on the step grid. */
static struct decimal grid_lacking(const struct grid *grid, const struct grid_level *level)
{
    return decimal_floor_to(
        decimal_subtract(grid->amount, decimal_max(level->lot.amount, DECIMAL_ZERO)),
        grid->executor.instruments[0]->step);
}

/* The opening order of a level for what its lot lacks. */
static struct order_draft grid_open_draft(const struct grid *grid, const struct grid_moment *moment,
                                          uint32_t index)
{
    const struct grid_level *level = &grid->levels[index];
    const enum side side = grid_side(grid);
    const bool crosses = side == SIDE_BUY ? !decimal_less(level->price, moment->bid)
                                          : !decimal_less(moment->ask, level->price);
    return (struct order_draft){
        .role = ROLE_OPEN,
        .side = side,
        .type = (enum order_type)grid_config_of(grid)->barriers->open_order_type,
        .amount = grid_lacking(grid, level),
        .price = grid_resting_price(grid, moment, side, level->price, crosses),
        .leverage = grid_leverage(grid),
        .slot = index,
    };
}

/* The closing order of a level: its whole lot at price * (1 + s * take_profit). */
static struct order_draft grid_close_draft(const struct grid *grid,
                                           const struct grid_moment *moment, uint32_t index)
{
    const struct grid_level *level = &grid->levels[index];
    const enum side side = side_opposite(grid_side(grid));
    const struct decimal move = mark_signed(grid_side(grid), grid->take_profit);
    const struct decimal target = decimal_multiply(level->price, decimal_add(DECIMAL_ONE, move));
    const bool crosses =
        decimal_is_valid(target) && (side == SIDE_BUY ? !decimal_less(target, moment->bid)
                                                      : !decimal_less(moment->ask, target));
    return (struct order_draft){
        .role = ROLE_TAKE_PROFIT,
        .side = side,
        .type = (enum order_type)grid_config_of(grid)->barriers->take_profit_order_type,
        .amount = decimal_floor_to(level->lot.amount, moment->instrument->step),
        .price = grid_resting_price(grid, moment, side, target, crosses),
        .leverage = grid_leverage(grid),
        .slot = index,
    };
}

static bool grid_has_room(const struct executor_requests *requests)
{
    return requests->count < EXECUTOR_REQUESTS_MAX;
}

static bool grid_place(struct grid *grid, const struct order_draft *draft, int64_t now_ns,
                       struct executor_requests *requests)
{
    if (!executor_place(&grid->executor, draft, now_ns, requests)) {
        return false;
    }
    struct grid_level *level = &grid->levels[draft->slot];
    if (draft->role == ROLE_OPEN) {
        level->open_ordinal = grid->executor.ledger.count;
        grid->opened_at_ns = now_ns;
        grid->has_opened = true;
    } else {
        level->close_ordinal = grid->executor.ledger.count;
    }
    return true;
}

static bool grid_place_closes(struct grid *grid, const struct grid_moment *moment,
                              struct executor_requests *requests)
{
    for (uint32_t i = 0; i < grid->level_count && grid_has_room(requests); i++) {
        if (grid_level_state(grid, &grid->levels[i]) != GRID_LEVEL_OPEN_ORDER_FILLED) {
            continue;
        }
        const struct order_draft draft = grid_close_draft(grid, moment, i);
        if (!grid_may_rest(grid, moment, &draft)) {
            grid_skip(grid, moment, &draft, requests);
        } else if (!grid_place(grid, &draft, moment->now_ns, requests)) {
            return false;
        }
    }
    return true;
}

/* How many more opening orders may work. */
static uint32_t grid_open_room(const struct grid *grid)
{
    uint32_t live = 0;
    for (uint32_t i = 0; i < grid->level_count; i++) {
        live += grid_live(grid, grid->levels[i].open_ordinal) != NULL ? 1 : 0;
    }
    const uint32_t most = (uint32_t)grid_config_of(grid)->max_open_orders;
    return live < most ? most - live : 0;
}

/* When the next batch of opening orders may be placed. */
static int64_t grid_next_batch_ns(const struct grid *grid)
{
    const struct grid_config *config = grid_config_of(grid);
    int64_t interval_ns = config->order_frequency_ns;
    if (config->has_max_orders_per_batch && interval_ns < GRID_BATCH_INTERVAL_NS) {
        interval_ns = GRID_BATCH_INTERVAL_NS;
    }
    return grid->has_opened ? instant_add(grid->opened_at_ns, interval_ns) : INT64_MIN;
}

/* The idle level nearest to the mid price whose order could be placed; of two equally near ones
 * the lower. False when there is none. */
static bool grid_find_open(const struct grid *grid, const struct grid_moment *moment,
                           struct order_draft *ret_draft)
{
    bool is_found = false;
    struct decimal nearest = DECIMAL_ZERO;
    for (uint32_t i = 0; i < grid->level_count; i++) {
        const struct grid_level *level = &grid->levels[i];
        const struct decimal distance =
            decimal_absolute(decimal_subtract(level->price, moment->mid));
        if (grid_level_state(grid, level) != GRID_LEVEL_NOT_ACTIVE ||
            (is_found && !decimal_less(distance, nearest))) {
            continue;
        }
        const struct order_draft draft = grid_open_draft(grid, moment, i);
        if (grid_may_rest(grid, moment, &draft)) {
            is_found = true;
            nearest = distance;
            *ret_draft = draft;
        }
    }
    return is_found;
}

/* Notes why the first idle level is not placed. */
static void grid_skip_open(const struct grid *grid, const struct grid_moment *moment,
                           struct executor_requests *requests)
{
    for (uint32_t i = 0; i < grid->level_count && requests->skip.reason == SKIP_NONE; i++) {
        if (grid_level_state(grid, &grid->levels[i]) == GRID_LEVEL_NOT_ACTIVE) {
            const struct order_draft draft = grid_open_draft(grid, moment, i);
            grid_skip(grid, moment, &draft, requests);
        }
    }
}

static bool grid_place_opens(struct grid *grid, const struct grid_moment *moment,
                             struct executor_requests *requests)
{
    const struct grid_config *config = grid_config_of(grid);
    if (moment->now_ns < grid_next_batch_ns(grid)) {
        return true;
    }
    int64_t room = grid_open_room(grid);
    if (config->has_max_orders_per_batch && config->max_orders_per_batch < room) {
        room = config->max_orders_per_batch;
    }
    struct order_draft draft;
    for (; room > 0 && grid_has_room(requests) && grid_find_open(grid, moment, &draft); room--) {
        if (!grid_place(grid, &draft, moment->now_ns, requests)) {
            return false;
        }
    }
    if (room > 0) {
        grid_skip_open(grid, moment, requests);
    }
    return true;
}

/* Whether an order may be withdrawn for being too far from the market. */
static bool grid_may_withdraw(const struct ledger_order *order)
{
    return order != NULL && order->state == LEDGER_ACKNOWLEDGED && !order->is_cancel_requested;
}

static void grid_withdraw(struct grid *grid, const struct grid_moment *moment,
                          struct executor_requests *requests)
{
    for (uint32_t i = 0; i < grid->level_count; i++) {
        const uint32_t ordinals[] = {grid->levels[i].open_ordinal, grid->levels[i].close_ordinal};
        for (size_t j = 0; j < 2; j++) {
            struct ledger_order *order = grid_live(grid, ordinals[j]);
            if (grid_may_withdraw(order) && grid_has_room(requests) &&
                !grid_is_near(grid, moment, order->price)) {
                executor_cancel(order, moment->now_ns, requests);
            }
        }
    }
}

bool grid_orders_step(struct grid *grid, const struct grid_moment *moment,
                      struct executor_requests *requests)
{
    const struct executor *executor = &grid->executor;
    if (!executor_is_waiting(executor, moment->now_ns) &&
        !grid_place_closes(grid, moment, requests)) {
        return false;
    }
    if (executor_is_waiting_to_open(executor, moment->now_ns)) {
        grid_skip_open(grid, moment, requests);
    } else if (!grid_place_opens(grid, moment, requests)) {
        return false;
    }
    if (grid_config_of(grid)->has_activation_bounds) {
        grid_withdraw(grid, moment, requests);
    }
    return true;
}

/* Closing orders that are not placed: at once when they could be, else with any quote. */
static void grid_wake_closes(const struct grid *grid, const struct grid_moment *moment,
                             struct wake *wake)
{
    for (uint32_t i = 0; i < grid->level_count; i++) {
        if (grid_level_state(grid, &grid->levels[i]) != GRID_LEVEL_OPEN_ORDER_FILLED) {
            continue;
        }
        const struct order_draft draft = grid_close_draft(grid, moment, i);
        wake->markets[0].every_quote = true;
        if (grid_may_rest(grid, moment, &draft)) {
            wake_add_time(wake, moment->now_ns);
        }
    }
}

/* The first idle level that lacks enough for an order waits for the next batch or, when that may
 * come, for any quote; and all others as well. A level whose lot lacks too little stays idle until
 * its lot changes. What could be placed at once did not fit into the requests. */
static void grid_wake_opens(const struct grid *grid, const struct grid_moment *moment,
                            struct wake *wake)
{
    if (grid_open_room(grid) == 0) {
        return;
    }
    const int64_t batch_ns = grid_next_batch_ns(grid);
    for (uint32_t i = 0; i < grid->level_count && wake->at_ns > moment->now_ns; i++) {
        const struct grid_level *level = &grid->levels[i];
        if (grid_level_state(grid, level) != GRID_LEVEL_NOT_ACTIVE ||
            decimal_less(grid_lacking(grid, level), moment->instrument->min_order_size)) {
            continue;
        }
        if (batch_ns > moment->now_ns) {
            wake_add_time(wake, batch_ns);
            return;
        }
        wake->markets[0].every_quote = true;
        const struct order_draft draft = grid_open_draft(grid, moment, i);
        if (grid_may_rest(grid, moment, &draft)) {
            wake_add_time(wake, moment->now_ns);
        }
    }
}

/* The mid prices at which an order leaves its bounds: price / (1 + b) and price / (1 - b), a little
 * early for the roundings on both ways. The mid price lies between bid and ask. */
static void grid_wake_withdrawal(const struct grid *grid, const struct ledger_order *order,
                                 struct wake_levels *levels)
{
    const struct decimal bound = grid_config_of(grid)->activation_bounds;
    const struct decimal near = decimal_subtract(DECIMAL_ONE, bound);
    const struct decimal slack = decimal_divide((struct decimal){.raw = 16}, near);
    const struct decimal low =
        decimal_add(decimal_divide(order->price, decimal_add(DECIMAL_ONE, bound)), slack);
    const struct decimal high = decimal_subtract(decimal_divide(order->price, near), slack);
    wake_add_level(levels, WAKE_BID_AT_MOST, low);
    wake_add_level(levels, WAKE_ASK_AT_MOST, low);
    wake_add_level(levels, WAKE_BID_AT_LEAST, high);
    wake_add_level(levels, WAKE_ASK_AT_LEAST, high);
}

void grid_orders_wake(const struct grid *grid, const struct grid_moment *moment, struct wake *wake)
{
    if (!executor_is_waiting(&grid->executor, moment->now_ns)) {
        grid_wake_closes(grid, moment, wake);
    }
    if (!executor_is_waiting_to_open(&grid->executor, moment->now_ns)) {
        grid_wake_opens(grid, moment, wake);
    }
    if (!grid_config_of(grid)->has_activation_bounds) {
        return;
    }
    for (uint32_t i = 0; i < grid->level_count; i++) {
        const uint32_t ordinals[] = {grid->levels[i].open_ordinal, grid->levels[i].close_ordinal};
        for (size_t j = 0; j < 2; j++) {
            const struct ledger_order *order = grid_live(grid, ordinals[j]);
            if (grid_may_withdraw(order)) {
                grid_wake_withdrawal(grid, order, &wake->markets[0]);
            }
        }
    }
}
