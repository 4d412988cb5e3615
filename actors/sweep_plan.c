#include "actors/sweep_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/sweep_range.h"
#include "base/assert.h"
#include "base/prng.h"

enum { PLAN_STEPS_MAX = 32, PLAN_INDEX_MAX = 9999999 };

/* One step down the tree: into the item of a list, or the value of a key. */
struct plan_step {
    const char *key; /* In the arena; NULL: an index. */
    size_t length;
    size_t index;
};

struct plan_parameter {
    const char *path; /* Borrowed from the section. */
    struct plan_step steps[PLAN_STEPS_MAX];
    size_t step_count;
    const struct node **values; /* Borrowed from the file's list, or in the arena. */
    size_t value_count;
};

struct sweep_plan {
    struct arena arena;
    const struct node *root;             /* Borrowed. */
    const struct sweep_section *section; /* Borrowed. */
    struct plan_parameter *parameters;   /* In the arena. */
    size_t parameter_count;
    uint64_t count;
};

/* What is looked at while a plan is made. */
struct plan_check {
    struct sweep_plan *plan;
    struct problems *problems;
    size_t index; /* Of the parameter. */
};

static void plan_add_problem(const struct plan_check *check, const char *key, const char *message)
{
    const struct node *list = node_get(node_get(check->plan->root, "sweep"), "parameters");
    const struct node *item =
        list != NULL && check->index < list->count ? list->items[check->index] : NULL;
    const struct node *value = node_get(item, key);
    const struct node *place = value != NULL ? value : item;
    char path[PROBLEMS_PATH_MAX];
    (void)snprintf(path, sizeof(path), "sweep.parameters[%zu].%s", check->index, key);
    problems_add(check->problems, place != NULL ? place->line : 0,
                 place != NULL ? place->column : 0, path, "%s", message);
}

/* ---- Paths ---- */

/* Reads "[12]"; the end of it, or NULL. */
static const char *plan_read_index(const char *text, struct plan_step *step)
{
    size_t index = 0;
    const char *end = text + 1;
    while (*end >= '0' && *end <= '9' && index <= PLAN_INDEX_MAX) {
        index = index * 10 + (size_t)(*end++ - '0');
    }
    if (end == text + 1 || *end != ']') {
        return NULL;
    }
    *step = (struct plan_step){.index = index};
    return end + 1;
}

/* Reads a path of keys and indexes: a.b[1].c; false when it is none. */
static bool plan_read_path(struct plan_parameter *parameter)
{
    const char *next = parameter->path;
    while (*next != '\0') {
        if (parameter->step_count == PLAN_STEPS_MAX) {
            return false;
        }
        struct plan_step *step = &parameter->steps[parameter->step_count++];
        if (*next == '[') {
            next = plan_read_index(next, step);
            if (next == NULL) {
                return false;
            }
        } else {
            if (parameter->step_count > 1 && *next++ != '.') {
                return false;
            }
            *step = (struct plan_step){.key = next, .length = strcspn(next, ".[]")};
            next += step->length;
            if (step->length == 0) {
                return false;
            }
        }
    }
    return parameter->step_count > 0;
}

/* Where the step leads to: a place among the node's items. node->count: a key that could be
 * added. SIZE_MAX: nowhere. */
static size_t plan_find(const struct node *node, const struct plan_step *step)
{
    ASSERT(node != NULL);
    if (step->key == NULL) {
        return node->kind == NODE_SEQUENCE && step->index < node->count ? step->index : SIZE_MAX;
    }
    if (node->kind != NODE_MAPPING) {
        return SIZE_MAX;
    }
    size_t i = 0;
    while (i < node->count && (node->keys[i]->length != step->length ||
                               memcmp(node->keys[i]->text, step->key, step->length) != 0)) {
        i++;
    }
    return i;
}

static bool plan_is_shared(const struct plan_parameter *parameter)
{
    static const char *const shared[] = {"feeds", "persistence", "events", "control", "sweep"};
    const struct plan_step *head = &parameter->steps[0];
    for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++) {
        if (strlen(shared[i]) == head->length && strncmp(shared[i], head->key, head->length) == 0) {
            return true;
        }
    }
    return false;
}

static void plan_check_path(const struct plan_check *check, struct plan_parameter *parameter)
{
    if (!plan_read_path(parameter) || parameter->steps[0].key == NULL) {
        plan_add_problem(check, "path", "expected a path, e.g. executors[0].amount");
        return;
    }
    if (plan_is_shared(parameter)) {
        plan_add_problem(
            check, "path",
            "feeds, persistence, events, control and sweep are the same for every set");
        return;
    }
    const struct node *node = check->plan->root;
    ASSERT(node != NULL);
    for (size_t i = 0; i < parameter->step_count; i++) {
        const size_t place = plan_find(node, &parameter->steps[i]);
        const bool is_last = i + 1 == parameter->step_count;
        if (place == SIZE_MAX || (place == node->count && !is_last)) {
            plan_add_problem(check, "path",
                             "leads nowhere: everything but its last key has to be in this file");
            return;
        }
        if (!is_last) {
            node = node->items[place];
        }
    }
}

