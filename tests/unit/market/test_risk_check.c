/*
 * tests/unit/market/test_risk_check.c - every denial: the order at the limit passes, the one beyond
 * is denied with the exact code, in each scope that can have the limit.
 */
#include "market/risk.h"

#include "risking.h"
#include "suite.h"

/* ---- Instrument rules: tick 0.5, step 0.1, sizes 0.2 to 1000, notional from 10 ---- */

static const struct {
    const char *amount, *price;
    enum deny_code code;
} rules[] = {
    {"0.2", "50", DENY_NONE},
    {"0.3", "100.5", DENY_NONE},
    {"0.35", "100", DENY_AMOUNT_OFF_STEP},
    {"0", "100", DENY_AMOUNT_OFF_STEP},
    {"-1", "100", DENY_AMOUNT_OFF_STEP},
    {"0.1", "1000", DENY_MIN_ORDER_SIZE},
    {"1000", "100", DENY_NONE},
    {"1000.1", "100", DENY_MAX_ORDER_SIZE},
    {"1", "100.25", DENY_PRICE_OFF_TICK},
    {"1", "0", DENY_PRICE_OFF_TICK},
    {"1", "-5", DENY_PRICE_OFF_TICK},
    {"1", "10", DENY_NONE},
    {"1", "9.5", DENY_MIN_NOTIONAL},
    {"0.2", NULL, DENY_NONE}, /* MARKET: 0.2 * 101 */
    {"1000", "1000000000000000000", DENY_OVERFLOW},
};

START_TEST(instrument_rules_always_hold)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    const struct risk_order order =
        risking_order(&self, SIDE_BUY, rules[_i].amount, rules[_i].price);
    ck_assert_int_eq(risking_check(&self, &self.one, &order), rules[_i].code);
    risking_close(&self);
}
END_TEST

START_TEST(a_market_order_has_a_notional_too)
{
    struct risking self;
    risking_prepare(&self);
    self.quote.ask = D("49.5");
    self.quote.bid = D("49");
    risking_open(&self);
    const struct risk_order order = risking_order(&self, SIDE_SELL, "0.2", NULL);
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_MIN_NOTIONAL);
    risking_close(&self);
}
END_TEST

START_TEST(an_invalid_amount_is_denied)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    struct risk_order order = risking_order(&self, SIDE_BUY, "1", "100");
    order.amount = DECIMAL_INVALID;
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_OVERFLOW);
    order = risking_order(&self, SIDE_BUY, "1", "100");
    order.price = DECIMAL_INVALID;
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_PRICE_OFF_TICK);
    risking_close(&self);
}
END_TEST

/* ---- Limits, in each scope ---- */

/* The limits of a scope in which every one is looked at. */
static struct risk_limits *scope_limits(struct risking *self, int scope)
{
    struct risk_limits *const limits[] = {
        [RISK_GLOBAL] = &self->global,
        [RISK_VENUE] = &self->venue,
        [RISK_INSTRUMENT] = &self->btc,
        [RISK_CONTROLLER] = &self->controller,
    };
    return limits[scope];
}

enum { SCOPES = RISK_CONTROLLER + 1 };

START_TEST(order_quantity)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_order_quantity = D("5");
    risking_open(&self);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5.1"), DENY_MAX_ORDER_QUANTITY);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert(decimal_equal(self.verdict.limit, D("5")));
    ck_assert(decimal_equal(self.verdict.value, D("5.1")));
    risking_close(&self);
}
END_TEST

