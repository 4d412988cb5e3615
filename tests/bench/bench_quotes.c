/*
 * tests/bench/bench_quotes.c - executors that look at each of the 1,887,450 recorded SPY trades,
 * beside a backtest that looks at what concerns them. Skipped where the recording is absent.
 *
 * An executor and its paper venue go through the tape four ways, all of them really run:
 *   each_quote  every quote is evaluated in full (and matched by the venue);
 *   guarded     every quote is evaluated, by the guard of the executor as long as that holds;
 *   ranged      an evaluation computes in which prices and until when nothing can happen; as long
 *               as a quote stays within, integers are compared and that is its evaluation;
 *   backtest    a run of the whole system, for the first executor.
 * They must end with the same result to the last digit, or the bench ends with an error.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/run.h"
#include "actors/run_tapes.h"
#include "market/wake_index.h"
#include "tests/support/stage.h"

enum { PATH_LENGTH_MAX = 4096, TRAILERS = 8, ROUNDS = 5 };

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_quotes: %s: %s\n", what, why);
    exit(1);
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* ---- The run file: a position with wide barriers, then some that trail closely ---- */

static void write_file(const char *folder, const char *path, int trailers)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        die(path, "cannot be written");
    }
    (void)fprintf(out,
                  "run: {name: quotes, mode: backtest}\n"
                  "venues: [{name: paper, balances: {USD: 1000000000, SPY: 1000000},"
                  " fees: {taker: 0.0001}}]\n"
                  "instruments: [{trading_pair: SPY-USD, venue: paper, tick: 0.0001, step: 1}]\n"
                  "feeds: [{venue: paper, trading_pair: SPY-USD, cache: %s, trades: "
                  "%s/../shared/data/SPY-20131007_11-trades.csv.gz}]\n"
                  "persistence: {type: memory}\nexecutors:\n"
                  "- {type: position_executor, connector_name: paper, trading_pair: SPY-USD,"
                  " side: BUY, amount: 100, triple_barrier_config: {open_order_type: MARKET,"
                  " stop_loss: 0.03, take_profit: 0.012}}\n",
                  folder, TUTTI_SOURCE_DIR);
    for (int i = 1; i <= trailers; i++) {
        (void)fprintf(out,
                      "- {type: progressive_executor, connector_name: paper, trading_pair: "
                      "SPY-USD, side: %s, amount: %d, triple_barrier_config: {open_order_type: "
                      "MARKET, stop_loss: 0.0%d, trailing_stop: {activation_pnl_pct: 0.00%d, "
                      "trailing_pct: 0.00%d}}}\n",
                      i % 2 == 0 ? "SELL" : "BUY", i, 20 + 5 * i, i, i);
    }
    (void)fclose(out);
}

/* ---- One executor by itself ---- */

/* How quotes are evaluated. */
enum way { WAY_FULL, WAY_GUARDED, WAY_RANGED, WAY_COUNT };

struct walk {
    struct decimal net;
    size_t evaluations; /* Quotes that it looked at. */
    size_t full;        /* Those that were evaluated in full. */
    double spent;       /* Seconds. */
};

/* In which prices and until when nothing can happen to the executor. */
struct range {
    bool is_known;
    int64_t until_ns;
    struct tape_levels levels;
};

static bool range_holds(const struct range *range, const struct tape_columns *columns, size_t row)
{
    return range->is_known && columns->time_ns[row] < range->until_ns &&
           !tape_levels_are_reached(&range->levels, columns->bid[row], columns->ask[row]);
}

/* With orders on their way every quote concerns the venue. */
static void range_find(struct range *range, struct stage *stage, unsigned digits)
{
    const struct executor *executor = stage->executor;
    range->is_known = executor->ledger.live_count == 0 && executor->status != EXECUTOR_TERMINATED;
    if (range->is_known) {
        stage->kind->wake(executor, &stage->view, &stage->wake);
        range->levels = wake_levels_round(&stage->wake.markets[0], digits);
        range->until_ns = stage->wake.at_ns;
    }
}

static void walk_row(struct stage *stage, const struct tape_columns *columns, size_t row,
                     enum way way)
{
    const struct quote quote = tape_quote(columns, row);
    if (row == 0) {
        stage_start(stage, &quote, true);
    } else {
        stage_advance(stage, &quote, NULL, 0);
    }
    if (way == WAY_FULL) {
        guard_drop(&((struct bracket *)stage->executor)->guard);
    }
    stage_evaluate(stage);
    stage_finish(stage);
}

/* From the first row to the executor's end. */
static struct walk walk_tape(const struct run_config *config, size_t index,
                             const struct tape_columns *columns, enum way way)
{
    const struct paper_config paper = {.taker_fee = decimal_literal("0.0001"),
                                       .is_unlimited = true};
    struct stage stage;
    struct walk walk = {.evaluations = 0};
    struct range range = {.is_known = false};
    stage_open(&stage, config->executors[index].kind, config->executors[index].config,
               &config->instruments[0], &paper);
    const double start = seconds_now();
    for (size_t row = 0; row < columns->count && stage.executor->status != EXECUTOR_TERMINATED;
         row++) {
        walk.evaluations++;
        if (way == WAY_RANGED && range_holds(&range, columns, row)) {
            continue;
        }
        walk.full++;
        walk_row(&stage, columns, row, way);
        if (way == WAY_RANGED) {
            range_find(&range, &stage, columns->price_digits);
        }
    }
    walk.spent = seconds_now() - start;
    struct executor_report report;
    stage.kind->report(stage.executor, &stage.view, &report);
    walk.net = report.net_pnl_quote;
    if (stage.executor->status != EXECUTOR_TERMINATED) {
        die("an executor", "it is not over at the end of the tape");
    }
    stage_close(&stage);
    return walk;
}

