#include "market/feeds/csv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "base/assert.h"
#include "base/instant.h"

enum {
    CSV_BUFFER_SIZE = 256 * 1024, /* Of text; many lines. */
    CSV_GZIP_BUFFER_SIZE = 128 * 1024,
    CSV_SHOWN_MAX = 40, /* Bytes of a field that appear in a message. */
    CSV_MS_DIGITS = 13,
    CSV_US_DIGITS = 16,
};

struct csv_reader {
    char *path;  /* Owned. */
    gzFile file; /* Owned. */
    struct csv_identity identity;
    uint64_t line; /* Of the current row, from 1. */

    char buffer[CSV_BUFFER_SIZE];
    size_t start; /* buffer[start, end) has not been given out. */
    size_t end;
    bool is_at_end; /* The file has nothing more than the buffer. */

    struct csv_field fields[CSV_FIELDS_MAX]; /* Into buffer. */
    size_t count;                            /* Columns; set by the header row. */
    struct csv_field names[CSV_FIELDS_MAX];  /* Into header. */
    char header[CSV_LINE_MAX];
};

/* A copy of a field for a message: short, and without bytes that upset a terminal. */
struct csv_shown {
    char text[CSV_SHOWN_MAX + 4];
};

static struct csv_shown csv_show(struct csv_field field)
{
    struct csv_shown shown = {0};
    const size_t length = field.length < CSV_SHOWN_MAX ? field.length : CSV_SHOWN_MAX;
    for (size_t i = 0; i < length; i++) {
        const bool is_plain = field.text[i] >= ' ' && field.text[i] <= '~';
        shown.text[i] = is_plain ? field.text[i] : '?';
    }
    if (length < field.length) {
        memcpy(shown.text + length, "...", 3);
    }
    return shown;
}

static enum err csv_stat(struct csv_reader *reader, int descriptor, struct failure *failure)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return failure_set(failure, ERR_IO, "%s: %s", reader->path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode)) {
        return failure_set(failure, ERR_UNSUPPORTED,
                           "%s: not a regular file, expected a CSV file (plain or .gz)",
                           reader->path);
    }
    reader->identity.size = (uint64_t)status.st_size;
    reader->identity.modified_ns =
        (int64_t)status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    return ERR_NONE;
}

static enum err csv_open_file(struct csv_reader *reader, struct failure *failure)
{
    const int descriptor = open(reader->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return failure_set_unopened(failure, reader->path, errno);
    }
    const enum err err = csv_stat(reader, descriptor, failure);
    if (err != ERR_NONE) {
        (void)close(descriptor);
        return err;
    }
    reader->file = gzdopen(descriptor, "rb");
    if (reader->file == NULL) {
        (void)close(descriptor);
        return failure_set(failure, ERR_MEMORY, "%s: no memory to read it", reader->path);
    }
    (void)gzbuffer(reader->file, CSV_GZIP_BUFFER_SIZE);
    return ERR_NONE;
}

/* Reads more text behind buffer[start, end), which is moved to the front first. */
static enum err csv_fill(struct csv_reader *reader, struct failure *failure)
{
    const size_t kept = reader->end - reader->start;
    memmove(reader->buffer, reader->buffer + reader->start, kept);
    reader->start = 0;
    reader->end = kept;

    const unsigned room = (unsigned)(CSV_BUFFER_SIZE - kept);
    const int count = gzread(reader->file, reader->buffer + kept, room);
    int code = Z_OK;
    const char *reason = gzerror(reader->file, &code);
    if (code == Z_ERRNO) {
        return failure_set(failure, ERR_IO, "%s: cannot read: %s", reader->path, strerror(errno));
    }
    if (code == Z_MEM_ERROR) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to read it", reader->path);
    }
    if (code == Z_BUF_ERROR) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s:%llu: the compressed data ends early, expected a whole gzip file "
                           "(was the download cut short?)",
                           reader->path, (unsigned long long)reader->line + 1);
    }
    if (count < 0 || (code != Z_OK && code != Z_STREAM_END)) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s:%llu: damaged compressed data (%s), expected an intact gzip file",
                           reader->path, (unsigned long long)reader->line + 1, reason);
    }
    reader->end += (size_t)count;
    reader->is_at_end = (unsigned)count < room;
    return ERR_NONE;
}

