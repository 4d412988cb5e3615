/* Timers in order, against a plain list, and a million of them. */
#include <check.h>
#include <stdlib.h>

#include "actors/wheel.h"
#include "base/instant.h"
#include "base/prng.h"

enum { MILLION = 1000000, MODEL_ACTORS = 8, MODEL_TAGS = 8, MODEL_STEPS = 50000 };

static struct wheel wheel;

/* ck_assert writes a line to a file each time; this one is for loops of millions. */
static void must(bool condition, const char *what)
{
    if (!condition) {
        ck_abort_msg("%s", what);
    }
}

static void setup(void)
{
    wheel_init(&wheel);
}

static void teardown(void)
{
    wheel_done(&wheel);
}

static struct actor_ref actor(uint32_t slot)
{
    return (struct actor_ref){slot, slot + 1};
}

static void set(uint32_t slot, uint64_t tag, int64_t at_ns)
{
    must(wheel_set(&wheel, actor(slot), tag, at_ns) == ERR_NONE, "set");
}

static void expect(uint32_t slot, uint64_t tag, int64_t at_ns)
{
    struct wheel_due due;
    must(wheel_take(&wheel, at_ns, &due), "nothing is due");
    must(due.actor.slot == slot && due.actor.generation == slot + 1, "another actor's timer");
    must(due.tag == tag, "another tag");
    must(due.at_ns == at_ns, "another instant");
}

START_TEST(empty_has_nothing)
{
    struct wheel_due due;
    ck_assert_int_eq(wheel_next(&wheel), INSTANT_NEVER);
    ck_assert(!wheel_take(&wheel, INSTANT_NEVER, &due));
    ck_assert(!wheel_remove(&wheel, actor(1), 1));
    wheel_forget(&wheel, actor(1));
    ck_assert_uint_eq(wheel_count(&wheel), 0);
}
END_TEST

START_TEST(taken_in_order)
{
    set(1, 1, 30);
    set(2, 1, 10);
    set(1, 2, 20);
    set(3, 1, 10); /* The same instant: after the one that was set before. */
    struct wheel_due due;
    ck_assert(!wheel_take(&wheel, 9, &due));
    ck_assert_int_eq(wheel_next(&wheel), 10);
    expect(2, 1, 10);
    expect(3, 1, 10);
    ck_assert(!wheel_take(&wheel, 19, &due));
    expect(1, 2, 20);
    expect(1, 1, 30);
    ck_assert_uint_eq(wheel_count(&wheel), 0);
}
END_TEST

START_TEST(one_timer_per_tag_moves)
{
    set(1, 7, 30);
    set(2, 7, 30);
    set(1, 7, 30); /* Moved to where it was: behind the other. */
    set(3, 7, 40);
    set(3, 7, 5);
    ck_assert_uint_eq(wheel_count(&wheel), 3);
    expect(3, 7, 5);
    expect(2, 7, 30);
    expect(1, 7, 30);
}
END_TEST

START_TEST(generations_are_told_apart)
{
    const struct actor_ref before = {4, 1};
    const struct actor_ref after = {4, 2};
    ck_assert_int_eq(wheel_set(&wheel, before, 1, 10), ERR_NONE);
    ck_assert(!wheel_remove(&wheel, after, 1));
    ck_assert(wheel_remove(&wheel, before, 1));
    ck_assert(!wheel_remove(&wheel, before, 1));
}
END_TEST

START_TEST(forgotten_with_their_actor)
{
    for (uint64_t tag = 0; tag < 100; tag++) {
        set(1, tag, (int64_t)(100 - tag));
        set(2, tag, (int64_t)tag);
    }
    wheel_forget(&wheel, actor(1));
    ck_assert_uint_eq(wheel_count(&wheel), 100);
    for (uint64_t tag = 0; tag < 100; tag++) {
        expect(2, tag, (int64_t)tag);
    }
}
END_TEST

/* A plain table that says what the wheel must do. */
static struct {
    bool is_set;
    int64_t at_ns;
    uint64_t order;
} model[MODEL_ACTORS][MODEL_TAGS];