START_TEST(order_notional)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_order_notional = D("505");
    risking_open(&self);
    const struct risk_order at = risking_order(&self, SIDE_BUY, "5", "101");
    const struct risk_order beyond = risking_order(&self, SIDE_BUY, "5.1", "101");
    const struct risk_order market = risking_order(&self, SIDE_BUY, "5", NULL);
    const struct risk_order large = risking_order(&self, SIDE_BUY, "5.1", NULL);
    ck_assert_int_eq(risking_check(&self, &self.one, &at), DENY_NONE);
    ck_assert_int_eq(risking_check(&self, &self.one, &beyond), DENY_MAX_ORDER_NOTIONAL);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert(decimal_equal(self.verdict.value, D("515.1")));
    ck_assert_int_eq(risking_check(&self, &self.one, &market), DENY_NONE);
    ck_assert_int_eq(risking_check(&self, &self.one, &large), DENY_MAX_ORDER_NOTIONAL);
    risking_close(&self);
}
END_TEST

START_TEST(price_collar)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->price_collar = D("0.05");
    risking_open(&self);
    const struct risk_order low = risking_order(&self, SIDE_BUY, "1", "95");
    const struct risk_order lower = risking_order(&self, SIDE_BUY, "1", "94.5");
    const struct risk_order high = risking_order(&self, SIDE_SELL, "1", "105");
    const struct risk_order higher = risking_order(&self, SIDE_SELL, "1", "105.5");
    ck_assert_int_eq(risking_check(&self, &self.one, &low), DENY_NONE);
    ck_assert_int_eq(risking_check(&self, &self.one, &lower), DENY_PRICE_COLLAR);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert(decimal_equal(self.verdict.value, D("0.055")));
    ck_assert_int_eq(risking_check(&self, &self.one, &high), DENY_NONE);
    ck_assert_int_eq(risking_check(&self, &self.one, &higher), DENY_PRICE_COLLAR);
    risking_close(&self);
}
END_TEST

START_TEST(price_age)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_price_age_ns = 10 * NS_PER_S;
    risking_open(&self);
    self.quote.time_ns = NOW_NS - 10 * NS_PER_S;
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
    self.quote.time_ns--;
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_STALE_PRICE);
    ck_assert_int_eq(self.verdict.scope, _i);
    const struct risk_order market = risking_order(&self, SIDE_BUY, "1", NULL);
    ck_assert_int_eq(risking_check(&self, &self.one, &market), DENY_STALE_PRICE);
    risking_close(&self);
}
END_TEST

/* A collar without an age fails closed by itself: a minute, no quote, and a crossed one. */
START_TEST(a_collar_needs_a_fresh_price)
{
    struct risking self;
    risking_prepare(&self);
    self.global.price_collar = D("0.5");
    risking_open(&self);
    self.quote.time_ns = NOW_NS - 60 * NS_PER_S;
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
    self.quote.time_ns--;
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_STALE_PRICE);
    self.quote = (struct quote){.time_ns = NOW_NS, .bid = D("101"), .ask = D("99")};
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_STALE_PRICE);
    self.quote = (struct quote){0};
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_STALE_PRICE);
    risking_close(&self);
}
END_TEST

START_TEST(open_orders)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_open_orders = 2;
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "1");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
    risking_place(&self, &self.one, SIDE_BUY, "1");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_MAX_OPEN_ORDERS);
    ck_assert_int_eq(self.verdict.scope, _i);
    risking_cancel(&self, &self.one, SIDE_BUY, "1");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* 4 owned and 3 in live buys: 3 more are 10, the largest allowed. */
START_TEST(position)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_position = D("10");
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "4");
    risking_fill(&self, &self.one, SIDE_BUY, "4");
    risking_place(&self, &self.one, SIDE_BUY, "3");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "3"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "3.1"), DENY_MAX_POSITION);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert(decimal_equal(self.verdict.value, D("10.1")));
    /* To the other side: selling 14 makes -10, in the worst case that no buy fills. */
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "14"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "14.1"), DENY_MAX_POSITION);
    risking_close(&self);
}
END_TEST

