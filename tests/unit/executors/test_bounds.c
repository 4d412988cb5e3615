/*
 * tests/unit/executors/test_bounds.c - the activation bounds at and beside their limits.
 */
#include "executors/bounds.h"

#include "bracketing.h"

/* Price 100, bounds 0.01 and 0.02; bid = ask = mid. */
static const struct {
    enum side side;
    enum order_type type;
    const char *mid;
    bool is_allowed;
} cases[] = {
    {SIDE_BUY, ORDER_LIMIT, "50", true},
    {SIDE_BUY, ORDER_LIMIT, "101.01", true},
    {SIDE_BUY, ORDER_LIMIT, "101.02", false},
    {SIDE_BUY, ORDER_LIMIT_MAKER, "101.02", false},
    {SIDE_SELL, ORDER_LIMIT, "500", true},
    {SIDE_SELL, ORDER_LIMIT, "99.01", true}, /* 99.01 * 1.01 = 100.0001 */
    {SIDE_SELL, ORDER_LIMIT, "99.0", false},
    {SIDE_BUY, ORDER_MARKET, "99", true},
    {SIDE_BUY, ORDER_MARKET, "98.99", false},
    {SIDE_BUY, ORDER_MARKET, "102", true},
    {SIDE_BUY, ORDER_MARKET, "102.01", false},
    {SIDE_SELL, ORDER_MARKET, "98", true},
    {SIDE_SELL, ORDER_MARKET, "97.99", false},
    {SIDE_SELL, ORDER_MARKET, "101", true},
    {SIDE_SELL, ORDER_MARKET, "101.01", false},
};

static struct moment moment_at(const char *mid)
{
    return (struct moment){.bid = D(mid), .ask = D(mid)};
}

static void set_up(struct setting *setting, struct bracket *bracket)
{
    setting_init(setting, &executor_kind_position);
    setting_bounds(setting, "0.01", "0.02");
    *bracket = (struct bracket){.executor.config = &setting->config.common};
}

START_TEST(orders_are_allowed_near_the_market)
{
    struct setting setting;
    struct bracket bracket;
    set_up(&setting, &bracket);
    const struct bounds_order order = {cases[_i].side, cases[_i].type, D("100")};
    const struct moment moment = moment_at(cases[_i].mid);
    ck_assert_int_eq(bounds_allow(&bracket, &moment, &order), cases[_i].is_allowed);
    setting.config.activation_bounds.count = 0;
    ck_assert(bounds_allow(&bracket, &moment, &order));
}
END_TEST

static bool is_woken(const struct wake_levels *levels, const struct moment *moment)
{
    return levels->every_quote ||
           (levels->is_set[WAKE_BID_AT_MOST] &&
            !decimal_less(levels->level[WAKE_BID_AT_MOST], moment->bid)) ||
           (levels->is_set[WAKE_ASK_AT_LEAST] &&
            !decimal_less(moment->ask, levels->level[WAKE_ASK_AT_LEAST]));
}

/* From each case to each price of a walk: a changed answer always wakes. */
START_TEST(a_changed_answer_wakes)
{
    struct setting setting;
    struct bracket bracket;
    set_up(&setting, &bracket);
    const struct bounds_order order = {cases[_i].side, cases[_i].type, D("100")};
    const struct moment moment = moment_at(cases[_i].mid);
    struct wake_levels levels = {0};
    bounds_wake(&bracket, &moment, &order, &levels);
    int asleep = 0;
    for (int64_t cent = 9500; cent <= 10500; cent++) {
        const struct moment later = {.bid = decimal_from_mantissa(cent - 3, 2),
                                     .ask = decimal_from_mantissa(cent + 3, 2)};
        const bool is_woken_now = is_woken(&levels, &later);
        asleep += is_woken_now ? 0 : 1;
        ck_assert(is_woken_now || bounds_allow(&bracket, &later, &order) == cases[_i].is_allowed);
    }
    ck_assert_int_gt(asleep, 80);
}
END_TEST

START_TEST(the_judged_orders_are_entry_and_take_profit)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_take_profit(&setting, "0.1", ORDER_LIMIT);
    start_at_100(&setting, &stage);
    const struct bounds_order entry = bounds_entry(bracket_in(&stage));
    ck_assert_int_eq(entry.side, SIDE_BUY);
    ck_assert_int_eq(entry.type, ORDER_MARKET);
    ck_assert_decimal_eq(entry.price, "100");
    const struct bounds_order take_profit = bounds_take_profit(bracket_in(&stage), D("7"));
    ck_assert_int_eq(take_profit.side, SIDE_SELL);
    ck_assert_int_eq(take_profit.type, ORDER_LIMIT);
    ck_assert_decimal_eq(take_profit.price, "7");
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, orders_are_allowed_near_the_market, 0, COUNT(cases));
    tcase_add_loop_test(tcase, a_changed_answer_wakes, 0, COUNT(cases));
    tcase_add_test(tcase, the_judged_orders_are_entry_and_take_profit);
}

int main(void)
{
    return run_tests("bounds", add_tests);
}
