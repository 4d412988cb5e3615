/*
 * actors/roles/host.h - the executor host: the actor that owns one executor.
 *
 * It turns wakes into evaluations, requests into messages, and order events into ledger entries.
 * It ends by itself after its executor has terminated.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_HOST_H
#define TUTTI_ACTORS_ROLES_HOST_H

#include "actors/system.h"
#include "executors/executor.h"

struct host_arguments {
    uint32_t executor; /* Its number. */
    const struct executor_kind *kind;
    const struct executor_config *config; /* Borrowed until the host has ended. */
    const struct instrument *instruments[WAKE_MARKETS_MAX];
    bool is_funded;     /* Its plan could be reserved. */
    bool is_unrecorded; /* Nobody reads its reports' texts: they are "". */
};

extern const struct actor_class host_class; /* Arguments: struct host_arguments. */

#endif
