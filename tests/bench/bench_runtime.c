/*
 * tests/bench/bench_runtime.c - what a message, an actor and a second worker cost.
 *
 * Prints one line `name value unit` per measurement. Options: --workers N (default 1), --only NAME,
 * --quick (a tenth of the messages, to see that it runs).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/system.h"
#include "base/assert.h"
#include "base/instant.h"
#include "mailbox/message.h"

enum bench_kind {
    BENCH_GO = MESSAGE_KIND_FIRST,
    BENCH_COUNT,
    BENCH_CREDIT,
    BENCH_PING,
    BENCH_PONG
};

enum {
    BURST = 64,
    WINDOW = 1024,
    FAN_IN_SENDERS = 100,
    FAN_IN_WINDOW = 64,
    RING_ACTORS = 100,
    BIG_ACTORS = 64,
    SPAWN_ALIVE = 64,
    WORK_ACTORS = 64,
    WORK_NS = 1000,
    IDLE_ACTORS = 1000000,
};

struct bench {
    unsigned workers;
    uint64_t messages;
    const char *only; /* NULL: all. */
};

static int64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* Sends a message whose body is one number. False when the mailbox is full. */
static bool bench_send(struct context *context, struct actor_ref to, uint32_t kind, uint64_t value)
{
    nng_msg *message = message_create(kind, 0, sizeof(value));
    ASSERT(message != NULL);
    *(uint64_t *)message_body(message) = value;
    if (context_send(context, to, &message) == ERR_NONE) {
        return true;
    }
    message_destroy(message);
    return false;
}

static uint64_t bench_value(nng_msg *message)
{
    return *(uint64_t *)message_body(message);
}

static void bench_begin(struct system *system, struct actor_ref to)
{
    nng_msg *message = message_create(BENCH_GO, 0, sizeof(uint64_t));
    ASSERT(message != NULL);
    const enum err err = system_send(system, to, &message);
    ASSERT(err == ERR_NONE);
}

static struct actor_ref bench_spawn(struct system *system, const struct actor_class *class_,
                                    void *arguments)
{
    struct actor_ref actor;
    const enum err err = system_spawn(system, class_, arguments, &actor);
    ASSERT(err == ERR_NONE);
    return actor;
}

static struct system *bench_system(unsigned workers)
{
    struct system *system;
    const enum err err = system_create(&(struct system_options){.workers = workers}, &system);
    ASSERT(err == ERR_NONE);
    return system;
}

/* Runs the system to its end and prints what one of `count` things took. */
static void bench_run(struct system *system, const char *name, uint64_t count)
{
    const int64_t start_ns = bench_now_ns();
    const enum err err = system_run(system);
    ASSERT(err == ERR_NONE);
    const int64_t elapsed_ns = bench_now_ns() - start_ns;
    printf("%s %.1f ns\n", name, (double)elapsed_ns / (double)count);
    printf("%s_rate %.0f messages/s\n", name, (double)count * 1e9 / (double)elapsed_ns);
    fflush(stdout);
    system_destroy(system);
    message_pool_drain();
}

/* counting, window and fan_in: senders and a sink that gives credit back. */
struct stream {
    struct actor_ref sink;
    uint64_t messages; /* To send, or to expect. */
    uint64_t window;   /* 0: no credit, only the mailbox holds the sender back. */
    uint64_t credit;
    uint64_t received;
    uint64_t since_credit[FAN_IN_SENDERS + 1];
};

static enum err stream_copy(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct stream *self = state;
    *self = *(struct stream *)arguments;
    self->credit = self->window;
    return ERR_NONE;
}

static enum err flood_receive(struct context *context, void *state, nng_msg **message)
{
    struct stream *self = state;
    (void)message;
    for (unsigned i = 0; i < BURST && self->messages > 0; i++) {
        if (!bench_send(context, self->sink, BENCH_COUNT, 0)) {
            break;
        }
        self->messages--;
    }
    if (self->messages > 0) {
        (void)bench_send(context, context_self(context), BENCH_GO, 0);
    }
    return ERR_NONE;
}

