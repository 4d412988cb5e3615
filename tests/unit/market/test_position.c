/*
 * tests/unit/market/test_position.c - average-cost netting, and the accounts that must balance.
 */
#include "market/position.h"

#include <check.h>
#include <string.h>

#include "base/prng.h"
#include "suite.h"

static struct decimal d(const char *text)
{
    return decimal_literal(text);
}

static struct fill fill_of(enum side side, const char *amount, const char *price)
{
    return (struct fill){.side = side, .amount = d(amount), .price = d(price)};
}

static void assert_decimal(struct decimal value, const char *expected, const char *what)
{
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, printed);
    ck_assert_msg(decimal_equal(value, d(expected)), "%s: expected %s, got %s", what, expected,
                  printed);
}

START_TEST(an_opened_position_is_sold_from_its_cost)
{
    struct position position = {.controller = 1, .instrument = 2};
    ck_assert_int_eq(position_open(&position, d("0"), d("100")), ERR_RANGE);
    ck_assert_int_eq(position_open(&position, d("2"), d("-1")), ERR_RANGE);
    ck_assert_int_eq(position_open(&position, d("2"), d("100")), ERR_NONE);
    ck_assert_int_eq(position_open(&position, d("2"), d("100")), ERR_STATE);
    const struct fill fill = fill_of(SIDE_SELL, "0.5", "130");
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    assert_decimal(position.amount, "1.5", "amount");
    assert_decimal(position.average_price, "100", "average");
    assert_decimal(position.realized_pnl_quote, "15", "realized");
    assert_decimal(position_unrealized(&position, d("90")), "-15", "unrealized");
    assert_decimal(position.volume_quote, "65", "volume");
}
END_TEST

/* Fills one after the other, and the position after each. */
static const struct {
    enum side side;
    const char *amount, *price;
    const char *after, *average, *realized;
} steps[] = {
    {SIDE_BUY, "1", "100", "1", "100", "0"},
    {SIDE_BUY, "3", "120", "4", "115", "0"},
    {SIDE_SELL, "1", "125", "3", "115", "10"},
    {SIDE_SELL, "3", "105", "0", "0", "-20"},
    {SIDE_SELL, "2", "50", "-2", "50", "-20"},
    {SIDE_SELL, "2", "60", "-4", "55", "-20"},
    {SIDE_BUY, "1", "45", "-3", "55", "-10"},
    {SIDE_BUY, "5", "60", "2", "60", "-25"}, /* Crosses zero. */
    {SIDE_SELL, "6", "70", "-4", "70", "-5"},
    {SIDE_BUY, "4", "70", "0", "0", "-5"},
};

START_TEST(fills_move_amount_average_and_realized)
{
    struct position position = {.controller = 1, .instrument = 2};
    for (int i = 0; i < COUNT_OF(steps); i++) {
        const struct fill fill = fill_of(steps[i].side, steps[i].amount, steps[i].price);
        ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
        assert_decimal(position.amount, steps[i].after, "amount");
        assert_decimal(position.average_price, steps[i].average, "average");
        assert_decimal(position.realized_pnl_quote, steps[i].realized, "realized");
    }
    assert_decimal(position.bought_base, "14", "bought");
    assert_decimal(position.sold_base, "14", "sold");
    assert_decimal(position.volume_quote, "2165", "volume");
    assert_decimal(position.fees_quote, "0", "fees");
}
END_TEST

/* Fees on a first fill of 1 at 100. */
static const struct {
    enum side side;
    bool fee_in_base;
    const char *fee, *after, *fees_quote, *fee_base;
} fees[] = {
    {SIDE_BUY, false, "0.5", "1", "0.5", "0"},
    {SIDE_BUY, true, "0.001", "0.999", "0.1", "0.001"},
    {SIDE_BUY, true, "-0.001", "1.001", "-0.1", "-0.001"}, /* A rebate. */
    {SIDE_SELL, false, "-0.5", "-1", "-0.5", "0"},
    {SIDE_SELL, true, "0.001", "-1.001", "0.1", "0.001"},
    {SIDE_BUY, true, "1", "0", "100", "1"}, /* All of it goes away. */
    {SIDE_BUY, true, "1.5", "-0.5", "150", "1.5"},
};

START_TEST(fees_are_counted_apart)
{
    struct position position = {0};
    struct fill fill = fill_of(fees[_i].side, "1", "100");
    fill.fee = d(fees[_i].fee);
    fill.fee_in_base = fees[_i].fee_in_base;
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    assert_decimal(position.amount, fees[_i].after, "amount");
    assert_decimal(position.fees_quote, fees[_i].fees_quote, "fees");
    assert_decimal(position.fee_base, fees[_i].fee_base, "fee_base");
    assert_decimal(position.realized_pnl_quote, "0", "realized");
    assert_decimal(position_unrealized(&position, d("100")), "0", "unrealized");
    const bool is_flat = decimal_sign(position.amount) == 0;
    assert_decimal(position.average_price, is_flat ? "0" : "100", "average");
}
END_TEST

