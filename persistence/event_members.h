/*
 * persistence/event_members.h - the members of a JSON object, one by one, as they stand there.
 *
 * Values are handed out as slices, so that what was stored as JSON (a configuration, a state) comes
 * back byte for byte. Strict about the object's own syntax; what stands inside of nested values is
 * looked at no closer than finding their end takes.
 *
 * Ownership: slices are borrowed from the text.
 * Threads: pure.
 */
#ifndef TUTTI_PERSISTENCE_EVENT_MEMBERS_H
#define TUTTI_PERSISTENCE_EVENT_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum { EVENT_NESTING_MAX = 256 }; /* Deepest value; ours are below ten. */

/* A piece of the text, not NUL-terminated. */
struct event_slice {
    const char *start;
    size_t length;
};

struct event_members {
    const char *at; /* Next character to read. */
    bool is_begun;
};

/* Before the first member of the object that `json` holds. */
void event_members_init(struct event_members *members, const char *json);

/* The next member: its name between the quotes, as written, and its value. ERR_END when the object
 * and the text are over; ERR_SYNTAX. */
MUST_USE enum err event_members_next(struct event_members *members, struct event_slice *ret_name,
                                     struct event_slice *ret_value);

/* Writes the text that a JSON string stands for, NUL-terminated, to `out`, which has at least
 * value->length bytes. ERR_SYNTAX for what is no string or holds a NUL. */
MUST_USE enum err event_unquote(const struct event_slice *value, char *out);

#endif
