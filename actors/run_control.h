/*
 * actors/run_control.h - the control section of a run file: what is wrong with it, and its secrets.
 *
 * Threads: one at a time.
 */
#ifndef TUTTI_ACTORS_RUN_CONTROL_H
#define TUTTI_ACTORS_RUN_CONTROL_H

#include "actors/link_secrets.h"
#include "actors/run_config.h"

/* Adds what the field table cannot say: addresses that cannot be read, and ones that others can
 * reach without TLS. `root` is the tree of the run file. */
void run_control_check(const struct control_section *section, const struct node *root,
                       struct problems *problems);

/* Who is told about new secrets; they are not to be kept. */
typedef void run_secrets_made(void *context, const char *path,
                              const struct link_secret_texts *texts);

struct run_control_secrets {
    const char *path;       /* control.secrets; NULL: beside the database. */
    const char *database;   /* NULL: the run keeps none. */
    const char *run_name;   /* Names the file then. */
    const uint8_t *entropy; /* LINK_ENTROPY_BYTES random bytes for new ones; NULL: make none. */
    run_secrets_made *on_made;
    void *context;
};

/* Reads the secrets, or makes them when there are none. Errors as link_secrets_load(). */
MUST_USE enum err run_control_secrets_open(const struct run_control_secrets *given,
                                           struct link_secrets *ret_secrets,
                                           struct failure *failure);

#endif
