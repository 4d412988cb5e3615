/*
 * tests/unit/executors/test_xemm.c - the price of the maker order, the hedge of each of its fills,
 * and how it ends.
 */
#include "pairing_stage.h"

#define MARKETS                                                                           \
    "\"buying_market\":{\"connector_name\":\"one\",\"trading_pair\":\"BTC-USDT\","        \
    "\"fee\":\"0.001\"},\"selling_market\":{\"connector_name\":\"two\",\"trading_pair\":" \
    "\"BTC-USDT\",\"fee\":\"0.002\"},"

#define XEMM(members) "{\"type\":\"xemm_executor\"," MARKETS members "}"

#define PROFITS                                                          \
    "\"min_profitability\":\"0.005\",\"target_profitability\":\"0.01\"," \
    "\"max_profitability\":\"0.02\",\"order_amount\":\"1\",\"max_retries\":2"

static const char buys[] = XEMM("\"maker_side\":\"BUY\"," PROFITS);
static const char sells[] = XEMM("\"maker_side\":\"SELL\"," PROFITS);

static struct pairing_setting setting;
static struct stage stage;

static void setup(void)
{
    pairing_setting_init(&setting, buys);
    pairing_open(&setting, &stage);
}

static void teardown(void)
{
    stage_close(&stage);
    pairing_setting_done(&setting);
}

static void setup_selling(void)
{
    teardown();
    pairing_setting_init(&setting, sells);
    pairing_open(&setting, &stage);
}

static struct decimal order_price(uint32_t ordinal)
{
    return ledger_find(&stage.executor->ledger, ordinal)->price;
}

