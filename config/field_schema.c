#include <string.h>

#include "base/assert.h"
#include "config/field_reader.h"
#include "config/node_build.h"

/* What decimal_parse() reads. */
static const char decimal_pattern[] = "^[+-]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][+-]?[0-9]+)?$";

static void schema_print_field(const struct field *field, struct text *out);

/* "type": one name, or an array with the second one and "null" where they apply. */
static void schema_print_type(const struct field *field, const char *first, const char *second,
                              struct text *out)
{
    const bool takes_null = field_takes_null(field);
    json_key(out, "type");
    if (second == NULL && !takes_null) {
        json_string(out, first);
        return;
    }
    json_array_begin(out);
    json_string(out, first);
    if (second != NULL) {
        json_string(out, second);
    }
    if (takes_null) {
        json_string(out, "null");
    }
    json_array_end(out);
}

/* Left out where a JSON number would not show the bound exactly. */
static void schema_print_bound(const char *key, const char *bound, struct text *out)
{
    char digits[DECIMAL_TEXT_MAX];
    const size_t length = decimal_print(decimal_literal(bound), digits);
    if (node_is_json_number(digits, length)) {
        json_key(out, key);
        json_raw(out, digits);
    }
}

/* Bounds bind numbers only; text of a number is bound by the parser. */
static void schema_print_bounds(const struct field *field, struct text *out)
{
    if (field->min != NULL) {
        schema_print_bound(field->min_excluded ? "exclusiveMinimum" : "minimum", field->min, out);
    }
    if (field->max != NULL) {
        schema_print_bound(field->max_excluded ? "exclusiveMaximum" : "maximum", field->max, out);
    }
}

/* A number, or text of one. */
static void schema_print_number(const struct field *field, const char *type, struct text *out)
{
    schema_print_type(field, type, "string", out);
    json_put_string(out, "pattern", decimal_pattern);
    schema_print_bounds(field, out);
}

static void schema_print_names(const struct field *field, struct text *out)
{
    json_key(out, "enum");
    json_array_begin(out);
    for (const struct field_name *name = field->names; name->name != NULL; name++) {
        json_string(out, name->name);
    }
    for (const struct field_name *name = field->names; name->name != NULL; name++) {
        json_int(out, name->value);
    }
    if (field_takes_null(field)) {
        json_null(out);
    }
    json_array_end(out);
}

static void schema_print_required(const struct field *fields, struct text *out)
{
    json_key(out, "required");
    json_array_begin(out);
    for (const struct field *field = fields; field->name != NULL; field++) {
        if (field->is_required) {
            json_string(out, field->name);
        }
    }
    json_array_end(out);
}

/* The members that describe a mapping with this table. */
static void schema_print_members(const struct field *fields, struct text *out)
{
    json_key(out, "properties");
    json_object_begin(out);
    for (const struct field *field = fields; field->name != NULL; field++) {
        json_key(out, field->name);
        schema_print_field(field, out);
    }
    json_object_end(out);
    schema_print_required(fields, out);
    json_put_bool(out, "additionalProperties", false);
}

/* A row: as many of the table's fields, in its order, as up to the last required one at least. */
static void schema_print_row(const struct field *fields, struct text *out)
{
    int64_t count = 0;
    int64_t required = 0;
    json_object_begin(out);
    json_put_string(out, "type", "array");
    json_key(out, "prefixItems");
    json_array_begin(out);
    for (const struct field *field = fields; field->name != NULL; field++) {
        schema_print_field(field, out);
        count++;
        required = field->is_required ? count : required;
    }
    json_array_end(out);
    json_put_int(out, "minItems", required);
    json_put_int(out, "maxItems", count);
    json_object_end(out);
}

