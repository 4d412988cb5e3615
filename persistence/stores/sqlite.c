/*
 * The journal and its tables in one SQLite file with a write-ahead log.
 *
 * One connection writes; a group is one transaction, so that readers see groups whole or not at
 * all. What was committed is on disk after the commit (synchronous=FULL), except with durability
 * memory, which syncs once at the end.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/instant.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"
#include "persistence/event.h"
#include "persistence/lock.h"
#include "persistence/schema.h"
#include "persistence/store.h"
#include "persistence/tables.h"

struct sqlite_store {
    struct store store; /* First. */
    struct lock lock;
    struct connection connection;
    struct tables tables;
    sqlite3_stmt *begin;      /* Owned. */
    sqlite3_stmt *commit;     /* Owned. */
    struct checksum checksum; /* Of the last row of the journal, also in the open group. */
    struct checksum committed_checksum; /* Of the last row that was committed. */
    char *run_name;                     /* Owned. */
    enum durability durability;
    int log_pages;    /* Of the write-ahead log after the last commit. */
    bool is_resumed;  /* A run that was cut short goes on. */
    bool is_replaced; /* What the file holds is deleted at the start. */
    bool keeps_latches;
    bool has_group; /* A transaction is open. */
};

/* A log of this many pages is copied into the database. */
enum { SQLITE_LOG_PAGES = 4000 };

/* Checkpoints are made here and not by SQLite, which would not tell what goes wrong in them. The
 * log is cut to the limit afterwards. The cache holds the inner pages of all tables. */
#define SQLITE_TUNING                     \
    "PRAGMA foreign_keys=ON;"             \
    "PRAGMA wal_autocheckpoint=0;"        \
    "PRAGMA journal_size_limit=67108864;" \
    "PRAGMA cache_size=-16384;"           \
    "PRAGMA temp_store=MEMORY;"

