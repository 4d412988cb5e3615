#include "market/venues/paper_index.h"

#include <stdlib.h>

enum { INDEX_CAPACITY_FIRST = 64 };

void paper_index_done(struct paper_index *index)
{
    free(index->entries);
    *index = (struct paper_index){0};
}

static bool paper_index_same(struct order_id a, struct order_id b)
{
    return a.epoch == b.epoch && a.executor == b.executor && a.ordinal == b.ordinal;
}

/* The finalizer of splitmix64 over the parts of the id: neighbours end up far apart. */
static uint64_t paper_index_hash(struct order_id id)
{
    uint64_t x = id.epoch ^ (((uint64_t)id.executor << 32) | id.ordinal);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* The entry of the id, or the free one where it belongs. There is always a free one. */
static struct paper_index_entry *paper_index_probe(const struct paper_index *index,
                                                   struct order_id id)
{
    size_t i = (size_t)paper_index_hash(id) & (index->capacity - 1);
    while (index->entries[i].id.ordinal != 0 && !paper_index_same(index->entries[i].id, id)) {
        i = (i + 1) & (index->capacity - 1);
    }
    return &index->entries[i];
}

struct paper_index_entry *paper_index_find(const struct paper_index *index, struct order_id id)
{
    if (index->capacity == 0) {
        return NULL;
    }
    struct paper_index_entry *entry = paper_index_probe(index, id);
    return entry->id.ordinal == 0 ? NULL : entry;
}

static enum err paper_index_grow(struct paper_index *index)
{
    const size_t capacity = index->capacity == 0 ? INDEX_CAPACITY_FIRST : index->capacity * 2;
    struct paper_index grown = {calloc(capacity, sizeof(*grown.entries)), index->count, capacity};
    if (grown.entries == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        if (index->entries[i].id.ordinal != 0) {
            *paper_index_probe(&grown, index->entries[i].id) = index->entries[i];
        }
    }
    free(index->entries);
    *index = grown;
    return ERR_NONE;
}

enum err paper_index_add(struct paper_index *index, struct order_id id, uint32_t slot)
{
    ASSERT(id.ordinal != 0);
    if (index->count >= index->capacity / 2) {
        const enum err err = paper_index_grow(index);
        if (err != ERR_NONE) {
            return err;
        }
    }
    struct paper_index_entry *entry = paper_index_probe(index, id);
    ASSERT(entry->id.ordinal == 0);
    *entry = (struct paper_index_entry){id, slot};
    index->count++;
    return ERR_NONE;
}
