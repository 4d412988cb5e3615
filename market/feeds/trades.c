#include "market/feeds/trades.h"

#include <stdlib.h>
#include <string.h>

#include "market/feeds/csv.h"

enum trades_column { COLUMN_TIME, COLUMN_PRICE, COLUMN_AMOUNT, COLUMN_BUYER_MAKER, COLUMN_COUNT };

static const char *const column_names[COLUMN_COUNT][3] = {
    [COLUMN_TIME] = {"time", NULL, NULL},
    [COLUMN_PRICE] = {"price", NULL, NULL},
    [COLUMN_AMOUNT] = {"qty", "quantity", NULL},
    [COLUMN_BUYER_MAKER] = {"is_buyer_maker", NULL, NULL},
};

struct trades_reader {
    struct csv_reader *csv; /* Owned. */
    size_t columns[COLUMN_COUNT];
    int64_t time_ns; /* Of the last row, INT64_MIN before the first. */
};

enum err trades_open(const char *path, struct trades_reader **ret_reader, struct failure *failure)
{
    struct trades_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for the reader", path);
    }
    reader->time_ns = INT64_MIN;
    enum err err = csv_open(path, &reader->csv, failure);
    for (size_t i = 0; i < COLUMN_COUNT && err == ERR_NONE; i++) {
        err = csv_column(reader->csv, column_names[i], &reader->columns[i], failure);
    }
    if (err != ERR_NONE) {
        trades_close(reader);
        return err;
    }
    *ret_reader = reader;
    return ERR_NONE;
}

void trades_close(struct trades_reader *reader)
{
    if (reader == NULL) {
        return;
    }
    if (reader->csv != NULL) {
        csv_close(reader->csv);
    }
    free(reader);
}

static enum err trades_positive(const struct trades_reader *reader, enum trades_column column,
                                struct decimal *ret_value, struct failure *failure)
{
    struct csv_number number;
    const size_t place = reader->columns[column];
    const enum err err = csv_number(reader->csv, place, &number, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (number.mantissa == 0) {
        return csv_refuse(reader->csv, place, ERR_SYNTAX, "a number > 0", failure);
    }
    *ret_value = decimal_from_mantissa(number.mantissa, number.digits);
    return ERR_NONE;
}

static enum err trades_time(struct trades_reader *reader, int64_t *ret_ns, struct failure *failure)
{
    const size_t place = reader->columns[COLUMN_TIME];
    int64_t time_ns;
    const enum err err = csv_time(reader->csv, place, &time_ns, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (time_ns < reader->time_ns) {
        return csv_refuse(reader->csv, place, ERR_RANGE, "a time that is not before the row above",
                          failure);
    }
    reader->time_ns = time_ns;
    *ret_ns = time_ns;
    return ERR_NONE;
}

static bool trades_is_word(struct csv_field field, const char *word)
{
    return field.length == strlen(word) && memcmp(field.text, word, field.length) == 0;
}

static enum err trades_taker(const struct trades_reader *reader, enum side *ret_taker,
                             struct failure *failure)
{
    const size_t place = reader->columns[COLUMN_BUYER_MAKER];
    const struct csv_field field = csv_text(reader->csv, place);
    const bool is_true = trades_is_word(field, "true") || trades_is_word(field, "True");
    if (!is_true && !trades_is_word(field, "false") && !trades_is_word(field, "False")) {
        return csv_refuse(reader->csv, place, ERR_SYNTAX, "true or false", failure);
    }
    *ret_taker = is_true ? SIDE_SELL : SIDE_BUY;
    return ERR_NONE;
}

enum err trades_next(struct trades_reader *reader, struct trade *ret_trade, struct failure *failure)
{
    struct trade trade;
    enum err err = csv_next(reader->csv, failure);
    if (err == ERR_NONE) {
        err = trades_time(reader, &trade.time_ns, failure);
    }
    if (err == ERR_NONE) {
        err = trades_positive(reader, COLUMN_PRICE, &trade.price, failure);
    }
    if (err == ERR_NONE) {
        err = trades_positive(reader, COLUMN_AMOUNT, &trade.amount, failure);
    }
    if (err == ERR_NONE) {
        err = trades_taker(reader, &trade.taker, failure);
    }
    if (err == ERR_NONE) {
        *ret_trade = trade;
    }
    return err;
}
