#include "executors/pairing.h"

#include "executors/depth.h"
#include "executors/moment.h"
#include "executors/snapshot.h"

static void pairing_check(const struct pairing *pairing)
{
    const struct executor *executor = &pairing->executor;
    ASSERT((executor->close_type == CLOSE_NONE) == (executor->status < EXECUTOR_SHUTTING_DOWN));
    ASSERT(executor->kind->market_count == PAIRING_MARKETS);
}

void pairing_plan(const struct pairing_config *config, const struct executor_view *view,
                  struct decimal price, struct executor_plans *ret_plans)
{
    const struct market_view *selling = &view->markets[PAIRING_SELLING];
    /* What no decimal holds, no account holds. */
    const struct decimal most = decimal_negate((struct decimal){.raw = DECIMAL_RAW_INVALID + 1});
    const struct decimal cost = decimal_multiply(config->order_amount, price);
    const struct decimal worth = decimal_multiply(config->order_amount, selling->bid);
    const bool is_perpetual = selling->instrument->is_perpetual;
    const struct decimal sold = is_perpetual ? worth : config->order_amount;
    ret_plans->count = 2;
    ret_plans->items[0] = (struct executor_plan){
        .market = PAIRING_BUYING,
        .amount = decimal_is_valid(cost) ? cost : most,
    };
    ret_plans->items[1] = (struct executor_plan){
        .market = PAIRING_SELLING,
        .is_base = !is_perpetual,
        .amount = decimal_is_valid(sold) ? sold : most,
    };
}

struct target pairing_target(const struct executor_config *config)
{
    return (struct target){TARGET_BASE, ((const struct pairing_config *)config)->order_amount};
}

struct decimal pairing_amount(const struct pairing *pairing)
{
    const struct decimal a = pairing->executor.instruments[PAIRING_BUYING]->step;
    const struct decimal b = pairing->executor.instruments[PAIRING_SELLING]->step;
    const struct decimal amount =
        decimal_floor_to(pairing_config_of(pairing)->order_amount, decimal_max(a, b));
    return decimal_is_multiple(amount, decimal_min(a, b)) ? amount : DECIMAL_INVALID;
}

struct decimal pairing_lacking(const struct pairing *pairing, uint32_t market)
{
    const struct pairing_sum *sum = &pairing->sums[market];
    return decimal_subtract(pairing_amount(pairing),
                            market == PAIRING_BUYING ? sum->bought : sum->sold);
}

/* Notes the leg that is too small for its market. */
static bool pairing_is_large_enough(const struct pairing *pairing,
                                    struct executor_requests *requests)
{
    const struct decimal amount = pairing_amount(pairing);
    if (!decimal_is_valid(amount)) {
        return false;
    }
    for (uint32_t i = 0; i < PAIRING_MARKETS; i++) {
        if (decimal_less(amount, pairing->executor.instruments[i]->min_order_size)) {
            const struct order_draft leg = {
                .market = i,
                .role = ROLE_OPEN,
                .side = i == PAIRING_BUYING ? SIDE_BUY : SIDE_SELL,
                .type = ORDER_MARKET,
                .amount = pairing_config_of(pairing)->order_amount,
            };
            executor_skip(requests, &leg, SKIP_BELOW_MIN_SIZE);
            return false;
        }
    }
    return decimal_sign(amount) > 0;
}

static void pairing_note_end(struct pairing *pairing, const struct pairing_moment *moment)
{
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        pairing->final[i] = (struct quote){moment->now_ns, moment->bid[i], moment->ask[i]};
    }
    pairing->final_rate = moment->rate;
}

void pairing_start(struct pairing *pairing, const struct executor_view *view, bool is_funded,
                   struct executor_requests *requests)
{
    struct executor *executor = &pairing->executor;
    const struct pairing_moment moment = pairing_moment_of(pairing, view);
    pairing_note_end(pairing, &moment);
    if (is_funded && pairing_is_large_enough(pairing, requests)) {
        executor_set_status(executor, EXECUTOR_RUNNING);
    } else {
        executor->close_type = is_funded ? CLOSE_FAILED : CLOSE_INSUFFICIENT_BALANCE;
        executor->closed_at_ns = view->now_ns;
        executor_set_status(executor, EXECUTOR_TERMINATED);
    }
    pairing_check(pairing);
}

/* What an order has executed, or one more fill of it. */
struct pairing_part {
    struct decimal executed;
    struct decimal quote;
    struct decimal fees;
    struct decimal fee_base;
};

