/*
 * tests/unit/executors/test_dca.c - averaging over levels, step by step and on random walks.
 */
#include "executors/dca.h"

#include "exposing.h"

#define DCA "dca_executor"
/* 1 at 100, 2 at 90 and 2 at 80: together 440 for 5, 88 on average. */
#define THREE "amounts_quote: [100, 180, 160], prices: [100, 90, 80]"

static const struct {
    const char *members, *expected;
} refusals[] = {
    {"side: BUY, amounts_quote: [100, 180], prices: [100]", "prices: another length"},
    {"side: BUY, amounts_quote: [], prices: []", "amounts_quote"},
    {"side: BUY, amounts_quote: [100]", "prices"},
    {"side: BUY, amounts_quote: [-100], prices: [100]", "amounts_quote[0]"},
    {"side: BUY, amounts_quote: [100], prices: [0]", "prices[0]"},
    {"side: BUY, mode: BOTH, " THREE, "mode"},
    {"side: BUY, stop_loss: 0, " THREE, "stop_loss"},
    {"side: BUY, take_profit: -1, " THREE, "take_profit"},
    {"side: BUY, time_limit: 0, " THREE, "time_limit"},
    {"side: BUY, trailing_stop: {activation_price: 0.1}, " THREE, "trailing_stop.trailing_delta"},
    {"side: BUY, activation_bounds: [0.1], " THREE, "activation_bounds"},
    {THREE, "side"},
};

START_TEST(wrong_configurations_are_refused)
{
    scene_expect_refusal(DCA, refusals[_i].members, refusals[_i].expected);
}
END_TEST

START_TEST(levels_are_placed_in_order_one_at_an_instant)
{
    static const char *const amounts[] = {"1", "2", "2"};
    static const char *const prices[] = {"100", "90", "80"};
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, DCA, "side: BUY, " THREE);
    scene_start(&scene, "105", "106");
    for (int i = 0; i < 3; i++) {
        if (i > 0) {
            look(stage, i, "105", "106");
        }
        ck_assert_uint_eq(stage->requests.count, 1);
        ck_assert_request(stage, 0, amounts[i], prices[i]);
        ck_assert_int_eq(stage->requests.items[0].type, ORDER_LIMIT);
        look(stage, i, "105", "106"); /* The same instant again. */
        ck_assert_uint_eq(stage->requests.count, 0);
    }
    look(stage, 9, "105", "106");
    ck_assert_uint_eq(stage->requests.count, 0);
    expect_info(stage, "\"n_levels\":3");
    expect_info(stage, "\"target_position_average_price\":\"88\"");
    expect_info(stage, "\"max_amount_quote\":\"440\"");
    expect_info(stage, "\"min_price\":\"80\",\"max_price\":\"100\"");
    scene_close(&scene);
}
END_TEST

/* Level 0 is rejected, level 1 is canceled by the venue after 0.5: each comes again as itself. */
START_TEST(a_level_is_placed_again_as_itself)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, DCA, "side: BUY, " THREE);
    scene_start(&scene, "105", "106");
    look(stage, 1, "105", "106");
    look(stage, 2, "105", "106");
    tell(stage, ORDER_EVENT_FAILED, 1);
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(stage, 2, "90", "0.5");
    tell(stage, ORDER_EVENT_CANCELED, 2); /* The second retry: 2 s from now. */
    look(stage, 3, "105", "106");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 4, "105", "106");
    ck_assert_request(stage, 0, "1", "100");
    look(stage, 5, "105", "106");
    ck_assert_request(stage, 0, "1.5", "90");
    ck_assert_uint_eq(ledger_find(&stage->executor->ledger, 5)->slot, 1);
    tell_fill(stage, 2, "90", "0.25"); /* Late: order 5 would exceed its level. */
    look(stage, 6, "105", "106");
    ck_assert_uint_eq(stage->requests.count, 1);
    ck_assert(canceled(stage, 5));
    tell(stage, ORDER_EVENT_CANCELED, 5);
    look(stage, 7, "105", "106");
    ck_assert_request(stage, 0, "1.25", "90");
    scene_close(&scene);
}
END_TEST

/* Bound 0.05: a buy at 100 is allowed while mid * 0.95 <= 100, that is up to 105.26. A sale at 100
 * while 100 <= mid * 1.05, from 95.24 on. */
