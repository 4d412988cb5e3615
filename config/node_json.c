#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "config/node_build.h"

struct json_reader {
    struct arena *arena;
    struct problems *problems;
};

/* A new node, copied into the arena; NULL when there is no memory. */
static struct node *json_node(struct json_reader *reader, struct node value)
{
    struct node *node = arena_take(reader->arena, sizeof(*node));
    if (node == NULL) {
        return NULL;
    }
    *node = value;
    if (value.kind == NODE_SCALAR) {
        node->length = strlen(value.text);
        node->text = arena_copy(reader->arena, value.text, node->length);
    }
    return value.kind != NODE_SCALAR || node->text != NULL ? node : NULL;
}

/* The scan has made sure that 15 digits show the number exactly. */
static struct node *json_number(struct json_reader *reader, const cJSON *item)
{
    char digits[32];
    (void)snprintf(digits, sizeof(digits), "%.15g", item->valuedouble);
    return json_node(reader, (struct node){.kind = NODE_SCALAR, .text = digits});
}

static struct node *json_leaf(struct json_reader *reader, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        return json_node(
            reader,
            (struct node){.kind = NODE_SCALAR, .text = item->valuestring, .is_quoted = true});
    }
    if (cJSON_IsNumber(item)) {
        return json_number(reader, item);
    }
    if (cJSON_IsBool(item)) {
        return json_node(reader, (struct node){.kind = NODE_SCALAR,
                                               .text = cJSON_IsTrue(item) ? "true" : "false"});
    }
    ASSERT(cJSON_IsNull(item));
    return json_node(reader, (struct node){.kind = NODE_SCALAR, .text = "null", .is_null = true});
}

static enum err json_build(struct json_reader *reader, const cJSON *item, const char *path,
                           const struct node **ret_node);

/* Builds one child and appends it. */
static enum err json_build_child(struct json_reader *reader, struct node *parent, const cJSON *item,
                                 const char *path)
{
    char item_path[PROBLEMS_PATH_MAX];
    struct node *key = NULL;
    if (parent->kind == NODE_MAPPING) {
        key = json_node(
            reader, (struct node){.kind = NODE_SCALAR, .text = item->string, .is_quoted = true});
        if (key == NULL) {
            return ERR_MEMORY;
        }
        problems_path_key(path, key->text, item_path);
    } else {
        problems_path_index(path, parent->count, item_path);
    }
    const struct node *child = NULL;
    const enum err err = json_build(reader, item, item_path, &child);
    return err != ERR_NONE ? err : node_append(parent, key, child, reader->arena);
}

/* Recursion is bounded: the scan has checked the depth. */
static enum err json_build(struct json_reader *reader, const cJSON *item, const char *path,
                           const struct node **ret_node)
{
    if (!cJSON_IsArray(item) && !cJSON_IsObject(item)) {
        *ret_node = json_leaf(reader, item);
        return *ret_node != NULL ? ERR_NONE : ERR_MEMORY;
    }
    struct node *node = json_node(
        reader, (struct node){.kind = cJSON_IsArray(item) ? NODE_SEQUENCE : NODE_MAPPING});
    if (node == NULL) {
        return ERR_MEMORY;
    }
    const cJSON *child;
    cJSON_ArrayForEach(child, item)
    {
        const enum err err = json_build_child(reader, node, child, path);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_node = node;
    return node->kind == NODE_MAPPING ? node_check_keys(node, path, reader->arena, reader->problems)
                                      : ERR_NONE;
}

static void json_add_syntax(const char *text, size_t length, const char *end,
                            struct problems *problems)
{
    const size_t at = end != NULL && end < text + length ? (size_t)(end - text) : length;
    const struct node_place place = node_place_of(text, at);
    char excerpt[NODE_EXCERPT_MAX];
    node_excerpt(text + at, length - at, excerpt);
    problems_add(problems, place.line, place.column, "", "no valid JSON from here on: %s", excerpt);
}

/* Only blanks may follow the document. */
static bool json_is_finished(const char *end, const char *limit)
{
    while (end < limit && strchr(" \t\r\n", *end) != NULL) {
        end++;
    }
    return end >= limit;
}

static enum err json_parse(const char *text, size_t length, struct json_reader *reader,
                           const struct node **ret_root)
{
    const char *end = NULL;
    errno = 0; /* cJSON says no other way whether the text or the memory is at fault. */
    cJSON *document = cJSON_ParseWithLengthOpts(text, length, &end, false);
    if (document == NULL && errno == ENOMEM) {
        return node_out_of_memory(reader->problems);
    }
    if (document == NULL || !json_is_finished(end, text + length)) {
        json_add_syntax(text, length, end, reader->problems);
        cJSON_Delete(document);
        return ERR_SYNTAX;
    }
    const size_t before = reader->problems->count;
    const struct node *root = NULL;
    enum err err = json_build(reader, document, "", &root);
    cJSON_Delete(document);
    if (err == ERR_MEMORY) {
        return node_out_of_memory(reader->problems);
    }
    if (reader->problems->count > before) {
        return ERR_SYNTAX;
    }
    *ret_root = root;
    return ERR_NONE;
}

enum err node_read_json(const char *name, const char *text, size_t length, int depth_max,
                        struct arena *arena, struct problems *problems,
                        const struct node **ret_root)
{
    ASSERT(depth_max > 0 && depth_max <= NODE_DEPTH_MAX);
    const char *source = problems->source;
    problems->source = name;
    enum err err = node_check_source(text, length, problems);
    if (err == ERR_NONE) {
        err = node_scan_json(text, length, depth_max, problems);
    }
    if (err == ERR_NONE) {
        struct json_reader reader = {.arena = arena, .problems = problems};
        err = json_parse(text, length, &reader, ret_root);
    }
    problems->source = source;
    return err;
}
