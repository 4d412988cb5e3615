#include "executors/registry.h"

#include <string.h>

#include "executors/plugin.h"

#define EXECUTOR_KIND_ADDRESS(name) &executor_kind_##name,
static const struct executor_kind *const executor_kinds[] = {EXECUTOR_KINDS(EXECUTOR_KIND_ADDRESS)};
#undef EXECUTOR_KIND_ADDRESS

enum { EXECUTOR_BUILTIN_COUNT = sizeof(executor_kinds) / sizeof(executor_kinds[0]) };

size_t executor_kind_count(void)
{
    return EXECUTOR_BUILTIN_COUNT + plugin_kind_count();
}

const struct executor_kind *executor_kind_at(size_t index)
{
    ASSERT(index < executor_kind_count());
    return index < EXECUTOR_BUILTIN_COUNT ? executor_kinds[index]
                                          : plugin_kind_at(index - EXECUTOR_BUILTIN_COUNT);
}

const struct executor_kind *executor_kind_find(const char *type)
{
    for (size_t i = 0; i < executor_kind_count(); i++) {
        if (strcmp(executor_kind_at(i)->type, type) == 0) {
            return executor_kind_at(i);
        }
    }
    return NULL;
}