/* 100 / (1 + 0.01 + 0.003) = 98.7166, down to the tick. */
START_TEST(a_buying_maker_rests_below_the_taker)
{
    pairing_begin(&stage, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
    ck_assert_int_eq(stage.requests.items[0].type, ORDER_LIMIT);
    ck_assert_decimal_eq(order_price(1), "98.71");
}
END_TEST

/* Bids 100 x 0.5 and 98 x so much: 0.5 there are 99 for the whole amount of 1. */
static struct book_top bids_of(const char *amount)
{
    struct book_top top = {.bid_count = 2};
    top.bids[0] = (struct book_level){D("100"), D("0.5")};
    top.bids[1] = (struct book_level){D("98"), D(amount)};
    return top;
}

/* 99 / 1.013 = 97.7295, down to the tick. */
START_TEST(a_maker_follows_the_price_of_the_whole_hedge)
{
    const struct book_top bids = bids_of("0.5");
    stage.depths[PAIRING_SELLING] = &bids;
    pairing_begin(&stage, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
    ck_assert_decimal_eq(order_price(1), "97.72");
}
END_TEST

/* Filled to 0.5, only 0.5 are to be hedged, all of it at 100: 100 / 97.72 - 1.003 = 0.0203 is more
 * than max_profitability. Before, at 99, it was 0.0101. */
START_TEST(the_hedge_that_is_left_has_a_price_of_its_own)
{
    const struct book_top bids = bids_of("0.5");
    stage.depths[PAIRING_SELLING] = &bids;
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    pairing_look(&stage, 1, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    tell_fill(&stage, 1, "97.72", "0.5");
    pairing_look(&stage, 2, "100", "100"); /* The hedge goes out; 1 is not hedged yet. */
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "0.5");
    ck_assert_uint_eq(stage.requests.count, 1);
    tell_done(&stage, 2, "100", "0.5");
    pairing_look(&stage, 3, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_int_eq(stage.requests.items[0].kind, REQUEST_CANCEL);
}
END_TEST

/* A book that got thin below the same best price: the order is withdrawn, and nothing is placed
 * until there is enough again. Every quote of the taker market may bring another depth. */
START_TEST(a_thin_book_withdraws_the_order)
{
    struct book_top bids = bids_of("0.5");
    stage.depths[PAIRING_SELLING] = &bids;
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    struct wake wake;
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert(wake.markets[PAIRING_SELLING].every_quote);
    bids = bids_of("0.49");
    pairing_look(&stage, 1, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_int_eq(stage.requests.items[0].kind, REQUEST_CANCEL);
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    pairing_look(&stage, 2, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.requests.skip.reason, SKIP_DEPTH);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    bids = bids_of("0.5");
    pairing_look(&stage, 3, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
}
END_TEST

/* Half is made and hedged, and the rest has no hedge at the moment: that is not the end. */
START_TEST(a_thin_book_is_no_completion)
{
    struct book_top bids = bids_of("0.5");
    stage.depths[PAIRING_SELLING] = &bids;
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "97.72", "0.5");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    pairing_look(&stage, 1, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "0.5");
    bids.bid_count = 0;
    tell_done(&stage, 2, "100", "0.5");
    pairing_look(&stage, 60, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
}
END_TEST

/* The other market is in an asset of which 1 is worth 1.25: 80 there are 100 here. */
START_TEST(a_buying_maker_follows_a_taker_in_another_asset)
{
    stage.view.rate = D("1.25");
    pairing_begin(&stage, "100", "80");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
    ck_assert_decimal_eq(order_price(1), "98.71");
}
END_TEST

/* The maker itself is there: 100 here are 80, and 80 / (1 - 0.01 - 0.003) = 81.0537..., up. */
START_TEST(a_selling_maker_asks_in_its_own_asset)
{
    setup_selling();
    stage.view.rate = D("1.25");
    pairing_begin(&stage, "100", "80");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
    ck_assert_decimal_eq(order_price(1), "81.06");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    struct wake wake;
    pairing_look(&stage, 1, "100", "80");
    ck_assert_uint_eq(stage.requests.count, 0);
    stage.kind->wake(stage.executor, &stage.view, &wake);
    /* Too little profit when the taker's ask is above 81.06 * 1.25 * (1 - 0.005 - 0.003). */
    ck_assert(!decimal_less(D("100.5144"), wake.markets[0].level[WAKE_ASK_AT_LEAST]));
    ck_assert(decimal_less(D("100.5143"), wake.markets[0].level[WAKE_ASK_AT_LEAST]));
    pairing_look(&stage, 2, "100.5145", "80");
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_int_eq(stage.requests.items[0].kind, REQUEST_CANCEL);
}
END_TEST

/* 100 / (1 - 0.01 - 0.003) = 101.3171, up to the tick. The taker buys. */
START_TEST(a_selling_maker_rests_above_the_taker)
{
    setup_selling();
    pairing_begin(&stage, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
    ck_assert_decimal_eq(order_price(1), "101.32");
    tell_done(&stage, 1, "101.32", "1");
    pairing_look(&stage, 1, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_PARTIAL, SIDE_BUY, "1");
    tell_done(&stage, 2, "100", "1");
    pairing_look(&stage, 2, "100", "100");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    const struct executor_report report = pairing_figures(&stage);
    ck_assert_decimal_eq(report.net_pnl_quote, "1.32");
    ck_assert_decimal_eq(report.net_pnl_pct, "0.0132"); /* Of the 100 that were paid. */
    ck_assert_int_eq(report.side, SIDE_SELL);
}
END_TEST

/*
 * At 98.71: profit = taker / 98.71 - 1 - 0.003. Least 0.005 at 99.49968, most 0.02 at 100.98033.
 * Not before it is acknowledged.
 */
static const struct stale_row {
    const char *taker;
    bool is_stale;
} stale_rows[] = {{"99.5", false}, {"99.49", true}, {"100.98", false}, {"100.99", true}};

START_TEST(a_maker_order_outside_of_the_wanted_profit_is_withdrawn)
{
    const struct stale_row *row = &stale_rows[_i];
    pairing_begin(&stage, "100", "100");
    pairing_look(&stage, 1, "100", row->taker);
    ck_assert(!canceled(&stage, 1));
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    pairing_look(&stage, 2, "100", row->taker);
    ck_assert_int_eq(canceled(&stage, 1), row->is_stale);
    if (!row->is_stale) {
        return;
    }
    pairing_look(&stage, 6, "100", row->taker);
    ck_assert_uint_eq(stage.requests.count, 0); /* It still is the executor's. */
    pairing_look(&stage, 7, "100", row->taker);
    ck_assert(canceled(&stage, 1)); /* Asked for again. */
    tell_fill(&stage, 1, "98.71", "0.3");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    ck_assert_uint_eq(stage.executor->retries, 0);
    pairing_look(&stage, 8, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "0.3");
    ck_assert_request(&stage, 1, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "0.7");
}
END_TEST

START_TEST(a_selling_maker_is_withdrawn_the_other_way)
{
    setup_selling();
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    /* 1 - taker / 101.32 - 0.003: least 0.005 at 100.50944, most 0.02 at 98.98964. */
    pairing_look(&stage, 1, "100.5", "100");
    pairing_look(&stage, 1, "98.99", "100");
    ck_assert(!ledger_find(&stage.executor->ledger, 1)->is_cancel_requested);
    pairing_look(&stage, 1, "100.51", "100");
    ck_assert(canceled(&stage, 1));
}
END_TEST

/* The taker takes 0.1 at least: 0.06 waits, 0.06 + 0.05 goes, while the maker order rests. */
START_TEST(small_fills_add_up)
{
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "98.71", "0.06");
    pairing_look(&stage, 1, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    tell_fill(&stage, 1, "98.71", "0.05");
    pairing_look(&stage, 2, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "0.11");
    tell_fill(&stage, 1, "98.71", "0.5");
    pairing_look(&stage, 3, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0); /* One hedge at a time. */
    tell_done(&stage, 2, "100", "0.11");
    pairing_look(&stage, 4, "100", "100");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "0.5");
}
END_TEST

/* 0.95 hedged, the last 0.05 is too little for the taker: dust. */
START_TEST(what_cannot_be_hedged_is_dust)
{
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "98.71", "0.95");
    pairing_look(&stage, 1, "100", "100");
    tell_done(&stage, 2, "100", "0.95");
    tell_fill(&stage, 1, "98.71", "0.05");
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    pairing_look(&stage, 2, "100", "100");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    ck_assert_decimal_eq(stage.executor->dust, "0.05");
    /* 0.95 * 1.29 + 0.05 * 1.29 at the taker's price */
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "1.29");
}
END_TEST

START_TEST(a_hedge_has_a_deadline_and_is_sent_again)
{
    pairing_begin(&stage, "100", "100");
    tell_done(&stage, 1, "98.71", "1");
    pairing_look(&stage, 1, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    pairing_look(&stage, 30, "100", "100");
    ck_assert_uint_eq(stage.requests.count, 0);
    pairing_look(&stage, 31, "100", "100");
    ck_assert(canceled(&stage, 2));
    ck_assert_uint_eq(stage.executor->retries, 1);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    pairing_look(&stage, 32, "100", "97");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_PARTIAL, SIDE_SELL, "1");
}
END_TEST

/* Hedges fail more often than tolerated; closing fails as often: the exposure is handed over. */
START_TEST(failures_are_bounded_and_the_exposure_handed_over)
{
    pairing_begin(&stage, "100", "100");
    tell_done(&stage, 1, "98.71", "1");
    for (uint32_t second = 1, ordinal = 2; second < 60; second++) {
        if (ordinal <= stage.executor->ledger.count) {
            tell(&stage, ORDER_EVENT_FAILED, ordinal++);
        }
        pairing_look(&stage, second, "100", "100");
    }
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_decimal_eq(stage.executor->held, "1");
    ck_assert_uint_eq(stage.executor->ledger.count, 7); /* The maker, 3 hedges, 3 closes. */
}
END_TEST

static const struct stop_row {
    int fills; /* 0 none, 1 in part, 2 in part and the hedge is on its way. */
    bool keeps;
    enum close_type close_type;
    const char *held;
} stop_rows[] = {
    {0, false, CLOSE_EARLY_STOP, "0"}, {0, true, CLOSE_EARLY_STOP, "0"},
    {1, false, CLOSE_EARLY_STOP, "0"}, {1, true, CLOSE_POSITION_HOLD, "0.4"},
    {2, false, CLOSE_EARLY_STOP, "0"}, {2, true, CLOSE_POSITION_HOLD, "0.4"},
};

START_TEST(a_stop_hedges_what_is_open_or_keeps_it)
{
    const struct stop_row *row = &stop_rows[_i];
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    if (row->fills > 0) {
        tell_fill(&stage, 1, "98.71", "0.4");
    }
    if (row->fills > 1) {
        pairing_look(&stage, 1, "100", "100");
        ck_assert_uint_eq(placed(&stage, ROLE_PARTIAL), 1);
    }
    ck_assert_int_eq(pairing_stop_at(&stage, 2, "100", "100", row->keeps), ERR_NONE);
    ck_assert(canceled(&stage, 1));
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), row->fills == 1 && !row->keeps ? 1 : 0);
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    if (row->fills > 1) {
        tell(&stage, ORDER_EVENT_CANCELED, 2);
    }
    pairing_look(&stage, 3, "100", "99");
    const struct ledger_order *close = ledger_live(&stage.executor->ledger, ROLE_CLOSE);
    if (row->fills > 0 && !row->keeps) {
        ck_assert_ptr_nonnull(close);
        ck_assert_uint_eq(close->market, PAIRING_SELLING);
        ck_assert_decimal_eq(close->amount, "0.4");
        tell_done(&stage, close->ordinal, "99", "0.4");
        pairing_look(&stage, 4, "100", "99");
    }
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, row->close_type);
    ck_assert_decimal_eq(stage.executor->held, row->held);
}
END_TEST

