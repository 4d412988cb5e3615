#include "executors/registry.h"

#include <string.h>

#define EXECUTOR_KIND_ADDRESS(name) &executor_kind_##name,
static const struct executor_kind *const executor_kinds[] = {EXECUTOR_KINDS(EXECUTOR_KIND_ADDRESS)};
#undef EXECUTOR_KIND_ADDRESS

size_t executor_kind_count(void)
{
    return sizeof(executor_kinds) / sizeof(executor_kinds[0]);
}

const struct executor_kind *executor_kind_at(size_t index)
{
    ASSERT(index < executor_kind_count());
    return executor_kinds[index];
}

const struct executor_kind *executor_kind_find(const char *type)
{
    for (size_t i = 0; i < executor_kind_count(); i++) {
        if (strcmp(executor_kinds[i]->type, type) == 0) {
            return executor_kinds[i];
        }
    }
    return NULL;
}
