/*
 * tests/unit/persistence/samples.h - one record of every kind.
 *
 * Threads: a test is one thread.
 */
#ifndef TUTTI_TESTS_UNIT_PERSISTENCE_SAMPLES_H
#define TUTTI_TESTS_UNIT_PERSISTENCE_SAMPLES_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "persistence/record.h"
#include "tests/support/scratch.h"

#define SAMPLE_RUN "btc-progressive"
#define SAMPLE_TS_NS INT64_C(1723075200123456789)
#define SAMPLE_REQUEST "{\"type\":\"create_executor\"}"

/* The path of a file in the folder; valid until the eighth call from now. */
static inline const char *sample_path(const char *name)
{
    static char paths[8][SCRATCH_PATH_MAX];
    static unsigned next;
    char *path = paths[next++ % 8];
    return strcpy(path, scratch_path(name).text);
}

/* Removes a database with all that lies beside it. */
static inline void sample_remove_run(const char *name)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal", ".lock"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        char path[SCRATCH_PATH_MAX + 16];
        (void)snprintf(path, sizeof(path), "%s%s", sample_path(name), ends[i]);
        (void)unlink(path);
    }
}

static inline struct record_executor sample_executor(void)
{
    return (struct record_executor){
        .type = "progressive_executor",
        .connector_name = "paper",
        .trading_pair = "BTC-USDT",
        .config = "{\"amount\":\"0.1\"}",
        .custom_info = "{\"side\":1}",
        .side = SIDE_BUY,
        .status = 2,
        .net_pnl_quote = decimal_literal("-1.25"),
        .net_pnl_pct = decimal_literal("-0.0125"),
        .cum_fees_quote = decimal_literal("0.5"),
        .filled_amount_quote = decimal_literal("100"),
    };
}

static inline struct record_order sample_order(void)
{
    return (struct record_order){
        .id = {.epoch = 46655, .executor = 51, .ordinal = 3},
        .exchange_order_id = "X1",
        .venue = "paper",
        .trading_pair = "BTC-USDT",
        .reason = "",
        .role = ROLE_OPEN,
        .side = SIDE_BUY,
        .type = ORDER_LIMIT,
        .state = ORDER_OPEN,
        .amount = decimal_literal("0.1"),
        .price = decimal_literal("60000.57"),
        .executed_base = decimal_literal("0.05"),
        .executed_quote = decimal_literal("3000.0285"),
        .fee_quote = decimal_literal("0.6"),
        .created_at_ns = SAMPLE_TS_NS - 1000,
    };
}

static inline struct record_fill sample_fill(void)
{
    return (struct record_fill){
        .fill = {.order = {.epoch = 46655, .executor = 51, .ordinal = 3},
                 .side = SIDE_BUY,
                 .trade_id = "T1",
                 .price = decimal_literal("60000.57"),
                 .amount = decimal_literal("0.05"),
                 .fee = decimal_literal("0.00005"),
                 .fee_in_base = true,
                 .liquidity = LIQUIDITY_MAKER,
                 .time_ns = SAMPLE_TS_NS - 5},
        .venue = "paper",
        .account = "main",
        .trading_pair = "BTC-USDT",
        .fee_asset = "BTC",
        .position_after = decimal_literal("0.04995"),
    };
}

static inline struct record_position sample_position(void)
{
    return (struct record_position){
        .venue = "paper",
        .trading_pair = "BTC-USDT",
        .amount = decimal_literal("-0.57"),
        .average_price = decimal_literal("60000.57"),
        .realized_pnl_quote = decimal_literal("1.1"),
        .unrealized_pnl_quote = decimal_literal("-2.2"),
        .fees_quote = decimal_literal("0.29"),
        .funding_quote = decimal_literal("-0.31"),
        .volume_quote = decimal_literal("34200.3249"),
    };
}

static inline struct record_funding sample_funding(void)
{
    return (struct record_funding){
        .venue = "perp",
        .trading_pair = "BTC-USDT",
        .side = SIDE_SELL,
        .due_ns = SAMPLE_TS_NS - 7,
        .rate = decimal_literal("0.0001"),
        .position = decimal_literal("-0.5"),
        .amount = decimal_literal("3.05"),
    };
}

static inline struct record_liquidation sample_liquidation(void)
{
    return (struct record_liquidation){
        .venue = "perp",
        .trading_pair = "BTC-USDT",
        .reason = "margin call",
        .order = {0, 0, 1},
        .side = SIDE_SELL,
        .amount = decimal_literal("0.5"),
        .price = decimal_literal("61000"),
    };
}

