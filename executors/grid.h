/*
 * executors/grid.h - a ladder of levels, each of which opens, takes its profit and opens again.
 *
 * A level passes NOT_ACTIVE -> OPEN_ORDER_PLACED -> OPEN_ORDER_FILLED -> CLOSE_ORDER_PLACED ->
 * COMPLETE -> NOT_ACTIVE. The state is never stored: it follows from the level's orders in the
 * ledger (their slot is the level) and from its lot, which is what the level owns at average cost.
 * So the fills of a canceled order stay with their level, and a loaded grid places only what is
 * missing.
 *
 * The grid itself ends at a stop loss, at its limit price, at a time limit, by a trailing stop, or
 * when the mid price has left the ladder on the winning side; the first of these wins, and nothing
 * is placed in the evaluation in which one fires.
 *
 * A figure that leaves the range of a decimal ends the grid as FAILED, with what it owns handed
 * over.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GRID_H
#define TUTTI_EXECUTORS_GRID_H

#include "executors/executor.h"
#include "executors/grid_config.h"
#include "executors/guard.h"
#include "executors/trailing.h"
#include "market/quote.h"

/* What a level owns. Over-closed it is negative. */
struct grid_lot {
    struct decimal amount; /* Base, fees taken in base deducted. */
    struct decimal cost;   /* Quote; the amount at its average price. */
    struct decimal fees;   /* Quote; paid for opening it. */
};

struct grid_level {
    struct decimal price;
    struct grid_lot lot;
    bool has_lot;           /* It is enough for an order that closes it; see grid_lot_weigh(). */
    uint32_t open_ordinal;  /* Latest opening order; 0: none. */
    uint32_t close_ordinal; /* Latest closing order; 0: none. */
};

struct grid {
    struct executor executor;
    struct decimal start_mid;   /* The levels follow from it. */
    struct decimal amount;      /* Base per level. */
    struct decimal take_profit; /* Fraction; as configured or the distance of two levels. */
    uint32_t level_count;
    struct decimal realized; /* Quote; round trips at fill prices minus all their fees. */
    struct grid_lot owned;   /* All lots together; see grid_lot_weigh(). */
    struct trailing_trigger trailing;
    uint64_t fill_events;
    bool has_opened;
    int64_t opened_at_ns;    /* Latest opening order; meaningful when has_opened. */
    struct guard_pair guard; /* Raised by each evaluation. */
    struct quote final;      /* The market when it ended: the figures stay those. */
    struct grid_level levels[GRID_LEVELS_MAX];
};

enum grid_level_state {
    GRID_LEVEL_NOT_ACTIVE,
    GRID_LEVEL_OPEN_ORDER_PLACED,
    GRID_LEVEL_OPEN_ORDER_FILLED,
    GRID_LEVEL_CLOSE_ORDER_PLACED,
    GRID_LEVEL_COMPLETE, /* Passed through within one evaluation. */
    GRID_LEVEL_STATE_COUNT,
};

static inline const struct grid_config *grid_config_of(const struct grid *grid)
{
    return (const struct grid_config *)grid->executor.config;
}

static inline enum side grid_side(const struct grid *grid)
{
    return (enum side)grid_config_of(grid)->side;
}

/* The live order with that ordinal, one of a level, or NULL. */
static inline struct ledger_order *grid_live(const struct grid *grid, uint32_t ordinal)
{
    const struct ledger *ledger = &grid->executor.ledger;
    if (ordinal == 0) {
        return NULL;
    }
    ASSERT(ordinal <= ledger->count);
    struct ledger_order *order = &ledger->orders[ordinal - 1];
    return ledger_order_is_live(order) ? order : NULL;
}

struct grid_moment;

/* What a RUNNING grid waits for that has just been evaluated at that moment. */
struct wake grid_wake_at(const struct grid *grid, const struct grid_moment *moment);

enum grid_level_state grid_level_state(const struct grid *grid, const struct grid_level *level);

/* The functions of executor_kind. */
void grid_plan(const struct executor_config *config, const struct executor_view *view,
               struct executor_plans *ret_plans);
void grid_on_start(struct executor *executor, const struct executor_view *view, bool is_funded,
                   struct executor_requests *requests);
void grid_on_market(struct executor *executor, const struct executor_view *view,
                    struct executor_requests *requests);
void grid_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns);
MUST_USE enum err grid_on_stop(struct executor *executor, const struct executor_view *view,
                               bool keep_position, struct executor_requests *requests);
void grid_wake(const struct executor *executor, const struct executor_view *view,
               struct wake *ret_wake);
void grid_report(const struct executor *executor, const struct executor_view *view,
                 struct executor_report *ret_report);
void grid_custom_info(const struct executor *executor, const struct executor_view *view,
                      struct text *out);
void grid_save(const struct executor *executor, struct text *out);
MUST_USE enum err grid_load(struct executor *executor, const struct node *node);

#endif
