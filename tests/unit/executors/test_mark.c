/*
 * tests/unit/executors/test_mark.c - levels on the mark: beyond it, and never late.
 */
#include "executors/mark.h"

#include "bracketing.h"

START_TEST(levels_are_on_the_side_that_closes)
{
    struct wake_levels levels = {0};
    mark_wake_above(&levels, SIDE_BUY, D("100"), D("105"));
    mark_wake_below(&levels, SIDE_BUY, D("100"), D("95"));
    ck_assert_decimal_eq(levels.level[WAKE_BID_AT_LEAST], "105");
    ck_assert_decimal_eq(levels.level[WAKE_BID_AT_MOST], "95");
    ck_assert(!levels.is_set[WAKE_ASK_AT_LEAST] && !levels.is_set[WAKE_ASK_AT_MOST]);
    mark_wake_above(&levels, SIDE_SELL, D("100"), D("106"));
    mark_wake_below(&levels, SIDE_SELL, D("100"), D("94"));
    ck_assert_decimal_eq(levels.level[WAKE_ASK_AT_LEAST], "106");
    ck_assert_decimal_eq(levels.level[WAKE_ASK_AT_MOST], "94");
}
END_TEST

START_TEST(a_level_lies_beyond_the_mark)
{
    struct wake_levels levels = {0};
    mark_wake_above(&levels, SIDE_BUY, D("100"), D("100"));
    mark_wake_below(&levels, SIDE_BUY, D("100"), D("101"));
    ck_assert_decimal_eq(levels.level[WAKE_BID_AT_LEAST], "100.000000000000000001");
    ck_assert_decimal_eq(levels.level[WAKE_BID_AT_MOST], "99.999999999999999999");
}
END_TEST

START_TEST(an_invalid_level_is_every_quote)
{
    struct wake_levels above = {0};
    struct wake_levels below = {0};
    mark_wake_above(&above, SIDE_BUY, D("100"), DECIMAL_INVALID);
    mark_wake_below(&below, SIDE_BUY, D("100"), DECIMAL_INVALID);
    ck_assert(above.every_quote && below.every_quote);
}
END_TEST

static const char *const amounts[] = {"0.3", "1", "7", "0.000000000000000003", "3000000"};

/* The answer of instrument_is_tradable() changes at or beyond the level, and not far from it. */
START_TEST(the_notional_level_is_never_late)
{
    struct instrument instrument = {.min_notional = D("100")};
    const struct decimal amount = D(amounts[_i]);
    const struct decimal exact = decimal_divide(instrument.min_notional, amount);
    const struct decimal low = decimal_divide(exact, D("2"));
    struct wake_levels levels = {0};
    mark_wake_tradable(&levels, SIDE_BUY, low, &instrument, amount);
    const struct decimal up = levels.level[WAKE_BID_AT_LEAST];
    ck_assert(levels.is_set[WAKE_BID_AT_LEAST] && !levels.is_set[WAKE_BID_AT_MOST]);
    ck_assert(!instrument_is_tradable(&instrument, amount, decimal_subtract(up, DECIMAL_ULP)));
    ck_assert(!decimal_less(exact, up));
    mark_wake_tradable(&levels, SIDE_BUY, decimal_add(exact, exact), &instrument, amount);
    const struct decimal down = levels.level[WAKE_BID_AT_MOST];
    ck_assert(instrument_is_tradable(&instrument, amount, decimal_add(down, DECIMAL_ULP)));
    ck_assert(!decimal_less(down, exact));
}
END_TEST

START_TEST(an_amount_below_the_minimum_sleeps)
{
    const struct instrument instrument = {.min_notional = D("100"), .min_order_size = D("1")};
    static const char *const small[] = {"0", "0.99"};
    for (int i = 0; i < COUNT(small); i++) {
        struct wake_levels levels = {0};
        mark_wake_tradable(&levels, SIDE_BUY, D("50"), &instrument, D(small[i]));
        ck_assert(!levels.is_set[WAKE_BID_AT_LEAST] && !levels.is_set[WAKE_BID_AT_MOST]);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, levels_are_on_the_side_that_closes);
    tcase_add_test(tcase, a_level_lies_beyond_the_mark);
    tcase_add_test(tcase, an_invalid_level_is_every_quote);
    tcase_add_loop_test(tcase, the_notional_level_is_never_late, 0, COUNT(amounts));
    tcase_add_test(tcase, an_amount_below_the_minimum_sleeps);
}

int main(void)
{
    return run_tests("mark", add_tests);
}
