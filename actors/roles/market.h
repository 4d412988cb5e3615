/*
 * actors/roles/market.h - the market actor: the price board, the wake index, the steps of a run.
 *
 * It reads rows from the feed, skips those that concern nobody, and walks each one that does
 * through the system (actors/messages.h tells how). Between two rows it also stops at every
 * instant somebody asked for, with the board as it stood then. When the feed has ended or a
 * shutdown was asked for, it goes on with the last quotes, one second apart, until everything is
 * closed, at most MARKET_DRAIN_STEPS_MAX seconds.
 *
 * As long as there are executors that read the depth of an instrument, it lets the venue tell it in
 * the instrument's steps, and gives it to them with their wakes.
 *
 * Quotes of venues in other processes come by themselves. Of each instrument the newest waits while
 * a step is under way, and older ones are forgotten. Time moves with quotes and heartbeats of the
 * venues. A shutdown goes on with what comes, at most MARKET_LIVE_DRAIN_NS of real time.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_MARKET_H
#define TUTTI_ACTORS_ROLES_MARKET_H

#include <stdbool.h>

#include "actors/system.h"
#include "base/instant.h"
#include "market/instrument.h"

enum { MARKET_DRAIN_STEPS_MAX = 3600 };
#define MARKET_DRAIN_INTERVAL_NS NS_PER_S
#define MARKET_LIVE_DRAIN_NS (60 * NS_PER_S)

enum { MARKET_LIVE_DIGITS = 8 }; /* Fractional digits of live prices. */

struct market_arguments {
    const struct instrument *instruments; /* Borrowed for the run. */
    const unsigned *price_digits;         /* Borrowed: of each instrument's tape. */
    size_t instrument_count;
    uint64_t rows_total; /* Of all feeds, for progress. */
    uint64_t *rows_done; /* Borrowed: written while the actor runs, read after the run. */
    bool is_exhaustive;  /* Every quote is a step and wakes everybody, whatever they asked for. */
    struct actor_ref feed;
    const struct actor_ref *live; /* Borrowed: the venues whose quotes come live. */
    size_t live_count;            /* 0: all quotes come from the feed; else none do. */
    struct actor_ref orchestrator;
    struct actor_ref progress; /* ACTOR_NOBODY: nobody looks. */
};

extern const struct actor_class market_class; /* Arguments: struct market_arguments. */

#endif
