/*
 * tests/unit/base/test_arena.c - memory that is given back all at once.
 */
#include "base/arena.h"

#include <check.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_zeroed(const unsigned char *memory, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (memory[i] != 0) {
            return false;
        }
    }
    return true;
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
    struct arena arena;
    arena_init(&arena, 0);
    unsigned char *before = NULL;
    size_t before_size = 0;
    for (size_t size = 1; size < 20000; size += 1 + size / 7) {
        unsigned char *memory = arena_take(&arena, size);
        ck_assert_ptr_nonnull(memory);
        ck_assert_uint_eq((uintptr_t)memory % alignof(max_align_t), 0);
        ck_assert(is_zeroed(memory, size));
        memset(memory, 0xAA, size);
        if (before != NULL) {
            ck_assert(before[0] == 0xAA && before[before_size - 1] == 0xAA);
        }
        before = memory;
        before_size = size;
    }
    arena_done(&arena);
    ck_assert_ptr_null(arena.blocks);
}
END_TEST

START_TEST(the_limit_is_kept)
{
    struct arena arena;
    arena_init(&arena, 1024);
    ck_assert_ptr_nonnull(arena_take(&arena, 1000));
    ck_assert_uint_eq(arena.used_total, 1008);
    ck_assert_ptr_nonnull(arena_take(&arena, 16));
    ck_assert_uint_eq(arena.used_total, 1024);
    ck_assert_ptr_null(arena_take(&arena, 1));
    ck_assert_ptr_null(arena_copy(&arena, "a", 1));
    ck_assert_uint_eq(arena.used_total, 1024);
    arena_done(&arena);
}
END_TEST

START_TEST(a_size_that_cannot_be_is_refused)
{
    struct arena arena;
    arena_init(&arena, 0);
    ck_assert_ptr_null(arena_take(&arena, SIZE_MAX));
    ck_assert_ptr_null(arena_take(&arena, SIZE_MAX / 2 + 1));
    ck_assert_ptr_null(arena_copy(&arena, "a", SIZE_MAX));
    ck_assert_uint_eq(arena.used_total, 0);
    arena_done(&arena);
}
END_TEST

START_TEST(copies_are_terminated)
{
    struct arena arena;
    arena_init(&arena, 0);
    const char *copy = arena_copy(&arena, "BTC-USDT", 3);
    ck_assert_str_eq(copy, "BTC");
    ck_assert_str_eq(arena_copy(&arena, "", 0), "");
    ck_assert_str_eq(arena_copy(&arena, NULL, 0), "");
    ck_assert_str_eq(copy, "BTC");
    arena_done(&arena);
}
END_TEST

START_TEST(an_empty_arena_is_done_too)
{
    struct arena arena;
    arena_init(&arena, 0);
    arena_done(&arena);
    arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("arena");
    TCase *tables = tcase_create("memory");
    tcase_add_test(tables, memory_is_zeroed_aligned_and_apart);
    tcase_add_test(tables, the_limit_is_kept);
    tcase_add_test(tables, a_size_that_cannot_be_is_refused);
    tcase_add_test(tables, copies_are_terminated);
    tcase_add_test(tables, an_empty_arena_is_done_too);
    suite_add_tcase(suite, tables);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
