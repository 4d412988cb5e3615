/* Supervision, references to the dead, and dedicated actors, under every scheduler. */
#include "system_stage.h"

/* Supervision: a parent spawns a child of each fate and hears of their ends. */
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

/* A slot that keeps the memory of a state gives none of its content to the next life. */
struct tenant {
    size_t size; /* Of its state. */
};

static enum err tenant_start(struct context *context, void *state, void *arguments)
{
    const struct tenant *tenant = arguments;
    unsigned char *bytes = state;
    for (size_t i = 0; i < tenant->size; i++) {
        ck_assert_uint_eq(bytes[i], 0);
        bytes[i] = 0xFF;
    }
    ck_assert(tenant->size > 0 || state == NULL);
    context_stop(context);
    return ERR_NONE;
}

START_TEST(each_life_begins_with_zeros)
{
    create(_i, false);
    static const size_t sizes[] = {64, 64, 8, 0, 64, 200, 256, 64, 257, 5000, 257, 0, 1, 256};
    struct actor_ref first = ACTOR_NOBODY;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct tenant tenant = {.size = sizes[i]};
        const struct actor_class class_ = {.name = "tenant",
                                           .state_size = sizes[i],
                                           .start = tenant_start,
                                           .receive = puppet_receive};
        const struct actor_ref actor = spawn(&class_, &tenant);
        first = i == 0 ? actor : first;
        ck_assert_uint_eq(actor.slot, first.slot);
    }
    send_from_outside(spawn(&puppet_class, NULL), KIND_STOP);
    run_to_stop();
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
    Suite *suite = suite_create("system_spawn");
    TCase *tcase = tcase_create("system_spawn");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, parent_hears_of_every_end, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, failing_idle_ends_the_actor, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, children_outlive_their_parent, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, late_messages_miss_the_next_life, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, each_life_begins_with_zeros, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, dedicated_actors_are_bounded, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, dedicated_actors_come_and_go, 0, SCHEDULERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
