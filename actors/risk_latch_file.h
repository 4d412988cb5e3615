/*
 * actors/risk_latch_file.h - risk states on disk ahead of the journal.
 *
 * A halt must not wait for thousands of records that were written before it. So the latches are
 * written to a small file beside the database at once, and the record follows in its turn. The file
 * says with which record it is out of date: a start that finds that record in the journal ignores
 * it, one that does not takes the file's states as if the journal had them. A file that cannot be
 * read is HALTED.
 *
 * Threads: one at a time per file.
 */
#ifndef TUTTI_ACTORS_RISK_LATCH_FILE_H
#define TUTTI_ACTORS_RISK_LATCH_FILE_H

#include "actors/risk_latch.h"

enum { RISK_LATCH_FILE_BYTES_MAX = 2 << 20 };

/* The file of a database, "DATABASE.latch", in *out. */
void risk_latch_file_path(const char *database, struct text *out);

/* Writes all of it or nothing, and returns when it is on disk. Errors, with words: ERR_IO,
 * ERR_MEMORY. */
MUST_USE enum err risk_latch_file_save(const char *path, uint64_t seq,
                                       const struct risk_latch *latches, size_t count,
                                       struct failure *failure);

/* Adds what the file says, unless the journal has come to its record: `last_seq` is the last one
 * there. No file is no latch. ERR_MEMORY. */
MUST_USE enum err risk_latch_file_load(const char *path, uint64_t last_seq,
                                       struct risk_latches *latches);

/* The journal has everything that the file says. */
void risk_latch_file_remove(const char *path);

#endif
