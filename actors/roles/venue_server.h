/*
 * actors/roles/venue_server.h - a venue on its own: the other side of the venue protocol.
 *
 * It trades the tapes of its feed through a paper venue, answers requests, and tells every attached
 * port what happens. Quotes are repeated with each heartbeat, so that orders meet a market when the
 * tape is quiet or over. It lives on while its clients come and go, remembers every order and trade
 * (market/venue_ledger.h), and writes each to its log before anybody hears of it. Told to, it
 * misbehaves (market/venue_faults.h).
 *
 * It knows no socket and reads no clock but the system's: a port is any actor that sends
 * MESSAGE_WIRE_ATTACH.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_VENUE_SERVER_H
#define TUTTI_ACTORS_ROLES_VENUE_SERVER_H

#include <stdio.h>

#include "actors/run_config.h"
#include "actors/system.h"
#include "market/venue_faults.h"

enum { VENUE_PORTS_MAX = 16 }; /* Attached to one venue; more are refused. */

struct venue_server_arguments {
    const struct run_config *config; /* Borrowed for the life of the actor. */
    uint32_t venue;                  /* Its number in the run file. */
    struct actor_ref feed;
    struct decimal speed;        /* Market time per real time between the rows of the feed. > 0 */
    int64_t heartbeat_ns;        /* > 0 */
    struct venue_faults *faults; /* Borrowed; NULL: it behaves. */
    FILE *log;                   /* Borrowed; one JSON object per line, flushed each; NULL: none. */
    bool is_stopped_at_end;      /* Of the feed; else the last quotes hold on. */
};

extern const struct actor_class venue_server_class; /* Arguments: struct venue_server_arguments. */

#endif
