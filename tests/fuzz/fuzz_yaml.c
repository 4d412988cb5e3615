/*
 * tests/fuzz/fuzz_yaml.c - any bytes as YAML: refused with a problem, or a tree that prints.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/assert.h"
#include "config/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What prints must be JSON that the strict reader takes; only its length may stand in the way:
 * escapes and aliases make it longer than the source. */
static void check_printed(const struct node *root, struct arena *arena, struct problems *problems)
{
    struct text printed = {0};
    node_print_json(root, &printed);
    ASSERT(!text_failed(&printed));
    const struct node *again = NULL;
    const enum err err = node_read_json("printed", text_string(&printed), printed.length,
                                        NODE_DEPTH_MAX, arena, problems, &again);
    ASSERT(err == ERR_NONE || err == ERR_LIMIT);
    text_done(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct problems problems;
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "fuzz");
    const enum err err = node_read_yaml("fuzz", (const char *)data, size, &arena, &problems, &root);
    ASSERT((err == ERR_NONE) == (problems.count == 0));
    if (err == ERR_NONE) {
        check_printed(root, &arena, &problems);
    }
    problems_done(&problems);
    arena_done(&arena);
    return 0;
}
