#include <stdio.h>
#include <string.h>

#include "actors/roles/control_hummingbot.h"
#include "executors/registry.h"

enum { HB_TYPE_DEPTH_MAX = 4 };

/* When to use each; a kind from a plugin goes by its summary. */
static const struct {
    const char *type;
    const char *use_case;
} hb_use_cases[] = {
    {"arbitrage_executor", "The same asset is traded at two venues at different prices."},
    {"dca_executor", "Build a position over several prices instead of at one."},
    {"grid_executor", "Earn from a price that moves within a range."},
    {"order_executor", "Buy or sell an amount without managing what follows."},
    {"position_executor", "Take a position with a plan for its profit and its loss."},
    {"progressive_executor", "Hold a position that must pay a yield, and leave it step by step."},
    {"twap_executor", "Trade a large amount without moving the price."},
    {"xemm_executor", "Make a market at one venue and be hedged at another."},
};

static const char *hb_use_case(const struct executor_kind *kind)
{
    for (size_t i = 0; i < sizeof(hb_use_cases) / sizeof(hb_use_cases[0]); i++) {
        if (strcmp(hb_use_cases[i].type, kind->type) == 0) {
            return hb_use_cases[i].use_case;
        }
    }
    return kind->summary;
}

void hummingbot_types(struct text *out)
{
    json_object_begin(out);
    json_key(out, "executor_types");
    json_array_begin(out);
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        json_object_begin(out);
        json_put_string(out, "type", kind->type);
        json_put_string(out, "description", kind->summary);
        json_put_string(out, "use_case", hb_use_case(kind));
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
}

/* ---- Fields ---- */

static const char *hb_type_name(const struct field *field)
{
    switch (field->kind) {
    case FIELD_TEXT:
    case FIELD_ENUM:
    case FIELD_INSTANT:
        return "str";
    case FIELD_DECIMAL:
        return "Decimal";
    case FIELD_INTEGER:
        return "int";
    case FIELD_DURATION:
        return "float";
    case FIELD_BOOL:
        return "bool";
    case FIELD_OBJECT:
    case FIELD_MAP:
        return "dict";
    case FIELD_LIST:
        return "list";
    case FIELD_NODE:
        return "Any";
    }
    return "Any";
}

/* The table of what a field holds, or NULL. */
static const struct field *hb_nested(const struct field *field)
{
    return field->kind == FIELD_OBJECT                               ? field->fields
           : field->kind == FIELD_LIST && !field->element->is_scalar ? field->element->fields
                                                                     : NULL;
}

static void hb_put_bound(struct text *out, const char *key, const char *bound)
{
    if (bound != NULL) {
        hummingbot_put_number(out, key, decimal_literal(bound));
    }
}

static void hb_put_constraints(struct text *out, const struct field *field)
{
    json_key(out, "constraints");
    json_object_begin(out);
    hb_put_bound(out, field->min_excluded ? "gt" : "ge", field->min);
    hb_put_bound(out, field->max_excluded ? "lt" : "le", field->max);
    json_object_end(out);
}

static void hb_put_names(struct text *out, const struct field *field)
{
    json_key(out, "enum_values");
    if (field->kind != FIELD_ENUM) {
        json_null(out);
        return;
    }
    json_array_begin(out);
    for (const struct field_name *name = field->names; name->name != NULL; name++) {
        json_string(out, name->name);
    }
    json_array_end(out);
}

static void hb_put_fields(struct text *out, const struct field *fields)
{
    json_array_begin(out);
    for (const struct field *field = fields; field->name != NULL; field++) {
        json_object_begin(out);
        json_put_string(out, "name", field->name);
        json_put_bool(out, "required", field->is_required);
        json_put_string(out, "type", hb_type_name(field));
        json_put_string(out, "description", field->doc);
        json_put_string(out, "default", field->default_text);
        hb_put_constraints(out, field);
        hb_put_names(out, field);
        json_object_end(out);
    }
    json_array_end(out);
}

/* One member per nested table, under the name of the field that holds it. */
static void hb_put_nested(struct text *out, const struct field *fields, int depth)
{
    for (const struct field *field = fields; field->name != NULL; field++) {
        const struct field *nested = hb_nested(field);
        if (nested != NULL && depth < HB_TYPE_DEPTH_MAX) {
            json_key(out, field->name);
            hb_put_fields(out, nested);
            hb_put_nested(out, nested, depth + 1);
        }
    }
}

/* "position_executor" is configured by a PositionExecutorConfig. */
static void hb_print_class(const char *type, char *out, size_t capacity)
{
    size_t used = 0;
    bool is_first = true;
    for (const char *p = type; *p != '\0' && used + sizeof("Config") < capacity; p++) {
        if (*p == '_') {
            is_first = true;
            continue;
        }
        out[used++] = (char)(is_first && *p >= 'a' && *p <= 'z' ? *p - ('a' - 'A') : *p);
        is_first = false;
    }
    (void)snprintf(out + used, capacity - used, "Config");
}

enum err hummingbot_type_config(const char *type, struct text *out)
{
    const struct executor_kind *kind = executor_kind_find(type);
    if (kind == NULL) {
        return ERR_NOT_FOUND;
    }
    char class_[CONTROL_NAME_MAX];
    hb_print_class(type, class_, sizeof(class_));
    json_object_begin(out);
    json_put_string(out, "executor_type", type);
    json_put_string(out, "config_class", class_);
    json_put_string(out, "description", kind->summary);
    json_key(out, "fields");
    hb_put_fields(out, kind->config_fields);
    json_key(out, "nested_types");
    json_object_begin(out);
    hb_put_nested(out, kind->config_fields, 0);
    json_object_end(out);
    json_object_end(out);
    return ERR_NONE;
}
