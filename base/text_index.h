/*
 * base/text_index.h - finds numbers by text: executors and actions by their ids.
 *
 * Open addressing with linear probing, at most half full. Nothing is ever taken out. The hash is
 * seeded, so that nobody outside can choose keys that collide.
 *
 * Ownership: keys are borrowed and must stay as they are for the life of the index.
 * Threads: an index belongs to one thread.
 */
#ifndef TUTTI_BASE_TEXT_INDEX_H
#define TUTTI_BASE_TEXT_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct text_index_slot;
struct text_index {
    struct text_index_slot *slots; /* Owned; a power of two of them, or none. */
    size_t capacity;
    size_t count;
    uint64_t seed;
};

void text_index_init(struct text_index *index, uint64_t seed);
void text_index_done(struct text_index *index);

/* Adds a key, or gives a known one another number; number > 0. ERR_MEMORY: nothing has changed. */
MUST_USE enum err text_index_set(struct text_index *index, const char *key, uint32_t number);

/* The number of a key, 0 when it is not there. */
uint32_t text_index_get(const struct text_index *index, const char *key);

#endif
