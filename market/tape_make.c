#include "market/tape.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "base/decimal.h"
#include "market/feeds/recording.h"
#include "market/tape_file.h"
#include "market/tape_writer.h"

/*
 * A tape is made in two passes over the CSV. The first one finds every error, the number of rows
 * and the digits of the finest price and size; the second one writes. So memory stays small
 * however long the recording is, and a bad file leaves nothing behind.
 */

enum { TAPE_PASS_COUNT = 2, TAPE_PROGRESS_ROWS = 1 << 16 };

struct tape_maker {
    const struct tape_recipe *recipe; /* Borrowed. */
    unsigned pass;                    /* 0 or 1 */
    struct csv_identity identity;
    unsigned price_digits;
    unsigned size_digits;
    struct decimal size_max; /* The largest size. */
    struct tape_findings findings;
    int64_t time_ns;            /* Of the last row kept. */
    struct tape_writer *writer; /* Borrowed; NULL in the first pass. */
};

static void tape_maker_report(const struct tape_maker *maker, uint64_t offset)
{
    const struct tape_recipe *recipe = maker->recipe;
    const uint64_t size = maker->identity.size;
    if (recipe->progress != NULL) {
        recipe->progress(recipe->context, maker->pass * size + (offset < size ? offset : size),
                         TAPE_PASS_COUNT * size);
    }
}

static struct decimal number_value(struct csv_number number)
{
    return decimal_from_mantissa(number.mantissa, number.digits);
}

static bool tape_row_is_crossed(const struct recording_row *row)
{
    return decimal_less(number_value(row->ask), number_value(row->bid));
}

static void tape_maker_measure_price(struct tape_maker *maker, struct csv_number price)
{
    maker->price_digits = price.digits > maker->price_digits ? price.digits : maker->price_digits;
}

static void tape_maker_measure_size(struct tape_maker *maker, struct csv_number size)
{
    maker->size_digits = size.digits > maker->size_digits ? size.digits : maker->size_digits;
    maker->size_max = decimal_max(maker->size_max, number_value(size));
}

/* Coarsens the sizes until the largest one fits. */
static void tape_maker_fit_sizes(struct tape_maker *maker)
{
    int64_t mantissa;
    while (decimal_to_mantissa_floor(maker->size_max, maker->size_digits, &mantissa) != ERR_NONE ||
           mantissa == INT64_MAX) {
        ASSERT(maker->size_digits > 0);
        maker->size_digits--;
    }
}

/* First pass: what stands out, and how fine the numbers are. */
static void tape_maker_survey(struct tape_maker *maker, const struct recording_row *row)
{
    struct tape_findings *findings = &maker->findings;
    if (tape_row_is_crossed(row)) {
        findings->crossed++;
        return;
    }
    if (findings->rows > 0) {
        const int64_t gap_ns = row->time_ns - maker->time_ns;
        findings->repeated += gap_ns == 0;
        if (gap_ns > findings->gap_max_ns) {
            findings->gap_max_ns = gap_ns;
            findings->gap_at_ns = maker->time_ns;
        }
    }
    findings->rows++;
    maker->time_ns = row->time_ns;
    tape_maker_measure_price(maker, row->bid);
    tape_maker_measure_price(maker, row->ask);
    tape_maker_measure_size(maker, row->bid_size);
    tape_maker_measure_size(maker, row->ask_size);
}

/* A number at a scale that is not coarser. False: it does not fit. */
static bool number_scale(struct csv_number number, unsigned digits, int64_t *ret_mantissa)
{
    int64_t mantissa = number.mantissa;
    for (unsigned i = number.digits; i < digits; i++) {
        if (__builtin_mul_overflow(mantissa, 10, &mantissa)) {
            return false;
        }
    }
    *ret_mantissa = mantissa;
    return mantissa < INT64_MAX;
}

/* False also for a finer price than the first pass has seen: the file has changed. */
static bool tape_maker_scale_price(const struct tape_maker *maker, struct csv_number price,
                                   int64_t *ret_mantissa)
{
    return price.digits <= maker->price_digits &&
           number_scale(price, maker->price_digits, ret_mantissa);
}

/* Rounds down what is finer than the tape's scale. */
static bool tape_maker_scale_size(const struct tape_maker *maker, struct csv_number size,
                                  int64_t *ret_mantissa)
{
    if (size.digits > maker->size_digits) {
        return decimal_to_mantissa_floor(number_value(size), maker->size_digits, ret_mantissa) ==
               ERR_NONE;
    }
    return number_scale(size, maker->size_digits, ret_mantissa);
}

