#include "market/feeds/depth.h"

#include <stdlib.h>
#include <string.h>

enum { CHANGES_CAPACITY_FIRST = 1024 };

enum depth_column {
    COLUMN_LOCAL,
    COLUMN_EVENT_TIME,
    COLUMN_FIRST_ID,
    COLUMN_LAST_ID,
    COLUMN_PREV_ID,
    COLUMN_KIND,
    COLUMN_SIDE,
    COLUMN_PRICE,
    COLUMN_QUANTITY,
    COLUMN_COUNT,
};

static const char *const column_names[COLUMN_COUNT][2] = {
    [COLUMN_LOCAL] = {"local_ns", NULL},
    [COLUMN_EVENT_TIME] = {"event_time", NULL},
    [COLUMN_FIRST_ID] = {"first_update_id", NULL},
    [COLUMN_LAST_ID] = {"last_update_id", NULL},
    [COLUMN_PREV_ID] = {"prev_last_update_id", NULL},
    [COLUMN_KIND] = {"kind", NULL},
    [COLUMN_SIDE] = {"side", NULL},
    [COLUMN_PRICE] = {"price", NULL},
    [COLUMN_QUANTITY] = {"qty", NULL},
};

/* One row: the message it belongs to, without changes, and its change. */
struct depth_row {
    struct book_message message;
    struct book_change change;
};

struct depth_reader {
    struct csv_reader *csv; /* Owned. */
    size_t columns[COLUMN_COUNT];
    struct depth_row row; /* Read ahead: the first one of the next message. */
    bool has_row;
    struct book_change *changes; /* Owned: of the current message. */
    size_t count;
    size_t capacity;
};

enum err depth_open(const char *path, struct depth_reader **ret_reader, struct failure *failure)
{
    struct depth_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for the reader", path);
    }
    enum err err = csv_open(path, &reader->csv, failure);
    for (size_t i = 0; i < COLUMN_COUNT && err == ERR_NONE; i++) {
        err = csv_column(reader->csv, column_names[i], &reader->columns[i], failure);
    }
    if (err != ERR_NONE) {
        depth_close(reader);
        return err;
    }
    *ret_reader = reader;
    return ERR_NONE;
}

void depth_close(struct depth_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->csv != NULL) {
        csv_close(reader->csv);
    }
    free(reader->changes);
    free(reader);
}

const struct csv_reader *depth_csv(const struct depth_reader *reader)
{
    return reader->csv;
}

static bool depth_is_empty(const struct depth_reader *reader, enum depth_column column)
{
    return csv_text(reader->csv, reader->columns[column]).length == 0;
}

