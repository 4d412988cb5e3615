/*
 * actors/slots.h - where actors live: slots that never move and are used again.
 *
 * A reference {slot, generation} names one life of a slot. The memory of a slot stays an actor
 * until the system is destroyed, so a late sender never touches freed memory; its generation tells
 * it that the actor has ended. A slot's mailbox serves all its lives.
 *
 * Who owns an actor: the thread that found its mailbox asleep and woke it (mailbox/mailbox.h).
 * Fields without another word are changed by the owner only. This holds for dead slots too: a late
 * message to a dead slot makes a worker its owner until it has emptied the mailbox.
 *
 * Threads: slots_take(), slots_give() and slots_find() from any thread; slots_alive() and
 * slots_alive_next() when nobody spawns any more, slots_done() when no other thread is at work.
 */
#ifndef TUTTI_ACTORS_SLOTS_H
#define TUTTI_ACTORS_SLOTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "actors/system.h"
#include "mailbox/mailbox_layout.h"

enum { SLOT_CHUNK = 1024, SLOT_CHUNKS_MAX = SYSTEM_ACTORS_MAX / SLOT_CHUNK };

struct dedicated;

struct actor {
    struct mailbox mailbox;
    _Atomic(uint32_t) generation;     /* Of this life, or of the next one when it is dead. */
    uint32_t slot;                    /* Constant. */
    uint32_t list_next;               /* A slot: in the list of free ones, under its lock. */
    bool has_timers;                  /* It may have timers in the wheel. */
    bool owes_idle;                   /* It had a message since its last idle(). */
    uint16_t state_capacity;          /* Bytes at `state` when it is kept; else 0. */
    const struct actor_class *class_; /* Borrowed; NULL when dead. */
    void *state;                      /* Owned; NULL when the class has none. A small one is kept
                                       * for the next life. */
    struct actor *run_next;           /* In a list of runnable actors; of whoever holds the list. */
    struct dedicated *dedicated;      /* Borrowed; its own thread, or NULL. */
    struct actor_ref parent;
    uint64_t spawn_number; /* Order of spawning. */
};

struct slots {
    pthread_mutex_t lock; /* Guards used, free and the making of chunks. */
    uint32_t used;        /* Slots that were ever taken: 0 to used - 1. */
    uint32_t free;        /* Last given slot. */
    _Atomic(struct actor *) chunks[SLOT_CHUNKS_MAX]; /* Owned. */
};

MUST_USE enum err slots_init(struct slots *slots);

/* Frees all slots and destroys the messages in their mailboxes. */
void slots_done(struct slots *slots);

/* A dead slot, awake, its mailbox closed; the caller is its owner. Errors: ERR_MEMORY, ERR_LIMIT
 * beyond SYSTEM_ACTORS_MAX. */
MUST_USE enum err slots_take(struct slots *slots, struct actor **ret_actor);

/* Gives a slot back whose owner has let go of it: its mailbox sleeps. */
void slots_give(struct slots *slots, struct actor *actor);

/* The first of the living ones, the last spawned first; NULL when all are dead. The list goes
 * through list_next: late senders may still put actors on lists of runnable ones. */
struct actor *slots_alive(struct slots *slots);

/* The one behind it in the list that slots_alive() made; NULL at its end. */
struct actor *slots_alive_next(struct slots *slots, const struct actor *actor);

static inline struct actor_ref actor_ref_of(const struct actor *actor)
{
    /* Relaxed: the generation changes only by the owner, who asks. */
    return (struct actor_ref){actor->slot,
                              atomic_load_explicit(&actor->generation, memory_order_relaxed)};
}

/* The slot of a reference, or NULL when its actor has ended or never was. It may end any time. */
static inline struct actor *slots_find(struct slots *slots, struct actor_ref ref)
{
    if (ref.slot >= SYSTEM_ACTORS_MAX) {
        return NULL;
    }
    /* Partner: the release in slots_take() that publishes a new chunk. */
    struct actor *chunk =
        atomic_load_explicit(&slots->chunks[ref.slot / SLOT_CHUNK], memory_order_acquire);
    if (chunk == NULL) {
        return NULL;
    }
    struct actor *actor = &chunk[ref.slot % SLOT_CHUNK];
    /* Relaxed: a stale answer is harmless, the receiver checks again. */
    return atomic_load_explicit(&actor->generation, memory_order_relaxed) == ref.generation ? actor
                                                                                            : NULL;
}

#endif
