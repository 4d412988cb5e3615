/*
 * tests/unit/executors/test_arbitrage.c - two legs at once, what becomes of one alone, and how it
 * ends.
 */
#include "damaging.h"
#include "pairing_stage.h"

#define MARKETS(buying, selling)                                                      \
    "\"buying_market\":{\"connector_name\":\"one\",\"trading_pair\":\"" buying "\"}," \
    "\"selling_market\":{\"connector_name\":\"two\",\"trading_pair\":\"" selling "\"}"

#define ARBITRAGE(members) "{\"type\":\"arbitrage_executor\"," members "}"

/* Fees of 0.1 % on both markets; more than 0.5 % has to remain. */
static const char basic[] =
    ARBITRAGE("\"buying_market\":{\"connector_name\":\"one\",\"trading_pair\":\"BTC-USDT\","
              "\"fee\":\"0.001\"},\"selling_market\":{\"connector_name\":\"two\","
              "\"trading_pair\":\"BTC-USDT\",\"fee\":\"0.001\"},\"order_amount\":\"1.005\","
              "\"min_profitability\":\"0.005\",\"max_retries\":2");

static struct pairing_setting setting;
static struct stage stage;

static void setup(void)
{
    pairing_setting_init(&setting, basic);
    pairing_open(&setting, &stage);
}

static void teardown(void)
{
    stage_close(&stage);
    pairing_setting_done(&setting);
}

/* 100 -> 100.7: 100.7 * 0.999 / 100 - 1.001 = 0.004993; at 100.71 it is 0.00509. */
START_TEST(both_legs_go_at_once_when_it_pays)
{
    pairing_begin(&stage, "100", "100.7");
    ck_assert_uint_eq(stage.requests.count, 0);
    pairing_look(&stage, 1, "100", "100.71");
    ck_assert_uint_eq(stage.requests.count, 2);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
    ck_assert_request(&stage, 1, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
    tell_done(&stage, 1, "100", "1");
    pairing_look(&stage, 2, "100", "90");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.executor->status, EXECUTOR_RUNNING);
    tell_done(&stage, 2, "100.71", "1");
    pairing_look(&stage, 3, "100", "90");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    const struct executor_report report = pairing_figures(&stage);
    ck_assert_decimal_eq(report.net_pnl_quote, "0.71");
    ck_assert_decimal_eq(report.net_pnl_pct, "0.0071"); /* Of the 100 that were paid. */
    ck_assert_decimal_eq(report.filled_amount_quote, "200.71");
    ck_assert_decimal_eq(stage.executor->dust, "0");
}
END_TEST

/* Asks 100 x 0.5 and `dearer` x 0.5. */
static struct book_top asks_of(const char *dearer)
{
    struct book_top top = {.ask_count = 2};
    top.asks[0] = (struct book_level){D("100"), D("0.5")};
    top.asks[1] = (struct book_level){D(dearer), D("0.5")};
    return top;
}

/* The best prices pay; the 1 that is wanted costs (50 + 50.05) = 100.05: 100.76 * 0.999 / 100.05 -
 * 1.001 = 0.0050893, at 100.75 it is 0.0049894. */
START_TEST(it_has_to_pay_at_the_price_of_the_whole_amount)
{
    const struct book_top asks = asks_of("100.1");
    stage.depths[PAIRING_BUYING] = &asks;
    pairing_begin(&stage, "100", "100.75");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.requests.skip.reason, SKIP_NONE); /* There is a price. */
    struct wake wake;
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert(wake.markets[PAIRING_BUYING].every_quote &&
              wake.markets[PAIRING_SELLING].every_quote);
    pairing_look(&stage, 1, "100", "100.76");
    ck_assert_uint_eq(stage.requests.count, 2);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
    ck_assert_request(&stage, 1, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
}
END_TEST

/* The same on the other side: 0.4 at 100.9 and 0.6 at 100.62 are 100.732 for 1. */
START_TEST(it_sells_the_whole_amount_too)
{
    struct book_top bids = {.bid_count = 2};
    bids.bids[0] = (struct book_level){D("100.9"), D("0.4")};
    bids.bids[1] = (struct book_level){D("100.5"), D("0.6")}; /* 100.66: 0.0046. */
    stage.depths[PAIRING_SELLING] = &bids;
    pairing_begin(&stage, "100", "100.9");
    ck_assert_uint_eq(stage.requests.count, 0);
    bids.bids[1].price = D("100.62"); /* 0.00531 */
    pairing_look(&stage, 1, "100", "100.9");
    ck_assert_uint_eq(stage.requests.count, 2);
}
END_TEST

