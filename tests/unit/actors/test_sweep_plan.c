/*
 * From the number of a set to its parameters: grids, draws, paths, and what is refused.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "actors/sweep_plan.h"

/* A tree with a sweep section, and what is made of it. */
struct fixture {
    struct arena arena;
    struct problems problems;
    const struct node *root;
    const struct sweep_section *section;
    struct sweep_plan *plan;
};

struct holder {
    const struct sweep_section *sweep;
};

static const struct field holder_fields[] = {{.name = "sweep",
                                              .kind = FIELD_OBJECT,
                                              .offset = offsetof(struct holder, sweep),
                                              .fields = sweep_section_fields,
                                              .size = sizeof(struct sweep_section),
                                              .is_required = true},
                                             {0}};

#define TREE "run: {seed: 1}\nfeeds: []\nlist: [{a: 1, b: {c: x}}, {a: 2}]\n"

static enum err fixture_open(struct fixture *fixture, const char *sweep)
{
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena, 0);
    problems_init(&fixture->problems, "test");
    char text[2048];
    const int length = snprintf(text, sizeof(text), TREE "sweep: {%s}\n", sweep);
    ck_assert_int_eq(node_read_yaml("test", text, (size_t)length, &fixture->arena,
                                    &fixture->problems, &fixture->root),
                     ERR_NONE);
    /* The section's table alone: the rest of the tree is nobody's. */
    const struct node *section = node_get(fixture->root, "sweep");
    struct sweep_section *parsed = arena_take(&fixture->arena, sizeof(*parsed));
    const enum err err = field_parse(holder_fields[0].fields, section, "sweep", parsed,
                                     sizeof(*parsed), &fixture->arena, &fixture->problems);
    fixture->section = parsed;
    return err == ERR_NONE
               ? sweep_plan_create(fixture->root, parsed, &fixture->problems, &fixture->plan)
               : err;
}

static void fixture_close(struct fixture *fixture)
{
    sweep_plan_destroy(fixture->plan);
    problems_done(&fixture->problems);
    arena_done(&fixture->arena);
}

static void check_set(const struct fixture *fixture, uint64_t set, const char *expected)
{
    struct text text = {0};
    sweep_plan_print(fixture->plan, set, &text);
    ck_assert_str_eq(text_string(&text), expected);
    text_done(&text);
}

START_TEST(test_grid)
{
    struct fixture fixture;
    ck_assert_int_eq(fixture_open(&fixture,
                                  "parameters: [{path: run.seed, from: 1, to: 2, steps: "
                                  "2}, {path: \"list[1].a\", values: [x, null, [1, 2]]}]"),
                     ERR_NONE);
    ck_assert_uint_eq(sweep_plan_count(fixture.plan), 6);
    check_set(&fixture, 0, "{\"run.seed\":1,\"list[1].a\":\"x\"}");
    check_set(&fixture, 1, "{\"run.seed\":1,\"list[1].a\":null}");
    check_set(&fixture, 2, "{\"run.seed\":1,\"list[1].a\":[1,2]}");
    check_set(&fixture, 3, "{\"run.seed\":2,\"list[1].a\":\"x\"}");
    check_set(&fixture, 5, "{\"run.seed\":2,\"list[1].a\":[1,2]}");
    ck_assert_str_eq(sweep_plan_value(fixture.plan, 5, 0)->text, "2");
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_tree_of_a_set)
{
    struct fixture fixture;
    ck_assert_int_eq(fixture_open(&fixture, "parameters: [{path: \"list[0].b.c\", values: [new]}, "
                                            "{path: \"list[0].b.d\", values: [added]}]"),
                     ERR_NONE);
    struct arena arena;
    arena_init(&arena, 0);
    const struct node *root;
    ck_assert_int_eq(sweep_plan_tree(fixture.plan, 0, &arena, &root), ERR_NONE);
    const struct node *first = node_get(root, "list")->items[0];
    ck_assert_str_eq(node_get_text(node_get(first, "b"), "c"), "new");
    ck_assert_str_eq(node_get_text(node_get(first, "b"), "d"), "added");
    ck_assert_str_eq(node_get_text(first, "a"), "1");
    /* What is beside it is shared, and the file itself is as it was. */
    ck_assert_ptr_eq(node_get(root, "run"), node_get(fixture.root, "run"));
    const struct node *old = node_get(node_get(fixture.root, "list")->items[0], "b");
    ck_assert_str_eq(node_get_text(old, "c"), "x");
    ck_assert_ptr_null(node_get(old, "d"));
    arena_done(&arena);
    arena_init(&arena, 64);
    ck_assert_int_eq(sweep_plan_tree(fixture.plan, 0, &arena, &root), ERR_MEMORY);
    arena_done(&arena);
    fixture_close(&fixture);
}
END_TEST

