/*
 * market/feeds/recording.h - a recorded CSV of a known layout, read as rows of quotes.
 *
 * Knows which columns a layout needs (by the names in the header row, other columns are passed
 * over) and what makes a row of it bad. Numbers keep the digits they are written with; the tape
 * finds a common scale.
 *
 * Threads: a recording belongs to one thread.
 */
#ifndef TUTTI_MARKET_FEEDS_RECORDING_H
#define TUTTI_MARKET_FEEDS_RECORDING_H

#include <stdint.h>

#include "base/err.h"
#include "market/feeds/csv.h"
#include "market/tape.h"

struct recording; /* Opaque: the columns of each layout live in recording.c. */

struct recording_row {
    int64_t time_ns;
    struct csv_number bid; /* > 0 */
    struct csv_number ask; /* > 0; below bid when the recorded book was crossed. */
    struct csv_number bid_size;
    struct csv_number ask_size;
};

/* Opens the CSV. Errors are those of csv_open() and csv_column(). */
MUST_USE enum err recording_open(const char *path, enum tape_layout layout,
                                 struct recording **ret_recording, struct failure *failure);
void recording_close(struct recording *recording);

/*
 * The next row, as tape_make() describes it: a quote is one row, a trade is one row with bid = ask
 * = price and both sizes its quantity, a candle is four rows with its volume in the last one (it
 * is not known earlier). ERR_END after the last one. ERR_SYNTAX also for a price that is not > 0
 * and for a candle that contradicts itself, ERR_RANGE for time going backwards; others as
 * csv_next().
 */
MUST_USE enum err recording_next(struct recording *recording, struct recording_row *ret_row,
                                 struct failure *failure);

/* The CSV below, for its path, identity and offset; borrowed. */
const struct csv_reader *recording_csv(const struct recording *recording);

/* Refuses the current row because of its prices or sizes: a message with file, line and column. */
enum err recording_refuse(const struct recording *recording, enum err code, const char *expected,
                          struct failure *failure);

#endif
