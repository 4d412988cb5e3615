/*
 * tests/unit/executors/test_order.c - one order to its completion, step by step and on random
 * walks.
 */
#include "exposing.h"

#define ORDER "order_executor"
#define CHASER                                                           \
    "execution_strategy: LIMIT_CHASER, chaser_config: {distance: 0.01, " \
    "refresh_threshold: 0.02}"

static const struct {
    const char *members, *expected;
} refusals[] = {
    {"side: BUY, amount: 1, execution_strategy: LIMIT", "price: missing"},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_MAKER", "price: missing"},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_CHASER", "chaser_config: missing"},
    {"side: BUY, amount: -1, execution_strategy: MARKET", "amount"},
    {"side: BUY, amount: 0, execution_strategy: MARKET", "amount"},
    {"side: BUY, amount: 1, execution_strategy: LIMIT, price: 0", "price"},
    {"side: BUY, amount: 1", "execution_strategy"},
    {"side: BUY, amount: 1, execution_strategy: ICEBERG", "execution_strategy"},
    {"side: RANGE, amount: 1, execution_strategy: MARKET", "side"},
    {"side: BUY, amount: 1, execution_strategy: MARKET, position_action: FLIP", "position_action"},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_CHASER, chaser_config: {distance: -0.1, "
     "refresh_threshold: 0.1}",
     "chaser_config.distance"},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_CHASER, chaser_config: {distance: 0.1, "
     "refresh_threshold: 0}",
     "chaser_config.refresh_threshold"},
    {"side: BUY, amount: 1, execution_strategy: MARKET, leverage: 0", "leverage"},
};

START_TEST(wrong_configurations_are_refused)
{
    scene_expect_refusal(ORDER, refusals[_i].members, refusals[_i].expected);
}
END_TEST

/* Bid 99, ask 101: what is asked for first. A buy goes down to the tick, a sale up. */
static const struct {
    const char *members, *price;
    enum order_type type;
} first_orders[] = {
    {"side: BUY, amount: 1.005, execution_strategy: MARKET", "0", ORDER_MARKET},
    {"side: SELL, amount: 1.005, execution_strategy: MARKET", "0", ORDER_MARKET},
    {"side: BUY, amount: 1, execution_strategy: LIMIT, price: 102.005", "102", ORDER_LIMIT},
    {"side: SELL, amount: 1, execution_strategy: LIMIT, price: 98.005", "98.01", ORDER_LIMIT},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_MAKER, price: 102", "99", ORDER_LIMIT_MAKER},
    {"side: BUY, amount: 1, execution_strategy: LIMIT_MAKER, price: 98", "98", ORDER_LIMIT_MAKER},
    {"side: SELL, amount: 1, execution_strategy: LIMIT_MAKER, price: 98", "101", ORDER_LIMIT_MAKER},
    {"side: SELL, amount: 1, execution_strategy: 3, price: 105", "105", ORDER_LIMIT_MAKER},
    {"side: BUY, amount: 1, " CHASER, "98.01", ORDER_LIMIT_MAKER},   /* 99 * 0.99 */
    {"side: SELL, amount: 1, " CHASER, "102.01", ORDER_LIMIT_MAKER}, /* 101 * 1.01 */
};

START_TEST(the_first_order_follows_the_strategy)
{
    struct scene scene;
    scene_init(&scene, ORDER, first_orders[_i].members);
    scene_start(&scene, "99", "101");
    ck_assert_uint_eq(scene.stage.requests.count, 1);
    ck_assert_request(&scene.stage, 0, "1", first_orders[_i].price);
    ck_assert_int_eq(scene.stage.requests.items[0].type, first_orders[_i].type);
    ck_assert_int_eq(scene.stage.requests.items[0].action, POSITION_ACTION_OPEN);
    /* A second look at the same instant changes nothing. */
    stage_look(&scene.stage, &(struct quote){0, D("99"), D("101")});
    stage_evaluate(&scene.stage);
    ck_assert_uint_eq(scene.stage.requests.count, 0);
    scene_close(&scene);
}
END_TEST

