#include "tests/simulation/disk.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "tests/simulation/disk_parts.h"

struct disk disk;

/* ---- Files ---- */

void disk_file_reserve(struct disk_file *file, size_t size)
{
    if (size <= file->capacity) {
        return;
    }
    size_t capacity = file->capacity != 0 ? file->capacity : 65536;
    while (capacity < size) {
        capacity *= 2;
    }
    file->bytes = realloc(file->bytes, capacity);
    file->synced = realloc(file->synced, capacity);
    file->dirty = realloc(file->dirty, capacity / DISK_SECTOR);
    ASSERT(file->bytes != NULL && file->synced != NULL && file->dirty != NULL);
    memset(file->bytes + file->capacity, 0, capacity - file->capacity);
    memset(file->synced + file->capacity, 0, capacity - file->capacity);
    memset(file->dirty + file->capacity / DISK_SECTOR, 0,
           (capacity - file->capacity) / DISK_SECTOR);
    file->capacity = capacity;
}

void disk_file_drop_memory(struct disk_file *file)
{
    for (size_t i = 0; i < DISK_REGIONS_MAX; i++) {
        free(file->regions[i]);
        file->regions[i] = NULL;
    }
}

/* Its memory is kept for the next one. */
void disk_file_clear(struct disk_file *file)
{
    disk_file_drop_memory(file);
    const size_t used = file->size > file->synced_size ? file->size : file->synced_size;
    if (used > 0) {
        memset(file->bytes, 0, used);
        memset(file->synced, 0, used);
        memset(file->dirty, 0, used / DISK_SECTOR + (used < file->capacity ? 1 : 0));
    }
    const struct disk_file empty = {.bytes = file->bytes,
                                    .synced = file->synced,
                                    .dirty = file->dirty,
                                    .capacity = file->capacity};
    *file = empty;
}

struct disk_file *disk_find(const char *name)
{
    for (size_t i = 0; i < DISK_FILES_MAX; i++) {
        if (disk.files[i].name[0] != '\0' && strcmp(disk.files[i].name, name) == 0) {
            return &disk.files[i];
        }
    }
    return NULL;
}

struct disk_file *disk_create(const char *name)
{
    ASSERT(strlen(name) < DISK_NAME_MAX);
    for (size_t i = 0; i < DISK_FILES_MAX; i++) {
        if (disk.files[i].name[0] == '\0') {
            (void)strncpy(disk.files[i].name, name, DISK_NAME_MAX - 1);
            return &disk.files[i];
        }
    }
    ASSERT(!"room for another file");
    return NULL;
}

/* ---- Crashes ---- */

/* One sector after a power cut: as synced, as written, or the one torn into the other. */
static void file_settle_sector(struct disk_file *file, size_t sector)
{
    const size_t start = sector * DISK_SECTOR;
    switch (prng_below(&disk.prng, 5)) {
    case 0:
    case 1:
        memcpy(file->bytes + start, file->synced + start, DISK_SECTOR);
        break;
    case 2: {
        const size_t torn = (size_t)prng_below(&disk.prng, DISK_SECTOR);
        memcpy(file->bytes + start + torn, file->synced + start + torn, DISK_SECTOR - torn);
        break;
    }
    default:
        break;
    }
}

static void file_settle(struct disk_file *file)
{
    /* All of it lost, none of it, or each sector by itself. */
    const uint64_t mood = prng_below(&disk.prng, 4);
    const size_t used = file->size > file->synced_size ? file->size : file->synced_size;
    const size_t sectors = (used + DISK_SECTOR - 1) / DISK_SECTOR;
    for (size_t i = 0; i < sectors && mood != 1; i++) {
        if (!file->dirty[i]) {
            continue;
        }
        if (mood == 0) {
            memcpy(file->bytes + i * DISK_SECTOR, file->synced + i * DISK_SECTOR, DISK_SECTOR);
        } else {
            file_settle_sector(file, i);
        }
    }
    if (mood != 1 && (mood == 0 || prng_below(&disk.prng, 2) == 0)) {
        const size_t size = file->synced_size;
        if (size < file->size) {
            memset(file->bytes + size, 0, file->size - size);
        }
        file->size = size;
    }
}

void disk_file_sync(struct disk_file *file)
{
    const size_t sectors = (file->size + DISK_SECTOR - 1) / DISK_SECTOR;
    for (size_t i = 0; i < sectors; i++) {
        if (file->dirty[i]) {
            memcpy(file->synced + i * DISK_SECTOR, file->bytes + i * DISK_SECTOR, DISK_SECTOR);
            file->dirty[i] = 0;
        }
    }
    if (file->synced_size > file->size) {
        memset(file->synced + file->size, 0, file->synced_size - file->size);
    }
    file->synced_size = file->size;
}

void disk_crash(bool is_power_cut)
{
    for (size_t i = 0; i < DISK_FILES_MAX; i++) {
        struct disk_file *file = &disk.files[i];
        if (file->name[0] == '\0') {
            continue;
        }
        if (is_power_cut) {
            file_settle(file);
            disk_file_sync(file);
        }
        disk_file_drop_memory(file);
        memset(file->shared_locks, 0, sizeof(file->shared_locks));
        file->readers = 0;
        file->writer = NULL;
        file->is_exclusive = false;
    }
    disk.life++;
    disk.crash_at = 0;
    disk.is_ownerless = true;
    disk.full_until_ns = 0;
}

void disk_revive(void)
{
    disk.is_ownerless = false;
}

void disk_crash_at(uint64_t nth, bool is_power_cut)
{
    disk.crash_at = nth == 0 ? 0 : disk.operations + nth;
    disk.is_power_cut = is_power_cut;
    disk.has_crashed = false;
}

bool disk_has_crashed(void)
{
    return disk.has_crashed;
}

uint64_t disk_operations(void)
{
    return disk.operations;
}

bool disk_has_synced(const void *bytes, size_t size)
{
    for (size_t i = 0; i < DISK_FILES_MAX; i++) {
        const struct disk_file *file = &disk.files[i];
        if (file->name[0] != '\0' && file->synced_size > 0 &&
            memmem(file->synced, file->synced_size, bytes, size) != NULL) {
            return true;
        }
    }
    return false;
}

void disk_format(struct chances *chances, uint64_t seed)
{
    for (size_t i = 0; i < DISK_FILES_MAX; i++) {
        disk_file_clear(&disk.files[i]);
    }
    disk.chances = chances;
    prng_init(&disk.prng, seed);
    disk.life++;
    disk.operations = 0;
    disk.crash_at = 0;
    disk.has_crashed = false;
    disk.is_ownerless = false;
    disk.full_until_ns = 0;
}

bool disk_operate(const struct disk_handle *handle)
{
    if (disk_handle_is_dead(handle)) {
        return false;
    }
    if (!handle->is_temporary && ++disk.operations == disk.crash_at) {
        disk.has_crashed = true;
        disk_crash(disk.is_power_cut);
        return false;
    }
    return true;
}
