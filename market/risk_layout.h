/*
 * market/risk_layout.h - what the files of the risk engine share.
 *
 * risk.c keeps the scopes and their sums, risk_check.c judges.
 *
 * Threads: as risk.h.
 */
#ifndef TUTTI_MARKET_RISK_LAYOUT_H
#define TUTTI_MARKET_RISK_LAYOUT_H

#include "market/resting.h"
#include "market/risk.h"

/* The position of one instrument within a scope. */
struct risk_cell {
    struct decimal owned; /* Signed. */
    struct decimal buys;
    struct decimal sells;
    struct decimal worth; /* Worst case times price, when it was valued last. */
};

struct risk_scope {
    const struct risk_limits *limits; /* Never NULL. */
    bool is_limited;                  /* Some limit is set: the others are not looked at. */
    enum risk_state state;
    uint64_t open_orders;
    uint64_t executors;
    int64_t rate_at_ns;
    struct decimal exposure; /* Sum of the worth of its cells. */
};

/* The instruments that a controller trades. */
struct risk_controller {
    struct risk_scope scope;
    struct risk_cell *cells; /* Owned. */
    uint32_t *instruments;   /* Owned: of which instrument each cell is. */
    uint32_t count;
    uint32_t capacity;
};

struct risk {
    const struct instrument *instruments; /* Borrowed. */
    size_t instrument_count;
    size_t venue_count;
    const struct risk_executor_limits *executor; /* Borrowed; never NULL. */
    struct risk_scope *global;                   /* Owned. */
    struct risk_scope *nobody; /* Owned: in place of a controller that is not known yet. */
    struct risk_scope *venues; /* Owned, by venue. */
    struct risk_scope *instrument_scopes; /* Owned, by instrument. */
    struct risk_cell *cells;              /* Owned, by instrument. */
    struct risk_controller *controllers;  /* Owned. */
    uint32_t controller_count;
    uint32_t controller_capacity;
    struct resting *resting; /* Owned, by instrument; NULL: self trades are allowed. */
    bool has_exposure_limit;
};

enum { RISK_SHARED_SCOPES = 4 }; /* Global, venue, instrument, controller. */

/* The larger of what the position may become to both sides, >= 0; invalid on overflow. */
struct decimal risk_worst(const struct risk_cell *cell);

/* The middle of bid and ask. */
struct decimal risk_reference(const struct quote *quote);

/* The scopes of an order, in the order of enum risk_scope_kind. */
void risk_scopes_of(const struct risk *risk, const struct risk_executor *executor, uint32_t market,
                    struct risk_scope *ret_scopes[RISK_SHARED_SCOPES]);

/* The state in force for an executor in its scopes, and the scope that says so. */
enum risk_state risk_strictest(struct risk_scope *const scopes[RISK_SHARED_SCOPES],
                               const struct risk_executor *executor,
                               enum risk_scope_kind *ret_scope);

/* Takes a place in the rate; see risk_check.c. */
void risk_take_rate(int64_t *rate_at_ns, int64_t per_second, int64_t now_ns);

#endif
