/*
 * tests/unit/executors/test_exposure.c - what executors share that open one position, played with
 * the order executor, and the figures and reports behind it.
 */
#include "executors/exposure.h"

#include "executors/bounds.h"
#include "executors/moment_wake.h"
#include "executors/report.h"
#include "executors/snapshot.h"
#include "executors/trailing.h"
#include "exposing.h"

#define BUY_ONE "side: BUY, amount: 1, execution_strategy: MARKET"

static struct exposure *exposure_in(const struct scene *scene)
{
    return (struct exposure *)scene->stage.executor;
}

/* 1 bought at 100, and a moment of it. */
static void open_one(struct scene *scene, const char *members)
{
    scene_init(scene, "order_executor", members);
    scene_start(scene, "100", "100");
    tell(&scene->stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&scene->stage, 1, "100", "1");
}

static struct moment moment_at(const struct scene *scene, const char *bid, const char *ask)
{
    const struct executor_view view = {
        .now_ns = NS_PER_S,
        .market_count = 1,
        .markets = {{&scene->stage.instrument, D(bid), D(ask), NULL}},
    };
    return exposure_moment(exposure_in(scene), &view, D("50"));
}

START_TEST(the_market_is_that_of_the_configuration)
{
    struct scene scene;
    const char *connector;
    const char *pair;
    scene_init(&scene, "order_executor", BUY_ONE);
    exposure_market(scene.config, 0, &connector, &pair);
    ck_assert_str_eq(connector, "paper");
    ck_assert_str_eq(pair, "BTC-USDT");
    scene_forget(&scene);
}
END_TEST

START_TEST(what_no_decimal_holds_no_account_has)
{
    const struct exposure_config config = {.side = SIDE_BUY, .leverage = 1};
    const struct instrument instrument = {0};
    struct executor_plans plans = {0};
    exposure_plan(&config, &instrument, DECIMAL_ONE, DECIMAL_INVALID, &plans);
    ck_assert_uint_eq(plans.count, 1);
    ck_assert(decimal_less(D("170000000000000000000"), plans.items[0].amount));
}
END_TEST

/* FAILED, COMPLETED and POSITION_HOLD hand over; the others close. */
START_TEST(a_close_type_decides_what_becomes_of_the_position)
{
    static const struct {
        enum close_type close_type;
        enum shutdown_mode mode;
    } cases[] = {
        {CLOSE_FAILED, SHUTDOWN_FAIL},        {CLOSE_COMPLETED, SHUTDOWN_HOLD},
        {CLOSE_POSITION_HOLD, SHUTDOWN_HOLD}, {CLOSE_TIME_LIMIT, SHUTDOWN_CLOSE},
        {CLOSE_STOP_LOSS, SHUTDOWN_CLOSE},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct executor_requests requests = {0};
        open_one(&scene, BUY_ONE);
        tell(&scene.stage, ORDER_EVENT_COMPLETED, 1);
        const struct moment moment = moment_at(&scene, "101", "102");
        exposure_settle(exposure_in(&scene), &moment, cases[i].close_type, &requests);
        ck_assert_int_eq(scene.stage.executor->shutdown_mode, cases[i].mode);
        const bool is_held = cases[i].mode != SHUTDOWN_CLOSE;
        ck_assert_int_eq(scene.stage.executor->status == EXECUTOR_TERMINATED, is_held);
        ck_assert_uint_eq(requests.count, is_held ? 0 : 1);
        /* The figures of an ended one stay those of its end. */
        const struct moment later = moment_at(&scene, "200", "201");
        ck_assert_decimal_eq(later.mark, is_held ? "101" : "200");
        scene_close(&scene);
    }
}
END_TEST

START_TEST(a_completion_with_nothing_left_stays_one)
{
    struct scene scene;
    struct executor_requests requests = {0};
    scene_init(&scene, "order_executor", BUY_ONE);
    scene_start(&scene, "100", "100");
    tell(&scene.stage, ORDER_EVENT_FAILED, 1);
    const struct moment moment = moment_at(&scene, "100", "100");
    exposure_settle(exposure_in(&scene), &moment, CLOSE_COMPLETED, &requests);
    ck_assert_ended(&scene.stage, CLOSE_COMPLETED, "0", "0");
    scene_close(&scene);
}
END_TEST

