/*
 * tests/unit/market/test_target.c - what executors are held to: at the limit and one step beyond.
 */
#include "market/target.h"

#include <check.h>

#include "risking.h"
#include "suite.h"

START_TEST(what_is_opened_stays_within_the_target)
{
    struct risking self;
    risking_prepare(&self);
    self.executor.target_tolerance = D("0.1");
    risking_open(&self);
    self.one.target = (struct target){TARGET_BASE, D("10")};
    risking_place(&self, &self.one, SIDE_BUY, "6");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5.1"), DENY_TARGET_EXCEEDED);
    ck_assert_int_eq(self.verdict.scope, RISK_EXECUTOR);
    ck_assert(decimal_equal(self.verdict.limit, D("11")));
    /* What was filled stays opened, also after it was sold again; what was canceled does not. */
    risking_fill(&self, &self.one, SIDE_BUY, "6");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5.1"), DENY_TARGET_EXCEEDED);
    risking_place(&self, &self.one, SIDE_BUY, "5");
    risking_cancel(&self, &self.one, SIDE_BUY, "5");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "5"), DENY_NONE);
    /* An order that closes is not held to it. */
    struct risk_order close = risking_order(&self, SIDE_SELL, "6", "100");
    close.is_opening = false;
    ck_assert_int_eq(risking_check(&self, &self.one, &close), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* 1000 at 100 and less: 6 * 100 live leave 400. */
START_TEST(a_target_in_quote)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    self.one.target = (struct target){TARGET_QUOTE, D("1000")};
    risking_place(&self, &self.one, SIDE_BUY, "6");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "4"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "4.1"), DENY_TARGET_EXCEEDED);
    ck_assert(decimal_equal(self.verdict.limit, D("1000")));
    ck_assert(decimal_equal(self.verdict.value, D("1010")));
    struct risk_order cheaper = risking_order(&self, SIDE_BUY, "8", "50");
    ck_assert_int_eq(risking_check(&self, &self.one, &cheaper), DENY_NONE);
    /* A market order counts at the ask of 101: 3.9 * 101 = 393.9. */
    struct risk_order market = risking_order(&self, SIDE_BUY, "3.9", NULL);
    ck_assert_int_eq(risking_check(&self, &self.one, &market), DENY_NONE);
    market.amount = D("4");
    ck_assert_int_eq(risking_check(&self, &self.one, &market), DENY_TARGET_EXCEEDED);
    /* Filled or canceled, what was said above holds as well. */
    risking_fill(&self, &self.one, SIDE_BUY, "6");
    risking_place(&self, &self.one, SIDE_BUY, "4");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "0.2"), DENY_TARGET_EXCEEDED);
    risking_cancel(&self, &self.one, SIDE_BUY, "4");
    ck_assert_int_eq(risking_try(&self, SIDE_BUY, "4"), DENY_NONE);
    risking_close(&self);
}
END_TEST

/* 100 / 3 has no end: what a quotient rounded up buys is not more than what was divided. */
START_TEST(a_target_in_quote_knows_its_roundings)
{
    struct risking self;
    risking_prepare(&self);
    self.instruments[BTC].step = D("0.000000000000000001");
    self.instruments[BTC].min_notional = DECIMAL_ZERO;
    risking_open(&self);
    self.one.target = (struct target){TARGET_QUOTE, D("200")};
    const struct decimal all = decimal_divide(D("200"), D("1.5")); /* 133.333...333 */
    struct risk_order order = risking_order(&self, SIDE_BUY, "1", "1.5");
    order.amount = all;
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_NONE);
    order.amount = decimal_add(all, D("0.000000000000000001"));
    ck_assert_int_eq(risking_check(&self, &self.one, &order), DENY_TARGET_EXCEEDED);
    risking_close(&self);
}
END_TEST