/* The maker order fills although its cancel is on the way: that is hedged as well. */
START_TEST(a_cancel_that_loses_to_a_fill_is_hedged)
{
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    ck_assert_int_eq(pairing_stop_at(&stage, 1, "100", "100", false), ERR_NONE);
    tell_fill(&stage, 1, "98.71", "1");
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    pairing_look(&stage, 2, "100", "99");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_CLOSE, SIDE_SELL, "1");
    tell_done(&stage, 2, "99", "1");
    pairing_look(&stage, 3, "100", "99");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_EARLY_STOP);
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "0.29");
}
END_TEST

/* Sleeps until the taker's bid leaves 99.49968 to 100.98033; the maker market does not matter. */
START_TEST(a_resting_order_sleeps_between_its_profits)
{
    struct wake wake;
    pairing_begin(&stage, "100", "100");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    pairing_look(&stage, 1, "100", "100");
    stage.kind->wake(stage.executor, &stage.view, &wake);
    const struct wake_levels *levels = &wake.markets[PAIRING_SELLING];
    ck_assert(!levels->every_quote && !wake.markets[PAIRING_BUYING].every_quote);
    ck_assert(decimal_less(D("99.4996"), levels->level[WAKE_BID_AT_MOST]));
    ck_assert(decimal_less(levels->level[WAKE_BID_AT_MOST], D("99.4997")));
    ck_assert(decimal_less(D("100.9803"), levels->level[WAKE_BID_AT_LEAST]));
    ck_assert(decimal_less(levels->level[WAKE_BID_AT_LEAST], D("100.9804")));
    ck_assert_int_eq(wake.at_ns, INSTANT_NEVER);
}
END_TEST