START_TEST(only_a_running_one_is_asked_what_it_waits_for)
{
    struct scene scene;
    struct executor_requests requests = {0};
    struct wake wake;
    scene_init(&scene, "order_executor", BUY_ONE);
    scene_open(&scene);
    struct moment moment = moment_at(&scene, "100", "100");
    ck_assert(!exposure_wake(exposure_in(&scene), &moment, &wake));
    ck_assert(wake.markets[0].every_quote);
    stage_start(&scene.stage, &(struct quote){0, D("100"), D("100")}, true);
    ck_assert(exposure_wake(exposure_in(&scene), &moment, &wake));
    moment.is_valid = false;
    ck_assert(!exposure_wake(exposure_in(&scene), &moment, &wake));
    ck_assert(wake.markets[0].every_quote);
    ck_assert_int_eq(exposure_stop(exposure_in(&scene), &moment, false, &requests), ERR_NONE);
    ck_assert_int_eq(exposure_stop(exposure_in(&scene), &moment, false, &requests), ERR_STATE);
    ck_assert(!exposure_wake(exposure_in(&scene), &moment, &wake));
    ck_assert(!wake.markets[0].every_quote && wake.at_ns == INSTANT_NEVER);
    scene_close(&scene);
}
END_TEST

/* 1 bought at 100: a pnl of 0.05 is at a bid of 105, one of -0.02 at 98. A short at 100: 95, 102.
 */
START_TEST(a_pnl_is_awaited_at_its_price)
{
    static const struct {
        const char *members;
        enum wake_trigger rise, fall;
        const char *rise_at, *fall_at;
    } cases[] = {
        {BUY_ONE, WAKE_BID_AT_LEAST, WAKE_BID_AT_MOST, "105", "98"},
        {"side: SELL, amount: 1, execution_strategy: MARKET", WAKE_ASK_AT_MOST, WAKE_ASK_AT_LEAST,
         "95", "102"},
    };
    const struct decimal slack = D("0.000000000000001");
    for (int i = 0; i < COUNT(cases); i++) {
        struct scene scene;
        struct wake_levels levels = {0};
        open_one(&scene, cases[i].members);
        const struct moment moment = moment_at(&scene, "100", "100");
        ck_assert_decimal_eq(moment.net_pct, "0");
        const struct moment_scale scale = moment_scale_of(&moment);
        moment_wake_rise(&scale, D("0.05"), false, &levels);
        moment_wake_fall(&scale, D("-0.02"), false, &levels);
        ck_assert(levels.is_set[cases[i].rise] && levels.is_set[cases[i].fall]);
        const struct decimal up =
            decimal_subtract(levels.level[cases[i].rise], D(cases[i].rise_at));
        const struct decimal down =
            decimal_subtract(levels.level[cases[i].fall], D(cases[i].fall_at));
        ck_assert(decimal_less(decimal_absolute(up), slack));
        ck_assert(decimal_less(decimal_absolute(down), slack));
        ck_assert(!levels.every_quote);
        moment_wake_rise(&scale, D("0.05"), true, &levels);
        ck_assert(levels.every_quote);
        scene_close(&scene);
    }
}
END_TEST

START_TEST(an_evaluation_leaves_it_guarded_until_something_happens)
{
    struct scene scene;
    struct stage *stage = &scene.stage;
    scene_init(&scene, "order_executor", BUY_ONE);
    scene_start(&scene, "100", "100");
    const struct executor_view view = stage->view;
    ck_assert(exposure_is_guarded(exposure_in(&scene), &view)); /* Its order is under way. */
    ck_assert(!exposure_is_guarded(exposure_in(&scene),
                                   &(struct executor_view){.now_ns = 3600 * NS_PER_S,
                                                           .market_count = 1,
                                                           .markets = {view.markets[0]}}));
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    ck_assert(!exposure_is_guarded(exposure_in(&scene), &view));
    stage_evaluate(stage);
    ck_assert(exposure_is_guarded(exposure_in(&scene), &view));
    ck_assert_int_eq(stage_stop(stage, false), ERR_NONE);
    ck_assert(!exposure_is_guarded(exposure_in(&scene), &view));
    scene_close(&scene);
}
END_TEST

