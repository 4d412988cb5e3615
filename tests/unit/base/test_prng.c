/*
 * tests/unit/base/test_prng.c - random numbers: the published sequence, bounds, evenness.
 *
 * The expected numbers were computed from the definition of xoshiro256** and splitmix64 by a
 * program of its own; those of the state {1, 2, 3, 4} are also the generator's published vector.
 */
#include "base/prng.h"

#include <check.h>
#include <signal.h>

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

START_TEST(sequence_of_a_state)
{
    static const uint64_t expected[] = {
        UINT64_C(11520),
        UINT64_C(0),
        UINT64_C(1509978240),
        UINT64_C(1215971899390074240),
        UINT64_C(1216172134540287360),
        UINT64_C(607988272756665600),
        UINT64_C(16172922978634559625),
        UINT64_C(8476171486693032832),
        UINT64_C(10595114339597558777),
        UINT64_C(2904607092377533576),
    };
    struct prng prng = {.state = {1, 2, 3, 4}};
    for (int i = 0; i < COUNT(expected); i++) {
        ck_assert_uint_eq(prng_next(&prng), expected[i]);
    }
}
END_TEST

static const struct {
    uint64_t seed;
    uint64_t first[4];
    uint64_t thousandth;
} seeds[] = {
    {0,
     {UINT64_C(0x99ec5f36cb75f2b4), UINT64_C(0xbf6e1f784956452a), UINT64_C(0x1a5f849d4933e6e0),
      UINT64_C(0x6aa594f1262d2d2c)},
     UINT64_C(0x7aac8c483a2edd2f)},
    {1,
     {UINT64_C(0xb3f2af6d0fc710c5), UINT64_C(0x853b559647364cea), UINT64_C(0x92f89756082a4514),
      UINT64_C(0x642e1c7bc266a3a7)},
     UINT64_C(0xb8517c33c344d153)},
    {42,
     {UINT64_C(0x15780b2e0c2ec716), UINT64_C(0x6104d9866d113a7e), UINT64_C(0xae17533239e499a1),
      UINT64_C(0xecb8ad4703b360a1)},
     UINT64_C(0x8de5848c61ab8968)},
    {UINT64_MAX,
     {UINT64_C(0x8f5520d52a7ead08), UINT64_C(0xc476a018caa1802d), UINT64_C(0x81de31c0d260469e),
      UINT64_C(0xbf658d7e065f3c2f)},
     UINT64_C(0xc3c93ea5cde434cc)},
};

START_TEST(sequence_of_a_seed)
{
    struct prng prng;
    prng_init(&prng, seeds[_i].seed);
    uint64_t value = 0;
    for (int i = 0; i < 1000; i++) {
        value = prng_next(&prng);
        if (i < 4) {
            ck_assert_uint_eq(value, seeds[_i].first[i]);
        }
    }
    ck_assert_uint_eq(value, seeds[_i].thousandth);
}
END_TEST

START_TEST(below_stays_below_and_is_even)
{
    enum { BOUND = 7, DRAWS = 70000 };
    struct prng prng;
    prng_init(&prng, 3);
    int counts[BOUND] = {0};
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t value = prng_below(&prng, BOUND);
        ck_assert_uint_lt(value, BOUND);
        counts[value]++;
    }
    /* 10000 each; five standard deviations are 463. */
    for (int i = 0; i < BOUND; i++) {
        ck_assert_int_gt(counts[i], 9537);
        ck_assert_int_lt(counts[i], 10463);
    }
}
END_TEST

START_TEST(below_has_no_bias_for_large_bounds)
{
    /* Taking the remainder alone would put two thirds of the draws into the lower half. */
    const uint64_t bound = UINT64_C(3) << 62;
    enum { DRAWS = 40000 };
    struct prng prng;
    prng_init(&prng, 5);
    int low = 0;
    for (int i = 0; i < DRAWS; i++) {
        const uint64_t value = prng_below(&prng, bound);
        ck_assert_uint_lt(value, bound);
        low += value < bound / 2 ? 1 : 0;
    }
    ck_assert_int_gt(low, DRAWS / 2 - 500);
    ck_assert_int_lt(low, DRAWS / 2 + 500);
    ck_assert_uint_eq(prng_below(&prng, 1), 0);
}
END_TEST

START_TEST(between_includes_both_ends)
{
    struct prng prng;
    prng_init(&prng, 9);
    int seen[5] = {0};
    for (int i = 0; i < 1000; i++) {
        const int64_t value = prng_between(&prng, -2, 2);
        ck_assert_int_ge(value, -2);
        ck_assert_int_le(value, 2);
        seen[value + 2]++;
    }
    for (int i = 0; i < COUNT(seen); i++) {
        ck_assert_int_gt(seen[i], 0);
    }
    ck_assert_int_eq(prng_between(&prng, 5, 5), 5);
    ck_assert_int_eq(prng_between(&prng, INT64_MAX, INT64_MAX), INT64_MAX);
}
END_TEST

START_TEST(between_spans_all_of_int64)
{
    struct prng prng;
    struct prng twin;
    prng_init(&prng, 1);
    prng_init(&twin, 1);
    ck_assert_int_eq(prng_between(&prng, INT64_MIN, INT64_MAX), (int64_t)prng_next(&twin));
}
END_TEST

START_TEST(a_bound_of_zero_ends_the_process)
{
    struct prng prng;
    prng_init(&prng, 1);
    (void)prng_below(&prng, 0);
}
END_TEST

START_TEST(an_empty_range_ends_the_process)
{
    struct prng prng;
    prng_init(&prng, 1);
    (void)prng_between(&prng, 1, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("prng");
    TCase *tables = tcase_create("tables");
    tcase_add_test(tables, sequence_of_a_state);
    tcase_add_loop_test(tables, sequence_of_a_seed, 0, COUNT(seeds));
    tcase_add_test(tables, below_stays_below_and_is_even);
    tcase_add_test(tables, below_has_no_bias_for_large_bounds);
    tcase_add_test(tables, between_includes_both_ends);
    tcase_add_test(tables, between_spans_all_of_int64);
    tcase_add_test_raise_signal(tables, a_bound_of_zero_ends_the_process, SIGABRT);
    tcase_add_test_raise_signal(tables, an_empty_range_ends_the_process, SIGABRT);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