static void pairing_add(struct pairing *pairing, const struct ledger_order *order,
                        const struct pairing_part *part)
{
    struct pairing_sum *sum = &pairing->sums[order->market];
    if (order->side == SIDE_BUY) {
        sum->bought = decimal_add(sum->bought, part->executed);
        sum->bought_quote = decimal_add(sum->bought_quote, part->quote);
    } else {
        sum->sold = decimal_add(sum->sold, part->executed);
        sum->sold_quote = decimal_add(sum->sold_quote, part->quote);
    }
    sum->fees = decimal_add(sum->fees, part->fees);
    sum->fee_base = decimal_add(sum->fee_base, part->fee_base);
}

void pairing_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns)
{
    struct pairing *pairing = (struct pairing *)executor;
    executor_on_order(executor, event, now_ns);
    const struct ledger_order *order = ledger_find(&executor->ledger, event->ordinal);
    if (order != NULL && event->kind == ORDER_EVENT_FILL) {
        const struct fill *fill = &event->fill;
        const struct pairing_part part = {
            .executed = fill->amount,
            .quote = fill_quote(fill),
            .fees = fill_fee_quote(fill),
            .fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO,
        };
        pairing_add(pairing, order, &part);
    }
}

static void pairing_read_depth(struct pairing_moment *moment, const struct pairing *pairing,
                               const struct executor_view *view, uint32_t market)
{
    const struct depth_price price =
        depth_price_of(&view->markets[market], market == PAIRING_BUYING ? SIDE_BUY : SIDE_SELL,
                       pairing_lacking(pairing, market));
    moment->whole[market] = price.average;
    moment->is_shallow[market] = !price.suffices && decimal_sign(price.available) > 0;
}

static void pairing_read_markets(struct pairing_moment *moment, const struct pairing *pairing,
                                 const struct executor_view *view)
{
    const bool is_over = pairing->executor.status == EXECUTOR_TERMINATED;
    ASSERT(is_over || view->market_count >= PAIRING_MARKETS);
    moment->now_ns = is_over ? pairing->final[0].time_ns : view->now_ns;
    for (uint32_t i = 0; i < PAIRING_MARKETS; i++) {
        moment->bid[i] = is_over ? pairing->final[i].bid : view->markets[i].bid;
        moment->ask[i] = is_over ? pairing->final[i].ask : view->markets[i].ask;
        moment->whole[i] = i == PAIRING_BUYING ? moment->ask[i] : moment->bid[i];
        if (!is_over && view->markets[i].depth != NULL) {
            pairing_read_depth(moment, pairing, view, i);
        }
    }
    moment->rate = is_over ? pairing->final_rate : view->rate;
    if (decimal_is_valid(moment->rate) && decimal_sign(moment->rate) == 0) {
        moment->rate = DECIMAL_ONE;
    }
}

struct decimal pairing_value(const struct pairing_moment *moment, uint32_t market,
                             struct decimal amount)
{
    return market == PAIRING_SELLING && !decimal_equal(moment->rate, DECIMAL_ONE)
               ? decimal_multiply(amount, moment->rate)
               : amount;
}

struct decimal pairing_price(const struct pairing_moment *moment, uint32_t market,
                             struct decimal value)
{
    return market == PAIRING_SELLING && !decimal_equal(moment->rate, DECIMAL_ONE)
               ? decimal_divide(value, moment->rate)
               : value;
}

static bool pairing_is_valid(const struct pairing_moment *moment)
{
    /* Sums and small multiples of two prices stay far inside the range. */
    const struct decimal price_max = decimal_from_int(1000000000000000000);
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        if (!decimal_is_valid(moment->bid[i]) || !decimal_is_valid(moment->ask[i]) ||
            decimal_sign(moment->bid[i]) <= 0 || decimal_sign(moment->ask[i]) <= 0 ||
            decimal_less(price_max, moment->bid[i]) || decimal_less(price_max, moment->ask[i])) {
            return false;
        }
    }
    if (!decimal_is_valid(moment->rate) || decimal_sign(moment->rate) <= 0 ||
        decimal_less(price_max, pairing_value(moment, PAIRING_SELLING, moment->ask[1]))) {
        return false;
    }
    return decimal_is_valid(moment->exposure) && decimal_is_valid(moment->cash) &&
           decimal_is_valid(moment->fees) && decimal_is_valid(moment->filled);
}

