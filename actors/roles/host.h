/*
 * actors/roles/host.h - the executor host: the actor that owns one executor.
 *
 * It turns wakes into evaluations, requests into messages, and order events into ledger entries.
 * Requests that make no sense are a failure of its handler: the orchestrator rebuilds the executor
 * from the journal then, see orchestrator_supervisor.c.
 * It ends by itself after its executor has terminated.
 *
 * A durable one reports its state before the orders that it places, and otherwise when it has
 * changed, at most every HOST_STATE_INTERVAL_NS: from its reports and the orders of the journal a
 * restart makes it whole again. A report has those of its orders only that have changed since the
 * one before, so that the journal grows with what happens and not with its square. Its start()
 * fails with ERR_CORRUPT or ERR_VERSION when the state that it is given cannot be loaded.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_HOST_H
#define TUTTI_ACTORS_ROLES_HOST_H

#include "actors/system.h"
#include "base/instant.h"
#include "executors/executor.h"
#include "market/rate.h"

#define HOST_STATE_INTERVAL_NS NS_PER_S

enum { HOST_STATE_BYTES_MAX = 64 << 20 }; /* Memory for the tree of a state that is loaded. */

struct host_arguments {
    uint32_t executor; /* Its number. */
    const char *id;    /* Its own; that of the configuration may be absent. As config. */
    uint64_t epoch;    /* Of client order ids. */
    const struct executor_kind *kind;
    const struct executor_config *config; /* Borrowed until the host has ended. */
    const struct instrument *instruments[WAKE_MARKETS_MAX];
    struct rate_source rate; /* Of the quote asset of market 1 in that of market 0. */
    bool is_funded;          /* Its plan could be reserved. */
    bool is_durable;         /* A restart goes on with it. */
    const char *states; /* What it goes on from: the states that it has reported, each a line of
                         * JSON, borrowed for the call; NULL: it is new. */
    bool is_unrecorded; /* Nobody reads its reports' texts: they are "". */
};

extern const struct actor_class host_class; /* Arguments: struct host_arguments. */

#endif
