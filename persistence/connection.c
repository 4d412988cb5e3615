#include "persistence/connection.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

/* How long another program may hold the database before it counts as an error. */
enum { CONNECTION_BUSY_MS = 2000 };

/* The header of a database file. SQLite takes shorter files for empty ones and overwrites them. */
enum { CONNECTION_HEADER_SIZE = 100 };

/* No room on the disk: SQLite knows only one of its errors. A sync that fails is never that: what
 * it should have written may be gone. */
static bool connection_is_full(int code, int system)
{
    return (code & 0xFF) == SQLITE_FULL ||
           ((code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE) &&
            (system == ENOSPC || system == EDQUOT));
}

static enum err connection_err(int code, int system)
{
    if (connection_is_full(code, system)) {
        return ERR_FULL;
    }
    switch (code & 0xFF) {
    case SQLITE_NOMEM:
        return ERR_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ERR_LOCKED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* A table or a column is not there. */
        return ERR_CORRUPT;
    case SQLITE_TOOBIG:
        return ERR_LIMIT;
    default:
        return ERR_IO;
    }
}

static const char *connection_next_step(enum err err, int code)
{
    if (err == ERR_FULL) {
        return "free some space";
    }
    if (err == ERR_MEMORY) {
        return "free some memory; what was committed before is whole";
    }
    if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) {
        return "the disk has lost what it was given: check it; what was committed before is whole";
    }
    if ((code & 0xFF) == SQLITE_CONSTRAINT) {
        return "what is stored contradicts what was to be added; keep a copy of the file";
    }
    if (err == ERR_LOCKED) {
        return "another program holds it; close that program, then try again";
    }
    if (err == ERR_CORRUPT) {
        return "the file is damaged or no database of tutti; keep a copy and choose another path";
    }
    return "check the disk, the folder and its permissions";
}

enum err connection_fail(const struct connection *connection, const char *doing,
                         struct failure *failure)
{
    const int code = sqlite3_extended_errcode(connection->db);
    const int reason = sqlite3_system_errno(connection->db);
    const enum err err = connection_err(code, reason);
    const int system = err == ERR_IO ? reason : 0;
    return failure_set(failure, err, "%s: cannot %s: %s%s%s (%s)", connection->path, doing,
                       sqlite3_errmsg(connection->db), system != 0 ? ": " : "",
                       system != 0 ? strerror(system) : "", connection_next_step(err, code));
}

/* What SQLite would answer with "unable to open database file" only. */
static enum err connection_check_file(const char *path, enum connection_mode mode,
                                      struct failure *failure)
{
    struct stat file;
    if (mode == CONNECTION_SCRATCH) {
        return ERR_NONE;
    }
    if (stat(path, &file) != 0) {
        if (errno != ENOENT) {
            return failure_set(failure, ERR_IO, "%s: cannot open: %s", path, strerror(errno));
        }
        return mode == CONNECTION_WRITER
                   ? ERR_NONE
                   : failure_set(failure, ERR_NOT_FOUND, "%s: no such file", path);
    }
    if (!S_ISREG(file.st_mode)) {
        return failure_set(failure, ERR_IO, "%s: is %s, expected a database file", path,
                           S_ISDIR(file.st_mode) ? "a folder" : "a device, pipe or socket");
    }
    if (mode == CONNECTION_WRITER && file.st_uid != geteuid()) {
        /* Root could write to it, and its owner then could not any more. */
        return failure_set(failure, ERR_DENIED,
                           "%s: belongs to user %lu, this program runs as user %lu; run as that "
                           "user, or choose another path",
                           path, (unsigned long)file.st_uid, (unsigned long)geteuid());
    }
    if (file.st_size > 0 && file.st_size < CONNECTION_HEADER_SIZE) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s: is not a database; choose another path, this file is left alone",
                           path);
    }
    return ERR_NONE;
}

/* Reads something of the first page: SQLite opens lazily. */
static enum err connection_touch(struct connection *connection, struct failure *failure)
{
    int64_t version;
    return connection_read_int(connection, "PRAGMA schema_version", &version, failure);
}

static enum err connection_connect(struct connection *connection, const char *path, int flags,
                                   struct failure *failure)
{
    const int code = sqlite3_open_v2(path, &connection->db, flags | SQLITE_OPEN_NOMUTEX, NULL);
    if (connection->db == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to open it", connection->path);
    }
    if (code != SQLITE_OK) {
        return connection_fail(connection, "open", failure);
    }
    (void)sqlite3_extended_result_codes(connection->db, 1);
    (void)sqlite3_busy_timeout(connection->db, CONNECTION_BUSY_MS);
    return connection_touch(connection, failure);
}

