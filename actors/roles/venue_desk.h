/*
 * actors/roles/venue_desk.h - a paper venue as a run file describes it, with its recordings.
 *
 * The venue actor of a run and the venue that is a process of its own both trade through one: it
 * gives the venue what was traded and changed in the depth before each quote.
 *
 * Threads: belongs to its actor.
 */
#ifndef TUTTI_ACTORS_ROLES_VENUE_DESK_H
#define TUTTI_ACTORS_ROLES_VENUE_DESK_H

#include "actors/run_config.h"
#include "market/feeds/replay.h"
#include "market/venues/paper.h"

struct venue_desk {
    const char *name;          /* Borrowed from the run file. */
    struct paper_venue *paper; /* Owned. */
    struct replay **replays;   /* Owned, per instrument; NULL: no trades and no depth. */
    size_t instrument_count;
    struct venue_updates updates; /* What happened; the actor takes them out. */
};

/* Makes the venue and its balances, and opens its recordings. The desk is zeroed; it is given to
 * venue_desk_done() after an error too. ERR_MEMORY, ERR_RANGE, and those of replay_open(), logged.
 */
MUST_USE enum err venue_desk_open(struct venue_desk *desk, const struct run_config *config,
                                  uint32_t venue);
void venue_desk_done(struct venue_desk *desk);

/* What was recorded until this quote, then the beginning of the quote: venue_desk_go_on() must
 * follow while the desk is busy. ERR_MEMORY, and those of replay_next(), logged. */
MUST_USE enum err venue_desk_quote(struct venue_desk *desk, uint32_t instrument,
                                   const struct quote *quote);

/* Goes on with the quote until there are `enough` updates. ERR_MEMORY. */
MUST_USE enum err venue_desk_go_on(struct venue_desk *desk, uint32_t instrument, size_t enough);

static inline bool venue_desk_is_busy(const struct venue_desk *desk, uint32_t instrument)
{
    return paper_venue_is_busy(desk->paper, instrument);
}

#endif
