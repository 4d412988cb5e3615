#include "persistence/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"
#include "persistence/event.h"
#include "persistence/schema.h"

struct reader {
    struct connection connection;
};

/* The columns of a journal query, in this order. */
enum journal_column {
    JOURNAL_SEQ,
    JOURNAL_TS,
    JOURNAL_KIND,
    JOURNAL_CONTROLLER,
    JOURNAL_EXECUTOR,
    JOURNAL_ORDER,
    JOURNAL_PAYLOAD,
    JOURNAL_CHECKSUM,
    JOURNAL_RUN,
};

#define JOURNAL_COLUMNS                                                              \
    "seq, ts, kind, controller_id, executor_id, client_order_id, payload, checksum," \
    " (SELECT name FROM run)"

/* A walk along the journal that checks every row on its way. */
struct journal_walk {
    struct reader *reader;   /* Borrowed. */
    sqlite3_stmt *statement; /* Owned. */
    struct text event;
    struct checksum checksum; /* Of the row before. */
    uint64_t next_seq;
    bool has_previous; /* The row before the first was read for its checksum. */
};

enum err reader_open(const char *path, struct reader **ret_reader, struct failure *failure)
{
    struct reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to read it", path);
    }
    bool is_empty = false;
    enum err err = connection_open(path, CONNECTION_READER, &reader->connection, failure);
    if (err == ERR_NONE) {
        err = schema_check(&reader->connection, &is_empty, failure);
    }
    if (err == ERR_NONE && is_empty) {
        err = failure_set(failure, ERR_VERSION, "%s: an empty file, no database of tutti", path);
    }
    if (err != ERR_NONE) {
        reader_close(reader);
        return err;
    }
    *ret_reader = reader;
    return ERR_NONE;
}

void reader_close(struct reader *reader)
{
    if (reader != NULL) {
        connection_close(&reader->connection);
        free(reader);
    }
}

enum err reader_begin(struct reader *reader, struct failure *failure)
{
    return connection_run(&reader->connection, "BEGIN", failure);
}

void reader_end(struct reader *reader)
{
    struct failure ignored;
    (void)!connection_run(&reader->connection, "ROLLBACK", &ignored);
}

enum err reader_last_seq(struct reader *reader, uint64_t *ret_seq, struct failure *failure)
{
    int64_t seq = 0;
    const enum err err =
        connection_read_int(&reader->connection, "SELECT max(seq) FROM journal", &seq, failure);
    if (err == ERR_NONE) {
        *ret_seq = (uint64_t)seq;
    }
    return err;
}

static const char *journal_text(const struct journal_walk *walk, enum journal_column column)
{
    const char *text = (const char *)sqlite3_column_text(walk->statement, (int)column);
    return text != NULL ? text : "";
}

static enum err journal_damaged(const struct journal_walk *walk, uint64_t seq, const char *what,
                                struct failure *failure)
{
    return failure_set(failure, ERR_CORRUPT,
                       "%s: journal record %llu %s; the records before it are whole. Keep a copy "
                       "of the file",
                       walk->reader->connection.path, (unsigned long long)seq, what);
}

/* Compares the current row with the chain and moves the chain on. */
static enum err journal_check(struct journal_walk *walk, struct failure *failure)
{
    const struct journal_row row = {
        .seq = (uint64_t)sqlite3_column_int64(walk->statement, JOURNAL_SEQ),
        .ts_ns = sqlite3_column_int64(walk->statement, JOURNAL_TS),
        .kind = journal_text(walk, JOURNAL_KIND),
        .controller_id = journal_text(walk, JOURNAL_CONTROLLER),
        .executor_id = journal_text(walk, JOURNAL_EXECUTOR),
        .client_order_id = journal_text(walk, JOURNAL_ORDER),
        .payload = journal_text(walk, JOURNAL_PAYLOAD),
    };
    if (row.seq != walk->next_seq) {
        return journal_damaged(walk, walk->next_seq, "is missing", failure);
    }
    const void *stored = sqlite3_column_blob(walk->statement, JOURNAL_CHECKSUM);
    if (stored == NULL ||
        sqlite3_column_bytes(walk->statement, JOURNAL_CHECKSUM) != CHECKSUM_SIZE) {
        return journal_damaged(walk, row.seq, "has no checksum", failure);
    }
    struct checksum checksum;
    memcpy(checksum.bytes, stored, CHECKSUM_SIZE);
    if (walk->has_previous) {
        const struct checksum expected = checksum_of(&walk->checksum, &row);
        if (memcmp(checksum.bytes, expected.bytes, CHECKSUM_SIZE) != 0) {
            return journal_damaged(walk, row.seq, "does not fit its checksum", failure);
        }
    }
    walk->checksum = checksum;
    walk->has_previous = true;
    walk->next_seq++;
    return ERR_NONE;
}

/* One row further. ERR_END behind the last one. */
static enum err journal_step(struct journal_walk *walk, struct failure *failure)
{
    const int code = sqlite3_step(walk->statement);
    if (code == SQLITE_DONE) {
        return ERR_END;
    }
    return code == SQLITE_ROW
               ? journal_check(walk, failure)
               : connection_fail(&walk->reader->connection, "read the journal", failure);
}

