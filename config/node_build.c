#include "config/node_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

enum { EXCERPT_BYTES_MAX = 40 };

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0) == 0x80;
}

struct node_place node_place_of(const char *text, size_t offset)
{
    struct node_place place = {.line = 1, .column = 1};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            place.line++;
            place.column = 1;
        } else if (!is_continuation(text[i])) {
            place.column++;
        }
    }
    return place;
}

/* Length of the well-formed character at `text`, 0 when there is none (RFC 3629, section 4). */
static size_t utf8_character(const char *text, size_t length)
{
    static const struct {
        unsigned char first_min, first_max, second_min, second_max, length;
    } forms[] = {
        {0x01, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
        {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
        {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
    };
    const unsigned char *bytes = (const unsigned char *)text;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (bytes[0] < forms[i].first_min || bytes[0] > forms[i].first_max) {
            continue;
        }
        if (forms[i].length > length) {
            return 0;
        }
        if (forms[i].length > 1 &&
            (bytes[1] < forms[i].second_min || bytes[1] > forms[i].second_max)) {
            return 0;
        }
        for (size_t k = 2; k < forms[i].length; k++) {
            if (!is_continuation(text[k])) {
                return 0;
            }
        }
        return forms[i].length;
    }
    return 0;
}

size_t node_utf8_length(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length) {
        const size_t character = utf8_character(text + i, length - i);
        if (character == 0) {
            break;
        }
        i += character;
    }
    return i;
}

enum err node_check_source(const char *text, size_t length, struct problems *problems)
{
    if (length > NODE_BYTES_MAX) {
        problems_add(problems, 0, 0, "", "%zu bytes are too long, expected at most %d", length,
                     NODE_BYTES_MAX);
        return ERR_LIMIT;
    }
    if (length == 0) {
        problems_add(problems, 0, 0, "", "the document is empty");
        return ERR_SYNTAX;
    }
    const size_t valid = node_utf8_length(text, length);
    if (valid < length) {
        const struct node_place place = node_place_of(text, valid);
        const unsigned byte = (unsigned char)text[valid];
        problems_add(problems, place.line, place.column, "",
                     byte == 0 ? "a NUL byte (%02x) is not text, expected UTF-8"
                               : "the byte %02x is not UTF-8, expected text in UTF-8",
                     byte);
        return ERR_SYNTAX;
    }
    return ERR_NONE;
}

/* Makes room for one more child. Arrays double, so they are full when count is a power of two. */
static bool node_grow(const struct node ***array, size_t count, struct arena *arena)
{
    if (count != 0 && (count & (count - 1)) != 0) {
        return true;
    }
    const size_t capacity = count == 0 ? 1 : 2 * count;
    const struct node **grown = arena_take(arena, capacity * sizeof(*grown));
    if (grown == NULL) {
        return false;
    }
    if (count > 0) {
        memcpy(grown, *array, count * sizeof(*grown));
    }
    *array = grown;
    return true;
}

enum err node_append(struct node *parent, const struct node *key, const struct node *item,
                     struct arena *arena)
{
    ASSERT(parent->kind != NODE_SCALAR);
    ASSERT((key != NULL) == (parent->kind == NODE_MAPPING));
    if (!node_grow(&parent->items, parent->count, arena) ||
        (key != NULL && !node_grow(&parent->keys, parent->count, arena))) {
        return ERR_MEMORY;
    }
    parent->items[parent->count] = item;
    if (key != NULL) {
        parent->keys[parent->count] = key;
    }
    parent->count++;
    return ERR_NONE;
}

/* A key and its place among the keys of its mapping. */
struct key_place {
    const struct node *key;
    size_t index;
};

static int key_place_compare(const void *left, const void *right)
{
    const struct key_place *a = left;
    const struct key_place *b = right;
    const int order = strcmp(a->key->text, b->key->text);
    return order != 0 ? order : (a->index > b->index) - (a->index < b->index);
}

static void node_add_duplicate(const struct node *first, const struct node *again, const char *path,
                               struct problems *problems)
{
    char key_path[PROBLEMS_PATH_MAX];
    problems_path_key(path, again->text, key_path);
    char excerpt[NODE_EXCERPT_MAX];
    node_excerpt(again->text, again->length, excerpt);
    if (first->line > 0) {
        problems_add(problems, again->line, again->column, key_path,
                     "duplicate key %s, first in line %d", excerpt, first->line);
    } else {
        problems_add(problems, 0, 0, key_path, "duplicate key %s", excerpt);
    }
}

/* Sorts the keys: hostile mappings are large, and comparing each with each would take minutes. */
enum err node_check_keys(const struct node *mapping, const char *path, struct arena *arena,
                         struct problems *problems)
{
    ASSERT(mapping->kind == NODE_MAPPING);
    if (mapping->count < 2) {
        return ERR_NONE;
    }
    struct key_place *places = arena_take(arena, mapping->count * sizeof(*places));
    if (places == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        places[i] = (struct key_place){.key = mapping->keys[i], .index = i};
    }
    qsort(places, mapping->count, sizeof(*places), key_place_compare);
    size_t first = 0;
    for (size_t i = 1; i < mapping->count; i++) {
        if (strcmp(places[first].key->text, places[i].key->text) != 0) {
            first = i;
        } else {
            node_add_duplicate(places[first].key, places[i].key, path, problems);
        }
    }
    return ERR_NONE;
}

enum err node_out_of_memory(struct problems *problems)
{
    problems_add(problems, 0, 0, "", "out of memory");
    return ERR_MEMORY;
}

void node_excerpt(const char *text, size_t length, char out[NODE_EXCERPT_MAX])
{
    const char *dots = "";
    if (length > EXCERPT_BYTES_MAX) {
        dots = "...";
        length = EXCERPT_BYTES_MAX;
        while (length > 0 && is_continuation(text[length])) {
            length--;
        }
    }
    out[0] = '"';
    memcpy(out + 1, text, length);
    memcpy(out + 1 + length, dots, strlen(dots));
    length += 1 + strlen(dots);
    out[length] = '"';
    out[length + 1] = '\0';
}
