/*
 * tests/unit/executors/test_grid.c - levels that open and close, and the ways a grid ends.
 */
#include "griding.h"

#include "base/text.h"
#include "executors/grid_lot.h"
#include "executors/grid_moment.h"
#include "damaging.h"

static struct grid_setting setting;
static struct stage stage;

static void setup(void)
{
    grid_setting_init(&setting);
}

/* Levels 110, 105 and 100 at 106/106.02: the upper one would cross and goes 0.1 % below the bid;
 * nearest to the mid price first: |105 - 106.01| < |110 - 106.01| < |100 - 106.01|. */
START_TEST(levels_open_nearest_first_and_never_cross)
{
    grid_start(&setting, &stage, "106", "106.02");
    ck_assert_uint_eq(grid_in(&stage)->level_count, 3);
    ck_assert_uint_eq(stage.requests.count, 3);
    ck_assert_order(&stage, 1, SIDE_BUY, "1.03", "105", 1);
    ck_assert_order(&stage, 2, SIDE_BUY, "1.03", "105.89", 2); /* 106 * 0.999 = 105.894 */
    ck_assert_order(&stage, 3, SIDE_BUY, "1.03", "100", 0);
    ck_assert_int_eq(grid_order(&stage, 1)->type, ORDER_LIMIT);
    stage_close(&stage);
}
END_TEST

START_TEST(a_sell_grid_is_the_mirror_image)
{
    grid_setting_sell(&setting);
    grid_start(&setting, &stage, "103.98", "104");
    ck_assert_order(&stage, 1, SIDE_SELL, "1.04", "105", 1);
    ck_assert_order(&stage, 2, SIDE_SELL, "1.04", "104.11", 0); /* 104 * 1.001 = 104.104, up */
    ck_assert_order(&stage, 3, SIDE_SELL, "1.04", "110", 2);
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 1, "104.5", "104.6");
    ck_assert_order(&stage, 4, SIDE_BUY, "1.04", "103.95", 1); /* 105 * 0.99 */
    ck_assert_int_eq(grid_order(&stage, 4)->role, ROLE_TAKE_PROFIT);
    stage_close(&stage);
}
END_TEST

/* One round trip at 105 -> 106.05: 1.04 * 1.05 = 1.092; the level opens again. */
START_TEST(a_level_goes_round)
{
    grid_start(&setting, &stage, "104", "104.02");
    struct grid_level *level = &grid_in(&stage)->levels[1];
    ck_assert_order(&stage, 1, SIDE_BUY, "1.04", "103.89", 1); /* 104 * 0.999 = 103.896 */
    ck_assert_int_eq(grid_level_state(grid_in(&stage), level), GRID_LEVEL_OPEN_ORDER_PLACED);
    tell_done(&stage, 1, "105", "1.04");
    ck_assert_int_eq(grid_level_state(grid_in(&stage), level), GRID_LEVEL_OPEN_ORDER_FILLED);
    look(&stage, 1, "105", "105.02");
    ck_assert_int_eq(grid_level_state(grid_in(&stage), level), GRID_LEVEL_CLOSE_ORDER_PLACED);
    ck_assert_order(&stage, 4, SIDE_SELL, "1.04", "106.05", 1);
    ck_assert_uint_eq(stage.requests.count, 1);
    tell_done(&stage, 4, "106.05", "1.04");
    ck_assert_int_eq(grid_level_state(grid_in(&stage), level), GRID_LEVEL_NOT_ACTIVE);
    ck_assert_decimal_eq(grid_in(&stage)->realized, "1.092");
    look(&stage, 2, "106", "106.02");
    ck_assert_order(&stage, 5, SIDE_BUY, "1.04", "105", 1);
    const struct executor_report report = grid_report_of(&stage);
    ck_assert_decimal_eq(report.net_pnl_quote, "1.092");
    ck_assert_decimal_eq(report.filled_amount_quote, "219.492"); /* 1.04 * (105 + 106.05) */
    stage_close(&stage);
}
END_TEST

