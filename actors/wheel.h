/*
 * actors/wheel.h - the timers of a system, in the order in which they are due.
 *
 * A heap with four children per node, ordered by instant and then by the order of setting, so that
 * equal runs see equal orders; a hash finds a timer by actor and tag. Setting, moving, removing
 * and taking cost O(log n); the wheel is built for a million timers. Timers of an actor hang
 * together, so that they go with it.
 *
 * Threads: none of its own; the caller holds a lock around it (actors/scheduler_timers.c).
 */
#ifndef TUTTI_ACTORS_WHEEL_H
#define TUTTI_ACTORS_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/message.h"

enum { WHEEL_TIMERS_MAX = 1 << 21 };

struct wheel_timer;
struct wheel_node;

struct wheel {
    struct wheel_timer *timers; /* Owned; `capacity` of them, named by their index. */
    struct wheel_node *heap;    /* Owned; `count` of them in use. */
    uint32_t *buckets;          /* Owned; first timer per hash of (slot, tag). */
    uint32_t *firsts;           /* Owned; first timer per slot. */
    uint32_t capacity;          /* 0 or a power of two; also the number of buckets. */
    uint32_t slots;             /* Length of `firsts`. */
    uint32_t count;
    uint32_t free;   /* First unused timer. */
    uint64_t orders; /* Timers ever set. */
};

/* A timer that was due. */
struct wheel_due {
    struct actor_ref actor;
    uint64_t tag;
    int64_t at_ns;
};

/* An empty wheel: it allocates when the first timer is set. */
void wheel_init(struct wheel *wheel);
void wheel_done(struct wheel *wheel);

/* Sets the timer of (actor, tag) to at_ns, or moves it there. A moved timer goes behind those that
 * are set to the same instant. Errors: ERR_MEMORY, ERR_LIMIT beyond WHEEL_TIMERS_MAX. */
MUST_USE enum err wheel_set(struct wheel *wheel, struct actor_ref actor, uint64_t tag,
                            int64_t at_ns);

/* False when there is no such timer. */
bool wheel_remove(struct wheel *wheel, struct actor_ref actor, uint64_t tag);

/* Removes all timers of the actor. */
void wheel_forget(struct wheel *wheel, struct actor_ref actor);

/* The instant of the first timer; INSTANT_NEVER when there is none. */
int64_t wheel_next(const struct wheel *wheel);

/* Removes the first timer when it is due at now_ns. False when none is. */
bool wheel_take(struct wheel *wheel, int64_t now_ns, struct wheel_due *ret_due);

/* How many timers are set. */
size_t wheel_count(const struct wheel *wheel);

#endif
