/*
 * market/venues/paper_past.h - what happened to perpetual positions before a restart.
 *
 * A venue that died with its process is told it again, in order, and then has the positions, the
 * margin that is held for them and the time of the next funding as they were. What became of its
 * balances is told in one figure each, by paper_venue_deposit(), after that.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_PAST_H
#define TUTTI_MARKET_VENUES_PAPER_PAST_H

#include "market/venues/paper.h"

enum paper_past_kind {
    PAPER_PAST_FILL,
    PAPER_PAST_FUNDING,     /* The payment for `due_ns` was made. */
    PAPER_PAST_LIQUIDATION, /* The venue made an order of its own; its fills are told like others.
                             */
};

struct paper_past {
    enum paper_past_kind kind;
    uint32_t instrument; /* A perpetual. */
    enum side position;  /* A fill: of the position that it moved; 0: the netted one. */
    uint32_t leverage;   /* A fill: of its order. */
    struct fill fill;
    int64_t due_ns;
};

/* Takes the next one, in the order in which they happened. ERR_OVERFLOW: a figure would leave its
 * range, and nothing has changed. */
MUST_USE enum err paper_past_take(struct paper_venue *venue, const struct paper_past *past);

#endif
