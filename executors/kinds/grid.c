/*
 * Grid executor: buys at the levels of a ladder and sells each above it (or the other way round),
 * again and again.
 *
 * What a grid is and how it ends: executors/grid.h. The levels: executors/grid_levels.h.
 */
#include "executors/grid.h"
#include "executors/grid_levels.h"
#include "executors/registry.h"

const struct executor_kind executor_kind_grid = {
    .type = "grid_executor",
    .summary = "Trades the levels of a price range over and over, each with a take profit of its "
               "own.",
    .config_fields = grid_config_fields,
    .config_size = sizeof(struct grid_config),
    .state_size = sizeof(struct grid),
    .market_count = 1,
    .validate = grid_validate,
    .market = grid_market,
    .plan = grid_plan,
    .target = grid_target,
    .on_start = grid_on_start,
    .on_market = grid_on_market,
    .on_order = grid_on_order,
    .on_stop = grid_on_stop,
    .wake = grid_wake,
    .report = grid_report,
    .custom_info = grid_custom_info,
    .save = grid_save,
    .load = grid_load,
};
