/*
 * Cross-exchange market making: an order rests on the maker market at a price at which its fills
 * can be hedged on the taker market with a profit; every fill is hedged there by a MARKET order.
 *
 * The resting order is withdrawn while its profit is outside of what is wanted, and stays the
 * executor's until the venue has ended it; what it lacks is then placed at the price of the moment.
 * Fills that the taker market does not take for being too small add up to one that it takes.
 */
#include "executors/factory.h"
#include "executors/mark.h"
#include "executors/moment.h"
#include "executors/pairing.h"
#include "executors/recall.h"
#include "executors/registry.h"
#include "executors/report.h"

struct xemm_config {
    struct pairing_config pairing;
    int maker_side; /* enum side */
    struct decimal target_profitability;
    struct decimal max_profitability;
};

static const struct field xemm_config_fields[] = {
    PAIRING_CONFIG_FIELDS,
    {.name = "maker_side",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct xemm_config, maker_side),
     .is_required = true,
     .names = side_names,
     .doc = "BUY rests on the buying market and hedges on the selling one, SELL the other way."},
    PAIRING_PROFIT_FIELD(xemm_config, target_profitability,
                         "The profit at which the order is placed."),
    PAIRING_PROFIT_FIELD(xemm_config, max_profitability,
                         "The most profit: beyond it the order is too far from the market."),
    {0},
};

/* The executor at one instant, as maker and taker. */
struct xemm {
    struct pairing *pairing;         /* NULL when only looked at. */
    const struct executor *executor; /* The same. */
    const struct xemm_config *config;
    struct pairing_moment moment;
    enum side side; /* Of the maker order. */
    uint32_t maker; /* Markets. */
    uint32_t taker;
    struct decimal taker_price; /* The best one for a hedge. */
    struct decimal hedge_price; /* Of a hedge of everything that is not hedged yet; invalid when the
                                 * depth does not suffice for it. */
    struct decimal hedge_value; /* The same in the quote asset of the maker's market. */
    struct decimal cost;        /* Fees of both legs, fraction. */
    struct decimal price;       /* Of a maker order at the target; on the tick grid. */
    struct decimal lacking;     /* What the maker side has not filled, on its step grid. */
    struct decimal unhedged;    /* What is to be hedged; negative: too much was. */
    bool is_deep; /* The hedge price may be another one with every quote of the taker market. */
    bool is_valid;
};

/* A price of the taker's market in the quote asset of the maker's. */
static struct decimal xemm_value(const struct xemm *xemm, struct decimal price)
{
    return pairing_price(&xemm->moment, xemm->maker,
                         pairing_value(&xemm->moment, xemm->taker, price));
}

/* The other way. */
static struct decimal xemm_price(const struct xemm *xemm, struct decimal value)
{
    return pairing_price(&xemm->moment, xemm->taker,
                         pairing_value(&xemm->moment, xemm->maker, value));
}

/* The fees of an order that rests and of its hedge. */
static struct decimal xemm_cost(const struct xemm_config *config, const struct instrument *buying,
                                const struct instrument *selling)
{
    const bool buys = config->maker_side == SIDE_BUY;
    return decimal_add(pairing_fee(&config->pairing, PAIRING_BUYING, buying,
                                   buys ? LIQUIDITY_MAKER : LIQUIDITY_TAKER),
                       pairing_fee(&config->pairing, PAIRING_SELLING, selling,
                                   buys ? LIQUIDITY_TAKER : LIQUIDITY_MAKER));
}

/* The prices and fees that follow from the side. */
static void xemm_read_markets(struct xemm *xemm)
{
    const struct instrument *const *instruments = xemm->executor->instruments;
    const bool buys = xemm->side == SIDE_BUY;
    xemm->maker = buys ? PAIRING_BUYING : PAIRING_SELLING;
    xemm->taker = buys ? PAIRING_SELLING : PAIRING_BUYING;
    xemm->taker_price = buys ? xemm->moment.bid[xemm->taker] : xemm->moment.ask[xemm->taker];
    xemm->hedge_price = xemm->moment.whole[xemm->taker];
    xemm->hedge_value = xemm_value(xemm, xemm->hedge_price);
    xemm->cost = xemm_cost(xemm->config, instruments[PAIRING_BUYING], instruments[PAIRING_SELLING]);
}

/* taker / (1 + target + cost) for a maker that buys, taker / (1 - target - cost) for one that
 * sells; invalid when there is no such price. */
