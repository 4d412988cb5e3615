#include "actors/slots.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

#define SLOT_NONE UINT32_MAX

enum { SLOT_BITS = 32 };

_Static_assert(sizeof(struct actor) == 3 * (size_t)CACHE_LINE,
               "an idle actor costs three cache lines");

enum err slots_init(struct slots *slots)
{
    slots->used = 0;
    slots->free = SLOT_NONE;
    for (size_t i = 0; i < SLOT_CHUNKS_MAX; i++) {
        atomic_init(&slots->chunks[i], NULL);
    }
    return pthread_mutex_init(&slots->lock, NULL) == 0 ? ERR_NONE : ERR_MEMORY;
}

static struct actor *slots_at(struct slots *slots, uint32_t slot)
{
    struct actor *chunk =
        atomic_load_explicit(&slots->chunks[slot / SLOT_CHUNK], memory_order_relaxed);
    return &chunk[slot % SLOT_CHUNK];
}

void slots_done(struct slots *slots)
{
    for (uint32_t slot = 0; slot < slots->used; slot++) {
        mailbox_done(&slots_at(slots, slot)->mailbox);
        free(slots_at(slots, slot)->state);
    }
    for (uint32_t i = 0; i * SLOT_CHUNK < slots->used; i++) {
        free(atomic_load_explicit(&slots->chunks[i], memory_order_relaxed));
    }
    (void)pthread_mutex_destroy(&slots->lock);
}

/* Its slots are made when they are taken, so that a small system is made quickly. Until then they
 * have generation 0, which no reference to an actor has. */
static enum err slots_add_chunk(struct slots *slots, uint32_t chunk)
{
    struct actor *actors = aligned_alloc(CACHE_LINE, SLOT_CHUNK * sizeof(*actors));
    if (actors == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < SLOT_CHUNK; i++) {
        atomic_init(&actors[i].generation, 0);
    }
    /* Partner: the acquire in slots_find(). */
    atomic_store_explicit(&slots->chunks[chunk], actors, memory_order_release);
    return ERR_NONE;
}

/* A slot that was never used. */
static enum err slots_take_new(struct slots *slots, struct actor **ret_actor)
{
    if (slots->used == SYSTEM_ACTORS_MAX) {
        return ERR_LIMIT;
    }
    if (slots->used % SLOT_CHUNK == 0) {
        const enum err err = slots_add_chunk(slots, slots->used / SLOT_CHUNK);
        if (err != ERR_NONE) {
            return err;
        }
    }
    struct actor *actor = slots_at(slots, slots->used);
    memset(actor, 0, sizeof(*actor));
    mailbox_init(&actor->mailbox);
    actor->slot = slots->used++;
    atomic_init(&actor->generation, 1);
    *ret_actor = actor;
    return ERR_NONE;
}

/*
 * The last given slot that nobody owns. A late message may just be keeping a worker busy with a
 * slot of the list; such a slot stays in the list for another time.
 */
static struct actor *slots_take_free(struct slots *slots)
{
    uint32_t *link = &slots->free;
    while (*link != SLOT_NONE) {
        struct actor *actor = slots_at(slots, *link);
        if (mailbox_wake(&actor->mailbox)) {
            *link = actor->list_next;
            return actor;
        }
        link = &actor->list_next;
    }
    return NULL;
}

enum err slots_take(struct slots *slots, struct actor **ret_actor)
{
    enum err err = ERR_NONE;
    (void)pthread_mutex_lock(&slots->lock);
    struct actor *actor = slots_take_free(slots);
    if (actor == NULL) {
        err = slots_take_new(slots, &actor);
        if (err == ERR_NONE) {
            const bool is_mine = mailbox_wake(&actor->mailbox);
            ASSERT(is_mine); /* No reference to it exists. */
        }
    }
    (void)pthread_mutex_unlock(&slots->lock);
    if (err == ERR_NONE) {
        ASSERT(actor->class_ == NULL);
        *ret_actor = actor;
    }
    return err;
}

void slots_give(struct slots *slots, struct actor *actor)
{
    /* A slot whose generations are used up is not given out again: no reference may come true
     * a second time. Relaxed: nobody has changed it since the caller did. */
    if (atomic_load_explicit(&actor->generation, memory_order_relaxed) == UINT32_MAX) {
        return;
    }
    (void)pthread_mutex_lock(&slots->lock);
    actor->list_next = slots->free;
    slots->free = actor->slot;
    (void)pthread_mutex_unlock(&slots->lock);
}

static struct actor *slots_at_or_null(struct slots *slots, uint32_t slot)
{
    return slot == SLOT_NONE ? NULL : slots_at(slots, slot);
}

struct actor *slots_alive_next(struct slots *slots, const struct actor *actor)
{
    return slots_at_or_null(slots, actor->list_next);
}

/* Merges two lists that are in order, the last spawned first. */
static uint32_t slots_merge(struct slots *slots, uint32_t a, uint32_t b)
{
    uint32_t merged = SLOT_NONE;
    uint32_t *end = &merged;
    while (a != SLOT_NONE && b != SLOT_NONE) {
        uint32_t *source =
            slots_at(slots, a)->spawn_number > slots_at(slots, b)->spawn_number ? &a : &b;
        *end = *source;
        end = &slots_at(slots, *source)->list_next;
        *source = *end;
    }
    *end = a != SLOT_NONE ? a : b;
    return merged;
}

struct actor *slots_alive(struct slots *slots)
{
    /* Merge sort from the bottom up: runs[i] is a list of 2^i actors in order, or empty. */
    uint32_t runs[SLOT_BITS];
    for (size_t i = 0; i < SLOT_BITS; i++) {
        runs[i] = SLOT_NONE;
    }
    for (uint32_t slot = 0; slot < slots->used; slot++) {
        if (slots_at(slots, slot)->class_ == NULL) {
            continue;
        }
        slots_at(slots, slot)->list_next = SLOT_NONE;
        uint32_t carry = slot;
        size_t i = 0;
        for (; runs[i] != SLOT_NONE; i++) {
            carry = slots_merge(slots, runs[i], carry);
            runs[i] = SLOT_NONE;
        }
        runs[i] = carry;
    }
    uint32_t sorted = SLOT_NONE;
    for (size_t i = 0; i < SLOT_BITS; i++) {
        sorted = slots_merge(slots, runs[i], sorted);
    }
    return slots_at_or_null(slots, sorted);
}
