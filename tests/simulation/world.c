#include "tests/simulation/world.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/risk_latch_file.h"
#include "actors/run.h"
#include "base/instant.h"
#include "tests/simulation/checker.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/exchange.h"
#include "tests/simulation/outside.h"
#include "tests/simulation/surroundings.h"
#include "tests/simulation/trace.h"

#define WORLD_RETRY_NS NS_PER_S           /* Until a start that was refused is tried again. */
#define WORLD_AFTERLIFE_NS (3 * NS_PER_S) /* How long the venue is watched after the end. */
enum { WORLD_TURNS_MAX = 2000000, WORLD_EPOCH_FIRST = 36 };

struct world {
    const struct world_order *order;
    struct world_report *report;
    struct plan plan;
    struct chances *chances; /* Of the report. */
    struct verdict *verdict; /* The same. */
    struct witness witness;
    struct network network;
    struct outside outside;
    struct exchange exchange;
    struct surroundings surroundings;
    struct prng prng;
    struct run_config config;
    struct run *run; /* Owned; NULL: it is dead. */
    int64_t now_ns;
    int64_t start_ns;               /* When it is started again. */
    size_t next_crash;              /* Of the plan. */
    uint64_t doom;                  /* It dies after so many slices; 0: it is not doomed. */
    const struct plan_crash *crash; /* Which one that is, or the disk waits for. */
    uint64_t epoch;
    bool is_stopped; /* Somebody has asked it to end, since it started. */
    bool is_over;    /* It has ended in order. */
};

/* ---- The runtime's life ---- */

static void world_bury(struct world *world)
{
    network_hang_up(&world->network);
    outside_meet(&world->outside, NULL);
    run_destroy(world->run);
    world->run = NULL;
    world->doom = 0;
    disk_crash_at(0, false);
}

static bool world_cuts_power(struct world *world, const struct plan_crash *crash)
{
    return crash->is_power_cut && chance_takes_place(world->chances, CHANCE_POWER);
}

/* The runtime dies here and now: no handler runs any more, and what its stores do while they are
 * taken apart changes nothing. */
static void world_kill(struct world *world, const struct plan_crash *crash)
{
    trace_line("world", "the runtime dies%s",
               disk_has_crashed() ? " in the middle of a write" : "");
    if (!disk_has_crashed()) {
        disk_crash(world_cuts_power(world, crash));
    }
    world_bury(world);
    world->start_ns = world->now_ns + crash->down_ns;
}

/* A start that was refused: by a disk that fails, or by what it left behind. */
static void world_on_refused(struct world *world, const struct failure *failure)
{
    trace_line("world", "refused: %s", failure->text);
    disk_crash(false);
    network_hang_up(&world->network);
    world->start_ns = world->now_ns + WORLD_RETRY_NS;
    if (failure->code == ERR_EXISTS) {
        world->is_over = true; /* It had ended; the checker sees whether that is true. */
    } else if (world->chances->strikes[CHANCE_DISK_FULL] +
                       world->chances->strikes[CHANCE_DISK_SYNC] ==
                   0 ||
               world->chances->is_calm) {
        verdict_set(world->verdict, "I6 the runtime does not start: %s", failure->text);
    }
}

static void world_start(struct world *world)
{
    const struct system_options scheduling = {.seed = prng_next(&world->prng),
                                              .is_shuffled = true,
                                              .is_virtual = true,
                                              .now_ns = world->now_ns};
    const struct run_options options = {.on_event = outside_on_event,
                                        .context = &world->surroundings,
                                        .epoch = world->epoch++,
                                        .scheduling = &scheduling,
                                        .port_class = &network_client_class};
    const struct plan_crash *crash = world->crash;
    struct failure failure = {0};
    trace_line("world", "a runtime starts");
    world->report->starts++;
    world->start_ns = INSTANT_NEVER;
    world->is_stopped = false;
    disk_revive();
    witness_on_start(&world->witness);
    if (crash != NULL && crash->way == CRASH_IN_START) {
        disk_crash_at(crash->turns, world_cuts_power(world, crash));
    }
    const enum err err = run_create(&world->config, &options, &world->run, &failure);
    world->crash = NULL;
    if (disk_has_crashed()) {
        world_kill(world, crash);
    } else if (err != ERR_NONE) {
        disk_crash_at(0, false);
        world_on_refused(world, &failure);
    } else {
        disk_crash_at(0, false);
        outside_meet(&world->outside, world->run);
    }
}

