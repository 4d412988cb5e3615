/*
 * actors/roles/control.h - the control actor: answers requests of other processes.
 *
 * A request is one JSON object with the member "request"; the answer is {"ok":true,...} or
 * {"ok":false,"code":...,"message":...}. Questions are answered from the run's database, in one
 * read transaction each, so that they never slow the run; actions go to the orchestrator and are
 * answered when their answer is durable. Reading the database blocks, so this actor has a thread of
 * its own. docs/control.md lists the requests.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_H
#define TUTTI_ACTORS_ROLES_CONTROL_H

#include "actors/link.h"
#include "actors/link_http.h"
#include "actors/run_config.h"
#include "actors/system.h"

enum { CONTROL_ANSWER_TIMEOUT_S = 30 }; /* The default. */

struct control_arguments {
    const struct control_section *section; /* Borrowed for the run. */
    const struct link_secrets *secrets;    /* Borrowed for the run; of HTTP. */
    const char *database;                  /* Borrowed; NULL: the run keeps none. */
    struct actor_ref keeper;               /* Says when something was committed. */
    struct actor_ref orchestrator;         /* Of actions. */
    struct actor_ref market;               /* Of the shutdown. */
    int64_t answer_timeout_ns; /* How long a request waits for the orchestrator; 0: the default. */
    struct failure *failure;   /* Borrowed: why the sockets cannot listen. */
};

extern const struct actor_class control_class; /* Arguments: struct control_arguments. */

#endif
