/*
 * mailbox/mailbox.h - the bounded queue through which an actor is reached.
 *
 * Many writers, one reader (the owning actor). A message has exactly one owner at any time:
 * sending moves it into the mailbox, receiving moves it out. A full mailbox refuses; it never
 * blocks the writer and never drops. Messages of one writer arrive in the order sent.
 *
 * Threads: mailbox_send() from any thread; all other calls from the owner only.
 */
#ifndef TUTTI_MAILBOX_MAILBOX_H
#define TUTTI_MAILBOX_MAILBOX_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct mailbox; /* Layout in mailbox/mailbox_layout.h, for the runtime to embed. */

/*
 * Moves *message into the mailbox. On ERR_NONE *message is NULL and the mailbox owns it, and
 * *ret_was_idle says whether the owner slept, so that the caller must schedule it. On ERR_FULL or
 * ERR_CLOSED *message is unchanged and still belongs to the caller.
 */
MUST_USE enum err mailbox_send(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle);

/* The oldest message, or NULL when there is none now. The caller owns it. */
nng_msg *mailbox_receive(struct mailbox *mailbox);

/* Tells writers that the owner goes to sleep. False when a message came in meanwhile: the owner
 * must go on instead. */
bool mailbox_sleep(struct mailbox *mailbox);

/* An estimate of how many messages wait, exact when nobody is sending. */
size_t mailbox_depth(const struct mailbox *mailbox);

#endif
