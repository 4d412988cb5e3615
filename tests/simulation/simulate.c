/*
 * simulate - plays seeded worlds against the program's own code and checks what they leave behind.
 *
 * See docs/reliability.md. Exit: 0 no violation, 1 at least one, 2 wrong usage.
 */
#include <errno.h>
#include <getopt.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "mailbox/message.h"
#include "tests/simulation/apart.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/trace.h"

enum {
    SIMULATE_JOBS_MAX = 64,
    SIMULATE_CORPUS_MAX = 4096,
    SIMULATE_SHOWN_MAX = 3,      /* Violations that are shrunk; the others are only told. */
    SIMULATE_TRACE_LINES = 60,   /* Of a shrunk trace, from its end. */
    SIMULATE_TWICE_DEFAULT = 50, /* Every so many seeds one is played twice. */
    SIMULATE_SEEDS_DEFAULT = 1000,
};

struct options {
    uint64_t from;
    uint64_t seeds;
    uint64_t twice; /* 0: never. */
    unsigned jobs;
    bool is_single; /* --seed */
    bool is_traced;
    bool is_first_only; /* Ends with the first violation and does not shrink it. */
    bool is_quiet;      /* No progress. */
    const char *trace_folder;
    uint64_t corpus[SIMULATE_CORPUS_MAX];
    size_t corpus_count;
};

/* What a worker tells: that a seed begins, how it ended, or at its own end which cells it reached.
 */
struct news {
    enum { NEWS_BEGINS, NEWS_ENDED, NEWS_COVERAGE } kind;
    uint64_t seed;
    union {
        struct world_report report;
        struct coverage coverage;
    };
};

struct worker {
    struct plan_paths paths;
    pid_t pid;
    int in;
    uint64_t next;    /* The index of the first seed that it has not begun. */
    uint64_t current; /* The seed it is at. */
    bool is_busy;     /* It has begun a seed and not told its end. */
    bool is_alive;
};

struct totals {
    uint64_t done;
    uint64_t violations;
    uint64_t turns, letters, trades, orders, records, starts;
    int64_t virtual_ns, market_ns;
    uint64_t strikes[CHANCE_COUNT];
    uint64_t worlds[CHANCE_COUNT]; /* In how many it struck. */
    uint64_t failed[SIMULATE_SHOWN_MAX];
    size_t failed_count;
    uint64_t first_violation; /* How many seeds it took. */
    struct coverage coverage;
};

static struct options options = {
    .from = 1, .seeds = SIMULATE_SEEDS_DEFAULT, .twice = SIMULATE_TWICE_DEFAULT};

static uint64_t seed_at(uint64_t index)
{
    return options.corpus_count > 0 ? options.corpus[index] : options.from + index;
}

static uint64_t seed_count(void)
{
    return options.corpus_count > 0 ? options.corpus_count : options.seeds;
}

/* ---- A worker ---- */

static void tell(int out, const struct news *news)
{
    size_t told = 0;
    while (told < sizeof(*news)) {
        const ssize_t more = write(out, (const char *)news + told, sizeof(*news) - told);
        if (more <= 0) {
            _exit(1);
        }
        told += (size_t)more;
    }
}

static void work_seed(const struct plan_paths *paths, uint64_t index, int out)
{
    struct news news = {.kind = NEWS_BEGINS, .seed = seed_at(index)};
    tell(out, &news);
    const struct world_order order = {.seed = news.seed, .paths = paths};
    news.kind = NEWS_ENDED;
    world_play(&order, &news.report);
    if (options.twice > 0 && index % options.twice == 0) {
        struct world_report again;
        world_play(&order, &again);
        if (again.hash != news.report.hash) {
            verdict_set(&news.report.verdict, "hash: played twice it is another world");
        }
    }
    tell(out, &news);
}

static void work(const struct plan_paths *paths, uint64_t first, int out)
{
    for (uint64_t i = first; i < seed_count(); i += options.jobs) {
        work_seed(paths, i, out);
    }
    const struct news news = {.kind = NEWS_COVERAGE, .coverage = *coverage_of_process()};
    tell(out, &news);
    message_pool_drain();
}

