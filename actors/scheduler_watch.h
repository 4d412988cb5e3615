/*
 * actors/scheduler_watch.h - a watchdog over the threads that run actors.
 *
 * Each thread notes, once per turn of an actor and not per message, whose turn it is. The thread of
 * the timers looks at the notes now and then: who is in the same turn for longer than the system's
 * stuck_ns is reported, in the log at once and to the system's watcher (MESSAGE_ACTOR_STUCK), and
 * once more when its turn has ended. Nothing is done to it: a thread cannot be taken away from a
 * handler.
 *
 * Threads: watch_begin() and watch_end() from the thread of the mark, watch_look() from one other.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_WATCH_H
#define TUTTI_ACTORS_SCHEDULER_WATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "actors/slots.h"
#include "actors/system.h"

struct watch_mark {
    _Atomic(uint64_t) turns; /* Begun and ended: odd during one. Changed by the thread only. */
    _Atomic(struct actor_ref) actor;            /* Whose the turn is. */
    _Atomic(const struct actor_class *) class_; /* NULL: of a dead one. */
    /* Of the watchdog. */
    uint64_t seen_turns;
    int64_t seen_ns; /* Monotonic: since when the number of turns is that. */
    bool is_reported;
    struct actor_stuck report;
};

/* The turn of `actor`, of a class or dead. */
static inline void watch_begin(struct watch_mark *mark, struct actor_ref actor,
                               const struct actor_class *class_)
{
    const uint64_t turns = atomic_load_explicit(&mark->turns, memory_order_relaxed);
    /* Partner: the acquires in watch_read(), which must not see this turn under an older number. */
    atomic_store_explicit(&mark->actor, actor, memory_order_release);
    atomic_store_explicit(&mark->class_, class_, memory_order_release);
    /* Partner: the acquire in watch_look(). */
    atomic_store_explicit(&mark->turns, turns + 1, memory_order_release);
}

static inline void watch_end(struct watch_mark *mark)
{
    const uint64_t turns = atomic_load_explicit(&mark->turns, memory_order_relaxed);
    atomic_store_explicit(&mark->turns, turns + 1, memory_order_release);
}

void watch_init(struct watch_mark *mark);

/* Looks at a mark and reports what has changed. */
void watch_look(struct system *system, struct watch_mark *mark);

/* How long the watchdog sleeps between two looks. */
int64_t watch_interval_ns(const struct system *system);

#endif
