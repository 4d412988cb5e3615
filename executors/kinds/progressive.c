/*
 * Progressive executor: a position whose stop rises with a yearly yield, whose trailing stop
 * takes profit in steps, and whose time limit waits while the yield is beaten.
 *
 * Everything it has in common with the position executor is in executors/bracket.h; its own are
 * the ladder and the names of its configuration.
 */
#include "executors/bracket.h"
#include "executors/ladder.h"
#include "executors/registry.h"

static const struct bracket_rules progressive_rules = {
    .is_extended_by_yield = true,
    .trail = ladder_step,
    .trail_wake = ladder_wake,
};

static const struct field progressive_row_fields[] = {
    {.name = "pnl_pct",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct ladder_row, level),
     .is_required = true,
     .unit = "fraction",
     .doc = "Net pnl from which on the row counts."},
    {.name = "close_ratio",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct ladder_row, ratio),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .max = "1",
     .doc = "Share of what remains that is closed; 1 closes all."},
    {0},
};

static const struct field_element progressive_row = {
    .size = sizeof(struct ladder_row),
    .fields = progressive_row_fields,
    .is_row = true,
};

static const struct field progressive_trailing_fields[] = {
    {.name = "activation_pnl_pct",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, activation),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "Net pnl from which on the stop trails."},
    {.name = "trailing_pct",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, distance),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "Smallest distance at which the stop trails."},
    {.name = "take_profit_table",
     .kind = FIELD_LIST,
     .offset = offsetof(struct trailing_config, table),
     .element = &progressive_row,
     .count_max = 1000,
     .doc = "Rows of net pnl and ratio: which share of what remains a trigger closes."},
    {.name = "pnl_relaxation",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, relaxation),
     .default_text = "0.9",
     .unit = "fraction",
     .min = "0",
     .max = "1",
     .doc = "How much of the profit beyond trailing_pct widens the distance."},
    {.name = "max_trailing_pct",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, distance_max),
     .default_text = "0.05",
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "Greatest distance; never less than trailing_pct."},
    {0},
};

static const struct field progressive_barrier_fields[] = {
    BRACKET_BARRIER_FIELDS("MARKET"),
    {.name = "apr_yield",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct barrier_config, apr_yield),
     .set_offset = offsetof(struct barrier_config, has_apr_yield),
     .is_nullable = true,
     .unit = "fraction",
     .min = "0",
     .max = BRACKET_FRACTION_MAX,
     .doc = "Yield per year by which the stop rises and that a time limit waits for. Null: 0."},
    {.name = "trailing_stop",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct barrier_config, trailing_stop),
     .fields = progressive_trailing_fields,
     .size = sizeof(struct trailing_config),
     .doc = "Takes profit in steps when the net pnl falls back. Null: off."},
    {0},
};

static const struct field progressive_config_fields[] = {
    BRACKET_CONFIG_FIELDS,
    {.name = "triple_barrier_config",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct bracket_config, barriers),
     .fields = progressive_barrier_fields,
     .size = sizeof(struct barrier_config),
     .doc = "What closes the position. Null: nothing but a stop."},
    {0},
};

static void progressive_on_market(struct executor *executor, const struct executor_view *view,
                                  struct executor_requests *requests)
{
    bracket_evaluate(executor, view, &progressive_rules, requests);
}

static void progressive_wake(const struct executor *executor, const struct executor_view *view,
                             struct wake *ret_wake)
{
    bracket_wake(executor, view, &progressive_rules, ret_wake);
}

const struct executor_kind executor_kind_progressive = {
    .type = "progressive_executor",
    .summary = "Guards a position with a stop that rises with a yield and takes profit in steps.",
    .config_fields = progressive_config_fields,
    .config_size = sizeof(struct bracket_config),
    .update_fields = bracket_update_fields,
    .update_size = sizeof(struct bracket_update),
    .state_size = sizeof(struct bracket),
    .market_count = 1,
    .validate = bracket_validate,
    .market = bracket_market,
    .plan = bracket_plan,
    .target = bracket_target,
    .on_start = bracket_on_start,
    .on_market = progressive_on_market,
    .on_order = executor_on_order,
    .on_stop = bracket_stop,
    .on_update = bracket_on_update,
    .updatable = bracket_updatable,
    .wake = progressive_wake,
    .report = bracket_report,
    .custom_info = bracket_custom_info,
    .save = bracket_save,
    .load = bracket_load,
};