/* The ask has run over 106.05 already: 0.1 % above the ask. */
START_TEST(a_close_that_would_cross_goes_above_the_ask)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 1, "106.9", "107");
    ck_assert_order(&stage, 4, SIDE_SELL, "1.04", "107.11", 1); /* 107.107, up */
    stage_close(&stage);
}
END_TEST

/* 0.5 filled of 1.04, then canceled by the venue: it stays with the level, which closes it; the
 * late fill of 0.2 that follows is closed as well. */
START_TEST(the_fills_of_a_canceled_order_stay_with_its_level)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "105", "0.5");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    ck_assert_uint_eq(stage.executor->retries, 1);
    look(&stage, 2, "105", "105.02");
    ck_assert_order(&stage, 4, SIDE_SELL, "0.5", "106.05", 1);
    tell_fill(&stage, 1, "105", "0.2");
    tell_done(&stage, 4, "106.05", "0.5");
    look(&stage, 3, "105", "105.02");
    ck_assert_order(&stage, 5, SIDE_SELL, "0.2", "106.05", 1);
    stage_close(&stage);
}
END_TEST

START_TEST(a_partly_filled_open_order_is_waited_for)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "105", "0.5");
    look(&stage, 1, "105", "105.02");
    ck_assert_uint_eq(stage.requests.count, 0);
    stage_close(&stage);
}
END_TEST

START_TEST(max_open_orders_is_a_hard_limit)
{
    setting.config.max_open_orders = 2;
    grid_start(&setting, &stage, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 2);
    look(&stage, 1, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 0);
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 2, "104", "104.02");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    ck_assert_uint_eq(placed(&stage, ROLE_TAKE_PROFIT), 1);
    stage_close(&stage);
}
END_TEST

START_TEST(batches_are_limited_and_apart)
{
    setting.config.has_max_orders_per_batch = true;
    setting.config.max_orders_per_batch = 1;
    grid_start(&setting, &stage, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 1);
    stage.kind->on_market(stage.executor, &stage.view, &stage.requests);
    ck_assert_uint_eq(stage.requests.count, 1); /* Nothing new: no effect. */
    look(&stage, 1, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 1);
    stage_close(&stage);

    setting.config.order_frequency_ns = 10 * NS_PER_S;
    grid_start(&setting, &stage, "104", "104.02");
    look(&stage, 9, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 0);
    look(&stage, 10, "104", "104.02");
    ck_assert_uint_eq(stage.requests.count, 1);
    stage_close(&stage);
}
END_TEST

/* Bounds of 2 %: at 104 the orders within 101.92 and 106.08 work; 100 does not. When the market
 * rises to 106.5 the one at 103.89 is 2.45 % away and goes. */
START_TEST(orders_work_only_within_the_bounds)
{
    setting.config.has_activation_bounds = true;
    setting.config.activation_bounds = D("0.02");
    grid_start(&setting, &stage, "104", "104");
    ck_assert_uint_eq(stage.requests.count, 2);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    look(&stage, 1, "106.5", "106.5");
    ck_assert(canceled(&stage, 1));
    ck_assert(!canceled(&stage, 2)); /* Not acknowledged. */
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    ck_assert_uint_eq(stage.executor->retries, 0);
    stage_close(&stage);
}
END_TEST

/* 64 is the bound of a call: 100 levels are placed in two evaluations and canceled in two. */
START_TEST(many_orders_are_spread_over_evaluations)
{
    setting.config.start_price = D("50");
    setting.config.end_price = D("149");
    setting.config.total_amount_quote = D("10000");
    setting.config.min_spread_between_orders = D("0.0197");
    setting.config.limit_price = D("40");
    setting.config.max_open_orders = 1000;
    stage.uses_wake = false;
    grid_start(&setting, &stage, "148", "149");
    ck_assert_uint_eq(grid_in(&stage)->level_count, 100); /* 1.98 / 0.0197 */
    ck_assert_uint_eq(stage.requests.count, EXECUTOR_REQUESTS_MAX);
    struct wake wake;
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert_int_eq(wake.at_ns, 0);
    look(&stage, 0, "148", "149");
    ck_assert_uint_eq(stage.requests.count, 100 - EXECUTOR_REQUESTS_MAX);
    stage_look(&stage, &(struct quote){NS_PER_S, D("148"), D("149")});
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_uint_eq(stage.requests.count, EXECUTOR_REQUESTS_MAX - 1);
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert_int_le(wake.at_ns, NS_PER_S);
    look(&stage, 1, "148", "149");
    ck_assert_uint_eq(stage.requests.count, 100 - EXECUTOR_REQUESTS_MAX + 1);
    stage_close(&stage);
}
END_TEST

