#include "executors/grid.h"

#include "executors/grid_levels.h"
#include "executors/grid_lot.h"
#include "executors/grid_moment.h"
#include "executors/mark.h"
#include "executors/report.h"
#include "executors/snapshot.h"

/* A figure beyond the range of a decimal cannot be shown. */
static struct decimal grid_shown(struct decimal value)
{
    return decimal_is_valid(value) ? value : DECIMAL_ZERO;
}

void grid_report(const struct executor *executor, const struct executor_view *view,
                 struct executor_report *ret_report)
{
    const struct grid *grid = (const struct grid *)executor;
    const struct ledger *ledger = &executor->ledger;
    const struct grid_moment moment = grid_moment_of(grid, view);
    *ret_report = (struct executor_report){
        .status = executor->status,
        .close_type = executor->close_type,
        .side = grid_side(grid),
        .closed_at_ns = executor->closed_at_ns,
        .net_pnl_quote = grid_shown(moment.net),
        .net_pnl_pct = grid_shown(moment.net_pct),
        .cum_fees_quote = grid_shown(ledger->fees),
        .filled_amount_quote = grid_shown(moment.filled),
        .held = executor->held,
        .dust = executor->dust,
    };
}

static void grid_put_states(const struct grid *grid, struct text *out)
{
    static const char *const names[GRID_LEVEL_STATE_COUNT] = {
        [GRID_LEVEL_NOT_ACTIVE] = "NOT_ACTIVE",
        [GRID_LEVEL_OPEN_ORDER_PLACED] = "OPEN_ORDER_PLACED",
        [GRID_LEVEL_OPEN_ORDER_FILLED] = "OPEN_ORDER_FILLED",
        [GRID_LEVEL_CLOSE_ORDER_PLACED] = "CLOSE_ORDER_PLACED",
        [GRID_LEVEL_COMPLETE] = "COMPLETE",
    };
    int64_t counts[GRID_LEVEL_STATE_COUNT] = {0};
    for (uint32_t i = 0; i < grid->level_count; i++) {
        const struct grid_lot *lot = &grid->levels[i].lot;
        counts[decimal_is_valid(lot->amount) ? grid_level_state(grid, &grid->levels[i])
                                             : GRID_LEVEL_OPEN_ORDER_FILLED]++;
    }
    json_key(out, "levels_by_state");
    json_object_begin(out);
    for (size_t i = 0; i < GRID_LEVEL_STATE_COUNT; i++) {
        json_key(out, names[i]);
        json_int(out, counts[i]);
    }
    json_object_end(out);
}

static void grid_put_prices(const struct grid *grid, struct text *out)
{
    const struct decimal move = mark_signed(grid_side(grid), grid->take_profit);
    json_key(out, "grid_level_prices");
    json_array_begin(out);
    for (uint32_t i = 0; i < grid->level_count; i++) {
        json_decimal(out, grid->levels[i].price);
    }
    json_array_end(out);
    json_key(out, "grid_tp_prices");
    json_array_begin(out);
    for (uint32_t i = 0; i < grid->level_count; i++) {
        json_decimal(out, grid_shown(decimal_multiply(grid->levels[i].price,
                                                      decimal_add(DECIMAL_ONE, move))));
    }
    json_array_end(out);
}

/* How many orders ended in each way, and what is still to be filled at the price of the order. */
struct grid_tally {
    int64_t filled;
    int64_t failed;
    int64_t canceled;
    struct decimal open_liquidity;
    struct decimal close_liquidity;
};

static struct grid_tally grid_tally_of(const struct ledger *ledger)
{
    struct grid_tally tally = {0};
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        tally.filled += order->state == LEDGER_FILLED ? 1 : 0;
        tally.failed += order->state == LEDGER_FAILED ? 1 : 0;
        tally.canceled += order->state == LEDGER_CANCELED ? 1 : 0;
        if (ledger_order_is_live(order)) {
            struct decimal *sum =
                order->role == ROLE_OPEN ? &tally.open_liquidity : &tally.close_liquidity;
            const struct decimal rest = decimal_subtract(order->amount, order->executed);
            *sum = decimal_add(*sum, decimal_multiply(rest, order->price));
        }
    }
    return tally;
}

