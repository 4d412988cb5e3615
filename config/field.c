#include "config/field.h"

#include <string.h>
#include <strings.h>

#include "config/field_reader.h"

const char *field_name_of(const struct field_name *names, int value)
{
    for (; names->name != NULL; names++) {
        if (names->value == value) {
            return names->name;
        }
    }
    return NULL;
}

bool field_value_of(const struct field_name *names, const char *name, int *ret_value)
{
    struct decimal number;
    const bool is_number = decimal_parse(name, strlen(name), &number) == ERR_NONE;
    for (; names->name != NULL; names++) {
        if (strcasecmp(names->name, name) == 0 ||
            (is_number && decimal_equal(number, decimal_from_int(names->value)))) {
            *ret_value = names->value;
            return true;
        }
    }
    return false;
}

bool field_is_scalar(const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_DECIMAL:
    case FIELD_INTEGER:
    case FIELD_BOOL:
    case FIELD_ENUM:
    case FIELD_DURATION:
    case FIELD_INSTANT:
        return true;
    case FIELD_OBJECT:
    case FIELD_LIST:
    case FIELD_MAP:
    case FIELD_NODE:
        break;
    }
    return false;
}

bool field_takes_null(const struct field *field)
{
    return field->is_nullable || (!field->is_required && field->default_text == NULL);
}

/* Where NULL says "no value". */
static bool field_is_pointer(const struct field *field)
{
    return field->kind == FIELD_TEXT || field->kind == FIELD_OBJECT || field->kind == FIELD_NODE;
}

/* Numbers and bools need the flag to be nullable, for all others it is the table's choice. */
static bool field_has_flag(const struct field *field)
{
    const bool is_needed = field_is_scalar(field) && field->kind != FIELD_TEXT;
    ASSERT(!field->is_nullable || !is_needed || field->set_offset != field->offset);
    return field->is_nullable && (is_needed || field->set_offset != 0);
}

bool *field_set_flag(const struct field *field, void *object)
{
    return field_has_flag(field) ? (bool *)(void *)((char *)object + field->set_offset) : NULL;
}

bool field_has_value(const struct field *field, const void *object)
{
    const char *bytes = object;
    if (field_has_flag(field)) {
        return *(const bool *)(const void *)(bytes + field->set_offset);
    }
    const void *value = bytes + field->offset;
    if (field_is_pointer(field)) {
        return *(const void *const *)value != NULL;
    }
    if (field->kind == FIELD_LIST || field->kind == FIELD_MAP) {
        return ((const struct field_list *)value)->count >= field->count_min;
    }
    return field->kind != FIELD_ENUM || field_name_of(field->names, *(const int *)value) != NULL;
}

size_t field_count_max(const struct field *field)
{
    return field->count_max != 0 ? field->count_max : FIELD_COUNT_MAX;
}

unsigned field_duration_digits(const struct field *field)
{
    ASSERT(field->unit != NULL);
    ASSERT(strcmp(field->unit, "s") == 0 || strcmp(field->unit, "ms") == 0);
    return field->unit[0] == 's' ? 9 : 6;
}

void field_append_bounds(const struct field *field, struct text *out)
{
    if (field->min != NULL) {
        text_printf(out, " %s %s", field->min_excluded ? ">" : ">=", field->min);
    }
    if (field->max != NULL) {
        text_printf(out, "%s %s %s", field->min != NULL ? " and" : "",
                    field->max_excluded ? "<" : "<=", field->max);
    }
}

static void field_append_names(const struct field_name *names, struct text *out)
{
    text_append_string(out, "one of ");
    for (const struct field_name *name = names; name->name != NULL; name++) {
        text_printf(out, "%s%s", name == names ? "" : ", ", name->name);
    }
}

static void field_append_counts(const struct field *field, struct text *out)
{
    if (field->count_min > 0 || field->count_max > 0) {
        text_printf(out, " of %zu to %zu elements", field->count_min, field_count_max(field));
    }
}

static void field_append_kind(const struct field *field, struct text *out)
{
    static const char *const kinds[] = {
        [FIELD_TEXT] = "text",
        [FIELD_DECIMAL] = "a decimal",
        [FIELD_INTEGER] = "a whole number",
        [FIELD_BOOL] = "true or false without quotes",
        [FIELD_ENUM] = "a name",
        [FIELD_DURATION] = "a duration",
        [FIELD_INSTANT] = "a time like 2021-07-01T00:00:00Z or seconds since 1970",
        [FIELD_OBJECT] = "a mapping",
        [FIELD_LIST] = "a list",
        [FIELD_MAP] = "a mapping of names to decimals",
        [FIELD_NODE] = "a value",
    };
    if (field->kind == FIELD_ENUM) {
        field_append_names(field->names, out);
    } else {
        text_append_string(out, kinds[field->kind]);
    }
}

void field_append_expected(const struct field *field, struct text *out)
{
    field_append_kind(field, out);
    field_append_counts(field, out);
    field_append_bounds(field, out);
    if (field->unit != NULL) {
        text_printf(out, " (%s)", field->unit);
    }
}
