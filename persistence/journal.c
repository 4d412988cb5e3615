#include "persistence/journal.h"

#include <string.h>

#include "base/assert.h"

/* The columns of the query, in this order. */
enum journal_column {
    JOURNAL_SEQ,
    JOURNAL_TS,
    JOURNAL_KIND,
    JOURNAL_CONTROLLER,
    JOURNAL_EXECUTOR,
    JOURNAL_ORDER,
    JOURNAL_PAYLOAD,
    JOURNAL_CHECKSUM,
};

#define JOURNAL_QUERY                                                             \
    "SELECT seq, ts, kind, controller_id, executor_id, client_order_id, payload," \
    " checksum FROM journal WHERE seq >= ? ORDER BY seq"

enum err journal_begin(struct journal_walk *walk, struct connection *connection, uint64_t from,
                       struct failure *failure)
{
    *walk = (struct journal_walk){.connection = connection, .checksum = CHECKSUM_FIRST};
    walk->next_seq = from > 1 ? from - 1 : 1;
    walk->has_previous = from <= 1;
    const enum err err = connection_prepare(connection, JOURNAL_QUERY, &walk->statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    /* The first journal has no row 0 and none below it: those would break the chain unseen. */
    const int64_t first = walk->next_seq > 1 ? (int64_t)walk->next_seq : INT64_MIN;
    const int code = sqlite3_bind_int64(walk->statement, 1, first);
    ASSERT(code == SQLITE_OK); /* It needs no memory. */
    return ERR_NONE;
}

void journal_end(struct journal_walk *walk)
{
    (void)sqlite3_finalize(walk->statement);
    walk->statement = NULL;
}

static const char *journal_text(const struct journal_walk *walk, enum journal_column column)
{
    const char *text = (const char *)sqlite3_column_text(walk->statement, (int)column);
    return text != NULL ? text : "";
}

static enum err journal_damaged(struct journal_walk *walk, const char *what,
                                struct failure *failure)
{
    walk->damage = what;
    return failure_set(failure, ERR_CORRUPT,
                       "%s: journal record %llu %s; the records before it are whole. Keep a copy "
                       "of the file",
                       walk->connection->path, (unsigned long long)walk->next_seq, what);
}

/* Compares the current row with the chain and moves the chain on. */
static enum err journal_check(struct journal_walk *walk, const struct journal_row *row,
                              struct failure *failure)
{
    if (row->seq != walk->next_seq) {
        return journal_damaged(walk, "is missing", failure);
    }
    const void *stored = sqlite3_column_blob(walk->statement, JOURNAL_CHECKSUM);
    if (stored == NULL ||
        sqlite3_column_bytes(walk->statement, JOURNAL_CHECKSUM) != CHECKSUM_SIZE) {
        return journal_damaged(walk, "has no checksum", failure);
    }
    struct checksum checksum;
    memcpy(checksum.bytes, stored, CHECKSUM_SIZE);
    if (walk->has_previous) {
        const struct checksum expected = checksum_of(&walk->checksum, row);
        if (memcmp(checksum.bytes, expected.bytes, CHECKSUM_SIZE) != 0) {
            return journal_damaged(walk, "does not fit its checksum", failure);
        }
    }
    walk->checksum = checksum;
    walk->has_previous = true;
    walk->next_seq++;
    return ERR_NONE;
}

enum err journal_next(struct journal_walk *walk, struct journal_row *ret_row,
                      struct failure *failure)
{
    const int code = sqlite3_step(walk->statement);
    if (code == SQLITE_DONE) {
        return ERR_END;
    }
    if (code != SQLITE_ROW) {
        struct failure cause;
        const enum err err = connection_fail(walk->connection, "read the journal", &cause);
        return err != ERR_CORRUPT ? failure_set(failure, err, "%s", cause.text)
                                  : journal_damaged(walk, "stands on a damaged page", failure);
    }
    const struct journal_row row = {
        .seq = (uint64_t)sqlite3_column_int64(walk->statement, JOURNAL_SEQ),
        .ts_ns = sqlite3_column_int64(walk->statement, JOURNAL_TS),
        .kind = journal_text(walk, JOURNAL_KIND),
        .controller_id = journal_text(walk, JOURNAL_CONTROLLER),
        .executor_id = journal_text(walk, JOURNAL_EXECUTOR),
        .client_order_id = journal_text(walk, JOURNAL_ORDER),
        .payload = journal_text(walk, JOURNAL_PAYLOAD),
    };
    const enum err err = journal_check(walk, &row, failure);
    if (err == ERR_NONE) {
        *ret_row = row;
    }
    return err;
}
