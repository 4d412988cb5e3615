/*
 * market/venues/paper_index.h - every client order id the paper venue has ever seen.
 *
 * A hash table from id to the slot of the order while it is alive. Ids are never forgotten, so
 * that none is accepted twice; an ended one keeps its entry with the slot PAPER_SLOT_ENDED. Epochs
 * are few, one per start of whoever trades here: entries have the number of theirs.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_INDEX_H
#define TUTTI_MARKET_VENUES_PAPER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "market/order.h"

#define PAPER_SLOT_ENDED UINT32_MAX

struct paper_index_entry {
    uint64_t number; /* Executor and ordinal of the id; 0: the entry is free. */
    uint32_t epoch;  /* Index into the epochs. */
    uint32_t slot;
};

struct paper_index {
    struct paper_index_entry *entries; /* Owned. */
    size_t count;
    size_t capacity;  /* A power of two, or 0. */
    uint64_t *epochs; /* Owned, in the order in which they were seen first. */
    uint32_t epoch_count;
};

void paper_index_done(struct paper_index *index);

/* The entry of the id, or NULL. Borrowed until the next paper_index_add(). */
struct paper_index_entry *paper_index_find(const struct paper_index *index, struct order_id id);

/* Adds an id. ERR_EXISTS for one that is there, ERR_MEMORY. */
MUST_USE enum err paper_index_add(struct paper_index *index, struct order_id id, uint32_t slot);

#endif
