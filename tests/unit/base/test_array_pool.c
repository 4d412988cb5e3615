/*
 * tests/unit/base/test_array_pool.c - many growing arrays, most of them short.
 */
#include "base/array_pool.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT_BYTES = 24, ARRAYS = 50, GROWTHS = 7, LARGE_ARRAYS = 4000 };

struct element {
    unsigned char bytes[ELEMENT_BYTES];
};

static void element_mark(struct element *element, uint32_t array, uint32_t place)
{
    memset(element->bytes, (int)(array * 31 + place), ELEMENT_BYTES);
}

static void check_marked(const struct element *items, uint32_t array, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        struct element expected;
        element_mark(&expected, array, i);
        ck_assert_mem_eq(&items[i], &expected, sizeof(expected));
    }
}

START_TEST(arrays_double_and_keep_what_they_hold)
{
    struct array_pool pool;
    array_pool_init(&pool, sizeof(struct element));
    struct element *arrays[ARRAYS] = {NULL};
    uint32_t capacities[ARRAYS] = {0};
    for (uint32_t round = 0; round < GROWTHS; round++) {
        for (uint32_t i = 0; i < ARRAYS; i++) {
            const uint32_t before = capacities[i];
            arrays[i] = array_pool_grow(&pool, arrays[i], &capacities[i]);
            ck_assert_ptr_nonnull(arrays[i]);
            ck_assert_uint_eq(capacities[i], before == 0 ? 1 : before * 2);
            check_marked(arrays[i], i, before);
            for (uint32_t j = before; j < capacities[i]; j++) {
                element_mark(&arrays[i][j], i, j);
            }
        }
    }
    for (uint32_t i = 0; i < ARRAYS; i++) {
        check_marked(arrays[i], i, capacities[i]);
        array_pool_give_back(&pool, arrays[i], capacities[i]);
    }
    array_pool_done(&pool);
}
END_TEST

START_TEST(what_was_outgrown_serves_another)
{
    struct array_pool pool;
    array_pool_init(&pool, sizeof(struct element));
    uint32_t capacity = 0;
    uint32_t other_capacity = 0;
    void *one = array_pool_grow(&pool, NULL, &capacity);
    void *two = array_pool_grow(&pool, one, &capacity);
    ck_assert_ptr_ne(two, one);
    void *other = array_pool_grow(&pool, NULL, &other_capacity);
    ck_assert_ptr_eq(other, one);
    array_pool_give_back(&pool, two, capacity);
    other = array_pool_grow(&pool, other, &other_capacity);
    ck_assert_uint_eq(other_capacity, 2);
    ck_assert_ptr_eq(other, two);
    other_capacity = 0;
    ck_assert_ptr_eq(array_pool_grow(&pool, NULL, &other_capacity), one);
    array_pool_give_back(&pool, NULL, 0);
    array_pool_done(&pool);
}
END_TEST

/* Several megabytes of short arrays: slabs of every size, and more than one of the largest. */
START_TEST(arrays_of_many_slabs_keep_apart)
{
    struct array_pool pool;
    array_pool_init(&pool, ARRAY_ELEMENT_BYTES_MAX);
    static unsigned char *arrays[LARGE_ARRAYS];
    for (uint32_t i = 0; i < LARGE_ARRAYS; i++) {
        uint32_t capacity = 0;
        arrays[i] = array_pool_grow(&pool, NULL, &capacity);
        ck_assert_ptr_nonnull(arrays[i]);
        memset(arrays[i], (int)(i % 251), ARRAY_ELEMENT_BYTES_MAX);
    }
    for (uint32_t i = 0; i < LARGE_ARRAYS; i++) {
        ck_assert_uint_eq(arrays[i][0], i % 251);
        ck_assert_uint_eq(arrays[i][ARRAY_ELEMENT_BYTES_MAX - 1], i % 251);
    }
    array_pool_done(&pool);
}
END_TEST

START_TEST(neighbors_leave_room_for_a_larger_one)
{
    struct array_pool pool;
    array_pool_init(&pool, sizeof(struct element));
    enum { COUNT = 8 };
    void *arrays[COUNT];
    for (int i = 0; i < COUNT; i++) {
        uint32_t capacity = 0;
        arrays[i] = array_pool_grow(&pool, NULL, &capacity);
    }
    /* From the end: each is in front of the one before. Eight of one are one of eight. */
    for (int i = COUNT - 1; i >= 0; i--) {
        array_pool_give_back(&pool, arrays[i], 1);
    }
    for (int i = 0; i < ARRAY_POOL_SIZES - 1; i++) {
        ck_assert_ptr_null(pool.spare[i]);
    }
    ck_assert_ptr_eq(pool.spare[ARRAY_POOL_SIZES - 1], arrays[0]);
    struct element *items = NULL;
    for (uint32_t capacity = 0; capacity < COUNT;) {
        items = array_pool_grow(&pool, items, &capacity);
        memset(items, 0xA5, capacity * sizeof(*items));
    }
    ck_assert_ptr_eq(items, arrays[0]);
    array_pool_done(&pool);
}
END_TEST

START_TEST(who_is_no_neighbor_stays_apart)
{
    struct array_pool pool;
    array_pool_init(&pool, sizeof(struct element));
    void *arrays[3];
    for (int i = 0; i < 3; i++) {
        uint32_t capacity = 0;
        arrays[i] = array_pool_grow(&pool, NULL, &capacity);
    }
    array_pool_give_back(&pool, arrays[0], 1);
    array_pool_give_back(&pool, arrays[2], 1);
    ck_assert_ptr_null(pool.spare[1]);
    uint32_t capacity = 0;
    ck_assert_ptr_eq(array_pool_grow(&pool, NULL, &capacity), arrays[2]);
    capacity = 0;
    ck_assert_ptr_eq(array_pool_grow(&pool, NULL, &capacity), arrays[0]);
    array_pool_done(&pool);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("array_pool");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, arrays_double_and_keep_what_they_hold);
    tcase_add_test(tcase, what_was_outgrown_serves_another);
    tcase_add_test(tcase, neighbors_leave_room_for_a_larger_one);
    tcase_add_test(tcase, who_is_no_neighbor_stays_apart);
    tcase_add_test(tcase, arrays_of_many_slabs_keep_apart);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
