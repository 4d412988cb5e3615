/*
 * tests/fuzz/action_input.h - what any bytes must not do to the readers of control messages.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_FUZZ_ACTION_INPUT_H
#define TUTTI_TESTS_FUZZ_ACTION_INPUT_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "actors/action.h"
#include "base/assert.h"
#include "config/node.h"

static inline enum err action_input_print(const char *bytes, size_t size, struct text *out)
{
    struct arena arena;
    struct problems problems;
    struct action action;
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "action");
    enum err err =
        node_read_json("action", bytes, size, NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = action_parse(root, "", &arena, &problems, &action);
    }
    ASSERT((err == ERR_NONE) == (problems.count == 0));
    if (err == ERR_NONE) {
        action_print(&action, out);
        ASSERT(!text_failed(out));
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

/* A request that is taken prints to what is taken again and prints the same; only its length may
 * stand in the way. Returns whether it was an action. */
static inline int action_input_take(const uint8_t *data, size_t size)
{
    struct text printed = {0};
    struct text again = {0};
    const enum err err = action_input_print((const char *)data, size, &printed);
    if (err == ERR_NONE) {
        const enum err reread = action_input_print(text_string(&printed), printed.length, &again);
        ASSERT(reread == ERR_NONE || printed.length > NODE_BYTES_MAX);
        ASSERT(reread != ERR_NONE || strcmp(text_string(&again), text_string(&printed)) == 0);
    }
    text_done(&again);
    text_done(&printed);
    return err == ERR_NONE;
}

#endif
