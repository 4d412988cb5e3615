/*
 * base/arena.h - memory that is given back all at once.
 *
 * What is read from a file (configurations, trees) is allocated here piece by piece and freed with
 * the arena. Memory comes zeroed and aligned for any type.
 *
 * Threads: an arena belongs to one thread while it grows; what it holds may be read by all.
 */
#ifndef TUTTI_BASE_ARENA_H
#define TUTTI_BASE_ARENA_H

#include <stddef.h>

#include "base/err.h"

struct arena_block;
struct arena {
    struct arena_block *blocks; /* Owned. */
    size_t used_total;          /* Bytes handed out. */
    size_t limit;               /* Largest used_total; 0 means no limit. */
};

void arena_init(struct arena *arena, size_t limit);
void arena_done(struct arena *arena);

/* Zeroed memory, or NULL when the limit is reached or the system has none. */
void *arena_take(struct arena *arena, size_t size);

/* A NUL-terminated copy of `length` bytes, or NULL as arena_take(). */
char *arena_copy(struct arena *arena, const char *bytes, size_t length);

#endif
