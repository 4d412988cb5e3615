/*
 * Position executor: opens a position and guards it with a triple barrier and a trailing stop.
 *
 * Everything it has in common with the progressive executor is in executors/bracket.h; its own are
 * the trailing stop with a fixed distance and the names of its configuration.
 */
#include "executors/bracket.h"
#include "executors/registry.h"
#include "executors/trailing.h"

static const struct bracket_rules position_rules = {
    .trail = trailing_step,
    .trail_wake = trailing_wake,
};

static const struct field position_config_fields[] = {
    BRACKET_CONFIG_FIELDS,
    {.name = "triple_barrier_config",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct bracket_config, barriers),
     .fields = bracket_barrier_fields,
     .size = sizeof(struct barrier_config),
     .doc = "What closes the position. Null: nothing but a stop."},
    {0},
};

static void position_on_market(struct executor *executor, const struct executor_view *view,
                               struct executor_requests *requests)
{
    bracket_evaluate(executor, view, &position_rules, requests);
}

static void position_wake(const struct executor *executor, const struct executor_view *view,
                          struct wake *ret_wake)
{
    bracket_wake(executor, view, &position_rules, ret_wake);
}

const struct executor_kind executor_kind_position = {
    .type = "position_executor",
    .summary = "Opens a position and closes it at a stop loss, take profit, trailing stop or time "
               "limit.",
    .config_fields = position_config_fields,
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
    .on_market = position_on_market,
    .on_order = executor_on_order,
    .on_stop = bracket_stop,
    .on_update = bracket_on_update,
    .updatable = bracket_updatable,
    .wake = position_wake,
    .report = bracket_report,
    .custom_info = bracket_custom_info,
    .save = bracket_save,
    .load = bracket_load,
};
