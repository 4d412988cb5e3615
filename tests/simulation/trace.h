/*
 * tests/simulation/trace.h - what happens in a world, line by line, when somebody wants to know.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_TRACE_H
#define TUTTI_TESTS_SIMULATION_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Lines go to stdout from here on, or not. */
void trace_turn(bool is_on);

/* The virtual time of the lines that follow. */
void trace_move(int64_t now_ns);

/* Writes "   12.345678901 who   text". */
void trace_line(const char *who, const char *format, ...) FORMAT_LIKE_PRINTF(2, 3);

/* The same for bytes that were sent, cut to a line. */
void trace_bytes(const char *who, const char *what, const char *bytes, size_t size);

#endif