/* A whole number; an empty field is 0 where that is allowed. */
static enum err depth_whole(const struct depth_reader *reader, enum depth_column column,
                            int64_t *ret_value, struct failure *failure)
{
    struct csv_number number;
    const size_t place = reader->columns[column];
    const enum err err = csv_number(reader->csv, place, &number, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (number.digits != 0) {
        return csv_refuse(reader->csv, place, ERR_SYNTAX, "a whole number", failure);
    }
    *ret_value = number.mantissa;
    return ERR_NONE;
}

static enum err depth_decimal(const struct depth_reader *reader, enum depth_column column,
                              struct decimal *ret_value, struct failure *failure)
{
    struct csv_number number;
    const enum err err = csv_number(reader->csv, reader->columns[column], &number, failure);
    if (err == ERR_NONE) {
        *ret_value = decimal_from_mantissa(number.mantissa, number.digits);
    }
    return err;
}

/* Reads a field that is one of two words; *ret_is_first says which. */
static enum err depth_word(const struct depth_reader *reader, enum depth_column column,
                           const char *const words[2], bool *ret_is_first, struct failure *failure)
{
    const struct csv_field field = csv_text(reader->csv, reader->columns[column]);
    for (size_t i = 0; i < 2; i++) {
        if (strlen(words[i]) == field.length && memcmp(words[i], field.text, field.length) == 0) {
            *ret_is_first = i == 0;
            return ERR_NONE;
        }
    }
    return csv_refuse(reader->csv, reader->columns[column], ERR_SYNTAX,
                      column == COLUMN_KIND ? "snap or diff" : "b or a", failure);
}

static enum err depth_read_ids(const struct depth_reader *reader, struct book_message *message,
                               struct failure *failure)
{
    int64_t values[COLUMN_COUNT] = {0};
    enum err err = ERR_NONE;
    for (enum depth_column column = COLUMN_FIRST_ID; column <= COLUMN_PREV_ID && err == ERR_NONE;
         column++) {
        if (column != COLUMN_PREV_ID || !depth_is_empty(reader, column)) {
            err = depth_whole(reader, column, &values[column], failure);
        }
    }
    message->first_update_id = (uint64_t)values[COLUMN_FIRST_ID];
    message->last_update_id = (uint64_t)values[COLUMN_LAST_ID];
    message->prev_last_update_id = (uint64_t)values[COLUMN_PREV_ID];
    return err;
}

static enum err depth_read_message(const struct depth_reader *reader, struct book_message *message,
                                   struct failure *failure)
{
    static const char *const kinds[2] = {"snap", "diff"};
    *message = (struct book_message){0};
    enum err err = depth_whole(reader, COLUMN_LOCAL, &message->local_ns, failure);
    if (err == ERR_NONE && !depth_is_empty(reader, COLUMN_EVENT_TIME)) {
        err = csv_time(reader->csv, reader->columns[COLUMN_EVENT_TIME], &message->time_ns, failure);
    }
    if (err == ERR_NONE) {
        err = depth_read_ids(reader, message, failure);
    }
    return err == ERR_NONE ? depth_word(reader, COLUMN_KIND, kinds, &message->is_snapshot, failure)
                           : err;
}

static enum err depth_read_change(const struct depth_reader *reader, struct book_change *change,
                                  struct failure *failure)
{
    static const char *const sides[2] = {"b", "a"};
    bool is_bid = false;
    enum err err = depth_word(reader, COLUMN_SIDE, sides, &is_bid, failure);
    if (err == ERR_NONE) {
        err = depth_decimal(reader, COLUMN_PRICE, &change->price, failure);
    }
    if (err == ERR_NONE && decimal_sign(change->price) == 0) {
        err = csv_refuse(reader->csv, reader->columns[COLUMN_PRICE], ERR_SYNTAX, "a price above 0",
                         failure);
    }
    if (err == ERR_NONE) {
        err = depth_decimal(reader, COLUMN_QUANTITY, &change->amount, failure);
    }
    change->side = is_bid ? SIDE_BUY : SIDE_SELL;
    return err;
}

/* Reads the next row ahead. ERR_END: there is none. */
static enum err depth_advance(struct depth_reader *reader, struct failure *failure)
{
    reader->has_row = false;
    enum err err = csv_next(reader->csv, failure);
    if (err == ERR_NONE) {
        err = depth_read_message(reader, &reader->row.message, failure);
    }
    if (err == ERR_NONE) {
        err = depth_read_change(reader, &reader->row.change, failure);
    }
    reader->has_row = err == ERR_NONE;
    return err;
}

static enum err depth_add(struct depth_reader *reader, struct failure *failure)
{
    if (reader->count == DEPTH_CHANGES_MAX) {
        return csv_refuse(reader->csv, reader->columns[COLUMN_LAST_ID], ERR_LIMIT,
                          "a message of at most 1000000 rows", failure);
    }
    if (reader->count == reader->capacity) {
        const size_t capacity =
            reader->capacity == 0 ? CHANGES_CAPACITY_FIRST : 2 * reader->capacity;
        struct book_change *changes = realloc(reader->changes, capacity * sizeof(*changes));
        if (changes == NULL) {
            return failure_set(failure, ERR_MEMORY, "%s: no memory for a message",
                               csv_path(reader->csv));
        }
        reader->changes = changes;
        reader->capacity = capacity;
    }
    reader->changes[reader->count++] = reader->row.change;
    return ERR_NONE;
}

static bool depth_is_same(const struct book_message *a, const struct book_message *b)
{
    return a->is_snapshot == b->is_snapshot && a->local_ns == b->local_ns &&
           a->last_update_id == b->last_update_id;
}

enum err depth_next(struct depth_reader *reader, struct book_message *ret_message,
                    struct failure *failure)
{
    enum err err = reader->has_row ? ERR_NONE : depth_advance(reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct book_message message = reader->row.message;
    reader->count = 0;
    while (err == ERR_NONE && depth_is_same(&message, &reader->row.message)) {
        err = depth_add(reader, failure);
        if (err == ERR_NONE) {
            err = depth_advance(reader, failure);
        }
    }
    if (err != ERR_NONE && err != ERR_END) {
        return err;
    }
    message.changes = reader->changes;
    message.change_count = reader->count;
    *ret_message = message;
    return ERR_NONE;
}
