#include "actors/roles/orchestrator_configs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_parts.h"

void configs_make_id(struct orchestrator *orch, char out[EXECUTOR_ID_MAX + 1])
{
    const uint64_t high = prng_next(&orch->prng);
    const uint64_t low = prng_next(&orch->prng);
    (void)snprintf(out, EXECUTOR_ID_MAX + 1, "%016llx%016llx", (unsigned long long)high,
                   (unsigned long long)low);
}

static enum err configs_give_id(struct orchestrator *orch, const char *given,
                                struct executor_entry *entry)
{
    char made[EXECUTOR_ID_MAX + 1];
    if (given == NULL) {
        configs_make_id(orch, made);
        given = made;
    }
    entry->id = arena_copy(&orch->configs.arena, given, strnlen(given, EXECUTOR_ID_MAX));
    return entry->id != NULL ? ERR_NONE : ERR_MEMORY;
}

/* A copy with what may be left out: the executor's clock. NULL: no memory. */
static struct executor_config *configs_copy(struct orchestrator *orch,
                                            const struct executor_section *section)
{
    const size_t size = section->kind->config_size;
    struct executor_config *config = arena_take(&orch->configs.arena, size);
    if (config == NULL) {
        return NULL;
    }
    memcpy(config, section->config, size);
    if (!config->has_timestamp) {
        config->has_timestamp = true;
        config->timestamp_ns = orch->now_ns;
    }
    return config;
}

/* Whether the last one is what the section says at this instant. */
static bool configs_is_same(const struct orchestrator *orch, const struct executor_config *origin)
{
    const struct configs *configs = &orch->configs;
    return configs->origin == origin &&
           (origin->has_timestamp || configs->last->timestamp_ns == orch->now_ns);
}

enum err configs_give(struct orchestrator *orch, const struct executor_section *section,
                      const char *id, struct executor_entry *entry)
{
    const struct executor_config *origin = section->config;
    if (configs_give_id(orch, id != NULL ? id : origin->id, entry) != ERR_NONE) {
        return ERR_MEMORY;
    }
    if (entry->owner == NULL && configs_is_same(orch, origin)) {
        entry->config = orch->configs.last;
        return ERR_NONE;
    }
    struct executor_config *config = configs_copy(orch, section);
    if (config == NULL) {
        return ERR_MEMORY;
    }
    if (entry->owner != NULL) {
        config->controller_id = entry->owner->controller_id;
    } else {
        orch->configs.origin = origin;
        orch->configs.last = config;
    }
    entry->config = config;
    return ERR_NONE;
}

void configs_print(const struct executor_entry *entry, struct text *out)
{
    const size_t size = entry->kind->config_size;
    struct executor_config *named = malloc(size);
    if (named == NULL) {
        out->failed = true;
        return;
    }
    memcpy(named, entry->config, size);
    named->id = entry->id;
    field_print_json(entry->kind->config_fields, named, out);
    free(named);
}
