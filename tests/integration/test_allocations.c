/*
 * What a run allocates while it runs: nothing per quote, and per order and fill nothing but the
 * doubling of arrays. With threads the number of messages under way differs from run to run, and
 * with it what their pool holds: a bound that does not grow with the run.
 *
 * The linker sends every allocation of the program's own code, and every message made by nng,
 * through the functions below (tests/CMakeLists.txt). Two runs that differ only in how many quotes,
 * orders or fills they have are compared: whatever a run needs to begin is the same in both.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/run.h"

enum { FOLDER_PATH_MAX = 256, FILE_PATH_MAX = FOLDER_PATH_MAX + 32 };

#define START_NS (INT64_C(1700000000) * NS_PER_S)

/* ---- The counter ---- */

/* Atomic: threads count too, and a compiler that knows what malloc() does not touch may not move
 * these around it. */
static _Atomic(bool) is_counting;
static _Atomic(uint64_t) allocation_count;
static _Atomic(uint64_t) message_count; /* Those of them that nng made a message by. */

static void count_allocation(void)
{
    if (is_counting) {
        allocation_count++;
    }
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
char *__real_strdup(const char *text);
int __real_nng_msg_alloc(nng_msg **message, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_nng_msg_alloc(nng_msg **message, size_t size);

void *__wrap_malloc(size_t size)
{
    count_allocation();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    count_allocation();
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    count_allocation();
    return __real_realloc(memory, size);
}

char *__wrap_strdup(const char *text)
{
    count_allocation();
    return __real_strdup(text);
}

int __wrap_nng_msg_alloc(nng_msg **message, size_t size)
{
    count_allocation();
    message_count += is_counting ? 1 : 0;
    return __real_nng_msg_alloc(message, size);
}

/* ---- The runs ---- */

/* How the tape looks. */
enum tape_shape {
    SHAPE_WALK,  /* Random, near its start. */
    SHAPE_WAVE,  /* Up and down by a percent, again and again. */
    SHAPE_SWELL, /* The same, above where it started. */
};

/* Who runs it, and where the journal is. */
enum scene_kind {
    KIND_BACKTEST,
    KIND_THREADS, /* Paper, in memory. */
    KIND_DURABLE, /* Paper, in a database. */
    KIND_COUNT,
};

/* What is run. */
struct scene {
    enum tape_shape shape;
    size_t rows;
    const char *executors; /* The list of the run file. */
    bool is_deep;          /* There is a second venue, and a depth that changes with every quote. */
    enum scene_kind kind;
};

/* Of the threads: twice the journal's window and what a step may add, in two sizes. */
enum { MESSAGES_MADE_MAX = 24000 };

struct tally {
    uint64_t allocations;
    uint64_t made; /* Messages, which are among them. */
    uint64_t messages;
    uint64_t records;
    uint64_t fills;
};

/* Mid price of a row in cents. */
static int64_t shape_price(enum tape_shape shape, size_t row)
{
    static const int64_t wave[] = {0, 300, 600, 1000, 600, 300};
    static const int64_t swell[] = {400, 700, 1000, 700};
    const int64_t start = 100000;
    switch (shape) {
    case SHAPE_WAVE:
        return start + wave[row % (sizeof(wave) / sizeof(wave[0]))];
    case SHAPE_SWELL:
        return row < 2 ? start : start + swell[row % (sizeof(swell) / sizeof(swell[0]))];
    case SHAPE_WALK:
        break;
    }
    return start + (int64_t)(row * 7919 % 101);
}

static void scene_write_tape(const struct scene *scene, const char *path)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs("update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,"
                "transaction_time,event_time\n",
                out);
    for (size_t row = 0; row < scene->rows; row++) {
        const int64_t price = shape_price(scene->shape, row);
        const long long time_ms = START_NS / NS_PER_MS + 1000 * (long long)row;
        (void)fprintf(out, "%zu,%lld.%02lld,100,%lld.%02lld,100,%lld,%lld\n", row + 1,
                      (long long)price / 100, (long long)price % 100, ((long long)price + 1) / 100,
                      ((long long)price + 1) % 100, time_ms, time_ms);
    }
    ck_assert_int_eq(fclose(out), 0);
}

/* A level on each side, of which one has another amount before every quote. */
static void scene_write_depth(const struct scene *scene, const char *path)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs("local_ns,event_time,first_update_id,last_update_id,prev_last_update_id,kind,side,"
                "price,qty\n",
                out);
    const long long start_ms = START_NS / NS_PER_MS;
    (void)fprintf(out, "1,%lld,1,1,,snap,b,990,5\n1,%lld,1,1,,snap,a,1020,5\n", start_ms, start_ms);
    for (size_t row = 1; row < scene->rows; row++) {
        (void)fprintf(out, "1,%lld,%zu,%zu,,diff,a,1020,%zu\n", start_ms + 1000 * (long long)row,
                      row + 1, row + 1, 1 + row % 7);
    }
    ck_assert_int_eq(fclose(out), 0);
}

