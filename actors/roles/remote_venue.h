/*
 * actors/roles/remote_venue.h - a venue in another process, as the orchestrator sees a venue.
 *
 * It takes SUBMIT, CANCEL and STEP like the venue actor, and sends VENUE_UPDATE whenever something
 * has happened over there. Beyond that it keeps the link: it connects with backoff and jitter,
 * notices silence and gaps, and then fetches what may have happened unseen before anything new is
 * sent (MESSAGE_RECONCILED tells when). A request without a certain outcome becomes VENUE_UNKNOWN;
 * MESSAGE_VENUE_QUERY asks until there is one. "Not found" is believed only when the venue's own
 * clock says that no request about the order can still be on its way.
 *
 * Quotes of the venue go to the market that asked for them, while the link is whole.
 *
 * It knows no socket and reads no clock but the system's: its port is the actor that sends
 * MESSAGE_WIRE_ATTACH, the orchestrator the one that sends MESSAGE_RECONCILE.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_REMOTE_VENUE_H
#define TUTTI_ACTORS_ROLES_REMOTE_VENUE_H

#include "actors/run_config.h"
#include "actors/system.h"

struct remote_venue_arguments {
    const struct run_config *config; /* Borrowed for the run. */
    uint32_t venue;                  /* Its number in the run. */
};

extern const struct actor_class remote_venue_class; /* Arguments: struct remote_venue_arguments. */

#endif
