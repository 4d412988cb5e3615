/*
 * tests/unit/base/test_decimal_exact.c - decimals against GMP: the same operations on random
 * values of mixed magnitudes, in exact integers.
 *
 * Every random value has a random length in bits, so that small and large operands, products that
 * just fit and products that just do not, all occur often. The seed is fixed: a failure repeats.
 */
#include "base/decimal.h"

#include <check.h>
#include <gmp.h>
#include <string.h>

#include "base/prng.h"

enum { RANDOM_PAIRS = 400000, RANDOM_TIES = 200000, RANDOM_TEXTS = 200000, SEED = 20240501 };

/* Scratch numbers of one test; check runs each test in its own process. */
static mpz_t exact_a, exact_b, exact_result, exact_rest, exact_scale, exact_max;

static void exact_init(void)
{
    mpz_inits(exact_a, exact_b, exact_result, exact_rest, exact_scale, exact_max, NULL);
    mpz_ui_pow_ui(exact_scale, 10, DECIMAL_DIGITS);
    mpz_ui_pow_ui(exact_max, 2, 127);
    mpz_sub_ui(exact_max, exact_max, 1);
}

static void exact_done(void)
{
    mpz_clears(exact_a, exact_b, exact_result, exact_rest, exact_scale, exact_max, NULL);
}

static void exact_from(mpz_t number, struct decimal value)
{
    const uint128_t magnitude = (uint128_t)decimal_absolute(value).raw;
    mpz_set_ui(number, (uint64_t)(magnitude >> 64));
    mpz_mul_2exp(number, number, 64);
    mpz_add_ui(number, number, (uint64_t)magnitude);
    if (value.raw < 0) {
        mpz_neg(number, number);
    }
}

/* The decimal of a number from 0 to exact_max. */
static struct decimal decimal_from_exact(const mpz_t number)
{
    mpz_fdiv_q_2exp(exact_rest, number, 64);
    const uint128_t high = mpz_get_ui(exact_rest);
    return (struct decimal){.raw = (int128_t)((high << 64) | mpz_get_ui(number))};
}

/* number / divisor rounded half to even, in place. divisor > 0. */
static void exact_divide_half_even(mpz_t number, const mpz_t divisor)
{
    mpz_fdiv_qr(number, exact_rest, number, divisor);
    mpz_mul_2exp(exact_rest, exact_rest, 1);
    const int side = mpz_cmp(exact_rest, divisor);
    if (side > 0 || (side == 0 && mpz_odd_p(number))) {
        mpz_add_ui(number, number, 1);
    }
}

/* True when the decimal is the exact result, or invalid because that does not fit. */
static bool agrees(struct decimal value, const mpz_t exact)
{
    if (mpz_cmpabs(exact, exact_max) > 0) {
        return !decimal_is_valid(value);
    }
    if (!decimal_is_valid(value)) {
        return false;
    }
    mpz_t number;
    mpz_init(number);
    exact_from(number, value);
    const bool is_equal = mpz_cmp(number, exact) == 0;
    mpz_clear(number);
    return is_equal;
}

/* Up to `bits` bits, either sign; now and then all ones or a power of two. */
static struct decimal random_decimal(struct prng *prng, unsigned bits_max)
{
    const unsigned bits = (unsigned)prng_below(prng, bits_max + 1);
    if (bits == 0) {
        return DECIMAL_ZERO;
    }
    const uint128_t mask = ((uint128_t)1 << (bits - 1) << 1) - 1;
    uint128_t magnitude = (((uint128_t)prng_next(prng) << 64) | prng_next(prng)) & mask;
    switch (prng_below(prng, 16)) {
    case 0:
        magnitude = mask;
        break;
    case 1:
        magnitude = (uint128_t)1 << (bits - 1);
        break;
    default:
        break;
    }
    const struct decimal value = {.raw = (int128_t)magnitude};
    return prng_below(prng, 2) == 0 ? value : decimal_negate(value);
}

static void fail_with(const char *operation, struct decimal a, struct decimal b,
                      struct decimal result)
{
    char text[3][DECIMAL_TEXT_MAX];
    (void)decimal_print(a, text[0]);
    (void)decimal_print(b, text[1]);
    (void)decimal_print(result, text[2]);
    ck_abort_msg("%s of %s and %s gave %s", operation, text[0], text[1], text[2]);
}

static void check_product(struct decimal a, struct decimal b)
{
    exact_from(exact_a, a);
    exact_from(exact_b, b);
    mpz_mul(exact_result, exact_a, exact_b);
    exact_divide_half_even(exact_result, exact_scale);
    if (!agrees(decimal_multiply(a, b), exact_result)) {
        fail_with("product", a, b, decimal_multiply(a, b));
    }
    const bool fits = mpz_cmpabs(exact_result, exact_max) <= 0;
    if (decimal_can_multiply(a, b) != fits || decimal_can_multiply_outer(a, b) != fits ||
        (decimal_are_small(a, b) && !fits)) {
        fail_with("fit", a, b, decimal_multiply(a, b));
    }
}