static enum err window_receive(struct context *context, void *state, nng_msg **message)
{
    struct stream *self = state;
    if (message_envelope(*message)->kind == BENCH_CREDIT) {
        self->credit += bench_value(*message);
    }
    while (self->credit > 0 && self->messages > 0) {
        (void)bench_send(context, self->sink, BENCH_COUNT, 0);
        self->credit--;
        self->messages--;
    }
    return ERR_NONE;
}

static enum err sink_receive(struct context *context, void *state, nng_msg **message)
{
    struct stream *self = state;
    const struct actor_ref sender = message_envelope(*message)->sender;
    self->received++;
    if (self->window > 0) {
        uint64_t *since = &self->since_credit[sender.slot % (FAN_IN_SENDERS + 1)];
        if (++*since == self->window / 2) {
            *since = 0;
            (void)bench_send(context, sender, BENCH_CREDIT, self->window / 2);
        }
    }
    if (self->received == self->messages) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class sink_class = {.name = "sink",
                                              .state_size = sizeof(struct stream),
                                              .start = stream_copy,
                                              .receive = sink_receive};
static const struct actor_class flood_class = {.name = "flood",
                                               .state_size = sizeof(struct stream),
                                               .start = stream_copy,
                                               .receive = flood_receive};
static const struct actor_class window_class = {.name = "window",
                                                .state_size = sizeof(struct stream),
                                                .start = stream_copy,
                                                .receive = window_receive};

static void bench_stream(const struct bench *bench, const char *name, uint64_t senders,
                         uint64_t window)
{
    const uint64_t each = bench->messages / senders;
    struct stream stream = {.messages = each * senders, .window = window};
    struct system *system = bench_system(bench->workers);
    stream.sink = bench_spawn(system, &sink_class, &stream);
    stream.messages = each;
    for (uint64_t i = 0; i < senders; i++) {
        bench_begin(system,
                    bench_spawn(system, window > 0 ? &window_class : &flood_class, &stream));
    }
    bench_run(system, name, each * senders);
}

static void bench_counting(const struct bench *bench)
{
    bench_stream(bench, "counting", 1, 0);
}

static void bench_window(const struct bench *bench)
{
    bench_stream(bench, "window", 1, WINDOW);
}

static void bench_fan_in(const struct bench *bench)
{
    bench_stream(bench, "fan_in", FAN_IN_SENDERS, FAN_IN_WINDOW);
}

/* ping_pong and ring: the message that came is sent on, counting down. */
struct hop {
    struct actor_ref to;
    uint64_t hops;
    uint64_t work_ns;
};

static enum err hop_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(struct hop *)state = *(struct hop *)arguments;
    return ERR_NONE;
}

static enum err hop_receive(struct context *context, void *state, nng_msg **message)
{
    struct hop *self = state;
    uint64_t *hops = message_body(*message);
    switch ((enum bench_kind)message_envelope(*message)->kind) {
    case BENCH_GO: /* Learn who comes next. */
        self->to = *(struct actor_ref *)message_body(*message);
        return ERR_NONE;
    case BENCH_COUNT:
    case BENCH_CREDIT:
    case BENCH_PING:
    case BENCH_PONG:
        break;
    }
    if (*hops == 0) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    (void)bench_send(context, self->to, BENCH_COUNT, *hops - 1);
    return ERR_NONE;
}

static const struct actor_class hop_class = {
    .name = "hop", .state_size = sizeof(struct hop), .start = hop_start, .receive = hop_receive};

static void bench_tell(struct system *system, struct actor_ref to, uint32_t kind, uint64_t value)
{
    nng_msg *message = message_create(kind, 0, sizeof(value));
    ASSERT(message != NULL);
    *(uint64_t *)message_body(message) = value;
    const enum err err = system_send(system, to, &message);
    ASSERT(err == ERR_NONE);
}

static void bench_hops(const struct bench *bench, const char *name, unsigned actors)
{
    struct system *system = bench_system(bench->workers);
    struct hop hop = {.to = ACTOR_NOBODY};
    struct actor_ref first = bench_spawn(system, &hop_class, &hop);
    hop.to = first;
    for (unsigned i = 1; i < actors; i++) {
        hop.to = bench_spawn(system, &hop_class, &hop);
    }
    uint64_t packed;
    memcpy(&packed, &hop.to, sizeof(packed));
    bench_tell(system, first, BENCH_GO, packed);
    bench_tell(system, first, BENCH_COUNT, bench->messages);
    bench_run(system, name, bench->messages);
}

