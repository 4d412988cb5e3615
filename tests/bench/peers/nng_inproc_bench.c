/*
 * tests/bench/peers/nng_inproc_bench.c - the workloads of bench_runtime.c with nng inproc sockets.
 *
 * What a program gets that exchanges nng messages between threads through nng itself: an actor is
 * a thread with blocking sockets, a mailbox is a socket with a buffer of 1024 messages. README.md
 * beside this file defines each workload; big and scaling have no counterpart here. Prints one
 * line `nng.NAME value unit` per measurement.
 */
#include <nng/nng.h>
#include <nng/protocol/pair1/pair.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER = 1024,
    WINDOW = 1024,
    FAN_IN_SENDERS = 100,
    RING_ACTORS = 100,
    SPAWN_PART = 100, /* A hundredth of the messages: a pair of sockets costs that much more. */
    IDLE_PAIRS = 2000,
    NAME_MAX_LENGTH = 64,
};

static void bench_demand(int result, const char *what)
{
    if (result != 0) {
        (void)fprintf(stderr, "nng_inproc_bench: %s: %s\n", what, nng_strerror(result));
        exit(1);
    }
}

static int64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void bench_report(const char *name, int64_t elapsed_ns, uint64_t count)
{
    printf("nng.%s %.1f ns\n", name, (double)elapsed_ns / (double)count);
    fflush(stdout);
}

/* A message that carries one number, as in bench_runtime.c. */
static void bench_send(nng_socket socket, uint64_t value)
{
    nng_msg *message;
    bench_demand(nng_msg_alloc(&message, 0), "message");
    bench_demand(nng_msg_append_u64(message, value), "message");
    bench_demand(nng_sendmsg(socket, message, 0), "send");
}

static uint64_t bench_receive(nng_socket socket)
{
    nng_msg *message;
    uint64_t value;
    bench_demand(nng_recvmsg(socket, &message, 0), "receive");
    bench_demand(nng_msg_trim_u64(message, &value), "receive");
    nng_msg_free(message);
    return value;
}

static pthread_t bench_thread(void *(*run)(void *), void *argument)
{
    pthread_t thread;
    bench_demand(pthread_create(&thread, NULL, run, argument), "thread");
    return thread;
}

static nng_socket bench_socket(int (*open)(nng_socket *), int buffer)
{
    nng_socket socket;
    bench_demand(open(&socket), "open");
    /* A pipeline has a buffer on one side only: what a socket does not know is not set. */
    (void)nng_socket_set_int(socket, NNG_OPT_SENDBUF, buffer);
    (void)nng_socket_set_int(socket, NNG_OPT_RECVBUF, buffer);
    return socket;
}

/* A listening and a dialing end, connected. */
static void bench_connect(nng_socket listener, nng_socket dialer, unsigned number)
{
    char address[NAME_MAX_LENGTH];
    (void)snprintf(address, sizeof(address), "inproc://bench-%u", number);
    bench_demand(nng_listen(listener, address, NULL, 0), "listen");
    bench_demand(nng_dial(dialer, address, NULL, 0), "dial");
}

/* ---- counting, window, fan_in ---- */

struct sender {
    nng_socket socket;
    uint64_t messages;
    uint64_t credit; /* 0: only the sockets' buffers hold the sender back. */
};

static void *sender_flood(void *argument)
{
    const struct sender *sender = argument;
    for (uint64_t i = 0; i < sender->messages; i++) {
        bench_send(sender->socket, i);
    }
    return NULL;
}

static void *sender_spend(void *argument)
{
    struct sender *sender = argument;
    for (uint64_t i = 0; i < sender->messages; i++) {
        if (sender->credit == 0) {
            sender->credit = bench_receive(sender->socket);
        }
        bench_send(sender->socket, i);
        sender->credit--;
    }
    return NULL;
}