static bool plan_is_same_step(const struct plan_step *a, const struct plan_step *b)
{
    if (a->key == NULL || b->key == NULL) {
        return a->key == b->key && a->index == b->index;
    }
    return a->length == b->length && memcmp(a->key, b->key, a->length) == 0;
}

/* Whether one of the paths leads through the end of the other, or to it. */
static bool plan_overlaps(const struct plan_parameter *a, const struct plan_parameter *b)
{
    const size_t count = a->step_count < b->step_count ? a->step_count : b->step_count;
    size_t i = 0;
    while (i < count && plan_is_same_step(&a->steps[i], &b->steps[i])) {
        i++;
    }
    return i == count;
}

/* Of two values for the same place one would be lost. */
static void plan_check_overlap(const struct plan_check *check)
{
    const struct plan_parameter *parameters = check->plan->parameters;
    for (size_t i = 0; i < check->index; i++) {
        if (plan_overlaps(&parameters[i], &parameters[check->index])) {
            plan_add_problem(check, "path",
                             "another parameter changes this already, or a part of it");
            return;
        }
    }
}

/* ---- Values ---- */

static enum err plan_list_range(const struct plan_check *check, struct plan_parameter *parameter,
                                const struct sweep_parameter_section *section)
{
    const bool is_log = section->scale == SWEEP_LOG;
    if (!section->has_from || !section->has_to) {
        plan_add_problem(check, "values", "expected values, or both of from and to");
        return ERR_NONE;
    }
    if (is_log && (decimal_sign(section->from) <= 0 || decimal_sign(section->to) <= 0)) {
        plan_add_problem(check, "from", "a log scale needs ends above 0");
        return ERR_NONE;
    }
    const struct sweep_range range = {.from = section->from,
                                      .to = section->to,
                                      .steps = (size_t)section->steps,
                                      .is_log = is_log};
    const enum err err = sweep_range_list(&range, &check->plan->arena, &parameter->values);
    parameter->value_count = range.steps;
    if (err == ERR_OVERFLOW) {
        plan_add_problem(check, "to", "the range is too wide");
        return ERR_NONE;
    }
    return err;
}

static enum err plan_list_values(const struct plan_check *check, struct plan_parameter *parameter,
                                 const struct sweep_parameter_section *section)
{
    const struct node *values = section->values;
    if (values == NULL) {
        return plan_list_range(check, parameter, section);
    }
    if (section->has_from || section->has_to) {
        plan_add_problem(check, "values", "expected either values, or from and to");
    } else if (values->kind != NODE_SEQUENCE || values->count == 0 ||
               values->count > SWEEP_VALUES_MAX) {
        plan_add_problem(check, "values", "expected a list of 1 to 10000 values");
    } else {
        parameter->values = values->items;
        parameter->value_count = values->count;
    }
    return ERR_NONE;
}

/* ---- The plan ---- */

