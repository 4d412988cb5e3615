#include "actors/sweep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/run.h"
#include "actors/sweep_plan.h"
#include "actors/sweep_workers.h"
#include "base/assert.h"
#include "base/log.h"

enum {
    SWEEP_WAIT_MS = 100,       /* Between two looks at the progress. */
    SWEEP_COMMIT_LOOKS = 10,   /* Commit after so many of them, */
    SWEEP_COMMIT_ROWS = 10000, /* or so many rows. */
};

struct sweep {
    struct run_config config;  /* Of the file as it stands. */
    struct sweep_plan *plan;   /* Owned. */
    struct run_tapes tapes;    /* Open while it runs. */
    struct sweep_store *store; /* Owned; NULL before it runs. */
    char *database;            /* Owned. */
    struct sweep_options options;
    uint64_t next;  /* Set to look at. */
    uint64_t found; /* Had a row before. */
    uint64_t run;   /* Got one. */
    uint64_t mask;  /* Bit i: set mask_first + i has a row. */
    uint64_t mask_first;
    bool has_mask;
    unsigned told; /* Sets whose problem was logged. */
    bool is_ending;
};

/* ---- Loading ---- */

static void sweep_add_problem(const struct sweep *sweep, struct problems *problems,
                              const char *section, const char *key, const char *message)
{
    const struct node *mapping = node_get(sweep->config.root, section);
    const struct node *node = node_get(mapping, key);
    char path[PROBLEMS_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s%s%s", section, key[0] != '\0' ? "." : "", key);
    problems_add(problems, node != NULL ? node->line : 0, node != NULL ? node->column : 0, path,
                 "%s", message);
}

static enum err sweep_read(struct sweep *sweep, const char *path, struct problems *problems)
{
    const enum err err = run_config_load(path, &sweep->config, problems);
    if (err != ERR_NONE) {
        return err;
    }
    if (sweep->config.file.sweep == NULL) {
        sweep_add_problem(sweep, problems, "sweep", "",
                          "missing: list the parameters and their values, see docs/sweep.md");
        return ERR_SYNTAX;
    }
    if (sweep->config.file.run->mode != MODE_BACKTEST) {
        sweep_add_problem(sweep, problems, "run", "mode", "a sweep runs backtests: use backtest");
        return ERR_SYNTAX;
    }
    return sweep_plan_create(sweep->config.root, sweep->config.file.sweep, problems, &sweep->plan);
}

enum err sweep_load(const char *path, struct problems *problems, struct sweep **ret_sweep)
{
    struct sweep *sweep = calloc(1, sizeof(*sweep));
    if (sweep == NULL) {
        return ERR_MEMORY;
    }
    const enum err err = sweep_read(sweep, path, problems);
    if (err != ERR_NONE) {
        sweep_destroy(sweep);
        return err;
    }
    *ret_sweep = sweep;
    return ERR_NONE;
}

void sweep_destroy(struct sweep *sweep)
{
    if (sweep == NULL) {
        return;
    }
    sweep_store_close(sweep->store);
    run_tapes_close(&sweep->tapes);
    sweep_plan_destroy(sweep->plan);
    run_config_done(&sweep->config);
    free(sweep->database);
    free(sweep);
}

const struct run_config *sweep_config(const struct sweep *sweep)
{
    return &sweep->config;
}

uint64_t sweep_count(const struct sweep *sweep)
{
    return sweep_plan_count(sweep->plan);
}

const struct node *sweep_value(const struct sweep *sweep, uint64_t set, size_t parameter)
{
    return sweep_plan_value(sweep->plan, set, parameter);
}

const char *sweep_database(const struct sweep *sweep)
{
    return sweep->database;
}

/* ---- One set, on a worker ---- */

/* A figure that left its range would be refused by the database. */
static bool sweep_has_overflown(const struct performance_report *total)
{
#define SWEEP_IS_INVALID(name, column, member, is_least) !decimal_is_valid(total->member) ||
    return SWEEP_MEASURES(SWEEP_IS_INVALID) false;
#undef SWEEP_IS_INVALID
}

static void sweep_run_config(const struct sweep *sweep, const struct run_config *config,
                             struct sweep_answer *answer)
{
    const struct run_options options = {.epoch = (uint64_t)config->file.run->seed % 1000000,
                                        .tapes = &sweep->tapes,
                                        .is_unrecorded = true};
    struct run *run = NULL;
    struct run_result result = {0};
    struct failure failure;
    answer->row.state = SWEEP_SET_FAILED;
    if (run_create(config, &options, &run, &failure) != ERR_NONE ||
        run_execute(run, &result, &failure) != ERR_NONE) {
        text_append_string(&answer->problem, failure.text);
    } else if (!result.outcome.is_balanced) {
        text_append_string(&answer->problem, "balances differ from what the fills say");
    } else if (sweep_has_overflown(&result.outcome.total)) {
        text_append_string(&answer->problem, "a figure left the range of decimals");
    } else {
        answer->row.state = SWEEP_SET_DONE;
        answer->row.total = result.outcome.total;
    }
    run_destroy(run);
}

/* The first problem of a file, without the newline. */
static void sweep_take_problem(const struct problems *problems, enum err err, struct text *out)
{
    const char *lines = text_string(&problems->lines);
    text_append(out, lines, strcspn(lines, "\n"));
    if (out->length == 0) {
        text_append_string(out, err_name(err));
    }
}

static void sweep_run_set(void *context, struct sweep_answer *answer)
{
    const struct sweep *sweep = context;
    struct arena arena;
    arena_init(&arena, 0);
    struct problems problems;
    problems_init(&problems, sweep->config.path);
    struct run_config config = {0};
    const struct node *root;
    sweep_plan_print(sweep->plan, answer->row.set, &answer->parameters);
    enum err err = sweep_plan_tree(sweep->plan, answer->row.set, &arena, &root);
    if (err == ERR_NONE) {
        err = run_config_build(root, sweep->config.path, &config, &problems);
    }
    if (err == ERR_NONE && config.file.run->mode != MODE_BACKTEST) {
        problems_add(&problems, 0, 0, "run.mode", "a sweep runs backtests");
        err = ERR_SYNTAX;
    }
    if (err == ERR_NONE) {
        sweep_run_config(sweep, &config, answer);
    } else {
        answer->row.state = err == ERR_SYNTAX ? SWEEP_SET_INVALID : SWEEP_SET_FAILED;
        sweep_take_problem(&problems, err, &answer->problem);
    }
    run_config_done(&config);
    problems_done(&problems);
    arena_done(&arena);
}

/* ---- The sweep ---- */

static unsigned sweep_worker_count(const struct sweep_options *options)
{
    long count = options->workers;
    if (count == 0) {
        count = sysconf(_SC_NPROCESSORS_ONLN);
    }
    return count < 1 ? 1 : count > SWEEP_WORKERS_MAX ? SWEEP_WORKERS_MAX : (unsigned)count;
}

static enum err sweep_open(struct sweep *sweep, struct failure *failure)
{
    const char *name = sweep->config.file.run->name;
    const size_t size = strlen(name) + sizeof(".sweep.db");
    const char *given = sweep->options.database;
    sweep->database = given != NULL ? strdup(given) : calloc(1, size);
    if (sweep->database == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory to start the sweep");
    }
    if (given == NULL) {
        (void)snprintf(sweep->database, size, "%s.sweep.db", name);
    }
    const enum err err = run_tapes_open(&sweep->config, sweep->options.on_tape,
                                        sweep->options.context, &sweep->tapes, failure);
    if (err != ERR_NONE) {
        return err;
    }
    const struct sweep_identity identity = {.name = name,
                                            .config_hash = sweep->config.hash,
                                            .version = TUTTI_VERSION,
                                            .sets = sweep_count(sweep)};
    return sweep_store_open(sweep->database, &identity, sweep->options.is_replaced, &sweep->store,
                            failure);
}

/* How many sets have a row before the first one is given out. */
static enum err sweep_count_found(struct sweep *sweep, struct failure *failure)
{
    struct sweep_counts counts;
    const enum err err = sweep_store_count(sweep->store, &counts, failure);
    if (err == ERR_NONE) {
        sweep->found = counts.done + counts.invalid + counts.failed;
    }
    return err;
}

/* Whether the next set has a row already. */
static enum err sweep_look(struct sweep *sweep, bool *ret_has_row, struct failure *failure)
{
    const uint64_t offset = sweep->next % SWEEP_STORE_MASK_SETS;
    if (!sweep->has_mask || sweep->mask_first != sweep->next - offset) {
        sweep->mask_first = sweep->next - offset;
        sweep->has_mask = true;
        const enum err err =
            sweep_store_find(sweep->store, sweep->mask_first, &sweep->mask, failure);
        if (err != ERR_NONE) {
            return err;
        }
    }
    *ret_has_row = (sweep->mask >> offset & 1) != 0;
    return ERR_NONE;
}

/* Gives sets without a row to the workers while these have room. */
static enum err sweep_give(struct sweep *sweep, struct sweep_workers *workers,
                           struct failure *failure)
{
    while (!sweep->is_ending && sweep->next < sweep_count(sweep)) {
        bool has_row;
        const enum err err = sweep_look(sweep, &has_row, failure);
        if (err != ERR_NONE) {
            return err;
        }
        if (!has_row && !sweep_workers_give(workers, sweep->next)) {
            return ERR_NONE;
        }
        sweep->next++;
    }
    return ERR_NONE;
}

/* Says why a set has no figures, for the first few. */
static void sweep_tell(struct sweep *sweep, const struct sweep_row *row)
{
    if (row->state != SWEEP_SET_DONE && sweep->told++ < SWEEP_PROBLEMS_SHOWN) {
        log_line(LOG_WARNING, "sweep", "set %llu is %s: %s: %s%s", (unsigned long long)row->set,
                 sweep_state_name(row->state), row->parameters, row->problem,
                 sweep->told == SWEEP_PROBLEMS_SHOWN ? " (more of these are only counted)" : "");
    }
}

/* Writes every result that is there; waits for the first of them. */
static enum err sweep_write(struct sweep *sweep, struct sweep_workers *workers,
                            struct sweep_answer *answer, struct failure *failure)
{
    unsigned timeout_ms = SWEEP_WAIT_MS;
    while (sweep_workers_take(workers, timeout_ms, answer)) {
        if (text_failed(&answer->parameters) || text_failed(&answer->problem)) {
            return failure_set(failure, ERR_MEMORY, "no memory for a result");
        }
        const enum err err = sweep_store_append(sweep->store, &answer->row, failure);
        if (err != ERR_NONE) {
            return err;
        }
        sweep_tell(sweep, &answer->row);
        sweep->run++;
        timeout_ms = 0;
    }
    return ERR_NONE;
}

/* Shows the progress; ends the sweep when it is told to. */
static void sweep_show(struct sweep *sweep, struct sweep_workers *workers)
{
    const struct sweep_progress progress = {.done = sweep->run,
                                            .total = sweep_count(sweep) - sweep->found};
    if (sweep->options.on_progress != NULL && !sweep->is_ending &&
        !sweep->options.on_progress(sweep->options.context, &progress)) {
        sweep->is_ending = true;
        sweep_workers_recall(workers);
    }
}

static enum err sweep_loop(struct sweep *sweep, struct sweep_workers *workers,
                           struct sweep_answer *answer, struct failure *failure)
{
    uint64_t committed = 0;
    unsigned looks = 0;
    for (;;) {
        enum err err = sweep_give(sweep, workers, failure);
        if (err == ERR_NONE && sweep_workers_open(workers) == 0) {
            return sweep_store_commit(sweep->store, failure);
        }
        if (err == ERR_NONE) {
            err = sweep_write(sweep, workers, answer, failure);
        }
        if (err == ERR_NONE &&
            (++looks >= SWEEP_COMMIT_LOOKS || sweep->run - committed >= SWEEP_COMMIT_ROWS)) {
            err = sweep_store_commit(sweep->store, failure);
            committed = sweep->run;
            looks = 0;
        }
        if (err != ERR_NONE) {
            return err;
        }
        sweep_show(sweep, workers);
    }
}

enum err sweep_run(struct sweep *sweep, const struct sweep_options *options,
                   struct sweep_result *ret_result, struct failure *failure)
{
    ASSERT(sweep->store == NULL);
    sweep->options = *options;
    enum err err = sweep_open(sweep, failure);
    if (err == ERR_NONE) {
        err = sweep_count_found(sweep, failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct sweep_workers *workers;
    if (sweep_workers_create(sweep_worker_count(options), sweep_run_set, sweep, &workers) !=
        ERR_NONE) {
        return failure_set(failure, ERR_LIMIT,
                           "no threads for the sweep: use fewer --workers or raise the limit");
    }
    struct sweep_answer answer = {0};
    struct sweep_result result = {.sets = sweep_count(sweep)};
    err = sweep_loop(sweep, workers, &answer, failure);
    sweep_workers_destroy(workers);
    sweep_answer_done(&answer);
    if (err == ERR_NONE) {
        err = sweep_store_count(sweep->store, &result.counts, failure);
    }
    if (err == ERR_NONE) {
        result.found = sweep->found;
        result.run = sweep->run;
        result.is_complete = sweep->found + sweep->run == result.sets;
        *ret_result = result;
    }
    return err;
}

enum err sweep_rank(struct sweep *sweep, size_t top,
                    void (*visit)(void *context, const struct sweep_row *row), void *context,
                    struct failure *failure)
{
    ASSERT(sweep->store != NULL);
    const struct sweep_section *section = sweep->config.file.sweep;
    return sweep_store_rank(sweep->store, section->rank_by, top > 0 ? top : (size_t)section->top,
                            visit, context, failure);
}
