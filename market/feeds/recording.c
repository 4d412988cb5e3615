#include "market/feeds/recording.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/decimal.h"

enum { RECORDING_COLUMNS_MAX = 7, RECORDING_NAMES_MAX = 4, RECORDING_CANDLE_ROWS = 4 };

/* Columns in the order in which the reading functions below use them. */
enum { QUOTE_TIME, QUOTE_BID, QUOTE_BID_SIZE, QUOTE_ASK, QUOTE_ASK_SIZE };
enum { TRADE_TIME, TRADE_PRICE, TRADE_SIZE };
enum { KLINE_TIME, KLINE_OPEN, KLINE_HIGH, KLINE_LOW, KLINE_CLOSE, KLINE_VOLUME, KLINE_END };

/* Accepted names of each column, the first one for messages; ends with a column without names. */
typedef const char *recording_names[RECORDING_NAMES_MAX];

static const recording_names quote_columns[RECORDING_COLUMNS_MAX + 1] = {
    [QUOTE_TIME] = {"transaction_time"}, [QUOTE_BID] = {"best_bid_price"},
    [QUOTE_BID_SIZE] = {"best_bid_qty"}, [QUOTE_ASK] = {"best_ask_price"},
    [QUOTE_ASK_SIZE] = {"best_ask_qty"},
};

static const recording_names trade_columns[RECORDING_COLUMNS_MAX + 1] = {
    [TRADE_TIME] = {"time", "transact_time"},
    [TRADE_PRICE] = {"price"},
    [TRADE_SIZE] = {"qty", "quantity"},
};

static const recording_names kline_columns[RECORDING_COLUMNS_MAX + 1] = {
    [KLINE_TIME] = {"open_time"}, [KLINE_OPEN] = {"open"},   [KLINE_HIGH] = {"high"},
    [KLINE_LOW] = {"low"},        [KLINE_CLOSE] = {"close"}, [KLINE_VOLUME] = {"volume"},
    [KLINE_END] = {"close_time"},
};

/* What a layout is: which columns, and how a line of the file becomes rows[0, count). */
struct recording_kind {
    const recording_names *columns;
    enum err (*read)(struct recording *recording, struct failure *failure);
};

struct recording {
    struct csv_reader *csv; /* Owned. */
    const struct recording_kind *kind;
    size_t columns[RECORDING_COLUMNS_MAX]; /* Place in the file of each column above. */
    int64_t time_ns;                       /* Of the last row, INT64_MIN before the first. */

    struct recording_row rows[RECORDING_CANDLE_ROWS]; /* rows[given, count) come next. */
    size_t given;
    size_t count;
};

static enum err recording_number(const struct recording *recording, size_t column,
                                 struct csv_number *ret_number, struct failure *failure)
{
    return csv_number(recording->csv, recording->columns[column], ret_number, failure);
}

static enum err recording_price(const struct recording *recording, size_t column,
                                struct csv_number *ret_price, struct failure *failure)
{
    const enum err err = recording_number(recording, column, ret_price, failure);
    if (err == ERR_NONE && ret_price->mantissa == 0) {
        return csv_refuse(recording->csv, recording->columns[column], ERR_SYNTAX, "a price > 0",
                          failure);
    }
    return err;
}

