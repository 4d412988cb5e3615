#include "persistence/schema.h"

#include <string.h>

#include "base/text.h"

static const char *const schema_tables[] = {
    "CREATE TABLE run ("
    " id INTEGER PRIMARY KEY CHECK (id = 1)," /* One run per file. */
    " name TEXT NOT NULL,"
    " mode TEXT NOT NULL," /* backtest, paper, live */
    " seed INTEGER NOT NULL,"
    " config TEXT," /* The run file as JSON. */
    " config_hash TEXT,"
    " version TEXT NOT NULL,"
    " started_at INTEGER NOT NULL,"
    " stopped_at INTEGER," /* NULL while it runs, and after it was killed. */
    " state TEXT NOT NULL" /* running, degraded, stopped */
    ") STRICT;",

    "CREATE TABLE journal ("
    " seq INTEGER PRIMARY KEY," /* From 1, without gaps. */
    " ts INTEGER NOT NULL,"
    " kind TEXT NOT NULL," /* The event type. */
    " controller_id TEXT NOT NULL,"
    " executor_id TEXT NOT NULL,"
    " client_order_id TEXT NOT NULL,"
    " payload TEXT NOT NULL," /* The event's data as JSON. */
    " checksum BLOB NOT NULL" /* persistence/checksum.h */
    ") STRICT;",

    "CREATE TABLE executor ("
    " id TEXT PRIMARY KEY,"
    " controller_id TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " connector_name TEXT NOT NULL,"
    " trading_pair TEXT NOT NULL,"
    " side TEXT,"       /* BUY, SELL; NULL when the kind has none. */
    " status TEXT,"     /* NOT_STARTED, RUNNING, SHUTTING_DOWN, TERMINATED */
    " close_type TEXT," /* NULL while it is open. */
    " config TEXT,"
    " state TEXT," /* As last reported: with the orders that had changed. */
    " net_pnl_quote TEXT NOT NULL,"
    " net_pnl_pct TEXT NOT NULL,"
    " cum_fees_quote TEXT NOT NULL,"
    " filled_amount_quote TEXT NOT NULL,"
    " custom_info TEXT,"
    " created_at INTEGER NOT NULL,"
    " closed_at INTEGER,"
    " archived INTEGER NOT NULL" /* 1 after an action store_executor. */
    ") STRICT, WITHOUT ROWID;",

    "CREATE TABLE orders ("
    " client_order_id TEXT PRIMARY KEY,"
    " exchange_order_id TEXT," /* NULL while unknown. */
    " executor_id TEXT NOT NULL,"
    " role TEXT NOT NULL,"
    " venue TEXT NOT NULL,"
    " trading_pair TEXT NOT NULL,"
    " side TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " price TEXT NOT NULL,"
    " amount TEXT NOT NULL,"
    " status TEXT NOT NULL,"
    " executed_base TEXT NOT NULL,"
    " executed_quote TEXT NOT NULL,"
    " fee_quote TEXT NOT NULL,"
    " reason TEXT NOT NULL,"
    " created_at INTEGER NOT NULL,"
    " updated_at INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",

    "CREATE TABLE fill ("
    " venue TEXT NOT NULL,"
    " account TEXT NOT NULL,"
    " trading_pair TEXT NOT NULL,"
    " trade_id TEXT NOT NULL,"
    " client_order_id TEXT NOT NULL,"
    " executor_id TEXT NOT NULL,"
    " side TEXT NOT NULL,"
    " price TEXT NOT NULL,"
    " amount TEXT NOT NULL,"
    " fee TEXT NOT NULL,"
    " fee_asset TEXT NOT NULL,"
    " fee_quote TEXT NOT NULL,"
    " liquidity TEXT NOT NULL,"
    " ts INTEGER NOT NULL,"
    " PRIMARY KEY (venue, account, trading_pair, trade_id)"
    ") STRICT, WITHOUT ROWID;",

    "CREATE TABLE position ("
    " controller_id TEXT NOT NULL,"
    " venue TEXT NOT NULL,"
    " trading_pair TEXT NOT NULL,"
    " side TEXT NOT NULL," /* NET, or BUY and SELL in hedge mode. */
    " amount TEXT NOT NULL,"
    " average_price TEXT NOT NULL,"
    " realized_pnl_quote TEXT NOT NULL,"
    " fees_quote TEXT NOT NULL,"
    " funding_quote TEXT NOT NULL,"
    " volume_quote TEXT NOT NULL,"
    " updated_at INTEGER NOT NULL,"
    " PRIMARY KEY (controller_id, venue, trading_pair, side)"
    ") STRICT, WITHOUT ROWID;",

    "CREATE TABLE performance ("
    " controller_id TEXT NOT NULL," /* '' is the whole run. */
    " ts INTEGER NOT NULL,"
    " report TEXT NOT NULL"
    ") STRICT;",

    "CREATE TABLE action ("
    " action_id TEXT PRIMARY KEY,"
    " controller_id TEXT NOT NULL,"
    " kind TEXT NOT NULL," /* create_executor, stop_executor, ... */
    " executor_id TEXT NOT NULL,"
    " request TEXT,"
    " answer TEXT NOT NULL," /* {"accepted":..,"code":..,"message":..} and later "completed". */
    " ts INTEGER NOT NULL"   /* When it was answered. */
    ") STRICT, WITHOUT ROWID;",

    "CREATE TABLE risk ("
    " scope TEXT PRIMARY KEY," /* global, a controller, a venue. */
    " state TEXT NOT NULL,"    /* ACTIVE, REDUCING, HALTED */
    " reason TEXT NOT NULL,"
    " ts INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;",
    NULL,
};

