/*
 * actors/roles/publisher.h - the publisher actor: committed events go out to whoever subscribes.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_PUBLISHER_H
#define TUTTI_ACTORS_ROLES_PUBLISHER_H

#include "actors/link.h"
#include "actors/system.h"

struct publisher_arguments {
    struct link_publisher *link; /* Borrowed for the run. */
};

extern const struct actor_class publisher_class; /* Arguments: struct publisher_arguments. */

#endif
