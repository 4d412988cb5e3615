#include "executors/bracket_config.h"

#include <stdio.h>

const struct field bracket_update_fields[] = {
    {.name = "volatility",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct bracket_update, volatility),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "The stop loss becomes 1.1 times of it; the trailing stop is scaled alike."},
    {0},
};

const struct field bracket_bound_fields[] = {
    {.name = "bound",
     .kind = FIELD_DECIMAL,
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .max = "1",
     .max_excluded = true,
     .doc = "Distance of the mid price from the order's price."},
    {0},
};

const struct field_element bracket_bound_element = {
    .size = sizeof(struct decimal),
    .fields = bracket_bound_fields,
    .is_scalar = true,
};

const struct field bracket_trailing_fields[] = {
    {.name = "activation_price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, activation),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "Net pnl (not a price) above which the stop begins to trail."},
    {.name = "trailing_delta",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trailing_config, distance),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = BRACKET_FRACTION_MAX,
     .doc = "How far the stop trails behind the best net pnl."},
    {0},
};

const struct field bracket_barrier_fields[] = {
    BRACKET_BARRIER_FIELDS("MARKET"),
    {.name = "trailing_stop",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct barrier_config, trailing_stop),
     .fields = bracket_trailing_fields,
     .size = sizeof(struct trailing_config),
     .doc = "Closes when the net pnl falls back from its best. Null: off."},
    {0},
};

const struct barrier_config bracket_barriers_off = {
    .open_order_type = ORDER_LIMIT,
    .take_profit_order_type = ORDER_MARKET,
    .stop_loss_order_type = ORDER_MARKET,
    .time_limit_order_type = ORDER_MARKET,
};

const struct decimal *bracket_bounds(const struct bracket_config *config)
{
    return config->activation_bounds.count == 0 ? NULL : config->activation_bounds.items;
}

/* Adds a problem when an order type that can only be MARKET is another one. */
static enum err bracket_validate_market(int type, const char *name, const char *path,
                                        const struct node *node, struct problems *problems)
{
    if (type == ORDER_MARKET) {
        return ERR_NONE;
    }
    const struct node *value = node_get(node_get(node, "triple_barrier_config"), name);
    char field_path[FIELD_PATH_MAX];
    (void)snprintf(field_path, sizeof(field_path), "%s%striple_barrier_config.%s", path,
                   path[0] == '\0' ? "" : ".", name);
    problems_add(problems, value == NULL ? 0 : value->line, value == NULL ? 0 : value->column,
                 field_path, "only MARKET is possible, expected MARKET");
    return ERR_SYNTAX;
}

enum err bracket_validate_barriers(const struct barrier_config *barriers, const char *path,
                                   const struct node *node, struct problems *problems)
{
    const enum err stop = bracket_validate_market(barriers->stop_loss_order_type,
                                                  "stop_loss_order_type", path, node, problems);
    const enum err time = bracket_validate_market(barriers->time_limit_order_type,
                                                  "time_limit_order_type", path, node, problems);
    return stop == ERR_NONE ? time : stop;
}

enum err bracket_validate(const struct executor_config *config, const char *path,
                          const struct node *node, struct problems *problems)
{
    const struct bracket_config *bracket = (const struct bracket_config *)config;
    return bracket_validate_barriers(bracket_barriers(bracket), path, node, problems);
}

void bracket_market(const struct executor_config *config, uint32_t market,
                    const char **ret_connector, const char **ret_trading_pair)
{
    ASSERT(market == 0);
    const struct bracket_config *bracket = (const struct bracket_config *)config;
    *ret_connector = bracket->connector_name;
    *ret_trading_pair = bracket->trading_pair;
}
