/*
 * market/venues/paper_volume.h - the place of resting orders in their levels' queues, and the
 * traded volume that reaches them.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_VOLUME_H
#define TUTTI_MARKET_VENUES_PAPER_VOLUME_H

#include "market/venues/paper_layout.h"

/* An order begins to rest: what the depth shows at its price now stands before it. */
void paper_volume_join(const struct paper_venue *venue, struct paper_order *order);

/* After a change of the depth: no more can stand before an order than its level has, and what was
 * not known yet is known now. */
void paper_volume_refresh(struct paper_venue *venue, struct paper_market *market);

/* Gives the volume of a trade to the resting orders that it reaches. ERR_MEMORY: to none of those
 * that are left. */
MUST_USE enum err paper_volume_give(struct paper_venue *venue, struct paper_market *market,
                                    const struct trade *trade, struct venue_updates *updates);

#endif
