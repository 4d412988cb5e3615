/* Timers as an actor sees them, under every scheduler, with a virtual and with a real clock. */
#include <check.h>
#include <string.h>

#include "actors/system.h"
#include "base/instant.h"
#include "mailbox/message.h"

enum kind { KIND_GO = MESSAGE_KIND_FIRST, KIND_LAST };

static const unsigned workers_of[] = {0, 1, 2};
enum { SCHEDULERS = sizeof(workers_of) / sizeof(workers_of[0]), FIRST_NS = 1000, FIRED_MAX = 64 };

static struct system *system_under_test;

/* What fired, in order. */
static struct {
    uint64_t tag;
    int64_t set_ns; /* As the envelope says. */
    int64_t now_ns; /* As the clock says. */
} fired[FIRED_MAX];
static unsigned fired_count;

static void create(int scheduler, bool is_virtual)
{
    const struct system_options options = {
        .workers = workers_of[scheduler], .is_virtual = is_virtual, .now_ns = FIRST_NS};
    ck_assert_int_eq(system_create(&options, &system_under_test), ERR_NONE);
}

static void teardown(void)
{
    system_destroy(system_under_test);
    message_pool_drain();
}

static struct actor_ref spawn(const struct actor_class *class_, void *arguments)
{
    struct actor_ref actor;
    ck_assert_int_eq(system_spawn(system_under_test, class_, arguments, &actor), ERR_NONE);
    return actor;
}

static void send_self(struct context *context, uint32_t kind)
{
    nng_msg *message = message_create(kind, 0, 0);
    ck_assert_int_eq(context_send(context, context_self(context), &message), ERR_NONE);
}

static void timer(struct context *context, uint64_t tag, int64_t at_ns)
{
    ck_assert_int_eq(context_timer(context, tag, at_ns), ERR_NONE);
}

static void note(struct context *context, nng_msg *message)
{
    const struct timer_fired *body = message_body(message);
    ck_assert_uint_eq(message_envelope(message)->kind, MESSAGE_TIMER);
    ck_assert(actor_ref_is_nobody(message_envelope(message)->sender));
    ck_assert_uint_lt(fired_count, FIRED_MAX);
    fired[fired_count].tag = body->tag;
    fired[fired_count].set_ns = message_envelope(message)->now_ns;
    fired[fired_count].now_ns = context_now(context);
    fired_count++;
}

/* Sets, moves and removes timers; then moves the clock itself, when the scheduler does not. */
static enum err setter_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    switch (message_envelope(*message)->kind) {
    case KIND_GO:
        timer(context, 1, FIRST_NS + 300);
        timer(context, 2, FIRST_NS + 100);
        timer(context, 3, FIRST_NS + 200);
        timer(context, 4, FIRST_NS + 50);
        timer(context, 5, FIRST_NS + 200);
        timer(context, 3, FIRST_NS + 400); /* Moved. */
        timer(context, 4, INSTANT_NEVER);  /* Removed. */
        timer(context, 9, INSTANT_NEVER);  /* Was never set. */
        timer(context, 6, FIRST_NS - 1);   /* Has passed: sent at once. */
        timer(context, 7, FIRST_NS + 600);
        timer(context, 7, FIRST_NS); /* Moved into the past. */
        if (*(bool *)state) {
            system_set_now(context_system(context), FIRST_NS + 1000);
            system_set_now(context_system(context), FIRST_NS); /* Never back. */
            ck_assert_int_eq(context_now(context), FIRST_NS + 1000);
            send_self(context, KIND_LAST);
        } else {
            timer(context, 8, FIRST_NS + 1000);
        }
        return ERR_NONE;
    case KIND_LAST:
        system_stop(context_system(context));
        return ERR_NONE;
    default:
        break;
    }
    note(context, *message);
    if (fired[fired_count - 1].tag == 8) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static enum err setter_start(struct context *context, void *state, void *arguments)
{
    *(bool *)state = *(bool *)arguments;
    send_self(context, KIND_GO);
    return ERR_NONE;
}

static const struct actor_class setter_class = {
    .name = "setter", .state_size = sizeof(bool), .start = setter_start, .receive = setter_receive};

START_TEST(timers_fire_in_order)
{
    static const uint64_t tags[] = {6, 7, 2, 5, 1, 3};
    static const int64_t instants[] = {-1, 0, 100, 200, 300, 400};
    bool moves_clock = true;
    create(_i, true);
    (void)spawn(&setter_class, &moves_clock);
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    ck_assert_uint_eq(fired_count, 6);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(fired[i].tag, tags[i]);
        ck_assert_int_eq(fired[i].set_ns, FIRST_NS + instants[i]);
    }
}
END_TEST

/* Nobody moves the clock: the deterministic scheduler moves it from timer to timer. */
START_TEST(an_idle_system_moves_to_the_next_timer)
{
    static const int64_t instants[] = {0, 0, 100, 200, 300, 400, 1000};
    bool moves_clock = false;
    create(0, true);
    (void)spawn(&setter_class, &moves_clock);
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    ck_assert_uint_eq(fired_count, 7);
    for (unsigned i = 0; i < 7; i++) {
        ck_assert_int_eq(fired[i].now_ns, FIRST_NS + instants[i]);
    }
}
END_TEST

