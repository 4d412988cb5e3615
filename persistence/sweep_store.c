#include "persistence/sweep_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/text.h"
#include "persistence/connection.h"
#include "persistence/lock.h"
#include "persistence/record.h"
#include "persistence/row.h"
#include "persistence/schema.h"

enum { SWEEP_STATEMENT_MAX = 256 };

struct sweep_store {
    struct lock lock;
    struct connection connection;
    sqlite3_stmt *find;     /* Owned. */
    sqlite3_stmt *append;   /* Owned. */
    sqlite3_stmt *read_one; /* Owned. */
    struct text close_types;
    bool has_group; /* A transaction is open. */
};

#define SWEEP_COLUMN(name, column, member, is_least) " " #column " TEXT,"
#define SWEEP_COLUMN_NAME(name, column, member, is_least) #column ","

static const char sweep_schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE sweep ("
    " id INTEGER PRIMARY KEY CHECK (id = 1)," /* One sweep per file. */
    " name TEXT NOT NULL,"
    " config_hash TEXT NOT NULL,"
    " version TEXT NOT NULL,"
    " sets INTEGER NOT NULL"
    ") STRICT;"
    "CREATE TABLE sweep_result ("
    " set_index INTEGER PRIMARY KEY,"                      /* From 0. */
    " state TEXT NOT NULL,"                                /* done, invalid, failed */
    " parameters TEXT NOT NULL,"                           /* JSON object: path to value. */
    " problem TEXT NOT NULL," SWEEP_MEASURES(SWEEP_COLUMN) /* Figures; NULL unless done. */
    " executors INTEGER,"
    " fills INTEGER,"
    " close_types TEXT" /* JSON object: close type to how many executors ended so. */
    ") STRICT;"
    "PRAGMA application_id=1953854579;" /* SWEEP_APPLICATION_ID */
    "PRAGMA user_version=1;"
    "COMMIT;";

const struct field_name sweep_measure_names[] = {
#define SWEEP_MEASURE_NAME(name, column, member, is_least) {#column, SWEEP_MEASURE_##name},
    SWEEP_MEASURES(SWEEP_MEASURE_NAME)
#undef SWEEP_MEASURE_NAME
        {NULL, 0}};

static const char *const sweep_state_names[] = {
    [SWEEP_SET_DONE] = "done", [SWEEP_SET_INVALID] = "invalid", [SWEEP_SET_FAILED] = "failed"};

const char *sweep_state_name(enum sweep_state state)
{
    ASSERT(state >= SWEEP_SET_DONE && state <= SWEEP_SET_FAILED);
    return sweep_state_names[state];
}

/* ---- Opening ---- */

/* Makes the tables in an empty file; refuses what is not ours. */
static enum err sweep_store_prepare_file(struct sweep_store *store, struct failure *failure)
{
    struct connection *connection = &store->connection;
    int64_t application = 0;
    int64_t version = 0;
    int64_t objects = 0;
    enum err err = connection_read_int(connection, "PRAGMA application_id", &application, failure);
    if (err == ERR_NONE) {
        err = connection_read_int(connection, "PRAGMA user_version", &version, failure);
    }
    if (err == ERR_NONE) {
        err = connection_read_int(connection, "SELECT count(*) FROM sqlite_schema", &objects,
                                  failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    const bool is_empty = application == 0 && version == 0 && objects == 0;
    if (!is_empty && (application != SWEEP_APPLICATION_ID || version != SWEEP_STORE_VERSION)) {
        return failure_set(failure, ERR_VERSION,
                           "%s: is no database of a sweep by this version; choose another path, "
                           "this file is left alone",
                           connection->path);
    }
    err = schema_use_wal(connection, failure);
    if (err == ERR_NONE) {
        err = connection_run(connection, "PRAGMA synchronous=NORMAL;PRAGMA wal_autocheckpoint=4000",
                             failure);
    }
    return err == ERR_NONE && is_empty ? connection_run(connection, sweep_schema, failure) : err;
}

/* Looks whether the file holds a sweep already: ERR_NOT_FOUND when it does not. */
static enum err sweep_store_compare(struct sweep_store *store,
                                    const struct sweep_identity *identity, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(&store->connection, "SELECT name, config_hash FROM sweep",
                                      &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE) {
        err = ERR_NOT_FOUND;
    } else if (code != SQLITE_ROW) {
        err = connection_fail(&store->connection, "read", failure);
    } else if (strcmp((const char *)sqlite3_column_text(statement, 1), identity->config_hash) !=
               0) {
        err = failure_set(failure, ERR_EXISTS,
                          "%s: holds a sweep of \"%s\" with another run file: restore that file to "
                          "go on with it, or choose another database, or replace it",
                          store->connection.path, (const char *)sqlite3_column_text(statement, 0));
    }
    (void)sqlite3_finalize(statement);
    return err;
}

static enum err sweep_store_begin_sweep(struct sweep_store *store,
                                        const struct sweep_identity *identity,
                                        struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(&store->connection,
                                      "INSERT INTO sweep (id, name, config_hash, version, sets)"
                                      " VALUES (1, ?, ?, ?, ?)",
                                      &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct row row;
    row_begin(&row, statement);
    row_text(&row, identity->name);
    row_text(&row, identity->config_hash);
    row_text(&row, identity->version);
    row_int(&row, (int64_t)identity->sets);
    err = row_write(&row, &store->connection, "begin the sweep", failure);
    (void)sqlite3_finalize(statement);
    return err;
}

static enum err sweep_store_claim(struct sweep_store *store, const struct sweep_identity *identity,
                                  bool is_replaced, struct failure *failure)
{
    enum err err = ERR_NONE;
    if (is_replaced) {
        err = connection_run(&store->connection,
                             "BEGIN IMMEDIATE;DELETE FROM sweep_result;DELETE FROM sweep;COMMIT",
                             failure);
    }
    if (err == ERR_NONE) {
        err = sweep_store_compare(store, identity, failure);
    }
    return err == ERR_NOT_FOUND ? sweep_store_begin_sweep(store, identity, failure) : err;
}

static enum err sweep_store_prepare_statements(struct sweep_store *store, struct failure *failure)
{
    enum err err = connection_prepare(
        &store->connection, "SELECT set_index FROM sweep_result WHERE set_index BETWEEN ? AND ?",
        &store->find, failure);
    if (err == ERR_NONE) {
        err = connection_prepare(
            &store->connection,
            "INSERT INTO sweep_result (set_index, state, parameters, problem," SWEEP_MEASURES(
                SWEEP_COLUMN_NAME) " executors, fills, close_types)"
                                   " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            &store->append, failure);
    }
    if (err == ERR_NONE) {
        err = connection_prepare(
            &store->connection,
            "SELECT " SWEEP_MEASURES(SWEEP_COLUMN_NAME) " executors, fills, close_types, parameters"
                                                        " FROM sweep_result WHERE set_index = ?",
            &store->read_one, failure);
    }
    return err;
}

enum err sweep_store_open(const char *path, const struct sweep_identity *identity, bool is_replaced,
                          struct sweep_store **ret_store, struct failure *failure)
{
    struct sweep_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to open it", path);
    }
    store->lock = LOCK_NONE;
    enum err err = lock_open(path, &store->lock, failure);
    if (err == ERR_NONE) {
        err = connection_open(path, CONNECTION_WRITER, &store->connection, failure);
    }
    if (err == ERR_NONE) {
        err = sweep_store_prepare_file(store, failure);
    }
    if (err == ERR_NONE) {
        err = sweep_store_claim(store, identity, is_replaced, failure);
    }
    if (err == ERR_NONE) {
        err = sweep_store_prepare_statements(store, failure);
    }
    if (err != ERR_NONE) {
        sweep_store_close(store);
        return err;
    }
    *ret_store = store;
    return ERR_NONE;
}

void sweep_store_close(struct sweep_store *store)
{
    if (store == NULL) {
        return;
    }
    (void)sqlite3_finalize(store->find);
    (void)sqlite3_finalize(store->append);
    (void)sqlite3_finalize(store->read_one);
    connection_close(&store->connection);
    lock_close(&store->lock);
    text_done(&store->close_types);
    free(store);
}

/* ---- Rows ---- */

enum err sweep_store_find(struct sweep_store *store, uint64_t first, uint64_t *ret_mask,
                          struct failure *failure)
{
    uint64_t mask = 0;
    (void)sqlite3_bind_int64(store->find, 1, (int64_t)first);
    (void)sqlite3_bind_int64(store->find, 2, (int64_t)(first + SWEEP_STORE_MASK_SETS - 1));
    int code = sqlite3_step(store->find);
    while (code == SQLITE_ROW) {
        mask |= UINT64_C(1) << ((uint64_t)sqlite3_column_int64(store->find, 0) - first);
        code = sqlite3_step(store->find);
    }
    enum err err = ERR_NONE;
    if (code == SQLITE_DONE) {
        *ret_mask = mask;
    } else {
        err = connection_fail(&store->connection, "read", failure);
    }
    (void)sqlite3_reset(store->find);
    return err;
}

static void sweep_store_print_close_types(struct text *out, const struct performance_report *total)
{
    text_clear(out);
    json_object_begin(out);
    for (int i = 1; i < CLOSE_TYPE_COUNT; i++) {
        if (total->close_type_counts[i] > 0) {
            json_key(out, record_close_type_name(i));
            json_int(out, (int64_t)total->close_type_counts[i]);
        }
    }
    json_object_end(out);
}

static void sweep_store_put_figures(struct sweep_store *store, struct row *row,
                                    const struct performance_report *total)
{
#define SWEEP_PUT(name, column, member, is_least) row_decimal(row, total->member);
    SWEEP_MEASURES(SWEEP_PUT)
#undef SWEEP_PUT
    row_int(row, (int64_t)(total->executors_closed + total->executors_active));
    row_int(row, (int64_t)total->fills);
    sweep_store_print_close_types(&store->close_types, total);
    row_text(row, text_string(&store->close_types));
}

enum err sweep_store_append(struct sweep_store *store, const struct sweep_row *row,
                            struct failure *failure)
{
    if (!store->has_group) {
        const enum err err = connection_run(&store->connection, "BEGIN IMMEDIATE", failure);
        if (err != ERR_NONE) {
            return err;
        }
        store->has_group = true;
    }
    if (row->state != SWEEP_SET_DONE) {
        (void)sqlite3_clear_bindings(store->append); /* The figures of the row before. */
    }
    struct row values;
    row_begin(&values, store->append);
    row_int(&values, (int64_t)row->set);
    row_text(&values, sweep_state_name(row->state));
    row_text(&values, row->parameters);
    row_text_or_empty(&values, row->problem);
    if (row->state == SWEEP_SET_DONE) {
        sweep_store_put_figures(store, &values, &row->total);
        if (text_failed(&store->close_types)) {
            return failure_set(failure, ERR_MEMORY, "%s: no memory for a result",
                               store->connection.path);
        }
    }
    return row_write(&values, &store->connection, "write a result", failure);
}

enum err sweep_store_commit(struct sweep_store *store, struct failure *failure)
{
    if (!store->has_group) {
        return ERR_NONE;
    }
    store->has_group = false;
    return connection_run(&store->connection, "COMMIT", failure);
}

enum err sweep_store_count(struct sweep_store *store, struct sweep_counts *ret_counts,
                           struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(&store->connection,
                                      "SELECT count(*), count(*) FILTER (WHERE state = 'invalid'),"
                                      " count(*) FILTER (WHERE state = 'failed') FROM sweep_result",
                                      &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const uint64_t all = (uint64_t)sqlite3_column_int64(statement, 0);
        const uint64_t invalid = (uint64_t)sqlite3_column_int64(statement, 1);
        const uint64_t failed = (uint64_t)sqlite3_column_int64(statement, 2);
        *ret_counts = (struct sweep_counts){
            .done = all - invalid - failed, .invalid = invalid, .failed = failed};
    } else {
        err = connection_fail(&store->connection, "read", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

/* ---- Ranking ---- */

static const struct {
    const char *column;
    bool is_least;
} sweep_measures[] = {
#define SWEEP_MEASURE_ROW(name, column, member, is_least) \
    [SWEEP_MEASURE_##name] = {#column, is_least},
    SWEEP_MEASURES(SWEEP_MEASURE_ROW)
#undef SWEEP_MEASURE_ROW
};

/* The best so far, the best first. */
struct ranking {
    struct ranked {
        uint64_t set;
        struct decimal value;
    } * items; /* Owned. */
    size_t count;
    size_t capacity;
    bool is_least;
};

/* Sets come in order of their number, so that of equal ones the lower stays in front. */
static void ranking_add(struct ranking *ranking, uint64_t set, struct decimal value)
{
    size_t place = ranking->count;
    while (place > 0) {
        const int order = decimal_compare(value, ranking->items[place - 1].value);
        if (ranking->is_least ? order >= 0 : order <= 0) {
            break;
        }
        place--;
    }
    if (place == ranking->capacity) {
        return;
    }
    if (ranking->count < ranking->capacity) {
        ranking->count++;
    }
    memmove(&ranking->items[place + 1], &ranking->items[place],
            (ranking->count - 1 - place) * sizeof(*ranking->items));
    ranking->items[place] = (struct ranked){.set = set, .value = value};
}

static enum err sweep_store_read_decimal(const struct sweep_store *store, sqlite3_stmt *statement,
                                         int column, struct decimal *ret_value,
                                         struct failure *failure)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    if (text == NULL || decimal_parse(text, strlen(text), ret_value) != ERR_NONE) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s: a figure of sweep_result is no number: the file was changed; keep "
                           "a copy and choose another path",
                           store->connection.path);
    }
    return ERR_NONE;
}

static enum err sweep_store_fill_ranking(struct sweep_store *store, enum sweep_measure measure,
                                         struct ranking *ranking, struct failure *failure)
{
    char sql[SWEEP_STATEMENT_MAX];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT set_index, %s FROM sweep_result WHERE state = 'done' ORDER BY set_index",
                   sweep_measures[measure].column);
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(&store->connection, sql, &statement, failure);
    int code = err == ERR_NONE ? sqlite3_step(statement) : SQLITE_DONE;
    while (err == ERR_NONE && code == SQLITE_ROW) {
        struct decimal value = DECIMAL_ZERO;
        err = sweep_store_read_decimal(store, statement, 1, &value, failure);
        if (err == ERR_NONE) {
            ranking_add(ranking, (uint64_t)sqlite3_column_int64(statement, 0), value);
            code = sqlite3_step(statement);
        }
    }
    if (err == ERR_NONE && code != SQLITE_DONE) {
        err = connection_fail(&store->connection, "read", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

/* Reads the row of a set and shows it. */
static enum err sweep_store_show(struct sweep_store *store, uint64_t set,
                                 void (*visit)(void *context, const struct sweep_row *row),
                                 void *context, struct failure *failure)
{
    sqlite3_stmt *statement = store->read_one;
    (void)sqlite3_bind_int64(statement, 1, (int64_t)set);
    enum err err = sqlite3_step(statement) == SQLITE_ROW
                       ? ERR_NONE
                       : connection_fail(&store->connection, "read", failure);
    struct sweep_row row = {.set = set, .state = SWEEP_SET_DONE, .problem = ""};
    int column = 0;
#define SWEEP_READ(name, column_name, member, is_least)                                         \
    if (err == ERR_NONE) {                                                                      \
        err = sweep_store_read_decimal(store, statement, column++, &row.total.member, failure); \
    }
    SWEEP_MEASURES(SWEEP_READ)
#undef SWEEP_READ
    if (err == ERR_NONE) {
        row.total.executors_closed = (uint64_t)sqlite3_column_int64(statement, column);
        row.total.fills = (uint64_t)sqlite3_column_int64(statement, column + 1);
        row.close_types = (const char *)sqlite3_column_text(statement, column + 2);
        row.parameters = (const char *)sqlite3_column_text(statement, column + 3);
        visit(context, &row);
    }
    (void)sqlite3_reset(statement);
    return err;
}

enum err sweep_store_rank(struct sweep_store *store, enum sweep_measure measure, size_t top,
                          void (*visit)(void *context, const struct sweep_row *row), void *context,
                          struct failure *failure)
{
    ASSERT(measure != SWEEP_MEASURE_NONE);
    struct ranking ranking = {.items = calloc(top + 1, sizeof(*ranking.items)),
                              .capacity = top,
                              .is_least = sweep_measures[measure].is_least};
    if (ranking.items == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to rank results",
                           store->connection.path);
    }
    enum err err = sweep_store_fill_ranking(store, measure, &ranking, failure);
    for (size_t i = 0; i < ranking.count && err == ERR_NONE; i++) {
        err = sweep_store_show(store, ranking.items[i].set, visit, context, failure);
    }
    free(ranking.items);
    return err;
}