/* What is reserved at bid 99, ask 101 for 2, by leverage 4 on a perpetual. */
static const struct {
    const char *members, *amount;
    bool is_perpetual, is_base;
    size_t count;
} plans[] = {
    {"side: BUY, amount: 2, execution_strategy: MARKET", "202", false, false, 1},
    {"side: BUY, amount: 2, execution_strategy: LIMIT, price: 90", "180", false, false, 1},
    {"side: SELL, amount: 2, execution_strategy: MARKET", "2", false, true, 1},
    {"side: SELL, amount: 2, execution_strategy: MARKET, leverage: 4", "49.5", true, false, 1},
    {"side: BUY, amount: 2, execution_strategy: MARKET, position_action: CLOSE", "202", false,
     false, 1},
    {"side: BUY, amount: 2, execution_strategy: MARKET, position_action: CLOSE", "0", true, false,
     0},
};

START_TEST(the_plan_is_the_whole_order)
{
    struct scene scene;
    struct executor_plans got = {0};
    scene_init(&scene, ORDER, plans[_i].members);
    scene.market.instrument.is_perpetual = plans[_i].is_perpetual;
    scene_open(&scene);
    const struct quote quote = quote_at(0, "99", "101");
    stage_look(&scene.stage, &quote);
    scene.kind->plan(scene.config, &scene.stage.view, &got);
    ck_assert_uint_eq(got.count, plans[_i].count);
    if (got.count > 0) {
        ck_assert_decimal_eq(got.items[0].amount, plans[_i].amount);
        ck_assert_int_eq(got.items[0].is_base, plans[_i].is_base);
    }
    scene_close(&scene);
}
END_TEST

START_TEST(too_small_or_unfunded_ends_it_at_once)
{
    static const char *const members[] = {"side: BUY, amount: 0.009, execution_strategy: MARKET",
                                          "side: BUY, amount: 0.04, execution_strategy: MARKET",
                                          "side: BUY, amount: 1, price: 0.001, "
                                          "execution_strategy: LIMIT"};
    for (int i = 0; i < COUNT(members); i++) {
        struct scene scene;
        scene_init(&scene, ORDER, members[i]);
        scene.market.instrument.min_notional = i == 1 ? D("5") : DECIMAL_ZERO;
        scene_start(&scene, "99", "101");
        ck_assert_ended(&scene.stage, CLOSE_FAILED, "0", "0");
        scene_close(&scene);
    }
    struct scene scene;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET");
    scene_open(&scene);
    const struct quote quote = quote_at(0, "99", "101");
    stage_start(&scene.stage, &quote, false);
    ck_assert_ended(&scene.stage, CLOSE_INSUFFICIENT_BALANCE, "0", "0");
    scene_close(&scene);
}
END_TEST

/* 0.4 at 100 and 0.6 at 101 make 1 at an average of 100.6; at a bid of 102 that is worth 1.4. */
START_TEST(a_filled_order_is_handed_over)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    struct executor_report report;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET, level_id: a");
    scene_start(&scene, "99", "101");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(stage, 1, "100", "0.4");
    look(stage, 1, "102", "103");
    ck_assert_uint_eq(stage->requests.count, 0);
    tell_fill(stage, 1, "101", "0.6");
    tell(stage, ORDER_EVENT_COMPLETED, 1);
    look(stage, 2, "102", "103");
    ck_assert_ended(stage, CLOSE_POSITION_HOLD, "1", "0");
    stage_look(stage,
               &(struct quote){9 * NS_PER_S, D("50"), D("51")}); /* No longer its business. */
    stage->kind->report(stage->executor, &stage->view, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "1.4");
    ck_assert_decimal_eq(report.filled_amount_quote, "100.6");
    expect_info(stage, "\"average_executed_price\":\"100.6\"");
    expect_info(stage, "\"level_id\":\"a\"");
    expect_info(stage, "\"executed_amount_base\":\"1\"");
    expect_info(stage, "\"held_position_orders\":[{\"order_id\":\"0-0-1\",");
    scene_close(&scene);
}
END_TEST

/* What is left is below the smallest order (0.01), or of too little notional (5 at a bid of 100).
 */
