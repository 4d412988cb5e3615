/*
 * tests/unit/market/test_instrument.c - trading pairs and trading rules.
 */
#include "market/instrument.h"

#include <string.h>

#include "suite.h"

#define D(text) decimal_literal(text)

START_TEST(a_pair_has_two_assets)
{
    struct instrument instrument = {.trading_pair = "BTC-USDT", .tick = D("0.010")};
    ck_assert_int_eq(instrument_complete(&instrument), ERR_NONE);
    ck_assert_str_eq(instrument.base, "BTC");
    ck_assert_str_eq(instrument.quote, "USDT");
    ck_assert_uint_eq(instrument.price_digits, 2);
}
END_TEST

static const char *const bad_pairs[] = {
    "",
    "BTC",
    "-",
    "BTC-",
    "-USDT",
    "A-B-C",
    "BTC/USDT",
    "ABCDEFGHIJKLMNOP-USDT",
    "BTC-ABCDEFGHIJKLMNOP",
};

START_TEST(other_texts_are_no_pairs)
{
    struct instrument instrument = {.tick = D("1")};
    strcpy(instrument.trading_pair, bad_pairs[_i]);
    ck_assert_int_eq(instrument_complete(&instrument), ERR_SYNTAX);
    ck_assert_str_eq(instrument.base, "");
}
END_TEST

static const struct {
    const char *amount, *price;
    bool is_tradable;
} orders[] = {
    {"0.1", "100", true}, {"0.09", "1000", false}, {"0.1", "99.99", false},
    {"0", "100", false},  {"-1", "100", false},    {"1", "10", true},
    {"1", "9.99", false}, {"1", "-10", false},     {"100000000000", "100000000000", true},
};

START_TEST(small_orders_are_not_tradable)
{
    const struct instrument instrument = {.min_order_size = D("0.1"), .min_notional = D("10")};
    ck_assert_int_eq(instrument_is_tradable(&instrument, D(orders[_i].amount), D(orders[_i].price)),
                     orders[_i].is_tradable);
}
END_TEST

START_TEST(prices_go_away_from_aggression)
{
    const struct instrument instrument = {.tick = D("0.05")};
    ck_assert(decimal_equal(instrument_passive_price(&instrument, SIDE_BUY, D("1.09")), D("1.05")));
    ck_assert(decimal_equal(instrument_passive_price(&instrument, SIDE_SELL, D("1.06")), D("1.1")));
    ck_assert(
        decimal_equal(instrument_passive_price(&instrument, SIDE_SELL, D("1.05")), D("1.05")));
}
END_TEST

START_TEST(a_hedged_order_moves_the_position_that_it_opens_or_closes)
{
    static const struct {
        bool is_hedged;
        enum side side;
        enum position_action action;
        int position;
    } cases[] = {
        {true, SIDE_BUY, POSITION_ACTION_OPEN, SIDE_BUY},
        {true, SIDE_SELL, POSITION_ACTION_CLOSE, SIDE_BUY},
        {true, SIDE_SELL, POSITION_ACTION_OPEN, SIDE_SELL},
        {true, SIDE_BUY, POSITION_ACTION_CLOSE, SIDE_SELL},
        {true, SIDE_SELL, POSITION_ACTION_NIL, SIDE_SELL},
        {false, SIDE_BUY, POSITION_ACTION_OPEN, 0},
        {false, SIDE_BUY, POSITION_ACTION_CLOSE, 0},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct instrument instrument = {.is_hedged = cases[i].is_hedged};
        ck_assert_int_eq(instrument_position_side(&instrument, cases[i].side, cases[i].action),
                         cases[i].position);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("instrument");
    tcase_add_test(tcase, a_pair_has_two_assets);
    tcase_add_loop_test(tcase, other_texts_are_no_pairs, 0, COUNT_OF(bad_pairs));
    tcase_add_loop_test(tcase, small_orders_are_not_tradable, 0, COUNT_OF(orders));
    tcase_add_test(tcase, prices_go_away_from_aggression);
    tcase_add_test(tcase, a_hedged_order_moves_the_position_that_it_opens_or_closes);
    return suite_run("instrument", tcase);
}