static enum err connection_open_writer(struct connection *connection, struct failure *failure)
{
    /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): connection_close() frees the path. */
    const enum err err = connection_connect(connection, connection->path,
                                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, failure);
    if (err == ERR_NONE && sqlite3_db_readonly(connection->db, "main") == 1) {
        return failure_set(failure, ERR_IO,
                           "%s: the file cannot be written; change its permissions",
                           connection->path);
    }
    return err;
}

/* Lets SQLite take back a change that was cut off: a reader may not, and could not read. */
static enum err connection_roll_back(const struct connection *connection, struct failure *failure)
{
    struct connection writer = {.path = connection->path};
    const enum err err = connection_connect(&writer, writer.path, SQLITE_OPEN_READWRITE, failure);
    (void)sqlite3_close(writer.db);
    return err;
}

static enum err connection_open_reader(struct connection *connection, struct failure *failure)
{
    enum err err = connection_connect(connection, connection->path, SQLITE_OPEN_READONLY, failure);
    if (err == ERR_IO && sqlite3_extended_errcode(connection->db) == SQLITE_READONLY_ROLLBACK) {
        (void)sqlite3_close(connection->db);
        connection->db = NULL;
        err = connection_roll_back(connection, failure);
        if (err == ERR_NONE) {
            err = connection_connect(connection, connection->path, SQLITE_OPEN_READONLY, failure);
        }
    }
    if (err != ERR_NONE) {
        return err;
    }
    (void)sqlite3_db_config(connection->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return connection_run(connection, "PRAGMA query_only=ON", failure);
}

/* Nobody else ever sees it and nothing of it has to last. The empty name is SQLite's for that. */
static enum err connection_open_scratch(struct connection *connection, struct failure *failure)
{
    const enum err err =
        connection_connect(connection, "", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, failure);
    return err != ERR_NONE
               ? err
               : connection_run(connection, "PRAGMA synchronous=OFF; PRAGMA journal_mode=MEMORY",
                                failure);
}

static enum err connection_open_mode(struct connection *connection, enum connection_mode mode,
                                     struct failure *failure)
{
    if (mode == CONNECTION_WRITER) {
        return connection_open_writer(connection, failure);
    }
    return mode == CONNECTION_READER ? connection_open_reader(connection, failure)
                                     : connection_open_scratch(connection, failure);
}

enum err connection_open(const char *path, enum connection_mode mode,
                         struct connection *ret_connection, struct failure *failure)
{
    ASSERT(path != NULL);
    enum err err = connection_check_file(path, mode, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct connection connection = {.path = strdup(path)};
    if (connection.path == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to open it", path);
    }
    err = connection_open_mode(&connection, mode, failure);
    if (err == ERR_NONE) {
        err = connection_run(&connection, "PRAGMA trusted_schema=OFF", failure);
    }
    if (err != ERR_NONE) {
        connection_close(&connection);
        return err;
    }
    *ret_connection = connection;
    return ERR_NONE;
}

void connection_close(struct connection *connection)
{
    ASSERT(connection != NULL);
    const int code = sqlite3_close(connection->db);
    ASSERT(code == SQLITE_OK); /* Whoever prepared a statement has finalized it. */
    free(connection->path);
    *connection = (struct connection){0};
}

enum err connection_run(struct connection *connection, const char *sql, struct failure *failure)
{
    if (sqlite3_exec(connection->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return connection_fail(connection, "prepare the database", failure);
    }
    return ERR_NONE;
}

enum err connection_prepare(struct connection *connection, const char *sql,
                            sqlite3_stmt **ret_statement, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v3(connection->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
        return connection_fail(connection, "read its tables", failure);
    }
    *ret_statement = statement;
    return ERR_NONE;
}

enum err connection_read_int(struct connection *connection, const char *sql, int64_t *ret_value,
                             struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(connection->db, sql, -1, &statement, NULL);
    int64_t value = 0;
    if (code == SQLITE_OK) {
        code = sqlite3_step(statement);
        value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    }
    enum err err = ERR_NONE;
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        *ret_value = value;
    } else {
        err = connection_fail(connection, "read", failure);
    }
    (void)sqlite3_finalize(statement);
    return err;
}