static struct decimal xemm_target_price(const struct xemm_config *config,
                                        const struct instrument *instrument,
                                        struct decimal taker_price, struct decimal cost)
{
    const struct decimal margin = decimal_add(config->target_profitability, cost);
    const enum side side = (enum side)config->maker_side;
    const struct decimal factor = decimal_add(DECIMAL_ONE, mark_signed(side, margin));
    if (!decimal_is_valid(taker_price) || decimal_sign(factor) <= 0) {
        return DECIMAL_INVALID;
    }
    const struct decimal price = decimal_divide(taker_price, factor);
    return decimal_is_valid(price) ? instrument_passive_price(instrument, side, price)
                                   : DECIMAL_INVALID;
}

static struct xemm xemm_of(const struct executor *executor, const struct executor_view *view)
{
    const struct pairing *pairing = (const struct pairing *)executor;
    struct xemm xemm = {
        .executor = executor,
        .config = (const struct xemm_config *)executor->config,
        .moment = pairing_moment_of(pairing, view),
    };
    xemm.side = (enum side)xemm.config->maker_side;
    xemm_read_markets(&xemm);
    xemm.is_deep = view->markets[xemm.taker].depth != NULL;
    xemm.price = xemm_target_price(xemm.config, executor->instruments[xemm.maker], xemm.hedge_value,
                                   xemm.cost);
    const struct decimal filled = executor->ledger.opening.executed;
    xemm.lacking = decimal_floor_to(decimal_subtract(pairing_amount(pairing), filled),
                                    executor->instruments[xemm.maker]->step);
    xemm.unhedged = mark_signed(xemm.side, xemm.moment.exposure);
    xemm.is_valid =
        xemm.moment.is_valid && decimal_is_valid(xemm.lacking) && decimal_is_valid(xemm.unhedged);
    return xemm;
}

/* What the maker order at `price` earns when it is hedged now, after fees, of its notional. */
static struct decimal xemm_profit(const struct xemm *xemm, struct decimal price)
{
    const struct decimal ratio = moment_ratio(xemm->hedge_value, price);
    const struct decimal trade = mark_signed(xemm->side, decimal_subtract(ratio, DECIMAL_ONE));
    return decimal_subtract(trade, xemm->cost);
}

/* Whether the profit of the resting order is not what is wanted any more. */
static bool xemm_is_stale(const struct xemm *xemm, const struct ledger_order *order)
{
    const struct decimal profit = xemm_profit(xemm, order->price);
    return !decimal_is_valid(profit) ||
           decimal_less(profit, xemm->config->pairing.min_profitability) ||
           decimal_less(xemm->config->max_profitability, profit);
}

/* What is open is closed by hedging it: by opening the other side on the taker market. Where the
 * venue has taken the maker's side away, the hedge is what is left to be closed. */
static struct holding xemm_holding(const struct xemm *xemm)
{
    if (decimal_is_valid(xemm->unhedged) && decimal_sign(xemm->unhedged) < 0) {
        const bool buys = xemm->side == SIDE_BUY;
        return (struct holding){.market = xemm->taker,
                                .side = side_opposite(xemm->side),
                                .remaining = decimal_negate(xemm->unhedged),
                                .mark = buys ? xemm->moment.ask[xemm->taker]
                                             : xemm->moment.bid[xemm->taker]};
    }
    return (struct holding){.market = xemm->taker,
                            .side = xemm->side,
                            .remaining = xemm->unhedged,
                            .mark = xemm->taker_price,
                            .action = POSITION_ACTION_OPEN};
}

/* There is something to place, and no price for it: the depth of the taker market is not known, or
 * does not suffice for its hedge. */
static bool xemm_lacks_price(const struct xemm *xemm)
{
    return !decimal_is_valid(xemm->hedge_price) && decimal_sign(xemm->lacking) > 0 &&
           !decimal_less(xemm->lacking, xemm->executor->instruments[xemm->maker]->min_order_size);
}

static bool xemm_may_place(const struct xemm *xemm)
{
    return decimal_is_valid(xemm->price) && decimal_sign(xemm->price) > 0 &&
           instrument_is_tradable(xemm->executor->instruments[xemm->maker], xemm->lacking,
                                  xemm->price);
}

