#include "executors/grid_moment.h"

#include "executors/mark.h"

/* The prices of the view, or those at which the grid ended. */
static void grid_moment_read_market(struct grid_moment *moment, const struct grid *grid,
                                    const struct executor_view *view)
{
    if (grid->executor.status == EXECUTOR_TERMINATED) {
        moment->now_ns = grid->final.time_ns;
        moment->bid = grid->final.bid;
        moment->ask = grid->final.ask;
    } else {
        ASSERT(view->market_count >= 1);
        moment->now_ns = view->now_ns;
        moment->bid = view->markets[0].bid;
        moment->ask = view->markets[0].ask;
    }
    moment->instrument = grid->executor.instruments[0];
    moment->mid = decimal_halve(decimal_add(moment->bid, moment->ask));
    moment->mark = grid_side(grid) == SIDE_BUY ? moment->bid : moment->ask;
}

static void grid_moment_read_lots(struct grid_moment *moment, const struct grid *grid)
{
    const struct ledger *ledger = &grid->executor.ledger;
    moment->remaining = ledger_remaining(ledger);
    moment->sellable = decimal_floor_to(moment->remaining, moment->instrument->step);
    moment->filled = decimal_add(ledger->opening.quote, ledger->closing.quote);
    moment->owned = grid->owned.amount;
    moment->cost = grid->owned.cost;
    moment->lot_fees = grid->owned.fees;
}

static void grid_moment_value(struct grid_moment *moment, const struct grid *grid)
{
    const struct decimal worth = decimal_multiply(moment->remaining, moment->mark);
    const struct decimal gain = mark_signed(grid_side(grid), decimal_subtract(worth, moment->cost));
    moment->position_pnl = decimal_subtract(gain, moment->lot_fees);
    moment->position_pct = moment_ratio(moment->position_pnl, moment->cost);
    moment->net = decimal_add(moment->position_pnl, grid->realized);
    moment->net_pct = moment_ratio(moment->net, moment->filled);
}

static bool grid_moment_is_valid(const struct grid_moment *moment)
{
    /* Twice a price and fractions of it stay far inside the range. */
    const struct decimal price_max = decimal_from_int(1000000000000000000);
    if (!decimal_is_valid(moment->mid) || decimal_less(price_max, moment->ask) ||
        decimal_less(price_max, moment->bid)) {
        return false;
    }
    return decimal_is_valid(moment->sellable) && decimal_is_valid(moment->owned) &&
           decimal_is_valid(moment->cost) && decimal_is_valid(moment->position_pct) &&
           decimal_is_valid(moment->net) && decimal_is_valid(moment->net_pct);
}

struct grid_moment grid_moment_of(const struct grid *grid, const struct executor_view *view)
{
    const struct grid_config *config = grid_config_of(grid);
    const struct barrier_config *barriers = config->barriers;
    struct grid_moment moment = {0};
    grid_moment_read_market(&moment, grid, view);
    grid_moment_read_lots(&moment, grid);
    grid_moment_value(&moment, grid);
    moment.is_expired =
        barriers->has_time_limit &&
        instant_add(config->common.timestamp_ns, barriers->time_limit_ns) <= moment.now_ns;
    moment.is_valid = grid_moment_is_valid(&moment);
    moment.is_closable =
        moment.is_valid && instrument_is_tradable(moment.instrument, moment.sellable, moment.mark);
    return moment;
}

struct moment grid_moment_position(const struct grid *grid, const struct grid_moment *moment)
{
    ASSERT(decimal_sign(moment->remaining) > 0);
    return (struct moment){
        .now_ns = moment->now_ns,
        .instrument = moment->instrument,
        .side = grid_side(grid),
        .bid = moment->bid,
        .ask = moment->ask,
        .mark = moment->mark,
        .open = moment->remaining,
        .remaining = moment->remaining,
        .sellable = moment->sellable,
        .entry = decimal_divide(moment->cost, moment->remaining),
        .basis = moment->cost,
        .fees = moment->lot_fees,
        .net = moment->position_pnl,
        .net_pct = moment->position_pct,
        .is_closable = moment->is_closable,
        .is_valid = moment->is_valid,
    };
}
