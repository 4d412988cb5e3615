#include "tests/support/faulty_memory.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <nng/nng.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

static struct {
    _Atomic(int64_t) left; /* Allocations before the one that is refused; meaningful when armed. */
    _Atomic(bool) is_armed;
    _Atomic(bool) has_refused;
    _Atomic(bool) is_lasting;
    sqlite3_mem_methods sqlite;
} memory;

static bool memory_is_refused(void)
{
    if (!atomic_load(&memory.is_armed)) {
        return false;
    }
    const int64_t left = atomic_fetch_sub(&memory.left, 1);
    if (left > 1 || (left < 1 && !atomic_load(&memory.is_lasting))) {
        return false;
    }
    atomic_store(&memory.has_refused, true);
    errno = ENOMEM; /* As malloc() says it. */
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_reallocarray(void *block, size_t count, size_t size);
char *__real_strdup(const char *text);
int __real_nng_msg_alloc(nng_msg **message, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_reallocarray(void *block, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_nng_msg_alloc(nng_msg **message, size_t size);

void *__wrap_malloc(size_t size)
{
    return memory_is_refused() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return memory_is_refused() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return memory_is_refused() ? NULL : __real_realloc(block, size);
}

void *__wrap_reallocarray(void *block, size_t count, size_t size)
{
    return memory_is_refused() ? NULL : __real_reallocarray(block, count, size);
}

char *__wrap_strdup(const char *text)
{
    return memory_is_refused() ? NULL : __real_strdup(text);
}

int __wrap_nng_msg_alloc(nng_msg **message, size_t size)
{
    return memory_is_refused() ? NNG_ENOMEM : __real_nng_msg_alloc(message, size);
}

/* libyaml calls these by name, so that the executable's own definitions come first. */
void *yaml_malloc(size_t size);
void *yaml_realloc(void *block, size_t size);
char *yaml_strdup(const char *text);

void *yaml_malloc(size_t size)
{
    return malloc(size > 0 ? size : 1);
}

void *yaml_realloc(void *block, size_t size)
{
    return realloc(block, size > 0 ? size : 1);
}

char *yaml_strdup(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void *memory_cjson_malloc(size_t size)
{
    return malloc(size);
}

static void *memory_sqlite_malloc(int size)
{
    return memory_is_refused() ? NULL : memory.sqlite.xMalloc(size);
}

static void *memory_sqlite_realloc(void *block, int size)
{
    return memory_is_refused() ? NULL : memory.sqlite.xRealloc(block, size);
}

void faulty_memory_install(void)
{
    int code = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory.sqlite);
    ASSERT(code == SQLITE_OK);
    sqlite3_mem_methods methods = memory.sqlite;
    methods.xMalloc = memory_sqlite_malloc;
    methods.xRealloc = memory_sqlite_realloc;
    code = sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
    ASSERT(code == SQLITE_OK);
    cJSON_InitHooks(&(cJSON_Hooks){.malloc_fn = memory_cjson_malloc, .free_fn = free});
}

void faulty_memory_arm(uint64_t nth, bool is_lasting)
{
    ASSERT(nth >= 1);
    atomic_store(&memory.is_lasting, is_lasting);
    atomic_store(&memory.left, (int64_t)nth);
    atomic_store(&memory.has_refused, false);
    atomic_store(&memory.is_armed, true);
}

bool faulty_memory_disarm(void)
{
    atomic_store(&memory.is_armed, false);
    return atomic_load(&memory.has_refused);
}
