#include "tests/simulation/draft.h"

#include <string.h>

#include "base/assert.h"
#include "executors/registry.h"

static bool one_in(struct draft *draft, uint64_t chances)
{
    return prng_below(draft->prng, chances) == 0;
}

static int64_t between(struct draft *draft, int64_t low, int64_t high)
{
    return prng_between(draft->prng, low, high);
}

static void put_text(struct draft *draft, const char *key, const char *value)
{
    json_key(draft->out, key);
    json_string(draft->out, value);
}

static void put_int(struct draft *draft, const char *key, int64_t low, int64_t high)
{
    json_key(draft->out, key);
    json_int(draft->out, between(draft, low, high));
}

/* So many to so many ten thousandths. */
static void put_fraction(struct draft *draft, const char *key, int64_t low, int64_t high)
{
    json_key(draft->out, key);
    json_decimal(draft->out, decimal_from_mantissa(between(draft, low, high), 4));
}

/* The first price moved by so many ten thousandths. */
static struct decimal price_moved(int64_t moved)
{
    return decimal_from_mantissa(DRAFT_PRICE + moved * (DRAFT_PRICE / 10000), 2);
}

static void put_price(struct draft *draft, const char *key, int64_t moved)
{
    json_key(draft->out, key);
    json_decimal(draft->out, price_moved(moved));
}

static void put_amount(struct draft *draft, const char *key)
{
    json_key(draft->out, key);
    json_decimal(draft->out, decimal_from_mantissa(between(draft, 2000, 200000), 5));
}

static void put_order_type(struct draft *draft, const char *key)
{
    static const char *const types[] = {"MARKET", "LIMIT", "LIMIT_MAKER"};
    put_text(draft, key, types[prng_below(draft->prng, 3)]);
}

static void put_barriers(struct draft *draft)
{
    if (!one_in(draft, 4)) {
        put_fraction(draft, "stop_loss", 5, 80);
    }
    if (!one_in(draft, 3)) {
        put_fraction(draft, "take_profit", 5, 80);
    }
    if (!one_in(draft, 3)) {
        put_int(draft, "time_limit", 1, 1500);
    }
}

static void put_trailing(struct draft *draft)
{
    if (one_in(draft, 2)) {
        json_key(draft->out, "trailing_stop");
        json_object_begin(draft->out);
        put_fraction(draft, "activation_price", 2, 40);
        put_fraction(draft, "trailing_delta", 1, 20);
        json_object_end(draft->out);
    }
}

static void put_entry(struct draft *draft)
{
    put_amount(draft, "amount");
    if (one_in(draft, 2)) {
        put_price(draft, "entry_price", between(draft, -30, 30));
    }
    json_key(draft->out, "triple_barrier_config");
    json_object_begin(draft->out);
    put_order_type(draft, "open_order_type");
}

static void put_position(struct draft *draft, const char *side)
{
    (void)side;
    put_entry(draft);
    put_order_type(draft, "take_profit_order_type");
    put_barriers(draft);
    put_trailing(draft);
    json_object_end(draft->out);
}

static void put_progressive(struct draft *draft, const char *side)
{
    (void)side;
    put_entry(draft);
    put_barriers(draft);
    if (one_in(draft, 2)) {
        put_fraction(draft, "apr_yield", 0, 50000);
    }
    if (!one_in(draft, 3)) {
        json_key(draft->out, "trailing_stop");
        json_object_begin(draft->out);
        put_fraction(draft, "activation_pnl_pct", 2, 40);
        put_fraction(draft, "trailing_pct", 1, 20);
        json_key(draft->out, "take_profit_table");
        json_raw(draft->out, "[[\"0.002\",\"0.5\"],[\"0.006\",\"1\"]]");
        json_object_end(draft->out);
    }
    json_object_end(draft->out);
}

static void put_order(struct draft *draft, const char *side)
{
    (void)side;
    static const char *const strategies[] = {"MARKET", "LIMIT", "LIMIT_MAKER", "LIMIT_CHASER"};
    put_amount(draft, "amount");
    put_price(draft, "price", between(draft, -40, 40));
    json_key(draft->out, "chaser_config");
    json_object_begin(draft->out);
    put_fraction(draft, "distance", 1, 20);
    put_fraction(draft, "refresh_threshold", 1, 20);
    json_object_end(draft->out);
    put_text(draft, "execution_strategy", strategies[prng_below(draft->prng, 4)]);
}

static void put_twap(struct draft *draft, const char *side)
{
    (void)side;
    json_key(draft->out, "total_amount_quote");
    json_decimal(draft->out, decimal_from_int(between(draft, 500, 5000)));
    put_int(draft, "total_duration", 60, 1500);
    put_int(draft, "order_interval", 20, 200);
    if (one_in(draft, 2)) {
        put_fraction(draft, "limit_order_buffer", 0, 10);
        put_int(draft, "order_resubmission_time", 10, 100);
        put_text(draft, "mode", "MAKER");
    } else {
        put_text(draft, "mode", "TAKER");
    }
}

