/* One slice of one actor: its budget, late messages, and what it says at its end. */
#include "system_stage.h"

#include "actors/system_layout.h"

static struct actor *actor;

/* An actor that nobody else runs: the test is its owner. */
static struct context own(const struct actor_class *class_)
{
    create(0, true);
    actor = slots_find(&system_under_test->slots, spawn(class_, NULL));
    ck_assert_ptr_nonnull(actor);
    ck_assert(mailbox_wake(&actor->mailbox));
    return context_of(system_under_test, actor);
}

static void put(uint32_t kind, struct actor_ref receiver)
{
    nng_msg *message = message_create(kind, 0, sizeof(uint64_t));
    message_envelope(message)->receiver = receiver;
    bool was_idle;
    ck_assert_int_eq(mailbox_send(&actor->mailbox, &message, &was_idle), ERR_NONE);
    ck_assert(!was_idle);
}

static const struct {
    unsigned messages;
    unsigned messages_max;
    unsigned delivered;
    enum slice_end end;
    unsigned idles;
} budgets[] = {
    {0, 8, 0, SLICE_ASLEEP, 0}, {5, 8, 5, SLICE_ASLEEP, 1},
    {8, 8, 8, SLICE_MORE, 0}, /* It does not know yet that the mailbox is empty. */
    {9, 8, 8, SLICE_MORE, 0},   {1000, 1000, ACTOR_SLICE_MESSAGES, SLICE_MORE, 0},
};

START_TEST(slice_keeps_its_budget)
{
    struct context context = own(&puppet_class);
    for (unsigned i = 0; i < budgets[_i].messages; i++) {
        put(KIND_HELLO, context.self);
    }
    ck_assert_int_eq(slice_run(&context, budgets[_i].messages_max), budgets[_i].end);
    ck_assert_uint_eq(context.delivered, budgets[_i].delivered);
    ck_assert_uint_eq(receives, budgets[_i].delivered);
    ck_assert_uint_eq(idles, budgets[_i].idles);
}
END_TEST

START_TEST(idle_is_owed_over_slices)
{
    struct context context = own(&puppet_class);
    put(KIND_HELLO, context.self);
    ck_assert_int_eq(slice_run(&context, 1), SLICE_MORE);
    ck_assert_uint_eq(idles, 0);
    context = context_of(system_under_test, actor);
    ck_assert_int_eq(slice_run(&context, 1), SLICE_ASLEEP);
    ck_assert_uint_eq(idles, 1);
}
END_TEST

/* Each message makes twenty: the slice ends after four of them. */
static enum err multiplier_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    for (uint64_t i = 0; i < 20; i++) {
        send_value(context, child_of[0], KIND_HELLO, i);
    }
    return ERR_NONE;
}

static const struct actor_class multiplier_class = {.name = "multiplier",
                                                    .receive = multiplier_receive};

START_TEST(sending_uses_up_the_budget)
{
    struct context context = own(&multiplier_class);
    child_of[0] = spawn(&bare_class, NULL);
    for (int i = 0; i < 10; i++) {
        put(KIND_HELLO, context.self);
    }
    ck_assert_int_eq(slice_run(&context, 10), SLICE_MORE);
    ck_assert_uint_eq(context.delivered, 4);
    ck_assert(context_is_spent(&context));
}
END_TEST

/* The sender saw the former life, the message came in after the next one had begun. */
START_TEST(message_to_a_former_life_is_dead)
{
    struct context context = own(&puppet_class);
    put(KIND_FAIL, (struct actor_ref){context.self.slot, context.self.generation - 1});
    put(KIND_HELLO, context.self);
    ck_assert_int_eq(slice_run(&context, 8), SLICE_ASLEEP);
    ck_assert_uint_eq(receives, 1);
    ck_assert_uint_eq(counters().dead_letters, 1);
    ck_assert_uint_eq(counters().failed, 0);
}
END_TEST

/* What waits when the actor ends, and what comes into its dead slot. */
START_TEST(messages_to_the_dead_are_buried)
{
    struct context context = own(&puppet_class);
    put(KIND_QUIT, context.self);
    put(KIND_HELLO, context.self);
    ck_assert_int_eq(slice_run(&context, 8), SLICE_ENDED);
    ck_assert_uint_eq(receives, 1);
    ck_assert_uint_eq(stops, 1);
    ck_assert_uint_eq(counters().dead_letters, 1);
    ck_assert_ptr_null(actor->class_);
    mailbox_open(&actor->mailbox, 10); /* A sender that was late for the closing. */
    ck_assert(mailbox_wake(&actor->mailbox));
    put(KIND_HELLO, context.self);
    context = context_of(system_under_test, actor);
    ck_assert_int_eq(slice_run(&context, 8), SLICE_ENDED);
    ck_assert_uint_eq(counters().dead_letters, 2);
    ck_assert_uint_eq(stops, 1);
}
END_TEST

START_TEST(stopping_ends_the_slice)
{
    struct context context = own(&puppet_class);
    put(KIND_STOP, context.self);
    put(KIND_HELLO, context.self);
    ck_assert_int_eq(slice_run(&context, 8), SLICE_MORE);
    ck_assert_uint_eq(receives, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheduler_slice");
    TCase *tcase = tcase_create("slice");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, slice_keeps_its_budget, 0, sizeof(budgets) / sizeof(budgets[0]));
    tcase_add_test(tcase, idle_is_owed_over_slices);
    tcase_add_test(tcase, sending_uses_up_the_budget);
    tcase_add_test(tcase, message_to_a_former_life_is_dead);
    tcase_add_test(tcase, messages_to_the_dead_are_buried);
    tcase_add_test(tcase, stopping_ends_the_slice);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
