/*
 * mailbox/message_node.h - what the pool and the mailboxes keep in the header of an nng_msg.
 *
 * nng hands out a header of up to 64 bytes that lives inside the nng_msg; the node is appended
 * there once when the message is made and stays for the life of the message, so that a mailbox
 * links messages without allocating.
 *
 * The header is the first member of an nng_msg, so a message and its node have one address, and
 * neither finding the one from the other nor finding the body asks nng: calls into its library were
 * a tenth of what a message costs. message.c proves it for each message that it makes.
 *
 * Threads: `next` is written by the writer that appends behind this node and read by the owner of
 * the mailbox; the rest belongs to the owner of the message.
 */
#ifndef TUTTI_MAILBOX_MESSAGE_NODE_H
#define TUTTI_MAILBOX_MESSAGE_NODE_H

#include <nng/nng.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct envelope;

struct message_node {
    _Atomic(struct message_node *) next; /* The message that was sent after this one. */
    struct envelope *envelope;           /* The body of the message, which stays where it is. */
    uint32_t size_class;                 /* Which magazines it goes back to. */
};

/* The pool keeps messages of five sizes, each four times as large as the one before. */
enum {
    SIZE_CLASS_FIRST_BITS = 6, /* The smallest has room for 64 bytes behind the envelope. */
    SIZE_CLASSES = 5,
    SIZE_CLASS_NONE = SIZE_CLASSES, /* Too large to be kept. */
};

static inline size_t size_class_bytes(size_t size_class)
{
    return (size_t)1 << (SIZE_CLASS_FIRST_BITS + 2 * size_class);
}

/* The smallest class with room for `size` bytes. Where the size is a constant, so is this. */
static inline size_t size_class_of(size_t size)
{
    if (size > size_class_bytes(SIZE_CLASSES - 1)) {
        return SIZE_CLASS_NONE;
    }
    const size_t last_byte = size - (size > 0);
    const unsigned long long bits = last_byte | (size_class_bytes(0) - 1);
    const unsigned highest_bit = 63U ^ (unsigned)__builtin_clzll(bits);
    return (highest_bit - SIZE_CLASS_FIRST_BITS + 2) / 2; /* Two more bits to a class. */
}

static inline struct message_node *message_node_of(nng_msg *message)
{
    return (struct message_node *)(void *)message;
}

/* The message that the node lives in. */
static inline nng_msg *message_of_node(struct message_node *node)
{
    return (nng_msg *)(void *)node;
}

#endif
