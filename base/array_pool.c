#include "base/array_pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
    ARRAY_POOL_SHORT_MAX = 1 << (ARRAY_POOL_SIZES - 1),
    ARRAY_SLAB_BYTES = 16384,
};

struct array_slab {
    struct array_slab *next; /* Owned. */
    size_t used;
    alignas(max_align_t) unsigned char memory[ARRAY_SLAB_BYTES];
};

void array_pool_init(struct array_pool *pool, size_t element_size)
{
    ASSERT(element_size >= sizeof(void *) && element_size <= ARRAY_ELEMENT_BYTES_MAX);
    *pool = (struct array_pool){.element_size = element_size};
}

void array_pool_done(struct array_pool *pool)
{
    struct array_slab *slab = pool->slabs;
    while (slab != NULL) {
        struct array_slab *next = slab->next;
        free(slab);
        slab = next;
    }
    *pool = (struct array_pool){0};
}

/* A place that no array has had. */
static void *array_pool_carve(struct array_pool *pool, size_t size)
{
    const size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct array_slab *slab = pool->slabs;
    if (slab == NULL || ARRAY_SLAB_BYTES - slab->used < aligned) {
        slab = malloc(sizeof(*slab));
        if (slab == NULL) {
            return NULL;
        }
        slab->next = pool->slabs;
        slab->used = 0;
        pool->slabs = slab;
    }
    void *place = slab->memory + slab->used;
    slab->used += aligned;
    return place;
}

/* Where the spare arrays of that capacity begin. */
static void **array_pool_spare(struct array_pool *pool, uint32_t capacity)
{
    ASSERT(capacity > 0 && (capacity & (capacity - 1)) == 0);
    return &pool->spare[__builtin_ctz(capacity)];
}

static void *array_pool_take(struct array_pool *pool, uint32_t capacity)
{
    if (capacity > ARRAY_POOL_SHORT_MAX) {
        return malloc(capacity * pool->element_size);
    }
    void **spare = array_pool_spare(pool, capacity);
    void *items = *spare;
    if (items == NULL) {
        return array_pool_carve(pool, capacity * pool->element_size);
    }
    memcpy(spare, items, sizeof(*spare));
    return items;
}

void *array_pool_grow(struct array_pool *pool, void *items, uint32_t *capacity)
{
    const uint32_t grown = *capacity == 0 ? 1 : *capacity * 2;
    if (*capacity > ARRAY_POOL_SHORT_MAX) {
        void *moved = realloc(items, grown * pool->element_size);
        *capacity = moved != NULL ? grown : *capacity;
        return moved;
    }
    void *larger = array_pool_take(pool, grown);
    if (larger == NULL) {
        return NULL;
    }
    if (items != NULL) {
        memcpy(larger, items, *capacity * pool->element_size);
        array_pool_give_back(pool, items, *capacity);
    }
    *capacity = grown;
    return larger;
}

void array_pool_give_back(struct array_pool *pool, void *items, uint32_t capacity)
{
    if (items == NULL) {
        return;
    }
    if (capacity > ARRAY_POOL_SHORT_MAX) {
        free(items);
        return;
    }
    void **spare = array_pool_spare(pool, capacity);
    memcpy(items, spare, sizeof(*spare));
    *spare = items;
}
