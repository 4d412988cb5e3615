#include "market/tape_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

enum { TAPE_BUFFER_ROWS = 4096, TAPE_FILE_MODE = 0644 };

/* Values of a column that are not in the file yet. */
struct tape_buffer {
    int64_t values[TAPE_BUFFER_ROWS];
};

struct tape_writer {
    char *path;           /* Owned: the tape's name at the end. */
    char *temporary_path; /* Owned: its name until then; NULL: there is no such file. */
    int descriptor;       /* Owned; -1: closed. */
    struct tape_header header;
    struct tape_pyramid pyramid;
    struct tape_block *blocks; /* Owned: all levels; level 1 is filled by rows. */
    uint64_t rows_written;     /* In the file. */
    size_t rows_buffered;      /* In each buffer. */
    int64_t time_ns;           /* Of the last row. */
    struct tape_buffer buffers[TAPE_COLUMN_COUNT];
};

static enum err tape_writer_fail(const struct tape_writer *writer, const char *verb,
                                 struct failure *failure)
{
    const enum err code = errno == ENOMEM ? ERR_MEMORY : ERR_IO;
    return failure_set(failure, code, "%s: cannot %s the tape: %s", writer->path, verb,
                       strerror(errno));
}

static enum err tape_writer_open(struct tape_writer *writer, const char *path,
                                 struct failure *failure)
{
    writer->path = strdup(path);
    if (writer->path == NULL || asprintf(&writer->temporary_path, "%s.XXXXXX", path) < 0) {
        writer->temporary_path = NULL;
        return failure_set(failure, ERR_MEMORY, "%s: no memory to write the tape", path);
    }
    writer->descriptor = mkostemp(writer->temporary_path, O_CLOEXEC);
    if (writer->descriptor < 0) {
        const enum err err = tape_writer_fail(writer, "create", failure);
        free(writer->temporary_path);
        writer->temporary_path = NULL;
        return err;
    }
    if (fchmod(writer->descriptor, TAPE_FILE_MODE) != 0) {
        return tape_writer_fail(writer, "create", failure);
    }
    return ERR_NONE;
}

enum err tape_writer_create(const char *path, const struct tape_header *header,
                            struct tape_writer **ret_writer, struct failure *failure)
{
    ASSERT(header->rows > 0);
    if (header->rows > TAPE_ROWS_MAX) {
        return failure_set(failure, ERR_LIMIT,
                           "%s: too many rows for a tape, expected at most %llu", path,
                           (unsigned long long)TAPE_ROWS_MAX);
    }
    struct tape_writer *writer = calloc(1, sizeof(*writer));
    if (writer == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to write the tape", path);
    }
    writer->descriptor = -1;
    writer->header = *header;
    writer->pyramid = tape_pyramid_of(header->rows);
    writer->time_ns = INT64_MIN;
    enum err err = tape_writer_open(writer, path, failure);
    if (err != ERR_NONE) {
        goto fail;
    }
    writer->blocks = calloc(writer->pyramid.blocks_total, sizeof(*writer->blocks));
    if (writer->blocks == NULL) {
        err = failure_set(failure, ERR_MEMORY, "%s: no memory to write the tape", path);
        goto fail;
    }
    *ret_writer = writer;
    return ERR_NONE;

fail:
    tape_writer_destroy(writer);
    return err;
}

void tape_writer_destroy(struct tape_writer *writer)
{
    if (writer == NULL) {
        return;
    }
    if (writer->descriptor >= 0) {
        (void)close(writer->descriptor);
    }
    if (writer->temporary_path != NULL) {
        (void)unlink(writer->temporary_path);
    }
    free(writer->blocks);
    free(writer->temporary_path);
    free(writer->path);
    free(writer);
}

/* Writes all bytes at an offset. */
static enum err tape_writer_put(struct tape_writer *writer, const void *bytes, size_t size,
                                uint64_t offset, struct failure *failure)
{
    const unsigned char *rest = bytes;
    while (size > 0) {
        const ssize_t count = pwrite(writer->descriptor, rest, size, (off_t)offset);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            return tape_writer_fail(writer, "write", failure);
        }
        rest += count;
        size -= (size_t)count;
        offset += (uint64_t)count;
    }
    return ERR_NONE;
}

