/* The run queue of a worker: order, bounds, and thieves at work. */
#include <check.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "actors/scheduler_ring.h"

enum { THIEVES = 3, ITEMS = 200000 };

/* The ring never looks into an actor, so numbers will do. */
static struct actor *item(uintptr_t number)
{
    return (struct actor *)number;
}

static struct ring *ring;
static struct ring *other;

static void setup(void)
{
    ring = aligned_alloc(CACHE_LINE, sizeof(*ring));
    other = aligned_alloc(CACHE_LINE, sizeof(*other));
    ring_init(ring);
    ring_init(other);
}

static void teardown(void)
{
    free(ring);
    free(other);
}

START_TEST(first_in_first_out)
{
    ck_assert_ptr_null(ring_take(ring));
    for (uintptr_t i = 1; i < 3 * RING_ACTORS; i++) {
        ck_assert(ring_push(ring, item(i)));
        ck_assert_ptr_eq(ring_take(ring), item(i));
    }
    ck_assert_uint_eq(ring_size(ring), 0);
}
END_TEST

START_TEST(full_refuses)
{
    for (uintptr_t i = 1; i <= RING_ACTORS; i++) {
        ck_assert(ring_push(ring, item(i)));
    }
    ck_assert(!ring_push(ring, item(1)));
    ck_assert_uint_eq(ring_size(ring), RING_ACTORS);
    ck_assert_ptr_eq(ring_take(ring), item(1));
    ck_assert(ring_push(ring, item(1)));
}
END_TEST

static const struct {
    size_t size;
    size_t stolen;
} steals[] = {{0, 0}, {1, 1}, {2, 1}, {3, 2}, {10, 5}, {1000, RING_STEAL_MAX}};

START_TEST(thief_takes_the_older_half)
{
    for (uintptr_t i = 1; i <= steals[_i].size; i++) {
        ck_assert(ring_push(ring, item(i)));
    }
    ck_assert_uint_eq(ring_steal(ring, other), steals[_i].stolen);
    ck_assert_uint_eq(ring_size(other), steals[_i].stolen);
    ck_assert_uint_eq(ring_size(ring), steals[_i].size - steals[_i].stolen);
    for (uintptr_t i = 1; i <= steals[_i].stolen; i++) {
        ck_assert_ptr_eq(ring_take(other), item(i));
    }
}
END_TEST

/* Each item is seen exactly once, by the owner or by a thief. */
static _Atomic(unsigned char) seen[ITEMS + 1];
static _Atomic(unsigned) seen_count;

static void see(struct actor *actor)
{
    if (atomic_fetch_add(&seen[(uintptr_t)actor], 1) != 0) {
        ck_abort_msg("seen twice");
    }
    atomic_fetch_add(&seen_count, 1);
}

static void *thief_main(void *argument)
{
    struct ring *mine = aligned_alloc(CACHE_LINE, sizeof(*mine));
    (void)argument;
    ring_init(mine);
    while (atomic_load(&seen_count) < ITEMS) {
        (void)ring_steal(ring, mine);
        struct actor *actor;
        while ((actor = ring_take(mine)) != NULL) {
            see(actor);
        }
    }
    free(mine);
    return NULL;
}

START_TEST(nothing_is_lost_or_doubled)
{
    pthread_t thieves[THIEVES];
    for (int i = 0; i < THIEVES; i++) {
        ck_assert_int_eq(pthread_create(&thieves[i], NULL, thief_main, NULL), 0);
    }
    for (uintptr_t i = 1; i <= ITEMS;) {
        i += ring_push(ring, item(i));
        struct actor *actor = i % 3 == 0 ? ring_take(ring) : NULL;
        if (actor != NULL) {
            see(actor);
        }
    }
    for (int i = 0; i < THIEVES; i++) {
        pthread_join(thieves[i], NULL);
    }
    ck_assert_uint_eq(atomic_load(&seen_count), ITEMS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheduler_ring");
    TCase *tcase = tcase_create("ring");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, first_in_first_out);
    tcase_add_test(tcase, full_refuses);
    tcase_add_loop_test(tcase, thief_takes_the_older_half, 0, sizeof(steals) / sizeof(steals[0]));
    tcase_add_test(tcase, nothing_is_lost_or_doubled);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
