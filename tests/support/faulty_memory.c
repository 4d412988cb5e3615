#include "tests/support/faulty_memory.h"

#include <nng/nng.h>
#include <sqlite3.h>
#include <stddef.h>
#include <string.h>

#include "base/assert.h"

static struct {
    uint64_t left; /* Allocations before the one that is refused; meaningful when armed. */
    bool is_armed;
    bool is_lasting;
    bool has_refused;
    sqlite3_mem_methods sqlite;
} memory;

static bool memory_is_refused(void)
{
    if (!memory.is_armed || --memory.left > 0) {
        return false;
    }
    memory.has_refused = true;
    memory.is_armed = memory.is_lasting;
    memory.left = 1;
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
}

void faulty_memory_arm(uint64_t nth, bool is_lasting)
{
    ASSERT(nth >= 1);
    memory.left = nth;
    memory.is_lasting = is_lasting;
    memory.has_refused = false;
    memory.is_armed = true;
}

bool faulty_memory_disarm(void)
{
    memory.is_armed = false;
    return memory.has_refused;
}
