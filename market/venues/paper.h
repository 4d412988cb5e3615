/*
 * market/venues/paper.h - the paper venue: rules, accounts, fees, latency, matching.
 *
 * Requests wait in a queue per instrument, first in first out, until the first event of their
 * instrument that is at least `latency` later than they were sent; then they arrive: an order is
 * accepted or rejected with a reason. How orders are filled is the fill model:
 *
 * touch  (the golden model, "next step"): after the arrivals of a quote every open order is matched
 *        against that quote, older ones first: MARKET at the ask (buy) or bid (sell) as taker,
 * LIMIT and LIMIT_MAKER whole, at the order's price, as maker, when the other side has reached it.
 * trade  An order that crosses when it arrives takes at the quote, whole. A resting order fills
 * from what others trade at its price or beyond: first goes what stood at its level before it (the
 * level's amount in the depth; unknown without depth, so that only trades beyond its price fill
 * it), then come its own fills, partial ones too. Better prices and older orders come first, and no
 * volume is given twice. book   As trade; but an order that crosses, when it arrives or when the
 * depth reaches it, walks the levels of the depth. What it takes of a level stays taken until that
 * level is updated. The rest of a MARKET order is canceled when the levels are used up.
 *
 * Time in force: an IOC order is canceled as far as it is not filled when it arrives; a FOK order
 * is filled whole then or not at all. A LIMIT_MAKER that would take is rejected (`post_only`).
 *
 * Accounts: an accepted order reserves what it may cost (quote for a buy, base for a sell; for a
 * perpetual the notional that adds to the position / leverage, and the fee). Fills move balances
 * exactly; of every asset, to the last digit,
 *     total = deposited + traded - fees + funding.
 *
 * Perpetuals: one netted position per instrument (ONEWAY), or a long and a short one (HEDGE: every
 * order says OPEN or CLOSE). What a fill realizes (as market/position.h computes it) and its fee
 * move the quote asset. An order with the action CLOSE is reduce-only: it is rejected when there is
 * nothing to close, fills at most what there is, and is canceled when nothing is left. Funding is
 * paid at the first quote at or after every multiple of the interval: notional at the price at
 * which the position could be closed, times the rate, from long to short when it is positive.
 * Margin is shared by all perpetuals of a quote asset: when total + unrealized pnl is less than the
 * maintenance margin of their positions, the positions of the quoted instrument are liquidated: its
 * open orders are canceled and a MARKET order of the venue closes them. A loss beyond the balance
 * stays as a negative balance: nothing is made up for it.
 *
 * Cost: with `touch`, a quote that touches no order and finds no request costs O(1), each order
 * O(log n).
 *
 * Threads: belongs to one actor.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_H
#define TUTTI_MARKET_VENUES_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/book.h"
#include "market/position.h"
#include "market/trade.h"
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

enum paper_fill_model { PAPER_FILL_TOUCH = 0, PAPER_FILL_TRADE = 1, PAPER_FILL_BOOK = 2 };

/* What becomes of a LIMIT_MAKER order that would take: it rests at its price all the same (the
 * golden runs, in the fill model `touch` only), or it is rejected. */
enum paper_post_only { PAPER_POST_ONLY_REST = 0, PAPER_POST_ONLY_REJECT = 1 };

enum paper_position_mode { PAPER_ONEWAY = 0, PAPER_HEDGE = 1 };

/* Orders that the venue makes by itself have this epoch, which no run has with its executors
 * numbered from 1, executor 0 and a running ordinal. */
enum { PAPER_VENUE_EPOCH = 0 };

struct paper_config {
    enum paper_fill_model fill_model;
    enum paper_post_only post_only;
    enum paper_position_mode position_mode;
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

/* The next trade gets the number behind `count`: after a restart the ones before keep theirs. */
void paper_venue_number_trades(struct paper_venue *venue, uint64_t count);

/* Total and reserved balance of an asset; zero for an asset it does not know. */
void paper_venue_balance(const struct paper_venue *venue, const char *asset,
                         struct decimal *ret_total, struct decimal *ret_reserved);

/* A position of a perpetual instrument at the venue. */
struct paper_position {
    struct position book;  /* Amount, average price, realized pnl, from fills alone. */
    struct decimal margin; /* Held back of the quote asset. */
};

/*
 * A position of a perpetual instrument: side 0 is the netted one of ONEWAY, SIDE_BUY the long and
 * SIDE_SELL the short one of HEDGE. Flat for any other. Borrowed until the venue's next event.
 */
const struct paper_position *paper_venue_position(const struct paper_venue *venue,
                                                  uint32_t instrument, enum side side);

/* Where the total of an asset comes from. */
struct paper_origins {
    struct decimal deposited; /* As paper_venue_deposit() set it. */
    struct decimal traded;    /* Spot: bought or sold. Perpetuals: realized pnl. */
    struct decimal fees;      /* Paid. */
    struct decimal funding;   /* Received. */
};

/* The parts of an asset's total: deposited + traded - fees + funding. Zeros for an asset it does
 * not know. */
struct paper_origins paper_venue_origins(const struct paper_venue *venue, const char *asset);

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

/*
 * One quote of an instrument: funding that is due, the queue, matching, then liquidation. Updates
 * are appended in order. ERR_MEMORY: what was not processed is, with the next event.
 */
MUST_USE enum err paper_venue_on_quote(struct paper_venue *venue, uint32_t instrument,
                                       const struct quote *quote, struct venue_updates *updates);

/*
 * The same in pieces, so that a quote that fills very many orders needs no memory for all that
 * happens: after the first call paper_venue_go_on() goes on until there are `enough` updates (a few
 * more at times) or nothing is left, while the venue is busy. In between no event may come;
 * requests and cancels may and wait for the next one. Errors as above; after one the venue is not
 * busy.
 */
MUST_USE enum err paper_venue_begin_quote(struct paper_venue *venue, uint32_t instrument,
                                          const struct quote *quote, struct venue_updates *updates);
MUST_USE enum err paper_venue_go_on(struct paper_venue *venue, uint32_t instrument, size_t enough,
                                    struct venue_updates *updates);
bool paper_venue_is_busy(const struct paper_venue *venue, uint32_t instrument);

/* A trade that others made: the queue, then resting orders fill from its volume. Without effect in
 * the model `touch`. ERR_MEMORY as above; the trade is then lost. */
MUST_USE enum err paper_venue_on_trade(struct paper_venue *venue, uint32_t instrument,
                                       const struct trade *trade, struct venue_updates *updates);

/*
 * A message of the instrument's depth. The model `book` then takes the queue and matches; `trade`
 * only remembers the levels; `touch` ignores it. Errors: ERR_MEMORY, and those of
 * book_sync_apply(); after ERR_STATE (a gap) nothing crosses until the next snapshot.
 */
MUST_USE enum err paper_venue_on_depth(struct paper_venue *venue, uint32_t instrument,
                                       const struct book_message *message,
                                       struct venue_updates *updates);

/* The levels of an instrument's depth, less what orders here have taken; empty before the first
 * snapshot, after a gap, and in the model `touch`. Borrowed until the venue's next event. */
const struct book *paper_venue_depth(const struct paper_venue *venue, uint32_t instrument);

/*
 * The next quote that concerns the venue, for one instrument. at_ns is the arrival time of the
 * oldest waiting request, or when funding is due: the first quote at or after it concerns the
 * venue. `trade` and `book` look at every quote, and so does a position that may be liquidated.
 */
void paper_venue_wake(const struct paper_venue *venue, uint32_t instrument,
                      struct wake_levels *ret_levels, int64_t *ret_at_ns);

#endif