START_TEST(a_trailing_stop_is_awaited_on_both_sides)
{
    struct scene scene;
    struct wake_levels levels = {0};
    struct trailing_trigger trigger = {0};
    open_one(&scene, BUY_ONE);
    const struct moment moment = moment_at(&scene, "103", "103");
    const struct moment_scale scale = moment_scale_of(&moment);
    trailing_await(&trigger, D("0.04"), D("0.01"), &scale, &levels);
    ck_assert(levels.is_set[WAKE_BID_AT_LEAST] && !levels.is_set[WAKE_BID_AT_MOST]);
    trigger = (struct trailing_trigger){true, D("0.02")};
    trailing_await(&trigger, D("0.04"), D("0.01"), &scale, &levels);
    ck_assert(levels.is_set[WAKE_BID_AT_MOST]);
    ck_assert(decimal_less(levels.level[WAKE_BID_AT_MOST], D("102.000001")));
    scene_close(&scene);
}
END_TEST

/* A buy at 100 with a bound of 0.01: inside up to a mid of 101.01. */
START_TEST(bounds_are_awaited_from_both_sides)
{
    const struct decimal bounds[2] = {D("0.01"), D("0.01")};
    const struct bounds_order order = {SIDE_BUY, ORDER_LIMIT, D("100")};
    struct wake_levels inside = {0};
    struct wake_levels outside = {0};
    ck_assert(bounds_contain(bounds, D("101.01"), &order));
    ck_assert(!bounds_contain(bounds, D("101.02"), &order));
    bounds_await(bounds, D("100"), &order, true, &inside);
    ck_assert(inside.is_set[WAKE_ASK_AT_LEAST] && !inside.is_set[WAKE_BID_AT_MOST]);
    bounds_await(bounds, D("102"), &order, false, &outside);
    ck_assert(outside.is_set[WAKE_BID_AT_MOST] && !outside.is_set[WAKE_ASK_AT_LEAST]);
}
END_TEST

START_TEST(figures_beyond_a_decimal_are_not_shown)
{
    struct scene scene;
    struct executor_report report;
    struct text out = {0};
    open_one(&scene, BUY_ONE);
    struct moment moment = moment_at(&scene, "103", "104");
    report_position(scene.stage.executor, &moment, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "3");
    ck_assert_decimal_eq(report.net_pnl_pct, "0.03");
    ck_assert_int_eq(report.side, SIDE_BUY);
    moment.net = DECIMAL_INVALID;
    report_position(scene.stage.executor, &moment, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "0");
    report_put_optional(&out, "a", true, D("1.5"));
    report_put_optional(&out, "b", false, D("1.5"));
    report_put_optional(&out, "c", true, DECIMAL_INVALID);
    ck_assert_str_eq(text_string(&out), "\"a\":\"1.5\",\"b\":null,\"c\":null");
    text_clear(&out);
    report_put_orders(scene.stage.executor, &out);
    ck_assert_str_eq(text_string(&out), "\"order_ids\":[\"0-0-1\"],\"held_position_orders\":[]");
    text_clear(&out);
    exposure_custom_info(exposure_in(&scene), &moment, &out);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"current_position_average_price\":\"100\""));
    text_done(&out);
    scene_close(&scene);
}
END_TEST

START_TEST(only_the_latest_orders_are_listed)
{
    struct scene scene;
    struct text out = {0};
    const struct order_draft draft = {
        .side = SIDE_BUY, .type = ORDER_MARKET, .amount = DECIMAL_ONE};
    open_one(&scene, BUY_ONE);
    for (int i = 0; i < REPORT_ORDERS_MAX; i++) {
        ck_assert_ptr_nonnull(ledger_place(&scene.stage.executor->ledger, &draft, 0));
    }
    report_put_orders(scene.stage.executor, &out);
    ck_assert_ptr_nonnull(strstr(text_string(&out), "\"order_ids\":[\"0-0-2\","));
    text_done(&out);
    scene_close(&scene);
}
END_TEST