START_TEST(an_equal_price_leaves_the_average_alone)
{
    struct position position = {0};
    struct fill fill = fill_of(SIDE_BUY, "0.333333333333333333", "0.123456789012345678");
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
        assert_decimal(position.average_price, "0.123456789012345678", "average");
    }
}
END_TEST

START_TEST(unrealized_follows_the_mark)
{
    struct position position = {0};
    struct fill fill = fill_of(SIDE_SELL, "4", "100");
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    assert_decimal(position_unrealized(&position, d("90")), "40", "unrealized");
    assert_decimal(position_unrealized(&position, d("101.5")), "-6", "unrealized");
    ck_assert(!decimal_is_valid(position_unrealized(&position, d("160000000000000000000"))));
}
END_TEST

/* Fills that are refused; the position stays as it was. */
static const struct {
    const char *amount, *price, *fee;
    bool fee_in_base;
    enum err err;
} refused[] = {
    {"0", "1", "0", false, ERR_RANGE},
    {"-1", "1", "0", false, ERR_RANGE},
    {"1", "0", "0", false, ERR_RANGE},
    {"1", "-1", "0", false, ERR_RANGE},
    {"150000000000000000000", "2", "0", false, ERR_OVERFLOW},    /* The volume. */
    {"170000000000000000000", "0.1", "0", false, ERR_OVERFLOW},  /* The amount. */
    {"1", "100", "100000000000000000000", true, ERR_OVERFLOW},   /* The fee in quote. */
    {"1", "1", "160000000000000000000", false, ERR_OVERFLOW},    /* The sum of fees. */
    {"1", "0.01", "-170000000000000000000", true, ERR_OVERFLOW}, /* What is owned. */
};

START_TEST(a_refused_fill_changes_nothing)
{
    struct position position = {0};
    struct fill fill = fill_of(SIDE_BUY, "20000000000000000000", "0.1");
    fill.fee = d("20000000000000000000");
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    const struct position before = position;
    fill = fill_of(SIDE_BUY, refused[_i].amount, refused[_i].price);
    fill.fee = d(refused[_i].fee);
    fill.fee_in_base = refused[_i].fee_in_base;
    ck_assert_int_eq(position_apply(&position, &fill), refused[_i].err);
    ck_assert(decimal_equal(before.amount, position.amount));
    ck_assert(decimal_equal(before.volume_quote, position.volume_quote));
    ck_assert(decimal_equal(before.bought_base, position.bought_base));
    ck_assert(decimal_equal(before.fees_quote, position.fees_quote));
    ck_assert(decimal_equal(before.fee_base, position.fee_base));
    fill.fee = DECIMAL_INVALID;
    ck_assert_int_eq(position_apply(&position, &fill), ERR_OVERFLOW);
}
END_TEST

/* Sequences whose last fill overflows one figure while all others stay in range (+-1.7e20). */
enum { OVERFLOW_FILLS_MAX = 5 };
static const struct {
    const char *what;
    struct {
        enum side side;
        const char *amount, *price, *fee;
        bool fee_in_base;
    } fills[OVERFLOW_FILLS_MAX];
} overflows[] = {
    {"bought",
     {{SIDE_BUY, "1e20", "0.01", "0", false},
      {SIDE_SELL, "1e20", "0.01", "0", false},
      {SIDE_BUY, "1e20", "0.01", "0", false}}},
    {"sold",
     {{SIDE_SELL, "1e20", "0.01", "0", false},
      {SIDE_BUY, "1e20", "0.01", "0", false},
      {SIDE_SELL, "1e20", "0.01", "0", false}}},
    {"fees in base",
     {{SIDE_BUY, "1", "0.01", "1e20", true},
      {SIDE_BUY, "1e20", "0.01", "0", false},
      {SIDE_BUY, "1", "0.01", "1e20", true}}},
    {"fees in quote", {{SIDE_BUY, "1", "1", "1e20", false}, {SIDE_BUY, "1", "1", "1e20", false}}},
    {"volume", {{SIDE_BUY, "1", "1e20", "0", false}, {SIDE_SELL, "1", "1e20", "0", false}}},
    {"what a fill moves", {{SIDE_SELL, "1e20", "0.01", "1e20", true}}},
    {"average", {{SIDE_BUY, "1", "1e10", "0", false}, {SIDE_BUY, "2e10", "1", "0", false}}},
    /* Fees in base open a short and close it dear, twice; a fee in quote evens those out. */
    {"realized",
     {{SIDE_BUY, "1", "0.01", "1e10", true},
      {SIDE_BUY, "1", "1e10", "-1e10", true},
      {SIDE_BUY, "1", "0.01", "1e20", false},
      {SIDE_BUY, "1", "0.01", "1e10", true},
      {SIDE_BUY, "1", "1e10", "-1e10", true}}},
};

