/*
 * From a quote to the fill that it causes, inside the process: quote, wake, decision, request, risk
 * limits, journal (in memory), venue, and with the next quote the fill, its booking, and its
 * arrival at the executor. Nothing fills at the quote that caused it, so a round is two steps of
 * the market.
 *
 * `quote_to_fill` ends when the executor is told of the fill. `round` goes on until the executor
 * has decided that it is over, has reported that, and the market may go on.
 *
 * A bench actor stands in for the market actor; orchestrator, hosts, venue and journal are the real
 * ones. The executors are position executors of a kind that also notes when a fill arrives.
 */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/messages.h"
#include "actors/roles/keeper.h"
#include "actors/roles/orchestrator.h"
#include "actors/roles/venue.h"
#include "executors/plugin.h"
#include "executors/registry.h"

enum { ROUNDS = 20000, WARM_UP = 2000, BENCH_PATH_MAX = 64 };

#define START_NS (INT64_C(1700000000) * NS_PER_S)
#define TYPE "bench_executor"

/* When the last fill came to its executor. Written and read by one round at a time: the messages
 * of the round order it. */
static int64_t bench_filled_ns;

struct bench {
    struct run_config config;
    struct run_outcome outcome;
    struct orchestrator_remains remains;
    struct keeper_outcome journal;
    struct actor_ref orchestrator;
    struct actor_ref venues[1];
    struct actor_ref *hosts; /* By executor number. */
    uint32_t host_count;
    uint32_t woken; /* While positions are opened: woken, and done with it. */
    uint32_t opened;
    uint32_t current; /* The executor of this round. */
    int half;         /* 0: its target is reached; 1: its close is filled. */
    int64_t started_ns;
    int64_t now_ns; /* Market time. */
    int64_t *to_fill;
    int64_t *rounds;
    uint32_t round_count;
};

static int64_t bench_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void bench_on_order(struct executor *executor, const struct order_event *event,
                           int64_t now_ns)
{
    if (event->kind == ORDER_EVENT_FILL) {
        bench_filled_ns = bench_clock_ns();
    }
    executor_kind_position.on_order(executor, event, now_ns);
}

/* Makes the kind known: a position executor in all but its type. */
static void bench_add_kind(void)
{
    static struct executor_kind kind;
    static const struct executor_kind *const kinds[] = {&kind, NULL};
    static const struct plugin plugin = {PLUGIN_HEAD, .kinds = kinds};
    kind = executor_kind_position;
    kind.type = TYPE;
    kind.on_order = bench_on_order;
    struct failure failure;
    if (plugin_add("bench", &plugin, &failure) != ERR_NONE) {
        (void)fprintf(stderr, "bench_latency: %s\n", failure.text);
        exit(1);
    }
}

/* The bid at which executor `number` has reached its target, and no one after it. */
static struct mark bench_mark(uint32_t number)
{
    const int64_t bid = 1000000 + (int64_t)number * 2;
    return (struct mark){.bid = decimal_from_mantissa(bid, 4),
                         .ask = decimal_from_mantissa(bid + 1, 4)};
}

static enum err bench_step(struct bench *bench, struct context *context, uint32_t number)
{
    bench->now_ns += NS_PER_MS;
    nng_msg *message = message_create(MESSAGE_STEP, bench->now_ns,
                                      sizeof(struct message_step) + sizeof(struct mark));
    struct message_step *step = message_body(message);
    *step = (struct message_step){.instrument = 0, .mark_count = 1};
    step->marks[0] = bench_mark(number);
    return context_send(context, bench->orchestrator, &message);
}

static enum err bench_wake(struct bench *bench, struct context *context, uint32_t number,
                           uint32_t price_of)
{
    const struct message_wake wake = {.markets = {bench_mark(price_of)}};
    return message_post(context, bench->hosts[number], MESSAGE_WAKE, bench->now_ns, &wake,
                        sizeof(wake));
}

