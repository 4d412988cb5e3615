#include "base/err.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const err_names[] = {
    [ERR_NONE] = "none",           [ERR_MEMORY] = "memory",
    [ERR_FULL] = "full",           [ERR_CLOSED] = "closed",
    [ERR_NOT_FOUND] = "not_found", [ERR_EXISTS] = "exists",
    [ERR_SYNTAX] = "syntax",       [ERR_RANGE] = "range",
    [ERR_OVERFLOW] = "overflow",   [ERR_IO] = "io",
    [ERR_CORRUPT] = "corrupt",     [ERR_VERSION] = "version",
    [ERR_LOCKED] = "locked",       [ERR_STATE] = "state",
    [ERR_DENIED] = "denied",       [ERR_UNSUPPORTED] = "unsupported",
    [ERR_LIMIT] = "limit",         [ERR_END] = "end",
};

const char *err_name(enum err code)
{
    const unsigned index = (unsigned)code;
    return index < sizeof(err_names) / sizeof(err_names[0]) ? err_names[index] : "unknown";
}

enum err failure_set(struct failure *failure, enum err code, const char *format, ...)
{
    if (failure != NULL) {
        failure->code = code;
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(failure->text, sizeof(failure->text), format, arguments);
        va_end(arguments);
    }
    return code;
}

enum err failure_set_unopened(struct failure *failure, const char *path, int error)
{
    if (error != ENOENT && error != ENOTDIR) {
        return failure_set(failure, ERR_IO, "%s: cannot open: %s", path, strerror(error));
    }
    char folder[PATH_MAX];
    if (path[0] == '/' || getcwd(folder, sizeof(folder)) == NULL) {
        return failure_set(failure, ERR_NOT_FOUND, "%s: cannot open: %s", path, strerror(error));
    }
    return failure_set(failure, ERR_NOT_FOUND,
                       "%s: cannot open: %s (relative paths start at the working directory, %s)",
                       path, strerror(error), folder);
}
