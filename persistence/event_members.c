#include "persistence/event_members.h"

#include <stdint.h>
#include <string.h>

#include "base/assert.h"

static void members_skip_blanks(struct event_members *members)
{
    while (*members->at == ' ' || *members->at == '\t' || *members->at == '\n' ||
           *members->at == '\r') {
        members->at++;
    }
}

/* Moves behind the string that begins here; false when it does not end. */
static bool members_skip_string(struct event_members *members)
{
    for (members->at++; *members->at != '"'; members->at++) {
        if (*members->at == '\\') {
            members->at++;
        }
        if (*members->at == '\0') {
            return false;
        }
    }
    members->at++;
    return true;
}

/* Moves behind the object or array that begins here; the kinds of its brackets must match. */
static bool members_skip_nested(struct event_members *members)
{
    char open[EVENT_NESTING_MAX];
    size_t depth = 0;
    do {
        const char c = *members->at;
        if (c == '\0' || (c == '"' && !members_skip_string(members))) {
            return false;
        }
        if (c == '"') {
            continue;
        }
        if (c == '{' || c == '[') {
            if (depth == EVENT_NESTING_MAX) {
                return false;
            }
            open[depth++] = c;
        } else if ((c == '}' || c == ']') && open[--depth] != (c == '}' ? '{' : '[')) {
            return false;
        }
        members->at++;
    } while (depth > 0);
    return true;
}

static bool members_is_plain(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || c == '-' || c == '+' || c == '.' ||
           c == 'E';
}

static bool members_skip_value(struct event_members *members)
{
    if (*members->at == '"') {
        return members_skip_string(members);
    }
    if (*members->at == '{' || *members->at == '[') {
        return members_skip_nested(members);
    }
    const char *start = members->at;
    while (members_is_plain(*members->at)) {
        members->at++;
    }
    return members->at > start;
}

void event_members_init(struct event_members *members, const char *json)
{
    *members = (struct event_members){.at = json};
    members_skip_blanks(members);
}

/* Behind the bracket that begins the object or the comma between two members. ERR_END: behind the
 * bracket that ends it. */
static enum err members_advance(struct event_members *members)
{
    const bool is_first = !members->is_begun;
    if (is_first && *members->at++ != '{') {
        return ERR_SYNTAX;
    }
    members->is_begun = true;
    members_skip_blanks(members);
    if (*members->at == '}') {
        members->at++;
        members_skip_blanks(members);
        return *members->at == '\0' ? ERR_END : ERR_SYNTAX;
    }
    if (!is_first) {
        if (*members->at++ != ',') {
            return ERR_SYNTAX;
        }
        members_skip_blanks(members);
    }
    return ERR_NONE;
}

enum err event_members_next(struct event_members *members, struct event_slice *ret_name,
                            struct event_slice *ret_value)
{
    const enum err err = members_advance(members);
    if (err != ERR_NONE) {
        return err;
    }
    const char *name = members->at;
    if (*name != '"' || !members_skip_string(members)) {
        return ERR_SYNTAX;
    }
    *ret_name = (struct event_slice){name + 1, (size_t)(members->at - name) - 2};
    members_skip_blanks(members);
    if (*members->at++ != ':') {
        return ERR_SYNTAX;
    }
    members_skip_blanks(members);
    const char *value = members->at;
    if (!members_skip_value(members)) {
        return ERR_SYNTAX;
    }
    *ret_value = (struct event_slice){value, (size_t)(members->at - value)};
    return ERR_NONE;
}

/* ---- Strings ---- */

/* The value of four hexadecimal digits at `at`, or UINT32_MAX. */
static uint32_t unquote_hex(const char *at, const char *end)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++, at++) {
        const char c = at < end ? *at : '\0';
        if (c >= '0' && c <= '9') {
            value = value * 16 + (uint32_t)(c - '0');
        } else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') {
            value = value * 16 + (uint32_t)((c | 0x20) - 'a') + 10;
        } else {
            return UINT32_MAX;
        }
    }
    return value;
}

/* Writes a code point as UTF-8; it takes no more bytes than its escape. */
static char *unquote_put(char *out, uint32_t code)
{
    if (code < 0x80) {
        *out++ = (char)code;
        return out;
    }
    const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    static const unsigned char marks[] = {0, 0xC0, 0xE0, 0xF0};
    *out++ = (char)(marks[more] | (code >> (6 * more)));
    for (int i = more - 1; i >= 0; i--) {
        *out++ = (char)(0x80 | ((code >> (6 * i)) & 0x3F));
    }
    return out;
}

/* Reads \uXXXX, or the two of a surrogate pair, behind the u; NULL when it is none. */
static const char *unquote_unicode(const char *at, const char *end, char **out)
{
    uint32_t code = unquote_hex(at, end);
    at += 4;
    if (code >= 0xD800 && code < 0xDC00 && at + 2 <= end && at[0] == '\\' && at[1] == 'u') {
        const uint32_t low = unquote_hex(at + 2, end);
        if (low < 0xDC00 || low > 0xDFFF) {
            return NULL;
        }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
        at += 6;
    }
    if (code == 0 || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) {
        return NULL;
    }
    *out = unquote_put(*out, code);
    return at;
}

/* Reads the escape behind a backslash; NULL when there is no such. */
static const char *unquote_escape(const char *at, const char *end, char **out)
{
    static const char escapes[] = "\"\\/bfnrt";
    static const char meanings[] = "\"\\/\b\f\n\r\t";
    if (at == end) {
        return NULL;
    }
    if (*at == 'u') {
        return unquote_unicode(at + 1, end, out);
    }
    const char *found = strchr(escapes, *at);
    if (found == NULL) {
        return NULL;
    }
    *(*out)++ = meanings[found - escapes];
    return at + 1;
}

enum err event_unquote(const struct event_slice *value, char *out)
{
    if (value->length < 2 || value->start[0] != '"') {
        return ERR_SYNTAX;
    }
    const char *end = value->start + value->length - 1;
    ASSERT(*end == '"');
    for (const char *at = value->start + 1; at < end;) {
        if (*at != '\\') {
            *out++ = *at++;
            continue;
        }
        at = unquote_escape(at + 1, end, &out);
        if (at == NULL) {
            return ERR_SYNTAX;
        }
    }
    *out = '\0';
    return ERR_NONE;
}
