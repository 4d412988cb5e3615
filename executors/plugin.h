/*
 * executors/plugin.h - executor kinds from a shared object, or from the program that embeds a run.
 *
 * A plugin is built against the installed headers and defines one symbol:
 *
 *     static const struct executor_kind *const kinds[] = {&executor_kind_mine, NULL};
 *     const struct plugin tutti_plugin = {PLUGIN_HEAD, .kinds = kinds};
 *
 * Its kinds then stand behind the built-in ones in the registry and are used in every way like
 * them. What they call (executor_place(), shutdown_step(), ...) is the program's own: a plugin
 * links no library of ours. A plugin stays loaded until the program ends.
 *
 * A plugin runs inside the program, with everything the program may do: load your own only.
 *
 * Threads: plugins are loaded before a run starts, from one thread; the kinds are const data.
 */
#ifndef TUTTI_EXECUTORS_PLUGIN_H
#define TUTTI_EXECUTORS_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "executors/executor.h"

/* Raised when a struct or a function that plugins see changes its meaning. */
#define PLUGIN_ABI 7

/* What a plugin was built with. The sizes tell a changed struct from an unchanged one even when
 * nobody has raised the number. */
#define PLUGIN_HEAD                                                               \
    .abi = PLUGIN_ABI, .kind_size = sizeof(struct executor_kind),                 \
    .executor_size = sizeof(struct executor), .field_size = sizeof(struct field), \
    .view_size = sizeof(struct executor_view), .requests_size = sizeof(struct executor_requests)

struct plugin {
    uint32_t abi;
    uint32_t kind_size;
    uint32_t executor_size;
    uint32_t field_size;
    uint32_t view_size;
    uint32_t requests_size;
    const struct executor_kind *const *kinds; /* Ends with NULL; at least one. */
};

enum { PLUGIN_KINDS_MAX = 32 }; /* Of all plugins together. */

/*
 * Loads the plugin at `path`; a path without a slash is a file of the working directory. One that
 * is loaded already is left as it is. ERR_IO when there is no such file or the system cannot load
 * it, ERR_SYNTAX when it has no symbol tutti_plugin, ERR_VERSION when it was built with other
 * headers, ERR_CORRUPT when a kind lacks a function, ERR_EXISTS when another kind has the type,
 * ERR_LIMIT for too many kinds. On an error none of its kinds is there.
 */
MUST_USE enum err plugin_load(const char *path, struct failure *failure);

/* Adds the kinds of a plugin that is linked into the program, without a file; `name` is for
 * messages. The plugin is borrowed for the life of the program. Errors as plugin_load(). */
MUST_USE enum err plugin_add(const char *name, const struct plugin *plugin,
                             struct failure *failure);

/* How many kinds are loaded, and the i-th of them, in the order of loading. */
size_t plugin_kind_count(void);
const struct executor_kind *plugin_kind_at(size_t index);

#endif