START_TEST(each_figure_that_overflows_refuses_the_fill)
{
    struct position position = {.controller = 1};
    int last = OVERFLOW_FILLS_MAX - 1;
    while (overflows[_i].fills[last].amount == NULL) {
        last--;
    }
    for (int i = 0; i <= last; i++) {
        struct fill fill = {.side = overflows[_i].fills[i].side,
                            .amount = d(overflows[_i].fills[i].amount),
                            .price = d(overflows[_i].fills[i].price),
                            .fee = d(overflows[_i].fills[i].fee),
                            .fee_in_base = overflows[_i].fills[i].fee_in_base};
        const struct position before = position;
        const enum err err = position_apply(&position, &fill);
        ck_assert_msg(err == (i == last ? ERR_OVERFLOW : ERR_NONE), "%s: fill %d",
                      overflows[_i].what, i);
        ck_assert(i < last || memcmp(&before, &position, sizeof(position)) == 0);
    }
}
END_TEST

START_TEST(figures_that_are_none_are_refused)
{
    struct position position = {.controller = 1};
    const struct position before = position;
    struct fill fill = fill_of(SIDE_BUY, "1", "1");
    fill.amount = DECIMAL_INVALID;
    ck_assert_int_eq(position_apply(&position, &fill), ERR_OVERFLOW);
    fill = fill_of(SIDE_BUY, "1", "1");
    fill.price = DECIMAL_INVALID;
    ck_assert_int_eq(position_apply(&position, &fill), ERR_OVERFLOW);
    ck_assert_int_eq(position_open(&position, DECIMAL_INVALID, d("1")), ERR_RANGE);
    ck_assert_int_eq(position_open(&position, d("1"), DECIMAL_INVALID), ERR_RANGE);
    ck_assert(memcmp(&before, &position, sizeof(position)) == 0);
}
END_TEST

/* Flat again is not new: its history stays what it was. */
START_TEST(a_traded_position_is_not_opened)
{
    struct position position = {.controller = 1};
    struct fill fill = fill_of(SIDE_BUY, "1", "100");
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    fill.side = SIDE_SELL;
    ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
    assert_decimal(position.amount, "0", "amount");
    ck_assert_int_eq(position_open(&position, d("2"), d("100")), ERR_STATE);
    assert_decimal(position.opened_base, "0", "opened");
}
END_TEST

/* The books of the quote currency, kept beside the position. */
struct accounts {
    struct decimal cash;
    struct decimal tolerance; /* What rounding may have done. */
};

static struct fill random_fill(struct prng *prng)
{
    static const char *const rates[] = {"0", "0.0002", "0.00075", "-0.0001"};
    struct fill fill = {
        .side = prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL,
        .amount = decimal_from_mantissa(prng_between(prng, 1, 2000000), 5),
        .price = decimal_from_mantissa(prng_between(prng, 5900000, 6100000), 2),
        .fee_in_base = prng_below(prng, 3) == 0,
    };
    const struct decimal rate = d(rates[prng_below(prng, 4)]);
    fill.fee = decimal_multiply(rate, fill.fee_in_base ? fill.amount : fill_quote(&fill));
    return fill;
}

static void account(struct accounts *accounts, const struct position *position,
                    const struct fill *fill)
{
    const struct decimal notional = fill_quote(fill);
    accounts->cash = fill->side == SIDE_BUY ? decimal_subtract(accounts->cash, notional)
                                            : decimal_add(accounts->cash, notional);
    if (!fill->fee_in_base) {
        accounts->cash = decimal_subtract(accounts->cash, fill->fee);
    }
    const struct decimal weight = decimal_add(d("4"), decimal_absolute(position->amount));
    accounts->tolerance =
        decimal_add(accounts->tolerance, decimal_multiply(weight, d("0.000000000000000001")));
}

START_TEST(the_result_is_cash_flow_and_value)
{
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    struct position position = {0};
    struct accounts accounts = {.tolerance = d("0.000000000000000002")};
    for (int i = 0; i < 2000; i++) {
        const struct fill fill = random_fill(&prng);
        ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
        account(&accounts, &position, &fill);
        const struct decimal mark = decimal_from_mantissa(prng_between(&prng, 1, 10000000), 2);
        const struct decimal result = decimal_subtract(
            decimal_add(position.realized_pnl_quote, position_unrealized(&position, mark)),
            position.fees_quote);
        const struct decimal worth =
            decimal_add(accounts.cash, decimal_multiply(position.amount, mark));
        const struct decimal error = decimal_absolute(decimal_subtract(result, worth));
        ck_assert(decimal_compare(error, accounts.tolerance) <= 0);
        ck_assert(decimal_equal(
            position.amount,
            decimal_subtract(decimal_subtract(position.bought_base, position.sold_base),
                             position.fee_base)));
    }
}
END_TEST

