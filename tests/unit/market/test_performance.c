/*
 * tests/unit/market/test_performance.c - the report of a controller.
 */
#include "market/performance.h"

#include <check.h>
#include <signal.h>

#include "suite.h"

static struct decimal d(const char *text)
{
    return decimal_literal(text);
}

static void assert_decimal(struct decimal value, const char *expected, const char *what)
{
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, printed);
    ck_assert_msg(decimal_equal(value, d(expected)), "%s: expected %s, got %s", what, expected,
                  printed);
}

static void refresh(struct performance *performance, struct decimal realized,
                    struct decimal unrealized, struct decimal fees)
{
    const struct performance_sums sums = {
        .realized_pnl_quote = realized, .unrealized_pnl_quote = unrealized, .fees_quote = fees};
    performance_refresh(performance, &sums);
}

START_TEST(funding_is_part_of_the_result)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    const struct performance_sums sums = {.realized_pnl_quote = d("10"),
                                          .unrealized_pnl_quote = d("-3"),
                                          .fees_quote = d("0.5"),
                                          .funding_quote = d("-1.25")};
    performance_refresh(&performance, &sums);
    assert_decimal(performance.report.funding_quote, "-1.25", "funding_quote");
    assert_decimal(performance.report.global_pnl_quote, "5.25", "global_pnl_quote");
}
END_TEST

START_TEST(nothing_has_happened_yet)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    refresh(&performance, DECIMAL_ZERO, DECIMAL_ZERO, DECIMAL_ZERO);
    const struct performance_report *report = &performance.report;
    assert_decimal(report->global_pnl_quote, "0", "global_pnl_quote");
    assert_decimal(report->return_on_capital, "0", "return_on_capital");
    assert_decimal(report->global_pnl_pct, "0", "global_pnl_pct");
    assert_decimal(report->win_rate, "0", "win_rate");
    assert_decimal(report->profit_factor, "0", "profit_factor");
    assert_decimal(report->max_drawdown_quote, "0", "max_drawdown_quote");
    assert_decimal(report->sharpe_ratio, "0", "sharpe_ratio");
    assert_decimal(report->inventory_imbalance, "0", "inventory_imbalance");
    ck_assert_uint_eq(report->executors_closed, 0);
    ck_assert_uint_eq(report->fills, 0);
}
END_TEST

START_TEST(the_formulas_of_the_report)
{
    struct performance performance;
    performance_init(&performance, d("1000"));
    performance_on_fill(&performance, true, d("300"));
    performance_on_fill(&performance, false, d("100"));
    performance_on_closed(&performance, 3, d("30"), true);
    performance_on_closed(&performance, 3, d("10"), true);
    performance_on_closed(&performance, 5, d("-16"), true);
    performance_on_closed(&performance, 1, DECIMAL_ZERO, true);
    performance_on_closed(&performance, 1, d("999"), false); /* Without a fill: not counted. */
    refresh(&performance, d("24"), d("-4"), d("2.5"));

    const struct performance_report *report = &performance.report;
    assert_decimal(report->realized_pnl_quote, "24", "realized_pnl_quote");
    assert_decimal(report->unrealized_pnl_quote, "-4", "unrealized_pnl_quote");
    assert_decimal(report->fees_quote, "2.5", "fees_quote");
    assert_decimal(report->global_pnl_quote, "17.5", "global_pnl_quote");
    assert_decimal(report->volume_traded, "400", "volume_traded");
    assert_decimal(report->capital_quote, "1000", "capital_quote");
    assert_decimal(report->return_on_capital, "0.0175", "return_on_capital");
    assert_decimal(report->realized_pnl_pct, "6", "realized_pnl_pct");
    assert_decimal(report->unrealized_pnl_pct, "-1", "unrealized_pnl_pct");
    assert_decimal(report->global_pnl_pct, "4.375", "global_pnl_pct");
    assert_decimal(report->win_rate, "0.5", "win_rate");
    assert_decimal(report->profit_factor, "2.5", "profit_factor");
    assert_decimal(report->inventory_imbalance, "0.5", "inventory_imbalance");
    ck_assert_uint_eq(report->fills, 2);
    ck_assert_uint_eq(report->executors_closed, 5);
    ck_assert_uint_eq(report->close_type_counts[3], 2);
    ck_assert_uint_eq(report->close_type_counts[5], 1);
    ck_assert_uint_eq(report->close_type_counts[1], 2);
    /* Results 30, 10, -16, 0: mean 6, squares 1256, variance (1256 - 4 * 36) / 3. */
    const struct decimal error =
        decimal_absolute(decimal_subtract(report->sharpe_ratio, d("0.311644512478999670")));
    ck_assert(decimal_less(error, d("0.000000000000001")));
}
END_TEST

