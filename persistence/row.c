#include "persistence/row.h"

#include "base/assert.h"

void row_begin(struct row *row, sqlite3_stmt *statement)
{
    row->statement = statement;
    row->column = 0;
    row->code = SQLITE_OK;
    row->is_overflown = false;
    row->decimal_count = 0;
}

/* Moves to the next column. False after an error: nothing is bound any more, so that it stays the
 * last error of the connection. */
static bool row_next(struct row *row)
{
    row->column++;
    return row->code == SQLITE_OK;
}

void row_text(struct row *row, const char *text)
{
    if (row_next(row)) {
        row->code = sqlite3_bind_text(row->statement, row->column, text, -1, SQLITE_STATIC);
    }
}

void row_text_or_empty(struct row *row, const char *text)
{
    row_text(row, text != NULL ? text : "");
}

void row_text_or_null(struct row *row, const char *text)
{
    row_text(row, text != NULL && text[0] != '\0' ? text : NULL);
}

void row_int(struct row *row, int64_t value)
{
    if (row_next(row)) {
        row->code = sqlite3_bind_int64(row->statement, row->column, value);
    }
}

void row_instant_or_null(struct row *row, int64_t instant_ns)
{
    if (instant_ns != 0) {
        row_int(row, instant_ns);
    } else {
        row_text(row, NULL);
    }
}

void row_decimal(struct row *row, struct decimal value)
{
    ASSERT(row->decimal_count < ROW_DECIMALS_MAX);
    char *printed = row->decimals[row->decimal_count++];
    const size_t length = decimal_print(value, printed);
    row->is_overflown = row->is_overflown || !decimal_is_valid(value);
    if (row_next(row)) {
        row->code =
            sqlite3_bind_text(row->statement, row->column, printed, (int)length, SQLITE_STATIC);
    }
}

void row_blob(struct row *row, const void *bytes, size_t size)
{
    if (row_next(row)) {
        row->code = sqlite3_bind_blob(row->statement, row->column, bytes, (int)size, SQLITE_STATIC);
    }
}

enum err row_write(struct row *row, const struct connection *connection, const char *doing,
                   struct failure *failure)
{
    if (row->is_overflown) {
        return failure_set(failure, ERR_OVERFLOW,
                           "%s: cannot %s: an amount of money left its range of +-1.7e20",
                           connection->path, doing);
    }
    ASSERT(row->code != SQLITE_RANGE); /* More values than the statement has places. */
    if (row->code == SQLITE_OK) {
        const int code = sqlite3_step(row->statement);
        row->code = code == SQLITE_DONE ? SQLITE_OK : code;
    }
    enum err err = ERR_NONE;
    if (row->code != SQLITE_OK) {
        err = connection_fail(connection, doing, failure);
    }
    /* The statement keeps no pointer to texts that will be gone. */
    (void)sqlite3_reset(row->statement);
    return err;
}
