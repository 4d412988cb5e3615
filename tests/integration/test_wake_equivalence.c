/*
 * A run that wakes executors only when they asked for it, beside one that wakes every executor on
 * every quote: the journals must be the same, record by record and field by field.
 *
 * The executors are random ones of every kind with one market, on both sides, over generated walks
 * and, where they are present, recorded quotes. A failing case prints its seed and its run file.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run.h"
#include "base/prng.h"
#include "executors/registry.h"
#include "persistence/reader.h"

enum { PATH_LENGTH_MAX = 512, TAPE_ROWS = 4000, ROUNDS = 12, EXECUTORS_PER_KIND = 4 };

/* What one case is made of. */
struct scene {
    char folder[64];
    char quotes[PATH_LENGTH_MAX];
    const char *tick;
    const char *step;
    struct decimal price; /* Around which the tape trades. */
    int64_t start_s;
    struct prng prng;
    struct text file;
};

/* ---- Random configurations, written as the run file would have them ---- */

static bool one_in(struct scene *scene, uint64_t chances)
{
    return prng_below(&scene->prng, chances) == 0;
}

/* A fraction of so many to so many ten thousandths. */
static struct decimal fraction_between(struct scene *scene, int64_t low, int64_t high)
{
    return decimal_from_mantissa(prng_between(&scene->prng, low, high), 4);
}

static void put_decimal(struct scene *scene, const char *key, struct decimal value)
{
    char printed[DECIMAL_TEXT_MAX];
    (void)decimal_print(value, printed);
    text_printf(&scene->file, "%s: \"%s\", ", key, printed);
}

static void put_fraction(struct scene *scene, const char *key, int64_t low, int64_t high)
{
    put_decimal(scene, key, fraction_between(scene, low, high));
}

/* The tape's price moved by so many ten thousandths. */
static struct decimal price_moved(const struct scene *scene, int64_t moved)
{
    const struct decimal factor = decimal_add(DECIMAL_ONE, decimal_from_mantissa(moved, 4));
    return decimal_round_to(decimal_multiply(scene->price, factor), decimal_literal(scene->tick));
}

static void put_price(struct scene *scene, const char *key, int64_t spread)
{
    put_decimal(scene, key, price_moved(scene, prng_between(&scene->prng, -spread, spread)));
}

/* A base amount worth 200 to 2,000 quote. */
static void put_amount(struct scene *scene)
{
    const struct decimal quote = decimal_from_int(prng_between(&scene->prng, 200, 2000));
    put_decimal(
        scene, "amount",
        decimal_round_to(decimal_divide(quote, scene->price), decimal_literal(scene->step)));
}

static void put_order_type(struct scene *scene, const char *key)
{
    static const char *const types[] = {"MARKET", "LIMIT", "LIMIT_MAKER"};
    text_printf(&scene->file, "%s: %s, ", key, types[prng_below(&scene->prng, 3)]);
}

/* Stop loss, take profit and time limit, each there or not. */
static void put_barriers(struct scene *scene)
{
    if (!one_in(scene, 4)) {
        put_fraction(scene, "stop_loss", 5, 80);
    }
    if (!one_in(scene, 3)) {
        put_fraction(scene, "take_profit", 5, 80);
    }
    if (!one_in(scene, 3)) {
        text_printf(&scene->file, "time_limit: %lld, ",
                    (long long)prng_between(&scene->prng, 1, 1500));
    }
}

static void put_trailing(struct scene *scene)
{
    if (one_in(scene, 2)) {
        text_append_string(&scene->file, "trailing_stop: {");
        put_fraction(scene, "activation_price", 2, 40);
        put_fraction(scene, "trailing_delta", 1, 20);
        text_append_string(&scene->file, "}, ");
    }
}

static void put_position(struct scene *scene)
{
    put_amount(scene);
    if (one_in(scene, 2)) {
        put_price(scene, "entry_price", 30);
    }
    text_append_string(&scene->file, "triple_barrier_config: {");
    put_order_type(scene, "open_order_type");
    put_order_type(scene, "take_profit_order_type");
    put_barriers(scene);
    put_trailing(scene);
    text_append_string(&scene->file, "}");
}

static void put_progressive(struct scene *scene)
{
    put_amount(scene);
    if (one_in(scene, 2)) {
        put_price(scene, "entry_price", 30);
    }
    text_append_string(&scene->file, "triple_barrier_config: {");
    put_order_type(scene, "open_order_type");
    put_barriers(scene);
    if (one_in(scene, 2)) {
        put_fraction(scene, "apr_yield", 0, 50000);
    }
    if (!one_in(scene, 3)) {
        text_append_string(&scene->file, "trailing_stop: {");
        put_fraction(scene, "activation_pnl_pct", 2, 40);
        put_fraction(scene, "trailing_pct", 1, 20);
        text_append_string(&scene->file,
                           "take_profit_table: [[\"0.002\", \"0.5\"], [\"0.006\", \"1\"]]}");
    }
    text_append_string(&scene->file, "}");
}

