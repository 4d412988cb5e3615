/*
 * persistence/sweep_store.h - the results of a sweep: one row per set of parameters.
 *
 * A database of its own with two tables. `sweep` says what was swept, so that a sweep goes on only
 * with the run file it began with. `sweep_result` has the figures of each set that was run, keyed
 * by the number of the set; money is TEXT (exact), figures are NULL for a set that did not run.
 * Rows become durable in groups: what a killed sweep had committed is whole.
 *
 * Threads: a store belongs to one thread. One process at a time.
 */
#ifndef TUTTI_PERSISTENCE_SWEEP_STORE_H
#define TUTTI_PERSISTENCE_SWEEP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "config/field.h"
#include "market/performance.h"

enum {
    SWEEP_APPLICATION_ID = 0x74757473, /* "tuts" */
    SWEEP_STORE_VERSION = 1,
    SWEEP_STORE_MASK_SETS = 64, /* Sets of one sweep_store_find() call. */
};

/* X(ENUM, column and name, member of the report, is the least the best?). */
#define SWEEP_MEASURES(X)                                          \
    X(NET_PNL, net_pnl_quote, global_pnl_quote, false)             \
    X(REALIZED_PNL, realized_pnl_quote, realized_pnl_quote, false) \
    X(FEES, fees_quote, fees_quote, true)                          \
    X(VOLUME, volume_traded, volume_traded, false)                 \
    X(WIN_RATE, win_rate, win_rate, false)                         \
    X(PROFIT_FACTOR, profit_factor, profit_factor, false)          \
    X(MAX_DRAWDOWN, max_drawdown_quote, max_drawdown_quote, true)  \
    X(SHARPE_RATIO, sharpe_ratio, sharpe_ratio, false)

enum sweep_measure {
    SWEEP_MEASURE_NONE,
#define SWEEP_MEASURE_ENUM(name, column, member, is_least) SWEEP_MEASURE_##name,
    SWEEP_MEASURES(SWEEP_MEASURE_ENUM)
#undef SWEEP_MEASURE_ENUM
};

/* For field tables. */
extern const struct field_name sweep_measure_names[];

enum sweep_state {
    SWEEP_SET_DONE = 1,
    SWEEP_SET_INVALID, /* Its values are refused: nothing was run. */
    SWEEP_SET_FAILED,  /* The run did not come to its end. */
};

/* "done", "invalid", "failed". */
const char *sweep_state_name(enum sweep_state state);

/* One set. */
struct sweep_row {
    uint64_t set; /* Its number, from 0. */
    enum sweep_state state;
    const char *parameters;          /* JSON object: path to value. Borrowed. */
    const char *problem;             /* What is wrong with it; "" when it is done. Borrowed. */
    struct performance_report total; /* When it is done. */
    const char *close_types;         /* Of a row that was read: JSON object, close type to count. */
};

/* What was swept. Texts are borrowed for the call. */
struct sweep_identity {
    const char *name;        /* Of the run. */
    const char *config_hash; /* SHA-256 of the run file, hex. */
    const char *version;     /* Of the program. */
    uint64_t sets;
};

/* How many rows there are. */
struct sweep_counts {
    uint64_t done;
    uint64_t invalid;
    uint64_t failed;
};

struct sweep_store; /* Opaque. */

/*
 * Opens, and creates when absent. is_replaced: what the file holds of a sweep is deleted. Errors
 * name the file and the next step: ERR_EXISTS for the sweep of another run file, ERR_VERSION for a
 * file of another program or version, ERR_LOCKED while another process sweeps into it, ERR_CORRUPT,
 * ERR_IO, ERR_MEMORY.
 */
MUST_USE enum err sweep_store_open(const char *path, const struct sweep_identity *identity,
                                   bool is_replaced, struct sweep_store **ret_store,
                                   struct failure *failure);

/* Gives it up; what was not committed is lost. NULL is allowed. */
void sweep_store_close(struct sweep_store *store);

/* Which of the sets first to first + SWEEP_STORE_MASK_SETS - 1 have a row: bit i is first + i. */
MUST_USE enum err sweep_store_find(struct sweep_store *store, uint64_t first, uint64_t *ret_mask,
                                   struct failure *failure);

/* Adds a row to the group. ERR_OVERFLOW for a figure that is no valid decimal, ERR_CORRUPT for a
 * set that has a row. */
MUST_USE enum err sweep_store_append(struct sweep_store *store, const struct sweep_row *row,
                                     struct failure *failure);

/* Makes the group durable. Nothing to do is fine. */
MUST_USE enum err sweep_store_commit(struct sweep_store *store, struct failure *failure);

MUST_USE enum err sweep_store_count(struct sweep_store *store, struct sweep_counts *ret_counts,
                                    struct failure *failure);

/*
 * Calls `visit` for the best `top` rows that are done, the best first; of equal ones the lower
 * number first. Compares exactly. Of the row's report, the figures of SWEEP_MEASURES and the counts
 * of executors (all as closed) and fills are filled in. Memory is bounded by `top`.
 */
MUST_USE enum err sweep_store_rank(struct sweep_store *store, enum sweep_measure measure,
                                   size_t top,
                                   void (*visit)(void *context, const struct sweep_row *row),
                                   void *context, struct failure *failure);

#endif
