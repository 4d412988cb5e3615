/*
 * config/node_build.h - what the YAML and the JSON reader share while they build a tree.
 *
 * Internal to config/.
 *
 * Threads: as config/node.h.
 */
#ifndef TUTTI_CONFIG_NODE_BUILD_H
#define TUTTI_CONFIG_NODE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "config/node.h"

enum { NODE_EXCERPT_MAX = 64 };

/* A place in a source, both 1-based. */
struct node_place {
    int line;
    int column; /* In characters, not in bytes. */
};

/* The place of the byte at `offset` of a UTF-8 text. */
struct node_place node_place_of(const char *text, size_t offset);

/* How many bytes at the start are UTF-8 (RFC 3629) without NUL. */
size_t node_utf8_length(const char *text, size_t length);

/* ERR_NONE when a parser may see the source: at most NODE_BYTES_MAX bytes of UTF-8 without NUL
 * and more than nothing. Else ERR_LIMIT or ERR_SYNTAX with one problem added. */
MUST_USE enum err node_check_source(const char *text, size_t length, struct problems *problems);

/* Appends a child; `key` is NULL for a sequence. ERR_MEMORY leaves the parent as it was. */
MUST_USE enum err node_append(struct node *parent, const struct node *key, const struct node *item,
                              struct arena *arena);

/* Adds a problem for every key that stands in `mapping` again. ERR_NONE (also with problems) or
 * ERR_MEMORY. */
MUST_USE enum err node_check_keys(const struct node *mapping, const char *path, struct arena *arena,
                                  struct problems *problems);

/* ERR_MEMORY, with its problem added. */
MUST_USE enum err node_out_of_memory(struct problems *problems);

/* Writes `"text"` for a message, cut off between two characters when it is long. */
void node_excerpt(const char *text, size_t length, char out[NODE_EXCERPT_MAX]);

/* True for a number as JSON writes it that keeps its value in a double: at most 15 significant
 * digits and an exponent of at most 200. */
bool node_is_json_number(const char *text, size_t length);

/* Checks what cJSON does not: depth before it recurses, number of nodes, numbers, strings and
 * characters between them. ERR_NONE, ERR_SYNTAX or ERR_LIMIT with the first problem added. */
MUST_USE enum err node_scan_json(const char *text, size_t length, int depth_max,
                                 struct problems *problems);

/*
 * Appends `text` to `out` with its ${VAR}, ${VAR:-default} and $$ replaced. ERR_SYNTAX for a
 * broken reference, ERR_NOT_FOUND for a variable that is not set, ERR_LIMIT when out grows beyond
 * NODE_BYTES_MAX; then *failure says what. Failed allocations are seen in text_failed(out).
 */
MUST_USE enum err node_expand(const char *text, size_t length, struct text *out,
                              struct failure *failure);

#endif
