#include "base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { ARENA_BLOCK_SIZE = 4096 };

struct arena_block {
    struct arena_block *next; /* Owned. */
    size_t used;
    size_t capacity;
    alignas(max_align_t) unsigned char memory[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

void arena_done(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    while (block != NULL) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    *arena = (struct arena){0};
}

static struct arena_block *arena_block_create(size_t size)
{
    const size_t capacity = size > ARENA_BLOCK_SIZE ? size : ARENA_BLOCK_SIZE;
    struct arena_block *block = calloc(1, sizeof(*block) + capacity);
    if (block != NULL) {
        block->capacity = capacity;
    }
    return block;
}

/* Zeroed memory at a multiple of `alignment`. */
static void *arena_take_aligned(struct arena *arena, size_t size, size_t alignment)
{
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    struct arena_block *block = arena->blocks;
    size_t padding = block != NULL ? (alignment - block->used % alignment) % alignment : 0;
    if (block == NULL || block->capacity - block->used < padding + size) {
        padding = 0;
    }
    if (arena->limit != 0 && padding + size > arena->limit - arena->used_total) {
        return NULL;
    }
    if (block == NULL || block->capacity - block->used < padding + size) {
        block = arena_block_create(size);
        if (block == NULL) {
            return NULL;
        }
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *memory = block->memory + block->used + padding;
    block->used += padding + size;
    arena->used_total += padding + size;
    ASSERT(block->used <= block->capacity);
    return memory;
}

void *arena_take(struct arena *arena, size_t size)
{
    const size_t alignment = alignof(max_align_t);
    if (size > SIZE_MAX / 2) {
        return NULL;
    }
    return arena_take_aligned(arena, (size + alignment - 1) / alignment * alignment, alignment);
}

char *arena_copy(struct arena *arena, const char *bytes, size_t length)
{
    char *copy = length < SIZE_MAX ? arena_take_aligned(arena, length + 1, 1) : NULL;
    if (copy != NULL && length > 0) {
        memcpy(copy, bytes, length);
    }
    return copy;
}
