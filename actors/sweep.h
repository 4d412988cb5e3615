/*
 * actors/sweep.h - many backtests of one run file, each with other parameters.
 *
 * Every set of parameters is a run of its own: its file is validated like any other, its system is
 * deterministic, and so a set gives the same figures whenever and beside whatever it runs. What
 * sets share - the tree of the file and the tapes - is immutable. Runs record nothing; their
 * figures go to one database (persistence/sweep_store.h), from which a sweep that was ended goes
 * on: sets that have a row are not run again.
 *
 * Threads: one caller; it writes the database while workers run the sets.
 */
#ifndef TUTTI_ACTORS_SWEEP_H
#define TUTTI_ACTORS_SWEEP_H

#include "actors/run_config.h"
#include "persistence/sweep_store.h"

struct sweep_progress {
    uint64_t done;  /* Sets that got a row in this call, */
    uint64_t total; /* of those that had none before. */
};

struct sweep_options {
    unsigned workers;     /* 0: one per processor. */
    const char *database; /* Borrowed; NULL: the run's name with .sweep.db. */
    bool is_replaced;     /* An earlier sweep in the database is deleted, not continued. */
    /* Called several times a second; false ends the sweep in order. May be NULL. */
    bool (*on_progress)(void *context, const struct sweep_progress *progress);
    tape_progress *on_tape; /* While a tape is made; may be NULL. */
    void *context;          /* Of both; borrowed. */
};

struct sweep_result {
    uint64_t sets;
    uint64_t found; /* Had a row before. */
    uint64_t run;   /* Got one now. */
    struct sweep_counts counts;
    bool is_complete; /* Every set has a row. */
};

enum { SWEEP_PROBLEMS_SHOWN = 5 }; /* Sets whose problem is logged; the others are counted. */

struct sweep; /* Opaque. */

/* Reads and validates a run file with a sweep section. ERR_NONE, or ERR_SYNTAX / ERR_NOT_FOUND /
 * ERR_IO / ERR_MEMORY with every problem in `problems`. */
MUST_USE enum err sweep_load(const char *path, struct problems *problems, struct sweep **ret_sweep);
void sweep_destroy(struct sweep *sweep);

/* The file as it stands, without any set. */
const struct run_config *sweep_config(const struct sweep *sweep);
uint64_t sweep_count(const struct sweep *sweep);

/* The value that a parameter (its place in the section's list) has in a set. */
const struct node *sweep_value(const struct sweep *sweep, uint64_t set, size_t parameter);

/* Opens tapes and database and runs every set that has no row. At most once. A set that is invalid
 * or fails is a row, a line in the log for the first few, and no error. Errors are those of
 * run_tapes_open() and sweep_store_open(), and of a database that cannot be written; what was
 * committed stays. The result is filled on ERR_NONE only. */
MUST_USE enum err sweep_run(struct sweep *sweep, const struct sweep_options *options,
                            struct sweep_result *ret_result, struct failure *failure);

/* After sweep_run(): the best sets, as sweep_store_rank(), in the order the section asks for.
 * top 0: as many as the section says. */
MUST_USE enum err sweep_rank(struct sweep *sweep, size_t top,
                             void (*visit)(void *context, const struct sweep_row *row),
                             void *context, struct failure *failure);

/* After sweep_run(): the path of the database. */
const char *sweep_database(const struct sweep *sweep);

#endif
