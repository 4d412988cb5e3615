/*
 * market/venues/paper_arrival.h - requests that arrive: orders are let in or refused, cancels take
 * effect.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_ARRIVAL_H
#define TUTTI_MARKET_VENUES_PAPER_ARRIVAL_H

#include "market/venues/paper_layout.h"

/*
 * Takes the requests that have arrived by market->now_ns, first in first out, of those that
 * market->arriving counts, as long as there are fewer than `enough` updates; then it counts those
 * that are left. In the models `trade` and `book` an order then takes what it crosses, and its rest
 * is canceled or begins to rest. ERR_MEMORY: what was not taken is, with the next event.
 */
MUST_USE enum err paper_arrival_take(struct paper_venue *venue, struct paper_market *market,
                                     size_t enough, struct venue_updates *updates);

/* After the orders that arrived with this quote were matched: cancels what is left of those that do
 * not wait. ERR_MEMORY: the rest is, with the next event. */
MUST_USE enum err paper_arrival_sweep(struct paper_venue *venue, struct paper_market *market,
                                      struct venue_updates *updates);

#endif