static bool model_first(uint32_t *ret_slot, uint64_t *ret_tag)
{
    bool is_found = false;
    for (uint32_t slot = 0; slot < MODEL_ACTORS; slot++) {
        for (uint64_t tag = 0; tag < MODEL_TAGS; tag++) {
            if (model[slot][tag].is_set &&
                (!is_found || model[slot][tag].at_ns < model[*ret_slot][*ret_tag].at_ns ||
                 (model[slot][tag].at_ns == model[*ret_slot][*ret_tag].at_ns &&
                  model[slot][tag].order < model[*ret_slot][*ret_tag].order))) {
                *ret_slot = slot;
                *ret_tag = tag;
                is_found = true;
            }
        }
    }
    return is_found;
}

static void model_step(struct prng *prng, uint64_t step)
{
    uint32_t slot = (uint32_t)prng_below(prng, MODEL_ACTORS);
    uint64_t tag = prng_below(prng, MODEL_TAGS);
    const int64_t at_ns = prng_between(prng, 0, 20);
    struct wheel_due due;
    switch (prng_below(prng, 10)) {
    case 0:
        must(wheel_remove(&wheel, actor(slot), tag) == model[slot][tag].is_set, "remove");
        model[slot][tag].is_set = false;
        break;
    case 1:
        wheel_forget(&wheel, actor(slot));
        for (tag = 0; tag < MODEL_TAGS; tag++) {
            model[slot][tag].is_set = false;
        }
        break;
    case 2:
    case 3:
    case 4:
        if (model_first(&slot, &tag)) {
            expect(slot, tag, model[slot][tag].at_ns);
            model[slot][tag].is_set = false;
        } else {
            must(!wheel_take(&wheel, INSTANT_NEVER, &due), "should be empty");
        }
        break;
    default:
        set(slot, tag, at_ns);
        model[slot][tag].is_set = true;
        model[slot][tag].at_ns = at_ns;
        model[slot][tag].order = step;
        break;
    }
}

START_TEST(agrees_with_a_plain_table)
{
    struct prng prng;
    prng_init(&prng, (uint64_t)_i);
    for (uint64_t step = 0; step < MODEL_STEPS; step++) {
        model_step(&prng, step);
    }
}
END_TEST

START_TEST(a_million_timers)
{
    struct prng prng;
    prng_init(&prng, 7);
    for (uint32_t i = 0; i < MILLION; i++) {
        set(i / 2, i % 2, prng_between(&prng, 0, 1000000));
    }
    ck_assert_uint_eq(wheel_count(&wheel), MILLION);
    for (uint32_t i = 0; i < MILLION; i += 3) {
        must(wheel_remove(&wheel, actor(i / 2), i % 2), "remove");
    }
    int64_t last_ns = 0;
    uint32_t taken = 0;
    struct wheel_due due;
    while (wheel_take(&wheel, INSTANT_NEVER, &due)) {
        must(due.at_ns >= last_ns, "out of order");
        last_ns = due.at_ns;
        taken++;
    }
    ck_assert_uint_eq(taken, MILLION - (MILLION + 2) / 3);
}
END_TEST

/* The room grows by doubling; at the limit a new timer is refused and an old one still moves. */
START_TEST(the_limit_is_refused)
{
    for (uint32_t i = 0; i < WHEEL_TIMERS_MAX; i++) {
        const enum err err = wheel_set(&wheel, actor(0), i, 0);
        if (err == ERR_MEMORY) {
            return; /* A small machine. */
        }
        must(err == ERR_NONE, "set");
    }
    ck_assert_int_eq(wheel_set(&wheel, actor(1), 0, 0), ERR_LIMIT);
    ck_assert_int_eq(wheel_set(&wheel, actor(0), 0, 9), ERR_NONE);
    ck_assert_uint_eq(wheel_count(&wheel), WHEEL_TIMERS_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("wheel");
    TCase *tcase = tcase_create("wheel");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, empty_has_nothing);
    tcase_add_test(tcase, taken_in_order);
    tcase_add_test(tcase, one_timer_per_tag_moves);
    tcase_add_test(tcase, generations_are_told_apart);
    tcase_add_test(tcase, forgotten_with_their_actor);
    tcase_add_loop_test(tcase, agrees_with_a_plain_table, 0, 4);
    tcase_add_test(tcase, a_million_timers);
    tcase_add_test(tcase, the_limit_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
