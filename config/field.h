/*
 * config/field.h - the field table: one description of a struct that parses, validates, prints,
 * makes its JSON Schema and its documentation.
 *
 * A configuration struct has one table, an array of struct field that ends with a field whose
 * name is NULL. Nothing else in the program knows its keys. Unknown keys are problems (with a
 * suggestion), missing required ones too, and all problems are reported at once.
 *
 * Null: a field with `is_nullable` may be absent or null. For a value that cannot say so itself
 * (decimal, integer, bool, enum, duration, instant) the bool at `set_offset` says whether it has
 * one. Text, objects and nodes are pointers that are NULL, lists and maps are empty; they may have
 * such a bool as well (a set_offset of 0 means: none).
 *
 * Absent: a field gets its `default_text`, converted and checked like anything else; an absent
 * nullable field without one has no value; a required one is a problem. What is neither nullable
 * nor required and has no default stays zero (text NULL, list empty), and there null says the same
 * as leaving it out. Give numbers a default instead, unless zero lies within their bounds.
 *
 * Threads: tables are const; the functions are pure.
 */
#ifndef TUTTI_CONFIG_FIELD_H
#define TUTTI_CONFIG_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/decimal.h"
#include "base/text.h"
#include "config/node.h"
#include "config/problems.h"

enum field_kind {
    FIELD_TEXT,     /* const char *, in the arena. Any scalar: NO and 010 are text as well. */
    FIELD_DECIMAL,  /* struct decimal. Text or number in the source. */
    FIELD_INTEGER,  /* int64_t. Whole number, or text of one where it has more than 15 digits. */
    FIELD_BOOL,     /* bool. true or false without quotes, nothing else. */
    FIELD_ENUM,     /* int, one of `names`. Name (any case) or number in the source. */
    FIELD_DURATION, /* int64_t nanoseconds; the source has it in `unit`: "s" or "ms". */
    FIELD_INSTANT,  /* int64_t nanoseconds since the epoch; source: instant_parse(). */
    FIELD_OBJECT,   /* T *, described by `fields`, in the arena; NULL when absent or null. */
    FIELD_LIST,     /* struct field_list of `element`s. */
    FIELD_MAP,      /* struct field_list of struct field_entry: free keys, decimal values. */
    FIELD_NODE,     /* const struct node *: left to somebody else, e.g. a union by "type". Borrowed
                     * from the tree, so that must live as long as the object. */
};

/* Elements lie one behind the other; each has element->size bytes. */
struct field_list {
    void *items; /* In the arena; NULL when count is 0. */
    size_t count;
};

/* One pair of a FIELD_MAP. */
struct field_entry {
    const char *key; /* In the arena. */
    struct decimal value;
};

/* The names and numbers of an enum; the array ends with a NULL name. */
struct field_name {
    const char *name;
    int value;
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;     /* offsetof the value in the struct. */
    size_t set_offset; /* offsetof the bool that says "has a value"; used when is_nullable. */
    bool is_nullable;  /* Absent and null are allowed and mean: no value. */
    bool is_required;  /* Must be present. A null needs is_nullable as well. */
    const char *default_text; /* Value of an absent field, as it would be written; or NULL. For
                               * objects, lists and maps as JSON: "{}" is an object of defaults. */
    const char *unit;         /* For documents: "base", "quote", "s", "fraction", ...; or NULL. */
    const char *min;          /* Bounds as decimal text, or NULL. */
    const char *max;
    bool min_excluded; /* The bound itself is outside. */
    bool max_excluded;
    const struct field_name *names;      /* FIELD_ENUM. */
    const struct field *fields;          /* FIELD_OBJECT. */
    size_t size;                         /* FIELD_OBJECT: sizeof the struct. */
    const struct field_element *element; /* FIELD_LIST. */
    size_t count_min;                    /* FIELD_LIST, FIELD_MAP: fewest and most elements; */
    size_t count_max;                    /* count_max 0 means FIELD_COUNT_MAX. */
    const char *doc;                     /* One or two sentences for the reader of the manual. */
};

/* What a list holds: structs with a table of their own, or scalars of one kind. */
struct field_element {
    size_t size;                /* sizeof one element. */
    const struct field *fields; /* Its table. A scalar list has one field at offset 0. */
    bool is_scalar;             /* Elements are single values: the table's first field. */
    bool is_row; /* Elements may be written as [a, b, ...] in the order of the table. */
};

enum { FIELD_COUNT_MAX = 100000, FIELD_PATH_MAX = PROBLEMS_PATH_MAX, FIELD_TEXT_LENGTH_MAX = 4096 };

/*
 * Fills `object` (zeroed by this function, `size` bytes) from a mapping. `path` is the path of the
 * mapping for messages ("" for the root). ERR_NONE, or ERR_SYNTAX with every problem added, or
 * ERR_MEMORY. On an error the object must not be used.
 */
MUST_USE enum err field_parse(const struct field *fields, const struct node *node, const char *path,
                              void *object, size_t size, struct arena *arena,
                              struct problems *problems);

/* Writes the object as one JSON object, keys in table order, null for "no value". What it writes,
 * field_parse() reads back to an equal object. */
void field_print_json(const struct field *fields, const void *object, struct text *out);

/* Writes the JSON Schema (draft 2020-12) object of the table, without "$schema". It accepts what
 * field_parse() accepts, but for bounds of numbers in quotes, letter case of enums and lengths of
 * rows that defaults fill up. */
void field_print_schema(const struct field *fields, struct text *out);

/* Writes a Markdown table of the fields and below it one section per nested table. `level` is the
 * depth of the first heading (2 gives ##). */
void field_print_markdown(const struct field *fields, const char *title, int level,
                          struct text *out);

/* The name of a value, or NULL. */
const char *field_name_of(const struct field_name *names, int value);

/* The value of a name in any letter case, or of a number in text. False when it is neither. */
bool field_value_of(const struct field_name *names, const char *name, int *ret_value);

#endif
