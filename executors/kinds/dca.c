/*
 * DCA executor: averages into a position over levels of price and guards what is filled with
 * barriers.
 *
 * A level is a slot of the ledger: what it has executed is the sum over its own orders, so that a
 * failed or canceled one is placed again, for what it lacks, without shifting the others. Levels
 * are placed in their order, one at an instant. MAKER rests LIMIT orders at the prices; TAKER sends
 * MARKET orders when the mid price has come near enough to them.
 */
#include "executors/bounds.h"
#include "executors/dca.h"
#include "executors/mark.h"
#include "executors/moment_wake.h"
#include "executors/recall.h"
#include "executors/registry.h"
#include "executors/report.h"
#include "executors/snapshot.h"

static void dca_plan(const struct executor_config *config, const struct executor_view *view,
                     struct executor_plans *ret_plans)
{
    const struct dca_config *dca = (const struct dca_config *)config;
    const struct dca_sums sums = dca_sums_of(dca);
    exposure_plan(&dca->exposure, view->markets[0].instrument, sums.amount, sums.quote, ret_plans);
}

static struct target dca_planned(const struct executor_config *config)
{
    return (struct target){TARGET_BASE, dca_sums_of((const struct dca_config *)config).amount};
}

static struct moment dca_moment(const struct dca *dca, const struct executor_view *view)
{
    return exposure_moment(&dca->exposure, view, dca_price(dca_config_of(dca), 0));
}

static bool dca_is_expired(const struct dca *dca, int64_t now_ns)
{
    const struct dca_config *config = dca_config_of(dca);
    return config->has_time_limit &&
           instant_add(config->exposure.common.timestamp_ns, config->time_limit_ns) <= now_ns;
}

static enum close_type dca_start_type(const struct dca *dca, const struct moment *moment,
                                      bool is_funded, struct executor_requests *requests)
{
    const size_t count = dca_config_of(dca)->prices.count;
    struct dca_levels levels;
    dca_read_levels(dca, &levels);
    if (!is_funded) {
        return CLOSE_INSUFFICIENT_BALANCE;
    }
    if (dca_is_expired(dca, moment->now_ns)) {
        return CLOSE_EXPIRED;
    }
    for (size_t i = 0; i < count; i++) {
        const struct order_draft draft = dca_draft(dca, &levels, i);
        if (!dca_is_tradable(dca, &draft)) {
            executor_skip_small(&dca->exposure.executor, requests, &draft);
            return CLOSE_FAILED;
        }
    }
    return moment->is_valid && decimal_is_valid(dca_sums_of(dca_config_of(dca)).quote)
               ? CLOSE_NONE
               : CLOSE_FAILED;
}

static void dca_on_start(struct executor *executor, const struct executor_view *view,
                         bool is_funded, struct executor_requests *requests)
{
    struct dca *dca = (struct dca *)executor;
    const struct moment moment = dca_moment(dca, view);
    exposure_start(&dca->exposure, view, dca_start_type(dca, &moment, is_funded, requests));
}

/* Takes back a MARKET order that takes too long, and an order of a level whose earlier fills came
 * late, so that together they would exceed it. */
static void dca_watch(struct dca *dca, const struct dca_levels *levels, int64_t now_ns,
                      struct executor_requests *requests)
{
    struct executor *executor = &dca->exposure.executor;
    uint32_t unseen = executor->ledger.live_count;
    for (uint32_t i = executor->ledger.count; i > 0 && unseen > 0; i--) {
        struct ledger_order *order = &executor->ledger.orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (order->type == ORDER_MARKET) {
            recall_time_out(executor, order, now_ns);
        }
        const struct dca_level *level = &levels->items[order->slot];
        const bool exceeds = decimal_less(dca_target(dca, order->slot),
                                          decimal_add(level->executed, level->working));
        if (exceeds || order->is_timed_out || order->is_cancel_requested) {
            recall_order(order, now_ns, 1, requests);
        }
    }
}

static struct bounds_order dca_bounds_order(const struct dca *dca, size_t level)
{
    const struct dca_config *config = dca_config_of(dca);
    return (struct bounds_order){
        .side = exposure_side(&dca->exposure),
        .type = config->mode == DCA_MAKER ? ORDER_LIMIT : ORDER_MARKET,
        .price = dca_price(config, level),
    };
}