/* Two instruments share the limit where the scope has both. */
START_TEST(exposure)
{
    struct risking self;
    risking_prepare(&self);
    struct risk_limits *limits = scope_limits(&self, _i);
    limits->max_exposure_quote = _i == RISK_INSTRUMENT ? D("500") : D("1000");
    risking_open(&self);
    struct risk_executor eth;
    risking_executor(&self, 0, ETH, &eth);
    risking_place(&self, &eth, SIDE_SELL, "5"); /* 500 */
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5.1"), DENY_MAX_EXPOSURE);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert(decimal_equal(self.verdict.value, _i == RISK_INSTRUMENT ? D("510") : D("1010")));
    /* The price moves: the same amount is worth more. */
    self.quote = (struct quote){.time_ns = NOW_NS, .bid = D("109"), .ask = D("111")};
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5"), DENY_MAX_EXPOSURE);
    risking_close(&self);
}
END_TEST

/* Four at once, and one more each quarter of a second. */
START_TEST(order_rate)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_orders_per_second = 4;
    risking_open(&self);
    struct risk_order order = risking_order(&self, SIDE_BUY, "1", "100");
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_NONE);
        risk_on_placed(self.risk, &self.one, &order);
    }
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_ORDER_RATE);
    ck_assert_int_eq(self.verdict.scope, _i);
    order.now_ns += NS_PER_S / 4 - 1;
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_ORDER_RATE);
    order.now_ns++;
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_NONE);
    risk_on_placed(self.risk, &self.one, &order);
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_ORDER_RATE);
    risking_close(&self);
}
END_TEST

START_TEST(executors_have_a_rate_of_their_own)
{
    struct risking self;
    risking_prepare(&self);
    self.executor.max_orders_per_second = 1;
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "1");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_ORDER_RATE);
    ck_assert_int_eq(self.verdict.scope, RISK_EXECUTOR);
    const struct risk_order order = risking_order(&self, SIDE_BUY, "1", "100");
    ck_assert_int_eq(risking_check(&self, &self.two, &order), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* A rate that does not divide the second is never exceeded: in any second at most 3 after the first
 * burst, here counted over a thousand of them. */
START_TEST(a_rate_is_never_exceeded)
{
    struct risking self;
    risking_prepare(&self);
    self.global.max_orders_per_second = 3;
    risking_open(&self);
    struct risk_order order = risking_order(&self, SIDE_BUY, "1", "100");
    int64_t placed = 0;
    for (; order.now_ns < NOW_NS + 1000 * NS_PER_S; order.now_ns += NS_PER_S / 100) {
        if (risking_check(&self, &self.one, &order) == DENY_NONE) {
            risk_on_placed(self.risk, &self.one, &order);
            placed++;
        }
    }
    ck_assert_int_le(placed, 3 * 1000 + 3);
    ck_assert_int_ge(placed, 3 * 1000 - 60);
    risking_close(&self);
}
END_TEST

START_TEST(executors)
{
    struct risking self;
    risking_prepare(&self);
    scope_limits(&self, _i)->max_executors = 2;
    risking_open(&self);
    risk_on_created(self.risk, &self.one);
    ck_assert(risk_check_create(self.risk, &self.one, &self.verdict));
    risk_on_created(self.risk, &self.one);
    ck_assert(!risk_check_create(self.risk, &self.one, &self.verdict));
    ck_assert_int_eq(self.verdict.code, DENY_MAX_EXECUTORS);
    ck_assert_int_eq(self.verdict.scope, _i);
    risk_on_closed(self.risk, &self.one);
    ck_assert(risk_check_create(self.risk, &self.one, &self.verdict));
    risking_close(&self);
}
END_TEST

/* ---- Self trades ---- */

START_TEST(own_orders_do_not_meet)
{
    struct risking self;
    uint32_t place;
    risking_prepare(&self);
    self.denies_self_trade = true;
    risking_open(&self);
    ck_assert_int_eq(risk_rest(self.risk, BTC, SIDE_SELL, D("101"), &place), ERR_NONE);
    const struct risk_order below = risking_order(&self, SIDE_BUY, "1", "100.5");
    const struct risk_order at = risking_order(&self, SIDE_BUY, "1", "101");
    const struct risk_order market = risking_order(&self, SIDE_BUY, "1", NULL); /* Ask 101. */
    ck_assert_int_eq(risking_check(&self, &self.two, &below), DENY_NONE);
    ck_assert_int_eq(risking_check(&self, &self.two, &at), DENY_SELF_TRADE);
    ck_assert_int_eq(risking_check(&self, &self.two, &market), DENY_SELF_TRADE);
    struct risk_executor eth;
    risking_executor(&self, 0, ETH, &eth);
    ck_assert_int_eq(risking_check(&self, &eth, &at), DENY_NONE);
    risk_unrest(self.risk, BTC, SIDE_SELL, place);
    ck_assert_int_eq(risking_check(&self, &self.two, &at), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* ---- States ---- */

static void set_state(struct risking *self, int scope, enum risk_state state)
{
    if (scope == RISK_EXECUTOR) {
        self->one.state = state;
    } else {
        risk_set_state(self->risk, (enum risk_scope_kind)scope, 0, state);
    }
}

START_TEST(halted_lets_nothing_through)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "4");
    risking_fill(&self, &self.one, SIDE_BUY, "4");
    set_state(&self, _i, RISK_HALTED);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_RISK_HALTED);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "1"), DENY_RISK_HALTED);
    ck_assert(!risk_check_create(self.risk, &self.one, &self.verdict));
    ck_assert_int_eq(self.verdict.code, DENY_RISK_HALTED);
    set_state(&self, _i, RISK_ACTIVE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* Owned 4, 1 of it in a live sale: 3 may be sold. */
START_TEST(reducing_lets_through_what_reduces)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "4");
    risking_fill(&self, &self.one, SIDE_BUY, "4");
    risking_place(&self, &self.one, SIDE_SELL, "1");
    set_state(&self, _i, RISK_REDUCING);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "3"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "3.1"), DENY_RISK_REDUCING);
    ck_assert_int_eq(self.verdict.scope, _i);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "0.2"), DENY_RISK_REDUCING);
    ck_assert(!risk_check_create(self.risk, &self.one, &self.verdict));
    ck_assert_int_eq(self.verdict.code, DENY_RISK_REDUCING);
    risking_close(&self);
}
END_TEST

