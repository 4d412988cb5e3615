/*
 * actors/roles/feed.h - the feed actor: merges the tapes of a run by time and hands out rows.
 *
 * It gives one chunk of rows of one instrument per MESSAGE_QUOTES_WANTED, so the market can never
 * be flooded. With a speed it gives no row before its time has come.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_FEED_H
#define TUTTI_ACTORS_ROLES_FEED_H

#include "actors/system.h"
#include "market/tape.h"

enum { FEED_CHUNK_ROWS = 65536 };

struct feed_source {
    uint32_t instrument;
    const struct tape *tape; /* Borrowed for the run. */
};

struct feed_arguments {
    const struct feed_source *sources; /* Borrowed for the run. */
    size_t count;
    struct decimal speed; /* Times real time; 0: as fast as it is asked. */
    int64_t after_ns;     /* Rows up to then are left out; INT64_MIN: none are. */
};

extern const struct actor_class feed_class; /* Arguments: struct feed_arguments. */

#endif
