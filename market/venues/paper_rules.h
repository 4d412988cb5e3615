/*
 * market/venues/paper_rules.h - the trading rules of an instrument, with the words of a refusal.
 *
 * Threads: pure.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_RULES_H
#define TUTTI_MARKET_VENUES_PAPER_RULES_H

#include <stdbool.h>

#include "market/venue.h"

/* Whether the order keeps the rules. `price` is its own, for MARKET the bid. When it does not,
 * `reason` says which one it breaks, e.g. "amount 0.005 is below min_order_size 0.01". */
bool paper_rules_allow(const struct instrument *instrument, const struct order_ticket *ticket,
                       struct decimal price, char reason[VENUE_REASON_MAX]);

/* Writes "insufficient USDT balance: needs 12.5, has 3". */
void paper_rules_shortfall(const char *asset, struct decimal needed, struct decimal available,
                           char reason[VENUE_REASON_MAX]);

/* Writes "post-only order would take: price 101, ask 100". */
void paper_rules_would_take(const struct order_ticket *ticket, const struct quote *quote,
                            char reason[VENUE_REASON_MAX]);

/* Writes "equity 4.5 is below the maintenance margin 5". */
void paper_rules_margin_call(struct decimal equity, struct decimal required,
                             char reason[VENUE_REASON_MAX]);

#endif