struct pairing_moment pairing_moment_of(const struct pairing *pairing,
                                        const struct executor_view *view)
{
    struct pairing_moment moment = {0};
    struct decimal bought_quote = DECIMAL_ZERO;
    struct decimal sold_quote = DECIMAL_ZERO;
    pairing_read_markets(&moment, pairing, view);
    for (uint32_t i = 0; i < PAIRING_MARKETS; i++) {
        const struct pairing_sum *sum = &pairing->sums[i];
        moment.exposure = decimal_add(moment.exposure, decimal_subtract(sum->bought, sum->sold));
        bought_quote = decimal_add(bought_quote, pairing_value(&moment, i, sum->bought_quote));
        sold_quote = decimal_add(sold_quote, pairing_value(&moment, i, sum->sold_quote));
        moment.fees = decimal_add(moment.fees, pairing_value(&moment, i, sum->fees));
    }
    moment.cash = decimal_subtract(sold_quote, bought_quote);
    moment.filled = decimal_add(sold_quote, bought_quote);
    const bool has_bought = !decimal_is_valid(bought_quote) || decimal_sign(bought_quote) > 0;
    moment.notional = has_bought ? bought_quote : sold_quote;
    moment.is_valid = pairing_is_valid(&moment);
    return moment;
}

void pairing_fail(struct pairing *pairing, const struct pairing_moment *moment)
{
    struct executor *executor = &pairing->executor;
    executor_leave(executor, CLOSE_FAILED, moment->is_valid ? SHUTDOWN_CLOSE : SHUTDOWN_FAIL,
                   moment->now_ns);
    executor->retries = 0;
    executor->retry_at_ns = 0;
}

void pairing_shut_down(struct pairing *pairing, const struct pairing_moment *moment,
                       const struct holding *holding, struct executor_requests *requests)
{
    shutdown_step(&pairing->executor, holding, moment->now_ns, requests);
    if (pairing->executor.status == EXECUTOR_TERMINATED) {
        pairing_note_end(pairing, moment);
    }
    pairing_check(pairing);
}

enum err pairing_stop(struct pairing *pairing, const struct pairing_moment *moment,
                      const struct holding *holding, bool keep_position,
                      struct executor_requests *requests)
{
    if (pairing->executor.status != EXECUTOR_RUNNING) {
        return ERR_STATE;
    }
    executor_leave(&pairing->executor, keep_position ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                   keep_position ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE, moment->now_ns);
    pairing_shut_down(pairing, moment, holding, requests);
    return ERR_NONE;
}

struct decimal pairing_net(const struct pairing_moment *moment, struct decimal mark)
{
    const struct decimal open = decimal_multiply(moment->exposure, mark);
    return decimal_subtract(decimal_add(moment->cash, open), moment->fees);
}

/* A figure beyond the range of a decimal cannot be shown. */
static struct decimal pairing_shown(struct decimal value)
{
    return decimal_is_valid(value) ? value : DECIMAL_ZERO;
}

void pairing_report(const struct pairing *pairing, const struct pairing_moment *moment,
                    struct decimal mark, enum side side, struct executor_report *ret_report)
{
    const struct executor *executor = &pairing->executor;
    const struct decimal net = pairing_net(moment, mark);
    *ret_report = (struct executor_report){
        .status = executor->status,
        .close_type = executor->close_type,
        .side = side,
        .closed_at_ns = executor->closed_at_ns,
        .net_pnl_quote = pairing_shown(net),
        .net_pnl_pct = pairing_shown(moment_ratio(net, moment->notional)),
        .cum_fees_quote = pairing_shown(moment->fees),
        .filled_amount_quote = pairing_shown(moment->filled),
        .held = executor->held,
        .dust = executor->dust,
    };
}

void pairing_save(const struct executor *executor, struct text *out)
{
    const struct pairing *pairing = (const struct pairing *)executor;
    json_key(out, "final");
    json_array_begin(out);
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        json_object_begin(out);
        snapshot_put_final(out, &pairing->final[i]);
        json_object_end(out);
    }
    json_array_end(out);
    json_put_decimal(out, "rate", pairing->final_rate);
}

enum err pairing_load(struct executor *executor, const struct node *node)
{
    struct pairing *pairing = (struct pairing *)executor;
    const struct ledger *ledger = &executor->ledger;
    const struct node *final = node_get(node, "final");
    if (final == NULL || final->kind != NODE_SEQUENCE || final->count != PAIRING_MARKETS) {
        return ERR_CORRUPT;
    }
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        if (snapshot_get_final(final->items[i], &pairing->final[i]) != ERR_NONE) {
            return ERR_CORRUPT;
        }
    }
    if (snapshot_get_decimal(node, "rate", &pairing->final_rate) != ERR_NONE ||
        !decimal_is_valid(pairing->final_rate) || decimal_sign(pairing->final_rate) < 0) {
        return ERR_CORRUPT;
    }
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        if (order->market >= PAIRING_MARKETS) {
            return ERR_CORRUPT;
        }
        const struct pairing_part part = {order->executed, order->quote, order->fees,
                                          order->fee_base};
        pairing_add(pairing, order, &part);
    }
    return ERR_NONE;
}