static void scene_write_markets(const struct scene *scene, const char *folder, FILE *out)
{
    static const char instrument[] = "tick: \"0.01\", step: \"0.001\"";
    (void)fprintf(out,
                  "venues:\n"
                  "  - {name: paper, balances: {USDT: \"100000000\", BTC: \"1000\"}%s}\n"
                  "%sinstruments:\n"
                  "  - {trading_pair: BTC-USDT, venue: paper, %s}\n",
                  scene->is_deep ? ", fill_model: book" : "",
                  scene->is_deep ? "  - {name: other, balances: {BTC: \"1000\"}}\n" : "",
                  instrument);
    if (scene->is_deep) {
        (void)fprintf(out, "  - {trading_pair: BTC-USDT, venue: other, %s}\n", instrument);
    }
    (void)fprintf(out, "feeds:\n  - {venue: paper, trading_pair: BTC-USDT, quotes: %s/quotes.csv",
                  folder);
    if (scene->is_deep) {
        (void)fprintf(out,
                      ", depth: %s/depth.csv}\n  - {venue: other, trading_pair: BTC-USDT, quotes: "
                      "%s/quotes.csv",
                      folder, folder);
    }
    (void)fputs("}\n", out);
}

/* Watching the drawdown makes a step of every second, so of every quote. */
static void scene_write_file(const struct scene *scene, const char *folder, const char *path)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    static const char *const runs[] = {"mode: backtest", "mode: paper, workers: 2",
                                       "mode: paper, workers: 2"};
    (void)fprintf(out, "run: {name: scene, %s}\n", runs[scene->kind]);
    if (scene->kind == KIND_DURABLE) {
        (void)fprintf(out, "persistence: {path: %s/run.db}\n", folder);
    } else {
        (void)fputs("persistence: {type: memory}\n", out);
    }
    (void)fprintf(out, "risk: {max_drawdown_quote: \"100000000\"}\nexecutors:\n%s",
                  scene->executors);
    scene_write_markets(scene, folder, out);
    ck_assert_int_eq(fclose(out), 0);
}

