/*
 * market/instrument.h - what is traded where, and the venue's trading rules for it.
 *
 * Threads: immutable once a run has started, any thread.
 */
#ifndef TUTTI_MARKET_INSTRUMENT_H
#define TUTTI_MARKET_INSTRUMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"
#include "market/order.h"

enum { NAME_MAX_LENGTH = 31, ASSET_MAX_LENGTH = 15 };

struct instrument {
    uint32_t index;                         /* Its place in the run's table of instruments. */
    uint32_t venue;                         /* The venue's place in the run's table of venues. */
    char venue_name[NAME_MAX_LENGTH + 1];   /* connector_name in executor configurations. */
    char trading_pair[NAME_MAX_LENGTH + 1]; /* BASE-QUOTE. */
    char base[ASSET_MAX_LENGTH + 1];
    char quote[ASSET_MAX_LENGTH + 1];
    struct decimal tick;           /* Prices are multiples of it. > 0 */
    struct decimal step;           /* Amounts are multiples of it, in base. > 0 */
    struct decimal min_order_size; /* In base. >= 0 */
    struct decimal max_order_size; /* In base. 0 means no limit. */
    struct decimal min_notional;   /* price * amount, in quote. >= 0 */
    bool is_perpetual;             /* Cash-settled: positions need margin, not the base asset. */
    bool is_hedged; /* Perpetuals: a long and a short position; every order opens or closes one. */
    struct decimal
        maintenance_margin;      /* Perpetuals: fraction of the notional; 0: never liquidated. */
    struct decimal funding_rate; /* Perpetuals: of the notional, from long to short. */
    int64_t funding_interval_ns; /* Paid at its multiples; 0: no funding. */
    struct decimal maker_fee;    /* What the venue takes of the notional. */
    struct decimal taker_fee;
    bool has_depth; /* Its venue fills by the levels of a book: a whole amount has its own price. */
    unsigned price_digits; /* Fractional digits of the tick: prices as int64 mantissas. */
};

/*
 * Fills base and quote from trading_pair ("BTC-USDT") and price_digits from the tick. ERR_SYNTAX
 * when there is not exactly one '-' with 1 to ASSET_MAX_LENGTH characters on both sides.
 */
MUST_USE enum err instrument_complete(struct instrument *instrument);

/* amount > 0, amount >= min_order_size and price * amount >= min_notional: SPEC "tradable". */
bool instrument_is_tradable(const struct instrument *instrument, struct decimal amount,
                            struct decimal price);

/* Which position of the instrument an order moves: SIDE_BUY the long one, SIDE_SELL the short one,
 * 0 the only one of an instrument that is not hedged. An order that says nothing opens. */
enum side instrument_position_side(const struct instrument *instrument, enum side side,
                                   enum position_action action);

/* The price on the tick grid, away from aggression: down for a buy, up for a sell. */
struct decimal instrument_passive_price(const struct instrument *instrument, enum side side,
                                        struct decimal price);

#endif
