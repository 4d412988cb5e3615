#include "market/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"
#include "market/tape_file.h"

struct tape {
    const struct tape_header *header; /* Start of the mapping, which the tape owns. */
    size_t size;                      /* Of the mapping; 0: there is none. */
    struct tape_columns columns;      /* Into the mapping. */
    const struct tape_block *blocks;  /* Into the mapping. */
    struct tape_pyramid pyramid;
};

static enum err tape_map(struct tape *tape, int descriptor, const char *path,
                         struct failure *failure)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) {
        return failure_set(failure, ERR_IO, "%s: %s", path, strerror(errno));
    }
    if (!S_ISREG(status.st_mode) || status.st_size < TAPE_HEADER_SIZE) {
        return failure_set(failure, ERR_CORRUPT,
                           "%s: not a tape, expected a file made by tape make", path);
    }
    const size_t size = (size_t)status.st_size;
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
    if (bytes == MAP_FAILED) {
        const enum err code = errno == ENOMEM ? ERR_MEMORY : ERR_IO;
        return failure_set(failure, code, "%s: cannot map: %s", path, strerror(errno));
    }
    tape->header = bytes;
    tape->size = size;
    return ERR_NONE;
}

/* Where a section begins. The header has been checked against the size of the file. */
static const void *tape_section_start(const struct tape *tape, enum tape_section section)
{
    const uint64_t offset = tape_offset(tape->header->rows, section);
    ASSERT(offset <= tape->size);
    return (const unsigned char *)tape->header + offset;
}

static enum err tape_verify(const struct tape *tape, const char *path, struct failure *failure)
{
    ASSERT(tape->header != NULL);
    const uint64_t rows = tape->header->rows;
    for (enum tape_section i = 0; i < TAPE_SECTION_COUNT; i++) {
        const uint64_t size = tape_offset(rows, i + 1) - tape_offset(rows, i);
        if (tape_crc(0, tape_section_start(tape, i), size) != tape->header->section_crc[i]) {
            return failure_set(failure, ERR_CORRUPT,
                               "%s: wrong checksum, the tape is damaged (make it again)", path);
        }
    }
    return ERR_NONE;
}

static void tape_find_columns(struct tape *tape)
{
    ASSERT(tape->header != NULL);
    tape->columns = (struct tape_columns){
        .count = tape->header->rows,
        .price_digits = tape->header->price_digits,
        .size_digits = tape->header->size_digits,
        .time_ns = tape_section_start(tape, TAPE_SECTION_TIME),
        .bid = tape_section_start(tape, TAPE_SECTION_BID),
        .ask = tape_section_start(tape, TAPE_SECTION_ASK),
        .bid_size = tape_section_start(tape, TAPE_SECTION_BID_SIZE),
        .ask_size = tape_section_start(tape, TAPE_SECTION_ASK_SIZE),
    };
    tape->blocks = tape_section_start(tape, TAPE_SECTION_PYRAMID);
    tape->pyramid = tape_pyramid_of(tape->header->rows);
}

static enum err tape_load(struct tape *tape, const char *path, struct failure *failure)
{
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0) {
        return failure_set_unopened(failure, path, errno);
    }
    enum err err = tape_map(tape, descriptor, path, failure);
    (void)close(descriptor); /* The mapping stays. */
    if (err == ERR_NONE) {
        err = tape_header_check(tape->header, tape->size, path, failure);
    }
    if (err == ERR_NONE) {
        err = tape_verify(tape, path, failure);
    }
    return err;
}

enum err tape_open(const char *path, struct tape **ret_tape, struct failure *failure)
{
    struct tape *tape = calloc(1, sizeof(*tape));
    if (tape == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to open it", path);
    }
    const enum err err = tape_load(tape, path, failure);
    if (err != ERR_NONE) {
        tape_close(tape);
        return err;
    }
    tape_find_columns(tape);
    *ret_tape = tape;
    return ERR_NONE;
}

void tape_close(struct tape *tape)
{
    if (tape == NULL) {
        return;
    }
    if (tape->size > 0) {
        union {
            const void *constant;
            void *memory;
        } mapping = {.constant = tape->header}; /* munmap() wants it without const. */
        (void)munmap(mapping.memory, tape->size);
    }
    free(tape);
}

const struct tape_columns *tape_columns_of(const struct tape *tape)
{
    return &tape->columns;
}

const char *tape_source(const struct tape *tape)
{
    return tape->header->source;
}

const struct tape_header *tape_header_of(const struct tape *tape)
{
    return tape->header;
}

const struct tape_block *tape_blocks(const struct tape *tape, size_t level)
{
    ASSERT(level >= 1 && level <= tape->pyramid.levels);
    return tape->blocks + tape->pyramid.first[level];
}

size_t tape_height(const struct tape *tape)
{
    return tape->pyramid.levels;
}

struct quote tape_quote(const struct tape_columns *columns, size_t index)
{
    ASSERT(index < columns->count);
    return (struct quote){
        .time_ns = columns->time_ns[index],
        .bid = decimal_from_mantissa(columns->bid[index], columns->price_digits),
        .ask = decimal_from_mantissa(columns->ask[index], columns->price_digits),
    };
}
