/*
 * market/risk.h - the risk engine: what an order may be, before it leaves.
 *
 * Pure and incremental: it is told of every order and fill and answers from sums; a check looks at
 * no other executor and no other order. An order belongs to five scopes: the run (global), its
 * venue account, its instrument, its controller and its executor. Each has a state and limits, and
 * the strictest decides.
 *
 * Worst case: live orders count as if all of one side filled and none of the other. A position of
 * +3 with live buys of 2 and live sells of 4 may become 5 or -1: it counts as 5.
 *
 * Reducing: an order that reduces what its executor owns, or else what its controller owns, with
 * all live orders of its side filled before it; and one that the venue only lets reduce. It is not
 * limited in size, position or exposure, so that a stop is never refused for what it closes; rate,
 * open orders, prices and instrument rules hold for it too.
 *
 * Hedged instruments keep a long and a short position. What counts there is their sum: an order
 * that opens moves it like a buy, one that closes like a sale.
 *
 * Exposure is worst-case amount times the middle of bid and ask, summed over instruments in one
 * quote asset. An instrument is valued again with each order, fill and risk_revalue().
 *
 * A figure that left the range of decimals denies: the engine fails closed.
 *
 * Ownership: limits and instruments are borrowed for the engine's life. What belongs to one
 * executor is in struct risk_executor, in the caller's memory.
 * Threads: belongs to the orchestrator.
 */
#ifndef TUTTI_MARKET_RISK_H
#define TUTTI_MARKET_RISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "config/field.h"
#include "market/deny.h"
#include "market/instrument.h"
#include "market/order.h"
#include "market/quote.h"
#include "market/target.h"
#include "market/wake.h"

/* What a scope lets through, the later the less. */
enum risk_state {
    RISK_ACTIVE = 1,
    RISK_REDUCING = 2, /* Only what reduces, and cancels. */
    RISK_HALTED = 3,   /* Only cancels. */
};

extern const struct field_name risk_state_names[]; /* ACTIVE, REDUCING, HALTED */

enum risk_scope_kind {
    RISK_GLOBAL,
    RISK_VENUE,
    RISK_INSTRUMENT,
    RISK_CONTROLLER,
    RISK_EXECUTOR,
};

/* The limits of one scope; 0 means no limit. */
struct risk_limits {
    struct decimal max_order_quantity; /* Base. */
    struct decimal max_order_notional; /* Quote. */
    struct decimal price_collar;       /* Fraction of the reference price, to both sides. */
    int64_t max_price_age_ns;          /* 0: RISK_PRICE_AGE_DEFAULT_NS where there is a collar. */
    int64_t max_orders_per_second;
    int64_t max_open_orders;
    struct decimal max_position;       /* Base, of each instrument, worst case. */
    struct decimal max_exposure_quote; /* Of all instruments together, worst case. */
    int64_t max_executors;
    struct decimal max_drawdown_quote; /* Losses: market/risk_loss.h. */
    bool has_max_drawdown;
    struct decimal max_daily_loss_quote;
    bool has_max_daily_loss;
};

#define RISK_PRICE_AGE_DEFAULT_NS (INT64_C(60) * 1000000000)

/* The limits of each executor by itself; 0 means no limit. */
struct risk_executor_limits {
    int64_t max_orders_per_second;
    int64_t max_rejects_per_minute;  /* More of them stop the executor. */
    struct decimal target_tolerance; /* Fraction of the target that may be opened beyond it. */
};

/* What one executor owns and has in the market, by its markets. */
struct risk_market {
    struct decimal owned; /* Signed, base: fills less fees in base. */
    struct decimal buys;  /* What is left of live orders. */
    struct decimal sells;
    struct decimal opening;      /* What is left of live orders that count against the target. */
    struct decimal opened;       /* That, and what they have filled. */
    struct decimal opened_quote; /* The same in quote. */
};

/* Of an executor that is to be created for a controller that is not known yet. */
#define RISK_NO_CONTROLLER UINT32_MAX

struct risk_executor {
    uint32_t controller;
    uint32_t instruments[WAKE_MARKETS_MAX];
    uint32_t cells[WAKE_MARKETS_MAX]; /* Where its controller's figures of the market are. */
    uint8_t market_count;
    bool is_paired; /* Both markets trade the same base asset: they are one position. */
    enum risk_state state : 8;
    uint32_t rejects;      /* Since rejects_at_ns. */
    int64_t rejects_at_ns; /* The first of the minute. */
    int64_t rate_at_ns;    /* See risk_check.c. */
    struct target target;  /* Of each market. */
    struct risk_market first;
    struct risk_market *second; /* Borrowed from the caller; NULL: it has one market. */
};

/* Its figures of a market. */
static inline const struct risk_market *risk_market_of(const struct risk_executor *executor,
                                                       uint32_t market)
{
    return market == 0 ? &executor->first : executor->second;
}

/* An order that is to be judged. */
struct risk_order {
    uint32_t market; /* Of the executor. */
    enum side side;
    enum side way; /* How it moves the position: its side, or see hedged instruments above. */
    enum order_type type;
    bool is_opening;     /* ROLE_OPEN: counts against the target. */
    bool is_hedge;       /* Of a pair: counts too, unless it reduces. */
    bool is_reduce_only; /* The venue lets it reduce a position and nothing else. */
    struct decimal amount;
    struct decimal price; /* 0 for MARKET. */
    int64_t now_ns;
    const struct quote *quote; /* Borrowed: the newest of the instrument. */
};

