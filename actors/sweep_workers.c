#include "actors/sweep_workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "base/assert.h"
#include "base/instant.h"

struct sweep_workers {
    sweep_work *work;
    void *context; /* Borrowed. */
    pthread_mutex_t lock;
    pthread_cond_t has_jobs;    /* For workers: a job, room for a result, or the end. */
    pthread_cond_t has_answers; /* For the owner: enough answers, or the last one. */
    pthread_t *threads;         /* Owned. */
    unsigned thread_count;
    bool is_ended;

    uint64_t *jobs; /* Owned: a ring of `capacity`. */
    size_t job_first;
    size_t job_count;
    struct sweep_answer *answers; /* Owned: a ring of `capacity`. */
    size_t answer_first;
    size_t answer_count;
    size_t capacity;
    uint64_t open; /* Given and not taken: jobs, sets in work, answers. */
};

static void sweep_answer_swap(struct sweep_answer *a, struct sweep_answer *b)
{
    const struct sweep_answer kept = *a;
    *a = *b;
    *b = kept;
}

void sweep_answer_done(struct sweep_answer *answer)
{
    text_done(&answer->parameters);
    text_done(&answer->problem);
}

/* ---- The workers ---- */

/* Waits for a job and room for its result; false at the end. Locked. */
static bool sweep_workers_next(struct sweep_workers *workers, uint64_t *ret_set)
{
    while (!workers->is_ended && workers->job_count == 0) {
        (void)pthread_cond_wait(&workers->has_jobs, &workers->lock);
    }
    if (workers->is_ended) {
        return false;
    }
    *ret_set = workers->jobs[workers->job_first];
    workers->job_first = (workers->job_first + 1) % workers->capacity;
    workers->job_count--;
    return true;
}

/* There is room: no more sets are open than the ring has slots. Locked. */
static void sweep_workers_answer(struct sweep_workers *workers, struct sweep_answer *answer)
{
    ASSERT(workers->answer_count < workers->capacity);
    const size_t slot = (workers->answer_first + workers->answer_count) % workers->capacity;
    sweep_answer_swap(&workers->answers[slot], answer);
    workers->answer_count++;
    if (workers->answer_count == workers->capacity / 2 || workers->answer_count == workers->open) {
        (void)pthread_cond_signal(&workers->has_answers);
    }
}

static void *sweep_workers_loop(void *given)
{
    struct sweep_workers *workers = given;
    struct sweep_answer answer = {0};
    uint64_t set;
    (void)pthread_mutex_lock(&workers->lock);
    while (sweep_workers_next(workers, &set)) {
        (void)pthread_mutex_unlock(&workers->lock);
        answer.row = (struct sweep_row){.set = set};
        text_clear(&answer.parameters);
        text_clear(&answer.problem);
        workers->work(workers->context, &answer);
        (void)pthread_mutex_lock(&workers->lock);
        sweep_workers_answer(workers, &answer);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    sweep_answer_done(&answer);
    return NULL;
}

/* ---- The owner ---- */

static enum err sweep_workers_start(struct sweep_workers *workers, unsigned count)
{
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0) {
        return ERR_MEMORY;
    }
    (void)pthread_attr_setstacksize(&attributes, (size_t)SWEEP_JOBS_STACK_KIB << 10);
    while (workers->thread_count < count &&
           pthread_create(&workers->threads[workers->thread_count], &attributes, sweep_workers_loop,
                          workers) == 0) {
        workers->thread_count++;
    }
    (void)pthread_attr_destroy(&attributes);
    return workers->thread_count == count ? ERR_NONE : ERR_LIMIT;
}

