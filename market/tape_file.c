#include "market/tape_file.h"

#include <stdbool.h>
#include <string.h>
#include <zlib.h>

#include "base/assert.h"
#include "base/decimal.h"

static const char tape_magic[8] = {'T', 'U', 'T', 'T', 'I', 'T', 'A', 'P'};

struct tape_pyramid tape_pyramid_of(uint64_t rows)
{
    ASSERT(rows > 0 && rows <= TAPE_ROWS_MAX);
    struct tape_pyramid pyramid = {0};
    uint64_t below = rows;
    do {
        below = (below + TAPE_BLOCK_ROWS - 1) / TAPE_BLOCK_ROWS;
        pyramid.levels++;
        ASSERT(pyramid.levels <= TAPE_LEVELS_MAX);
        pyramid.blocks[pyramid.levels] = below;
        pyramid.first[pyramid.levels] = pyramid.blocks_total;
        pyramid.blocks_total += below;
    } while (below > 1);
    return pyramid;
}

uint64_t tape_offset(uint64_t rows, enum tape_section section)
{
    if (section == TAPE_SECTION_COUNT) {
        return tape_offset(rows, TAPE_SECTION_PYRAMID) +
               tape_pyramid_of(rows).blocks_total * sizeof(struct tape_block);
    }
    return TAPE_HEADER_SIZE + (uint64_t)section * rows * sizeof(int64_t);
}

uint32_t tape_crc(uint32_t crc, const void *bytes, size_t size)
{
    return (uint32_t)crc32_z(crc, bytes, size);
}

struct tape_header tape_header_new(void)
{
    struct tape_header header = {.version = TAPE_VERSION, .block_rows = TAPE_BLOCK_ROWS};
    memcpy(header.magic, tape_magic, sizeof(header.magic));
    return header;
}

void tape_header_set_source(struct tape_header *header, const char *source)
{
    size_t length = strlen(source);
    if (length >= TAPE_SOURCE_MAX) {
        source += length - (TAPE_SOURCE_MAX - 1);
        length = TAPE_SOURCE_MAX - 1;
    }
    memset(header->source, 0, sizeof(header->source));
    memcpy(header->source, source, length);
}

uint32_t tape_header_crc(const struct tape_header *header)
{
    struct tape_header copy = *header;
    copy.header_crc = 0;
    return tape_crc(0, &copy, sizeof(copy));
}

enum err tape_header_check(const struct tape_header *header, uint64_t size, const char *path,
                           struct failure *failure)
{
    if (size < sizeof(*header) || memcmp(header->magic, tape_magic, sizeof(tape_magic)) != 0) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s: not a tape, expected a file made by tape make", path);
    }
    if (header->version != TAPE_VERSION) {
        return failure_set(failure, ERR_VERSION,
                           "%s: a tape of version %u, expected %d (make it again)", path,
                           header->version, (int)TAPE_VERSION);
    }
    const bool is_sane =
        header->header_crc == tape_header_crc(header) && header->block_rows == TAPE_BLOCK_ROWS &&
        header->price_digits <= DECIMAL_DIGITS && header->size_digits <= DECIMAL_DIGITS &&
        header->rows > 0 && header->rows <= TAPE_ROWS_MAX &&
        memchr(header->source, '\0', sizeof(header->source)) != NULL;
    if (!is_sane) {
        return failure_set(failure, ERR_CORRUPT, "%s: the header is damaged (make the tape again)",
                           path);
    }
    const uint64_t expected = tape_offset(header->rows, TAPE_SECTION_COUNT);
    if (size != expected) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s: the tape has %llu bytes, expected %llu (make it again)", path,
                           (unsigned long long)size, (unsigned long long)expected);
    }
    return ERR_NONE;
}
