#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>

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