/* Moves what is buffered to the file. */
static enum err tape_writer_flush(struct tape_writer *writer, struct failure *failure)
{
    const size_t size = writer->rows_buffered * sizeof(int64_t);
    for (enum tape_section i = 0; i < TAPE_COLUMN_COUNT; i++) {
        const int64_t *values = writer->buffers[i].values;
        const uint64_t offset =
            tape_offset(writer->header.rows, i) + writer->rows_written * sizeof(int64_t);
        const enum err err = tape_writer_put(writer, values, size, offset, failure);
        if (err != ERR_NONE) {
            return err;
        }
        writer->header.section_crc[i] = tape_crc(writer->header.section_crc[i], values, size);
    }
    writer->rows_written += writer->rows_buffered;
    writer->rows_buffered = 0;
    return ERR_NONE;
}

/* Enters extremes into a block; `is_first`: nothing was entered before. */
static void tape_writer_cover(struct tape_block *block, const struct tape_block *extremes,
                              bool is_first)
{
    if (is_first) {
        *block = *extremes;
    } else {
        tape_block_widen(block, extremes);
    }
}

enum err tape_writer_append(struct tape_writer *writer, const struct tape_row *row,
                            struct failure *failure)
{
    ASSERT(row->time_ns >= writer->time_ns);
    ASSERT(row->bid > 0 && row->ask >= row->bid && row->ask < INT64_MAX);
    const uint64_t index = writer->rows_written + writer->rows_buffered;
    if (index == writer->header.rows) {
        return failure_set(failure, ERR_STATE, "%s: more rows than the tape was begun with",
                           writer->path);
    }
    const size_t place = writer->rows_buffered++;
    writer->buffers[TAPE_SECTION_TIME].values[place] = row->time_ns;
    writer->buffers[TAPE_SECTION_BID].values[place] = row->bid;
    writer->buffers[TAPE_SECTION_ASK].values[place] = row->ask;
    writer->buffers[TAPE_SECTION_BID_SIZE].values[place] = row->bid_size;
    writer->buffers[TAPE_SECTION_ASK_SIZE].values[place] = row->ask_size;
    writer->time_ns = row->time_ns;

    const struct tape_block extremes = {row->bid, row->bid, row->ask, row->ask};
    tape_writer_cover(&writer->blocks[index / TAPE_BLOCK_ROWS], &extremes,
                      index % TAPE_BLOCK_ROWS == 0);
    return writer->rows_buffered == TAPE_BUFFER_ROWS ? tape_writer_flush(writer, failure)
                                                     : ERR_NONE;
}

/* Fills the levels above the first, which the rows have filled. */
static void tape_writer_raise(struct tape_writer *writer)
{
    const struct tape_pyramid *pyramid = &writer->pyramid;
    for (size_t level = 2; level <= pyramid->levels; level++) {
        const struct tape_block *below = writer->blocks + pyramid->first[level - 1];
        struct tape_block *blocks = writer->blocks + pyramid->first[level];
        for (size_t i = 0; i < pyramid->blocks[level - 1]; i++) {
            tape_writer_cover(&blocks[i / TAPE_BLOCK_ROWS], &below[i], i % TAPE_BLOCK_ROWS == 0);
        }
    }
}

static enum err tape_writer_put_pyramid(struct tape_writer *writer, struct failure *failure)
{
    tape_writer_raise(writer);
    const size_t size = writer->pyramid.blocks_total * sizeof(*writer->blocks);
    writer->header.section_crc[TAPE_SECTION_PYRAMID] = tape_crc(0, writer->blocks, size);
    return tape_writer_put(writer, writer->blocks, size,
                           tape_offset(writer->header.rows, TAPE_SECTION_PYRAMID), failure);
}

/* Makes the bytes durable and moves the file to its name. */
static enum err tape_writer_publish(struct tape_writer *writer, struct failure *failure)
{
    if (fsync(writer->descriptor) != 0) {
        return tape_writer_fail(writer, "sync", failure);
    }
    const int descriptor = writer->descriptor;
    writer->descriptor = -1;
    if (close(descriptor) != 0) {
        return tape_writer_fail(writer, "close", failure);
    }
    if (rename(writer->temporary_path, writer->path) != 0) {
        return tape_writer_fail(writer, "name", failure);
    }
    free(writer->temporary_path);
    writer->temporary_path = NULL;
    return ERR_NONE;
}

enum err tape_writer_finish(struct tape_writer *writer, struct failure *failure)
{
    enum err err = tape_writer_flush(writer, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (writer->rows_written != writer->header.rows) {
        return failure_set(failure, ERR_STATE, "%s: fewer rows than the tape was begun with",
                           writer->path);
    }
    err = tape_writer_put_pyramid(writer, failure);
    if (err != ERR_NONE) {
        return err;
    }
    writer->header.header_crc = tape_header_crc(&writer->header);
    err = tape_writer_put(writer, &writer->header, sizeof(writer->header), 0, failure);
    return err == ERR_NONE ? tape_writer_publish(writer, failure) : err;
}