START_TEST(what_cannot_be_placed_completes_it)
{
    static const struct {
        const char *filled, *min_notional;
        bool is_complete;
    } cases[] = {
        {"0.995", "0", true}, {"0.98", "5", true}, {"0.95", "5", false}, {"0.98", "0", false}};
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        scene_init(&scene, ORDER, "side: SELL, amount: 1, execution_strategy: MARKET");
        scene.market.instrument.min_notional = D(cases[i].min_notional);
        scene_start(&scene, "100", "101");
        tell(&scene.stage, ORDER_EVENT_ACKNOWLEDGED, 1);
        tell_fill(&scene.stage, 1, "100", cases[i].filled);
        tell(&scene.stage, ORDER_EVENT_CANCELED, 1); /* By the venue: a wait of 1 s. */
        look(&scene.stage, 1, "100", "101");
        ck_assert_int_eq(scene.stage.executor->status == EXECUTOR_TERMINATED, cases[i].is_complete);
        ck_assert_uint_eq(placed(&scene.stage, ROLE_OPEN), cases[i].is_complete ? 0 : 1);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_failed_order_is_placed_again_after_a_wait)
{
    struct scene scene;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET, max_retries: 1");
    scene_start(&scene, "100", "101");
    tell(&scene.stage, ORDER_EVENT_FAILED, 1);
    look(&scene.stage, 0, "100", "101");
    ck_assert_uint_eq(scene.stage.requests.count, 0);
    look(&scene.stage, 1, "100", "101");
    ck_assert_request(&scene.stage, 0, "1", "0");
    tell(&scene.stage, ORDER_EVENT_FAILED, 2); /* 2 are more than 1. */
    look(&scene.stage, 2, "100", "101");
    ck_assert_ended(&scene.stage, CLOSE_FAILED, "0", "0");
    scene_close(&scene);
}
END_TEST

/* The bid runs from 100 to 101.02: 101.02 - 99 > 101.02 * 0.02 = 2.0204 is false (2.02), at 101.03
 * it is 2.03 > 2.0206. */
START_TEST(a_chaser_takes_back_and_only_then_places_the_rest)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, " CHASER);
    scene_start(&scene, "100", "100.01");
    ck_assert_request(stage, 0, "1", "99");
    look(stage, 1, "105", "105.01"); /* Not acknowledged yet. */
    ck_assert_uint_eq(stage->requests.count, 0);
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    look(stage, 2, "101.02", "101.03");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 3, "101.03", "101.04");
    ck_assert(canceled(stage, 1));
    tell_fill(stage, 1, "99", "0.3"); /* The cancel has lost to a fill. */
    look(stage, 4, "101.03", "101.04");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 8, "100", "100.01"); /* Still there after 5 s: asked for again. */
    ck_assert(canceled(stage, 1));
    tell(stage, ORDER_EVENT_CANCELED, 1);
    ck_assert_uint_eq(stage->executor->retries, 0);
    look(stage, 9, "102", "102.01"); /* 102 * 0.99 = 100.98 */
    ck_assert_request(stage, 0, "0.7", "100.98");
    scene_close(&scene);
}
END_TEST

/* The mirror image: 99 + 0.02 * 97 = 100.94 < 101. */
START_TEST(a_selling_chaser_follows_the_ask_down)
{
    struct scene scene;
    scene_init(&scene, ORDER, "side: SELL, amount: 1, " CHASER);
    scene_start(&scene, "99.99", "100");
    ck_assert_request(&scene.stage, 0, "1", "101");
    tell(&scene.stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    look(&scene.stage, 1, "99", "99.02"); /* 101 - 99.02 = 1.98 < 1.9804 */
    ck_assert_uint_eq(scene.stage.requests.count, 0);
    look(&scene.stage, 2, "99", "99.01"); /* 1.99 > 1.9802 */
    ck_assert(canceled(&scene.stage, 1));
    scene_close(&scene);
}
END_TEST

/* The venue cancels order 1 of 1, order 2 is placed for all of it, then a fill of order 1 comes. */
START_TEST(late_fills_take_back_an_order_that_asks_too_much)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: LIMIT, price: 100");
    scene_start(&scene, "99", "101");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 1, "99", "101");
    ck_assert_request(stage, 0, "1", "100");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(stage, 1, "100", "0.25");
    look(stage, 2, "99", "101");
    ck_assert(canceled(stage, 2));
    tell(stage, ORDER_EVENT_CANCELED, 2);
    tell(stage, ORDER_EVENT_CANCELED, 2); /* Twice: the second is nothing new. */
    look(stage, 3, "99", "101");
    ck_assert_request(stage, 0, "0.75", "100");
    tell_done(stage, 3, "100", "0.75");
    look(stage, 4, "99", "101");
    ck_assert_ended(stage, CLOSE_POSITION_HOLD, "1", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(a_market_order_that_takes_too_long_is_taken_back)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET, max_retries: 1");
    scene_start(&scene, "100", "101");
    look(stage, 29, "100", "101");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 30, "100", "101");
    ck_assert(canceled(stage, 1));
    ck_assert_uint_eq(stage->executor->retries, 1);
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 31, "100", "101");
    ck_assert_request(stage, 0, "1", "0");
    look(stage, 61, "100", "101"); /* The second time is one too many. */
    ck_assert_int_eq(stage->executor->close_type, CLOSE_FAILED);
    ck_assert(canceled(stage, 2));
    tell_done(stage, 2, "101", "1"); /* It filled nevertheless: handed over. */
    look(stage, 62, "100", "101");
    ck_assert_ended(stage, CLOSE_FAILED, "1", "0");
    scene_close(&scene);
}
END_TEST

