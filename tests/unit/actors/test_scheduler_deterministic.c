/* One seed, one order; and what a system on one thread does when nothing can run. */
#include <check.h>
#include <pthread.h>
#include <string.h>

#include "actors/system.h"
#include "base/prng.h"
#include "mailbox/message.h"

enum kind { KIND_GO = MESSAGE_KIND_FIRST, KIND_LAST };
enum { ACTORS = 10, HOPS = 500, TRACE_MAX = ACTORS * (HOPS + 1) };

/* Who ran, in order. */
struct trace {
    uint32_t slots[TRACE_MAX];
    unsigned count;
};

static struct trace *recorded;
static struct actor_ref crowd[ACTORS];

struct rover {
    struct prng prng;
    unsigned hops;
};

static enum err rover_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct rover *self = state;
    prng_init(&self->prng, *(uint64_t *)arguments);
    return ERR_NONE;
}

/* Passes each message on to somebody, sets a timer now and then. */
static enum err rover_receive(struct context *context, void *state, nng_msg **message)
{
    struct rover *self = state;
    if (recorded->count == TRACE_MAX) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    recorded->slots[recorded->count++] = context_self(context).slot;
    if (prng_below(&self->prng, 4) == 0) {
        const int64_t delay_ns = prng_between(&self->prng, 0, 100);
        ck_assert_int_eq(context_timer(context, 1, context_now(context) + delay_ns), ERR_NONE);
    }
    if (message_envelope(*message)->kind == KIND_GO) {
        const struct actor_ref to = crowd[prng_below(&self->prng, ACTORS)];
        ck_assert_int_eq(context_send(context, to, message), ERR_NONE);
    }
    return ERR_NONE;
}

static const struct actor_class rover_class = {.name = "rover",
                                               .state_size = sizeof(struct rover),
                                               .is_dedicated = true, /* Makes no difference. */
                                               .start = rover_start,
                                               .receive = rover_receive};

static void record(struct trace *trace, uint64_t seed, bool is_shuffled)
{
    const struct system_options options = {
        .seed = seed, .is_shuffled = is_shuffled, .is_virtual = true};
    struct system *system;
    memset(trace, 0, sizeof(*trace));
    recorded = trace;
    ck_assert_int_eq(system_create(&options, &system), ERR_NONE);
    for (uint64_t i = 0; i < ACTORS; i++) {
        ck_assert_int_eq(system_spawn(system, &rover_class, &i, &crowd[i]), ERR_NONE);
        nng_msg *message = message_create(KIND_GO, 0, 0);
        ck_assert_int_eq(system_send(system, crowd[i], &message), ERR_NONE);
    }
    ck_assert_int_eq(system_run(system), ERR_NONE);
    system_destroy(system);
    ck_assert_uint_eq(trace->count, TRACE_MAX);
}

static struct trace one, two;

START_TEST(equal_seeds_give_equal_runs)
{
    record(&one, (uint64_t)_i, true);
    record(&two, (uint64_t)_i, true);
    ck_assert_int_eq(memcmp(&one, &two, sizeof(one)), 0);
    record(&two, (uint64_t)_i + 1, true);
    ck_assert_int_ne(memcmp(&one, &two, sizeof(one)), 0);
}
END_TEST

START_TEST(unshuffled_runs_do_not_depend_on_the_seed)
{
    record(&one, 1, false);
    record(&two, 2, false);
    ck_assert_int_eq(memcmp(&one, &two, sizeof(one)), 0);
    record(&two, 1, true);
    ck_assert_int_ne(memcmp(&one, &two, sizeof(one)), 0);
}
END_TEST

/* First in, first out: nobody runs for the second time before all have run once. */
START_TEST(unshuffled_takes_turns)
{
    record(&one, 0, false);
    uint32_t seen = 0;
    for (unsigned i = 0; i < TRACE_MAX && seen < ACTORS; i++) {
        ck_assert_uint_le(one.slots[i], seen);
        seen += one.slots[i] == seen;
    }
    ck_assert_uint_eq(seen, ACTORS);
}
END_TEST

