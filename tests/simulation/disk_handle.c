#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/instant.h"
#include "tests/simulation/disk_parts.h"

static int handle_unlock(sqlite3_file *base, int lock)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    struct disk_file *file = handle->file;
    if (disk_handle_is_dead(handle) || handle->lock <= lock) {
        return SQLITE_OK;
    }
    if (file->writer == handle) {
        file->is_exclusive = false;
        file->writer = lock >= SQLITE_LOCK_RESERVED ? handle : NULL;
    }
    if (lock == SQLITE_LOCK_NONE) {
        file->readers--;
    }
    handle->lock = lock;
    return SQLITE_OK;
}

static int handle_lock(sqlite3_file *base, int lock)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    struct disk_file *file = handle->file;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_IOERR_LOCK;
    }
    const bool is_others = file->writer != NULL && file->writer != handle;
    if (handle->lock >= lock) {
        return SQLITE_OK;
    }
    if ((lock == SQLITE_LOCK_SHARED && is_others && file->is_exclusive) ||
        (lock >= SQLITE_LOCK_RESERVED && is_others) ||
        (lock == SQLITE_LOCK_EXCLUSIVE && file->readers > 1)) {
        return SQLITE_BUSY;
    }
    file->readers += handle->lock == SQLITE_LOCK_NONE ? 1 : 0;
    file->writer = lock >= SQLITE_LOCK_RESERVED ? handle : file->writer;
    file->is_exclusive = lock == SQLITE_LOCK_EXCLUSIVE || file->is_exclusive;
    handle->lock = lock;
    return SQLITE_OK;
}

static int handle_check_lock(sqlite3_file *base, int *ret_is_reserved)
{
    const struct disk_handle *handle = (const struct disk_handle *)base;
    *ret_is_reserved = !disk_handle_is_dead(handle) && handle->file->writer != NULL;
    return SQLITE_OK;
}

static void handle_shm_release(struct disk_handle *handle, int first, int count)
{
    for (int i = first; i < first + count; i++) {
        const uint16_t bit = (uint16_t)(1u << i);
        if (handle->alone & bit) {
            handle->file->shared_locks[i] = 0;
        } else if (handle->shared & bit) {
            handle->file->shared_locks[i]--;
        }
        handle->alone = (uint16_t)(handle->alone & ~bit);
        handle->shared = (uint16_t)(handle->shared & ~bit);
    }
}

static int handle_shm_lock(sqlite3_file *base, int first, int count, int flags)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_IOERR_SHMLOCK;
    }
    int *locks = handle->file->shared_locks;
    if (flags & SQLITE_SHM_UNLOCK) {
        handle_shm_release(handle, first, count);
        return SQLITE_OK;
    }
    const bool is_alone = (flags & SQLITE_SHM_EXCLUSIVE) != 0;
    for (int i = first; i < first + count; i++) {
        const bool is_mine = ((handle->shared | handle->alone) & (1u << i)) != 0;
        if (is_mine ? is_alone && locks[i] > 1 : locks[i] < 0 || (is_alone && locks[i] > 0)) {
            return SQLITE_BUSY;
        }
    }
    for (int i = first; i < first + count; i++) {
        const uint16_t bit = (uint16_t)(1u << i);
        if (is_alone) {
            locks[i] = -1;
            handle->alone |= bit;
        } else if (!(handle->shared & bit)) {
            locks[i]++;
            handle->shared |= bit;
        }
    }
    return SQLITE_OK;
}

static int handle_shm_map(sqlite3_file *base, int region, int size, int extend,
                          void volatile **ret_memory)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    *ret_memory = NULL;
    if (disk_handle_is_dead(handle) || region >= DISK_REGIONS_MAX) {
        return SQLITE_IOERR_SHMMAP;
    }
    void **memory = &handle->file->regions[region];
    if (*memory == NULL && extend) {
        *memory = calloc(1, (size_t)size);
        ASSERT(*memory != NULL);
    }
    *ret_memory = *memory;
    return SQLITE_OK;
}

static void handle_shm_barrier(sqlite3_file *base)
{
    (void)base;
}

static int handle_shm_unmap(sqlite3_file *base, int is_deleted)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_OK;
    }
    handle_shm_release(handle, 0, SQLITE_SHM_NLOCK);
    if (is_deleted) {
        disk_file_drop_memory(handle->file);
    }
    return SQLITE_OK;
}

