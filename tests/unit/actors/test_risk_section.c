/*
 * tests/unit/actors/test_risk_section.c - the section `risk:`: its table, and names that refer to
 * other parts of the file.
 */
#include "actors/risk_section.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run_config.h"

static struct run_config config;
static struct problems problems;

static enum err load(const char *risk)
{
    char path[] = "/tmp/tutti-section-XXXXXX.yaml";
    const int file = mkstemps(path, 5);
    ck_assert_int_ge(file, 0);
    ck_assert_int_gt(
        dprintf(file,
                "run: {name: section}\n"
                "venues: [{name: a}, {name: b}]\n"
                "instruments: [{trading_pair: BTC-USDT, venue: a, tick: 0.01, step: 0.001}]\n"
                "feeds: [{venue: a, trading_pair: BTC-USDT, quotes: none.tape}]\n"
                "risk: %s\nexecutors: []\n",
                risk),
        0);
    (void)close(file);
    problems_init(&problems, path);
    const enum err err = run_config_load(path, &config, &problems);
    (void)unlink(path);
    return err;
}

static void teardown(void)
{
    run_config_done(&config);
    problems_done(&problems);
}

START_TEST(without_a_section_there_are_no_limits)
{
    ck_assert_int_eq(load("{}"), ERR_NONE);
    const struct risk_section *section = config.file.risk;
    ck_assert(decimal_equal(section->limits.max_order_notional, DECIMAL_ZERO));
    ck_assert_int_eq(section->limits.max_open_orders, 0);
    ck_assert_int_eq(section->self_trade, SELF_TRADE_ALLOW);
    ck_assert_ptr_null(section->kill_file);
    ck_assert(!risk_section_watches_losses(section));
    ck_assert(!risk_section_limits_executors(section));
    ck_assert_ptr_null(risk_section_controller(section, "main"));
}
END_TEST

START_TEST(each_part_has_limits_of_its_own)
{
    ck_assert_int_eq(load("{max_order_notional: 5, max_price_age: 2.5,\n"
                          " executor: {max_rejects_per_minute: 7},\n"
                          " venues: [{venue: b, max_executors: 3}],\n"
                          " instruments: [{venue: a, trading_pair: BTC-USDT, max_position: 9}],\n"
                          " controllers: [{controller_id: c, max_daily_loss_quote: 8}]}"),
                     ERR_NONE);
    const struct risk_section *section = config.file.risk;
    ck_assert(decimal_equal(section->limits.max_order_notional, decimal_literal("5")));
    ck_assert_int_eq(section->limits.max_price_age_ns, INT64_C(2500000000));
    ck_assert_int_eq(section->executor->max_rejects_per_minute, 7);
    const struct risk_venue_section *venue = section->venues.items;
    ck_assert_int_eq(venue->limits.max_executors, 3);
    const struct risk_instrument_section *instrument = section->instruments.items;
    ck_assert(decimal_equal(instrument->limits.max_position, decimal_literal("9")));
    const struct risk_limits *controller = risk_section_controller(section, "c");
    ck_assert_ptr_nonnull(controller);
    ck_assert(controller->has_max_daily_loss && !controller->has_max_drawdown);
    ck_assert(risk_section_watches_losses(section));
    ck_assert(risk_section_limits_executors(section));
    /* All names are known. */
    risk_section_check(&config, config.root, &problems);
    ck_assert_uint_eq(problems.count, 0);
}
END_TEST

static const struct {
    const char *risk;
    const char *path; /* Of the problem. */
} refused[] = {
    {"{venues: [{venue: c}]}", "risk.venues[0]"},
    {"{venues: [{venue: a}, {venue: a}]}", "risk.venues[1]"},
    {"{instruments: [{venue: b, trading_pair: BTC-USDT}]}", "risk.instruments[0]"},
    {"{instruments: [{venue: a, trading_pair: BTC-USDT}, {venue: a, trading_pair: BTC-USDT}]}",
     "risk.instruments[1]"},
    {"{controllers: [{controller_id: x}, {controller_id: x}]}", "risk.controllers[1]"},
    {"{max_order_notional: -1}", "risk.max_order_notional"},
    {"{venues: [{venue: a, max_drawdown_quote: 1}]}", "max_drawdown_quote"},
    {"{max_order_notionl: 1}", "max_order_notional"},
};

START_TEST(wrong_names_are_problems)
{
    ck_assert_int_eq(load(refused[_i].risk), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&problems.lines), refused[_i].path) != NULL, "%s",
                  text_string(&problems.lines));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("risk_section");
    TCase *cases = tcase_create("risk_section");
    tcase_add_checked_fixture(cases, NULL, teardown);
    tcase_add_test(cases, without_a_section_there_are_no_limits);
    tcase_add_test(cases, each_part_has_limits_of_its_own);
    tcase_add_loop_test(cases, wrong_names_are_problems, 0,
                        (int)(sizeof(refused) / sizeof(refused[0])));
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
