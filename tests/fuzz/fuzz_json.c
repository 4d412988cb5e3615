/*
 * tests/fuzz/fuzz_json.c - any bytes as JSON: refused with a problem, or a tree that prints to
 * what prints the same again.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/assert.h"
#include "config/node.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_printed(const struct node *root, struct arena *arena, struct problems *problems)
{
    struct text printed = {0};
    struct text reprinted = {0};
    node_print_json(root, &printed);
    const struct node *again = NULL;
    const enum err err = node_read_json("printed", text_string(&printed), printed.length,
                                        NODE_DEPTH_CONTROL_MAX, arena, problems, &again);
    ASSERT(err == ERR_NONE || err == ERR_LIMIT);
    if (err == ERR_NONE) {
        node_print_json(again, &reprinted);
        ASSERT(strcmp(text_string(&reprinted), text_string(&printed)) == 0);
    }
    text_done(&reprinted);
    text_done(&printed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct problems problems;
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "fuzz");
    const enum err err = node_read_json("fuzz", (const char *)data, size, NODE_DEPTH_CONTROL_MAX,
                                        &arena, &problems, &root);
    ASSERT((err == ERR_NONE) == (problems.count == 0));
    if (err == ERR_NONE) {
        check_printed(root, &arena, &problems);
    }
    problems_done(&problems);
    arena_done(&arena);
    return 0;
}
