/*
 * tests/simulation/course.h - a course of prices: a random walk with what goes wrong in recordings.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_COURSE_H
#define TUTTI_TESTS_SIMULATION_COURSE_H

#include "base/err.h"
#include "base/text.h"
#include "tests/simulation/chance.h"

struct course {
    uint64_t seed;
    int64_t start_ms; /* Of market time. */
    int64_t rows;
    int64_t interval_ms;
    int64_t price; /* In ticks of 0.01. */
    int64_t step;  /* Largest move per row, in ticks. */
    int64_t spread;
};

/* Writes the course to a file as a bookTicker CSV: jumps, gaps, crossed and repeated rows where the
 * chances say so; and what was traded to another one. ERR_IO. */
MUST_USE enum err course_write(const struct course *course, struct chances *chances,
                               const char *path, const char *trades_path);

#endif
