/*
 * tests/unit/executors/test_twap.c - slices over time, step by step and on random walks.
 */
#include "exposing.h"

#define TWAP "twap_executor"
/* Four slices of 100 at seconds 0, 10, 20 and 30. */
#define FOUR "total_amount_quote: 400, total_duration: 39, order_interval: 10"
#define MAKER FOUR ", mode: MAKER, limit_order_buffer: 0.01"

static const struct {
    const char *members, *expected;
} refusals[] = {
    {"side: BUY, " FOUR ", mode: MAKER", "limit_order_buffer: missing"},
    {"side: BUY, " FOUR ", mode: MAKER, limit_order_buffer: -0.1", "limit_order_buffer"},
    {"side: BUY, " FOUR ", mode: BOTH", "mode"},
    {"side: BUY, " FOUR ", order_resubmission_time: 0", "order_resubmission_time"},
    {"side: BUY, total_amount_quote: -1, total_duration: 10, order_interval: 1",
     "total_amount_quote"},
    {"side: BUY, total_amount_quote: 1, total_duration: 0, order_interval: 1", "total_duration"},
    {"side: BUY, total_amount_quote: 1, total_duration: 10, order_interval: 0", "order_interval"},
    {"side: BUY, total_amount_quote: 1, total_duration: 50000, order_interval: 1",
     "order_interval: too short"},
    {"side: BUY, total_duration: 10, order_interval: 1", "total_amount_quote"},
    {FOUR, "side"},
};

START_TEST(wrong_configurations_are_refused)
{
    scene_expect_refusal(TWAP, refusals[_i].members, refusals[_i].expected);
}
END_TEST

/* Slices of 100 bought at an ask of 100: 1 each. Fills at 99 leave 1 of each slice for the next. */
START_TEST(each_slot_sends_its_slice)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    scene_start(&scene, "99", "100");
    ck_assert_request(stage, 0, "1", "0");
    look(stage, 5, "99", "100"); /* In flight. */
    ck_assert_uint_eq(stage->requests.count, 0);
    tell_done(stage, 1, "100", "1");
    look(stage, 9, "99", "100");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 10, "99", "100");
    ck_assert_request(stage, 0, "1", "0");
    tell_done(stage, 2, "99", "1");
    look(stage, 11, "99", "100"); /* 1 is due and missing: 0.01 of base. */
    ck_assert_request(stage, 0, "0.01", "0");
    tell_done(stage, 3, "100", "0.01");
    look(stage, 30, "99", "100"); /* Slots 2 and 3 merge. */
    ck_assert_request(stage, 0, "2", "0");
    tell_done(stage, 4, "100", "2");
    look(stage, 31, "99", "100");
    ck_assert_ended(stage, CLOSE_COMPLETED, "4.01", "0");
    scene_close(&scene);
}
END_TEST

/* 100 / 3 = 33.33.. per slice at a bid of 10: 3.33, 3.33 and then 3.34, since 100 is due. */
START_TEST(rounding_does_not_accumulate)
{
    static const char *const amounts[] = {"3.33", "3.33", "3.34"};
    struct scene scene;
    scene_init(&scene, TWAP,
               "side: SELL, total_amount_quote: 100, total_duration: 2, order_interval: 1");
    scene.market.instrument.min_notional = D("1");
    scene_start(&scene, "10", "11");
    for (int i = 0; i < COUNT(amounts); i++) {
        if (i > 0) {
            look(&scene.stage, i, "10", "11");
        }
        ck_assert_request(&scene.stage, 0, amounts[i], "0");
        tell_done(&scene.stage, (uint32_t)i + 1, "10", amounts[i]);
    }
    look(&scene.stage, 3, "10", "11");
    ck_assert_ended(&scene.stage, CLOSE_COMPLETED, "10", "0");
    scene_close(&scene);
}
END_TEST

