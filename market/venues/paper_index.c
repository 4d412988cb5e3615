#include "market/venues/paper_index.h"

#include <stdlib.h>

enum { INDEX_CAPACITY_FIRST = 64 };

void paper_index_done(struct paper_index *index)
{
    free(index->entries);
    free(index->epochs);
    *index = (struct paper_index){0};
}

/* Its number, or the count of epochs when it is a new one. The newest is the likeliest. */
static uint32_t paper_index_epoch(const struct paper_index *index, uint64_t epoch)
{
    for (uint32_t i = index->epoch_count; i > 0; i--) {
        if (index->epochs[i - 1] == epoch) {
            return i - 1;
        }
    }
    return index->epoch_count;
}

static enum err paper_index_add_epoch(struct paper_index *index, uint64_t epoch)
{
    uint64_t *epochs = realloc(index->epochs, (index->epoch_count + 1) * sizeof(*epochs));
    if (epochs == NULL) {
        return ERR_MEMORY;
    }
    index->epochs = epochs;
    epochs[index->epoch_count++] = epoch;
    return ERR_NONE;
}

/* The ordinal of an order is never 0, and so is no number. */
static uint64_t paper_index_number(struct order_id id)
{
    return ((uint64_t)id.executor << 32) | id.ordinal;
}

/* The finalizer of splitmix64 over the parts of the id: neighbours end up far apart. */
static uint64_t paper_index_hash(uint64_t number, uint32_t epoch)
{
    uint64_t x = number ^ (epoch * UINT64_C(0x9E3779B97F4A7C15));
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* The entry of the id, or the free one where it belongs. There is always a free one. */
static inline struct paper_index_entry *paper_index_probe(const struct paper_index *index,
                                                          uint64_t number, uint32_t epoch)
{
    size_t i = (size_t)paper_index_hash(number, epoch) & (index->capacity - 1);
    while (index->entries[i].number != 0 &&
           (index->entries[i].number != number || index->entries[i].epoch != epoch)) {
        i = (i + 1) & (index->capacity - 1);
    }
    return &index->entries[i];
}

struct paper_index_entry *paper_index_find(const struct paper_index *index, struct order_id id)
{
    const uint32_t epoch = paper_index_epoch(index, id.epoch);
    if (epoch == index->epoch_count) {
        return NULL; /* Also when nothing was added yet. */
    }
    struct paper_index_entry *entry = paper_index_probe(index, paper_index_number(id), epoch);
    return entry->number == 0 ? NULL : entry;
}

static enum err paper_index_grow(struct paper_index *index)
{
    const size_t capacity = index->capacity == 0 ? INDEX_CAPACITY_FIRST : index->capacity * 2;
    struct paper_index grown = *index;
    grown.capacity = capacity;
    grown.entries = calloc(capacity, sizeof(*grown.entries));
    if (grown.entries == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < index->capacity; i++) {
        const struct paper_index_entry *entry = &index->entries[i];
        if (entry->number != 0) {
            *paper_index_probe(&grown, entry->number, entry->epoch) = *entry;
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
    const uint32_t epoch = paper_index_epoch(index, id.epoch);
    if (epoch == index->epoch_count && paper_index_add_epoch(index, id.epoch) != ERR_NONE) {
        return ERR_MEMORY;
    }
    const uint64_t number = paper_index_number(id);
    struct paper_index_entry *entry = paper_index_probe(index, number, epoch);
    if (entry->number != 0) {
        return ERR_EXISTS;
    }
    *entry = (struct paper_index_entry){.number = number, .epoch = epoch, .slot = slot};
    index->count++;
    return ERR_NONE;
}
