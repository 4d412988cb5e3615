/*
 * actors/scheduler_timers.h - the wheel of a system under its lock, and what makes it turn.
 *
 * A deterministic system turns it between slices, system_set_now() turns it for a virtual clock;
 * a threaded system with a real clock has a thread that sleeps until the next timer is due, and
 * looks after stuck actors meanwhile.
 *
 * Threads: all calls from any thread; timers_start() and timers_join() from the one that runs the
 * system.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_TIMERS_H
#define TUTTI_ACTORS_SCHEDULER_TIMERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "actors/system.h"
#include "actors/wheel.h"

struct timers {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* The first timer is a new one, or is_stopping. */
    struct wheel wheel;     /* Under the lock. */
    bool is_stopping;       /* Under the lock. */
    bool has_thread;
    pthread_t thread;
    _Atomic(int64_t) next_ns; /* wheel_next(), to look at without the lock. */
};

MUST_USE enum err timers_init(struct timers *timers);
void timers_done(struct timers *timers);

/* As wheel_set(); INSTANT_NEVER removes the timer. */
MUST_USE enum err timers_set(struct timers *timers, struct actor_ref actor, uint64_t tag,
                             int64_t at_ns);
void timers_forget(struct timers *timers, struct actor_ref actor);

/* Sends all timers that are due at now_ns. Returns the instant of the next one. */
int64_t timers_fire(struct system *system, int64_t now_ns);

static inline int64_t timers_next(const struct timers *timers)
{
    /* Sequentially consistent: see system_now(). */
    return atomic_load(&timers->next_ns);
}

/* Sends MESSAGE_TIMER. False without memory. */
bool timers_send(struct system *system, const struct wheel_due *due);

/* The thread of a threaded system with a real clock. ERR_LIMIT when it cannot be started. */
MUST_USE enum err timers_start(struct system *system);
void timers_join(struct timers *timers);

#endif