/* 0.99 are there. Said once with a reason; unknown levels are no reason to send something either.
 */
START_TEST(it_waits_for_depth_that_suffices)
{
    struct book_top asks = {0};
    stage.depths[PAIRING_BUYING] = &asks;
    pairing_begin(&stage, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 0);
    asks = asks_of("100.1");
    asks.asks[1].amount = D("0.49");
    pairing_look(&stage, 1, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 0);
    ck_assert_int_eq(stage.requests.skip.reason, SKIP_DEPTH);
    ck_assert_uint_eq(stage.requests.skip.market, PAIRING_BUYING);
    ck_assert_decimal_eq(stage.requests.skip.amount, "1");
    pairing_look(&stage, 2, "100", "100.1"); /* Depth is not what is missing. */
    ck_assert_int_eq(stage.requests.skip.reason, SKIP_NONE);
    asks.asks[1].amount = D("0.5");
    pairing_look(&stage, 3, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 2);
}
END_TEST

/* What it lacks after a fill is sent whatever the book has. */
START_TEST(a_leg_does_not_wait_for_depth)
{
    struct book_top asks = asks_of("100.1");
    stage.depths[PAIRING_BUYING] = &asks;
    pairing_begin(&stage, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 2);
    asks.ask_count = 0;
    tell_done(&stage, 2, "102", "1");
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    pairing_look(&stage, 60, "100", "102");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_OPEN, SIDE_BUY, "1");
}
END_TEST

START_TEST(its_figures_show_the_prices_of_the_whole_amount)
{
    const struct book_top asks = asks_of("100.1");
    stage.depths[PAIRING_BUYING] = &asks;
    pairing_begin(&stage, "100", "100.2");
    struct text info = {0};
    stage.kind->custom_info(stage.executor, &stage.view, &info);
    ck_assert_msg(strstr(text_string(&info), "\"buy_price\":\"100.05\"") != NULL, "%s",
                  text_string(&info));
    text_done(&info);
}
END_TEST

static void open_legs(void)
{
    pairing_begin(&stage, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 2);
}

/* The market has turned: the leg is sent again all the same. 0.4 are filled of the second try. */
START_TEST(a_failed_leg_is_sent_again_for_what_it_lacks)
{
    open_legs();
    tell_done(&stage, 1, "100", "1");
    tell(&stage, ORDER_EVENT_FAILED, 2);
    pairing_look(&stage, 0, "100", "99");
    ck_assert_uint_eq(stage.requests.count, 0); /* A second is waited. */
    pairing_look(&stage, 1, "100", "99");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 3);
    tell_fill(&stage, 3, "99", "0.4");
    tell(&stage, ORDER_EVENT_CANCELED, 3);
    pairing_look(&stage, 3, "100", "99");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "0.6");
    tell_done(&stage, 4, "99", "0.6");
    pairing_look(&stage, 4, "100", "99");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "-1");
}
END_TEST

/* After more failures than are tolerated the other leg is unwound where it was traded. */
START_TEST(an_exhausted_leg_unwinds_the_other)
{
    open_legs();
    tell_done(&stage, 1, "100", "1");
    tell(&stage, ORDER_EVENT_FAILED, 2);
    pairing_look(&stage, 1, "100", "99");
    tell(&stage, ORDER_EVENT_FAILED, 3);
    pairing_look(&stage, 3, "100", "99");
    tell(&stage, ORDER_EVENT_FAILED, 4);
    pairing_look(&stage, 4, "99.5", "99");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_CLOSE, SIDE_SELL, "1");
    tell_done(&stage, 5, "99.5", "1");
    pairing_look(&stage, 5, "99.5", "99");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->held, "0");
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "-0.5");
}
END_TEST