/* Takes the next line out of the buffer, without its end. */
static enum err csv_take_line(struct csv_reader *reader, struct csv_field *ret_line,
                              struct failure *failure)
{
    const char *line_end;
    for (;;) {
        const char *text = reader->buffer + reader->start;
        line_end = memchr(text, '\n', reader->end - reader->start);
        const bool is_enough = reader->end - reader->start > CSV_LINE_MAX + 1;
        if (line_end != NULL || is_enough || reader->is_at_end) {
            break;
        }
        const enum err err = csv_fill(reader, failure);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (reader->start == reader->end) {
        return ERR_END;
    }
    const char *text = reader->buffer + reader->start;
    const size_t rest = reader->end - reader->start;
    size_t length = line_end != NULL ? (size_t)(line_end - text) : rest;
    reader->start += line_end != NULL ? length + 1 : rest;
    reader->line++;
    if (length > 0 && text[length - 1] == '\r') {
        length--;
    }
    if (length > CSV_LINE_MAX) {
        return failure_set(failure, ERR_LIMIT,
                           "%s:%llu: the line is too long, expected at most %d bytes", reader->path,
                           (unsigned long long)reader->line, (int)CSV_LINE_MAX);
    }
    *ret_line = (struct csv_field){.text = text, .length = length};
    return ERR_NONE;
}

/* Cuts a line at its commas; returns the number of fields, CSV_FIELDS_MAX + 1 when too many. */
static size_t csv_split(struct csv_field line, struct csv_field fields[CSV_FIELDS_MAX])
{
    const char *text = line.text;
    const char *const end = line.text + line.length;
    for (size_t count = 0; count < CSV_FIELDS_MAX; count++) {
        const char *comma = text;
        while (comma < end && *comma != ',') {
            comma++;
        }
        fields[count] = (struct csv_field){.text = text, .length = (size_t)(comma - text)};
        if (comma == end) {
            return count + 1;
        }
        text = comma + 1;
    }
    return CSV_FIELDS_MAX + 1;
}

/* A row of numbers or an empty row is no header. */
static bool csv_is_header(struct csv_field line)
{
    const char first = line.length > 0 ? line.text[0] : '0';
    return !(first >= '0' && first <= '9') && first != '-' && first != '.';
}

static enum err csv_read_header(struct csv_reader *reader, struct failure *failure)
{
    static const char byte_order_mark[] = {'\xEF', '\xBB', '\xBF'};
    struct csv_field line = {0};
    const enum err err = csv_take_line(reader, &line, failure);
    if (err != ERR_NONE && err != ERR_END) {
        return err;
    }
    if (line.length >= sizeof(byte_order_mark) &&
        memcmp(line.text, byte_order_mark, sizeof(byte_order_mark)) == 0) {
        line.text += sizeof(byte_order_mark);
        line.length -= sizeof(byte_order_mark);
    }
    if (err == ERR_END || !csv_is_header(line)) {
        return failure_set(failure, ERR_SYNTAX,
                           "%s:1: no header row, expected the names of the columns", reader->path);
    }
    if (line.length > 0) {
        memcpy(reader->header, line.text, line.length);
    }
    line.text = reader->header;
    reader->count = csv_split(line, reader->names);
    if (reader->count > CSV_FIELDS_MAX) {
        return failure_set(failure, ERR_LIMIT, "%s:1: too many columns, expected at most %d",
                           reader->path, (int)CSV_FIELDS_MAX);
    }
    return ERR_NONE;
}

enum err csv_open(const char *path, struct csv_reader **ret_reader, struct failure *failure)
{
    struct csv_reader *reader = malloc(sizeof(*reader));
    if (reader == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to read it", path);
    }
    reader->file = NULL;
    reader->line = 0;
    reader->start = 0;
    reader->end = 0;
    reader->is_at_end = false;
    reader->count = 0;
    reader->path = strdup(path);
    enum err err = ERR_MEMORY;
    if (reader->path == NULL) {
        (void)failure_set(failure, err, "%s: no memory to read it", path);
        goto fail;
    }
    err = csv_open_file(reader, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    err = csv_read_header(reader, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    *ret_reader = reader;
    return ERR_NONE;

fail:
    csv_close(reader);
    return err;
}

void csv_close(struct csv_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->file != NULL) {
        (void)gzclose_r(reader->file);
    }
    free(reader->path);
    free(reader);
}

static bool csv_has_name(struct csv_field field, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == field.length && memcmp(*names, field.text, field.length) == 0) {
            return true;
        }
    }
    return false;
}

enum err csv_column(const struct csv_reader *reader, const char *const *names, size_t *ret_column,
                    struct failure *failure)
{
    size_t found = 0;
    for (size_t i = 0; i < reader->count; i++) {
        if (csv_has_name(reader->names[i], names)) {
            *ret_column = i;
            found++;
        }
    }
    if (found != 1) {
        return failure_set(failure, ERR_SYNTAX, "%s:1: %s column \"%s\", expected exactly one",
                           reader->path, found == 0 ? "no" : "more than one", names[0]);
    }
    return ERR_NONE;
}

