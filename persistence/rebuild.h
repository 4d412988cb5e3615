/*
 * persistence/rebuild.h - every table from the journal, by the code that wrote them.
 *
 * The journal is the authority: the tables of a database are what this makes of its journal, row
 * for row. `tutti verify` compares them with what is stored, `tutti salvage` stores them anew.
 *
 * A fill, the position it moved and its order are one change; so are funding and its position, and
 * an action that creates an executor and that executor. A journal that breaks inside of one
 * (only damage does that: changes are committed whole) is rebuilt up to the end of the change
 * before.
 *
 * Threads: belongs to the thread of its connections.
 */
#ifndef TUTTI_PERSISTENCE_REBUILD_H
#define TUTTI_PERSISTENCE_REBUILD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"
#include "persistence/record.h"

struct rebuild_job {
    struct connection *source; /* Borrowed: whose journal is read. */
    struct connection *target; /* Borrowed: has empty tables and no transaction open. */
    bool is_copy;              /* The journal's rows go to the target too. */
    /* Called with every record that was taken over; may be NULL. An error ends the rebuilding: the
     * record contradicts what was before it. */
    enum err (*on_record)(void *context, const struct record *record, struct failure *failure);
    void *context; /* Borrowed. */
};

struct rebuild_outcome {
    uint64_t records;         /* Taken over: the sound prefix of the journal. */
    uint64_t broken_seq;      /* The record at which it breaks; 0: the journal is sound. */
    struct checksum checksum; /* Of the last record taken over. */
    struct failure failure;   /* What is wrong with that record, without its number. */
};

/*
 * Rebuilds and commits. A journal that breaks is no error but part of the outcome: what was before
 * it is there. Errors: ERR_MEMORY, ERR_IO, ERR_FULL and the like of reading or writing; then the
 * target holds a part.
 */
MUST_USE enum err rebuild_tables(const struct rebuild_job *job, struct rebuild_outcome *ret_outcome,
                                 struct failure *failure);

#endif