static void schema_print_element(const struct field_element *element, struct text *out)
{
    if (element->is_scalar) {
        /* An element is there or not; it is null only when the table says so. */
        struct field value = element->fields[0];
        value.is_required = true;
        schema_print_field(&value, out);
        return;
    }
    if (!element->is_row) {
        field_print_schema(element->fields, out);
        return;
    }
    json_object_begin(out);
    json_key(out, "anyOf");
    json_array_begin(out);
    schema_print_row(element->fields, out);
    field_print_schema(element->fields, out);
    json_array_end(out);
    json_object_end(out);
}

static void schema_print_list(const struct field *field, struct text *out)
{
    schema_print_type(field, "array", NULL, out);
    json_key(out, "items");
    schema_print_element(field->element, out);
    json_put_int(out, "minItems", (int64_t)field->count_min);
    json_put_int(out, "maxItems", (int64_t)field_count_max(field));
}

static void schema_print_map(const struct field *field, struct text *out)
{
    struct field value = {.kind = FIELD_DECIMAL, .is_required = true};
    value.min = field->min;
    value.max = field->max;
    value.min_excluded = field->min_excluded;
    value.max_excluded = field->max_excluded;
    schema_print_type(field, "object", NULL, out);
    json_key(out, "additionalProperties");
    schema_print_field(&value, out);
    json_put_int(out, "minProperties", (int64_t)field->count_min);
    json_put_int(out, "maxProperties", (int64_t)field_count_max(field));
}

static void schema_print_kind(const struct field *field, struct text *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
        schema_print_type(field, "string", NULL, out);
        json_put_int(out, "maxLength", FIELD_TEXT_LENGTH_MAX);
        break;
    case FIELD_DECIMAL:
        /* Text first: it is what keeps every digit. */
        schema_print_type(field, "string", "number", out);
        json_put_string(out, "pattern", decimal_pattern);
        schema_print_bounds(field, out);
        break;
    case FIELD_INTEGER:
        schema_print_number(field, "integer", out);
        break;
    case FIELD_BOOL:
        schema_print_type(field, "boolean", NULL, out);
        break;
    case FIELD_ENUM:
        schema_print_names(field, out);
        break;
    case FIELD_DURATION:
        schema_print_number(field, "number", out);
        break;
    case FIELD_INSTANT:
        schema_print_type(field, "string", "number", out);
        break;
    case FIELD_OBJECT:
        schema_print_type(field, "object", NULL, out);
        schema_print_members(field->fields, out);
        break;
    case FIELD_LIST:
        schema_print_list(field, out);
        break;
    case FIELD_MAP:
        schema_print_map(field, out);
        break;
    case FIELD_NODE:
        break; /* Anything: somebody else describes it. */
    }
}

/* Numbers and bools as they are, objects and lists are JSON already, all else is a string. */
static void schema_print_default(const struct field *field, struct text *out)
{
    const char *text = field->default_text;
    const bool is_number = field->kind == FIELD_INTEGER || field->kind == FIELD_DURATION;
    json_key(out, "default");
    if (!field_is_scalar(field) || field->kind == FIELD_BOOL ||
        (is_number && node_is_json_number(text, strlen(text)))) {
        json_raw(out, text);
    } else {
        json_string(out, text);
    }
}

static void schema_print_description(const struct field *field, struct text *out)
{
    struct text description = {0};
    text_append_string(&description, field->doc != NULL ? field->doc : "");
    if (field->unit != NULL) {
        text_printf(&description, "%sUnit: %s.", field->doc != NULL ? " " : "", field->unit);
    }
    if (description.length > 0) {
        json_put_string(out, "description", text_string(&description));
    }
    out->failed = out->failed || text_failed(&description);
    text_done(&description);
}

static void schema_print_field(const struct field *field, struct text *out)
{
    json_object_begin(out);
    schema_print_description(field, out);
    schema_print_kind(field, out);
    if (field->default_text != NULL) {
        schema_print_default(field, out);
    }
    json_object_end(out);
}

void field_print_schema(const struct field *fields, struct text *out)
{
    json_object_begin(out);
    json_put_string(out, "type", "object");
    schema_print_members(fields, out);
    json_object_end(out);
}
