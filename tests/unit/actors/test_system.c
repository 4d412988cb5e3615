/* What actors may rely on, under every scheduler: lives, messages, failures, timers, the end. */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "actors/system.h"
#include "mailbox/message.h"

enum kind { KIND_HELLO = MESSAGE_KIND_FIRST, KIND_COUNT, KIND_FAIL, KIND_QUIT, KIND_STOP };

/* Each test runs once per entry; 0 workers is the deterministic scheduler. */
static const unsigned workers_of[] = {0, 1, 2, 4};
enum { SCHEDULERS = sizeof(workers_of) / sizeof(workers_of[0]) };

static struct system *system_under_test;

static void create(int scheduler, bool is_virtual)
{
    const struct system_options options = {
        .workers = workers_of[scheduler], .is_virtual = is_virtual, .now_ns = 1000};
    ck_assert_int_eq(system_create(&options, &system_under_test), ERR_NONE);
}

static void teardown(void)
{
    system_destroy(system_under_test);
    system_under_test = NULL;
    message_pool_drain();
}

static struct actor_ref spawn(const struct actor_class *class_, void *arguments)
{
    struct actor_ref actor;
    ck_assert_int_eq(system_spawn(system_under_test, class_, arguments, &actor), ERR_NONE);
    return actor;
}

static void send_from_outside(struct actor_ref to, uint32_t kind)
{
    nng_msg *message = message_create(kind, 0, 0);
    ck_assert_int_eq(system_send(system_under_test, to, &message), ERR_NONE);
    ck_assert_ptr_null(message);
}

static void send_value(struct context *context, struct actor_ref to, uint32_t kind, uint64_t value)
{
    nng_msg *message = message_create(kind, 0, sizeof(value));
    *(uint64_t *)message_body(message) = value;
    ck_assert_int_eq(context_send(context, to, &message), ERR_NONE);
    ck_assert_ptr_null(message);
}

static struct system_counters counters(void)
{
    struct system_counters result;
    system_counters_read(system_under_test, &result);
    return result;
}

static void run_to_stop(void)
{
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
}

/* An actor that does as it is told and writes down what happened to it. */
static _Atomic(unsigned) starts, receives, idles, stops;

static enum err puppet_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    const char zeros[32] = {0};
    ck_assert_mem_eq(state, zeros, sizeof(zeros)); /* Also when the slot was used before. */
    memset(state, 0xff, 32);
    atomic_fetch_add(&starts, 1);
    return arguments == NULL ? ERR_NONE : *(enum err *)arguments;
}

static enum err puppet_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    atomic_fetch_add(&receives, 1);
    switch ((enum kind)message_envelope(*message)->kind) {
    case KIND_FAIL:
        return ERR_CORRUPT;
    case KIND_QUIT:
        context_stop(context);
        return ERR_NONE;
    case KIND_STOP:
        system_stop(context_system(context));
        system_stop(context_system(context));
        return ERR_NONE;
    case KIND_HELLO:
    case KIND_COUNT:
        break;
    }
    return ERR_NONE;
}

static enum err puppet_idle(struct context *context, void *state)
{
    (void)context;
    (void)state;
    atomic_fetch_add(&idles, 1);
    return ERR_NONE;
}

static void puppet_stop(struct context *context, void *state)
{
    (void)context;
    (void)state;
    atomic_fetch_add(&stops, 1);
}

static const struct actor_class puppet_class = {.name = "puppet",
                                                .state_size = 32,
                                                .start = puppet_start,
                                                .receive = puppet_receive,
                                                .idle = puppet_idle,
                                                .stop = puppet_stop};
static const struct actor_class bare_class = {.name = "bare", .receive = puppet_receive};
static const struct actor_class dedicated_class = {.name = "dedicated",
                                                   .state_size = 32,
                                                   .is_dedicated = true,
                                                   .start = puppet_start,
                                                   .receive = puppet_receive,
                                                   .idle = puppet_idle,
                                                   .stop = puppet_stop};

