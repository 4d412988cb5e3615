/*
 * What a slow store does to a run that makes records as fast as it can: a paper run with a
 * thousand executors, each commit so much slower for a while, then as fast as before.
 *
 * Prints `name value unit`, one figure per line and pause. TMPDIR says which disk. Arguments:
 * seconds of each of the two phases.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "actors/roles/orchestrator_parts.h"
#include "actors/run.h"
#include "tests/support/flood.h"
#include "tests/support/slow_store.h"

enum { BENCH_EXECUTORS = 1000, BENCH_WAIT_MAX = 120, BENCH_ACTIONS_MAX = 4096 };

/* One phase. */
struct bench_phase {
    double records; /* Durable ones per second. */
    double wait_median_ms;
    double wait_max_ms; /* Of an action, with all its tries, until its answer is durable. */
    uint64_t tries;     /* Answered with "busy". */
    uint64_t depth_max;
    double memory_mib; /* Resident at its end. */
};

static struct run *bench_run;

static double bench_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void bench_must(enum err err, const struct failure *failure)
{
    if (err != ERR_NONE) {
        (void)fprintf(stderr, "bench_backpressure: %s\n", failure->text);
        exit(1);
    }
}

/* Resident memory of this process. */
static double bench_memory_mib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*d %ld", &pages) != 1) {
        perror("bench_backpressure: /proc/self/statm");
        exit(1);
    }
    (void)fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

/* Asks until the answer is another than "busy", again after each commit; returns how often it was
 * that. */
static uint64_t bench_ask(void)
{
    static int number;
    uint64_t tries = 0;
    struct link_answer answer = {0};
    do {
        char id[32];
        (void)snprintf(id, sizeof(id), "stop-%d", number++);
        const struct action stop = action_stop(id, "nobody", false);
        if (run_ask(bench_run, &stop, BENCH_WAIT_MAX * 1000, &answer) != ERR_NONE) {
            (void)fprintf(stderr, "bench_backpressure: an action was not answered\n");
            exit(1);
        }
        if (strcmp(answer.code, "busy") != 0) {
            return tries;
        }
        tries++;
    } while (slow_store_wait_for_commit(slow_store_figures().committed + 1, BENCH_WAIT_MAX));
    (void)fprintf(stderr, "bench_backpressure: the journal does not go on\n");
    exit(1);
}

static int bench_compare(const void *a, const void *b)
{
    const double left = *(const double *)a;
    const double right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Actions one after another while the phase lasts. */
static struct bench_phase bench_phase(double seconds)
{
    static double waits[BENCH_ACTIONS_MAX];
    size_t count = 0;
    struct bench_phase phase = {0};
    slow_store_forget_depth();
    const uint64_t committed = slow_store_figures().committed;
    const double start = bench_seconds();
    do {
        const double asked = bench_seconds();
        phase.tries += bench_ask();
        waits[count++] = (bench_seconds() - asked) * 1e3;
    } while (bench_seconds() - start < seconds && count < BENCH_ACTIONS_MAX);
    const struct slow_store_figures figures = slow_store_figures();
    phase.records = (double)(figures.committed - committed) / (bench_seconds() - start);
    phase.depth_max = figures.depth_max;
    phase.memory_mib = bench_memory_mib();
    qsort(waits, count, sizeof(*waits), bench_compare);
    phase.wait_median_ms = waits[count / 2];
    phase.wait_max_ms = waits[count - 1];
    return phase;
}

static void bench_print(const char *what, unsigned pause_ms, const struct bench_phase *phase)
{
    printf("%s_%u_ms_records %.0f records/s\n", what, pause_ms, phase->records);
    printf("%s_%u_ms_depth_max %llu records\n", what, pause_ms,
           (unsigned long long)phase->depth_max);
    printf("%s_%u_ms_action_median %.1f ms\n", what, pause_ms, phase->wait_median_ms);
    printf("%s_%u_ms_action_max %.1f ms\n", what, pause_ms, phase->wait_max_ms);
    printf("%s_%u_ms_tries_again %llu\n", what, pause_ms, (unsigned long long)phase->tries);
    printf("%s_%u_ms_memory %.1f MiB\n", what, pause_ms, phase->memory_mib);
}

static void bench_pause(unsigned pause_ms, double seconds)
{
    const struct bench_phase before = bench_phase(seconds);
    slow_store_pause(pause_ms);
    const struct bench_phase slow = bench_phase(seconds);
    slow_store_pause(0);
    const double released = bench_seconds();
    const uint64_t made = slow_store_figures().made;
    ck_assert(slow_store_wait_for_commit(made, BENCH_WAIT_MAX));
    const double drained = bench_seconds();
    const struct bench_phase after = bench_phase(seconds);
    bench_print("before", pause_ms, &before);
    bench_print("slow", pause_ms, &slow);
    printf("drained_%u_ms %.1f ms\n", pause_ms, (drained - released) * 1e3);
    bench_print("after", pause_ms, &after);
}

static const unsigned bench_pauses_ms[] = {0, 10, 100, 1000};
static unsigned long bench_phase_seconds = 5;

/* check.h gives each of them a process of its own, so that memory is that of one run. */
START_TEST(bench_of_one_pause)
{
    const struct scratch_path path = flood_write(BENCH_EXECUTORS);
    struct problems problems;
    problems_init(&problems, path.text);
    struct run_config config;
    struct failure failure = {0};
    ck_assert_int_eq(run_config_load(path.text, &config, &problems), ERR_NONE);
    const struct run_options options = {.epoch = 9};
    bench_must(run_create(&config, &options, &bench_run, &failure), &failure);
    bench_must(run_start(bench_run, &failure), &failure);
    ck_assert(slow_store_wait_for_commit(BENCH_EXECUTORS * 4, BENCH_WAIT_MAX));
    bench_pause(bench_pauses_ms[_i], (double)bench_phase_seconds);
    (void)fflush(stdout);
    run_destroy(bench_run);
    run_config_done(&config);
    problems_done(&problems);
}
END_TEST

int main(int argc, char **argv)
{
    bench_phase_seconds = argc > 1 ? strtoul(argv[1], NULL, 10) : bench_phase_seconds;
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("backpressure");
    TCase *cases = tcase_create("backpressure");
    tcase_set_timeout(cases, 0);
    tcase_add_checked_fixture(cases, scratch_setup, scratch_teardown);
    tcase_add_loop_test(cases, bench_of_one_pause, 0,
                        (int)(sizeof(bench_pauses_ms) / sizeof(bench_pauses_ms[0])));
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_SILENT);
    const int failed = srunner_ntests_failed(runner);
    if (failed > 0) {
        srunner_print(runner, CK_NORMAL);
    }
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