/* Counts from the moment everything is opened until the run has ended. */
static struct tally scene_execute(const char *path)
{
    struct problems problems;
    struct run_config config;
    problems_init(&problems, path);
    ck_assert_msg(run_config_load(path, &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    const struct run_options options = {.epoch = 1};
    struct failure failure;
    struct run *run;
    ck_assert_msg(run_create(&config, &options, &run, &failure) == ERR_NONE, "%s", failure.text);
    struct run_result result;
    allocation_count = 0;
    message_count = 0;
    is_counting = true;
    const enum err err = run_execute(run, &result, &failure);
    is_counting = false;
    ck_assert_msg(err == ERR_NONE, "%s", failure.text);
    ck_assert(result.outcome.is_balanced);
    run_destroy(run);
    run_config_done(&config);
    problems_done(&problems);
    message_pool_drain();
    return (struct tally){.allocations = allocation_count,
                          .made = message_count,
                          .messages = result.counters.messages,
                          .records = result.outcome.records,
                          .fills = result.outcome.total.fills};
}

static struct tally scene_play(const struct scene *scene)
{
    char folder[FOLDER_PATH_MAX] = "/tmp/tutti-allocations-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    char path[FILE_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/quotes.csv", folder);
    scene_write_tape(scene, path);
    (void)snprintf(path, sizeof(path), "%s/depth.csv", folder);
    scene_write_depth(scene, path);
    (void)snprintf(path, sizeof(path), "%s/run.yaml", folder);
    scene_write_file(scene, folder, path);
    const struct tally tally = scene_execute(path);
    char command[FOLDER_PATH_MAX + 16];
    (void)snprintf(command, sizeof(command), "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    return tally;
}

/* What the second run has more than the first. */
static struct tally scene_difference(const struct scene *less, const struct scene *more)
{
    const struct tally a = scene_play(less);
    const struct tally b = scene_play(more);
    printf("allocations %llu and %llu, of messages %llu and %llu; messages %llu and %llu, "
           "records %llu and %llu, fills %llu and %llu\n",
           (unsigned long long)a.allocations, (unsigned long long)b.allocations,
           (unsigned long long)a.made, (unsigned long long)b.made, (unsigned long long)a.messages,
           (unsigned long long)b.messages, (unsigned long long)a.records,
           (unsigned long long)b.records, (unsigned long long)a.fills, (unsigned long long)b.fills);
    (void)fflush(stdout);
    struct tally more_than = {.messages = b.messages - a.messages,
                              .records = b.records - a.records,
                              .fills = b.fills - a.fills};
    if (less->kind == KIND_BACKTEST) {
        /* Never fewer, or the subtraction would hide it. */
        ck_assert_uint_ge(b.allocations, a.allocations);
        more_than.allocations = b.allocations - a.allocations;
    } else {
        /* How far the journal was behind differs from run to run, and the messages with it; they
         * are as many as may be under way. */
        ck_assert_uint_le(b.made, MESSAGES_MADE_MAX);
        const uint64_t before = a.allocations - a.made;
        const uint64_t after = b.allocations - b.made;
        more_than.allocations = after > before ? after - before : 0;
    }
    return more_than;
}

/* ---- The tests ---- */

/* Each kind of call is seen; what nng asks for by itself may be seen on top. Checked afterwards,
 * because checking allocates too. */
START_TEST(test_the_counter_counts)
{
    uint64_t counts[6];
    nng_msg *message;
    allocation_count = 0;
    is_counting = true;
    /* Through a volatile pointer, so that the compiler cannot do without the calls. */
    void *volatile memory = malloc(1);
    counts[0] = allocation_count;
    memory = realloc(memory, 2);
    counts[1] = allocation_count;
    free(memory);
    memory = calloc(1, 1);
    counts[2] = allocation_count;
    free(memory);
    memory = strdup("text");
    counts[3] = allocation_count;
    free(memory);
    const int result = nng_msg_alloc(&message, 1);
    counts[4] = allocation_count;
    is_counting = false;
    memory = malloc(1);
    counts[5] = allocation_count;
    free(memory);
    ck_assert_int_eq(result, 0);
    nng_msg_free(message);
    for (uint64_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(counts[i], i + 1);
    }
    ck_assert_uint_gt(counts[4], counts[3]);
    ck_assert_uint_eq(counts[5], counts[4]);
}
END_TEST

static const char guarded_text[] =
    "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
    "     amount: \"0.1\", repeat: 20, triple_barrier_config: {open_order_type: MARKET,\n"
    "     stop_loss: \"0.5\", take_profit: \"0.5\"}}\n"
    "  - {type: progressive_executor, connector_name: paper, trading_pair: BTC-USDT, side: SELL,\n"
    "     amount: \"0.1\", repeat: 20, triple_barrier_config: {open_order_type: MARKET,\n"
    "     stop_loss: \"0.5\", apr_yield: \"0.5\", trailing_stop: {activation_pnl_pct: \"0.4\",\n"
    "     trailing_pct: \"0.1\"}}}\n"
    /* A take profit that is held back and follows the book: it looks at every quote. */
    "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
    "     amount: \"0.1\", repeat: 20, activation_bounds: [\"0.1\", \"0.1\"],\n"
    "     triple_barrier_config: {open_order_type: MARKET, take_profit: \"0.5\",\n"
    "     take_profit_order_type: LIMIT_MAKER}}\n";

/* Magazines of messages and places for held records, of which there are more when the journal was
 * further behind. */
enum { THREADS_ALLOWANCE = 300 };

/* What the second run may allocate more than the first. */
static uint64_t allowance(const struct scene *scene, uint64_t of_one_thread)
{
    return scene->kind == KIND_BACKTEST ? of_one_thread : of_one_thread + THREADS_ALLOWANCE;
}

/* A quote goes to the board, the orchestrator and the venue, wakes twenty executors and concerns
 * none of the forty others. */
START_TEST(test_a_quote_allocates_nothing)
{
    const struct scene less = {SHAPE_WALK, 4000, guarded_text, false, (enum scene_kind)_i};
    const struct scene more = {SHAPE_WALK, 8000, guarded_text, false, (enum scene_kind)_i};
    const struct tally tally = scene_difference(&less, &more);
    ck_assert_uint_eq(tally.fills, 0);
    ck_assert_uint_ge(tally.messages, 4000 * (4 + 2 * 20)); /* Every quote was a step. */
    ck_assert_uint_le(tally.allocations, allowance(&more, 0));
}
END_TEST

/* The best prices would do, but never is there enough: the depth goes to all of them with every
 * quote of a venue. */
START_TEST(test_depth_allocates_nothing)
{
    static const char text[] =
        "  - {type: arbitrage_executor, order_amount: \"40\", min_profitability: \"-0.5\",\n"
        "     repeat: 20, buying_market: {connector_name: paper, trading_pair: BTC-USDT},\n"
        "     selling_market: {connector_name: other, trading_pair: BTC-USDT}}\n";
    const struct scene less = {SHAPE_WALK, 4000, text, true, (enum scene_kind)_i};
    const struct scene more = {SHAPE_WALK, 8000, text, true, (enum scene_kind)_i};
    const struct tally tally = scene_difference(&less, &more);
    ck_assert_uint_eq(tally.fills, 0);
    ck_assert_uint_ge(tally.messages, 2 * 4000 * (4 + 2 * 20) + 4000);
    ck_assert_uint_le(tally.allocations, allowance(&more, 0));
}
END_TEST

/* What arrays that double add over a run: they are few, and orders are thousands. */
enum { DOUBLINGS_MAX = 8 };

/* The take profit rests only while the price is within its bounds: each wave places it once and
 * cancels it once. */
START_TEST(test_an_order_allocates_nothing)
{
    static const char text[] =
        "  - {type: position_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
        "     amount: \"0.1\", activation_bounds: [\"0.005\", \"0.005\"],\n"
        "     triple_barrier_config: {open_order_type: MARKET, take_profit: \"0.01\",\n"
        "     take_profit_order_type: LIMIT}}\n";
    const struct scene less = {SHAPE_WAVE, 6000, text, false, (enum scene_kind)_i};
    const struct scene more = {SHAPE_WAVE, 12000, text, false, (enum scene_kind)_i};
    const struct tally tally = scene_difference(&less, &more);
    ck_assert_uint_ge(tally.records, 1000 * 4); /* Submitted, accepted, asked back, cancelled. */
    ck_assert_uint_le(tally.allocations, allowance(&more, DOUBLINGS_MAX));
}
END_TEST

/* Each wave takes two small parts of the profit. */
START_TEST(test_a_fill_allocates_nothing)
{
    static const char text[] =
        "  - {type: progressive_executor, connector_name: paper, trading_pair: BTC-USDT, side: "
        "BUY,\n"
        "     amount: \"100\", triple_barrier_config: {open_order_type: MARKET, trailing_stop:\n"
        "     {activation_pnl_pct: \"0.005\", trailing_pct: \"0.002\", pnl_relaxation: \"0\",\n"
        "     take_profit_table: [[\"0.001\", \"0.0001\"]]}}}\n";
    const struct scene less = {SHAPE_SWELL, 4000, text, false, (enum scene_kind)_i};
    const struct scene more = {SHAPE_SWELL, 8000, text, false, (enum scene_kind)_i};
    const struct tally tally = scene_difference(&less, &more);
    ck_assert_uint_ge(tally.fills, 1000);
    ck_assert_uint_le(tally.allocations, allowance(&more, DOUBLINGS_MAX));
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("allocations");
    TCase *tcase = tcase_create("allocations");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_the_counter_counts);
    tcase_add_loop_test(tcase, test_a_quote_allocates_nothing, KIND_BACKTEST, KIND_COUNT);
    tcase_add_loop_test(tcase, test_depth_allocates_nothing, KIND_BACKTEST, KIND_COUNT);
    tcase_add_loop_test(tcase, test_an_order_allocates_nothing, KIND_BACKTEST, KIND_COUNT);
    tcase_add_loop_test(tcase, test_a_fill_allocates_nothing, KIND_BACKTEST, KIND_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