static void bench_counting(uint64_t messages)
{
    const nng_socket sink = bench_socket(nng_pull0_open, BUFFER);
    struct sender sender = {bench_socket(nng_push0_open, BUFFER), messages, 0};
    bench_connect(sink, sender.socket, 0);
    const int64_t start_ns = bench_now_ns();
    const pthread_t thread = bench_thread(sender_flood, &sender);
    for (uint64_t i = 0; i < messages; i++) {
        (void)bench_receive(sink);
    }
    bench_report("counting", bench_now_ns() - start_ns, messages);
    (void)pthread_join(thread, NULL);
    bench_demand(nng_close(sender.socket), "close");
    bench_demand(nng_close(sink), "close");
}

static void bench_window(uint64_t messages)
{
    const nng_socket sink = bench_socket(nng_pair1_open, BUFFER);
    struct sender sender = {bench_socket(nng_pair1_open, BUFFER), messages, WINDOW};
    bench_connect(sink, sender.socket, 0);
    const int64_t start_ns = bench_now_ns();
    const pthread_t thread = bench_thread(sender_spend, &sender);
    for (uint64_t i = 1; i <= messages; i++) {
        (void)bench_receive(sink);
        if (i % (WINDOW / 2) == 0) {
            bench_send(sink, WINDOW / 2);
        }
    }
    bench_report("window", bench_now_ns() - start_ns, messages);
    (void)pthread_join(thread, NULL);
    bench_demand(nng_close(sender.socket), "close");
    bench_demand(nng_close(sink), "close");
}

static void bench_fan_in(uint64_t messages)
{
    static struct sender senders[FAN_IN_SENDERS];
    pthread_t threads[FAN_IN_SENDERS];
    const uint64_t each = messages / FAN_IN_SENDERS;
    const nng_socket sink = bench_socket(nng_pull0_open, BUFFER);
    bench_demand(nng_listen(sink, "inproc://bench-0", NULL, 0), "listen");
    for (unsigned i = 0; i < FAN_IN_SENDERS; i++) {
        senders[i] = (struct sender){bench_socket(nng_push0_open, BUFFER), each, 0};
        bench_demand(nng_dial(senders[i].socket, "inproc://bench-0", NULL, 0), "dial");
    }
    const int64_t start_ns = bench_now_ns();
    for (unsigned i = 0; i < FAN_IN_SENDERS; i++) {
        threads[i] = bench_thread(sender_flood, &senders[i]);
    }
    for (uint64_t i = 0; i < each * FAN_IN_SENDERS; i++) {
        (void)bench_receive(sink);
    }
    bench_report("fan_in", bench_now_ns() - start_ns, each * FAN_IN_SENDERS);
    for (unsigned i = 0; i < FAN_IN_SENDERS; i++) {
        (void)pthread_join(threads[i], NULL);
        bench_demand(nng_close(senders[i].socket), "close");
    }
    bench_demand(nng_close(sink), "close");
}

/* ---- ping_pong, ring ---- */

struct hop {
    nng_socket in;
    nng_socket out;
};

/* Passes the number on, counting down; whoever gets 0 hands it on once more and ends. */
static void *hop_run(void *argument)
{
    const struct hop *hop = argument;
    uint64_t value;
    do {
        value = bench_receive(hop->in);
        bench_send(hop->out, value > 0 ? value - 1 : 0);
    } while (value > 0);
    return NULL;
}

static void bench_hops(const char *name, struct hop *hops, unsigned count, uint64_t messages)
{
    pthread_t threads[RING_ACTORS];
    for (unsigned i = 1; i < count; i++) {
        threads[i] = bench_thread(hop_run, &hops[i]);
    }
    const int64_t start_ns = bench_now_ns();
    bench_send(hops[0].out, messages);
    uint64_t value;
    do {
        value = bench_receive(hops[0].in);
        if (value > 0) {
            bench_send(hops[0].out, value - 1);
        }
    } while (value > 0);
    bench_report(name, bench_now_ns() - start_ns, messages);
    /* Threads that did not see the 0 yet are given one. */
    bench_send(hops[0].out, 0);
    for (unsigned i = 1; i < count; i++) {
        (void)pthread_join(threads[i], NULL);
    }
}

