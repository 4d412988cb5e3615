#include <stdio.h>
#include <string.h>

#include "base/instant.h"
#include "config/field_reader.h"
#include "config/node_build.h"

enum { FIELD_NAMES_MAX = 64, FIELD_WHAT_MAX = 256 };

void field_add_problem(struct field_reader *reader, const struct field *field,
                       const struct node *node, const char *path, const char *what)
{
    struct text expected = {0};
    field_append_expected(field, &expected);
    problems_add(reader->problems, node->line, node->column, path, "%s, expected %s", what,
                 text_string(&expected));
    text_done(&expected);
}

/* Adds the problem `"text" what, expected ...`. */
static void scalar_refuse(struct field_reader *reader, const struct field *field,
                          const struct node *node, const char *path, const char *what)
{
    char excerpt[NODE_EXCERPT_MAX];
    node_excerpt(node->text, node->length, excerpt);
    char words[NODE_EXCERPT_MAX + FIELD_WHAT_MAX];
    (void)snprintf(words, sizeof(words), "%s %s", excerpt, what);
    field_add_problem(reader, field, node, path, words);
}

/* 010 is 10 to some readers and 8 to others; the user shall not have to know. */
static bool scalar_has_leading_zero(const struct node *node)
{
    const char *digits = node->text;
    digits += *digits == '+' || *digits == '-' ? 1 : 0;
    return !node->is_quoted && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9';
}

/* What to say of text that is no number. */
static const char *scalar_not_a_number(const char *text)
{
    if (strpbrk(text, "0123456789") == NULL) {
        return "is not a number";
    }
    if (strchr(text, '_') != NULL || strchr(text, ',') != NULL || strchr(text, ' ') != NULL) {
        return "is not a number (write its digits without anything between them)";
    }
    const char *digits = text + (*text == '+' || *text == '-' ? 1 : 0);
    if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X' || digits[1] == 'o')) {
        return "is not a number (write it in decimal digits)";
    }
    return "is not a number";
}

/* Reads the text of the node as a number. False with a problem added when it is none. */
static bool scalar_number(struct field_reader *reader, const struct field *field,
                          const struct node *node, const char *path, struct decimal *ret_value)
{
    if (scalar_has_leading_zero(node)) {
        scalar_refuse(reader, field, node, path,
                      "has a leading zero (write the number without it, or text in quotes)");
        return false;
    }
    const enum err err = decimal_parse(node->text, node->length, ret_value);
    if (err == ERR_NONE) {
        return true;
    }
    scalar_refuse(reader, field, node, path,
                  err == ERR_RANGE      ? "has more than 18 decimal places"
                  : err == ERR_OVERFLOW ? "is too large"
                                        : scalar_not_a_number(node->text));
    return false;
}

static bool number_is_above(struct decimal value, const char *bound, bool is_excluded)
{
    const int order = decimal_compare(value, decimal_literal(bound));
    return order > 0 || (order == 0 && is_excluded);
}

static bool number_is_below(struct decimal value, const char *bound, bool is_excluded)
{
    const int order = decimal_compare(value, decimal_literal(bound));
    return order < 0 || (order == 0 && is_excluded);
}

/* False with a problem added when the number, in the unit of the field, is out of its bounds. */
static bool scalar_check_bounds(struct field_reader *reader, const struct field *field,
                                const struct node *node, const char *path, struct decimal number)
{
    if ((field->min != NULL && number_is_below(number, field->min, field->min_excluded)) ||
        (field->max != NULL && number_is_above(number, field->max, field->max_excluded))) {
        scalar_refuse(reader, field, node, path, "is out of range");
        return false;
    }
    return true;
}

static void scalar_read_text(struct field_reader *reader, const struct field *field,
                             const struct node *node, const char *path, const char **value)
{
    if (node->length > FIELD_TEXT_LENGTH_MAX) {
        char what[FIELD_WHAT_MAX];
        (void)snprintf(what, sizeof(what), "has %zu bytes, at most %d are allowed", node->length,
                       FIELD_TEXT_LENGTH_MAX);
        scalar_refuse(reader, field, node, path, what);
        return;
    }
    *value = arena_copy(reader->arena, node->text, node->length);
    if (*value == NULL) {
        reader->is_out_of_memory = true;
    }
}

static void scalar_read_decimal(struct field_reader *reader, const struct field *field,
                                const struct node *node, const char *path, struct decimal *value)
{
    struct decimal number;
    if (scalar_number(reader, field, node, path, &number) &&
        scalar_check_bounds(reader, field, node, path, number)) {
        *value = number;
    }
}

