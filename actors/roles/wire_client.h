/*
 * actors/roles/wire_client.h - the port of a venue's client: where requests leave the process, and
 * answers and events come in.
 *
 * It takes MESSAGE_WIRE_REQUEST and MESSAGE_WIRE_FORGET from the client and sends it
 * MESSAGE_WIRE_ANSWER and MESSAGE_WIRE_EVENT. A request that cannot be sent is lost: the client has
 * a time-out for it anyway. The client itself knows no socket, so that a test can put any network
 * in this place.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_WIRE_CLIENT_H
#define TUTTI_ACTORS_ROLES_WIRE_CLIENT_H

#include "actors/link.h"
#include "actors/system.h"

struct wire_client_arguments {
    const char *url;         /* Of requests. Borrowed for the life of the actor. */
    const char *events_url;  /* The same. */
    struct actor_ref client; /* Who gets answers and events. */
    void *context;           /* Of another port in this place; borrowed, unused here. */
    struct failure *failure; /* Borrowed for the start: why an address cannot be used. */
};

extern const struct actor_class wire_client_class; /* Arguments: struct wire_client_arguments. */

#endif