START_TEST(what_the_controller_owns_may_be_reduced_by_another_executor)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    struct risk_executor other;
    risking_executor(&self, 0, BTC, &other);
    risking_place(&self, &self.one, SIDE_SELL, "4");
    risking_fill(&self, &self.one, SIDE_SELL, "4");
    const struct risk_order at = risking_order(&self, SIDE_BUY, "4", "100");
    const struct risk_order beyond = risking_order(&self, SIDE_BUY, "4.1", "100");
    ck_assert(risk_is_reducing(self.risk, &other, &at));
    ck_assert(!risk_is_reducing(self.risk, &other, &beyond));
    ck_assert(!risk_is_reducing(self.risk, &self.two, &at)); /* Another controller. */
    risking_close(&self);
}
END_TEST

/* On spot nobody enforces reduce-only; on a perpetual the venue does. */
START_TEST(reduce_only_counts_where_the_venue_enforces_it)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    struct risk_executor perpetual;
    risking_executor(&self, 0, PERP, &perpetual);
    struct risk_order order = risking_order(&self, SIDE_SELL, "5", "100");
    ck_assert(!risk_is_reducing(self.risk, &perpetual, &order));
    order.is_reduce_only = true;
    ck_assert(risk_is_reducing(self.risk, &perpetual, &order));
    ck_assert(!risk_is_reducing(self.risk, &self.one, &order));
    risking_close(&self);
}
END_TEST

