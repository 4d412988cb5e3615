/*
 * tests/unit/market/packed.h - files as market data comes: compressed.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_UNIT_MARKET_PACKED_H
#define TUTTI_TESTS_UNIT_MARKET_PACKED_H

#include <check.h>
#include <string.h>
#include <zlib.h>

#include "tests/support/scratch.h"

/* Writes a gzip file and returns its path. */
static inline struct scratch_path packed_write(const char *name, const char *text)
{
    const struct scratch_path path = scratch_path(name);
    gzFile file = gzopen(path.text, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, text, (unsigned)strlen(text)), (int)strlen(text));
    ck_assert_int_eq(gzclose(file), Z_OK);
    return path;
}

#endif