static void put_order(struct scene *scene)
{
    static const char *const strategies[] = {"MARKET", "LIMIT", "LIMIT_MAKER", "LIMIT_CHASER"};
    put_amount(scene);
    put_price(scene, "price", 40);
    text_append_string(&scene->file, "chaser_config: {");
    put_fraction(scene, "distance", 1, 20);
    put_fraction(scene, "refresh_threshold", 1, 20);
    text_printf(&scene->file, "}, execution_strategy: %s", strategies[prng_below(&scene->prng, 4)]);
}

static void put_twap(struct scene *scene)
{
    text_printf(&scene->file,
                "total_amount_quote: \"%lld\", total_duration: %lld, order_interval: %lld, ",
                (long long)prng_between(&scene->prng, 500, 5000),
                (long long)prng_between(&scene->prng, 60, 1500),
                (long long)prng_between(&scene->prng, 7, 60));
    if (one_in(scene, 2)) {
        put_fraction(scene, "limit_order_buffer", 0, 10);
        text_printf(&scene->file, "order_resubmission_time: %lld, mode: MAKER",
                    (long long)prng_between(&scene->prng, 3, 60));
    } else {
        text_append_string(&scene->file, "mode: TAKER");
    }
}

/* Three levels away from the price, on the side from which they are reached. */
static void put_dca(struct scene *scene, const char *side)
{
    const int64_t sign = strcmp(side, "BUY") == 0 ? -1 : 1;
    text_append_string(&scene->file, "amounts_quote: [\"300\", \"400\", \"500\"], prices: [");
    int64_t moved = 0;
    for (int i = 0; i < 3; i++) {
        moved += sign * prng_between(&scene->prng, 2, 25);
        char printed[DECIMAL_TEXT_MAX];
        (void)decimal_print(price_moved(scene, moved), printed);
        text_printf(&scene->file, "%s\"%s\"", i > 0 ? ", " : "", printed);
    }
    text_append_string(&scene->file, "], ");
    put_barriers(scene);
    put_trailing(scene);
    text_printf(&scene->file, "mode: %s", one_in(scene, 3) ? "TAKER" : "MAKER");
}

static void put_grid(struct scene *scene, const char *side)
{
    const bool buys = strcmp(side, "BUY") == 0;
    const int64_t half = prng_between(&scene->prng, 20, 60);
    put_decimal(scene, "start_price", price_moved(scene, -half));
    put_decimal(scene, "end_price", price_moved(scene, half));
    put_decimal(scene, "limit_price", price_moved(scene, buys ? -half - 30 : half + 30));
    text_printf(&scene->file, "total_amount_quote: \"%lld\", max_open_orders: %lld, ",
                (long long)prng_between(&scene->prng, 500, 4000),
                (long long)prng_between(&scene->prng, 1, 6));
    if (one_in(scene, 2)) {
        text_printf(&scene->file, "order_frequency: %lld, ",
                    (long long)prng_between(&scene->prng, 1, 60));
    }
    text_append_string(&scene->file, "triple_barrier_config: {");
    put_fraction(scene, "take_profit", 4, 40);
    if (one_in(scene, 2)) {
        put_fraction(scene, "stop_loss", 20, 100);
    }
    text_printf(&scene->file, "time_limit: %lld}",
                (long long)prng_between(&scene->prng, 300, 3000));
}

/* False for a kind without random configurations here. */
static bool put_fields(struct scene *scene, const char *type, const char *side)
{
    if (strcmp(type, "position_executor") == 0) {
        put_position(scene);
    } else if (strcmp(type, "progressive_executor") == 0) {
        put_progressive(scene);
    } else if (strcmp(type, "order_executor") == 0) {
        put_order(scene);
    } else if (strcmp(type, "twap_executor") == 0) {
        put_twap(scene);
    } else if (strcmp(type, "dca_executor") == 0) {
        put_dca(scene, side);
    } else if (strcmp(type, "grid_executor") == 0) {
        put_grid(scene, side);
    } else {
        return false;
    }
    return true;
}

