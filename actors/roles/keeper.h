/*
 * actors/roles/keeper.h - the persistence actor: the only writer of the journal.
 *
 * Records are appended as they come and committed when its mailbox is empty or KEEPER_GROUP_MAX of
 * them wait (lazy: appended and committed only then, and at the end of the run, so that on one
 * thread nobody waits for their text); only then their events go to the publisher and the
 * orchestrator hears of it. Commits block, so this actor has a thread of its own. Without a store
 * records are counted and forgotten: no event is made of them.
 *
 * A disk without room is waited for: records are held, in memory and in order, the orchestrator is
 * told so that nothing new goes out, and every KEEPER_RETRY_NS they are tried again. More than
 * KEEPER_HELD_MAX of them, and a lazy run, do not wait: that is final, as is every other error of
 * the store. The orchestrator is told then and nothing is written any more.
 *
 * Threads: an actor. The outcome is written while it runs and read after the run.
 */
#ifndef TUTTI_ACTORS_ROLES_KEEPER_H
#define TUTTI_ACTORS_ROLES_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "actors/system.h"
#include "persistence/store.h"

enum {
    KEEPER_GROUP_MAX = 1024,
    KEEPER_HELD_MAX = 1 << 18, /* Pages; the orchestrator stops far below: its window and a step. */
    KEEPER_HASH_TEXT_MAX = 65,
};

#define KEEPER_RETRY_NS (INT64_C(500) * 1000 * 1000) /* Real time. */

struct keeper_outcome {
    uint64_t committed;              /* Records that are durable. */
    uint64_t commits;                /* Groups. */
    char hash[KEEPER_HASH_TEXT_MAX]; /* SHA-256 over all events, one per line, in hex; "" unless
                                      * they were to be hashed. */
    struct failure failure;          /* code is ERR_NONE when all went well. */
};

struct keeper_arguments {
    struct store *store;        /* Moved: the actor closes it. NULL: nothing is recorded. */
    struct actor_ref publisher; /* ACTOR_NOBODY: nobody listens. */
    bool is_hashed; /* Nobody can read the events again later: hash them as they go by. */
    bool is_lazy;   /* Commit full groups and the end only: nobody waits for durability. */
    struct keeper_outcome *outcome; /* Borrowed. */
};

extern const struct actor_class keeper_class; /* Arguments: struct keeper_arguments. */

#endif