/* Owned: 1.04 at 105. Mark 102.9 is -2 %. */
START_TEST(the_stop_loss_closes_the_position)
{
    setting.barriers.has_stop_loss = true;
    setting.barriers.stop_loss = D("0.02");
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 3);
    look(&stage, 1, "102.91", "103");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    look(&stage, 2, "102.9", "103");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_STOP_LOSS);
    ck_assert(canceled(&stage, 2) && canceled(&stage, 3) && canceled(&stage, 4));
    /* The take profit may still fill: nothing is free to be closed yet. */
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 0);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    tell(&stage, ORDER_EVENT_CANCELED, 4);
    look(&stage, 3, "102", "102.1");
    ck_assert_order(&stage, 5, SIDE_SELL, "1.04", "0", 0);
    tell_done(&stage, 5, "102", "1.04");
    look(&stage, 4, "102", "102.1");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(grid_report_of(&stage).net_pnl_quote, "-3.12"); /* 1.04 * -3 */
    ck_assert_decimal_eq(stage.executor->dust, "0");
    stage_close(&stage);
}
END_TEST

START_TEST(the_limit_price_closes_or_keeps)
{
    for (int keeps = 0; keeps < 2; keeps++) {
        setting.config.keep_position = keeps != 0;
        grid_start(&setting, &stage, "104", "104.02");
        tell_done(&stage, 1, "105", "1.04");
        tell(&stage, ORDER_EVENT_FAILED, 2);
        tell(&stage, ORDER_EVENT_FAILED, 3);
        look(&stage, 1, "89.9", "90.1"); /* Mid 90. */
        ck_assert_int_eq(stage.executor->close_type, keeps ? CLOSE_POSITION_HOLD : CLOSE_STOP_LOSS);
        look(&stage, 9, "89.9", "90.1");
        if (keeps) {
            ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
            ck_assert_decimal_eq(stage.executor->held, "1.04");
        } else {
            ck_assert_int_eq(stage.executor->status, EXECUTOR_SHUTTING_DOWN);
        }
        stage_close(&stage);
    }
}
END_TEST

START_TEST(time_ends_it_and_a_late_start_is_refused)
{
    setting.barriers.has_time_limit = true;
    setting.barriers.time_limit_ns = 60 * NS_PER_S;
    grid_start(&setting, &stage, "104", "104.02");
    look(&stage, 59, "104", "104.02");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    look(&stage, 60, "104", "104.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TIME_LIMIT);
    stage_close(&stage);

    setting.config.common.timestamp_ns = -60 * NS_PER_S;
    grid_start(&setting, &stage, "104", "104.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EXPIRED);
    stage_close(&stage);
}
END_TEST

/* 1.04 at 105: armed beyond 107.1, at 108.15 (+3 %) the trigger is 2 %, below 107.1 it fires. */
START_TEST(the_trailing_stop_follows_the_open_position)
{
    setting.barriers.trailing_stop = &setting.trailing;
    setting.barriers.take_profit = D("0.05");
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 1, "107.1", "107.2");
    ck_assert(!grid_in(&stage)->trailing.is_armed);
    look(&stage, 2, "108.15", "108.2");
    ck_assert(grid_in(&stage)->trailing.is_armed);
    ck_assert_decimal_eq(grid_in(&stage)->trailing.level, "0.02");
    look(&stage, 3, "107.1", "107.2");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    look(&stage, 4, "107.09", "107.2");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TRAILING_STOP);
    stage_close(&stage);
}
END_TEST

