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
#include <stdint.h>

struct envelope;

struct message_node {
    _Atomic(struct message_node *) next; /* The message that was sent after this one. */
    struct envelope *envelope;           /* The body of the message, which stays where it is. */
    uint32_t size_class;                 /* Which magazines it goes back to. */
};

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
