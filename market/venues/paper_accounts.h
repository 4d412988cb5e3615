/*
 * market/venues/paper_accounts.h - the money of the paper venue: balances, what is held back for
 * open orders, and the positions of perpetual instruments.
 *
 * Spot fills move both assets. A perpetual is cash-settled: only what a fill realizes and its fee
 * move the quote asset; the position keeps its signed cost, whose magnitude is held back as margin
 * (leverage 1). Nothing is rounded but products, so that
 *     total - cost = opening + what the fills were worth - fees
 * holds to the last digit.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_ACCOUNTS_H
#define TUTTI_MARKET_VENUES_PAPER_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/venue.h"

struct paper_account {
    char asset[ASSET_MAX_LENGTH + 1];
    struct decimal total;
    struct decimal reserved; /* For open orders and as margin; part of the total. */
};

/* A position of a perpetual instrument. */
struct paper_position {
    struct decimal amount; /* Signed, base: positive is long. */
    struct decimal cost;   /* Signed, quote: what the amount was bought (+) or sold (-) for. */
};

struct paper_accounts {
    struct paper_account *items; /* Owned. There is always room for every instrument's assets. */
    size_t count;
    size_t capacity;
    struct paper_position *positions; /* Owned: one per instrument. */
    size_t instrument_count;
};

/* On ERR_MEMORY the accounts are empty and may be given to paper_accounts_done(). */
MUST_USE enum err paper_accounts_init(struct paper_accounts *accounts, size_t instrument_count);
void paper_accounts_done(struct paper_accounts *accounts);

/* The account of an asset, or NULL. */
const struct paper_account *paper_accounts_find(const struct paper_accounts *accounts,
                                                const char *asset);

/* Sets the total of an asset. ERR_RANGE for a name that is too long, ERR_MEMORY. */
MUST_USE enum err paper_accounts_deposit(struct paper_accounts *accounts, const char *asset,
                                         struct decimal amount);

/* What an order needs so that it can be filled for certain. */
struct paper_need {
    const char *asset;     /* Borrowed from the instrument. */
    struct decimal amount; /* Invalid when it does not fit a decimal. */
};

/*
 * The need of `amount` at `price`: a spot sell needs the base asset; a spot buy needs the notional
 * and a fee paid in quote; a perpetual needs both for the part that adds to the position.
 * `fee_rate` is 0 for a fee that is taken from what is received.
 */
struct paper_need paper_accounts_need(const struct paper_accounts *accounts,
                                      const struct instrument *instrument,
                                      const struct order_ticket *ticket, struct decimal price,
                                      struct decimal fee_rate);

/* total - reserved of an asset; 0 for an unknown one. */
struct decimal paper_accounts_available(const struct paper_accounts *accounts, const char *asset);

/* Changes what is held back of an asset by a signed amount. */
void paper_accounts_reserve(struct paper_accounts *accounts, const char *asset,
                            struct decimal change);

/* Moves what a fill moves. ERR_OVERFLOW leaves everything as it was. */
MUST_USE enum err paper_accounts_fill(struct paper_accounts *accounts,
                                      const struct instrument *instrument, const struct fill *fill);

#endif