enum err csv_next(struct csv_reader *reader, struct failure *failure)
{
    struct csv_field line = {0};
    const enum err err = csv_take_line(reader, &line, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const size_t count = csv_split(line, reader->fields);
    if (count != reader->count) {
        const bool is_empty = line.length == 0;
        return failure_set(failure, ERR_SYNTAX,
                           "%s:%llu: %s%zu fields, expected %zu as in the header row", reader->path,
                           (unsigned long long)reader->line,
                           count > CSV_FIELDS_MAX ? "more than " : "",
                           is_empty ? 0 : count - (count > CSV_FIELDS_MAX), reader->count);
    }
    return ERR_NONE;
}

struct csv_field csv_text(const struct csv_reader *reader, size_t column)
{
    ASSERT(column < reader->count);
    return reader->fields[column];
}

/* Appends decimal digits to *value. ERR_SYNTAX for another character. */
static enum err csv_take_digits(struct csv_field field, int64_t *value)
{
    bool is_over = false;
    int64_t sum = *value;
    for (size_t i = 0; i < field.length; i++) {
        const int digit = field.text[i] - '0';
        if (digit < 0 || digit > 9) {
            return ERR_SYNTAX;
        }
        is_over |= __builtin_mul_overflow(sum, 10, &sum);
        is_over |= __builtin_add_overflow(sum, digit, &sum);
    }
    *value = sum;
    return is_over || sum == INT64_MAX ? ERR_OVERFLOW : ERR_NONE;
}

static enum err csv_parse_number(struct csv_field field, struct csv_number *ret_number)
{
    const char *point = field.length > 0 ? memchr(field.text, '.', field.length) : NULL;
    struct csv_field whole = field;
    struct csv_field fraction = {.text = field.text, .length = 0};
    if (point != NULL) {
        whole.length = (size_t)(point - field.text);
        fraction.text = point + 1;
        fraction.length = field.length - whole.length - 1;
    }
    if (whole.length == 0 || (point != NULL && fraction.length == 0)) {
        return ERR_SYNTAX;
    }
    while (fraction.length > 0 && fraction.text[fraction.length - 1] == '0') {
        fraction.length--;
    }
    int64_t mantissa = 0;
    const enum err whole_err = csv_take_digits(whole, &mantissa);
    if (whole_err == ERR_SYNTAX) {
        return ERR_SYNTAX;
    }
    const enum err fraction_err = csv_take_digits(fraction, &mantissa);
    if (fraction_err == ERR_SYNTAX) {
        return ERR_SYNTAX;
    }
    if (whole_err != ERR_NONE || fraction_err != ERR_NONE || fraction.length > CSV_DIGITS_MAX) {
        return ERR_OVERFLOW;
    }
    ret_number->mantissa = mantissa;
    ret_number->digits = (unsigned)fraction.length;
    return ERR_NONE;
}

enum err csv_number(const struct csv_reader *reader, size_t column, struct csv_number *ret_number,
                    struct failure *failure)
{
    const enum err err = csv_parse_number(csv_text(reader, column), ret_number);
    if (err == ERR_NONE) {
        return ERR_NONE;
    }
    return csv_refuse(reader, column, err,
                      err == ERR_SYNTAX ? "a decimal number such as 61659.70"
                                        : "a number of at most 18 digits",
                      failure);
}

enum err csv_time(const struct csv_reader *reader, size_t column, int64_t *ret_ns,
                  struct failure *failure)
{
    static const char expected[] = "a time in epoch milliseconds (13 digits) or microseconds (16)";
    const struct csv_field field = csv_text(reader, column);
    const bool is_us = field.length == CSV_US_DIGITS;
    int64_t value = 0;
    if (field.length == 0 || (field.length > CSV_MS_DIGITS && !is_us) ||
        csv_take_digits(field, &value) != ERR_NONE) {
        return csv_refuse(reader, column, ERR_SYNTAX, expected, failure);
    }
    int64_t time_ns;
    if (__builtin_mul_overflow(value, is_us ? NS_PER_US : NS_PER_MS, &time_ns)) {
        return csv_refuse(reader, column, ERR_RANGE, "a time before the year 2262", failure);
    }
    *ret_ns = time_ns;
    return ERR_NONE;
}

enum err csv_refuse(const struct csv_reader *reader, size_t column, enum err code,
                    const char *expected, struct failure *failure)
{
    const struct csv_shown name = csv_show(reader->names[column]);
    const struct csv_shown value = csv_show(csv_text(reader, column));
    return failure_set(failure, code, "%s:%llu: %s: \"%s\", expected %s", reader->path,
                       (unsigned long long)reader->line, name.text, value.text, expected);
}

const char *csv_path(const struct csv_reader *reader)
{
    return reader->path;
}

struct csv_identity csv_identity_of(const struct csv_reader *reader)
{
    return reader->identity;
}

uint64_t csv_offset(const struct csv_reader *reader)
{
    const z_off_t offset = gzoffset(reader->file);
    return offset < 0 ? 0 : (uint64_t)offset;
}
