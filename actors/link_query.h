/*
 * actors/link_query.h - percent-encoded text: the path and the query of a request.
 *
 * Threads: values only, any thread.
 */
#ifndef TUTTI_ACTORS_LINK_QUERY_H
#define TUTTI_ACTORS_LINK_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

/*
 * Decodes %XX of a path; out may not overlap. Refused are what a route could be tricked with: bad
 * escapes, control characters and bytes beyond ASCII, an encoded slash, and the segments "." and
 * "..". ERR_SYNTAX, or ERR_LIMIT when it does not fit in.
 */
MUST_USE enum err link_path_decode(const char *path, size_t length, char *out, size_t capacity);

/*
 * The decoded value of `name` in a query "a=1&b=2", with + as a space. ERR_NOT_FOUND when it is
 * absent, ERR_EXISTS when it stands there twice, ERR_SYNTAX for bad escapes, control characters and
 * bytes beyond ASCII, ERR_LIMIT when the value does not fit in.
 */
MUST_USE enum err link_query_get(const char *query, const char *name, char *out, size_t capacity);

/* True when every name in the query is one of `names` (NULL-terminated): a misspelt parameter is
 * refused instead of ignored. */
bool link_query_has_only(const char *query, const char *const *names);

#endif
