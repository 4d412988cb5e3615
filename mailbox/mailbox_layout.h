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
    alignas(CACHE_LINE) _Atomic(uintptr_t) newest; /* A node, MAILBOX_EMPTY or MAILBOX_ASLEEP. */
    _Atomic(uint64_t) sent;                        /* Ever; those refused come off again. */
    _Atomic(uint64_t) settled;                     /* Of these, received; stored by the owner. */
    _Atomic(uint64_t) capacity;                    /* 0: closed. */

    /* The owner's line. */
    alignas(CACHE_LINE) _Atomic(struct message_node *) oldest; /* Borrowed. */
    uint32_t batch;                                            /* So many are received, */
    uint32_t batch_left; /* and when none is left they are settled. */
};

/*
 * The queue is Vyukov's intrusive one for many writers and one reader: a writer exchanges
 * `newest` for its node and then links its predecessor to it, or `oldest` when there was none; the
 * reader follows the links from `oldest`. Who takes the last node replaces it by MAILBOX_EMPTY.
 * Between the two steps of a writer the chain is broken for an instant; the reader then sees an
 * empty mailbox that it cannot put to sleep, and comes back.
 *
 * So `oldest` belongs to the reader while there is a node in the queue, and to the writer that has
 * exchanged MAILBOX_EMPTY or MAILBOX_ASLEEP for its own.
 *
 * That the owner sleeps is said in the place of a node too, so the exchange that sends a message
 * tells the writer at no cost whether it has to wake the owner.
 *
 * Of the two counters of the bound only writers change one and only the owner the other, so that
 * the owner needs no atomic addition, which costs as much as the exchange.
 */
enum { MAILBOX_EMPTY = 0, MAILBOX_ASLEEP = 1 };

/* Appends a node. True when the owner slept. */
static inline bool mailbox_append(struct mailbox *mailbox, struct message_node *node)
{
    atomic_store_explicit(&node->next, NULL, memory_order_relaxed);
    /* Partner: the same exchange of the next writer (release gives it our node, acquire gives us
     * our predecessor) and the compare-exchanges of the owner. */
    const uintptr_t before =
        atomic_exchange_explicit(&mailbox->newest, (uintptr_t)node, memory_order_acq_rel);
    /* The cast is from an integer because two of them are no nodes. */
    _Atomic(struct message_node *) *link =
        before > MAILBOX_ASLEEP ? &((struct message_node *)before)->next : &mailbox->oldest;
    /* Partner: the acquire in mailbox_next(); it publishes the content of the message. */
    atomic_store_explicit(link, node, memory_order_release);
    return before == MAILBOX_ASLEEP;
}

/* The node that a link leads to. */
static inline struct message_node *mailbox_next(_Atomic(struct message_node *) *link)
{
    return atomic_load_explicit(link, memory_order_acquire);
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

/* Takes the last node out. False when a writer has come behind it. */
static inline bool mailbox_take_last(struct mailbox *mailbox, struct message_node *node)
{
    uintptr_t expected = (uintptr_t)node;
    /* The next writer stores it, as soon as the mailbox is empty. */
    atomic_store_explicit(&mailbox->oldest, NULL, memory_order_relaxed);
    /* Partner: the exchange in mailbox_append(). */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected, MAILBOX_EMPTY,
                                                   memory_order_release, memory_order_relaxed);
}

static inline nng_msg *mailbox_receive(struct mailbox *mailbox)
{
    struct message_node *node = mailbox_next(&mailbox->oldest);
    if (node == NULL) {
        mailbox_settle(mailbox);
        return NULL;
    }
    struct message_node *next = mailbox_next(&node->next);
    if (next != NULL) {
        atomic_store_explicit(&mailbox->oldest, next, memory_order_relaxed);
    } else if (!mailbox_take_last(mailbox, node)) {
        next = mailbox_next(&node->next);
        atomic_store_explicit(&mailbox->oldest, next != NULL ? next : node, memory_order_relaxed);
        if (next == NULL) {
            return NULL; /* A writer is between its two steps. */
        }
    }
    if (--mailbox->batch_left == 0) {
        mailbox_settle(mailbox);
    }
    return message_of_node(node);
}

static inline bool mailbox_sleep(struct mailbox *mailbox)
{
    uintptr_t expected = MAILBOX_EMPTY;
    /* Partner: the exchange in mailbox_append(), whose writer may run the owner elsewhere: it must
     * see all that was done here. */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected, MAILBOX_ASLEEP,
                                                   memory_order_release, memory_order_relaxed);
}

#endif