/* Its system has stopped: in order, or because of something that failed. */
static void world_on_end(struct world *world)
{
    struct run_result result;
    struct failure failure = {0};
    const enum err err = run_execute(world->run, &result, &failure);
    if (disk_has_crashed()) {
        world_kill(world, world->crash);
        world->crash = NULL;
        return;
    }
    trace_line("world", "the runtime has ended: %s", err == ERR_NONE ? "in order" : failure.text);
    disk_crash(false);
    world_bury(world);
    if (err == ERR_NONE) {
        world->is_over = true;
        if (result.outcome.executors_unfinished != 0) {
            verdict_set(world->verdict, "I6 %llu executors had not ended",
                        (unsigned long long)result.outcome.executors_unfinished);
        }
        return;
    }
    world->start_ns = world->now_ns + WORLD_RETRY_NS;
    if (world->chances->strikes[CHANCE_DISK_SYNC] == 0) {
        verdict_set(world->verdict, "I8 the runtime failed: %s", failure.text);
    }
}

/* ---- What is planned ---- */

static void world_doom(struct world *world, const struct plan_crash *crash)
{
    static const enum chance chances[] = {[CRASH_BETWEEN] = CHANCE_CRASH,
                                          [CRASH_IN_WRITE] = CHANCE_CRASH_IO,
                                          [CRASH_IN_START] = CHANCE_CRASH_START};
    if (world->run == NULL || world->doom != 0 || world->crash != NULL ||
        !chance_takes_place(world->chances, chances[crash->way])) {
        return;
    }
    world->crash = crash;
    if (crash->way == CRASH_IN_WRITE) {
        disk_crash_at(crash->turns, world_cuts_power(world, crash));
    } else {
        world->doom = crash->turns;
    }
}

static void world_stop(struct world *world)
{
    if (world->run == NULL || world->is_stopped) {
        return;
    }
    trace_line("world", "the run is stopped");
    world->is_stopped = true;
    (void)!run_stop(world->run, SHUTDOWN_SIGNAL);
    if (world->chances->rates[CHANCE_STOP_TWICE] > 0) {
        world->chances->strikes[CHANCE_STOP_TWICE]++; /* All is well already. */
        (void)!run_stop(world->run, SHUTDOWN_SIGNAL);
    }
}

static void world_calm(struct world *world)
{
    trace_line("world", "all is well from here on");
    chances_calm(world->chances);
    disk_crash_at(0, false);
    world->crash = NULL;
    world->doom = 0;
    outside_calm(&world->outside);
}

/* ---- Time ---- */

