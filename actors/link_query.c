#include "actors/link_query.h"

#include <string.h>

#include "base/assert.h"

static int query_hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Decodes one character at *p and moves behind it. -1 for a bad escape. */
static int query_take(const char **p, const char *end)
{
    if (**p != '%') {
        return (unsigned char)*(*p)++;
    }
    if (end - *p < 3) {
        return -1;
    }
    const int high = query_hex((*p)[1]);
    const int low = query_hex((*p)[2]);
    *p += 3;
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

static bool query_is_plain(int c)
{
    return c >= ' ' && c <= '~';
}

static bool path_has_dots(const char *path)
{
    for (const char *p = strchr(path, '/'); p != NULL; p = strchr(p + 1, '/')) {
        const size_t length = strcspn(p + 1, "/");
        if ((length == 1 && p[1] == '.') || (length == 2 && p[1] == '.' && p[2] == '.')) {
            return true;
        }
    }
    return false;
}

enum err link_path_decode(const char *path, size_t length, char *out, size_t capacity)
{
    ASSERT(capacity > 0);
    size_t used = 0;
    const char *end = path + length;
    for (const char *p = path; p < end;) {
        const bool is_escaped = *p == '%';
        const int c = query_take(&p, end);
        if (!query_is_plain(c) || (is_escaped && c == '/')) {
            return ERR_SYNTAX;
        }
        if (used + 1 >= capacity) {
            return ERR_LIMIT;
        }
        out[used++] = (char)c;
    }
    out[used] = '\0';
    return out[0] == '/' && !path_has_dots(out) ? ERR_NONE : ERR_SYNTAX;
}

static enum err query_decode(const char *text, size_t length, char *out, size_t capacity)
{
    size_t used = 0;
    const char *end = text + length;
    for (const char *p = text; p < end;) {
        const bool is_space = *p == '+';
        const int c = query_take(&p, end);
        if (!query_is_plain(c)) {
            return ERR_SYNTAX;
        }
        if (used + 1 >= capacity) {
            return ERR_LIMIT;
        }
        out[used++] = is_space ? ' ' : (char)c;
    }
    out[used] = '\0';
    return ERR_NONE;
}

/* The length of the name of a pair "name=value". */
static size_t query_name_length(const char *pair, size_t length)
{
    const char *equals = memchr(pair, '=', length);
    return equals != NULL ? (size_t)(equals - pair) : length;
}

enum err link_query_get(const char *query, const char *name, char *out, size_t capacity)
{
    ASSERT(capacity > 0);
    enum err err = ERR_NOT_FOUND;
    for (const char *p = query; *p != '\0';) {
        const size_t length = strcspn(p, "&");
        const size_t name_length = query_name_length(p, length);
        if (name_length == strlen(name) && strncmp(p, name, name_length) == 0) {
            if (err != ERR_NOT_FOUND) {
                return ERR_EXISTS;
            }
            const size_t skipped = name_length < length ? name_length + 1 : length;
            err = query_decode(p + skipped, length - skipped, out, capacity);
            if (err != ERR_NONE) {
                return err;
            }
        }
        p += length + (p[length] == '&');
    }
    return err;
}

static bool query_is_listed(const char *name, size_t length, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (strlen(*names) == length && strncmp(*names, name, length) == 0) {
            return true;
        }
    }
    return false;
}

bool link_query_has_only(const char *query, const char *const *names)
{
    for (const char *p = query; *p != '\0';) {
        const size_t length = strcspn(p, "&");
        if (length > 0 && !query_is_listed(p, query_name_length(p, length), names)) {
            return false;
        }
        p += length + (p[length] == '&');
    }
    return true;
}
