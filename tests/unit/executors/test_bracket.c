/*
 * tests/unit/executors/test_bracket.c - start, barriers, updates, reports and overflow of a
 * bracket.
 */
#include "executors/bracket.h"

#include "bracketing.h"

START_TEST(a_start_is_refused_for_the_first_reason)
{
    static const struct {
        bool is_funded, is_expired, is_small;
        enum close_type close_type;
    } cases[] = {
        {true, false, false, CLOSE_NONE},
        {false, true, true, CLOSE_INSUFFICIENT_BALANCE},
        {true, true, true, CLOSE_EXPIRED},
        {true, false, true, CLOSE_FAILED},
    };
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_time_limit(&setting, 5);
    setting.config.amount = D(cases[_i].is_small ? "0.0099" : "1");
    setting_open(&setting, &stage);
    const struct quote quote = quote_at(cases[_i].is_expired ? 5 : 4, "99", "101");
    stage_start(&stage, &quote, cases[_i].is_funded);
    ck_assert_int_eq(stage.executor->close_type, cases[_i].close_type);
    const bool runs = cases[_i].close_type == CLOSE_NONE;
    ck_assert_int_eq(stage.executor->status, runs ? EXECUTOR_RUNNING : EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->closed_at_ns, runs ? 0 : quote.time_ns);
    ck_assert_uint_eq(stage.executor->ledger.count, 0);
    stage_close(&stage);
}
END_TEST

START_TEST(an_absent_entry_price_is_read_once)
{
    static const struct {
        enum side side;
        const char *price;
    } cases[] = {{SIDE_BUY, "99"}, {SIDE_SELL, "101"}};
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = cases[_i].side;
    setting.config.has_entry_price = false;
    setting.barriers.open_order_type = ORDER_LIMIT;
    setting_open(&setting, &stage);
    play_start(&stage, 0, "99", "101");
    ck_assert_decimal_eq(ledger_find(&stage.executor->ledger, 1)->price, cases[_i].price);
    look(&stage, 1, "50", "60");
    ck_assert_decimal_eq(bracket_in(&stage)->entry_price, cases[_i].price);
    stage_close(&stage);
}
END_TEST

/* Which barrier fires first when several do. */
START_TEST(the_first_barrier_wins)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_stop_loss(&setting, "0.01");
    setting_time_limit(&setting, 5);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 5, "99", "99");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_STOP_LOSS);
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 1);
    stage_close(&stage);
}
END_TEST

START_TEST(figures_are_frozen_at_the_end)
{
    struct setting setting;
    struct stage stage;
    struct executor_report report;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    ck_assert_int_eq(stage_stop(&stage, true), ERR_NONE);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    const struct quote quote = quote_at(9, "200", "201");
    stage_look(&stage, &quote);
    stage.kind->report(stage.executor, &stage.view, &report);
    ck_assert_decimal_eq(report.net_pnl_quote, "0");
    ck_assert_decimal_eq(report.held, "1");
    stage_close(&stage);
}
END_TEST

START_TEST(a_second_stop_is_refused)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_int_eq(stage_stop(&stage, true), ERR_STATE);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EARLY_STOP);
    stage_close(&stage);
}
END_TEST

START_TEST(an_update_scales_the_stops)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_progressive);
    setting_stop_loss(&setting, "0.02");
    setting_trailing(&setting, 0);
    start_at_100(&setting, &stage);
    for (int i = 0; i < 2; i++) { /* Updates do not compound. */
        ck_assert_int_eq(stage_update(&stage, D("0.04")), ERR_NONE);
        ck_assert_decimal_eq(bracket_in(&stage)->stop_loss, "0.044");
        ck_assert_decimal_eq(bracket_in(&stage)->activation, "0.044");
        ck_assert_decimal_eq(bracket_in(&stage)->distance, "0.022");
    }
    ck_assert_int_eq(stage_update(&stage, D("0")), ERR_RANGE);
    ck_assert_int_eq(stage_update(&stage, D("-1")), ERR_RANGE);
    ck_assert_int_eq(stage_update(&stage, D("1000000000")), ERR_RANGE);
    ck_assert_int_eq(stage_update(&stage, D("0.000000000000000001")), ERR_RANGE);
    ck_assert_decimal_eq(bracket_in(&stage)->stop_loss, "0.044");
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_int_eq(stage_update(&stage, D("0.04")), ERR_STATE);
    stage_close(&stage);
}
END_TEST

START_TEST(an_update_needs_a_stop_loss)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    ck_assert_int_eq(stage_update(&stage, D("0.04")), ERR_STATE);
    stage_close(&stage);
}
END_TEST

