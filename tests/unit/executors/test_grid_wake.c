/*
 * tests/unit/executors/test_grid_wake.c - a grid that is evaluated only when its wake rule says so,
 * and one that is saved and loaded after every step, do exactly what one does that is evaluated at
 * every quote.
 */
#include "griding.h"
#include "walking.h"

enum { RUNS = 600, STEPS_MAX = 250 };

static void random_market(struct prng *prng, struct grid_setting *setting)
{
    struct instrument *instrument = &setting->instrument;
    if (chance(prng, 50)) {
        instrument->min_notional = decimal_from_int(prng_between(prng, 1, 60));
    }
    instrument->min_order_size = decimal_from_mantissa(prng_between(prng, 0, 30), 2);
    instrument->step = D(chance(prng, 50) ? "0.01" : "0.0001");
    setting->paper.taker_fee = random_fraction(prng, 0, 20);
    setting->paper.maker_fee = random_fraction(prng, -2, 10);
    setting->paper.fee_in_base_on_buy = chance(prng, 30);
}

static void random_orders(struct prng *prng, struct grid_config *config)
{
    config->total_amount_quote = decimal_from_int(prng_between(prng, 50, 3000));
    config->min_spread_between_orders = random_fraction(prng, 1, 100);
    config->max_open_orders = prng_between(prng, 1, 12);
    config->has_max_orders_per_batch = chance(prng, 30);
    config->max_orders_per_batch = prng_between(prng, 1, 3);
    config->order_frequency_ns = prng_between(prng, 0, 3) * NS_PER_S;
    config->has_activation_bounds = chance(prng, 30);
    config->activation_bounds = random_fraction(prng, 5, 150);
    config->safe_extra_spread = random_fraction(prng, 0, 20);
    config->keep_position = chance(prng, 50);
    config->coerce_tp_to_step = chance(prng, 30);
    config->common.max_retries = prng_between(prng, 0, 30);
}

static void random_barriers(struct prng *prng, struct grid_setting *setting)
{
    struct barrier_config *barriers = &setting->barriers;
    barriers->open_order_type = chance(prng, 50) ? ORDER_LIMIT : ORDER_LIMIT_MAKER;
    barriers->take_profit = random_fraction(prng, 1, 60);
    barriers->has_stop_loss = chance(prng, 60);
    barriers->stop_loss = random_fraction(prng, 5, 200);
    barriers->has_time_limit = chance(prng, 30);
    barriers->time_limit_ns = prng_between(prng, 1, 400) * NS_PER_S;
    if (chance(prng, 50)) {
        setting->trailing.activation = random_fraction(prng, 1, 100);
        setting->trailing.distance = random_fraction(prng, 1, 80);
        barriers->trailing_stop = &setting->trailing;
    }
}

static void random_setting(struct prng *prng, struct grid_setting *setting)
{
    grid_setting_init(setting);
    random_market(prng, setting);
    random_orders(prng, &setting->config);
    random_barriers(prng, setting);
    const int64_t start = prng_between(prng, 9500, 10000);
    const int64_t end = start + prng_between(prng, 1, 700);
    const bool sells = chance(prng, 50);
    const int64_t room = prng_between(prng, 1, 500);
    setting->config.side = sells ? SIDE_SELL : SIDE_BUY;
    setting->config.start_price = decimal_from_mantissa(start, 2);
    setting->config.end_price = decimal_from_mantissa(end, 2);
    setting->config.limit_price = decimal_from_mantissa(sells ? end + room : start - room, 2);
}

struct effort {
    size_t steps;
    size_t evaluations;
    size_t fills;
};

static void compare_run(uint64_t seed, bool is_reloaded, struct effort *effort)
{
    struct prng prng;
    prng_init(&prng, seed);
    struct whim whim = {seed, chance(&prng, 50)};
    const struct paper_script script = whim_script(&whim);
    struct grid_setting setting;
    random_setting(&prng, &setting);
    setting.paper.script = &script;
    struct duet duet = {.is_reloaded = is_reloaded};
    grid_open(&setting, &duet.always);
    grid_open(&setting, &duet.other);
    duet.other.uses_wake = !is_reloaded;
    struct walk walk = walk_at(10000);
    for (int step = 0; step < STEPS_MAX; step++) {
        duet_step(&duet, &prng, &walk.quote, step == 0);
        duet_compare(&duet, seed, step);
        duet_check(&duet.always);
        if (duet.always.executor->status == EXECUTOR_TERMINATED) {
            break;
        }
        walk_on(&walk, &prng);
    }
    effort->steps += duet.other.steps;
    effort->evaluations += duet.other.evaluations;
    effort->fills += grid_in(&duet.always)->fill_events;
    stage_close(&duet.always);
    stage_close(&duet.other);
}

START_TEST(a_woken_grid_does_what_an_evaluated_one_does)
{
    const char *runs = getenv("TUTTI_RUNS");
    const uint64_t count = runs == NULL ? RUNS : strtoull(runs, NULL, 10);
    struct effort effort = {0};
    for (uint64_t seed = 1; seed <= count; seed++) {
        compare_run(seed, false, &effort);
    }
    ck_assert_uint_gt(effort.fills, count * 2);
    /* Waking at every quote would be equal as well, and worthless. */
    ck_assert_msg(effort.evaluations * 3 < effort.steps * 2,
                  "%zu of %zu quotes evaluated, %zu fills", effort.evaluations, effort.steps,
                  effort.fills);
}
END_TEST

START_TEST(a_loaded_grid_goes_on_as_if_nothing_had_happened)
{
    struct effort effort = {0};
    for (uint64_t seed = 1; seed <= RUNS / 4; seed++) {
        compare_run(seed, true, &effort);
    }
}
END_TEST

/* What the grid gained is what its orders brought minus what they cost, fees included. */
START_TEST(realized_and_position_add_up_to_the_money)
{
    struct grid_setting setting;
    struct stage stage;
    struct prng prng;
    prng_init(&prng, 42);
    grid_setting_init(&setting);
    setting.paper.maker_fee = D("0.001");
    setting.barriers.take_profit = D("0.002");
    setting.config.min_spread_between_orders = D("0.005");
    grid_open(&setting, &stage);
    struct walk walk = walk_at(10500);
    stage_start(&stage, &walk.quote, true);
    for (int step = 0; step < 2000 && stage.executor->status == EXECUTOR_RUNNING; step++) {
        stage_evaluate(&stage);
        stage_finish(&stage);
        walk_on(&walk, &prng);
        stage_advance(&stage, &walk.quote, NULL, 0);
        const struct ledger *ledger = &stage.executor->ledger;
        const struct decimal owned =
            decimal_subtract(ledger->opening.executed, ledger->closing.executed);
        const struct decimal cash = decimal_subtract(ledger->closing.quote, ledger->opening.quote);
        const struct decimal fees = ledger->fees;
        const struct decimal worth = decimal_multiply(owned, walk.quote.bid);
        const struct decimal money = decimal_subtract(decimal_add(cash, worth), fees);
        const struct decimal error =
            decimal_absolute(decimal_subtract(money, grid_report_of(&stage).net_pnl_quote));
        ck_assert(decimal_less(error, D("0.000000000000001")));
    }
    ck_assert_uint_gt(grid_in(&stage)->fill_events, 20);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_woken_grid_does_what_an_evaluated_one_does);
    tcase_add_test(tcase, a_loaded_grid_goes_on_as_if_nothing_had_happened);
    tcase_add_test(tcase, realized_and_position_add_up_to_the_money);
}

int main(void)
{
    return run_tests("grid_wake", add_tests);
}
