/*
 * config/problems.h - everything that is wrong with a configuration, collected at once.
 *
 * A line reads "file:line:column: path: what, expected what (did you mean ...)". Whatever text of
 * the user it repeats, a problem stays on its one line: control characters are replaced.
 *
 * A path says where in the tree something stands: "executors[3].triple_barrier_config.stop_loss".
 *
 * Threads: belongs to one thread.
 */
#ifndef TUTTI_CONFIG_PROBLEMS_H
#define TUTTI_CONFIG_PROBLEMS_H

#include <stddef.h>

#include "base/err.h"
#include "base/text.h"

enum {
    PROBLEMS_MAX = 100,      /* Later ones are counted, not kept. */
    PROBLEMS_PATH_MAX = 256, /* Longer paths are cut off at their end. */
};

struct node;

struct problems {
    const char *source; /* Borrowed: the file's name, or e.g. "request". */
    struct text lines;  /* One problem per line, each ends in a newline. */
    size_t count;       /* All of them, also those beyond PROBLEMS_MAX. */
};

void problems_init(struct problems *problems, const char *source);
void problems_done(struct problems *problems);

/* Adds "source:line:column: path: message". `path` may be "" (then it and its colon are left
 * out); line 0 leaves the position out. */
void problems_add(struct problems *problems, int line, int column, const char *path,
                  const char *format, ...) FORMAT_LIKE_PRINTF(5, 6);

/* The name out of `candidates` (count of them) that `name` most likely meant: the smallest edit
 * distance, at most 2 and less than half the length. The letter case does not count. NULL when
 * none is near. */
const char *problems_suggest(const char *name, const char *const *candidates, size_t count);

/* Writes the path of the value under `key` of the mapping at `path`: "path.key", or "key" at the
 * root (path ""). `out` may not be `path`. */
void problems_path_key(const char *path, const char *key, char out[PROBLEMS_PATH_MAX]);

/* Writes the path of an element of the list at `path`: "path[index]". */
void problems_path_index(const char *path, size_t index, char out[PROBLEMS_PATH_MAX]);

#endif
