/*
 * tests/unit/actors/test_opening_section.c - what is refused of initial positions.
 */
#include "actors/opening_section.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run_config.h"

static const char head[] =
    "run: {name: opening, mode: backtest}\n"
    "venues: [{name: paper, balances: {USDT: \"10000\", BTC: \"1\"}}]\n"
    "instruments:\n"
    "  - {trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"}\n"
    "  - {trading_pair: ETH-USDT, venue: paper, tick: \"0.01\", step: \"0.001\", perpetual: true}\n"
    "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: none.tape}]\n"
    "executors: []\n"
    "initial_positions: ";

static const struct {
    const char *list;
    const char *problem; /* NULL: none. */
} cases[] = {
    {"[]", NULL},
    {"[{venue: paper, trading_pair: BTC-USDT, amount: 1, average_price: 100}]", NULL},
    {"[{venue: paper, trading_pair: BTC-USDT, amount: 1, average_price: 100},"
     " {venue: paper, trading_pair: BTC-USDT, amount: 1, average_price: 100,"
     " controller_id: other}]",
     NULL},
    {"[{venue: paper, trading_pair: BTC-USDT, amount: 1, average_price: 100},"
     " {venue: paper, trading_pair: BTC-USDT, amount: 2, average_price: 100}]",
     "initial_positions[1].trading_pair: this controller's position is listed before"},
    {"[{venue: paper, trading_pair: XRP-USDT, amount: 1, average_price: 100}]",
     "initial_positions[0].trading_pair: no such instrument"},
    {"[{venue: paper, trading_pair: ETH-USDT, amount: 1, average_price: 100}]",
     "initial_positions[0].trading_pair: a perpetual position"},
};

START_TEST(initial_positions_are_checked)
{
    char path[] = "/tmp/tutti-opening-XXXXXX.yaml";
    const int file = mkstemps(path, 5);
    ck_assert_int_ge(file, 0);
    ck_assert_int_gt(dprintf(file, "%s%s\n", head, cases[_i].list), 0);
    (void)close(file);
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    const enum err err = run_config_load(path, &config, &problems);
    (void)unlink(path);
    if (cases[_i].problem == NULL) {
        ck_assert_msg(err == ERR_NONE, "%s", text_string(&problems.lines));
        struct problems none;
        problems_init(&none, path);
        opening_section_check(&config, config.root, &none);
        ck_assert_uint_eq(none.count, 0);
        problems_done(&none);
    } else {
        ck_assert_int_eq(err, ERR_SYNTAX);
        ck_assert_msg(strstr(text_string(&problems.lines), cases[_i].problem) != NULL, "%s",
                      text_string(&problems.lines));
    }
    run_config_done(&config);
    problems_done(&problems);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("opening_section");
    TCase *tcase = tcase_create("opening_section");
    tcase_add_loop_test(tcase, initial_positions_are_checked, 0,
                        (int)(sizeof(cases) / sizeof(cases[0])));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