/* An actor that ends takes its timers along; whoever gets its slot does not hear of them. */
static enum err mortal_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    timer(context, 1, FIRST_NS + 100);
    timer(context, 2, FIRST_NS + 200);
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class mortal_class = {.name = "mortal", .receive = mortal_receive};

START_TEST(timers_end_with_their_actor)
{
    create(0, true);
    const struct actor_ref mortal = spawn(&mortal_class, NULL);
    nng_msg *message = message_create(KIND_GO, 0, 0);
    ck_assert_int_eq(system_send(system_under_test, mortal, &message), ERR_NONE);
    /* Nothing is left that could happen, and the clock has not moved. */
    ck_assert_int_eq(system_run(system_under_test), ERR_END);
    ck_assert_int_eq(system_now(system_under_test), FIRST_NS);
    struct system_counters counters;
    system_counters_read(system_under_test, &counters);
    ck_assert_uint_eq(counters.dead_letters, 0);
}
END_TEST

/* The real clock: not before its time, and each once. */
static enum err real_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    const int64_t now_ns = context_now(context);
    ck_assert_int_gt(now_ns, INT64_C(1600000000) * NS_PER_S);
    timer(context, 3, now_ns + 3 * NS_PER_MS);
    timer(context, 1, now_ns + 1 * NS_PER_MS);
    timer(context, 2, now_ns + 2 * NS_PER_MS);
    timer(context, 4, now_ns + 3600 * NS_PER_S);
    return ERR_NONE;
}

static enum err real_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    note(context, *message);
    ck_assert_int_ge(fired[fired_count - 1].now_ns, fired[fired_count - 1].set_ns);
    if (fired_count == 3) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class real_class = {
    .name = "real", .start = real_start, .receive = real_receive};

START_TEST(real_timers_fire_when_due)
{
    create(_i, false);
    (void)spawn(&real_class, NULL);
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    ck_assert_uint_eq(fired_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(fired[i].tag, i + 1);
    }
}
END_TEST

/* A timer gets through to an actor whose mailbox is full. */
static const struct actor_class full_class = {
    .name = "full", .mailbox_capacity = 1, .start = real_start, .receive = real_receive};

static enum err full_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    send_self(context, KIND_GO);
    nng_msg *message = message_create(KIND_GO, 0, 0);
    ck_assert_int_eq(context_send(context, context_self(context), &message), ERR_FULL);
    message_destroy(message);
    timer(context, 1, context_now(context));
    timer(context, 2, context_now(context));
    return ERR_NONE;
}

static enum err full_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    if (message_envelope(*message)->kind == MESSAGE_TIMER) {
        note(context, *message);
    }
    if (fired_count == 2) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

START_TEST(timers_are_never_refused)
{
    struct actor_class class_ = full_class;
    class_.start = full_start;
    class_.receive = full_receive;
    create(_i, _i % 2 == 0);
    (void)spawn(&class_, NULL);
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    ck_assert_uint_eq(fired_count, 2);
}
END_TEST

/* Many actors, each with a timer, while another moves the clock: all fire exactly once. */
enum { CROWD = 2000 };
static _Atomic(unsigned) crowd_fired;

static enum err crowd_start(struct context *context, void *state, void *arguments)
{
    (void)state;
    (void)arguments;
    send_self(context, KIND_GO);
    return ERR_NONE;
}

static enum err crowd_receive(struct context *context, void *state, nng_msg **message)
{
    bool *has_fired = state;
    if (message_envelope(*message)->kind == KIND_GO) {
        timer(context, 1, context_now(context) + 1);
        return ERR_NONE;
    }
    ck_assert(!*has_fired);
    *has_fired = true;
    if (++crowd_fired == CROWD) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class crowd_class = {
    .name = "crowd", .state_size = sizeof(bool), .start = crowd_start, .receive = crowd_receive};

static enum err mover_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    system_set_now(context_system(context), context_now(context) + 1);
    send_self(context, KIND_GO);
    return ERR_NONE;
}

static const struct actor_class mover_class = {
    .name = "mover", .start = crowd_start, .receive = mover_receive};

START_TEST(no_timer_is_passed_over_by_a_moving_clock)
{
    create(_i, true);
    (void)spawn(&mover_class, NULL);
    for (int i = 0; i < CROWD; i++) {
        (void)spawn(&crowd_class, NULL);
    }
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    ck_assert_uint_eq(crowd_fired, CROWD);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheduler_timers");
    TCase *tcase = tcase_create("timers");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, timers_fire_in_order, 0, SCHEDULERS);
    tcase_add_test(tcase, an_idle_system_moves_to_the_next_timer);
    tcase_add_test(tcase, timers_end_with_their_actor);
    tcase_add_loop_test(tcase, real_timers_fire_when_due, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, timers_are_never_refused, 0, SCHEDULERS);
    tcase_add_loop_test(tcase, no_timer_is_passed_over_by_a_moving_clock, 0, SCHEDULERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
