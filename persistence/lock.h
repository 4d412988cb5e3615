/*
 * persistence/lock.h - one writer per file, by a lock file beside it.
 *
 * PATH.lock is held with flock() and contains the pid of its owner. The kernel gives it up when
 * the owner ends, however it ends, so that a killed run never blocks the next one.
 *
 * Threads: a lock belongs to one thread. A child made by fork() shares it.
 */
#ifndef TUTTI_PERSISTENCE_LOCK_H
#define TUTTI_PERSISTENCE_LOCK_H

#include "base/err.h"

struct lock {
    int descriptor; /* Owned; -1 when nothing is held. */
    char *path;     /* Owned: of the lock file. */
};

#define LOCK_NONE ((struct lock){.descriptor = -1})

/*
 * Locks the file `path`, which need not exist yet; a symbolic link counts as what it points to.
 * Errors: ERR_LOCKED with the owner's pid, ERR_IO (no such folder, not writable), ERR_MEMORY.
 */
MUST_USE enum err lock_open(const char *path, struct lock *ret_lock, struct failure *failure);

/* Gives the lock up and removes its file. LOCK_NONE is allowed; the lock becomes LOCK_NONE. */
void lock_close(struct lock *lock);

#endif
