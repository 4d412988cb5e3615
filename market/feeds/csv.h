/*
 * market/feeds/csv.h - rows of a recorded CSV, plain or gzip, one after the other.
 *
 * Strict and independent of the locale: the first row names the columns, every row has as many
 * fields as the first, numbers are plain decimals without sign or exponent, there are no quotes and
 * no empty lines. Lines end in LF or CRLF; the last one may lack it. Compression is recognized from
 * the content, not from the name, and a gzip that was cut short or damaged is an error.
 *
 * Every error is one line for a person: `file:line: column: what, expected what`. Memory is a few
 * hundred KiB whatever the size of the file.
 *
 * Threads: a reader belongs to one thread.
 */
#ifndef TUTTI_MARKET_FEEDS_CSV_H
#define TUTTI_MARKET_FEEDS_CSV_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum {
    CSV_LINE_MAX = 4096, /* Bytes of a line without its end. */
    CSV_FIELDS_MAX = 32, /* Columns of a file. */
    CSV_DIGITS_MAX = 18, /* Fractional digits of a number, without trailing zeros. */
};

struct csv_reader; /* Opaque: the buffer and the gzip stream live in csv.c. */

/* A field of the current row; borrowed from the reader until the next csv_next(). */
struct csv_field {
    const char *text; /* Not NUL-terminated. */
    size_t length;
};

/* mantissa / 10^digits, exactly as written; trailing zeros of the fraction are dropped. */
struct csv_number {
    int64_t mantissa; /* 0 <= mantissa < INT64_MAX */
    unsigned digits;  /* 0 to CSV_DIGITS_MAX */
};

/* What tells two versions of a file apart. */
struct csv_identity {
    uint64_t size; /* Bytes as stored, i.e. compressed. */
    int64_t modified_ns;
};

/*
 * Opens the file and reads its header row. Errors: ERR_NOT_FOUND, ERR_IO, ERR_UNSUPPORTED (not a
 * regular file), ERR_MEMORY, and for the header row those of csv_next(), ERR_SYNTAX when it is
 * missing.
 */
MUST_USE enum err csv_open(const char *path, struct csv_reader **ret_reader,
                           struct failure *failure);
void csv_close(struct csv_reader *reader);

/*
 * The place of the column that has one of these names (the list ends with NULL). ERR_SYNTAX when
 * the header row has none of them or has one twice.
 */
MUST_USE enum err csv_column(const struct csv_reader *reader, const char *const *names,
                             size_t *ret_column, struct failure *failure);

/*
 * Goes to the next row. ERR_END after the last one; ERR_SYNTAX for a wrong number of fields,
 * ERR_LIMIT for a line that is too long, ERR_CORRUPT for a gzip that is damaged or ends early,
 * ERR_IO. After an error the reader is only good for csv_close().
 */
MUST_USE enum err csv_next(struct csv_reader *reader, struct failure *failure);

/* The text of a field of the current row. */
struct csv_field csv_text(const struct csv_reader *reader, size_t column);

/* A field as a number. ERR_SYNTAX for anything else, ERR_OVERFLOW when it has too many digits. */
MUST_USE enum err csv_number(const struct csv_reader *reader, size_t column,
                             struct csv_number *ret_number, struct failure *failure);

/*
 * A field as nanoseconds since the epoch: up to 13 digits are milliseconds, 16 digits are
 * microseconds. ERR_SYNTAX for anything else, ERR_RANGE after the year 2262.
 */
MUST_USE enum err csv_time(const struct csv_reader *reader, size_t column, int64_t *ret_ns,
                           struct failure *failure);

/*
 * Fills *failure with the place and text of a field and what was expected instead, and returns
 * code: for rules that only the caller knows.
 */
enum err csv_refuse(const struct csv_reader *reader, size_t column, enum err code,
                    const char *expected, struct failure *failure);

/* The path, for messages; borrowed. */
const char *csv_path(const struct csv_reader *reader);

/* The file as it was when it was opened. */
struct csv_identity csv_identity_of(const struct csv_reader *reader);

/* How many bytes of the file (of csv_identity.size) have been read: for progress. */
uint64_t csv_offset(const struct csv_reader *reader);

#endif
