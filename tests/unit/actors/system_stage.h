/*
 * tests/unit/actors/system_stage.h - a system to test, and the actors that most tests need.
 */
#ifndef TUTTI_TESTS_UNIT_ACTORS_SYSTEM_STAGE_H
#define TUTTI_TESTS_UNIT_ACTORS_SYSTEM_STAGE_H

#include <check.h>
#include <stdatomic.h>
#include <string.h>

#include "actors/system.h"
#include "mailbox/message.h"

enum kind { KIND_HELLO = MESSAGE_KIND_FIRST, KIND_COUNT, KIND_FAIL, KIND_QUIT, KIND_STOP };

/* Each test runs once per entry; 0 workers is the deterministic scheduler. */
static const unsigned workers_of[] = {0, 1, 2, 4};
enum { SCHEDULERS = sizeof(workers_of) / sizeof(workers_of[0]) };

static struct system *system_under_test;

static inline void create(int scheduler, bool is_virtual)
{
    const struct system_options options = {
        .workers = workers_of[scheduler], .is_virtual = is_virtual, .now_ns = 1000};
    ck_assert_int_eq(system_create(&options, &system_under_test), ERR_NONE);
}

static inline void teardown(void)
{
    system_destroy(system_under_test);
    system_under_test = NULL;
    message_pool_drain();
}

static inline struct actor_ref spawn(const struct actor_class *class_, void *arguments)
{
    struct actor_ref actor;
    ck_assert_int_eq(system_spawn(system_under_test, class_, arguments, &actor), ERR_NONE);
    return actor;
}

static inline void send_from_outside(struct actor_ref to, uint32_t kind)
{
    nng_msg *message = message_create(kind, 0, 0);
    ck_assert_int_eq(system_send(system_under_test, to, &message), ERR_NONE);
    ck_assert_ptr_null(message);
}

static inline void send_value(struct context *context, struct actor_ref to, uint32_t kind,
                              uint64_t value)
{
    nng_msg *message = message_create(kind, 0, sizeof(value));
    *(uint64_t *)message_body(message) = value;
    ck_assert_int_eq(context_send(context, to, &message), ERR_NONE);
    ck_assert_ptr_null(message);
}

static inline struct system_counters counters(void)
{
    struct system_counters result;
    system_counters_read(system_under_test, &result);
    return result;
}

static inline void run_to_stop(void)
{
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
}

/* An actor that does as it is told and writes down what happened to it. */
static _Atomic(unsigned) starts, receives, idles, stops;

static inline enum err puppet_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    const char zeros[32] = {0};
    ck_assert_mem_eq(state, zeros, sizeof(zeros)); /* Also when the slot was used before. */
    memset(state, 0xff, 32);
    atomic_fetch_add(&starts, 1);
    return arguments == NULL ? ERR_NONE : *(enum err *)arguments;
}

static inline enum err puppet_receive(struct context *context, void *state, nng_msg **message)
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

static inline enum err puppet_idle(struct context *context, void *state)
{
    (void)context;
    (void)state;
    atomic_fetch_add(&idles, 1);
    return ERR_NONE;
}

static inline void puppet_stop(struct context *context, void *state)
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

static struct actor_ref child_of[3];

/* Leaves a child behind and ends at once. */
static inline enum err leaver_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    *(struct actor_ref *)arguments = context_self(context);
    ck_assert_int_eq(context_spawn(context, &puppet_class, NULL, &child_of[0]), ERR_NONE);
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class leaver_class = {
    .name = "leaver", .start = leaver_start, .receive = puppet_receive};

#endif
