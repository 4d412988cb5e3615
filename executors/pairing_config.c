#include "executors/pairing.h"

#include <string.h>

#include "executors/factory.h"

const struct field pairing_market_fields[] = {
    {.name = "connector_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct pairing_market, connector_name),
     .is_required = true,
     .doc = "The venue."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct pairing_market, trading_pair),
     .is_required = true,
     .doc = "BASE-QUOTE."},
    {.name = "fee",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct pairing_market, fee),
     .set_offset = offsetof(struct pairing_market, has_fee),
     .is_nullable = true,
     .unit = "fraction",
     .min = "-0.1",
     .max = "0.1",
     .doc = "What the venue takes of the notional there; profitability counts it. Absent: the "
            "venue's own fee, maker or taker."},
    {0},
};

/* Assets that are worth the same under two names. */
static const char *const pairing_names[][2] = {
    {"WETH", "ETH"}, {"UETH", "ETH"},   {"WBTC", "BTC"}, {"UBTC", "BTC"}, {"WBNB", "BNB"},
    {"WPOL", "POL"}, {"WAVAX", "AVAX"}, {"WONE", "ONE"}, {"USOL", "SOL"}, {"USDC.E", "USDC"},
};

/* The length of the base asset in "BASE-QUOTE". */
static size_t pairing_base_length(const char *trading_pair)
{
    return strcspn(trading_pair, "-");
}

static bool pairing_is_asset(const char *text, size_t length, const char *asset)
{
    return strlen(asset) == length && strncmp(text, asset, length) == 0;
}

/* Whether both pairs have the same base asset, if under another name. */
static bool pairing_is_same_base(const char *a, const char *b)
{
    const size_t length_a = pairing_base_length(a);
    const size_t length_b = pairing_base_length(b);
    if (length_a == length_b && strncmp(a, b, length_a) == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof(pairing_names) / sizeof(pairing_names[0]); i++) {
        const char *const one = pairing_names[i][0];
        const char *const other = pairing_names[i][1];
        if ((pairing_is_asset(a, length_a, one) && pairing_is_asset(b, length_b, other)) ||
            (pairing_is_asset(a, length_a, other) && pairing_is_asset(b, length_b, one))) {
            return true;
        }
    }
    return false;
}

struct decimal pairing_fee(const struct pairing_config *config, uint32_t market,
                           const struct instrument *instrument, enum liquidity liquidity)
{
    const struct pairing_market *of = pairing_market_of(config, market);
    if (of->has_fee) {
        return of->fee;
    }
    return liquidity == LIQUIDITY_MAKER ? instrument->maker_fee : instrument->taker_fee;
}

void pairing_market(const struct executor_config *config, uint32_t market,
                    const char **ret_connector, const char **ret_trading_pair)
{
    ASSERT(market < PAIRING_MARKETS);
    const struct pairing_market *of =
        pairing_market_of((const struct pairing_config *)config, market);
    *ret_connector = of->connector_name;
    *ret_trading_pair = of->trading_pair;
}

enum err pairing_validate(const struct executor_config *config, const char *path,
                          const struct node *node, struct problems *problems)
{
    const struct pairing_config *pairing = (const struct pairing_config *)config;
    const struct pairing_market *buying = pairing->buying_market;
    const struct pairing_market *selling = pairing->selling_market;
    const char *key = "trading_pair";
    const char *message = NULL;
    if (!pairing_is_same_base(buying->trading_pair, selling->trading_pair)) {
        message = "another base asset than the buying market, expected the same";
    } else if (strcmp(buying->connector_name, selling->connector_name) == 0 &&
               strcmp(buying->trading_pair, selling->trading_pair) == 0) {
        key = "connector_name";
        message = "the same market as the buying one, expected another";
    }
    if (message == NULL) {
        return ERR_NONE;
    }
    char market_path[PROBLEMS_PATH_MAX];
    problems_path_key(path, "selling_market", market_path);
    factory_add_problem(problems, node_get(node, "selling_market"), market_path, key, message);
    return ERR_SYNTAX;
}
