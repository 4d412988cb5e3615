/*
 * actors/scheduler_ring.h - the run queue of one worker: first in, first out, with stealing.
 *
 * The owner appends at the tail; owner and thieves take at the head. Positions count up for ever,
 * so a head that is the same was never changed.
 *
 * Threads: ring_push() by the owner only; ring_take() and ring_steal() from any thread.
 */
#ifndef TUTTI_ACTORS_SCHEDULER_RING_H
#define TUTTI_ACTORS_SCHEDULER_RING_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mailbox/mailbox_layout.h"

enum { RING_ACTORS = 4096, RING_STEAL_MAX = 256 };

struct actor;

struct ring {
    alignas(CACHE_LINE) _Atomic(uint64_t) head;
    alignas(CACHE_LINE) _Atomic(uint64_t) tail;
    _Atomic(struct actor *) actors[RING_ACTORS]; /* Borrowed. */
};

void ring_init(struct ring *ring);

/* False when the ring is full. */
bool ring_push(struct ring *ring, struct actor *actor);

/* The oldest, or NULL when the ring is empty. */
struct actor *ring_take(struct ring *ring);

/* Moves the older half of the victim's actors, at most RING_STEAL_MAX, to the thief's ring, which
 * is empty; the caller owns the thief's ring. Returns how many; 0 also when it was disturbed. */
size_t ring_steal(struct ring *victim, struct ring *thief);

/* How many actors the ring holds; exact only for the owner when there are no thieves. */
static inline size_t ring_size(const struct ring *ring)
{
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    /* Sequentially consistent, with ring_push(): a worker that goes to sleep sees what was pushed,
     * or whoever pushed sees it sleep. */
    const uint64_t tail = atomic_load(&ring->tail);
    return tail > head ? (size_t)(tail - head) : 0;
}

#endif
