/*
 * actors/scheduler_worker.h - one thread of the threaded scheduler, and what the threads share.
 *
 * What a worker's own actors wake goes first to its next slot, which nobody else touches: the
 * answer to a message runs at once, on the same core, with the message in its cache. What finds
 * the slot taken goes to the worker's ring, from which idle workers steal. What comes from other
 * threads (timers, sockets, dedicated actors) or finds the ring full goes to one injection queue
 * under the lock.
 *
 * Waking a worker costs more than most work is worth, so it is done only when one sleeps, nobody
 * is searching already, and there is work for two: a lone actor is left to its owner for 20 us.
 * The owner itself offers what has waited longer (worker_relieve), between messages; a handler
 * that computes for long delays what it has woken until it returns. It offers nothing while its
 * messages take less than 100 ns each: to cross to another core costs them more than that.
 *
 * Threads: each field says whose it is.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_WORKER_H
#define TUTTI_ACTORS_SCHEDULER_WORKER_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "actors/scheduler_dedicated.h"
#include "actors/scheduler_ring.h"
#include "actors/scheduler_watch.h"
#include "actors/system_layout.h"
#include "mailbox/hot_path.h"

struct threaded;

struct worker {
    struct threaded *threaded;
    struct actor *next; /* Borrowed; the next slot. */
    unsigned next_streak;
    unsigned runs_left;        /* Until the injection queue goes first. */
    int64_t waiting_since_ns;  /* When something was first seen waiting while others slept; or 0. */
    uint64_t waiting_messages; /* How many had been delivered then. */
    bool is_searching;         /* Counted in threaded.searching. */
    bool is_parked;            /* In the list of parked workers; under the lock. */
    struct worker *parked_next;
    sem_t wake;
    pthread_t thread;
    struct watch_mark mark;
    struct context context;             /* Of the slice that runs. */
    _Atomic(uint64_t) messages;         /* Changed by the worker only. */
    _Atomic(uint64_t) steals;           /* Changed by the worker only. */
    uint64_t heads[SYSTEM_WORKERS_MAX]; /* Of the rings, when the search began. */
    struct ring ring;
};

struct threaded {
    struct system *system;
    unsigned worker_count;
    struct worker *workers; /* Owned. */
    struct dedicated_set dedicated;

    alignas(CACHE_LINE) pthread_mutex_t lock;
    struct actor *injected_first; /* Borrowed; under the lock. */
    struct actor *injected_last;
    struct worker *parked;          /* Under the lock. */
    _Atomic(size_t) injected_count; /* Changed under the lock, read without as a hint. */
    _Atomic(unsigned) parked_count; /* Changed under the lock, read without. */
    _Atomic(unsigned) searching;    /* 0 or 1 worker that looks for work. */
};

/* A worker that does not run yet. */
void worker_init(struct worker *worker, struct threaded *threaded);

/* The main function of a worker's thread; the argument is the worker. */
void *worker_main(void *argument);

/* The worker of this thread; NULL on threads that are none. Set by worker_main(). */
extern _Thread_local struct worker *worker_of_thread FOUND_AT_ONCE;

enum {
    WORKER_LONE_NS = 20000, /* How long a lone actor is left to its owner. */
    WORKER_CHEAP_NS = 100,  /* A message that takes less is not worth another core. */
};

/* Something has waited for `waiting_ns` while the worker delivered so many messages: whether it
 * pays to wake another. */
static inline bool worker_is_relieved(int64_t waiting_ns, uint64_t messages)
{
    return waiting_ns > WORKER_LONE_NS && (uint64_t)waiting_ns / WORKER_CHEAP_NS >= messages;
}

/* An actor became runnable on the worker's own thread while the next slot is taken. */
void worker_push(struct worker *worker, struct actor *actor);

/* An actor became runnable on the worker's own thread. */
static inline void worker_schedule(struct worker *worker, struct actor *actor)
{
    if (worker->next == NULL) {
        worker->next = actor;
    } else {
        worker_push(worker, actor);
    }
}

/* An actor became runnable on a thread that is no worker. From any thread. */
void threaded_inject(struct threaded *threaded, struct actor *actor);

/* Takes the oldest actor off the injection queue; NULL when there is none. Under the lock. */
struct actor *threaded_take_injected(struct threaded *threaded);

/* Wakes a worker when one sleeps and nobody is searching. From any worker. */
void threaded_wake(struct threaded *threaded);

#endif
