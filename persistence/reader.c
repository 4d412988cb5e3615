#include "persistence/reader.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "persistence/connection.h"
#include "persistence/event.h"
#include "persistence/event_read.h"
#include "persistence/journal.h"
#include "persistence/schema.h"

struct reader {
    struct connection connection;
    /* Owned. Prepared at the start, so that no end of a read needs memory: one that stays open
     * would keep the reader, and the log of the database, at that instant. */
    sqlite3_stmt *begin;
    sqlite3_stmt *end;
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
    if (err == ERR_NONE) {
        err = connection_prepare(&reader->connection, "BEGIN", &reader->begin, failure);
    }
    if (err == ERR_NONE) {
        err = connection_prepare(&reader->connection, "ROLLBACK", &reader->end, failure);
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
        (void)sqlite3_finalize(reader->begin);
        (void)sqlite3_finalize(reader->end);
        connection_close(&reader->connection);
        free(reader);
    }
}

enum err reader_begin(struct reader *reader, struct failure *failure)
{
    const int code = sqlite3_step(reader->begin);
    const enum err err = code == SQLITE_DONE
                             ? ERR_NONE
                             : connection_fail(&reader->connection, "begin to read", failure);
    (void)sqlite3_reset(reader->begin);
    return err;
}

void reader_end(struct reader *reader)
{
    (void)sqlite3_step(reader->end);
    (void)sqlite3_reset(reader->end);
    ASSERT(sqlite3_get_autocommit(reader->connection.db) != 0);
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

/* A copy of the name that a run.started has; the caller frees it. */
static enum err reader_started_name(const struct reader *reader, const struct journal_row *row,
                                    char **ret_name, struct failure *failure)
{
    struct record record;
    char *memory = malloc(event_read_size(row));
    if (memory == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for the name of its run",
                           reader->connection.path);
    }
    struct failure cause;
    enum err err = event_read(row, memory, &record, &cause);
    if (err != ERR_NONE) {
        failure_set(failure, err, "%s: journal record 1: %s", reader->connection.path, cause.text);
    } else {
        *ret_name = strdup(record.data.run.name != NULL ? record.data.run.name : "");
        err = *ret_name != NULL ? ERR_NONE
                                : failure_set(failure, ERR_MEMORY, "%s: no memory for an event",
                                              reader->connection.path);
    }
    free(memory);
    return err;
}

/* The name of the run, for events: the first record has it, and its checksum vouches for that. A
 * journal that begins otherwise has no run, and no name. The caller frees it. */
static enum err reader_run_name(struct reader *reader, char **ret_name, struct failure *failure)
{
    struct journal_walk walk;
    struct journal_row row;
    enum err err = journal_begin(&walk, &reader->connection, 1, failure);
    if (err == ERR_NONE) {
        err = journal_next(&walk, &row, failure);
    }
    if (err == ERR_NONE && strcmp(row.kind, record_kind_type(RECORD_RUN_STARTED)) != 0) {
        row.payload = "{}";
        row.kind = record_kind_type(RECORD_RUN_STARTED);
    }
    if (err == ERR_NONE) {
        err = reader_started_name(reader, &row, ret_name, failure);
    }
    journal_end(&walk);
    return err;
}

static void reader_print_event(const char *run, const struct journal_row *row, struct text *out)
{
    const struct event_head head = {.run = run,
                                    .seq = row->seq,
                                    .ts_ns = row->ts_ns,
                                    .type = row->kind,
                                    .controller_id = row->controller_id,
                                    .executor_id = row->executor_id};
    text_clear(out);
    event_print_stored(&head, row->payload, out);
}

/* What reader_events() hands on, and to whom. */
struct reader_listener {
    uint64_t from;
    uint64_t left;
    bool (*visit)(void *context, uint64_t seq, const char *event);
    void *context; /* Borrowed. */
    char *run;     /* Owned: its name. */
    struct text event;
};

/* The next row to the listener. ERR_END: it has heard enough, or there are no more. */
static enum err reader_tell(struct reader *reader, struct journal_walk *walk,
                            struct reader_listener *listener, struct failure *failure)
{
    struct journal_row row;
    enum err err = listener->left > 0 ? journal_next(walk, &row, failure) : ERR_END;
    if (err == ERR_NONE && listener->run == NULL) {
        err = reader_run_name(reader, &listener->run, failure); /* Of the same instant. */
    }
    if (err != ERR_NONE || row.seq < listener->from) {
        return err;
    }
    reader_print_event(listener->run, &row, &listener->event);
    if (text_failed(&listener->event)) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for an event",
                           reader->connection.path);
    }
    listener->left--;
    return listener->visit(listener->context, row.seq, text_string(&listener->event)) ? ERR_NONE
                                                                                      : ERR_END;
}

