/*
 * tests/fuzz/market_input.h - what any bytes must not do to the readers of recordings and tapes.
 *
 * Shared by the fuzz targets and by the test that replays their corpora. Bytes reach the readers
 * through a file in memory.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_MARKET_INPUT_H
#define TUTTI_TESTS_FUZZ_MARKET_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/instant.h"
#include "market/feeds/recording.h"
#include "market/tape.h"
#include "market/tape_file.h"

struct market_input {
    int descriptor;
    char path[64];
};

static inline struct market_input market_input_open(const uint8_t *data, size_t size)
{
    struct market_input input = {.descriptor = memfd_create("input", MFD_CLOEXEC)};
    ASSERT(input.descriptor >= 0);
    ASSERT(write(input.descriptor, data, size) == (ssize_t)size);
    (void)snprintf(input.path, sizeof(input.path), "/proc/self/fd/%d", input.descriptor);
    return input;
}

/* Reads the bytes as every layout: each row that comes out is a good one. Returns the rows. */
static inline size_t market_input_read_csv(const uint8_t *data, size_t size)
{
    static const enum tape_layout layouts[] = {TAPE_LAYOUT_QUOTES, TAPE_LAYOUT_TRADES,
                                               TAPE_LAYOUT_KLINES};
    const struct market_input input = market_input_open(data, size);
    size_t count = 0;
    for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
        struct recording *recording = NULL;
        struct failure failure = {0};
        struct recording_row row;
        int64_t time_ns = INT64_MIN;
        enum err err = recording_open(input.path, layouts[i], &recording, &failure);
        while (err == ERR_NONE && (err = recording_next(recording, &row, &failure)) == ERR_NONE) {
            ASSERT(row.time_ns >= time_ns);
            ASSERT(row.bid.mantissa > 0 && row.bid.digits <= CSV_DIGITS_MAX);
            ASSERT(row.ask.mantissa > 0 && row.ask.digits <= CSV_DIGITS_MAX);
            ASSERT(row.bid_size.mantissa >= 0 && row.bid_size.digits <= CSV_DIGITS_MAX);
            ASSERT(row.ask_size.mantissa >= 0 && row.ask_size.digits <= CSV_DIGITS_MAX);
            time_ns = row.time_ns;
            count++;
        }
        ASSERT(err == ERR_END || (failure.code == err && failure.text[0] != '\0'));
        recording_close(recording);
    }
    (void)close(input.descriptor);
    return count;
}

/* Uses an open tape: whatever its content, nothing outside of it is touched. */
static inline void market_input_use_tape(const struct tape *tape)
{
    const struct tape_columns *columns = tape_columns_of(tape);
    const size_t count = columns->count;
    const struct tape_levels levels = {columns->bid[0] / 2, columns->bid[0], columns->ask[0] / 2,
                                       INT64_MAX};
    const struct tape_levels never = {INT64_MIN, INT64_MAX, INT64_MIN, INT64_MAX};
    for (size_t first = 0; first < count; first += 1 + count / 16) {
        const size_t row = tape_next(tape, first, count, &levels, columns->time_ns[count / 2]);
        ASSERT(row >= first && row <= count);
        ASSERT(tape_next(tape, first, count, &never, INSTANT_NEVER) <= count);
        (void)tape_quote(columns, first);
    }
    ASSERT(strlen(tape_source(tape)) < TAPE_SOURCE_MAX);
}

/* Opens the bytes as a tape; ERR_NONE when they are one. */
static inline enum err market_input_open_tape(const uint8_t *data, size_t size)
{
    const struct market_input input = market_input_open(data, size);
    struct tape *tape;
    struct failure failure = {0};
    const enum err err = tape_open(input.path, &tape, &failure);
    if (err == ERR_NONE) {
        market_input_use_tape(tape);
        tape_close(tape);
    } else {
        ASSERT(failure.code == err && failure.text[0] != '\0');
    }
    (void)close(input.descriptor);
    return err;
}

/* The same with checksums that are right, so that what stands behind them is reached too. */
static inline enum err market_input_open_sealed_tape(const uint8_t *data, size_t size)
{
    struct tape_header header;
    if (size < sizeof(header)) {
        return ERR_CORRUPT;
    }
    memcpy(&header, data, sizeof(header));
    if (header.rows == 0 || header.rows > size ||
        tape_offset(header.rows, TAPE_SECTION_COUNT) != size) {
        return ERR_CORRUPT;
    }
    for (enum tape_section i = 0; i < TAPE_SECTION_COUNT; i++) {
        const uint64_t start = tape_offset(header.rows, i);
        header.section_crc[i] = tape_crc(0, data + start, tape_offset(header.rows, i + 1) - start);
    }
    header.header_crc = tape_header_crc(&header);
    uint8_t *copy = malloc(size);
    ASSERT(copy != NULL);
    memcpy(copy, data, size);
    memcpy(copy, &header, sizeof(header));
    const enum err err = market_input_open_tape(copy, size);
    free(copy);
    return err;
}

#endif