/* The event of the current row, borrowed from the walk; NULL without memory. */
static const char *journal_event(struct journal_walk *walk)
{
    const struct event_head head = {
        .run = journal_text(walk, JOURNAL_RUN),
        .seq = (uint64_t)sqlite3_column_int64(walk->statement, JOURNAL_SEQ),
        .ts_ns = sqlite3_column_int64(walk->statement, JOURNAL_TS),
        .type = journal_text(walk, JOURNAL_KIND),
        .controller_id = journal_text(walk, JOURNAL_CONTROLLER),
        .executor_id = journal_text(walk, JOURNAL_EXECUTOR),
    };
    text_clear(&walk->event);
    event_print_stored(&head, journal_text(walk, JOURNAL_PAYLOAD), &walk->event);
    return text_failed(&walk->event) ? NULL : text_string(&walk->event);
}

/* Starts one row early, as the chain needs the checksum before the first. */
static enum err journal_begin(struct journal_walk *walk, struct reader *reader, uint64_t from,
                              struct failure *failure)
{
    *walk = (struct journal_walk){.reader = reader, .checksum = CHECKSUM_FIRST};
    walk->next_seq = from > 1 ? from - 1 : 1;
    walk->has_previous = from <= 1;
    const enum err err = connection_prepare(
        &reader->connection, "SELECT " JOURNAL_COLUMNS " FROM journal WHERE seq >= ? ORDER BY seq",
        &walk->statement, failure);
    if (err == ERR_NONE &&
        sqlite3_bind_int64(walk->statement, 1, (int64_t)walk->next_seq) != SQLITE_OK) {
        return connection_fail(&reader->connection, "read the journal", failure);
    }
    return err;
}

static void journal_end(struct journal_walk *walk)
{
    (void)sqlite3_finalize(walk->statement);
    text_done(&walk->event);
}

enum err reader_events(struct reader *reader, uint64_t from, uint64_t limit,
                       bool (*visit)(void *context, uint64_t seq, const char *event), void *context,
                       struct failure *failure)
{
    if (from > INT64_MAX || limit == 0) {
        return ERR_NONE;
    }
    struct journal_walk walk;
    enum err err = journal_begin(&walk, reader, from, failure);
    uint64_t left = limit;
    while (err == ERR_NONE && left > 0) {
        err = journal_step(&walk, failure);
        const uint64_t seq = walk.next_seq - 1;
        if (err != ERR_NONE || seq < from) {
            continue;
        }
        const char *event = journal_event(&walk);
        if (event == NULL) {
            err = failure_set(failure, ERR_MEMORY, "%s: no memory for an event",
                              reader->connection.path);
        } else if (!visit(context, seq, event)) {
            break;
        }
        left--;
    }
    journal_end(&walk);
    return err == ERR_END ? ERR_NONE : err;
}

static enum err reader_verify_pages(struct reader *reader, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err =
        connection_prepare(&reader->connection, "PRAGMA integrity_check(1)", &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (sqlite3_step(statement) != SQLITE_ROW) {
        err = connection_fail(&reader->connection, "check its pages", failure);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 0), "ok") != 0) {
        err = failure_set(failure, ERR_CORRUPT, "%s: the file is damaged: %s. Keep a copy of it",
                          reader->connection.path, (const char *)sqlite3_column_text(statement, 0));
    }
    (void)sqlite3_finalize(statement);
    return err;
}

enum err reader_verify(struct reader *reader, uint64_t *ret_count, struct failure *failure)
{
    enum err err = reader_verify_pages(reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct journal_walk walk;
    err = journal_begin(&walk, reader, 1, failure);
    while (err == ERR_NONE) {
        err = journal_step(&walk, failure);
    }
    journal_end(&walk);
    if (err != ERR_END) {
        return err;
    }
    *ret_count = walk.next_seq - 1;
    return ERR_NONE;
}

/* Prepares a query and binds its parameter. *ret_statement is set also when it fails. */
static enum err reader_prepare(struct reader *reader, const char *sql, const char *parameter,
                               sqlite3_stmt **ret_statement, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    const enum err err = connection_prepare(&reader->connection, sql, &statement, failure);
    *ret_statement = statement;
    if (err != ERR_NONE) {
        return err;
    }
    ASSERT(sqlite3_stmt_readonly(statement));
    ASSERT(sqlite3_bind_parameter_count(statement) == 1 || parameter == NULL);
    ASSERT(sqlite3_column_count(statement) <= READER_COLUMNS_MAX);
    if (parameter != NULL &&
        sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC) != SQLITE_OK) {
        return connection_fail(&reader->connection, "run a query", failure);
    }
    return ERR_NONE;
}

enum err reader_query(struct reader *reader, const char *sql, const char *parameter,
                      bool (*visit)(void *context, int count, const char *const *names,
                                    const char *const *values),
                      void *context, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = reader_prepare(reader, sql, parameter, &statement, failure);
    if (err != ERR_NONE) {
        (void)sqlite3_finalize(statement);
        return err;
    }
    const char *names[READER_COLUMNS_MAX];
    const char *values[READER_COLUMNS_MAX];
    const int count = sqlite3_column_count(statement);
    for (int i = 0; i < count; i++) {
        names[i] = sqlite3_column_name(statement, i);
    }
    int code = sqlite3_step(statement);
    while (code == SQLITE_ROW) {
        for (int i = 0; i < count; i++) {
            values[i] = (const char *)sqlite3_column_text(statement, i);
        }
        if (!visit(context, count, names, values)) {
            break;
        }
        code = sqlite3_step(statement);
    }
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        err = connection_fail(&reader->connection, "run a query", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}
