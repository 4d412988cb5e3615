#include "base/array_pool.h"

#include <stdalign.h>
#include <stdbool.h>
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

/* The room that a short array takes: twice that of the size below. */
static size_t array_pool_room(const struct array_pool *pool, uint32_t capacity)
{
    const size_t alignment = alignof(max_align_t);
    return capacity * ((pool->element_size + alignment - 1) & ~(alignment - 1));
}

/* A place that no array has had. */
static void *array_pool_carve(struct array_pool *pool, size_t room)
{
    struct array_slab *slab = pool->slabs;
    if (slab == NULL || slab->size - slab->used < room) {
        slab = array_pool_add_slab(pool);
    }
    if (slab == NULL) {
        return NULL;
    }
    void *place = slab->memory + slab->used;
    slab->used += room;
    return place;
}

/* Where the spare arrays of that capacity begin. */
static void **array_pool_spare(struct array_pool *pool, uint32_t capacity)
{
    ASSERT(capacity > 0 && (capacity & (capacity - 1)) == 0);
    return &pool->spare[__builtin_ctz(capacity)];
}

/* The array that was given back last; NULL: there is none. */
static void *array_pool_take_spare(struct array_pool *pool, uint32_t capacity)
{
    void **spare = array_pool_spare(pool, capacity);
    void *items = *spare;
    if (items != NULL) {
        memcpy(spare, items, sizeof(*spare));
    }
    return items;
}

static void *array_pool_take(struct array_pool *pool, uint32_t capacity)
{
    if (capacity > ARRAY_POOL_SHORT_MAX) {
        return malloc(capacity * pool->element_size);
    }
    void *items = array_pool_take_spare(pool, capacity);
    return items != NULL ? items : array_pool_carve(pool, array_pool_room(pool, capacity));
}

static bool array_pool_are_neighbors(const unsigned char *a, const unsigned char *b, size_t room)
{
    return (uintptr_t)a + room == (uintptr_t)b || (uintptr_t)b + room == (uintptr_t)a;
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
    unsigned char *place = items;
    unsigned char *last = *array_pool_spare(pool, capacity);
    while (capacity < ARRAY_POOL_SHORT_MAX && last != NULL &&
           array_pool_are_neighbors(place, last, array_pool_room(pool, capacity))) {
        (void)array_pool_take_spare(pool, capacity);
        place = last < place ? last : place;
        capacity *= 2;
        last = *array_pool_spare(pool, capacity);
    }
    void **spare = array_pool_spare(pool, capacity);
    memcpy(place, spare, sizeof(*spare));
    *spare = place;
}
