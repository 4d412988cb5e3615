/*
 * executors/ledger.h - every order an executor ever placed, and what became of it.
 *
 * Nothing is forgotten: fills of canceled, failed and expired orders count. All quantities and pnl
 * are sums over the ledger; the totals are kept here, incrementally, and nowhere else.
 *
 * Threads: belongs to its executor.
 */
#ifndef TUTTI_EXECUTORS_LEDGER_H
#define TUTTI_EXECUTORS_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "config/node.h"
#include "market/order.h"

enum { LEDGER_ORDERS_MAX = 100000 }; /* Per executor; more is a runaway and refused. */

/* PENDING -> ACKNOWLEDGED -> FILLED | CANCELED; PENDING -> FAILED. Live: PENDING, ACKNOWLEDGED. */
enum ledger_state {
    LEDGER_PENDING,
    LEDGER_ACKNOWLEDGED,
    LEDGER_FILLED,
    LEDGER_CANCELED,
    LEDGER_FAILED,
};

struct ledger_order {
    uint64_t epoch; /* Of its client order id: of the start in which it was placed. */
    int64_t placed_at_ns;
    int64_t cancel_requested_at_ns; /* Latest request; meaningful when is_cancel_requested. */
    uint32_t ordinal;               /* 1 for the first. */
    uint32_t market;
    uint32_t slot; /* As in the draft. */
    enum order_role role : 8;
    enum side side : 8;
    enum order_type type : 8;
    enum ledger_state state : 8;
    bool is_cancel_requested;
    bool is_timed_out;
    bool is_changed;                   /* Since ledger_forget_changes(). */
    struct decimal amount;             /* Requested, base. */
    struct decimal price;              /* 0 for MARKET. */
    struct decimal executed;           /* Sum of fill amounts. */
    struct decimal quote;              /* Sum of price * amount of the fills. */
    struct decimal fees;               /* In quote. */
    struct decimal fee_base;           /* The part of the fees that was taken in base. */
    struct decimal gross_at_placement; /* Sum of OPEN fills when it was placed. */
};

/* What is asked for when an order is placed. */
struct order_draft {
    uint32_t market; /* Index into the executor's markets. */
    enum order_role role;
    enum side side;
    enum order_type type;
    struct decimal amount; /* On the step grid, > 0. */
    struct decimal price;  /* On the tick grid; 0 for MARKET. */
    enum time_in_force time_in_force;
    enum position_action action;
    uint32_t leverage; /* Perpetuals; 0 and 1 mean none. */
    uint32_t slot;     /* Which part of the plan it serves, e.g. a level; the kind's own number. */
};

/* Sums over the orders of one group. An overflow makes a sum invalid and stays in it. */
struct ledger_sum {
    struct decimal executed;
    struct decimal quote;
};

struct ledger {
    struct ledger_order *orders; /* Owned, in order of ordinal. */
    uint32_t count;
    uint32_t capacity;
    uint32_t live_count;
    uint32_t settled;          /* That many from the first have ended and are not changed. */
    uint32_t changes;          /* Counts what happens to it: the same number, the same ledger. */
    struct ledger_sum opening; /* Orders of role OPEN. */
    struct ledger_sum closing; /* All others. */
    struct decimal fees;       /* Of all orders, in quote. */
    struct decimal fee_base;   /* Of the orders of role OPEN, taken in base. */
    struct decimal average;    /* opening.quote / opening.executed; 0 before any fill. */
    struct decimal basis;      /* ledger_opened() * average */
};

void ledger_done(struct ledger *ledger);

/* What the orders of role OPEN have brought, base. */
static inline struct decimal ledger_opened(const struct ledger *ledger)
{
    return decimal_subtract(ledger->opening.executed, ledger->fee_base);
}

/* What of that the other orders have not taken away again. */
static inline struct decimal ledger_remaining(const struct ledger *ledger)
{
    return decimal_subtract(ledger_opened(ledger), ledger->closing.executed);
}

static inline bool ledger_order_is_live(const struct ledger_order *order)
{
    return order->state == LEDGER_PENDING || order->state == LEDGER_ACKNOWLEDGED;
}

/* The order with that ordinal, or NULL. Borrowed until the next ledger_place(). */
struct ledger_order *ledger_find(const struct ledger *ledger, uint32_t ordinal);

/* The live order of a role, or NULL. With several (a kind of its own may), the oldest. */
struct ledger_order *ledger_live(const struct ledger *ledger, enum order_role role);

/* Whether every order is in the first market and at most one of each role is live: so it is for a
 * kind that has one position and no slots. */
bool ledger_is_exclusive(const struct ledger *ledger);

/*
 * Adds an order in PENDING; its ordinal is count + 1. NULL when there is no memory or
 * LEDGER_ORDERS_MAX is reached; then nothing has changed.
 */
struct ledger_order *ledger_place(struct ledger *ledger, const struct order_draft *draft,
                                  int64_t now_ns);

/* Books a fill; it counts whatever the state. The order must exist. */
void ledger_fill(struct ledger *ledger, uint32_t ordinal, const struct fill *fill);

/* Moves the state and keeps live_count. A terminal state never changes again: then nothing
 * happens and false is returned. */
bool ledger_set_state(struct ledger *ledger, struct ledger_order *order, enum ledger_state state);

/* Writes the orders as a JSON array of positional rows. */
void ledger_save(const struct ledger *ledger, struct text *out);

/* The same of the orders that are new or changed since ledger_forget_changes(): however many there
 * were before, they cost nothing. */
void ledger_save_changes(const struct ledger *ledger, struct text *out);

/* Whether there are such. */
bool ledger_is_changed(const struct ledger *ledger);

/* What the orders are now is written down somewhere. */
void ledger_forget_changes(struct ledger *ledger);

/* Reads what ledger_save() or ledger_save_changes() wrote: orders that are there already are
 * replaced, new ones are added behind them. ERR_CORRUPT, ERR_MEMORY: then it holds a part and must
 * not be used, only given to ledger_done(). */
MUST_USE enum err ledger_load(struct ledger *ledger, const struct node *node);

#endif
