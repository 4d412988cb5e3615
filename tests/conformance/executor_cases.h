/*
 * tests/conformance/executor_cases.h - the configurations with which every executor kind is played.
 *
 * To add a kind: add two to four of its configurations here, on both sides; nothing else. Markets
 * quote about 100 USDT with tick 0.01, step 0.01, a smallest order of 0.02 and of 5 USDT. The first
 * is BTC-USDT on venue "one", the second BTC-USDT on venue "two". They begin at 1735689600.
 */
#ifndef TUTTI_TESTS_CONFORMANCE_EXECUTOR_CASES_H
#define TUTTI_TESTS_CONFORMANCE_EXECUTOR_CASES_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define CASE_HEAD \
    "timestamp: 1735689600, connector_name: one, trading_pair: BTC-USDT, max_retries: 4, "

#define CASE_PAIR                                                     \
    "timestamp: 1735689600, max_retries: 4, buying_market:"           \
    " {connector_name: one, trading_pair: BTC-USDT}, selling_market:" \
    " {connector_name: two, trading_pair: BTC-USDT}, "

struct executor_case {
    const char *config;     /* YAML; its type says which kind it is for. */
    bool hands_over_always; /* What is filled goes to the position book, whatever the stop says. */
};

/* Whether it is for the kind of this type. Not every kind is there everywhere: one is the example
 * plugin's. */
static inline bool executor_case_is_of(const struct executor_case *subject, const char *type)
{
    char tag[96];
    (void)snprintf(tag, sizeof(tag), "{type: %s,", type);
    return strncmp(subject->config, tag, strlen(tag)) == 0;
}