static void check_quotient(struct decimal a, struct decimal b)
{
    if (b.raw == 0) {
        ck_assert(!decimal_is_valid(decimal_divide(a, b)));
        return;
    }
    exact_from(exact_a, a);
    exact_from(exact_b, b);
    mpz_mul(exact_result, exact_a, exact_scale);
    if (mpz_sgn(exact_b) < 0) {
        mpz_neg(exact_b, exact_b);
        mpz_neg(exact_result, exact_result);
    }
    exact_divide_half_even(exact_result, exact_b);
    if (!agrees(decimal_divide(a, b), exact_result)) {
        fail_with("quotient", a, b, decimal_divide(a, b));
    }
}

static void check_whole_quotient(struct decimal a, uint64_t divisor)
{
    mpz_t exact_divisor;
    mpz_init_set_ui(exact_divisor, divisor);
    exact_from(exact_a, a);
    exact_divide_half_even(exact_a, exact_divisor);
    if (!agrees(decimal_divide_whole(a, divisor), exact_a)) {
        fail_with("whole quotient", a, a, decimal_divide_whole(a, divisor));
    }
    if (divisor == 2 && !agrees(decimal_halve(a), exact_a)) {
        fail_with("half", a, a, decimal_halve(a));
    }
    mpz_clear(exact_divisor);
}

static void check_sums(struct decimal a, struct decimal b)
{
    exact_from(exact_a, a);
    exact_from(exact_b, b);
    mpz_add(exact_result, exact_a, exact_b);
    if (!agrees(decimal_add(a, b), exact_result) ||
        !agrees(decimal_add_outer(a, b), exact_result) ||
        (decimal_are_inner(a, b) && !decimal_is_valid(decimal_add(a, b)))) {
        fail_with("sum", a, b, decimal_add(a, b));
    }
    mpz_sub(exact_result, exact_a, exact_b);
    if (!agrees(decimal_subtract(a, b), exact_result)) {
        fail_with("difference", a, b, decimal_subtract(a, b));
    }
    ck_assert_int_eq(decimal_compare(a, b),
                     (mpz_sgn(exact_result) > 0) - (mpz_sgn(exact_result) < 0));
}

static void check_steps(struct decimal value, struct decimal unit)
{
    if (unit.raw <= 0) {
        return;
    }
    exact_from(exact_a, value);
    exact_from(exact_b, unit);
    mpz_fdiv_q(exact_result, exact_a, exact_b);
    mpz_mul(exact_result, exact_result, exact_b);
    const bool is_multiple = mpz_cmp(exact_result, exact_a) == 0;
    ck_assert_int_eq(decimal_is_multiple(value, unit), is_multiple);
    if (value.raw <= 0) {
        mpz_set_ui(exact_result, 0);
    }
    if (!agrees(decimal_floor_to(value, unit), exact_result)) {
        fail_with("floor", value, unit, decimal_floor_to(value, unit));
    }
    mpz_cdiv_q(exact_result, exact_a, exact_b);
    mpz_mul(exact_result, exact_result, exact_b);
    if (!agrees(decimal_ceil_to(value, unit), exact_result)) {
        fail_with("ceil", value, unit, decimal_ceil_to(value, unit));
    }
    mpz_set(exact_result, exact_a);
    exact_divide_half_even(exact_result, exact_b);
    mpz_mul(exact_result, exact_result, exact_b);
    if (!agrees(decimal_round_to(value, unit), exact_result)) {
        fail_with("round", value, unit, decimal_round_to(value, unit));
    }
}

/* Pairs whose results are near the limit: a * b or a / b is about 2^127. */
static struct decimal partner_near_limit(struct prng *prng, struct decimal a, bool is_product)
{
    if (a.raw == 0) {
        return DECIMAL_ONE;
    }
    exact_from(exact_a, decimal_absolute(a));
    if (is_product) {
        mpz_mul(exact_result, exact_max, exact_scale);
        mpz_fdiv_q(exact_result, exact_result, exact_a);
    } else {
        mpz_mul(exact_result, exact_a, exact_scale);
        mpz_fdiv_q(exact_result, exact_result, exact_max);
    }
    if (mpz_cmp(exact_result, exact_max) > 0) {
        return DECIMAL_ONE;
    }
    return decimal_add(decimal_from_exact(exact_result),
                       (struct decimal){.raw = prng_between(prng, -2, 2)});
}

START_TEST(random_pairs)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED);
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        const struct decimal a = random_decimal(&prng, 127);
        const struct decimal b = random_decimal(&prng, 127);
        check_product(a, b);
        check_quotient(a, b);
        check_sums(a, b);
        check_steps(a, b);
    }
    exact_done();
}
END_TEST

START_TEST(random_pairs_whose_product_fits)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED + 1);
    for (int i = 0; i < RANDOM_PAIRS; i++) {
        const struct decimal a = random_decimal(&prng, 100);
        const struct decimal b = random_decimal(&prng, 86);
        check_product(a, b);
        check_quotient(b, a);
        check_whole_quotient(a, (uint64_t)b.raw | 1);
    }
    exact_done();
}
END_TEST