START_TEST(a_ledger_with_two_live_orders_of_a_role_is_not_exclusive)
{
    struct scene scene;
    const struct order_draft draft = {
        .side = SIDE_BUY, .type = ORDER_MARKET, .amount = DECIMAL_ONE};
    open_one(&scene, BUY_ONE);
    struct ledger *ledger = &scene.stage.executor->ledger;
    ck_assert(ledger_is_exclusive(ledger));
    ck_assert_ptr_nonnull(ledger_place(ledger, &draft, 0));
    ck_assert(!ledger_is_exclusive(ledger));
    tell(&scene.stage, ORDER_EVENT_COMPLETED, 1);
    ck_assert(ledger_is_exclusive(ledger));
    ledger_find(ledger, 2)->market = 1;
    ck_assert(!ledger_is_exclusive(ledger));
    scene_close(&scene);
}
END_TEST

START_TEST(the_final_market_is_saved_and_loaded)
{
    static const char *const damaged[] = {"{}", "{\"final_at_ns\":\"x\"}",
                                          "{\"final_at_ns\":\"1\",\"final_bid\":\"1\"}"};
    const struct quote final = {42, D("1.5"), D("2.5")};
    struct quote loaded;
    struct text out = {0};
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "test");
    json_object_begin(&out);
    snapshot_put_final(&out, &final);
    json_object_end(&out);
    ck_assert_int_eq(
        node_read_json("t", text_string(&out), out.length, 8, &arena, &problems, &node), ERR_NONE);
    ck_assert_int_eq(snapshot_get_final(node, &loaded), ERR_NONE);
    ck_assert_int_eq(loaded.time_ns, 42);
    ck_assert(decimal_equal(loaded.bid, final.bid) && decimal_equal(loaded.ask, final.ask));
    for (int i = 0; i < COUNT(damaged); i++) {
        ck_assert_int_eq(
            node_read_json("t", damaged[i], strlen(damaged[i]), 8, &arena, &problems, &node),
            ERR_NONE);
        ck_assert_int_eq(snapshot_get_final(node, &loaded), ERR_CORRUPT);
    }
    text_done(&out);
    problems_done(&problems);
    arena_done(&arena);
}
END_TEST

/* A member that is there is named with its line, one that is not with that of the mapping. */
START_TEST(a_problem_names_the_field)
{
    static const char yaml[] = "a: 1\nb: 2\n";
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "test");
    ck_assert_int_eq(node_read_yaml("t", yaml, strlen(yaml), &arena, &problems, &node), ERR_NONE);
    factory_add_problem(&problems, node, "executors[1]", "b", "is wrong");
    factory_add_problem(&problems, node, "", "c", "is missing");
    ck_assert_ptr_nonnull(
        strstr(text_string(&problems.lines), "test:2:4: executors[1].b: is wrong"));
    ck_assert_ptr_nonnull(strstr(text_string(&problems.lines), "c: is missing"));
    problems_done(&problems);
    arena_done(&arena);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, the_market_is_that_of_the_configuration);
    tcase_add_test(tcase, what_no_decimal_holds_no_account_has);
    tcase_add_test(tcase, a_close_type_decides_what_becomes_of_the_position);
    tcase_add_test(tcase, a_completion_with_nothing_left_stays_one);
    tcase_add_test(tcase, only_a_running_one_is_asked_what_it_waits_for);
    tcase_add_test(tcase, a_pnl_is_awaited_at_its_price);
    tcase_add_test(tcase, an_evaluation_leaves_it_guarded_until_something_happens);
    tcase_add_test(tcase, a_trailing_stop_is_awaited_on_both_sides);
    tcase_add_test(tcase, bounds_are_awaited_from_both_sides);
    tcase_add_test(tcase, figures_beyond_a_decimal_are_not_shown);
    tcase_add_test(tcase, only_the_latest_orders_are_listed);
    tcase_add_test(tcase, a_ledger_with_two_live_orders_of_a_role_is_not_exclusive);
    tcase_add_test(tcase, the_final_market_is_saved_and_loaded);
    tcase_add_test(tcase, a_problem_names_the_field);
}

int main(void)
{
    return run_tests("exposure", add_tests);
}