static const struct executor_case executor_cases[] = {
    {.config = "{type: position_executor, " CASE_HEAD "side: BUY, amount: 1, triple_barrier_config:"
               " {open_order_type: MARKET, stop_loss: 0.01, take_profit: 0.015, time_limit: 90}}"},
    {.config = "{type: position_executor, " CASE_HEAD "side: SELL, amount: 1.005, entry_price: 100,"
               " triple_barrier_config: {open_order_type: LIMIT, take_profit_order_type: LIMIT,"
               " stop_loss: 0.02, take_profit: 0.005}}"},
    {.config = "{type: position_executor, " CASE_HEAD "side: BUY, amount: 0.5, entry_price: 99.9,"
               " activation_bounds: [0.002, 0.01], triple_barrier_config: {open_order_type:"
               " LIMIT_MAKER, stop_loss: 0.02, take_profit_order_type: LIMIT_MAKER,"
               " take_profit: 0.004, trailing_stop: {activation_price: 0.003,"
               " trailing_delta: 0.002}}}"},
    {.config = "{type: position_executor, " CASE_HEAD "side: SELL, amount: 2}"},
    {.config = "{type: progressive_executor, " CASE_HEAD "side: BUY, amount: 1,"
               " triple_barrier_config: {open_order_type: MARKET, stop_loss: 0.02, time_limit: 60,"
               " apr_yield: 3000, trailing_stop: {activation_pnl_pct: 0.003, trailing_pct: 0.002,"
               " take_profit_table: [[0.002, 0.3], [0.006, 0.5], [0.02, 1]]}}}"},
    {.config = "{type: progressive_executor, " CASE_HEAD "side: SELL, amount: 3, entry_price: 100,"
               " triple_barrier_config: {open_order_type: LIMIT, stop_loss: 0.015,"
               " take_profit: 0.02, take_profit_order_type: LIMIT, trailing_stop:"
               " {activation_pnl_pct: 0.002, trailing_pct: 0.001,"
               " take_profit_table: [[0.001, 0.4], [0.004, 0.4]]}}}"},
    {.config = "{type: progressive_executor, " CASE_HEAD "side: SELL, amount: 0.06,"
               " triple_barrier_config: {open_order_type: MARKET, stop_loss: 0.01, apr_yield: 0}}"},
    {.config = "{type: order_executor, " CASE_HEAD "side: BUY, amount: 1,"
               " execution_strategy: MARKET}"},
    {.config = "{type: order_executor, " CASE_HEAD "side: SELL, amount: 0.755, price: 100.1,"
               " execution_strategy: LIMIT}"},
    {.config = "{type: order_executor, " CASE_HEAD "side: SELL, amount: 2, price: 99,"
               " execution_strategy: LIMIT_MAKER, position_action: CLOSE}",
     .hands_over_always = true},
    {.config = "{type: order_executor, " CASE_HEAD "side: BUY, amount: 3, execution_strategy:"
               " LIMIT_CHASER, chaser_config: {distance: 0.01, refresh_threshold: 0.015}}"},
    {.config = "{type: twap_executor, " CASE_HEAD "side: BUY, total_amount_quote: 200,"
               " total_duration: 60, order_interval: 7}"},
    {.config = "{type: twap_executor, " CASE_HEAD "side: SELL, total_amount_quote: 155,"
               " total_duration: 90, order_interval: 10, mode: MAKER, limit_order_buffer: 0.0005,"
               " order_resubmission_time: 15}"},
    {.config = "{type: twap_executor, " CASE_HEAD "side: BUY, total_amount_quote: 60,"
               " total_duration: 50, order_interval: 2, mode: MAKER, limit_order_buffer: 0}"},
    {.config = "{type: dca_executor, " CASE_HEAD "side: BUY, amounts_quote: [50, 100, 75],"
               " prices: [100.1, 99.9, 99.6], stop_loss: 0.004, take_profit: 0.003,"
               " activation_bounds: [0.002, 0.01]}"},
    {.config = "{type: dca_executor, " CASE_HEAD "side: SELL, amounts_quote: [50, 100],"
               " prices: [99.9, 100.3], time_limit: 100, trailing_stop: {activation_price: 0.002,"
               " trailing_delta: 0.001}}"},
    {.config = "{type: dca_executor, " CASE_HEAD "side: SELL, mode: TAKER, amounts_quote: [60, 40],"
               " prices: [99.8, 100], stop_loss: 0.003, take_profit: 0.01}"},
    {.config = "{type: grid_executor, " CASE_HEAD "side: BUY, start_price: 99, end_price: 101,"
               " limit_price: 97, total_amount_quote: 1000, min_spread_between_orders: 0.002,"
               " triple_barrier_config: {take_profit: 0.001, stop_loss: 0.02}}"},
    {.config = "{type: grid_executor, " CASE_HEAD "side: SELL, start_price: 99.5, end_price: 101,"
               " limit_price: 102, total_amount_quote: 300, max_open_orders: 3, order_frequency: 3,"
               " max_orders_per_batch: 1, activation_bounds: 0.01, coerce_tp_to_step: true,"
               " triple_barrier_config: {take_profit: 0.002, time_limit: 120, trailing_stop:"
               " {activation_price: 0.001, trailing_delta: 0.001}}}"},
    {.config = "{type: grid_executor, " CASE_HEAD "side: BUY, start_price: 98, end_price: 102,"
               " limit_price: 99.5, total_amount_quote: 60, keep_position: true,"
               " min_spread_between_orders: 0.001, triple_barrier_config: {take_profit: 0.0005,"
               " open_order_type: LIMIT_MAKER, take_profit_order_type: LIMIT_MAKER}}"},
    {.config = "{type: trigger_executor, " CASE_HEAD "side: BUY, amount: 1, trigger_price: 99.9}"},
    {.config = "{type: trigger_executor, " CASE_HEAD "side: SELL, amount: 0.755,"
               " trigger_price: 100.2}"},
    {.config = "{type: arbitrage_executor, " CASE_PAIR "order_amount: 1, min_profitability: 0}"},
    {.config = "{type: arbitrage_executor, " CASE_PAIR "order_amount: 0.07,"
               " min_profitability: -0.002}"},
    {.config = "{type: xemm_executor, " CASE_PAIR "maker_side: BUY, order_amount: 1,"
               " min_profitability: -0.001, target_profitability: 0, max_profitability: 0.002}"},
    {.config = "{type: xemm_executor, " CASE_PAIR "maker_side: SELL, order_amount: 0.305,"
               " min_profitability: -0.002, target_profitability: -0.001,"
               " max_profitability: 0.001}"},
};

#endif