/* The monotonic clock: a wall clock that is set must not stretch a wait. */
static void sweep_workers_init_locks(struct sweep_workers *workers)
{
    pthread_condattr_t attributes;
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&workers->lock, NULL);
    (void)pthread_cond_init(&workers->has_jobs, NULL);
    (void)pthread_cond_init(&workers->has_answers, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

enum err sweep_workers_create(unsigned count, sweep_work *work, void *context,
                              struct sweep_workers **ret_workers)
{
    ASSERT(count >= 1 && count <= SWEEP_WORKERS_MAX);
    struct sweep_workers *workers = calloc(1, sizeof(*workers));
    if (workers == NULL) {
        return ERR_MEMORY;
    }
    sweep_workers_init_locks(workers);
    workers->work = work;
    workers->context = context;
    workers->capacity = (size_t)count * SWEEP_JOBS_PER_WORKER;
    workers->jobs = calloc(workers->capacity, sizeof(*workers->jobs));
    workers->answers = calloc(workers->capacity, sizeof(*workers->answers));
    workers->threads = calloc(count, sizeof(*workers->threads));
    enum err err = ERR_MEMORY;
    if (workers->jobs != NULL && workers->answers != NULL && workers->threads != NULL) {
        err = sweep_workers_start(workers, count);
    }
    if (err != ERR_NONE) {
        sweep_workers_destroy(workers);
        return err;
    }
    *ret_workers = workers;
    return ERR_NONE;
}

void sweep_workers_destroy(struct sweep_workers *workers)
{
    if (workers == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&workers->lock);
    workers->is_ended = true;
    (void)pthread_cond_broadcast(&workers->has_jobs);
    (void)pthread_mutex_unlock(&workers->lock);
    for (unsigned i = 0; i < workers->thread_count; i++) {
        (void)pthread_join(workers->threads[i], NULL);
    }
    for (size_t i = 0; workers->answers != NULL && i < workers->capacity; i++) {
        sweep_answer_done(&workers->answers[i]);
    }
    (void)pthread_cond_destroy(&workers->has_answers);
    (void)pthread_cond_destroy(&workers->has_jobs);
    (void)pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
    free(workers->answers);
    free(workers->jobs);
    free(workers);
}

bool sweep_workers_give(struct sweep_workers *workers, uint64_t set)
{
    (void)pthread_mutex_lock(&workers->lock);
    const bool has_room = workers->open < workers->capacity;
    if (has_room) {
        workers->jobs[(workers->job_first + workers->job_count) % workers->capacity] = set;
        workers->job_count++;
        workers->open++;
        (void)pthread_cond_signal(&workers->has_jobs);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return has_room;
}

void sweep_workers_recall(struct sweep_workers *workers)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->open -= workers->job_count;
    workers->job_count = 0;
    (void)pthread_mutex_unlock(&workers->lock);
}

uint64_t sweep_workers_open(const struct sweep_workers *workers)
{
    return workers->open; /* Only the owner's calls change it. */
}

static struct timespec sweep_workers_deadline(unsigned timeout_ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    const int64_t at_ns = at.tv_nsec + (int64_t)timeout_ms * NS_PER_MS;
    at.tv_sec += at_ns / NS_PER_S;
    at.tv_nsec = at_ns % NS_PER_S;
    return at;
}

/* Locked. */
static bool sweep_workers_is_worth_taking(const struct sweep_workers *workers)
{
    return workers->answer_count >= workers->capacity / 2 || workers->answer_count == workers->open;
}

bool sweep_workers_take(struct sweep_workers *workers, unsigned timeout_ms,
                        struct sweep_answer *answer)
{
    (void)pthread_mutex_lock(&workers->lock);
    if (timeout_ms > 0 && !sweep_workers_is_worth_taking(workers)) {
        const struct timespec deadline = sweep_workers_deadline(timeout_ms);
        while (!sweep_workers_is_worth_taking(workers) &&
               pthread_cond_timedwait(&workers->has_answers, &workers->lock, &deadline) == 0) {
        }
    }
    const bool has_answer = workers->answer_count > 0;
    if (has_answer) {
        sweep_answer_swap(&workers->answers[workers->answer_first], answer);
        workers->answer_first = (workers->answer_first + 1) % workers->capacity;
        workers->answer_count--;
        workers->open--;
    }
    (void)pthread_mutex_unlock(&workers->lock);
    if (has_answer) {
        answer->row.parameters = text_string(&answer->parameters);
        answer->row.problem = text_string(&answer->problem);
    }
    return has_answer;
}
