/*
 * tests/unit/executors/test_snapshot.c - reading back what was saved, and refusing the rest.
 */
#include "executors/snapshot.h"

#include "bracketing.h"

static const char json[] = "{\"d\":\"-1.5\",\"i\":\"-9223372036854775808\",\"n\":7,\"z\":null,"
                           "\"bad\":\"invalid\",\"list\":[],\"text\":\"x\",\"plus\":\"+1\","
                           "\"big\":\"9223372036854775808\",\"tail\":\"1 \",\"empty\":\"\"}";

static struct arena arena;
static struct problems problems;
static const struct node *root;

static void set_up(void)
{
    arena_init(&arena, 0);
    problems_init(&problems, "snapshot");
    ck_assert_int_eq(
        node_read_json("snapshot", json, sizeof(json) - 1, 8, &arena, &problems, &root), ERR_NONE);
}

static void tear_down(void)
{
    problems_done(&problems);
    arena_done(&arena);
}

START_TEST(values_are_read)
{
    struct decimal decimal;
    int64_t number;
    ck_assert_int_eq(snapshot_get_decimal(root, "d", &decimal), ERR_NONE);
    ck_assert_decimal_eq(decimal, "-1.5");
    ck_assert_int_eq(snapshot_get_decimal(root, "bad", &decimal), ERR_NONE);
    ck_assert(!decimal_is_valid(decimal));
    ck_assert_int_eq(snapshot_get_int64(root, "i", &number), ERR_NONE);
    ck_assert_int_eq(number, INT64_MIN);
    ck_assert_int_eq(snapshot_get_between(root, "n", 7, 7, &number), ERR_NONE);
    ck_assert_int_eq(number, 7);
}
END_TEST

static const char *const no_numbers[] = {"z",   "list", "text", "plus",    "big",
                                         "bad", "tail", "d",    "missing", "empty"};

START_TEST(anything_else_is_corrupt)
{
    int64_t number = 42;
    struct decimal decimal = DECIMAL_ONE;
    ck_assert_int_eq(snapshot_get_int64(root, no_numbers[_i], &number), ERR_CORRUPT);
    ck_assert_int_eq(number, 42);
    ck_assert_int_eq(snapshot_get_decimal(root, "text", &decimal), ERR_CORRUPT);
    ck_assert_int_eq(snapshot_get_decimal(root, "missing", &decimal), ERR_CORRUPT);
    ck_assert_int_eq(snapshot_get_between(root, "n", 8, 9, &number), ERR_CORRUPT);
    ck_assert_int_eq(snapshot_get_between(root, "n", 5, 6, &number), ERR_CORRUPT);
}
END_TEST

START_TEST(instants_are_text)
{
    struct text out = {0};
    json_object_begin(&out);
    snapshot_put_int64(&out, "at", INT64_MAX);
    json_object_end(&out);
    ck_assert_str_eq(text_string(&out), "{\"at\":\"9223372036854775807\"}");
    text_done(&out);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, values_are_read);
    tcase_add_loop_test(tcase, anything_else_is_corrupt, 0, COUNT(no_numbers));
    tcase_add_test(tcase, instants_are_text);
}

int main(void)
{
    return run_tests("snapshot", add_tests);
}