START_TEST(a_maker_waits_until_the_market_is_near)
{
    static const struct {
        const char *side, *mid;
        size_t count;
    } cases[] = {
        {"BUY", "105.26", 1}, {"BUY", "105.27", 0}, {"SELL", "95.24", 1}, {"SELL", "95.23", 0}};
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct text members = {0};
        text_printf(&members, "side: %s, activation_bounds: [0.05, 0.05], " THREE, cases[i].side);
        scene_init(&scene, DCA, text_string(&members));
        scene_start(&scene, cases[i].mid, cases[i].mid);
        ck_assert_uint_eq(scene.stage.requests.count, cases[i].count);
        scene_close(&scene);
        text_done(&members);
    }
}
END_TEST

/* The default bounds 0.0001 and 0.005: a buy at 100 between 99.99 and 100.5, both excluded; a sale
 * between 99.5 and 100.01. */
START_TEST(a_taker_sends_market_orders_near_its_price)
{
    static const struct {
        const char *side, *mid;
        size_t count;
    } cases[] = {
        {"BUY", "99.99", 0}, {"BUY", "99.991", 1}, {"BUY", "100.499", 1}, {"BUY", "100.5", 0},
        {"SELL", "99.5", 0}, {"SELL", "99.51", 1}, {"SELL", "100", 1},    {"SELL", "100.01", 0},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct text members = {0};
        text_printf(&members, "side: %s, mode: TAKER, " THREE, cases[i].side);
        scene_init(&scene, DCA, text_string(&members));
        scene_start(&scene, cases[i].mid, cases[i].mid);
        ck_assert_uint_eq(scene.stage.requests.count, cases[i].count);
        if (cases[i].count == 1) {
            ck_assert_request(&scene.stage, 0, "1", "0");
        }
        scene_close(&scene);
        text_done(&members);
    }
}
END_TEST

/* Fills the first level of 1 at 100 and rests the others. */
static void fill_first(struct scene *scene, const char *members)
{
    scene_init(scene, DCA, members);
    scene_start(scene, "100", "100");
    tell_done(&scene->stage, 1, "100", "1");
    look(&scene->stage, 1, "100", "100");
    look(&scene->stage, 2, "100", "100");
    ck_assert_uint_eq(scene->stage.executor->ledger.count, 3);
    tell(&scene->stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell(&scene->stage, ORDER_EVENT_ACKNOWLEDGED, 3);
}

/* With all filled, 5 at 88, a stop of 0.1 fires at 79.2. */
START_TEST(the_stop_of_a_maker_waits_for_all_levels)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    fill_first(&scene, "side: BUY, stop_loss: 0.1, " THREE);
    look(stage, 3, "50", "50"); /* Half is lost, but two levels are still to come. */
    ck_assert_int_eq(stage->executor->status, EXECUTOR_RUNNING);
    tell_done(stage, 2, "90", "2");
    tell_done(stage, 3, "80", "2");
    look(stage, 4, "79.21", "79.22");
    ck_assert_int_eq(stage->executor->status, EXECUTOR_RUNNING);
    look(stage, 5, "79.2", "79.21");
    ck_assert_int_eq(stage->executor->close_type, CLOSE_STOP_LOSS);
    ck_assert_request(stage, 0, "5", "0");
    tell_done(stage, 4, "79.2", "5");
    look(stage, 6, "79", "79");
    ck_assert_ended(stage, CLOSE_STOP_LOSS, "0", "0");
    struct executor_report report;
    stage->kind->report(stage->executor, &stage->view, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "-44");
    ck_assert_decimal_eq(report.net_pnl_pct, "-0.1");
    ck_assert_decimal_eq(report.filled_amount_quote, "836");
    scene_close(&scene);
}
END_TEST

/* A stop of 0.1 of 440 is a loss of 44: 1 bought at 100 may fall to 56. */
START_TEST(the_stop_of_a_taker_counts_all_amounts)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, DCA, "side: BUY, mode: TAKER, stop_loss: 0.1, " THREE);
    scene_start(&scene, "100", "100");
    tell_done(stage, 1, "100", "1");
    look(stage, 1, "56.01", "56.02");
    ck_assert_int_eq(stage->executor->status, EXECUTOR_RUNNING);
    look(stage, 2, "56", "56.01");
    ck_assert_int_eq(stage->executor->close_type, CLOSE_STOP_LOSS);
    expect_info(stage, "\"max_loss_quote\":\"44\"");
    scene_close(&scene);
}
END_TEST