/* A stop in every state of a buy of 1, with both policies: nothing filled, 0.4 filled, ended. */
START_TEST(a_stop_keeps_or_closes_what_is_owned)
{
    for (int keep = 0; keep < 2; keep++) {
        struct scene scene;
        struct stage *stage = &scene.stage;
        scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: LIMIT, price: 100");
        scene_start(&scene, "99", "101");
        tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
        tell_fill(stage, 1, "100", "0.4");
        look(stage, 1, "99", "101");
        ck_assert_int_eq(stage_stop(stage, keep == 1), ERR_NONE);
        ck_assert(canceled(stage, 1));
        ck_assert_uint_eq(placed(stage, ROLE_CLOSE), keep == 1 ? 0 : 1);
        ck_assert_int_eq(stage_stop(stage, keep == 1), ERR_STATE);
        tell_fill(stage, 1, "100", "0.1"); /* The cancel loses to a fill. */
        tell(stage, ORDER_EVENT_CANCELED, 1);
        if (keep == 0) {
            tell_done(stage, 2, "99", "0.4");
            look(stage, 2, "99", "101");
            ck_assert_request(stage, 0, "0.1", "0"); /* What came late is closed as well. */
            tell_done(stage, 3, "99", "0.1");
        }
        look(stage, 3, "99", "101");
        ck_assert_ended(stage, keep == 1 ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                        keep == 1 ? "0.5" : "0", "0");
        ck_assert_int_eq(stage_stop(stage, true), ERR_STATE);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_stop_with_nothing_owned_is_early)
{
    for (int keep = 0; keep < 2; keep++) {
        struct scene scene;
        scene_init(&scene, ORDER, "side: SELL, amount: 1, execution_strategy: LIMIT, price: 100");
        scene_start(&scene, "99", "101");
        tell(&scene.stage, ORDER_EVENT_FAILED, 1);
        ck_assert_int_eq(stage_stop(&scene.stage, keep == 1), ERR_NONE);
        ck_assert_uint_eq(scene.stage.requests.count, 1); /* The placement, no cancel. */
        ck_assert_ended(&scene.stage, CLOSE_EARLY_STOP, "0", "0");
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_reducing_order_hands_over_whatever_the_stop_says)
{
    struct scene scene;
    struct executor_report report;
    scene_init(&scene, ORDER,
               "side: SELL, amount: 1, execution_strategy: MARKET, position_action: CLOSE");
    scene_start(&scene, "99", "101");
    ck_assert_int_eq(scene.stage.requests.items[0].action, POSITION_ACTION_CLOSE);
    tell(&scene.stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&scene.stage, 1, "99", "0.5");
    ck_assert_int_eq(stage_stop(&scene.stage, false), ERR_NONE);
    ck_assert_uint_eq(placed(&scene.stage, ROLE_CLOSE), 0);
    tell(&scene.stage, ORDER_EVENT_CANCELED, 1);
    look(&scene.stage, 1, "80", "81");
    ck_assert_ended(&scene.stage, CLOSE_POSITION_HOLD, "0.5", "0");
    scene.kind->report(scene.stage.executor, &scene.stage.view, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "0");
    scene_close(&scene);
}
END_TEST

/* A base fee of 0.001 on a buy of 1 leaves 0.999, of which 0.99 can be sold. */
START_TEST(a_base_fee_reduces_what_is_owned)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, ORDER, "side: BUY, amount: 2, execution_strategy: LIMIT, price: 100");
    scene_start(&scene, "99", "101");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill_with_fee(stage, 1, "100", "1", "0.001");
    tell(stage, ORDER_EVENT_CANCELED, 1);
    ck_assert_int_eq(stage_stop(stage, false), ERR_NONE);
    look(stage, 1, "99", "101");
    ck_assert_request(stage, 0, "0.99", "0");
    tell_done(stage, 2, "99", "0.99");
    look(stage, 2, "99", "101");
    ck_assert_ended(stage, CLOSE_EARLY_STOP, "0", "0.009");
    scene_close(&scene);
}
END_TEST

