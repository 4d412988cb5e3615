/*
 * market/position.h - the position book: what is owned, derived from fills and nothing else.
 *
 * One position per (controller, instrument, side). Netted instruments keep one position with side
 * 0; in hedge mode BUY and SELL are separate. Average cost: a fill that adds moves the average, one
 * that reduces realizes (price - average) * matched, one that crosses zero does both.
 *
 * Base fees reduce what is owned: a buy of 1 with a fee of 0.001 base is booked as 0.999 at the
 * fill's price, a sell of 1 with that fee as a sell of 1.001; the fee is counted in fees_quote at
 * the fill's price and is not part of realized pnl. So
 *
 *     realized + unrealized - fees == (quote received - quote paid - quote fees) + amount * mark
 *
 * holds after every fill, exactly but for the rounding of products and quotients to 18 digits: at
 * most 10^-18 * (4 + |amount|) quote per fill.
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
    enum side side;                    /* 0: netted. */
    struct decimal amount;             /* Signed, base: positive is long. */
    struct decimal average_price;      /* Of what is owned; 0 when flat. */
    struct decimal realized_pnl_quote; /* Without fees. */
    struct decimal fees_quote;
    struct decimal funding_quote; /* Received, less what was paid; not part of realized pnl. */
    struct decimal volume_quote;  /* Sum of price * amount. */
    struct decimal opened_base;   /* Owned before the first fill. */
    struct decimal bought_base;   /* Sums of fills, for checks against the fill table. */
    struct decimal sold_base;
    struct decimal fee_base; /* Sum of fees in base: amount = opened + bought - sold - fee_base. */
};

/*
 * Books one fill of the position's instrument. ERR_RANGE: an amount or a price that is not > 0;
 * ERR_OVERFLOW: a figure left its range. Both leave the position as it was.
 */
MUST_USE enum err position_apply(struct position *position, const struct fill *fill);

/* Books a funding payment, positive when it is received. ERR_OVERFLOW leaves the position as it
 * was.
 */
MUST_USE enum err position_fund(struct position *position, struct decimal amount);

/* Puts an amount > 0 bought at a price > 0 into a position that nothing has happened to. ERR_STATE
 * when something has, ERR_RANGE. No fill: bought_base and volume_quote stay 0, and
 * amount = opened + bought - sold - fee_base. */
MUST_USE enum err position_open(struct position *position, struct decimal amount,
                                struct decimal price);

/* (mark - average) * amount; mark is the price at which it could be closed. Invalid on overflow. */
struct decimal position_unrealized(const struct position *position, struct decimal mark);

struct position_book; /* Opaque: the table lives in position.c. */

/* An empty book. ERR_MEMORY. */
MUST_USE enum err position_book_create(struct position_book **ret_book);
void position_book_destroy(struct position_book *book);

/* The position, made flat when it is new. NULL: no memory. Borrowed until the next call. */
struct position *position_book_get(struct position_book *book, uint32_t controller,
                                   uint32_t instrument, enum side side);

/* All positions in order of creation; borrowed until the next position_book_get(). */
const struct position *position_book_items(const struct position_book *book, size_t *ret_count);

#endif
