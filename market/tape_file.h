/*
 * market/tape_file.h - the bytes of a tape file; shared by what reads and what writes tapes.
 *
 * A file is the header, then sections one behind the other: five columns of `rows` int64 each, and
 * the pyramid, level above level, as struct tape_block. Where a section stands follows from the
 * number of rows alone, so nothing in the file points anywhere. Each section and the header have a
 * CRC-32 (zlib's: 2.5 GB/s, so a tape of 2 million rows is verified in some 30 ms).
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_MARKET_TAPE_FILE_H
#define TUTTI_MARKET_TAPE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/tape.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "tapes are little endian and mapped as they are");

enum {
    TAPE_HEADER_SIZE = 512,
    TAPE_SOURCE_MAX = 424, /* With the terminating NUL. */
    TAPE_BLOCK_SHIFT = 6,  /* TAPE_BLOCK_ROWS == 1 << TAPE_BLOCK_SHIFT */
};

/* The sections in the order in which they stand in the file. */
enum tape_section {
    TAPE_SECTION_TIME,
    TAPE_SECTION_BID,
    TAPE_SECTION_ASK,
    TAPE_SECTION_BID_SIZE,
    TAPE_SECTION_ASK_SIZE,
    TAPE_SECTION_PYRAMID,
    TAPE_SECTION_COUNT,
    TAPE_COLUMN_COUNT = TAPE_SECTION_PYRAMID,
};

struct tape_header {
    char magic[8];
    uint32_t version;
    uint32_t block_rows;
    uint32_t price_digits;
    uint32_t size_digits;
    uint64_t rows; /* > 0 */
    /* The CSV as it was: its tape is good while all of this is unchanged. 0 for a walk. */
    uint64_t source_size;
    int64_t source_modified_ns;
    uint32_t source_layout; /* enum tape_layout */
    uint32_t section_crc[TAPE_SECTION_COUNT];
    uint32_t header_crc; /* Over the header with this field 0. */
    char source[TAPE_SOURCE_MAX];
    unsigned char unused[8];
};

_Static_assert(sizeof(struct tape_header) == TAPE_HEADER_SIZE, "the header has its size");
_Static_assert(TAPE_BLOCK_ROWS == 1 << TAPE_BLOCK_SHIFT, "rows per block are a power of two");

/* Extremes of the rows, or of the blocks one level below, that a block covers. */
struct tape_block {
    int64_t bid_min;
    int64_t bid_max;
    int64_t ask_min;
    int64_t ask_max;
};

/* The blocks of each level; level 1 covers rows, the last level is one block. */
struct tape_pyramid {
    size_t levels;
    size_t blocks[TAPE_LEVELS_MAX + 1]; /* Indexed by level, from 1. */
    size_t first[TAPE_LEVELS_MAX + 1];  /* The level's first block among all blocks. */
    size_t blocks_total;
};

/* The most rows a tape may have; keeps every offset below 2^48. */
#define TAPE_ROWS_MAX (UINT64_C(1) << 40)

/* The shape of the pyramid above `rows` rows, 0 < rows <= TAPE_ROWS_MAX. */
struct tape_pyramid tape_pyramid_of(uint64_t rows);

/* Bytes before a section; TAPE_SECTION_COUNT gives the size of the file. */
uint64_t tape_offset(uint64_t rows, enum tape_section section);

/* Extends a CRC-32 (0 to begin with) by `size` bytes. */
uint32_t tape_crc(uint32_t crc, const void *bytes, size_t size);

/* An empty header of this version: magic, version and block size. */
struct tape_header tape_header_new(void);

/* Sets the name of the source; of a long one the end stays. */
void tape_header_set_source(struct tape_header *header, const char *source);

/* The header's own CRC. */
uint32_t tape_header_crc(const struct tape_header *header);

/*
 * Whether a file of `size` bytes that begins with this header can be a tape: ERR_CORRUPT or
 * ERR_VERSION, with the path in the message. Does not look at the sections.
 */
MUST_USE enum err tape_header_check(const struct tape_header *header, uint64_t size,
                                    const char *path, struct failure *failure);

/* The header of an open tape. */
const struct tape_header *tape_header_of(const struct tape *tape);

/* Widens *block so that it covers the other one too. */
static inline void tape_block_widen(struct tape_block *block, const struct tape_block *other)
{
    block->bid_min = other->bid_min < block->bid_min ? other->bid_min : block->bid_min;
    block->bid_max = other->bid_max > block->bid_max ? other->bid_max : block->bid_max;
    block->ask_min = other->ask_min < block->ask_min ? other->ask_min : block->ask_min;
    block->ask_max = other->ask_max > block->ask_max ? other->ask_max : block->ask_max;
}

/* The blocks of a level of an open tape, 1 <= level <= the pyramid's levels. */
const struct tape_block *tape_blocks(const struct tape *tape, size_t level);

/* How many levels the pyramid of an open tape has. */
size_t tape_height(const struct tape *tape);

#endif
