/*
 * actors/sweep_plan.h - from the number of a set to its parameters.
 *
 * A plan is the tree of a run file, the places in it that change, and the values of each place.
 * Which values set i has follows from i alone (and the seed of a random sample), so that no list of
 * sets exists, and a sweep that was ended goes on anywhere.
 *
 * Threads: immutable after sweep_plan_create(), any thread.
 */
#ifndef TUTTI_ACTORS_SWEEP_PLAN_H
#define TUTTI_ACTORS_SWEEP_PLAN_H

#include <stdint.h>

#include "actors/sweep_section.h"
#include "base/text.h"

struct sweep_plan; /* Opaque. */

/*
 * Looks up every path in the tree and lists every range's values. The tree and the section are
 * borrowed for the life of the plan. ERR_SYNTAX with every problem added (a path that leads
 * nowhere, to what sets share or where another one leads, an empty list of values, a range without
 * ends or, on a log scale, one that is not positive, more than SWEEP_SETS_MAX sets), ERR_MEMORY.
 */
MUST_USE enum err sweep_plan_create(const struct node *root, const struct sweep_section *section,
                                    struct problems *problems, struct sweep_plan **ret_plan);
void sweep_plan_destroy(struct sweep_plan *plan);

/* How many sets there are; they are numbered from 0. */
uint64_t sweep_plan_count(const struct sweep_plan *plan);

/* The run file with the values of a set, in the arena; what does not change is borrowed from the
 * plan's tree. set < sweep_plan_count(). ERR_MEMORY. */
MUST_USE enum err sweep_plan_tree(const struct sweep_plan *plan, uint64_t set, struct arena *arena,
                                  const struct node **ret_root);

/* The value of a parameter, by its place in the section, in a set. */
const struct node *sweep_plan_value(const struct sweep_plan *plan, uint64_t set, size_t parameter);

/* Appends the values of a set as a JSON object: path to value. */
void sweep_plan_print(const struct sweep_plan *plan, uint64_t set, struct text *out);

#endif
