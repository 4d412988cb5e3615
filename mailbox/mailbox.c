#include "mailbox/mailbox.h"

#include <string.h>

#include "base/assert.h"
#include "mailbox/mailbox_layout.h"
#include "mailbox/message.h"

/*
 * The queue is Vyukov's intrusive one for many writers and one reader: a writer exchanges
 * `newest` for its node and then links its predecessor to it; the reader follows the links from
 * `oldest`. A stub node keeps the queue from ever being without a node. Between the two steps of a
 * writer the chain is broken for an instant; the reader then sees an empty mailbox that it cannot
 * put to sleep, and comes back.
 *
 * The low bit of `newest` says that the owner sleeps. It is set only on the stub, so the exchange
 * that sends a message tells the writer at no cost whether it has to wake the owner.
 */
#define MAILBOX_ASLEEP ((uintptr_t)1)
#define MAILBOX_CLOSED (UINT64_C(1) << 32)

enum { MAILBOX_TAKEN_MAX = 64 };

static uintptr_t mailbox_stub_address(const struct mailbox *mailbox)
{
    return (uintptr_t)&mailbox->stub;
}

void mailbox_init(struct mailbox *mailbox)
{
    memset(mailbox, 0, sizeof(*mailbox));
    mailbox->oldest = &mailbox->stub;
    atomic_init(&mailbox->newest, mailbox_stub_address(mailbox) | MAILBOX_ASLEEP);
    atomic_init(&mailbox->count, MAILBOX_CLOSED);
    mailbox->taken_max = 1;
}

void mailbox_done(struct mailbox *mailbox)
{
    nng_msg *message;
    while ((message = mailbox_receive(mailbox)) != NULL) {
        message_destroy(message);
    }
}

void mailbox_open(struct mailbox *mailbox, size_t capacity)
{
    ASSERT(capacity > 0 && capacity < MAILBOX_CLOSED);
    const size_t batch = capacity / 8 + 1;
    mailbox->taken_max = batch < MAILBOX_TAKEN_MAX ? (uint32_t)batch : MAILBOX_TAKEN_MAX;
    atomic_store_explicit(&mailbox->capacity, capacity, memory_order_relaxed);
    (void)atomic_fetch_and_explicit(&mailbox->count, ~MAILBOX_CLOSED, memory_order_relaxed);
}

void mailbox_close(struct mailbox *mailbox)
{
    (void)atomic_fetch_or_explicit(&mailbox->count, MAILBOX_CLOSED, memory_order_relaxed);
}

/* Appends a node. True when the owner slept. */
static bool mailbox_append(struct mailbox *mailbox, struct message_node *node)
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

static struct message_node *mailbox_next(struct message_node *node)
{
    return atomic_load_explicit(&node->next, memory_order_acquire);
}

enum err mailbox_send(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle)
{
    ASSERT(*message != NULL);
    /* The counters order nothing: relaxed. MAILBOX_CLOSED is beyond every capacity. */
    const uint64_t before = atomic_fetch_add_explicit(&mailbox->count, 1, memory_order_relaxed);
    if (before >= atomic_load_explicit(&mailbox->capacity, memory_order_relaxed)) {
        (void)atomic_fetch_sub_explicit(&mailbox->count, 1, memory_order_relaxed);
        return (before & MAILBOX_CLOSED) != 0 ? ERR_CLOSED : ERR_FULL;
    }
    *ret_was_idle = mailbox_append(mailbox, message_node_of(*message));
    *message = NULL; /* The mailbox owns it now. */
    return ERR_NONE;
}

enum err mailbox_push(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle)
{
    ASSERT(*message != NULL);
    const uint64_t before = atomic_fetch_add_explicit(&mailbox->count, 1, memory_order_relaxed);
    if ((before & MAILBOX_CLOSED) != 0) {
        (void)atomic_fetch_sub_explicit(&mailbox->count, 1, memory_order_relaxed);
        return ERR_CLOSED;
    }
    *ret_was_idle = mailbox_append(mailbox, message_node_of(*message));
    *message = NULL; /* The mailbox owns it now. */
    return ERR_NONE;
}

/* Gives the places of received messages back to the writers. */
static void mailbox_settle(struct mailbox *mailbox)
{
    if (mailbox->taken > 0) {
        (void)atomic_fetch_sub_explicit(&mailbox->count, mailbox->taken, memory_order_relaxed);
        mailbox->taken = 0;
    }
}

nng_msg *mailbox_receive(struct mailbox *mailbox)
{
    struct message_node *node = mailbox->oldest;
    struct message_node *next = mailbox_next(node);
    if (node == &mailbox->stub) {
        if (next == NULL) {
            mailbox_settle(mailbox);
            return NULL;
        }
        mailbox->oldest = node = next;
        next = mailbox_next(node);
    }
    if (next == NULL) {
        /* The last one. It can leave only with the stub behind it. */
        if (atomic_load_explicit(&mailbox->newest, memory_order_relaxed) != (uintptr_t)node) {
            return NULL; /* A writer is between its two steps. */
        }
        (void)mailbox_append(mailbox, &mailbox->stub);
        next = mailbox_next(node);
        if (next == NULL) {
            return NULL; /* A writer came in between and has not linked yet. */
        }
    }
    mailbox->oldest = next;
    if (++mailbox->taken >= mailbox->taken_max) {
        mailbox_settle(mailbox);
    }
    return node->message;
}

bool mailbox_sleep(struct mailbox *mailbox)
{
    mailbox_settle(mailbox);
    if (mailbox->oldest != &mailbox->stub) {
        return false; /* The stub may be the newest node with messages before it. */
    }
    uintptr_t expected = mailbox_stub_address(mailbox);
    /* Partner: the exchange in mailbox_append(), whose writer may run the owner elsewhere: it must
     * see all that was done here. */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected,
                                                   expected | MAILBOX_ASLEEP, memory_order_release,
                                                   memory_order_relaxed);
}

bool mailbox_wake(struct mailbox *mailbox)
{
    uintptr_t expected = mailbox_stub_address(mailbox) | MAILBOX_ASLEEP;
    /* Partner: the release in mailbox_sleep(). */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected,
                                                   mailbox_stub_address(mailbox),
                                                   memory_order_acquire, memory_order_relaxed);
}

size_t mailbox_depth(const struct mailbox *mailbox)
{
    const uint64_t count = atomic_load_explicit(&mailbox->count, memory_order_relaxed);
    return (size_t)(count & ~MAILBOX_CLOSED) - mailbox->taken;
}