START_TEST(the_plan_reserves_at_the_maker_price)
{
    struct executor_plans plans;
    const struct executor_view view = {
        .market_count = 2,
        .markets = {{&setting.instruments[0], D("99"), D("100"), NULL},
                    {&setting.instruments[1], D("100"), D("103"), NULL}}};
    setting.kind->plan(setting.config, &view, &plans);
    ck_assert_decimal_eq(plans.items[0].amount, "98.71");
    ck_assert_decimal_eq(plans.items[1].amount, "1");
    setup_selling();
    setting.kind->plan(setting.config, &view, &plans);
    ck_assert_decimal_eq(plans.items[0].amount, "100");
}
END_TEST

static const struct refusal_row {
    const char *json;
    const char *problem;
} refusal_rows[] = {
    {XEMM("\"maker_side\":1,\"min_profitability\":0,\"target_profitability\":0,"
          "\"max_profitability\":0,\"order_amount\":1"),
     NULL},
    {XEMM("\"maker_side\":1,\"min_profitability\":0.02,\"target_profitability\":0.01,"
          "\"max_profitability\":0.03,\"order_amount\":1"),
     "target_profitability: not between"},
    {XEMM("\"maker_side\":1,\"min_profitability\":0,\"target_profitability\":0.01,"
          "\"max_profitability\":0.005,\"order_amount\":1"),
     "target_profitability: not between"},
    {XEMM("\"min_profitability\":0,\"target_profitability\":0,\"max_profitability\":0,"
          "\"order_amount\":1"),
     "maker_side"},
    {XEMM("\"maker_side\":3,\"min_profitability\":0,\"target_profitability\":0,"
          "\"max_profitability\":0,\"order_amount\":1"),
     "maker_side"},
    {XEMM("\"maker_side\":1,\"min_profitability\":0,\"target_profitability\":0,"
          "\"max_profitability\":0,\"order_amount\":0"),
     "order_amount"},
};

