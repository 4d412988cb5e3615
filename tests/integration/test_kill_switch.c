/*
 * The kill switch with ten thousand executors at work: how long it takes from the request to the
 * committed state, that no order leaves after it, and that all live orders end. The event of the
 * state is what a waiting client is told by: it comes after the commit.
 *
 * Twice: at a pace that the machine keeps up with, about two thousand orders a second; and in a
 * flood, where each executor cancels and places an order as often as the machine can, so that the
 * state waits behind everything that has to be committed before it.
 */
#include <check.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/link.h"
#include "actors/run.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum {
    GROUPS = 20, /* Of executors, with times of their own. */
    ROUNDS = 3,
    ORDERS_BETWEEN = 5000, /* Sent before the next halt, after each executor had one. */
    EXECUTORS_DEFAULT = 10000,
    WAIT_SECONDS_MAX = 200,
    WALK_ROWS = 200000,
    WALK_SMALL_STEP_MAX = 100,
};

/* TUTTI_EXECUTORS, for builds that are too slow for the default. */
static int executors = EXECUTORS_DEFAULT;

/* How fast everything goes. */
static const struct {
    const char *name;
    int speed;       /* Times real time. */
    int interval;    /* Seconds between two orders of an executor, market time. */
    int interval_by; /* More for each further group. */
} paces[] = {{"paced", 10, 40, 2}, {"flood", 1000, 1, 0}};

/* What the thread of the events tells the test. */
struct scene {
    struct run *run;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    long started; /* Executors. */
    long orders;  /* Submitted. */
    long live;    /* Of those that did not end. */
    bool is_halted;
    long after; /* Submitted while halted. */
    int64_t halted_ns;
};

static int64_t clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool ends_order(const char *topic)
{
    return strcmp(topic, "order.filled") == 0 || strcmp(topic, "order.canceled") == 0;
}

static void hear(void *context, const char *topic, const char *json)
{
    struct scene *scene = context;
    (void)pthread_mutex_lock(&scene->mutex);
    scene->started += strcmp(topic, "executor.started") == 0;
    if (strcmp(topic, "order.submitted") == 0) {
        scene->orders++;
        scene->live++;
        scene->after += scene->is_halted;
    } else if (ends_order(topic)) {
        scene->live--;
    } else if (strcmp(topic, "order.rejected") == 0) {
        /* One that was denied was never submitted, unless its commit was waited for. */
        scene->live -= strstr(json, "\"reason\":\"risk_halted\"") == NULL;
    } else if (strcmp(topic, "risk.state") == 0) {
        scene->is_halted = strstr(json, "\"state\":\"HALTED\"") != NULL;
        scene->halted_ns = clock_ns();
    }
    (void)pthread_cond_signal(&scene->changed);
    (void)pthread_mutex_unlock(&scene->mutex);
}

typedef bool scene_condition(const struct scene *scene, long wanted);

static bool has_started(const struct scene *scene, long wanted)
{
    return scene->started >= wanted;
}

static bool has_sent(const struct scene *scene, long wanted)
{
    return scene->orders >= wanted;
}

static bool is_halted(const struct scene *scene, long wanted)
{
    return scene->is_halted == (wanted != 0);
}

static bool has_live(const struct scene *scene, long wanted)
{
    return scene->live <= wanted;
}

static void wait_for(struct scene *scene, scene_condition *condition, long wanted)
{
    struct timespec end;
    (void)clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_SECONDS_MAX;
    (void)pthread_mutex_lock(&scene->mutex);
    int err = 0;
    while (err == 0 && !condition(scene, wanted)) {
        err = pthread_cond_timedwait(&scene->changed, &scene->mutex, &end);
    }
    ck_assert_msg(err == 0, "%ld started, %ld orders, %ld live", scene->started, scene->orders,
                  scene->live);
    (void)pthread_mutex_unlock(&scene->mutex);
}