/* Whether the mid is near enough to a level. TAKER excludes the limits themselves. */
static bool dca_is_inside(const struct dca *dca, const struct moment *moment, size_t level)
{
    const struct decimal *bounds = dca_bounds(dca_config_of(dca));
    const struct bounds_order order = dca_bounds_order(dca, level);
    if (bounds == NULL) {
        return true;
    }
    if (order.type != ORDER_MARKET) {
        return bounds_contain(bounds, moment_mid(moment), &order);
    }
    const bool buys = order.side == SIDE_BUY;
    const struct decimal below = decimal_subtract(DECIMAL_ONE, bounds[buys ? 0 : 1]);
    const struct decimal above = decimal_add(DECIMAL_ONE, bounds[buys ? 1 : 0]);
    return decimal_less(decimal_multiply(order.price, below), moment_mid(moment)) &&
           decimal_less(moment_mid(moment), decimal_multiply(order.price, above));
}

/* One level at an instant: so a second look at the same instant changes nothing. */
static bool dca_has_placed_at(const struct dca *dca, int64_t now_ns)
{
    const struct ledger *ledger = &dca->exposure.executor.ledger;
    const struct ledger_order *last = ledger_find(ledger, ledger->count);
    return last != NULL && last->placed_at_ns == now_ns;
}

static bool dca_is_held_back(const struct dca *dca, int64_t now_ns)
{
    return dca_is_expired(dca, now_ns) || dca_has_placed_at(dca, now_ns);
}

/* Places the next level when its turn has come. False when the ledger takes no more orders. */
static bool dca_place(struct dca *dca, const struct moment *moment, const struct dca_levels *levels,
                      struct executor_requests *requests)
{
    const size_t level = dca_next_level(dca, levels);
    const bool is_waiting = executor_is_waiting_to_open(&dca->exposure.executor, moment->now_ns);
    if (level == dca_config_of(dca)->prices.count || dca_is_held_back(dca, moment->now_ns)) {
        return true;
    }
    const struct order_draft draft = dca_draft(dca, levels, level);
    if (is_waiting || !dca_is_inside(dca, moment, level)) {
        executor_skip(requests, &draft, is_waiting ? SKIP_RETRY_WAIT : SKIP_BOUNDS);
        return true;
    }
    return executor_place(&dca->exposure.executor, &draft, moment->now_ns, requests);
}

/* Whether the stop loss counts: that of MAKER only once every level is terminal. */
static bool dca_is_guarded(const struct dca *dca, const struct dca_levels *levels)
{
    const struct dca_config *config = dca_config_of(dca);
    return config->has_stop_loss && (config->mode == DCA_TAKER || dca_is_complete(dca, levels));
}

/* TAKER: the loss in quote at which the stop fires. Invalid beyond the range of a decimal. */
static struct decimal dca_loss_max(const struct dca_config *config)
{
    return decimal_multiply(config->stop_loss, dca_sums_of(config).quote);
}

static bool dca_is_stopped(const struct dca *dca, const struct moment *moment,
                           const struct dca_levels *levels)
{
    const struct dca_config *config = dca_config_of(dca);
    if (!dca_is_guarded(dca, levels)) {
        return false;
    }
    if (config->mode == DCA_MAKER) {
        return !decimal_less(decimal_negate(config->stop_loss), moment->net_pct);
    }
    const struct decimal loss = decimal_negate(dca_loss_max(config));
    return decimal_is_valid(loss) && !decimal_less(loss, moment->net);
}

/* The first barrier that fires, or CLOSE_NONE. */
static enum close_type dca_barrier(struct dca *dca, const struct moment *moment,
                                   const struct dca_levels *levels)
{
    const struct dca_config *config = dca_config_of(dca);
    const struct trailing_config *trailing = config->trailing_stop;
    if (moment->is_closable) {
        if (dca_is_stopped(dca, moment, levels)) {
            return CLOSE_STOP_LOSS;
        }
        if (trailing != NULL && trailing_follow(&dca->trigger, trailing->activation,
                                                trailing->distance, moment->net_pct)) {
            return CLOSE_TRAILING_STOP;
        }
        if (config->has_take_profit && !decimal_less(moment->net_pct, config->take_profit)) {
            return CLOSE_TAKE_PROFIT;
        }
    }
    return dca_is_expired(dca, moment->now_ns) ? CLOSE_TIME_LIMIT : CLOSE_NONE;
}