START_TEST(beyond_its_end_a_grid_has_won)
{
    grid_start(&setting, &stage, "110", "110");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    look(&stage, 1, "110", "110.01");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TAKE_PROFIT);
    stage_close(&stage);

    grid_setting_sell(&setting);
    grid_start(&setting, &stage, "100", "100");
    look(&stage, 1, "99.99", "100");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_TAKE_PROFIT);
    stage_close(&stage);
}
END_TEST

/* Which state, which policy, and what is expected at the end. */
static const struct stop_row {
    int fills; /* 0 nothing, 1 level filled, 2 and its close is half filled. */
    bool keeps;
    enum close_type close_type;
    const char *held;
} stop_rows[] = {
    {0, false, CLOSE_EARLY_STOP, "0"}, {0, true, CLOSE_EARLY_STOP, "0"},
    {1, false, CLOSE_EARLY_STOP, "0"}, {1, true, CLOSE_POSITION_HOLD, "1.04"},
    {2, false, CLOSE_EARLY_STOP, "0"}, {2, true, CLOSE_POSITION_HOLD, "0.54"},
};

START_TEST(a_stop_means_the_same_in_every_state)
{
    const struct stop_row *row = &stop_rows[_i];
    grid_start(&setting, &stage, "104", "104.02");
    if (row->fills > 0) {
        tell_done(&stage, 1, "105", "1.04");
        look(&stage, 1, "104", "104.02");
    }
    if (row->fills > 1) {
        tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 4);
        tell_fill(&stage, 4, "106.05", "0.5");
    }
    stage_look(&stage, &(struct quote){2 * NS_PER_S, D("104"), D("104.02")});
    ck_assert_int_eq(stage_stop(&stage, row->keeps), ERR_NONE);
    ck_assert_int_eq(stage_stop(&stage, row->keeps), ERR_STATE);
    for (uint32_t i = 1; i <= stage.executor->ledger.count; i++) {
        tell(&stage, ORDER_EVENT_CANCELED, i);
    }
    look(&stage, 3, "104", "104.02");
    if (stage.executor->status != EXECUTOR_TERMINATED) {
        const struct ledger_order *close = ledger_live(&stage.executor->ledger, ROLE_CLOSE);
        ck_assert_ptr_nonnull(close);
        ck_assert_decimal_eq(close->amount, row->fills == 2 ? "0.54" : "1.04");
        look(&stage, 4, "104", "104.02");
        ck_assert_uint_eq(stage.requests.count, 0); /* One close in flight. */
        char amount[DECIMAL_TEXT_MAX];
        decimal_print(close->amount, amount);
        tell_done(&stage, close->ordinal, "104", amount);
        look(&stage, 5, "104", "104.02");
    }
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, row->close_type);
    ck_assert_decimal_eq(stage.executor->held, row->held);
    ck_assert_int_eq(stage_stop(&stage, row->keeps), ERR_STATE);
    stage_close(&stage);
}
END_TEST

/* The close of level 1 fills although its cancel is on the way: nothing is left to be closed. */
START_TEST(a_cancel_that_loses_to_a_fill_leaves_nothing)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 1, "104", "104.02");
    stage_look(&stage, &(struct quote){2 * NS_PER_S, D("104"), D("104.02")});
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    tell_done(&stage, 4, "106.05", "1.04");
    look(&stage, 3, "104", "104.02");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_uint_eq(stage.executor->ledger.count, 4);
    ck_assert_decimal_eq(grid_report_of(&stage).net_pnl_quote, "1.092");
    stage_close(&stage);
}
END_TEST

