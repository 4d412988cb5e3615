/*
 * tests/unit/executors/test_bracket_wake.c - a bracket that is evaluated only when its wake rule
 * says so, and one whose guard answers for it, do exactly what one does that is evaluated in full
 * at every quote.
 *
 * Random configurations on random walks, with a venue that misbehaves at random; all executors
 * see the same quotes, and after each quote their snapshots, requests and events are compared.
 */
#include "executors/bracket.h"

#include "base/prng.h"
#include "bracketing.h"

enum { RUNS = 3000, STEPS_MAX = 250, PRICE_MIN = 2000, PROBE_INTERVAL = 8 };

/* How the venue misbehaves: a pure function of the seed and the ordinal. */
struct mischief {
    uint64_t seed;
    bool is_on;
};

static uint64_t mischief_of(const struct mischief *mischief, uint32_t ordinal, uint64_t what)
{
    struct prng prng;
    prng_init(&prng, mischief->seed * 1000003 + ordinal * 101 + what);
    return mischief->is_on ? prng_below(&prng, 100) : 99;
}

static bool mischief_fails(void *context, uint32_t ordinal)
{
    return mischief_of(context, ordinal, 1) < 15;
}

static bool mischief_ignores_cancel(void *context, uint32_t ordinal)
{
    return mischief_of(context, ordinal, 2) < 20;
}

static bool mischief_is_matched(void *context, uint32_t ordinal, uint32_t rounds)
{
    const uint64_t kind = mischief_of(context, ordinal, 3);
    return kind >= 5 && (kind >= 25 || rounds >= kind - 5);
}

static bool mischief_match_amount(void *context, uint32_t ordinal, struct decimal order_amount,
                                  uint32_t match, struct decimal *ret_amount)
{
    const uint64_t kind = mischief_of(context, ordinal, 4);
    if (kind >= 30) {
        return true;
    }
    if (match >= 1 + kind % 4) {
        return false;
    }
    *ret_amount = decimal_multiply(order_amount, decimal_from_mantissa((int64_t)kind + 20, 2));
    return true;
}

static struct decimal random_pct(struct prng *prng, int64_t least, int64_t most)
{
    return decimal_from_mantissa(prng_between(prng, least, most), 4);
}

static int random_type(struct prng *prng)
{
    return (int)prng_between(prng, ORDER_MARKET, ORDER_LIMIT_MAKER);
}

static bool chance(struct prng *prng, unsigned percent)
{
    return prng_below(prng, 100) < percent;
}

static void random_trailing(struct prng *prng, struct setting *setting)
{
    setting->trailing.activation = random_pct(prng, 1, 150);
    setting->trailing.distance = random_pct(prng, 1, 120);
    setting->trailing.relaxation = chance(prng, 20) ? DECIMAL_ONE : random_pct(prng, 0, 10000);
    setting->trailing.distance_max = random_pct(prng, 1, 300);
    const size_t rows = (size_t)prng_below(prng, SETTING_ROWS_MAX + 1);
    for (size_t i = 0; i < rows; i++) {
        setting->rows[i].level = random_pct(prng, -100, 300);
        setting->rows[i].ratio = random_pct(prng, 0, 10000);
        if (chance(prng, 20)) {
            setting->rows[i].ratio = chance(prng, 50) ? DECIMAL_ONE : DECIMAL_ZERO;
        }
    }
    setting_trailing(setting, rows);
}

static void random_market(struct prng *prng, struct setting *setting)
{
    struct instrument *instrument = &setting->instrument;
    if (chance(prng, 50)) {
        instrument->min_notional = decimal_from_int(prng_between(prng, 1, 120));
    }
    instrument->min_order_size = decimal_from_mantissa(prng_between(prng, 0, 60), 2);
    instrument->step = D(chance(prng, 50) ? "0.01" : "0.0001");
    setting->paper.taker_fee = random_pct(prng, 0, 20);
    setting->paper.maker_fee = random_pct(prng, -2, 10);
    setting->paper.fee_in_base_on_buy = chance(prng, 30);
}