static enum err sqlite_refuse_run(struct connection *connection, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(
        connection, "SELECT name, started_at, stopped_at, state FROM run", &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        char started[INSTANT_TEXT_MAX];
        char stopped[INSTANT_TEXT_MAX] = "it was cut short";
        (void)instant_print(sqlite3_column_int64(statement, 1), started);
        if (sqlite3_column_type(statement, 2) != SQLITE_NULL) {
            (void)instant_print(sqlite3_column_int64(statement, 2), stopped);
        }
        err = failure_set(failure, ERR_EXISTS,
                          "%s: already holds the run \"%s\" (%s; started %s, ended: %s); choose "
                          "another path, or delete the file when the run is not needed any more",
                          connection->path, (const char *)sqlite3_column_text(statement, 0),
                          (const char *)sqlite3_column_text(statement, 3), started, stopped);
    } else if (code != SQLITE_DONE) {
        err = connection_fail(connection, "read", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

/* Nothing of a run may be there, and what is there must be whole. */
static enum err sqlite_check_unused(struct connection *connection, struct failure *failure)
{
    enum err err = sqlite_refuse_run(connection, failure);
    int64_t rows = 0;
    if (err == ERR_NONE) {
        err = connection_read_int(connection, "SELECT count(*) FROM journal", &rows, failure);
    }
    if (err == ERR_NONE && rows != 0) {
        err = failure_set(failure, ERR_EXISTS,
                          "%s: already holds a journal of %lld records; choose another path, or "
                          "delete the file when they are not needed any more",
                          connection->path, (long long)rows);
    }
    int64_t faults = 0;
    if (err == ERR_NONE) {
        err = connection_read_int(
            connection, "SELECT count(*) FROM pragma_quick_check WHERE quick_check <> 'ok'",
            &faults, failure);
    }
    if (err == ERR_NONE && faults != 0) {
        err = failure_set(failure, ERR_CORRUPT,
                          "%s: the file is damaged; keep a copy and choose another path",
                          connection->path);
    }
    return err;
}

/* Goes on behind the last record of a run that was cut short. ERR_EXISTS when there is none. */
static enum err sqlite_resume(struct sqlite_store *sqlite, struct failure *failure)
{
    struct connection *connection = &sqlite->connection;
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(connection,
                                      "SELECT seq, ts, checksum FROM journal WHERE EXISTS"
                                      " (SELECT 1 FROM run WHERE state <> 'stopped')"
                                      " ORDER BY seq DESC LIMIT 1",
                                      &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const int code = sqlite3_step(statement);
    if (code == SQLITE_ROW && sqlite3_column_bytes(statement, 2) == CHECKSUM_SIZE) {
        sqlite->store.last_seq = (uint64_t)sqlite3_column_int64(statement, 0);
        sqlite->store.last_ts_ns = sqlite3_column_int64(statement, 1);
        sqlite->store.committed_seq = sqlite->store.last_seq;
        memcpy(sqlite->checksum.bytes, sqlite3_column_blob(statement, 2), CHECKSUM_SIZE);
        sqlite->committed_checksum = sqlite->checksum;
    } else if (code == SQLITE_ROW) {
        err = failure_set(failure, ERR_CORRUPT,
                          "%s: its last journal record has no checksum; tutti verify says more",
                          connection->path);
    } else if (code == SQLITE_DONE) {
        err = ERR_EXISTS; /* The failure says already what the file holds. */
    } else {
        err = connection_fail(connection, "read", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

/* Whether a database of ours may be written to, cleared before where that is wanted. */
static enum err sqlite_claim(struct sqlite_store *sqlite, struct failure *failure)
{
    enum err err = ERR_NONE;
    if (sqlite->is_replaced) {
        err = schema_clear(&sqlite->connection, sqlite->keeps_latches, failure);
    }
    if (err == ERR_NONE) {
        err = sqlite_check_unused(&sqlite->connection, failure);
    }
    return err == ERR_EXISTS && sqlite->is_resumed ? sqlite_resume(sqlite, failure) : err;
}

static enum err sqlite_prepare_file(struct sqlite_store *sqlite, struct failure *failure)
{
    struct connection *connection = &sqlite->connection;
    bool is_empty = false;
    enum err err = schema_check(connection, &is_empty, failure);
    if (err == ERR_NONE && !is_empty) {
        err = sqlite_claim(sqlite, failure);
    }
    if (err == ERR_NONE) {
        err = connection_run(connection, SQLITE_TUNING, failure);
    }
    if (err == ERR_NONE) {
        err = connection_run(connection,
                             sqlite->durability == DURABILITY_MEMORY ? "PRAGMA synchronous=OFF"
                                                                     : "PRAGMA synchronous=FULL",
                             failure);
    }
    if (err == ERR_NONE) {
        err = is_empty ? schema_create(connection, failure) : schema_use_wal(connection, failure);
    }
    return err;
}

/* SQLite tells after each commit how long the log is. */
static int sqlite_on_log(void *context, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    struct sqlite_store *sqlite = context;
    sqlite->log_pages = pages;
    return SQLITE_OK;
}

static enum err sqlite_prepare_statements(struct sqlite_store *sqlite, struct failure *failure)
{
    struct connection *connection = &sqlite->connection;
    enum err err = connection_prepare(connection, "BEGIN IMMEDIATE", &sqlite->begin, failure);
    if (err == ERR_NONE) {
        err = connection_prepare(connection, "COMMIT", &sqlite->commit, failure);
    }
    if (err == ERR_NONE) {
        err = tables_init(&sqlite->tables, connection, sqlite->run_name, failure);
    }
    (void)sqlite3_wal_hook(connection->db, sqlite_on_log, sqlite);
    return err;
}

/* Gives back everything. Rolls back what is open. NULL and half-made stores are allowed. */
static void sqlite_destroy(struct sqlite_store *sqlite)
{
    if (sqlite == NULL) {
        return;
    }
    tables_done(&sqlite->tables);
    (void)sqlite3_finalize(sqlite->begin);
    (void)sqlite3_finalize(sqlite->commit);
    connection_close(&sqlite->connection);
    lock_close(&sqlite->lock); /* Last: while the file is touched, it is ours. */
    free(sqlite->run_name);
    free(sqlite);
}

static enum err sqlite_open(const struct store_options *options, struct store **ret_store,
                            struct failure *failure)
{
    ASSERT(options->path != NULL);
    struct sqlite_store *sqlite = calloc(1, sizeof(*sqlite));
    enum err err = ERR_NONE;
    if (sqlite == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for the store", options->path);
    }
    sqlite->lock = LOCK_NONE;
    sqlite->checksum = CHECKSUM_FIRST;
    sqlite->committed_checksum = CHECKSUM_FIRST;
    sqlite->durability = options->durability;
    sqlite->is_resumed = options->is_resumed;
    sqlite->is_replaced = options->is_replaced;
    sqlite->keeps_latches = options->keeps_latches;
    sqlite->run_name = strdup(options->run_name);
    if (sqlite->run_name == NULL) {
        err = failure_set(failure, ERR_MEMORY, "%s: no memory for the store", options->path);
        goto fail;
    }
    err = lock_open(options->path, &sqlite->lock, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    err = connection_open(options->path, CONNECTION_WRITER, &sqlite->connection, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    err = sqlite_prepare_file(sqlite, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    err = sqlite_prepare_statements(sqlite, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    *ret_store = &sqlite->store;
    return ERR_NONE;
fail:
    sqlite_destroy(sqlite);
    return err;
}

static enum err sqlite_step(struct sqlite_store *sqlite, sqlite3_stmt *statement, const char *doing,
                            struct failure *failure)
{
    enum err err = ERR_NONE;
    if (sqlite3_step(statement) != SQLITE_DONE) {
        err = connection_fail(&sqlite->connection, doing, failure);
    }
    (void)sqlite3_reset(statement);
    return err;
}

static enum err sqlite_begin(struct sqlite_store *sqlite, struct failure *failure)
{
    if (sqlite->has_group) {
        return ERR_NONE;
    }
    const enum err err = sqlite_step(sqlite, sqlite->begin, "begin a group", failure);
    sqlite->has_group = err == ERR_NONE;
    return err;
}

static enum err sqlite_put(struct sqlite_store *sqlite, const struct record *record,
                           const char *data, struct failure *failure)
{
    char client_order_id[ORDER_ID_TEXT_MAX];
    const struct journal_row row = {
        .seq = record->seq,
        .ts_ns = record->ts_ns,
        .kind = record_kind_type(record->kind),
        .controller_id = record->controller_id,
        .executor_id = record->executor_id,
        .client_order_id = record_client_order_id(record, client_order_id),
        .payload = data,
    };
    const struct checksum checksum = checksum_of(&sqlite->checksum, &row);
    enum err err = tables_put_journal(&sqlite->tables, &row, &checksum, failure);
    if (err == ERR_NONE) {
        err = tables_put(&sqlite->tables, record, &row, failure);
    }
    if (err == ERR_NONE) {
        sqlite->checksum = checksum;
    }
    return err;
}

/* Drops the open group: its records can come again when the disk has room, or nobody knows of them
 * because the rest of their change never came. */
static enum err sqlite_drop_group(struct sqlite_store *sqlite, struct failure *failure)
{
    sqlite->checksum = sqlite->committed_checksum;
    sqlite->has_group = false;
    /* Some errors have rolled back already. */
    return sqlite3_get_autocommit(sqlite->connection.db) != 0
               ? ERR_NONE
               : connection_run(&sqlite->connection, "ROLLBACK", failure);
}

/* After an error: a full disk drops the group, unless even that fails. */
static enum err sqlite_conclude(struct sqlite_store *sqlite, enum err err, struct failure *failure)
{
    struct failure cause;
    if (err == ERR_FULL && sqlite_drop_group(sqlite, &cause) != ERR_NONE) {
        return failure_set(failure, ERR_IO, "%s", cause.text);
    }
    return err;
}

static enum err sqlite_append(struct store *store, const struct record *record, struct text *event,
                              struct failure *failure)
{
    struct sqlite_store *sqlite = (struct sqlite_store *)store;
    const size_t data = event_begin(sqlite->run_name, record, event);
    if (text_failed(event)) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for an event",
                           sqlite->connection.path);
    }
    enum err err = sqlite_begin(sqlite, failure);
    if (err == ERR_NONE) {
        err = sqlite_put(sqlite, record, text_string(event) + data, failure);
    }
    event_end(event);
    return sqlite_conclude(sqlite, err, failure);
}

/* Copies a long log into the database. Readers and a full disk may put that off; anything else
 * that goes wrong with the file is final. */
static enum err sqlite_shorten_log(struct sqlite_store *sqlite, struct failure *failure)
{
    if (sqlite->log_pages < SQLITE_LOG_PAGES) {
        return ERR_NONE;
    }
    sqlite->log_pages = 0; /* Told again with the next commit. */
    const int code = sqlite3_wal_checkpoint_v2(sqlite->connection.db, "main",
                                               SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    if (code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY) {
        return ERR_NONE;
    }
    const enum err err =
        connection_fail(&sqlite->connection, "write the log into the database", failure);
    return err == ERR_FULL ? ERR_NONE : err;
}

static enum err sqlite_commit(struct store *store, struct failure *failure)
{
    struct sqlite_store *sqlite = (struct sqlite_store *)store;
    if (!sqlite->has_group) {
        return ERR_NONE;
    }
    const enum err err = sqlite_step(sqlite, sqlite->commit, "commit a group", failure);
    if (err != ERR_NONE) {
        return sqlite_conclude(sqlite, err, failure);
    }
    sqlite->has_group = false;
    sqlite->committed_checksum = sqlite->checksum;
    return sqlite_shorten_log(sqlite, failure);
}

/* The log with everything committed goes to the disk. Needed after synchronous=OFF only. */
static enum err sqlite_sync_log(struct sqlite_store *sqlite, struct failure *failure)
{
    sqlite3_file *log = NULL;
    (void)sqlite3_file_control(sqlite->connection.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (log != NULL && log->pMethods != NULL &&
        log->pMethods->xSync(log, SQLITE_SYNC_NORMAL) != SQLITE_OK) {
        return failure_set(failure, ERR_IO,
                           "%s: cannot write the log to disk: the disk refuses; the last records "
                           "may be lost",
                           sqlite->connection.path);
    }
    return ERR_NONE;
}

/*
 * Copies the log into the database file and gives the log up, so that a finished run is one file
 * that can be read anywhere. Where readers are still at it, or the disk is full, the log stays
 * beside the file: everything is durable then nevertheless.
 */
static enum err sqlite_checkpoint(struct sqlite_store *sqlite, struct failure *failure)
{
    sqlite3 *db = sqlite->connection.db;
    (void)sqlite3_busy_timeout(db, 0);
    int code = sqlite3_wal_checkpoint_v2(db, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    if (code == SQLITE_OK) {
        code = sqlite3_exec(db, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
    }
    if (code == SQLITE_OK || (code & 0xFF) == SQLITE_BUSY) {
        return ERR_NONE;
    }
    const enum err err =
        connection_fail(&sqlite->connection, "write the log into the database", failure);
    return err == ERR_FULL ? ERR_NONE : err;
}

static enum err sqlite_finish(struct sqlite_store *sqlite, struct failure *failure)
{
    enum err err = sqlite->store.has_more ? sqlite_drop_group(sqlite, failure)
                                          : sqlite_commit(&sqlite->store, failure);
    if (err == ERR_NONE && sqlite->durability == DURABILITY_MEMORY) {
        err = connection_run(&sqlite->connection, "PRAGMA synchronous=FULL", failure);
        if (err == ERR_NONE) {
            err = sqlite_sync_log(sqlite, failure);
        }
    }
    return err == ERR_NONE ? sqlite_checkpoint(sqlite, failure) : err;
}

static enum err sqlite_close(struct store *store, struct failure *failure)
{
    struct sqlite_store *sqlite = (struct sqlite_store *)store;
    enum err err = store->error;
    if (err == ERR_NONE) {
        err = sqlite_finish(sqlite, failure);
    } else {
        failure_set(failure, err, "%s: the store had stopped after an error (%s)",
                    sqlite->connection.path, err_name(err));
    }
    if (err != ERR_NONE) {
        /* A file that failed once is not written again: what the disk says about it counts no
         * more. The next start recovers it. */
        (void)sqlite3_db_config(sqlite->connection.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    }
    sqlite_destroy(sqlite);
    return err;
}

const struct store_kind store_kind_sqlite = {
    .type = "sqlite",
    .open = sqlite_open,
    .append = sqlite_append,
    .commit = sqlite_commit,
    .close = sqlite_close,
};
