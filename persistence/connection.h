/*
 * persistence/connection.h - a SQLite database file, and its errors in our words.
 *
 * Everything that talks to SQLite goes through here, so that result codes become enum err in one
 * place and every message names the file, the cause and the next step.
 *
 * Threads: a connection belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_CONNECTION_H
#define TUTTI_PERSISTENCE_CONNECTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/err.h"

enum connection_mode {
    CONNECTION_WRITER,  /* Creates the file when absent. */
    CONNECTION_READER,  /* The file must exist. Cannot write, not even by mistake. */
    CONNECTION_SCRATCH, /* A database of its own, gone when it is closed; the path is only its name
                           in messages. */
};

struct connection {
    sqlite3 *db; /* Owned. */
    char *path;  /* Owned. */
};

/*
 * Opens the file and reads its first page. Errors: ERR_NOT_FOUND (reader), ERR_CORRUPT for a file
 * that is no database, ERR_DENIED (writer: the file is another user's), ERR_IO (a folder, no such
 * folder, not writable), ERR_LOCKED, ERR_MEMORY.
 */
MUST_USE enum err connection_open(const char *path, enum connection_mode mode,
                                  struct connection *ret_connection, struct failure *failure);

/* Rolls back what is open. A zeroed connection is allowed; the connection is zeroed. */
void connection_close(struct connection *connection);

/* Describes the last error of the connection and returns its enum err. `doing` is what failed,
 * as in "cannot write the journal". ERR_FULL: the disk has no room. */
enum err connection_fail(const struct connection *connection, const char *doing,
                         struct failure *failure);

/* Runs statements that return nothing of interest. */
MUST_USE enum err connection_run(struct connection *connection, const char *sql,
                                 struct failure *failure);

/* Prepares a statement that will be used again and again. */
MUST_USE enum err connection_prepare(struct connection *connection, const char *sql,
                                     sqlite3_stmt **ret_statement, struct failure *failure);

/* The first column of the first row as a number; 0 when there is no row. */
MUST_USE enum err connection_read_int(struct connection *connection, const char *sql,
                                      int64_t *ret_value, struct failure *failure);

#endif
