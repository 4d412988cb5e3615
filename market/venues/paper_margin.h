/*
 * market/venues/paper_margin.h - what a position costs while it is held: funding, and liquidation
 * when the margin is used up.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_MARGIN_H
#define TUTTI_MARKET_VENUES_PAPER_MARGIN_H

#include "market/venues/paper_layout.h"

/* Marks the instruments whose positions are part of a margin that may be called; once. */
void paper_margin_init(struct paper_venue *venue);

/* Whether a position of the instrument is open. */
bool paper_margin_holds(const struct paper_venue *venue, uint32_t instrument);

/* The next funding is that of the first multiple of the interval after `now_ns`. */
void paper_margin_schedule(struct paper_venue *venue, uint32_t instrument, int64_t now_ns);

/* Pays what is due by market->now_ns, at the market's quote. ERR_MEMORY: what was not paid is, with
 * the next event. */
MUST_USE enum err paper_margin_fund(struct paper_venue *venue, uint32_t instrument,
                                    struct venue_updates *updates);

/* Closes the positions of the instrument when the margin of its quote asset is used up. ERR_MEMORY:
 * with the next event. */
MUST_USE enum err paper_margin_call(struct paper_venue *venue, uint32_t instrument,
                                    struct venue_updates *updates);

#endif