START_TEST(too_many_retries_fail_it)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.common.max_retries = 1;
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_FAILED, 1);
    look(&stage, 1, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    tell_fill(&stage, 2, "100", "0.3");
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    look(&stage, 2, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_decimal_eq(stage.executor->held, "0.3");
    stage_close(&stage);
}
END_TEST

/* What no decimal holds ends the bracket as FAILED, with what it owns handed over. */
static const struct {
    const char *fill_price, *fill_amount, *bid, *held;
} overflows[] = {
    {"1000000000000", "1000000000000", "100", "1000000000000"}, /* The cost. */
    {"100", "100000000000000000000", "100", "100000000000000000000"},
    {"0.000000000000000001", "1", "100", "1"}, /* The net pnl as a fraction. */
    {"100", "1", "1000000000000000001", "1"},  /* The price. */
};

START_TEST(an_overflow_fails_it_with_its_exposure_handed_over)
{
    struct setting setting;
    struct stage stage;
    struct executor_report report;
    struct text info = {0};
    setting_init(&setting, &executor_kind_progressive);
    setting_stop_loss(&setting, "0.02");
    setting_take_profit(&setting, "0.05", ORDER_LIMIT);
    setting_trailing(&setting, 0);
    setting_bounds(&setting, "0.5", "0.5");
    start_at_100(&setting, &stage);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, overflows[_i].fill_price, overflows[_i].fill_amount);
    look(&stage, 1, overflows[_i].bid, overflows[_i].bid);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert(canceled(&stage, 1));
    stage_reload(&stage); /* Also an invalid figure is saved and loaded. */
    struct wake wake;
    stage.kind->wake(stage.executor, &stage.view, &wake);
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    look(&stage, 2, overflows[_i].bid, overflows[_i].bid);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->held, overflows[_i].held);
    stage.kind->report(stage.executor, &stage.view, &report);
    ck_assert(decimal_is_valid(report.net_pnl_quote) && decimal_is_valid(report.net_pnl_pct));
    json_object_begin(&info);
    stage.kind->custom_info(stage.executor, &stage.view, &info);
    ck_assert_ptr_null(strstr(text_string(&info), "invalid"));
    text_done(&info);
    stage_close(&stage);
}
END_TEST

/* Even what is owned may be beyond a decimal; then there is nothing to say of it here. */
START_TEST(an_overflow_of_the_amount_itself_fails_it)
{
    for (int keep = 0; keep < 3; keep++) {
        struct setting setting;
        struct stage stage;
        setting_init(&setting, &executor_kind_position);
        start_at_100(&setting, &stage);
        tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
        tell_fill(&stage, 1, "0.1", "100000000000000000000");
        tell_fill(&stage, 1, "0.1", "100000000000000000000");
        if (keep < 2) {
            ck_assert_int_eq(stage_stop(&stage, keep == 1), ERR_NONE);
        }
        tell(&stage, ORDER_EVENT_COMPLETED, 1);
        look(&stage, 1, "100", "100");
        ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
        ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
        ck_assert_decimal_eq(stage.executor->held, "0");
        stage_close(&stage);
    }
}
END_TEST

/* A ledger that takes no more orders is a runaway. */
START_TEST(a_full_ledger_fails_it)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_open(&setting, &stage);
    const struct order_draft draft = {
        .role = ROLE_TAKE_PROFIT, .side = SIDE_SELL, .type = ORDER_LIMIT, .amount = DECIMAL_ONE};
    for (int i = 0; i < LEDGER_ORDERS_MAX; i++) {
        struct ledger_order *order = ledger_place(&stage.executor->ledger, &draft, 0);
        ck_assert(ledger_set_state(&stage.executor->ledger, order, LEDGER_FAILED));
    }
    play_start(&stage, 0, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    stage_close(&stage);
}
END_TEST

static const struct {
    enum side side;
    enum order_type type;
    bool has_price, is_perpetual, is_base;
    const char *amount;
} plans[] = {
    {SIDE_BUY, ORDER_MARKET, true, false, false, "202"},
    {SIDE_BUY, ORDER_LIMIT, true, false, false, "200"},
    {SIDE_BUY, ORDER_LIMIT, false, false, false, "198"},
    {SIDE_BUY, ORDER_LIMIT_MAKER, true, false, false, "198"},
    {SIDE_SELL, ORDER_MARKET, true, false, true, "2"},
    {SIDE_BUY, ORDER_LIMIT, true, true, false, "50"},
    {SIDE_SELL, ORDER_MARKET, true, true, false, "49.5"},
    {SIDE_SELL, ORDER_LIMIT_MAKER, true, true, false, "50.5"},
    {SIDE_SELL, ORDER_LIMIT, false, true, false, "50.5"},
};

START_TEST(the_plan_is_what_the_entry_may_need)
{
    struct setting setting;
    setting_init(&setting, &executor_kind_position);
    setting.config.barriers = &setting.barriers;
    setting.config.side = plans[_i].side;
    setting.config.amount = D("2");
    setting.config.leverage = 4;
    setting.config.has_entry_price = plans[_i].has_price;
    setting.barriers.open_order_type = plans[_i].type;
    setting.instrument.is_perpetual = plans[_i].is_perpetual;
    const struct executor_view view = {.market_count = 1,
                                       .markets = {{&setting.instrument, D("99"), D("101"), NULL}}};
    struct executor_plans got = {0};
    setting.kind->plan(&setting.config.common, &view, &got);
    ck_assert_uint_eq(got.count, 1);
    ck_assert_int_eq(got.items[0].is_base, plans[_i].is_base);
    ck_assert_decimal_eq(got.items[0].amount, plans[_i].amount);
    setting.config.amount = setting.config.entry_price = D("1000000000000000000");
    setting.kind->plan(&setting.config.common, &view, &got);
    ck_assert(decimal_is_valid(got.items[0].amount)); /* Too much for any account, but a number. */
}
END_TEST