static enum close_type dca_run(struct dca *dca, const struct moment *moment,
                               struct executor_requests *requests)
{
    struct dca_levels levels;
    if (!moment->is_valid) {
        return CLOSE_FAILED;
    }
    dca_read_levels(dca, &levels);
    dca_watch(dca, &levels, moment->now_ns, requests);
    if (executor_is_exhausted(&dca->exposure.executor) ||
        !dca_place(dca, moment, &levels, requests)) {
        return CLOSE_FAILED;
    }
    dca_read_levels(dca, &levels); /* An order that was placed just now is live. */
    return dca_barrier(dca, moment, &levels);
}

static enum err dca_on_stop(struct executor *executor, const struct executor_view *view,
                            bool keep_position, struct executor_requests *requests)
{
    struct dca *dca = (struct dca *)executor;
    const struct moment moment = dca_moment(dca, view);
    return exposure_stop(&dca->exposure, &moment, keep_position, requests);
}

/* When orders have to go that dca_watch() looks after. */
static void dca_wake_orders(const struct dca *dca, struct wake *wake)
{
    const struct ledger *ledger = &dca->exposure.executor.ledger;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        const struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (order->is_cancel_requested) {
            recall_wake(order, wake);
        } else if (order->type == ORDER_MARKET) {
            recall_wake_time_out(order, wake);
        }
    }
}

/* When the next level can be placed. */
static void dca_wake_next(const struct dca *dca, const struct moment *moment,
                          const struct dca_levels *levels, struct wake *wake)
{
    const struct executor *executor = &dca->exposure.executor;
    const size_t level = dca_next_level(dca, levels);
    if (level == dca_config_of(dca)->prices.count || dca_is_expired(dca, moment->now_ns)) {
        return;
    }
    const struct decimal *bounds = dca_bounds(dca_config_of(dca));
    const bool is_inside = dca_is_inside(dca, moment, level);
    if (executor_is_waiting_to_open(executor, moment->now_ns)) {
        executor_wake_to_open(executor, moment->now_ns, wake); /* The bounds are looked at then. */
    } else if (is_inside) {
        wake_add_time(wake, instant_add(moment->now_ns, 1)); /* One was placed just now. */
    }
    if (bounds != NULL && !is_inside) {
        const struct bounds_order order = dca_bounds_order(dca, level);
        bounds_await(bounds, moment_mid(moment), &order, is_inside, &wake->markets[0]);
    }
}

static void dca_wake_barriers(const struct dca *dca, const struct moment *moment,
                              const struct dca_levels *levels, struct wake_levels *out)
{
    const struct dca_config *config = dca_config_of(dca);
    const struct trailing_config *trailing = config->trailing_stop;
    mark_wake_tradable(out, moment->side, moment->mark, moment->instrument, moment->sellable);
    if (!moment->is_closable) {
        return;
    }
    const struct moment_scale scale = moment_scale_of(moment);
    if (dca_is_guarded(dca, levels)) {
        const struct decimal stop = config->mode == DCA_MAKER
                                        ? config->stop_loss
                                        : decimal_divide(dca_loss_max(config), moment->basis);
        moment_wake_fall(&scale, decimal_negate(stop), dca_is_stopped(dca, moment, levels), out);
    }
    if (trailing != NULL) {
        trailing_await(&dca->trigger, trailing->activation, trailing->distance, &scale, out);
    }
    if (config->has_take_profit) {
        moment_wake_rise(&scale, config->take_profit,
                         !decimal_less(moment->net_pct, config->take_profit), out);
    }
}

/* What it waits for at that moment. */
static struct wake dca_wake_at(const struct dca *dca, const struct moment *moment)
{
    struct wake wake;
    const struct dca_config *config = dca_config_of(dca);
    struct dca_levels levels;
    if (!exposure_wake(&dca->exposure, moment, &wake)) {
        return wake;
    }
    dca_read_levels(dca, &levels);
    dca_wake_orders(dca, &wake);
    dca_wake_next(dca, moment, &levels, &wake);
    dca_wake_barriers(dca, moment, &levels, &wake.markets[0]);
    if (config->has_time_limit) {
        wake_add_time(&wake,
                      instant_add(config->exposure.common.timestamp_ns, config->time_limit_ns));
    }
    return wake;
}

static void dca_wake(const struct executor *executor, const struct executor_view *view,
                     struct wake *ret_wake)
{
    const struct dca *dca = (const struct dca *)executor;
    if (exposure_is_guarded(&dca->exposure, view)) {
        *ret_wake = guard_wake(&dca->exposure.guard, exposure_side(&dca->exposure));
        return;
    }
    const struct moment moment = dca_moment(dca, view);
    *ret_wake = dca_wake_at(dca, &moment);
}