static const struct actor_class *const lives[] = {&puppet_class, &dedicated_class};

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

/* Supervision: a parent spawns a child of each fate and hears of their ends. */
static struct actor_ref child_of[3];
static struct actor_exit exits[3];
static unsigned exit_count;

static enum err parent_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    const uint32_t fates[] = {KIND_FAIL, KIND_QUIT};
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(context_spawn(context, &puppet_class, NULL, &child_of[i]), ERR_NONE);
        send_value(context, child_of[i], fates[i], 0);
    }
    return ERR_NONE;
}

static enum err parent_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    const struct envelope *envelope = message_envelope(*message);
    const struct actor_exit *end = message_body(*message);
    ck_assert_uint_eq(envelope->sender.slot, end->child.slot);
    ck_assert_uint_eq(envelope->kind,
                      end->reason == ERR_NONE ? MESSAGE_ACTOR_ENDED : MESSAGE_ACTOR_FAILED);
    exits[exit_count++] = *end;
    if (exit_count == 2) {
        send_value(context, child_of[0], KIND_HELLO, 0); /* Too late: a counted no-op. */
        send_value(context, child_of[1], KIND_HELLO, 0);
        nng_msg *late = message_create(KIND_HELLO, 0, 0);
        ck_assert_int_eq(system_send(context_system(context), child_of[0], &late), ERR_CLOSED);
        ck_assert_ptr_nonnull(late);
        message_destroy(late);
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class parent_class = {
    .name = "parent", .start = parent_start, .receive = parent_receive};

START_TEST(parent_hears_of_every_end)
{
    create(_i, false);
    (void)spawn(&parent_class, NULL);
    run_to_stop();
    for (unsigned i = 0; i < 2; i++) {
        const bool has_failed = exits[i].child.slot == child_of[0].slot;
        ck_assert_int_eq(exits[i].reason, has_failed ? ERR_CORRUPT : ERR_NONE);
    }
    ck_assert_uint_ne(exits[0].child.slot, exits[1].child.slot);
    ck_assert_uint_eq(stops, 2);
    const struct system_counters seen = counters();
    ck_assert_uint_eq(seen.failed, 1);
    ck_assert_uint_eq(seen.dead_letters, 3);
}
END_TEST

/* idle() fails, or stops the actor. */
static enum err sulky_idle(struct context *context, void *state)
{
    (void)context;
    (void)state;
    return ERR_IO;
}

static const struct actor_class sulky_class = {
    .name = "sulky", .receive = puppet_receive, .idle = sulky_idle};

static enum err watcher_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    ck_assert_int_eq(context_spawn(context, &sulky_class, NULL, &child_of[0]), ERR_NONE);
    send_value(context, child_of[0], KIND_HELLO, 0);
    return ERR_NONE;
}

static enum err watcher_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    ck_assert_uint_eq(message_envelope(*message)->kind, MESSAGE_ACTOR_FAILED);
    exits[0] = *(struct actor_exit *)message_body(*message);
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class watcher_class = {
    .name = "watcher", .start = watcher_start, .receive = watcher_receive};

START_TEST(failing_idle_ends_the_actor)
{
    create(_i, false);
    (void)spawn(&watcher_class, NULL);
    run_to_stop();
    ck_assert_int_eq(exits[0].reason, ERR_IO);
}
END_TEST

/* The parent dies first: its children live on, and their ends are told to nobody. */
static enum err leaver_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    *(struct actor_ref *)arguments = context_self(context);
    ck_assert_int_eq(context_spawn(context, &puppet_class, NULL, &child_of[0]), ERR_NONE);
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class leaver_class = {
    .name = "leaver", .start = leaver_start, .receive = puppet_receive};

