/*
 * The values of a range: exact ends, equal differences, equal ratios, ten digits.
 */
#include <check.h>
#include <string.h>

#include "actors/sweep_range.h"

enum { VALUES_MAX = 6 };

static const struct {
    const char *from;
    const char *to;
    size_t steps;
    bool is_log;
    const char *values[VALUES_MAX];
} ranges[] = {
    {"1", "5", 5, false, {"1", "2", "3", "4", "5"}},
    {"5", "1", 5, false, {"5", "4", "3", "2", "1"}},
    {"-1", "1", 3, false, {"-1", "0", "1"}},
    {"0.01", "0.02", 4, false, {"0.01", "0.01333333333", "0.01666666667", "0.02"}},
    {"7", "7", 2, false, {"7", "7"}},
    {"1", "1000", 4, true, {"1", "10", "100", "1000"}},
    {"0.008", "0.001", 4, true, {"0.008", "0.004", "0.002", "0.001"}},
    {"1", "2", 3, true, {"1", "1.414213562", "2"}}, /* The root of 2 is 1.41421356237... */
    {"3", "3", 3, true, {"3", "3", "3"}},
};

START_TEST(test_values)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct sweep_range range = {.from = decimal_literal(ranges[_i].from),
                                      .to = decimal_literal(ranges[_i].to),
                                      .steps = ranges[_i].steps,
                                      .is_log = ranges[_i].is_log};
    const struct node **values;
    ck_assert_int_eq(sweep_range_list(&range, &arena, &values), ERR_NONE);
    for (size_t i = 0; i < range.steps; i++) {
        ck_assert_str_eq(values[i]->text, ranges[_i].values[i]);
        ck_assert_int_eq(values[i]->kind, NODE_SCALAR);
        /* Whole numbers may be meant for an integer; the others are money. */
        ck_assert_int_eq(values[i]->is_quoted, strchr(values[i]->text, '.') != NULL);
    }
    arena_done(&arena);
}
END_TEST

START_TEST(test_what_does_not_fit)
{
    struct arena arena;
    arena_init(&arena, 0);
    const struct node **values;
    const struct sweep_range wide = {
        .from = decimal_literal("-1e20"), .to = decimal_literal("1e20"), .steps = 3};
    ck_assert_int_eq(sweep_range_list(&wide, &arena, &values), ERR_OVERFLOW);
    const struct sweep_range steep = {.from = decimal_literal("1e-18"),
                                      .to = decimal_literal("1e18"),
                                      .steps = 3,
                                      .is_log = true};
    ck_assert_int_eq(sweep_range_list(&steep, &arena, &values), ERR_OVERFLOW);
    arena_done(&arena);
    arena_init(&arena, 16);
    const struct sweep_range many = {.from = DECIMAL_ONE, .to = DECIMAL_ONE, .steps = 100};
    ck_assert_int_eq(sweep_range_list(&many, &arena, &values), ERR_MEMORY);
    arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sweep range");
    TCase *tcase = tcase_create("sweep range");
    tcase_add_loop_test(tcase, test_values, 0, sizeof(ranges) / sizeof(ranges[0]));
    tcase_add_test(tcase, test_what_does_not_fit);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
