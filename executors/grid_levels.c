#include "executors/grid_levels.h"

/* Levels are worth a little more than the least, so that they stay above it when prices fall. */
#define GRID_MARGIN "1.05"

/* The whole part of a quotient, within 0 and GRID_LEVELS_MAX. */
static uint32_t grid_levels_fitting(struct decimal whole, struct decimal part)
{
    int64_t count;
    const struct decimal quotient = decimal_divide(whole, part);
    if (!decimal_is_valid(quotient) || decimal_to_mantissa_floor(quotient, 0, &count) != ERR_NONE ||
        count > GRID_LEVELS_MAX) {
        return GRID_LEVELS_MAX;
    }
    return count < 0 ? 0 : (uint32_t)count;
}

static struct decimal grid_levels_middle(const struct grid_config *config)
{
    return decimal_halve(decimal_add(config->start_price, config->end_price));
}

static struct decimal grid_levels_range(const struct grid_config *config)
{
    return decimal_divide(decimal_subtract(config->end_price, config->start_price),
                          config->start_price);
}

/* The smallest amount that a level may trade. */
static struct decimal grid_levels_least(const struct grid_config *config,
                                        const struct instrument *instrument, struct decimal mid)
{
    const struct decimal value =
        decimal_max(config->min_order_amount_quote, instrument->min_notional);
    const struct decimal wanted =
        decimal_divide(decimal_multiply(decimal_literal(GRID_MARGIN), value), mid);
    if (!decimal_is_valid(wanted)) {
        return DECIMAL_INVALID;
    }
    const struct decimal least = decimal_max(wanted, instrument->min_order_size);
    return decimal_ceil_to(decimal_max(least, instrument->step), instrument->step);
}

/* How many levels fit between the start and the end. At least one. */
static uint32_t grid_levels_apart(const struct grid_config *config,
                                  const struct instrument *instrument, struct decimal mid)
{
    const struct decimal tick = decimal_divide(instrument->tick, mid);
    const struct decimal least =
        decimal_is_valid(tick) ? decimal_max(config->min_spread_between_orders, tick) : DECIMAL_ONE;
    const uint32_t count = decimal_sign(least) > 0
                               ? grid_levels_fitting(grid_levels_range(config), least)
                               : GRID_LEVELS_MAX;
    return count == 0 ? 1 : count;
}

/* No more than the venue takes in one order. */
static struct decimal grid_levels_limited(const struct instrument *instrument,
                                          struct decimal amount)
{
    return decimal_sign(instrument->max_order_size) > 0
               ? decimal_min(amount, decimal_floor_to(instrument->max_order_size, instrument->step))
               : amount;
}

/* Nothing that follows from it can leave the range of a decimal. */
static bool grid_levels_are_computable(const struct grid_config *config, struct decimal mid)
{
    const struct decimal range = decimal_subtract(config->end_price, config->start_price);
    return decimal_is_valid(mid) && decimal_sign(mid) > 0 &&
           decimal_is_valid(grid_levels_range(config)) &&
           decimal_is_valid(decimal_multiply(range, decimal_from_int(GRID_LEVELS_MAX)));
}

struct grid_levels grid_levels_make(const struct grid_config *config,
                                    const struct instrument *instrument, struct decimal mid)
{
    const struct grid_levels none = {0};
    if (!grid_levels_are_computable(config, mid)) {
        return none;
    }
    /* The levels are worth what their average price says, or the market where that is higher. */
    const struct decimal price = decimal_max(mid, grid_levels_middle(config));
    const struct decimal least = grid_levels_least(config, instrument, mid);
    const struct decimal least_value = decimal_multiply(least, price);
    if (!decimal_is_valid(least_value)) {
        return none;
    }
    const uint32_t affordable = grid_levels_fitting(config->total_amount_quote, least_value);
    const uint32_t apart = grid_levels_apart(config, instrument, mid);
    const uint32_t count = affordable < apart ? affordable : apart;
    const struct decimal all = decimal_multiply(price, decimal_from_int(count));
    if (count == 0 || !decimal_is_valid(all)) {
        return none;
    }
    const struct decimal share = decimal_divide(config->total_amount_quote, all);
    if (!decimal_is_valid(share)) {
        return none;
    }
    const struct decimal amount =
        grid_levels_limited(instrument, decimal_floor_to(share, instrument->step));
    if (decimal_less(amount, least)) {
        return none;
    }
    const struct decimal range = grid_levels_range(config);
    const struct decimal step =
        count > 1 ? decimal_divide(range, decimal_from_int(count - 1)) : range;
    const struct decimal take_profit = config->barriers->take_profit;
    return (struct grid_levels){
        .count = count,
        .amount = amount,
        .step = step,
        .take_profit = config->coerce_tp_to_step ? decimal_max(step, take_profit) : take_profit,
    };
}

struct decimal grid_levels_price(const struct grid_config *config, uint32_t count, uint32_t index)
{
    ASSERT(index < count);
    if (count == 1) {
        return grid_levels_middle(config);
    }
    const struct decimal range = decimal_subtract(config->end_price, config->start_price);
    const struct decimal way = decimal_multiply(range, decimal_from_int(index));
    return decimal_add(config->start_price, decimal_divide(way, decimal_from_int(count - 1)));
}

void grid_levels_set(struct grid *grid)
{
    const struct grid_config *config = grid_config_of(grid);
    const struct grid_levels levels =
        grid_levels_make(config, grid->executor.instruments[0], grid->start_mid);
    grid->level_count = levels.count;
    grid->amount = levels.amount;
    grid->take_profit = levels.take_profit;
    for (uint32_t i = 0; i < levels.count; i++) {
        grid->levels[i].price = grid_levels_price(config, levels.count, i);
    }
}

struct target grid_target(const struct executor_config *config)
{
    const struct grid_config *grid = (const struct grid_config *)config;
    return (struct target){TARGET_OPEN,
                           decimal_divide(grid->total_amount_quote, grid_levels_middle(grid))};
}
