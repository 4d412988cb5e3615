#include "executors/factory.h"

#include <string.h>

#include "executors/registry.h"

enum { FACTORY_KINDS_MAX = 64 };

bool executor_id_is_valid(const char *id)
{
    const size_t length = strlen(id);
    const size_t accepted = strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                       "0123456789_.-");
    return length > 0 && length <= EXECUTOR_ID_MAX && accepted == length;
}

bool controller_id_is_valid(const char *id)
{
    return executor_id_is_valid(id) && strcmp(id, CONTROLLER_EXTERNAL) != 0;
}

void factory_add_problem(struct problems *problems, const struct node *node, const char *path,
                         const char *key, const char *message)
{
    const struct node *value = node_get(node, key);
    const struct node *place = value == NULL ? node : value;
    struct text member = {0};
    text_printf(&member, "%s%s%s", path, path[0] == '\0' ? "" : ".", key);
    problems_add(problems, place->line, place->column, text_string(&member), "%s", message);
    text_done(&member);
}

static void factory_add_unknown_type(struct problems *problems, const struct node *node,
                                     const char *path, const char *type)
{
    const char *candidates[FACTORY_KINDS_MAX];
    const size_t count = executor_kind_count();
    ASSERT(count <= FACTORY_KINDS_MAX);
    struct text message = {0};
    text_printf(&message, "%s, expected one of ", type == NULL ? "no executor type" : type);
    for (size_t i = 0; i < count; i++) {
        candidates[i] = executor_kind_at(i)->type;
        text_printf(&message, "%s%s", i == 0 ? "" : ", ", candidates[i]);
    }
    const char *suggestion = type == NULL ? NULL : problems_suggest(type, candidates, count);
    if (suggestion != NULL) {
        text_printf(&message, " (did you mean \"%s\"?)", suggestion);
    }
    factory_add_problem(problems, node, path, "type", text_string(&message));
    text_done(&message);
}

static const struct field *factory_find_field(const struct field *fields, const char *name)
{
    for (; fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return fields;
        }
    }
    return NULL;
}

static bool factory_is_default(const struct field *field, const struct node *value)
{
    return value->is_null && field != NULL && field->default_text != NULL && !field->is_nullable;
}

/*
 * A copy of the mapping without the nulls that stand for a default ("an optional key given as null
 * means its default"), also in the objects inside it. NULL when there is no memory.
 */
static const struct node *factory_drop_nulls(const struct field *fields, const struct node *node,
                                             struct arena *arena)
{
    struct node *copy = arena_take(arena, sizeof(*copy));
    const struct node **items = arena_take(arena, (node->count + 1) * sizeof(*items));
    const struct node **keys = arena_take(arena, (node->count + 1) * sizeof(*keys));
    if (copy == NULL || items == NULL || keys == NULL) {
        return NULL;
    }
    *copy = *node;
    copy->count = 0;
    for (size_t i = 0; i < node->count; i++) {
        const struct field *field = factory_find_field(fields, node->keys[i]->text);
        const struct node *value = node->items[i];
        if (factory_is_default(field, value)) {
            continue;
        }
        if (field != NULL && field->kind == FIELD_OBJECT && value->kind == NODE_MAPPING) {
            value = factory_drop_nulls(field->fields, value, arena);
            if (value == NULL) {
                return NULL;
            }
        }
        keys[copy->count] = node->keys[i];
        items[copy->count++] = value;
    }
    copy->keys = keys;
    copy->items = items;
    return copy;
}

/* What no table says: the form of an id, and what the kind itself demands. */
static enum err factory_validate(const struct executor_kind *kind,
                                 const struct executor_config *config, const char *path,
                                 const struct node *node, struct problems *problems)
{
    enum err err = ERR_NONE;
    if (config->id != NULL && !executor_id_is_valid(config->id)) {
        factory_add_problem(problems, node, path, "id",
                            "not an id, expected 1 to 63 characters of [A-Za-z0-9_.-]");
        err = ERR_SYNTAX;
    }
    if (!controller_id_is_valid(config->controller_id)) {
        factory_add_problem(problems, node, path, "controller_id",
                            "not an id, expected 1 to 63 characters of [A-Za-z0-9_.-], and "
                            "not " CONTROLLER_EXTERNAL);
        err = ERR_SYNTAX;
    }
    if (kind->validate != NULL) {
        const enum err of_kind = kind->validate(config, path, node, problems);
        err = of_kind == ERR_NONE ? err : of_kind;
    }
    return err;
}

bool factory_find_text(const struct field *fields, const void *members, const char *text,
                       struct text *out)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->kind != FIELD_TEXT && field->kind != FIELD_OBJECT) {
            continue;
        }
        const void *value = *(const void *const *)((const char *)members + field->offset);
        if (value == text) {
            text_append_string(out, field->name);
            return true;
        }
        struct text inside = {0};
        const bool is_inside = field->kind == FIELD_OBJECT && value != NULL &&
                               factory_find_text(field->fields, value, text, &inside);
        if (is_inside) {
            text_printf(out, "%s.%s", field->name, text_string(&inside));
        }
        text_done(&inside);
        if (is_inside) {
            return true;
        }
    }
    return false;
}

enum err factory_parse(const struct node *node, const char *path, struct arena *arena,
                       struct problems *problems, const struct executor_kind **ret_kind,
                       const struct executor_config **ret_config)
{
    if (node->kind != NODE_MAPPING) {
        problems_add(problems, node->line, node->column, path,
                     "not an executor configuration, expected a mapping");
        return ERR_SYNTAX;
    }
    const char *type = node_get_text(node, "type");
    const struct executor_kind *kind = type == NULL ? NULL : executor_kind_find(type);
    if (kind == NULL) {
        factory_add_unknown_type(problems, node, path, type);
        return ERR_SYNTAX;
    }
    const struct node *members = factory_drop_nulls(kind->config_fields, node, arena);
    struct executor_config *config = arena_take(arena, kind->config_size);
    if (members == NULL || config == NULL) {
        return ERR_MEMORY;
    }
    enum err err =
        field_parse(kind->config_fields, members, path, config, kind->config_size, arena, problems);
    if (err == ERR_NONE) {
        err = factory_validate(kind, config, path, node, problems);
    }
    if (err != ERR_NONE) {
        return err;
    }
    *ret_kind = kind;
    *ret_config = config;
    return ERR_NONE;
}

enum side executor_config_side(const struct executor_kind *kind,
                               const struct executor_config *config)
{
    for (const struct field *field = kind->config_fields; field->name != NULL; field++) {
        if (field->kind == FIELD_ENUM && strcmp(field->name, "side") == 0) {
            return (enum side) * (const int *)((const char *)config + field->offset);
        }
    }
    return (enum side)0;
}