/* Halts over the control socket: returns when it is answered. */
static void halt_and_wait(void)
{
    static const char json[] = "{\"request\":\"risk\",\"state\":\"HALTED\"}";
    char url[SCRATCH_PATH_MAX + 8];
    (void)snprintf(url, sizeof(url), "ipc://%s", scratch_path("control").text);
    struct text answer = {0};
    struct failure failure = {0};
    const struct link_request request = {
        .url = url, .bytes = json, .size = sizeof(json) - 1, .timeout_ms = WAIT_SECONDS_MAX * 1000};
    ck_assert_msg(link_request(&request, &answer, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_ptr_nonnull(strstr(text_string(&answer), "\"ok\":true,\"state\":\"HALTED\""));
    text_done(&answer);
}

static void set_risk(struct scene *scene, enum risk_state state)
{
    const struct message_risk request = risk_request_make(state, "global", "a drill", "test");
    ck_assert_int_eq(run_set_risk(scene->run, &request), ERR_NONE);
}

static void make_run_file(const char *path, int pace)
{
    FILE *out = fopen(path, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(
        out,
        "run: {name: kill, mode: paper, on_end: keep}\n"
        "venues: [{name: paper, balances: {USDT: \"1000000000000\"}}]\n"
        "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", "
        "step: \"0.00001\"}]\n"
        "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s/walk.tape, speed: %d}]\n"
        "persistence: {path: %s/run.db}\n"
        "control: {listen: [\"ipc://%s/control\"]}\n"
        "executors:\n",
        scratch_folder, paces[pace].speed, scratch_folder, scratch_folder);
    for (int i = 0; i < GROUPS; i++) {
        (void)fprintf(out,
                      "  - {type: twap_executor, connector_name: paper, trading_pair: BTC-USDT,\n"
                      "     side: BUY, total_amount_quote: 1000000, total_duration: 40000,\n"
                      "     order_interval: 1, mode: MAKER, limit_order_buffer: \"0.05\",\n"
                      "     order_resubmission_time: %d, repeat: %d, max_retries: 1000000}\n",
                      paces[pace].interval + i * paces[pace].interval_by, executors / GROUPS);
    }
    (void)fclose(out);
}

static struct scratch_path make_files(int pace)
{
    scratch_setup();
    walk_write(scratch_path("walk.tape").text, WALK_ROWS, WALK_SMALL_STEP_MAX);
    const struct scratch_path path = scratch_path("run.yaml");
    make_run_file(path.text, pace);
    return path;
}

static int compare_times(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* How long a halt took: until it was answered, and until its record was committed. */
struct times {
    int64_t answered_ns;
    int64_t committed_ns;
};

/* Halts while orders are sent, waits until nothing is live, and lets trading go on. */
static struct times play_round(struct scene *scene)
{
    wait_for(scene, has_sent, scene->orders + executors + ORDERS_BETWEEN);
    const int64_t asked_ns = clock_ns();
    halt_and_wait();
    const int64_t answered_ns = clock_ns();
    wait_for(scene, is_halted, 1);
    const struct times took = {.answered_ns = answered_ns - asked_ns,
                               .committed_ns = scene->halted_ns - asked_ns};
    wait_for(scene, has_live, 0);
    ck_assert_int_eq(scene->after, 0);
    set_risk(scene, RISK_ACTIVE);
    wait_for(scene, is_halted, 0);
    return took;
}

static void print_times(const char *what, int pace, int64_t times[ROUNDS])
{
    qsort(times, ROUNDS, sizeof(times[0]), compare_times);
    (void)printf("kill_switch_%s_%s_%d_executors median %.1f ms, worst %.1f ms\n", what,
                 paces[pace].name, executors, (double)times[ROUNDS / 2] / 1e6,
                 (double)times[ROUNDS - 1] / 1e6);
}

START_TEST(no_order_leaves_after_the_state_is_durable)
{
    struct scene scene = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    const struct scratch_path path = make_files(_i);
    struct problems problems;
    problems_init(&problems, path.text);
    struct run_config config;
    ck_assert_msg(run_config_load(path.text, &config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    const struct run_options options = {.on_event = hear, .context = &scene, .epoch = 9};
    struct failure failure;
    ck_assert_int_eq(run_create(&config, &options, &scene.run, &failure), ERR_NONE);
    ck_assert_int_eq(run_start(scene.run, &failure), ERR_NONE);
    wait_for(&scene, has_started, executors);
    int64_t answered[ROUNDS];
    int64_t committed[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        const struct times took = play_round(&scene);
        answered[i] = took.answered_ns;
        committed[i] = took.committed_ns;
    }
    print_times("answered", _i, answered);
    print_times("committed", _i, committed);
    set_risk(&scene, RISK_HALTED);
    (void)!run_stop(scene.run, SHUTDOWN_REQUEST);
    struct run_result result;
    ck_assert_msg(run_wait(scene.run, &result, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_int_eq(scene.after, 0);
    run_destroy(scene.run);
    run_config_done(&config);
    problems_done(&problems);
    scratch_teardown();
    message_pool_drain();
}
END_TEST

int main(void)
{
    const char *given = getenv("TUTTI_EXECUTORS");
    executors = given != NULL ? (int)strtol(given, NULL, 10) : EXECUTORS_DEFAULT;
    if (sodium_init() < 0) {
        return EXIT_FAILURE;
    }
    Suite *suite = suite_create("kill_switch");
    TCase *cases = tcase_create("kill_switch");
    tcase_set_timeout(cases, WAIT_SECONDS_MAX + 100);
    tcase_add_loop_test(cases, no_order_leaves_after_the_state_is_durable, 0,
                        (int)(sizeof(paces) / sizeof(paces[0])));
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
