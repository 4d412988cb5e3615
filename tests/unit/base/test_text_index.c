/*
 * tests/unit/base/test_text_index.c - numbers found by text: every key, no other, any count.
 */
#include "base/text_index.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

enum { KEYS = 5000, KEY_MAX = 16 };

START_TEST(finds_what_was_put)
{
    struct text_index index;
    text_index_init(&index, (uint64_t)_i);
    char(*keys)[KEY_MAX] = calloc(KEYS, sizeof(*keys));
    ck_assert_ptr_nonnull(keys);
    ck_assert_uint_eq(text_index_get(&index, "key-1"), 0);
    for (uint32_t i = 0; i < KEYS; i++) {
        (void)snprintf(keys[i], sizeof(keys[i]), "key-%u", i);
        ck_assert_uint_eq(text_index_get(&index, keys[i]), 0);
        ck_assert_int_eq(text_index_set(&index, keys[i], i + 1), ERR_NONE);
    }
    for (uint32_t i = 0; i < KEYS; i++) {
        char copy[KEY_MAX];
        (void)snprintf(copy, sizeof(copy), "key-%u", i);
        ck_assert_uint_eq(text_index_get(&index, copy), i + 1);
        ck_assert_int_eq(text_index_set(&index, keys[i], i + 9), ERR_NONE);
        ck_assert_uint_eq(text_index_get(&index, copy), i + 9);
    }
    ck_assert_uint_eq(text_index_get(&index, ""), 0);
    ck_assert_uint_eq(text_index_get(&index, "key-5000"), 0);
    text_index_done(&index);
    text_index_done(&index);
    free(keys);
}
END_TEST

START_TEST(the_empty_text_is_a_key)
{
    struct text_index index;
    text_index_init(&index, 1);
    ck_assert_int_eq(text_index_set(&index, "", 3), ERR_NONE);
    ck_assert_uint_eq(text_index_get(&index, ""), 3);
    text_index_done(&index);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("text_index");
    TCase *tcase = tcase_create("text_index");
    tcase_add_loop_test(tcase, finds_what_was_put, 0, 3);
    tcase_add_test(tcase, the_empty_text_is_a_key);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
