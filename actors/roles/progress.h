/*
 * actors/roles/progress.h - the progress actor: tells the program how far a run has come.
 *
 * Threads: an actor; the callback runs on its thread.
 */
#ifndef TUTTI_ACTORS_ROLES_PROGRESS_H
#define TUTTI_ACTORS_ROLES_PROGRESS_H

#include <stdint.h>

#include "actors/system.h"

/* rows of rows_total are done; market time has come to now_ns. */
typedef void progress_callback(void *context, uint64_t rows, uint64_t rows_total, int64_t now_ns);

struct progress_arguments {
    progress_callback *callback;
    void *context; /* Borrowed. */
};

extern const struct actor_class progress_class; /* Arguments: struct progress_arguments. */

#endif
