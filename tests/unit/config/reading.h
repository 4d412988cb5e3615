/*
 * tests/unit/config/reading.h - one text, read: arena, problems and tree in one place.
 */
#ifndef TUTTI_TESTS_UNIT_CONFIG_READING_H
#define TUTTI_TESTS_UNIT_CONFIG_READING_H

#include <string.h>

#include "config/field.h"
#include "config/node.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

struct reading {
    struct arena arena;
    struct problems problems;
    const struct node *root;
    enum err err;
    struct text printed; /* The tree as JSON, when there is one. */
};

static inline void reading_init(struct reading *reading)
{
    *reading = (struct reading){.err = ERR_NONE};
    arena_init(&reading->arena, 0);
    problems_init(&reading->problems, "t");
}

static inline void reading_done(struct reading *reading)
{
    text_done(&reading->printed);
    problems_done(&reading->problems);
    arena_done(&reading->arena);
}

static inline void reading_print(struct reading *reading)
{
    if (reading->err == ERR_NONE) {
        node_print_json(reading->root, &reading->printed);
    }
}

static inline void reading_yaml_bytes(struct reading *reading, const char *text, size_t length)
{
    reading_init(reading);
    reading->err =
        node_read_yaml("t.yaml", text, length, &reading->arena, &reading->problems, &reading->root);
    reading_print(reading);
}

static inline void reading_yaml(struct reading *reading, const char *text)
{
    reading_yaml_bytes(reading, text, strlen(text));
}

static inline void reading_json_bytes(struct reading *reading, const char *text, size_t length)
{
    reading_init(reading);
    reading->err = node_read_json("t.json", text, length, NODE_DEPTH_CONTROL_MAX, &reading->arena,
                                  &reading->problems, &reading->root);
    reading_print(reading);
}

static inline void reading_json(struct reading *reading, const char *text)
{
    reading_json_bytes(reading, text, strlen(text));
}

static inline const char *reading_lines(const struct reading *reading)
{
    return text_string(&reading->problems.lines);
}

#endif
