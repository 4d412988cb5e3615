/*
 * tests/unit/executors/damaging.h - what becomes of a snapshot in which something was changed.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_DAMAGING_H
#define TUTTI_TESTS_UNIT_EXECUTORS_DAMAGING_H

#include "bracketing.h"

/* Saves the executor, replaces the first `from` by `to`, which is as long, and loads a new one. */
static inline enum err damage_and_load(const struct stage *stage, const char *from, const char *to)
{
    struct text saved = {0};
    executor_save(stage->executor, &saved);
    char *place = strstr(saved.data, from);
    ck_assert_msg(place != NULL && strlen(from) == strlen(to), "%s in %s", from, saved.data);
    memcpy(place, to, strlen(to));
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "snapshot");
    ck_assert_int_eq(node_read_json("snapshot", saved.data, saved.length, NODE_DEPTH_CONTROL_MAX,
                                    &arena, &problems, &node),
                     ERR_NONE);
    struct executor *loaded = stage_new_executor(stage);
    const enum err err = executor_load(loaded, node);
    executor_done(loaded);
    free(loaded);
    problems_done(&problems);
    arena_done(&arena);
    text_done(&saved);
    return err;
}

#endif
