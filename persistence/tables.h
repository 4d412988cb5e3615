/*
 * persistence/tables.h - the rows that a record makes in the tables.
 *
 * One row in the journal, always; and what the record changes in the derived tables: executors,
 * orders, positions, actions and risk states are replaced by their key, fills and performance
 * reports are added. The caller has a transaction open.
 *
 * executor.skipped, funding, liquidation, rate, risk.denied, venue.* and run.recovered change no
 * table but the journal.
 *
 * Threads: belongs to the thread of its connection.
 */
#ifndef TUTTI_PERSISTENCE_TABLES_H
#define TUTTI_PERSISTENCE_TABLES_H

#include "base/err.h"
#include "base/text.h"
#include "persistence/checksum.h"
#include "persistence/connection.h"
#include "persistence/record.h"

enum tables_statement {
    TABLES_JOURNAL,
    TABLES_RUN_STARTED,
    TABLES_RUN_STATE,
    TABLES_RUN_STOPPED,
    TABLES_EXECUTOR,
    TABLES_EXECUTOR_ARCHIVED,
    TABLES_ORDER,
    TABLES_FILL,
    TABLES_POSITION,
    TABLES_PERFORMANCE,
    TABLES_ACTION,
    TABLES_RISK,
    TABLES_STATEMENT_COUNT,
};

struct tables {
    struct connection *connection;                    /* Borrowed. */
    sqlite3_stmt *statements[TABLES_STATEMENT_COUNT]; /* Owned. */
    const char *run_name;                             /* Borrowed. */
    struct text answer;                               /* Room for an action's answer. */
};

/* Prepares all statements. On an error nothing is left to be done. */
MUST_USE enum err tables_init(struct tables *tables, struct connection *connection,
                              const char *run_name, struct failure *failure);

/* A zeroed struct is allowed. */
void tables_done(struct tables *tables);

MUST_USE enum err tables_put_journal(struct tables *tables, const struct journal_row *row,
                                     const struct checksum *checksum, struct failure *failure);

/* The derived rows. `row` is the record's in the journal: what was printed for that is taken from
 * there, its id of an order and its payload. */
MUST_USE enum err tables_put(struct tables *tables, const struct record *record,
                             const struct journal_row *row, struct failure *failure);

#endif
