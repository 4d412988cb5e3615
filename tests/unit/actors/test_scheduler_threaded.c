/* Workers under load: nothing is lost, doubled or stuck, whatever the moment of the end. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "actors/scheduler_worker.h"
#include "actors/system.h"
#include "mailbox/message.h"

enum kind { KIND_GO = MESSAGE_KIND_FIRST, KIND_COUNT };
enum {
    SENDERS = 20,
    EACH = 5000,
    RING = 50,
    HOPS = 50000,
    STORM = 5000,
    OUTSIDERS = 3,
    ANSWERS = 20000
};

static const unsigned workers_of[] = {1, 2, 4};
enum { WORKERS = sizeof(workers_of) / sizeof(workers_of[0]) };

static struct system *system_under_test;
static _Atomic(unsigned) starts, stops;

static void create(int index)
{
    ck_assert_int_eq(
        system_create(&(struct system_options){.workers = workers_of[index]}, &system_under_test),
        ERR_NONE);
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

static void begin(struct actor_ref to)
{
    nng_msg *message = message_create(KIND_GO, 0, 0);
    if (system_send(system_under_test, to, &message) != ERR_NONE) {
        ck_abort_msg("send from outside");
    }
}

static void run_to_stop(void)
{
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
}

static void send(struct context *context, struct actor_ref to, uint32_t kind, int64_t value)
{
    nng_msg *message = message_create(kind, value, 0);
    if (context_send(context, to, &message) != ERR_NONE) { /* ck_assert is slow in such loops. */
        ck_abort_msg("send");
    }
}

/* Many senders, one sink: complete and in each sender's order. */
struct sink {
    int64_t next_of[SENDERS + 1];
    unsigned received;
};

static struct actor_ref sink_ref;

static enum err sink_receive(struct context *context, void *state, nng_msg **message)
{
    struct sink *self = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->sender.slot > SENDERS ||
        envelope->now_ns != self->next_of[envelope->sender.slot]++) {
        ck_abort_msg("out of order");
    }
    if (++self->received == SENDERS * EACH) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static enum err sender_receive(struct context *context, void *state, nng_msg **message)
{
    int64_t *sent = state;
    (void)message;
    for (int i = 0; i < 10 && *sent < EACH; i++) {
        send(context, sink_ref, KIND_COUNT, (*sent)++);
    }
    if (*sent < EACH) {
        send(context, context_self(context), KIND_GO, 0);
    }
    return ERR_NONE;
}

static const struct actor_class sink_classes[] = {
    {.name = "sink", .state_size = sizeof(struct sink), .receive = sink_receive},
    {.name = "sink",
     .state_size = sizeof(struct sink),
     .is_dedicated = true,
     .receive = sink_receive},
};
static const struct actor_class sender_class = {
    .name = "sender", .state_size = sizeof(int64_t), .receive = sender_receive};

START_TEST(many_to_one)
{
    create(_i / 2);
    sink_ref = spawn(&sink_classes[_i % 2], NULL);
    for (int i = 0; i < SENDERS; i++) {
        begin(spawn(&sender_class, NULL));
    }
    run_to_stop();
    struct system_counters counters;
    system_counters_read(system_under_test, &counters);
    /* The sink hears of everything; the senders' messages to themselves come on top. */
    ck_assert_uint_ge(counters.messages, SENDERS * EACH + SENDERS * EACH / 10);
    ck_assert_uint_eq(counters.dead_letters, 0);
    ck_assert_uint_eq(counters.spawned, SENDERS + 1);
}
END_TEST

/* A ring of actors with several messages under way; a ring of two is ping-pong. */
static struct actor_ref ring[RING];
static unsigned ring_length;
static _Atomic(unsigned) tokens_home;

static enum err ring_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(unsigned *)state = *(unsigned *)arguments;
    return ERR_NONE;
}