/* 10 at a time, as often as it likes. */
START_TEST(a_target_of_what_is_open)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    self.one.target = (struct target){TARGET_OPEN, D("10")};
    for (int round = 0; round < 3; round++) {
        risking_place(&self, &self.one, SIDE_BUY, "6");
        risking_fill(&self, &self.one, SIDE_BUY, "6");
        risking_place(&self, &self.one, SIDE_BUY, "3");
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_NONE);
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1.1"), DENY_TARGET_EXCEEDED);
        ck_assert(decimal_equal(self.verdict.value, D("10.1")));
        risking_cancel(&self, &self.one, SIDE_BUY, "3");
        /* It sells what it owns. A sale on its way brings back nothing yet. */
        struct risk_order close = risking_order(&self, SIDE_SELL, "6", "100");
        close.is_opening = false;
        risk_on_placed(self.risk, &self.one, &close);
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "4.1"), DENY_TARGET_EXCEEDED);
        const struct risk_move sold = {.way = SIDE_SELL,
                                       .live = D("-6"),
                                       .filled = D("6"),
                                       .owned = D("-6"),
                                       .quote = &self.quote};
        risk_move(self.risk, &self.one, &sold);
        risk_on_ended(self.risk, &self.one, 0);
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "10"), DENY_NONE);
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "10.1"), DENY_TARGET_EXCEEDED);
    }
    /* The same the other way round. */
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "10"), DENY_NONE);
    ck_assert_int_eq(risking_try(&self, SIDE_SELL, "10.1"), DENY_TARGET_EXCEEDED);
    risking_close(&self);
}
END_TEST

/* A pair: each of its markets has the whole target; a hedge of what is open is never refused, one
 * of nothing counts. */
START_TEST(a_target_of_a_pair)
{
    struct risking self;
    struct risk_executor pair;
    struct risk_market second = {0};
    const uint32_t instruments[] = {BTC, PERP};
    risking_prepare(&self);
    risking_open(&self);
    ck_assert_int_eq(risk_executor_init(self.risk, 1, instruments, 2, &pair), ERR_NONE);
    pair.second = &second;
    pair.target = (struct target){TARGET_BASE, D("10")};
    struct risk_order leg = risking_order(&self, SIDE_BUY, "10", "100");
    ck_assert_int_eq(risking_check(&self, &pair, &leg), DENY_NONE);
    leg.amount = D("10.1");
    ck_assert_int_eq(risking_check(&self, &pair, &leg), DENY_TARGET_EXCEEDED);
    leg.amount = D("10");
    risk_on_placed(self.risk, &pair, &leg);
    leg.market = 1;
    leg.side = SIDE_SELL;
    leg.way = SIDE_SELL;
    ck_assert_int_eq(risking_check(&self, &pair, &leg), DENY_NONE);
    struct risk_order hedge = leg;
    hedge.is_opening = false;
    hedge.is_hedge = true;
    ck_assert_int_eq(risking_check(&self, &pair, &hedge), DENY_NONE);
    hedge.amount = D("10.1");
    ck_assert_int_eq(risking_check(&self, &pair, &hedge), DENY_TARGET_EXCEEDED);
    /* 11 were bought, one of them late: all of it may be hedged. */
    const struct risk_move bought = {.way = SIDE_BUY, .owned = D("11"), .quote = &self.quote};
    risk_move(self.risk, &pair, &bought);
    hedge.amount = D("11");
    ck_assert_int_eq(risking_check(&self, &pair, &hedge), DENY_NONE);
    hedge.amount = D("11.1");
    ck_assert_int_eq(risking_check(&self, &pair, &hedge), DENY_TARGET_EXCEEDED);
    risking_close(&self);
}
END_TEST

START_TEST(a_target_out_of_range_opens_nothing)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    for (int kind = TARGET_BASE; kind <= TARGET_OPEN; kind++) {
        self.one.target = (struct target){(enum target_kind)kind, DECIMAL_INVALID};
        ck_assert_int_eq(risking_try(&self, SIDE_BUY, "1"), DENY_TARGET_EXCEEDED);
    }
    risking_close(&self);
}
END_TEST

START_TEST(the_price_at_which_an_order_counts)
{
    struct risking self;
    risking_prepare(&self);
    struct risk_order order = risking_order(&self, SIDE_BUY, "1", "100.5");
    ck_assert(decimal_equal(risk_order_price(&order), D("100.5")));
    order = risking_order(&self, SIDE_BUY, "1", NULL);
    ck_assert(decimal_equal(risk_order_price(&order), D("101")));
    order = risking_order(&self, SIDE_SELL, "1", NULL);
    ck_assert(decimal_equal(risk_order_price(&order), D("99")));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("target");
    tcase_add_test(cases, what_is_opened_stays_within_the_target);
    tcase_add_test(cases, a_target_in_quote);
    tcase_add_test(cases, a_target_in_quote_knows_its_roundings);
    tcase_add_test(cases, a_target_of_what_is_open);
    tcase_add_test(cases, a_target_of_a_pair);
    tcase_add_test(cases, a_target_out_of_range_opens_nothing);
    tcase_add_test(cases, the_price_at_which_an_order_counts);
    return suite_run("target", cases);
}