/* Bought 2 on the spot market: a sale of 2 on the perpetual of the same asset reduces the pair. */
START_TEST(two_markets_of_one_asset_are_one_position)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    struct risk_executor pair;
    const uint32_t both[] = {BTC, PERP};
    ck_assert_int_eq(risk_executor_init(self.risk, 0, both, 2, &pair), ERR_NONE);
    struct risk_market second = {{0}, {0}, {0}, {0}, {0}, {0}};
    pair.second = &second;
    ck_assert(pair.is_paired);
    risking_place(&self, &pair, SIDE_BUY, "2");
    risking_fill(&self, &pair, SIDE_BUY, "2");
    struct risk_order hedge = risking_order(&self, SIDE_SELL, "2", "100");
    hedge.market = 1;
    ck_assert(risk_is_reducing(self.risk, &pair, &hedge));
    hedge.amount = D("2.1");
    ck_assert(!risk_is_reducing(self.risk, &pair, &hedge));
    risking_close(&self);
}
END_TEST

/* A stop is not refused for the size of what it closes. */
START_TEST(what_reduces_has_no_limit_of_size)
{
    struct risking self;
    risking_prepare(&self);
    self.global.max_order_quantity = D("3");
    self.global.max_order_notional = D("300");
    self.venue.max_position = D("3");
    self.controller.max_exposure_quote = D("300");
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "8"); /* As if the limits had come later. */
    risking_fill(&self, &self.one, SIDE_BUY, "8");
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "8"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "8.1"), DENY_MAX_ORDER_QUANTITY);
    risking_close(&self);
}
END_TEST

START_TEST(a_sum_out_of_range_denies)
{
    struct risking self;
    risking_prepare(&self);
    self.global.max_position = D("1000000");
    risking_open(&self);
    const struct risk_move move = {
        .way = SIDE_BUY, .owned = D("170000000000000000000"), .quote = &self.quote};
    risk_move(self.risk, &self.one, &move);
    risk_move(self.risk, &self.one, &move); /* Beyond the range: invalid from now on. */
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_MAX_POSITION);
    risking_close(&self);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("risk_check");
    tcase_add_loop_test(cases, instrument_rules_always_hold, 0, COUNT_OF(rules));
    tcase_add_test(cases, a_market_order_has_a_notional_too);
    tcase_add_test(cases, an_invalid_amount_is_denied);
    tcase_add_loop_test(cases, order_quantity, 0, SCOPES);
    tcase_add_loop_test(cases, order_notional, 0, SCOPES);
    tcase_add_loop_test(cases, price_collar, 0, SCOPES);
    tcase_add_loop_test(cases, price_age, 0, SCOPES);
    tcase_add_test(cases, a_collar_needs_a_fresh_price);
    tcase_add_loop_test(cases, open_orders, 0, SCOPES);
    tcase_add_loop_test(cases, position, 0, SCOPES);
    tcase_add_loop_test(cases, exposure, 0, SCOPES);
    tcase_add_loop_test(cases, order_rate, 0, SCOPES);
    tcase_add_test(cases, executors_have_a_rate_of_their_own);
    tcase_add_test(cases, a_rate_is_never_exceeded);
    tcase_add_loop_test(cases, executors, 0, SCOPES);
    tcase_add_test(cases, own_orders_do_not_meet);
    tcase_add_loop_test(cases, halted_lets_nothing_through, 0, RISK_EXECUTOR + 1);
    tcase_add_loop_test(cases, reducing_lets_through_what_reduces, 0, RISK_EXECUTOR + 1);
    tcase_add_test(cases, what_the_controller_owns_may_be_reduced_by_another_executor);
    tcase_add_test(cases, reduce_only_counts_where_the_venue_enforces_it);
    tcase_add_test(cases, two_markets_of_one_asset_are_one_position);
    tcase_add_test(cases, what_reduces_has_no_limit_of_size);
    tcase_add_test(cases, a_sum_out_of_range_denies);
    return suite_run("risk_check", cases);
}
