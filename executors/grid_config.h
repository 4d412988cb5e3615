/*
 * executors/grid_config.h - the configuration of a grid.
 *
 * Names and defaults are Hummingbot's. Fractions are of 1: 0.02 is two percent. What the reference
 * leaves to luck is refused: a start that is not below the end, a missing take profit, orders that
 * cannot rest in the book.
 *
 * Threads: immutable after parsing, any thread.
 */
#ifndef TUTTI_EXECUTORS_GRID_CONFIG_H
#define TUTTI_EXECUTORS_GRID_CONFIG_H

#include "executors/bracket_config.h"

enum { GRID_LEVELS_MAX = 1000 }; /* More are not made, whatever the money allows. */

struct grid_config {
    struct executor_config common;
    const char *connector_name;
    const char *trading_pair;
    int side; /* enum side */
    struct decimal start_price;
    struct decimal end_price;
    struct decimal limit_price;
    struct decimal total_amount_quote;
    struct decimal min_spread_between_orders; /* Fraction. */
    struct decimal min_order_amount_quote;
    int64_t max_open_orders;
    int64_t max_orders_per_batch;
    bool has_max_orders_per_batch;
    int64_t order_frequency_ns;
    struct decimal activation_bounds; /* Fraction of the mid price. */
    bool has_activation_bounds;
    struct decimal safe_extra_spread;      /* Fraction. */
    const struct barrier_config *barriers; /* Never NULL: the field is required. */
    int64_t leverage;
    const char *level_id;  /* NULL: none. */
    bool deduct_base_fees; /* Without effect: fees in base always reduce what is owned. */
    bool keep_position;
    bool coerce_tp_to_step;
};

extern const struct field grid_config_fields[];

/* What the table cannot say; see the head of this file. */
MUST_USE enum err grid_validate(const struct executor_config *config, const char *path,
                                const struct node *node, struct problems *problems);

/* The market of executor_kind. */
void grid_market(const struct executor_config *config, uint32_t market, const char **ret_connector,
                 const char **ret_trading_pair);

#endif
