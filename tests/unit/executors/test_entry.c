/*
 * tests/unit/executors/test_entry.c - opening the position: prices, sizes, waits, what is missing.
 */
#include "executors/entry.h"

#include "bracketing.h"

static const struct {
    enum side side;
    enum order_type type;
    const char *entry, *price;
} prices[] = {
    {SIDE_BUY, ORDER_MARKET, "100.005", "0"},      {SIDE_BUY, ORDER_LIMIT, "100.009", "100"},
    {SIDE_SELL, ORDER_LIMIT, "100.001", "100.01"}, {SIDE_BUY, ORDER_LIMIT_MAKER, "120", "99"},
    {SIDE_SELL, ORDER_LIMIT_MAKER, "90", "101"},
};

START_TEST(the_price_goes_to_the_passive_side)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = prices[_i].side;
    setting.config.entry_price = D(prices[_i].entry);
    setting.config.amount = D("1.239");
    setting.barriers.open_order_type = prices[_i].type;
    setting_open(&setting, &stage);
    play_start(&stage, 0, "99", "101");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    ck_assert_int_eq(stage.requests.items[0].side, prices[_i].side);
    ck_assert_decimal_eq(stage.requests.items[0].price, prices[_i].price);
    ck_assert_decimal_eq(stage.requests.items[0].amount, "1.23");
    stage_close(&stage);
}
END_TEST

START_TEST(what_is_missing_is_placed_again_after_the_wait)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100", "0.255");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    look(&stage, 0, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 1, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    ck_assert_decimal_eq(stage.requests.items[0].amount, "0.74");
    stage_close(&stage);
}
END_TEST

START_TEST(an_entry_below_the_minimum_is_never_sent)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.instrument.min_notional = D("100");
    setting_open(&setting, &stage);
    stage.uses_wake = true;
    play_start(&stage, 0, "99.99", "200");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    play(&stage, 1, "100", "200");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    stage_close(&stage);
}
END_TEST

/* A limit price that rounds down to nothing is no price. */
START_TEST(a_price_below_the_tick_is_not_sent)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.barriers.open_order_type = ORDER_LIMIT;
    setting.config.entry_price = D("0.001");
    start_at_100(&setting, &stage);
    ck_assert_uint_eq(stage.requests.count, 0);
    stage_close(&stage);
}
END_TEST

START_TEST(an_expired_entry_is_not_placed_again)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting_time_limit(&setting, 10);
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100", "0.5");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    look(&stage, 10, "110", "110"); /* Extended, because it earns. */
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    ck_assert_uint_eq(stage.requests.count, 0);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, the_price_goes_to_the_passive_side, 0, COUNT(prices));
    tcase_add_test(tcase, what_is_missing_is_placed_again_after_the_wait);
    tcase_add_test(tcase, an_entry_below_the_minimum_is_never_sent);
    tcase_add_test(tcase, a_price_below_the_tick_is_not_sent);
    tcase_add_test(tcase, an_expired_entry_is_not_placed_again);
}

int main(void)
{
    return run_tests("entry", add_tests);
}
