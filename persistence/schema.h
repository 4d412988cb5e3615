/*
 * persistence/schema.h - the tables and views of a run's database.
 *
 * Money is TEXT (exact), instants are INTEGER nanoseconds, enums are their names. The journal is
 * the authority; all other tables are derived from it. The views hb_executors, hb_orders,
 * hb_trade_fill and hb_position show the same under Hummingbot's column names and units.
 *
 * Threads: a connection belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_SCHEMA_H
#define TUTTI_PERSISTENCE_SCHEMA_H

#include <stdbool.h>

#include "persistence/connection.h"

enum {
    SCHEMA_APPLICATION_ID = 0x74757474, /* "tutt" */
    SCHEMA_VERSION = 2,
};

/* The statements that make the views; ends with NULL. schema_create() runs them. */
extern const char *const schema_views[];

/* A table that is derived from the journal. */
struct schema_table {
    const char *name;
    int key_columns; /* Its first columns are its key; 0: rows stand in the order of writing. */
};

/* All tables but the journal; ends with a name of NULL. */
extern const struct schema_table schema_derived[];

/*
 * Looks at what is there. *ret_is_empty: nothing yet, schema_create() may follow. ERR_VERSION for
 * the database of another program or of a newer version, with what to do; ERR_CORRUPT.
 */
MUST_USE enum err schema_check(struct connection *connection, bool *ret_is_empty,
                               struct failure *failure);

/* Makes all tables and views in one transaction. */
MUST_USE enum err schema_create_tables(struct connection *connection, struct failure *failure);

/* Switches to WAL and makes all tables and views in one transaction. */
MUST_USE enum err schema_create(struct connection *connection, struct failure *failure);

/* Deletes every row of every table in one transaction: the run that was in the file is gone. With
 * keeps_latches those of `risk` stay that are not ACTIVE. */
MUST_USE enum err schema_clear(struct connection *connection, bool keeps_latches,
                               struct failure *failure);

/* Switches to WAL. ERR_IO where the file system does not allow it. */
MUST_USE enum err schema_use_wal(struct connection *connection, struct failure *failure);

#endif
