#include <string.h>

#include "base/assert.h"
#include "config/field_reader.h"

enum { MARKDOWN_LEVEL_MAX = 6 };

/* A cell must not end its row or its line. */
static void markdown_append_cell(struct text *out, const char *string)
{
    for (; *string != '\0'; string++) {
        if (*string == '|') {
            text_append_string(out, "\\|");
        } else {
            text_append_char(out, *string == '\n' ? ' ' : *string);
        }
    }
}

static void markdown_append_code(struct text *out, const char *string)
{
    text_append_char(out, '`');
    markdown_append_cell(out, string);
    text_append_char(out, '`');
}

static void markdown_append_names(struct text *out, const struct field_name *names)
{
    for (const struct field_name *name = names; name->name != NULL; name++) {
        text_append_string(out, name == names ? "" : ", ");
        markdown_append_code(out, name->name);
    }
}

static void markdown_append_element(struct text *out, const struct field_element *element);

static void markdown_append_type(struct text *out, const struct field *field)
{
    static const char *const kinds[] = {
        [FIELD_TEXT] = "text",         [FIELD_DECIMAL] = "decimal", [FIELD_INTEGER] = "integer",
        [FIELD_BOOL] = "bool",         [FIELD_ENUM] = "enum",       [FIELD_DURATION] = "duration",
        [FIELD_INSTANT] = "instant",   [FIELD_OBJECT] = "object",   [FIELD_LIST] = "list",
        [FIELD_MAP] = "name: decimal", [FIELD_NODE] = "any",
    };
    if (field->kind == FIELD_ENUM) {
        markdown_append_names(out, field->names);
    } else {
        text_append_string(out, kinds[field->kind]);
    }
    if (field->kind == FIELD_LIST) {
        markdown_append_element(out, field->element);
    }
}

/* " of decimal", " of objects or rows [price, amount]", ... */
static void markdown_append_element(struct text *out, const struct field_element *element)
{
    text_append_string(out, " of ");
    if (element->is_scalar) {
        markdown_append_type(out, &element->fields[0]);
        return;
    }
    text_append_string(out, "objects");
    if (!element->is_row) {
        return;
    }
    text_append_string(out, " or rows [");
    for (const struct field *field = element->fields; field->name != NULL; field++) {
        text_append_string(out, field == element->fields ? "" : ", ");
        text_append_string(out, field->name);
    }
    text_append_char(out, ']');
}

static void markdown_append_default(struct text *out, const struct field *field)
{
    if (field->is_required) {
        text_append_string(out, "**required**");
    } else if (field->default_text != NULL) {
        markdown_append_code(out, field->default_text);
    } else {
        text_append_string(out, "none");
    }
    if (field->is_nullable && (field->is_required || field->default_text != NULL)) {
        text_append_string(out, ", may be null");
    }
}

static void markdown_append_range(struct text *out, const struct field *field)
{
    struct text range = {0};
    field_append_bounds(field, &range);
    if (field->count_min > 0 || field->count_max > 0) {
        text_printf(&range, "%s %zu to %zu elements", range.length > 0 ? "," : "", field->count_min,
                    field_count_max(field));
    }
    markdown_append_cell(out, range.length > 0 ? text_string(&range) + 1 : "");
    out->failed = out->failed || text_failed(&range);
    text_done(&range);
}

static void markdown_append_row(struct text *out, const struct field *field)
{
    text_append_string(out, "| ");
    markdown_append_code(out, field->name);
    text_append_string(out, " | ");
    markdown_append_type(out, field);
    text_append_string(out, " | ");
    markdown_append_cell(out, field->unit != NULL ? field->unit : "");
    text_append_string(out, " | ");
    markdown_append_default(out, field);
    text_append_string(out, " | ");
    markdown_append_range(out, field);
    text_append_string(out, " | ");
    markdown_append_cell(out, field->doc != NULL ? field->doc : "");
    text_append_string(out, " |\n");
}

static void markdown_append_section(struct text *out, const char *title, int level,
                                    const struct field *fields)
{
    if (out->length > 0) {
        text_append_char(out, '\n');
    }
    for (int i = 0; i < level && i < MARKDOWN_LEVEL_MAX; i++) {
        text_append_char(out, '#');
    }
    text_printf(out, " %s\n\n", title);
    text_append_string(out, "| key | type | unit | default | range | meaning |\n"
                            "| --- | --- | --- | --- | --- | --- |\n");
    for (const struct field *field = fields; field->name != NULL; field++) {
        markdown_append_row(out, field);
    }
}

/* The table of a nested object or of the objects in a list, or NULL. */
static const struct field *markdown_nested(const struct field *field)
{
    if (field->kind == FIELD_OBJECT) {
        return field->fields;
    }
    if (field->kind == FIELD_LIST && !field->element->is_scalar) {
        return field->element->fields;
    }
    return NULL;
}

/* The sections of everything nested in `fields`, titled with their paths. */
static void markdown_append_nested(struct text *out, const char *path, int level,
                                   const struct field *fields)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        const struct field *nested = markdown_nested(field);
        if (nested == NULL) {
            continue;
        }
        char title[PROBLEMS_PATH_MAX];
        problems_path_key(path, field->name, title);
        if (field->kind == FIELD_LIST) {
            (void)strncat(title, "[]", sizeof(title) - strlen(title) - 1);
        }
        markdown_append_section(out, title, level, nested);
        markdown_append_nested(out, title, level + 1, nested);
    }
}

void field_print_markdown(const struct field *fields, const char *title, int level,
                          struct text *out)
{
    ASSERT(level >= 1);
    markdown_append_section(out, title, level, fields);
    markdown_append_nested(out, "", level + 1, fields);
}