/* Watches the resting order, or places what is lacking. */
static bool xemm_make(struct xemm *xemm, struct executor_requests *requests)
{
    struct executor *executor = &xemm->pairing->executor;
    const int64_t now_ns = xemm->moment.now_ns;
    struct ledger_order *order = ledger_live(&executor->ledger, ROLE_OPEN);
    if (order != NULL) {
        if (order->is_cancel_requested ||
            (order->state == LEDGER_ACKNOWLEDGED && xemm_is_stale(xemm, order))) {
            recall_order(order, now_ns, 0, requests);
        }
        return true;
    }
    const struct order_draft draft = {
        .market = xemm->maker,
        .role = ROLE_OPEN,
        .side = xemm->side,
        .type = ORDER_LIMIT,
        .amount = xemm->lacking,
        .price = decimal_is_valid(xemm->price) ? xemm->price : DECIMAL_ZERO,
    };
    if (executor_is_waiting(executor, now_ns)) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
        return true;
    }
    if (xemm_lacks_price(xemm)) {
        if (xemm->moment.is_shallow[xemm->taker]) {
            executor_skip(requests, &draft, SKIP_DEPTH);
        }
        return true;
    }
    if (!xemm_may_place(xemm)) {
        executor_skip_small(executor, requests, &draft);
        return true;
    }
    return executor_place(executor, &draft, now_ns, requests);
}

/* The hedge of everything that is open; its amount is what the taker market's step allows. */
static struct order_draft xemm_hedge_draft(const struct xemm *xemm)
{
    return (struct order_draft){
        .market = xemm->taker,
        .role = ROLE_PARTIAL,
        .side = side_opposite(xemm->side),
        .type = ORDER_MARKET,
        .amount = decimal_floor_to(xemm->unhedged, xemm->executor->instruments[xemm->taker]->step),
        .action = POSITION_ACTION_OPEN,
    };
}

static bool xemm_may_hedge(const struct xemm *xemm)
{
    const struct order_draft draft = xemm_hedge_draft(xemm);
    return instrument_is_tradable(xemm->executor->instruments[xemm->taker], draft.amount,
                                  xemm->taker_price);
}

/* Watches the hedge that is on its way, or sends one. */
static bool xemm_hedge(struct xemm *xemm, struct executor_requests *requests)
{
    struct executor *executor = &xemm->pairing->executor;
    const int64_t now_ns = xemm->moment.now_ns;
    struct ledger_order *order = ledger_live(&executor->ledger, ROLE_PARTIAL);
    if (order != NULL) {
        recall_time_out(executor, order, now_ns);
        if (order->is_timed_out) {
            recall_order(order, now_ns, 0, requests);
        }
        return true;
    }
    const struct order_draft draft = xemm_hedge_draft(xemm);
    if (executor_is_waiting(executor, now_ns)) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
        return true;
    }
    if (!xemm_may_hedge(xemm)) {
        executor_skip_small(executor, requests, &draft);
        return true;
    }
    return executor_place(executor, &draft, now_ns, requests);
}

/* The maker side is filled but for what it cannot place, and all that can be hedged is. */
static bool xemm_is_done(const struct xemm *xemm)
{
    const struct ledger *ledger = &xemm->executor->ledger;
    return decimal_sign(ledger->opening.executed) > 0 && ledger->live_count == 0 &&
           !xemm_may_place(xemm) && !xemm_lacks_price(xemm) && !xemm_may_hedge(xemm);
}

static void xemm_run(struct xemm *xemm, struct executor_requests *requests)
{
    struct executor *executor = &xemm->pairing->executor;
    const bool goes_on = xemm->is_valid && !executor_is_exhausted(executor) &&
                         xemm_hedge(xemm, requests) && xemm_make(xemm, requests) &&
                         !executor_is_exhausted(executor);
    if (!goes_on) {
        pairing_fail(xemm->pairing, &xemm->moment);
    } else if (xemm_is_done(xemm)) {
        executor_leave(executor, CLOSE_COMPLETED, SHUTDOWN_CLOSE, xemm->moment.now_ns);
    }
}

static enum err xemm_validate(const struct executor_config *config, const char *path,
                              const struct node *node, struct problems *problems)
{
    const struct xemm_config *xemm = (const struct xemm_config *)config;
    const enum err err = pairing_validate(config, path, node, problems);
    const bool is_ordered =
        !decimal_less(xemm->target_profitability, xemm->pairing.min_profitability) &&
        !decimal_less(xemm->max_profitability, xemm->target_profitability);
    if (is_ordered) {
        return err;
    }
    factory_add_problem(problems, node, path, "target_profitability",
                        "not between min_profitability and max_profitability");
    return ERR_SYNTAX;
}

