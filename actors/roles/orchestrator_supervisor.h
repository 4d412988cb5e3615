/*
 * actors/roles/orchestrator_supervisor.h - executors whose host has failed, and actors that hang.
 *
 * Threads: all of it belongs to the orchestrator actor.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_SUPERVISOR_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_SUPERVISOR_H

#include "actors/roles/orchestrator_parts.h"

/* Spawns a host from what is known of its executor's past, and tells it what it missed. One whose
 * state cannot be loaded is given up. */
MUST_USE enum err supervisor_spawn(struct orchestrator *orch, uint32_t number);
/* A host has ended. After a failure its executor is rebuilt, or given up. */
MUST_USE enum err supervisor_on_exit(struct orchestrator *orch, const struct actor_exit *exit_);
/* An actor of the run hangs in its handler, or has come back: the journal tells. */
MUST_USE enum err supervisor_on_stuck(struct orchestrator *orch, const struct actor_stuck *stuck);
/* Rebuilds those of which the journal has everything now. */
MUST_USE enum err supervisor_on_committed(struct orchestrator *orch);

#endif
