#include "actors/scheduler_ring.h"

void ring_init(struct ring *ring)
{
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    for (size_t i = 0; i < RING_ACTORS; i++) {
        atomic_init(&ring->actors[i], NULL);
    }
}

bool ring_push(struct ring *ring, struct actor *actor)
{
    /* Partner of the acquire: the exchange of a taker, which is done with the place by then. */
    const uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    if (tail - head >= RING_ACTORS) {
        return false;
    }
    atomic_store_explicit(&ring->actors[tail % RING_ACTORS], actor, memory_order_relaxed);
    atomic_store(&ring->tail, tail + 1); /* Partner: the loads of tail by takers and sleepers. */
    return true;
}

struct actor *ring_take(struct ring *ring)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    for (;;) {
        const uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
        if (head >= tail) {
            return NULL;
        }
        /* Stale when another was quicker; then the exchange fails. */
        struct actor *actor =
            atomic_load_explicit(&ring->actors[head % RING_ACTORS], memory_order_relaxed);
        if (atomic_compare_exchange_weak_explicit(&ring->head, &head, head + 1,
                                                  memory_order_acq_rel, memory_order_acquire)) {
            return actor;
        }
    }
}

size_t ring_steal(struct ring *victim, struct ring *thief)
{
    uint64_t head = atomic_load_explicit(&victim->head, memory_order_acquire);
    const uint64_t tail = atomic_load_explicit(&victim->tail, memory_order_acquire);
    if (head >= tail) {
        return 0;
    }
    const uint64_t half = (tail - head + 1) / 2;
    const uint64_t count = half < RING_STEAL_MAX ? half : RING_STEAL_MAX;
    const uint64_t end = atomic_load_explicit(&thief->tail, memory_order_relaxed);
    for (uint64_t i = 0; i < count; i++) {
        struct actor *actor =
            atomic_load_explicit(&victim->actors[(head + i) % RING_ACTORS], memory_order_relaxed);
        atomic_store_explicit(&thief->actors[(end + i) % RING_ACTORS], actor, memory_order_relaxed);
    }
    if (!atomic_compare_exchange_strong_explicit(&victim->head, &head, head + count,
                                                 memory_order_acq_rel, memory_order_relaxed)) {
        return 0; /* What was copied lies beyond the thief's tail and is nobody's. */
    }
    atomic_store(&thief->tail, end + count);
    return (size_t)count;
}
