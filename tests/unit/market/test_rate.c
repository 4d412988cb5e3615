/*
 * tests/unit/market/test_rate.c - assets in other assets: both directions, fixed and live.
 */
#include "market/rate.h"

#include <check.h>

#include "suite.h"

static struct rate rates[] = {
    {.base = "EUR", .quote = "USD"},
    {.base = "USDT", .quote = "USD", .is_live = true, .instrument = 5},
};

static struct rate_source found(const char *from, const char *to)
{
    const struct rate_table table = {.items = rates, .count = 2};
    struct rate_source source;
    ck_assert_int_eq(rate_find(&table, from, to, &source), ERR_NONE);
    return source;
}

static void assert_value(const struct rate_source *source, const char *bid, const char *ask,
                         const char *expected)
{
    const struct decimal value = rate_value(source, decimal_literal(bid), decimal_literal(ask));
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, printed);
    ck_assert_str_eq(printed, expected);
}

START_TEST(a_pair_is_used_in_both_directions)
{
    const struct rate_source same = found("USDT", "USDT");
    const struct rate_source there = found("EUR", "USD");
    const struct rate_source back = found("USD", "EUR");
    assert_value(&same, "0", "0", "1");
    assert_value(&there, "0", "0", "1.25");
    assert_value(&back, "0", "0", "0.8");
    ck_assert(!rate_is_live(&same));
    ck_assert(!rate_is_live(&there));
    ck_assert(!rate_is_live(&back));
}
END_TEST

START_TEST(a_live_pair_is_the_mid_of_its_instrument)
{
    const struct rate_source there = found("USDT", "USD");
    const struct rate_source back = found("USD", "USDT");
    ck_assert(rate_is_live(&there));
    ck_assert(rate_is_live(&back));
    ck_assert_uint_eq(back.rate->instrument, 5);
    assert_value(&there, "0.9998", "1.0004", "1.0001");
    /* 1 / 0.9998 = 1.000200040008001600320...; and no price is no rate. */
    assert_value(&back, "0.9997", "0.9999", "1.0002000400080016");
    ck_assert(!decimal_is_valid(rate_value(&there, DECIMAL_ZERO, DECIMAL_ZERO)));
    ck_assert(!decimal_is_valid(rate_value(&back, DECIMAL_INVALID, DECIMAL_ONE)));
}
END_TEST

START_TEST(pairs_are_not_chained)
{
    const struct rate_table table = {.items = rates, .count = 2};
    struct rate_source source;
    ck_assert_int_eq(rate_find(&table, "EUR", "USDT", &source), ERR_NOT_FOUND);
    ck_assert_int_eq(rate_find(&table, "USD", "GBP", &source), ERR_NOT_FOUND);
    ck_assert_int_eq(rate_find(&(struct rate_table){0}, "A", "B", &source), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
    rates[0].fixed = decimal_literal("1.25");
    TCase *tcase = tcase_create("rate");
    tcase_add_test(tcase, a_pair_is_used_in_both_directions);
    tcase_add_test(tcase, a_live_pair_is_the_mid_of_its_instrument);
    tcase_add_test(tcase, pairs_are_not_chained);
    return suite_run("rate", tcase);
}
