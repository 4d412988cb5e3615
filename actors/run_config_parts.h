/*
 * actors/run_config_parts.h - what the files that read a run file share.
 *
 * run_config.c reads it and checks instruments, executors and the rest, run_config_venues.c the
 * venues and the feeds, which have to fit each other.
 *
 * Threads: belongs to the thread that loads.
 */
#ifndef TUTTI_ACTORS_RUN_CONFIG_PARTS_H
#define TUTTI_ACTORS_RUN_CONFIG_PARTS_H

#include "actors/run_config.h"

/* One pass over the file's sections while their references are checked. */
struct run_check {
    struct run_config *config;
    const struct node *root;
    struct problems *problems;
};

/* Adds a problem about `key` of the index-th item of a section. */
void run_check_add(const struct run_check *check, const char *section, size_t index,
                   const char *key, const char *message);

/* Whether a name has 1 to NAME_MAX_LENGTH characters. */
bool run_check_name(const char *name);

void run_check_venues(const struct run_check *check);

/* Needs the instruments. Fills which instrument each feed is for. ERR_MEMORY. */
MUST_USE enum err run_check_feeds(const struct run_check *check);

#endif
