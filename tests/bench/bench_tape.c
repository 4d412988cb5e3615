/*
 * tests/bench/bench_tape.c - what a tape and a wake index cost. One line each: name value unit.
 *
 * The tape is made from the recorded SPY trades where they are present, from a random walk of a
 * million rows elsewhere.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/prng.h"
#include "market/tape.h"
#include "market/wake_index.h"

enum {
    BENCH_WALK_ROWS = 1000000,
    BENCH_SEARCHES = 200000,
    BENCH_QUOTES = 20000000,
    BENCH_OPENS = 10,
    BENCH_PATH_MAX = 256,
};

static const char spy_trades[] = TUTTI_SOURCE_DIR "/../shared/data/SPY-20131007_11-trades.csv.gz";

static int64_t bench_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void bench_print(const char *name, double value, const char *unit)
{
    printf("%s %.2f %s\n", name, value, unit);
}

static void bench_fail(const struct failure *failure)
{
    (void)fprintf(stderr, "bench_tape: %s\n", failure->text);
    exit(1);
}

/* Where the bench keeps its files; removed at the end. */
struct bench_files {
    char folder[BENCH_PATH_MAX];
    char csv[BENCH_PATH_MAX + 16];
    char tape[BENCH_PATH_MAX + 16];
};

static void bench_files_create(struct bench_files *files)
{
    (void)snprintf(files->folder, sizeof(files->folder), "bench_tape.XXXXXX");
    if (mkdtemp(files->folder) == NULL) {
        perror("bench_tape: mkdtemp");
        exit(1);
    }
    (void)snprintf(files->csv, sizeof(files->csv), "%s/walk.csv", files->folder);
    (void)snprintf(files->tape, sizeof(files->tape), "%s/bench.tape", files->folder);
}

static void bench_files_remove(const struct bench_files *files)
{
    (void)unlink(files->csv);
    (void)unlink(files->tape);
    (void)rmdir(files->folder);
}

static void bench_make(const struct bench_files *files)
{
    struct failure failure = {0};
    struct tape_recipe recipe = {.csv_path = spy_trades, .layout = TAPE_LAYOUT_TRADES};
    if (access(spy_trades, R_OK) != 0) {
        const struct tape_walk walk = {.seed = 1,
                                       .count = BENCH_WALK_ROWS,
                                       .interval_ns = NS_PER_MS,
                                       .price = 6000000,
                                       .price_digits = 2,
                                       .step_max = 100,
                                       .spread = 10};
        recipe = (struct tape_recipe){.csv_path = files->csv, .layout = TAPE_LAYOUT_QUOTES};
        if (tape_write_walk_csv(&walk, files->csv, &failure) != ERR_NONE) {
            bench_fail(&failure);
        }
    }
    struct tape_findings findings;
    const int64_t start_ns = bench_now_ns();
    if (tape_make(&recipe, files->tape, &findings, &failure) != ERR_NONE) {
        bench_fail(&failure);
    }
    const double seconds = (double)(bench_now_ns() - start_ns) / 1e9;
    bench_print("tape_make_rows", (double)findings.rows, "rows");
    bench_print("tape_make", (double)findings.rows / seconds, "rows/s");
}

static struct tape *bench_open(const struct bench_files *files)
{
    struct failure failure = {0};
    struct tape *tape = NULL;
    const int64_t start_ns = bench_now_ns();
    for (int i = 0; i < BENCH_OPENS; i++) {
        tape_close(tape);
        if (tape_open(files->tape, &tape, &failure) != ERR_NONE) {
            bench_fail(&failure);
        }
    }
    bench_print("tape_open", (double)(bench_now_ns() - start_ns) / 1e6 / BENCH_OPENS, "ms");
    return tape;
}

