/*
 * actors/scheduler.h - who runs when: the interface of the two schedulers, and the slice.
 *
 * A scheduler is told of an actor when it becomes runnable (its mailbox was asleep and a message
 * woke it) and runs it in slices until it sleeps again. An actor is in one place at a time: asleep,
 * in one queue, or running.
 *
 * Threads: schedule() and stop() from any thread, the rest as the calls of actors/system.h.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_H
#define TUTTI_ACTORS_SCHEDULER_H

#include "actors/system.h"
#include "base/err.h"

struct actor;

struct scheduler_kind {
    enum err (*create)(struct system *system, void **ret_scheduler);
    /* Frees a scheduler that does not run. */
    void (*destroy)(void *scheduler);
    /* Runs actors until the system is stopping. Errors as system_run(). */
    enum err (*run)(void *scheduler);
    /* As system_step(). NULL: it cannot be stepped. */
    enum system_turn (*step)(void *scheduler);
    /* Makes room for one more slot, so that schedule() cannot fail on it. Before start(). */
    enum err (*reserve)(void *scheduler, const struct actor *actor);
    /* Gives the actor a thread of its own when its class asks for one. After start(). */
    enum err (*adopt)(void *scheduler, struct actor *actor);
    /* The actor became runnable; the caller owned it and hands it over. */
    void (*schedule)(void *scheduler, struct actor *actor);
    /* The system is stopping: whoever sleeps must come and see. */
    void (*stop)(void *scheduler);
    /* Looks for actors that are stuck; see actors/scheduler_watch.h. NULL: there is one thread,
     * which cannot look after itself. */
    void (*watch)(void *scheduler);
    /* Adds messages and steals to the counters. */
    void (*count)(void *scheduler, struct system_counters *counters);
};

extern const struct scheduler_kind scheduler_kind_threaded;
extern const struct scheduler_kind scheduler_kind_deterministic;

enum slice_end {
    SLICE_MORE,   /* The actor has messages left and still belongs to the caller. */
    SLICE_ASLEEP, /* It waits for a message; it belongs to whoever sends one. */
    SLICE_ENDED,  /* It is dead; its slot belongs to others. */
};

/* Gives the actor of the context up to `messages_max` messages, at least 1; calls idle() when that
 * emptied its mailbox. The caller owns the actor, and has seen that the context is not spent. */
enum slice_end slice_run(struct context *context, unsigned messages_max);

#endif