/* One row as a record, in memory that grows with the rows. */
static enum err reader_read_row(const struct journal_row *row, struct text *memory,
                                struct record *ret_record, struct failure *failure)
{
    const size_t size = event_read_size(row);
    if (size > memory->capacity) {
        char *larger = realloc(memory->data, size);
        if (larger == NULL) {
            return failure_set(failure, ERR_MEMORY, "no memory for journal record %llu",
                               (unsigned long long)row->seq);
        }
        memory->data = larger;
        memory->capacity = size;
    }
    struct failure cause;
    const enum err err = event_read(row, memory->data, ret_record, &cause);
    return err == ERR_NONE ? ERR_NONE
                           : failure_set(failure, err, "journal record %llu (%s): %.800s",
                                         (unsigned long long)row->seq, row->kind, cause.text);
}

/* Whether a row of the walk is one that is asked for. */
static bool reader_is_wanted(const struct reader_range *range, const struct journal_row *row)
{
    return row->seq >= range->first &&
           (range->executor_id == NULL || strcmp(row->executor_id, range->executor_id) == 0);
}

enum err reader_records(struct reader *reader, const struct reader_range *range,
                        enum err (*visit)(void *context, const struct record *record),
                        void *context, struct failure *failure)
{
    struct text memory = {0};
    struct journal_walk walk;
    enum err err = journal_begin(&walk, &reader->connection, range->first, failure);
    while (err == ERR_NONE && walk.next_seq <= range->last) {
        struct journal_row row;
        struct record record;
        err = journal_next(&walk, &row, failure);
        if (err == ERR_NONE && !reader_is_wanted(range, &row)) {
            continue;
        }
        if (err == ERR_NONE) {
            err = reader_read_row(&row, &memory, &record, failure);
        }
        if (err == ERR_NONE) {
            err = visit(context, &record);
        }
    }
    journal_end(&walk);
    text_done(&memory);
    return err == ERR_END ? ERR_NONE : err;
}

enum err reader_events(struct reader *reader, uint64_t from, uint64_t limit,
                       bool (*visit)(void *context, uint64_t seq, const char *event), void *context,
                       struct failure *failure)
{
    if (from > INT64_MAX || limit == 0) {
        return ERR_NONE;
    }
    struct reader_listener listener = {
        .from = from, .left = limit, .visit = visit, .context = context};
    struct journal_walk walk;
    enum err err = journal_begin(&walk, &reader->connection, from, failure);
    while (err == ERR_NONE) {
        err = reader_tell(reader, &walk, &listener, failure);
    }
    journal_end(&walk);
    text_done(&listener.event);
    free(listener.run);
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
    struct journal_row row;
    err = journal_begin(&walk, &reader->connection, 1, failure);
    while (err == ERR_NONE) {
        err = journal_next(&walk, &row, failure);
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

/* The columns of the present row as text. False without memory: a number is printed for it. */
static bool reader_take_columns(sqlite3_stmt *statement, int count, const char **values)
{
    bool is_whole = true;
    for (int i = 0; i < count; i++) {
        const bool is_null = sqlite3_column_type(statement, i) == SQLITE_NULL;
        values[i] = (const char *)sqlite3_column_text(statement, i);
        is_whole = is_whole && (is_null || values[i] != NULL);
    }
    return is_whole;
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
    bool are_named = true;
    for (int i = 0; i < count; i++) {
        names[i] = sqlite3_column_name(statement, i);
        are_named = are_named && names[i] != NULL;
    }
    int code = are_named ? sqlite3_step(statement) : SQLITE_NOMEM;
    while (code == SQLITE_ROW) {
        if (!reader_take_columns(statement, count, values)) {
            code = SQLITE_NOMEM;
        } else if (!visit(context, count, names, values)) {
            break;
        } else {
            code = sqlite3_step(statement);
        }
    }
    if (code == SQLITE_NOMEM) {
        err = failure_set(failure, ERR_MEMORY, "%s: no memory for the rows of a query",
                          reader->connection.path);
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        err = connection_fail(&reader->connection, "run a query", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}
