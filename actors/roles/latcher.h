/*
 * actors/roles/latcher.h - the latcher actor: writes risk states to disk ahead of the journal.
 *
 * It blocks while it writes, so it has a thread of its own. What it cannot write it does not
 * acknowledge: whoever waits then waits for the journal.
 *
 * Threads: an actor.
 */
#ifndef TUTTI_ACTORS_ROLES_LATCHER_H
#define TUTTI_ACTORS_ROLES_LATCHER_H

#include "actors/risk_latch_file.h"
#include "actors/system.h"

/* Body of MESSAGE_LATCH: every scope that is not ACTIVE. */
struct message_latch {
    uint64_t seq; /* Of the record that says the same. */
    bool is_over; /* The journal has it: nothing needs to be on disk beside it. */
    uint32_t count;
    struct risk_latch latches[];
};

/* Body of MESSAGE_LATCHED: they are on disk. */
struct message_latched {
    uint64_t seq;
};

struct latcher_arguments {
    const char *database; /* Borrowed for the run. */
};

extern const struct actor_class latcher_class; /* Arguments: struct latcher_arguments. */

#endif