static enum err sink_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    if (message_envelope(*message)->kind == KIND_LAST) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class sink_class = {.name = "sink", .receive = sink_receive};

START_TEST(nothing_left_to_do_ends_the_run)
{
    struct system *system;
    struct actor_ref sink;
    ck_assert_int_eq(system_create(&(struct system_options){.is_virtual = true}, &system),
                     ERR_NONE);
    ck_assert_int_eq(system_spawn(system, &sink_class, NULL, &sink), ERR_NONE);
    ck_assert_int_eq(system_run(system), ERR_END);
    system_destroy(system);
}
END_TEST

struct outsider {
    struct system *system;
    struct actor_ref sink;
    bool stops; /* Instead of sending. */
};

static void *outsider_main(void *argument)
{
    struct outsider *self = argument;
    for (int i = 0; i < 1000; i++) {
        nng_msg *message = message_create(KIND_GO, 0, 0);
        ck_assert_int_eq(system_send(self->system, self->sink, &message), ERR_NONE);
    }
    if (self->stops) {
        system_stop(self->system);
    } else {
        nng_msg *message = message_create(KIND_LAST, 0, 0);
        ck_assert_int_eq(system_send(self->system, self->sink, &message), ERR_NONE);
    }
    return NULL;
}

/* With a real clock an idle system waits for other threads. */
START_TEST(other_threads_are_heard)
{
    struct outsider outsider = {.stops = _i == 1};
    pthread_t thread;
    ck_assert_int_eq(system_create(&(struct system_options){.workers = 0}, &outsider.system),
                     ERR_NONE);
    ck_assert_int_eq(system_spawn(outsider.system, &sink_class, NULL, &outsider.sink), ERR_NONE);
    ck_assert_int_eq(pthread_create(&thread, NULL, outsider_main, &outsider), 0);
    ck_assert_int_eq(system_run(outsider.system), ERR_NONE);
    pthread_join(thread, NULL);
    system_destroy(outsider.system);
    message_pool_drain();
}
END_TEST

/* A handler runs a whole system of its own, as a sweep of backtests does. */
static enum err nesting_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    struct system *inner;
    struct actor_ref sink;
    ck_assert_int_eq(system_create(&(struct system_options){.is_virtual = true}, &inner), ERR_NONE);
    ck_assert_int_eq(system_spawn(inner, &sink_class, NULL, &sink), ERR_NONE);
    nng_msg *last = message_create(KIND_LAST, 0, 0);
    ck_assert_int_eq(system_send(inner, sink, &last), ERR_NONE);
    ck_assert_int_eq(system_run(inner), ERR_NONE);
    system_destroy(inner);
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class nesting_class = {.name = "nesting", .receive = nesting_receive};

START_TEST(systems_nest)
{
    struct system *outer;
    struct actor_ref actor;
    const struct system_options options = {.workers = (unsigned)_i};
    ck_assert_int_eq(system_create(&options, &outer), ERR_NONE);
    ck_assert_int_eq(system_spawn(outer, &nesting_class, NULL, &actor), ERR_NONE);
    nng_msg *message = message_create(KIND_GO, 0, 0);
    ck_assert_int_eq(system_send(outer, actor, &message), ERR_NONE);
    ck_assert_int_eq(system_run(outer), ERR_NONE);
    system_destroy(outer);
    message_pool_drain();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheduler_deterministic");
    TCase *tcase = tcase_create("deterministic");
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, equal_seeds_give_equal_runs, 0, 8);
    tcase_add_test(tcase, unshuffled_runs_do_not_depend_on_the_seed);
    tcase_add_test(tcase, unshuffled_takes_turns);
    tcase_add_test(tcase, nothing_left_to_do_ends_the_run);
    tcase_add_loop_test(tcase, other_threads_are_heard, 0, 2);
    tcase_add_loop_test(tcase, systems_nest, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
