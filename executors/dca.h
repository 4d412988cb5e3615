/*
 * executors/dca.h - the configuration and the levels of a DCA executor.
 *
 * A level is a slot of the ledger: what it has executed is the sum over its own orders, so that a
 * failed or canceled one is placed again, for what it lacks, without shifting the others. Nothing
 * about a level is remembered but its orders.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_DCA_H
#define TUTTI_EXECUTORS_DCA_H

#include "executors/bracket_config.h"
#include "executors/exposure.h"
#include "executors/trailing.h"

enum { DCA_LEVELS_MAX = 200 };

enum dca_mode { DCA_MAKER = 1, DCA_TAKER = 2 };

struct dca_config {
    struct exposure_config exposure;
    struct field_list amounts_quote; /* struct decimal */
    struct field_list prices;        /* struct decimal, as many. */
    struct decimal take_profit;
    bool has_take_profit;
    struct decimal stop_loss;
    bool has_stop_loss;
    const struct trailing_config *trailing_stop; /* NULL: off. */
    int64_t time_limit_ns;
    bool has_time_limit;
    int mode;                            /* enum dca_mode */
    struct field_list activation_bounds; /* Two struct decimal, or none. */
};

struct dca {
    struct exposure exposure;
    struct trailing_trigger trigger;
};

extern const struct field dca_config_fields[];

static inline const struct dca_config *dca_config_of(const struct dca *dca)
{
    return (const struct dca_config *)dca->exposure.executor.config;
}

/* The price of a level, and what it is worth in quote at that price. */
struct decimal dca_price(const struct dca_config *config, size_t level);
struct decimal dca_amount_quote(const struct dca_config *config, size_t level);

/* The two activation bounds, or NULL. TAKER has some even when none are configured. */
const struct decimal *dca_bounds(const struct dca_config *config);

/* The validate of executor_kind: as many prices as amounts. */
MUST_USE enum err dca_validate(const struct executor_config *config, const char *path,
                               const struct node *node, struct problems *problems);

/* Sums over all levels as they are configured. */
struct dca_sums {
    struct decimal quote;
    struct decimal amount; /* Base: quote / price, not rounded to the step. */
};

struct dca_sums dca_sums_of(const struct dca_config *config);

/* The lowest and the highest of the configured prices. */
void dca_price_range(const struct dca_config *config, struct decimal *ret_min,
                     struct decimal *ret_max);

/* What the orders of one level have done and may still do. */
struct dca_level {
    struct decimal executed;
    struct decimal working; /* What its live order may still trade. */
    bool is_live;
};

struct dca_levels {
    struct dca_level items[DCA_LEVELS_MAX]; /* Those that are configured. */
};

/* What the ledger says about every level. */
void dca_read_levels(const struct dca *dca, struct dca_levels *ret_levels);

/* quote / price of a level, down to the step. */
struct decimal dca_target(const struct dca *dca, size_t level);

/* The order for what a level lacks. */
struct order_draft dca_draft(const struct dca *dca, const struct dca_levels *levels, size_t level);

/* Whether that order is large enough at the price of its level, wherever the market is. */
bool dca_is_tradable(const struct dca *dca, const struct order_draft *draft);

/* The first level that has no order in the market and lacks enough for one; the count of levels
 * when there is none. */
size_t dca_next_level(const struct dca *dca, const struct dca_levels *levels);

/* Whether nothing more will be opened: no order is live and no level lacks enough for one. */
bool dca_is_complete(const struct dca *dca, const struct dca_levels *levels);

/* Whether every order belongs to a level, with at most one live order per level and one live
 * close. */
bool dca_ledger_is_sound(const struct dca *dca);

#endif
