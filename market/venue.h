/*
 * market/venue.h - the contract of a venue: orders in, updates out.
 *
 * A venue is pure like an executor: time and quotes come in as parameters, updates are collected
 * in a list. The venue actor gives it a mailbox; the golden runner calls it directly.
 *
 * Threads: one venue belongs to one actor.
 */
#ifndef TUTTI_MARKET_VENUE_H
#define TUTTI_MARKET_VENUE_H

#include <stddef.h>
#include <stdint.h>

#include "market/instrument.h"
#include "market/order.h"
#include "market/quote.h"
#include "market/wake.h"

/* A new order on its way to the venue. */
struct order_ticket {
    struct order_id id;
    uint32_t instrument;
    enum side side : 8;
    enum order_type type : 8;
    enum time_in_force time_in_force : 8;
    enum position_action action : 8; /* Perpetuals in hedge mode, and reduce-only closes. */
    uint32_t leverage;               /* Perpetuals; 0 and 1 mean none. */
    struct decimal amount;
    struct decimal price; /* 0 for MARKET. */
};

enum venue_update_kind {
    VENUE_ACCEPTED, /* It is in the book. */
    VENUE_REJECTED, /* It never was; reason says why. */
    VENUE_FILL,
    VENUE_COMPLETED, /* After the last fill. */
    VENUE_CANCELED,  /* By request or by the venue. */
    VENUE_EXPIRED,   /* By the venue: its time is over. */
    /* The venue closes a position by an order of its own: `order` is its id, `fill` says
     * instrument, side, amount and the mark price, reason why. Its VENUE_FILL and VENUE_COMPLETED
     * follow. */
    VENUE_LIQUIDATION,
    VENUE_FUNDING, /* `payment` was booked; it belongs to no order. */
    /* Only from a venue in another process, about a request whose outcome is not certain: */
    VENUE_UNKNOWN,   /* No answer came, or one that says nothing: only a query can tell. */
    VENUE_LIVE,      /* The venue says that the order is open. */
    VENUE_NOT_FOUND, /* The venue does not know it, and it is too old to arrive any more. */
};

enum { VENUE_REASON_MAX = 96 };

/* Funding of one position of a perpetual instrument. */
struct venue_payment {
    uint32_t instrument;
    enum side side; /* 0: a netted position. */
    int64_t due_ns; /* The multiple of the interval that it is for. */
    int64_t time_ns;
    struct decimal rate;
    struct decimal notional; /* >= 0 */
    struct decimal amount;   /* Signed, in the quote asset: positive is received. */
};

struct venue_update {
    enum venue_update_kind kind;
    uint64_t trade_number; /* VENUE_FILL: of the account's trades, from 1; 0: it has none. */
    struct order_id order;
    union {
        struct fill fill;             /* VENUE_FILL, VENUE_LIQUIDATION. */
        struct venue_payment payment; /* VENUE_FUNDING. */
    };
    char reason[VENUE_REASON_MAX];
};

/* Updates in the order in which they happened; grows. */
struct venue_updates {
    struct venue_update *items; /* Owned. */
    size_t count;
    size_t capacity;
};

void venue_updates_done(struct venue_updates *updates);

/* venue_updates_reserve() when there is no room yet. */
MUST_USE enum err venue_updates_grow(struct venue_updates *updates, size_t more);

/* Makes room for `more` updates, so that the next `more` calls of venue_updates_add() cannot fail.
 * ERR_MEMORY. */
MUST_USE static inline enum err venue_updates_reserve(struct venue_updates *updates, size_t more)
{
    return more <= updates->capacity - updates->count ? ERR_NONE
                                                      : venue_updates_grow(updates, more);
}

/* Room for one more, zeroed; NULL when there is no memory. */
struct venue_update *venue_updates_add(struct venue_updates *updates);

#endif