static void bench_ping_pong(const struct bench *bench)
{
    bench_hops(bench, "ping_pong", 2);
}

static void bench_ring(const struct bench *bench)
{
    bench_hops(bench, "ring", RING_ACTORS);
}

/* spawn: an actor is made, gets one message and ends; its parent is told and makes the next. */
static enum err mayfly_receive(struct context *context, void *state, nng_msg **message)
{
    (void)state;
    (void)message;
    context_stop(context);
    return ERR_NONE;
}

static const struct actor_class mayfly_class = {
    .name = "mayfly", .state_size = 64, .receive = mayfly_receive};

struct breeder {
    uint64_t to_spawn;
    uint64_t alive;
};

static enum err breeder_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    ((struct breeder *)state)->to_spawn = *(uint64_t *)arguments;
    return ERR_NONE;
}

static enum err breeder_receive(struct context *context, void *state, nng_msg **message)
{
    struct breeder *self = state;
    if (message_envelope(*message)->kind == MESSAGE_ACTOR_ENDED) {
        self->alive--;
    }
    while (self->alive < SPAWN_ALIVE && self->to_spawn > 0) {
        struct actor_ref child;
        const enum err err = context_spawn(context, &mayfly_class, NULL, &child);
        ASSERT(err == ERR_NONE);
        (void)bench_send(context, child, BENCH_GO, 0);
        self->to_spawn--;
        self->alive++;
    }
    if (self->alive == 0) {
        system_stop(context_system(context));
    }
    return ERR_NONE;
}

static const struct actor_class breeder_class = {.name = "breeder",
                                                 .state_size = sizeof(struct breeder),
                                                 .start = breeder_start,
                                                 .receive = breeder_receive};

static void bench_spawning(const struct bench *bench)
{
    uint64_t spawns = bench->messages / 8;
    struct system *system = bench_system(bench->workers);
    bench_begin(system, bench_spawn(system, &breeder_class, &spawns));
    bench_run(system, "spawn", spawns);
}

/* big: everybody pings everybody and waits for all pongs, round after round. */
struct big {
    struct actor_ref *all; /* Borrowed. */
    struct actor_ref judge;
    uint64_t rounds;
    unsigned pongs;
};

static void big_round(struct context *context, const struct big *self)
{
    const struct actor_ref me = context_self(context);
    for (unsigned i = 0; i < BIG_ACTORS; i++) {
        if (self->all[i].slot != me.slot) {
            (void)bench_send(context, self->all[i], BENCH_PING, 0);
        }
    }
}

static enum err big_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    *(struct big *)state = *(struct big *)arguments;
    return ERR_NONE;
}

static enum err big_receive(struct context *context, void *state, nng_msg **message)
{
    struct big *self = state;
    switch ((enum bench_kind)message_envelope(*message)->kind) {
    case BENCH_PING:
        (void)bench_send(context, message_envelope(*message)->sender, BENCH_PONG, 0);
        return ERR_NONE;
    case BENCH_PONG:
        if (++self->pongs < BIG_ACTORS - 1) {
            return ERR_NONE;
        }
        break;
    case BENCH_GO:
    case BENCH_COUNT:
    case BENCH_CREDIT:
        break;
    }
    self->pongs = 0;
    if (self->rounds == 0) {
        (void)bench_send(context, self->judge, BENCH_COUNT, 0);
    } else {
        self->rounds--;
        big_round(context, self);
    }
    return ERR_NONE;
}

static const struct actor_class big_class = {
    .name = "big", .state_size = sizeof(struct big), .start = big_start, .receive = big_receive};

static void bench_big(const struct bench *bench)
{
    struct system *system = bench_system(bench->workers);
    struct actor_ref all[BIG_ACTORS];
    struct stream judge = {.messages = BIG_ACTORS};
    const uint64_t per_round = (uint64_t)2 * BIG_ACTORS * (BIG_ACTORS - 1);
    struct big big = {.all = all, .rounds = bench->messages / per_round + 1};
    big.judge = bench_spawn(system, &sink_class, &judge);
    for (unsigned i = 0; i < BIG_ACTORS; i++) {
        all[i] = bench_spawn(system, &big_class, &big);
    }
    for (unsigned i = 0; i < BIG_ACTORS; i++) {
        bench_begin(system, all[i]);
    }
    bench_run(system, "big", big.rounds * per_round);
}

