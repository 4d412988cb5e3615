#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "config/field_reader.h"
#include "config/node_build.h"

enum { FIELD_CANDIDATES_MAX = 128, FIELD_FOUND_MAX = 128 };

static void field_read_value(struct field_reader *reader, const struct field *field,
                             const struct node *node, const char *path, void *value);
static void field_read_mapping(struct field_reader *reader, const struct field *fields,
                               const struct node *node, const char *path, void *object);

static void *field_take(struct field_reader *reader, size_t size)
{
    void *memory = arena_take(reader->arena, size);
    reader->is_out_of_memory |= memory == NULL;
    return memory;
}

/* The problem of a node that is not of the kind the field wants. */
static void field_refuse_node(struct field_reader *reader, const struct field *field,
                              const struct node *node, const char *path)
{
    char what[FIELD_FOUND_MAX] = "found a mapping";
    if (node->kind == NODE_SEQUENCE) {
        memcpy(what, "found a list", sizeof("found a list"));
    } else if (node->kind == NODE_SCALAR) {
        char excerpt[NODE_EXCERPT_MAX];
        node_excerpt(node->text, node->length, excerpt);
        (void)snprintf(what, sizeof(what), "found %s", node->is_null ? "null" : excerpt);
    }
    field_add_problem(reader, field, node, path, what);
}

/* False with a problem added when there are too few or too many elements. */
static bool field_check_count(struct field_reader *reader, const struct field *field,
                              const struct node *node, const char *path)
{
    if (node->count >= field->count_min && node->count <= field_count_max(field)) {
        return true;
    }
    char what[FIELD_FOUND_MAX];
    (void)snprintf(what, sizeof(what), "found %zu elements", node->count);
    /* Without limits of its own the table cannot name the general one. */
    struct field limited = *field;
    limited.count_max = field_count_max(field);
    field_add_problem(reader, &limited, node, path, what);
    return false;
}

static void field_read_object(struct field_reader *reader, const struct field *field,
                              const struct node *node, const char *path, void **value)
{
    ASSERT(field->fields != NULL && field->size > 0);
    if (node->kind != NODE_MAPPING) {
        field_refuse_node(reader, field, node, path);
        return;
    }
    void *object = field_take(reader, field->size);
    if (object != NULL) {
        field_read_mapping(reader, field->fields, node, path, object);
        *value = object;
    }
}

/* The value of an absent field as a tree. */
static const struct node *field_default_node(struct field_reader *reader, const struct field *field)
{
    const char *text = field->default_text;
    const size_t length = strlen(text);
    const struct node *root = NULL;
    if (!field_is_scalar(field)) {
        const enum err err = node_read_json("default", text, length, NODE_DEPTH_MAX, reader->arena,
                                            reader->problems, &root);
        ASSERT(err == ERR_NONE || err == ERR_MEMORY); /* What stands in a table can be read. */
        reader->is_out_of_memory |= err != ERR_NONE;
        return root;
    }
    struct node *node = field_take(reader, sizeof(*node));
    if (node != NULL) {
        *node = (struct node){.kind = NODE_SCALAR, .text = text, .length = length};
    }
    return node;
}

/* A default that its own field refuses is an error of the table, not of the user. */
static void field_read_default(struct field_reader *reader, const struct field *field,
                               const char *path, void *object)
{
    const struct node *node = field_default_node(reader, field);
    if (node == NULL) {
        return;
    }
    const size_t before = reader->problems->count;
    field_read_value(reader, field, node, path, (char *)object + field->offset);
    ASSERT(reader->problems->count == before || reader->is_out_of_memory);
    bool *is_set = field_set_flag(field, object);
    if (is_set != NULL) {
        *is_set = true;
    }
}

/* A field that is not in `parent`. The object is zero so far. */
static void field_read_absent(struct field_reader *reader, const struct field *field,
                              const struct node *parent, const char *path, void *object)
{
    if (field->is_required) {
        char what[FIELD_FOUND_MAX];
        (void)snprintf(what, sizeof(what), "\"%s\" is missing", field->name);
        field_add_problem(reader, field, parent, path, what);
    } else if (field->default_text != NULL) {
        field_read_default(reader, field, path, object);
    }
}

