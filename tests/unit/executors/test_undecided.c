/*
 * tests/unit/executors/test_undecided.c - the rules that stand in the specification but that no
 * golden run tells apart (FORMAT.md section 8), one test each, named after them.
 */
#include "executors/bracket.h"

#include "bracketing.h"

START_TEST(hold_mode_with_retries_above_the_maximum_does_not_fail)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.common.max_retries = 0;
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100", "0.5");
    ck_assert_int_eq(stage_stop(&stage, true), ERR_NONE);
    ck_assert(canceled(&stage, 1));
    tell(&stage, ORDER_EVENT_FAILED, 1);
    ck_assert_uint_eq(stage.executor->retries, 1);
    look(&stage, 1, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_POSITION_HOLD);
    ck_assert_decimal_eq(stage.executor->held, "0.5");
    stage_close(&stage);
}
END_TEST

START_TEST(expired_comes_before_too_small)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.amount = D("0.009");
    setting_time_limit(&setting, 10);
    setting_open(&setting, &stage);
    const struct quote quote = quote_at(10, "100", "100");
    stage_start(&stage, &quote, true);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EXPIRED);
    stage_close(&stage);
}
END_TEST

START_TEST(a_time_limit_is_not_extended_when_nothing_remains)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.rows[0] = (struct ladder_row){D("0.01"), D("0.5")};
    setting_trailing(&setting, 1);
    setting_time_limit(&setting, 10);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "110", "110"); /* p 0.1: the trigger is 0.05. */
    look(&stage, 2, "104", "104");
    ck_assert_uint_eq(placed(&stage, ROLE_PARTIAL), 1);
    tell_done(&stage, 2, "104", "1"); /* More than was asked for: all is gone, p is 0.04. */
    look(&stage, 9, "104", "104");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    look(&stage, 10, "104", "104");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TIME_LIMIT);
    stage_close(&stage);
}
END_TEST

/* Half an entry at 100 whose rest is out of bounds, and a take profit for that half (order 2). */
static void open_half_with_take_profit(struct setting *setting, struct stage *stage)
{
    setting_init(setting, &executor_kind_position);
    setting->instrument.min_order_size = D("0.1");
    setting->barriers.open_order_type = ORDER_LIMIT;
    setting_take_profit(setting, "0.05", ORDER_LIMIT);
    setting_bounds(setting, "0.02", "0.02");
    start_at_100(setting, stage);
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(stage, 1, "100", "0.5");
    look(stage, 1, "103", "103");
    ck_assert(canceled(stage, 1));
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 2, "103", "103");
    ck_assert_uint_eq(placed(stage, ROLE_TAKE_PROFIT), 1);
    ck_assert_uint_eq(stage->executor->ledger.count, 2);
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
}

START_TEST(a_take_profit_is_not_over_while_an_entry_is_live)
{
    struct setting setting;
    struct stage stage;
    open_half_with_take_profit(&setting, &stage);
    look(&stage, 3, "101", "101");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    tell_fill(&stage, 2, "105", "0.45");
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    look(&stage, 4, "101", "101");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    look(&stage, 5, "103", "103");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TAKE_PROFIT);
    ck_assert_decimal_eq(stage.executor->dust, "0.05");
    stage_close(&stage);
}
END_TEST

START_TEST(a_take_profit_is_not_over_while_enough_remains)
{
    struct setting setting;
    struct stage stage;
    open_half_with_take_profit(&setting, &stage);
    tell_fill(&stage, 2, "105", "0.4");
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    look(&stage, 3, "103", "103"); /* 0.1 is just enough. */
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_left_by_a_partial_close_is_floored_before_it_is_judged)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.instrument.step = D("0.1");
    setting.instrument.min_order_size = D("0.15");
    setting.rows[0] = (struct ladder_row){D("0.01"), D("0.85")};
    setting_trailing(&setting, 1);
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    struct order_event event = {.kind = ORDER_EVENT_FILL, .ordinal = 1};
    event.fill = (struct fill){.side = SIDE_BUY,
                               .price = D("100"),
                               .amount = D("1"),
                               .fee = D("0.01"),
                               .fee_in_base = true};
    stage.kind->on_order(stage.executor, &event, 0);
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    look(&stage, 1, "112", "112");
    look(&stage, 2, "104", "104"); /* 0.8 of 0.99: the 0.19 left are 0.1 on the grid. */
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TRAILING_STOP);
    stage_close(&stage);
}
END_TEST

START_TEST(a_retry_wait_comes_before_the_cancel_of_a_resting_take_profit)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.rows[0] = (struct ladder_row){D("0.01"), D("0.5")};
    setting_trailing(&setting, 1);
    setting_take_profit(&setting, "0.5", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "110", "110");
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 1);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    executor_count_retry(stage.executor, 2 * NS_PER_S);
    look(&stage, 2, "104", "104");
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 3, "104", "104");
    ck_assert(canceled(&stage, 2));
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.05");
    stage_close(&stage);
}
END_TEST

START_TEST(a_take_profit_price_is_rounded_before_it_is_clamped)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_take_profit(&setting, "0.01", ORDER_LIMIT_MAKER);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "101", "101.005"); /* An ask beside the tick grid stays there. */
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 1);
    ck_assert_decimal_eq(stage.requests.items[0].price, "101.005");
    stage_close(&stage);
}
END_TEST

