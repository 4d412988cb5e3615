/*
 * actors/roles/orchestrator_configs.h - what executors run with: their configurations and ids.
 *
 * Executors of one line of the run file that are created at the same time share a configuration:
 * a million of them have a few. Ids are their own and stand beside it. Both live until the run
 * ends.
 *
 * Threads: belongs to the orchestrator; what was given may be read by hosts.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_CONFIGS_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_CONFIGS_H

#include "actors/run_config.h"
#include "base/arena.h"
#include "executors/factory.h"

struct orchestrator;
struct executor_entry;

struct configs {
    struct arena arena;                   /* Of configurations, ids and what pairs need more. */
    const struct executor_config *origin; /* Borrowed from the run file: whose copy `last` is. */
    const struct executor_config *last;   /* In the arena; NULL: none yet. */
};

/* A new id, unique for ever. */
void configs_make_id(struct orchestrator *orch, char out[EXECUTOR_ID_MAX + 1]);

/* Gives a new entry, whose owner is known, its id (NULL: the configuration's, or a new one) and its
 * configuration with the executor's clock. ERR_MEMORY. */
MUST_USE enum err configs_give(struct orchestrator *orch, const struct executor_section *section,
                               const char *id, struct executor_entry *entry);

/* Prints the configuration with the executor's own id as JSON. */
void configs_print(const struct executor_entry *entry, struct text *out);

#endif