static void field_read_present(struct field_reader *reader, const struct field *field,
                               const struct node *node, const char *path, void *object)
{
    if (node->kind == NODE_SCALAR && node->is_null) {
        if (!field_takes_null(field)) {
            field_refuse_node(reader, field, node, path);
        }
        return;
    }
    field_read_value(reader, field, node, path, (char *)object + field->offset);
    bool *is_set = field_set_flag(field, object);
    if (is_set != NULL) {
        *is_set = true;
    }
}

/* A row: the values of the table's fields in its order. */
static void field_read_row(struct field_reader *reader, const struct field *fields,
                           const struct node *row, const char *path, void *object)
{
    size_t count = 0;
    for (; fields[count].name != NULL; count++) {
        char item_path[PROBLEMS_PATH_MAX];
        problems_path_index(path, count, item_path);
        if (count < row->count) {
            field_read_present(reader, &fields[count], row->items[count], item_path, object);
        } else {
            field_read_absent(reader, &fields[count], row, item_path, object);
        }
    }
    if (row->count > count) {
        problems_add(reader->problems, row->line, row->column, path,
                     "found %zu values in the row, expected at most %zu", row->count, count);
    }
}

static void field_read_element(struct field_reader *reader, const struct field_element *element,
                               const struct node *node, const char *path, void *value)
{
    if (element->is_scalar && node->kind == NODE_SCALAR && node->is_null &&
        !element->fields[0].is_nullable) {
        field_refuse_node(reader, &element->fields[0], node, path);
    } else if (element->is_scalar) {
        field_read_present(reader, &element->fields[0], node, path, value);
    } else if (element->is_row && node->kind == NODE_SEQUENCE) {
        field_read_row(reader, element->fields, node, path, value);
    } else if (node->kind == NODE_MAPPING) {
        field_read_mapping(reader, element->fields, node, path, value);
    } else {
        const struct field expected = {.kind = FIELD_OBJECT};
        field_refuse_node(reader, &expected, node, path);
    }
}

static void field_read_list(struct field_reader *reader, const struct field *field,
                            const struct node *node, const char *path, struct field_list *list)
{
    ASSERT(field->element != NULL && field->element->size > 0);
    if (node->kind != NODE_SEQUENCE) {
        field_refuse_node(reader, field, node, path);
        return;
    }
    if (!field_check_count(reader, field, node, path) || node->count == 0) {
        return;
    }
    char *items = field_take(reader, node->count * field->element->size);
    if (items == NULL) {
        return;
    }
    for (size_t i = 0; i < node->count; i++) {
        char item_path[PROBLEMS_PATH_MAX];
        problems_path_index(path, i, item_path);
        field_read_element(reader, field->element, node->items[i], item_path,
                           items + i * field->element->size);
    }
    *list = (struct field_list){.items = items, .count = node->count};
}

static void field_read_map(struct field_reader *reader, const struct field *field,
                           const struct node *node, const char *path, struct field_list *list)
{
    if (node->kind != NODE_MAPPING) {
        field_refuse_node(reader, field, node, path);
        return;
    }
    if (!field_check_count(reader, field, node, path) || node->count == 0) {
        return;
    }
    struct field_entry *entries = field_take(reader, node->count * sizeof(*entries));
    if (entries == NULL) {
        return;
    }
    struct field value = *field;
    value.kind = FIELD_DECIMAL;
    value.count_min = value.count_max = 0;
    for (size_t i = 0; i < node->count; i++) {
        const struct node *key = node->keys[i];
        char item_path[PROBLEMS_PATH_MAX];
        problems_path_key(path, key->text, item_path);
        entries[i].key = arena_copy(reader->arena, key->text, key->length);
        reader->is_out_of_memory |= entries[i].key == NULL;
        field_read_value(reader, &value, node->items[i], item_path, &entries[i].value);
    }
    *list = (struct field_list){.items = entries, .count = node->count};
}