/* The unwinding fails as often as is tolerated: the exposure is handed over, once. */
START_TEST(an_unwinding_that_fails_hands_over)
{
    open_legs();
    tell_done(&stage, 2, "102", "1");
    for (uint32_t ordinal = 1, second = 0; second < 60; second++) {
        const uint32_t count = stage.executor->ledger.count;
        if (ordinal <= count) {
            tell(&stage, ORDER_EVENT_FAILED, ordinal);
            ordinal = ordinal == 1 ? 3 : ordinal + 1;
        }
        pairing_look(&stage, second, "100", "102");
    }
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_decimal_eq(stage.executor->held, "1");
    /* 2 legs, 2 more tries of the buying one, 3 closes */
    ck_assert_uint_eq(stage.executor->ledger.count, 7);
    ck_assert_uint_eq(stage.executor->ledger.orders[6].market, PAIRING_SELLING);
    ck_assert_int_eq(stage.executor->ledger.orders[6].side, SIDE_BUY);
}
END_TEST

START_TEST(a_leg_has_a_deadline)
{
    open_legs();
    tell_done(&stage, 1, "100", "1");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    pairing_look(&stage, 29, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 0);
    pairing_look(&stage, 30, "100", "102");
    ck_assert(canceled(&stage, 2));
    ck_assert_uint_eq(stage.executor->retries, 1);
    pairing_look(&stage, 34, "100", "102");
    ck_assert_uint_eq(stage.requests.count, 0);
    pairing_look(&stage, 35, "100", "102");
    ck_assert(canceled(&stage, 2));
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    pairing_look(&stage, 36, "100", "102");
    ck_assert_request(&stage, 0, PAIRING_SELLING, ROLE_OPEN, SIDE_SELL, "1");
}
END_TEST

static const struct stop_row {
    int fills; /* 0 before the legs, 1 both on the way, 2 one of them filled. */
    bool keeps;
    enum close_type close_type;
    const char *held;
} stop_rows[] = {
    {0, false, CLOSE_EARLY_STOP, "0"}, {0, true, CLOSE_EARLY_STOP, "0"},
    {1, false, CLOSE_EARLY_STOP, "0"}, {1, true, CLOSE_EARLY_STOP, "0"},
    {2, false, CLOSE_EARLY_STOP, "0"}, {2, true, CLOSE_POSITION_HOLD, "1"},
};

START_TEST(a_stop_means_the_same_in_every_state)
{
    const struct stop_row *row = &stop_rows[_i];
    pairing_begin(&stage, "100", row->fills == 0 ? "100" : "102");
    if (row->fills == 2) {
        tell_done(&stage, 1, "100", "1");
    }
    ck_assert_int_eq(pairing_stop_at(&stage, 1, "100", "102", row->keeps), ERR_NONE);
    ck_assert_int_eq(stage_stop(&stage, row->keeps), ERR_STATE);
    ck_assert_uint_eq(placed(&stage, ROLE_CLOSE), 0); /* The other leg may still be filled. */
    tell(&stage, ORDER_EVENT_CANCELED, 1);
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    pairing_look(&stage, 2, "99", "102");
    if (row->fills == 2 && !row->keeps) {
        ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_CLOSE, SIDE_SELL, "1");
        tell_done(&stage, 3, "99", "1");
        pairing_look(&stage, 3, "99", "102");
    }
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, row->close_type);
    ck_assert_decimal_eq(stage.executor->held, row->held);
    ck_assert_int_eq(stage_stop(&stage, row->keeps), ERR_STATE);
}
END_TEST

/* The cancel of the selling leg comes too late: both legs are equal after all. */
START_TEST(a_cancel_that_loses_to_a_fill_leaves_nothing)
{
    open_legs();
    tell_done(&stage, 1, "100", "1");
    ck_assert_int_eq(pairing_stop_at(&stage, 1, "100", "102", false), ERR_NONE);
    ck_assert(canceled(&stage, 2));
    tell_done(&stage, 2, "102", "1");
    pairing_look(&stage, 2, "100", "102");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_uint_eq(stage.executor->ledger.count, 2);
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "2");
}
END_TEST

/* The same fill of the buying leg twice: what is too much is unwound. */
START_TEST(a_fill_too_many_is_unwound)
{
    open_legs();
    tell_done(&stage, 1, "100", "1");
    tell_fill(&stage, 1, "100", "1");
    tell_done(&stage, 2, "102", "1");
    pairing_look(&stage, 1, "100", "102");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_CLOSE, SIDE_SELL, "1");
}
END_TEST