START_TEST(a_figure_beyond_a_decimal_ends_it_and_hands_over)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET");
    scene_start(&scene, "100", "101");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(stage, 1, "100000000000000000000", "10");
    tell(stage, ORDER_EVENT_COMPLETED, 1);
    look(stage, 1, "100", "101");
    ck_assert_ended(stage, CLOSE_FAILED, "10", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(a_damaged_snapshot_is_refused)
{
    static const char *const snapshots[] = {"{}", "{\"final_at_ns\":\"0\",\"final_bid\":\"1\"}"};
    for (int i = 0; i < COUNT(snapshots); i++) {
        struct scene scene;
        const struct node *node = NULL;
        scene_init(&scene, ORDER, "side: BUY, amount: 1, execution_strategy: MARKET");
        scene_open(&scene);
        ck_assert_int_eq(node_read_json("s", snapshots[i], strlen(snapshots[i]), 8, &scene.arena,
                                        &scene.problems, &node),
                         ERR_NONE);
        ck_assert_int_eq(scene.kind->load(scene.stage.executor, node), ERR_CORRUPT);
        scene_close(&scene);
    }
}
END_TEST

static void random_order(struct prng *prng, struct text *members)
{
    static const char *const strategies[] = {"MARKET", "LIMIT", "LIMIT_MAKER", "LIMIT_CHASER"};
    static const char *const actions[] = {"OPEN", "CLOSE", "NIL"};
    text_printf(members, "side: %s, amount: %d.%02d, execution_strategy: %s, ",
                chance(prng, 50) ? "BUY" : "SELL", (int)prng_between(prng, 1, 3),
                (int)prng_between(prng, 0, 99), strategies[prng_below(prng, 4)]);
    text_printf(members, "price: %d.%02d, position_action: %s, max_retries: %d, ",
                (int)prng_between(prng, 98, 101), (int)prng_between(prng, 0, 99),
                actions[prng_below(prng, 3)], (int)prng_between(prng, 0, 9));
    text_printf(members, "chaser_config: {distance: 0.00%02d, refresh_threshold: 0.00%02d}",
                (int)prng_between(prng, 0, 20), (int)prng_between(prng, 1, 40));
}

START_TEST(woken_and_reloaded_it_does_the_same)
{
    scene_compare_all(ORDER, random_order);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, wrong_configurations_are_refused, 0, COUNT(refusals));
    tcase_add_loop_test(tcase, the_first_order_follows_the_strategy, 0, COUNT(first_orders));
    tcase_add_loop_test(tcase, the_plan_is_the_whole_order, 0, COUNT(plans));
    tcase_add_test(tcase, too_small_or_unfunded_ends_it_at_once);
    tcase_add_test(tcase, a_filled_order_is_handed_over);
    tcase_add_test(tcase, what_cannot_be_placed_completes_it);
    tcase_add_test(tcase, a_failed_order_is_placed_again_after_a_wait);
    tcase_add_test(tcase, a_chaser_takes_back_and_only_then_places_the_rest);
    tcase_add_test(tcase, a_selling_chaser_follows_the_ask_down);
    tcase_add_test(tcase, late_fills_take_back_an_order_that_asks_too_much);
    tcase_add_test(tcase, a_market_order_that_takes_too_long_is_taken_back);
    tcase_add_test(tcase, a_stop_keeps_or_closes_what_is_owned);
    tcase_add_test(tcase, a_stop_with_nothing_owned_is_early);
    tcase_add_test(tcase, a_reducing_order_hands_over_whatever_the_stop_says);
    tcase_add_test(tcase, a_base_fee_reduces_what_is_owned);
    tcase_add_test(tcase, a_figure_beyond_a_decimal_ends_it_and_hands_over);
    tcase_add_test(tcase, a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, woken_and_reloaded_it_does_the_same);
}

int main(void)
{
    return run_tests("order", add_tests);
}