START_TEST(random_pairs_near_the_limit)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED + 2);
    for (int i = 0; i < RANDOM_PAIRS / 2; i++) {
        const struct decimal a = random_decimal(&prng, 127);
        const struct decimal factor = partner_near_limit(&prng, a, true);
        const struct decimal divisor = partner_near_limit(&prng, a, false);
        if (decimal_is_valid(factor)) {
            check_product(a, factor);
        }
        check_quotient(a, divisor);
        check_sums((struct decimal){.raw = (int128_t)(((uint128_t)1 << 127) - 1)}, a);
    }
    exact_done();
}
END_TEST

/*
 * Quotients of about 2^64 units: there the upper limb of what is divided equals that of the
 * divisor, or all of it does, which never happens by chance.
 */
START_TEST(random_quotients_near_one_limb)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED + 6);
    for (int i = 0; i < RANDOM_TIES; i++) {
        struct decimal divisor = decimal_absolute(random_decimal(&prng, 122));
        if (i % 4 == 0) { /* A multiple of the scale: the quotient can be 2^64 units exactly. */
            divisor = decimal_from_int(prng_between(&prng, 19, INT64_C(1) << 60));
        }
        exact_from(exact_b, divisor);
        mpz_mul_2exp(exact_a, exact_b, 64);
        mpz_fdiv_q(exact_result, exact_a, exact_scale);
        const struct decimal a = decimal_from_exact(exact_result);
        const struct decimal nearby = {.raw = prng_between(&prng, -1, 1)};
        check_quotient(a, divisor);
        check_quotient(decimal_add(a, nearby), divisor);
    }
    exact_done();
}
END_TEST

/* Odd multiples of half a unit: k * 0.5 * 10^-18, and quotients by even numbers. */
START_TEST(random_ties)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED + 3);
    const struct decimal half = decimal_literal("0.5");
    for (int i = 0; i < RANDOM_TIES; i++) {
        struct decimal odd = random_decimal(&prng, 126);
        odd.raw |= 1;
        check_product(odd, half);
        check_quotient(odd, decimal_from_int(2));
        check_whole_quotient(odd, 2);
        const struct decimal unit = decimal_from_int(2 * prng_between(&prng, 1, 1000));
        check_steps(decimal_multiply(decimal_from_int(prng_between(&prng, -999, 999)),
                                     decimal_multiply(unit, half)),
                    unit);
    }
    exact_done();
}
END_TEST

START_TEST(random_values_survive_text)
{
    struct prng prng;
    prng_init(&prng, SEED + 4);
    for (int i = 0; i < RANDOM_TEXTS; i++) {
        const struct decimal value = random_decimal(&prng, 127);
        char text[DECIMAL_TEXT_MAX];
        const size_t length = decimal_print(value, text);
        struct decimal again;
        ck_assert_uint_lt(length, DECIMAL_TEXT_MAX);
        ck_assert_uint_eq(length, strlen(text));
        ck_assert_int_eq(decimal_parse(text, length, &again), ERR_NONE);
        ck_assert_msg(decimal_equal(value, again), "%s was read as another number", text);
        const char *point = strchr(text, '.');
        ck_assert_uint_eq(decimal_digits(value), point == NULL ? 0 : strlen(point + 1));
    }
}
END_TEST

START_TEST(random_mantissas)
{
    exact_init();
    struct prng prng;
    prng_init(&prng, SEED + 5);
    for (int i = 0; i < RANDOM_TEXTS; i++) {
        const struct decimal value = random_decimal(&prng, 127);
        const unsigned digits = (unsigned)prng_below(&prng, DECIMAL_DIGITS + 1);
        exact_from(exact_a, value);
        mpz_ui_pow_ui(exact_b, 10, DECIMAL_DIGITS - digits);
        mpz_fdiv_q(exact_result, exact_a, exact_b);
        int64_t mantissa;
        const enum err err = decimal_to_mantissa_floor(value, digits, &mantissa);
        if (mpz_fits_slong_p(exact_result)) {
            ck_assert_int_eq(err, ERR_NONE);
            ck_assert_int_eq(mantissa, mpz_get_si(exact_result));
            mpz_mul(exact_result, exact_result, exact_b);
            ck_assert(agrees(decimal_from_mantissa(mantissa, digits), exact_result));
        } else {
            ck_assert_int_eq(err, ERR_OVERFLOW);
        }
    }
    exact_done();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decimal against GMP");
    TCase *random = tcase_create("random");
    tcase_set_timeout(random, 120);
    tcase_add_test(random, random_pairs);
    tcase_add_test(random, random_pairs_whose_product_fits);
    tcase_add_test(random, random_pairs_near_the_limit);
    tcase_add_test(random, random_quotients_near_one_limb);
    tcase_add_test(random, random_ties);
    tcase_add_test(random, random_values_survive_text);
    tcase_add_test(random, random_mantissas);
    suite_add_tcase(suite, random);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