static void xemm_plan(const struct executor_config *config, const struct executor_view *view,
                      struct executor_plans *ret_plans)
{
    const struct xemm_config *xemm = (const struct xemm_config *)config;
    const struct market_view *buying = &view->markets[PAIRING_BUYING];
    const struct market_view *selling = &view->markets[PAIRING_SELLING];
    const struct decimal rate = decimal_sign(view->rate) == 0 ? DECIMAL_ONE : view->rate;
    struct decimal price = buying->ask;
    if (xemm->maker_side == SIDE_BUY) {
        price = xemm_target_price(xemm, buying->instrument, decimal_multiply(selling->bid, rate),
                                  xemm_cost(xemm, buying->instrument, selling->instrument));
    }
    pairing_plan(&xemm->pairing, view, price, ret_plans);
}

static void xemm_on_start(struct executor *executor, const struct executor_view *view,
                          bool is_funded, struct executor_requests *requests)
{
    pairing_start((struct pairing *)executor, view, is_funded, requests);
}

static void xemm_on_market(struct executor *executor, const struct executor_view *view,
                           struct executor_requests *requests)
{
    struct xemm xemm = xemm_of(executor, view);
    xemm.pairing = (struct pairing *)executor;
    if (executor->status == EXECUTOR_RUNNING) {
        xemm_run(&xemm, requests);
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct holding holding = xemm_holding(&xemm);
        pairing_shut_down(xemm.pairing, &xemm.moment, &holding, requests);
    }
}

static enum err xemm_on_stop(struct executor *executor, const struct executor_view *view,
                             bool keep_position, struct executor_requests *requests)
{
    const struct xemm xemm = xemm_of(executor, view);
    const struct holding holding = xemm_holding(&xemm);
    return pairing_stop((struct pairing *)executor, &xemm.moment, &holding, keep_position,
                        requests);
}

/* The taker price at which an order at `price` earns `profit`; how far the roundings on both ways
 * may have moved it goes into *ret_slack. */
static struct decimal xemm_taker_price(const struct xemm *xemm, struct decimal price,
                                       struct decimal profit, struct decimal *ret_slack)
{
    const struct decimal rounding = {.raw = 4};
    const struct decimal margin = decimal_add(profit, xemm->cost);
    const struct decimal slack = decimal_add(decimal_multiply(rounding, price), rounding);
    const struct decimal value =
        decimal_multiply(price, decimal_add(DECIMAL_ONE, mark_signed(xemm->side, margin)));
    const bool has_rate = !decimal_equal(xemm->moment.rate, DECIMAL_ONE);
    *ret_slack = has_rate ? decimal_add(xemm_price(xemm, slack), rounding) : slack;
    return xemm_price(xemm, value);
}

/* The taker prices at which the resting order gets stale: too little profit on the side from which
 * the maker came, too much on the other. */
static void xemm_wake_stale(const struct xemm *xemm, const struct ledger_order *order,
                            struct wake_levels *levels)
{
    struct decimal slack;
    const struct decimal least =
        xemm_taker_price(xemm, order->price, xemm->config->pairing.min_profitability, &slack);
    const struct decimal most =
        xemm_taker_price(xemm, order->price, xemm->config->max_profitability, &slack);
    if (xemm->side == SIDE_BUY) { /* Hedged at the bid. */
        mark_wake_below(levels, SIDE_BUY, xemm->taker_price, decimal_add(least, slack));
        mark_wake_above(levels, SIDE_BUY, xemm->taker_price, decimal_subtract(most, slack));
    } else { /* Hedged at the ask. */
        mark_wake_above(levels, SIDE_SELL, xemm->taker_price, decimal_subtract(least, slack));
        mark_wake_below(levels, SIDE_SELL, xemm->taker_price, decimal_add(most, slack));
    }
}

static void xemm_wake_maker(const struct xemm *xemm, struct wake *wake)
{
    const struct ledger_order *order = ledger_live(&xemm->executor->ledger, ROLE_OPEN);
    struct wake_levels *levels = &wake->markets[xemm->taker];
    if (order == NULL) {
        /* The price, and with it what can be placed, follows the taker market. */
        levels->every_quote |= decimal_sign(xemm->lacking) > 0;
    } else if (order->is_cancel_requested) {
        recall_wake(order, wake);
    } else if (order->state == LEDGER_ACKNOWLEDGED) {
        levels->every_quote |= xemm->is_deep || xemm_is_stale(xemm, order);
        xemm_wake_stale(xemm, order, levels);
    }
}

static void xemm_wake_hedge(const struct xemm *xemm, struct wake *wake)
{
    const struct ledger_order *order = ledger_live(&xemm->executor->ledger, ROLE_PARTIAL);
    if (order == NULL) {
        const struct order_draft draft = xemm_hedge_draft(xemm);
        mark_wake_tradable(&wake->markets[xemm->taker], xemm->side, xemm->taker_price,
                           xemm->executor->instruments[xemm->taker], draft.amount);
    } else if (order->is_timed_out) {
        recall_wake(order, wake);
    } else {
        recall_wake_time_out(order, wake);
    }
}

