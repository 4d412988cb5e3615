/*
 * base/assert.h - ASSERT: what is proven, checked in every build.
 *
 * An ASSERT states what this program guarantees itself, never what the outside may do (bad input,
 * a full disk and a lost peer are enum err). A failed one ends the process; the next start
 * recovers from the journal.
 *
 * Threads: any.
 */
#ifndef TUTTI_BASE_ASSERT_H
#define TUTTI_BASE_ASSERT_H

#define ASSERT(condition) \
    (__builtin_expect(!!(condition), 1) ? (void)0 : assert_fail(#condition, __FILE__, __LINE__))

/* Writes the failed condition and its place to stderr and aborts. */
__attribute__((noreturn, cold)) void assert_fail(const char *condition, const char *file, int line);

#endif
