/*
 * tests/unit/market/test_risk.c - the sums of the risk engine: positions, live orders, executors,
 * states and the values of positions.
 */
#include "market/risk.h"

#include "risking.h"
#include "suite.h"

#define ck_assert_decimal(value, text) ck_assert(decimal_equal(value, D(text)))

START_TEST(the_strictest_state_decides)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    enum risk_scope_kind scope;
    ck_assert_int_eq(risk_effective_state(self.risk, &self.one, 0, &scope), RISK_ACTIVE);
    risk_set_state(self.risk, RISK_CONTROLLER, 0, RISK_REDUCING);
    ck_assert_int_eq(risk_effective_state(self.risk, &self.one, 0, &scope), RISK_REDUCING);
    ck_assert_int_eq(scope, RISK_CONTROLLER);
    ck_assert_int_eq(risk_effective_state(self.risk, &self.two, 0, &scope), RISK_ACTIVE);
    risk_set_state(self.risk, RISK_VENUE, 0, RISK_HALTED);
    ck_assert_int_eq(risk_effective_state(self.risk, &self.two, 0, &scope), RISK_HALTED);
    ck_assert_int_eq(scope, RISK_VENUE);
    ck_assert_int_eq(risk_state_of(self.risk, RISK_VENUE, 1), RISK_ACTIVE);
    risk_set_state(self.risk, RISK_GLOBAL, 0, RISK_HALTED);
    ck_assert_int_eq(risk_effective_state(self.risk, &self.two, 0, &scope), RISK_HALTED);
    ck_assert_int_eq(scope, RISK_GLOBAL);
    risking_close(&self);
}
END_TEST

START_TEST(live_orders_and_executors_are_counted_where_they_belong)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    risk_on_created(self.risk, &self.one);
    risk_on_created(self.risk, &self.two);
    risking_place(&self, &self.one, SIDE_BUY, "1");
    risking_place(&self, &self.one, SIDE_BUY, "2");
    risking_place(&self, &self.two, SIDE_SELL, "3");
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_GLOBAL, 0).open_orders, 3);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_VENUE, 0).open_orders, 3);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_VENUE, 1).open_orders, 0);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_INSTRUMENT, BTC).open_orders, 3);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_CONTROLLER, 0).open_orders, 2);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_CONTROLLER, 1).executors, 1);
    risking_cancel(&self, &self.one, SIDE_BUY, "1");
    risk_on_closed(self.risk, &self.two);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_CONTROLLER, 0).open_orders, 1);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_GLOBAL, 0).executors, 1);
    risking_close(&self);
}
END_TEST

/* Two markets on one venue count once there, and once for the run and the controller. */
START_TEST(an_executor_of_two_markets_counts_once_per_scope)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    struct risk_executor pair;
    const uint32_t both[] = {BTC, ETH};
    ck_assert_int_eq(risk_executor_init(self.risk, 0, both, 2, &pair), ERR_NONE);
    ck_assert(!pair.is_paired);
    risk_on_created(self.risk, &pair);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_GLOBAL, 0).executors, 1);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_VENUE, 0).executors, 1);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_INSTRUMENT, BTC).executors, 1);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_INSTRUMENT, ETH).executors, 1);
    risk_on_closed(self.risk, &pair);
    ck_assert_uint_eq(risk_usage_of(self.risk, RISK_VENUE, 0).executors, 0);
    risking_close(&self);
}
END_TEST

/* Worst case: +3 with live buys of 2 and live sells of 4 counts as 5, at the middle price 100. */
START_TEST(exposure_is_the_worst_case)
{
    struct risking self;
    risking_prepare(&self);
    self.global.max_exposure_quote = D("1000000");
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "3");
    risking_fill(&self, &self.one, SIDE_BUY, "3");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "300");
    risking_place(&self, &self.one, SIDE_BUY, "2");
    risking_place(&self, &self.one, SIDE_SELL, "4");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "500");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_CONTROLLER, 0).exposure_quote, "500");
    /* The other controller is short of 8: in the instrument they net, between controllers not. */
    risking_place(&self, &self.two, SIDE_SELL, "8");
    risking_fill(&self, &self.two, SIDE_SELL, "8");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "900");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_CONTROLLER, 1).exposure_quote, "800");
    const struct quote quotes[INSTRUMENTS] = {
        [BTC] = {.time_ns = NOW_NS, .bid = D("199"), .ask = D("201")}};
    risk_revalue(self.risk, quotes);
    ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "1800");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_CONTROLLER, 0).exposure_quote, "1000");
    ck_assert_decimal(risk_usage_of(self.risk, RISK_VENUE, 1).exposure_quote, "0");
    risking_close(&self);
}
END_TEST

