/*
 * tests/fuzz/golden_input.h - what any bytes must not do to the reader of golden files.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_GOLDEN_INPUT_H
#define TUTTI_TESTS_FUZZ_GOLDEN_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/assert.h"
#include "tests/conformance/golden_case.h"

/* Opens the bytes as a golden file: a case or a problem. Returns whether it is a case. */
static inline int golden_input_take(const uint8_t *data, size_t size)
{
    static struct golden_case golden; /* It must stay where it is, and is large. */
    char path[64];
    const int descriptor = memfd_create("golden", MFD_CLOEXEC);
    ASSERT(descriptor >= 0);
    ASSERT(write(descriptor, data, size) == (ssize_t)size);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", descriptor);
    const enum err err = golden_case_open(path, &golden);
    ASSERT(err != ERR_NONE || (golden.kind != NULL && golden.step_count > 0));
    ASSERT(err == ERR_NONE || golden.problems.count > 0 || err == ERR_RANGE);
    golden_case_close(&golden);
    (void)close(descriptor);
    return err == ERR_NONE;
}

#endif
