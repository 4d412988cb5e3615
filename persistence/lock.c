#include "persistence/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/assert.h"

/* How often the lock file may vanish under our hands because its owner just ended. */
enum { LOCK_ATTEMPTS_MAX = 100, LOCK_PID_TEXT_MAX = 24, LOCK_MODE = 0600 };

static char *lock_path_of(const char *path)
{
    char *resolved = realpath(path, NULL); /* NULL for a file that does not exist yet. */
    char *lock_path = NULL;
    if (asprintf(&lock_path, "%s.lock", resolved != NULL ? resolved : path) < 0) {
        lock_path = NULL;
    }
    free(resolved);
    return lock_path;
}

/* True when the open file is still the one that has the name: its owner removes it at the end. */
static bool lock_is_named(int descriptor, const char *path)
{
    struct stat open_file;
    struct stat named_file;
    return fstat(descriptor, &open_file) == 0 && stat(path, &named_file) == 0 &&
           open_file.st_ino == named_file.st_ino && open_file.st_dev == named_file.st_dev;
}

static enum err lock_refused(int descriptor, const char *path, const char *lock_path,
                             struct failure *failure)
{
    char pid[LOCK_PID_TEXT_MAX] = {0};
    const ssize_t length = pread(descriptor, pid, sizeof(pid) - 1, 0);
    if (length > 0) {
        pid[strcspn(pid, "\n")] = '\0';
    }
    return failure_set(failure, ERR_LOCKED,
                       "%s: in use by the run with pid %s (lock file %s); stop that run or choose "
                       "another path",
                       path, length > 0 ? pid : "unknown", lock_path);
}

static enum err lock_write_pid(int descriptor, const char *lock_path, struct failure *failure)
{
    char pid[LOCK_PID_TEXT_MAX];
    const int length = snprintf(pid, sizeof(pid), "%ld\n", (long)getpid());
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, pid, (size_t)length, 0) != length) {
        return failure_set(failure, ERR_IO, "%s: cannot write the lock file: %s", lock_path,
                           strerror(errno));
    }
    return ERR_NONE;
}

/* One attempt. ERR_CLOSED: the file was removed in between, try again. */
static enum err lock_try(const char *path, const char *lock_path, int *ret_descriptor,
                         struct failure *failure)
{
    const int descriptor = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC, LOCK_MODE);
    if (descriptor < 0) {
        return failure_set(failure, ERR_IO,
                           "%s: cannot create the lock file %s: %s; the folder must exist and be "
                           "writable",
                           path, lock_path, strerror(errno));
    }
    enum err err = ERR_NONE;
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        err = errno == EWOULDBLOCK
                  ? lock_refused(descriptor, path, lock_path, failure)
                  : failure_set(failure, ERR_IO, "%s: cannot lock: %s", lock_path, strerror(errno));
    } else if (!lock_is_named(descriptor, lock_path)) {
        err = ERR_CLOSED;
    } else {
        err = lock_write_pid(descriptor, lock_path, failure);
    }
    if (err != ERR_NONE) {
        (void)close(descriptor);
        return err;
    }
    *ret_descriptor = descriptor;
    return ERR_NONE;
}

enum err lock_open(const char *path, struct lock *ret_lock, struct failure *failure)
{
    struct lock lock = {.descriptor = -1, .path = lock_path_of(path)};
    if (lock.path == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory for its lock", path);
    }
    enum err err = ERR_CLOSED;
    for (int i = 0; i < LOCK_ATTEMPTS_MAX && err == ERR_CLOSED; i++) {
        err = lock_try(path, lock.path, &lock.descriptor, failure);
    }
    if (err == ERR_CLOSED) {
        err = failure_set(failure, ERR_LOCKED, "%s: other runs keep taking it; try again", path);
    }
    if (err != ERR_NONE) {
        free(lock.path);
        return err;
    }
    *ret_lock = lock;
    return ERR_NONE;
}

void lock_close(struct lock *lock)
{
    ASSERT(lock != NULL);
    if (lock->descriptor >= 0) {
        /* Removed while it is still held: whoever opened it before notices in lock_is_named(). */
        (void)unlink(lock->path);
        (void)close(lock->descriptor);
    }
    free(lock->path);
    *lock = LOCK_NONE;
}