START_TEST(rejects_wait_and_are_bounded)
{
    setting.config.common.max_retries = 3;
    setting.config.max_open_orders = 1;
    grid_start(&setting, &stage, "104", "104.02");
    int64_t second = 0;
    for (uint32_t ordinal = 1; ordinal <= 3; ordinal++) {
        tell(&stage, ORDER_EVENT_FAILED, ordinal);
        ck_assert_uint_eq(stage.executor->retries, ordinal);
        look(&stage, second, "104", "104.02");
        ck_assert_uint_eq(stage.requests.count, 0);
        second = stage.executor->retry_at_ns / NS_PER_S;
        look(&stage, second, "104", "104.02");
        ck_assert_uint_eq(stage.requests.count, 1);
    }
    tell(&stage, ORDER_EVENT_FAILED, 4);
    look(&stage, second, "104", "104.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    stage_close(&stage);
}
END_TEST

/* A fee of 0.004 in base: 1.036 is owned, 1.03 is offered; 0.006 stays as dust in the end. */
START_TEST(a_fee_in_base_reduces_what_is_offered)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    struct order_event event = {.kind = ORDER_EVENT_FILL, .ordinal = 1};
    event.fill.side = SIDE_BUY;
    event.fill.price = D("105");
    event.fill.amount = D("1.04");
    event.fill.fee = D("0.004");
    event.fill.fee_in_base = true;
    stage.kind->on_order(stage.executor, &event, 0);
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    look(&stage, 1, "104", "104.02");
    ck_assert_order(&stage, 4, SIDE_SELL, "1.03", "106.05", 1);
    tell_done(&stage, 4, "106.05", "1.03");
    /* 1.03 * 1.05 = 1.0815, minus the fee's share 0.42 * 1.03 / 1.036 */
    ck_assert(decimal_less(D("0.663"), grid_in(&stage)->realized));
    ck_assert(decimal_less(grid_in(&stage)->realized, D("0.664")));
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    ck_assert_int_eq(stage_stop(&stage, false), ERR_NONE);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->dust, "0.006");
    stage_close(&stage);
}
END_TEST

/* The same fill twice: more closed than owned. The figures follow, nothing more is placed. */
/* The lots are summed up with each fill, and anew when they are loaded. */
START_TEST(what_is_owned_is_the_sum_of_the_lots)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "103", "1.04");
    tell_fill(&stage, 2, "101", "0.001");
    for (int i = 0; i < 2; i++) {
        struct grid *grid = grid_in(&stage);
        ck_assert_decimal_eq(grid->owned.amount, "1.041");
        ck_assert_decimal_eq(grid->owned.cost, "107.221");
        ck_assert(grid->levels[1].has_lot || grid->levels[0].has_lot);
        ck_assert(grid->levels[1].has_lot != grid->levels[0].has_lot); /* One is too small. */
        grid->owned.cost = D("7");
        grid_lot_weigh(grid);
        ck_assert_decimal_eq(grid->owned.cost, "107.221");
        stage_reload(&stage);
    }
    stage_close(&stage);
}
END_TEST

START_TEST(it_is_guarded_by_what_it_waits_for)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 3);
    const struct grid *grid = grid_in(&stage);
    ck_assert(!guard_pair_holds(&grid->guard, stage.executor, &stage.view));
    look(&stage, 1, "104", "104.02");
    ck_assert(guard_pair_holds(&grid->guard, stage.executor, &stage.view));
    const struct grid_moment moment = grid_moment_of(grid, &stage.view);
    const struct wake wake = grid_wake_at(grid, &moment);
    const struct wake guarded = guard_pair_wake(&grid->guard);
    ck_assert_int_eq(guarded.at_ns, wake.at_ns);
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        ck_assert(guarded.markets[0].is_set[i] == wake.markets[0].is_set[i]);
        ck_assert(!wake.markets[0].is_set[i] ||
                  decimal_equal(guarded.markets[0].level[i], wake.markets[0].level[i]));
    }
    stage_close(&stage);
}
END_TEST

START_TEST(a_fill_too_many_is_booked_and_not_traded_on)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    look(&stage, 1, "104", "104.02");
    tell_done(&stage, 4, "106.05", "1.04");
    tell_fill(&stage, 4, "106.05", "1.04");
    ck_assert_decimal_eq(grid_in(&stage)->levels[1].lot.amount, "-1.04");
    look(&stage, 2, "104", "104.02");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    stage_close(&stage);
}
END_TEST

START_TEST(an_overflow_ends_it_as_failed)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100000000000000000000", "1.04");
    tell_fill(&stage, 1, "100000000000000000000", "1");
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    tell(&stage, ORDER_EVENT_FAILED, 2);
    tell(&stage, ORDER_EVENT_FAILED, 3);
    look(&stage, 1, "104", "104.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->held, "2.04");
    struct text info = {0};
    json_object_begin(&info);
    stage.kind->custom_info(stage.executor, &stage.view, &info);
    json_object_end(&info);
    ck_assert(!text_failed(&info));
    text_done(&info);
    stage_close(&stage);
}
END_TEST