/* 1 of 100 is filled, both sides; the other levels are taken back. */
START_TEST(a_barrier_closes_what_is_filled)
{
    static const struct {
        const char *members;
        const char *path[3];
        enum close_type close_type;
    } cases[] = {
        {"side: BUY, take_profit: 0.05, " THREE, {"104.99", "105", "105"}, CLOSE_TAKE_PROFIT},
        {"side: SELL, take_profit: 0.05, " THREE, {"95.01", "95", "95"}, CLOSE_TAKE_PROFIT},
        {"side: BUY, trailing_stop: {activation_price: 0.03, trailing_delta: 0.02}, " THREE,
         {"104", "102", "101.99"},
         CLOSE_TRAILING_STOP},
        {"side: SELL, trailing_stop: {activation_price: 0.03, trailing_delta: 0.02}, " THREE,
         {"96", "98", "98.01"},
         CLOSE_TRAILING_STOP},
        {"side: BUY, time_limit: 5, " THREE, {"101", "101", "101"}, CLOSE_TIME_LIMIT},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct stage *stage = &scene.stage;
        fill_first(&scene, cases[i].members);
        look(stage, 3, cases[i].path[0], cases[i].path[0]);
        ck_assert_int_eq(stage->executor->status, EXECUTOR_RUNNING);
        look(stage, 4, cases[i].path[1], cases[i].path[1]);
        if (stage->executor->status == EXECUTOR_RUNNING) {
            look(stage, 5, cases[i].path[2], cases[i].path[2]);
        }
        ck_assert_int_eq(stage->executor->close_type, cases[i].close_type);
        ck_assert(canceled(stage, 2) && canceled(stage, 3));
        ck_assert_uint_eq(placed(stage, ROLE_CLOSE), 1);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(nothing_new_is_placed_after_the_time_limit)
{
    struct scene scene;
    scene_init(&scene, DCA, "side: BUY, time_limit: 5, " THREE);
    scene_open(&scene);
    const struct quote quote = quote_at(5, "100", "100");
    stage_start(&scene.stage, &quote, true);
    ck_assert_ended(&scene.stage, CLOSE_EXPIRED, "0", "0");
    scene_close(&scene);

    scene_init(&scene, DCA, "side: BUY, time_limit: 5, activation_bounds: [0, 0], " THREE);
    scene_start(&scene, "200", "200");
    look(&scene.stage, 5, "100", "100");
    ck_assert_uint_eq(scene.stage.requests.count, 0);
    ck_assert_ended(&scene.stage, CLOSE_TIME_LIMIT, "0", "0");
    scene_close(&scene);
}
END_TEST

/* The first level is the smallest: 100 / 100 = 1. */
START_TEST(too_small_or_unfunded_ends_it_at_once)
{
    static const struct {
        const char *min_order_size, *min_notional;
        bool is_funded;
        enum close_type close_type;
    } cases[] = {
        {"1.01", "0", true, CLOSE_FAILED},
        {"1", "100.01", true, CLOSE_FAILED},
        {"1", "100", true, CLOSE_NONE},
        {"1", "100", false, CLOSE_INSUFFICIENT_BALANCE},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        scene_init(&scene, DCA, "side: BUY, " THREE);
        scene.market.instrument.min_order_size = D(cases[i].min_order_size);
        scene.market.instrument.min_notional = D(cases[i].min_notional);
        scene_open(&scene);
        const struct quote quote = quote_at(0, "100", "100");
        stage_start(&scene.stage, &quote, cases[i].is_funded);
        ck_assert_int_eq(scene.stage.executor->close_type, cases[i].close_type);
        scene_close(&scene);
    }
}
END_TEST

/* 440 quote for a buy, 5 base for a spot sale, 440 / 4 on a perpetual. */
START_TEST(the_plan_is_all_levels)
{
    static const struct {
        const char *members, *amount;
        bool is_perpetual, is_base;
    } cases[] = {
        {"side: BUY, " THREE, "440", false, false},
        {"side: SELL, " THREE, "5", false, true},
        {"side: SELL, leverage: 4, " THREE, "110", true, false},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct executor_plans got = {0};
        scene_init(&scene, DCA, cases[i].members);
        scene.market.instrument.is_perpetual = cases[i].is_perpetual;
        scene_open(&scene);
        const struct quote quote = quote_at(0, "100", "100");
        stage_look(&scene.stage, &quote);
        scene.kind->plan(scene.config, &scene.stage.view, &got);
        ck_assert_uint_eq(got.count, 1);
        ck_assert_decimal_eq(got.items[0].amount, cases[i].amount);
        ck_assert_int_eq(got.items[0].is_base, cases[i].is_base);
        scene_close(&scene);
    }
}
END_TEST

/* One level filled, two in the book; one of them fills while it is taken back. */
START_TEST(a_stop_keeps_or_closes_what_is_owned)
{
    for (int keep = 0; keep < 2; keep++) {
        struct scene scene;
        struct stage *stage = &scene.stage;
        fill_first(&scene, "side: BUY, " THREE);
        look(stage, 3, "95", "95");
        ck_assert_int_eq(stage_stop(stage, keep == 1), ERR_NONE);
        ck_assert(canceled(stage, 2) && canceled(stage, 3));
        ck_assert_uint_eq(placed(stage, ROLE_CLOSE), keep == 1 ? 0 : 1);
        ck_assert_int_eq(stage_stop(stage, false), ERR_STATE);
        tell_fill(stage, 2, "90", "2");
        tell(stage, ORDER_EVENT_COMPLETED, 2);
        tell(stage, ORDER_EVENT_CANCELED, 3);
        if (keep == 0) {
            look(stage, 4, "95", "95"); /* One close at a time. */
            ck_assert_uint_eq(stage->requests.count, 0);
            tell_done(stage, 4, "95", "1");
            look(stage, 5, "95", "95");
            ck_assert_request(stage, 0, "2", "0");
            tell_done(stage, 5, "95", "2");
        }
        look(stage, 6, "95", "95");
        ck_assert_ended(stage, keep == 1 ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                        keep == 1 ? "3" : "0", "0");
        scene_close(&scene);
    }
}
END_TEST

START_TEST(more_failures_than_tolerated_end_it)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    fill_first(&scene, "side: BUY, max_retries: 0, " THREE);
    tell(stage, ORDER_EVENT_CANCELED, 2); /* By the venue. */
    look(stage, 3, "100", "100");
    ck_assert_int_eq(stage->executor->close_type, CLOSE_FAILED);
    ck_assert(canceled(stage, 3));
    tell(stage, ORDER_EVENT_CANCELED, 3);
    look(stage, 4, "100", "100");
    ck_assert_ended(stage, CLOSE_FAILED, "1", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(a_figure_beyond_a_decimal_ends_it_and_hands_over)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, DCA, "side: BUY, " THREE);
    scene_start(&scene, "100", "100");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(stage, 1, "100000000000000000000", "10");
    tell(stage, ORDER_EVENT_COMPLETED, 1);
    look(stage, 1, "100", "100");
    ck_assert_ended(stage, CLOSE_FAILED, "10", "0");
    scene_close(&scene);
}
END_TEST

/* 5 at 88: the stop is at 79.2, the take profit at 92.4. */
START_TEST(a_guarded_position_sleeps_between_its_levels)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    fill_first(&scene, "side: BUY, take_profit: 0.05, stop_loss: 0.1, " THREE);
    tell_done(stage, 2, "90", "2");
    tell_done(stage, 3, "80", "2");
    stage->uses_wake = true;
    stage_look(stage, &(struct quote){3 * NS_PER_S, D("90"), D("90")});
    stage->is_due = true;
    stage_evaluate(stage);
    const size_t before = stage->evaluations;
    for (int second = 4; second < 50; second++) {
        look(stage, second, second % 2 == 0 ? "92.39" : "79.21", "105.5");
    }
    ck_assert_uint_eq(stage->evaluations, before);
    look(stage, 50, "92.4", "105.5");
    ck_assert_int_eq(stage->executor->close_type, CLOSE_TAKE_PROFIT);
    scene_close(&scene);
}
END_TEST

