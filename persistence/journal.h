/*
 * persistence/journal.h - a walk along the stored journal that trusts nothing.
 *
 * Each row is checked on the way: its number follows the one before, its checksum fits the chain.
 * The first row that does not is the end of the walk: whatever stands behind it proves nothing.
 *
 * Threads: a walk belongs to the thread of its connection.
 */
#ifndef TUTTI_PERSISTENCE_JOURNAL_H
#define TUTTI_PERSISTENCE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"

struct journal_walk {
    struct connection *connection; /* Borrowed. */
    sqlite3_stmt *statement;       /* Owned. */
    struct checksum checksum;      /* Of the row before, as stored. */
    uint64_t next_seq;
    bool has_previous;  /* The row before the first was read for its checksum. */
    const char *damage; /* Static: what is wrong with row next_seq, after ERR_CORRUPT. */
};

/* Goes before row `from` (1 is the first). It reads one row earlier, as the chain needs its
 * checksum. Whatever it returns, journal_end() follows. */
MUST_USE enum err journal_begin(struct journal_walk *walk, struct connection *connection,
                                uint64_t from, struct failure *failure);

/*
 * One row further; its texts are borrowed until the next call. ERR_END behind the last one.
 * ERR_CORRUPT: row walk->next_seq is missing, does not fit its checksum or cannot be read; the
 * failure names it, walk->damage says what it is. ERR_IO and ERR_MEMORY say nothing about the row.
 */
MUST_USE enum err journal_next(struct journal_walk *walk, struct journal_row *ret_row,
                               struct failure *failure);

void journal_end(struct journal_walk *walk);

#endif
