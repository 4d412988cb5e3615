/*
 * Arbitrage executor: buys on one market and sells on another at the same time, once, when that
 * earns more than it has to.
 *
 * Both legs are MARKET orders of the whole amount, and it is at the prices of the whole amount that
 * they have to pay. A leg that fails or is filled in part is sent
 * again for what it lacks, whatever the market has come to; when that has failed too often, what
 * the other leg has too much is unwound where it was traded. The executor is RUNNING until both
 * legs are equal.
 */
#include "executors/mark.h"
#include "executors/moment.h"
#include "executors/pairing.h"
#include "executors/recall.h"
#include "executors/registry.h"
#include "executors/report.h"

struct arbitrage_config {
    struct pairing_config pairing;
    struct decimal gas_conversion_price;
    bool has_gas_conversion_price;
};

static const struct field arbitrage_config_fields[] = {
    PAIRING_CONFIG_FIELDS,
    {.name = "gas_conversion_price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct arbitrage_config, gas_conversion_price),
     .set_offset = offsetof(struct arbitrage_config, has_gas_conversion_price),
     .is_nullable = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .max = PAIRING_AMOUNT_MAX,
     .doc = "Without effect: no venue here takes gas."},
    {0},
};

/* The fee of a MARKET order on one of the markets. */
static struct decimal arbitrage_fee(const struct pairing *pairing, uint32_t market)
{
    return pairing_fee(pairing_config_of(pairing), market, pairing->executor.instruments[market],
                       LIQUIDITY_TAKER);
}

/* The share of the notional that is earned when one unit is bought at `ask` and sold for `bid`,
 * which is in the quote asset of the ask. It never falls when the bid rises or the ask falls, in
 * spite of the roundings. */
static struct decimal arbitrage_profit(const struct pairing *pairing, struct decimal ask,
                                       struct decimal bid)
{
    const struct decimal kept =
        decimal_subtract(DECIMAL_ONE, arbitrage_fee(pairing, PAIRING_SELLING));
    const struct decimal brought = decimal_divide(decimal_multiply(bid, kept), ask);
    const struct decimal paid = decimal_add(DECIMAL_ONE, arbitrage_fee(pairing, PAIRING_BUYING));
    return decimal_subtract(brought, paid);
}

static bool arbitrage_is_profitable(const struct pairing *pairing, struct decimal ask,
                                    struct decimal bid)
{
    const struct decimal profit = arbitrage_profit(pairing, ask, bid);
    return decimal_is_valid(profit) &&
           decimal_less(pairing_config_of(pairing)->min_profitability, profit);
}

/* A price of the selling market in the quote asset of the buying one. */
static struct decimal arbitrage_value(const struct pairing_moment *moment, struct decimal price)
{
    return pairing_value(moment, PAIRING_SELLING, price);
}

/* Whether the best prices pay. No amount has better ones, so without this nothing does. */
static bool arbitrage_may_pay(const struct pairing *pairing, const struct pairing_moment *moment)
{
    return arbitrage_is_profitable(pairing, moment->ask[PAIRING_BUYING],
                                   arbitrage_value(moment, moment->bid[PAIRING_SELLING]));
}

/* Whether the whole amount pays. */
static bool arbitrage_pays(const struct pairing *pairing, const struct pairing_moment *moment)
{
    return arbitrage_is_profitable(pairing, moment->whole[PAIRING_BUYING],
                                   arbitrage_value(moment, moment->whole[PAIRING_SELLING]));
}

/* The live order of a leg, or NULL. */
static struct ledger_order *arbitrage_live(const struct pairing *pairing, uint32_t market)
{
    const struct ledger *ledger = &pairing->executor.ledger;
    for (uint32_t i = ledger->count; i > 0; i--) {
        struct ledger_order *order = &ledger->orders[i - 1];
        if (order->role == ROLE_OPEN && order->market == market && ledger_order_is_live(order)) {
            return order;
        }
    }
    return NULL;
}

/* What is to be unwound, and where: too much bought, as far as it is still there, or too much sold.
 * Nothing as long as a leg may still be filled. */
static struct holding arbitrage_holding(const struct pairing *pairing,
                                        const struct pairing_moment *moment)
{
    const struct pairing_sum *bought = &pairing->sums[PAIRING_BUYING];
    const struct decimal owned =
        decimal_subtract(decimal_subtract(bought->bought, bought->sold), bought->fee_base);
    const bool is_valid = decimal_is_valid(moment->exposure) && decimal_is_valid(owned);
    const bool is_long = is_valid && decimal_sign(moment->exposure) >= 0;
    struct holding holding = {
        .market = is_long ? PAIRING_BUYING : PAIRING_SELLING,
        .side = is_long ? SIDE_BUY : SIDE_SELL,
        .remaining = DECIMAL_INVALID,
        .mark = is_long ? moment->bid[PAIRING_BUYING] : moment->ask[PAIRING_SELLING],
    };
    if (is_long) {
        holding.remaining = decimal_max(decimal_min(moment->exposure, owned), DECIMAL_ZERO);
    } else if (is_valid) {
        holding.remaining = decimal_negate(moment->exposure);
    }
    if (arbitrage_live(pairing, PAIRING_BUYING) != NULL ||
        arbitrage_live(pairing, PAIRING_SELLING) != NULL) {
        holding.remaining = DECIMAL_ZERO;
    }
    return holding;
}