START_TEST(a_start_without_money_or_levels_is_refused)
{
    grid_open(&setting, &stage);
    const struct quote quote = quote_at(0, "104", "104.02");
    stage_start(&stage, &quote, false);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_INSUFFICIENT_BALANCE);
    stage_close(&stage);

    setting.config.total_amount_quote = D("5");
    grid_start(&setting, &stage, "104", "104.02");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    stage_close(&stage);
}
END_TEST

static const char *const damages[][2] = {
    {"\"start_mid\"", "\"start_mix\""},
    {"\"realized\"", "\"realised\""},
    {"\"is_armed\":0", "\"is_armed\":2"},
    {"\"trigger\":\"0\"", "\"trigger\":\"x\""},
    {"\"fill_events\"", "\"fill_event_\""},
    {"\"final_bid\"", "\"final_bit\""},
    {"\"lots\"", "\"lost\""},
    {"[1,\"1.04\"", "[3,\"1.04\""},
    {"[1,\"1.04\"", "[1,\"1,04\""},
    {"\"start_mid\":\"104.01\"", "\"start_mid\":\"-04.01\""},
    {"[0,0,1,2,", "[1,0,1,2,"},
    {"[0,0,1,2,", "[0,2,1,2,"},
};

/* The last two: an order of another market, and one of a role that grids do not have. */
START_TEST(a_damaged_snapshot_is_refused)
{
    grid_start(&setting, &stage, "104", "104.02");
    tell_done(&stage, 1, "105", "1.04");
    ck_assert_int_eq(damage_and_load(&stage, "lots", "lots"), ERR_NONE);
    ck_assert_int_eq(damage_and_load(&stage, damages[_i][0], damages[_i][1]), ERR_CORRUPT);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_damaged_snapshot_is_refused, 0, COUNT(damages));
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, levels_open_nearest_first_and_never_cross);
    tcase_add_test(tcase, a_sell_grid_is_the_mirror_image);
    tcase_add_test(tcase, a_level_goes_round);
    tcase_add_test(tcase, a_close_that_would_cross_goes_above_the_ask);
    tcase_add_test(tcase, the_fills_of_a_canceled_order_stay_with_its_level);
    tcase_add_test(tcase, a_partly_filled_open_order_is_waited_for);
    tcase_add_test(tcase, max_open_orders_is_a_hard_limit);
    tcase_add_test(tcase, batches_are_limited_and_apart);
    tcase_add_test(tcase, orders_work_only_within_the_bounds);
    tcase_add_test(tcase, many_orders_are_spread_over_evaluations);
    tcase_add_test(tcase, the_stop_loss_closes_the_position);
    tcase_add_test(tcase, the_limit_price_closes_or_keeps);
    tcase_add_test(tcase, time_ends_it_and_a_late_start_is_refused);
    tcase_add_test(tcase, the_trailing_stop_follows_the_open_position);
    tcase_add_test(tcase, beyond_its_end_a_grid_has_won);
    tcase_add_loop_test(tcase, a_stop_means_the_same_in_every_state, 0, COUNT(stop_rows));
    tcase_add_test(tcase, a_cancel_that_loses_to_a_fill_leaves_nothing);
    tcase_add_test(tcase, rejects_wait_and_are_bounded);
    tcase_add_test(tcase, a_fee_in_base_reduces_what_is_offered);
    tcase_add_test(tcase, what_is_owned_is_the_sum_of_the_lots);
    tcase_add_test(tcase, it_is_guarded_by_what_it_waits_for);
    tcase_add_test(tcase, a_fill_too_many_is_booked_and_not_traded_on);
    tcase_add_test(tcase, an_overflow_ends_it_as_failed);
    tcase_add_test(tcase, a_start_without_money_or_levels_is_refused);
}

int main(void)
{
    return run_tests("grid", add_tests);
}