/* ---- The same as a backtest ---- */

static struct walk backtest(const char *path, const struct run_tapes *tapes)
{
    struct problems problems;
    struct run_config config;
    struct failure failure;
    struct run *run;
    struct run_result result;
    const struct run_options options = {.epoch = 1, .tapes = tapes};
    problems_init(&problems, path);
    if (run_config_load(path, &config, &problems) != ERR_NONE ||
        run_create(&config, &options, &run, &failure) != ERR_NONE) {
        die("the backtest", "it cannot be made");
    }
    const double start = seconds_now();
    if (run_execute(run, &result, &failure) != ERR_NONE) {
        die("the backtest", failure.text);
    }
    const struct walk walk = {.net = result.outcome.total.global_pnl_quote,
                              .evaluations = result.rows,
                              .spent = seconds_now() - start};
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
    return walk;
}

static void demand_same(struct decimal a, struct decimal b)
{
    char texts[2][DECIMAL_TEXT_MAX];
    if (!decimal_equal(a, b)) {
        (void)decimal_print(a, texts[0]);
        (void)decimal_print(b, texts[1]);
        (void)fprintf(stderr, "bench_quotes: %s is not %s\n", texts[0], texts[1]);
        exit(1);
    }
}

static int compare_doubles(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Medians of rounds in which all ways alternate. */
static void bench_wide(const struct run_config *config, const char *path,
                       const struct run_tapes *tapes)
{
    const struct tape_columns *columns = tape_columns_of(tapes->items[0]);
    double each[ROUNDS];
    double guarded[ROUNDS];
    double ranged[ROUNDS];
    double whole[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        const struct walk all = walk_tape(config, 0, columns, WAY_FULL);
        const struct walk most = walk_tape(config, 0, columns, WAY_GUARDED);
        const struct walk some = walk_tape(config, 0, columns, WAY_RANGED);
        demand_same(most.net, all.net);
        const struct walk run = backtest(path, tapes);
        demand_same(some.net, all.net);
        demand_same(run.net, all.net);
        each[i] = all.spent;
        guarded[i] = most.spent;
        ranged[i] = (double)some.evaluations / some.spent;
        whole[i] = all.spent / run.spent;
    }
    qsort(each, ROUNDS, sizeof(each[0]), compare_doubles);
    qsort(guarded, ROUNDS, sizeof(guarded[0]), compare_doubles);
    qsort(ranged, ROUNDS, sizeof(ranged[0]), compare_doubles);
    qsort(whole, ROUNDS, sizeof(whole[0]), compare_doubles);
    printf("each_quote_time %.1f ms\n", each[ROUNDS / 2] * 1e3);
    printf("guarded_time %.1f ms\n", guarded[ROUNDS / 2] * 1e3);
    printf("wide_ranged %.0f evaluations/s\n", ranged[ROUNDS / 2]);
    printf("backtest_beside_each_quote %.0f times\n", whole[ROUNDS / 2]);
}

/* Executors whose range is left often. */
static void bench_trailers(const struct run_config *config, const struct run_tapes *tapes)
{
    const struct tape_columns *columns = tape_columns_of(tapes->items[0]);
    struct walk sums[WAY_COUNT] = {{.evaluations = 0}};
    for (size_t i = 1; i <= TRAILERS; i++) {
        struct decimal nets[WAY_COUNT];
        for (enum way way = 0; way < WAY_COUNT; way++) {
            const struct walk walk = walk_tape(config, i, columns, way);
            sums[way].evaluations += walk.evaluations;
            sums[way].full += walk.full;
            sums[way].spent += walk.spent;
            nets[way] = walk.net;
            demand_same(nets[way], nets[WAY_FULL]);
        }
    }
    static const char *const names[WAY_COUNT] = {"each_quote", "guarded", "ranged"};
    for (enum way way = 0; way < WAY_COUNT; way++) {
        printf("trailing_%s %.0f evaluations/s\n", names[way],
               (double)sums[way].evaluations / sums[way].spent);
    }
    printf("trailing_ranged_in_full %.0f of_a_million\n",
           (double)sums[WAY_RANGED].full * 1e6 / (double)sums[WAY_RANGED].evaluations);
}

int main(void)
{
    char folder[] = "/tmp/tutti-bench-XXXXXX";
    char paths[2][sizeof(folder) + 32];
    char command[sizeof(folder) + 16];
    if (access(TUTTI_SOURCE_DIR "/../shared/data/SPY-20131007_11-trades.csv.gz", R_OK) != 0) {
        (void)fprintf(stderr, "bench_quotes: skipped: the recording is not here\n");
        return 0;
    }
    if (sodium_init() < 0 || mkdtemp(folder) == NULL) {
        die("start", "no temporary folder");
    }
    for (int i = 0; i < 2; i++) {
        (void)snprintf(paths[i], sizeof(paths[i]), "%s/run%d.yaml", folder, i);
        write_file(folder, paths[i], i * TRAILERS);
    }
    struct problems problems;
    struct run_config config;
    struct run_tapes tapes;
    struct failure failure;
    problems_init(&problems, paths[1]);
    if (run_config_load(paths[1], &config, &problems) != ERR_NONE) {
        die("the run file", text_string(&problems.lines));
    }
    if (run_tapes_open(&config, NULL, NULL, &tapes, &failure) != ERR_NONE) {
        die("the tape", failure.text);
    }
    bench_wide(&config, paths[0], &tapes);
    bench_trailers(&config, &tapes);
    run_tapes_close(&tapes);
    run_config_done(&config);
    problems_done(&problems);
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    return system(command) == 0 ? 0 : 1;
}