static void worker_start(struct worker *worker)
{
    int ends[2];
    (void)fflush(stdout);
    if (!apart_make_folder(&worker->paths) || pipe(ends) != 0 || (worker->pid = fork()) < 0) {
        (void)fprintf(stderr, "simulate: no folder or no process: %s\n", strerror(errno));
        exit(1);
    }
    if (worker->pid == 0) {
        (void)close(ends[0]);
        if (!apart_enter_folder(&worker->paths)) {
            exit(1);
        }
        work(&worker->paths, worker->next, ends[1]);
        exit(0);
    }
    (void)close(ends[1]);
    worker->in = ends[0];
    worker->is_alive = true;
    worker->is_busy = false;
}

/* ---- Totals ---- */

static void count_violation(struct totals *totals, uint64_t seed, const char *text)
{
    if (totals->violations++ == 0) {
        totals->first_violation = totals->done;
    }
    if (totals->failed_count < SIMULATE_SHOWN_MAX) {
        totals->failed[totals->failed_count++] = seed;
    }
    (void)printf("%sseed %llu: %s\n", options.is_quiet ? "" : "\r\033[K", (unsigned long long)seed,
                 text);
    (void)fflush(stdout);
}

static void count_report(struct totals *totals, uint64_t seed, const struct world_report *report)
{
    totals->done++;
    totals->turns += report->turns;
    totals->letters += report->letters;
    totals->trades += report->trades;
    totals->orders += report->orders;
    totals->records += report->records;
    totals->starts += report->starts;
    totals->virtual_ns += report->virtual_ns;
    totals->market_ns += report->market_ns;
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        totals->strikes[i] += report->chances.strikes[i];
        totals->worlds[i] += report->chances.strikes[i] > 0 ? 1 : 0;
    }
    if (report->verdict.text[0] != '\0') {
        count_violation(totals, seed, report->verdict.text);
    }
}

static double seconds_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_progress(const struct totals *totals, double began)
{
    static double shown;
    const double now = seconds_now();
    if (options.is_quiet || now - shown < 0.5 || totals->done == 0) {
        return;
    }
    shown = now;
    const double rate = (double)totals->done / (now - began);
    (void)fprintf(stderr, "\r\033[K%llu of %llu seeds, %.0f a second, %.0f s left",
                  (unsigned long long)totals->done, (unsigned long long)seed_count(), rate,
                  (double)(seed_count() - totals->done) / rate);
}

static void print_totals(const struct totals *totals, double seconds)
{
    coverage_print(&totals->coverage);
    (void)printf("%-22s %10s %10s\n", "fault", "worlds", "strikes");
    for (unsigned i = 0; i < CHANCE_COUNT; i++) {
        (void)printf("%-22s %10llu %10llu\n", chance_name((enum chance)i),
                     (unsigned long long)totals->worlds[i], (unsigned long long)totals->strikes[i]);
    }
    (void)printf("%llu seeds in %.1f s, %.0f a second; %llu violations\n",
                 (unsigned long long)totals->done, seconds, (double)totals->done / seconds,
                 (unsigned long long)totals->violations);
    (void)printf("%.1f hours of virtual time (%.0f x real), %.1f days of market time; %llu starts, "
                 "%llu orders, %llu trades, %llu records, %llu letters, %llu slices\n",
                 (double)totals->virtual_ns / 3.6e12, (double)totals->virtual_ns / 1e9 / seconds,
                 (double)totals->market_ns / 8.64e13, (unsigned long long)totals->starts,
                 (unsigned long long)totals->orders, (unsigned long long)totals->trades,
                 (unsigned long long)totals->records, (unsigned long long)totals->letters,
                 (unsigned long long)totals->turns);
}

/* ---- All workers ---- */

static bool read_news(struct worker *worker, struct news *news)
{
    size_t have = 0;
    while (have < sizeof(*news)) {
        const ssize_t more = read(worker->in, (char *)news + have, sizeof(*news) - have);
        if (more <= 0) {
            return false;
        }
        have += (size_t)more;
    }
    return true;
}

/* It is gone: at the end of its work, or in the middle of a seed, which is a violation; then
 * another one goes on behind it. */