START_TEST(a_bad_configuration_is_refused_with_its_path)
{
    struct pairing_setting parsed = {0};
    pairing_parse(&parsed, refusal_rows[_i].json, refusal_rows[_i].problem);
    pairing_setting_done(&parsed);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_buying_maker_rests_below_the_taker);
    tcase_add_test(tcase, a_maker_follows_the_price_of_the_whole_hedge);
    tcase_add_test(tcase, the_hedge_that_is_left_has_a_price_of_its_own);
    tcase_add_test(tcase, a_thin_book_withdraws_the_order);
    tcase_add_test(tcase, a_thin_book_is_no_completion);
    tcase_add_test(tcase, a_selling_maker_rests_above_the_taker);
    tcase_add_test(tcase, a_buying_maker_follows_a_taker_in_another_asset);
    tcase_add_test(tcase, a_selling_maker_asks_in_its_own_asset);
    tcase_add_loop_test(tcase, a_maker_order_outside_of_the_wanted_profit_is_withdrawn, 0,
                        COUNT(stale_rows));
    tcase_add_test(tcase, a_selling_maker_is_withdrawn_the_other_way);
    tcase_add_test(tcase, small_fills_add_up);
    tcase_add_test(tcase, what_cannot_be_hedged_is_dust);
    tcase_add_test(tcase, a_hedge_has_a_deadline_and_is_sent_again);
    tcase_add_test(tcase, failures_are_bounded_and_the_exposure_handed_over);
    tcase_add_loop_test(tcase, a_stop_hedges_what_is_open_or_keeps_it, 0, COUNT(stop_rows));
    tcase_add_test(tcase, a_cancel_that_loses_to_a_fill_is_hedged);
    tcase_add_test(tcase, a_resting_order_sleeps_between_its_profits);
    tcase_add_test(tcase, the_plan_reserves_at_the_maker_price);
    tcase_add_loop_test(tcase, a_bad_configuration_is_refused_with_its_path, 0,
                        COUNT(refusal_rows));
}

int main(void)
{
    return run_tests("xemm", add_tests);
}
