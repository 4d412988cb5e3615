/*
 * market/tape.h - recorded quotes as a binary, memory-mapped file.
 *
 * A tape is made once from a recorded CSV and mapped afterwards: columns of int64, prices as
 * mantissas of `price_digits` fractional digits, sizes of `size_digits`. Above the rows stands a
 * pyramid of minima and maxima of bid and ask per block, per block of blocks and so on, so that
 * "when is this level next crossed" is a search and not a scan.
 *
 * File: magic, version, header (digits, counts, source name, checksum), columns, pyramid. Little
 * endian. A tape of another version, cut short or with a wrong checksum is refused.
 *
 * Ownership: tape_open() maps, tape_close() unmaps; the columns are borrowed from the tape.
 * Threads: immutable while open, any thread.
 */
#ifndef TUTTI_MARKET_TAPE_H
#define TUTTI_MARKET_TAPE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/quote.h"

enum { TAPE_BLOCK_ROWS = 64, TAPE_LEVELS_MAX = 8, TAPE_VERSION = 1 };

struct tape; /* Opaque: the mapping lives in tape.c. */

struct tape_columns {
    size_t count;
    unsigned price_digits;
    unsigned size_digits;
    const int64_t *time_ns; /* Never decreasing. */
    const int64_t *bid;
    const int64_t *ask;
    const int64_t *bid_size;
    const int64_t *ask_size;
};

/*
 * Maps a tape and verifies all of its checksums. Errors: ERR_NOT_FOUND, ERR_IO, ERR_MEMORY,
 * ERR_CORRUPT (no tape, cut short or damaged), ERR_VERSION.
 */
MUST_USE enum err tape_open(const char *path, struct tape **ret_tape, struct failure *failure);
void tape_close(struct tape *tape);

/* The columns; valid until tape_close(). */
const struct tape_columns *tape_columns_of(const struct tape *tape);

/* What the tape was made from, for `tape info`: the path of the CSV, or the walk. */
const char *tape_source(const struct tape *tape);

/* Row `index` with decimal prices. */
struct quote tape_quote(const struct tape_columns *columns, size_t index);

/* Which rows concern somebody: the nearest levels in the tape's own price mantissas. */
struct tape_levels {
    int64_t bid_at_most;  /* INT64_MIN: none. */
    int64_t bid_at_least; /* INT64_MAX: none. */
    int64_t ask_at_most;
    int64_t ask_at_least;
};

/* Whether a quote, in the same mantissas, reaches one of them. */
static inline bool tape_levels_are_reached(const struct tape_levels *levels, int64_t bid,
                                           int64_t ask)
{
    return bid <= levels->bid_at_most || bid >= levels->bid_at_least ||
           ask <= levels->ask_at_most || ask >= levels->ask_at_least;
}

/*
 * The first row in [first, end), end <= count, whose bid or ask reaches one of the levels, or whose
 * time is >= at_ns; `end` when there is none. Uses the pyramid: costs O(log rows) for far levels.
 */
size_t tape_next(const struct tape *tape, size_t first, size_t end,
                 const struct tape_levels *levels, int64_t at_ns);

/* Progress of a long work, called now and then with done <= total (bytes). May be NULL. */
typedef void tape_progress(void *context, uint64_t done, uint64_t total);

/* What kind of rows a CSV holds. */
enum tape_layout { TAPE_LAYOUT_QUOTES, TAPE_LAYOUT_TRADES, TAPE_LAYOUT_KLINES };

/* What a tape is made from. */
struct tape_recipe {
    const char *csv_path; /* Plain or .gz, with a header row. */
    enum tape_layout layout;
    const char *cache_folder; /* For tape_open_for(); NULL: beside the CSV. */
    tape_progress *progress;  /* May be NULL. */
    void *context;            /* For progress. */
};

/* What stood out while a tape was made; none of it is an error. */
struct tape_findings {
    uint64_t rows;
    uint64_t crossed;   /* Rows with ask < bid; they are left out. */
    uint64_t repeated;  /* Rows with the time of the row before. */
    uint64_t rounded;   /* Rows with a size that has more digits than fit; rounded down. */
    int64_t gap_max_ns; /* Longest time between two rows. */
    int64_t gap_at_ns;  /* When it began. */
};

/*
 * Reads the recipe's CSV and writes a tape to `tape_path` (first to a temporary file beside it,
 * then renamed, so that a tape is whole or absent). Memory stays small however long the CSV is.
 *
 * Quotes are taken as they are, at their transaction_time. Trades become quotes with bid = ask =
 * price and both sizes the quantity. A kline becomes its open, its extremes in the order
 * open-low-high-close for a rising or level candle and open-high-low-close for a falling one, and
 * its close, a third of the interval apart; the last of the four rows has the volume as its sizes,
 * the others have 0, because it is not known earlier. Digits are the finest that occur; those of
 * sizes fewer when the largest size would not fit otherwise (recorded volumes carry noise of binary
 * fractions).
 *
 * Errors carry file:line: bad rows and files without a usable row (ERR_SYNTAX), time going
 * backwards (ERR_RANGE), numbers beyond 18 digits (ERR_OVERFLOW), lines too long (ERR_LIMIT), a
 * truncated or damaged gz (ERR_CORRUPT), a CSV that changes meanwhile (ERR_STATE), ERR_NOT_FOUND,
 * ERR_UNSUPPORTED (no regular file), ERR_IO, ERR_MEMORY. ret_findings may be NULL.
 */
MUST_USE enum err tape_make(const struct tape_recipe *recipe, const char *tape_path,
                            struct tape_findings *ret_findings, struct failure *failure);

/*
 * The tape that belongs to a CSV: `csv_path`.tape in the recipe's cache folder or beside the CSV.
 * It is opened when it is whole and was made from this very CSV (path, size, time of modification
 * and layout as recorded in it), and made otherwise. A csv_path that ends in .tape is opened as it
 * is. Errors: those of tape_make() and tape_open().
 */
MUST_USE enum err tape_open_for(const struct tape_recipe *recipe, struct tape **ret_tape,
                                struct failure *failure);

/*
 * A random walk of `count` quotes from `start_ns`, `interval_ns` apart: the bundled tape's source.
 * The same seed gives the same bytes everywhere.
 */
struct tape_walk {
    uint64_t seed;
    size_t count;          /* > 0 */
    int64_t start_ns;      /* >= 0; whole milliseconds for a CSV. */
    int64_t interval_ns;   /* > 0; whole milliseconds for a CSV. */
    int64_t price;         /* First mid, mantissa of price_digits. > 0 */
    unsigned price_digits; /* 0 to 18. */
    int64_t step_max;      /* Largest move per row, mantissa. >= 0 */
    int64_t spread;        /* ask - bid, mantissa. >= 0 */
};

/* Writes the walk as a tape. ERR_RANGE for a walk outside the limits above; ERR_IO, ERR_MEMORY. */
MUST_USE enum err tape_make_walk(const struct tape_walk *walk, const char *tape_path,
                                 struct failure *failure);

/* The same walk as a bookTicker CSV, plain. Errors as tape_make_walk(). */
MUST_USE enum err tape_write_walk_csv(const struct tape_walk *walk, const char *csv_path,
                                      struct failure *failure);

#endif
