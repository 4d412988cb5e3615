/*
 * base/array_pool.h - many growing arrays of one kind of element, most of them short.
 *
 * An array holds 1, 2, 4 ... elements. Short ones lie in slabs and leave their place to another
 * when they are outgrown, which costs a tenth of what realloc() does; two neighbors that are given
 * back one after the other leave one of twice the size. Longer ones are allocated by themselves.
 * The pool does not know its arrays: whoever has one has its capacity too.
 *
 * Threads: a pool and its arrays belong to one thread.
 */
#ifndef TUTTI_BASE_ARRAY_POOL_H
#define TUTTI_BASE_ARRAY_POOL_H

#include <stddef.h>
#include <stdint.h>

enum {
    ARRAY_POOL_SIZES = 4, /* Short: 1, 2, 4 and 8 elements. */
    ARRAY_ELEMENT_BYTES_MAX = 1024,
};

struct array_slab;
struct array_pool {
    size_t element_size;
    struct array_slab *slabs;      /* Owned. */
    void *spare[ARRAY_POOL_SIZES]; /* By size, each holding the next. */
};

/* `element_size`: that of a pointer to ARRAY_ELEMENT_BYTES_MAX. */
void array_pool_init(struct array_pool *pool, size_t element_size);

/* Frees the short arrays; long ones have been given back before. */
void array_pool_done(struct array_pool *pool);

/*
 * An array of twice the capacity with the elements of `items`, which is given back; of one element
 * when `items` is NULL and *capacity 0. What is new in it is undefined. NULL: there is no memory,
 * and nothing has changed.
 */
void *array_pool_grow(struct array_pool *pool, void *items, uint32_t *capacity);

/* Gives an array back; NULL is none. */
void array_pool_give_back(struct array_pool *pool, void *items, uint32_t capacity);

#endif