static void grid_put_tally(const struct grid *grid, struct text *out)
{
    const struct grid_tally tally = grid_tally_of(&grid->executor.ledger);
    json_put_int(out, "filled_orders", tally.filled);
    json_put_int(out, "failed_orders", tally.failed);
    json_put_int(out, "canceled_orders", tally.canceled);
    report_put_optional(out, "open_liquidity_placed", true, tally.open_liquidity);
    report_put_optional(out, "close_liquidity_placed", true, tally.close_liquidity);
}

/* What was closed: bought and sold at what it cost and brought, and the result of it. */
static void grid_put_realized(const struct grid *grid, const struct grid_moment *moment,
                              struct text *out)
{
    const struct ledger *ledger = &grid->executor.ledger;
    const bool buys = grid_side(grid) == SIDE_BUY;
    const struct decimal fees = decimal_subtract(ledger->fees, moment->lot_fees);
    const struct decimal brought = ledger->closing.quote;
    /* realized = s * (brought - cost) - fees */
    const struct decimal cost =
        decimal_subtract(brought, mark_signed(grid_side(grid), decimal_add(grid->realized, fees)));
    const struct decimal bought = buys ? cost : brought;
    const struct decimal sold = buys ? brought : cost;
    report_put_optional(out, "realized_buy_size_quote", true, bought);
    report_put_optional(out, "realized_sell_size_quote", true, sold);
    report_put_optional(out, "realized_imbalance_quote", true, decimal_subtract(bought, sold));
    report_put_optional(out, "realized_fees_quote", true, fees);
    report_put_optional(out, "realized_pnl_quote", true, grid->realized);
    report_put_optional(out, "realized_pnl_pct", true, moment_ratio(grid->realized, bought));
}

static void grid_put_position(const struct grid *grid, const struct grid_moment *moment,
                              struct text *out)
{
    const struct executor *executor = &grid->executor;
    report_put_optional(out, "position_size_quote", true, moment->cost);
    report_put_optional(out, "position_fees_quote", true, moment->lot_fees);
    report_put_optional(out, "current_position_average_price", true,
                        moment_ratio(moment->cost, moment->remaining));
    report_put_optional(out, "position_pnl_quote", true, moment->position_pnl);
    report_put_optional(out, "held_position_value", true,
                        decimal_multiply(executor->held, moment->mark));
    report_put_optional(out, "trailing_stop_trigger_pct", grid->trailing.is_armed,
                        grid->trailing.level);
}

void grid_custom_info(const struct executor *executor, const struct executor_view *view,
                      struct text *out)
{
    const struct grid *grid = (const struct grid *)executor;
    const struct grid_config *config = grid_config_of(grid);
    const struct grid_moment moment = grid_moment_of(grid, view);
    json_put_string(out, "level_id", config->level_id);
    json_put_int(out, "side", config->side);
    json_put_int(out, "current_retries", executor->retries);
    json_put_int(out, "max_retries", config->common.max_retries);
    grid_put_states(grid, out);
    grid_put_tally(grid, out);
    grid_put_realized(grid, &moment, out);
    grid_put_position(grid, &moment, out);
    grid_put_prices(grid, out);
    json_put_int(out, "grid_side", config->side);
    json_put_decimal(out, "grid_limit_price", config->limit_price);
    json_put_int(out, "fill_events", (int64_t)grid->fill_events);
    report_put_orders(executor, out);
}

