/*
 * tests/unit/executors/test_pairing_wake.c - executors of two markets that are evaluated only when
 * their wake rule says so, and such that are saved and loaded after every step, do exactly what one
 * does that is evaluated at every quote.
 */
#include "pairing_stage.h"
#include "walking.h"

enum { RUNS = 600, STEPS_MAX = 200 };

struct effort {
    size_t steps;
    size_t evaluations;
    size_t orders;
    size_t completed;
};

/* A configuration of the kind, with fees and profits of a few hundredths of a percent. */
static void random_config(struct prng *prng, bool is_xemm, struct text *out)
{
    text_clear(out);
    text_printf(out, "{\"type\":\"%s\",\"max_retries\":%d,\"order_amount\":\"%d.%03d\",",
                is_xemm ? "xemm_executor" : "arbitrage_executor", (int)prng_between(prng, 0, 8),
                (int)prng_between(prng, 0, 3), (int)prng_between(prng, 100, 999));
    for (int i = 0; i < PAIRING_MARKETS; i++) {
        text_printf(out,
                    "\"%s_market\":{\"connector_name\":\"%d\",\"trading_pair\":\"BTC-USDT\","
                    "\"fee\":\"0.000%d\"},",
                    i == 0 ? "buying" : "selling", i, (int)prng_between(prng, 0, 9));
    }
    const int least = (int)prng_between(prng, -60, 10);
    const int target = least + (int)prng_between(prng, 0, 30);
    text_printf(out, "\"min_profitability\":\"%de-4\"", least);
    if (is_xemm) {
        text_printf(out,
                    ",\"maker_side\":%d,\"target_profitability\":\"%de-4\","
                    "\"max_profitability\":\"%de-4\"",
                    (int)prng_between(prng, SIDE_BUY, SIDE_SELL), target,
                    target + (int)prng_between(prng, 0, 40));
    }
    text_append_char(out, '}');
}

static void random_markets(struct prng *prng, struct pairing_setting *setting)
{
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        struct instrument *instrument = &setting->instruments[i];
        instrument->min_notional =
            decimal_from_int(chance(prng, 50) ? prng_between(prng, 1, 60) : 0);
        instrument->min_order_size = decimal_from_mantissa(prng_between(prng, 0, 30), 2);
        instrument->step = D(chance(prng, 50) ? "0.01" : "0.001");
    }
    setting->paper.taker_fee = random_fraction(prng, 0, 10);
    setting->paper.maker_fee = random_fraction(prng, -2, 10);
    setting->paper.fee_in_base_on_buy = chance(prng, 30);
}

/* Levels of both sides near the quote: at times behind it or before it, at times too few of them
 * for the amount or none. */
static void random_depth(struct prng *prng, const struct quote *quote, struct book_top *ret_top)
{
    enum { LEVELS_MAX = 6 };
    struct book_level *const sides[] = {ret_top->bids, ret_top->asks};
    for (int side = 0; side < 2; side++) {
        const struct decimal best = side == 0 ? quote->bid : quote->ask;
        const uint32_t count = chance(prng, 5) ? 0 : (uint32_t)prng_between(prng, 1, LEVELS_MAX);
        int64_t away = prng_between(prng, -2, 3);
        for (uint32_t i = 0; i < count; i++) {
            const struct decimal distance = decimal_from_mantissa(side == 0 ? -away : away, 2);
            sides[side][i] = (struct book_level){
                decimal_add(best, distance), decimal_from_mantissa(prng_between(prng, 1, 150), 2)};
            away += prng_between(prng, 1, 4);
        }
        *(side == 0 ? &ret_top->bid_count : &ret_top->ask_count) = count;
    }
}

static void compare_run(uint64_t seed, bool is_xemm, bool is_reloaded, struct effort *effort)
{
    struct prng prng;
    prng_init(&prng, seed);
    struct whim whim = {seed, chance(&prng, 60)};
    const struct paper_script script = whim_script(&whim);
    struct text json = {0};
    random_config(&prng, is_xemm, &json);
    struct pairing_setting setting;
    pairing_setting_init(&setting, text_string(&json));
    random_markets(&prng, &setting);
    setting.paper.script = &script;
    struct duet duet = {.is_reloaded = is_reloaded};
    pairing_open(&setting, &duet.always);
    pairing_open(&setting, &duet.other);
    duet.other.uses_wake = true;
    if (chance(&prng, 50)) { /* The quote assets differ. */
        duet.always.view.rate = decimal_from_mantissa(prng_between(&prng, 998000, 1002000), 6);
        duet.other.view.rate = duet.always.view.rate;
    }
    struct walk first = walk_at(10000);
    struct walk second = walk_at(10000 + prng_between(&prng, -20, 20));
    struct book_top depths[PAIRING_MARKETS] = {0};
    const bool is_deep[PAIRING_MARKETS] = {chance(&prng, 30), chance(&prng, 30)};
    for (int step = 0; step < STEPS_MAX; step++) {
        for (int i = 0; i < PAIRING_MARKETS; i++) {
            if (is_deep[i] && chance(&prng, 60)) {
                random_depth(&prng, i == 0 ? &first.quote : &second.quote, &depths[i]);
            }
            duet.always.depths[i] = is_deep[i] ? &depths[i] : NULL;
            duet.other.depths[i] = duet.always.depths[i];
        }
        stage_second(&duet.always, &second.quote);
        stage_second(&duet.other, &second.quote);
        duet_step(&duet, &prng, &first.quote, step == 0);
        duet_compare(&duet, seed, step);
        duet_check(&duet.always);
        if (duet.always.executor->status == EXECUTOR_TERMINATED) {
            break;
        }
        walk_on(&first, &prng);
        /* The markets come apart and together again. */
        second.mid += (first.mid - second.mid) / 4;
        walk_on(&second, &prng);
        second.quote.time_ns = first.quote.time_ns;
    }
    effort->steps += duet.other.steps;
    effort->evaluations += duet.other.evaluations;
    effort->orders += duet.other.executor->ledger.count;
    effort->completed += duet.other.executor->close_type == CLOSE_COMPLETED ? 1 : 0;
    stage_close(&duet.always);
    stage_close(&duet.other);
    pairing_setting_done(&setting);
    text_done(&json);
}

START_TEST(a_woken_pairing_does_what_an_evaluated_one_does)
{
    const char *runs = getenv("TUTTI_RUNS");
    const uint64_t count = runs == NULL ? RUNS : strtoull(runs, NULL, 10);
    struct effort effort = {0};
    for (uint64_t seed = 1; seed <= count; seed++) {
        compare_run(seed, _i != 0, false, &effort);
    }
    ck_assert_msg(effort.completed * 5 > count, "%zu completed", effort.completed);
    ck_assert_uint_gt(effort.orders, count);
    /* Waking at every quote would be equal as well, and worthless. */
    ck_assert_msg(effort.evaluations * 4 < effort.steps * 3, "%zu of %zu quotes evaluated",
                  effort.evaluations, effort.steps);
}
END_TEST

START_TEST(a_loaded_pairing_goes_on_as_if_nothing_had_happened)
{
    struct effort effort = {0};
    for (uint64_t seed = 1; seed <= RUNS / 4; seed++) {
        compare_run(seed, _i != 0, true, &effort);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_woken_pairing_does_what_an_evaluated_one_does, 0, 2);
    tcase_add_loop_test(tcase, a_loaded_pairing_goes_on_as_if_nothing_had_happened, 0, 2);
}

int main(void)
{
    return run_tests("pairing_wake", add_tests);
}