/* 0.05 of 1 cannot be sold (at least 0.1): dust. */
START_TEST(what_a_leg_lacks_too_little_of_is_closed_or_dust)
{
    open_legs();
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 2);
    tell_fill(&stage, 2, "102", "0.95");
    tell(&stage, ORDER_EVENT_CANCELED, 2);
    tell_done(&stage, 1, "100", "1");
    pairing_look(&stage, 5, "100", "102");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_CLOSE, SIDE_SELL, "0.05");
    tell_done(&stage, 3, "100", "0.04");
    pairing_look(&stage, 6, "100", "102");
    ck_assert_request(&stage, 0, PAIRING_BUYING, ROLE_CLOSE, SIDE_SELL, "0.01");
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 4);
    tell_fill(&stage, 4, "100", "0.005");
    tell(&stage, ORDER_EVENT_COMPLETED, 4);
    pairing_look(&stage, 7, "100", "102");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_decimal_eq(stage.executor->dust, "0.005");
}
END_TEST

START_TEST(a_start_needs_money_and_a_tradable_amount)
{
    struct quote quote;
    pairing_quotes(&stage, 0, "100", "102", &quote);
    stage_start(&stage, &quote, false);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_INSUFFICIENT_BALANCE);
    stage_close(&stage);

    setting.instruments[1].min_order_size = D("1.01");
    pairing_open(&setting, &stage);
    stage_start(&stage, &quote, true);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    stage_close(&stage);

    setting.instruments[1].min_order_size = D("0.1");
    setting.instruments[1].step = D("0.03"); /* 0.99 on both grids. */
    pairing_open(&setting, &stage);
    ck_assert_decimal_eq(pairing_amount((struct pairing *)stage.executor), "0.99");
    ck_assert_decimal_eq(pairing_lacking((struct pairing *)stage.executor, PAIRING_SELLING),
                         "0.99");
    stage_close(&stage);

    setting.instruments[1].step = D("0.015"); /* 1.005 is no multiple of 0.01. */
    pairing_open(&setting, &stage);
    stage_start(&stage, &quote, true);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
}
END_TEST

START_TEST(the_plan_reserves_both_sides)
{
    struct executor_plans plans;
    struct executor_view view = {.market_count = 2,
                                 .markets = {{&setting.instruments[0], D("99"), D("100"), NULL},
                                             {&setting.instruments[1], D("102"), D("103"), NULL}}};
    setting.kind->plan(setting.config, &view, &plans);
    ck_assert_uint_eq(plans.count, 2);
    ck_assert_decimal_eq(plans.items[0].amount, "100.5");
    ck_assert(!plans.items[0].is_base && plans.items[1].is_base);
    ck_assert_decimal_eq(plans.items[1].amount, "1.005");
    setting.instruments[1].is_perpetual = true;
    setting.kind->plan(setting.config, &view, &plans);
    ck_assert(!plans.items[1].is_base);
    ck_assert_decimal_eq(plans.items[1].amount, "102.51"); /* 1.005 * 102 */
}
END_TEST

