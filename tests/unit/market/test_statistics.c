/*
 * tests/unit/market/test_statistics.c - roots and sharpe ratios in decimals.
 */
#include "market/statistics.h"

#include <check.h>
#include <gmp.h>
#include <stdio.h>

#include "base/prng.h"
#include "suite.h"

static const struct {
    const char *value, *root;
} roots[] = {
    {"0", "0"},
    {"1", "1"},
    {"4", "2"},
    {"0.0625", "0.25"},
    {"152.399025", "12.345"},
    {"0.000000000000000001", "0.000000001"},
    {"2", "1.414213562373095048"},
    {"100000000000000000000", "10000000000"},
};

START_TEST(roots_of_known_values)
{
    const struct decimal root = statistics_root(decimal_literal(roots[_i].value));
    const struct decimal error =
        decimal_absolute(decimal_subtract(root, decimal_literal(roots[_i].root)));
    ck_assert(error.raw <= 1);
}
END_TEST

/* floor(sqrt(raw * 10^18)) by GMP. */
static int128_t exact_root(int128_t raw)
{
    mpz_t value;
    mpz_t root;
    mpz_inits(value, root, NULL);
    const uint64_t limbs[2] = {(uint64_t)raw, (uint64_t)(raw >> 64)};
    mpz_import(value, 2, -1, sizeof(uint64_t), 0, 0, limbs);
    mpz_mul_ui(value, value, 1000000000000000000);
    mpz_sqrt(root, value);
    uint64_t words[2] = {0, 0};
    mpz_export(words, NULL, -1, sizeof(uint64_t), 0, 0, root);
    mpz_clears(value, root, NULL);
    return (int128_t)((uint128_t)words[1] << 64 | words[0]);
}

START_TEST(roots_are_within_one_unit)
{
    struct prng prng;
    prng_init(&prng, 11);
    for (int i = 0; i < 20000; i++) {
        const unsigned shift = (unsigned)prng_below(&prng, 127);
        const uint128_t bits = (uint128_t)prng_next(&prng) << 64 | prng_next(&prng);
        const struct decimal value = {.raw = (int128_t)(bits >> 1 >> shift)};
        const int128_t error = statistics_root(value).raw - exact_root(value.raw);
        if (error < -1 || error > 1) {
            ck_abort_msg("draw %d is off by %lld units", i, (long long)error);
        }
    }
}
END_TEST

START_TEST(what_has_no_root_is_invalid)
{
    ck_assert(!decimal_is_valid(statistics_root(decimal_literal("-1"))));
    ck_assert(!decimal_is_valid(statistics_root(DECIMAL_INVALID)));
}
END_TEST

/* Series, and mean / sample deviation computed by hand. */
static const struct {
    const char *values[5];
    const char *sharpe;
} series[] = {
    {{"5"}, "0"},
    {{"5", "5", "5"}, "0"},
    {{"0.333333333333333333", "0.333333333333333333", "0.333333333333333333"}, "0"},
    {{"1", "3"}, "1.414213562373095049"}, /* 2 / sqrt(2) */
    {{"-1", "-3"}, "-1.414213562373095049"},
    {{"2", "4", "4", "6"}, "2.449489742783178098"}, /* 4 / sqrt(8 / 3) = sqrt(6) */
    {{"10", "-10"}, "0"},
    {{"0.00001", "0.00002", "0.00003"}, "2"}, /* Mean 2, deviation 1. */
    {{"0.0000000001", "0.0000000003"}, "0"},  /* Below what the squares can tell. */
};

START_TEST(sharpe_of_known_series)
{
    struct statistics_sums sums = {0};
    for (int i = 0; i < 5 && series[_i].values[i] != NULL; i++) {
        const struct decimal value = decimal_literal(series[_i].values[i]);
        sums.count++;
        sums.sum = decimal_add(sums.sum, value);
        sums.square_sum = decimal_add(sums.square_sum, decimal_multiply(value, value));
    }
    const struct decimal sharpe = statistics_sharpe(&sums);
    const struct decimal error =
        decimal_absolute(decimal_subtract(sharpe, decimal_literal(series[_i].sharpe)));
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(sharpe, printed);
    ck_assert_msg(decimal_less(error, decimal_literal("0.00000000000001")), "got %s", printed);
}
END_TEST

START_TEST(sums_beyond_the_range_give_none)
{
    struct statistics_sums sums = {.count = 2, .sum = DECIMAL_ONE, .square_sum = DECIMAL_INVALID};
    ck_assert_int_eq(decimal_sign(statistics_sharpe(&sums)), 0);
    sums = (struct statistics_sums){
        .count = 2, .sum = decimal_literal("100000000000"), .square_sum = DECIMAL_ONE};
    ck_assert_int_eq(decimal_sign(statistics_sharpe(&sums)), 0);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("statistics");
    tcase_add_loop_test(cases, roots_of_known_values, 0, COUNT_OF(roots));
    tcase_add_test(cases, roots_are_within_one_unit);
    tcase_add_test(cases, what_has_no_root_is_invalid);
    tcase_add_loop_test(cases, sharpe_of_known_series, 0, COUNT_OF(series));
    tcase_add_test(cases, sums_beyond_the_range_give_none);
    return suite_run("statistics", cases);
}
