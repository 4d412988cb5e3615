/*
 * config/node.h - what YAML and JSON have in common: a tree of scalars, sequences and mappings.
 *
 * Both readers build this tree; the field tables read it. Scalars keep their text, so that a
 * number is exactly what the user wrote. Every node knows where it stands in its source.
 *
 * Ownership: nodes live in the arena they were read into and are immutable. A YAML alias is the
 * very node it names, so that a node may be reached along several paths.
 * Threads: immutable after reading, any thread.
 */
#ifndef TUTTI_CONFIG_NODE_H
#define TUTTI_CONFIG_NODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/text.h"
#include "config/problems.h"

enum node_kind { NODE_SCALAR, NODE_SEQUENCE, NODE_MAPPING };

struct node {
    enum node_kind kind;
    bool is_quoted;   /* Scalar only: it was written in quotes, so it is text and never null. */
    bool is_null;     /* Scalar only: null, ~ or nothing at all. */
    const char *text; /* Scalar only: NUL-terminated, without NUL bytes inside. */
    size_t length;
    int line;                  /* 1-based; 0 where the source has no lines. */
    int column;                /* 1-based. */
    size_t count;              /* Sequence, mapping: how many children. */
    const struct node **items; /* Sequence: children. Mapping: values. */
    const struct node **keys;  /* Mapping: scalar keys, same order as items. */
};

enum {
    NODE_BYTES_MAX = 1 << 20,    /* Longest accepted source, and most bytes out of variables. */
    NODE_DEPTH_MAX = 64,         /* Deepest nesting of a run file. */
    NODE_DEPTH_CONTROL_MAX = 32, /* Deepest nesting of a control request. */
    NODE_COUNT_MAX = 100000,     /* Most nodes of one source: keys and expanded aliases count. */
    NODE_ANCHORS_MAX = 1000,     /* Most anchors of one YAML source. */
};

/*
 * Reads one YAML document. `name` is the file's name for messages; afterwards problems->source is
 * what it was. Values ${VAR} and ${VAR:-default} (the default also for an empty variable) inside
 * plain and quoted scalars are replaced from the environment; $$ is a dollar sign, and so is a $
 * without a brace. Keys and block scalars (| and >) are left as they are. What a plain scalar
 * means is decided after the replacement; inside { } it needs quotes. Duplicate keys, unknown
 * variables, tags other than the core ones, an empty source, a second document and the limits above
 * are problems. ERR_NONE with *ret_root in `arena`, or ERR_SYNTAX / ERR_LIMIT / ERR_MEMORY with at
 * least one line in `problems`.
 */
MUST_USE enum err node_read_yaml(const char *name, const char *text, size_t length,
                                 struct arena *arena, struct problems *problems,
                                 const struct node **ret_root);

/*
 * Reads one JSON document strictly (RFC 8259): what cJSON would let pass - depth, duplicate keys,
 * trailing bytes, loose numbers, raw control characters, bytes that are not UTF-8 - is checked as
 * well. Numbers that a double cannot show exactly in 15 digits are a problem: they must come as
 * strings. depth_max is at most NODE_DEPTH_MAX. Lines are 0 in the result; problems of the text
 * itself have their line. Errors as above.
 */
MUST_USE enum err node_read_json(const char *name, const char *text, size_t length, int depth_max,
                                 struct arena *arena, struct problems *problems,
                                 const struct node **ret_root);

/* Reads a whole file and then node_read_yaml(), or node_read_json() for a name ending in .json.
 * Errors as above, and ERR_IO when the file cannot be read, with a line in `problems` too. */
MUST_USE enum err node_read_file(const char *path, struct arena *arena, struct problems *problems,
                                 const struct node **ret_root);

/* The value under `key` of a mapping, or NULL. NULL and non-mappings have no keys. */
const struct node *node_get(const struct node *mapping, const char *key);

/* The scalar text under `key`, or NULL when it is absent, null or not a scalar. */
const char *node_get_text(const struct node *mapping, const char *key);

/* Writes the tree as JSON: plain scalars that are numbers, true, false or null stay so, all else
 * becomes a string. node_read_json() reads it back to the same texts. */
void node_print_json(const struct node *node, struct text *out);

#endif
