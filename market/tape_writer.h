/*
 * market/tape_writer.h - writes a tape row by row with a bounded amount of memory.
 *
 * The number of rows is known before the first one, so every row goes straight to its place in
 * each column; only the pyramid (half a byte per row) is held until the end. Everything goes to a
 * temporary file beside the tape, which is synced and renamed by tape_writer_finish(): a tape is
 * whole or absent, also after a power failure, and a tape that others have mapped stays as it is.
 *
 * Threads: a writer belongs to one thread.
 */
#ifndef TUTTI_MARKET_TAPE_WRITER_H
#define TUTTI_MARKET_TAPE_WRITER_H

#include <stdint.h>

#include "base/err.h"
#include "market/tape_file.h"

struct tape_writer; /* Opaque. */

struct tape_row {
    int64_t time_ns; /* Not before the row above. */
    int64_t bid;     /* > 0 */
    int64_t ask;     /* >= bid, < INT64_MAX */
    int64_t bid_size;
    int64_t ask_size;
};

/*
 * Begins a tape of header->rows rows at `path`. The header's digits and source are the caller's,
 * its checksums the writer's. Errors: ERR_IO, ERR_MEMORY, ERR_LIMIT (too many rows).
 */
MUST_USE enum err tape_writer_create(const char *path, const struct tape_header *header,
                                     struct tape_writer **ret_writer, struct failure *failure);

/* Removes the temporary file when the writer was not finished. */
void tape_writer_destroy(struct tape_writer *writer);

/* Adds the next row. ERR_IO; ERR_STATE when there are header->rows already. */
MUST_USE enum err tape_writer_append(struct tape_writer *writer, const struct tape_row *row,
                                     struct failure *failure);

/* Completes the tape and gives it its name. ERR_IO; ERR_STATE when rows are missing. */
MUST_USE enum err tape_writer_finish(struct tape_writer *writer, struct failure *failure);

#endif
