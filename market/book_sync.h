/*
 * market/book_sync.h - a book kept in step with a venue's snapshots and changes.
 *
 * Changes that come before the first snapshot wait, because the snapshot may be older than they
 * are; with the snapshot those that it already contains are dropped and the others are applied.
 * From then on every message has to follow the one before; after a gap the book is empty and
 * changes wait again for a snapshot.
 *
 * Threads: belongs to one thread.
 */
#ifndef TUTTI_MARKET_BOOK_SYNC_H
#define TUTTI_MARKET_BOOK_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "market/book.h"

enum { BOOK_SYNC_WAITING_MAX = 1000 }; /* Messages that wait for a snapshot. */

/* A message that waits, with changes of its own. */
struct book_waiting {
    struct book_message message; /* Its changes point to those below. */
    struct book_change *changes; /* Owned. */
};

struct book_sync {
    struct book book; /* Empty while it is not synchronized. */
    bool is_synchronized;
    uint64_t change_count;   /* Changes that were applied since the snapshot. */
    uint64_t last_update_id; /* Of the last message that was applied. */
    uint64_t stale_count;    /* Messages dropped because the snapshot had them. */
    uint64_t gap_count;
    struct book_waiting *waiting; /* Owned. */
    size_t waiting_count;
};

/* A new one: `struct book_sync sync = {0};`. */
void book_sync_done(struct book_sync *sync);

/*
 * Takes one message. ERR_STATE: it does not follow the one before; ERR_LIMIT: too many wait for a
 * snapshot, the oldest one was dropped (and will be missed as a gap when it mattered); ERR_RANGE: a
 * price that is not > 0 or an amount below 0, nothing was applied; ERR_MEMORY: the book is empty
 * and waits for a snapshot.
 */
MUST_USE enum err book_sync_apply(struct book_sync *sync, const struct book_message *message);

#endif
