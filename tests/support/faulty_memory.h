/*
 * tests/support/faulty_memory.h - memory whose n-th allocation is refused.
 *
 * The linker sends the allocations of the program's own code and the messages of nng through it
 * (-Wl,--wrap, in tests/CMakeLists.txt), faulty_memory_install() those of SQLite and cJSON; those
 * of libyaml come by themselves. What nng, libmicrohttpd and zlib take for themselves is left
 * alone.
 *
 * Threads: armed and disarmed from one; allocations from any.
 */
#ifndef TUTTI_TESTS_SUPPORT_FAULTY_MEMORY_H
#define TUTTI_TESTS_SUPPORT_FAULTY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Once per process, before SQLite and cJSON are used. */
void faulty_memory_install(void);

/* The n-th allocation from here on is refused, n >= 1; with `is_lasting` all behind it too. */
void faulty_memory_arm(uint64_t nth, bool is_lasting);

/* Nothing is refused any more. Whether something was. */
bool faulty_memory_disarm(void);

#endif