/* Second pass: scales and writes. */
static enum err tape_maker_write(struct tape_maker *maker, const struct recording *recording,
                                 const struct recording_row *row, struct failure *failure)
{
    if (tape_row_is_crossed(row)) {
        return ERR_NONE;
    }
    struct tape_row scaled = {.time_ns = row->time_ns};
    if (!tape_maker_scale_price(maker, row->bid, &scaled.bid) ||
        !tape_maker_scale_price(maker, row->ask, &scaled.ask) ||
        !tape_maker_scale_size(maker, row->bid_size, &scaled.bid_size) ||
        !tape_maker_scale_size(maker, row->ask_size, &scaled.ask_size)) {
        return recording_refuse(recording, ERR_OVERFLOW,
                                "prices of at most 18 digits at the file's finest scale", failure);
    }
    maker->findings.rounded +=
        row->bid_size.digits > maker->size_digits || row->ask_size.digits > maker->size_digits;
    return tape_writer_append(maker->writer, &scaled, failure);
}

static enum err tape_maker_rows(struct tape_maker *maker, struct recording *recording,
                                struct failure *failure)
{
    struct recording_row row;
    uint64_t count = 0;
    enum err err;
    while ((err = recording_next(recording, &row, failure)) == ERR_NONE) {
        if (maker->writer == NULL) {
            tape_maker_survey(maker, &row);
        } else if ((err = tape_maker_write(maker, recording, &row, failure)) != ERR_NONE) {
            return err;
        }
        if (++count % TAPE_PROGRESS_ROWS == 0) {
            tape_maker_report(maker, csv_offset(recording_csv(recording)));
        }
    }
    if (err == ERR_END) {
        tape_maker_report(maker, maker->identity.size);
        return ERR_NONE;
    }
    return err;
}

static bool csv_identity_equal(struct csv_identity a, struct csv_identity b)
{
    return a.size == b.size && a.modified_ns == b.modified_ns;
}

/* Goes once over the CSV. */
static enum err tape_maker_pass(struct tape_maker *maker, struct failure *failure)
{
    struct recording *recording;
    enum err err =
        recording_open(maker->recipe->csv_path, maker->recipe->layout, &recording, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const struct csv_identity identity = csv_identity_of(recording_csv(recording));
    if (maker->pass == 0) {
        maker->identity = identity;
    }
    if (csv_identity_equal(identity, maker->identity)) {
        err = tape_maker_rows(maker, recording, failure);
    } else {
        err = ERR_STATE;
    }
    recording_close(recording);
    if (err == ERR_STATE) {
        return failure_set(failure, ERR_STATE, "%s: it changed while it was read; read it again",
                           maker->recipe->csv_path);
    }
    return err;
}

static struct tape_header tape_maker_header(const struct tape_maker *maker)
{
    struct tape_header header = tape_header_new();
    header.price_digits = maker->price_digits;
    header.size_digits = maker->size_digits;
    header.rows = maker->findings.rows;
    header.source_layout = maker->recipe->layout;
    header.source_size = maker->identity.size;
    header.source_modified_ns = maker->identity.modified_ns;
    char *path = realpath(maker->recipe->csv_path, NULL);
    tape_header_set_source(&header, path != NULL ? path : maker->recipe->csv_path);
    free(path);
    return header;
}

static enum err tape_maker_run(struct tape_maker *maker, const char *tape_path,
                               struct failure *failure)
{
    enum err err = tape_maker_pass(maker, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (maker->findings.rows == 0) {
        return failure_set(failure, ERR_SYNTAX, "%s: no usable row, expected at least one",
                           maker->recipe->csv_path);
    }
    tape_maker_fit_sizes(maker);
    const struct tape_header header = tape_maker_header(maker);
    err = tape_writer_create(tape_path, &header, &maker->writer, failure);
    if (err != ERR_NONE) {
        return err;
    }
    maker->pass = 1;
    err = tape_maker_pass(maker, failure);
    if (err == ERR_NONE) {
        err = tape_writer_finish(maker->writer, failure);
    }
    tape_writer_destroy(maker->writer);
    return err;
}

enum err tape_make(const struct tape_recipe *recipe, const char *tape_path,
                   struct tape_findings *ret_findings, struct failure *failure)
{
    struct tape_maker maker = {.recipe = recipe};
    const enum err err = tape_maker_run(&maker, tape_path, failure);
    if (err == ERR_NONE && ret_findings != NULL) {
        *ret_findings = maker.findings;
    }
    return err;
}