START_TEST(an_overflow_hands_over_at_once)
{
    open_legs();
    tell(&stage, ORDER_EVENT_ACKNOWLEDGED, 1);
    tell_fill(&stage, 1, "100000000000000000000", "1.5");
    tell_fill(&stage, 1, "100000000000000000000", "1.5");
    tell(&stage, ORDER_EVENT_COMPLETED, 1);
    tell(&stage, ORDER_EVENT_FAILED, 2);
    pairing_look(&stage, 1, "100", "102");
    ck_assert_int_eq(stage.executor->status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(stage.executor->close_type, CLOSE_FAILED);
    ck_assert_decimal_eq(stage.executor->held, "3");
    ck_assert_decimal_eq(pairing_figures(&stage).net_pnl_quote, "0");
}
END_TEST

static const struct refusal_row {
    const char *json;
    const char *problem;
} refusal_rows[] = {
    {ARBITRAGE(MARKETS("WETH-USDT", "ETH-USDT") ",\"order_amount\":1,\"min_profitability\":0"),
     NULL},
    {ARBITRAGE(MARKETS("BTC-USDT", "BTC-USDT") ",\"order_amount\":1,\"min_profitability\":0,"
                                               "\"gas_conversion_price\":null"),
     NULL},
    {ARBITRAGE(MARKETS("BTC-USDT", "ETH-USDT") ",\"order_amount\":1,\"min_profitability\":0"),
     "selling_market.trading_pair: another base"},
    {ARBITRAGE(MARKETS("BTC-USDT", "BTC-USDC") ",\"order_amount\":1,\"min_profitability\":0"),
     NULL},
    {ARBITRAGE("\"buying_market\":{\"connector_name\":\"a\",\"trading_pair\":\"A-B\"},"
               "\"selling_market\":{\"connector_name\":\"a\",\"trading_pair\":\"A-B\"},"
               "\"order_amount\":1,\"min_profitability\":0"),
     "selling_market.connector_name: the same market"},
    {ARBITRAGE(MARKETS("BTC-USDT", "BTC-USDT") ",\"order_amount\":-1,\"min_profitability\":0"),
     "order_amount"},
    {ARBITRAGE(MARKETS("BTC-USDT", "BTC-USDT") ",\"order_amount\":1"), "min_profitability"},
    {ARBITRAGE("\"order_amount\":1,\"min_profitability\":0"), "buying_market"},
};

START_TEST(a_bad_configuration_is_refused_with_its_path)
{
    struct pairing_setting parsed = {0};
    pairing_parse(&parsed, refusal_rows[_i].json, refusal_rows[_i].problem);
    if (refusal_rows[_i].problem == NULL) {
        const char *connector;
        const char *pair;
        pairing_market(parsed.config, PAIRING_SELLING, &connector, &pair);
        ck_assert_str_eq(connector, "two");
    }
    pairing_setting_done(&parsed);
}
END_TEST

/*
 * The other market is in another quote asset, 1 of which is worth 1.25: 80.57 there are 100.7125
 * here, and 80.57 * 1.25 * 0.999 / 100 - 1.001 = 0.0051118...; 80.56 are 0.0049869.... All figures
 * are in the quote asset of the buying market, at the rate of the moment.
 */
START_TEST(a_rate_brings_two_quote_assets_together)
{
    stage.view.rate = D("1.25");
    pairing_begin(&stage, "100", "80.56");
    ck_assert_uint_eq(stage.requests.count, 0);
    struct wake wake;
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert(decimal_less(D("80.56"), wake.markets[1].level[WAKE_BID_AT_LEAST]));
    ck_assert(decimal_less(wake.markets[1].level[WAKE_BID_AT_LEAST], D("80.57")));
    pairing_look(&stage, 1, "100", "80.57");
    ck_assert_uint_eq(stage.requests.count, 2);
    tell_done(&stage, 1, "100", "1");
    tell_done(&stage, 2, "80.57", "1");
    pairing_look(&stage, 2, "100", "80");
    ck_assert_int_eq(stage.executor->close_type, CLOSE_COMPLETED);
    struct executor_report report = pairing_figures(&stage);
    ck_assert_decimal_eq(report.net_pnl_quote, "0.7125");
    ck_assert_decimal_eq(report.filled_amount_quote, "200.7125");
    stage.view.rate = D("2"); /* It has ended: the figures stay. */
    report = pairing_figures(&stage);
    ck_assert_decimal_eq(report.net_pnl_quote, "0.7125");
}
END_TEST

START_TEST(amounts_go_both_ways)
{
    const struct pairing_moment moment = {.rate = D("1.25")};
    ck_assert_decimal_eq(pairing_value(&moment, PAIRING_SELLING, D("8")), "10");
    ck_assert_decimal_eq(pairing_value(&moment, PAIRING_BUYING, D("8")), "8");
    ck_assert_decimal_eq(pairing_price(&moment, PAIRING_SELLING, D("10")), "8");
    ck_assert_decimal_eq(pairing_price(&moment, PAIRING_BUYING, D("10")), "10");
}
END_TEST

/* Without a fee of its own a market takes the venue's. */
START_TEST(the_fee_is_the_venues_unless_it_is_given)
{
    static const char without[] =
        ARBITRAGE("\"buying_market\":{\"connector_name\":\"one\",\"trading_pair\":\"BTC-USDT\"},"
                  "\"selling_market\":{\"connector_name\":\"two\",\"trading_pair\":"
                  "\"BTC-USDT\",\"fee\":\"0\"},"
                  "\"order_amount\":\"1\",\"min_profitability\":\"0.005\"");
    struct pairing_setting parsed;
    pairing_setting_init(&parsed, without);
    const struct pairing_config *config = (const struct pairing_config *)parsed.config;
    const struct instrument instrument = {.maker_fee = D("0.001"), .taker_fee = D("0.002")};
    ck_assert_decimal_eq(pairing_fee(config, PAIRING_BUYING, &instrument, LIQUIDITY_MAKER),
                         "0.001");
    ck_assert_decimal_eq(pairing_fee(config, PAIRING_BUYING, &instrument, LIQUIDITY_TAKER),
                         "0.002");
    ck_assert_decimal_eq(pairing_fee(config, PAIRING_SELLING, &instrument, LIQUIDITY_TAKER), "0");
    pairing_setting_done(&parsed);
}
END_TEST

/* Nothing wakes it but a better ask or a better bid, each by half of what is missing. */
START_TEST(it_sleeps_until_the_markets_meet)
{
    struct wake wake;
    pairing_begin(&stage, "100", "100");
    stage.kind->wake(stage.executor, &stage.view, &wake);
    ck_assert_int_eq(wake.at_ns, INSTANT_NEVER);
    ck_assert(!wake.markets[0].every_quote && !wake.markets[1].every_quote);
    /* needed: 100 * 1.006 / 0.999 = 100.7007; half of it 100.35035; met by 99.652 */
    ck_assert(decimal_less(D("99.65"), wake.markets[0].level[WAKE_ASK_AT_MOST]));
    ck_assert(decimal_less(wake.markets[0].level[WAKE_ASK_AT_MOST], D("99.66")));
    ck_assert(decimal_less(D("100.35"), wake.markets[1].level[WAKE_BID_AT_LEAST]));
    ck_assert(decimal_less(wake.markets[1].level[WAKE_BID_AT_LEAST], D("100.36")));
}
END_TEST

static const char *const damages[][2] = {
    {"\"final\":", "\"finis\":"},
    {"\"final_bid\"", "\"final_bit\""},
    {"[0,0,1,1,", "[2,0,1,1,"},
    {"\"rate\":", "\"ratt\":"},
};

START_TEST(a_damaged_snapshot_is_refused)
{
    open_legs();
    ck_assert_int_eq(damage_and_load(&stage, "final", "final"), ERR_NONE);
    ck_assert_int_eq(damage_and_load(&stage, damages[_i][0], damages[_i][1]), ERR_CORRUPT);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, a_damaged_snapshot_is_refused, 0, COUNT(damages));
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, both_legs_go_at_once_when_it_pays);
    tcase_add_test(tcase, it_has_to_pay_at_the_price_of_the_whole_amount);
    tcase_add_test(tcase, it_sells_the_whole_amount_too);
    tcase_add_test(tcase, it_waits_for_depth_that_suffices);
    tcase_add_test(tcase, a_leg_does_not_wait_for_depth);
    tcase_add_test(tcase, its_figures_show_the_prices_of_the_whole_amount);
    tcase_add_test(tcase, a_failed_leg_is_sent_again_for_what_it_lacks);
    tcase_add_test(tcase, an_exhausted_leg_unwinds_the_other);
    tcase_add_test(tcase, an_unwinding_that_fails_hands_over);
    tcase_add_test(tcase, a_leg_has_a_deadline);
    tcase_add_loop_test(tcase, a_stop_means_the_same_in_every_state, 0, COUNT(stop_rows));
    tcase_add_test(tcase, a_cancel_that_loses_to_a_fill_leaves_nothing);
    tcase_add_test(tcase, a_fill_too_many_is_unwound);
    tcase_add_test(tcase, what_a_leg_lacks_too_little_of_is_closed_or_dust);
    tcase_add_test(tcase, a_start_needs_money_and_a_tradable_amount);
    tcase_add_test(tcase, the_plan_reserves_both_sides);
    tcase_add_test(tcase, an_overflow_hands_over_at_once);
    tcase_add_loop_test(tcase, a_bad_configuration_is_refused_with_its_path, 0,
                        COUNT(refusal_rows));
    tcase_add_test(tcase, a_rate_brings_two_quote_assets_together);
    tcase_add_test(tcase, amounts_go_both_ways);
    tcase_add_test(tcase, the_fee_is_the_venues_unless_it_is_given);
    tcase_add_test(tcase, it_sleeps_until_the_markets_meet);
}

int main(void)
{
    return run_tests("arbitrage", add_tests);
}
