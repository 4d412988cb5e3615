/*
 * tests/unit/persistence/forging.h - journal records that no store writes, with checksums that fit.
 *
 * What an older, newer or mistaken program might have left behind: the chain is whole, and yet the
 * record cannot be read or contradicts what was before it. No table but the journal is touched.
 *
 * Threads: a test is one thread.
 */
#ifndef TUTTI_TESTS_UNIT_PERSISTENCE_FORGING_H
#define TUTTI_TESTS_UNIT_PERSISTENCE_FORGING_H

#include "persistence/connection.h"
#include "persistence/tables.h"
#include "tests/unit/persistence/samples.h"

/* The checksum of the last record, and the number of the next. */
static inline struct checksum forge_end(struct connection *connection, uint64_t *ret_next)
{
    struct failure failure;
    struct checksum checksum = CHECKSUM_FIRST;
    sqlite3_stmt *statement = NULL;
    *ret_next = 1;
    ck_assert_int_eq(connection_prepare(connection,
                                        "SELECT seq, checksum FROM journal ORDER BY seq DESC",
                                        &statement, &failure),
                     ERR_NONE);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        *ret_next = (uint64_t)sqlite3_column_int64(statement, 0) + 1;
        memcpy(checksum.bytes, sqlite3_column_blob(statement, 1), CHECKSUM_SIZE);
    }
    (void)sqlite3_finalize(statement);
    return checksum;
}

/* Adds a record to the journal of a database that no run writes to. */
static inline void forge_record(const char *path, const char *kind, const char *executor_id,
                                const char *payload)
{
    struct connection connection;
    struct tables tables;
    struct failure failure;
    struct journal_row row = {.ts_ns = SAMPLE_TS_NS,
                              .kind = kind,
                              .controller_id = "",
                              .executor_id = executor_id,
                              .client_order_id = "",
                              .payload = payload};
    ck_assert_int_eq(connection_open(path, CONNECTION_WRITER, &connection, &failure), ERR_NONE);
    const struct checksum last = forge_end(&connection, &row.seq);
    const struct checksum checksum = checksum_of(&last, &row);
    ck_assert_int_eq(tables_init(&tables, &connection, SAMPLE_RUN, &failure), ERR_NONE);
    ck_assert_msg(tables_put_journal(&tables, &row, &checksum, &failure) == ERR_NONE, "%s",
                  failure.text);
    tables_done(&tables);
    connection_close(&connection);
}

#endif
