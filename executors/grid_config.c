#include "executors/grid_config.h"

#include "executors/factory.h"

static const struct field grid_barrier_fields[] = {
    BRACKET_BARRIER_FIELDS("LIMIT"),
    {.name = "trailing_stop",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct barrier_config, trailing_stop),
     .fields = bracket_trailing_fields,
     .size = sizeof(struct trailing_config),
     .doc = "Closes when the net pnl falls back from its best. Null: off."},
    {0},
};

#define GRID_POSITIVE_FIELD(member_, doc_)                                                        \
    {                                                                                             \
        .name = #member_, .kind = FIELD_DECIMAL, .offset = offsetof(struct grid_config, member_), \
        .is_required = true, .unit = "quote", .min = "0", .min_excluded = true,                   \
        .max = BRACKET_AMOUNT_MAX, .doc = doc_                                                    \
    }

#define GRID_FRACTION_FIELD(member_, default_, doc_)                                              \
    {                                                                                             \
        .name = #member_, .kind = FIELD_DECIMAL, .offset = offsetof(struct grid_config, member_), \
        .default_text = default_, .unit = "fraction", .min = "0", .max = "1",                     \
        .max_excluded = true, .doc = doc_                                                         \
    }

#define GRID_SWITCH_FIELD(member_, doc_)                                                       \
    {                                                                                          \
        .name = #member_, .kind = FIELD_BOOL, .offset = offsetof(struct grid_config, member_), \
        .default_text = "false", .doc = doc_                                                   \
    }

const struct field grid_config_fields[] = {
    EXECUTOR_CONFIG_FIELDS,
    {.name = "connector_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct grid_config, connector_name),
     .is_required = true,
     .doc = "The venue."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct grid_config, trading_pair),
     .is_required = true,
     .doc = "BASE-QUOTE."},
    {.name = "side",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct grid_config, side),
     .default_text = "BUY",
     .names = side_names,
     .doc = "BUY buys at the levels and sells above them, SELL the other way round."},
    GRID_POSITIVE_FIELD(start_price, "The lowest level."),
    GRID_POSITIVE_FIELD(end_price, "The highest level."),
    GRID_POSITIVE_FIELD(limit_price, "A BUY grid ends when the mid price falls to it, a SELL grid "
                                     "when it rises to it."),
    GRID_POSITIVE_FIELD(total_amount_quote, "All levels together never cost more."),
    GRID_FRACTION_FIELD(min_spread_between_orders, "0.0005", "Levels are at least this far apart."),
    {.name = "min_order_amount_quote",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct grid_config, min_order_amount_quote),
     .default_text = "5",
     .unit = "quote",
     .min = "0",
     .max = BRACKET_AMOUNT_MAX,
     .doc = "A level is worth at least this."},
    {.name = "max_open_orders",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct grid_config, max_open_orders),
     .default_text = "5",
     .min = "1",
     .max = "1000",
     .doc = "So many opening orders work at the same time."},
    {.name = "max_orders_per_batch",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct grid_config, max_orders_per_batch),
     .set_offset = offsetof(struct grid_config, has_max_orders_per_batch),
     .is_nullable = true,
     .min = "1",
     .max = "1000",
     .doc = "So many are placed at a time, a second or order_frequency apart. Null: any."},
    {.name = "order_frequency",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct grid_config, order_frequency_ns),
     .default_text = "0",
     .unit = "s",
     .min = "0",
     .doc = "Time between two batches of opening orders."},
    {.name = "activation_bounds",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct grid_config, activation_bounds),
     .set_offset = offsetof(struct grid_config, has_activation_bounds),
     .is_nullable = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = "1",
     .max_excluded = true,
     .doc = "Orders work only while the mid price is this near. Null: any distance."},
    GRID_FRACTION_FIELD(safe_extra_spread, "0.0001",
                        "How far from the best price an order is placed that would cross."),
    {.name = "triple_barrier_config",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct grid_config, barriers),
     .is_required = true,
     .fields = grid_barrier_fields,
     .size = sizeof(struct barrier_config),
     .doc = "take_profit is the distance of each level's closing order; the rest ends the grid."},
    {.name = "leverage",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct grid_config, leverage),
     .default_text = "20",
     .min = "1",
     .max = "1000",
     .doc = "Perpetuals only: notional divided by this is reserved."},
    {.name = "level_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct grid_config, level_id),
     .doc = "Free text of the controller, shown in reports."},
    GRID_SWITCH_FIELD(deduct_base_fees,
                      "Without effect: fees taken in base always reduce what is owned."),
    GRID_SWITCH_FIELD(keep_position, "At the limit price: keep what is owned, do not close it."),
    GRID_SWITCH_FIELD(coerce_tp_to_step,
                      "The take profit is at least the distance between two levels."),
    {0},
};

static enum err grid_validate_prices(const struct grid_config *config, const char *path,
                                     const struct node *node, struct problems *problems)
{
    const char *key = "limit_price";
    const char *message = NULL;
    if (!decimal_less(config->start_price, config->end_price)) {
        key = "start_price";
        message = "not below end_price";
    } else if (config->side == SIDE_BUY && !decimal_less(config->limit_price, config->end_price)) {
        message = "a BUY grid needs it below end_price";
    } else if (config->side == SIDE_SELL &&
               !decimal_less(config->start_price, config->limit_price)) {
        message = "a SELL grid needs it above start_price";
    }
    if (message == NULL) {
        return ERR_NONE;
    }
    factory_add_problem(problems, node, path, key, message);
    return ERR_SYNTAX;
}

static enum err grid_validate_orders(const struct barrier_config *barriers, const char *path,
                                     const struct node *node, struct problems *problems)
{
    static const char resting[] = "levels rest in the book, expected LIMIT or LIMIT_MAKER";
    enum err err = ERR_NONE;
    if (!barriers->has_take_profit) {
        factory_add_problem(problems, node, path, "take_profit",
                            "missing, expected a fraction > 0");
        err = ERR_SYNTAX;
    }
    if (barriers->open_order_type == ORDER_MARKET) {
        factory_add_problem(problems, node, path, "open_order_type", resting);
        err = ERR_SYNTAX;
    }
    if (barriers->take_profit_order_type == ORDER_MARKET) {
        factory_add_problem(problems, node, path, "take_profit_order_type", resting);
        err = ERR_SYNTAX;
    }
    return err;
}

enum err grid_validate(const struct executor_config *config, const char *path,
                       const struct node *node, struct problems *problems)
{
    const struct grid_config *grid = (const struct grid_config *)config;
    char barrier_path[PROBLEMS_PATH_MAX];
    problems_path_key(path, "triple_barrier_config", barrier_path);
    const enum err errs[] = {
        grid_validate_prices(grid, path, node, problems),
        grid_validate_orders(grid->barriers, barrier_path, node_get(node, "triple_barrier_config"),
                             problems),
        bracket_validate_barriers(grid->barriers, path, node, problems),
    };
    for (size_t i = 0; i < sizeof(errs) / sizeof(errs[0]); i++) {
        if (errs[i] != ERR_NONE) {
            return errs[i];
        }
    }
    return ERR_NONE;
}

void grid_market(const struct executor_config *config, uint32_t market, const char **ret_connector,
                 const char **ret_trading_pair)
{
    ASSERT(market == 0);
    const struct grid_config *grid = (const struct grid_config *)config;
    *ret_connector = grid->connector_name;
    *ret_trading_pair = grid->trading_pair;
}