static enum err ring_receive(struct context *context, void *state, nng_msg **message)
{
    const unsigned index = *(unsigned *)state;
    const int64_t hops = message_envelope(*message)->now_ns;
    if (hops == HOPS) {
        if (++tokens_home == ring_length) {
            system_stop(context_system(context));
        }
        return ERR_NONE;
    }
    send(context, ring[(index + 1) % ring_length], KIND_COUNT, hops + 1);
    return ERR_NONE;
}

static const struct actor_class ring_classes[] = {
    {.name = "ring", .state_size = sizeof(unsigned), .start = ring_start, .receive = ring_receive},
    {.name = "ring",
     .state_size = sizeof(unsigned),
     .is_dedicated = true,
     .start = ring_start,
     .receive = ring_receive},
};

static void run_ring(unsigned size, bool has_dedicated)
{
    ring_length = size;
    for (unsigned i = 0; i < size; i++) {
        ring[i] = spawn(&ring_classes[has_dedicated && i % 10 == 0], &i);
        nng_msg *message = message_create(KIND_COUNT, HOPS - HOPS / (int64_t)size, 0);
        ck_assert_int_eq(system_send(system_under_test, ring[i], &message), ERR_NONE);
    }
    run_to_stop();
    ck_assert_uint_eq(tokens_home, size);
}

START_TEST(ping_pong)
{
    create(_i / 2);
    run_ring(2, _i % 2 == 1);
}
END_TEST

START_TEST(round_a_ring)
{
    create(_i / 2);
    run_ring(RING, _i % 2 == 1);
}
END_TEST

/* A tree of actors that spawn two children each and end when both have. */
struct node {
    unsigned depth;
    unsigned children;
};

static enum err node_start(struct context *context, void *state, void *arguments)
{
    struct node *self = state;
    self->depth = *(unsigned *)arguments;
    atomic_fetch_add(&starts, 1);
    send(context, context_self(context), KIND_GO, 0);
    return ERR_NONE;
}

static enum err node_receive(struct context *context, void *state, nng_msg **message);

static void node_stop(struct context *context, void *state)
{
    (void)context;
    (void)state;
    atomic_fetch_add(&stops, 1);
}

static const struct actor_class node_class = {.name = "node",
                                              .state_size = sizeof(struct node),
                                              .start = node_start,
                                              .receive = node_receive,
                                              .stop = node_stop};

static enum err node_receive(struct context *context, void *state, nng_msg **message)
{
    struct node *self = state;
    if (message_envelope(*message)->kind == KIND_GO) {
        for (int i = 0; i < 2 && self->depth > 0; i++) {
            unsigned depth = self->depth - 1;
            struct actor_ref child;
            if (context_spawn(context, &node_class, &depth, &child) == ERR_NONE) {
                self->children++;
            }
        }
    } else {
        ck_assert_uint_eq(message_envelope(*message)->kind, MESSAGE_ACTOR_ENDED);
        self->children--;
    }
    if (self->children == 0) {
        if (actor_ref_is_nobody(context_parent(context))) {
            system_stop(context_system(context));
        }
        context_stop(context);
    }
    return ERR_NONE;
}

START_TEST(spawn_storm)
{
    unsigned depth = 12;
    create(_i);
    (void)spawn(&node_class, &depth);
    run_to_stop();
    ck_assert_uint_eq(starts, (1U << 13) - 1);
    ck_assert_uint_eq(stops, starts);
}
END_TEST

/* Stopped by another thread while everybody sends, spawns and ends. */
static enum err chatter_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    unsigned depth = 3;
    struct actor_ref child;
    if (message_envelope(*message)->kind == KIND_GO) {
        const enum err err = context_spawn(context, &node_class, &depth, &child);
        ck_assert(err == ERR_NONE || err == ERR_CLOSED);
        send(context, context_self(context), KIND_GO, 0);
        send(context, sink_ref, KIND_COUNT, 0);
    }
    return ERR_NONE;
}

static const struct actor_class chatter_class = {.name = "chatter", .receive = chatter_receive};

