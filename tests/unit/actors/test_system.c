/* What actors may rely on, under every scheduler: lives, messages, the end. */
#include "base/instant.h"
#include "system_stage.h"

START_TEST(life_of_an_actor)
{
    create(_i / 2, false);
    const struct actor_ref actor = spawn(lives[_i % 2], NULL);
    send_from_outside(actor, KIND_HELLO);
    send_from_outside(actor, KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(starts, 1);
    ck_assert_uint_eq(receives, 2);
    ck_assert_uint_eq(stops, 1);
    const struct system_counters seen = counters();
    ck_assert_uint_eq(seen.messages, 2);
    ck_assert_uint_eq(seen.spawned, 1);
    ck_assert_uint_eq(seen.failed, 0);
    ck_assert_uint_eq(seen.dead_letters, 0);
}
END_TEST

START_TEST(functions_may_be_missing)
{
    create(_i, false);
    const struct actor_ref actor = spawn(&bare_class, NULL);
    send_from_outside(actor, KIND_HELLO);
    send_from_outside(actor, KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(receives, 2);
}
END_TEST

START_TEST(failing_start_fails_the_spawn)
{
    create(_i / 2, false);
    enum err reason = ERR_DENIED;
    struct actor_ref actor = ACTOR_NOBODY;
    ck_assert_int_eq(system_spawn(system_under_test, lives[_i % 2], &reason, &actor), ERR_DENIED);
    ck_assert(actor_ref_is_nobody(actor));
    ck_assert_uint_eq(stops, 1); /* It may have opened something before it failed. */
    send_from_outside(spawn(lives[_i % 2], NULL), KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(stops, 2);
}
END_TEST

START_TEST(run_is_called_once)
{
    create(_i, false);
    system_stop(system_under_test); /* Also before it runs. */
    run_to_stop();
    ck_assert_int_eq(system_run(system_under_test), ERR_STATE);
}
END_TEST

START_TEST(destroyed_without_a_run)
{
    create(_i / 2, false);
    send_from_outside(spawn(lives[_i % 2], NULL), KIND_HELLO);
    system_destroy(system_under_test);
    system_under_test = NULL;
    ck_assert_uint_eq(receives, 0);
    ck_assert_uint_eq(stops, 1);
}
END_TEST

START_TEST(no_spawning_after_the_end)
{
    create(_i, false);
    system_stop(system_under_test);
    struct actor_ref actor;
    ck_assert_int_eq(system_spawn(system_under_test, &puppet_class, NULL, &actor), ERR_CLOSED);
    ck_assert_uint_eq(starts, 0);
}
END_TEST

START_TEST(too_many_workers_are_refused)
{
    const struct system_options options = {.workers = SYSTEM_WORKERS_MAX + 1};
    ck_assert_int_eq(system_create(&options, &system_under_test), ERR_LIMIT);
}
END_TEST

/* Order of one sender, the envelope, and the end of an actor with messages in its mailbox. */
static uint64_t expected_value;
static struct actor_ref counting_sender;

static enum err counter_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind == KIND_STOP) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    ck_assert_uint_eq(*(uint64_t *)message_body(*message), expected_value);
    ck_assert_uint_eq(envelope->sender.slot, counting_sender.slot);
    ck_assert_uint_eq(envelope->sender.generation, counting_sender.generation);
    ck_assert_uint_eq(envelope->receiver.slot, context_self(context).slot);
    expected_value++;
    return ERR_NONE;
}

static const struct actor_class counter_class = {.name = "counter", .receive = counter_receive};

static enum err talker_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    counting_sender = context_self(context);
    for (uint64_t i = 0; i < 10000; i++) {
        send_value(context, child_of[0], KIND_COUNT, i);
    }
    send_value(context, child_of[0], KIND_STOP, 0);
    return ERR_NONE;
}

static const struct actor_class talker_class = {.name = "talker", .receive = talker_receive};

START_TEST(messages_of_one_sender_keep_their_order)
{
    create(_i, false);
    child_of[0] = spawn(&counter_class, NULL);
    send_from_outside(spawn(&talker_class, NULL), KIND_HELLO);
    run_to_stop();
    ck_assert_uint_eq(expected_value, 10000);
}
END_TEST

/* A mailbox of ten is full after ten, the eleventh stays with the sender. */
static const struct actor_class small_class = {
    .name = "small", .mailbox_capacity = 10, .receive = puppet_receive};

