#include "executors/bracket.h"

#include "executors/entry.h"
#include "executors/moment.h"
#include "executors/shutdown.h"
#include "executors/take_profit.h"

static void bracket_check(const struct bracket *bracket)
{
    const struct executor *executor = &bracket->executor;
    ASSERT((executor->close_type == CLOSE_NONE) == (executor->status < EXECUTOR_SHUTTING_DOWN));
    ASSERT(decimal_is_valid(bracket->entry_price) && decimal_is_valid(bracket->stop_loss));
    ASSERT(!bracket->is_armed || decimal_is_valid(bracket->trigger));
    ASSERT(!bracket->guard.is_up || executor->status != EXECUTOR_RUNNING ||
           bracket->guard.ledger_changes == executor->ledger.changes);
}

/* The price at which the whole amount is reserved: that of the entry order as far as it is known.
 */
static struct decimal bracket_plan_price(const struct bracket_config *config,
                                         const struct market_view *market)
{
    const bool buys = config->side == SIDE_BUY;
    const int type = bracket_barriers(config)->open_order_type;
    if (type == ORDER_MARKET) {
        return buys ? market->ask : market->bid;
    }
    if (!config->has_entry_price) {
        return buys ? market->bid : market->ask;
    }
    if (type == ORDER_LIMIT_MAKER) {
        return buys ? decimal_min(config->entry_price, market->bid)
                    : decimal_max(config->entry_price, market->ask);
    }
    return config->entry_price;
}

struct target bracket_target(const struct executor_config *config)
{
    return (struct target){TARGET_BASE, ((const struct bracket_config *)config)->amount};
}

void bracket_plan(const struct executor_config *config, const struct executor_view *view,
                  struct executor_plans *ret_plans)
{
    ret_plans->count = 1;
    const struct bracket_config *bracket = (const struct bracket_config *)config;
    const struct market_view *market = &view->markets[0];
    if (bracket->side == SIDE_SELL && !market->instrument->is_perpetual) {
        ret_plans->items[0] = (struct executor_plan){.is_base = true, .amount = bracket->amount};
        return;
    }
    struct decimal amount = decimal_multiply(bracket->amount, bracket_plan_price(bracket, market));
    if (market->instrument->is_perpetual) {
        amount = decimal_divide(amount, decimal_from_int(bracket->leverage));
    }
    /* What no decimal holds, no account holds. */
    const struct decimal most = decimal_negate((struct decimal){.raw = DECIMAL_RAW_INVALID + 1});
    ret_plans->items[0] =
        (struct executor_plan){.amount = decimal_is_valid(amount) ? amount : most};
}

/* Ends a bracket that never ran. */
static void bracket_refuse(struct bracket *bracket, enum close_type close_type, int64_t now_ns)
{
    bracket->executor.close_type = close_type;
    bracket->executor.closed_at_ns = now_ns;
    executor_set_status(&bracket->executor, EXECUTOR_TERMINATED);
}

/* One that ends at its start of the size of its entry. */
static void bracket_refuse_small(struct bracket *bracket, int64_t now_ns,
                                 struct executor_requests *requests)
{
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct order_draft draft = {
        .role = ROLE_OPEN,
        .side = config->side,
        .type = bracket_barriers(config)->open_order_type,
        .amount = config->amount,
        .price = bracket->entry_price,
    };
    executor_skip(requests, &draft, SKIP_BELOW_MIN_SIZE);
    bracket_refuse(bracket, CLOSE_FAILED, now_ns);
}

void bracket_on_start(struct executor *executor, const struct executor_view *view, bool is_funded,
                      struct executor_requests *requests)
{
    struct bracket *bracket = (struct bracket *)executor;
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct barrier_config *barriers = bracket_barriers(config);
    const struct market_view *market = &view->markets[0];
    const struct decimal from_book = config->side == SIDE_BUY ? market->bid : market->ask;
    bracket->entry_price = config->has_entry_price ? config->entry_price : from_book;
    bracket->stop_loss = barriers->stop_loss;
    if (barriers->trailing_stop != NULL) {
        bracket->activation = barriers->trailing_stop->activation;
        bracket->distance = barriers->trailing_stop->distance;
    }
    bracket->final = (struct quote){view->now_ns, market->bid, market->ask};

