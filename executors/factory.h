/*
 * executors/factory.h - from a configuration's tree to a validated config struct.
 *
 * Unknown type, unknown field, wrong type, range: each is a problem with the path of the field.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_FACTORY_H
#define TUTTI_EXECUTORS_FACTORY_H

#include "base/arena.h"
#include "config/node.h"
#include "config/problems.h"
#include "executors/executor.h"

/*
 * Parses and validates one executor configuration. `path` is its path for messages, e.g.
 * "executors[3]". On ERR_NONE *ret_config lives in `arena`, begins with struct executor_config and
 * fits *ret_kind. ERR_SYNTAX with every problem added, ERR_MEMORY.
 */
MUST_USE enum err factory_parse(const struct node *node, const char *path, struct arena *arena,
                                struct problems *problems, const struct executor_kind **ret_kind,
                                const struct executor_config **ret_config);

/* Adds a problem with the member `key` of the mapping `node` that has `path`, or with the mapping
 * when it has none: how the validate of a kind names a field. */
void factory_add_problem(struct problems *problems, const struct node *node, const char *path,
                         const char *key, const char *message);

/* The side that a configuration names; 0 for a kind that has none. */
enum side executor_config_side(const struct executor_kind *kind,
                               const struct executor_config *config);

/* Writes which field of a configuration holds this very text, e.g. "buying_market.connector_name";
 * false: none does, and nothing is written. */
bool factory_find_text(const struct field *fields, const void *members, const char *text,
                       struct text *out);

/* True for 1 to EXECUTOR_ID_MAX characters of [A-Za-z0-9_.-]. */
bool executor_id_is_valid(const char *id);

/* The controller of fills of orders that nobody here has placed: no executor may name it. */
#define CONTROLLER_EXTERNAL "EXTERNAL"

/* The same, and not CONTROLLER_EXTERNAL. */
bool controller_id_is_valid(const char *id);

enum { EXECUTOR_ID_MAX = 63 };

#endif