/* Looks at every row as an evaluation without the pyramid would. */
static void bench_scan(const struct tape_columns *columns)
{
    size_t reached = 0;
    const int64_t start_ns = bench_now_ns();
    for (size_t i = 0; i < columns->count; i++) {
        reached += (columns->bid[i] <= 0) | (columns->ask[i] == INT64_MAX) |
                   (columns->time_ns[i] == INT64_MAX);
    }
    const int64_t end_ns = bench_now_ns();
    bench_print("tape_scan", (double)(end_ns - start_ns) / (double)columns->count, "ns/row");
    if (reached != 0) {
        (void)fprintf(stderr, "bench_tape: a scan found what is not there\n");
        exit(1);
    }
}

/* Searches from random rows for levels that are `distance` per mille away on both sides. */
static void bench_search(const struct tape *tape, const char *name, int64_t distance)
{
    const struct tape_columns *columns = tape_columns_of(tape);
    struct prng prng;
    prng_init(&prng, 7);
    uint64_t rows = 0;
    const int64_t start_ns = bench_now_ns();
    for (int i = 0; i < BENCH_SEARCHES; i++) {
        const size_t first = (size_t)prng_below(&prng, columns->count);
        const int64_t away = columns->bid[first] / 1000 * distance;
        const struct tape_levels levels = {.bid_at_most = columns->bid[first] - away,
                                           .bid_at_least = columns->bid[first] + away,
                                           .ask_at_most = INT64_MIN,
                                           .ask_at_least = INT64_MAX};
        rows += tape_next(tape, first, columns->count, &levels, INSTANT_NEVER) - first;
    }
    const int64_t end_ns = bench_now_ns();
    bench_print(name, (double)(end_ns - start_ns) / BENCH_SEARCHES, "ns/search");
    char skipped[64];
    (void)snprintf(skipped, sizeof(skipped), "%s_skipped", name);
    bench_print(skipped, (double)rows / BENCH_SEARCHES, "rows/search");
}

/* Levels of sleepers lie in [1000, 2000) below and [3000, 4000) above quotes of 2000 to 3000. */
static struct wake_levels bench_levels(struct prng *prng)
{
    struct wake_levels levels = {0};
    for (enum wake_trigger i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        const int64_t base = wake_trigger_is_at_most(i) ? 1000 : 3001;
        wake_add_level(&levels, i, decimal_from_int(base + (int64_t)prng_below(prng, 999)));
    }
    return levels;
}

static void bench_wake(uint32_t sleepers, const char *set_name, const char *compare_name)
{
    struct wake_index *index;
    if (wake_index_create(2, &index) != ERR_NONE) {
        exit(1);
    }
    struct prng prng;
    prng_init(&prng, 3);
    int64_t start_ns = bench_now_ns();
    for (uint32_t i = 0; i < sleepers; i++) {
        const struct wake_levels levels = bench_levels(&prng);
        if (wake_index_set(index, i, &levels) != ERR_NONE) {
            exit(1);
        }
    }
    bench_print(set_name, (double)(bench_now_ns() - start_ns) / sleepers, "ns/set");
    uint32_t woken = 0;
    uint32_t sleeper;
    start_ns = bench_now_ns();
    for (int i = 0; i < BENCH_QUOTES; i++) {
        const int64_t bid = 200000 + i % 100000;
        woken += wake_index_take(index, bid, bid + 1, &sleeper) ? 1 : 0;
    }
    bench_print(compare_name, (double)(bench_now_ns() - start_ns) / BENCH_QUOTES, "ns/quote");
    if (woken != 0) {
        (void)fprintf(stderr, "bench_tape: a quote woke somebody\n");
        exit(1);
    }
    wake_index_destroy(index);
}

int main(void)
{
    struct bench_files files;
    bench_files_create(&files);
    bench_make(&files);
    struct tape *tape = bench_open(&files);
    bench_scan(tape_columns_of(tape));
    bench_search(tape, "tape_next_near", 1);
    bench_search(tape, "tape_next_far", 10);
    bench_search(tape, "tape_next_never", 500);
    tape_close(tape);
    bench_files_remove(&files);
    bench_wake(1, "wake_set_1", "wake_compare_1");
    bench_wake(1000, "wake_set_1000", "wake_compare_1000");
    bench_wake(1000000, "wake_set_1000000", "wake_compare_1000000");
    return 0;
}
