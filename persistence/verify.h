/*
 * persistence/verify.h - is a database what a run has written, to the last byte?
 *
 * Looked at are the pages (SQLite's own check), the journal's numbers and checksums, whether every
 * table is what the journal makes of it, whether no fill is there twice, whether orders went from
 * state to state as they may, and whether positions and orders are the sums of their fills. The
 * file is only read, in one instant, also while a run writes to it.
 *
 * Threads: one call belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_VERIFY_H
#define TUTTI_PERSISTENCE_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "persistence/checksum.h"

enum {
    VERIFY_PROBLEMS_MAX = 100,    /* More are counted, not told. */
    VERIFY_PAGE_PROBLEMS_MAX = 20 /* Of SQLite's own check. */
};

/* Something that is wrong. Texts are borrowed for the call. */
struct verify_problem {
    const char *where; /* "file", "journal record 17", "orders t3k-1f-3", ... */
    const char *what;
    const char *next; /* What to do about it. */
};

struct verify_options {
    void (*on_problem)(void *context, const struct verify_problem *problem);
    void (*on_progress)(void *context, uint64_t records, uint64_t records_total); /* Or NULL. */
    void *context;                                                                /* Borrowed. */
};

struct verify_report {
    uint64_t problems;
    uint64_t records;         /* Of the journal, up to the first that is not sound. */
    struct checksum checksum; /* Of the last of them. */
    uint64_t rows;            /* Of the tables, compared with the journal. */
    uint64_t orders;
    uint64_t fills;
    uint64_t positions;
    bool is_compared; /* False: the journal breaks, so that nothing can be said about the tables. */
};

/*
 * Looks at the whole file. ERR_NONE: it was looked at; what is wrong was told and counted. Other
 * errors say that it cannot be looked at: ERR_NOT_FOUND, ERR_IO, ERR_LOCKED, ERR_MEMORY; or that
 * it is no database of ours at all: ERR_CORRUPT, ERR_VERSION for a foreign or newer one.
 */
MUST_USE enum err verify_database(const char *path, const struct verify_options *options,
                                  struct verify_report *ret_report, struct failure *failure);

#endif
