#include "market/venues/paper_queue.h"

#include <stdlib.h>

#include "base/assert.h"

enum { QUEUE_CAPACITY_FIRST = 16, QUEUE_CAPACITY_KEPT = 4096 };

void paper_queue_done(struct paper_queue *queue)
{
    free(queue->items);
    *queue = (struct paper_queue){0};
}

enum err paper_queue_reserve(struct paper_queue *queue)
{
    if (queue->count < queue->capacity) {
        return ERR_NONE;
    }
    const size_t capacity = queue->capacity == 0 ? QUEUE_CAPACITY_FIRST : queue->capacity * 2;
    struct paper_request *items = malloc(capacity * sizeof(*items));
    if (items == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < queue->count; i++) {
        items[i] = queue->items[(queue->first + i) & (queue->capacity - 1)];
    }
    free(queue->items);
    queue->items = items;
    queue->first = 0;
    queue->capacity = capacity;
    return ERR_NONE;
}

void paper_queue_put(struct paper_queue *queue, const struct paper_request *request)
{
    ASSERT(queue->count < queue->capacity);
    struct paper_request *last =
        &queue->items[(queue->first + queue->count) & (queue->capacity - 1)];
    *last = *request;
    if (queue->count > 0 && last->arrives_at_ns < queue->last_arrival_ns) {
        last->arrives_at_ns = queue->last_arrival_ns;
    }
    queue->last_arrival_ns = last->arrives_at_ns;
    queue->count++;
}

const struct paper_request *paper_queue_first(const struct paper_queue *queue)
{
    return queue->count == 0 ? NULL : &queue->items[queue->first];
}

void paper_queue_drop(struct paper_queue *queue)
{
    ASSERT(queue->count > 0);
    queue->first = (queue->first + 1) & (queue->capacity - 1);
    queue->count--;
    if (queue->count == 0 && queue->capacity > QUEUE_CAPACITY_KEPT) {
        /* One crowd must not hold memory for ever. */
        free(queue->items);
        queue->items = NULL;
        queue->first = 0;
        queue->capacity = 0;
    }
}
