/*
 * tests/unit/market/test_risk_loss.c - drawdown and daily loss: one below the limit, and at it.
 */
#include "market/risk_loss.h"

#include "base/instant.h"
#include "suite.h"

#define D(text) decimal_literal(text)
#define NOON_NS (INT64_C(1700049600) * NS_PER_S) /* 2023-11-15T12:00:00Z */
#define HALF_DAY_NS (INT64_C(43200) * NS_PER_S)

static enum risk_loss look(const struct risk_limits *limits, const char *result, const char *peak,
                           int64_t now_ns, struct risk_day *day)
{
    struct risk_verdict verdict;
    return risk_check_loss(limits, D(result), D(peak), now_ns, day, &verdict);
}

START_TEST(nothing_is_watched_without_limits)
{
    const struct risk_limits none = {0};
    const struct risk_limits fall = {.has_max_drawdown = true, .max_drawdown_quote = D("1")};
    const struct risk_limits loss = {.has_max_daily_loss = true, .max_daily_loss_quote = D("1")};
    struct risk_day day = {0};
    ck_assert(!risk_watches_losses(&none));
    ck_assert(risk_watches_losses(&fall));
    ck_assert(risk_watches_losses(&loss));
    ck_assert_int_eq(look(&none, "-1000000", "1000000", NOON_NS, &day), RISK_LOSS_NONE);
}
END_TEST

START_TEST(a_fall_from_the_peak_that_reaches_the_limit)
{
    const struct risk_limits limits = {.has_max_drawdown = true, .max_drawdown_quote = D("100")};
    struct risk_day day = {0};
    struct risk_verdict verdict;
    ck_assert_int_eq(look(&limits, "-49.99", "50", NOON_NS, &day), RISK_LOSS_NONE);
    ck_assert_int_eq(look(&limits, "-50", "50", NOON_NS, &day), RISK_LOSS_DRAWDOWN);
    ck_assert_int_eq(risk_check_loss(&limits, D("-51"), D("50"), NOON_NS, &day, &verdict),
                     RISK_LOSS_DRAWDOWN);
    ck_assert(decimal_equal(verdict.limit, D("100")));
    ck_assert(decimal_equal(verdict.value, D("101")));
}
END_TEST

START_TEST(a_day_begins_at_midnight)
{
    const struct risk_limits limits = {.has_max_daily_loss = true,
                                       .max_daily_loss_quote = D("100")};
    struct risk_day day = {0};
    ck_assert_int_eq(look(&limits, "0", "0", NOON_NS, &day), RISK_LOSS_NONE);
    ck_assert_int_eq(look(&limits, "-99", "0", NOON_NS + HALF_DAY_NS - 1, &day), RISK_LOSS_NONE);
    /* The next day starts with the loss of the one before. */
    ck_assert_int_eq(look(&limits, "-99", "0", NOON_NS + HALF_DAY_NS, &day), RISK_LOSS_NONE);
    ck_assert_int_eq(look(&limits, "-198.99", "0", NOON_NS + HALF_DAY_NS, &day), RISK_LOSS_NONE);
    ck_assert_int_eq(look(&limits, "-199", "0", NOON_NS + HALF_DAY_NS, &day), RISK_LOSS_DAILY);
}
END_TEST

START_TEST(a_figure_out_of_range_is_a_loss)
{
    const struct risk_limits limits = {.has_max_drawdown = true, .max_drawdown_quote = D("100")};
    struct risk_day day = {0};
    struct risk_verdict verdict;
    ck_assert_int_eq(
        risk_check_loss(&limits, DECIMAL_INVALID, DECIMAL_ZERO, NOON_NS, &day, &verdict),
        RISK_LOSS_DRAWDOWN);
}
END_TEST

START_TEST(a_day_that_was_begun_before)
{
    const struct risk_limits limits = {.has_max_daily_loss = true,
                                       .max_daily_loss_quote = D("100")};
    struct risk_day day = risk_day_begin(NOON_NS, D("30"));
    ck_assert_int_eq(look(&limits, "-69.99", "0", NOON_NS, &day), RISK_LOSS_NONE);
    ck_assert_int_eq(look(&limits, "-70", "0", NOON_NS, &day), RISK_LOSS_DAILY);
    /* Of another day it is not known any more. */
    day = risk_day_begin(NOON_NS - 2 * HALF_DAY_NS, D("30"));
    ck_assert_int_eq(look(&limits, "-70", "0", NOON_NS, &day), RISK_LOSS_NONE);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("risk_loss");
    tcase_add_test(cases, nothing_is_watched_without_limits);
    tcase_add_test(cases, a_fall_from_the_peak_that_reaches_the_limit);
    tcase_add_test(cases, a_day_begins_at_midnight);
    tcase_add_test(cases, a_day_that_was_begun_before);
    tcase_add_test(cases, a_figure_out_of_range_is_a_loss);
    return suite_run("risk_loss", cases);
}