static enum err plan_fill(struct sweep_plan *plan, struct problems *problems)
{
    const struct sweep_parameter_section *sections = plan->section->parameters.items;
    plan->parameter_count = plan->section->parameters.count;
    plan->parameters = arena_take(&plan->arena, plan->parameter_count * sizeof(*plan->parameters));
    if (plan->parameters == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < plan->parameter_count; i++) {
        const struct plan_check check = {.plan = plan, .problems = problems, .index = i};
        plan->parameters[i].path = sections[i].path;
        plan_check_path(&check, &plan->parameters[i]);
        plan_check_overlap(&check);
        const enum err err = plan_list_values(&check, &plan->parameters[i], &sections[i]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* How many sets there are; what is too many is a problem. */
static void plan_count_sets(struct sweep_plan *plan, struct problems *problems)
{
    if (plan->section->sample == SWEEP_RANDOM) {
        plan->count = (uint64_t)plan->section->count;
        return;
    }
    plan->count = 1;
    for (size_t i = 0; i < plan->parameter_count; i++) {
        plan->count *= plan->parameters[i].value_count; /* At most 10^9 * 10^4. */
        if (plan->count > (uint64_t)SWEEP_SETS_MAX) {
            problems_add(problems, 0, 0, "sweep.parameters",
                         "the grid has more than 1000000000 sets: use fewer values, or sample: "
                         "random");
            return;
        }
    }
}

enum err sweep_plan_create(const struct node *root, const struct sweep_section *section,
                           struct problems *problems, struct sweep_plan **ret_plan)
{
    struct sweep_plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        return ERR_MEMORY;
    }
    arena_init(&plan->arena, 0);
    plan->root = root;
    plan->section = section;
    const size_t before = problems->count;
    enum err err = plan_fill(plan, problems);
    if (err == ERR_NONE && problems->count == before) {
        plan_count_sets(plan, problems);
    }
    if (err == ERR_NONE && problems->count > before) {
        err = ERR_SYNTAX;
    }
    if (err != ERR_NONE) {
        sweep_plan_destroy(plan);
        return err;
    }
    *ret_plan = plan;
    return ERR_NONE;
}

void sweep_plan_destroy(struct sweep_plan *plan)
{
    if (plan != NULL) {
        arena_done(&plan->arena);
        free(plan);
    }
}

uint64_t sweep_plan_count(const struct sweep_plan *plan)
{
    return plan->count;
}

/* ---- One set ---- */

/* Which value each parameter has: the digits of the set's number, or draws. */
static void plan_choose(const struct sweep_plan *plan, uint64_t set,
                        const struct node *chosen[SWEEP_PARAMETERS_MAX])
{
    ASSERT(set < plan->count);
    struct prng prng;
    prng_init(&prng, (uint64_t)plan->section->seed);
    prng_init(&prng, prng_next(&prng) ^ set); /* Neighbours draw independently. */
    const bool is_random = plan->section->sample == SWEEP_RANDOM;
    for (size_t i = plan->parameter_count; i-- > 0;) {
        const struct plan_parameter *parameter = &plan->parameters[i];
        chosen[i] = parameter->values[is_random ? prng_below(&prng, parameter->value_count)
                                                : set % parameter->value_count];
        set /= parameter->value_count;
    }
}

/* A copy of the node in which the end of the steps is `value`; what is beside them is shared. */
static const struct node *plan_replace(struct arena *arena, const struct node *node,
                                       const struct plan_step *steps, size_t count,
                                       const struct node *value)
{
    if (count == 0) {
        return value;
    }
    ASSERT(node != NULL);
    const size_t place = plan_find(node, steps);
    const bool is_added = place == node->count;
    struct node *copy = arena_take(arena, sizeof(*copy));
    const struct node **items = arena_take(arena, (node->count + 1) * sizeof(*items));
    const struct node **keys =
        is_added ? arena_take(arena, (node->count + 1) * sizeof(*keys)) : node->keys;
    if (copy == NULL || items == NULL || (is_added && keys == NULL)) {
        return NULL;
    }
    *copy = *node;
    copy->items = items;
    copy->keys = keys;
    memcpy(items, node->items, node->count * sizeof(*items));
    if (is_added) {
        struct node *key = arena_take(arena, sizeof(*key));
        char *text = arena_copy(arena, steps->key, steps->length);
        if (key == NULL || text == NULL) {
            return NULL;
        }
        *key = (struct node){.kind = NODE_SCALAR,
                             .text = text,
                             .length = steps->length,
                             .line = value->line,
                             .column = value->column};
        memcpy(keys, node->keys, node->count * sizeof(*keys));
        keys[copy->count++] = key;
    }
    items[place] =
        plan_replace(arena, is_added ? NULL : node->items[place], steps + 1, count - 1, value);
    return items[place] != NULL ? copy : NULL;
}

enum err sweep_plan_tree(const struct sweep_plan *plan, uint64_t set, struct arena *arena,
                         const struct node **ret_root)
{
    const struct node *chosen[SWEEP_PARAMETERS_MAX];
    plan_choose(plan, set, chosen);
    const struct node *root = plan->root;
    for (size_t i = 0; i < plan->parameter_count && root != NULL; i++) {
        const struct plan_parameter *parameter = &plan->parameters[i];
        root = plan_replace(arena, root, parameter->steps, parameter->step_count, chosen[i]);
    }
    if (root == NULL) {
        return ERR_MEMORY;
    }
    *ret_root = root;
    return ERR_NONE;
}

const struct node *sweep_plan_value(const struct sweep_plan *plan, uint64_t set, size_t parameter)
{
    ASSERT(parameter < plan->parameter_count);
    const struct node *chosen[SWEEP_PARAMETERS_MAX];
    plan_choose(plan, set, chosen);
    return chosen[parameter];
}

void sweep_plan_print(const struct sweep_plan *plan, uint64_t set, struct text *out)
{
    const struct node *chosen[SWEEP_PARAMETERS_MAX];
    plan_choose(plan, set, chosen);
    json_object_begin(out);
    for (size_t i = 0; i < plan->parameter_count; i++) {
        json_key(out, plan->parameters[i].path);
        node_print_json(chosen[i], out);
    }
    json_object_end(out);
}
