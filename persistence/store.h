/*
 * persistence/store.h - durable truth: the journal and the tables derived from it.
 *
 * Records are appended to an open group and become durable and visible together at the commit.
 * The journal is the authority; the tables are derived from it in the same transaction. One writer
 * owns a store; readers open it read-only (persistence/reader.h).
 *
 * An error of append or commit is final for the store: the caller stops the run safely, and what
 * was committed before stays whole. Only ERR_FULL, a disk without room, is not: the open group is
 * dropped, and its records may be appended again, from the first of them, when there is room.
 *
 * Threads: a store belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_STORE_H
#define TUTTI_PERSISTENCE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "persistence/record.h"

/* When is a commit on disk? */
enum durability {
    DURABILITY_MEMORY = 1, /* At store_close(): a killed run leaves a database that opens clean but
                              may lack its tail. */
    DURABILITY_GROUP = 2,  /* At each commit. */
    DURABILITY_FULL = 3,   /* At each commit, and orders wait for it. */
};

struct store_options {
    const char *path;     /* Database file; unused by memory. */
    const char *run_name; /* For events. */
    enum durability durability;
    bool is_resumed;    /* A run that the file holds and that was cut short goes on. */
    bool is_replaced;   /* A run that the file holds is deleted first, instead of refused. */
    bool keeps_latches; /* But not its states of risk that are not ACTIVE: the new run has them. */
};

struct store;

/* store_open() and the others below, of one kind. append() is called with the next sequence number
 * and an empty `event`; after an error nothing but close() is called, and that commits nothing.
 * With ERR_FULL the kind drops the open group and goes on behind the last one. */
struct store_kind {
    const char *type; /* "sqlite", "memory" */
    enum err (*open)(const struct store_options *options, struct store **ret_store,
                     struct failure *failure);
    enum err (*append)(struct store *store, const struct record *record, struct text *event,
                       struct failure *failure);
    enum err (*commit)(struct store *store, struct failure *failure);
    enum err (*close)(struct store *store, struct failure *failure);
};

/* To add a kind: write persistence/stores/NAME.c and add X(NAME) here, sorted. Nothing else. */
#define STORE_KINDS(X) \
    X(memory)          \
    X(sqlite)

#define STORE_KIND_DECLARE(name) extern const struct store_kind store_kind_##name;
STORE_KINDS(STORE_KIND_DECLARE)
#undef STORE_KIND_DECLARE

/* The head of every store; kinds embed it first. store.c alone writes it. */
struct store {
    const struct store_kind *kind; /* Static. */
    uint64_t last_seq;             /* Of the last record appended, also before a restart. */
    uint64_t committed_seq;        /* Of the last record committed. */
    int64_t last_ts_ns;            /* A run that goes on: of its last record; else 0. */
    enum err error;                /* The first error; every later call returns it. */
    bool has_more;                 /* The change of the last record appended is not complete. */
};

/* The kind of that type, or NULL. */
const struct store_kind *store_kind_find(const char *type);

/*
 * Opens, and creates when absent. Errors name the file and the next step: ERR_LOCKED when another
 * run writes to it (with its pid), ERR_VERSION for a newer or foreign file, ERR_CORRUPT, ERR_IO
 * (unwritable folder, no such folder), ERR_EXISTS when it already holds a run and is_replaced is
 * false, ERR_NOT_FOUND for an unknown type of store.
 */
MUST_USE enum err store_open(const char *type, const struct store_options *options,
                             struct store **ret_store, struct failure *failure);

/* Adds a record to the group and writes its event to `event`, which is cleared first. Sequence
 * numbers must be gapless: ERR_STATE otherwise. A fill that is stored already is ERR_CORRUPT, money
 * that left its range is ERR_OVERFLOW. ERR_FULL: the group is dropped, this record with it. */
MUST_USE enum err store_append(struct store *store, const struct record *record, struct text *event,
                               struct failure *failure);

/* Makes the group durable and visible: whole or, on an error, not at all as far as this process
 * can know. Nothing to do is fine. ERR_FULL: the group is dropped. */
MUST_USE enum err store_commit(struct store *store, struct failure *failure);

/* Commits what is open, writes everything out and gives up ownership. NULL is allowed. The store
 * is gone also when it fails. After an error of append or commit the open group is dropped, and
 * that error is returned again. A group that ends in the middle of a change is dropped as well, as
 * if the process had been killed: whoever goes on finds whole changes only. */
MUST_USE enum err store_close(struct store *store, struct failure *failure);

#endif
