/*
 * mailbox/message_node.h - what message.c and mailbox.c keep in the header of an nng_msg.
 *
 * nng hands out a header of up to 64 bytes that lives inside the nng_msg; the node is appended
 * there once when the message is made and stays for the life of the message, so that a mailbox
 * links messages without allocating.
 *
 * Threads: `next` is written by the writer that appends behind this node and read by the owner of
 * the mailbox; the rest belongs to the owner of the message.
 */
#ifndef TUTTI_MAILBOX_MESSAGE_NODE_H
#define TUTTI_MAILBOX_MESSAGE_NODE_H

#include <nng/nng.h>
#include <stdatomic.h>
#include <stdint.h>

#include "mailbox/message.h"

struct message_node {
    _Atomic(struct message_node *) next; /* The message that was sent after this one. */
    nng_msg *message;                    /* The message this node lives in. */
    struct envelope *envelope;           /* Its body, which stays where it is. */
    uint32_t size_class;                 /* Which magazines it goes back to. */
};

static inline struct message_node *message_node_of(nng_msg *message)
{
    return nng_msg_header(message);
}

#endif
