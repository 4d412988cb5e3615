#include "market/wake_heap.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "market/wake_index.h"

enum { WAKE_CAPACITY_FIRST = 64 };

void wake_heap_done(struct wake_heap *heap)
{
    free(heap->keys);
    free(heap->sleepers);
    free(heap->positions);
    *heap = (struct wake_heap){0};
}

/* A quarter more than before, so that at most a fifth of the memory is idle. */
static uint32_t wake_heap_capacity_for(const struct wake_heap *heap, uint32_t sleeper)
{
    uint32_t capacity = heap->capacity + heap->capacity / 4;
    if (capacity < WAKE_CAPACITY_FIRST) {
        capacity = WAKE_CAPACITY_FIRST;
    }
    return capacity > sleeper ? capacity : sleeper + 1;
}

enum err wake_heap_reserve(struct wake_heap *heap, uint32_t sleeper)
{
    if (sleeper < heap->capacity) {
        return ERR_NONE;
    }
    if (sleeper >= WAKE_SLEEPERS_MAX) {
        return ERR_LIMIT;
    }
    const uint32_t capacity = wake_heap_capacity_for(heap, sleeper);
    int64_t *keys = realloc(heap->keys, capacity * sizeof(*keys));
    if (keys == NULL) {
        return ERR_MEMORY;
    }
    heap->keys = keys;
    uint32_t *sleepers = realloc(heap->sleepers, capacity * sizeof(*sleepers));
    if (sleepers == NULL) {
        return ERR_MEMORY;
    }
    heap->sleepers = sleepers;
    uint32_t *positions = realloc(heap->positions, capacity * sizeof(*positions));
    if (positions == NULL) {
        return ERR_MEMORY;
    }
    memset(positions + heap->capacity, 0, (capacity - heap->capacity) * sizeof(*positions));
    heap->positions = positions;
    heap->capacity = capacity;
    return ERR_NONE;
}

/* One entry while it is on its way to its place. */
struct wake_entry {
    int64_t key;
    uint32_t sleeper;
};

static bool wake_heap_is_before(const struct wake_heap *heap, uint32_t place,
                                struct wake_entry entry)
{
    const int64_t key = heap->keys[place];
    return key < entry.key || (key == entry.key && heap->sleepers[place] < entry.sleeper);
}

static void wake_heap_put(struct wake_heap *heap, uint32_t place, struct wake_entry entry)
{
    heap->keys[place] = entry.key;
    heap->sleepers[place] = entry.sleeper;
    heap->positions[entry.sleeper] = place + 1;
}

static struct wake_entry wake_heap_entry(const struct wake_heap *heap, uint32_t place)
{
    return (struct wake_entry){.key = heap->keys[place], .sleeper = heap->sleepers[place]};
}

/* Places an entry at `place` or above, moving down what comes after it. */
static void wake_heap_rise(struct wake_heap *heap, uint32_t place, struct wake_entry entry)
{
    while (place > 0) {
        const uint32_t parent = (place - 1) / 2;
        if (wake_heap_is_before(heap, parent, entry)) {
            break;
        }
        wake_heap_put(heap, place, wake_heap_entry(heap, parent));
        place = parent;
    }
    wake_heap_put(heap, place, entry);
}

/* Places an entry at `place` or below, moving up what comes before it. */
static void wake_heap_sink(struct wake_heap *heap, uint32_t place, struct wake_entry entry)
{
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= heap->count) {
            break;
        }
        if (child + 1 < heap->count &&
            wake_heap_is_before(heap, child + 1, wake_heap_entry(heap, child))) {
            child++;
        }
        if (!wake_heap_is_before(heap, child, entry)) {
            break;
        }
        wake_heap_put(heap, place, wake_heap_entry(heap, child));
        place = child;
    }
    wake_heap_put(heap, place, entry);
}

/* Puts an entry where it belongs, beginning at a place whose content is no longer needed. */
static void wake_heap_settle(struct wake_heap *heap, uint32_t place, struct wake_entry entry)
{
    if (place > 0 && !wake_heap_is_before(heap, (place - 1) / 2, entry)) {
        wake_heap_rise(heap, place, entry);
    } else {
        wake_heap_sink(heap, place, entry);
    }
}

void wake_heap_set(struct wake_heap *heap, uint32_t sleeper, int64_t key)
{
    ASSERT(sleeper < heap->capacity);
    const uint32_t position = heap->positions[sleeper];
    const uint32_t place = position > 0 ? position - 1 : heap->count++;
    wake_heap_settle(heap, place, (struct wake_entry){.key = key, .sleeper = sleeper});
}

void wake_heap_remove(struct wake_heap *heap, uint32_t sleeper)
{
    if (sleeper >= heap->capacity || heap->positions[sleeper] == 0) {
        return;
    }
    const uint32_t place = heap->positions[sleeper] - 1;
    ASSERT(place < heap->count && heap->sleepers[place] == sleeper);
    heap->positions[sleeper] = 0;
    heap->count--;
    if (place < heap->count) {
        wake_heap_settle(heap, place, wake_heap_entry(heap, heap->count));
    }
}