/* All positions are opened at 100 first: every executor is woken after each of two steps, no more
 * of them at a time than the market actor wakes. */
static enum err bench_open_more(struct bench *bench, struct context *context)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && bench->woken < bench->host_count &&
           bench->woken - bench->opened < MARKET_WAKES_MAX) {
        err = bench_wake(bench, context, ++bench->woken, 0);
    }
    return err;
}

static enum err bench_open_all(struct bench *bench, struct context *context)
{
    bench->woken = 0;
    bench->opened = 0;
    return bench_open_more(bench, context);
}

static enum err bench_next_round(struct bench *bench, struct context *context)
{
    if (bench->current == bench->host_count) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    bench->current++;
    bench->half = 0;
    bench->started_ns = bench_clock_ns();
    return bench_step(bench, context, bench->current);
}

static enum err bench_on_wake_done(struct bench *bench, struct context *context)
{
    if (bench->current == 0) {
        if (++bench->opened < bench->host_count) {
            return bench_open_more(bench, context);
        }
        if (bench->half++ == 0) {
            return bench_step(bench, context, 0); /* The entries are filled with this one. */
        }
        return bench_next_round(bench, context);
    }
    if (bench->half++ == 0) {
        return bench_step(bench, context, bench->current);
    }
    bench->to_fill[bench->round_count] = bench_filled_ns - bench->started_ns;
    bench->rounds[bench->round_count++] = bench_clock_ns() - bench->started_ns;
    return bench_next_round(bench, context);
}

static enum err bench_on_step_done(struct bench *bench, struct context *context)
{
    if (bench->current > 0) {
        return bench_wake(bench, context, bench->current, bench->current);
    }
    return bench->host_count < ROUNDS ? bench_step(bench, context, 0)
                                      : bench_open_all(bench, context);
}

static enum err bench_receive(struct context *context, void *state, nng_msg **message)
{
    struct bench *bench = *(struct bench **)state;
    const void *body = message_body(*message);
    switch (message_envelope(*message)->kind) {
    case MESSAGE_REGISTER: {
        const struct message_register *given = body;
        bench->hosts[given->executor] = given->host;
        bench->host_count = given->executor;
        return ERR_NONE;
    }
    case MESSAGE_STEP_DONE:
        return bench_on_step_done(bench, context);
    case MESSAGE_WAKE_DONE:
        return bench_on_wake_done(bench, context);
    default:
        return ERR_NONE; /* Touches: this market knows whom to wake. */
    }
}

static enum err bench_start(struct context *context, void *state, void *arguments)
{
    struct bench *bench = arguments;
    *(struct bench **)state = bench;
    bench->now_ns = START_NS;
    struct failure failure;
    struct keeper_arguments keeper = {.is_lazy = true, .outcome = &bench->journal};
    const struct store_options options = {.run_name = "bench", .durability = DURABILITY_MEMORY};
    enum err err = store_open("memory", &options, &keeper.store, &failure);
    struct actor_ref persistence = ACTOR_NOBODY;
    if (err == ERR_NONE) {
        err = context_spawn(context, &keeper_class, &keeper, &persistence);
    }
    struct venue_arguments venue = {.config = &bench->config, .venue = 0};
    if (err == ERR_NONE) {
        err = context_spawn(context, &venue_class, &venue, &bench->venues[0]);
    }
    struct orchestrator_arguments orchestrator = {.config = &bench->config,
                                                  .epoch = 1,
                                                  .persistence = persistence,
                                                  .venues = bench->venues,
                                                  .outcome = &bench->outcome,
                                                  .remains = &bench->remains};
    if (err == ERR_NONE) {
        err = context_spawn(context, &orchestrator_class, &orchestrator, &bench->orchestrator);
    }
    return err == ERR_NONE ? bench_step(bench, context, 0) : err;
}

static const struct actor_class bench_class = {
    .name = "bench",
    .state_size = sizeof(struct bench *),
    .start = bench_start,
    .receive = bench_receive,
};

