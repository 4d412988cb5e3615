/*
 * tests/simulation/disk.h - a disk in memory under SQLite that knows what was synced and what was
 * merely written.
 *
 * It becomes SQLite's default, so that the program's own stores and readers use it unchanged. A
 * crash keeps what was written (the process died), or, when the power went, what was synced and a
 * random part of the rest, sector by sector, the last one torn. Handles of before a crash are dead:
 * whatever their owner does with them while it is taken apart changes nothing.
 *
 * A deleted file is gone for good at once.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_DISK_H
#define TUTTI_TESTS_SIMULATION_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulation/chance.h"

/* Once per process, before SQLite is used. */
void disk_install(void);

/* Empties it. The chances are borrowed until the next call; NULL: nothing goes wrong. `seed` is
 * for what SQLite itself draws. */
void disk_format(struct chances *chances, uint64_t seed);

/* The owner of all open handles dies. Until disk_revive() nothing can be opened. */
void disk_crash(bool is_power_cut);
void disk_revive(void);

/* The same by itself, in the middle of the n-th write or sync from here on; 0: not. */
void disk_crash_at(uint64_t nth, bool is_power_cut);

/* Whether that has happened since disk_crash_at(). */
bool disk_has_crashed(void);

/* Writes and syncs so far. */
uint64_t disk_operations(void);

/* Whether these bytes are somewhere on it and would outlive a power cut. */
bool disk_has_synced(const void *bytes, size_t size);

#endif
