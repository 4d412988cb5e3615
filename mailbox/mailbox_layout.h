/*
 * mailbox/mailbox_layout.h - the fields of a mailbox, so that it can be embedded, and the way of a
 * message through it, so that it can be inlined: the runtime's loops are short, and calling it took
 * a tenth of their time.
 *
 * What writers change and what the owner changes are on cache lines of their own: sharing one
 * costs a stream of messages between two cores more than half of its rate.
 *
 * Threads: as mailbox/mailbox.h says. Nobody else touches the fields.
 */
#ifndef TUTTI_MAILBOX_MAILBOX_LAYOUT_H
#define TUTTI_MAILBOX_MAILBOX_LAYOUT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "mailbox/mailbox.h"
#include "mailbox/message_node.h"

enum { CACHE_LINE = 64 };

struct mailbox {
    /* The writers' line. */
    alignas(CACHE_LINE) _Atomic(uintptr_t) newest; /* A node; low bit: the owner sleeps. */
    _Atomic(uint64_t) sent;                        /* Ever; those refused come off again. */
    _Atomic(uint64_t) settled;                     /* Of these, received; stored by the owner. */
    _Atomic(uint64_t) capacity;                    /* 0: closed. */

    /* The owner's line. */
    alignas(CACHE_LINE) struct message_node *oldest; /* Borrowed. */
    struct message_node stub;                        /* Stands in the queue when it is empty. */
    uint32_t batch;                                  /* So many are received, */
    uint32_t batch_left;                             /* and when none is left they are settled. */
};

/*
 * The queue is Vyukov's intrusive one for many writers and one reader: a writer exchanges
 * `newest` for its node and then links its predecessor to it; the reader follows the links from
 * `oldest`. A stub node keeps the queue from ever being without a node. Between the two steps of a
 * writer the chain is broken for an instant; the reader then sees an empty mailbox that it cannot
 * put to sleep, and comes back.
 *
 * The low bit of `newest` says that the owner sleeps. It is set only on the stub, so the exchange
 * that sends a message tells the writer at no cost whether it has to wake the owner.
 *
 * Of the two counters of the bound only writers change one and only the owner the other, so that
 * the owner needs no atomic addition, which costs as much as the exchange.
 */
#define MAILBOX_ASLEEP ((uintptr_t)1)

static inline uintptr_t mailbox_stub_address(const struct mailbox *mailbox)
{
    return (uintptr_t)&mailbox->stub;
}

/* Appends a node. True when the owner slept. */
static inline bool mailbox_append(struct mailbox *mailbox, struct message_node *node)
{
    atomic_store_explicit(&node->next, NULL, memory_order_relaxed);
    /* Partner: the same exchange of the next writer (release gives it our node, acquire gives us
     * our predecessor) and the compare-exchange of mailbox_sleep(). */
    const uintptr_t before =
        atomic_exchange_explicit(&mailbox->newest, (uintptr_t)node, memory_order_acq_rel);
    /* The two casts go through an integer because the low bit carries the owner's state. */
    struct message_node *previous = (struct message_node *)(before & ~MAILBOX_ASLEEP);
    /* Partner: the acquire in mailbox_next(); it publishes the content of the message. */
    atomic_store_explicit(&previous->next, node, memory_order_release);
    return (before & MAILBOX_ASLEEP) != 0;
}

static inline struct message_node *mailbox_next(struct message_node *node)
{
    return atomic_load_explicit(&node->next, memory_order_acquire);
}

static inline enum err mailbox_send(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle)
{
    ASSERT(*message != NULL);
    /* The counters order nothing: relaxed. An old `settled` refuses too early at worst; one that is
     * newer than `before` makes the difference negative. */
    const uint64_t capacity = atomic_load_explicit(&mailbox->capacity, memory_order_relaxed);
    const uint64_t settled = atomic_load_explicit(&mailbox->settled, memory_order_relaxed);
    const uint64_t before = atomic_fetch_add_explicit(&mailbox->sent, 1, memory_order_relaxed);
    if ((int64_t)(before - settled) >= (int64_t)capacity) {
        (void)atomic_fetch_sub_explicit(&mailbox->sent, 1, memory_order_relaxed);
        return capacity == 0 ? ERR_CLOSED : ERR_FULL;
    }
    *ret_was_idle = mailbox_append(mailbox, message_node_of(*message));
    *message = NULL; /* The mailbox owns it now. */
    return ERR_NONE;
}

/* Gives the places of received messages back to the writers. */
static inline void mailbox_settle(struct mailbox *mailbox)
{
    const uint32_t taken = mailbox->batch - mailbox->batch_left;
    if (taken > 0) {
        const uint64_t settled = atomic_load_explicit(&mailbox->settled, memory_order_relaxed);
        atomic_store_explicit(&mailbox->settled, settled + taken, memory_order_relaxed);
        mailbox->batch_left = mailbox->batch;
    }
}

/* Puts the stub in the place of the last node, and returns what is the oldest then. NULL when a
 * writer has come behind the node and has not linked yet. */
static inline struct message_node *mailbox_detach_last(struct mailbox *mailbox,
                                                       struct message_node *node)
{
    /* No link leads to the stub while it is not in the queue, and none comes from the last node. */
    atomic_store_explicit(&mailbox->stub.next, NULL, memory_order_relaxed);
    uintptr_t expected = (uintptr_t)node;
    /* Partner: the exchange in mailbox_append(), whose writer then links to the stub: it must find
     * that cleared. */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected,
                                                   mailbox_stub_address(mailbox),
                                                   memory_order_release, memory_order_relaxed)
               ? &mailbox->stub
               : mailbox_next(node);
}

static inline nng_msg *mailbox_receive(struct mailbox *mailbox)
{
    struct message_node *node = mailbox->oldest;
    if (node == &mailbox->stub) {
        node = mailbox_next(node);
        if (node == NULL) {
            mailbox_settle(mailbox);
            return NULL;
        }
    }
    struct message_node *next = mailbox_next(node);
    if (next == NULL) {
        next = mailbox_detach_last(mailbox, node);
        if (next == NULL) {
            mailbox->oldest = node;
            return NULL; /* A writer is between its two steps. */
        }
    }
    mailbox->oldest = next;
    if (--mailbox->batch_left == 0) {
        mailbox_settle(mailbox);
    }
    return message_of_node(node);
}

static inline bool mailbox_sleep(struct mailbox *mailbox)
{
    if (mailbox->oldest != &mailbox->stub) {
        return false; /* A message waits for its writer. */
    }
    uintptr_t expected = mailbox_stub_address(mailbox);
    /* Partner: the exchange in mailbox_append(), whose writer may run the owner elsewhere: it must
     * see all that was done here. */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected,
                                                   expected | MAILBOX_ASLEEP, memory_order_release,
                                                   memory_order_relaxed);
}

#endif
