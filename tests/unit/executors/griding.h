/*
 * tests/unit/executors/griding.h - a grid configuration in one struct, with defaults that a test
 * changes where it needs to.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_GRIDING_H
#define TUTTI_TESTS_UNIT_EXECUTORS_GRIDING_H

#include "executors/grid.h"

#include "bracketing.h"
#include "executors/grid_levels.h"

struct grid_setting {
    struct instrument instrument;
    struct paper_config paper;
    struct grid_config config;
    struct barrier_config barriers;
    struct trailing_config trailing;
};

/*
 * A BUY grid of three levels, 100, 105 and 110, on an instrument with tick 0.01 and step 0.01:
 * total 330 at an average of 105 makes floor(330 / 315, 0.01) = 1.04 per level; each closes 1 %
 * above. No barrier, no fees.
 */
static inline void grid_setting_init(struct grid_setting *setting)
{
    *setting = (struct grid_setting){
        .instrument = {.venue_name = "paper",
                       .trading_pair = "BTC-USDT",
                       .tick = D("0.01"),
                       .step = D("0.01"),
                       .min_order_size = D("0.01")},
        .paper = {.is_unlimited = true},
        .config = {.common = {.type = "grid_executor", .controller_id = "main", .max_retries = 10},
                   .connector_name = "paper",
                   .trading_pair = "BTC-USDT",
                   .side = SIDE_BUY,
                   .start_price = D("100"),
                   .end_price = D("110"),
                   .limit_price = D("90"),
                   .total_amount_quote = D("330"),
                   .min_spread_between_orders = D("0.03"),
                   .min_order_amount_quote = D("5"),
                   .max_open_orders = 5,
                   .safe_extra_spread = D("0.001"),
                   .leverage = 1},
        .barriers = {.open_order_type = ORDER_LIMIT,
                     .take_profit_order_type = ORDER_LIMIT,
                     .stop_loss_order_type = ORDER_MARKET,
                     .time_limit_order_type = ORDER_MARKET,
                     .take_profit = D("0.01"),
                     .has_take_profit = true},
        .trailing = {.activation = D("0.02"), .distance = D("0.01")},
    };
    ck_assert_int_eq(instrument_complete(&setting->instrument), ERR_NONE);
}

/* The mirror image: opens by selling at 100, 105 and 110, closes 1 % below. */
static inline void grid_setting_sell(struct grid_setting *setting)
{
    setting->config.side = SIDE_SELL;
    setting->config.limit_price = D("120");
}

/* The setting must stay where it is while the stage is open. */
static inline void grid_open(struct grid_setting *setting, struct stage *stage)
{
    setting->config.barriers = &setting->barriers;
    stage_open(stage, &executor_kind_grid, &setting->config.common, &setting->instrument,
               &setting->paper);
}

/* Starts at the quote and evaluates; the orders are the test's. */
static inline void grid_start(struct grid_setting *setting, struct stage *stage, const char *bid,
                              const char *ask)
{
    grid_open(setting, stage);
    const struct quote quote = quote_at(0, bid, ask);
    stage_start(stage, &quote, true);
    stage_evaluate(stage);
}

static inline struct grid *grid_in(const struct stage *stage)
{
    return (struct grid *)stage->executor;
}

static inline struct executor_report grid_report_of(const struct stage *stage)
{
    struct executor_report report;
    stage->kind->report(stage->executor, &stage->view, &report);
    return report;
}

static inline const struct ledger_order *grid_order(const struct stage *stage, uint32_t ordinal)
{
    const struct ledger_order *order = ledger_find(&stage->executor->ledger, ordinal);
    ck_assert_ptr_nonnull(order);
    return order;
}

/* An order of the ledger, as "side type amount@price slot". */
#define ck_assert_order(stage, ordinal, side_, amount_, price_, slot_)          \
    do {                                                                        \
        const struct ledger_order *order_seen = grid_order((stage), (ordinal)); \
        ck_assert_int_eq(order_seen->side, (side_));                            \
        ck_assert_decimal_eq(order_seen->amount, (amount_));                    \
        ck_assert_decimal_eq(order_seen->price, (price_));                      \
        ck_assert_uint_eq(order_seen->slot, (slot_));                           \
    } while (0)

#endif
