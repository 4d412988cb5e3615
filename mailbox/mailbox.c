#include "mailbox/mailbox.h"

#include <string.h>

#include "base/assert.h"
#include "mailbox/mailbox_layout.h"
#include "mailbox/message.h"

enum { MAILBOX_BATCH_MAX = 64 };

void mailbox_init(struct mailbox *mailbox)
{
    memset(mailbox, 0, sizeof(*mailbox));
    atomic_init(&mailbox->newest, MAILBOX_ASLEEP);
    mailbox->batch = mailbox->batch_left = 1;
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
    ASSERT(capacity > 0 && capacity <= INT64_MAX);
    ASSERT(mailbox->batch_left == mailbox->batch); /* Nothing was received since the last NULL. */
    const size_t batch = capacity / 8 + 1;
    mailbox->batch = batch < MAILBOX_BATCH_MAX ? (uint32_t)batch : MAILBOX_BATCH_MAX;
    mailbox->batch_left = mailbox->batch;
    atomic_store_explicit(&mailbox->capacity, capacity, memory_order_relaxed);
}

void mailbox_close(struct mailbox *mailbox)
{
    atomic_store_explicit(&mailbox->capacity, 0, memory_order_relaxed);
}

enum err mailbox_push(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle)
{
    ASSERT(*message != NULL);
    if (atomic_load_explicit(&mailbox->capacity, memory_order_relaxed) == 0) {
        return ERR_CLOSED;
    }
    (void)atomic_fetch_add_explicit(&mailbox->sent, 1, memory_order_relaxed);
    *ret_was_idle = mailbox_append(mailbox, message_node_of(*message));
    *message = NULL; /* The mailbox owns it now. */
    return ERR_NONE;
}

bool mailbox_wake(struct mailbox *mailbox)
{
    uintptr_t expected = MAILBOX_ASLEEP;
    /* Partner: the release in mailbox_sleep(). */
    return atomic_compare_exchange_strong_explicit(&mailbox->newest, &expected, MAILBOX_EMPTY,
                                                   memory_order_acquire, memory_order_relaxed);
}

size_t mailbox_depth(const struct mailbox *mailbox)
{
    const uint64_t sent = atomic_load_explicit(&mailbox->sent, memory_order_relaxed);
    const uint64_t settled = atomic_load_explicit(&mailbox->settled, memory_order_relaxed);
    return (size_t)(sent - settled) - (mailbox->batch - mailbox->batch_left);
}