/* Why not. */
struct risk_verdict {
    enum deny_code code;
    enum risk_scope_kind scope;
    struct decimal limit;
    struct decimal value; /* What it would be. */
};

/* How an order or a fill moves the figures. */
struct risk_move {
    uint32_t market;
    enum side way;             /* As in the order. */
    bool is_opening;           /* Counts against the target. */
    struct decimal live;       /* Change of what is left of the live order: positive when placed. */
    struct decimal live_quote; /* The same at the order's price. */
    struct decimal filled;     /* >= 0 */
    struct decimal filled_quote;
    struct decimal owned;      /* Signed change of what is owned. */
    const struct quote *quote; /* Borrowed. */
};

struct risk_setup {
    const struct instrument *instruments; /* Borrowed. */
    size_t instrument_count;
    size_t venue_count;
    const struct risk_limits *global;        /* Borrowed, as the following. NULL: no limits. */
    const struct risk_limits *const *venues; /* By venue; an entry may be NULL. */
    const struct risk_limits *const *instrument_limits; /* By instrument; the same. */
    const struct risk_executor_limits *executor;
    bool denies_self_trade;
};

struct risk; /* Opaque: market/risk_layout.h. */

/* ERR_MEMORY. The pointer arrays of the setup are used during the call only. */
MUST_USE enum err risk_create(const struct risk_setup *setup, struct risk **ret_risk);
void risk_destroy(struct risk *risk);

/* Adds the next controller, numbered from 0. limits NULL: none of its own. ERR_MEMORY. */
MUST_USE enum err risk_add_controller(struct risk *risk, const struct risk_limits *limits);

/* Prepares the figures of an executor of `controller` with these instruments; of no controller, for
 * risk_check_create() only. With two instruments the caller sets `second`, to zeroed memory, before
 * the first order. ERR_MEMORY. */
MUST_USE enum err risk_executor_init(struct risk *risk, uint32_t controller,
                                     const uint32_t *instruments, size_t count,
                                     struct risk_executor *ret_executor);

/* The state of GLOBAL, a VENUE, an INSTRUMENT or a CONTROLLER by its number (0 for GLOBAL). */
void risk_set_state(struct risk *risk, enum risk_scope_kind kind, uint32_t number,
                    enum risk_state state);
enum risk_state risk_state_of(const struct risk *risk, enum risk_scope_kind kind, uint32_t number);

/* The strictest state that holds for an executor's market, and whose it is. */
enum risk_state risk_effective_state(const struct risk *risk, const struct risk_executor *executor,
                                     uint32_t market, enum risk_scope_kind *ret_scope);

/* True when the executor may be created, before risk_on_created(). */
bool risk_check_create(const struct risk *risk, const struct risk_executor *executor,
                       struct risk_verdict *ret_verdict);
void risk_on_created(struct risk *risk, const struct risk_executor *executor);
void risk_on_closed(struct risk *risk, const struct risk_executor *executor);

/* The price at which an order counts: its own, or the best of the other side. */
struct decimal risk_order_price(const struct risk_order *order);

/* True when the order may leave; nothing is changed. */
bool risk_check(const struct risk *risk, const struct risk_executor *executor,
                const struct risk_order *order, struct risk_verdict *ret_verdict);

/* Whether it reduces, as the head of this file says. Live orders count: ask before it is placed. */
bool risk_is_reducing(const struct risk *risk, const struct risk_executor *executor,
                      const struct risk_order *order);

/* The order leaves: it is live and has used its part of the rates. */
void risk_on_placed(struct risk *risk, struct risk_executor *executor,
                    const struct risk_order *order);

/* A live order of this market has ended; what was left of it goes by risk_move(). */
void risk_on_ended(struct risk *risk, const struct risk_executor *executor, uint32_t market);

void risk_move(struct risk *risk, struct risk_executor *executor, const struct risk_move *move);

/* An order was denied or rejected. True when that is once too often within a minute: the caller
 * stops the executor. */
bool risk_on_rejected(const struct risk *risk, struct risk_executor *executor, int64_t now_ns);

/* Values every instrument at these quotes, by instrument; one without a quote (bid 0) keeps its
 * value. risk_revalue() does nothing unless an exposure is limited; risk_value() is for somebody
 * who wants to see. */
void risk_value(struct risk *risk, const struct quote *quotes);
void risk_revalue(struct risk *risk, const struct quote *quotes);

/* Own resting limit orders, when self trades are denied; else nothing is kept and the place is 0.
 * price on the tick grid. ERR_MEMORY, ERR_LIMIT. */
MUST_USE enum err risk_rest(struct risk *risk, uint32_t instrument, enum side side,
                            struct decimal price, uint32_t *ret_place);
void risk_unrest(struct risk *risk, uint32_t instrument, enum side side, uint32_t place);

/* What a scope has in use, for people. */
struct risk_usage {
    const struct risk_limits *limits; /* Never NULL. */
    uint64_t open_orders;
    uint64_t executors;
    struct decimal exposure_quote;
};
struct risk_usage risk_usage_of(const struct risk *risk, enum risk_scope_kind kind,
                                uint32_t number);

#endif
