/*
 * actors/run_tapes.h - the recorded quotes of a run, opened once.
 *
 * Tapes are immutable, so that any number of runs of the same feeds can share one struct run_tapes.
 *
 * Threads: open and close from one thread; what is open may be read by all.
 */
#ifndef TUTTI_ACTORS_RUN_TAPES_H
#define TUTTI_ACTORS_RUN_TAPES_H

#include "actors/run_config.h"
#include "market/tape.h"

struct run_tapes {
    struct tape **items; /* Owned, one per feed of the run file. */
    size_t count;
};

/*
 * Opens the tape of every feed and makes those that are missing; `progress` (may be NULL) is
 * called with `context` while one is made. Errors name the file, the cause and the next step:
 * ERR_MEMORY, ERR_RANGE for a file without quotes, ERR_IO for everything else that is wrong with
 * one. Nothing is open after an error.
 */
MUST_USE enum err run_tapes_open(const struct run_config *config, tape_progress *progress,
                                 void *context, struct run_tapes *ret_tapes,
                                 struct failure *failure);

/* A zeroed struct is allowed; it becomes one. */
void run_tapes_close(struct run_tapes *tapes);

#endif
