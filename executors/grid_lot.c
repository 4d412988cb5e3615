#include "executors/grid_lot.h"

#include "executors/mark.h"

static void grid_lot_give(struct grid_lot *lot, const struct fill *fill)
{
    const struct decimal fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO;
    const struct decimal amount = decimal_subtract(fill->amount, fee_base);
    lot->amount = decimal_add(lot->amount, amount);
    lot->cost = decimal_add(lot->cost, decimal_multiply(amount, fill->price));
    lot->fees = decimal_add(lot->fees, fill_fee_quote(fill));
}

/* Realizes what `amount` was sold (bought back) for at `price` against what it had cost. */
static void grid_lot_realize(struct grid *grid, struct decimal cost, struct decimal amount,
                             struct decimal price)
{
    const struct decimal gain = decimal_subtract(decimal_multiply(amount, price), cost);
    grid->realized = decimal_add(grid->realized, mark_signed(grid_side(grid), gain));
}

/* The part of `whole` that belongs to `amount` out of `all`. */
static struct decimal grid_lot_share(struct decimal whole, struct decimal amount,
                                     struct decimal all)
{
    return decimal_equal(amount, all) ? whole
                                      : decimal_divide(decimal_multiply(whole, amount), all);
}

/* Takes up to `amount` out of the lot; the amount that it does not hold is returned. */
static struct decimal grid_lot_take(struct grid *grid, struct grid_lot *lot, struct decimal amount,
                                    struct decimal price)
{
    if (!decimal_is_valid(lot->amount) || decimal_sign(lot->amount) <= 0) {
        return amount;
    }
    const struct decimal taken = decimal_min(amount, lot->amount);
    const struct decimal cost = grid_lot_share(lot->cost, taken, lot->amount);
    const struct decimal fees = grid_lot_share(lot->fees, taken, lot->amount);
    grid_lot_realize(grid, cost, taken, price);
    grid->realized = decimal_subtract(grid->realized, fees);
    lot->amount = decimal_subtract(lot->amount, taken);
    lot->cost = decimal_subtract(lot->cost, cost);
    lot->fees = decimal_subtract(lot->fees, fees);
    return decimal_subtract(amount, taken);
}

/* Books a closing fill. */
static void grid_lot_close(struct grid *grid, const struct ledger_order *order,
                           const struct fill *fill)
{
    struct decimal left = fill->amount;
    struct grid_lot *own = &grid->levels[order->slot].lot;
    if (order->role == ROLE_TAKE_PROFIT) {
        left = grid_lot_take(grid, own, left, fill->price);
    } else {
        for (uint32_t i = 0; i < grid->level_count && decimal_sign(left) > 0; i++) {
            left = grid_lot_take(grid, &grid->levels[i].lot, left, fill->price);
        }
    }
    if (decimal_sign(left) > 0) {
        /* More was closed than was owned: the level is over-closed, at this price. */
        own->amount = decimal_subtract(own->amount, left);
        own->cost = decimal_subtract(own->cost, decimal_multiply(left, fill->price));
    }
    grid->realized = decimal_subtract(grid->realized, fill_fee_quote(fill));
}

void grid_lot_book(struct grid *grid, const struct ledger_order *order, const struct fill *fill)
{
    ASSERT(order->slot < grid->level_count);
    if (order->role == ROLE_OPEN) {
        grid_lot_give(&grid->levels[order->slot].lot, fill);
    } else {
        grid_lot_close(grid, order, fill);
    }
    grid_lot_weigh(grid);
}

/* Whether a lot is enough for an order at the price of its level. */
static bool grid_lot_is_tradable(const struct instrument *instrument,
                                 const struct grid_level *level)
{
    const struct decimal sellable = decimal_floor_to(level->lot.amount, instrument->step);
    return decimal_is_valid(sellable) && instrument_is_tradable(instrument, sellable, level->price);
}

void grid_lot_weigh(struct grid *grid)
{
    struct grid_lot sum = {0};
    for (uint32_t i = 0; i < grid->level_count; i++) {
        struct grid_level *level = &grid->levels[i];
        sum.amount = decimal_add(sum.amount, level->lot.amount);
        sum.cost = decimal_add(sum.cost, level->lot.cost);
        sum.fees = decimal_add(sum.fees, level->lot.fees);
        level->has_lot = grid_lot_is_tradable(grid->executor.instruments[0], level);
    }
    grid->owned = sum;
}
