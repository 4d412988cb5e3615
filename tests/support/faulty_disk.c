#include "tests/support/faulty_disk.h"

#include <sqlite3.h>
#include <stddef.h>

#include "base/assert.h"

/* SQLite allocates the file of the real disk right behind it. */
struct faulty_file {
    sqlite3_file file; /* First. */
    sqlite3_file *real;
};

static struct {
    sqlite3_vfs *real;
    struct disk_fault fault;
    bool is_armed;
    uint64_t failed;
    uint64_t counts[DISK_OPERATION_COUNT];
} disk;

/* Counts an operation; SQLITE_OK, or the error it fails with. */
static int disk_enter(enum disk_operation operation)
{
    const uint64_t count = ++disk.counts[operation];
    if (!disk.is_armed || operation != disk.fault.operation || count < disk.fault.nth ||
        (disk.fault.is_once && count > disk.fault.nth)) {
        return SQLITE_OK;
    }
    disk.failed++;
    return disk.fault.code;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct faulty_file *)file)->real;
}

static int disk_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int disk_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 offset)
{
    const int code = disk_enter(DISK_READ);
    return code != SQLITE_OK ? code
                             : real_of(file)->pMethods->xRead(real_of(file), bytes, size, offset);
}

static int disk_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 offset)
{
    sqlite3_file *real = real_of(file);
    const int code = disk_enter(DISK_WRITE);
    if (code != SQLITE_OK && disk.fault.is_short) {
        (void)real->pMethods->xWrite(real, bytes, size / 2, offset);
    }
    return code != SQLITE_OK ? code : real->pMethods->xWrite(real, bytes, size, offset);
}

static int disk_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int disk_sync(sqlite3_file *file, int flags)
{
    const int code = disk_enter(DISK_SYNC);
    return code != SQLITE_OK ? code : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int disk_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int disk_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int disk_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int disk_reserved(sqlite3_file *file, int *is_reserved)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), is_reserved);
}

static int disk_control(sqlite3_file *file, int operation, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, argument);
}

static int disk_sector(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int disk_device(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int disk_map(sqlite3_file *file, int page, int size, int extends, void volatile **memory)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extends, memory);
}

static int disk_map_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, count, flags);
}

static void disk_map_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int disk_unmap(sqlite3_file *file, int deletes)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), deletes);
}

static const sqlite3_io_methods disk_methods = {
    .iVersion = 2, /* Without memory maps of the database itself. */
    .xClose = disk_close,
    .xRead = disk_read,
    .xWrite = disk_write,
    .xTruncate = disk_truncate,
    .xSync = disk_sync,
    .xFileSize = disk_size,
    .xLock = disk_lock,
    .xUnlock = disk_unlock,
    .xCheckReservedLock = disk_reserved,
    .xFileControl = disk_control,
    .xSectorSize = disk_sector,
    .xDeviceCharacteristics = disk_device,
    .xShmMap = disk_map,
    .xShmLock = disk_map_lock,
    .xShmBarrier = disk_map_barrier,
    .xShmUnmap = disk_unmap,
};

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                     int *ret_flags)
{
    (void)vfs;
    struct faulty_file *faulty = (struct faulty_file *)file;
    faulty->file.pMethods = NULL;
    faulty->real = (sqlite3_file *)(faulty + 1);
    int code = disk_enter(DISK_OPEN);
    if (code == SQLITE_OK) {
        code = disk.real->xOpen(disk.real, name, faulty->real, flags, ret_flags);
    }
    if (code == SQLITE_OK) {
        faulty->file.pMethods = &disk_methods;
    }
    return code;
}

void faulty_disk_install(void)
{
    static sqlite3_vfs vfs;
    disk.real = sqlite3_vfs_find(NULL);
    vfs = *disk.real;
    vfs.zName = "faulty";
    vfs.szOsFile = (int)sizeof(struct faulty_file) + disk.real->szOsFile;
    vfs.xOpen = disk_open;
    vfs.pNext = NULL;
    const int code = sqlite3_vfs_register(&vfs, 1);
    ASSERT(code == SQLITE_OK);
}

static void disk_reset(void)
{
    disk.failed = 0;
    for (int i = 0; i < DISK_OPERATION_COUNT; i++) {
        disk.counts[i] = 0;
    }
}

void faulty_disk_arm(const struct disk_fault *fault)
{
    disk_reset();
    disk.fault = *fault;
    disk.is_armed = true;
}

uint64_t faulty_disk_disarm(void)
{
    const uint64_t failed = disk.failed;
    disk_reset();
    disk.is_armed = false;
    return failed;
}

uint64_t faulty_disk_count(enum disk_operation operation)
{
    return disk.counts[operation];
}
