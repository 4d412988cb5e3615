/*
 * actors/scheduler_thread.h - threads, waiting and the monotonic clock, for the schedulers.
 *
 * Threads: any.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_THREAD_H
#define TUTTI_ACTORS_SCHEDULER_THREAD_H

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

#include "base/err.h"

/* Starts a thread that gets no signals: they belong to the program's own threads. `name` is what
 * a debugger shows, at most 15 characters. ERR_LIMIT when the system refuses. */
MUST_USE enum err scheduler_thread_start(pthread_t *thread, void *(*main)(void *), void *argument,
                                         const char *name);

/* The monotonic clock. */
int64_t scheduler_monotonic_ns(void);

/* Monotonic clock to wall clock at this instant: the difference to add. */
int64_t scheduler_epoch_ns(void);

/* A condition whose waits are measured on the monotonic clock. ERR_MEMORY. */
MUST_USE enum err scheduler_condition_init(pthread_cond_t *condition);

/* Waits at most until monotonic_ns; INSTANT_NEVER waits without end. May return early. */
void scheduler_condition_wait(pthread_cond_t *condition, pthread_mutex_t *lock,
                              int64_t monotonic_ns);

/* Takes the semaphore, also when signals come in between. */
void scheduler_semaphore_wait(sem_t *semaphore);

#endif
