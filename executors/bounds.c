#include "executors/bounds.h"

#include "executors/mark.h"

/* 1 - bound and 1 + bound. */
static struct decimal bounds_below(struct decimal bound)
{
    return decimal_subtract(DECIMAL_ONE, bound);
}

static struct decimal bounds_above(struct decimal bound)
{
    return decimal_add(DECIMAL_ONE, bound);
}

struct bounds_order bounds_entry(const struct bracket *bracket)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    return (struct bounds_order){
        .side = bracket_side(bracket),
        .type = (enum order_type)barriers->open_order_type,
        .price = bracket->entry_price,
    };
}

struct bounds_order bounds_take_profit(const struct bracket *bracket, struct decimal price)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    return (struct bounds_order){
        .side = side_opposite(bracket_side(bracket)),
        .type = (enum order_type)barriers->take_profit_order_type,
        .price = price,
    };
}

/* The mid price against a market order's price: [price * (1 - below), price * (1 + above)]. */
static bool bounds_allow_market(const struct bounds_order *order, struct decimal mid,
                                const struct decimal bounds[2])
{
    const bool buys = order->side == SIDE_BUY;
    const struct decimal below = bounds_below(buys ? bounds[0] : bounds[1]);
    const struct decimal above = bounds_above(buys ? bounds[1] : bounds[0]);
    return !decimal_less(mid, decimal_multiply(order->price, below)) &&
           !decimal_less(decimal_multiply(order->price, above), mid);
}

bool bounds_contain(const struct decimal bounds[2], struct decimal mid,
                    const struct bounds_order *order)
{
    if (order->type == ORDER_MARKET) {
        return bounds_allow_market(order, mid, bounds);
    }
    if (order->side == SIDE_BUY) {
        return !decimal_less(order->price, decimal_multiply(mid, bounds_below(bounds[0])));
    }
    return !decimal_less(decimal_multiply(mid, bounds_above(bounds[0])), order->price);
}

bool bounds_allow(const struct bracket *bracket, const struct moment *moment,
                  const struct bounds_order *order)
{
    const struct decimal *bounds = bracket_bounds(bracket_config_of(bracket));
    return bounds == NULL || bounds_contain(bounds, moment_mid(moment), order);
}

/* The mid prices between which an order is allowed; invalid: no such limit. */
struct bounds_range {
    struct decimal low;
    struct decimal high;
};

static struct bounds_range bounds_range_of(const struct bounds_order *order,
                                           const struct decimal bounds[2])
{
    const bool buys = order->side == SIDE_BUY;
    if (order->type == ORDER_MARKET) {
        return (struct bounds_range){
            .low = decimal_multiply(order->price, bounds_below(buys ? bounds[0] : bounds[1])),
            .high = decimal_multiply(order->price, bounds_above(buys ? bounds[1] : bounds[0])),
        };
    }
    if (buys) {
        return (struct bounds_range){
            .low = DECIMAL_INVALID,
            .high = decimal_divide(order->price, bounds_below(bounds[0])),
        };
    }
    return (struct bounds_range){
        .low = decimal_divide(order->price, bounds_above(bounds[0])),
        .high = DECIMAL_INVALID,
    };
}

/* Wakes when an allowed order may be refused. */
static void bounds_wake_leave(const struct bounds_range *range, struct decimal slack,
                              struct wake_levels *levels)
{
    if (decimal_is_valid(range->high)) {
        wake_add_level(levels, WAKE_ASK_AT_LEAST, decimal_subtract(range->high, slack));
    }
    if (decimal_is_valid(range->low)) {
        wake_add_level(levels, WAKE_BID_AT_MOST, decimal_add(range->low, slack));
    }
}

/* Wakes when a refused order may be allowed: the mid comes back over the limit it is beyond. */
static void bounds_wake_enter(const struct bounds_range *range, struct decimal mid,
                              struct decimal slack, struct wake_levels *levels)
{
    if (decimal_is_valid(range->high) && decimal_less(decimal_subtract(range->high, slack), mid)) {
        wake_add_level(levels, WAKE_BID_AT_MOST, decimal_add(range->high, slack));
    } else {
        wake_add_level(levels, WAKE_ASK_AT_LEAST, decimal_subtract(range->low, slack));
    }
}

/* The mid lies between bid and ask, so it passes a limit only when one of them does. */
void bounds_await(const struct decimal bounds[2], struct decimal mid,
                  const struct bounds_order *order, bool is_inside, struct wake_levels *levels)
{
    const struct bounds_range range = bounds_range_of(order, bounds);
    /* The products and quotients behind the limits are rounded. */
    const struct decimal rounding = {.raw = 4};
    const struct decimal slack =
        decimal_add(decimal_divide(rounding, bounds_below(bounds[0])), rounding);
    if (is_inside) {
        bounds_wake_leave(&range, slack, levels);
    } else {
        bounds_wake_enter(&range, mid, slack, levels);
    }
}

void bounds_wake(const struct bracket *bracket, const struct moment *moment,
                 const struct bounds_order *order, struct wake_levels *levels)
{
    const struct decimal *bounds = bracket_bounds(bracket_config_of(bracket));
    if (bounds != NULL) {
        bounds_await(bounds, moment_mid(moment), order,
                     bounds_contain(bounds, moment_mid(moment), order), levels);
    }
}