struct outsider {
    pthread_t thread;
    struct actor_ref to;
    bool stops;
};

static void *outsider_main(void *argument)
{
    struct outsider *self = argument;
    for (int i = 0; i < STORM; i++) {
        nng_msg *message = message_create(MESSAGE_KIND_FIRST + 5, 0, 0);
        const enum err err = system_send(system_under_test, self->to, &message);
        if (err != ERR_NONE && err != ERR_CLOSED && err != ERR_FULL) {
            ck_abort_msg("send from outside: %s", err_name(err));
        }
        message_destroy(message);
    }
    if (self->stops) {
        system_stop(system_under_test);
    }
    return NULL;
}

START_TEST(stopped_in_full_flight)
{
    struct outsider outsiders[OUTSIDERS];
    create(_i % WORKERS);
    sink_ref = spawn(&(struct actor_class){.name = "quiet", .receive = chatter_receive}, NULL);
    struct actor_ref chatter = sink_ref;
    for (int i = 0; i < 8; i++) {
        chatter = spawn(&chatter_class, NULL);
        begin(chatter);
    }
    for (int i = 0; i < OUTSIDERS; i++) {
        outsiders[i].to = chatter;
        outsiders[i].stops = i < 2; /* Two at a time. */
        ck_assert_int_eq(pthread_create(&outsiders[i].thread, NULL, outsider_main, &outsiders[i]),
                         0);
    }
    run_to_stop();
    ck_assert_uint_eq(stops, starts);
    for (int i = 0; i < OUTSIDERS; i++) {
        pthread_join(outsiders[i].thread, NULL);
    }
}
END_TEST

/* Actors die while others, inside and outside, go on sending to them. */
static enum err martyr_receive(struct context *context, void *state, nng_msg **message)
{
    (void)message;
    if (++*(unsigned *)state == 10) {
        context_stop(context);
    }
    return ERR_NONE;
}

static const struct actor_class martyr_class = {
    .name = "martyr", .state_size = sizeof(unsigned), .receive = martyr_receive};

struct mourner {
    struct actor_ref martyr;
    unsigned lives;
};

static enum err mourner_receive(struct context *context, void *state, nng_msg **message)
{
    struct mourner *self = state;
    if (message_envelope(*message)->kind == MESSAGE_ACTOR_ENDED) {
        self->martyr = ACTOR_NOBODY;
        if (++self->lives == 200) {
            system_stop(context_system(context));
            return ERR_NONE;
        }
    }
    if (actor_ref_is_nobody(self->martyr)) {
        const enum err err = context_spawn(context, &martyr_class, NULL, &self->martyr);
        ck_assert(err == ERR_NONE || err == ERR_CLOSED);
    }
    for (int i = 0; i < 15; i++) { /* More than it lives to see. */
        send(context, self->martyr, KIND_COUNT, 0);
        for (int j = 0; j < 4; j++) {
            send(context, ring[j], KIND_COUNT, 0);
        }
    }
    return ERR_NONE;
}

static const struct actor_class mourner_class = {
    .name = "mourner", .state_size = sizeof(struct mourner), .receive = mourner_receive};

START_TEST(dying_under_fire)
{
    struct outsider outsiders[OUTSIDERS];
    create(_i);
    for (int i = 0; i < 4; i++) {
        ring[i] = spawn(&martyr_class, NULL);
        begin(spawn(&mourner_class, NULL));
    }
    for (int i = 0; i < OUTSIDERS; i++) {
        outsiders[i].to = ring[i];
        outsiders[i].stops = false;
        ck_assert_int_eq(pthread_create(&outsiders[i].thread, NULL, outsider_main, &outsiders[i]),
                         0);
    }
    run_to_stop();
    for (int i = 0; i < OUTSIDERS; i++) {
        pthread_join(outsiders[i].thread, NULL);
    }
    struct system_counters counters;
    system_counters_read(system_under_test, &counters);
    ck_assert_uint_ge(counters.dead_letters, 200 * 5);
    ck_assert_uint_eq(counters.failed, 0);
}
END_TEST