static void worker_on_end(struct worker *worker, struct totals *totals)
{
    int status = 0;
    (void)close(worker->in);
    (void)waitpid(worker->pid, &status, 0);
    apart_remove_folder(&worker->paths);
    worker->is_alive = false;
    if (worker->is_busy || status != 0) {
        char text[VERDICT_TEXT_MAX];
        totals->done++;
        (void)snprintf(text, sizeof(text), "it died: signal %d, code %d",
                       WIFSIGNALED(status) ? WTERMSIG(status) : 0,
                       WIFEXITED(status) ? WEXITSTATUS(status) : 0);
        count_violation(totals, worker->current, text);
        if (worker->next < seed_count() && !options.is_first_only) {
            worker_start(worker);
        }
    }
}

static void worker_on_news(struct worker *worker, struct totals *totals)
{
    struct news news;
    if (!read_news(worker, &news)) {
        worker_on_end(worker, totals);
        return;
    }
    switch (news.kind) {
    case NEWS_BEGINS:
        worker->current = news.seed;
        worker->next += options.jobs;
        worker->is_busy = true;
        break;
    case NEWS_ENDED:
        worker->is_busy = false;
        count_report(totals, news.seed, &news.report);
        break;
    case NEWS_COVERAGE:
        coverage_add(&totals->coverage, &news.coverage);
        break;
    }
}

static void kill_workers(struct worker *workers)
{
    for (unsigned i = 0; i < options.jobs; i++) {
        if (workers[i].is_alive) {
            (void)kill(workers[i].pid, SIGTERM);
            (void)waitpid(workers[i].pid, NULL, 0);
            apart_remove_folder(&workers[i].paths);
        }
    }
}

static void play_all(struct totals *totals, double began)
{
    static struct worker workers[SIMULATE_JOBS_MAX];
    for (unsigned i = 0; i < options.jobs; i++) {
        workers[i].next = i;
        if (i < seed_count()) {
            worker_start(&workers[i]);
        }
    }
    for (bool is_alive = true; is_alive;) {
        is_alive = false;
        fd_set ready;
        int last = -1;
        FD_ZERO(&ready);
        for (unsigned i = 0; i < options.jobs; i++) {
            if (workers[i].is_alive) {
                FD_SET(workers[i].in, &ready);
                last = workers[i].in > last ? workers[i].in : last;
            }
        }
        if (last < 0 || select(last + 1, &ready, NULL, NULL, NULL) < 0) {
            break;
        }
        for (unsigned i = 0; i < options.jobs; i++) {
            if (workers[i].is_alive && FD_ISSET(workers[i].in, &ready)) {
                worker_on_news(&workers[i], totals);
            }
            is_alive = is_alive || workers[i].is_alive;
        }
        show_progress(totals, began);
        if (options.is_first_only && totals->violations > 0) {
            kill_workers(workers);
            break;
        }
    }
}

/* ---- Violations ---- */

static void print_end_of(const char *path)
{
    FILE *in = fopen(path, "r");
    char line[1024];
    long lines = 0;
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        lines++;
    }
    if (in == NULL) {
        return;
    }
    rewind(in);
    for (long i = 0; fgets(line, sizeof(line), in) != NULL; i++) {
        if (i >= lines - SIMULATE_TRACE_LINES) {
            (void)fputs(line, stdout);
        }
    }
    (void)fclose(in);
}

static void show_violation(uint64_t seed)
{
    static struct chance_window windows[CHANCE_COUNT];
    struct world_report report;
    const char *commit = getenv("TUTTI_COMMIT");
    shrink_seed(seed, windows, &report);
    (void)printf("\nseed %llu, commit %s: %s\nwith as few faults as possible: %s\n",
                 (unsigned long long)seed, commit != NULL ? commit : "unknown",
                 report.verdict.text[0] != '\0' ? "still fails" : "does not fail again",
                 report.verdict.text);
    shrink_print(windows, &report);
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/simulate-%llu.trace",
                   options.trace_folder != NULL ? options.trace_folder : "/tmp",
                   (unsigned long long)seed);
    const struct world_order order = {.seed = seed, .windows = windows};
    apart_play(&order, true, path, &report);
    (void)printf("the end of its trace (all of it: %s):\n", path);
    print_end_of(path);
    (void)printf("to repeat the seed: ./dev simulate --seed %llu --trace\n",
                 (unsigned long long)seed);
}

