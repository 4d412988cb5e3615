#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/simulation/checker_parts.h"

/* ---- I1, I2: every trade is stored once, as it was ---- */

static void trades_on_fill(struct checker *checker, const char *const *columns)
{
    struct verdict *verdict = checker->verdict;
    const uint64_t number = strtoull(columns[0], NULL, 10);
    if (number == 0 || number > checker->log.trade_count) {
        verdict_set(verdict, "I2 fill %s of %s: the venue has no such trade", columns[0],
                    columns[1]);
        return;
    }
    struct logged_trade *trade = &checker->log.trades[number - 1];
    if (trade->is_stored) {
        verdict_set(verdict, "I2 trade %s is stored twice", columns[0]);
    }
    trade->is_stored = true;
    if (strcmp(trade->id, columns[1]) != 0 || strcmp(trade->pair, columns[2]) != 0 ||
        trade->buys != (strcmp(columns[3], "BUY") == 0) ||
        strcmp(trade->fee_asset, columns[7]) != 0 ||
        !decimal_equal(trade->price, checker_decimal(checker, columns[4])) ||
        !decimal_equal(trade->amount, checker_decimal(checker, columns[5])) ||
        !decimal_equal(trade->fee, checker_decimal(checker, columns[6]))) {
        verdict_set(verdict, "I1 trade %s of %s is stored differently", columns[0], trade->id);
    }
}

static void trades_check_stored(struct checker *checker)
{
    const int64_t newest =
        checker_number(checker, "SELECT max(CAST(trade_id AS INTEGER)) FROM fill");
    for (size_t i = 0; i < checker->log.trade_count; i++) {
        const struct logged_trade *trade = &checker->log.trades[i];
        /* Somebody else may go on trading when the run is over. */
        const bool is_later = venue_log_is_stranger(trade->id) && (int64_t)i >= newest;
        if (!trade->is_stored && !is_later) {
            verdict_set(checker->verdict, "I1 trade %zu of order %s is lost", i + 1, trade->id);
        }
    }
}

/* ---- I3: orders ---- */

static bool order_is_over(const char *state)
{
    return strcmp(state, "FILLED") == 0 || strcmp(state, "CANCELED") == 0 ||
           strcmp(state, "REJECTED") == 0 || strcmp(state, "EXPIRED") == 0;
}

/* What the venue's trades make of an order. */
struct order_sum {
    struct decimal executed;
    struct decimal quote;
    struct decimal fee_quote; /* A fee in the base asset at the price of its trade. */
};

static struct order_sum trades_of_order(const struct checker *checker, const char *id)
{
    struct order_sum sum = {DECIMAL_ZERO, DECIMAL_ZERO, DECIMAL_ZERO};
    for (size_t i = 0; i < checker->log.trade_count; i++) {
        const struct logged_trade *trade = &checker->log.trades[i];
        if (strcmp(trade->id, id) == 0) {
            const bool is_base = checker_is_base(trade->pair, trade->fee_asset);
            const struct decimal fee =
                is_base ? decimal_multiply(trade->fee, trade->price) : trade->fee;
            sum.executed = decimal_add(sum.executed, trade->amount);
            sum.quote = decimal_add(sum.quote, decimal_multiply(trade->amount, trade->price));
            sum.fee_quote = decimal_add(sum.fee_quote, fee);
        }
    }
    return sum;
}

/* What the venue made of it. */
static void trades_compare_order(struct checker *checker, struct logged_order *order,
                                 const char *status)
{
    order->is_stored = true;
    const bool is_same = strcmp(order->state, status) == 0 ||
                         (strcmp(order->state, "REJECTED") == 0 && strcmp(status, "CANCELED") == 0);
    if (!is_same) {
        verdict_set(checker->verdict, "I3 order %s is %s at the venue, %s in the database",
                    order->id, order->state, status);
    }
}