START_TEST(reports_tell_the_figures)
{
    struct setting setting;
    struct stage stage;
    struct executor_report report;
    struct text info = {0};
    setting_init(&setting, &executor_kind_progressive);
    setting_stop_loss(&setting, "0.02");
    setting_trailing(&setting, 0);
    setting.config.level_id = "a";
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    look(&stage, 1, "103", "103.01");
    stage.kind->report(stage.executor, &stage.view, &report);
    ck_assert_int_eq(report.status, EXECUTOR_RUNNING);
    ck_assert_int_eq(report.side, SIDE_BUY);
    ck_assert_decimal_eq(report.net_pnl_quote, "3");
    ck_assert_decimal_eq(report.net_pnl_pct, "0.03");
    ck_assert_decimal_eq(report.filled_amount_quote, "100");
    json_object_begin(&info);
    stage.kind->custom_info(stage.executor, &stage.view, &info);
    json_object_end(&info);
    static const char *const members[] = {
        "\"level_id\":\"a\"",
        "\"current_position_average_price\":\"100\"",
        "\"side\":1",
        "\"current_retries\":0",
        "\"max_retries\":10",
        "\"close_price\":\"103\"",
        "\"stop_loss\":\"0.02\"",
        "\"target_yield\":null",
        "\"trailing_stop_trigger_pct\":\"0.002\"",
        "\"remaining_amount\":\"1\"",
    };
    for (int i = 0; i < COUNT(members); i++) {
        ck_assert_msg(strstr(text_string(&info), members[i]) != NULL, "%s in %s", members[i],
                      text_string(&info));
    }
    text_done(&info);
    stage_close(&stage);
}
END_TEST

START_TEST(the_market_is_that_of_the_configuration)
{
    struct setting setting;
    const char *connector = NULL;
    const char *pair = NULL;
    setting_init(&setting, &executor_kind_position);
    setting.kind->market(&setting.config.common, 0, &connector, &pair);
    ck_assert_str_eq(connector, "paper");
    ck_assert_str_eq(pair, "BTC-USDT");
}
END_TEST

/* Whether the executor would not even be evaluated at 100. */
static bool is_guarded_at_100(struct stage *stage)
{
    const struct quote quote = quote_at(2, "100", "100");
    stage_look(stage, &quote);
    return guard_holds(&bracket_in(stage)->guard, stage->executor, SIDE_BUY, &stage->view);
}

START_TEST(whatever_changes_it_takes_its_guard_down)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_stop_loss(&setting, "0.02");
    start_at_100(&setting, &stage);
    tell_done(&stage, 1, "100", "1");
    ck_assert(!is_guarded_at_100(&stage)); /* A fill. */
    look(&stage, 1, "100", "100");
    ck_assert(is_guarded_at_100(&stage));
    const struct moment moment = moment_of(bracket_in(&stage), &stage.view);
    const struct wake wake =
        bracket_wake_at(bracket_in(&stage), &moment, &(struct bracket_rules){0});
    ck_assert(
        decimal_equal(wake.markets[0].level[WAKE_BID_AT_MOST], bracket_in(&stage)->guard.low));
    ck_assert_int_eq(stage_update(&stage, D("0.1")), ERR_NONE);
    ck_assert(!is_guarded_at_100(&stage));
    look(&stage, 1, "100", "100");
    ck_assert(is_guarded_at_100(&stage));
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert(!is_guarded_at_100(&stage));
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_start_is_refused_for_the_first_reason, 0, 4);
    tcase_add_loop_test(tcase, an_absent_entry_price_is_read_once, 0, 2);
    tcase_add_test(tcase, the_first_barrier_wins);
    tcase_add_test(tcase, figures_are_frozen_at_the_end);
    tcase_add_test(tcase, a_second_stop_is_refused);
    tcase_add_test(tcase, an_update_scales_the_stops);
    tcase_add_test(tcase, an_update_needs_a_stop_loss);
    tcase_add_test(tcase, whatever_changes_it_takes_its_guard_down);
    tcase_add_test(tcase, too_many_retries_fail_it);
    tcase_add_loop_test(tcase, an_overflow_fails_it_with_its_exposure_handed_over, 0,
                        COUNT(overflows));
    tcase_add_test(tcase, an_overflow_of_the_amount_itself_fails_it);
    tcase_add_test(tcase, a_full_ledger_fails_it);
    tcase_add_loop_test(tcase, the_plan_is_what_the_entry_may_need, 0, COUNT(plans));
    tcase_add_test(tcase, reports_tell_the_figures);
    tcase_add_test(tcase, the_market_is_that_of_the_configuration);
}

int main(void)
{
    return run_tests("bracket", add_tests);
}
