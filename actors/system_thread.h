/*
 * actors/system_thread.h - a thread that runs a system for a program that has something else to do.
 *
 * Threads: start and join from one thread.
 */
#ifndef TUTTI_ACTORS_SYSTEM_THREAD_H
#define TUTTI_ACTORS_SYSTEM_THREAD_H

#include "base/err.h"

struct system_thread; /* Opaque. */

/* Starts a thread that calls main(context) and ends; it gets no signals. ERR_MEMORY, ERR_LIMIT. */
MUST_USE enum err system_thread_start(void (*main)(void *context), void *context,
                                      struct system_thread **ret_thread);

/* Waits for its end and frees it; what it wrote is seen from here on. NULL is allowed. */
void system_thread_join(struct system_thread *thread);

#endif
