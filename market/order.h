/*
 * market/order.h - the words of trading: sides, order types, order states, fills, identities.
 *
 * Numbers of enums are Hummingbot's where it has them, because they are stored and sent.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_ORDER_H
#define TUTTI_MARKET_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"
#include "config/field.h"

enum side { SIDE_BUY = 1, SIDE_SELL = 2 };

enum order_type { ORDER_MARKET = 1, ORDER_LIMIT = 2, ORDER_LIMIT_MAKER = 3 };

/* Why an executor placed it. */
enum order_role { ROLE_OPEN = 0, ROLE_CLOSE = 1, ROLE_PARTIAL = 2, ROLE_TAKE_PROFIT = 3 };

enum order_state {
    ORDER_CREATED = 0, /* Decided, not yet journalled. */
    ORDER_PENDING_SUBMIT,
    ORDER_OPEN,
    ORDER_PARTIALLY_FILLED,
    ORDER_PENDING_CANCEL,
    ORDER_FILLED,
    ORDER_CANCELED,
    ORDER_REJECTED,
    ORDER_EXPIRED,
    ORDER_UNKNOWN, /* The venue did not answer; only a query can tell. */
};

enum liquidity { LIQUIDITY_MAKER = 1, LIQUIDITY_TAKER = 2 };

/* How long an order lives: until it is canceled; only as far as it fills at once; all or nothing.
 */
enum time_in_force { TIME_IN_FORCE_GTC = 0, TIME_IN_FORCE_IOC = 1, TIME_IN_FORCE_FOK = 2 };

/* What an order does to a perpetual position in hedge mode; CLOSE never opens (reduce-only). */
enum position_action {
    POSITION_ACTION_NIL = 0,
    POSITION_ACTION_OPEN = 1,
    POSITION_ACTION_CLOSE = 2
};

extern const struct field_name side_names[];            /* BUY, SELL */
extern const struct field_name order_type_names[];      /* MARKET, LIMIT, LIMIT_MAKER */
extern const struct field_name order_role_names[];      /* open, close, partial, take_profit */
extern const struct field_name order_state_names[];     /* CREATED, PENDING_SUBMIT, ... */
extern const struct field_name order_input_names[];     /* SUBMIT, DENY, ACCEPTED, ... */
extern const struct field_name liquidity_names[];       /* maker, taker */
extern const struct field_name time_in_force_names[];   /* GTC, IOC, FOK */
extern const struct field_name position_action_names[]; /* NIL, OPEN, CLOSE */

static inline enum side side_opposite(enum side side)
{
    return side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
}

enum { ORDER_STATE_COUNT = ORDER_UNKNOWN + 1 };

/* FILLED, CANCELED, REJECTED or EXPIRED: nothing more can happen to the order but late fills. */
bool order_state_is_terminal(enum order_state state);

/* What can happen to an order, as the orchestrator learns of it. */
enum order_input {
    ORDER_INPUT_SUBMIT,     /* Its intent is in the journal: it goes to the venue. */
    ORDER_INPUT_DENY,       /* It does not go out; also while its intent is being written. */
    ORDER_INPUT_ACCEPTED,   /* The venue has it in its book. */
    ORDER_INPUT_FILL,       /* A part of it, or the rest. */
    ORDER_INPUT_COMPLETED,  /* The venue says that nothing is left. */
    ORDER_INPUT_CANCEL,     /* Its executor wants it back. */
    ORDER_INPUT_CANCELED,   /* The venue has taken it out. */
    ORDER_INPUT_REJECTED,   /* The venue has refused it. */
    ORDER_INPUT_EXPIRED,    /* The venue has ended it by time. */
    ORDER_INPUT_UNANSWERED, /* Nobody knows what became of a request about it. */
    ORDER_INPUT_LIVE,       /* The venue, asked, says that it is open. */
    ORDER_INPUT_NOT_FOUND,  /* The venue, asked, does not know it, and nothing can still arrive. */
    ORDER_INPUT_COUNT,
};

enum order_verdict {
    ORDER_MOVES,      /* To another state. */
    ORDER_STAYS,      /* It is no news in this state. */
    ORDER_IMPOSSIBLE, /* Whoever says so is wrong: a programming error. */
};

/*
 * The state that follows, written to *ret_state also when it is the same one; after
 * ORDER_IMPOSSIBLE it is not written. The whole table is in docs/orders.md. A fill is booked in
 * every state, also when it moves none.
 */
enum order_verdict order_next(enum order_state state, enum order_input input,
                              enum order_state *ret_state);

/*
 * Whether an order in state `from` may be reported in state `to` next, by the same table. The first
 * report comes from CREATED, and is OPEN for an order that the venue itself has placed; every other
 * state may be repeated.
 */
bool order_state_may_become(enum order_state from, enum order_state to);

/*
 * The client order id: `<epoch>-<executor>-<ordinal>` in base 36, e.g. "t3k9x2-1f-3", at most 32
 * characters of [0-9a-z-]. Never reused: the epoch is unique to a start of the program, the
 * executor's number to the run, the ordinal to the executor.
 */
struct order_id {
    uint64_t epoch;    /* Below 36^12. */
    uint32_t executor; /* Number of the owner. */
    uint32_t ordinal;  /* 1 for the first order of the executor. */
};

enum { ORDER_ID_TEXT_MAX = 33 };

size_t order_id_print(struct order_id id, char out[ORDER_ID_TEXT_MAX]);
MUST_USE enum err order_id_parse(const char *text, struct order_id *ret_id);

enum { TRADE_ID_MAX = 32 };

/* One execution as the venue reports it. (venue, account, instrument, trade_id) is unique. */
struct fill {
    struct order_id order;
    uint32_t instrument;
    enum side side;
    char trade_id[TRADE_ID_MAX];
    struct decimal price;
    struct decimal amount; /* Base. */
    struct decimal fee;    /* In fee_asset; negative is a rebate. */
    bool fee_in_base;      /* The fee asset is the base asset, else the quote asset. */
    enum liquidity liquidity;
    int64_t time_ns;
};

/* price * amount of a fill, in quote. */
static inline struct decimal fill_quote(const struct fill *fill)
{
    return decimal_multiply(fill->price, fill->amount);
}

/* The fee in quote: as it is, or times the fill's price. */
static inline struct decimal fill_fee_quote(const struct fill *fill)
{
    return fill->fee_in_base ? decimal_multiply(fill->fee, fill->price) : fill->fee;
}

#endif
