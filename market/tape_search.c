#include "market/tape.h"

#include <stdbool.h>

#include "base/assert.h"
#include "market/tape_file.h"

/* Does a row, or any row of a block, reach a level? For a row its minimum is its maximum. */
static bool tape_reaches(const struct tape_levels *levels, const struct tape_block *extremes)
{
    return (extremes->bid_min <= levels->bid_at_most) |
           (extremes->bid_max >= levels->bid_at_least) |
           (extremes->ask_min <= levels->ask_at_most) | (extremes->ask_max >= levels->ask_at_least);
}

static bool tape_row_reaches(const struct tape_columns *columns, size_t row,
                             const struct tape_levels *levels)
{
    const int64_t bid = columns->bid[row];
    const int64_t ask = columns->ask[row];
    return tape_reaches(levels, &(struct tape_block){bid, bid, ask, ask});
}

/*
 * How high the largest block is that begins at this row and reaches no level; 0 when there is
 * none. What such a block covers can be skipped.
 */
static size_t tape_skippable(const struct tape *tape, size_t row, const struct tape_levels *levels)
{
    size_t height = 0;
    size_t block = row;
    while (height < tape_height(tape) && block % TAPE_BLOCK_ROWS == 0) {
        block >>= TAPE_BLOCK_SHIFT;
        height++;
    }
    while (height > 0 && tape_reaches(levels, &tape_blocks(tape, height)[block])) {
        block <<= TAPE_BLOCK_SHIFT;
        height--;
    }
    return height;
}

/* The first row in [first, end) that reaches a level, or end. */
static size_t tape_next_level(const struct tape *tape, size_t first, size_t end,
                              const struct tape_levels *levels)
{
    const struct tape_columns *columns = tape_columns_of(tape);
    size_t row = first;
    while (row < end) {
        const size_t height = tape_skippable(tape, row, levels);
        if (height > 0) {
            row += (size_t)1 << (height * TAPE_BLOCK_SHIFT);
            continue;
        }
        /* Single rows up to the next block. */
        do {
            if (tape_row_reaches(columns, row, levels)) {
                return row;
            }
            row++;
        } while (row % TAPE_BLOCK_ROWS != 0 && row < end);
    }
    return end;
}

/* The first row in [first, end) with a time >= at_ns, or end: the classic lower bound. */
static size_t tape_next_time(const struct tape_columns *columns, size_t first, size_t end,
                             int64_t at_ns)
{
    while (first < end) {
        const size_t middle = first + (end - first) / 2;
        if (columns->time_ns[middle] < at_ns) {
            first = middle + 1;
        } else {
            end = middle;
        }
    }
    return first;
}

size_t tape_next(const struct tape *tape, size_t first, size_t end,
                 const struct tape_levels *levels, int64_t at_ns)
{
    const struct tape_columns *columns = tape_columns_of(tape);
    ASSERT(first <= end && end <= columns->count);
    const size_t row = tape_next_level(tape, first, end, levels);
    if (row == first || columns->time_ns[row - 1] < at_ns) {
        return row; /* The time comes no earlier than the level: the usual case. */
    }
    return tape_next_time(columns, first, row, at_ns);
}
