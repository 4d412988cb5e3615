/*
 * actors/roles/venue.h - the venue actor: a paper venue with a mailbox.
 *
 * It takes SUBMIT and CANCEL, and with each STEP of one of its instruments lets the venue work and
 * sends what happened, then STEP_DONE with the quotes it wants to see next. Before that, whoever
 * the step names gets the depth of its instrument, when it has changed.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_VENUE_H
#define TUTTI_ACTORS_ROLES_VENUE_H

#include "actors/run_config.h"
#include "actors/system.h"

struct venue_arguments {
    const struct run_config *config; /* Borrowed for the run. */
    uint32_t venue;                  /* Its number in the run. */
};

extern const struct actor_class venue_class; /* Arguments: struct venue_arguments. */

#endif
