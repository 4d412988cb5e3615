#include <stdlib.h>
#include <string.h>

#include "tests/simulation/checker_parts.h"
#include "tests/simulation/draft.h"

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

static struct decimal trades_executed(const struct checker *checker, const char *id)
{
    struct decimal executed = DECIMAL_ZERO;
    for (size_t i = 0; i < checker->log.trade_count; i++) {
        if (strcmp(checker->log.trades[i].id, id) == 0) {
            executed = decimal_add(executed, checker->log.trades[i].amount);
        }
    }
    return executed;
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
    const struct decimal executed = trades_executed(checker, id);
    if (!order_is_over(columns[2])) {
        verdict_set(verdict, "I6 order %s is %s at the end", id, columns[2]);
    }
    if (!decimal_equal(executed, checker_decimal(checker, columns[3]))) {
        verdict_set(verdict, "I4 order %s: executed %s is not the sum of the venue's trades", id,
                    columns[3]);
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

/* ---- I4: positions are sums of the venue's trades ---- */

static void trades_check_position(struct checker *checker, const char *pair)
{
    struct decimal traded = DECIMAL_ZERO;
    for (size_t i = 0; i < checker->log.trade_count; i++) {
        const struct logged_trade *trade = &checker->log.trades[i];
        if (!trade->is_stored || strcmp(trade->pair, pair) != 0) {
            continue;
        }
        traded = trade->buys ? decimal_add(traded, trade->amount)
                             : decimal_subtract(traded, trade->amount);
        /* A fee in the base asset is taken from what was bought. */
        if (strncmp(pair, trade->fee_asset, strlen(trade->fee_asset)) == 0) {
            traded = decimal_subtract(traded, trade->fee);
        }
    }
    sqlite3_stmt *statement = NULL;
    struct decimal held = DECIMAL_ZERO;
    if (sqlite3_prepare_v2(checker->db, "SELECT amount FROM position WHERE trading_pair = ?1", -1,
                           &statement, NULL) == SQLITE_OK) {
        (void)sqlite3_bind_text(statement, 1, pair, -1, SQLITE_STATIC);
        while (sqlite3_step(statement) == SQLITE_ROW) {
            held = decimal_add(
                held, checker_decimal(checker, (const char *)sqlite3_column_text(statement, 0)));
        }
    }
    (void)sqlite3_finalize(statement);
    if (!decimal_equal(held, traded)) {
        char is[DECIMAL_TEXT_MAX];
        char should[DECIMAL_TEXT_MAX];
        (void)decimal_print(held, is);
        (void)decimal_print(traded, should);
        verdict_set(checker->verdict, "I4 position of %s is %s, the trades make %s", pair, is,
                    should);
    }
}

void checker_trades(struct checker *checker)
{
    checker_each(checker,
                 "SELECT trade_id, client_order_id, trading_pair, side, price, amount, fee,"
                 " fee_asset FROM fill",
                 trades_on_fill);
    trades_check_stored(checker);
    checker_each(checker, "SELECT client_order_id, amount, status, executed_base FROM orders",
                 trades_on_order);
    trades_check_orders(checker);
    trades_check_position(checker, DRAFT_PAIR);
    trades_check_position(checker, DRAFT_PAIR_OTHER);
}
