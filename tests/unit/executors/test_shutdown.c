/*
 * tests/unit/executors/test_shutdown.c - how an executor ends: deadlines, retries, dust, waking.
 */
#include "executors/shutdown.h"

#include "bracketing.h"

/* A long of 1 that was stopped at second 0; its CLOSE is order 2. */
static void stop_long(struct setting *setting, struct stage *stage)
{
    start_at_100(setting, stage);
    tell_done(stage, 1, "100", "1");
    ck_assert_int_eq(stage_stop(stage, false), ERR_NONE);
    ck_assert_uint_eq(placed(stage, ROLE_CLOSE), 1);
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
}

START_TEST(a_close_that_fills_ends_it)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    stop_long(&setting, &stage);
    tell_fill(&stage, 2, "101", "1");
    tell(&stage, ORDER_EVENT_COMPLETED, 2);
    look(&stage, 1, "101", "101");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EARLY_STOP);
    ck_assert_int_eq(stage.executor->closed_at_ns, 0);
    ck_assert_decimal_eq(stage.executor->dust, "0");
    stage_close(&stage);
}
END_TEST

START_TEST(a_close_is_timed_out_after_thirty_seconds)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    stop_long(&setting, &stage);
    look(&stage, 29, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 30, "100", "100");
    ck_assert(canceled(&stage, 2));
    ck_assert_uint_eq(stage.executor->retries, 1);
    look(&stage, 34, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 35, "100", "100"); /* Asked again, counted once. */
    ck_assert(canceled(&stage, 2));
    ck_assert_uint_eq(stage.executor->retries, 1);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    ck_assert_uint_eq(stage.executor->retries, 1);
    look(&stage, 36, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    stage_close(&stage);
}
END_TEST

START_TEST(failures_wait_longer_each_time_and_are_bounded)
{
    static const int64_t waits[] = {1, 2, 4, 8, 16, 30, 30};
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.common.max_retries = 7;
    stop_long(&setting, &stage);
    int64_t second = 0;
    for (uint32_t i = 0; i < 7; i++) {
        tell(&stage, ORDER_EVENT_FAILED, 2 + i);
        look(&stage, second + waits[i] - 1, "100", "100");
        ck_assert_uint_eq(stage.requests.count, 0);
        second += waits[i];
        look(&stage, second, "100", "100");
        ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    }
    tell(&stage, ORDER_EVENT_FAILED, 9);
    look(&stage, second + 1, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_decimal_eq(stage.executor->held, "1");
    ck_assert_int_eq(stage.executor->closed_at_ns, 0);
    stage_close(&stage);
}
END_TEST

START_TEST(what_other_orders_may_take_is_not_closed_twice)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_take_profit(&setting, "0.1", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(&stage, 2, "110", "0.3");
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert(canceled(&stage, 2));
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 0); /* The 0.7 belong to the take profit. */
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    look(&stage, 2, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    ck_assert_decimal_eq(stage.requests.items[0].amount, "0.7");
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_too_small_becomes_dust)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.instrument.step = D("0.1");
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "0.95");
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_decimal_eq(ledger_find(&stage.executor->ledger, 2)->amount, "0.9");
    tell_done(&stage, 2, "100", "0.9");
    look(&stage, 1, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->dust, "0.05");
    ck_assert_decimal_eq(stage.executor->held, "0");
    stage_close(&stage);
}
END_TEST

START_TEST(holding_nothing_is_an_early_stop)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    ck_assert_int_eq(stage_stop(&stage, true), ERR_NONE);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_POSITION_HOLD);
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    look(&stage, 1, "100", "100");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EARLY_STOP);
    stage_close(&stage);
}
END_TEST

static struct wake wake_of(struct stage *stage)
{
    struct wake wake;
    stage->kind->wake(stage->executor, &stage->view, &wake);
    return wake;
}

START_TEST(it_wakes_at_its_deadlines)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    stop_long(&setting, &stage);
    ck_assert_int_eq(wake_of(&stage).at_ns, 30 * NS_PER_S);
    look(&stage, 30, "100", "100");
    ck_assert_int_eq(wake_of(&stage).at_ns, 35 * NS_PER_S);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    ck_assert_int_eq(wake_of(&stage).at_ns, 31 * NS_PER_S); /* The wait of the retry. */
    stage_close(&stage);
}
END_TEST

/* While a failed close waits, the rest may become too small to trade: then it is over at once. */
START_TEST(it_wakes_when_the_rest_becomes_too_small_while_it_waits)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.instrument.min_notional = D("90");
    stop_long(&setting, &stage);
    tell(&stage, ORDER_EVENT_FAILED, 2);
    look(&stage, 0, "100", "100");
    const struct wake wake = wake_of(&stage);
    ck_assert(wake.markets[0].is_set[WAKE_BID_AT_MOST]);
    ck_assert(decimal_less(D("89.9"), wake.markets[0].level[WAKE_BID_AT_MOST]));
    ck_assert(decimal_less(wake.markets[0].level[WAKE_BID_AT_MOST], D("90.01")));
    look(&stage, 0, "89.99", "90");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->dust, "1");
    stage_close(&stage);
}
END_TEST

/* What is free beside a live take profit may become large enough to be closed. */
START_TEST(it_wakes_when_what_is_free_becomes_large_enough)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.instrument.min_notional = D("60");
    setting_take_profit(&setting, "0.5", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(&stage, 1, "100", "0.5"); /* A late fill: 0.5 are free. */
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 0);
    const struct wake wake = wake_of(&stage);
    ck_assert(wake.markets[0].is_set[WAKE_BID_AT_LEAST]);
    ck_assert(!decimal_less(D("120"), wake.markets[0].level[WAKE_BID_AT_LEAST]));
    ck_assert(decimal_less(D("119.99"), wake.markets[0].level[WAKE_BID_AT_LEAST]));
    look(&stage, 2, "120", "120");
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_close_that_fills_ends_it);
    tcase_add_test(tcase, a_close_is_timed_out_after_thirty_seconds);
    tcase_add_test(tcase, failures_wait_longer_each_time_and_are_bounded);
    tcase_add_test(tcase, what_other_orders_may_take_is_not_closed_twice);
    tcase_add_test(tcase, what_is_too_small_becomes_dust);
    tcase_add_test(tcase, holding_nothing_is_an_early_stop);
    tcase_add_test(tcase, it_wakes_at_its_deadlines);
    tcase_add_test(tcase, it_wakes_when_the_rest_becomes_too_small_while_it_waits);
    tcase_add_test(tcase, it_wakes_when_what_is_free_becomes_large_enough);
}

int main(void)
{
    return run_tests("shutdown", add_tests);
}
