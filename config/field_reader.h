/*
 * config/field_reader.h - how the parts of the field parser work together, and the words that
 * messages, schema and manual share.
 *
 * Internal to config/.
 *
 * Threads: as config/field.h.
 */
#ifndef TUTTI_CONFIG_FIELD_READER_H
#define TUTTI_CONFIG_FIELD_READER_H

#include <stdbool.h>

#include "config/field.h"

/* One call of field_parse(). Problems are noted and reading goes on; only memory ends it. */
struct field_reader {
    struct arena *arena;
    struct problems *problems;
    bool is_out_of_memory;
};

/* True for what a single scalar in the source becomes. */
bool field_is_scalar(const struct field *field);

/* True when null, or leaving it out, is one of the things a field may be. */
bool field_takes_null(const struct field *field);

/* The bool that says "has a value" inside the object, or NULL when the field has none. */
bool *field_set_flag(const struct field *field, void *object);

/* False for a field without a value: its flag, its pointer, or a list too short to be written. */
bool field_has_value(const struct field *field, const void *object);

size_t field_count_max(const struct field *field);

/* Appends what would be right, e.g. "a decimal > 0 and <= 1 (fraction)". */
void field_append_expected(const struct field *field, struct text *out);

/* Appends the bounds with a blank in front, e.g. " > 0 and <= 1"; nothing when there are none. */
void field_append_bounds(const struct field *field, struct text *out);

/* Adds the problem "what, expected ..." at the node. */
void field_add_problem(struct field_reader *reader, const struct field *field,
                       const struct node *node, const char *path, const char *what);

/* Converts a scalar that is not null, checks its bounds and writes it to *value. The field is one
 * for which field_is_scalar() answers true. */
void field_read_scalar(struct field_reader *reader, const struct field *field,
                       const struct node *node, const char *path, void *value);

/* The length of a duration's unit, "s" or "ms", as a number of decimal places behind which there
 * is less than a nanosecond: 9 or 6. */
unsigned field_duration_digits(const struct field *field);

#endif
