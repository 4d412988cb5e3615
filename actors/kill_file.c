#include "actors/kill_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether the folder of the path can be looked into, so that a missing file is known to be so. */
static bool kill_file_folder_is_readable(const char *path)
{
    char folder[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    if (slash != NULL) {
        const size_t length = slash == path ? 1 : (size_t)(slash - path);
        if (length >= sizeof(folder)) {
            return false;
        }
        memcpy(folder, path, length);
        folder[length] = '\0';
    }
    return access(folder, R_OK | X_OK) == 0;
}

bool kill_file_halts(const char *path, char reason[KILL_FILE_REASON_MAX])
{
    if (path == NULL) {
        return false;
    }
    struct stat found;
    if (stat(path, &found) == 0) {
        (void)snprintf(reason, KILL_FILE_REASON_MAX, "the kill file %.100s exists", path);
        return true;
    }
    const int error = errno;
    if (error == ENOENT && kill_file_folder_is_readable(path)) {
        return false;
    }
    (void)snprintf(reason, KILL_FILE_REASON_MAX,
                   "it cannot be told whether the kill file %.100s exists: %.60s", path,
                   error == ENOENT ? "its folder cannot be read" : strerror(error));
    return true;
}
