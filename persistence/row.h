/*
 * persistence/row.h - the values of one row on their way into a prepared statement.
 *
 * Values are bound from left to right; texts are borrowed until row_write(). The first error is
 * kept and row_write() returns it, so that a row of many columns is checked once.
 *
 * Threads: a row belongs to one thread.
 */
#ifndef TUTTI_PERSISTENCE_ROW_H
#define TUTTI_PERSISTENCE_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"
#include "persistence/connection.h"

enum { ROW_DECIMALS_MAX = 8 };

struct row {
    sqlite3_stmt *statement; /* Borrowed. */
    int column;              /* Bound so far. */
    int code;                /* First SQLite error, SQLITE_OK while there is none. */
    bool is_overflown;       /* A decimal had left its range. */
    size_t decimal_count;
    char decimals[ROW_DECIMALS_MAX][DECIMAL_TEXT_MAX];
};

void row_begin(struct row *row, sqlite3_stmt *statement);

/* NULL binds NULL. */
void row_text(struct row *row, const char *text);
/* NULL binds "": for columns that are never NULL. */
void row_text_or_empty(struct row *row, const char *text);
/* NULL and "" bind NULL. */
void row_text_or_null(struct row *row, const char *text);
void row_int(struct row *row, int64_t value);
/* 0 binds NULL: an instant that has not come. */
void row_instant_or_null(struct row *row, int64_t instant_ns);
/* At most ROW_DECIMALS_MAX times per row. */
void row_decimal(struct row *row, struct decimal value);
void row_blob(struct row *row, const void *bytes, size_t size);

/* Runs the statement with the bound values and makes it ready for the next row. `doing` as in
 * connection_fail(). ERR_OVERFLOW when a decimal was invalid; nothing is written then. */
MUST_USE enum err row_write(struct row *row, const struct connection *connection, const char *doing,
                            struct failure *failure);

#endif