/* The order of a leg for what it lacks; its amount is 0 when nothing is lacking. */
static struct order_draft arbitrage_leg(const struct pairing *pairing, uint32_t market)
{
    const struct instrument *instrument = pairing->executor.instruments[market];
    return (struct order_draft){
        .market = market,
        .role = ROLE_OPEN,
        .side = market == PAIRING_BUYING ? SIDE_BUY : SIDE_SELL,
        .type = ORDER_MARKET,
        .amount = decimal_floor_to(pairing_lacking(pairing, market), instrument->step),
    };
}

static bool arbitrage_is_tradable(const struct pairing *pairing,
                                  const struct pairing_moment *moment,
                                  const struct order_draft *leg)
{
    const struct decimal price =
        leg->market == PAIRING_BUYING ? moment->ask[leg->market] : moment->bid[leg->market];
    return instrument_is_tradable(pairing->executor.instruments[leg->market], leg->amount, price);
}

/* Says which market lacks the depth for its leg, when that is what keeps a profit away. */
static void arbitrage_skip_shallow(const struct pairing *pairing,
                                   const struct pairing_moment *moment,
                                   const struct order_draft *legs,
                                   struct executor_requests *requests)
{
    for (uint32_t market = 0; market < PAIRING_MARKETS; market++) {
        if (moment->is_shallow[market] && arbitrage_may_pay(pairing, moment)) {
            executor_skip(requests, &legs[market], SKIP_DEPTH);
        }
    }
}

/* Sends both legs when it pays. */
static bool arbitrage_open(struct pairing *pairing, const struct pairing_moment *moment,
                           struct executor_requests *requests)
{
    const struct order_draft legs[] = {arbitrage_leg(pairing, PAIRING_BUYING),
                                       arbitrage_leg(pairing, PAIRING_SELLING)};
    if (!arbitrage_pays(pairing, moment)) {
        arbitrage_skip_shallow(pairing, moment, legs, requests);
        return true;
    }
    for (uint32_t market = 0; market < PAIRING_MARKETS; market++) {
        if (!arbitrage_is_tradable(pairing, moment, &legs[market])) {
            executor_skip_small(&pairing->executor, requests, &legs[market]);
            return true;
        }
    }
    return executor_place(&pairing->executor, &legs[0], moment->now_ns, requests) &&
           executor_place(&pairing->executor, &legs[1], moment->now_ns, requests);
}

/* Watches the order of a leg, or sends what the leg lacks. */
static bool arbitrage_pursue(struct pairing *pairing, const struct pairing_moment *moment,
                             uint32_t market, struct executor_requests *requests)
{
    struct executor *executor = &pairing->executor;
    struct ledger_order *order = arbitrage_live(pairing, market);
    if (order != NULL) {
        recall_time_out(executor, order, moment->now_ns);
        if (order->is_timed_out) {
            recall_order(order, moment->now_ns, 0, requests);
        }
        return true;
    }
    const struct order_draft leg = arbitrage_leg(pairing, market);
    if (executor_is_waiting(executor, moment->now_ns)) {
        executor_skip(requests, &leg, SKIP_RETRY_WAIT);
        return true;
    }
    if (!arbitrage_is_tradable(pairing, moment, &leg)) {
        executor_skip_small(executor, requests, &leg);
        return true;
    }
    return executor_place(executor, &leg, moment->now_ns, requests);
}

/* Nothing is on the way, and no leg lacks anything that could be traded. */
static bool arbitrage_is_done(const struct pairing *pairing, const struct pairing_moment *moment)
{
    for (uint32_t market = 0; market < PAIRING_MARKETS; market++) {
        const struct order_draft leg = arbitrage_leg(pairing, market);
        if (arbitrage_live(pairing, market) != NULL ||
            arbitrage_is_tradable(pairing, moment, &leg)) {
            return false;
        }
    }
    return true;
}