/* Without a limit nobody follows it, and whoever wants to see it gets it as it is now. */
START_TEST(exposure_can_be_seen_without_a_limit)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "3");
    risking_fill(&self, &self.one, SIDE_BUY, "3");
    const struct quote quotes[INSTRUMENTS] = {
        [BTC] = {.time_ns = NOW_NS, .bid = D("199"), .ask = D("201")}};
    risk_revalue(self.risk, quotes);
    ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "0");
    for (int again = 0; again < 2; again++) {
        risk_value(self.risk, quotes);
        ck_assert_decimal(risk_usage_of(self.risk, RISK_GLOBAL, 0).exposure_quote, "600");
        ck_assert_decimal(risk_usage_of(self.risk, RISK_CONTROLLER, 0).exposure_quote, "600");
    }
    risking_close(&self);
}
END_TEST

/* A late fill of a canceled order counts, though nothing of it was live any more. */
START_TEST(late_fills_count)
{
    struct risking self;
    risking_prepare(&self);
    risking_open(&self);
    risking_place(&self, &self.one, SIDE_BUY, "5");
    risking_cancel(&self, &self.one, SIDE_BUY, "5");
    ck_assert_decimal(risk_market_of(&self.one, 0)->opened, "0");
    const struct risk_move late = {.way = SIDE_BUY,
                                   .is_opening = true,
                                   .filled = D("2"),
                                   .owned = D("1.998"),
                                   .quote = &self.quote};
    risk_move(self.risk, &self.one, &late);
    ck_assert_decimal(risk_market_of(&self.one, 0)->opened, "2");
    ck_assert_decimal(risk_market_of(&self.one, 0)->owned, "1.998");
    ck_assert_decimal(risk_market_of(&self.one, 0)->buys, "0");
    risking_close(&self);
}
END_TEST

START_TEST(rejects_stop_an_executor_that_has_too_many_in_a_minute)
{
    struct risking self;
    risking_prepare(&self);
    self.executor.max_rejects_per_minute = 3;
    risking_open(&self);
    for (int i = 0; i < 3; i++) {
        ck_assert(!risk_on_rejected(self.risk, &self.one, NOW_NS + i * NS_PER_S));
    }
    ck_assert(risk_on_rejected(self.risk, &self.one, NOW_NS + 59 * NS_PER_S));
    ck_assert(!risk_on_rejected(self.risk, &self.one, NOW_NS + 59 * NS_PER_S)); /* Once. */
    ck_assert(!risk_on_rejected(self.risk, &self.two, NOW_NS));
    for (int i = 1; i < 3; i++) {
        ck_assert(!risk_on_rejected(self.risk, &self.two, NOW_NS));
    }
    /* The minute is over: the count begins again. */
    ck_assert(!risk_on_rejected(self.risk, &self.two, NOW_NS + 60 * NS_PER_S));
    risking_close(&self);
}
END_TEST

START_TEST(resting_orders_are_kept_only_when_self_trades_are_denied)
{
    struct risking self;
    uint32_t place;
    risking_prepare(&self);
    risking_open(&self);
    ck_assert_int_eq(risk_rest(self.risk, BTC, SIDE_SELL, D("100"), &place), ERR_NONE);
    ck_assert_uint_eq(place, 0);
    risk_unrest(self.risk, BTC, SIDE_SELL, place);
    risking_close(&self);
    risking_prepare(&self);
    self.denies_self_trade = true;
    risking_open(&self);
    ck_assert_int_eq(risk_rest(self.risk, BTC, SIDE_SELL, D("100"), &place), ERR_NONE);
    ck_assert_uint_gt(place, 0);
    risk_unrest(self.risk, BTC, SIDE_SELL, place);
    risking_close(&self);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("risk");
    tcase_add_test(cases, the_strictest_state_decides);
    tcase_add_test(cases, live_orders_and_executors_are_counted_where_they_belong);
    tcase_add_test(cases, an_executor_of_two_markets_counts_once_per_scope);
    tcase_add_test(cases, exposure_is_the_worst_case);
    tcase_add_test(cases, exposure_can_be_seen_without_a_limit);
    tcase_add_test(cases, late_fills_count);
    tcase_add_test(cases, rejects_stop_an_executor_that_has_too_many_in_a_minute);
    tcase_add_test(cases, resting_orders_are_kept_only_when_self_trades_are_denied);
    return suite_run("risk", cases);
}
