/*
 * tests/support/faulty_disk.h - a disk under SQLite whose n-th operation fails.
 *
 * It becomes SQLite's default, does what the real one does, and counts. Armed with a fault, the
 * n-th operation of that kind and, where the disk is to stay broken, all that follow return its
 * error without being done.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SUPPORT_FAULTY_DISK_H
#define TUTTI_TESTS_SUPPORT_FAULTY_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum disk_operation { DISK_READ, DISK_WRITE, DISK_SYNC, DISK_OPEN, DISK_OPERATION_COUNT };

struct disk_fault {
    enum disk_operation operation;
    uint64_t nth;  /* From 1. */
    int code;      /* What SQLite is told, e.g. SQLITE_IOERR_FSYNC. */
    bool is_once;  /* The disk is well again afterwards; else it stays broken. */
    bool is_short; /* DISK_WRITE: half of it is written before. */
};

/* Once per process, before SQLite is used. */
void faulty_disk_install(void);

/* Begins to count anew. */
void faulty_disk_arm(const struct disk_fault *fault);

/* The disk is well. Returns how many operations have failed. */
uint64_t faulty_disk_disarm(void);

/* How many operations of a kind there were since it was armed or disarmed last. */
uint64_t faulty_disk_count(enum disk_operation operation);

#endif