static void bench_ping_pong(uint64_t messages)
{
    const nng_socket one = bench_socket(nng_pair1_open, BUFFER);
    const nng_socket two = bench_socket(nng_pair1_open, BUFFER);
    bench_connect(one, two, 0);
    struct hop hops[] = {{one, one}, {two, two}};
    bench_hops("ping_pong", hops, 2, messages);
    bench_demand(nng_close(one), "close");
    bench_demand(nng_close(two), "close");
}

static void bench_ring(uint64_t messages)
{
    struct hop hops[RING_ACTORS];
    for (unsigned i = 0; i < RING_ACTORS; i++) {
        hops[i].in = bench_socket(nng_pair1_open, BUFFER);
        hops[i].out = bench_socket(nng_pair1_open, BUFFER);
    }
    for (unsigned i = 0; i < RING_ACTORS; i++) {
        bench_connect(hops[(i + 1) % RING_ACTORS].in, hops[i].out, i);
    }
    bench_hops("ring", hops, RING_ACTORS, messages);
    for (unsigned i = 0; i < RING_ACTORS; i++) {
        bench_demand(nng_close(hops[i].in), "close");
        bench_demand(nng_close(hops[i].out), "close");
    }
}

/* ---- spawn, idle ---- */

/* A connected pair is made, gets one message and is closed; the thread is not counted. */
static void bench_spawn(uint64_t messages)
{
    const uint64_t spawns = messages / SPAWN_PART + 1;
    const int64_t start_ns = bench_now_ns();
    for (uint64_t i = 0; i < spawns; i++) {
        const nng_socket parent = bench_socket(nng_pair1_open, BUFFER);
        const nng_socket child = bench_socket(nng_pair1_open, BUFFER);
        bench_connect(child, parent, 0);
        bench_send(parent, i);
        (void)bench_receive(child);
        bench_demand(nng_close(child), "close");
        bench_demand(nng_close(parent), "close");
    }
    bench_report("spawn", bench_now_ns() - start_ns, spawns);
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

static void bench_idle(uint64_t messages)
{
    (void)messages;
    static nng_socket ends[IDLE_PAIRS][2];
    bench_demand(nng_close(bench_socket(nng_pair1_open, 1)), "close"); /* nng's own threads. */
    const long before = bench_resident_bytes();
    for (unsigned i = 0; i < IDLE_PAIRS; i++) {
        ends[i][0] = bench_socket(nng_pair1_open, 1);
        ends[i][1] = bench_socket(nng_pair1_open, 1);
        bench_connect(ends[i][0], ends[i][1], i);
    }
    printf("nng.idle %.1f bytes\n", (double)(bench_resident_bytes() - before) / (double)IDLE_PAIRS);
    for (unsigned i = 0; i < IDLE_PAIRS; i++) {
        bench_demand(nng_close(ends[i][0]), "close");
        bench_demand(nng_close(ends[i][1]), "close");
    }
}

static const struct {
    const char *name;
    void (*run)(uint64_t messages);
} benches[] = {
    {"counting", bench_counting}, {"window", bench_window}, {"ping_pong", bench_ping_pong},
    {"fan_in", bench_fan_in},     {"ring", bench_ring},     {"spawn", bench_spawn},
    {"idle", bench_idle},
};

int main(int argc, char **argv)
{
    uint64_t messages = 20000;
    const char *only = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--messages") == 0) {
            messages = strtoull(argv[i + 1], NULL, 10);
        } else if (strcmp(argv[i], "--only") == 0) {
            only = argv[i + 1];
        } else {
            (void)fprintf(stderr, "usage: %s [--messages N] [--only NAME]\n", argv[0]);
            return 2;
        }
    }
    for (size_t i = 0; i < sizeof(benches) / sizeof(benches[0]); i++) {
        if (only == NULL || strcmp(only, benches[i].name) == 0) {
            benches[i].run(messages);
        }
    }
    return 0;
}
