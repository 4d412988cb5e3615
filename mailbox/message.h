/*
 * mailbox/message.h - the unit of exchange: an nng_msg with an envelope in front of its body.
 *
 * The body of a message is struct envelope and then the fixed struct of its kind. The queue link
 * lives in the nng_msg header, so a hop in the process moves a pointer and allocates nothing.
 * Messages come from per-thread magazines and go back there: message_create() and
 * message_destroy() cost some ns. A message that goes to an nng socket is converted by a link,
 * never sent as it is (nng would send the header too).
 *
 * Ownership moves with nng_msg **: on success the callee sets it to NULL, on failure it is
 * untouched. A message that was sent is never changed.
 *
 * Threads: create and destroy from any thread; a message has one owner at a time.
 */
#ifndef TUTTI_MAILBOX_MESSAGE_H
#define TUTTI_MAILBOX_MESSAGE_H

#include <nng/nng.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/message_node.h"

/* Names an actor by value. A message to an actor that has ended is a counted no-op. */
struct actor_ref {
    uint32_t slot;
    uint32_t generation; /* 0: nobody. */
};

#define ACTOR_NOBODY ((struct actor_ref){0, 0})

static inline int actor_ref_is_nobody(struct actor_ref ref)
{
    return ref.generation == 0;
}

struct envelope {
    uint32_t kind;             /* One enum for the program: actors/messages.h. */
    uint32_t size;             /* Bytes behind the envelope. */
    struct actor_ref sender;   /* Set by the runtime when it is sent. */
    struct actor_ref receiver; /* Set by the runtime; its generation is checked on receipt. */
    int64_t now_ns;            /* The instant this message speaks of. */
};

enum { MESSAGE_SIZE_MAX = 16 << 20 }; /* Largest body behind the envelope. */

/* A message from the pool. size_class = size_class_of(size). NULL: no memory. */
nng_msg *message_take(size_t size_class, uint32_t kind, int64_t now_ns, size_t size);

/* A message with `size` bytes behind the envelope, which are not zeroed. NULL: no memory. */
static inline nng_msg *message_create(uint32_t kind, int64_t now_ns, size_t size)
{
    return message_take(size_class_of(size), kind, now_ns, size);
}

/* Gives a message back to the pool. */
void message_give(nng_msg *message);

/* As message_give(); NULL is allowed. Inlined, because what was handed on is mostly NULL here. */
static inline void message_destroy(nng_msg *message)
{
    if (message != NULL) {
        message_give(message);
    }
}

static inline struct envelope *message_envelope(nng_msg *message)
{
    return message_node_of(message)->envelope;
}

/* The struct behind the envelope. */
static inline void *message_body(nng_msg *message)
{
    return message_envelope(message) + 1;
}

/* Frees what the magazines hold; for leak checks at the end of a program or test. */
void message_pool_drain(void);

#endif
