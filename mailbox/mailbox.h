/*
 * mailbox/mailbox.h - the bounded queue through which an actor is reached.
 *
 * Many writers, one reader (the owning actor). A message has exactly one owner at any time:
 * sending moves it into the mailbox, receiving moves it out. A full mailbox refuses; it never
 * blocks the writer and never drops. Messages of one writer arrive in the order sent.
 *
 * A mailbox is awake or asleep. Whoever finds it asleep and wakes it, by sending or by
 * mailbox_wake(), is the one who has to see to it that the owner runs; so the owner runs in one
 * place at a time without a lock. A new mailbox is asleep and closed.
 *
 * Who sends or receives includes mailbox/mailbox_layout.h, where that is defined to be inlined.
 *
 * Threads: mailbox_send(), mailbox_push() and mailbox_wake() from any thread; all other calls from
 * the owner only, while the mailbox is awake.
 */
#ifndef TUTTI_MAILBOX_MAILBOX_H
#define TUTTI_MAILBOX_MAILBOX_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct mailbox; /* Layout in mailbox/mailbox_layout.h, for the runtime to embed. */

/* An empty mailbox in the caller's memory: asleep and closed. */
void mailbox_init(struct mailbox *mailbox);

/* Destroys the messages that wait. No writer may be at work. */
void mailbox_done(struct mailbox *mailbox);

/* From now on up to `capacity` messages are taken in. capacity > 0. */
void mailbox_open(struct mailbox *mailbox, size_t capacity);

/* From now on nothing is taken in. What waits stays, and a writer that was in the middle of
 * sending may still get in. */
void mailbox_close(struct mailbox *mailbox);

/*
 * Moves *message into the mailbox. On ERR_NONE *message is NULL and the mailbox owns it, and
 * *ret_was_idle says whether the owner slept, so that the caller must schedule it. On ERR_FULL or
 * ERR_CLOSED *message is unchanged and still belongs to the caller. The bound is kept to within
 * the batch in which the owner counts what it received (an eighth of the capacity, at most 64).
 */
MUST_USE static inline enum err mailbox_send(struct mailbox *mailbox, nng_msg **message,
                                             bool *ret_was_idle);

/* As mailbox_send(), but beyond the bound: for the runtime's own messages, whose number is bounded
 * otherwise and which nobody could send again (a timer, the end of a child). */
MUST_USE enum err mailbox_push(struct mailbox *mailbox, nng_msg **message, bool *ret_was_idle);

/* The oldest message, or NULL when there is none now. The caller owns it. */
static inline nng_msg *mailbox_receive(struct mailbox *mailbox);

/* Tells writers that the owner goes to sleep, who was told last that there is no message. False
 * when one came in meanwhile: the owner must go on instead. */
static inline bool mailbox_sleep(struct mailbox *mailbox);

/* Wakes a sleeping mailbox without a message; the caller becomes its owner. False when it was
 * awake: it has an owner already. */
bool mailbox_wake(struct mailbox *mailbox);

/* An estimate of how many messages wait, exact when nobody is sending. */
size_t mailbox_depth(const struct mailbox *mailbox);

#endif
