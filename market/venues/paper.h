/*
 * market/venues/paper.h - the paper venue: rules, accounts, fees, latency, matching.
 *
 * Fill model `touch` (the golden model, "next step"): requests wait in a queue, first in first
 * out, until the next quote of their instrument that is at least `latency` later than their
 * arrival; then they are accepted or rejected, and every open order is matched against that
 * quote: MARKET at the ask (buy) or bid (sell) as taker, LIMIT and LIMIT_MAKER at the order's
 * price as maker when the other side has reached it.
 *
 * Accounts: an accepted order reserves what it may cost (quote for a buy, base for a sell; margin
 * for a perpetual), fills move balances exactly: quote by price * amount and by the fee, base by
 * the amount. balance = opening + what fills moved - fees, to the last digit. An order that breaks
 * a rule of its instrument or finds too little balance at its arrival is rejected with a reason.
 *
 * Cost: a quote that touches no order and finds no request costs O(1), each order O(log n).
 *
 * Threads: belongs to one actor.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_H
#define TUTTI_MARKET_VENUES_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/venue.h"

/* Irregularities by script, for tests: which order misbehaves and how. NULL functions: never. */
struct paper_script {
    void *context; /* Borrowed. */
    bool (*fails)(void *context, uint32_t ordinal);
    bool (*ignores_cancel)(void *context, uint32_t ordinal);
    /* False: it is not matched with this quote. `rounds`: how many quotes since its acceptance. */
    bool (*is_matched)(void *context, uint32_t ordinal, uint32_t rounds);
    /* The amount of the next match instead of the whole rest; false: no further fill. */
    bool (*match_amount)(void *context, uint32_t ordinal, struct decimal order_amount,
                         uint32_t match, struct decimal *ret_amount);
};

struct paper_config {
    struct decimal maker_fee; /* Fraction of the notional. */
    struct decimal taker_fee;
    bool fee_in_base_on_buy;   /* A buy pays its fee in the asset it receives. */
    int64_t latency_ns;        /* From request to arrival. >= 0 */
    int64_t latency_jitter_ns; /* Added to it, uniform from 0 to this, drawn from the seed. >= 0 */
    bool is_unlimited;         /* Nothing is reserved and no balance is checked (golden runs). */
    uint64_t seed;
    const struct paper_script *script; /* Borrowed; NULL in a run. */
};

struct paper_venue; /* Opaque. */

/* Borrows the instruments (the run's table, indexed by instrument index) for its life. ERR_MEMORY.
 */
MUST_USE enum err paper_venue_create(const struct paper_config *config,
                                     const struct instrument *instruments, size_t count,
                                     struct paper_venue **ret_venue);
void paper_venue_destroy(struct paper_venue *venue);

/* Sets the opening balance of an asset. ERR_RANGE for a bad name, ERR_MEMORY. */
MUST_USE enum err paper_venue_deposit(struct paper_venue *venue, const char *asset,
                                      struct decimal amount);

/* Total and reserved balance of an asset; zero for an asset it does not know. */
void paper_venue_balance(const struct paper_venue *venue, const char *asset,
                         struct decimal *ret_total, struct decimal *ret_reserved);

/* The position of a perpetual instrument: its signed amount and the signed quote it was bought (+)
 * or sold (-) for. Zero for any other. */
void paper_venue_position(const struct paper_venue *venue, uint32_t instrument,
                          struct decimal *ret_amount, struct decimal *ret_cost);

/* Calls `visit` once per asset in order of first deposit or fill. */
void paper_venue_each_balance(const struct paper_venue *venue,
                              void (*visit)(void *context, const char *asset, struct decimal total,
                                            struct decimal reserved),
                              void *context);

/*
 * Puts a request in the queue; the answer comes with a later quote. Submit: ERR_MEMORY, ERR_EXISTS
 * for an id that was used before, ERR_RANGE for an instrument that the venue does not have.
 * Cancel: ERR_MEMORY, ERR_NOT_FOUND for an id that was never submitted; that of an order which has
 * ended is taken and has no effect.
 */
MUST_USE enum err paper_venue_submit(struct paper_venue *venue, const struct order_ticket *ticket,
                                     int64_t now_ns);
MUST_USE enum err paper_venue_cancel(struct paper_venue *venue, struct order_id id, int64_t now_ns);

/* Cancels an open order by the venue's own will: adds VENUE_CANCELED. ERR_NOT_FOUND when no such
 * order is open, ERR_MEMORY; then nothing has changed. */
MUST_USE enum err paper_venue_expel(struct paper_venue *venue, struct order_id id,
                                    struct venue_updates *updates);

/* One quote of an instrument: the queue, then matching, older orders first. Updates are appended in
 * order. ERR_MEMORY: what was not processed is, with the next quote. */
MUST_USE enum err paper_venue_on_quote(struct paper_venue *venue, uint32_t instrument,
                                       const struct quote *quote, struct venue_updates *updates);

/* The next quote that concerns the venue, for one instrument. at_ns is the arrival time of the
 * oldest waiting request: the first quote at or after it concerns the venue. */
void paper_venue_wake(const struct paper_venue *venue, uint32_t instrument,
                      struct wake_levels *ret_levels, int64_t *ret_at_ns);

#endif