START_TEST(a_short_with_a_take_profit_of_everything_places_none)
{
    static const char *const levels[] = {"1", "1.5"};
    for (size_t i = 0; i < 2; i++) {
        struct setting setting;
        struct stage stage;
        setting_init(&setting, &executor_kind_position);
        setting.config.side = SIDE_SELL;
        setting_take_profit(&setting, levels[i], ORDER_LIMIT);
        start_at_100(&setting, &stage);
        tell_done(&stage, 1, "100", "1");
        look(&stage, 1, "90", "90");
        ck_assert_uint_eq(stage.requests.count, 0);
        ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
        stage_close(&stage);
    }
}
END_TEST

START_TEST(the_bounds_of_a_maker_entry_are_those_of_the_configured_price)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.barriers.open_order_type = ORDER_LIMIT_MAKER;
    setting_bounds(&setting, "0.005", "0.005");
    setting_open(&setting, &stage);
    /* The mid is 100.2; 99.4, where the order goes, is farther from it than the bound. */
    const struct quote quote = quote_at(0, "99.4", "101");
    stage_start(&stage, &quote, true);
    stage_evaluate(&stage);
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    ck_assert_decimal_eq(stage.requests.items[0].price, "99.4");
    stage_close(&stage);
}
END_TEST

START_TEST(closable_is_judged_at_the_closing_side)
{
    static const struct {
        enum side side;
        bool closes;
    } cases[] = {{SIDE_BUY, false}, {SIDE_SELL, true}};
    for (size_t i = 0; i < 2; i++) {
        struct setting setting;
        struct stage stage;
        setting_init(&setting, &executor_kind_position);
        setting.config.side = cases[i].side;
        setting.instrument.min_notional = D("100");
        setting_stop_loss(&setting, "0.005");
        start_at_100(&setting, &stage);
        tell_done(&stage, 1, "100", "1");
        look(&stage, 1, "99", "101"); /* Worth 99 to a seller, 101 to a buyer. */
        ck_assert_int_eq(stage.executor->close_type == CLOSE_STOP_LOSS, cases[i].closes);
        stage_close(&stage);
    }
}
END_TEST

START_TEST(a_close_is_canceled_in_fail_mode)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.common.max_retries = 0;
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100", "0.5");
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    tell(&stage, ORDER_EVENT_FAILED, 1); /* One too many. */
    look(&stage, 1, "100", "100");
    ck_assert_int_eq(stage.executor->shutdown_mode, SHUTDOWN_FAIL);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert(canceled(&stage, 2));
    ck_assert_int_eq(stage.executor->closed_at_ns, 0);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    look(&stage, 2, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->held, "0.5");
    stage_close(&stage);
}
END_TEST

START_TEST(a_pending_entry_is_not_canceled_by_its_bounds)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.barriers.open_order_type = ORDER_LIMIT;
    setting_bounds(&setting, "0.01", "0.01");
    start_at_100(&setting, &stage);
    look(&stage, 1, "110", "110");
    ck_assert_uint_eq(stage.requests.count, 0);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    look(&stage, 2, "110", "110");
    ck_assert(canceled(&stage, 1));
    look(&stage, 9, "110", "110"); /* While RUNNING a cancel is never repeated. */
    ck_assert_uint_eq(stage.requests.count, 0);
    stage_close(&stage);
}
END_TEST

START_TEST(a_pending_take_profit_is_not_canceled)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_take_profit(&setting, "0.05", ORDER_LIMIT);
    setting_bounds(&setting, "0.1", "0.1");
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 1);
    look(&stage, 2, "90", "90"); /* 105 is now too far away. */
    ck_assert_uint_eq(stage.requests.count, 0);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    look(&stage, 3, "90", "90");
    ck_assert(canceled(&stage, 2));
    stage_close(&stage);
}
END_TEST

START_TEST(ties_in_a_quotient_go_to_even)
{
    static const struct {
        int64_t raw, half;
    } cases[] = {{1, 0}, {3, 2}, {5, 2}, {7, 4}, {-1, 0}, {-3, -2}, {-5, -2}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct decimal value =
            moment_ratio((struct decimal){.raw = cases[i].raw}, decimal_from_int(2));
        ck_assert_int_eq((int64_t)value.raw, cases[i].half);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, hold_mode_with_retries_above_the_maximum_does_not_fail);
    tcase_add_test(tcase, expired_comes_before_too_small);
    tcase_add_test(tcase, a_time_limit_is_not_extended_when_nothing_remains);
    tcase_add_test(tcase, a_take_profit_is_not_over_while_an_entry_is_live);
    tcase_add_test(tcase, a_take_profit_is_not_over_while_enough_remains);
    tcase_add_test(tcase, what_is_left_by_a_partial_close_is_floored_before_it_is_judged);
    tcase_add_test(tcase, a_retry_wait_comes_before_the_cancel_of_a_resting_take_profit);
    tcase_add_test(tcase, a_take_profit_price_is_rounded_before_it_is_clamped);
    tcase_add_test(tcase, a_short_with_a_take_profit_of_everything_places_none);
    tcase_add_test(tcase, the_bounds_of_a_maker_entry_are_those_of_the_configured_price);
    tcase_add_test(tcase, closable_is_judged_at_the_closing_side);
    tcase_add_test(tcase, a_close_is_canceled_in_fail_mode);
    tcase_add_test(tcase, a_pending_entry_is_not_canceled_by_its_bounds);
    tcase_add_test(tcase, a_pending_take_profit_is_not_canceled);
    tcase_add_test(tcase, ties_in_a_quotient_go_to_even);
}

int main(void)
{
    return run_tests("undecided", add_tests);
}
