/*
 * actors/roles/wire_server.h - the port of a venue: its request socket and its event socket.
 *
 * What arrives goes to the venue as MESSAGE_WIRE_REQUEST; MESSAGE_WIRE_ANSWER and
 * MESSAGE_WIRE_FORGET come back, and MESSAGE_WIRE_EVENT for all who listen. The venue itself knows
 * no socket, so that a test can put any network in this place.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_WIRE_SERVER_H
#define TUTTI_ACTORS_ROLES_WIRE_SERVER_H

#include "actors/link.h"
#include "actors/system.h"

struct wire_server_arguments {
    const char *url;        /* Of requests. Borrowed for the life of the actor. */
    const char *events_url; /* The same. */
    struct actor_ref venue;
    struct failure *failure; /* Borrowed for the start: why it cannot listen. */
};

extern const struct actor_class wire_server_class; /* Arguments: struct wire_server_arguments. */

#endif
