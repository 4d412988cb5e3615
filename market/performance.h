/*
 * market/performance.h - how a controller is doing, kept incrementally.
 *
 * A fill and an ended executor cost the same however many came before. Money is exact; ratios for
 * people (win rate, sharpe) are decimals rounded to 18 digits as everything else. A ratio without a
 * denominator is 0. A figure that left the range of decimals is invalid, and so is every figure
 * made from it; only max_drawdown_quote and sharpe_ratio then keep a value.
 *
 * Threads: belongs to the orchestrator.
 */
#ifndef TUTTI_MARKET_PERFORMANCE_H
#define TUTTI_MARKET_PERFORMANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"

enum { CLOSE_TYPE_COUNT = 11 };

/* The report of one controller, or of the whole run. */
struct performance_report {
    struct decimal realized_pnl_quote;   /* Of positions, without fees. */
    struct decimal unrealized_pnl_quote; /* At the current marks. */
    struct decimal fees_quote;
    struct decimal funding_quote;     /* Received, less what was paid. */
    struct decimal global_pnl_quote;  /* realized + unrealized - fees + funding */
    struct decimal volume_traded;     /* Sum of price * amount of all fills. */
    struct decimal capital_quote;     /* Configured; 0 when none is. */
    struct decimal return_on_capital; /* global_pnl_quote / capital_quote, 0 without capital. */
    struct decimal realized_pnl_pct;  /* Hummingbot's: realized / volume * 100. */
    struct decimal unrealized_pnl_pct;
    struct decimal global_pnl_pct;
    struct decimal win_rate;      /* Winners (result > 0) / executors that ended with a fill. */
    struct decimal profit_factor; /* Sum of wins / sum of losses; 0 without losses. */
    /* Largest fall of global pnl from its peak, >= 0, as seen by performance_refresh(). The peak
     * begins at 0. */
    struct decimal max_drawdown_quote;
    /* Mean / sample deviation (n - 1) of the results of executors that ended with a fill. 0 below
     * two of them and for a deviation below 10^-9 quote, which 18 digits cannot tell from none. */
    struct decimal sharpe_ratio;
    struct decimal open_order_volume;   /* Notional of live limit orders. Set by the owner. */
    struct decimal inventory_imbalance; /* (bought - sold) / (bought + sold), in quote. */
    uint64_t executors_active;          /* Set by the owner. */
    uint64_t executors_closed;
    uint64_t fills;
    uint64_t close_type_counts[CLOSE_TYPE_COUNT]; /* Indexed by enum close_type. */
};

/* What the report is made from. */
struct performance {
    struct performance_report report; /* Call performance_refresh() before reading. */
    struct decimal bought_quote;
    struct decimal sold_quote;
    struct decimal wins_quote; /* Sum of positive results of ended executors. */
    struct decimal losses_quote;
    struct decimal pnl_sum; /* Over ended executors that had fills. */
    struct decimal pnl_square_sum;
    struct decimal peak_pnl_quote;
    uint64_t winners;
    uint64_t losers;
    uint64_t traded; /* Ended executors with at least one fill. */
};

/* Nothing has happened yet. capital_quote >= 0; 0 means none is configured. */
void performance_init(struct performance *performance, struct decimal capital_quote);

/* An executor has ended with this result. close_type < CLOSE_TYPE_COUNT. `has_filled`: it had at
 * least one fill; without one the result does not count. */
void performance_on_closed(struct performance *performance, unsigned close_type,
                           struct decimal net_pnl_quote, bool has_filled);

/* A fill of that notional on the buying or selling side. */
void performance_on_fill(struct performance *performance, bool is_buy, struct decimal notional);

/* What the position book says, summed in one quote asset. */
struct performance_sums {
    bool is_partial; /* Some open position has no quote yet: neither peak nor fall is followed. */
    struct decimal realized_pnl_quote;
    struct decimal unrealized_pnl_quote;
    struct decimal fees_quote;
    struct decimal funding_quote;
};

/* Recomputes the derived figures from what was counted and these sums. */
void performance_refresh(struct performance *performance, const struct performance_sums *sums);

/* From now on falls are measured from the result as it is: somebody has accepted a loss. */
void performance_restart_peak(struct performance *performance);

#endif
