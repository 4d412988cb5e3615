/*
 * executors/bracket_config.h - the configuration of an entry that is guarded by barriers.
 *
 * Position and progressive executors are configured by the same struct; their tables differ in
 * the trailing stop and the yield. Names are Hummingbot's. Fractions are of 1: 0.02 is two percent.
 *
 * Threads: immutable after parsing, any thread.
 */
#ifndef TUTTI_EXECUTORS_BRACKET_CONFIG_H
#define TUTTI_EXECUTORS_BRACKET_CONFIG_H

#include "executors/executor.h"

/* A row of a take profit table: at this net pnl the share of what remains that is closed. */
struct ladder_row {
    struct decimal level;
    struct decimal ratio;
};

struct trailing_config {
    struct decimal activation;   /* Net pnl from which on it trails. */
    struct decimal distance;     /* How far it trails behind. */
    struct field_list table;     /* Progressive: struct ladder_row. */
    struct decimal relaxation;   /* Progressive: how much of further profit widens the distance. */
    struct decimal distance_max; /* Progressive: the widest distance. */
};

struct barrier_config {
    struct decimal stop_loss;
    bool has_stop_loss;
    struct decimal take_profit;
    bool has_take_profit;
    int64_t time_limit_ns;
    bool has_time_limit;
    const struct trailing_config *trailing_stop; /* NULL: off. */
    int open_order_type;                         /* enum order_type */
    int take_profit_order_type;                  /* enum order_type */
    int stop_loss_order_type;                    /* ORDER_MARKET, nothing else. */
    int time_limit_order_type;                   /* ORDER_MARKET, nothing else. */
    struct decimal apr_yield;                    /* Progressive: per year. */
    bool has_apr_yield;
};

struct bracket_config {
    struct executor_config common;
    const char *connector_name;
    const char *trading_pair;
    int side;              /* enum side */
    struct decimal amount; /* Base. */
    struct decimal entry_price;
    bool has_entry_price; /* false: from the first view. */
    int64_t leverage;
    struct field_list activation_bounds;   /* Two struct decimal, or none. */
    const char *level_id;                  /* NULL: none. */
    const struct barrier_config *barriers; /* NULL: none; read it with bracket_barriers(). */
};

/* What a running bracket may be told. */
struct bracket_update {
    struct decimal volatility; /* Fraction; the stop becomes 1.1 times of it. */
};

extern const struct field bracket_update_fields[];
extern const struct field bracket_bound_fields[];
extern const struct field_element bracket_bound_element;

/* A trailing stop with a fixed distance (struct trailing_config), and the barriers with that one
 * (struct barrier_config), for every kind that has Hummingbot's triple barrier. */
extern const struct field bracket_trailing_fields[];
extern const struct field bracket_barrier_fields[];

/* The barriers, or the default ones (all off) when none are configured. */
extern const struct barrier_config bracket_barriers_off;

static inline const struct barrier_config *bracket_barriers(const struct bracket_config *config)
{
    return config->barriers != NULL ? config->barriers : &bracket_barriers_off;
}

/* The two activation bounds, or NULL. */
const struct decimal *bracket_bounds(const struct bracket_config *config);

/* What the tables cannot say: stops and time limits close with MARKET orders only. */
MUST_USE enum err bracket_validate(const struct executor_config *config, const char *path,
                                   const struct node *node, struct problems *problems);

/* The same for the member triple_barrier_config of a kind's own configuration `node`. */
MUST_USE enum err bracket_validate_barriers(const struct barrier_config *barriers, const char *path,
                                            const struct node *node, struct problems *problems);

/* The market of executor_kind. */
void bracket_market(const struct executor_config *config, uint32_t market,
                    const char **ret_connector, const char **ret_trading_pair);

/* Largest amount, price and fraction of a configuration: products of them are far from overflow,
 * and nobody trades beyond. */
#define BRACKET_AMOUNT_MAX "1000000000000000000"
#define BRACKET_FRACTION_MAX "1000000000"

