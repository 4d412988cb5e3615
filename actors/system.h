/*
 * actors/system.h - the actor system: spawn, send, timers, supervision, two schedulers.
 *
 * An actor is a state struct and a class of functions. One actor runs on one thread at a time, so
 * it needs no locks; it never sleeps or blocks. A class that has to block (sqlite) says
 * `is_dedicated` and gets a thread of its own. The threaded scheduler runs N workers with queues
 * of their own and stealing; the deterministic one runs everything on the caller's thread with a
 * virtual clock, in an order given by a seed.
 *
 * Supervision: an actor whose receive() or idle() returns an error is stopped and its parent gets
 * MESSAGE_ACTOR_FAILED with struct actor_exit as its body; one that calls context_stop() ends
 * quietly with MESSAGE_ACTOR_ENDED. Children outlive their parent. The runtime's own messages
 * (timers, exits) are taken in beyond the capacity of a mailbox, so none is ever lost.
 *
 * Threads: system_create/run/destroy from one thread; system_send(), system_stop(), system_now()
 * and system_counters_read() from any; context_ calls from inside a handler only.
 */
#ifndef TUTTI_ACTORS_SYSTEM_H
#define TUTTI_ACTORS_SYSTEM_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "mailbox/message.h"

struct system;  /* Opaque. */
struct context; /* What a handler may do; opaque. */

/* Kinds below MESSAGE_KIND_FIRST belong to the runtime. */
enum runtime_message_kind {
    MESSAGE_NONE = 0,
    MESSAGE_ACTOR_FAILED, /* struct actor_exit: a child's handler returned an error. */
    MESSAGE_ACTOR_ENDED,  /* struct actor_exit: a child stopped itself. */
    MESSAGE_TIMER, /* struct timer_fired; now_ns in the envelope is the instant it was set to. */
    MESSAGE_LINK_RECEIVED, /* struct link_received and the bytes (actors/link.h). */
    MESSAGE_LINK_HTTP,     /* struct link_http_request and its texts (actors/link_http.h). */
    MESSAGE_LINK_SESSION,  /* struct link_session_message and its bytes (actors/link_http.h). */
    MESSAGE_ACTOR_STUCK,   /* struct actor_stuck, to the watcher of the system. */
    MESSAGE_KIND_FIRST = 16,
};

enum { ACTOR_NAME_MAX = 16 }; /* Bytes of a class's name in a message; more is cut off. */

struct actor_exit {
    struct actor_ref child;
    enum err reason; /* ERR_NONE when it stopped itself. */
};

/* An actor does not come back from its handler, or has come back. */
struct actor_stuck {
    struct actor_ref actor;
    bool is_back;
    int64_t for_ns; /* How long it has been at work, about. */
    char name[ACTOR_NAME_MAX];
};

struct timer_fired {
    uint64_t tag; /* As given to context_timer(). */
};

struct actor_class {
    const char *name;
    size_t state_size;
    size_t mailbox_capacity; /* 0 means ACTOR_MAILBOX_DEFAULT. */
    bool is_dedicated;       /* May block: runs on its own thread. */
    /* State is zeroed. `arguments` as given to spawn, borrowed for the call. May be NULL. */
    enum err (*start)(struct context *context, void *state, void *arguments);
    /* Takes ownership of *message by setting it to NULL; what it leaves is destroyed after. */
    enum err (*receive)(struct context *context, void *state, nng_msg **message);
    /* After a slice that emptied the mailbox, before the actor sleeps: flush what was collected.
     * It may send. May be NULL. */
    enum err (*idle)(struct context *context, void *state);
    /* Always called once, also after a failure (of start() too) or when the system ends. What it
     * sends when the system ends is destroyed. May be NULL. */
    void (*stop)(struct context *context, void *state);
};

enum {
    ACTOR_MAILBOX_DEFAULT = 1 << 20,
    ACTOR_SLICE_MESSAGES = 64,
    SYSTEM_WORKERS_MAX = 64,
    SYSTEM_ACTORS_MAX = 1 << 22,
    SYSTEM_DEDICATED_MAX = 64, /* Dedicated actors alive at a time. */
};

struct system_options {
    unsigned workers; /* 0: deterministic, on the caller's thread. */
    uint64_t seed;    /* Deterministic: order of runnable actors when is_shuffled. */
    bool is_shuffled; /* false: first in, first out. */
    bool is_virtual;  /* The clock is moved by system_set_now() only; else it is real. */
    int64_t now_ns;   /* Virtual: first instant. */
    int64_t stuck_ns; /* Threaded, real clock: an actor that is at work for longer without a pause
                       * counts as stuck; 0: SYSTEM_STUCK_NS. */
};

#define SYSTEM_STUCK_NS (INT64_C(5000000000))

/* Errors: ERR_MEMORY; ERR_LIMIT for more than SYSTEM_WORKERS_MAX workers. */
MUST_USE enum err system_create(const struct system_options *options, struct system **ret_system);

