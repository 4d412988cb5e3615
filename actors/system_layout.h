/*
 * actors/system_layout.h - the fields of a system and of a context, for the runtime's own files.
 *
 * system.c is the face, system_spawn.c begins and ends actors, scheduler_*.c run them.
 *
 * Threads: see actors/system.h; each field says who may touch it.
 */
#ifndef TUTTI_ACTORS_SYSTEM_LAYOUT_H
#define TUTTI_ACTORS_SYSTEM_LAYOUT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "actors/scheduler.h"
#include "actors/scheduler_timers.h"
#include "actors/slots.h"
#include "actors/system.h"

struct system {
    const struct scheduler_kind *scheduler_kind;
    void *scheduler;               /* Owned; of scheduler_kind. */
    struct system_options options; /* Constant. */
    int64_t epoch_ns;              /* Constant: real clock minus monotonic clock. */
    bool has_run;                  /* Of the thread that runs the system. */
    struct actor_ref watcher;      /* Constant while it runs. */
    struct slots slots;
    struct timers timers;
    _Atomic(bool)
        has_lost_word;         /* Of an actor's end, for want of memory: the system has stopped. */
    _Atomic(bool) is_stopping; /* Set once; whoever reads it late stops a little later. */
    _Atomic(int64_t) virtual_ns;
    _Atomic(uint64_t) dead_letters; /* The counters order nothing: relaxed. */
    _Atomic(uint64_t) spawned;
    _Atomic(uint64_t) failed;
};

/* What a handler may do: of the thread that runs the actor, and new for each slice. */
struct context {
    nng_msg *message; /* Owned; what the handler was given and did not take. */
    struct system *system;
    struct actor *actor;
    struct actor_ref self;
    int64_t now_ns;     /* Real clock: of this slice, valid when is_now_read. */
    uint32_t delivered; /* Messages given to the handler in this slice. */
    uint32_t sent;      /* Messages it sent in this slice. */
    bool is_now_read;
    bool is_stopped; /* context_stop() was called. */
};

static inline bool system_is_stopping(const struct system *system)
{
    return atomic_load_explicit(&system->is_stopping, memory_order_relaxed);
}

static inline struct context context_of(struct system *system, struct actor *actor)
{
    return (struct context){.system = system, .actor = actor, .self = actor_ref_of(actor)};
}

/* Makes a context that was used new, for a slice of `actor`. */
static inline void context_renew(struct context *context, struct actor *actor)
{
    context->actor = actor;
    context->self = actor_ref_of(actor);
    context->delivered = 0;
    context->sent = 0;
    context->is_now_read = false;
    context->is_stopped = false;
}

_Static_assert((ACTOR_SLICE_MESSAGES & (ACTOR_SLICE_MESSAGES - 1)) == 0, "a power of two");

/* The slice is over although the actor has messages left. What it sends counts too, so that a
 * flood does not outrun its receiver by a slice full of bursts. */
static inline bool context_is_spent(const struct context *context)
{
    /* One of two numbers reaches a power of two when both in one do. */
    return (context->delivered | context->sent) >= ACTOR_SLICE_MESSAGES ||
           system_is_stopping(context->system);
}

/* Sends a message of the runtime itself: beyond the bound, destroyed when nobody is there. */
void system_post(struct system *system, struct actor_ref to, nng_msg *message);

void system_count_dead_letter(struct system *system);

/* As system_spawn() with any parent. */
MUST_USE enum err actor_spawn(struct system *system, struct actor_ref parent,
                              const struct actor_class *class_, void *arguments,
                              struct actor_ref *ret_actor);

/* Ends the actor of the context, which the caller owns: stop(), the state is freed, its parent is
 * told. The actor belongs to others when this returns. */
void actor_end(struct context *context, enum err reason);

/* Destroys the late messages of a dead slot. False when one came in meanwhile: the caller is still
 * its owner. */
bool actor_bury(struct system *system, struct actor *actor);

/* Stops all living actors, the last spawned first. No other thread is at work. */
void actor_end_all(struct system *system);

#endif
