#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/simulation/disk_parts.h"

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags,
                    int *ret_flags)
{
    (void)vfs;
    struct disk_handle *handle = (struct disk_handle *)base;
    handle->base.pMethods = NULL;
    if (disk.is_ownerless && name != NULL) {
        return SQLITE_CANTOPEN;
    }
    *handle = (struct disk_handle){.life = disk.life, .is_temporary = name == NULL};
    if (name == NULL) {
        handle->file = calloc(1, sizeof(*handle->file));
        ASSERT(handle->file != NULL);
    } else {
        handle->file = disk_find(name);
        if (handle->file == NULL && (flags & SQLITE_OPEN_CREATE) == 0) {
            return SQLITE_CANTOPEN;
        }
        handle->file = handle->file != NULL ? handle->file : disk_create(name);
    }
    handle->base.pMethods = &disk_handle_methods;
    if (ret_flags != NULL) {
        *ret_flags = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int is_synced)
{
    (void)vfs;
    (void)is_synced;
    struct disk_file *file = disk_find(name);
    if (disk.is_ownerless) {
        return SQLITE_IOERR_DELETE;
    }
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    disk_file_clear(file);
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_is_there)
{
    (void)vfs;
    (void)flags;
    const struct disk_file *file = disk_find(name);
    *ret_is_there = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->size > 0);
    return SQLITE_OK;
}

static int vfs_full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    (void)vfs;
    (void)sqlite3_snprintf(size, out, "%s", name);
    return SQLITE_OK;
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    for (int i = 0; i < size; i++) {
        out[i] = (char)prng_next(&disk.prng);
    }
    return size;
}

static int vfs_sleep(sqlite3_vfs *vfs, int microseconds)
{
    (void)vfs;
    return microseconds;
}

static int vfs_time(sqlite3_vfs *vfs, sqlite3_int64 *ret_ms)
{
    (void)vfs;
    *ret_ms = INT64_C(210866760000000);
    return SQLITE_OK;
}

static int vfs_last_error(sqlite3_vfs *vfs, int size, char *out)
{
    (void)vfs;
    (void)size;
    (void)out;
    return 0;
}

void disk_install(void)
{
    static sqlite3_vfs vfs = {
        .iVersion = 2,
        .szOsFile = sizeof(struct disk_handle),
        .mxPathname = DISK_NAME_MAX,
        .zName = "simulation",
        .xOpen = vfs_open,
        .xDelete = vfs_delete,
        .xAccess = vfs_access,
        .xFullPathname = vfs_full_name,
        .xRandomness = vfs_random,
        .xSleep = vfs_sleep,
        .xGetLastError = vfs_last_error,
        .xCurrentTimeInt64 = vfs_time,
    };
    const int code = sqlite3_vfs_register(&vfs, 1);
    ASSERT(code == SQLITE_OK);
}