/* 3 slices of 4 with a minimum of 5: nothing, 8, nothing more; 4 are left, too little. */
START_TEST(slices_that_are_too_small_are_carried_on)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP,
               "side: BUY, total_amount_quote: 12, total_duration: 2, order_interval: 1");
    scene.market.instrument.min_notional = D("5");
    scene_start(&scene, "10", "10");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 1, "10", "10");
    ck_assert_request(stage, 0, "0.8", "0");
    tell_done(stage, 1, "10", "0.8");
    look(stage, 2, "10", "10");
    ck_assert_ended(stage, CLOSE_COMPLETED, "0.8", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(a_refused_slice_is_caught_up_with)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, max_retries: 4, " FOUR);
    scene_start(&scene, "100", "100");
    tell(stage, ORDER_EVENT_FAILED, 1);
    look(stage, 0, "100", "100"); /* A wait of 1 s. */
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 12, "100", "100");
    ck_assert_request(stage, 0, "2", "0");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(stage, 2, "100", "0.5");
    tell(stage, ORDER_EVENT_CANCELED, 2); /* By the venue: a wait of 2 s. */
    look(stage, 13, "100", "100");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 14, "100", "100");
    ck_assert_request(stage, 0, "1.5", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(more_failures_than_tolerated_end_it)
{
    struct scene scene;
    scene_init(&scene, TWAP, "side: BUY, max_retries: 0, " FOUR);
    scene_start(&scene, "100", "100");
    tell(&scene.stage, ORDER_EVENT_FAILED, 1);
    look(&scene.stage, 1, "100", "100");
    ck_assert_ended(&scene.stage, CLOSE_FAILED, "0", "0");
    scene_close(&scene);
}
END_TEST

/* Mid 100: a buy at 99 of 100 / 99 = 1.01, a sale at 101 of 0.99. */
START_TEST(a_maker_rests_beside_the_mid)
{
    static const struct {
        const char *members, *amount, *price;
    } cases[] = {{"side: BUY, " MAKER, "1.01", "99"}, {"side: SELL, " MAKER, "0.99", "101"}};
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        scene_init(&scene, TWAP, cases[i].members);
        scene_start(&scene, "99.5", "100.5");
        ck_assert_request(&scene.stage, 0, cases[i].amount, cases[i].price);
        ck_assert_int_eq(scene.stage.requests.items[0].type, ORDER_LIMIT);
        scene_close(&scene);
    }
}
END_TEST

/*
 * Order 1 rests at 99 with 1.01 (99.99). At second 10, mid 110, 200 are due: 100.01 at 108.9 are
 * 0.91. At second 15 order 1 is taken back, half filled: 0.51 * 99 = 50.49 executed, 0.91 * 108.9 =
 * 99.099 working, so 50.411 are missing: 0.46 at 108.9.
 */
START_TEST(an_order_that_rests_too_long_is_placed_anew)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, order_resubmission_time: 15, " MAKER);
    scene_start(&scene, "100", "100");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    look(stage, 10, "110", "110");
    ck_assert_uint_eq(stage->requests.count, 1);
    ck_assert_request(stage, 0, "0.91", "108.9");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    look(stage, 14, "110", "110");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 15, "110", "110");
    ck_assert_uint_eq(stage->requests.count, 1);
    ck_assert(canceled(stage, 1));
    tell_fill(stage, 1, "99", "0.51");
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 16, "110", "110");
    ck_assert_uint_eq(stage->requests.count, 1);
    ck_assert_request(stage, 0, "0.46", "108.9");
    ck_assert_uint_eq(stage->executor->retries, 0);
    expect_info(stage, "\"slots\":4,\"slots_due\":2");
    expect_info(stage, "\"due_amount_quote\":\"200\"");
    expect_info(stage, "\"filled_amount_quote\":\"50.49\"");
    scene_close(&scene);
}
END_TEST

/* All 400 are due and working at 99; a late fill of an order the venue had canceled exceeds them.
 */