static inline struct performance_report sample_report(void)
{
    struct performance_report report = {
        .realized_pnl_quote = decimal_literal("1"),
        .unrealized_pnl_quote = decimal_literal("2"),
        .fees_quote = decimal_literal("3"),
        .funding_quote = decimal_literal("3.5"),
        .global_pnl_quote = decimal_literal("4"),
        .volume_traded = decimal_literal("5"),
        .capital_quote = decimal_literal("6"),
        .return_on_capital = decimal_literal("7"),
        .realized_pnl_pct = decimal_literal("8"),
        .unrealized_pnl_pct = decimal_literal("9"),
        .global_pnl_pct = decimal_literal("10"),
        .win_rate = decimal_literal("11"),
        .profit_factor = decimal_literal("12"),
        .max_drawdown_quote = decimal_literal("13"),
        .sharpe_ratio = decimal_literal("14"),
        .open_order_volume = decimal_literal("15"),
        .inventory_imbalance = decimal_literal("16"),
        .executors_active = 17,
        .executors_closed = 18,
        .fills = 19,
    };
    report.close_type_counts[2] = 20;
    report.close_type_counts[3] = 21;
    return report;
}

static inline struct record_run sample_run(enum record_kind kind)
{
    struct record_run run = {
        .name = SAMPLE_RUN, .mode = "paper", .config_hash = "abc", .version = "0.1.0", .seed = 7};
    if (kind == RECORD_RUN_STARTED) {
        run.config = "{\"run\":{\"seed\":7}}";
    } else if (kind == RECORD_RUN_RECOVERED) {
        run.executors_resumed = 1;
        run.orders_reconciled = 2;
        run.fills_found = 3;
    } else if (kind == RECORD_RUN_STOPPED) {
        run.reason = "end_of_feed";
        run.actor = "signal";
    } else {
        run.reason = "disk_slow";
        run.subject = "store";
        run.effect = "no new orders";
        run.since_ns = SAMPLE_TS_NS;
    }
    return run;
}

/* A record of the kind with believable content. */
static inline struct record sample_record(enum record_kind kind, uint64_t seq)
{
    struct record record = {.seq = seq,
                            .ts_ns = SAMPLE_TS_NS,
                            .kind = kind,
                            .controller_id = "my_controller",
                            .executor_id = "e1"};
    switch (record_kind_data(kind)) {
    case RECORD_DATA_RUN:
        record.data.run = sample_run(kind);
        record.controller_id = "";
        record.executor_id = "";
        break;
    case RECORD_DATA_ACTION:
        record.data.action = (struct record_action){
            "a1",       "create_executor", kind == RECORD_ACTION_REJECTED ? "limit" : "",
            "as asked", SAMPLE_REQUEST,    "http:trade"};
        break;
    case RECORD_DATA_EXECUTOR:
        record.data.executor = sample_executor();
        break;
    case RECORD_DATA_SKIP:
        record.data.skip = (struct record_skip){"position_executor",
                                                "paper",
                                                "BTC-USDT",
                                                "bounds",
                                                ROLE_OPEN,
                                                SIDE_BUY,
                                                ORDER_LIMIT,
                                                DECIMAL_ONE,
                                                decimal_from_int(59000)};
        break;
    case RECORD_DATA_ORDER:
        record.data.order = sample_order();
        break;
    case RECORD_DATA_FILL:
        record.data.fill = sample_fill();
        break;
    case RECORD_DATA_POSITION:
        record.data.position = sample_position();
        break;
    case RECORD_DATA_RATE:
        record.data.rate = (struct record_rate){"USD", "USDT", decimal_literal("1.0001")};
        break;
    case RECORD_DATA_FUNDING:
        record.data.funding = sample_funding();
        break;
    case RECORD_DATA_LIQUIDATION:
        record.data.liquidation = sample_liquidation();
        break;
    case RECORD_DATA_PERFORMANCE:
        record.data.performance = sample_report();
        break;
    case RECORD_DATA_NOTE:
        record.data.note = (struct record_note){.scope = "global",
                                                .code = "HALTED",
                                                .text = "kill switch",
                                                .before = "ACTIVE",
                                                .actor = "rep:desk",
                                                .limit = decimal_literal("100"),
                                                .value = decimal_literal("101")};
        break;
    }
    return record;
}

/* The n-th of many fills: the same order, another trade id. */
static inline struct record sample_fill_record(uint64_t seq)
{
    struct record record = sample_record(RECORD_FILL, seq);
    (void)snprintf(record.data.fill.fill.trade_id, TRADE_ID_MAX, "T%llu", (unsigned long long)seq);
    return record;
}

#endif
