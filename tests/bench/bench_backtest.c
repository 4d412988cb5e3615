/*
 * Whole backtests over the recorded SPY trades (quotes made from its trades), or over a generated
 * walk where the recording is absent: quotes per second with 1, 100, 10,000 and 100,000 executors.
 *
 *   bench_backtest                     all of them
 *   bench_backtest 1000                with a thousand executors only
 *   bench_backtest --walk ROWS 1000    over a walk of that many rows
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "actors/run.h"
#include "base/instant.h"
#include "base/prng.h"

enum { BENCH_PATH_MAX = 4096, BENCH_WALK_ROWS = 1000000, BENCH_KINDS_MAX = 1000 };

/* What is run. */
struct bench {
    char folder[BENCH_PATH_MAX];
    size_t walk_rows; /* 0: the recording, where it is present. */
};

static int64_t bench_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void bench_die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_backtest: %s: %s\n", what, why);
    exit(1);
}

/* The feed's line of the run file: the recording, or a walk made in the folder. */
static void bench_feed(const struct bench *bench, FILE *out)
{
    const char *recording = TUTTI_SOURCE_DIR "/../shared/data/SPY-20131007_11-trades.csv.gz";
    if (bench->walk_rows == 0 && access(recording, R_OK) == 0) {
        (void)fprintf(out,
                      "{\"venue\":\"paper\",\"trading_pair\":\"SPY-USD\",\"trades\":\"%s\","
                      "\"cache\":\"%s\"}",
                      recording, bench->folder);
        return;
    }
    char path[BENCH_PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s/walk.tape", bench->folder);
    const struct tape_walk walk = {.seed = 1,
                                   .count =
                                       bench->walk_rows > 0 ? bench->walk_rows : BENCH_WALK_ROWS,
                                   .start_ns = INT64_C(1381132800) * NS_PER_S,
                                   .interval_ns = 200 * NS_PER_MS,
                                   .price = 167000000,
                                   .price_digits = 6,
                                   .step_max = 10000,
                                   .spread = 0};
    struct failure failure;
    if (tape_make_walk(&walk, path, &failure) != ERR_NONE) {
        bench_die("walk", failure.text);
    }
    (void)fprintf(out, "{\"venue\":\"paper\",\"trading_pair\":\"SPY-USD\",\"trades\":\"%s\"}",
                  path);
}

/* Executors of both sides whose barriers are spread so that they end at different times. */
static void bench_write(const struct bench *bench, const char *path, int executors)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        bench_die(path, "cannot be written");
    }
    (void)fputs(
        "{\"run\":{\"name\":\"bench\",\"mode\":\"backtest\"},\"venues\":[{\"name\":\"paper\","
        "\"balances\":{\"USD\":\"1000000000000\",\"SPY\":\"1000000000\"},"
        "\"fees\":{\"taker\":\"0.0001\"}}],\"instruments\":[{\"trading_pair\":\"SPY-USD\","
        "\"venue\":\"paper\",\"tick\":\"0.0001\",\"step\":\"1\"}],\"feeds\":[",
        out);
    bench_feed(bench, out);
    (void)fputs("],\"persistence\":{\"type\":\"memory\"},\"executors\":[", out);
    struct prng prng;
    prng_init(&prng, 5);
    const int kinds = executors < BENCH_KINDS_MAX ? executors : BENCH_KINDS_MAX;
    for (int i = 0; i < kinds; i++) {
        (void)fprintf(
            out,
            "%s{\"type\":\"progressive_executor\",\"connector_name\":\"paper\","
            "\"trading_pair\":\"SPY-USD\",\"side\":\"%s\",\"amount\":\"%d\",\"repeat\":%d,"
            "\"triple_barrier_config\":{\"open_order_type\":\"MARKET\","
            "\"stop_loss\":\"0.%03d\",\"take_profit\":\"0.%03d\"}}",
            i > 0 ? "," : "", i % 2 ? "BUY" : "SELL", (int)prng_between(&prng, 1, 100),
            executors / kinds, (int)prng_between(&prng, 5, 60), (int)prng_between(&prng, 5, 60));
    }
    (void)fputs("]}", out);
    (void)fclose(out);
}

static void bench_run(const struct bench *bench, int executors)
{
    char path[BENCH_PATH_MAX + 16];
    (void)snprintf(path, sizeof(path), "%s/run.json", bench->folder);
    bench_write(bench, path, executors);
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    if (run_config_load(path, &config, &problems) != ERR_NONE) {
        bench_die("run file", text_string(&problems.lines));
    }
    struct failure failure;
    struct run *run;
    const struct run_options options = {.epoch = 1};
    if (run_create(&config, &options, &run, &failure) != ERR_NONE) {
        bench_die("run", failure.text);
    }
    struct run_result result;
    const int64_t started_ns = bench_clock_ns();
    if (run_execute(run, &result, &failure) != ERR_NONE) {
        bench_die("run", failure.text);
    }
    const int64_t elapsed_ns = bench_clock_ns() - started_ns;
    (void)printf("backtest_%d_executors %.0f quotes/s\n", executors,
                 (double)result.rows * 1e9 / (double)elapsed_ns);
    (void)printf("backtest_%d_executors_time %.3f ms\n", executors, (double)elapsed_ns / 1e6);
    (void)printf("backtest_%d_executors_messages %.0f messages/s\n", executors,
                 (double)result.counters.messages * 1e9 / (double)elapsed_ns);
    (void)printf("backtest_%d_executors_per_message %.0f ns\n", executors,
                 (double)elapsed_ns / (double)result.counters.messages);
    (void)printf("backtest_%d_executors_fills %llu fills\n", executors,
                 (unsigned long long)result.outcome.total.fills);
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
}

/* Runs with the numbers of executors given, or with all. */
static void bench_all(const struct bench *bench, char **counts)
{
    if (*counts == NULL) {
        bench_run(bench, 1);
        bench_run(bench, 100);
        bench_run(bench, 10000);
        bench_run(bench, 100000);
    }
    for (; *counts != NULL; counts++) {
        const long executors = strtol(*counts, NULL, 10);
        if (executors < 1 || executors > 1000000) {
            bench_die(*counts, "a number of executors from 1 to 1000000 was expected");
        }
        bench_run(bench, (int)executors);
    }
}

int main(int argc, char **argv)
{
    struct bench bench = {.folder = "/tmp/tutti-bench-XXXXXX"};
    if (sodium_init() < 0 || mkdtemp(bench.folder) == NULL) {
        bench_die("start", "no temporary folder");
    }
    char **counts = argv + 1;
    if (argc > 2 && strcmp(argv[1], "--walk") == 0) {
        bench.walk_rows = strtoul(argv[2], NULL, 10);
        counts += 2;
    }
    bench_all(&bench, counts);
    char command[BENCH_PATH_MAX + 16];
    (void)snprintf(command, sizeof(command), "rm -r %s", bench.folder);
    return system(command) == 0 ? 0 : 1;
}