static void put_executor(struct scene *scene, const struct executor_kind *kind, const char *side)
{
    text_printf(&scene->file,
                "  - {type: %s, connector_name: paper, trading_pair: BASE-QUOTE, side: %s,\n     ",
                kind->type, side);
    if (one_in(scene, 2)) {
        text_printf(&scene->file, "start_at: \"%lld\", ",
                    (long long)(scene->start_s + prng_between(&scene->prng, 0, 900)));
    }
    ck_assert_msg(put_fields(scene, kind->type, side),
                  "%s has no random configurations in this test: add a put_ function", kind->type);
    text_append_string(&scene->file, "}\n");
}

static void put_file(struct scene *scene)
{
    text_printf(&scene->file,
                "run: {name: equivalence, mode: backtest, seed: %lld}\n"
                "venues: [{name: paper, balances: {QUOTE: \"10000000\", BASE: \"10000\"},\n"
                "  fees: {maker: \"0.0002\", taker: \"0.0005\"}, latency_ms: %lld}]\n"
                "instruments: [{trading_pair: BASE-QUOTE, venue: paper, tick: \"%s\", step: "
                "\"%s\", min_notional: \"5\"}]\n"
                "feeds: [{venue: paper, trading_pair: BASE-QUOTE, quotes: %s, cache: %s}]\n"
                "persistence: {path: %s/run.db, existing: replace}\n"
                "executors:\n",
                (long long)prng_between(&scene->prng, 1, 1000000),
                (long long)(one_in(scene, 2) ? 0 : prng_between(&scene->prng, 1, 2500)),
                scene->tick, scene->step, scene->quotes, scene->folder, scene->folder);
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        for (int n = 0; n < EXECUTORS_PER_KIND && kind->market_count == 1; n++) {
            put_executor(scene, kind, n % 2 == 0 ? "BUY" : "SELL");
        }
    }
    ck_assert(!text_failed(&scene->file));
}

/* ---- Running a file both ways ---- */

/* Without its number: what an evaluation held back is a note of that evaluation, and where there
 * are more evaluations there may be more notes. They are left out, all else is compared. */
static bool collect_event(void *context, uint64_t seq, const char *event)
{
    (void)seq;
    if (strncmp(event, "executor.skipped ", strlen("executor.skipped ")) == 0) {
        return true;
    }
    static const char key[] = "\"seq\":";
    const char *number = strstr(event, key);
    ck_assert_ptr_nonnull(number);
    number += strlen(key);
    text_append(context, event, (size_t)(number - event));
    text_append_string(context, number + strspn(number, "0123456789"));
    text_append_char(context, '\n');
    return true;
}

static void collect_journal(const struct run_config *config, bool is_exhaustive, struct text *out)
{
    const struct run_options options = {.epoch = 7, .is_exhaustive = is_exhaustive};
    struct failure failure = {0};
    struct run *run;
    ck_assert_msg(run_create(config, &options, &run, &failure) == ERR_NONE, "%s", failure.text);
    struct run_result result;
    ck_assert_msg(run_execute(run, &result, &failure) == ERR_NONE, "%s", failure.text);
    struct reader *reader;
    ck_assert_msg(reader_open(run_database(run), &reader, &failure) == ERR_NONE, "%s",
                  failure.text);
    run_destroy(run);
    ck_assert_int_eq(reader_events(reader, 1, UINT64_MAX, collect_event, out, &failure), ERR_NONE);
    reader_close(reader);
    ck_assert(!text_failed(out));
}

/* Fails with the first event that differs. */
static void compare_journals(const struct scene *scene, const struct text *indexed,
                             const struct text *exhaustive)
{
    const char *a = text_string(indexed);
    const char *b = text_string(exhaustive);
    while (*a != '\0' || *b != '\0') {
        const size_t a_length = strcspn(a, "\n");
        const size_t b_length = strcspn(b, "\n");
        if (a_length != b_length || memcmp(a, b, a_length) != 0) {
            (void)fprintf(stderr, "%s\nindexed:     %.*s\nevery quote: %.*s\n",
                          text_string(&scene->file), (int)a_length, a, (int)b_length, b);
            ck_abort_msg("the journals differ, see above");
        }
        a += a_length + (a[a_length] == '\n' ? 1 : 0);
        b += b_length + (b[b_length] == '\n' ? 1 : 0);
    }
}

static size_t count_lines(const struct text *text, const char *topic)
{
    size_t count = 0;
    for (const char *line = text_string(text); *line != '\0';) {
        count += strncmp(line, topic, strlen(topic)) == 0 ? 1 : 0;
        line += strcspn(line, "\n") + 1;
    }
    return count;
}