/* Converts one value into its place in the zeroed object. */
static void field_read_value(struct field_reader *reader, const struct field *field,
                             const struct node *node, const char *path, void *value)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_DECIMAL:
    case FIELD_INTEGER:
    case FIELD_BOOL:
    case FIELD_ENUM:
    case FIELD_DURATION:
    case FIELD_INSTANT:
        if (node->kind != NODE_SCALAR || node->is_null) {
            field_refuse_node(reader, field, node, path);
        } else {
            field_read_scalar(reader, field, node, path, value);
        }
        break;
    case FIELD_OBJECT:
        field_read_object(reader, field, node, path, value);
        break;
    case FIELD_LIST:
        field_read_list(reader, field, node, path, value);
        break;
    case FIELD_MAP:
        field_read_map(reader, field, node, path, value);
        break;
    case FIELD_NODE:
        *(const struct node **)value = node;
        break;
    }
}

static const char *field_suggest(const struct field *fields, const char *key)
{
    const char *candidates[FIELD_CANDIDATES_MAX];
    size_t count = 0;
    for (; fields->name != NULL && count < FIELD_CANDIDATES_MAX; fields++) {
        candidates[count++] = fields->name;
    }
    return problems_suggest(key, candidates, count);
}

static void field_add_unknown(struct field_reader *reader, const struct field *fields,
                              const struct node *key, const char *path)
{
    const char *suggestion = NULL;
    if (reader->problems->count < PROBLEMS_MAX) { /* The others are only counted. */
        suggestion = field_suggest(fields, key->text);
    }
    if (suggestion != NULL) {
        problems_add(reader->problems, key->line, key->column, path,
                     "unknown key (did you mean \"%s\"?)", suggestion);
        return;
    }
    struct text known = {0};
    for (const struct field *field = fields; field->name != NULL; field++) {
        text_printf(&known, "%s%s", field == fields ? "" : ", ", field->name);
    }
    problems_add(reader->problems, key->line, key->column, path, "unknown key, expected one of %s",
                 text_string(&known));
    text_done(&known);
}

static bool field_is_known(const struct field *fields, const char *key)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, key) == 0) {
            return true;
        }
    }
    return false;
}

static void field_check_keys(struct field_reader *reader, const struct field *fields,
                             const struct node *node, const char *path)
{
    for (size_t i = 0; i < node->count; i++) {
        const struct node *key = node->keys[i];
        if (!field_is_known(fields, key->text)) {
            char key_path[PROBLEMS_PATH_MAX];
            problems_path_key(path, key->text, key_path);
            field_add_unknown(reader, fields, key, key_path);
        }
    }
}

static void field_read_members(struct field_reader *reader, const struct field *fields,
                               const struct node *node, const char *path, void *object)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        char member_path[PROBLEMS_PATH_MAX];
        problems_path_key(path, field->name, member_path);
        const struct node *value = node_get(node, field->name);
        if (value != NULL) {
            field_read_present(reader, field, value, member_path, object);
        } else {
            field_read_absent(reader, field, node, member_path, object);
        }
    }
}

static void field_read_mapping(struct field_reader *reader, const struct field *fields,
                               const struct node *node, const char *path, void *object)
{
    field_check_keys(reader, fields, node, path);
    field_read_members(reader, fields, node, path, object);
}

enum err field_parse(const struct field *fields, const struct node *node, const char *path,
                     void *object, size_t size, struct arena *arena, struct problems *problems)
{
    struct field_reader reader = {.arena = arena, .problems = problems};
    const size_t before = problems->count;
    memset(object, 0, size);
    if (node->kind == NODE_MAPPING) {
        field_read_mapping(&reader, fields, node, path, object);
    } else {
        const struct field expected = {.kind = FIELD_OBJECT};
        field_refuse_node(&reader, &expected, node, path);
    }
    if (reader.is_out_of_memory) {
        return node_out_of_memory(problems);
    }
    return problems->count > before ? ERR_SYNTAX : ERR_NONE;
}
