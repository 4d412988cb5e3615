/*
 * tests/unit/executors/test_take_profit.c - the resting take profit: price, replacement, end.
 */
#include "executors/take_profit.h"

#include "bracketing.h"

static const struct {
    enum side side;
    enum order_type type;
    const char *level, *price;
} prices[] = {
    {SIDE_BUY, ORDER_LIMIT, "0.05", "105"},
    {SIDE_BUY, ORDER_LIMIT, "0.05001", "105.01"}, /* Away from the entry. */
    {SIDE_SELL, ORDER_LIMIT, "0.05001", "94.99"},
    {SIDE_BUY, ORDER_LIMIT_MAKER, "0.001", "101"}, /* The ask. */
    {SIDE_SELL, ORDER_LIMIT_MAKER, "0.001", "99"}, /* The bid. */
};

START_TEST(it_rests_away_from_the_entry)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = prices[_i].side;
    setting_take_profit(&setting, prices[_i].level, prices[_i].type);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "99", "101");
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 1);
    ck_assert_int_eq(stage.requests.items[0].side, side_opposite(prices[_i].side));
    ck_assert_decimal_eq(stage.requests.items[0].price, prices[_i].price);
    ck_assert_decimal_eq(stage.requests.items[0].amount, "1");
    stage_close(&stage);
}
END_TEST

START_TEST(it_is_replaced_when_the_entry_has_grown)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_take_profit(&setting, "0.05", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "0.9");
    look(&stage, 1, "100", "100"); /* The missing 0.1 is placed first and live. */
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 0);
    tell(&stage, ORDER_EVENT_FAILED, 2);
    look(&stage, 1, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0); /* The retry waits. */
    setting.config.amount = D("0.9");
    look(&stage, 2, "100", "100");
    ck_assert_decimal_eq(stage.requests.items[0].amount, "0.9");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 3);
    look(&stage, 3, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    tell_fill(&stage, 1, "100", "0.1"); /* A late fill. */
    look(&stage, 4, "100", "100");
    ck_assert(canceled(&stage, 3));
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    look(&stage, 5, "100", "100");
    ck_assert_decimal_eq(stage.requests.items[0].amount, "1");
    stage_close(&stage);
}
END_TEST

START_TEST(a_filled_one_ends_the_position)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_stop_loss(&setting, "0.01");
    setting_take_profit(&setting, "0.05", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "100", "100");
    tell_done(&stage, 2, "105", "1");
    look(&stage, 2, "50", "50"); /* Recognized before the stop loss. */
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TAKE_PROFIT);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    stage_close(&stage);
}
END_TEST

START_TEST(one_that_is_not_worth_sending_is_not_placed)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = SIDE_SELL;
    setting.instrument.min_notional = D("96");
    setting_take_profit(&setting, "0.05", ORDER_LIMIT); /* Worth 95 at its own price. */
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, it_rests_away_from_the_entry, 0, COUNT(prices));
    tcase_add_test(tcase, it_is_replaced_when_the_entry_has_grown);
    tcase_add_test(tcase, a_filled_one_ends_the_position);
    tcase_add_test(tcase, one_that_is_not_worth_sending_is_not_placed);
}

int main(void)
{
    return run_tests("take_profit", add_tests);
}