/* Only levels that hold something, as [level, amount, cost, fees]. */
static void grid_save_lots(const struct grid *grid, struct text *out)
{
    json_key(out, "lots");
    json_array_begin(out);
    for (uint32_t i = 0; i < grid->level_count; i++) {
        const struct grid_lot *lot = &grid->levels[i].lot;
        if (lot->amount.raw == 0 && lot->cost.raw == 0 && lot->fees.raw == 0) {
            continue;
        }
        json_array_begin(out);
        json_int(out, i);
        json_decimal(out, lot->amount);
        json_decimal(out, lot->cost);
        json_decimal(out, lot->fees);
        json_array_end(out);
    }
    json_array_end(out);
}

void grid_save(const struct executor *executor, struct text *out)
{
    const struct grid *grid = (const struct grid *)executor;
    json_put_decimal(out, "start_mid", grid->start_mid);
    json_put_decimal(out, "realized", grid->realized);
    json_put_int(out, "is_armed", grid->trailing.is_armed);
    json_put_decimal(out, "trigger", grid->trailing.level);
    snapshot_put_int64(out, "fill_events", (int64_t)grid->fill_events);
    snapshot_put_final(out, &grid->final);
    grid_save_lots(grid, out);
}

static enum err grid_load_lots(struct grid *grid, const struct node *node)
{
    if (node == NULL || node->kind != NODE_SEQUENCE) {
        return ERR_CORRUPT;
    }
    for (size_t i = 0; i < node->count; i++) {
        const struct node *row = node->items[i];
        int64_t index;
        if (row->kind != NODE_SEQUENCE || row->count != 4 || grid->level_count == 0 ||
            snapshot_between(row->items[0], 0, grid->level_count - 1, &index) != ERR_NONE) {
            return ERR_CORRUPT;
        }
        struct grid_lot *lot = &grid->levels[index].lot;
        if (snapshot_decimal(row->items[1], &lot->amount) != ERR_NONE ||
            snapshot_decimal(row->items[2], &lot->cost) != ERR_NONE ||
            snapshot_decimal(row->items[3], &lot->fees) != ERR_NONE) {
            return ERR_CORRUPT;
        }
    }
    return ERR_NONE;
}

/* Gives the orders of the ledger back to their levels. */
static enum err grid_load_orders(struct grid *grid)
{
    const struct ledger *ledger = &grid->executor.ledger;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        if (order->market != 0 || order->slot >= grid->level_count || order->role == ROLE_PARTIAL) {
            return ERR_CORRUPT;
        }
        struct grid_level *level = &grid->levels[order->slot];
        if (order->role == ROLE_OPEN) {
            level->open_ordinal = order->ordinal;
            grid->opened_at_ns = order->placed_at_ns;
            grid->has_opened = true;
        } else if (order->role == ROLE_TAKE_PROFIT) {
            level->close_ordinal = order->ordinal;
        }
    }
    return ERR_NONE;
}

enum err grid_load(struct executor *executor, const struct node *node)
{
    struct grid *grid = (struct grid *)executor;
    int64_t is_armed;
    int64_t fill_events;
    if (snapshot_get_decimal(node, "start_mid", &grid->start_mid) != ERR_NONE ||
        snapshot_get_decimal(node, "realized", &grid->realized) != ERR_NONE ||
        snapshot_get_between(node, "is_armed", 0, 1, &is_armed) != ERR_NONE ||
        snapshot_get_decimal(node, "trigger", &grid->trailing.level) != ERR_NONE ||
        snapshot_get_between(node, "fill_events", 0, INT64_MAX, &fill_events) != ERR_NONE ||
        snapshot_get_final(node, &grid->final) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    grid->trailing.is_armed = is_armed != 0;
    grid->fill_events = (uint64_t)fill_events;
    grid_levels_set(grid);
    const bool runs =
        executor->status == EXECUTOR_RUNNING || executor->status == EXECUTOR_SHUTTING_DOWN;
    if ((runs && grid->level_count == 0) || !decimal_is_valid(grid->trailing.level)) {
        return ERR_CORRUPT;
    }
    const enum err err = grid_load_lots(grid, node_get(node, "lots"));
    grid_lot_weigh(grid);
    return err == ERR_NONE ? grid_load_orders(grid) : err;
}