/* A thread outside and an actor answer each other as fast as they can, so that messages come just
 * when the worker goes to sleep. */
static _Atomic(unsigned) answers;

static enum err answering_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    if (atomic_fetch_add(&answers, 1) + 1 == ANSWERS) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class answering_class = {.name = "answering",
                                                   .receive = answering_receive};

static void *asker_main(void *argument)
{
    const struct actor_ref to = *(struct actor_ref *)argument;
    for (unsigned i = 0; i < ANSWERS; i++) {
        for (volatile unsigned delay = i % 256; delay > 0; delay--) {
            /* Sweeps over the moments around the worker's going to sleep. */
        }
        begin(to);
        for (unsigned spins = 0; atomic_load(&answers) == i; spins++) {
            if (spins > 1000) {
                (void)sched_yield();
            }
        }
    }
    return NULL;
}

START_TEST(no_wake_up_is_lost)
{
    pthread_t thread;
    create(_i);
    struct actor_ref answering = spawn(&answering_class, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, asker_main, &answering), 0);
    run_to_stop();
    pthread_join(thread, NULL);
    ck_assert_uint_eq(answers, ANSWERS);
}
END_TEST

/* A worker that computes leaves its other actors to those that sleep: all wait for each other. */
static _Atomic(unsigned) present;

static enum err meeting_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    const unsigned expected = 2;
    atomic_fetch_add(&present, 1);
    while (atomic_load(&present) < expected) {
        /* Only another worker can bring the others. */
    }
    system_stop(context_system(context));
    return ERR_NONE;
}

static const struct actor_class meeting_class = {.name = "meeting", .receive = meeting_receive};

static enum err host_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    struct actor_ref guests[4];
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(context_spawn(context, &meeting_class, NULL, &guests[i]), ERR_NONE);
    }
    for (int i = 0; i < 4; i++) { /* When two of them have met, nothing is spawned any more. */
        send(context, guests[i], KIND_GO, 0);
    }
    return ERR_NONE;
}

static const struct actor_class host_class = {.name = "host", .receive = host_receive};

START_TEST(work_is_shared)
{
    create(_i + 1);
    begin(spawn(&host_class, NULL));
    run_to_stop();
    struct system_counters counters;
    system_counters_read(system_under_test, &counters);
    ck_assert_uint_gt(counters.steals, 0);
}
END_TEST

/* What waits is offered to others after a while, but not while messages cost less than the way. */
START_TEST(cheap_messages_stay_on_their_core)
{
    ck_assert(!worker_is_relieved(WORKER_LONE_NS, 1));
    ck_assert(worker_is_relieved(WORKER_LONE_NS + 1, 1));
    const int64_t waiting_ns = 2 * WORKER_LONE_NS;
    ck_assert(worker_is_relieved(waiting_ns, 2 * WORKER_LONE_NS / WORKER_CHEAP_NS));
    ck_assert(!worker_is_relieved(waiting_ns, 2 * WORKER_LONE_NS / WORKER_CHEAP_NS + 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("scheduler_threaded");
    TCase *tcase = tcase_create("threaded");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, many_to_one, 0, WORKERS * 2);
    tcase_add_loop_test(tcase, ping_pong, 0, WORKERS * 2);
    tcase_add_loop_test(tcase, round_a_ring, 0, WORKERS * 2);
    tcase_add_loop_test(tcase, spawn_storm, 0, WORKERS);
    tcase_add_loop_test(tcase, stopped_in_full_flight, 0, WORKERS * 4);
    tcase_add_loop_test(tcase, dying_under_fire, 0, WORKERS);
    tcase_add_loop_test(tcase, no_wake_up_is_lost, 0, WORKERS);
    tcase_add_loop_test(tcase, work_is_shared, 0, WORKERS - 1);
    tcase_add_test(tcase, cheap_messages_stay_on_their_core);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