static void random_barriers(struct prng *prng, struct setting *setting)
{
    struct barrier_config *barriers = &setting->barriers;
    barriers->open_order_type = random_type(prng);
    barriers->take_profit_order_type = random_type(prng);
    barriers->has_stop_loss = chance(prng, 70);
    barriers->stop_loss = random_pct(prng, 1, 200);
    barriers->has_take_profit = chance(prng, 60);
    barriers->take_profit = random_pct(prng, 1, 250);
    barriers->has_time_limit = chance(prng, 50);
    barriers->time_limit_ns = prng_between(prng, 1, 400) * NS_PER_S;
    barriers->has_apr_yield = chance(prng, 70);
    /* Up to 30 million percent: the stop moves visibly within minutes. */
    barriers->apr_yield = decimal_from_int(prng_between(prng, 0, chance(prng, 50) ? 2 : 3000));
    if (chance(prng, 70)) {
        random_trailing(prng, setting);
    }
}

static void random_setting(struct prng *prng, struct setting *setting, struct paper_script *script)
{
    setting_init(setting, chance(prng, 40) ? &executor_kind_position : &executor_kind_progressive);
    random_market(prng, setting);
    random_barriers(prng, setting);
    setting->config.side = chance(prng, 50) ? SIDE_BUY : SIDE_SELL;
    setting->config.amount = decimal_from_mantissa(prng_between(prng, 1, 2000), 3);
    setting->config.has_entry_price = chance(prng, 80);
    setting->config.entry_price = decimal_from_mantissa(prng_between(prng, 9700, 10300), 2);
    setting->config.common.max_retries = prng_between(prng, 0, 6);
    if (chance(prng, 30)) {
        /* The minimum is about what the position is worth. */
        setting->instrument.min_notional = decimal_multiply(
            setting->config.amount, decimal_from_mantissa(prng_between(prng, 9800, 10200), 2));
        setting->instrument.min_order_size = DECIMAL_ZERO;
    }
    if (chance(prng, 40)) {
        setting_bounds(setting, "0", "0");
        setting->bounds[0] = random_pct(prng, 0, 200);
        setting->bounds[1] = random_pct(prng, 0, 200);
    }
    setting->paper.script = script;
}

/* A walk in cents with a spread; it pauses, creeps and jumps. */
struct walk {
    int64_t mid;
    struct quote quote;
};

static void walk_on(struct walk *walk, struct prng *prng)
{
    if (!chance(prng, 20)) {
        const int64_t most = chance(prng, 5) ? 300 : chance(prng, 50) ? 3 : 25;
        walk->mid += prng_between(prng, -most, most);
        walk->mid = walk->mid < PRICE_MIN ? PRICE_MIN : walk->mid;
        const int64_t half = prng_between(prng, 0, chance(prng, 10) ? 40 : 2);
        walk->quote.bid = decimal_from_mantissa(walk->mid - half, 2);
        walk->quote.ask = decimal_from_mantissa(walk->mid + half, 2);
    }
    walk->quote.time_ns += prng_between(prng, 0, 8) * NS_PER_S / 2;
}

/* The same executor in three hands. */
enum hand {
    HAND_FULL,    /* Evaluated at every quote, by its formulas. */
    HAND_GUARDED, /* Evaluated at every quote; while its guard holds, that is a comparison. */
    HAND_WOKEN,   /* Evaluated when it asks for it. */
    HAND_COUNT,
};

static const char *const hand_names[HAND_COUNT] = {"full", "guarded", "woken"};

/* A stop or an update now and then. */
static void hands_call(struct stage hands[HAND_COUNT], struct prng *prng)
{
    const bool stops = chance(prng, 1);
    const bool keeps = chance(prng, 50);
    const bool updates = chance(prng, 2);
    const struct decimal volatility = random_pct(prng, 1, 200);
    enum err errs[2][HAND_COUNT];
    for (size_t i = 0; i < HAND_COUNT; i++) {
        errs[0][i] = stops ? stage_stop(&hands[i], keeps) : ERR_NONE;
        errs[1][i] = updates ? stage_update(&hands[i], volatility) : ERR_NONE;
        ck_assert(errs[0][i] == errs[0][0] && errs[1][i] == errs[1][0]);
    }
}

static void hands_step(struct stage hands[HAND_COUNT], struct prng *prng, const struct quote *quote,
                       bool is_first)
{
    const uint32_t last = hands[0].executor->ledger.count;
    const size_t expelled = chance(prng, 3) && last > 0 ? 1 : 0;
    for (size_t i = 0; i < HAND_COUNT; i++) {
        if (is_first) {
            stage_start(&hands[i], quote, true);
        } else {
            stage_advance(&hands[i], quote, &last, expelled);
        }
    }
    if (!is_first) {
        hands_call(hands, prng);
    }
    guard_drop(&bracket_in(&hands[HAND_FULL])->guard);
    for (size_t i = 0; i < HAND_COUNT; i++) {
        stage_evaluate(&hands[i]);
        stage_finish(&hands[i]);
    }
}

