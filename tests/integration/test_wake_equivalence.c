/*
 * A run that wakes executors only when they asked for it, beside one that wakes every executor on
 * every quote: the journals must be the same, record by record and field by field.
 *
 * The executors are random ones of every kind with one market, on both sides, over generated walks
 * and, where they are present, recorded quotes. test_wake_pairs.c plays those with two markets.
 */
#include "wake_scene.h"

enum { TAPE_ROWS = 4000, EXECUTORS_PER_KIND = 4 };

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
                "feeds: [{venue: paper, trading_pair: BASE-QUOTE, %s: %s, cache: %s}]\n"
                "persistence: {path: %s/run.db, existing: replace}\n"
                "executors:\n",
                (long long)prng_between(&scene->prng, 1, 1000000),
                (long long)(one_in(scene, 2) ? 0 : prng_between(&scene->prng, 1, 2500)),
                scene->tick, scene->step, scene->layout, scene->quotes, scene->folder,
                scene->folder);
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        for (int n = 0; n < EXECUTORS_PER_KIND && kind->market_count == 1; n++) {
            put_executor(scene, kind, n % 2 == 0 ? "BUY" : "SELL");
        }
    }
    ck_assert(!text_failed(&scene->file));
}

/* ---- The tapes ---- */

/* How far a walk moves at most per quote, in ticks: from calm to jumps over several levels. */
static const int64_t walk_steps[] = {40, 300, 2000};

START_TEST(test_walks)
{
    struct scene scene = {.tick = "0.01",
                          .step = "0.00001",
                          .layout = "quotes",
                          .price = decimal_literal("1000"),
                          .start_s = 1700000000};
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
    play_rounds(&scene, 100 * ((uint64_t)_i + 1), put_file);
}
END_TEST

static const struct {
    const char *file;
    const char *layout;
    const char *tick;
    const char *price;
    int64_t start_s;
    int skip; /* Rows before those that are played. */
} recordings[] = {
    {"ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz", "quotes", "0.01", "2275", 1625097600, 0},
    {"ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz", "quotes", "0.01", "2100", 1625167490, 60000},
    {"BTCUSDT-SPOT-20240808-bookTicker.csv.gz", "quotes", "0.01", "61840", 1723161254, 0},
    {"BTCUSDT-PERP-20240808-bookTicker.csv.gz", "quotes", "0.1", "61800", 1723161256, 0},
    {"SPY-20131007_11-trades.csv.gz", "trades", "0.0001", "167.4", 1381132800, 0},
    {"BTC-PERP-1m-202201.csv.gz", "klines", "0.01", "46200", 1640995200, 0},
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
    struct scene scene = {.tick = recordings[_i].tick,
                          .step = "0.00001",
                          .layout = recordings[_i].layout,
                          .price = decimal_literal(recordings[_i].price),
                          .start_s = recordings[_i].start_s};
    open_scene(&scene);
    (void)snprintf(scene.quotes, sizeof(scene.quotes), "%s/cut.csv", scene.folder);
    char command[3 * PATH_LENGTH_MAX];
    (void)snprintf(command, sizeof(command),
                   "zcat '%s' | awk 'NR == 1 || (NR > %d && NR <= %d)' > %s", source,
                   recordings[_i].skip + 1, recordings[_i].skip + 1 + TAPE_ROWS, scene.quotes);
    ck_assert_int_eq(system(command), 0);
    play_rounds(&scene, 1000 * ((uint64_t)_i + 1), put_file);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, test_walks, 0, sizeof(walk_steps) / sizeof(walk_steps[0]));
    tcase_add_loop_test(tcase, test_recordings, 0, sizeof(recordings) / sizeof(recordings[0]));
}

int main(void)
{
    return run_cases("wake equivalence", add_tests);
}
