#include "executors/dca.h"

#include "executors/factory.h"

static const struct field_name dca_mode_names[] = {
    {"MAKER", DCA_MAKER}, {"TAKER", DCA_TAKER}, {NULL, 0}};

static const struct field dca_positive_fields[] = {
    {.name = "value",
     .kind = FIELD_DECIMAL,
     .is_required = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .max = EXPOSURE_AMOUNT_MAX,
     .doc = "Of one level."},
    {0},
};

static const struct field_element dca_positive = {
    .size = sizeof(struct decimal),
    .fields = dca_positive_fields,
    .is_scalar = true,
};

const struct field dca_config_fields[] = {
    EXPOSURE_CONFIG_FIELDS,
    {.name = "amounts_quote",
     .kind = FIELD_LIST,
     .offset = offsetof(struct dca_config, amounts_quote),
     .element = &dca_positive,
     .is_required = true,
     .count_min = 1,
     .count_max = DCA_LEVELS_MAX,
     .doc = "What each level is worth at its price."},
    {.name = "prices",
     .kind = FIELD_LIST,
     .offset = offsetof(struct dca_config, prices),
     .element = &dca_positive,
     .is_required = true,
     .count_min = 1,
     .count_max = DCA_LEVELS_MAX,
     .doc = "The price of each level, in the order in which they are placed."},
    BRACKET_FRACTION_FIELD("take_profit", dca_config, take_profit,
                           "Closes when the net pnl reaches this. Null: off."),
    BRACKET_FRACTION_FIELD("stop_loss", dca_config, stop_loss,
                           "MAKER: closes when all levels are filled and the net pnl falls to "
                           "minus this. TAKER: of the sum of all amounts. Null: off."),
    {.name = "trailing_stop",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct dca_config, trailing_stop),
     .fields = bracket_trailing_fields,
     .size = sizeof(struct trailing_config),
     .doc = "Closes when the net pnl falls back from its best. Null: off."},
    {.name = "time_limit",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct dca_config, time_limit_ns),
     .set_offset = offsetof(struct dca_config, has_time_limit),
     .is_nullable = true,
     .unit = "s",
     .min = "0",
     .min_excluded = true,
     .doc = "Closes this long after the timestamp. Null: off."},
    {.name = "mode",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct dca_config, mode),
     .default_text = "MAKER",
     .names = dca_mode_names,
     .doc = "MAKER rests LIMIT orders at the prices, TAKER sends MARKET orders near them."},
    {.name = "activation_bounds",
     .kind = FIELD_LIST,
     .offset = offsetof(struct dca_config, activation_bounds),
     .element = &bracket_bound_element,
     .count_min = 2,
     .count_max = 2,
     .doc = "How far the mid price may be from a level's price. Null: any distance for MAKER, "
            "0.0001 and 0.005 for TAKER."},
    EXPOSURE_LEVEL_ID_FIELD,
    {0},
};

struct decimal dca_price(const struct dca_config *config, size_t level)
{
    ASSERT(level < config->prices.count);
    return ((const struct decimal *)config->prices.items)[level];
}

struct decimal dca_amount_quote(const struct dca_config *config, size_t level)
{
    ASSERT(level < config->amounts_quote.count);
    return ((const struct decimal *)config->amounts_quote.items)[level];
}

const struct decimal *dca_bounds(const struct dca_config *config)
{
    static const struct decimal taker[2] = {
        {.raw = (int128_t)100000000000000},  /* 0.0001 */
        {.raw = (int128_t)5000000000000000}, /* 0.005 */
    };
    if (config->activation_bounds.count != 0) {
        return config->activation_bounds.items;
    }
    return config->mode == DCA_TAKER ? taker : NULL;
}

enum err dca_validate(const struct executor_config *config, const char *path,
                      const struct node *node, struct problems *problems)
{
    const struct dca_config *dca = (const struct dca_config *)config;
    if (dca->prices.count != dca->amounts_quote.count) {
        factory_add_problem(problems, node, path, "prices",
                            "another length than amounts_quote, expected one price per amount");
        return ERR_SYNTAX;
    }
    return ERR_NONE;
}

struct dca_sums dca_sums_of(const struct dca_config *config)
{
    struct dca_sums sums = {0};
    for (size_t i = 0; i < config->prices.count; i++) {
        const struct decimal quote = dca_amount_quote(config, i);
        sums.quote = decimal_add(sums.quote, quote);
        sums.amount = decimal_add(sums.amount, decimal_divide(quote, dca_price(config, i)));
    }
    return sums;
}

void dca_price_range(const struct dca_config *config, struct decimal *ret_min,
                     struct decimal *ret_max)
{
    *ret_min = dca_price(config, 0);
    *ret_max = dca_price(config, 0);
    for (size_t i = 1; i < config->prices.count; i++) {
        *ret_min = decimal_min(*ret_min, dca_price(config, i));
        *ret_max = decimal_max(*ret_max, dca_price(config, i));
    }
}