static void dca_on_market(struct executor *executor, const struct executor_view *view,
                          struct executor_requests *requests)
{
    struct dca *dca = (struct dca *)executor;
    if (exposure_is_guarded(&dca->exposure, view)) {
        return;
    }
    const struct moment moment = dca_moment(dca, view);
    enum close_type close_type = CLOSE_NONE;
    if (executor->status == EXECUTOR_RUNNING) {
        close_type = dca_run(dca, &moment, requests);
    }
    exposure_settle(&dca->exposure, &moment, close_type, requests);
    const struct wake wake = dca_wake_at(dca, &moment);
    guard_raise(&dca->exposure.guard, executor, moment.side, &wake);
}

static void dca_report(const struct executor *executor, const struct executor_view *view,
                       struct executor_report *ret_report)
{
    const struct moment moment = dca_moment((const struct dca *)executor, view);
    report_position(executor, &moment, ret_report);
}

static void dca_custom_info(const struct executor *executor, const struct executor_view *view,
                            struct text *out)
{
    const struct dca *dca = (const struct dca *)executor;
    const struct dca_config *config = dca_config_of(dca);
    const struct moment moment = dca_moment(dca, view);
    const struct dca_sums sums = dca_sums_of(config);
    struct decimal price_min;
    struct decimal price_max;
    dca_price_range(config, &price_min, &price_max);
    exposure_custom_info(&dca->exposure, &moment, out);
    report_put_optional(out, "target_position_average_price", true,
                        decimal_divide(sums.quote, sums.amount));
    report_put_optional(out, "filled_amount", true, moment.open);
    report_put_optional(out, "filled_amount_quote", true, executor->ledger.opening.quote);
    report_put_optional(out, "max_amount_quote", true, sums.quote);
    report_put_optional(out, "min_price", true, price_min);
    report_put_optional(out, "max_price", true, price_max);
    report_put_optional(out, "max_loss_quote", config->has_stop_loss,
                        decimal_multiply(sums.quote, config->stop_loss));
    report_put_optional(out, "current_market_price", true, moment.mark);
    json_put_string(out, "close_type", field_name_of(close_type_names, (int)executor->close_type));
    report_put_optional(out, "close_timestamp", executor->close_type != CLOSE_NONE,
                        instant_seconds(executor->closed_at_ns));
    json_put_int(out, "n_levels", (int64_t)config->prices.count);
    report_put_optional(out, "trailing_stop_trigger_pct", dca->trigger.is_armed,
                        dca->trigger.level);
    report_put_optional(out, "total_executed_amount_backup", true, moment.gross);
}

static void dca_save(const struct executor *executor, struct text *out)
{
    const struct dca *dca = (const struct dca *)executor;
    json_put_int(out, "is_armed", dca->trigger.is_armed);
    json_put_decimal(out, "trigger", dca->trigger.level);
    snapshot_put_final(out, &dca->exposure.final);
}

static enum err dca_load(struct executor *executor, const struct node *node)
{
    struct dca *dca = (struct dca *)executor;
    int64_t is_armed;
    if (!dca_ledger_is_sound(dca) ||
        snapshot_get_between(node, "is_armed", 0, 1, &is_armed) != ERR_NONE ||
        snapshot_get_decimal(node, "trigger", &dca->trigger.level) != ERR_NONE ||
        !decimal_is_valid(dca->trigger.level)) {
        return ERR_CORRUPT;
    }
    dca->trigger.is_armed = is_armed != 0;
    return snapshot_get_final(node, &dca->exposure.final);
}

const struct executor_kind executor_kind_dca = {
    .type = "dca_executor",
    .summary = "Averages into a position over levels of price and closes it at a barrier.",
    .config_fields = dca_config_fields,
    .config_size = sizeof(struct dca_config),
    .state_size = sizeof(struct dca),
    .market_count = 1,
    .validate = dca_validate,
    .market = exposure_market,
    .plan = dca_plan,
    .target = dca_planned,
    .on_start = dca_on_start,
    .on_market = dca_on_market,
    .on_order = executor_on_order,
    .on_stop = dca_on_stop,
    .wake = dca_wake,
    .report = dca_report,
    .custom_info = dca_custom_info,
    .save = dca_save,
    .load = dca_load,
};
