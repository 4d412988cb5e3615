/*
 * tests/unit/market/test_wake_heap.c - an indexed heap against a plain array.
 */
#include "market/wake_heap.h"

#include <check.h>

#include "base/prng.h"
#include "market/wake_index.h"
#include "suite.h"

enum { SLEEPERS = 200, OPERATIONS = 20000, MANY = 1000000 };

/* What the heap should hold. */
struct model {
    bool is_set[SLEEPERS];
    int64_t key[SLEEPERS];
};

/* The sleeper that comes next, -1 when there is none. */
static int model_first(const struct model *model)
{
    int first = -1;
    for (int i = 0; i < SLEEPERS; i++) {
        if (model->is_set[i] && (first < 0 || model->key[i] < model->key[first])) {
            first = i;
        }
    }
    return first;
}

static bool is_in_order(const struct wake_heap *heap)
{
    for (uint32_t i = 0; i < heap->count; i++) {
        const uint32_t parent = i > 0 ? (i - 1) / 2 : 0;
        const bool is_ordered =
            i == 0 || heap->keys[parent] < heap->keys[i] ||
            (heap->keys[parent] == heap->keys[i] && heap->sleepers[parent] < heap->sleepers[i]);
        if (!is_ordered || heap->positions[heap->sleepers[i]] != i + 1) {
            return false;
        }
    }
    return true;
}

START_TEST(it_equals_a_plain_array)
{
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    struct wake_heap heap = {0};
    struct model model = {0};
    for (int i = 0; i < OPERATIONS; i++) {
        const uint32_t sleeper = (uint32_t)prng_below(&prng, SLEEPERS);
        if (prng_below(&prng, 3) > 0) {
            const int64_t key = prng_between(&prng, -20, 20);
            ck_assert_int_eq(wake_heap_reserve(&heap, sleeper), ERR_NONE);
            wake_heap_set(&heap, sleeper, key);
            model.is_set[sleeper] = true;
            model.key[sleeper] = key;
        } else {
            wake_heap_remove(&heap, sleeper);
            model.is_set[sleeper] = false;
        }
        ck_assert(is_in_order(&heap));
        const int first = model_first(&model);
        ck_assert_int_eq(wake_heap_nearest(&heap), first < 0 ? INT64_MAX : model.key[first]);
        ck_assert(first < 0 || heap.sleepers[0] == (uint32_t)first);
    }
    wake_heap_done(&heap);
    ck_assert_uint_eq(heap.count, 0);
}
END_TEST

START_TEST(little_memory_is_idle)
{
    struct wake_heap heap = {0};
    bool is_tight = true;
    for (uint32_t i = 0; i < MANY; i++) {
        if (wake_heap_reserve(&heap, i) != ERR_NONE) {
            ck_abort_msg("no memory for %u sleepers", i);
        }
        is_tight = is_tight && (i < 1000 || heap.capacity <= i + i / 4 + 1);
    }
    ck_assert(is_tight);
    /* Four triggers and the set of every quote: at most 100 bytes per sleeper. */
    const uint64_t entry = sizeof(*heap.keys) + sizeof(*heap.sleepers) + sizeof(*heap.positions);
    ck_assert_uint_le(5 * entry * heap.capacity, 100ull * MANY);
    wake_heap_done(&heap);
}
END_TEST

START_TEST(sleepers_have_a_limit)
{
    struct wake_heap heap = {0};
    ck_assert_int_eq(wake_heap_reserve(&heap, WAKE_SLEEPERS_MAX), ERR_LIMIT);
    ck_assert_int_eq(wake_heap_reserve(&heap, UINT32_MAX), ERR_LIMIT);
    ck_assert_uint_eq(heap.capacity, 0);
    ck_assert_int_eq(wake_heap_reserve(&heap, WAKE_SLEEPERS_MAX - 1), ERR_NONE);
    wake_heap_set(&heap, WAKE_SLEEPERS_MAX - 1, INT64_MIN);
    ck_assert_int_eq(wake_heap_nearest(&heap), INT64_MIN);
    wake_heap_remove(&heap, 5);
    wake_heap_remove(&heap, UINT32_MAX);
    ck_assert_uint_eq(heap.count, 1);
    wake_heap_done(&heap);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("wake_heap");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, it_equals_a_plain_array, 0, 5);
    tcase_add_test(cases, little_memory_is_idle);
    tcase_add_test(cases, sleepers_have_a_limit);
    return suite_run("wake_heap", cases);
}
