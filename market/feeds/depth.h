/*
 * market/feeds/depth.h - recorded depth (L2): a CSV of level changes, read message by message.
 *
 * Columns: local_ns, event_time, first_update_id, last_update_id, prev_last_update_id, kind (snap
 * or diff), side (b or a), price, qty (0 removes the level). Rows that follow each other with the
 * same kind, local_ns and last_update_id are one message. event_time is milliseconds, 0 or empty
 * when the venue gave none; prev_last_update_id may be empty.
 *
 * Threads: a reader belongs to one thread.
 */
#ifndef TUTTI_MARKET_FEEDS_DEPTH_H
#define TUTTI_MARKET_FEEDS_DEPTH_H

#include "base/err.h"
#include "market/book.h"
#include "market/feeds/csv.h"

enum { DEPTH_CHANGES_MAX = 1000000 }; /* Rows of one message. */

struct depth_reader; /* Opaque: the columns and the row read ahead live in depth.c. */

/* Opens the CSV. Errors are those of csv_open() and csv_column(). */
MUST_USE enum err depth_open(const char *path, struct depth_reader **ret_reader,
                             struct failure *failure);
void depth_close(struct depth_reader *reader);

/*
 * The next message; its changes are borrowed until the next call. ERR_END after the last one;
 * ERR_SYNTAX for an unknown kind or side and a price that is not > 0, ERR_LIMIT for a message with
 * too many rows, ERR_MEMORY; others as csv_next(). After an error the reader is only good for
 * depth_close().
 */
MUST_USE enum err depth_next(struct depth_reader *reader, struct book_message *ret_message,
                             struct failure *failure);

/* The CSV below, for its path, identity and offset; borrowed. */
const struct csv_reader *depth_csv(const struct depth_reader *reader);

#endif
