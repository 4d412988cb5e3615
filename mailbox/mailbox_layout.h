/*
 * mailbox/mailbox_layout.h - the fields of a mailbox, so that it can be embedded.
 *
 * What writers change and what the owner changes are on cache lines of their own: sharing one
 * costs a stream of messages between two cores more than half of its rate.
 *
 * Threads: only mailbox.c touches the fields.
 */
#ifndef TUTTI_MAILBOX_MAILBOX_LAYOUT_H
#define TUTTI_MAILBOX_MAILBOX_LAYOUT_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

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
    uint32_t taken;                                  /* Received, not yet settled. */
    uint32_t taken_max;                              /* Then they are settled. */
};

#endif