START_TEST(test_random_draws_repeat_and_spread)
{
    struct fixture fixture;
    ck_assert_int_eq(fixture_open(&fixture,
                                  "sample: random, count: 4000, seed: 5, parameters: [{path: "
                                  "run.seed, from: 0, to: 3, steps: 4}, {path: \"list[1].a\", "
                                  "from: 0, to: 1, steps: 2}]"),
                     ERR_NONE);
    ck_assert_uint_eq(sweep_plan_count(fixture.plan), 4000);
    unsigned counts[8] = {0};
    for (uint64_t set = 0; set < 4000; set++) {
        const struct node *first = sweep_plan_value(fixture.plan, set, 0);
        const struct node *second = sweep_plan_value(fixture.plan, set, 1);
        ck_assert_ptr_eq(first, sweep_plan_value(fixture.plan, set, 0));
        counts[(first->text[0] - '0') * 2 + (second->text[0] - '0')]++;
    }
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_gt(counts[i], 400); /* 500 on average; 400 is 5 deviations below. */
        ck_assert_uint_lt(counts[i], 600);
    }
    fixture_close(&fixture);
}
END_TEST

static const struct {
    const char *sweep;
    const char *problem;
} refused[] = {
    {"parameters: [{path: \"\", values: [1]}]", "expected a path"},
    {"parameters: [{path: \"list[\", values: [1]}]", "expected a path"},
    {"parameters: [{path: \"list[0]a\", values: [1]}]", "expected a path"},
    {"parameters: [{path: \"run..seed\", values: [1]}]", "expected a path"},
    {"parameters: [{path: \"[0]\", values: [1]}]", "expected a path"},
    {"parameters: [{path: \"list[2].a\", values: [1]}]", "leads nowhere"},
    {"parameters: [{path: \"list.a\", values: [1, 2]}]", "leads nowhere"},
    {"parameters: [{path: run.seed.x, values: [1]}]", "leads nowhere"},
    {"parameters: [{path: runs.seed, values: [1]}]", "leads nowhere"},
    {"parameters: [{path: \"feeds[0]\", values: [1]}]", "the same for every set"},
    {"parameters: [{path: sweep.top, values: [1]}]", "the same for every set"},
    {"parameters: [{path: run.seed}]", "expected values, or both"},
    {"parameters: [{path: run.seed, from: 1}]", "expected values, or both"},
    {"parameters: [{path: run.seed, values: []}]", "1 to 10000"},
    {"parameters: [{path: run.seed, values: 1}]", "1 to 10000"},
    {"parameters: [{path: run.seed, values: [1], to: 2}]", "either values"},
    {"parameters: [{path: run.seed, from: 0, to: 2, scale: log}]", "above 0"},
    {"parameters: [{path: run.seed, from: -1e20, to: 1e20}]", "too wide"},
    {"parameters: [{path: run.seed, from: 1, to: 2, steps: 10000}, {path: run.name, from: 1, to: "
     "2, steps: 10000}, {path: run.mode, from: 1, to: 2, steps: 11}]",
     "more than 1000000000 sets"},
    {"parameters: []", "sweep.parameters"},
    {"parameters: [{path: run.seed, values: [1]}, {path: run.seed, values: [2]}]",
     "another parameter"},
    {"parameters: [{path: \"list[0].b\", values: [null]}, {path: \"list[0].b.c\", values: [2]}]",
     "another parameter"},
    {"parameters: [{path: \"list[0].b.c\", values: [1]}, {path: \"list[0]\", values: [2]}]",
     "another parameter"},
};

START_TEST(test_what_is_refused)
{
    struct fixture fixture;
    ck_assert_int_eq(fixture_open(&fixture, refused[_i].sweep), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&fixture.problems.lines), refused[_i].problem) != NULL,
                  "%s: %s", refused[_i].sweep, text_string(&fixture.problems.lines));
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sweep plan");
    TCase *tcase = tcase_create("sweep plan");
    tcase_add_test(tcase, test_grid);
    tcase_add_test(tcase, test_tree_of_a_set);
    tcase_add_test(tcase, test_random_draws_repeat_and_spread);
    tcase_add_loop_test(tcase, test_what_is_refused, 0, sizeof(refused) / sizeof(refused[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
