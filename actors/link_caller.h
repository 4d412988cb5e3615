/*
 * actors/link_caller.h - the bridge between a program's own threads and the orchestrator: actions
 * from any thread, each answered once.
 *
 * What the control socket is for other processes, this is for the program that a run is embedded
 * in. An actor of the run passes actions on and brings the answers back.
 *
 * Threads: submit and ask from any thread, but ask not from a callback: it waits. Callbacks run on
 * a thread of the run and hold the run up as long as they take.
 */
#ifndef TUTTI_ACTORS_LINK_CALLER_H
#define TUTTI_ACTORS_LINK_CALLER_H

#include <stdbool.h>

#include "actors/action.h"
#include "actors/system.h"

enum { LINK_CALLS_MAX = 1024 }; /* Actions of a caller that wait for an answer. */

/* What became of an action. */
struct link_answer {
    bool is_accepted;
    char action_id[ACTION_ID_MAX + 1];
    char executor_id[ACTION_ID_MAX + 1]; /* "" when there is none. */
    char code[ACTION_ID_MAX + 1];        /* One of ACTION_CODES; "" when accepted. */
    char text[FAILURE_TEXT_MAX];         /* For a person, cut at its end; "" when accepted. */
};

/* Takes the answer, which is borrowed for the call. NULL: the run ended before it answered, so the
 * action may have been carried out or not. */
typedef void link_answer_callback(void *context, const struct link_answer *answer);

struct link_caller; /* Opaque. */

/* Errors: ERR_MEMORY. */
MUST_USE enum err link_caller_create(struct link_caller **ret_caller);

/* Frees the caller, after its actor has stopped. NULL is allowed. */
void link_caller_destroy(struct link_caller *caller);

struct link_caller_arguments {
    struct link_caller *caller; /* Borrowed for the run. */
    struct actor_ref orchestrator;
};

/* Arguments: struct link_caller_arguments. When it stops, everybody who waits is told so. */
extern const struct actor_class link_caller_class;

/*
 * Sends a copy of the action; `callback` is called once, when the answer is durable, maybe before
 * this returns. On an error it is never called: ERR_CLOSED when the run has not begun or has ended,
 * ERR_FULL for more than LINK_CALLS_MAX at a time, ERR_MEMORY.
 */
MUST_USE enum err link_caller_submit(struct link_caller *caller, const struct action *action,
                                     link_answer_callback *callback, void *context);

/* The same, waiting for the answer, at most timeout_ms. Errors as above; ERR_END when no answer
 * came in time, and ERR_CLOSED when the run ended before it: the action may have been carried out,
 * so repeat it with the same action id only. */
MUST_USE enum err link_caller_ask(struct link_caller *caller, const struct action *action,
                                  unsigned timeout_ms, struct link_answer *ret_answer);

#endif
