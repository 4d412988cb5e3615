#include "config/problems.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"

enum {
    PROBLEMS_MESSAGE_MAX = 1024,
    SUGGEST_LENGTH_MAX = 64, /* No key is longer; keeps the distance cheap for hostile names. */
    SUGGEST_DISTANCE_MAX = 2,
};

void problems_init(struct problems *problems, const char *source)
{
    *problems = (struct problems){.source = source};
}

void problems_done(struct problems *problems)
{
    text_done(&problems->lines);
    *problems = (struct problems){0};
}

/* Control characters would break the line or steer the terminal that shows it. */
static void problems_append(struct text *lines, const char *string)
{
    for (; *string != '\0'; string++) {
        const unsigned char c = (unsigned char)*string;
        text_append_char(lines, c < 0x20 || c == 0x7F ? '?' : *string);
    }
}

void problems_add(struct problems *problems, int line, int column, const char *path,
                  const char *format, ...)
{
    ASSERT(problems->source != NULL);
    problems->count++;
    if (problems->count > PROBLEMS_MAX) {
        return;
    }
    char message[PROBLEMS_MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    struct text *lines = &problems->lines;
    problems_append(lines, problems->source);
    if (line > 0) {
        text_printf(lines, ":%d:%d", line, column);
    }
    text_append_string(lines, ": ");
    if (path[0] != '\0') {
        problems_append(lines, path);
        text_append_string(lines, ": ");
    }
    problems_append(lines, message);
    text_append_char(lines, '\n');
}

static char suggest_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static size_t suggest_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966), computed row
 * by row; neither is longer than SUGGEST_LENGTH_MAX. */
static size_t suggest_distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[SUGGEST_LENGTH_MAX + 1];
    for (size_t j = 0; j <= b_length; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a_length; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            const bool same = suggest_lower(a[i - 1]) == suggest_lower(b[j - 1]);
            const size_t replaced = diagonal + (same ? 0 : 1);
            diagonal = row[j];
            row[j] = suggest_min(replaced, suggest_min(row[j], row[j - 1]) + 1);
        }
    }
    return row[b_length];
}

const char *problems_suggest(const char *name, const char *const *candidates, size_t count)
{
    const size_t length = strlen(name);
    if (length > SUGGEST_LENGTH_MAX) {
        return NULL;
    }
    const char *nearest = NULL;
    size_t nearest_distance = SUGGEST_DISTANCE_MAX + 1;
    for (size_t i = 0; i < count; i++) {
        const size_t candidate_length = strlen(candidates[i]);
        if (candidate_length > SUGGEST_LENGTH_MAX ||
            candidate_length > length + SUGGEST_DISTANCE_MAX ||
            length > candidate_length + SUGGEST_DISTANCE_MAX) {
            continue;
        }
        const size_t distance = suggest_distance(name, length, candidates[i], candidate_length);
        if (distance < nearest_distance && distance * 2 < length) {
            nearest = candidates[i];
            nearest_distance = distance;
        }
    }
    return nearest;
}

/* Appends as much of `piece` as fits into a path of `length` bytes; returns the new length. */
static size_t path_append(char out[PROBLEMS_PATH_MAX], size_t length, const char *piece)
{
    const size_t room = PROBLEMS_PATH_MAX - 1 - length;
    const size_t taken = strnlen(piece, room);
    memcpy(out + length, piece, taken);
    out[length + taken] = '\0';
    return length + taken;
}

void problems_path_key(const char *path, const char *key, char out[PROBLEMS_PATH_MAX])
{
    ASSERT(path != out);
    size_t length = path_append(out, 0, path);
    if (length > 0) {
        length = path_append(out, length, ".");
    }
    (void)path_append(out, length, key);
}

void problems_path_index(const char *path, size_t index, char out[PROBLEMS_PATH_MAX])
{
    ASSERT(path != out);
    char element[32];
    (void)snprintf(element, sizeof(element), "[%zu]", index);
    (void)path_append(out, path_append(out, 0, path), element);
}
