/*
 * A program with a run inside it: it creates an executor of a kind of its own, changes it while it
 * runs, stops it, and prints the fills it hears of.
 *
 * What to look at when you write your own: everything that can be refused is refused by
 * run_create() and by the answers to actions, in words; events come on a thread of the run, so
 * they are handed over to the program's own; an action has an id by which it counts once.
 */
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "actors/run.h"
#include "executors/plugin.h"
#include "executors/registry.h"

enum { ANSWER_MAX_MS = 10000, TRIES_MAX = 500, TRY_WAIT_NS = 20000000 };

/* ---- An executor kind of our own: here only another name for the progressive executor ---- */

static struct executor_kind desk_kind;
static const struct executor_kind *const desk_kinds[] = {&desk_kind, NULL};
static const struct plugin desk_plugin = {PLUGIN_HEAD, .kinds = desk_kinds};

static enum err desk_register(struct failure *failure)
{
    desk_kind = *executor_kind_find("progressive_executor");
    desk_kind.type = "desk_executor";
    return plugin_add("embed", &desk_plugin, failure);
}

/* ---- What the run tells ---- */

struct desk {
    struct run *run;
    sem_t filled;
    sem_t terminated;
};

static void desk_on_event(void *context, const char *topic, const char *json)
{
    struct desk *desk = context;
    if (strcmp(topic, "fill") == 0) {
        (void)printf("fill %s\n", json);
        (void)sem_post(&desk->filled);
    } else if (strcmp(topic, "executor.terminated") == 0) {
        (void)sem_post(&desk->terminated);
    }
}

/* ---- What the run is asked for ---- */

static const char desk_config[] =
    "{\"type\": \"desk_executor\", \"connector_name\": \"paper\", \"trading_pair\": \"BTC-USDT\","
    " \"side\": \"BUY\", \"amount\": \"0.1\", \"triple_barrier_config\": {\"open_order_type\":"
    " \"MARKET\", \"stop_loss\": \"0.2\", \"take_profit\": \"0.2\"}}";

/* Whether the same action may be taken later: before the run has begun, and before the first quote
 * of its instrument. */
static bool desk_may_try_again(const struct link_answer *answer)
{
    return strcmp(answer->code, "no_quotes") == 0 || strcmp(answer->code, "busy") == 0;
}

/* Submits an action and waits for its answer. */
static bool desk_ask(struct desk *desk, const struct action *action)
{
    struct link_answer answer = {.code = "busy"};
    for (int i = 0; i < TRIES_MAX && desk_may_try_again(&answer); i++) {
        const enum err err = run_ask(desk->run, action, ANSWER_MAX_MS, &answer);
        if (err != ERR_NONE) {
            (void)fprintf(stderr, "embed: no answer: %s\n", err_name(err));
            return false;
        }
        (void)nanosleep(&(struct timespec){.tv_nsec = TRY_WAIT_NS}, NULL);
    }
    (void)printf("%s %s %s%s\n", field_name_of(action_kind_names, (int)action->kind),
                 answer.executor_id, answer.is_accepted ? "accepted" : "refused: ", answer.text);
    return answer.is_accepted;
}

static bool desk_trade(struct desk *desk)
{
    struct action action = action_create(NULL, "desk", desk_config);
    action.executor_id = "one";
    if (!desk_ask(desk, &action)) {
        return false;
    }
    (void)sem_wait(&desk->filled);
    action = action_update("update-1", "one", "{\"volatility\": \"0.1\"}");
    if (!desk_ask(desk, &action)) {
        return false;
    }
    action = action_stop("stop-1", "one", false); /* Closes what was bought. */
    if (!desk_ask(desk, &action)) {
        return false;
    }
    (void)sem_wait(&desk->terminated);
    return true;
}

/* ---- The run ---- */

/* A run that is too busy to hear it is asked again: else its end would be waited for for ever. */
static void desk_stop(const struct desk *desk)
{
    enum err err;
    do {
        err = run_stop(desk->run, SHUTDOWN_REQUEST);
        (void)sched_yield();
    } while (err == ERR_FULL || err == ERR_MEMORY);
}

static bool desk_run(struct desk *desk, const struct run_config *config, struct failure *failure)
{
    /* A start has an epoch of its own, so that its client order ids were never used before. */
    const struct run_options options = {
        .on_event = desk_on_event, .context = desk, .epoch = (uint64_t)time(NULL) * 1000};
    if (run_create(config, &options, &desk->run, failure) != ERR_NONE ||
        run_start(desk->run, failure) != ERR_NONE) {
        return false;
    }
    const bool has_traded = desk_trade(desk);
    desk_stop(desk);
    struct run_result result;
    if (run_wait(desk->run, &result, failure) != ERR_NONE) {
        return false;
    }
    char net[DECIMAL_TEXT_MAX];
    (void)decimal_print(result.outcome.total.global_pnl_quote, net);
    (void)printf("net pnl %s, %llu events\n", net, (unsigned long long)result.journal.committed);
    (void)failure_set(failure, ERR_STATE, "an action failed: see above");
    return has_traded;
}

int main(int argc, char **argv)
{
    struct desk desk = {0};
    struct run_config config = {0};
    struct problems problems;
    struct failure failure = {0};
    const char *path = argc > 1 ? argv[1] : "examples/embed/embed.yaml";
    problems_init(&problems, path);
    bool is_done = false;
    if (sem_init(&desk.filled, 0, 0) != 0 || sem_init(&desk.terminated, 0, 0) != 0) {
        (void)failure_set(&failure, ERR_MEMORY, "no semaphore");
    } else if (desk_register(&failure) == ERR_NONE &&
               run_config_load(path, &config, &problems) == ERR_NONE) {
        is_done = desk_run(&desk, &config, &failure);
    }
    if (!is_done) {
        (void)fprintf(stderr, "%sembed: %s\n", text_string(&problems.lines), failure.text);
    }
    run_destroy(desk.run);
    run_config_done(&config);
    problems_done(&problems);
    return is_done ? EXIT_SUCCESS : EXIT_FAILURE;
}