static void arbitrage_run(struct pairing *pairing, const struct pairing_moment *moment,
                          struct executor_requests *requests)
{
    struct executor *executor = &pairing->executor;
    bool goes_on = moment->is_valid && !executor_is_exhausted(executor);
    if (goes_on && executor->ledger.count == 0) {
        goes_on = arbitrage_open(pairing, moment, requests);
    } else if (goes_on) {
        goes_on = arbitrage_pursue(pairing, moment, PAIRING_BUYING, requests) &&
                  arbitrage_pursue(pairing, moment, PAIRING_SELLING, requests) &&
                  !executor_is_exhausted(executor);
        if (goes_on && arbitrage_is_done(pairing, moment)) {
            executor_leave(executor, CLOSE_COMPLETED, SHUTDOWN_CLOSE, moment->now_ns);
        }
    }
    if (!goes_on) {
        pairing_fail(pairing, moment);
    }
}

static void arbitrage_plan(const struct executor_config *config, const struct executor_view *view,
                           struct executor_plans *ret_plans)
{
    pairing_plan((const struct pairing_config *)config, view, view->markets[PAIRING_BUYING].ask,
                 ret_plans);
}

static void arbitrage_on_start(struct executor *executor, const struct executor_view *view,
                               bool is_funded, struct executor_requests *requests)
{
    pairing_start((struct pairing *)executor, view, is_funded, requests);
}

static void arbitrage_on_market(struct executor *executor, const struct executor_view *view,
                                struct executor_requests *requests)
{
    struct pairing *pairing = (struct pairing *)executor;
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    if (executor->status == EXECUTOR_RUNNING) {
        arbitrage_run(pairing, &moment, requests);
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct holding holding = arbitrage_holding(pairing, &moment);
        pairing_shut_down(pairing, &moment, &holding, requests);
    }
}

static enum err arbitrage_on_stop(struct executor *executor, const struct executor_view *view,
                                  bool keep_position, struct executor_requests *requests)
{
    struct pairing *pairing = (struct pairing *)executor;
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    const struct holding holding = arbitrage_holding(pairing, &moment);
    return pairing_stop(pairing, &moment, &holding, keep_position, requests);
}

/* The bid from which on more than `value` is paid, or with a rate a little less for the roundings.
 */
static struct decimal arbitrage_wake_bid(const struct pairing_moment *moment, struct decimal value)
{
    if (decimal_equal(moment->rate, DECIMAL_ONE)) {
        return decimal_add(value, DECIMAL_ULP);
    }
    const struct decimal rounding = {.raw = 4};
    const struct decimal slack = pairing_price(moment, PAIRING_SELLING, rounding);
    const struct decimal price = pairing_price(moment, PAIRING_SELLING, value);
    return decimal_subtract(price, decimal_add(slack, rounding));
}

/*
 * No profit as long as the ask is not below `ask` and the bid not above `bid`, a pair of prices at
 * which there is none: half of the way that is missing is left to each side. While the best prices
 * would pay, it is the depth that decides, which may be another one with every quote.
 */
static void arbitrage_wake_open(const struct pairing *pairing, const struct pairing_moment *moment,
                                struct wake *wake)
{
    const struct decimal kept =
        decimal_subtract(DECIMAL_ONE, arbitrage_fee(pairing, PAIRING_SELLING));
    const struct decimal paid = decimal_add(DECIMAL_ONE, arbitrage_fee(pairing, PAIRING_BUYING));
    const struct decimal wanted = decimal_add(paid, pairing_config_of(pairing)->min_profitability);
    struct decimal ask = moment->ask[PAIRING_BUYING];
    struct decimal bid = arbitrage_value(moment, moment->bid[PAIRING_SELLING]);
    struct wake_levels *buying = &wake->markets[PAIRING_BUYING];
    struct wake_levels *selling = &wake->markets[PAIRING_SELLING];
    if (arbitrage_may_pay(pairing, moment) || decimal_sign(wanted) <= 0) {
        buying->every_quote = true; /* Too much for the depth, or too little for a market. */
        selling->every_quote = true;
        return;
    }
    const struct decimal needed = decimal_divide(decimal_multiply(ask, wanted), kept);
    const struct decimal half = decimal_divide(decimal_add(bid, needed), decimal_from_int(2));
    const struct decimal met = decimal_divide(decimal_multiply(half, kept), wanted);
    if (decimal_is_valid(met) && !decimal_less(half, bid) && !decimal_less(ask, met) &&
        decimal_sign(met) > 0 && !arbitrage_is_profitable(pairing, met, half)) {
        ask = met;
        bid = half;
    }
    wake_add_level(buying, WAKE_ASK_AT_MOST, decimal_subtract(ask, DECIMAL_ULP));
    wake_add_level(selling, WAKE_BID_AT_LEAST, arbitrage_wake_bid(moment, bid));
}

