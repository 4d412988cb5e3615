/*
 * tests/unit/market/test_wake.c - levels and times of one sleeper.
 */
#include "market/wake.h"

#include <check.h>

#include "suite.h"

static const struct {
    enum wake_trigger trigger;
    const char *levels[3];
    const char *expected;
} nearest[] = {
    {WAKE_BID_AT_MOST, {"5", "7", "6"}, "7"},
    {WAKE_BID_AT_LEAST, {"5", "7", "4"}, "4"},
    {WAKE_ASK_AT_MOST, {"-5", "-7", "-6"}, "-5"},
    {WAKE_ASK_AT_LEAST, {"5.000000000000000001", "5", "6"}, "5"},
};

START_TEST(the_level_that_is_reached_first_stays)
{
    struct wake wake = wake_never();
    struct wake_levels *levels = &wake.markets[1];
    for (int i = 0; i < 3; i++) {
        wake_add_level(levels, nearest[_i].trigger, decimal_literal(nearest[_i].levels[i]));
    }
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        ck_assert_int_eq(levels->is_set[i], i == (int)nearest[_i].trigger);
    }
    ck_assert(
        decimal_equal(levels->level[nearest[_i].trigger], decimal_literal(nearest[_i].expected)));
    ck_assert(!levels->every_quote);
}
END_TEST

START_TEST(an_invalid_level_is_every_quote)
{
    struct wake wake = wake_never();
    wake_add_level(&wake.markets[0], WAKE_BID_AT_MOST, DECIMAL_ONE);
    wake_add_level(&wake.markets[0], WAKE_BID_AT_MOST, DECIMAL_INVALID);
    ck_assert(wake.markets[0].every_quote);
    ck_assert(!wake.markets[1].every_quote);
    ck_assert(decimal_equal(wake.markets[0].level[WAKE_BID_AT_MOST], DECIMAL_ONE));
}
END_TEST

START_TEST(the_earlier_time_stays)
{
    struct wake wake = wake_never();
    ck_assert_int_eq(wake.at_ns, INSTANT_NEVER);
    wake_add_time(&wake, INSTANT_NEVER);
    ck_assert_int_eq(wake.at_ns, INSTANT_NEVER);
    wake_add_time(&wake, 7);
    wake_add_time(&wake, 9);
    ck_assert_int_eq(wake.at_ns, 7);
    wake_add_time(&wake, -3);
    ck_assert_int_eq(wake.at_ns, -3);
}
END_TEST

START_TEST(triggers_know_their_direction)
{
    ck_assert(wake_trigger_is_at_most(WAKE_BID_AT_MOST));
    ck_assert(wake_trigger_is_at_most(WAKE_ASK_AT_MOST));
    ck_assert(!wake_trigger_is_at_most(WAKE_BID_AT_LEAST));
    ck_assert(!wake_trigger_is_at_most(WAKE_ASK_AT_LEAST));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wake");
    tcase_add_loop_test(cases, the_level_that_is_reached_first_stays, 0, COUNT_OF(nearest));
    tcase_add_test(cases, an_invalid_level_is_every_quote);
    tcase_add_test(cases, the_earlier_time_stays);
    tcase_add_test(cases, triggers_know_their_direction);
    return suite_run("wake", cases);
}
