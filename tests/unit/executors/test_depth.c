/*
 * tests/unit/executors/test_depth.c - the price of a whole amount: levels, ties, too few of them,
 * and a quote that is newer than they are.
 */
#include "executors/depth.h"

#include "bracketing.h"

/* Asks 101 x 1, 102 x 2, 104 x 1; bids 99 x 0.5, 97 x 1. */
static struct book_top depth;

static void setup(void)
{
    depth = (struct book_top){.bid_count = 2, .ask_count = 3};
    depth.asks[0] = (struct book_level){D("101"), D("1")};
    depth.asks[1] = (struct book_level){D("102"), D("2")};
    depth.asks[2] = (struct book_level){D("104"), D("1")};
    depth.bids[0] = (struct book_level){D("99"), D("0.5")};
    depth.bids[1] = (struct book_level){D("97"), D("1")};
}

static const struct {
    const char *bid, *ask;
    enum side taker;
    const char *amount, *available;
    const char *average, *worst; /* NULL: the depth does not suffice. */
} prices[] = {
    {"99", "101", SIDE_BUY, "0.4", "0.4", "101", "101"},
    {"99", "101", SIDE_BUY, "1", "1", "101", "101"}, /* Just all of the first level. */
    {"99", "101", SIDE_BUY, "1.01", "1.01", "101.009900990099009901", "102"},
    {"99", "101", SIDE_BUY, "2", "2", "101.5", "102"},  /* (101 + 102) / 2 */
    {"99", "101", SIDE_BUY, "4", "4", "102.25", "104"}, /* (101 + 204 + 104) / 4 */
    {"99", "101", SIDE_BUY, "4.01", "4", NULL, NULL},
    {"99", "101", SIDE_SELL, "0.5", "0.5", "99", "99"},
    {"99", "101", SIDE_SELL, "1", "1", "98", "97"}, /* (49.5 + 48.5) / 1 */
    {"99", "101", SIDE_SELL, "1.5", "1.5", "97.666666666666666667", "97"},
    {"99", "101", SIDE_SELL, "1.51", "1.5", NULL, NULL},
    {"99", "101", SIDE_SELL, "0", "0", "99", "99"}, /* Nothing has the price of the quote. */
    {"99", "101", SIDE_BUY, "-1", "-1", "101", "101"},
    {"99", "103", SIDE_BUY, "2", "2", "103", "103"}, /* The levels are older than the quote. */
    {"99", "103", SIDE_BUY, "4", "4", "103", "104"},
    {"96", "101", SIDE_SELL, "1", "1", "96", "96"},
    {"99.5", "100", SIDE_BUY, "2", "2", "101.5", "102"}, /* The quote is better than any level. */
};

START_TEST(an_amount_has_the_price_of_its_levels)
{
    const struct market_view market = {
        .bid = D(prices[_i].bid), .ask = D(prices[_i].ask), .depth = &depth};
    const struct depth_price price =
        depth_price_of(&market, prices[_i].taker, D(prices[_i].amount));
    ck_assert_decimal_eq(price.available, prices[_i].available);
    ck_assert_int_eq(price.suffices, prices[_i].average != NULL);
    if (prices[_i].average == NULL) {
        ck_assert(!decimal_is_valid(price.average) && !decimal_is_valid(price.worst));
    } else {
        ck_assert_decimal_eq(price.average, prices[_i].average);
        ck_assert_decimal_eq(price.worst, prices[_i].worst);
    }
}
END_TEST

START_TEST(without_depth_every_amount_has_the_price_of_the_quote)
{
    const struct market_view market = {.bid = D("99"), .ask = D("101")};
    const struct depth_price bought = depth_price_of(&market, SIDE_BUY, D("1000000"));
    ck_assert(bought.suffices);
    ck_assert_decimal_eq(bought.average, "101");
    ck_assert_decimal_eq(bought.worst, "101");
    ck_assert_decimal_eq(depth_price_of(&market, SIDE_SELL, D("7")).average, "99");
}
END_TEST

START_TEST(unknown_levels_suffice_for_nothing)
{
    const struct book_top unknown = {0};
    const struct market_view market = {.bid = D("99"), .ask = D("101"), .depth = &unknown};
    const struct depth_price price = depth_price_of(&market, SIDE_BUY, D("0.01"));
    ck_assert(!price.suffices && !decimal_is_valid(price.average));
    ck_assert_decimal_eq(price.available, "0");
}
END_TEST

START_TEST(an_overflow_is_no_price)
{
    const struct decimal most = decimal_from_int(INT64_MAX);
    struct book_top vast = {.ask_count = 2};
    vast.asks[0] = (struct book_level){decimal_multiply(most, D("10")), most};
    vast.asks[1] = (struct book_level){decimal_multiply(most, D("11")), most};
    const struct market_view market = {.bid = D("99"), .ask = D("101"), .depth = &vast};
    const struct depth_price price = depth_price_of(&market, SIDE_BUY, decimal_add(most, most));
    ck_assert(price.suffices && !decimal_is_valid(price.average));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, an_amount_has_the_price_of_its_levels, 0,
                        (int)(sizeof(prices) / sizeof(prices[0])));
    tcase_add_test(tcase, without_depth_every_amount_has_the_price_of_the_quote);
    tcase_add_test(tcase, unknown_levels_suffice_for_nothing);
    tcase_add_test(tcase, an_overflow_is_no_price);
}

int main(void)
{
    return run_tests("depth", add_tests);
}