/* The deadline of a leg's order, or the price from which on what it lacks can be traded. */
static void arbitrage_wake_leg(const struct pairing *pairing, uint32_t market, struct wake *wake)
{
    const struct ledger_order *order = arbitrage_live(pairing, market);
    if (order == NULL) {
        const struct order_draft leg = arbitrage_leg(pairing, market);
        wake->markets[market].every_quote |=
            decimal_sign(leg.amount) > 0 &&
            !decimal_less(leg.amount, pairing->executor.instruments[market]->min_order_size);
    } else if (order->is_timed_out) {
        recall_wake(order, wake);
    } else {
        recall_wake_time_out(order, wake);
    }
}

static void arbitrage_wake(const struct executor *executor, const struct executor_view *view,
                           struct wake *ret_wake)
{
    const struct pairing *pairing = (const struct pairing *)executor;
    *ret_wake = wake_never();
    if (executor->status == EXECUTOR_TERMINATED) {
        return;
    }
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct holding holding = arbitrage_holding(pairing, &moment);
        shutdown_wake(executor, &holding, moment.now_ns, ret_wake);
    } else if (executor->status == EXECUTOR_NOT_STARTED || !moment.is_valid) {
        ret_wake->markets[PAIRING_BUYING].every_quote = true;
        ret_wake->markets[PAIRING_SELLING].every_quote = true;
    } else if (executor->ledger.count == 0) {
        arbitrage_wake_open(pairing, &moment, ret_wake);
    } else {
        if (executor_is_waiting(executor, moment.now_ns)) {
            wake_add_time(ret_wake, executor->retry_at_ns);
        }
        arbitrage_wake_leg(pairing, PAIRING_BUYING, ret_wake);
        arbitrage_wake_leg(pairing, PAIRING_SELLING, ret_wake);
    }
}

/* The price at which the exposure could be closed. */
static struct decimal arbitrage_mark(const struct pairing_moment *moment)
{
    const bool is_short = decimal_is_valid(moment->exposure) && decimal_sign(moment->exposure) < 0;
    return is_short ? pairing_value(moment, PAIRING_SELLING, moment->ask[PAIRING_SELLING])
                    : moment->bid[PAIRING_BUYING];
}

static void arbitrage_report(const struct executor *executor, const struct executor_view *view,
                             struct executor_report *ret_report)
{
    const struct pairing *pairing = (const struct pairing *)executor;
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    pairing_report(pairing, &moment, arbitrage_mark(&moment), 0, ret_report);
}

static int64_t arbitrage_failures(const struct ledger *ledger)
{
    int64_t count = 0;
    for (uint32_t i = 0; i < ledger->count; i++) {
        count += ledger->orders[i].state == LEDGER_FAILED ? 1 : 0;
    }
    return count;
}

static void arbitrage_custom_info(const struct executor *executor, const struct executor_view *view,
                                  struct text *out)
{
    const struct pairing *pairing = (const struct pairing *)executor;
    const struct pairing_config *config = pairing_config_of(pairing);
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    const struct decimal ask = moment.whole[PAIRING_BUYING];
    const struct decimal bid = moment.whole[PAIRING_SELLING];
    const struct decimal value = arbitrage_value(&moment, bid);
    const struct decimal trade = decimal_subtract(moment_ratio(value, ask), DECIMAL_ONE);
    const struct decimal profit = arbitrage_profit(pairing, ask, value);
    json_put_string(out, "buy_connector", config->buying_market->connector_name);
    json_put_string(out, "sell_connector", config->selling_market->connector_name);
    json_put_string(out, "buy_pair", config->buying_market->trading_pair);
    json_put_string(out, "sell_pair", config->selling_market->trading_pair);
    report_put_optional(out, "buy_price", true, ask);
    report_put_optional(out, "sell_price", true, bid);
    report_put_optional(out, "rate", true, moment.rate);
    report_put_optional(out, "trade_pnl_pct", true, trade);
    report_put_optional(out, "tx_cost_pct", true, decimal_subtract(trade, profit));
    report_put_optional(out, "profit_pct", true, profit);
    report_put_optional(out, "exposure", true, moment.exposure);
    json_put_int(out, "failures", arbitrage_failures(&executor->ledger));
    report_put_orders(executor, out);
}

const struct executor_kind executor_kind_arbitrage = {
    .type = "arbitrage_executor",
    .summary = "Buys on one market and sells on another at once when that earns enough.",
    .config_fields = arbitrage_config_fields,
    .config_size = sizeof(struct arbitrage_config),
    .state_size = sizeof(struct pairing),
    .market_count = PAIRING_MARKETS,
    .reads_depth = true,
    .validate = pairing_validate,
    .market = pairing_market,
    .plan = arbitrage_plan,
    .target = pairing_target,
    .on_start = arbitrage_on_start,
    .on_market = arbitrage_on_market,
    .on_order = pairing_on_order,
    .on_stop = arbitrage_on_stop,
    .wake = arbitrage_wake,
    .report = arbitrage_report,
    .custom_info = arbitrage_custom_info,
    .save = pairing_save,
    .load = pairing_load,
};