/* Global pnl one after the other, and the drawdown after each. */
static const struct {
    const char *pnl, *drawdown;
} falls[] = {
    {"-3", "3"}, {"5", "3"}, {"2", "3"}, {"1", "4"}, {"8", "4"}, {"6", "4"}, {"-1", "9"},
};

START_TEST(drawdown_is_the_largest_fall_from_the_peak)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    for (int i = 0; i < COUNT_OF(falls); i++) {
        refresh(&performance, d(falls[i].pnl), DECIMAL_ZERO, DECIMAL_ZERO);
        assert_decimal(performance.report.max_drawdown_quote, falls[i].drawdown, "drawdown");
    }
}
END_TEST

START_TEST(what_is_not_known_is_no_fall)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    refresh(&performance, d("5"), DECIMAL_ZERO, DECIMAL_ZERO);
    const struct performance_sums partial = {.is_partial = true, .realized_pnl_quote = d("-7")};
    performance_refresh(&performance, &partial);
    assert_decimal(performance.report.global_pnl_quote, "-7", "global_pnl_quote");
    assert_decimal(performance.report.max_drawdown_quote, "0", "drawdown");
    assert_decimal(performance.peak_pnl_quote, "5", "peak");
}
END_TEST

START_TEST(a_loss_that_was_accepted)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    refresh(&performance, d("5"), DECIMAL_ZERO, DECIMAL_ZERO);
    refresh(&performance, d("-7"), DECIMAL_ZERO, DECIMAL_ZERO);
    performance_restart_peak(&performance);
    assert_decimal(performance.peak_pnl_quote, "-7", "peak");
    assert_decimal(performance.report.max_drawdown_quote, "12", "drawdown"); /* It has been. */
}
END_TEST

START_TEST(fees_are_part_of_the_fall)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    refresh(&performance, DECIMAL_ZERO, DECIMAL_ZERO, d("1.5"));
    assert_decimal(performance.report.max_drawdown_quote, "1.5", "drawdown");
}
END_TEST

START_TEST(only_losses_and_only_wins)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    performance_on_closed(&performance, 0, d("5"), true);
    refresh(&performance, d("5"), DECIMAL_ZERO, DECIMAL_ZERO);
    assert_decimal(performance.report.profit_factor, "0", "profit_factor");
    assert_decimal(performance.report.win_rate, "1", "win_rate");
    performance_init(&performance, DECIMAL_ZERO);
    performance_on_closed(&performance, 0, d("-5"), true);
    refresh(&performance, d("-5"), DECIMAL_ZERO, DECIMAL_ZERO);
    assert_decimal(performance.report.profit_factor, "0", "profit_factor");
    assert_decimal(performance.report.win_rate, "0", "win_rate");
}
END_TEST

START_TEST(a_figure_beyond_the_range_is_invalid_and_no_more)
{
    struct performance performance;
    performance_init(&performance, d("10"));
    refresh(&performance, d("-7"), DECIMAL_ZERO, DECIMAL_ZERO);
    const struct decimal huge = d("160000000000000000000");
    performance_on_fill(&performance, true, huge);
    performance_on_fill(&performance, true, huge);
    performance_on_closed(&performance, 0, huge, true);
    performance_on_closed(&performance, 0, DECIMAL_INVALID, true);
    refresh(&performance, huge, huge, DECIMAL_ZERO);
    const struct performance_report *report = &performance.report;
    ck_assert(!decimal_is_valid(report->volume_traded));
    ck_assert(!decimal_is_valid(report->global_pnl_quote));
    ck_assert(!decimal_is_valid(report->return_on_capital));
    ck_assert(!decimal_is_valid(report->realized_pnl_pct));
    assert_decimal(report->max_drawdown_quote, "7", "drawdown");
    assert_decimal(report->sharpe_ratio, "0", "sharpe");
    ck_assert_uint_eq(report->executors_closed, 2);
}
END_TEST

START_TEST(an_unknown_close_type_is_a_bug)
{
    struct performance performance;
    performance_init(&performance, DECIMAL_ZERO);
    performance_on_closed(&performance, CLOSE_TYPE_COUNT, DECIMAL_ZERO, false);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("performance");
    tcase_add_test(cases, nothing_has_happened_yet);
    tcase_add_test(cases, funding_is_part_of_the_result);
    tcase_add_test(cases, the_formulas_of_the_report);
    tcase_add_test(cases, drawdown_is_the_largest_fall_from_the_peak);
    tcase_add_test(cases, what_is_not_known_is_no_fall);
    tcase_add_test(cases, a_loss_that_was_accepted);
    tcase_add_test(cases, fees_are_part_of_the_fall);
    tcase_add_test(cases, only_losses_and_only_wins);
    tcase_add_test(cases, a_figure_beyond_the_range_is_invalid_and_no_more);
    tcase_add_test_raise_signal(cases, an_unknown_close_type_is_a_bug, SIGABRT);
    return suite_run("performance", cases);
}