/* A number of which there may be no more than `digits` decimal places, as a mantissa of so many. */
static bool scalar_mantissa(struct field_reader *reader, const struct field *field,
                            const struct node *node, const char *path, int64_t *ret_mantissa)
{
    const unsigned digits = field->kind == FIELD_DURATION ? field_duration_digits(field) : 0;
    struct decimal number;
    if (!scalar_number(reader, field, node, path, &number)) {
        return false;
    }
    if (decimal_digits(number) > digits) {
        scalar_refuse(reader, field, node, path,
                      digits == 0 ? "is not a whole number" : "is finer than a nanosecond");
        return false;
    }
    if (!scalar_check_bounds(reader, field, node, path, number)) {
        return false;
    }
    if (decimal_to_mantissa_floor(number, digits, ret_mantissa) != ERR_NONE) {
        scalar_refuse(reader, field, node, path, "is too large");
        return false;
    }
    return true;
}

static void scalar_read_mantissa(struct field_reader *reader, const struct field *field,
                                 const struct node *node, const char *path, int64_t *value)
{
    int64_t mantissa;
    if (scalar_mantissa(reader, field, node, path, &mantissa)) {
        *value = mantissa;
    }
}

static void scalar_read_bool(struct field_reader *reader, const struct field *field,
                             const struct node *node, const char *path, bool *value)
{
    if (!node->is_quoted && strcmp(node->text, "true") == 0) {
        *value = true;
    } else if (!node->is_quoted && strcmp(node->text, "false") == 0) {
        *value = false;
    } else {
        scalar_refuse(reader, field, node, path, "is neither true nor false");
    }
}

static const char *enum_suggest(const struct field_name *names, const char *text)
{
    const char *candidates[FIELD_NAMES_MAX];
    size_t count = 0;
    for (; names->name != NULL && count < FIELD_NAMES_MAX; names++) {
        candidates[count++] = names->name;
    }
    return problems_suggest(text, candidates, count);
}

static void scalar_read_enum(struct field_reader *reader, const struct field *field,
                             const struct node *node, const char *path, int *value)
{
    int number;
    if (field_value_of(field->names, node->text, &number)) {
        *value = number;
        return;
    }
    char what[FIELD_WHAT_MAX] = "is unknown";
    const char *suggestion = enum_suggest(field->names, node->text);
    if (suggestion != NULL) {
        (void)snprintf(what, sizeof(what), "is unknown (did you mean \"%s\"?)", suggestion);
    }
    scalar_refuse(reader, field, node, path, what);
}

static void scalar_read_instant(struct field_reader *reader, const struct field *field,
                                const struct node *node, const char *path, int64_t *value)
{
    int64_t instant_ns;
    const enum err err = instant_parse(node->text, node->length, &instant_ns);
    /* What lies in the first second of the range cannot be written as a date any more. */
    if (err == ERR_RANGE || (err == ERR_NONE && instant_ns < INT64_MIN + NS_PER_S)) {
        scalar_refuse(reader, field, node, path, "is out of the years 1678 to 2262");
    } else if (err != ERR_NONE) {
        scalar_refuse(reader, field, node, path, "is not a time");
    } else if (scalar_check_bounds(reader, field, node, path, instant_seconds(instant_ns))) {
        *value = instant_ns;
    }
}

void field_read_scalar(struct field_reader *reader, const struct field *field,
                       const struct node *node, const char *path, void *value)
{
    ASSERT(field_is_scalar(field));
    ASSERT(node->kind == NODE_SCALAR);
    switch (field->kind) {
    case FIELD_TEXT:
        scalar_read_text(reader, field, node, path, value);
        break;
    case FIELD_DECIMAL:
        scalar_read_decimal(reader, field, node, path, value);
        break;
    case FIELD_INTEGER:
    case FIELD_DURATION:
        scalar_read_mantissa(reader, field, node, path, value);
        break;
    case FIELD_BOOL:
        scalar_read_bool(reader, field, node, path, value);
        break;
    case FIELD_ENUM:
        scalar_read_enum(reader, field, node, path, value);
        break;
    case FIELD_INSTANT:
        scalar_read_instant(reader, field, node, path, value);
        break;
    case FIELD_OBJECT:
    case FIELD_LIST:
    case FIELD_MAP:
    case FIELD_NODE:
        break;
    }
}
