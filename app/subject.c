#include "app/subject.h"

#include <string.h>

static const struct subject subjects[] = {
    {.type = "arbitrage_executor",
     .story =
         "Watches the same asset on two venues. As soon as what the second one pays is worth more "
         "than the first one asks, by more than both fees and the profit that is wanted, it buys "
         "here and sells there at once. What counts are the prices of the whole amount, from as "
         "many levels of both books as it takes, where the venues have depth (fill_model book); "
         "elsewhere those of the quotes. A leg that fails is sent again; when that is hopeless, "
         "the "
         "other one is unwound.",
     .executor = "  - type: arbitrage_executor\n"
                 "    buying_market: {connector_name: paper, trading_pair: BTC-USDT, fee: "
                 "\"0.0005\"}\n"
                 "    selling_market: {connector_name: other, trading_pair: BTC-USDT, fee: "
                 "\"0.0005\"}\n"
                 "    order_amount: \"0.1\"\n"
                 "    min_profitability: \"0.002\"\n",
     .course = {{0, 0}, {20, -20}, {40, 10}, {60, -10}},
     .second = {{0, 2}, {20, -12}, {48, 50}, {60, 20}}},
    {.type = "dca_executor",
     .story =
         "Opens a position in levels: the first at once, the others as the price comes to them, so "
         "that the average follows a falling market. The barriers are measured from that average: "
         "here the market turns, and the take profit is reached far below the first purchase.",
     .executor = "  - type: dca_executor\n"
                 "    connector_name: paper\n"
                 "    trading_pair: BTC-USDT\n"
                 "    side: BUY\n"
                 "    mode: MAKER\n"
                 "    amounts_quote: [\"1000\", \"2000\", \"3000\"]\n"
                 "    prices: [\"49950\", \"49700\", \"49400\"]\n"
                 "    take_profit: \"0.006\"\n"
                 "    stop_loss: \"0.03\"\n",
     .course = {{0, 0}, {15, -40}, {30, -30}, {55, -135}, {75, -80}, {120, 10}},
     .marks = {{"level 1", -10}, {"level 2", -60}, {"level 3", -120}}},
    {.type = "grid_executor",
     .story =
         "Lays a ladder of orders between two prices. Each level buys at its price, sells its lot "
         "a step higher, and starts again: it earns while the market goes sideways. It ends when "
         "the market leaves the ladder above, at a stop loss, or at its limit price.",
     .executor =
         "  - type: grid_executor\n"
         "    connector_name: paper\n"
         "    trading_pair: BTC-USDT\n"
         "    side: BUY\n"
         "    start_price: \"49500\"\n"
         "    end_price: \"50300\"\n"
         "    limit_price: \"49000\"\n"
         "    total_amount_quote: \"10000\"\n"
         "    min_spread_between_orders: \"0.002\"\n"
         "    min_order_amount_quote: \"1000\"\n"
         "    max_open_orders: 5\n"
         "    triple_barrier_config: {take_profit: \"0.002\", take_profit_order_type: LIMIT}\n",
     .course = {{0, 5}, {15, -70}, {30, -10}, {45, -60}, {60, 10}, {75, -30}, {100, 80}},
     .marks = {{"end_price", 60}, {"start_price", -100}}},
    {.type = "order_executor",
     .story =
         "Brings one order to its end. As LIMIT_CHASER it stays a distance behind the best price "
         "and follows when the market runs away; what was filled meanwhile counts, and only what "
         "is missing is placed again. What it has traded goes to the position book.",
     .executor = "  - type: order_executor\n"
                 "    connector_name: paper\n"
                 "    trading_pair: BTC-USDT\n"
                 "    side: BUY\n"
                 "    amount: \"0.1\"\n"
                 "    execution_strategy: LIMIT_CHASER\n"
                 "    chaser_config: {distance: \"0.001\", refresh_threshold: \"0.003\"}\n",
     .course = {{0, 0}, {10, 10}, {30, 70}, {40, 75}, {55, 30}}},
    {.type = "position_executor",
     .story =
         "Opens a position and watches over it with a triple barrier: a stop loss below, a take "
         "profit above, a time limit behind. Once it is far enough ahead a trailing stop follows "
         "the best price; here the market falls back to it before the take profit is reached.",
     .executor = "  - type: position_executor\n"
                 "    connector_name: paper\n"
                 "    trading_pair: BTC-USDT\n"
                 "    side: BUY\n"
                 "    amount: \"0.1\"\n"
                 "    triple_barrier_config:\n"
                 "      open_order_type: MARKET\n"
                 "      stop_loss: \"0.01\"\n"
                 "      take_profit: \"0.015\"\n"
                 "      time_limit: 7200\n"
                 "      trailing_stop: {activation_price: \"0.006\", trailing_delta: \"0.003\"}\n",
     .course = {{0, 0}, {15, -50}, {35, 20}, {50, 75}, {58, 68}, {75, 125}, {90, 70}},
     .marks = {{"take_profit", 150}, {"activation_price", 60}, {"entry", 0}, {"stop_loss", -100}}},
    {.type = "progressive_executor",
     .story =
         "A position whose stop loss rises with a yearly yield, whose time limit waits while the "
         "position earns more than that yield, and whose trailing stop takes profit in steps: each "
         "time the market falls back, the row of the table that the profit has reached says which "
         "share of what remains is closed.",
     .executor =
         "  - type: progressive_executor\n"
         "    connector_name: paper\n"
         "    trading_pair: BTC-USDT\n"
         "    side: BUY\n"
         "    amount: \"0.2\"\n"
         "    triple_barrier_config:\n"
         "      open_order_type: MARKET\n"
         "      stop_loss: \"0.01\"\n"
         "      apr_yield: \"12\"\n"
         "      time_limit: 3600\n"
         "      trailing_stop:\n"
         "        activation_pnl_pct: \"0.004\"\n"
         "        trailing_pct: \"0.002\"\n"
         "        pnl_relaxation: \"0.1\"\n"
         "        take_profit_table: [[\"0.003\", \"0.4\"], [\"0.008\", \"0.5\"], [\"0.009\", "
         "\"1\"]]\n",
     .course = {{0, 0}, {12, -40}, {30, 85}, {40, 50}, {62, 155}, {74, 85}, {100, 300}, {124, 130}},
     .marks = {{"activation", 40}, {"stop_loss", -100}}},
    {.type = "twap_executor",
     .story =
         "Spreads an amount evenly over a time. How much is due follows from the clock, not from "
         "what was sent before: a slice that fails or comes late is caught up by the next one, and "
         "nothing is lost to rounding.",
     .executor = "  - type: twap_executor\n"
                 "    connector_name: paper\n"
                 "    trading_pair: BTC-USDT\n"
                 "    side: BUY\n"
                 "    total_amount_quote: \"10000\"\n"
                 "    total_duration: 3600\n"
                 "    order_interval: 600\n",
     .course = {{0, 0}, {15, -40}, {30, 15}, {50, -20}, {70, 35}}},
    {.type = "xemm_executor",
     .story =
         "Rests an order on one venue at a price that leaves the wanted profit when all of it is "
         "hedged on the other: through the levels of its book where it has depth (fill_model "
         "book), "
         "else at its quote. The order follows the other venue's price: when the profit would "
         "leave its "
         "range, it is taken back and placed anew. Every fill is hedged at once by a market order.",
     .executor = "  - type: xemm_executor\n"
                 "    buying_market: {connector_name: paper, trading_pair: BTC-USDT, fee: "
                 "\"0.0002\"}\n"
                 "    selling_market: {connector_name: other, trading_pair: BTC-USDT, fee: "
                 "\"0.0005\"}\n"
                 "    maker_side: BUY\n"
                 "    order_amount: \"0.1\"\n"
                 "    min_profitability: \"0.001\"\n"
                 "    target_profitability: \"0.002\"\n"
                 "    max_profitability: \"0.003\"\n",
     .course = {{0, 0}, {20, 25}, {35, 20}, {50, -20}, {60, -10}},
     .second = {{0, 5}, {20, 30}, {35, 25}, {50, 10}, {60, 5}}},
};

enum { SUBJECT_COUNT = sizeof(subjects) / sizeof(subjects[0]) };

const struct subject *subject_find(const char *type)
{
    for (size_t i = 0; i < SUBJECT_COUNT; i++) {
        if (strcmp(subjects[i].type, type) == 0) {
            return &subjects[i];
        }
    }
    return NULL;
}

size_t subject_course_length(const struct subject_point course[SUBJECT_POINTS_MAX])
{
    size_t length = 1;
    while (length < SUBJECT_POINTS_MAX && course[length].minute > 0) {
        length++;
    }
    return length;
}