START_TEST(a_damaged_snapshot_is_refused)
{
    static const char *const snapshots[] = {
        "{}",
        "{\"is_armed\":2,\"trigger\":\"0\",\"final_at_ns\":\"0\",\"final_bid\":\"1\","
        "\"final_ask\":\"1\"}",
        "{\"is_armed\":1,\"trigger\":\"invalid\",\"final_at_ns\":\"0\",\"final_bid\":\"1\","
        "\"final_ask\":\"1\"}",
        "{\"is_armed\":1,\"trigger\":\"0\",\"final_at_ns\":\"0\",\"final_bid\":\"1\"}",
    };
    for (int i = 0; i < COUNT(snapshots); i++) {
        struct scene scene;
        const struct node *node = NULL;
        scene_init(&scene, DCA, "side: BUY, " THREE);
        scene_open(&scene);
        ck_assert_int_eq(node_read_json("s", snapshots[i], strlen(snapshots[i]), 8, &scene.arena,
                                        &scene.problems, &node),
                         ERR_NONE);
        ck_assert_int_eq(scene.kind->load(scene.stage.executor, node), ERR_CORRUPT);
        scene_close(&scene);
    }
}
END_TEST

/* An order of a level that there is not, and two live orders of one level. */
START_TEST(a_ledger_of_other_levels_is_not_sound)
{
    struct scene scene;
    fill_first(&scene, "side: BUY, " THREE);
    const struct dca *dca = (const struct dca *)scene.stage.executor;
    ck_assert(dca_ledger_is_sound(dca));
    ledger_find(&scene.stage.executor->ledger, 3)->slot = 1;
    ck_assert(!dca_ledger_is_sound(dca));
    ledger_find(&scene.stage.executor->ledger, 3)->slot = 3;
    ck_assert(!dca_ledger_is_sound(dca));
    scene_close(&scene);
}
END_TEST

