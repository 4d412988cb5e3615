/*
 * persistence/salvage.h - what is whole of a damaged database, in a new one.
 *
 * The sound beginning of the journal is copied, record by record with its checksums, and every
 * table is made anew from it. The damaged file is only read: whatever stands behind the damage is
 * still there for whoever wants to look at it.
 *
 * Threads: one call belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_SALVAGE_H
#define TUTTI_PERSISTENCE_SALVAGE_H

#include <stdint.h>

#include "base/err.h"
#include "persistence/checksum.h"

struct salvage_options {
    const char *from;
    const char *to;                                                               /* New. */
    void (*on_progress)(void *context, uint64_t records, uint64_t records_total); /* Or NULL. */
    void *context;                                                                /* Borrowed. */
};

struct salvage_report {
    uint64_t records;         /* Copied: 1 to this one. */
    struct checksum checksum; /* Of the last of them. */
    uint64_t broken_seq;      /* The first that is not whole; 0: all of the journal is. */
    int64_t left;             /* Rows of the journal left behind, -1 when they cannot be counted. */
    struct failure reason;    /* What is wrong with record broken_seq. */
};

/*
 * Copies what is whole to the file `to`, which must not exist; after an error it is removed again.
 * Errors: ERR_EXISTS; of the old file ERR_NOT_FOUND, ERR_CORRUPT (no database at all), ERR_VERSION
 * (foreign or newer); ERR_LOCKED, ERR_IO, ERR_FULL, ERR_MEMORY.
 */
MUST_USE enum err salvage_database(const struct salvage_options *options,
                                   struct salvage_report *ret_report, struct failure *failure);

#endif
