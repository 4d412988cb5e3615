/*
 * Executors of two markets that are woken only when they asked for it, beside the same ones woken
 * on every quote: the journals must be the same (wake_scene.h).
 *
 * The two venues have recorded depth, or one of them has, or none. Depth changes between quotes and
 * under quotes that stand still, is thin at times, and is behind the quotes or ahead of them.
 */
#include "wake_scene.h"

enum { PAIR_ROWS = 1500, PAIR_LEVELS_MAX = 7, PAIR_EXECUTORS = 6 };

#define PAIR_START_MS INT64_C(1700000000000)

/* The books of one venue while its tapes are written; prices in cents. */
struct pair_market {
    FILE *quotes;
    FILE *depth;
    int64_t mid;
    int64_t number; /* Of the last message. */
};

static FILE *open_tape(const struct scene *scene, int venue, const char *name)
{
    char path[PATH_LENGTH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s%d.csv", scene->folder, name, venue);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    return file;
}

static void put_levels(struct scene *scene, struct pair_market *market, int64_t time_ms,
                       bool is_bid)
{
    const int64_t count = prng_between(&scene->prng, 1, PAIR_LEVELS_MAX);
    int64_t away = 1 + prng_between(&scene->prng, 0, 3);
    for (int64_t i = 0; i < count; i++) {
        const int64_t price = is_bid ? market->mid - away : market->mid + away;
        (void)fprintf(market->depth, "%lld,%lld,%lld,%lld,,snap,%c,%lld.%02lld,0.%03lld\n",
                      (long long)time_ms * 1000000, (long long)time_ms, (long long)market->number,
                      (long long)market->number, is_bid ? 'b' : 'a', (long long)price / 100,
                      (long long)price % 100, (long long)prng_between(&scene->prng, 1, 400));
        away += prng_between(&scene->prng, 1, 60);
    }
}

/* A quote near the middle, and no, one or two messages before it. */
static void put_row(struct scene *scene, struct pair_market *market, int64_t time_ms)
{
    for (int i = (int)prng_below(&scene->prng, 3); i > 0; i--) {
        market->number++;
        put_levels(scene, market, time_ms - i, true);
        put_levels(scene, market, time_ms - i, false);
    }
    const int64_t bid = market->mid - prng_between(&scene->prng, 1, 4);
    const int64_t ask = market->mid + prng_between(&scene->prng, 1, 4);
    (void)fprintf(market->quotes, "%lld,%lld.%02lld,1,%lld.%02lld,1,%lld,%lld\n",
                  (long long)time_ms, (long long)bid / 100, (long long)bid % 100,
                  (long long)ask / 100, (long long)ask % 100, (long long)time_ms,
                  (long long)time_ms);
    if (!one_in(scene, 3)) { /* The quote that follows may be ahead of the depth, or behind. */
        market->mid += prng_between(&scene->prng, -40, 40);
    }
}

/* The venues come apart and together again. */
static void put_tapes(struct scene *scene)
{
    struct pair_market markets[2];
    for (int i = 0; i < 2; i++) {
        markets[i] = (struct pair_market){.quotes = open_tape(scene, i, "quotes"),
                                          .depth = open_tape(scene, i, "depth"),
                                          .mid = 100000 + 100 * i};
        (void)fputs("update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,"
                    "transaction_time,event_time\n",
                    markets[i].quotes);
        (void)fputs("local_ns,event_time,first_update_id,last_update_id,prev_last_update_id,kind,"
                    "side,price,qty\n",
                    markets[i].depth);
    }
    for (int64_t row = 0; row < PAIR_ROWS; row++) {
        for (int i = 0; i < 2; i++) {
            if (!one_in(scene, 4)) {
                put_row(scene, &markets[i], PAIR_START_MS + 500 * row + 3 + 100 * i);
            }
        }
        markets[1].mid += (markets[0].mid - markets[1].mid) / 16;
    }
    for (int i = 0; i < 2; i++) {
        (void)fclose(markets[i].quotes);
        (void)fclose(markets[i].depth);
    }
}

static void put_markets(struct scene *scene)
{
    const bool is_deep[2] = {!one_in(scene, 4), !one_in(scene, 4)};
    text_append_string(&scene->file, "run: {name: pairs, mode: backtest}\nvenues:\n");
    for (int i = 0; i < 2; i++) {
        text_printf(&scene->file,
                    "  - {name: venue%d, balances: {QUOTE: \"10000000\", BASE: \"10000\"}, fees: "
                    "{maker: \"0.0001\", taker: \"0.0002\"}, latency_ms: %lld, fill_model: %s}\n",
                    i, (long long)(one_in(scene, 2) ? 0 : prng_between(&scene->prng, 1, 1500)),
                    is_deep[i] ? "book" : "touch");
    }
    text_append_string(&scene->file, "instruments:\n");
    for (int i = 0; i < 2; i++) {
        text_printf(&scene->file,
                    "  - {trading_pair: BASE-QUOTE, venue: venue%d, tick: \"0.01\", step: "
                    "\"0.001\", min_notional: \"5\"}\n",
                    i);
    }
    text_append_string(&scene->file, "feeds:\n");
    for (int i = 0; i < 2; i++) {
        text_printf(&scene->file,
                    "  - {venue: venue%d, trading_pair: BASE-QUOTE, quotes: %s/quotes%d.csv, "
                    "cache: %s",
                    i, scene->folder, i, scene->folder);
        if (is_deep[i]) {
            text_printf(&scene->file, ", depth: %s/depth%d.csv", scene->folder, i);
        }
        text_append_string(&scene->file, "}\n");
    }
}

/* Amounts that need from one level to more than there are. */
static void put_pairing(struct scene *scene, const char *type)
{
    const int buying = (int)prng_below(&scene->prng, 2);
    text_printf(&scene->file,
                "  - {type: %s, buying_market: {connector_name: venue%d, trading_pair: "
                "BASE-QUOTE}, selling_market: {connector_name: venue%d, trading_pair: BASE-QUOTE},"
                "\n     order_amount: \"%lld.%03lld\", ",
                type, buying, 1 - buying, (long long)prng_between(&scene->prng, 0, 1),
                (long long)prng_between(&scene->prng, 10, 999));
    if (one_in(scene, 2)) {
        text_printf(&scene->file, "start_at: \"%lld\", ",
                    (long long)(PAIR_START_MS / 1000 + prng_between(&scene->prng, 0, 500)));
    }
    const int64_t least = prng_between(&scene->prng, -8, 8);
    put_fraction(scene, "min_profitability", least, least);
    if (strcmp(type, "xemm_executor") == 0) {
        const int64_t target = least + prng_between(&scene->prng, 0, 6);
        put_fraction(scene, "target_profitability", target, target);
        put_fraction(scene, "max_profitability", target, target + 20);
        text_printf(&scene->file, "maker_side: %s", one_in(scene, 2) ? "BUY" : "SELL");
    }
    text_append_string(&scene->file, "}\n");
}

static void put_pair_file(struct scene *scene)
{
    put_tapes(scene);
    put_markets(scene);
    text_printf(&scene->file, "persistence: {path: %s/run.db, existing: replace}\nexecutors:\n",
                scene->folder);
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        for (int n = 0; n < PAIR_EXECUTORS && kind->market_count == 2; n++) {
            put_pairing(scene, kind->type);
        }
    }
    ck_assert(!text_failed(&scene->file));
}

START_TEST(test_pairs)
{
    struct scene scene = {0};
    open_scene(&scene);
    play_rounds(&scene, 5000 * ((uint64_t)_i + 1), put_pair_file);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, test_pairs, 0, 3);
}

int main(void)
{
    return run_cases("wake pairs", add_tests);
}
