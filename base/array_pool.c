#include "base/array_pool.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum {
    ARRAY_POOL_SHORT_MAX = 1 << (ARRAY_POOL_SIZES - 1),
    ARRAY_SLAB_BYTES_FIRST = 16384, /* Each slab has twice the room of the one before, */
    ARRAY_SLAB_BYTES_MAX = 1 << 20, /* up to this. */
};

struct array_slab {
    struct array_slab *next; /* Owned. */
    size_t size;
    size_t used;
    alignas(max_align_t) unsigned char memory[];
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

/*
 * A new slab in front of the others. It is written at once: the kernel gives a page of memory when
 * it is written first, which takes longer than the fill of an order that would have to wait for it,
 * and that was the case with one of five. So it is one of a thousand.
 */
static struct array_slab *array_pool_add_slab(struct array_pool *pool)
{
    const size_t last = pool->slabs != NULL ? pool->slabs->size : ARRAY_SLAB_BYTES_FIRST / 2;
    const size_t size = last < ARRAY_SLAB_BYTES_MAX ? 2 * last : last;
    struct array_slab *slab = malloc(sizeof(*slab) + size);
    if (slab == NULL) {
        return NULL;
    }
    slab->next = pool->slabs;
    slab->size = size;
    slab->used = 0;
    memset(slab->memory, 0, size);
    pool->slabs = slab;
    return slab;
}

/* A place that no array has had. */
static void *array_pool_carve(struct array_pool *pool, size_t size)
{
    const size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct array_slab *slab = pool->slabs;
    if (slab == NULL || slab->size - slab->used < aligned) {
        slab = array_pool_add_slab(pool);
    }
    if (slab == NULL) {
        return NULL;
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