START_TEST(closing_everything_leaves_the_cash_flow)
{
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    struct position position = {0};
    struct accounts accounts = {.tolerance = DECIMAL_ZERO};
    for (int i = 0; i < 500; i++) {
        struct fill fill = random_fill(&prng);
        ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
        account(&accounts, &position, &fill);
        if (i % 7 != 6 || decimal_sign(position.amount) == 0) {
            continue;
        }
        fill.side = decimal_sign(position.amount) > 0 ? SIDE_SELL : SIDE_BUY;
        fill.amount = decimal_absolute(position.amount);
        fill.fee = DECIMAL_ZERO;
        ck_assert_int_eq(position_apply(&position, &fill), ERR_NONE);
        account(&accounts, &position, &fill);
        ck_assert_int_eq(decimal_sign(position.amount), 0);
        const struct decimal result =
            decimal_subtract(position.realized_pnl_quote, position.fees_quote);
        const struct decimal error = decimal_absolute(decimal_subtract(result, accounts.cash));
        ck_assert(decimal_compare(error, accounts.tolerance) <= 0);
    }
}
END_TEST

START_TEST(a_book_finds_and_keeps_its_order)
{
    enum { CONTROLLERS = 40, INSTRUMENTS = 25 };
    static const enum side sides[] = {(enum side)0, SIDE_BUY, SIDE_SELL};
    struct position_book *book;
    ck_assert_int_eq(position_book_create(&book), ERR_NONE);
    size_t count;
    (void)position_book_items(book, &count);
    ck_assert_uint_eq(count, 0);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < CONTROLLERS * INSTRUMENTS * 3; i++) {
            struct position *position =
                position_book_get(book, i % CONTROLLERS, i / CONTROLLERS % INSTRUMENTS,
                                  sides[i / CONTROLLERS / INSTRUMENTS]);
            ck_assert_ptr_nonnull(position);
            /* New ones are flat; a second look finds the same. */
            ck_assert(decimal_equal(position->volume_quote,
                                    round == 0 ? DECIMAL_ZERO : decimal_from_int(i)));
            position->volume_quote = decimal_from_int(i);
        }
    }
    const struct position *items = position_book_items(book, &count);
    ck_assert_uint_eq(count, CONTROLLERS * INSTRUMENTS * 3);
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_uint_eq(items[i].controller, i % CONTROLLERS);
        ck_assert_uint_eq(items[i].instrument, i / CONTROLLERS % INSTRUMENTS);
        ck_assert_int_eq(items[i].side, sides[i / CONTROLLERS / INSTRUMENTS]);
        ck_assert(decimal_equal(items[i].volume_quote, decimal_from_int(i)));
    }
    position_book_destroy(book);
    position_book_destroy(NULL);
}
END_TEST

START_TEST(funding_is_kept_apart)
{
    struct position position = {.amount = DECIMAL_ONE, .bought_base = DECIMAL_ONE};
    ck_assert_int_eq(position_fund(&position, decimal_literal("-6.5")), ERR_NONE);
    ck_assert_int_eq(position_fund(&position, decimal_literal("1.25")), ERR_NONE);
    assert_decimal(position.funding_quote, "-5.25", "funding");
    assert_decimal(position.realized_pnl_quote, "0", "realized");
    assert_decimal(position.amount, "1", "amount");
    ck_assert_int_eq(position_fund(&position, DECIMAL_INVALID), ERR_OVERFLOW);
    assert_decimal(position.funding_quote, "-5.25", "funding");
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("position");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, fills_move_amount_average_and_realized);
    tcase_add_test(cases, an_opened_position_is_sold_from_its_cost);
    tcase_add_loop_test(cases, fees_are_counted_apart, 0, COUNT_OF(fees));
    tcase_add_test(cases, an_equal_price_leaves_the_average_alone);
    tcase_add_test(cases, unrealized_follows_the_mark);
    tcase_add_test(cases, funding_is_kept_apart);
    tcase_add_loop_test(cases, a_refused_fill_changes_nothing, 0, COUNT_OF(refused));
    tcase_add_loop_test(cases, each_figure_that_overflows_refuses_the_fill, 0, COUNT_OF(overflows));
    tcase_add_test(cases, figures_that_are_none_are_refused);
    tcase_add_test(cases, a_traded_position_is_not_opened);
    tcase_add_loop_test(cases, the_result_is_cash_flow_and_value, 0, 20);
    tcase_add_loop_test(cases, closing_everything_leaves_the_cash_flow, 0, 20);
    tcase_add_test(cases, a_book_finds_and_keeps_its_order);
    return suite_run("position", cases);
}