static int handle_close(sqlite3_file *base)
{
    struct disk_handle *handle = (struct disk_handle *)base;
    (void)handle_unlock(base, SQLITE_LOCK_NONE);
    if (handle->is_temporary) {
        free(handle->file->bytes);
        free(handle->file->synced);
        free(handle->file->dirty);
        free(handle->file);
    }
    return SQLITE_OK;
}

static int handle_read(sqlite3_file *base, void *bytes, int size, sqlite3_int64 offset)
{
    const struct disk_handle *handle = (const struct disk_handle *)base;
    const struct disk_file *file = handle->file;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_IOERR_READ;
    }
    const size_t start = (size_t)offset < file->size ? (size_t)offset : file->size;
    const size_t there = file->size - start < (size_t)size ? file->size - start : (size_t)size;
    if (there > 0) {
        memcpy(bytes, file->bytes + start, there);
    }
    memset((char *)bytes + there, 0, (size_t)size - there);
    return there == (size_t)size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

/* A file that grows needs room. */
static bool disk_is_full(const struct disk_handle *handle, size_t end)
{
    if (disk.chances == NULL || handle->is_temporary || end <= handle->file->size) {
        return false;
    }
    if (chance_strikes(disk.chances, CHANCE_DISK_FULL)) {
        disk.full_until_ns = disk.chances->now_ns + chance_between(disk.chances, CHANCE_DISK_FULL,
                                                                   1, DISK_FULL_MAX_S * NS_PER_S);
    }
    return disk.chances->now_ns < disk.full_until_ns && !disk.chances->is_calm;
}

static int handle_write(sqlite3_file *base, const void *bytes, int size, sqlite3_int64 offset)
{
    const struct disk_handle *handle = (const struct disk_handle *)base;
    struct disk_file *file = handle->file;
    const size_t start = (size_t)offset;
    const size_t end = start + (size_t)size;
    if (!disk_operate(handle)) {
        return SQLITE_IOERR_WRITE;
    }
    if (disk_is_full(handle, end)) {
        return SQLITE_FULL;
    }
    disk_file_reserve(file, end + DISK_SECTOR);
    memcpy(file->bytes + start, bytes, (size_t)size);
    memset(file->dirty + start / DISK_SECTOR, 1, (end - 1) / DISK_SECTOR - start / DISK_SECTOR + 1);
    file->size = end > file->size ? end : file->size;
    return SQLITE_OK;
}

static int handle_truncate(sqlite3_file *base, sqlite3_int64 size)
{
    const struct disk_handle *handle = (const struct disk_handle *)base;
    struct disk_file *file = handle->file;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    if ((size_t)size < file->size) {
        memset(file->bytes + size, 0, file->size - (size_t)size);
        memset(file->dirty + (size_t)size / DISK_SECTOR, 1,
               (file->size - 1) / DISK_SECTOR - (size_t)size / DISK_SECTOR + 1);
        file->size = (size_t)size;
    }
    return SQLITE_OK;
}

static int handle_sync(sqlite3_file *base, int flags)
{
    (void)flags;
    const struct disk_handle *handle = (const struct disk_handle *)base;
    if (!disk_operate(handle) ||
        (disk.chances != NULL && chance_strikes(disk.chances, CHANCE_DISK_SYNC))) {
        return SQLITE_IOERR_FSYNC;
    }
    disk_file_sync(handle->file);
    return SQLITE_OK;
}

static int handle_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
    const struct disk_handle *handle = (const struct disk_handle *)base;
    if (disk_handle_is_dead(handle)) {
        return SQLITE_IOERR_FSTAT;
    }
    *ret_size = (sqlite3_int64)handle->file->size;
    return SQLITE_OK;
}

static int handle_control(sqlite3_file *base, int operation, void *argument)
{
    (void)base;
    (void)operation;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int handle_sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int handle_traits(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE; /* As a file system's: a write changes its own bytes.
                                              */
}

const sqlite3_io_methods disk_handle_methods = {
    .iVersion = 2,
    .xClose = handle_close,
    .xRead = handle_read,
    .xWrite = handle_write,
    .xTruncate = handle_truncate,
    .xSync = handle_sync,
    .xFileSize = handle_size,
    .xLock = handle_lock,
    .xUnlock = handle_unlock,
    .xCheckReservedLock = handle_check_lock,
    .xFileControl = handle_control,
    .xSectorSize = handle_sector_size,
    .xDeviceCharacteristics = handle_traits,
    .xShmMap = handle_shm_map,
    .xShmLock = handle_shm_lock,
    .xShmBarrier = handle_shm_barrier,
    .xShmUnmap = handle_shm_unmap,
};