/* A fraction > 0 that may be null. */
#define BRACKET_FRACTION_FIELD(name_, struct_, member_, doc_)                              \
    {                                                                                      \
        .name = name_, .kind = FIELD_DECIMAL, .offset = offsetof(struct struct_, member_), \
        .set_offset = offsetof(struct struct_, has_##member_), .is_nullable = true,        \
        .unit = "fraction", .min = "0", .min_excluded = true, .max = BRACKET_FRACTION_MAX, \
        .doc = doc_                                                                        \
    }

#define BRACKET_ORDER_TYPE_FIELD(member_, default_, doc_)                                         \
    {                                                                                             \
        .name = #member_, .kind = FIELD_ENUM, .offset = offsetof(struct barrier_config, member_), \
        .default_text = default_, .names = order_type_names, .doc = doc_                          \
    }

/* The part of a barrier table that all kinds share, with the default of take_profit_order_type;
 * trailing_stop follows in each. */
#define BRACKET_BARRIER_FIELDS(take_profit_default_)                                          \
    BRACKET_FRACTION_FIELD("stop_loss", barrier_config, stop_loss,                            \
                           "Closes when the net pnl falls to minus this. Null: off."),        \
        BRACKET_FRACTION_FIELD("take_profit", barrier_config, take_profit,                    \
                               "Closes when the net pnl reaches this. Null: off."),           \
        {.name = "time_limit",                                                                \
         .kind = FIELD_DURATION,                                                              \
         .offset = offsetof(struct barrier_config, time_limit_ns),                            \
         .set_offset = offsetof(struct barrier_config, has_time_limit),                       \
         .is_nullable = true,                                                                 \
         .unit = "s",                                                                         \
         .min = "0",                                                                          \
         .min_excluded = true,                                                                \
         .doc = "Closes this long after the timestamp. Null: off."},                          \
        BRACKET_ORDER_TYPE_FIELD(open_order_type, "LIMIT", "How the position is opened."),    \
        BRACKET_ORDER_TYPE_FIELD(take_profit_order_type, take_profit_default_,                \
                                 "MARKET closes at the level; LIMIT types rest there."),      \
        BRACKET_ORDER_TYPE_FIELD(stop_loss_order_type, "MARKET", "Only MARKET is possible."), \
        BRACKET_ORDER_TYPE_FIELD(time_limit_order_type, "MARKET", "Only MARKET is possible.")

/* Everything but triple_barrier_config. */
#define BRACKET_CONFIG_FIELDS                                                               \
    EXECUTOR_CONFIG_FIELDS,                                                                 \
        {.name = "connector_name",                                                          \
         .kind = FIELD_TEXT,                                                                \
         .offset = offsetof(struct bracket_config, connector_name),                         \
         .is_required = true,                                                               \
         .doc = "The venue."},                                                              \
        {.name = "trading_pair",                                                            \
         .kind = FIELD_TEXT,                                                                \
         .offset = offsetof(struct bracket_config, trading_pair),                           \
         .is_required = true,                                                               \
         .doc = "BASE-QUOTE."},                                                             \
        {.name = "side",                                                                    \
         .kind = FIELD_ENUM,                                                                \
         .offset = offsetof(struct bracket_config, side),                                   \
         .is_required = true,                                                               \
         .names = side_names,                                                               \
         .doc = "BUY opens a long position, SELL a short one."},                            \
        {.name = "amount",                                                                  \
         .kind = FIELD_DECIMAL,                                                             \
         .offset = offsetof(struct bracket_config, amount),                                 \
         .is_required = true,                                                               \
         .unit = "base",                                                                    \
         .min = "0",                                                                        \
         .min_excluded = true,                                                              \
         .max = BRACKET_AMOUNT_MAX,                                                         \
         .doc = "Size of the position; rounded down to the instrument's step."},            \
        {.name = "entry_price",                                                             \
         .kind = FIELD_DECIMAL,                                                             \
         .offset = offsetof(struct bracket_config, entry_price),                            \
         .set_offset = offsetof(struct bracket_config, has_entry_price),                    \
         .is_nullable = true,                                                               \
         .unit = "quote",                                                                   \
         .min = "0",                                                                        \
         .min_excluded = true,                                                              \
         .max = BRACKET_AMOUNT_MAX,                                                         \
         .doc = "Null: the best bid (BUY) or ask (SELL) when it starts."},                  \
        {.name = "leverage",                                                                \
         .kind = FIELD_INTEGER,                                                             \
         .offset = offsetof(struct bracket_config, leverage),                               \
         .default_text = "1",                                                               \
         .min = "1",                                                                        \
         .max = "1000",                                                                     \
         .doc = "Perpetuals only: notional divided by this is reserved."},                  \
        {.name = "activation_bounds",                                                       \
         .kind = FIELD_LIST,                                                                \
         .offset = offsetof(struct bracket_config, activation_bounds),                      \
         .element = &bracket_bound_element,                                                 \
         .count_min = 2,                                                                    \
         .count_max = 2,                                                                    \
         .doc = "How far the mid price may be from an order's price. Null: any distance."}, \
    {                                                                                       \
        .name = "level_id", .kind = FIELD_TEXT,                                             \
        .offset = offsetof(struct bracket_config, level_id),                                \
        .doc = "Free text of the controller, shown in reports."                             \
    }

#endif
