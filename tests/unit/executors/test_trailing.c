/*
 * tests/unit/executors/test_trailing.c - the trailing stop of a position executor, step by step.
 */
#include "executors/trailing.h"

#include "bracketing.h"

/* One net pnl after the other, with activation 0.02 and distance 0.01. "" is an unset trigger. */
static const struct {
    const char *net_pct, *trigger;
    enum verdict verdict;
} walk[] = {
    {"0.02", "", VERDICT_STAY}, /* Above, not at, the activation. */
    {"0.0201", "0.0101", VERDICT_STAY},
    {"0.015", "0.0101", VERDICT_STAY},
    {"0.03", "0.02", VERDICT_STAY},
    {"0.02", "0.02", VERDICT_STAY}, /* Below, not at, the trigger. */
    {"0.0199", "0.02", VERDICT_CLOSE},
};

static void set_up(struct setting *setting, struct bracket *bracket)
{
    setting_init(setting, &executor_kind_position);
    setting_trailing(setting, 0);
    setting->config.barriers = &setting->barriers;
    *bracket = (struct bracket){.activation = setting->trailing.activation,
                                .distance = setting->trailing.distance};
    bracket->executor.config = &setting->config.common;
}

START_TEST(the_trigger_follows_the_best)
{
    struct setting setting;
    struct bracket bracket;
    set_up(&setting, &bracket);
    for (int i = 0; i < COUNT(walk); i++) {
        const struct moment moment = {.net_pct = D(walk[i].net_pct)};
        ck_assert_int_eq(trailing_step(&bracket, &moment, NULL), walk[i].verdict);
        ck_assert_int_eq(bracket.is_armed, walk[i].trigger[0] != '\0');
        if (bracket.is_armed) {
            ck_assert_decimal_eq(bracket.trigger, walk[i].trigger);
        }
    }
}
END_TEST

START_TEST(zero_is_a_trigger)
{
    struct setting setting;
    struct bracket bracket;
    set_up(&setting, &bracket);
    bracket.distance = D("0.021");
    const struct moment up = {.net_pct = D("0.021")};
    const struct moment down = {.net_pct = D("-0.001")};
    ck_assert_int_eq(trailing_step(&bracket, &up, NULL), VERDICT_STAY);
    ck_assert_decimal_eq(bracket.trigger, "0");
    ck_assert_int_eq(trailing_step(&bracket, &down, NULL), VERDICT_CLOSE);
}
END_TEST

/* The levels of an armed long of 1 at 100 without fees: trigger 0.02, best 0.03. */
START_TEST(it_wakes_at_the_trigger_and_above_the_best)
{
    struct setting setting;
    struct stage stage;
    struct wake wake = wake_never();
    setting_init(&setting, &executor_kind_position);
    setting_trailing(&setting, 0);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "103", "103");
    const struct moment moment = moment_of(bracket_in(&stage), &stage.view);
    const struct moment_scale scale = moment_scale_of(&moment);
    trailing_wake(bracket_in(&stage), &scale, &wake);
    ck_assert(!wake.markets[0].every_quote);
    ck_assert(decimal_less(D("103"), wake.markets[0].level[WAKE_BID_AT_LEAST]));
    ck_assert(decimal_less(wake.markets[0].level[WAKE_BID_AT_LEAST], D("103.0001")));
    ck_assert(!decimal_less(wake.markets[0].level[WAKE_BID_AT_MOST], D("102")));
    ck_assert(decimal_less(wake.markets[0].level[WAKE_BID_AT_MOST], D("102.0001")));
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, the_trigger_follows_the_best);
    tcase_add_test(tcase, zero_is_a_trigger);
    tcase_add_test(tcase, it_wakes_at_the_trigger_and_above_the_best);
}

int main(void)
{
    return run_tests("trailing", add_tests);
}
