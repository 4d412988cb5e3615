#include <string.h>

#include "base/assert.h"
#include "persistence/schema.h"
#include "persistence/verify_parts.h"

#define VERIFY_TABLE_NEXT                                                                 \
    "the journal is whole and has the last word: keep a copy of the file; tutti salvage " \
    "DATABASE NEW makes the tables anew"

enum { VERIFY_VALUE_SHOWN_MAX = 80 }; /* Bytes of a value in a message. */

/* The rows of one table on both sides, in the same order. */
struct verify_pair {
    struct verify *verify;
    const struct schema_table *table;
    sqlite3_stmt *stored;  /* Owned. */
    sqlite3_stmt *rebuilt; /* Owned. */
    int stored_code;       /* SQLITE_ROW or SQLITE_DONE. */
    int rebuilt_code;
    uint64_t row; /* Of the table, from 1. */
};

static enum err pair_prepare(struct connection *connection, const struct schema_table *table,
                             sqlite3_stmt **ret_statement, struct failure *failure)
{
    static const char *const orders[] = {"rowid", "1", "1,2", "1,2,3", "1,2,3,4"};
    ASSERT((size_t)table->key_columns < sizeof(orders) / sizeof(orders[0]));
    struct text sql = {0};
    text_printf(&sql, "SELECT * FROM %s ORDER BY %s", table->name, orders[table->key_columns]);
    const enum err err =
        text_failed(&sql)
            ? failure_set(failure, ERR_MEMORY, "%s: no memory to compare", connection->path)
            : connection_prepare(connection, text_string(&sql), ret_statement, failure);
    text_done(&sql);
    return err;
}

static enum err pair_step(struct connection *connection, sqlite3_stmt *statement, int *ret_code,
                          struct failure *failure)
{
    *ret_code = sqlite3_step(statement);
    return *ret_code == SQLITE_ROW || *ret_code == SQLITE_DONE
               ? ERR_NONE
               : connection_fail(connection, "read its tables", failure);
}

static int value_compare(sqlite3_stmt *a, sqlite3_stmt *b, int column)
{
    const int type_a = sqlite3_column_type(a, column);
    const int type_b = sqlite3_column_type(b, column);
    if (type_a != type_b) {
        return type_a < type_b ? -1 : 1;
    }
    if (type_a == SQLITE_INTEGER) {
        const sqlite3_int64 number_a = sqlite3_column_int64(a, column);
        const sqlite3_int64 number_b = sqlite3_column_int64(b, column);
        return number_a < number_b ? -1 : number_a > number_b;
    }
    const void *bytes_a = sqlite3_column_blob(a, column);
    const void *bytes_b = sqlite3_column_blob(b, column);
    const int length_a = sqlite3_column_bytes(a, column);
    const int length_b = sqlite3_column_bytes(b, column);
    const int shorter = length_a < length_b ? length_a : length_b;
    const int order = shorter > 0 ? memcmp(bytes_a, bytes_b, (size_t)shorter) : 0;
    return order != 0 ? order : length_a - length_b;
}

/* Which side's key comes first; 0: both are the same row. */
static int pair_compare_keys(const struct verify_pair *pair)
{
    if (pair->stored_code != pair->rebuilt_code) {
        return pair->stored_code == SQLITE_ROW ? -1 : 1;
    }
    int order = 0;
    for (int i = 0; i < pair->table->key_columns && order == 0; i++) {
        order = value_compare(pair->stored, pair->rebuilt, i);
    }
    return order;
}

/* "orders t3k9x2-1f-3", or "performance row 3" where there is no key. */
static void pair_say_where(const struct verify_pair *pair, sqlite3_stmt *statement)
{
    struct text *where = &pair->verify->where;
    text_append_string(where, pair->table->name);
    if (pair->table->key_columns == 0) {
        text_printf(where, " row %llu", (unsigned long long)pair->row);
    }
    for (int i = 0; i < pair->table->key_columns; i++) {
        const char *key = (const char *)sqlite3_column_text(statement, i);
        text_printf(where, " %.80s", key != NULL ? key : "NULL");
    }
}

static void pair_say_value(struct text *what, sqlite3_stmt *statement, int column)
{
    const char *value = (const char *)sqlite3_column_text(statement, column);
    if (value == NULL) {
        text_append_string(what, "NULL");
        return;
    }
    text_printf(what, "\"%.*s\"%s", VERIFY_VALUE_SHOWN_MAX, value,
                strlen(value) > VERIFY_VALUE_SHOWN_MAX ? "..." : "");
}

