/*
 * persistence/reader.h - reading a run's database, while it is written or long after.
 *
 * Threads: a reader belongs to one thread; any number of readers beside one writer.
 */
#ifndef TUTTI_PERSISTENCE_READER_H
#define TUTTI_PERSISTENCE_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/text.h"
#include "persistence/record.h"

enum { READER_COLUMNS_MAX = 64 };

struct reader; /* Opaque. */

/*
 * Opens read-only. What a killed run had committed is there; what it had not is not.
 * Errors: ERR_NOT_FOUND, ERR_VERSION (newer or not ours), ERR_CORRUPT, ERR_IO, ERR_MEMORY.
 */
MUST_USE enum err reader_open(const char *path, struct reader **ret_reader,
                              struct failure *failure);
void reader_close(struct reader *reader);

/* Everything read between these two is of one instant. Reads outside see what is newest. */
MUST_USE enum err reader_begin(struct reader *reader, struct failure *failure);
void reader_end(struct reader *reader);

/* Calls `visit` with the events of seq from, from+1, ... at most `limit`, in order. The text is
 * `TOPIC SPACE JSON`, byte for byte what was published, and borrowed for the call. False from
 * visit ends it. A gap or a checksum that does not fit is ERR_CORRUPT, at the row where it is. */
MUST_USE enum err reader_events(struct reader *reader, uint64_t from, uint64_t limit,
                                bool (*visit)(void *context, uint64_t seq, const char *event),
                                void *context, struct failure *failure);

/* Which records are read. */
struct reader_range {
    uint64_t first;          /* From 1. */
    uint64_t last;           /* UINT64_MAX: to the end. */
    const char *executor_id; /* Borrowed: only of this executor; NULL: all. */
};

/* Calls `visit` with the records of the range, in order; each, also of those between that belong to
 * others, is checked on the way. The record is borrowed for the call; an instrument's index is not
 * in it. An error of visit ends it and is returned: visit then has filled the failure. A row that
 * cannot be read is ERR_CORRUPT. */
MUST_USE enum err reader_records(struct reader *reader, const struct reader_range *range,
                                 enum err (*visit)(void *context, const struct record *record),
                                 void *context, struct failure *failure);

/* The greatest committed sequence number, 0 for none. */
MUST_USE enum err reader_last_seq(struct reader *reader, uint64_t *ret_seq,
                                  struct failure *failure);

/* Reads the whole file: its pages, the numbering and every checksum of the journal. ERR_CORRUPT
 * names what is wrong. *ret_count is the number of journal rows. */
MUST_USE enum err reader_verify(struct reader *reader, uint64_t *ret_count,
                                struct failure *failure);

/* Runs a query and calls `visit` once per row with the column texts (NULL for NULL). For reports;
 * `sql` is a constant of the program, with at most one text parameter ?1 (NULL: none) and at most
 * READER_COLUMNS_MAX columns. False from visit ends it. */
MUST_USE enum err reader_query(struct reader *reader, const char *sql, const char *parameter,
                               bool (*visit)(void *context, int count, const char *const *names,
                                             const char *const *values),
                               void *context, struct failure *failure);

#endif
