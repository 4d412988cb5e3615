/*
 * market/venue_ledger.h - what a venue remembers: every order it has taken, and every trade.
 *
 * Nothing is ever forgotten, so that a client order id is not accepted twice and a client may ask
 * for trades since any number. Orders are in the order of their arrival, trades by number.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUE_LEDGER_H
#define TUTTI_MARKET_VENUE_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "market/venue.h"
#include "market/venues/paper_index.h"

enum { VENUE_LEDGER_ORDERS_MAX = 1 << 22, VENUE_LEDGER_TRADES_MAX = 1 << 23 };

struct venue_ledger_order {
    struct order_ticket ticket;
    enum order_state state;
    struct decimal executed_base;
    char reason[VENUE_REASON_MAX];
};

struct venue_ledger {
    struct venue_ledger_order *orders; /* Owned. */
    size_t order_count;
    size_t order_capacity;
    struct fill *trades; /* Owned; number 1 is trades[0]. */
    size_t trade_count;
    size_t trade_capacity;
    size_t live_first; /* No order before this one is live. */
    struct paper_index index;
};

/* Empty: what a zeroed struct is, too. */
void venue_ledger_init(struct venue_ledger *ledger);
void venue_ledger_done(struct venue_ledger *ledger);

/* Takes an order as PENDING_SUBMIT. ERR_EXISTS for an id that was taken before, ERR_LIMIT,
 * ERR_MEMORY. */
MUST_USE enum err venue_ledger_add(struct venue_ledger *ledger, const struct order_ticket *ticket);

/* The order of an id, or NULL. Borrowed until the next venue_ledger_add(). */
struct venue_ledger_order *venue_ledger_find(const struct venue_ledger *ledger, struct order_id id);

/* Carries an update of the venue over. An order of the venue's own (a liquidation) is taken with
 * it. ERR_LIMIT, ERR_MEMORY; ERR_STATE for an order that was never taken. */
MUST_USE enum err venue_ledger_apply(struct venue_ledger *ledger,
                                     const struct venue_update *update);

/* The next live order at or behind place *place, or NULL; moves *place behind it. Start at 0. */
const struct venue_ledger_order *venue_ledger_next_live(struct venue_ledger *ledger, size_t *place);

#endif