START_TEST(late_fills_take_back_what_exceeds_the_total)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, " MAKER);
    scene_start(&scene, "100", "100");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 30, "100", "100");
    ck_assert_request(stage, 0, "4.04", "99"); /* 399.96 */
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(stage, 1, "99", "1.01");
    look(stage, 31, "100", "100");
    ck_assert_uint_eq(stage->requests.count, 1);
    ck_assert(canceled(stage, 2));
    look(stage, 32, "100", "100");
    ck_assert_uint_eq(stage->requests.count, 0);
    tell(stage, ORDER_EVENT_CANCELED, 2);
    look(stage, 33, "100", "100"); /* 400 - 99.99 = 300.01: 3.03 at 99 */
    ck_assert_request(stage, 0, "3.03", "99");
    tell_done(stage, 3, "99", "3.03");
    look(stage, 34, "100", "100");
    ck_assert_ended(stage, CLOSE_COMPLETED, "4.04", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(nothing_is_due_before_the_timestamp)
{
    struct scene scene;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    ((struct executor_config *)(uintptr_t)scene.config)->timestamp_ns = 5 * NS_PER_S;
    scene_start(&scene, "100", "100");
    ck_assert_uint_eq(scene.stage.requests.count, 0);
    struct wake wake;
    scene.kind->wake(scene.stage.executor, &scene.stage.view, &wake);
    ck_assert_int_eq(wake.at_ns, 5 * NS_PER_S);
    look(&scene.stage, 5, "100", "100");
    ck_assert_request(&scene.stage, 0, "1", "0");
    scene_close(&scene);
}
END_TEST

/* 400 at 100 are reserved: 4 base for a spot sale, else quote, by leverage on a perpetual. */
START_TEST(the_plan_is_the_whole_total)
{
    static const struct {
        const char *members, *amount;
        bool is_perpetual, is_base;
    } cases[] = {
        {"side: BUY, " FOUR, "400", false, false},
        {"side: SELL, " FOUR, "4", false, true},
        {"side: SELL, leverage: 5, " FOUR, "80", true, false},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct executor_plans got = {0};
        scene_init(&scene, TWAP, cases[i].members);
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

START_TEST(too_little_or_unfunded_ends_it_at_once)
{
    for (int i = 0; i < 2; i++) {
        struct scene scene;
        scene_init(&scene, TWAP, "side: BUY, " FOUR);
        scene.market.instrument.min_notional = i == 0 ? D("401") : DECIMAL_ZERO;
        scene_open(&scene);
        const struct quote quote = quote_at(0, "100", "100");
        stage_start(&scene.stage, &quote, i == 0);
        ck_assert_ended(&scene.stage, i == 0 ? CLOSE_FAILED : CLOSE_INSUFFICIENT_BALANCE, "0", "0");
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_market_slice_that_takes_too_long_is_taken_back)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    scene_start(&scene, "100", "100");
    look(stage, 29, "100", "100");
    ck_assert_uint_eq(stage->requests.count, 0);
    look(stage, 30, "100", "100");
    ck_assert(canceled(stage, 1));
    ck_assert_uint_eq(stage->executor->retries, 1);
    tell(stage, ORDER_EVENT_CANCELED, 1);
    look(stage, 31, "100", "100");
    ck_assert_request(stage, 0, "4", "0");
    scene_close(&scene);
}
END_TEST

/* One slice bought and a second one resting: a stop with both policies, the cancel losing. */
START_TEST(a_stop_keeps_or_closes_what_is_owned)
{
    for (int keep = 0; keep < 2; keep++) {
        struct scene scene;
        struct stage *stage = &scene.stage;
        scene_init(&scene, TWAP, "side: SELL, " MAKER);
        scene_start(&scene, "100", "100");
        tell_done(stage, 1, "101", "0.99");
        look(stage, 10, "100", "100");
        tell(stage, ORDER_EVENT_ACKNOWLEDGED, 2);
        ck_assert_int_eq(stage_stop(stage, keep == 1), ERR_NONE);
        ck_assert(canceled(stage, 2));
        ck_assert_int_eq(stage_stop(stage, keep == 0), ERR_STATE);
        tell_fill(stage, 2, "101", "0.01");
        tell(stage, ORDER_EVENT_CANCELED, 2);
        if (keep == 0) {
            ck_assert_uint_eq(placed(stage, ROLE_CLOSE), 1); /* 0.99 */
            tell_done(stage, 3, "100", "0.99");
            look(stage, 11, "100", "100");
            ck_assert_request(stage, 0, "0.01", "0");
            ck_assert_int_eq(stage->requests.items[0].side, SIDE_BUY);
            tell_done(stage, 4, "100", "0.01");
        }
        look(stage, 12, "100", "100");
        ck_assert_ended(stage, keep == 1 ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                        keep == 1 ? "1" : "0", "0");
        scene_close(&scene);
    }
}
END_TEST

/* 100 orders rest. The step that has placed the last one takes back 62 and leaves a place for the
 * close; the next one takes back the other 38. */
START_TEST(more_orders_than_a_call_can_cancel_go_in_turns)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    struct wake wake;
    scene_init(&scene, TWAP,
               "side: BUY, total_amount_quote: 1000, total_duration: 99, order_interval: 1, "
               "mode: MAKER, limit_order_buffer: 0.01");
    scene_start(&scene, "1", "1");
    for (int second = 1; second < 100; second++) {
        look(stage, second, "1", "1");
        ck_assert_uint_eq(stage->requests.count, 1);
    }
    tell_fill(stage, 1, "0.99", "1");
    ck_assert_int_eq(stage_stop(stage, false), ERR_NONE);
    ck_assert_uint_eq(stage->requests.count, EXECUTOR_REQUESTS_MAX);
    scene.kind->wake(stage->executor, &stage->view, &wake);
    ck_assert_int_le(wake.at_ns, stage->view.now_ns);
    look(stage, 100, "1", "1");
    ck_assert_uint_eq(stage->requests.count, 38);
    ck_assert_uint_eq(placed(stage, ROLE_CLOSE), 0);
    scene_close(&scene);
}
END_TEST

START_TEST(a_figure_beyond_a_decimal_ends_it_and_hands_over)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    scene_start(&scene, "100", "100");
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(stage, 1, "100000000000000000000", "10");
    tell(stage, ORDER_EVENT_COMPLETED, 1);
    look(stage, 1, "100", "100");
    ck_assert_ended(stage, CLOSE_FAILED, "10", "0");
    scene_close(&scene);
}
END_TEST

/* 400 make 4 at 100, but at 101 less than the smallest order of 4: nothing was ever sent. */
START_TEST(a_total_that_has_become_too_small_fails)
{
    struct scene scene;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    scene.market.instrument.min_order_size = D("4");
    scene_start(&scene, "100", "100");
    look(&scene.stage, 29, "100", "100");
    ck_assert_int_eq(scene.stage.executor->status, EXECUTOR_RUNNING);
    look(&scene.stage, 30, "101", "101");
    ck_assert_ended(&scene.stage, CLOSE_FAILED, "0", "0");
    scene_close(&scene);
}
END_TEST

/* The 100 that are due make the smallest order of 1.05 at a price of 95.238: that of a TAKER, and 1
 * % below a mid of 96.2 or, rounded down to the tick, 96.21. */
START_TEST(a_slice_that_grows_with_a_falling_price_is_awaited)
{
    static const struct {
        const char *members;
        enum wake_trigger trigger;
        const char *least, *most;
    } cases[] = {
        {"side: BUY, " FOUR, WAKE_ASK_AT_MOST, "95.238", "95.239"},
        {"side: SELL, " FOUR, WAKE_BID_AT_MOST, "95.238", "95.239"},
        {"side: BUY, " MAKER, WAKE_BID_AT_MOST, "96.2", "96.22"},
        {"side: SELL, " MAKER, WAKE_BID_AT_MOST, "94.2", "95.239"},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct wake wake;
        scene_init(&scene, TWAP, cases[i].members);
        scene.market.instrument.min_order_size = D("1.05");
        scene_start(&scene, "100", "100");
        ck_assert_uint_eq(scene.stage.requests.count, 0);
        scene.kind->wake(scene.stage.executor, &scene.stage.view, &wake);
        ck_assert_int_eq(wake.at_ns, 10 * NS_PER_S);
        ck_assert(wake.markets[0].is_set[cases[i].trigger]);
        const struct decimal level = wake.markets[0].level[cases[i].trigger];
        ck_assert(decimal_less(D(cases[i].least), level));
        ck_assert(decimal_less(level, D(cases[i].most)));
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_damaged_snapshot_is_refused)
{
    struct scene scene;
    const struct node *node = NULL;
    scene_init(&scene, TWAP, "side: BUY, " FOUR);
    scene_open(&scene);
    ck_assert_int_eq(node_read_json("s", "{}", 2, 8, &scene.arena, &scene.problems, &node),
                     ERR_NONE);
    ck_assert_int_eq(scene.kind->load(scene.stage.executor, node), ERR_CORRUPT);
    scene_close(&scene);
}
END_TEST

static void random_twap(struct prng *prng, struct text *members)
{
    text_printf(members, "side: %s, total_amount_quote: %d, total_duration: %d, ",
                chance(prng, 50) ? "BUY" : "SELL", (int)prng_between(prng, 50, 900),
                (int)prng_between(prng, 1, 200));
    text_printf(members, "order_interval: %d, mode: %s, limit_order_buffer: 0.00%02d, ",
                (int)prng_between(prng, 2, 40), chance(prng, 50) ? "MAKER" : "TAKER",
                (int)prng_between(prng, 0, 30));
    if (chance(prng, 70)) {
        text_printf(members, "order_resubmission_time: %d, ", (int)prng_between(prng, 5, 40));
    }
    text_printf(members, "max_retries: %d", (int)prng_between(prng, 0, 20));
}

START_TEST(woken_and_reloaded_it_does_the_same)
{
    scene_compare_all(TWAP, random_twap);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, wrong_configurations_are_refused, 0, COUNT(refusals));
    tcase_add_test(tcase, each_slot_sends_its_slice);
    tcase_add_test(tcase, rounding_does_not_accumulate);
    tcase_add_test(tcase, slices_that_are_too_small_are_carried_on);
    tcase_add_test(tcase, a_refused_slice_is_caught_up_with);
    tcase_add_test(tcase, more_failures_than_tolerated_end_it);
    tcase_add_test(tcase, a_maker_rests_beside_the_mid);
    tcase_add_test(tcase, an_order_that_rests_too_long_is_placed_anew);
    tcase_add_test(tcase, late_fills_take_back_what_exceeds_the_total);
    tcase_add_test(tcase, nothing_is_due_before_the_timestamp);
    tcase_add_test(tcase, the_plan_is_the_whole_total);
    tcase_add_test(tcase, too_little_or_unfunded_ends_it_at_once);
    tcase_add_test(tcase, a_market_slice_that_takes_too_long_is_taken_back);
    tcase_add_test(tcase, a_stop_keeps_or_closes_what_is_owned);
    tcase_add_test(tcase, more_orders_than_a_call_can_cancel_go_in_turns);
    tcase_add_test(tcase, a_figure_beyond_a_decimal_ends_it_and_hands_over);
    tcase_add_test(tcase, a_total_that_has_become_too_small_fails);
    tcase_add_test(tcase, a_slice_that_grows_with_a_falling_price_is_awaited);
    tcase_add_test(tcase, a_damaged_snapshot_is_refused);
    tcase_add_test(tcase, woken_and_reloaded_it_does_the_same);
}

int main(void)
{
    return run_tests("twap", add_tests);
}
