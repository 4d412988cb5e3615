#include "tests/simulation/apart.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/simulation/trace.h"

bool apart_make_folder(struct plan_paths *paths)
{
    const char *root = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(paths->folder, sizeof(paths->folder), "%s/tutti-simulate-XXXXXX", root);
    paths->database = "run.db";
    paths->quotes[0] = "a.csv";
    paths->quotes[1] = "b.csv";
    paths->trades[0] = "a-trades.csv";
    paths->trades[1] = "b-trades.csv";
    return mkdtemp(paths->folder) != NULL;
}

bool apart_enter_folder(const struct plan_paths *paths)
{
    if (chdir(paths->folder) != 0) {
        return false;
    }
    /* The program looks whether the database is there before it asks SQLite. */
    const int file = open(paths->database, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return file >= 0 && close(file) == 0;
}

void apart_remove_folder(const struct plan_paths *paths)
{
    static const char *const names[] = {"run.db",       "run.db.lock",  "a.csv",
                                        "b.csv",        "a.csv.tape",   "b.csv.tape",
                                        "a-trades.csv", "b-trades.csv", "run.db.latch"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char path[PLAN_PATH_MAX + 32];
        (void)snprintf(path, sizeof(path), "%s/%s", paths->folder, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(paths->folder);
}

static void apart_child(const struct world_order *order, int out)
{
    struct world_report report = {0};
    if (apart_enter_folder(order->paths)) {
        world_play(order, &report);
    } else {
        verdict_set(&report.verdict, "no folder for its files");
    }
    (void)fflush(stdout);
    const bool is_told = write(out, &report, sizeof(report)) == (ssize_t)sizeof(report);
    _exit(is_told ? 0 : 1);
}

static bool apart_read(int in, struct world_report *report)
{
    size_t have = 0;
    while (have < sizeof(*report)) {
        const ssize_t more = read(in, (char *)report + have, sizeof(*report) - have);
        if (more <= 0) {
            return false;
        }
        have += (size_t)more;
    }
    return true;
}

void apart_play(const struct world_order *given, bool is_traced, const char *trace_path,
                struct world_report *report)
{
    int ends[2];
    struct plan_paths paths;
    struct world_order order = *given;
    order.paths = &paths;
    *report = (struct world_report){0};
    (void)fflush(stdout);
    if (!apart_make_folder(&paths) || pipe(ends) != 0) {
        verdict_set(&report->verdict, "no folder or no pipe");
        return;
    }
    const pid_t child = fork();
    if (child == 0) {
        (void)close(ends[0]);
        trace_turn(is_traced);
        if ((trace_path != NULL && freopen(trace_path, "w", stdout) == NULL) ||
            (!is_traced && freopen("/dev/null", "w", stderr) == NULL)) {
            _exit(1);
        }
        (void)setvbuf(stdout, NULL, _IOLBF, 0); /* It may die in the middle. */
        apart_child(&order, ends[1]);
    }
    (void)close(ends[1]);
    const bool is_told = child > 0 && apart_read(ends[0], report);
    (void)close(ends[0]);
    int status = 0;
    (void)waitpid(child, &status, 0);
    apart_remove_folder(&paths);
    if (!is_told) {
        *report = (struct world_report){0};
        verdict_set(&report->verdict, "it died: signal %d, code %d",
                    WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                    WIFEXITED(status) ? WEXITSTATUS(status) : 0);
    }
}
