/*
 * tests/integration/fault_scene.h - a folder with a tape, secrets and a database, and whole runs
 * and venues that take part on threads of their own.
 *
 * Threads: open and close from one; the parts have one each.
 */
#ifndef TUTTI_TESTS_INTEGRATION_FAULT_SCENE_H
#define TUTTI_TESTS_INTEGRATION_FAULT_SCENE_H

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "actors/run.h"
#include "actors/venue_process.h"
#include "base/log.h"
#include "persistence/verify.h"
#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum { WALK_ROWS = 60000, RUN_FILE_BYTES_MAX = 4096, STEP_MS = 5 };

static unsigned http_port; /* That nobody uses. */
static struct link_secret_texts tokens;
static _Atomic(unsigned) fills; /* Of all runs. */

/* Whether `./dev faults` asks for more: for "first" or "all". */
static inline bool faults_are_asked_for(const char *which)
{
    const char *asked = getenv("TUTTI_FAULTS");
    return asked != NULL && strcmp(asked, which) == 0;
}

/* ---- The folder ---- */

static inline void shell(const char *words)
{
    ck_assert_int_eq(system(words), 0);
}

static inline void write_text(const char *name, const char *text)
{
    FILE *out = fopen(name, "w");
    ck_assert_ptr_nonnull(out);
    ck_assert_int_ge(fputs(text, out), 0);
    ck_assert_int_eq(fclose(out), 0);
}

static inline unsigned free_port(void)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(name);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&name, sizeof(name)), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &size), 0);
    (void)close(fd);
    return ntohs(name.sin_port);
}

static inline void scene_open(void)
{
    scratch_setup();
    ck_assert_int_eq(chdir(scratch_folder), 0);
    walk_write("walk.tape", WALK_ROWS, WALK_STEP_MAX);
    static const uint8_t entropy[LINK_ENTROPY_BYTES] = {1};
    struct link_secrets secrets;
    struct failure failure;
    ck_assert_int_eq(link_secrets_create("run.secrets", entropy, &secrets, &tokens, &failure),
                     ERR_NONE);
    http_port = free_port();
    log_configure(LOG_ERROR, LOG_TEXT);
}

/* Writes run.yaml; its one %u is the port of HTTP. */
static inline void scene_write_run(const char *format)
{
    char text[RUN_FILE_BYTES_MAX];
    const int length = snprintf(text, sizeof(text), format, http_port);
    ck_assert(length > 0 && (size_t)length < sizeof(text));
    write_text("run.yaml", text);
}

static inline void scene_close(void)
{
    message_pool_drain();
    ck_assert_int_eq(chdir("/"), 0);
    scratch_teardown();
}

/* ---- Who takes part ---- */

/* A part of a process that runs on a thread of its own, from its file. */
struct part {
    struct run_config config;
    struct problems problems;
    struct venue_process *venue; /* One of the two. */
    struct run *run;
    struct run_result result;
    struct failure failure;
    enum err err;
    pthread_t thread;
    _Atomic(bool) has_ended;
};

static inline void count_fills(void *context, const char *topic, const char *json)
{
    (void)context;
    (void)json;
    if (strcmp(topic, "fill") == 0) {
        (void)atomic_fetch_add(&fills, 1);
    }
}

static inline void part_load(struct part *part, const char *file)
{
    *part = (struct part){0};
    problems_init(&part->problems, file);
    ck_assert_msg(run_config_load(file, &part->config, &part->problems) == ERR_NONE, "%s",
                  text_string(&part->problems.lines));
}

static inline void part_done(struct part *part)
{
    venue_process_destroy(part->venue);
    run_destroy(part->run);
    run_config_done(&part->config);
    problems_done(&part->problems);
}

static inline void *venue_main(void *argument)
{
    struct part *part = argument;
    part->err = venue_process_execute(part->venue, &part->failure);
    atomic_store(&part->has_ended, true);
    return NULL;
}

static inline void *run_main(void *argument)
{
    struct part *part = argument;
    part->err = run_execute(part->run, &part->result, &part->failure);
    atomic_store(&part->has_ended, true);
    return NULL;
}

/* Creates the run of run.yaml and begins; an error has words. */
static inline enum err run_begin(struct part *part, uint64_t epoch)
{
    part_load(part, "run.yaml");
    const struct run_options options = {.epoch = epoch, .on_event = count_fills};
    const enum err err = run_create(&part->config, &options, &part->run, &part->failure);
    if (err != ERR_NONE) {
        ck_assert_msg(part->failure.text[0] != '\0', "the run says nothing");
        part_done(part);
        return err;
    }
    ck_assert_int_eq(pthread_create(&part->thread, NULL, run_main, part), 0);
    return ERR_NONE;
}

/* ---- A client of HTTP ---- */

/* -1 when that fails. */
static inline int client_connect(unsigned timeout_ms)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                                     .sin_port = htons((uint16_t)http_port)};
    const struct timeval patience = {.tv_sec = timeout_ms / 1000,
                                     .tv_usec = timeout_ms % 1000 * 1000};
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0 ||
                    connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0)) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* ---- What has to hold ---- */

static inline void print_problem(void *context, const struct verify_problem *problem)
{
    (void)context;
    (void)fprintf(stderr, "%s: %s\n", problem->where, problem->what);
}

static inline void check_database(const char *what)
{
    struct verify_report report = {0};
    const struct verify_options options = {.on_problem = print_problem};
    struct failure failure = {.text = ""};
    ck_assert_msg(verify_database("run.db", &options, &report, &failure) == ERR_NONE, "%s: %s",
                  what, failure.text);
    ck_assert_msg(report.problems == 0, "%s: the database is not sound", what);
}

#endif