static void xemm_wake(const struct executor *executor, const struct executor_view *view,
                      struct wake *ret_wake)
{
    *ret_wake = wake_never();
    if (executor->status == EXECUTOR_TERMINATED) {
        return;
    }
    const struct xemm xemm = xemm_of(executor, view);
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct holding holding = xemm_holding(&xemm);
        shutdown_wake(executor, &holding, xemm.moment.now_ns, ret_wake);
    } else if (executor->status == EXECUTOR_NOT_STARTED || !xemm.is_valid) {
        ret_wake->markets[PAIRING_BUYING].every_quote = true;
        ret_wake->markets[PAIRING_SELLING].every_quote = true;
    } else {
        if (executor_is_waiting(executor, xemm.moment.now_ns)) {
            wake_add_time(ret_wake, executor->retry_at_ns);
        }
        xemm_wake_maker(&xemm, ret_wake);
        xemm_wake_hedge(&xemm, ret_wake);
    }
}

static void xemm_report(const struct executor *executor, const struct executor_view *view,
                        struct executor_report *ret_report)
{
    const struct xemm xemm = xemm_of(executor, view);
    const struct decimal mark = pairing_value(&xemm.moment, xemm.taker, xemm.taker_price);
    pairing_report((const struct pairing *)executor, &xemm.moment, mark, xemm.side, ret_report);
}

static void xemm_custom_info(const struct executor *executor, const struct executor_view *view,
                             struct text *out)
{
    const struct xemm xemm = xemm_of(executor, view);
    const struct pairing_config *config = &xemm.config->pairing;
    const struct pairing_market *maker = pairing_market_of(config, xemm.maker);
    const struct pairing_market *taker = pairing_market_of(config, xemm.taker);
    const struct ledger_order *order = ledger_live(&executor->ledger, ROLE_OPEN);
    const struct decimal profit = order == NULL ? DECIMAL_ZERO : xemm_profit(&xemm, order->price);
    json_put_int(out, "side", xemm.side);
    json_put_string(out, "maker_connector", maker->connector_name);
    json_put_string(out, "maker_trading_pair", maker->trading_pair);
    json_put_string(out, "taker_connector", taker->connector_name);
    json_put_string(out, "taker_trading_pair", taker->trading_pair);
    json_put_decimal(out, "min_profitability", config->min_profitability);
    json_put_decimal(out, "target_profitability_pct", xemm.config->target_profitability);
    json_put_decimal(out, "max_profitability", xemm.config->max_profitability);
    report_put_optional(out, "trade_profitability", order != NULL, decimal_add(profit, xemm.cost));
    report_put_optional(
        out, "tx_cost", true,
        decimal_multiply(xemm.cost, decimal_multiply(config->order_amount, xemm.price)));
    report_put_optional(out, "tx_cost_pct", true, xemm.cost);
    report_put_optional(out, "taker_price", true, xemm.hedge_price);
    report_put_optional(out, "rate", true, xemm.moment.rate);
    report_put_optional(out, "maker_target_price", true, xemm.price);
    report_put_optional(out, "net_profitability", order != NULL, profit);
    json_put_decimal(out, "order_amount", config->order_amount);
    report_put_optional(out, "maker_filled_amount", true, executor->ledger.opening.executed);
    report_put_optional(out, "taker_filled_amount", true, executor->ledger.closing.executed);
    report_put_optional(out, "unhedged_amount", true, xemm.unhedged);
    json_put_int(out, "current_retries", executor->retries);
    json_put_int(out, "max_retries", config->common.max_retries);
    report_put_orders(executor, out);
}

const struct executor_kind executor_kind_xemm = {
    .type = "xemm_executor",
    .summary = "Rests an order on one market and hedges its fills on another.",
    .config_fields = xemm_config_fields,
    .config_size = sizeof(struct xemm_config),
    .state_size = sizeof(struct pairing),
    .market_count = PAIRING_MARKETS,
    .reads_depth = true,
    .validate = xemm_validate,
    .market = pairing_market,
    .plan = xemm_plan,
    .target = pairing_target,
    .on_start = xemm_on_start,
    .on_market = xemm_on_market,
    .on_order = pairing_on_order,
    .on_stop = xemm_on_stop,
    .wake = xemm_wake,
    .report = xemm_report,
    .custom_info = xemm_custom_info,
    .save = pairing_save,
    .load = pairing_load,
};