static void snapshot_of(const struct stage *stage, struct text *out)
{
    text_clear(out);
    executor_save(stage->executor, out);
    for (size_t i = 0; i < stage->requests.count; i++) {
        const struct executor_request *request = &stage->requests.items[i];
        text_printf(out, " %d:%u", (int)request->kind, (unsigned)request->ordinal);
    }
    for (size_t i = 0; i < stage->updates.count; i++) {
        const struct venue_update *update = &stage->updates.items[i];
        text_printf(out, " %d:%u", (int)update->kind, (unsigned)update->order.ordinal);
    }
}

/* ---- What the guard stands for, at its very ends ---- */

/* Evaluates another executor of the same state in full, with that mark and at that time; nothing
 * may come of it. */
static void probe(const struct stage *stage, struct decimal mark, int64_t now_ns, uint64_t seed)
{
    struct stage other = *stage;
    struct text before = {0};
    struct text after = {0};
    struct market_view *market = &other.view.markets[0];
    other.executor = stage_new_executor(stage);
    stage_load(&other, stage->executor);
    other.view.now_ns = now_ns;
    if (bracket_side(bracket_in(&other)) == SIDE_BUY) {
        market->bid = mark;
        market->ask = decimal_max(market->ask, mark);
    } else {
        market->ask = mark;
        market->bid = decimal_min(market->bid, mark);
    }
    executor_requests_init(&other.requests);
    executor_save(other.executor, &before);
    other.kind->on_market(other.executor, &other.view, &other.requests);
    executor_save(other.executor, &after);
    ck_assert_msg(
        strcmp(text_string(&before), text_string(&after)) == 0 && other.requests.count == 0,
        "seed %d\nbefore: %s\nafter:  %s", (int)seed, text_string(&before), text_string(&after));
    executor_done(other.executor);
    free(other.executor);
    text_done(&before);
    text_done(&after);
}

/* The marks and times nearest to where the guard ends; false when it does not hold. */
static bool probe_ends(const struct stage *stage, uint64_t seed)
{
    const struct bracket *bracket = bracket_in(stage);
    const struct guard *guard = &bracket->guard;
    if (!guard_holds(guard, stage->executor, bracket_side(bracket), &stage->view)) {
        return false;
    }
    const struct decimal far = D("100000000");
    const struct decimal low = decimal_max(decimal_add(guard->low, DECIMAL_ULP), DECIMAL_ULP);
    const struct decimal high = decimal_min(decimal_subtract(guard->high, DECIMAL_ULP), far);
    const int64_t last_ns = guard->until_ns == INSTANT_NEVER
                                ? stage->view.now_ns + 1000000 * NS_PER_S
                                : guard->until_ns - 1;
    probe(stage, low, stage->view.now_ns, seed);
    probe(stage, high, stage->view.now_ns, seed);
    probe(stage, low, last_ns, seed);
    probe(stage, high, last_ns, seed);
    return true;
}

/* ---- The runs ---- */

struct effort {
    size_t steps;
    size_t evaluations; /* Of the woken one. */
    size_t probes;
};

static void hands_compare(const struct stage hands[HAND_COUNT], struct text texts[HAND_COUNT],
                          uint64_t seed)
{
    for (size_t i = 0; i < HAND_COUNT; i++) {
        snapshot_of(&hands[i], &texts[i]);
        ck_assert_msg(strcmp(text_string(&texts[0]), text_string(&texts[i])) == 0,
                      "seed %d step %zu\nfull: %s\n%s: %s", (int)seed, hands[0].steps,
                      text_string(&texts[0]), hand_names[i], text_string(&texts[i]));
    }
}