/* One round of whoever can run. False when time has to pass. */
static bool world_turn(struct world *world)
{
    bool has_run = network_move(&world->network, world->now_ns) > 0;
    const bool is_venue_first = prng_below(&world->prng, 2) == 0;
    for (int i = 0; i < 2; i++) {
        const bool is_venue = (i == 0) == is_venue_first;
        if (is_venue) {
            has_run = system_step(world->exchange.system) == SYSTEM_RAN || has_run;
            continue;
        }
        if (world->run == NULL) {
            continue;
        }
        const enum system_turn turn = system_step(run_system(world->run));
        has_run = turn != SYSTEM_AT_REST || has_run;
        if (world->crash != NULL &&
            (disk_has_crashed() || (world->doom > 0 && --world->doom == 0))) {
            const struct plan_crash *crash = world->crash;
            world->crash = crash->way == CRASH_IN_START ? crash : NULL;
            world_kill(world, crash);
        } else if (turn == SYSTEM_STOPPED) {
            world_on_end(world); /* It may still die while it closes its store. */
        }
    }
    world->report->turns++;
    return has_run;
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* The next instant at which something can happen. */
static int64_t world_next(const struct world *world)
{
    int64_t next_ns = system_next_timer(world->exchange.system);
    next_ns = earlier(next_ns, network_next(&world->network));
    next_ns = earlier(next_ns, outside_next(&world->outside));
    if (world->run != NULL) {
        next_ns = earlier(next_ns, system_next_timer(run_system(world->run)));
    } else if (!world->is_over) {
        next_ns = earlier(next_ns, world->start_ns);
    }
    if (world->next_crash < world->plan.crash_count) {
        next_ns = earlier(next_ns, world->plan.crashes[world->next_crash].at_ns);
    }
    if (!world->chances->is_calm) {
        next_ns = earlier(next_ns, world->plan.calm_ns);
    } else if (!world->is_stopped && world->run != NULL) {
        next_ns = earlier(next_ns, world->plan.stop_ns);
    }
    return next_ns > world->now_ns ? next_ns : world->now_ns + 1;
}

static void world_move(struct world *world, int64_t now_ns)
{
    world->now_ns = now_ns;
    world->witness.now_ns = now_ns;
    world->network.now_ns = now_ns;
    trace_move(now_ns);
    chances_move(world->chances, now_ns);
    system_set_now(world->exchange.system, now_ns);
    if (world->run != NULL) {
        system_set_now(run_system(world->run), now_ns);
    }
}

/* What the plan has for this instant. */
static void world_follow_plan(struct world *world)
{
    struct plan *plan = &world->plan;
    while (world->next_crash < plan->crash_count &&
           plan->crashes[world->next_crash].at_ns <= world->now_ns) {
        world_doom(world, &plan->crashes[world->next_crash++]);
    }
    if (!world->chances->is_calm && world->now_ns >= plan->calm_ns) {
        world_calm(world);
    }
    outside_move(&world->outside, world->now_ns);
    if (world->run == NULL && !world->is_over && world->now_ns >= world->start_ns) {
        world_start(world);
    }
    if (world->now_ns >= plan->stop_ns) {
        world_stop(world);
    }
}

static void world_live(struct world *world)
{
    int64_t end_ns = world->plan.end_ns;
    bool is_after = false;
    while (world->verdict->text[0] == '\0' && world->now_ns < end_ns) {
        if (!world_turn(world)) {
            world_move(world, world_next(world));
            world_follow_plan(world);
        }
        if (world->exchange.failure != ERR_NONE) {
            verdict_set(world->verdict, "the venue failed: %s", err_name(world->exchange.failure));
        }
        if (world->report->turns > WORLD_TURNS_MAX) {
            verdict_set(world->verdict, "I6 liveness: more than %d slices", WORLD_TURNS_MAX);
        }
        if (world->is_over && !is_after) {
            is_after = true;
            end_ns = world->now_ns + WORLD_AFTERLIFE_NS;
        }
    }
    if (!world->is_over) {
        verdict_set(world->verdict,
                    "I6 liveness: the run has not ended %lld s after it was stopped",
                    (long long)((world->plan.end_ns - world->plan.stop_ns) / NS_PER_S));
    }
}

/* ---- The world itself ---- */

static enum err world_load(struct world *world, struct failure *failure)
{
    struct problems problems;
    problems_init(&problems, "run");
    const struct text *file = &world->plan.run_file;
    const enum err err =
        run_config_read("run", text_string(file), file->length, &world->config, &problems);
    if (err != ERR_NONE) {
        (void)failure_set(failure, err, "%s%s", text_string(&problems.lines), text_string(file));
    }
    problems_done(&problems);
    return err;
}

/* A halt may stand in a file beside the database (actors/risk_latch_file.h): not in this one. */
static void world_clear_latch(const struct plan_paths *paths)
{
    struct text path = {0};
    risk_latch_file_path(paths->database, &path);
    (void)unlink(text_string(&path));
    text_done(&path);
}

static void world_open(struct world *world)
{
    const uint64_t seed = world->order->seed;
    world_clear_latch(world->order->paths);
    if (world->order->windows != NULL) {
        memcpy(world->chances->windows, world->order->windows, sizeof(world->chances->windows));
    }
    plan_draw(&world->plan, world->order->paths, world->chances, seed);
    disk_format(world->chances, seed);
    witness_init(&world->witness, world->verdict, world->plan.heartbeat_ns);
    network_init(&world->network, world->chances, &world->witness, seed);
    world->outside = (struct outside){
        .chances = world->chances, .witness = &world->witness, .verdict = world->verdict};
    outside_init(&world->outside, &world->plan, seed);
    world->surroundings =
        (struct surroundings){.network = &world->network, .outside = &world->outside};
    world->exchange = (struct exchange){
        .plan = &world->plan, .chances = world->chances, .network = &world->network};
    prng_init(&world->prng, seed ^ UINT64_C(0x776f726c64));
    trace_line("plan", "\n%s\n%s", text_string(&world->plan.venue_file),
               text_string(&world->plan.run_file));
    struct failure failure = {0};
    if (exchange_open(&world->exchange, seed, &failure) != ERR_NONE ||
        world_load(world, &failure) != ERR_NONE) {
        world->plan.problem = world->plan.problem != NULL ? world->plan.problem : "no valid plan";
        verdict_set(world->verdict, "plan: %s: %s", world->plan.problem, failure.text);
    }
}

static void world_close(struct world *world)
{
    if (world->run != NULL) {
        disk_crash(false);
        world_bury(world);
    }
    exchange_close(&world->exchange);
    run_config_done(&world->config);
    outside_done(&world->outside);
    network_done(&world->network);
    witness_done(&world->witness);
    plan_done(&world->plan);
}

void world_play(const struct world_order *order, struct world_report *report)
{
    *report = (struct world_report){0};
    chances_draw(&report->chances, order->seed);
    struct world world = {.order = order,
                          .report = report,
                          .chances = &report->chances,
                          .verdict = &report->verdict,
                          .epoch = WORLD_EPOCH_FIRST};
    trace_move(0);
    world_open(&world);
    if (report->verdict.text[0] == '\0') {
        world_live(&world);
        exchange_end(&world.exchange);
        report->orders = world.witness.order_count;
        report->letters = world.network.sent;
        report->virtual_ns = world.now_ns;
        report->market_ns = world.now_ns * world.plan.speed;
    }
    disk_revive();
    if (report->verdict.text[0] == '\0') {
        const struct checker_evidence evidence = {.database = order->paths->database,
                                                  .log = world.exchange.log_bytes,
                                                  .outside = &world.outside,
                                                  .plan = &world.plan};
        checker_look(&evidence, report);
    }
    world_close(&world);
}
