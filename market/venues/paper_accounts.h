/*
 * market/venues/paper_accounts.h - the money of the paper venue: balances, what is held back for
 * open orders, and the positions of perpetual instruments.
 *
 * Spot fills move both assets. A perpetual is cash-settled: only what a fill realizes and its fee
 * move the quote asset; notional / leverage of what the position was opened with is held back as
 * its margin, and given back in proportion. Of every asset, to the last digit,
 *     total = deposited + traded - fees + funding.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_ACCOUNTS_H
#define TUTTI_MARKET_VENUES_PAPER_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/venues/paper.h"

struct paper_account {
    char asset[ASSET_MAX_LENGTH + 1];
    struct decimal total;
    struct decimal reserved; /* For open orders and as margin; part of the total. */
    struct paper_origins origins;
};

/* The positions of one instrument: ONEWAY uses the first one only. */
enum paper_position_place { PAPER_NET_OR_LONG, PAPER_SHORT, PAPER_POSITION_COUNT };

struct paper_positions {
    struct paper_position items[PAPER_POSITION_COUNT];
};

/* Where an instrument's accounts stand, from 1; 0: not looked up yet. */
struct paper_account_places {
    uint32_t base;
    uint32_t quote;
};

struct paper_accounts {
    enum paper_position_mode mode;
    struct paper_account *items; /* Owned. There is always room for every instrument's assets. */
    size_t count;
    size_t capacity;
    struct paper_account_places *places; /* Owned: one per instrument. */
    struct paper_positions *positions;   /* Owned: one per instrument. */
    size_t instrument_count;
};

/* On ERR_MEMORY the accounts are empty and may be given to paper_accounts_done(). */
MUST_USE enum err paper_accounts_init(struct paper_accounts *accounts,
                                      enum paper_position_mode mode, size_t instrument_count);
void paper_accounts_done(struct paper_accounts *accounts);

/* The account of an asset, or NULL. */
const struct paper_account *paper_accounts_find(const struct paper_accounts *accounts,
                                                const char *asset);

/* Sets the total of an asset. ERR_RANGE for a name that is too long, ERR_MEMORY. */
MUST_USE enum err paper_accounts_deposit(struct paper_accounts *accounts, const char *asset,
                                         struct decimal amount);

/* The position that an order on a perpetual instrument moves. */
const struct paper_position *paper_accounts_position(const struct paper_accounts *accounts,
                                                     const struct order_ticket *ticket);

/* How much of `amount` the order would close; for a reduce-only order all that it may fill. */
struct decimal paper_accounts_closable(const struct paper_accounts *accounts,
                                       const struct order_ticket *ticket, struct decimal amount);

/* What an order needs so that it can be filled for certain. */
struct paper_need {
    const char *asset;     /* Borrowed from the instrument. */
    struct decimal amount; /* Invalid when it does not fit a decimal. */
};

/* What an order is to trade. */
struct paper_terms {
    struct decimal amount;
    struct decimal price;
    struct decimal fee_rate; /* 0 for a fee that is taken from what is received. */
};

/*
 * The need of an order on these terms: a spot sell needs the base asset; a spot buy needs the
 * notional and a fee paid in quote; a perpetual needs the same, the notional divided by the
 * leverage, of the part that adds to the position: what closes it pays its fee from the margin that
 * it sets free.
 */
struct paper_need paper_accounts_need(const struct paper_accounts *accounts,
                                      const struct instrument *instrument,
                                      const struct order_ticket *ticket,
                                      const struct paper_terms *terms);

/* total - reserved of an asset, which is the instrument's own `base` or `quote`; 0 for one that
 * has no account yet. */
struct decimal paper_accounts_available(const struct paper_accounts *accounts,
                                        const struct instrument *instrument, const char *asset);

/* Changes what is held back of such an asset by a signed amount. */
void paper_accounts_reserve(struct paper_accounts *accounts, const struct instrument *instrument,
                            const char *asset, struct decimal change);

/* Moves what a fill of the ticket moves. ERR_OVERFLOW leaves everything as it was. */
MUST_USE enum err paper_accounts_fill(struct paper_accounts *accounts,
                                      const struct instrument *instrument,
                                      const struct order_ticket *ticket, const struct fill *fill);

/* Books a funding payment, positive when it is received. ERR_OVERFLOW as above. */
MUST_USE enum err paper_accounts_fund(struct paper_accounts *accounts, const char *asset,
                                      struct decimal amount);

#endif
