/*
 * actors/roles/publisher.h - the publisher actor: committed events go out to whoever subscribes,
 * over sockets and in this process.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_PUBLISHER_H
#define TUTTI_ACTORS_ROLES_PUBLISHER_H

#include "actors/link.h"
#include "actors/system.h"

/* Takes a committed event, in the order of their numbers: its topic and its JSON, as other
 * processes get them, borrowed for the call. */
typedef void publisher_callback(void *context, const char *topic, const char *json);

struct publisher_arguments {
    struct link_publisher *link;  /* Borrowed for the run; NULL: no sockets. */
    publisher_callback *on_event; /* NULL: nobody in this process. */
    void *context;                /* Of on_event. */
};

extern const struct actor_class publisher_class; /* Arguments: struct publisher_arguments. */

#endif