static int play_single(void)
{
    struct world_report report;
    const struct world_order order = {.seed = options.from};
    apart_play(&order, options.is_traced, NULL, &report);
    (void)printf("seed %llu: %s\nhash %016llx, %llu orders, %llu trades, %llu starts\n",
                 (unsigned long long)options.from,
                 report.verdict.text[0] != '\0' ? report.verdict.text : "no violation",
                 (unsigned long long)report.hash, (unsigned long long)report.orders,
                 (unsigned long long)report.trades, (unsigned long long)report.starts);
    if (report.verdict.text[0] != '\0' && !options.is_traced && !options.is_first_only) {
        show_violation(options.from);
    }
    return report.verdict.text[0] != '\0' ? 1 : 0;
}

/* ---- Usage ---- */

static int usage(void)
{
    (void)fprintf(stderr,
                  "usage: simulate [--seeds N] [--from S] [--jobs N] [--twice EVERY] [--quiet]\n"
                  "                [--corpus FILE] [--first-only] [--trace-folder FOLDER]\n"
                  "       simulate --seed S [--trace]\n");
    return 2;
}

static bool read_number(const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0';
}

static bool read_corpus(const char *path)
{
    FILE *in = fopen(path, "r");
    char line[256];
    while (in != NULL && fgets(line, sizeof(line), in) != NULL) {
        line[strcspn(line, " #\n")] = '\0';
        if (line[0] != '\0' && (options.corpus_count == SIMULATE_CORPUS_MAX ||
                                !read_number(line, &options.corpus[options.corpus_count++]))) {
            (void)fclose(in);
            return false;
        }
    }
    return in != NULL && fclose(in) == 0;
}

static bool read_options(int count, char **words)
{
    static const struct option table[] = {{"seeds", required_argument, NULL, 'n'},
                                          {"from", required_argument, NULL, 'f'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"jobs", required_argument, NULL, 'j'},
                                          {"twice", required_argument, NULL, 't'},
                                          {"corpus", required_argument, NULL, 'c'},
                                          {"trace", no_argument, NULL, 'T'},
                                          {"first-only", no_argument, NULL, '1'},
                                          {"quiet", no_argument, NULL, 'q'},
                                          {"trace-folder", required_argument, NULL, 'F'},
                                          {NULL, 0, NULL, 0}};
    uint64_t jobs = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
    bool is_good = true;
    for (int option; is_good && (option = getopt_long(count, words, "", table, NULL)) != -1;) {
        switch (option) {
        case 'n':
            is_good = read_number(optarg, &options.seeds);
            break;
        case 's':
            options.is_single = true;
            is_good = read_number(optarg, &options.from);
            break;
        case 'f':
            is_good = read_number(optarg, &options.from);
            break;
        case 'j':
            is_good = read_number(optarg, &jobs);
            break;
        case 't':
            is_good = read_number(optarg, &options.twice);
            break;
        case 'c':
            is_good = read_corpus(optarg);
            break;
        case 'F':
            options.trace_folder = optarg;
            break;
        default:
            options.is_traced = options.is_traced || option == 'T';
            options.is_first_only = options.is_first_only || option == '1';
            options.is_quiet = options.is_quiet || option == 'q';
            is_good = option != '?';
            break;
        }
    }
    options.jobs = (unsigned)jobs;
    return is_good && optind == count && jobs > 0 && jobs <= SIMULATE_JOBS_MAX;
}

int main(int count, char **words)
{
    static struct totals totals;
    if (!read_options(count, words)) {
        return usage();
    }
    if (sodium_init() < 0) {
        return 1;
    }
    options.is_quiet = options.is_quiet || !isatty(STDERR_FILENO);
    log_configure(options.is_traced ? LOG_DEBUG : (enum log_level)(LOG_ERROR + 1), LOG_TEXT);
    disk_install();
    if (options.is_single) {
        return play_single();
    }
    const double began = seconds_now();
    play_all(&totals, began);
    if (options.is_first_only) {
        (void)printf("first violation after %llu seeds\n",
                     (unsigned long long)totals.first_violation);
        return totals.violations > 0 ? 1 : 0;
    }
    print_totals(&totals, seconds_now() - began);
    for (size_t i = 0; i < totals.failed_count; i++) {
        show_violation(totals.failed[i]);
    }
    return totals.violations > 0 ? 1 : 0;
}