/* Three levels away from the price, on the side from which they are reached. */
static void put_dca(struct draft *draft, const char *side)
{
    const int64_t sign = strcmp(side, "BUY") == 0 ? -1 : 1;
    json_key(draft->out, "amounts_quote");
    json_raw(draft->out, "[\"300\",\"400\",\"500\"]");
    json_key(draft->out, "prices");
    json_array_begin(draft->out);
    int64_t moved = 0;
    for (int i = 0; i < 3; i++) {
        moved += sign * between(draft, 2, 25);
        json_decimal(draft->out, price_moved(moved));
    }
    json_array_end(draft->out);
    put_barriers(draft);
    put_trailing(draft);
    put_text(draft, "mode", one_in(draft, 3) ? "TAKER" : "MAKER");
}

static void put_grid(struct draft *draft, const char *side)
{
    const bool buys = strcmp(side, "BUY") == 0;
    const int64_t half = between(draft, 20, 60);
    put_price(draft, "start_price", -half);
    put_price(draft, "end_price", half);
    put_price(draft, "limit_price", buys ? -half - 30 : half + 30);
    json_key(draft->out, "total_amount_quote");
    json_decimal(draft->out, decimal_from_int(between(draft, 500, 4000)));
    put_int(draft, "max_open_orders", 1, 4);
    json_key(draft->out, "triple_barrier_config");
    json_object_begin(draft->out);
    put_fraction(draft, "take_profit", 4, 40);
    if (one_in(draft, 2)) {
        put_fraction(draft, "stop_loss", 20, 100);
    }
    put_int(draft, "time_limit", 300, 3000);
    json_object_end(draft->out);
}

/* ---- Kinds of two markets ---- */

static void put_market(struct draft *draft, const char *key, const char *pair)
{
    json_key(draft->out, key);
    json_object_begin(draft->out);
    put_text(draft, "connector_name", DRAFT_VENUE);
    put_text(draft, "trading_pair", pair);
    json_object_end(draft->out);
}

static void put_pair(struct draft *draft, const char *side)
{
    const bool is_first = strcmp(side, "BUY") == 0;
    put_market(draft, "buying_market", is_first ? DRAFT_PAIR : DRAFT_PAIR_OTHER);
    put_market(draft, "selling_market", is_first ? DRAFT_PAIR_OTHER : DRAFT_PAIR);
    put_amount(draft, "order_amount");
}

static void put_arbitrage(struct draft *draft, const char *side)
{
    put_pair(draft, side);
    put_fraction(draft, "min_profitability", -5, 15);
}

static void put_xemm(struct draft *draft, const char *side)
{
    put_pair(draft, side);
    const int64_t target = between(draft, -10, 15);
    json_key(draft->out, "min_profitability");
    json_decimal(draft->out, decimal_from_mantissa(target - between(draft, 3, 20), 4));
    json_key(draft->out, "target_profitability");
    json_decimal(draft->out, decimal_from_mantissa(target, 4));
    json_key(draft->out, "max_profitability");
    json_decimal(draft->out, decimal_from_mantissa(target + between(draft, 3, 20), 4));
    put_text(draft, "maker_side", one_in(draft, 2) ? "BUY" : "SELL");
}

static const struct {
    const char *type;
    void (*put)(struct draft *draft, const char *side);
} draft_table[] = {
    {"arbitrage_executor", put_arbitrage}, {"dca_executor", put_dca},
    {"grid_executor", put_grid},           {"order_executor", put_order},
    {"position_executor", put_position},   {"progressive_executor", put_progressive},
    {"twap_executor", put_twap},           {"xemm_executor", put_xemm},
};

bool draft_executor(struct draft *draft, size_t kind, const char *id)
{
    const struct executor_kind *found = executor_kind_at(kind);
    const char *side = one_in(draft, 2) ? "BUY" : "SELL";
    size_t row = 0;
    const size_t rows = sizeof(draft_table) / sizeof(draft_table[0]);
    while (row < rows && strcmp(draft_table[row].type, found->type) != 0) {
        row++;
    }
    if (row == rows) {
        return false;
    }
    json_object_begin(draft->out);
    put_text(draft, "type", found->type);
    if (id != NULL) {
        put_text(draft, "id", id);
    }
    put_text(draft, "controller_id", one_in(draft, 2) ? "main" : "alpha");
    put_int(draft, "max_retries", 0, 10);
    if (found->market_count == 1) {
        put_text(draft, "connector_name", DRAFT_VENUE);
        put_text(draft, "trading_pair", one_in(draft, 3) ? DRAFT_PAIR_OTHER : DRAFT_PAIR);
        put_text(draft, "side", side);
    }
    draft_table[row].put(draft, side);
    json_object_end(draft->out);
    return true;
}
