#include "tests/simulation/trace.h"

#include <stdarg.h>
#include <stdio.h>

enum { TRACE_BYTES_MAX = 300 };

static bool trace_is_on;
static int64_t trace_ns;

void trace_turn(bool is_on)
{
    trace_is_on = is_on;
}

void trace_move(int64_t now_ns)
{
    trace_ns = now_ns;
}

static void trace_head(const char *who)
{
    const int64_t ns_per_s = INT64_C(1000000000);
    (void)printf("%6lld.%09lld %-8s ", (long long)(trace_ns / ns_per_s),
                 (long long)(trace_ns % ns_per_s), who);
}

void trace_line(const char *who, const char *format, ...)
{
    if (!trace_is_on) {
        return;
    }
    trace_head(who);
    va_list arguments;
    va_start(arguments, format);
    (void)vprintf(format, arguments);
    va_end(arguments);
    (void)putchar('\n');
}

void trace_bytes(const char *who, const char *what, const char *bytes, size_t size)
{
    if (trace_is_on) {
        const int shown = size < TRACE_BYTES_MAX ? (int)size : TRACE_BYTES_MAX;
        trace_head(who);
        (void)printf("%s %.*s%s\n", what, shown, bytes, size > TRACE_BYTES_MAX ? "..." : "");
    }
}
