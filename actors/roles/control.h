/*
 * actors/roles/control.h - the control actor: answers requests of other processes.
 *
 * A request is one JSON object with the member "request"; the answer is {"ok":true,...} or
 * {"ok":false,"code":...,"message":...}. Reading the database blocks, so this actor has a thread
 * of its own.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_H
#define TUTTI_ACTORS_ROLES_CONTROL_H

#include "actors/link.h"
#include "actors/system.h"

enum {
    CONTROL_ARENA_BYTES_MAX = 8 << 20, /* Memory for the tree of one request. */
};

struct control_arguments {
    const char *const *urls; /* Borrowed for the run. */
    size_t count;
    const char *database;    /* Borrowed; NULL: the run keeps none. */
    struct failure *failure; /* Borrowed: why the sockets cannot listen. */
};

extern const struct actor_class control_class; /* Arguments: struct control_arguments. */

#endif
