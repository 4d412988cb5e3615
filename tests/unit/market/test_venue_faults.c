/*
 * tests/unit/market/test_venue_faults.c - plans of faults: read, drawn, counted, repeated.
 */
#include "market/venue_faults.h"

#include <string.h>

#include "suite.h"

START_TEST(no_plan_strikes_never)
{
    struct venue_faults faults;
    venue_faults_init(&faults);
    for (unsigned i = 0; i < 1000; i++) {
        ck_assert(!venue_faults_strike(&faults, (enum venue_fault)(i % VENUE_FAULT_COUNT)));
    }
    ck_assert_uint_eq(faults.chances[VENUE_FAULT_EVENT_LOST] > 0, 1);
    ck_assert_uint_eq(faults.strikes[VENUE_FAULT_EVENT_LOST], 0);
}
END_TEST

START_TEST(a_list_is_read)
{
    struct venue_faults faults;
    struct failure failure;
    ck_assert_int_eq(venue_faults_parse("seed=7,reply_lost=10000,disconnect@3", &faults, &failure),
                     ERR_NONE);
    ck_assert_uint_eq(faults.rates[VENUE_FAULT_REPLY_LOST], 10000);
    for (int i = 1; i <= 5; i++) {
        ck_assert(venue_faults_strike(&faults, VENUE_FAULT_REPLY_LOST));
        ck_assert_int_eq(venue_faults_strike(&faults, VENUE_FAULT_DISCONNECT), i == 3);
    }
    ck_assert_uint_eq(faults.strikes[VENUE_FAULT_DISCONNECT], 1);
    ck_assert_uint_eq(faults.chances[VENUE_FAULT_DISCONNECT], 5);
}
END_TEST

START_TEST(rates_are_what_they_say)
{
    struct venue_faults faults;
    struct failure failure;
    ck_assert_int_eq(venue_faults_parse("seed=1,event_lost=2500", &faults, &failure), ERR_NONE);
    for (int i = 0; i < 10000; i++) {
        (void)venue_faults_strike(&faults, VENUE_FAULT_EVENT_LOST);
    }
    /* A quarter of 10000; five standard deviations are 5 * sqrt(10000 * 3/16) = 217. */
    ck_assert_uint_ge(faults.strikes[VENUE_FAULT_EVENT_LOST], 2500 - 217);
    ck_assert_uint_le(faults.strikes[VENUE_FAULT_EVENT_LOST], 2500 + 217);
}
END_TEST

START_TEST(a_seed_draws_the_same_plan_again)
{
    unsigned drawn = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        struct venue_faults first;
        struct venue_faults second;
        venue_faults_draw(&first, seed);
        venue_faults_draw(&second, seed);
        for (unsigned i = 0; i < VENUE_FAULT_COUNT; i++) {
            ck_assert_uint_eq(first.rates[i], second.rates[i]);
            drawn += first.rates[i] > 0 ? 1 : 0;
        }
        ck_assert_int_eq(venue_faults_delay(&first, 1000), venue_faults_delay(&second, 1000));
        const int64_t delay_ns = venue_faults_delay(&first, 5);
        ck_assert_int_ge(delay_ns, 1);
        ck_assert_int_le(delay_ns, 5);
    }
    /* Half of all faults of 100 seeds. */
    ck_assert_uint_ge(drawn, 100 * VENUE_FAULT_COUNT / 3);
    ck_assert_uint_le(drawn, 100 * VENUE_FAULT_COUNT * 2 / 3);
}
END_TEST

START_TEST(a_number_is_a_seed)
{
    struct venue_faults read;
    struct venue_faults drawn;
    struct failure failure;
    ck_assert_int_eq(venue_faults_parse("42", &read, &failure), ERR_NONE);
    venue_faults_draw(&drawn, 42);
    for (unsigned i = 0; i < VENUE_FAULT_COUNT; i++) {
        ck_assert_uint_eq(read.rates[i], drawn.rates[i]);
    }
}
END_TEST

static const char *const bad_plans[] = {"",
                                        "x",
                                        "reply_lost",
                                        "reply_lost=",
                                        "reply_lost=10001",
                                        "reply_lost=1,",
                                        "reply_lost@0",
                                        "reply=1",
                                        "seed@1",
                                        "reply_lost=5 ",
                                        "seed=99999999999999999999999",
                                        "-1"};

START_TEST(a_bad_plan_is_refused)
{
    struct venue_faults faults;
    struct failure failure = {0};
    ck_assert_int_eq(venue_faults_parse(bad_plans[_i], &faults, &failure), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(failure.text, "expected a seed"));
}
END_TEST

START_TEST(every_fault_has_a_name_of_its_own)
{
    for (unsigned i = 0; i < VENUE_FAULT_COUNT; i++) {
        for (unsigned j = 0; j < i; j++) {
            ck_assert_str_ne(venue_fault_name((enum venue_fault)i),
                             venue_fault_name((enum venue_fault)j));
        }
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("venue_faults");
    tcase_add_test(tcase, no_plan_strikes_never);
    tcase_add_test(tcase, a_list_is_read);
    tcase_add_test(tcase, rates_are_what_they_say);
    tcase_add_test(tcase, a_seed_draws_the_same_plan_again);
    tcase_add_test(tcase, a_number_is_a_seed);
    tcase_add_loop_test(tcase, a_bad_plan_is_refused, 0, COUNT_OF(bad_plans));
    tcase_add_test(tcase, every_fault_has_a_name_of_its_own);
    return suite_run("venue_faults", tcase);
}