static enum err filler_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    struct actor_ref small;
    ck_assert_int_eq(context_spawn(context, &small_class, NULL, &small), ERR_NONE);
    enum err err = ERR_NONE;
    unsigned sent = 0;
    nng_msg *one = NULL;
    /* Another worker may be emptying it at the same time. */
    for (; err == ERR_NONE && sent < 1000000; sent++) {
        one = message_create(KIND_HELLO, 0, 0);
        err = context_send(context, small, &one);
    }
    ck_assert_int_eq(err, ERR_FULL);
    ck_assert_ptr_nonnull(one);
    ck_assert_uint_gt(sent, 10);
    message_destroy(one);
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class filler_class = {.name = "filler", .receive = filler_receive};

START_TEST(full_mailbox_refuses)
{
    create(_i, false);
    send_from_outside(spawn(&filler_class, NULL), KIND_HELLO);
    run_to_stop();
}
END_TEST

/* A message that is posted belongs to its sender no more: one that is refused, and one to an actor
 * that has ended, are in the pool again, which gives out first what it got last. */
static enum err poster_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    struct actor_ref small;
    ck_assert_int_eq(context_spawn(context, &small_class, NULL, &small), ERR_NONE);
    for (unsigned i = 0; i < 10; i++) {
        ck_assert_int_eq(context_post(context, small, message_create(KIND_HELLO, 0, 0)), ERR_NONE);
    }
    nng_msg *one = message_create(KIND_HELLO, 0, 0);
    ck_assert_int_eq(context_post(context, small, one), ERR_FULL);
    ck_assert_ptr_eq(message_create(KIND_HELLO, 0, 0), one);
    const struct actor_ref nobody = {small.slot, small.generation + 1};
    ck_assert_int_eq(context_post(context, nobody, one), ERR_NONE);
    ck_assert_ptr_eq(message_create(KIND_STOP, 0, 0), one);
    ck_assert_int_eq(context_post(context, context_self(context), one), ERR_NONE);
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class poster_class = {.name = "poster", .receive = poster_receive};

START_TEST(what_is_posted_is_the_senders_no_more)
{
    create(0, false);
    send_from_outside(spawn(&poster_class, NULL), KIND_HELLO);
    send_from_outside(spawn(&bare_class, NULL), KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(receives, 1);
    ck_assert_uint_eq(counters().dead_letters, 2); /* That to nobody, that to itself. */
}
END_TEST

/* The handler keeps the message it was given and sends it on. */
static enum err forwarder_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    if (message_envelope(*message)->kind == KIND_COUNT) {
        ck_assert_int_eq(context_send(context, child_of[0], message), ERR_NONE);
        ck_assert_ptr_null(*message);
    }
    return ERR_NONE;
}

static const struct actor_class forwarder_class = {.name = "forwarder",
                                                   .receive = forwarder_receive};

static enum err target_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    ck_assert_uint_eq(message_envelope(*message)->kind, KIND_COUNT);
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class target_class = {.name = "target", .receive = target_receive};

START_TEST(a_message_is_forwarded)
{
    create(_i, false);
    child_of[0] = spawn(&target_class, NULL);
    send_from_outside(spawn(&forwarder_class, NULL), KIND_COUNT);
    run_to_stop();
    ck_assert_uint_eq(counters().messages, 2);
}
END_TEST

/* idle() runs after the mailbox was emptied, not in between, and what it sends is delivered. */
enum { COLLECTED = 8 * ACTOR_SLICE_MESSAGES }; /* The last slice is a full one. */

static enum err collector_receive(struct context *context, void *state, nng_msg **message)
{
    (void)context;
    *(unsigned *)state += message_envelope(*message)->kind == KIND_COUNT;
    return ERR_NONE;
}

static enum err collector_idle(struct context *context, void *state)
{
    const unsigned collected = *(unsigned *)state;
    if (collected > 0) {
        ck_assert_uint_eq(collected, COLLECTED); /* All were there before it ran. */
        atomic_fetch_add(&idles, 1);
        send_value(context, child_of[1], KIND_STOP, 0);
    }
    return ERR_NONE;
}

static const struct actor_class collector_classes[] = {
    {.name = "collector",
     .state_size = sizeof(unsigned),
     .receive = collector_receive,
     .idle = collector_idle},
    {.name = "collector",
     .state_size = sizeof(unsigned),
     .is_dedicated = true,
     .receive = collector_receive,
     .idle = collector_idle},
};

START_TEST(idle_flushes_what_was_collected)
{
    create(_i / 2, false);
    const struct actor_ref collector = spawn(&collector_classes[_i % 2], NULL);
    child_of[1] = spawn(&puppet_class, NULL);
    for (int i = 0; i < COLLECTED; i++) {
        send_from_outside(collector, KIND_COUNT);
    }
    run_to_stop();
    ck_assert_uint_eq(atomic_load(&receives), 1);
    ck_assert_uint_ge(atomic_load(&idles), 1);
}
END_TEST

