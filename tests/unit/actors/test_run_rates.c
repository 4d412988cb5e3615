/*
 * tests/unit/actors/test_run_rates.c - the rates of a run file: what they say, and what is refused.
 */
#include "actors/run_rates.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

/* A run file with instruments in USDT and USD, and what is put into `run` and behind it. */
#define FILE_TEXT                                                  \
    "run: {name: rates%s}\n"                                       \
    "venues: [{name: one}, {name: two}]\n"                         \
    "instruments:\n"                                               \
    "  - {trading_pair: BTC-USDT, venue: one, tick: 1, step: 1}\n" \
    "  - {trading_pair: BTC-USD, venue: two, tick: 1, step: 1}\n"  \
    "  - {trading_pair: USDT-USD, venue: two, tick: 1, step: 1}\n" \
    "feeds:\n"                                                     \
    "  - {venue: one, trading_pair: BTC-USDT, quotes: q.csv}\n"    \
    "  - {venue: two, trading_pair: BTC-USD, quotes: q.csv}\n"     \
    "%s%s\n"

#define FEED "  - {venue: two, trading_pair: USDT-USD, quotes: q.csv}\n"

#define PAIRING                                                                       \
    "executors: [{type: arbitrage_executor, order_amount: 1, min_profitability: 0,\n" \
    "  buying_market: {connector_name: one, trading_pair: BTC-USDT},\n"               \
    "  selling_market: {connector_name: two, trading_pair: BTC-USD}}]\n"

static struct run_config config;
static struct problems problems;
static struct arena arena;

/* Builds the file; the problems as text. */
static const char *build(const char *run, const char *feed, const char *rest)
{
    char text[4096];
    const int length = snprintf(text, sizeof(text), FILE_TEXT, run, feed, rest);
    const struct node *root;
    arena_init(&arena, 0);
    problems_init(&problems, "test");
    ck_assert_int_eq(node_read_yaml("test", text, (size_t)length, &arena, &problems, &root),
                     ERR_NONE);
    const enum err err = run_config_build(root, "test", &config, &problems);
    ck_assert_msg(err == ERR_NONE || err == ERR_SYNTAX, "%d", (int)err);
    ck_assert_int_eq(err == ERR_NONE, problems.count == 0);
    return text_string(&problems.lines);
}

static void done(void)
{
    run_config_done(&config);
    problems_done(&problems);
    arena_done(&arena);
}

static const struct {
    const char *run, *feed, *rest, *problem;
} refusals[] = {
    {"", "", "executors: []",
     "run.quote_asset: two BTC-USD is in another quote asset: no rate "
     "between USD and USDT: add {pair: USD-USDT"},
    {", quote_asset: EUR", "", "rates: [{pair: USDT-USD, rate: 1}]\nexecutors: []",
     "no rate between USDT and EUR"},
    {"", "", "rates: [{pair: USDTUSD, rate: 1}]\nexecutors: []", "rates[0].pair: expected BASE"},
    {"", "", "rates: [{pair: USD-USD, rate: 1}]\nexecutors: []", "rates[0].pair: the same asset"},
    {"", "", "rates: [{pair: USD-USDT, rate: 0}]\nexecutors: []", "rates[0].rate"},
    {"", "", "rates: [{pair: USD-USDT}]\nexecutors: []", "rates[0].rate: expected either a rate"},
    {"", "", "rates: [{pair: USD-USDT, rate: 1, venue: two}]\nexecutors: []",
     "rates[0].rate: expected either a rate"},
    {"", "", "rates: [{pair: USD-USDT, rate: 1}, {pair: USDT-USD, rate: 1}]\nexecutors: []",
     "rates[1].pair: this pair has a rate already"},
    {"", "", "rates: [{pair: USDT-USD, venue: two, trading_pair: USDT-USD}]\nexecutors: []",
     "rates[0].trading_pair: this instrument has no feed"},
    {"", "", "rates: [{pair: USDT-USD, venue: one, trading_pair: USDT-USD}]\nexecutors: []",
     "rates[0].trading_pair: no instrument of this file"},
    {", quote_asset: EUR", "",
     "rates: [{pair: USDT-EUR, rate: 1}, {pair: USD-EUR, rate: 1}]\n" PAIRING,
     "executors[0].selling_market: no rate between USD and USDT: add {pair: USD-USDT"},
};

START_TEST(what_is_missing_or_wrong_has_a_path)
{
    const char *lines = build(refusals[_i].run, refusals[_i].feed, refusals[_i].rest);
    ck_assert_msg(strstr(lines, refusals[_i].problem) != NULL, "%s", lines);
    done();
}
END_TEST

START_TEST(rates_are_found_in_both_directions)
{
    const char *lines = build("", FEED,
                              "rates: [{pair: USDT-USD, venue: two, trading_pair: USDT-USD},"
                              " {pair: EUR-USDT, rate: 1.25}]\n" PAIRING);
    ck_assert_str_eq(lines, "");
    ck_assert_str_eq(config.quote_asset, "USDT"); /* That of the first instrument. */
    const struct rate_source live = run_rates_between(&config, "USD", "USDT");
    ck_assert(rate_is_live(&live) && live.is_inverse);
    ck_assert_uint_eq(live.rate->instrument, 2);
    const struct rate_source fixed = run_rates_between(&config, "EUR", "USDT");
    ck_assert(
        decimal_equal(rate_value(&fixed, DECIMAL_ZERO, DECIMAL_ZERO), decimal_literal("1.25")));
    char text[RUN_RATE_TEXT_MAX];
    run_rates_explain(&config, "EUR", "USDT", text);
    ck_assert_str_eq(text, "");
    run_rates_explain(&config, "EUR", "USD", text);
    ck_assert_ptr_nonnull(strstr(text, "{pair: EUR-USD, rate: ...}"));
    done();
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("run_rates");
    tcase_add_loop_test(tcase, what_is_missing_or_wrong_has_a_path, 0,
                        sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_test(tcase, rates_are_found_in_both_directions);
    Suite *suite = suite_create("actors/run_rates");
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