/* Executor i closes at a profit of i * 0.0002 per 100, so each quote concerns exactly one. */
static void bench_load(struct bench *bench)
{
    char path[BENCH_PATH_MAX] = "/tmp/tutti-latency-XXXXXX.json";
    FILE *out = fdopen(mkstemps(path, 5), "w");
    (void)fputs("{\"run\":{\"name\":\"bench\"},\"venues\":[{\"name\":\"paper\",\"balances\":"
                "{\"USD\":\"1000000000000\"}}],\"instruments\":[{\"trading_pair\":\"A-USD\","
                "\"venue\":\"paper\",\"tick\":\"0.0001\",\"step\":\"1\"}],\"feeds\":[{\"venue\":"
                "\"paper\",\"trading_pair\":\"A-USD\",\"quotes\":\"none.tape\"}],"
                "\"persistence\":{\"type\":\"memory\"},\"executors\":[{\"type\":"
                "\"" TYPE "\",\"connector_name\":\"paper\",\"trading_pair\":\"A-USD\","
                "\"side\":\"BUY\",\"amount\":\"1\",\"triple_barrier_config\":{\"open_order_type\":"
                "\"MARKET\",\"take_profit\":\"0.0000000001\"},\"repeat\":20000}]}",
                out);
    (void)fclose(out);
    struct problems problems;
    problems_init(&problems, path);
    if (run_config_load(path, &bench->config, &problems) != ERR_NONE) {
        (void)fputs(text_string(&problems.lines), stderr);
        exit(1);
    }
    problems_done(&problems);
    (void)unlink(path);
}

static int bench_compare(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

static void bench_print(const char *what, const char *scheduler, int64_t *rounds, uint32_t count)
{
    static const struct {
        const char *name;
        uint32_t per_10000;
    } quantiles[] = {{"p10", 1000}, {"p50", 5000}, {"p90", 9000}, {"p99", 9900}, {"p999", 9990}};
    qsort(rounds, count, sizeof(*rounds), bench_compare);
    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        (void)printf("%s_%s_%s %" PRId64 " ns\n", what, scheduler, quantiles[i].name,
                     rounds[(uint64_t)count * quantiles[i].per_10000 / 10000]);
    }
    int64_t sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        sum += rounds[i];
    }
    (void)printf("%s_%s_max %" PRId64 " ns\n", what, scheduler, rounds[count - 1]);
    (void)printf("%s_%s_mean %" PRId64 " ns\n", what, scheduler, sum / count);
}

static void bench_run(const char *scheduler, unsigned workers)
{
    struct bench bench = {.hosts = calloc(ROUNDS + 1, sizeof(struct actor_ref)),
                          .to_fill = calloc(ROUNDS + 1, sizeof(int64_t)),
                          .rounds = calloc(ROUNDS + 1, sizeof(int64_t))};
    bench_load(&bench);
    const struct system_options options = {.workers = workers};
    struct system *system;
    struct actor_ref ref;
    if (system_create(&options, &system) != ERR_NONE ||
        system_spawn(system, &bench_class, &bench, &ref) != ERR_NONE ||
        system_run(system) != ERR_NONE || bench.round_count <= WARM_UP) {
        (void)fprintf(stderr, "bench_latency: %s: it did not run\n", scheduler);
        exit(1);
    }
    system_destroy(system);
    orchestrator_remains_done(&bench.remains);
    bench_print("quote_to_fill", scheduler, bench.to_fill + WARM_UP, bench.round_count - WARM_UP);
    bench_print("round", scheduler, bench.rounds + WARM_UP, bench.round_count - WARM_UP);
    run_config_done(&bench.config);
    free(bench.hosts);
    free(bench.to_fill);
    free(bench.rounds);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    bench_add_kind();
    bench_run("one_thread", 0);
    bench_run("1_worker", 1);
    return 0;
}