static void compare_run(uint64_t seed, struct effort *effort)
{
    struct prng prng;
    prng_init(&prng, seed);
    struct mischief mischief = {seed, chance(&prng, 50)};
    struct paper_script script = {&mischief, mischief_fails, mischief_ignores_cancel,
                                  mischief_is_matched, mischief_match_amount};
    struct setting setting;
    random_setting(&prng, &setting, &script);
    struct stage hands[HAND_COUNT];
    struct text texts[HAND_COUNT] = {{0}};
    for (size_t i = 0; i < HAND_COUNT; i++) {
        setting_open(&setting, &hands[i]);
    }
    hands[HAND_WOKEN].uses_wake = true;
    struct walk walk = {.mid = 10000, .quote = quote_at(0, "99.99", "100.01")};
    for (int step = 0; step < STEPS_MAX; step++) {
        hands_step(hands, &prng, &walk.quote, step == 0);
        hands_compare(hands, texts, seed);
        if (hands[0].executor->status == EXECUTOR_TERMINATED) {
            break;
        }
        if (step % PROBE_INTERVAL == 0 && probe_ends(&hands[HAND_GUARDED], seed)) {
            effort->probes++;
        }
        walk_on(&walk, &prng);
    }
    effort->steps += hands[HAND_WOKEN].steps;
    effort->evaluations += hands[HAND_WOKEN].evaluations;
    for (size_t i = 0; i < HAND_COUNT; i++) {
        text_done(&texts[i]);
        stage_close(&hands[i]);
    }
}

START_TEST(all_ways_to_evaluate_a_bracket_are_the_same)
{
    const char *runs = getenv("TUTTI_RUNS");
    const uint64_t count = runs == NULL ? RUNS : strtoull(runs, NULL, 10);
    struct effort effort = {0};
    for (uint64_t seed = 1; seed <= count; seed++) {
        compare_run(seed, &effort);
    }
    /* Waking at every quote would be equal as well, and worthless. */
    ck_assert_msg(effort.evaluations * 2 < effort.steps, "%zu of %zu quotes evaluated",
                  effort.evaluations, effort.steps);
    ck_assert_msg(effort.probes > count, "%zu guards in %zu runs", effort.probes, (size_t)count);
}
END_TEST

/* A guarded position in a quiet market: nobody is woken by quotes between its levels. */
START_TEST(a_guarded_position_sleeps_between_its_levels)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_stop_loss(&setting, "0.02");
    setting_take_profit(&setting, "0.03", ORDER_MARKET);
    setting_trailing(&setting, 0);
    setting_time_limit(&setting, 3600);
    setting_open(&setting, &stage);
    stage.uses_wake = true;
    play_start(&stage, 0, "99.99", "100.00");
    play(&stage, 1, "99.99", "100.00"); /* The entry fills. */
    const size_t before = stage.evaluations;
    play(&stage, 2, "98.01", "98.02");
    play(&stage, 3, "101.99", "102.00");
    play(&stage, 4, "101.50", "101.51");
    ck_assert_uint_eq(stage.evaluations, before);
    play(&stage, 5, "102.01", "102.02");
    ck_assert_uint_eq(stage.evaluations, before + 1);
    ck_assert(bracket_in(&stage)->is_armed);
    play(&stage, 6, "102.01", "102.02"); /* The same best again. */
    play(&stage, 7, "101.10", "102.02");
    ck_assert_uint_eq(stage.evaluations, before + 1);
    play(&stage, 8, "102.02", "102.03");
    ck_assert_uint_eq(stage.evaluations, before + 2);
    play(&stage, 9, "101.01", "101.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TRAILING_STOP);
    stage_close(&stage);
}
END_TEST

START_TEST(a_stop_that_rises_with_the_yield_is_not_missed)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting_stop_loss(&setting, "0.01");
    setting.barriers.apr_yield = D("31536"); /* 0.001 per second */
    setting.barriers.has_apr_yield = true;
    setting_open(&setting, &stage);
    stage.uses_wake = true;
    play_start(&stage, 0, "100", "100");
    play(&stage, 1, "100", "100");
    for (int second = 2; second < 10; second++) {
        play(&stage, second, "100", "100");
        ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    }
    play(&stage, 10, "100", "100"); /* 10 * 0.001 - 0.01 = 0 = p */
    ck_assert_int_eq(stage.executor->close_type, CLOSE_STOP_LOSS);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, all_ways_to_evaluate_a_bracket_are_the_same);
    tcase_add_test(tcase, a_guarded_position_sleeps_between_its_levels);
    tcase_add_test(tcase, a_stop_that_rises_with_the_yield_is_not_missed);
}

int main(void)
{
    return run_tests("bracket_wake", add_tests);
}
