/*
 * tests/bench/bench_executor.c - how fast executors decide.
 *
 * Prints one line per measurement: name, value, unit. Golden steps include the paper venue; the
 * evaluations are those of one progressive position that is guarded by all its barriers.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "executors/factory.h"
#include "tests/conformance/golden_case.h"

enum { EVALUATIONS = 2000000, REPEATS = 20, PATH_LENGTH_MAX = 4096 };

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

    const double start = seconds_now();
    for (int64_t step = 3; step < EVALUATIONS; step++) {
        quote = guarded_quote(step);
        stage_look(&stage, &quote);
        stage_evaluate(&stage);
    }
    report("guarded_evaluations", EVALUATIONS / (seconds_now() - start), "evaluations/s");
    stage_demand(stage.executor->status == EXECUTOR_RUNNING, "a position that is still guarded");

    const double wake_start = seconds_now();
    for (int i = 0; i < EVALUATIONS; i++) {
        kind->wake(stage.executor, &stage.view, &stage.wake);
    }
    report("guarded_wakes", EVALUATIONS / (seconds_now() - wake_start), "wakes/s");
    stage_close(&stage);
}

int main(void)
{
    bench_golden(TUTTI_SOURCE_DIR "/tests/conformance/golden");
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    const struct executor_kind *kind = NULL;
    const struct executor_config *config = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "bench");
    if (node_read_json("bench", guarded_config, strlen(guarded_config), NODE_DEPTH_CONTROL_MAX,
                       &arena, &problems, &node) == ERR_NONE &&
        factory_parse(node, "", &arena, &problems, &kind, &config) == ERR_NONE) {
        bench_guarded(kind, config);
    }
    (void)fprintf(stderr, "%s", text_string(&problems.lines));
    problems_done(&problems);
    arena_done(&arena);
    return 0;
}
