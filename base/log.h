/*
 * base/log.h - one line per happening, to stderr.
 *
 * Only app, actors and tools log; the pure folders return errors. stdout is data and never
 * written here. A line is written with one write, so lines of several threads do not mix.
 *
 * Threads: log_line() from any thread; log_configure() once, before threads start.
 */
#ifndef TUTTI_BASE_LOG_H
#define TUTTI_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

enum { LOG_MESSAGE_MAX = 2048 };

/* level: what is less urgent is not written. Defaults are LOG_INFO and LOG_TEXT. */
void log_configure(enum log_level level, enum log_format format);

/*
 * Writes "2026-01-01T00:00:00.000Z info  orchestrator: text", or the same as one JSON object
 * {"ts":...,"level":...,"source":...,"message":...}. `source` names the part that speaks. It is
 * always one line: control characters in the message become spaces, and a message beyond
 * LOG_MESSAGE_MAX - 1 bytes is cut.
 */
void log_line(enum log_level level, const char *source, const char *format, ...)
    FORMAT_LIKE_PRINTF(3, 4);

#endif
