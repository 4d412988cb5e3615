/*
 * tests/unit/executors/test_ladder.c - the laddered trailing stop: distance, rows, partial closes.
 */
#include "executors/ladder.h"

#include "bracketing.h"

/* A long of 1 at 100 with distance 0.01, relaxation 0.9, widest distance 0.05. */
static void set_up(struct setting *setting, struct stage *stage, size_t rows)
{
    setting_trailing(setting, rows);
    start_at_100(setting, stage);
    tell_done(stage, 1, "100", "1");
}

static const struct {
    const char *net_pct, *candidate;
} candidates[] = {
    {"-0.1", "-0.11"}, {"0", "-0.01"},    {"0.01", "0"},
    {"0.02", "0.001"}, {"0.05", "0.004"}, {"0.054444444444444444", "0.004444444444444444"},
    {"0.06", "0.01"},  {"0.3", "0.25"},
};

START_TEST(the_distance_widens_with_the_profit)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    set_up(&setting, &stage, 0);
    const struct decimal net_pct = D(candidates[_i].net_pct);
    ck_assert_decimal_eq(ladder_candidate(bracket_in(&stage), net_pct), candidates[_i].candidate);
    stage_close(&stage);
}
END_TEST

START_TEST(a_cap_below_the_distance_is_the_distance)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.trailing.distance_max = D("0.001");
    set_up(&setting, &stage, 0);
    ck_assert_decimal_eq(ladder_candidate(bracket_in(&stage), D("0.1")), "0.09");
    stage_close(&stage);
}
END_TEST

static const struct {
    const char *net_pct, *ratio;
} ratios[] = {
    {"0.049", "1"}, {"0.05", "0.5"}, {"0.09", "0.5"}, {"0.1", "0.7"}, {"9", "0.7"}, {"-1", "1"},
};

START_TEST(the_row_with_the_greatest_level_counts)
{
    struct setting setting;
    setting_init(&setting, &executor_kind_progressive);
    setting.rows[0] = (struct ladder_row){D("0.1"), D("0.7")};
    setting.rows[1] = (struct ladder_row){D("0.05"), D("0.5")};
    setting.rows[2] = (struct ladder_row){D("0.1"), D("0.2")}; /* The first of equal ones counts. */
    setting_trailing(&setting, 3);
    ck_assert_decimal_eq(ladder_ratio(&setting.trailing, D(ratios[_i].net_pct)), ratios[_i].ratio);
}
END_TEST

START_TEST(it_closes_in_steps)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.rows[0] = (struct ladder_row){D("0.05"), D("0.6")};
    set_up(&setting, &stage, 1);
    look(&stage, 1, "120", "120");
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.15");
    look(&stage, 2, "115", "115"); /* At the trigger. */
    ck_assert_uint_eq(placed(&stage, ROLE_PARTIAL), 1);
    ck_assert_decimal_eq(stage.requests.items[0].amount, "0.6");
    ck_assert_int_eq(stage.requests.items[0].side, SIDE_SELL);
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.1");
    look(&stage, 3, "105", "105"); /* One at a time. */
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.1");
    tell_done(&stage, 2, "115", "0.6");
    look(&stage, 4, "104", "104"); /* p is 0.106: above the trigger. */
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 5, "100", "100"); /* p is 0.09: 0.6 of what remains. */
    ck_assert_decimal_eq(stage.requests.items[0].amount, "0.24");
    stage_close(&stage);
}
END_TEST

START_TEST(a_row_of_nothing_only_lowers_the_trigger)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.rows[0] = (struct ladder_row){D("0.05"), D("0")};
    set_up(&setting, &stage, 1);
    look(&stage, 1, "120", "120");
    look(&stage, 2, "114", "114");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.09");
    stage_close(&stage);
}
END_TEST

static const struct {
    const char *ratio, *bid;
} full_closes[] = {
    {"1", "114"},     /* All of it. */
    {"0.005", "114"}, /* The part is nothing on the grid. */
    {"0.995", "114"}, /* What is left is nothing on the grid. */
    {"0.5", "101"},   /* No row at this net pnl. */
};

START_TEST(it_closes_all_when_it_cannot_close_a_part)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.instrument.min_order_size = D("0.02");
    setting.rows[0] = (struct ladder_row){D("0.05"), D(full_closes[_i].ratio)};
    setting.instrument.step = D("0.01");
    set_up(&setting, &stage, 1);
    look(&stage, 1, "120", "120");
    look(&stage, 2, full_closes[_i].bid, full_closes[_i].bid);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TRAILING_STOP);
    ck_assert_decimal_eq(bracket_in(&stage)->trigger, "0.15");
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    stage_close(&stage);
}
END_TEST

START_TEST(it_wakes_when_the_trigger_may_rise_or_fire)
{
    static const char *const relaxations[] = {"0", "0.5", "0.9", "1"};
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting.trailing.relaxation = D(relaxations[_i]);
    set_up(&setting, &stage, 0);
    look(&stage, 1, "103", "103");
    const struct moment moment = moment_of(bracket_in(&stage), &stage.view);
    struct wake wake = wake_never();
    const struct moment_scale scale = moment_scale_of(&moment);
    ladder_wake(bracket_in(&stage), &scale, &wake);
    const struct decimal rise = wake.markets[0].level[WAKE_BID_AT_LEAST];
    ck_assert(wake.markets[0].is_set[WAKE_BID_AT_LEAST] && !wake.markets[0].every_quote);
    ck_assert(decimal_less(D("103"), rise));
    /* Not later than the first price at which the trigger really rises. */
    for (int64_t cent = 10301; cent < 11000; cent++) {
        const struct decimal mark = decimal_from_mantissa(cent, 2);
        const struct decimal net_pct = decimal_from_mantissa(cent - 10000, 4);
        if (decimal_less(bracket_in(&stage)->trigger,
                         ladder_candidate(bracket_in(&stage), net_pct))) {
            ck_assert(!decimal_less(mark, rise));
            ck_assert(decimal_less(decimal_subtract(mark, D("0.01001")), rise));
            break;
        }
    }
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, the_distance_widens_with_the_profit, 0, COUNT(candidates));
    tcase_add_test(tcase, a_cap_below_the_distance_is_the_distance);
    tcase_add_loop_test(tcase, the_row_with_the_greatest_level_counts, 0, COUNT(ratios));
    tcase_add_test(tcase, it_closes_in_steps);
    tcase_add_test(tcase, a_row_of_nothing_only_lowers_the_trigger);
    tcase_add_loop_test(tcase, it_closes_all_when_it_cannot_close_a_part, 0, COUNT(full_closes));
    tcase_add_loop_test(tcase, it_wakes_when_the_trigger_may_rise_or_fire, 0, 4);
}

int main(void)
{
    return run_tests("ladder", add_tests);
}
