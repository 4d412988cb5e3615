/*
 * actors/scheduler_dedicated.h - actors that may block, each on a thread of its own.
 *
 * The thread sleeps on a semaphore while the mailbox is empty. It begins with the system's run and
 * ends with its actor or with the system.
 *
 * Threads: as each call says.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_DEDICATED_H
#define TUTTI_ACTORS_SCHEDULER_DEDICATED_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "actors/system.h"

struct actor;
struct dedicated;

struct dedicated_set {
    struct system *system;
    pthread_mutex_t lock;
    struct dedicated *first; /* Owned; under the lock, like the rest. */
    unsigned count;
    bool is_running;
    uint64_t messages; /* Of threads that are gone. */
};

MUST_USE enum err dedicated_init(struct dedicated_set *set, struct system *system);

/* All threads have been joined. */
void dedicated_done(struct dedicated_set *set);

/* Gives the actor a thread, which starts now or with dedicated_run(). From any thread. Errors:
 * ERR_MEMORY, ERR_LIMIT beyond SYSTEM_DEDICATED_MAX or when the thread cannot be started. */
MUST_USE enum err dedicated_adopt(struct dedicated_set *set, struct actor *actor);

/* Starts the threads. From the thread that runs the system. ERR_LIMIT when one does not start. */
MUST_USE enum err dedicated_run(struct dedicated_set *set);

/* The actor of this thread became runnable. From any thread. */
void dedicated_wake(struct dedicated *dedicated);

/* The system is stopping: all threads come to their end. From any thread. */
void dedicated_stop(struct dedicated_set *set);

/* Waits for the end of all threads. From the thread that runs the system. */
void dedicated_join(struct dedicated_set *set);

/* Looks for actors that are stuck. From the thread of the watchdog. */
void dedicated_watch(struct dedicated_set *set);

/* Messages delivered so far. From any thread. */
uint64_t dedicated_messages(struct dedicated_set *set);

#endif