/* scaling: actors that work for a microsecond per message and send themselves the next. */
static enum err work_receive(struct context *context, void *state, nng_msg **message)
{
    struct hop *self = state;
    (void)message;
    const int64_t end_ns = bench_now_ns() + (int64_t)self->work_ns;
    while (bench_now_ns() < end_ns) {
    }
    if (self->hops-- == 0) {
        (void)bench_send(context, self->to, BENCH_COUNT, 0);
        return ERR_NONE;
    }
    (void)bench_send(context, context_self(context), BENCH_GO, 0);
    return ERR_NONE;
}

static const struct actor_class work_class = {
    .name = "work", .state_size = sizeof(struct hop), .start = hop_start, .receive = work_receive};

static int64_t bench_work(unsigned workers, uint64_t messages)
{
    struct system *system = bench_system(workers);
    struct stream judge = {.messages = WORK_ACTORS};
    struct hop hop = {.hops = messages / WORK_ACTORS, .work_ns = WORK_NS};
    hop.to = bench_spawn(system, &sink_class, &judge);
    for (unsigned i = 0; i < WORK_ACTORS; i++) {
        bench_begin(system, bench_spawn(system, &work_class, &hop));
    }
    const int64_t start_ns = bench_now_ns();
    const enum err err = system_run(system);
    ASSERT(err == ERR_NONE);
    const int64_t elapsed_ns = bench_now_ns() - start_ns;
    system_destroy(system);
    message_pool_drain();
    return elapsed_ns;
}

static void bench_scaling(const struct bench *bench)
{
    const uint64_t messages = bench->messages / 4;
    const int64_t one_ns = bench_work(1, messages);
    const int64_t two_ns = bench_work(2, messages);
    printf("work_1_worker %.1f ns\n", (double)one_ns / (double)messages);
    printf("work_2_workers %.1f ns\n", (double)two_ns / (double)messages);
    printf("scaling_1_to_2 %.2f x\n", (double)one_ns / (double)two_ns);
}

static long bench_resident_bytes(void)
{
    long pages = 0;
    long resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file != NULL) {
        if (fscanf(file, "%ld %ld", &pages, &resident) != 2) {
            resident = 0;
        }
        (void)fclose(file);
    }
    return resident * sysconf(_SC_PAGESIZE);
}

static void bench_idle(const struct bench *bench)
{
    static const struct actor_class idle_class = {.name = "idle", .receive = mayfly_receive};
    struct system *system = bench_system(bench->workers);
    const long before = bench_resident_bytes();
    for (unsigned i = 0; i < IDLE_ACTORS; i++) {
        (void)bench_spawn(system, &idle_class, NULL);
    }
    printf("idle_actor %.1f bytes\n",
           (double)(bench_resident_bytes() - before) / (double)IDLE_ACTORS);
    system_destroy(system);
}

static const struct {
    const char *name;
    void (*run)(const struct bench *bench);
} benches[] = {
    {"counting", bench_counting}, {"window", bench_window},   {"ping_pong", bench_ping_pong},
    {"fan_in", bench_fan_in},     {"ring", bench_ring},       {"spawn", bench_spawning},
    {"big", bench_big},           {"scaling", bench_scaling}, {"idle", bench_idle},
};

int main(int argc, char **argv)
{
    struct bench bench = {.workers = 1, .messages = 8000000};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--workers") == 0 && i + 1 < argc) {
            bench.workers = (unsigned)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            bench.only = argv[++i];
        } else if (strcmp(argv[i], "--quick") == 0) {
            bench.messages /= 10;
        } else {
            fprintf(stderr, "usage: %s [--workers N] [--only NAME] [--quick]\n", argv[0]);
            return 2;
        }
    }
    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
        if (bench.only == NULL || strcmp(bench.only, benches[i].name) == 0) {
            benches[i].run(&bench);
        }
    }
    return 0;
}
