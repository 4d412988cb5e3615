/*
 * tests/bench/bench_executor.c - how fast executors decide.
 *
 * Prints one line per measurement: name, value, unit. Golden steps include the paper venue; the
 * guarded evaluations are those of one progressive position that is guarded by all its barriers;
 * those of every kind are its evaluations in the walks of the conformance tests, one thread.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/prng.h"
#include "executors/factory.h"
#include "tests/conformance/executor_cases.h"
#include "tests/conformance/golden_case.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

enum {
    EVALUATIONS = 2000000,
    KIND_EVALUATIONS = 500000,
    WALK_STEPS = 120, /* As long as a play of the conformance tests. */
    REPEATS = 20,
    PATH_LENGTH_MAX = 4096,
};

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const char *name, double value, const char *unit)
{
    printf("%s %.0f %s\n", name, value, unit);
}

static size_t play_case(const struct golden_case *golden)
{
    struct stage stage;
    stage_open(&stage, golden->kind, golden->config, &golden->instrument, &golden->paper);
    for (size_t step = 0; step < golden->step_count; step++) {
        golden_case_play(golden, &stage, step);
        stage_finish(&stage);
    }
    stage_close(&stage);
    return golden->step_count;
}

static int is_case(const struct dirent *entry)
{
    return strstr(entry->d_name, ".jsonl") != NULL;
}

/* Steps of all golden runs; the files are read beforehand. */
static void bench_golden(const char *folder)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, is_case, alphasort);
    size_t steps = 0;
    double spent = 0;
    for (int i = 0; i < count; i++) {
        char path[PATH_LENGTH_MAX];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        struct golden_case golden;
        if (golden_case_open(path, &golden) == ERR_NONE) {
            const double start = seconds_now();
            for (int repeat = 0; repeat < REPEATS; repeat++) {
                steps += play_case(&golden);
            }
            spent += seconds_now() - start;
        }
        golden_case_close(&golden);
        free(entries[i]);
    }
    free(entries);
    if (steps > 0) {
        report("golden_steps", (double)steps / spent, "steps/s");
    }
}

static const char guarded_config[] =
    "{\"type\":\"progressive_executor\",\"timestamp\":0,\"connector_name\":\"paper\","
    "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"amount\":\"1\",\"entry_price\":\"50000\","
    "\"triple_barrier_config\":{\"stop_loss\":\"0.05\",\"take_profit\":\"0.5\",\"time_limit\":"
    "1000000,\"apr_yield\":\"0.5\",\"open_order_type\":\"MARKET\",\"trailing_stop\":"
    "{\"activation_pnl_pct\":\"0.015\",\"trailing_pct\":\"0.005\",\"take_profit_table\":"
    "[[\"0.05\",\"0.5\"],[\"0.1\",\"1\"]]}}}";

/* A quote a little beside the entry, never the same as the one before. */
static struct quote guarded_quote(int64_t step)
{
    const int64_t cents = 5000000 + (step * 7919) % 20000 - 10000;
    return (struct quote){step * NS_PER_MS, decimal_from_mantissa(cents, 2),
                          decimal_from_mantissa(cents + 1, 2)};
}

/* Evaluations a second; in full: as if every quote had reached a level, with the levels that the
 * position then waits for. */
static double guarded_rate(struct stage *stage, bool is_in_full)
{
    struct bracket *bracket = (struct bracket *)stage->executor;
    const double start = seconds_now();
    for (int64_t step = 3; step < EVALUATIONS; step++) {
        const struct quote quote = guarded_quote(step);
        stage_look(stage, &quote);
        if (is_in_full) {
            guard_drop(&bracket->guard);
        }
        stage_evaluate(stage);
    }
    return EVALUATIONS / (seconds_now() - start);
}

static void bench_guarded(const struct executor_kind *kind, const struct executor_config *config)
{
    struct instrument instrument = {
        .trading_pair = "BTC-USDT",
        .tick = decimal_literal("0.01"),
        .step = decimal_literal("0.00001"),
        .min_order_size = decimal_literal("0.0001"),
        .min_notional = decimal_literal("5"),
    };
    const struct paper_config paper = {.taker_fee = decimal_literal("0.0005"),
                                       .is_unlimited = true};
    struct stage stage;
    stage_demand(instrument_complete(&instrument) == ERR_NONE, "an instrument");
    stage_open(&stage, kind, config, &instrument, &paper);
    struct quote quote = guarded_quote(1);
    stage_start(&stage, &quote, true);
    stage_evaluate(&stage);
    stage_finish(&stage);
    quote = guarded_quote(2);
    stage_step(&stage, &quote);

    report("guarded_evaluations", guarded_rate(&stage, false), "evaluations/s");
    report("guarded_in_full", guarded_rate(&stage, true), "evaluations/s");
    stage_demand(stage.executor->status == EXECUTOR_RUNNING, "a position that is still guarded");

    const double wake_start = seconds_now();
    for (int i = 0; i < EVALUATIONS; i++) {
        kind->wake(stage.executor, &stage.view, &stage.wake);
    }
    report("guarded_wakes", EVALUATIONS / (seconds_now() - wake_start), "wakes/s");
    stage_close(&stage);
}

/* ---- Every kind, in the configurations of the conformance tests. */

/* What the evaluations of a kind have taken. */
struct tally {
    size_t evaluations;
    double spent; /* Seconds, with those of reading the clock; not those of venue and walk. */
};

/* Seconds that reading the clock adds to what is timed. */
static double clock_cost(void)
{
    double spent = 0;
    for (int i = 0; i < KIND_EVALUATIONS; i++) {
        const double start = seconds_now();
        spent += seconds_now() - start;
    }
    return spent / KIND_EVALUATIONS;
}

