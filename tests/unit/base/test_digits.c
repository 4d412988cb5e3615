/*
 * tests/unit/base/test_digits.c - digits, beside those that printf writes.
 */
#include "base/digits.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/prng.h"

enum { SAMPLES = 100000, FRACTION_PLACES = 18 };

static void digits_expect(uint64_t value)
{
    char expected[DIGITS_ROOM + 1];
    char printed[DIGITS_ROOM + 1];
    (void)snprintf(expected, sizeof(expected), "%" PRIu64, value);
    char *end = digits_put(printed, value);
    ck_assert(end <= printed + DIGITS_ROOM);
    *end = '\0';
    ck_assert_str_eq(printed, expected);
}

static void digits_expect_fraction(uint64_t value)
{
    char expected[DIGITS_ROOM + 1];
    char printed[DIGITS_ROOM + 1];
    int length = snprintf(expected, sizeof(expected), "%018" PRIu64, value);
    while (expected[length - 1] == '0') {
        length--;
    }
    expected[length] = '\0';
    char *end = digits_put_fraction(printed, value);
    ck_assert(end <= printed + DIGITS_ROOM);
    *end = '\0';
    ck_assert_str_eq(printed, expected);
}

START_TEST(every_length_is_written)
{
    digits_expect(0);
    digits_expect(UINT64_MAX);
    uint64_t power = 1;
    for (int places = 1; places < 20; places++) {
        digits_expect(power);
        digits_expect(power + 1);
        digits_expect(power - 1);
        digits_expect(power * 9);
        power *= 10;
    }
}
END_TEST

START_TEST(any_number_is_written)
{
    struct prng prng;
    prng_init(&prng, 1);
    for (int i = 0; i < SAMPLES; i++) {
        digits_expect(prng_next(&prng) >> prng_below(&prng, 64));
    }
}
END_TEST

START_TEST(every_four_digits_are_written)
{
    for (uint64_t i = 0; i < 10000; i++) {
        digits_expect(i);
        digits_expect(i * 10000);
        digits_expect(i * 10000 + 9999);
    }
}
END_TEST

START_TEST(a_fraction_has_no_zeros_behind)
{
    struct prng prng;
    prng_init(&prng, 2);
    uint64_t count = 1; /* Of the fractions with that many places. */
    for (int places = 1; places <= FRACTION_PLACES; places++) {
        count *= 10;
        for (int i = 0; i < SAMPLES / FRACTION_PLACES; i++) {
            const uint64_t fraction = 1 + prng_below(&prng, count - 1);
            digits_expect_fraction(fraction * (UINT64_C(1000000000000000000) / count));
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("digits");
    TCase *cases = tcase_create("cases");
    tcase_add_test(cases, every_length_is_written);
    tcase_add_test(cases, any_number_is_written);
    tcase_add_test(cases, every_four_digits_are_written);
    tcase_add_test(cases, a_fraction_has_no_zeros_behind);
    suite_add_tcase(suite, cases);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
