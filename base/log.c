#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/instant.h"
#include "base/text.h"

static enum log_level configured_level = LOG_INFO;
static enum log_format configured_format = LOG_TEXT;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_configure(enum log_level level, enum log_format format)
{
    configured_level = level;
    configured_format = format;
}

/* Text from outside (a venue's reason) must not be able to make a second line. */
static void log_flatten(char *message)
{
    for (; *message != '\0'; message++) {
        if ((unsigned char)*message < ' ') {
            *message = ' ';
        }
    }
}

static void log_format_line(struct text *line, const char *instant, const char *level,
                            const char *source, const char *message)
{
    if (configured_format == LOG_JSON) {
        json_object_begin(line);
        json_put_string(line, "ts", instant);
        json_put_string(line, "level", level);
        json_put_string(line, "source", source);
        json_put_string(line, "message", message);
        json_object_end(line);
    } else {
        text_printf(line, "%s %-7s %s: %s", instant, level, source, message);
    }
    text_append_char(line, '\n');
}

void log_line(enum log_level level, const char *source, const char *format, ...)
{
    if (level < configured_level) {
        return;
    }
    char message[LOG_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    log_flatten(message);

    /* The stamp is for people reading the log; nothing is decided by it. */
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    char instant[INSTANT_TEXT_MAX];
    (void)instant_print((int64_t)now.tv_sec * NS_PER_S + now.tv_nsec / NS_PER_MS * NS_PER_MS,
                        instant);

    struct text line = {0};
    log_format_line(&line, instant, level_names[level], source, message);
    if (!text_failed(&line)) {
        /* A log that cannot be written must not stop a run. */
        (void)!write(STDERR_FILENO, line.data, line.length);
    }
    text_done(&line);
}
