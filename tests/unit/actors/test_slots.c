/* Slots: references come true once, dead slots with a late message are passed over. */
#include <check.h>
#include <stdlib.h>

#include "actors/slots.h"

static struct slots slots;
static const struct actor_class some_class = {.name = "some"};

static void setup(void)
{
    ck_assert_int_eq(slots_init(&slots), ERR_NONE);
}

static void teardown(void)
{
    slots_done(&slots);
    message_pool_drain();
}

static struct actor *take(void)
{
    struct actor *actor;
    ck_assert_int_eq(slots_take(&slots, &actor), ERR_NONE);
    ck_assert_ptr_null(actor->class_);
    return actor;
}

/* What the runtime does at the end of a life. */
static void give(struct actor *actor)
{
    atomic_fetch_add(&actor->generation, 1);
    slots_give(&slots, actor);
    ck_assert(mailbox_sleep(&actor->mailbox));
}

START_TEST(reference_names_one_life)
{
    struct actor *first = take();
    const struct actor_ref ref = actor_ref_of(first);
    ck_assert(!actor_ref_is_nobody(ref));
    ck_assert_ptr_eq(slots_find(&slots, ref), first);
    give(first);
    ck_assert_ptr_null(slots_find(&slots, ref));
    struct actor *second = take();
    ck_assert_ptr_eq(first, second);             /* The slot is used again... */
    ck_assert_ptr_null(slots_find(&slots, ref)); /* ...under another name. */
    ck_assert_ptr_eq(slots_find(&slots, actor_ref_of(second)), second);
}
END_TEST

static const struct actor_ref strangers[] = {
    {0, 0}, {0, 9}, {SLOT_CHUNK, 1}, {SYSTEM_ACTORS_MAX, 1}, {UINT32_MAX, UINT32_MAX}};

START_TEST(strangers_are_not_found)
{
    (void)take();
    ck_assert_ptr_null(slots_find(&slots, strangers[_i]));
}
END_TEST

START_TEST(a_slot_with_an_owner_is_passed_over)
{
    struct actor *busy = take();
    give(busy);
    ck_assert(mailbox_wake(&busy->mailbox)); /* A late message keeps somebody busy with it. */
    struct actor *other = take();
    ck_assert_ptr_ne(other, busy);
    ck_assert(mailbox_sleep(&busy->mailbox));
    ck_assert_ptr_eq(take(), busy);
}
END_TEST

START_TEST(used_up_generations_retire_the_slot)
{
    struct actor *old = take();
    atomic_store(&old->generation, UINT32_MAX - 1);
    give(old);
    ck_assert_ptr_ne(take(), old);
}
END_TEST

START_TEST(slots_do_not_move)
{
    enum { COUNT = 3 * SLOT_CHUNK + 1 };
    static struct actor *actors[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        actors[i] = take();
        ck_assert_uint_eq(actors[i]->slot, i);
    }
    for (size_t i = 0; i < COUNT; i++) {
        ck_assert_ptr_eq(slots_find(&slots, actor_ref_of(actors[i])), actors[i]);
    }
}
END_TEST

START_TEST(alive_are_listed_last_first)
{
    enum { COUNT = 1000 };
    for (uint64_t i = 0; i < COUNT; i++) {
        struct actor *actor = take();
        actor->spawn_number = i * 617 % COUNT; /* In no order of slots. */
        actor->class_ = i % 3 == 0 ? NULL : &some_class;
    }
    uint64_t last = COUNT;
    size_t listed = 0;
    for (struct actor *actor = slots_alive(&slots); actor != NULL;
         actor = slots_alive_next(&slots, actor)) {
        ck_assert_uint_lt(actor->spawn_number, last);
        last = actor->spawn_number;
        listed++;
    }
    ck_assert_uint_eq(listed, COUNT - (COUNT + 2) / 3);
}
END_TEST

START_TEST(the_limit_is_refused)
{
    slots.used = SYSTEM_ACTORS_MAX;
    struct actor *actor;
    ck_assert_int_eq(slots_take(&slots, &actor), ERR_LIMIT);
    slots.used = 0;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("slots");
    TCase *tcase = tcase_create("slots");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reference_names_one_life);
    tcase_add_loop_test(tcase, strangers_are_not_found, 0,
                        sizeof(strangers) / sizeof(strangers[0]));
    tcase_add_test(tcase, a_slot_with_an_owner_is_passed_over);
    tcase_add_test(tcase, used_up_generations_retire_the_slot);
    tcase_add_test(tcase, slots_do_not_move);
    tcase_add_test(tcase, alive_are_listed_last_first);
    tcase_add_test(tcase, the_limit_is_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