static void trades_on_order(struct checker *checker, const char *const *columns)
{
    struct verdict *verdict = checker->verdict;
    const char *id = columns[0];
    const struct decimal amount = checker_decimal(checker, columns[1]);
    const struct order_sum sum = trades_of_order(checker, id);
    const struct decimal executed = sum.executed;
    if (!order_is_over(columns[2])) {
        verdict_set(verdict, "I6 order %s is %s at the end", id, columns[2]);
    }
    if (!decimal_equal(executed, checker_decimal(checker, columns[3]))) {
        verdict_set(verdict, "I4 order %s: executed %s is not the sum of the venue's trades", id,
                    columns[3]);
    }
    if (!decimal_equal(sum.quote, checker_decimal(checker, columns[4])) ||
        !decimal_equal(sum.fee_quote, checker_decimal(checker, columns[5]))) {
        verdict_set(verdict, "I4 order %s: money %s, fees %s are not those of the venue's trades",
                    id, columns[4], columns[5]);
    }
    if (decimal_less(amount, executed)) {
        verdict_set(verdict, "I3 order %s: more was executed than ordered", id);
    }
    if ((strcmp(columns[2], "FILLED") == 0) != decimal_equal(executed, amount)) {
        verdict_set(verdict, "I3 order %s is %s with %s of %s", id, columns[2], columns[3],
                    columns[1]);
    }
    struct logged_order *order = venue_log_find(&checker->log, id);
    if (order != NULL) {
        trades_compare_order(checker, order, columns[2]);
    } else if (strcmp(columns[2], "REJECTED") != 0 && strcmp(columns[2], "CANCELED") != 0) {
        verdict_set(verdict, "I3 order %s is %s, and the venue never had it", id, columns[2]);
    }
}

static void trades_check_orders(struct checker *checker)
{
    for (size_t i = 0; i < checker->log.order_count; i++) {
        const struct logged_order *order = &checker->log.orders[i];
        if (venue_log_is_stranger(order->id)) {
            continue;
        }
        if (order->submits > 1) {
            verdict_set(checker->verdict, "I3 order %s was taken twice", order->id);
        }
        if (!order->is_stored) {
            verdict_set(checker->verdict, "I3 order %s of the venue is not in the database",
                        order->id);
        }
        if (!order_is_over(order->state)) {
            verdict_set(checker->verdict, "I6 order %s is left %s at the venue", order->id,
                        order->state);
        }
    }
}

/* ---- I4: positions are sums of fills, which are the venue's trades ---- */

static struct position_sum *trades_sum(struct checker *checker, const char *controller,
                                       const char *pair)
{
    for (size_t i = 0; i < checker->sum_count; i++) {
        struct position_sum *sum = &checker->sums[i];
        if (strcmp(sum->controller, controller) == 0 && strcmp(sum->pair, pair) == 0) {
            return sum;
        }
    }
    ASSERT(checker->sum_count < CHECKER_SUMS_MAX);
    struct position_sum *sum = &checker->sums[checker->sum_count++];
    (void)snprintf(sum->controller, sizeof(sum->controller), "%s", controller);
    (void)snprintf(sum->pair, sizeof(sum->pair), "%s", pair);
    return sum;
}

static void trades_on_booking(struct checker *checker, const char *const *columns)
{
    struct position_sum *sum = trades_sum(checker, columns[0], columns[1]);
    const struct decimal moved = checker_moved(checker, &columns[1]);
    sum->amount = decimal_add(sum->amount, moved);
}

static void trades_on_position(struct checker *checker, const char *const *columns)
{
    struct position_sum *sum = trades_sum(checker, columns[0], columns[1]);
    sum->is_stored = true;
    if (!decimal_equal(sum->amount, checker_decimal(checker, columns[2]))) {
        char should[DECIMAL_TEXT_MAX];
        (void)decimal_print(sum->amount, should);
        verdict_set(checker->verdict, "I4 position of %s in %s is %s, its fills make %s",
                    columns[0], columns[1], columns[2], should);
    }
}

static void trades_check_positions(struct checker *checker)
{
    checker_each(checker,
                 "SELECT coalesce(e.controller_id, 'EXTERNAL'), f.trading_pair, f.side, f.amount,"
                 " f.fee, f.fee_asset FROM fill f LEFT JOIN executor e ON e.id = f.executor_id",
                 trades_on_booking);
    checker_each(checker, "SELECT controller_id, trading_pair, amount FROM position",
                 trades_on_position);
    for (size_t i = 0; i < checker->sum_count; i++) {
        if (!checker->sums[i].is_stored) {
            verdict_set(checker->verdict, "I4 %s has fills in %s and no position",
                        checker->sums[i].controller, checker->sums[i].pair);
        }
    }
}

void checker_trades(struct checker *checker)
{
    checker_each(checker,
                 "SELECT trade_id, client_order_id, trading_pair, side, price, amount, fee,"
                 " fee_asset FROM fill",
                 trades_on_fill);
    trades_check_stored(checker);
    checker_each(checker,
                 "SELECT client_order_id, amount, status, executed_base, executed_quote, fee_quote"
                 " FROM orders",
                 trades_on_order);
    trades_check_orders(checker);
    trades_check_positions(checker);
}
