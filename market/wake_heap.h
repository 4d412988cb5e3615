/*
 * market/wake_heap.h - an indexed binary heap: sleepers by key, the smallest key first.
 *
 * Each sleeper is in it at most once and is found by its number, so its key can be replaced and it
 * can be taken out in O(log n). Equal keys come in order of sleeper, so what comes next depends on
 * the content alone and not on how it came about. Keys and sleepers lie in arrays of their own: 12
 * bytes per entry without padding, and 4 per sleeper for its position.
 *
 * Memory is reserved for sleeper numbers and not for entries: what has been reserved once can be
 * set without fail.
 *
 * Threads: belongs to its owner.
 */
#ifndef TUTTI_MARKET_WAKE_HEAP_H
#define TUTTI_MARKET_WAKE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct wake_heap {
    int64_t *keys;       /* Owned; [0, count) is the heap. */
    uint32_t *sleepers;  /* Owned; beside each key. */
    uint32_t *positions; /* Owned, by sleeper: its place in the heap + 1, 0 when it is not there. */
    uint32_t count;
    uint32_t capacity; /* Sleepers [0, capacity) can be set. */
};

/* An empty heap is all zero. */
void wake_heap_done(struct wake_heap *heap);

/*
 * Makes room for this sleeper and all below it. ERR_LIMIT when it is not below
 * WAKE_SLEEPERS_MAX; ERR_MEMORY. The content stays in both cases.
 */
MUST_USE enum err wake_heap_reserve(struct wake_heap *heap, uint32_t sleeper);

/* Enters a sleeper, or moves it to another key. Room must have been reserved. */
void wake_heap_set(struct wake_heap *heap, uint32_t sleeper, int64_t key);

/* Takes a sleeper out; does nothing when it is not there. */
void wake_heap_remove(struct wake_heap *heap, uint32_t sleeper);

/* The smallest key, INT64_MAX when the heap is empty. */
static inline int64_t wake_heap_nearest(const struct wake_heap *heap)
{
    return heap->count > 0 ? heap->keys[0] : INT64_MAX;
}

#endif