/* The end: the last spawned is stopped first, whatever its slot; stop() may send but not spawn. */
static unsigned stop_order[100];
static unsigned stop_count;

static enum err numbered_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(unsigned *)state = *(unsigned *)arguments;
    return ERR_NONE;
}

static void numbered_stop(struct context *context, void *state)
{
    stop_order[stop_count++] = *(unsigned *)state;
    struct actor_ref actor;
    ck_assert_int_eq(context_spawn(context, &bare_class, NULL, &actor), ERR_CLOSED);
    send_value(context, context_self(context), KIND_HELLO, 0);
    send_value(context, child_of[0], KIND_HELLO, 0);
}

static const struct actor_class numbered_class = {.name = "numbered",
                                                  .state_size = sizeof(unsigned),
                                                  .start = numbered_start,
                                                  .receive = puppet_receive,
                                                  .stop = numbered_stop};

START_TEST(stopped_in_reverse_order)
{
    create(_i, false);
    struct actor_ref leaver;
    (void)spawn(&leaver_class, &leaver); /* Frees a slot in the middle. */
    child_of[0] = spawn(&bare_class, NULL);
    for (unsigned i = 0; i < 100; i++) {
        (void)spawn(&numbered_class, &i);
    }
    send_from_outside(child_of[0], KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(stop_count, 100);
    for (unsigned i = 0; i < 100; i++) {
        ck_assert_uint_eq(stop_order[i], 99 - i);
    }
}
END_TEST

/* Who am I, who is my parent. */
static struct actor_ref told_parent;

static enum err asking_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    told_parent = context_parent(context);
    if (arguments == NULL) {
        return ERR_NONE;
    }
    struct actor_ref child;
    ck_assert(actor_ref_is_nobody(told_parent));
    ck_assert_int_eq(context_spawn(context, (const struct actor_class *)arguments, NULL, &child),
                     ERR_NONE);
    ck_assert_uint_eq(told_parent.slot, context_self(context).slot);
    ck_assert_uint_eq(told_parent.generation, context_self(context).generation);
    return ERR_NONE;
}

static struct actor_class asking_class = {
    .name = "asking", .start = asking_start, .receive = puppet_receive};

START_TEST(parents_are_known)
{
    create(_i, false);
    (void)spawn(&asking_class, &asking_class);
}
END_TEST

static enum err sleeper_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    return context_timer(context, 1, 5000);
}

START_TEST(a_program_carries_a_system_through_time)
{
    static const struct actor_class sleeper_class = {
        .name = "sleeper", .start = sleeper_start, .receive = puppet_receive};
    create(0, true);
    ck_assert_int_eq((int)system_step(system_under_test), SYSTEM_AT_REST);
    ck_assert(system_next_timer(system_under_test) == INSTANT_NEVER);
    const struct actor_ref sleeper = spawn(&sleeper_class, NULL);
    ck_assert_int_eq((int)system_step(system_under_test), SYSTEM_AT_REST);
    ck_assert_int_eq(system_next_timer(system_under_test), 5000);
    ck_assert_int_eq(system_now(system_under_test), 1000); /* It stands until it is moved. */
    system_set_now(system_under_test, 5000);
    ck_assert_int_eq((int)system_step(system_under_test), SYSTEM_RAN);
    ck_assert_uint_eq(receives, 1);
    send_from_outside(sleeper, KIND_STOP);
    ck_assert_int_eq((int)system_step(system_under_test), SYSTEM_RAN);
    ck_assert_int_eq((int)system_step(system_under_test), SYSTEM_STOPPED);
    run_to_stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("system");
    TCase *tcase = tcase_create("system");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, life_of_an_actor, 0, SCHEDULERS * 2);
    tcase_add_loop_test(tcase, functions_may_be_missing, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, failing_start_fails_the_spawn, 0, SCHEDULERS * 2);
    tcase_add_loop_test(tcase, run_is_called_once, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, destroyed_without_a_run, 0, SCHEDULERS * 2);
    tcase_add_loop_test(tcase, no_spawning_after_the_end, 0, SCHEDULERS);
    tcase_add_test(tcase, too_many_workers_are_refused);
    tcase_add_loop_test(tcase, messages_of_one_sender_keep_their_order, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, full_mailbox_refuses, 0, SCHEDULERS);
    tcase_add_test(tcase, what_is_posted_is_the_senders_no_more);
    tcase_add_loop_test(tcase, a_message_is_forwarded, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, idle_flushes_what_was_collected, 0, SCHEDULERS * 2);
    tcase_add_loop_test(tcase, stopped_in_reverse_order, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, parents_are_known, 0, SCHEDULERS);
    tcase_add_test(tcase, a_program_carries_a_system_through_time);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