/* Column 0 of every layout is its time. */
static enum err recording_time(struct recording *recording, int64_t *ret_ns,
                               struct failure *failure)
{
    const size_t column = recording->columns[0];
    int64_t time_ns;
    const enum err err = csv_time(recording->csv, column, &time_ns, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (time_ns < recording->time_ns) {
        return csv_refuse(recording->csv, column, ERR_RANGE,
                          "a time that is not before the row above", failure);
    }
    recording->time_ns = time_ns;
    *ret_ns = time_ns;
    return ERR_NONE;
}

static enum err recording_read_quote(struct recording *recording, struct failure *failure)
{
    struct recording_row *row = &recording->rows[0];
    recording->count = 1;
    enum err err = recording_time(recording, &row->time_ns, failure);
    if (err == ERR_NONE) {
        err = recording_price(recording, QUOTE_BID, &row->bid, failure);
    }
    if (err == ERR_NONE) {
        err = recording_number(recording, QUOTE_BID_SIZE, &row->bid_size, failure);
    }
    if (err == ERR_NONE) {
        err = recording_price(recording, QUOTE_ASK, &row->ask, failure);
    }
    if (err == ERR_NONE) {
        err = recording_number(recording, QUOTE_ASK_SIZE, &row->ask_size, failure);
    }
    return err;
}

static enum err recording_read_trade(struct recording *recording, struct failure *failure)
{
    struct recording_row *row = &recording->rows[0];
    recording->count = 1;
    enum err err = recording_time(recording, &row->time_ns, failure);
    if (err == ERR_NONE) {
        err = recording_price(recording, TRADE_PRICE, &row->bid, failure);
    }
    if (err == ERR_NONE) {
        err = recording_number(recording, TRADE_SIZE, &row->bid_size, failure);
    }
    row->ask = row->bid;
    row->ask_size = row->bid_size;
    return err;
}

struct candle {
    int64_t open_ns, close_ns;
    struct csv_number open, high, low, close, volume;
};

static bool number_less(struct csv_number a, struct csv_number b)
{
    return decimal_less(decimal_from_mantissa(a.mantissa, a.digits),
                        decimal_from_mantissa(b.mantissa, b.digits));
}

static enum err recording_read_candle(struct recording *recording, struct candle *ret_candle,
                                      struct failure *failure)
{
    struct csv_number *const prices[] = {[KLINE_OPEN] = &ret_candle->open,
                                         [KLINE_HIGH] = &ret_candle->high,
                                         [KLINE_LOW] = &ret_candle->low,
                                         [KLINE_CLOSE] = &ret_candle->close};
    enum err err = recording_time(recording, &ret_candle->open_ns, failure);
    for (size_t i = KLINE_OPEN; err == ERR_NONE && i <= KLINE_CLOSE; i++) {
        err = recording_price(recording, i, prices[i], failure);
    }
    if (err == ERR_NONE) {
        err = recording_number(recording, KLINE_VOLUME, &ret_candle->volume, failure);
    }
    if (err == ERR_NONE) {
        err =
            csv_time(recording->csv, recording->columns[KLINE_END], &ret_candle->close_ns, failure);
    }
    return err;
}

static enum err recording_check_candle(const struct recording *recording,
                                       const struct candle *candle, struct failure *failure)
{
    size_t column;
    const char *expected;
    if (number_less(candle->high, candle->open) || number_less(candle->high, candle->close)) {
        column = KLINE_HIGH;
        expected = "at least the open and the close of the candle";
    } else if (number_less(candle->open, candle->low) || number_less(candle->close, candle->low)) {
        column = KLINE_LOW;
        expected = "at most the open and the close of the candle";
    } else if (candle->close_ns <= candle->open_ns) {
        column = KLINE_END;
        expected = "a time after open_time";
    } else {
        return ERR_NONE;
    }
    return csv_refuse(recording->csv, recording->columns[column], ERR_SYNTAX, expected, failure);
}

static enum err recording_read_kline(struct recording *recording, struct failure *failure)
{
    struct candle candle;
    enum err err = recording_read_candle(recording, &candle, failure);
    if (err == ERR_NONE) {
        err = recording_check_candle(recording, &candle, failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    const bool is_falling = number_less(candle.close, candle.open);
    const struct csv_number prices[RECORDING_CANDLE_ROWS] = {
        candle.open, is_falling ? candle.high : candle.low, is_falling ? candle.low : candle.high,
        candle.close};
    const int64_t third_ns = (candle.close_ns - candle.open_ns) / 3;
    for (int i = 0; i < RECORDING_CANDLE_ROWS; i++) {
        recording->rows[i] = (struct recording_row){
            .time_ns = candle.open_ns + i * third_ns, .bid = prices[i], .ask = prices[i]};
    }
    struct recording_row *last = &recording->rows[RECORDING_CANDLE_ROWS - 1];
    last->time_ns = candle.close_ns;
    last->bid_size = candle.volume;
    last->ask_size = candle.volume;
    recording->time_ns = candle.close_ns;
    recording->count = RECORDING_CANDLE_ROWS;
    return ERR_NONE;
}

static const struct recording_kind recording_kinds[] = {
    [TAPE_LAYOUT_QUOTES] = {quote_columns, recording_read_quote},
    [TAPE_LAYOUT_TRADES] = {trade_columns, recording_read_trade},
    [TAPE_LAYOUT_KLINES] = {kline_columns, recording_read_kline},
};

enum err recording_open(const char *path, enum tape_layout layout, struct recording **ret_recording,
                        struct failure *failure)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    if (recording == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to read it", path);
    }
    recording->kind = &recording_kinds[layout];
    recording->time_ns = INT64_MIN;
    enum err err = csv_open(path, &recording->csv, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    const recording_names *names = recording->kind->columns;
    for (size_t i = 0; names[i][0] != NULL; i++) {
        err = csv_column(recording->csv, names[i], &recording->columns[i], failure);
        if (err != ERR_NONE) {
            goto fail;
        }
    }
    *ret_recording = recording;
    return ERR_NONE;

fail:
    recording_close(recording);
    return err;
}

void recording_close(struct recording *recording)
{
    if (recording == NULL) {
        return;
    }
    csv_close(recording->csv);
    free(recording);
}

enum err recording_next(struct recording *recording, struct recording_row *ret_row,
                        struct failure *failure)
{
    if (recording->given == recording->count) {
        enum err err = csv_next(recording->csv, failure);
        if (err == ERR_NONE) {
            recording->given = 0;
            err = recording->kind->read(recording, failure);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    ASSERT(recording->given < recording->count);
    *ret_row = recording->rows[recording->given++];
    return ERR_NONE;
}

const struct csv_reader *recording_csv(const struct recording *recording)
{
    return recording->csv;
}

enum err recording_refuse(const struct recording *recording, enum err code, const char *expected,
                          struct failure *failure)
{
    /* Column 1 of every layout is its first price. */
    return csv_refuse(recording->csv, recording->columns[1], code, expected, failure);
}