START_TEST(children_outlive_their_parent)
{
    create(_i, false);
    struct actor_ref leaver;
    const struct actor_ref spawned = spawn(&leaver_class, &leaver);
    ck_assert_uint_eq(spawned.slot, leaver.slot);
    nng_msg *message = message_create(KIND_HELLO, 0, 0);
    ck_assert_int_eq(system_send(system_under_test, leaver, &message), ERR_CLOSED);
    message_destroy(message);
    const struct actor_ref last = spawn(&puppet_class, NULL);
    send_from_outside(child_of[0], KIND_QUIT);
    send_from_outside(last, KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(stops, 2);
}
END_TEST

/* References: a slot that is used again does not get the messages of its former life. */
START_TEST(late_messages_miss_the_next_life)
{
    create(_i, false);
    enum { LIVES = 50 };
    struct actor_ref leaver;
    struct actor_ref refs[LIVES];
    for (int i = 0; i < LIVES; i++) {
        refs[i] = spawn(&leaver_class, &leaver); /* Each leaves a child in a slot of its own. */
    }
    for (int i = 0; i < LIVES; i++) {
        nng_msg *message = message_create(KIND_FAIL, 0, 0);
        ck_assert_int_eq(system_send(system_under_test, refs[i], &message), ERR_CLOSED);
        message_destroy(message);
    }
    send_from_outside(spawn(&puppet_class, NULL), KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(counters().dead_letters, LIVES);
    ck_assert_uint_eq(counters().failed, 0);
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
        ck_assert_uint_eq(collected, 500); /* All were there before it ran. */
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
    for (int i = 0; i < 500; i++) {
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

/* Dedicated actors: their number is bounded, and threads of ended ones are used up. */
START_TEST(dedicated_actors_are_bounded)
{
    create(_i, false);
    struct actor_ref actors[SYSTEM_DEDICATED_MAX];
    for (int i = 0; i < SYSTEM_DEDICATED_MAX; i++) {
        actors[i] = spawn(&dedicated_class, NULL);
    }
    struct actor_ref one_more;
    const enum err err = system_spawn(system_under_test, &dedicated_class, NULL, &one_more);
    ck_assert_int_eq(err, workers_of[_i] == 0 ? ERR_NONE : ERR_LIMIT);
    send_from_outside(actors[0], KIND_STOP);
    run_to_stop();
    ck_assert_uint_eq(stops, starts);
}
END_TEST

static enum err breeder_receive(struct context *context, void *state, nng_msg **message)
{
    unsigned *generations = state;
    (void)message;
    if (++*generations == 3 * SYSTEM_DEDICATED_MAX) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    struct actor_ref child;
    enum err err = ERR_LIMIT;
    while (err == ERR_LIMIT) { /* The thread of the last one may not have ended yet. */
        err = context_spawn(context, &dedicated_class, NULL, &child);
    }
    ck_assert_int_eq(err, ERR_NONE);
    send_value(context, child, KIND_QUIT, 0);
    return ERR_NONE;
}

static const struct actor_class breeder_class = {
    .name = "breeder", .state_size = sizeof(unsigned), .receive = breeder_receive};

START_TEST(dedicated_actors_come_and_go)
{
    create(_i, false);
    send_from_outside(spawn(&breeder_class, NULL), KIND_HELLO);
    run_to_stop();
    ck_assert_uint_eq(stops, starts);
    ck_assert_uint_eq(starts, 3 * SYSTEM_DEDICATED_MAX - 1);
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
    tcase_add_loop_test(tcase, parent_hears_of_every_end, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, failing_idle_ends_the_actor, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, children_outlive_their_parent, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, late_messages_miss_the_next_life, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, messages_of_one_sender_keep_their_order, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, full_mailbox_refuses, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, a_message_is_forwarded, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, idle_flushes_what_was_collected, 0, SCHEDULERS * 2);
    tcase_add_loop_test(tcase, stopped_in_reverse_order, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, parents_are_known, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, dedicated_actors_are_bounded, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, dedicated_actors_come_and_go, 0, SCHEDULERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