/*
 * Runs until system_stop() was called and every actor has stopped; threaded: the workers run and
 * the caller waits. May be called once.
 *
 * When no actor can run, a deterministic system with a virtual clock moves it to the next timer;
 * one with a real clock waits for a timer or a message from another thread. A virtual clock under
 * the threaded scheduler stands until somebody sets it.
 *
 * Errors: ERR_END when a deterministic system with a virtual clock has neither a runnable actor
 * nor a timer, so that nothing can ever happen again (actors are stopped as usual); ERR_LIMIT when
 * a thread could not be started; ERR_MEMORY when there was none to tell a parent of the end of its
 * child, which stops the system; ERR_STATE for a second call.
 */
MUST_USE enum err system_run(struct system *system);

/* What system_step() found. */
enum system_turn {
    SYSTEM_RAN,     /* An actor had its slice. */
    SYSTEM_AT_REST, /* Nobody can run before a timer, or a message from outside. */
    SYSTEM_STOPPED, /* system_stop() was called: system_run() ends it. */
};

/* One slice of one actor of a deterministic system with a virtual clock, for a program that carries
 * several systems through one time. The clock stays; system_run() may still follow. */
enum system_turn system_step(struct system *system);

/* When the next timer is due; INSTANT_NEVER: none is set. */
int64_t system_next_timer(const struct system *system);

/* Ends system_run(): handlers that run come to their end, then every actor's stop() is called, the
 * last spawned first, and messages in flight are destroyed. Safe from any thread and from a
 * handler; a second call does nothing. Not for signal handlers. */
void system_stop(struct system *system);

/* Frees the system; actors that still live are stopped as above. Other threads must not send any
 * more: close links before. NULL is allowed. */
void system_destroy(struct system *system);

/* Creates an actor; its start() runs before this returns, on the caller's thread. From outside
 * (before system_run) the parent is nobody. Errors: ERR_MEMORY, ERR_LIMIT, ERR_CLOSED after
 * system_stop(), or what start() said. */
MUST_USE enum err system_spawn(struct system *system, const struct actor_class *class_,
                               void *arguments, struct actor_ref *ret_actor);

/* Moves *message to the actor. ERR_CLOSED: it has ended (counted); ERR_FULL: its mailbox is full;
 * then *message is unchanged. The sender in the envelope is nobody. */
MUST_USE enum err system_send(struct system *system, struct actor_ref to, nng_msg **message);

/* The current instant: as set, or real. The real clock is the wall clock of system_create() plus
 * what has passed since; it never jumps or goes back when the wall clock is adjusted. */
int64_t system_now(const struct system *system);

/* Virtual clock: moves forward to now_ns (never back). Timers up to then are sent, in order, before
 * this returns. */
void system_set_now(struct system *system, int64_t now_ns);

/* Whom MESSAGE_ACTOR_STUCK goes to; without one it is only logged. Before system_run(). */
void system_watch(struct system *system, struct actor_ref watcher);

struct system_counters {
    uint64_t messages;     /* Delivered to a handler. */
    uint64_t dead_letters; /* Sent to actors that had ended. */
    uint64_t spawned;      /* Lives begun, also those whose start() failed. */
    uint64_t failed;       /* Lives that a handler's error ended. */
    uint64_t steals;       /* Runs of actors that one worker took from another. */
};
void system_counters_read(const struct system *system, struct system_counters *ret_counters);

/* For handlers. */
struct system *context_system(struct context *context);
struct actor_ref context_self(const struct context *context);
struct actor_ref context_parent(const struct context *context);

/* As system_now(), but a real clock is read once per slice. */
int64_t context_now(struct context *context);

/* As system_spawn() with the caller as parent. */
MUST_USE enum err context_spawn(struct context *context, const struct actor_class *class_,
                                void *arguments, struct actor_ref *ret_actor);

/*
 * As system_send() with the caller as sender. To an actor that has ended the message is destroyed
 * and counted, *message is NULL and ERR_NONE is returned: a late message is a no-op. ERR_FULL
 * leaves *message with the caller.
 */
MUST_USE enum err context_send(struct context *context, struct actor_ref to, nng_msg **message);

/* As context_send(), for a message that its sender will not try to send again: what is refused is
 * destroyed. */
MUST_USE enum err context_post(struct context *context, struct actor_ref to, nng_msg *message);

/* Ends the calling actor after this handler returns. */
void context_stop(struct context *context);

/* Sends MESSAGE_TIMER with `tag` to the caller at at_ns (at once when that has passed). One timer
 * per tag: setting it again moves it, INSTANT_NEVER removes it. What was sent already cannot be
 * called back. Timers end with their actor. Errors: ERR_MEMORY, ERR_LIMIT. */
MUST_USE enum err context_timer(struct context *context, uint64_t tag, int64_t at_ns);

#endif
