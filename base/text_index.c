#include "base/text_index.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { TEXT_INDEX_FIRST = 64 };

struct text_index_slot {
    const char *key; /* Borrowed; NULL: free. */
    uint32_t hash;
    uint32_t number;
};

void text_index_init(struct text_index *index, uint64_t seed)
{
    *index = (struct text_index){.seed = seed};
}

void text_index_done(struct text_index *index)
{
    free(index->slots);
    *index = (struct text_index){0};
}

/* FNV-1a over the seed and the key, folded to 32 bits. */
static uint32_t text_index_hash(const struct text_index *index, const char *key)
{
    const uint64_t prime = 1099511628211U;
    uint64_t hash = 14695981039346656037U ^ index->seed;
    for (const char *byte = key; *byte != '\0'; byte++) {
        hash = (hash ^ (unsigned char)*byte) * prime;
    }
    hash ^= index->seed >> 7;
    hash *= prime;
    return (uint32_t)(hash ^ (hash >> 32));
}

/* The slot that holds the key, or the free one where it belongs. */
static struct text_index_slot *text_index_find(const struct text_index *index, const char *key,
                                               uint32_t hash)
{
    const size_t mask = index->capacity - 1;
    size_t i = hash & mask;
    while (index->slots[i].key != NULL &&
           (index->slots[i].hash != hash || strcmp(index->slots[i].key, key) != 0)) {
        i = (i + 1) & mask;
    }
    return &index->slots[i];
}

static enum err text_index_grow(struct text_index *index)
{
    struct text_index larger = *index;
    larger.capacity = index->capacity != 0 ? index->capacity * 2 : TEXT_INDEX_FIRST;
    larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
    if (larger.slots == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        const struct text_index_slot *slot = &index->slots[i];
        if (slot->key != NULL) {
            *text_index_find(&larger, slot->key, slot->hash) = *slot;
        }
    }
    free(index->slots);
    *index = larger;
    return ERR_NONE;
}

enum err text_index_set(struct text_index *index, const char *key, uint32_t number)
{
    ASSERT(number > 0);
    if (index->count >= index->capacity / 2 && text_index_grow(index) != ERR_NONE) {
        return ERR_MEMORY;
    }
    const uint32_t hash = text_index_hash(index, key);
    struct text_index_slot *slot = text_index_find(index, key, hash);
    index->count += slot->key == NULL ? 1 : 0;
    *slot = (struct text_index_slot){.key = key, .hash = hash, .number = number};
    return ERR_NONE;
}

uint32_t text_index_get(const struct text_index *index, const char *key)
{
    if (index->capacity == 0) {
        return 0;
    }
    return text_index_find(index, key, text_index_hash(index, key))->number;
}
