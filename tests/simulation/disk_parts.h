/*
 * tests/simulation/disk_parts.h - what the files of the disk share.
 *
 * disk.c keeps files and lets them crash, disk_handle.c is what SQLite calls of an open file,
 * disk_vfs.c what it calls of the disk.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_DISK_PARTS_H
#define TUTTI_TESTS_SIMULATION_DISK_PARTS_H

#include <sqlite3.h>

#include "tests/simulation/disk.h"

enum {
    DISK_FILES_MAX = 8,
    DISK_NAME_MAX = 256,
    DISK_SECTOR = 512,
    DISK_REGIONS_MAX = 64, /* Of shared memory, 32 KiB each. */
    DISK_FULL_MAX_S = 4,   /* How long there is no room, at most. */
};

struct disk_file {
    char name[DISK_NAME_MAX]; /* "": free, or of a temporary file. */
    unsigned char *bytes;     /* Owned: as written. */
    unsigned char *synced;    /* Owned: what outlives a power cut. */
    unsigned char *dirty;     /* Owned, per sector: written since it was synced. */
    size_t size;
    size_t synced_size;
    size_t capacity;
    void *regions[DISK_REGIONS_MAX];    /* Owned: shared memory of the write-ahead log. */
    int shared_locks[SQLITE_SHM_NLOCK]; /* How many hold it; -1: one alone. */
    unsigned readers;                   /* Handles with a lock of SHARED or more. */
    const void *writer;                 /* The handle with RESERVED or more. */
    bool is_exclusive;
};

struct disk_handle {
    sqlite3_file base;
    struct disk_file *file;
    uint64_t life; /* Of the disk when it was opened. */
    int lock;
    uint16_t shared; /* Bits of shared memory locks. */
    uint16_t alone;
    bool is_temporary;
};

struct disk {
    struct disk_file files[DISK_FILES_MAX];
    struct chances *chances;
    struct prng prng;
    uint64_t life;
    uint64_t operations;
    uint64_t crash_at; /* 0: not. */
    bool is_power_cut; /* Of that crash. */
    bool has_crashed;
    bool is_ownerless; /* Between a crash and disk_revive(): nobody opens or deletes anything. */
    int64_t full_until_ns;
};

extern struct disk disk; /* The one there is. */

/* Room for so many bytes. */
void disk_file_reserve(struct disk_file *file, size_t size);

/* The file is gone. */
void disk_file_clear(struct disk_file *file);

/* Forgets what was shared between handles. */
void disk_file_drop_memory(struct disk_file *file);

/* What is on the disk now is all there is. */
void disk_file_sync(struct disk_file *file);

/* NULL when there is none. */
struct disk_file *disk_find(const char *name);
struct disk_file *disk_create(const char *name);

/* Counts a write or a sync. False: the owner of the handle is dead, maybe by this very one. */
bool disk_operate(const struct disk_handle *handle);

static inline bool disk_handle_is_dead(const struct disk_handle *handle)
{
    return handle->life != disk.life && !handle->is_temporary;
}

extern const sqlite3_io_methods disk_handle_methods;

#endif