/* Returns how many fills there were. */
static size_t play_round(struct scene *scene, uint64_t seed)
{
    prng_init(&scene->prng, seed);
    text_clear(&scene->file);
    put_file(scene);
    char path[PATH_LENGTH_MAX];
    (void)snprintf(path, sizeof(path), "%s/run.yaml", scene->folder);
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fputs(text_string(&scene->file), out);
    (void)fclose(out);
    struct problems problems;
    problems_init(&problems, path);
    struct run_config config;
    ck_assert_msg(run_config_load(path, &config, &problems) == ERR_NONE, "%s%s",
                  text_string(&problems.lines), text_string(&scene->file));
    struct text indexed = {0};
    struct text exhaustive = {0};
    collect_journal(&config, false, &indexed);
    collect_journal(&config, true, &exhaustive);
    compare_journals(scene, &indexed, &exhaustive);
    const size_t fills = count_lines(&indexed, "fill ");
    text_done(&indexed);
    text_done(&exhaustive);
    run_config_done(&config);
    problems_done(&problems);
    return fills;
}

static void open_scene(struct scene *scene)
{
    (void)snprintf(scene->folder, sizeof(scene->folder), "/tmp/tutti-wake-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(scene->folder));
}

static void play_rounds(struct scene *scene, uint64_t seed)
{
    size_t fills = 0;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        fills += play_round(scene, seed + round);
    }
    ck_assert_uint_gt(fills, 10 * ROUNDS); /* Something did happen. */
    text_done(&scene->file);
    char command[PATH_LENGTH_MAX];
    (void)snprintf(command, sizeof(command), "rm -r %s", scene->folder);
    ck_assert_int_eq(system(command), 0);
    message_pool_drain();
}

/* ---- The tapes ---- */

/* How far a walk moves at most per quote, in ticks: from calm to jumps over several levels. */
static const int64_t walk_steps[] = {40, 300, 2000};

START_TEST(test_walks)
{
    struct scene scene = {
        .tick = "0.01", .step = "0.00001", .price = decimal_literal("1000"), .start_s = 1700000000};
    open_scene(&scene);
    (void)snprintf(scene.quotes, sizeof(scene.quotes), "%s/walk.tape", scene.folder);
    const struct tape_walk walk = {.seed = (uint64_t)_i + 1,
                                   .count = TAPE_ROWS,
                                   .start_ns = scene.start_s * NS_PER_S,
                                   .interval_ns = 700 * NS_PER_MS,
                                   .price = 100000,
                                   .price_digits = 2,
                                   .step_max = walk_steps[_i],
                                   .spread = 2};
    struct failure failure;
    ck_assert_msg(tape_make_walk(&walk, scene.quotes, &failure) == ERR_NONE, "%s", failure.text);
    play_rounds(&scene, 100 * ((uint64_t)_i + 1));
}
END_TEST

static const struct {
    const char *file;
    const char *price;
    int64_t start_s;
    int skip; /* Rows before those that are played. */
} recordings[] = {
    {"ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz", "2275", 1625097600, 0},
    {"ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz", "2100", 1625167490, 60000},
    {"BTCUSDT-SPOT-20240808-bookTicker.csv.gz", "61840", 1723161254, 0},
};

START_TEST(test_recordings)
{
    char source[PATH_LENGTH_MAX];
    (void)snprintf(source, sizeof(source), "%s/../shared/data/%s", TUTTI_SOURCE_DIR,
                   recordings[_i].file);
    if (access(source, R_OK) != 0) {
        (void)fprintf(stderr, "skipped: %s is not here\n", recordings[_i].file);
        return;
    }
    struct scene scene = {.tick = "0.01",
                          .step = "0.00001",
                          .price = decimal_literal(recordings[_i].price),
                          .start_s = recordings[_i].start_s};
    open_scene(&scene);
    (void)snprintf(scene.quotes, sizeof(scene.quotes), "%s/cut.csv", scene.folder);
    char command[3 * PATH_LENGTH_MAX];
    (void)snprintf(command, sizeof(command),
                   "zcat '%s' | awk 'NR == 1 || (NR > %d && NR <= %d)' > %s", source,
                   recordings[_i].skip + 1, recordings[_i].skip + 1 + TAPE_ROWS, scene.quotes);
    ck_assert_int_eq(system(command), 0);
    play_rounds(&scene, 1000 * ((uint64_t)_i + 1));
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("wake equivalence");
    TCase *tcase = tcase_create("wake equivalence");
    tcase_set_timeout(tcase, 280);
    tcase_add_loop_test(tcase, test_walks, 0, sizeof(walk_steps) / sizeof(walk_steps[0]));
    tcase_add_loop_test(tcase, test_recordings, 0, sizeof(recordings) / sizeof(recordings[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
