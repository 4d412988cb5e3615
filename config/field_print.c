#include "base/instant.h"
#include "config/field_reader.h"
#include "config/node_build.h"

static void field_print_value(const struct field *field, const void *value, struct text *out);

/* A number as JSON; in quotes where the reader would refuse it because a double would round it. */
static void field_print_number(struct decimal number, struct text *out)
{
    char digits[DECIMAL_TEXT_MAX];
    const size_t length = decimal_print(number, digits);
    if (node_is_json_number(digits, length)) {
        json_raw(out, digits);
    } else {
        json_string(out, digits);
    }
}

static void field_print_instant(int64_t instant_ns, struct text *out)
{
    char printed[INSTANT_TEXT_MAX];
    (void)instant_print(instant_ns, printed);
    json_string(out, printed);
}

/* Elements are always written as objects, also where a row could be. */
static void field_print_list(const struct field_element *element, const struct field_list *list,
                             struct text *out)
{
    json_array_begin(out);
    for (size_t i = 0; i < list->count; i++) {
        const void *item = (const char *)list->items + i * element->size;
        if (!element->is_scalar) {
            field_print_json(element->fields, item, out);
        } else if (field_has_value(&element->fields[0], item)) {
            field_print_value(&element->fields[0], (const char *)item + element->fields[0].offset,
                              out);
        } else {
            json_null(out);
        }
    }
    json_array_end(out);
}

static void field_print_map(const struct field_list *map, struct text *out)
{
    const struct field_entry *entries = map->items;
    json_object_begin(out);
    for (size_t i = 0; i < map->count; i++) {
        json_key(out, entries[i].key);
        json_decimal(out, entries[i].value);
    }
    json_object_end(out);
}

static void field_print_value(const struct field *field, const void *value, struct text *out)
{
    switch (field->kind) {
    case FIELD_TEXT:
        json_string(out, *(const char *const *)value);
        break;
    case FIELD_DECIMAL:
        json_decimal(out, *(const struct decimal *)value);
        break;
    case FIELD_INTEGER:
        field_print_number(decimal_from_int(*(const int64_t *)value), out);
        break;
    case FIELD_BOOL:
        json_bool(out, *(const bool *)value);
        break;
    case FIELD_ENUM:
        json_string(out, field_name_of(field->names, *(const int *)value));
        break;
    case FIELD_DURATION:
        field_print_number(
            decimal_from_mantissa(*(const int64_t *)value, field_duration_digits(field)), out);
        break;
    case FIELD_INSTANT:
        field_print_instant(*(const int64_t *)value, out);
        break;
    case FIELD_OBJECT:
        field_print_json(field->fields, *(const void *const *)value, out);
        break;
    case FIELD_LIST:
        field_print_list(field->element, value, out);
        break;
    case FIELD_MAP:
        field_print_map(value, out);
        break;
    case FIELD_NODE:
        node_print_json(*(const struct node *const *)value, out);
        break;
    }
}

void field_print_json(const struct field *fields, const void *object, struct text *out)
{
    json_object_begin(out);
    for (const struct field *field = fields; field->name != NULL; field++) {
        json_key(out, field->name);
        if (field_has_value(field, object)) {
            field_print_value(field, (const char *)object + field->offset, out);
        } else {
            json_null(out);
        }
    }
    json_object_end(out);
}