static enum err pair_tell_alone(struct verify_pair *pair, sqlite3_stmt *statement, const char *what,
                                struct failure *failure)
{
    pair_say_where(pair, statement);
    text_append_string(&pair->verify->what, what);
    return verify_tell(pair->verify, VERIFY_TABLE_NEXT, failure);
}

static enum err pair_compare_values(struct verify_pair *pair, struct failure *failure)
{
    const int count = sqlite3_column_count(pair->rebuilt);
    enum err err = ERR_NONE;
    for (int i = 0; i < count && err == ERR_NONE; i++) {
        if (value_compare(pair->stored, pair->rebuilt, i) == 0) {
            continue;
        }
        struct text *what = &pair->verify->what;
        pair_say_where(pair, pair->rebuilt);
        text_printf(what, "%s is ", sqlite3_column_name(pair->rebuilt, i));
        pair_say_value(what, pair->stored, i);
        text_append_string(what, ", the journal says ");
        pair_say_value(what, pair->rebuilt, i);
        err = verify_tell(pair->verify, VERIFY_TABLE_NEXT, failure);
    }
    return err;
}

/* Compares the rows at hand and moves on the sides that are done with theirs. */
static enum err pair_next(struct verify_pair *pair, struct failure *failure)
{
    const int order = pair_compare_keys(pair);
    enum err err;
    pair->row++;
    if (order < 0) {
        err = pair_tell_alone(pair, pair->stored,
                              "is in the table, but nothing in the journal "
                              "makes it",
                              failure);
    } else if (order > 0) {
        err = pair_tell_alone(pair, pair->rebuilt, "is missing: the journal makes it", failure);
    } else {
        pair->verify->report->rows++;
        err = pair_compare_values(pair, failure);
    }
    if (err == ERR_NONE && order <= 0) {
        err = pair_step(&pair->verify->stored, pair->stored, &pair->stored_code, failure);
    }
    if (err == ERR_NONE && order >= 0) {
        err = pair_step(&pair->verify->rebuilt, pair->rebuilt, &pair->rebuilt_code, failure);
    }
    return err;
}

static enum err pair_compare(struct verify_pair *pair, struct failure *failure)
{
    enum err err = pair_prepare(&pair->verify->stored, pair->table, &pair->stored, failure);
    if (err == ERR_NONE) {
        err = pair_prepare(&pair->verify->rebuilt, pair->table, &pair->rebuilt, failure);
    }
    if (err == ERR_NONE &&
        sqlite3_column_count(pair->stored) != sqlite3_column_count(pair->rebuilt)) {
        err = failure_set(failure, ERR_CORRUPT, "%s: table %s has other columns than it should",
                          pair->verify->path, pair->table->name);
    }
    if (err == ERR_NONE) {
        err = pair_step(&pair->verify->stored, pair->stored, &pair->stored_code, failure);
    }
    if (err == ERR_NONE) {
        err = pair_step(&pair->verify->rebuilt, pair->rebuilt, &pair->rebuilt_code, failure);
    }
    while (err == ERR_NONE &&
           (pair->stored_code == SQLITE_ROW || pair->rebuilt_code == SQLITE_ROW)) {
        err = pair_next(pair, failure);
    }
    return err;
}

enum err verify_tables(struct verify *verify, struct failure *failure)
{
    enum err err = ERR_NONE;
    for (const struct schema_table *table = schema_derived; table->name != NULL && err == ERR_NONE;
         table++) {
        struct verify_pair pair = {.verify = verify, .table = table};
        struct failure cause;
        err = pair_compare(&pair, &cause);
        (void)sqlite3_finalize(pair.stored);
        (void)sqlite3_finalize(pair.rebuilt);
        if (err == ERR_CORRUPT) { /* Of the stored side: it has to be told, not returned. */
            text_clear(&verify->where);
            text_clear(&verify->what);
            text_printf(&verify->where, "table %s", table->name);
            text_append_string(&verify->what, cause.text);
            err = verify_tell(verify, VERIFY_TABLE_NEXT, failure);
        } else if (err != ERR_NONE) {
            *failure = cause;
        }
    }
    return err;
}
