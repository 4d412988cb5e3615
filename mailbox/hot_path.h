/*
 * mailbox/hot_path.h - words for the compiler, about the way that nearly every message goes.
 *
 * The way is short, so what a call costs around it is much of it. What is rare stands in functions
 * of its own, whose registers the usual case need not save.
 *
 * Threads: none.
 */
#ifndef TUTTI_MAILBOX_HOT_PATH_H
#define TUTTI_MAILBOX_HOT_PATH_H

/* The usual case. */
#define ALWAYS_INLINED __attribute__((always_inline)) static inline

/* Beside it. */
#define NEVER_INLINED __attribute__((noinline))

/* A thread's own variable that is found beside the thread's pointer, without a call. */
#define FOUND_AT_ONCE __attribute__((tls_model("initial-exec")))

#endif
