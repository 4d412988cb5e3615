#include "executors/plugin.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "executors/registry.h"

enum { PLUGIN_PATH_MAX = 4096 };

static const char plugin_symbol[] = "tutti_plugin";

static const struct executor_kind *plugin_kinds[PLUGIN_KINDS_MAX];
static size_t plugin_count;

size_t plugin_kind_count(void)
{
    return plugin_count;
}

const struct executor_kind *plugin_kind_at(size_t index)
{
    ASSERT(index < plugin_count);
    return plugin_kinds[index];
}

static enum err plugin_check_version(const char *path, const struct plugin *plugin,
                                     struct failure *failure)
{
    static const struct plugin ours = {PLUGIN_HEAD};
    if (plugin->abi != ours.abi) {
        return failure_set(failure, ERR_VERSION,
                           "%s: built for plugin version %u, this program has %u: build it again "
                           "with this program's headers",
                           path, plugin->abi, ours.abi);
    }
    if (plugin->kind_size != ours.kind_size || plugin->executor_size != ours.executor_size ||
        plugin->field_size != ours.field_size || plugin->view_size != ours.view_size ||
        plugin->requests_size != ours.requests_size) {
        return failure_set(failure, ERR_VERSION,
                           "%s: built with other headers than this program: build it again with "
                           "this program's headers",
                           path);
    }
    return ERR_NONE;
}

/* What every kind has to have; validate and on_update may be absent. */
static bool plugin_kind_is_complete(const struct executor_kind *kind)
{
    return kind->type != NULL && kind->summary != NULL && kind->config_fields != NULL &&
           kind->config_size >= sizeof(struct executor_config) &&
           kind->state_size >= sizeof(struct executor) && kind->market_count >= 1 &&
           kind->market_count <= WAKE_MARKETS_MAX && kind->market != NULL && kind->plan != NULL &&
           kind->on_start != NULL && kind->on_market != NULL && kind->on_order != NULL &&
           kind->on_stop != NULL && kind->wake != NULL && kind->report != NULL &&
           kind->custom_info != NULL && kind->save != NULL && kind->load != NULL &&
           (kind->on_update != NULL) == (kind->update_fields != NULL) &&
           (kind->on_update != NULL) == (kind->updatable != NULL);
}

/* Whether the kind at `index` has the type of one before it. */
static bool plugin_is_repeated(const struct plugin *plugin, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(plugin->kinds[i]->type, plugin->kinds[index]->type) == 0) {
            return true;
        }
    }
    return executor_kind_find(plugin->kinds[index]->type) != NULL;
}

static enum err plugin_check_kinds(const char *path, const struct plugin *plugin,
                                   struct failure *failure)
{
    if (plugin->kinds == NULL || plugin->kinds[0] == NULL) {
        return failure_set(failure, ERR_CORRUPT, "%s: the plugin has no executor kind", path);
    }
    for (size_t i = 0; plugin->kinds[i] != NULL; i++) {
        const struct executor_kind *kind = plugin->kinds[i];
        if (!plugin_kind_is_complete(kind)) {
            return failure_set(failure, ERR_CORRUPT,
                               "%s: executor kind %s lacks a function, a size or a table that "
                               "every kind has (executors/executor.h)",
                               path, kind->type != NULL ? kind->type : "without a type");
        }
        if (plugin_is_repeated(plugin, i)) {
            return failure_set(failure, ERR_EXISTS,
                               "%s: there is an executor kind %s already: give it another type",
                               path, kind->type);
        }
        if (plugin_count + i >= PLUGIN_KINDS_MAX) {
            return failure_set(failure, ERR_LIMIT, "%s: more than %d executor kinds in plugins",
                               path, PLUGIN_KINDS_MAX);
        }
    }
    return ERR_NONE;
}

/* True when these very kinds are there: the file was loaded before, maybe by another path. */
static bool plugin_is_loaded(const struct plugin *plugin)
{
    for (size_t i = 0; i < plugin_count; i++) {
        if (plugin->kinds != NULL && plugin_kinds[i] == plugin->kinds[0]) {
            return true;
        }
    }
    return false;
}

enum err plugin_add(const char *name, const struct plugin *plugin, struct failure *failure)
{
    enum err err = plugin_check_version(name, plugin, failure);
    if (err != ERR_NONE || plugin_is_loaded(plugin)) {
        return err;
    }
    err = plugin_check_kinds(name, plugin, failure);
    for (size_t i = 0; err == ERR_NONE && plugin->kinds[i] != NULL; i++) {
        plugin_kinds[plugin_count++] = plugin->kinds[i];
    }
    return err;
}

static enum err plugin_register(const char *path, const struct plugin *plugin,
                                struct failure *failure)
{
    return plugin != NULL
               ? plugin_add(path, plugin, failure)
               : failure_set(failure, ERR_SYNTAX, "%s: not a plugin: it has no symbol %s", path,
                             plugin_symbol);
}

enum err plugin_load(const char *path, struct failure *failure)
{
    /* Without a slash the system would search its library folders. */
    char place[PLUGIN_PATH_MAX];
    const int length =
        snprintf(place, sizeof(place), "%s%s", strchr(path, '/') == NULL ? "./" : "", path);
    if (length < 0 || (size_t)length >= sizeof(place)) {
        return failure_set(failure, ERR_IO, "%.64s...: the path is too long", path);
    }
    void *object = dlopen(place, RTLD_NOW | RTLD_LOCAL);
    if (object == NULL) {
        return failure_set(failure, ERR_IO, "%s: cannot be loaded: %s", path, dlerror());
    }
    const enum err err = plugin_register(path, dlsym(object, plugin_symbol), failure);
    if (err != ERR_NONE) {
        (void)dlclose(object);
    }
    return err;
}
