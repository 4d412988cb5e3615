#include "market/tape.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/decimal.h"
#include "base/instant.h"
#include "base/prng.h"
#include "base/text.h"
#include "market/tape_file.h"
#include "market/tape_writer.h"

enum { WALK_SIZE_DIGITS = 3, WALK_SIZE_MAX = 10000, WALK_TEXT_SIZE = 64 * 1024 };

#define WALK_VALUE_MAX (INT64_MAX / 8) /* Of prices and steps, so that sums cannot overflow. */
#define WALK_MID_MAX (INT64_MAX / 2)

struct walker {
    const struct tape_walk *walk; /* Borrowed. */
    struct prng prng;
    uint64_t row; /* Of the next step. */
    int64_t mid;
};

static enum err walk_check(const struct tape_walk *walk, struct failure *failure)
{
    const char *wrong = NULL;
    int64_t duration_ns = 0;
    int64_t end_ns = 0;
    if (walk->count == 0 || walk->count > TAPE_ROWS_MAX) {
        wrong = "count, expected 1 to 2^40";
    } else if (walk->start_ns < 0 || walk->interval_ns <= 0 ||
               __builtin_mul_overflow(walk->interval_ns, (int64_t)walk->count, &duration_ns) ||
               __builtin_add_overflow(walk->start_ns, duration_ns, &end_ns)) {
        wrong = "start or interval, expected times before the year 2262";
    } else if (walk->price_digits > DECIMAL_DIGITS) {
        wrong = "price digits, expected 0 to 18";
    } else if (walk->price <= 0 || walk->price > WALK_VALUE_MAX) {
        wrong = "price, expected a mantissa of 1 to 2^60";
    } else if (walk->step_max < 0 || walk->step_max > WALK_VALUE_MAX) {
        wrong = "largest step, expected a mantissa of 0 to 2^60";
    } else if (walk->spread < 0 || walk->spread > WALK_VALUE_MAX) {
        wrong = "spread, expected a mantissa of 0 to 2^60";
    }
    return wrong == NULL ? ERR_NONE : failure_set(failure, ERR_RANGE, "random walk: %s", wrong);
}

/* The lowest mid with a bid of at least 1. */
static int64_t walk_mid_min(const struct tape_walk *walk)
{
    return walk->spread / 2 + 1;
}

static void walker_init(struct walker *walker, const struct tape_walk *walk)
{
    const int64_t mid_min = walk_mid_min(walk);
    *walker = (struct walker){.walk = walk, .mid = walk->price > mid_min ? walk->price : mid_min};
    prng_init(&walker->prng, walk->seed);
}

/* The next row. At its bounds the walk turns round. */
static struct tape_row walker_step(struct walker *walker)
{
    const struct tape_walk *walk = walker->walk;
    if (walker->row > 0) {
        const int64_t move = prng_between(&walker->prng, -walk->step_max, walk->step_max);
        const int64_t mid = walker->mid + move;
        const bool is_inside = mid >= walk_mid_min(walk) && mid <= WALK_MID_MAX;
        walker->mid = is_inside ? mid : walker->mid - move;
    }
    const int64_t bid = walker->mid - walk->spread / 2;
    ASSERT(bid > 0);
    struct tape_row row = {
        .time_ns = walk->start_ns + (int64_t)walker->row * walk->interval_ns,
        .bid = bid,
        .ask = bid + walk->spread,
    };
    row.bid_size = prng_between(&walker->prng, 1, WALK_SIZE_MAX);
    row.ask_size = prng_between(&walker->prng, 1, WALK_SIZE_MAX);
    walker->row++;
    return row;
}

static struct tape_header walk_header(const struct tape_walk *walk)
{
    char source[TAPE_SOURCE_MAX];
    (void)snprintf(source, sizeof(source), "random walk, seed %llu",
                   (unsigned long long)walk->seed);
    struct tape_header header = tape_header_new();
    header.price_digits = walk->price_digits;
    header.size_digits = WALK_SIZE_DIGITS;
    header.rows = walk->count;
    tape_header_set_source(&header, source);
    return header;
}

enum err tape_make_walk(const struct tape_walk *walk, const char *tape_path,
                        struct failure *failure)
{
    enum err err = walk_check(walk, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const struct tape_header header = walk_header(walk);
    struct tape_writer *writer;
    err = tape_writer_create(tape_path, &header, &writer, failure);
    if (err != ERR_NONE) {
        return err;
    }
    struct walker walker;
    walker_init(&walker, walk);
    while (err == ERR_NONE && walker.row < walk->count) {
        const struct tape_row row = walker_step(&walker);
        err = tape_writer_append(writer, &row, failure);
    }
    if (err == ERR_NONE) {
        err = tape_writer_finish(writer, failure);
    }
    tape_writer_destroy(writer);
    return err;
}

static void walk_append_row(struct text *text, const struct tape_walk *walk, uint64_t number,
                            const struct tape_row *row)
{
    text_append_int(text, (int64_t)number);
    text_append_char(text, ',');
    text_append_decimal(text, decimal_from_mantissa(row->bid, walk->price_digits));
    text_append_char(text, ',');
    text_append_decimal(text, decimal_from_mantissa(row->bid_size, WALK_SIZE_DIGITS));
    text_append_char(text, ',');
    text_append_decimal(text, decimal_from_mantissa(row->ask, walk->price_digits));
    text_append_char(text, ',');
    text_append_decimal(text, decimal_from_mantissa(row->ask_size, WALK_SIZE_DIGITS));
    for (int i = 0; i < 2; i++) {
        text_append_char(text, ',');
        text_append_int(text, row->time_ns / NS_PER_MS);
    }
    text_append_char(text, '\n');
}

/* Writes what has been collected and forgets it. */
static bool walk_write(FILE *file, struct text *text)
{
    const bool is_written =
        !text_failed(text) && fwrite(text->data, 1, text->length, file) == text->length;
    text_clear(text);
    return is_written;
}

static bool walk_write_csv(const struct tape_walk *walk, FILE *file)
{
    struct text text = {0};
    text_append_string(&text, "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,"
                              "transaction_time,event_time\n");
    struct walker walker;
    walker_init(&walker, walk);
    bool is_written = true;
    while (is_written && walker.row < walk->count) {
        const struct tape_row row = walker_step(&walker);
        walk_append_row(&text, walk, walker.row, &row);
        if (text.length >= WALK_TEXT_SIZE) {
            is_written = walk_write(file, &text);
        }
    }
    is_written = is_written && (text.length == 0 || walk_write(file, &text));
    text_done(&text);
    return is_written;
}

enum err tape_write_walk_csv(const struct tape_walk *walk, const char *csv_path,
                             struct failure *failure)
{
    const enum err err = walk_check(walk, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (walk->start_ns % NS_PER_MS != 0 || walk->interval_ns % NS_PER_MS != 0) {
        return failure_set(failure, ERR_RANGE,
                           "random walk: start or interval, expected whole milliseconds");
    }
    FILE *file = fopen(csv_path, "we");
    if (file == NULL) {
        return failure_set(failure, ERR_IO, "%s: cannot create: %s", csv_path, strerror(errno));
    }
    const bool is_written = walk_write_csv(walk, file);
    if (fclose(file) != 0 || !is_written) {
        return failure_set(failure, ERR_IO, "%s: cannot write: %s", csv_path, strerror(errno));
    }
    return ERR_NONE;
}
