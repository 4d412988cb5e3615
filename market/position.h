/*
 * market/position.h - the position book: what is owned, derived from fills and nothing else.
 *
 * One position per (controller, instrument, side). Netted instruments keep one position with side
 * 0; in hedge mode BUY and SELL are separate. Average cost: a fill that adds moves the average, one
 * that reduces realizes (price - average) * matched, one that crosses zero does both.
 *
 * Base fees reduce what is owned: a buy of 1 with a fee of 0.001 base adds 0.999 to the amount at
 * a cost of 1 * price; the fee is counted in fees_quote at the fill's price and is not part of
 * realized pnl, so realized + unrealized - fees is the whole result.
 *
 * Threads: belongs to the orchestrator.
 */
#ifndef TUTTI_MARKET_POSITION_H
#define TUTTI_MARKET_POSITION_H

#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"
#include "market/order.h"

struct position {
    uint32_t controller; /* Number of the controller in the run. */
    uint32_t instrument;
    enum side side;               /* 0: netted. */
    struct decimal amount;        /* Signed, base: positive is long. */
    struct decimal average_price; /* Of what is owned; 0 when flat. */
    struct decimal realized_pnl_quote; /* Without fees. */
    struct decimal fees_quote;
    struct decimal volume_quote;  /* Sum of price * amount. */
    struct decimal bought_base;   /* Sums of fills, for checks against the fill table. */
    struct decimal sold_base;
    struct decimal fee_base;      /* Part of bought_base that went away as fees. */
};

/* Books one fill; ERR_OVERFLOW leaves the position as it was. */
MUST_USE enum err position_apply(struct position *position, const struct fill *fill);

/* (mark - average) * amount; mark is the price at which it could be closed. */
struct decimal position_unrealized(const struct position *position, struct decimal mark);

struct position_book; /* Opaque. */

MUST_USE enum err position_book_create(struct position_book **ret_book);
void position_book_destroy(struct position_book *book);

/* The position, made flat when it is new. NULL: no memory. Borrowed until the next call. */
struct position *position_book_get(struct position_book *book, uint32_t controller,
                                   uint32_t instrument, enum side side);

/* All positions in order of creation; borrowed until the next position_book_get(). */
const struct position *position_book_items(const struct position_book *book, size_t *ret_count);

#endif
