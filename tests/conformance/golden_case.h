/*
 * tests/conformance/golden_case.h - one golden file: its configuration, market, script and steps.
 *
 * Ownership: everything lives in the case's arena until golden_case_close().
 */
#ifndef TUTTI_TESTS_CONFORMANCE_GOLDEN_CASE_H
#define TUTTI_TESTS_CONFORMANCE_GOLDEN_CASE_H

#include "config/node.h"
#include "config/problems.h"
#include "executors/executor.h"
#include "market/venues/paper.h"
#include "tests/support/stage.h"

struct golden_case {
    struct arena arena;
    struct problems problems;
    const struct node *header;
    const struct node *script;
    const struct node **steps;
    size_t step_count;
    const struct executor_kind *kind;
    const struct executor_config *config;
    struct instrument instrument;
    struct paper_config paper;
    struct paper_script paper_script;
};

/* Reads a file. On an error `golden->problems` says what is wrong. The case must be closed in
 * either case, and must stay where it is. */
MUST_USE enum err golden_case_open(const char *path, struct golden_case *golden);
void golden_case_close(struct golden_case *golden);

/* The inputs of a step. */
struct quote golden_case_quote(const struct golden_case *golden, size_t step);

enum { GOLDEN_CALLS_MAX = 8 };

/* Plays one step on the stage up to the evaluation: what the script has for it included. The
 * requests are not sent yet. */
void golden_case_play(const struct golden_case *golden, struct stage *stage, size_t step);

#endif