static void random_dca(struct prng *prng, struct text *members)
{
    const int levels = (int)prng_between(prng, 1, 5);
    const bool buys = chance(prng, 50);
    text_printf(members, "side: %s, mode: %s, amounts_quote: [", buys ? "BUY" : "SELL",
                chance(prng, 50) ? "MAKER" : "TAKER");
    for (int i = 0; i < levels; i++) {
        text_printf(members, "%s%d", i == 0 ? "" : ", ", (int)prng_between(prng, 45, 300));
    }
    text_append_string(members, "], prices: [");
    int64_t price = 10000 + prng_between(prng, -40, 40);
    for (int i = 0; i < levels; i++) {
        text_append_string(members, i == 0 ? "" : ", ");
        text_append_decimal(members, decimal_from_mantissa(price, 2));
        price += (buys ? -1 : 1) * prng_between(prng, 0, 60);
    }
    text_printf(members, "], max_retries: %d", (int)prng_between(prng, 0, 12));
    if (chance(prng, 60)) {
        text_printf(members, ", stop_loss: 0.0%03d", (int)prng_between(prng, 1, 200));
    }
    if (chance(prng, 60)) {
        text_printf(members, ", take_profit: 0.0%03d", (int)prng_between(prng, 1, 200));
    }
    if (chance(prng, 50)) {
        text_printf(members,
                    ", trailing_stop: {activation_price: 0.00%02d, trailing_delta: "
                    "0.00%02d}",
                    (int)prng_between(prng, 1, 90), (int)prng_between(prng, 1, 60));
    }
    if (chance(prng, 30)) {
        text_printf(members, ", time_limit: %d", (int)prng_between(prng, 1, 400));
    }
    if (chance(prng, 50)) {
        text_printf(members, ", activation_bounds: [0.00%02d, 0.00%02d]",
                    (int)prng_between(prng, 0, 99), (int)prng_between(prng, 0, 99));
    }
}

START_TEST(woken_and_reloaded_it_does_the_same)
{
    scene_compare_all(DCA, random_dca);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, wrong_configurations_are_refused, 0, COUNT(refusals));
    tcase_add_test(tcase, levels_are_placed_in_order_one_at_an_instant);
    tcase_add_test(tcase, a_level_is_placed_again_as_itself);
    tcase_add_test(tcase, a_maker_waits_until_the_market_is_near);
    tcase_add_test(tcase, a_taker_sends_market_orders_near_its_price);
    tcase_add_test(tcase, the_stop_of_a_maker_waits_for_all_levels);
    tcase_add_test(tcase, the_stop_of_a_taker_counts_all_amounts);
    tcase_add_test(tcase, a_barrier_closes_what_is_filled);
    tcase_add_test(tcase, nothing_new_is_placed_after_the_time_limit);
    tcase_add_test(tcase, too_small_or_unfunded_ends_it_at_once);
    tcase_add_test(tcase, the_plan_is_all_levels);
    tcase_add_test(tcase, a_stop_keeps_or_closes_what_is_owned);
    tcase_add_test(tcase, more_failures_than_tolerated_end_it);
    tcase_add_test(tcase, a_figure_beyond_a_decimal_ends_it_and_hands_over);
    tcase_add_test(tcase, a_guarded_position_sleeps_between_its_levels);
    tcase_add_test(tcase, a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, a_ledger_of_other_levels_is_not_sound);
    tcase_add_test(tcase, woken_and_reloaded_it_does_the_same);
}

int main(void)
{
    return run_tests("dca", add_tests);
}