    const struct moment moment = moment_of(bracket, view);
    const struct decimal amount = decimal_floor_to(config->amount, moment.instrument->step);
    if (!is_funded) {
        bracket_refuse(bracket, CLOSE_INSUFFICIENT_BALANCE, view->now_ns);
    } else if (moment.is_expired) {
        bracket_refuse(bracket, CLOSE_EXPIRED, view->now_ns);
    } else if (decimal_less(amount, moment.instrument->min_order_size)) {
        bracket_refuse_small(bracket, view->now_ns, requests);
    } else {
        executor_set_status(executor, EXECUTOR_RUNNING);
    }
    bracket_check(bracket);
}

/* Steps 2 to 4 of the barriers: those of a position that can be closed. */
static enum close_type bracket_price_barrier(struct bracket *bracket, const struct moment *moment,
                                             const struct bracket_rules *rules,
                                             struct executor_requests *requests)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    const struct decimal stop = decimal_subtract(moment->target_yield, bracket->stop_loss);
    if (barriers->has_stop_loss && !decimal_less(stop, moment->net_pct)) {
        return CLOSE_STOP_LOSS;
    }
    enum verdict verdict = VERDICT_STAY;
    if (barriers->trailing_stop != NULL) {
        verdict = rules->trail(bracket, moment, requests);
    }
    if (verdict == VERDICT_CLOSE) {
        return CLOSE_TRAILING_STOP;
    }
    if (verdict == VERDICT_STAY && barriers->has_take_profit) {
        if (barriers->take_profit_order_type != ORDER_MARKET) {
            verdict = take_profit_step(bracket, moment, requests);
        } else if (!decimal_less(moment->net_pct, barriers->take_profit)) {
            return CLOSE_TAKE_PROFIT;
        }
    }
    return verdict == VERDICT_FAIL ? CLOSE_FAILED : CLOSE_NONE;
}

/* The time limit waits while the position earns more than the yield. */
static bool bracket_is_extended(const struct moment *moment, const struct bracket_rules *rules)
{
    return rules->is_extended_by_yield && decimal_sign(moment->remaining) > 0 &&
           decimal_less(moment->target_yield, moment->net_pct);
}

/* The first barrier that fires, or CLOSE_NONE. */
static enum close_type bracket_barrier(struct bracket *bracket, const struct moment *moment,
                                       const struct bracket_rules *rules,
                                       struct executor_requests *requests)
{
    if (take_profit_is_done(bracket, moment)) {
        return CLOSE_TAKE_PROFIT;
    }
    enum close_type close_type = CLOSE_NONE;
    if (moment->is_closable) {
        close_type = bracket_price_barrier(bracket, moment, rules, requests);
    }
    if (close_type == CLOSE_NONE && moment->is_expired && !bracket_is_extended(moment, rules)) {
        close_type = CLOSE_TIME_LIMIT;
    }
    return close_type;
}

/* Entry and barriers; says why the bracket has to be left, or CLOSE_NONE. */
static enum close_type bracket_run(struct bracket *bracket, const struct moment *moment,
                                   const struct bracket_rules *rules,
                                   struct executor_requests *requests)
{
    if (!moment->is_valid || executor_is_exhausted(&bracket->executor)) {
        return CLOSE_FAILED;
    }
    if (entry_step(bracket, moment, requests) == VERDICT_FAIL) {
        return CLOSE_FAILED;
    }
    return bracket_barrier(bracket, moment, rules, requests);
}