const struct schema_table schema_derived[] = {
    {"run", 1},         {"executor", 1}, {"orders", 1}, {"fill", 4}, {"position", 4},
    {"performance", 0}, {"action", 1},   {"risk", 1},   {NULL, 0},
};

enum err schema_check(struct connection *connection, bool *ret_is_empty, struct failure *failure)
{
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
    if (application == 0 && version == 0 && objects == 0) {
        *ret_is_empty = true;
        return ERR_NONE;
    }
    if (application != SCHEMA_APPLICATION_ID) {
        return failure_set(
            failure, ERR_VERSION,
            "%s: the database of another program (application id %lld), not touched; "
            "choose another path",
            connection->path, (long long)application);
    }
    if (version != SCHEMA_VERSION) {
        return failure_set(failure, ERR_VERSION,
                           "%s: made by %s version of tutti (schema %lld, this program knows %d); "
                           "use that version, or choose another path",
                           connection->path, version > SCHEMA_VERSION ? "a newer" : "an unknown",
                           (long long)version, SCHEMA_VERSION);
    }
    *ret_is_empty = false;
    return ERR_NONE;
}

enum err schema_use_wal(struct connection *connection, struct failure *failure)
{
    sqlite3_stmt *statement = NULL;
    enum err err = connection_prepare(connection, "PRAGMA journal_mode=WAL", &statement, failure);
    if (err != ERR_NONE) {
        return err;
    }
    int code = sqlite3_step(statement);
    const bool is_wal =
        code == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(statement, 0), "wal") == 0;
    if (code == SQLITE_ROW) {
        code = sqlite3_step(statement); /* It says what it will be, and then makes it so. */
    }
    if (code != SQLITE_DONE) {
        err = connection_fail(connection, "switch to a write-ahead log", failure);
    } else if (!is_wal) {
        err = failure_set(failure, ERR_IO,
                          "%s: this file system has no shared memory for a write-ahead log; choose "
                          "a path on a local disk",
                          connection->path);
    }
    (void)sqlite3_finalize(statement);
    return err;
}

static void schema_append_all(const char *const *statements, struct text *out)
{
    for (; *statements != NULL; statements++) {
        text_append_string(out, *statements);
    }
}

enum err schema_create_tables(struct connection *connection, struct failure *failure)
{
    struct text sql = {0};
    text_append_string(&sql, "BEGIN IMMEDIATE;");
    schema_append_all(schema_tables, &sql);
    schema_append_all(schema_views, &sql);
    text_printf(&sql, "PRAGMA application_id=%d;PRAGMA user_version=%d;COMMIT;",
                SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
    const enum err err =
        text_failed(&sql)
            ? failure_set(failure, ERR_MEMORY, "%s: no memory for its tables", connection->path)
            : connection_run(connection, text_string(&sql), failure);
    text_done(&sql);
    return err;
}

enum err schema_create(struct connection *connection, struct failure *failure)
{
    const enum err err = schema_use_wal(connection, failure);
    return err == ERR_NONE ? schema_create_tables(connection, failure) : err;
}

#define SCHEMA_CLEAR                                              \
    "BEGIN IMMEDIATE;"                                            \
    "DELETE FROM run; DELETE FROM journal; DELETE FROM executor;" \
    "DELETE FROM orders; DELETE FROM fill; DELETE FROM position;" \
    "DELETE FROM performance; DELETE FROM action; DELETE FROM risk "

enum err schema_clear(struct connection *connection, bool keeps_latches, struct failure *failure)
{
    return connection_run(connection,
                          keeps_latches ? SCHEMA_CLEAR "WHERE state = 'ACTIVE'; COMMIT;"
                                        : SCHEMA_CLEAR "; COMMIT;",
                          failure);
}
