/*
 * tests/simulation/verdict.h - the first thing that was wrong in a world.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_VERDICT_H
#define TUTTI_TESTS_SIMULATION_VERDICT_H

#include <stdarg.h>
#include <stdio.h>

#include "base/err.h"

enum { VERDICT_TEXT_MAX = 500 };

struct verdict {
    char text[VERDICT_TEXT_MAX]; /* "": all is well. */
};

/* Remembers the first: "I2 a fill twice: ...". */
static inline void FORMAT_LIKE_PRINTF(2, 3)
    verdict_set(struct verdict *verdict, const char *format, ...)
{
    if (verdict->text[0] != '\0') {
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(verdict->text, sizeof(verdict->text), format, arguments);
    va_end(arguments);
}

#endif