/* The shutdown rule, and a note of the market when it ends the bracket. */
static void bracket_shut_down(struct bracket *bracket, const struct moment *moment,
                              struct executor_requests *requests)
{
    const struct holding holding = {
        .side = bracket_side(bracket), .remaining = moment->remaining, .mark = moment->mark};
    shutdown_step(&bracket->executor, &holding, moment->now_ns, requests);
    if (bracket->executor.status == EXECUTOR_TERMINATED) {
        bracket->final = (struct quote){moment->now_ns, moment->bid, moment->ask};
    }
}

void bracket_evaluate(struct executor *executor, const struct executor_view *view,
                      const struct bracket_rules *rules, struct executor_requests *requests)
{
    struct bracket *bracket = (struct bracket *)executor;
    ASSERT(executor->status == EXECUTOR_RUNNING || executor->status == EXECUTOR_SHUTTING_DOWN);
    if (guard_holds(&bracket->guard, executor, bracket_side(bracket), view)) {
        return;
    }
    const struct moment moment = moment_of(bracket, view);
    if (executor->status == EXECUTOR_RUNNING) {
        const enum close_type close_type = bracket_run(bracket, &moment, rules, requests);
        if (close_type != CLOSE_NONE) {
            executor_leave(executor, close_type,
                           close_type == CLOSE_FAILED ? SHUTDOWN_FAIL : SHUTDOWN_CLOSE,
                           moment.now_ns);
        }
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        bracket_shut_down(bracket, &moment, requests);
    }
    if (executor->status == EXECUTOR_RUNNING) {
        const struct wake wake = bracket_wake_at(bracket, &moment, rules);
        guard_raise(&bracket->guard, executor, bracket_side(bracket), &wake);
    }
    bracket_check(bracket);
}

enum err bracket_stop(struct executor *executor, const struct executor_view *view,
                      bool keep_position, struct executor_requests *requests)
{
    struct bracket *bracket = (struct bracket *)executor;
    if (executor->status != EXECUTOR_RUNNING) {
        return ERR_STATE;
    }
    const struct moment moment = moment_of(bracket, view);
    executor_leave(executor, keep_position ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                   keep_position ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE, moment.now_ns);
    bracket_shut_down(bracket, &moment, requests);
    bracket_check(bracket);
    return ERR_NONE;
}

/* A fraction that a configuration would accept. */
static bool bracket_is_fraction(struct decimal value)
{
    return decimal_is_valid(value) && decimal_sign(value) > 0 &&
           !decimal_less(decimal_literal(BRACKET_FRACTION_MAX), value);
}

enum err bracket_on_update(struct executor *executor, const void *update,
                           const struct executor_view *view)
{
    (void)view;
    struct bracket *bracket = (struct bracket *)executor;
    const struct bracket_update *wanted = update;
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    if (executor->status != EXECUTOR_RUNNING || !barriers->has_stop_loss) {
        return ERR_STATE;
    }
    const struct decimal stop_loss = decimal_multiply(decimal_literal("1.1"), wanted->volatility);
    if (!bracket_is_fraction(wanted->volatility) || !bracket_is_fraction(stop_loss)) {
        return ERR_RANGE;
    }
    if (barriers->trailing_stop != NULL) {
        const struct decimal factor = decimal_divide(stop_loss, barriers->stop_loss);
        const struct decimal activation =
            decimal_multiply(barriers->trailing_stop->activation, factor);
        const struct decimal distance = decimal_multiply(barriers->trailing_stop->distance, factor);
        if (!bracket_is_fraction(activation) || !bracket_is_fraction(distance)) {
            return ERR_RANGE;
        }
        bracket->activation = activation;
        bracket->distance = distance;
    }
    bracket->stop_loss = stop_loss;
    guard_drop(&bracket->guard);
    bracket_check(bracket);
    return ERR_NONE;
}

void bracket_updatable(const struct executor *executor, struct text *out)
{
    const struct bracket *bracket = (const struct bracket *)executor;
    json_put_decimal(out, "stop_loss", bracket->stop_loss);
    json_put_decimal(out, "activation_pnl_pct", bracket->activation);
    json_put_decimal(out, "trailing_pct", bracket->distance);
}
