/*
 * base/instant.h - points in time and durations as int64 nanoseconds since the Unix epoch.
 *
 * Reads no clock: the current time always comes in as a parameter. Names of such values end in
 * _ns. INSTANT_NEVER is later than everything.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_BASE_INSTANT_H
#define TUTTI_BASE_INSTANT_H

#include <stddef.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"

#define INSTANT_NEVER INT64_MAX
#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S INT64_C(1000000000)

enum { INSTANT_TEXT_MAX = 40 };

/* a + b, staying at INSTANT_NEVER instead of overflowing. b >= 0. */
int64_t instant_add(int64_t a_ns, int64_t b_ns);

/* Whole and fractional seconds of a duration or an instant, exact. */
struct decimal instant_seconds(int64_t value_ns);

/* Seconds from one instant to a later one, exact however far they are apart. */
static inline struct decimal instant_elapsed(int64_t from_ns, int64_t to_ns)
{
    ASSERT(from_ns <= to_ns);
    const uint64_t elapsed_ns = (uint64_t)to_ns - (uint64_t)from_ns;
    return (struct decimal){.raw = (int128_t)elapsed_ns * NS_PER_S}; /* 10^18 / NS_PER_S is it. */
}

/* Seconds to nanoseconds, rounded down. ERR_RANGE beyond the years 1678 to 2262. */
MUST_USE enum err instant_from_seconds(struct decimal seconds, int64_t *ret_ns);

/*
 * Reads seconds since the epoch ("1700000000.5") or ISO 8601 in UTC ("2021-07-01T00:00:00Z",
 * "2021-07-01 00:00:00.250", "2021-07-01"). Errors: ERR_SYNTAX, ERR_RANGE.
 */
MUST_USE enum err instant_parse(const char *text, size_t length, int64_t *ret_ns);

/* Writes "2021-07-01T00:00:00.250Z" (fraction only as long as needed) and returns its length. */
size_t instant_print(int64_t instant_ns, char out[INSTANT_TEXT_MAX]);

/* Writes a duration for people, rounded towards zero: "350ms", "12.5s", "3m20s", "2h05m", "4d03h",
 * with a minus sign when it is negative. Returns its length. */
size_t duration_print(int64_t duration_ns, char out[INSTANT_TEXT_MAX]);

#endif