/* Two prices near each other and near 100, a second after the last ones. */
struct walk {
    struct prng prices;
    int64_t cents;
    struct quote quotes[WAKE_MARKETS_MAX];
};

static void walk_init(struct walk *walk, uint64_t seed)
{
    *walk = (struct walk){.cents = 10000};
    prng_init(&walk->prices, seed);
    for (size_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        walk->quotes[i].time_ns = INT64_C(1735689600) * NS_PER_S; /* Where the cases begin. */
    }
}

static void walk_step(struct walk *walk)
{
    const int64_t next = walk->cents + prng_between(&walk->prices, -30, 30);
    walk->cents = next < 9000 || next > 11000 ? walk->cents : next;
    for (size_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        struct quote *quote = &walk->quotes[i];
        const int64_t bid = walk->cents + prng_between(&walk->prices, -10, 10);
        quote->time_ns += NS_PER_S;
        quote->bid = decimal_from_mantissa(bid, 2);
        quote->ask = decimal_from_mantissa(bid + 2, 2);
    }
}

static struct instrument case_instrument(const char *venue)
{
    struct instrument instrument = {
        .trading_pair = "BTC-USDT",
        .tick = decimal_literal("0.01"),
        .step = decimal_literal("0.01"),
        .min_order_size = decimal_literal("0.02"),
        .min_notional = decimal_literal("5"),
    };
    (void)snprintf(instrument.venue_name, sizeof(instrument.venue_name), "%s", venue);
    stage_demand(instrument_complete(&instrument) == ERR_NONE, "an instrument");
    return instrument;
}

static void time_evaluation(struct stage *stage, struct tally *tally)
{
    if (stage->executor->status != EXECUTOR_TERMINATED) {
        const double start = seconds_now();
        stage_evaluate(stage);
        tally->spent += seconds_now() - start;
        tally->evaluations++;
    }
}

/* One executor from its start to its end, or to that of the walk. */
static void play_walk(const struct executor_kind *kind, const struct executor_config *config,
                      uint64_t seed, struct tally *tally)
{
    const struct instrument instruments[WAKE_MARKETS_MAX] = {case_instrument("one"),
                                                             case_instrument("two")};
    const struct paper_config paper = {.taker_fee = decimal_literal("0.0005"),
                                       .is_unlimited = true};
    struct stage stage;
    struct walk walk;
    stage_open_pair(&stage, kind, config, instruments, &paper);
    walk_init(&walk, seed);
    for (int step = 0; step < WALK_STEPS && stage.executor->status != EXECUTOR_TERMINATED; step++) {
        walk_step(&walk);
        stage_second(&stage, &walk.quotes[1]);
        if (step == 0) {
            stage_start(&stage, &walk.quotes[0], true);
        } else {
            stage_advance(&stage, &walk.quotes[0], NULL, 0);
        }
        time_evaluation(&stage, tally);
        stage_finish(&stage);
    }
    stage_close(&stage);
}

/* The arena keeps what was parsed, and the problems why it could not be. */
static const struct executor_config *parse(const char *text, struct arena *arena,
                                           struct problems *problems,
                                           const struct executor_kind **ret_kind)
{
    const struct node *node = NULL;
    const struct executor_config *config = NULL;
    if (node_read_yaml("bench", text, strlen(text), arena, problems, &node) != ERR_NONE ||
        factory_parse(node, "", arena, problems, ret_kind, &config) != ERR_NONE) {
        (void)fprintf(stderr, "%s", text_string(&problems->lines));
        return NULL;
    }
    return config;
}

/* A walk of each of the kind's cases. */
static void play_cases(const struct executor_kind *kind, struct arena *arena,
                       struct problems *problems, struct tally *tally)
{
    const struct executor_config *configs[COUNT(executor_cases)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(executor_cases); i++) {
        if (!executor_case_is_of(&executor_cases[i], kind->type)) {
            continue;
        }
        const struct executor_kind *found = NULL;
        configs[count] = parse(executor_cases[i].config, arena, problems, &found);
        stage_demand(configs[count] != NULL && found == kind, "a case that is valid");
        count++;
    }
    stage_demand(count > 0, "a case of every kind");
    for (uint64_t seed = 1; tally->evaluations < KIND_EVALUATIONS; seed++) {
        for (size_t i = 0; i < count; i++) {
            play_walk(kind, configs[i], seed, tally);
        }
    }
}

static void bench_kind(const struct executor_kind *kind, double clock_seconds)
{
    struct arena arena;
    struct problems problems;
    struct tally tally = {0};
    char name[96];
    arena_init(&arena, 0);
    problems_init(&problems, "executor_cases.h");
    play_cases(kind, &arena, &problems, &tally);
    (void)snprintf(name, sizeof(name), "evaluations_%.*s", (int)strcspn(kind->type, "_"),
                   kind->type);
    report(name, 1 / (tally.spent / (double)tally.evaluations - clock_seconds), "evaluations/s");
    problems_done(&problems);
    arena_done(&arena);
}

int main(void)
{
    struct arena arena;
    struct problems problems;
    const struct executor_kind *kind = NULL;
    bench_golden(TUTTI_SOURCE_DIR "/tests/conformance/golden");
    arena_init(&arena, 0);
    problems_init(&problems, "bench");
    const struct executor_config *config = parse(guarded_config, &arena, &problems, &kind);
    if (config != NULL) {
        bench_guarded(kind, config);
    }
    problems_done(&problems);
    arena_done(&arena);
    const double clock_seconds = clock_cost();
    for (size_t i = 0; i < executor_kind_count(); i++) {
        bench_kind(executor_kind_at(i), clock_seconds);
    }
    return 0;
}
