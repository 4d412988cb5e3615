#include "tests/support/slow_store.h"

#include <pthread.h>
#include <time.h>

#include "actors/roles/orchestrator_parts.h"
#include "base/instant.h"
#include "persistence/store.h"

static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slow_store_figures figures;
    unsigned pause_ms;
    bool is_shut;
} slow = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static struct timespec slow_in(uint64_t ms)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    const uint64_t at_ns = (uint64_t)at.tv_nsec + ms % 1000 * NS_PER_MS;
    at.tv_sec += (time_t)(ms / 1000 + at_ns / NS_PER_S);
    at.tv_nsec = (long)(at_ns % NS_PER_S);
    return at;
}

/* The linker's names for what is wrapped, and for what stands in its place. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
enum err __real_journal_add(struct orchestrator *orch, struct record *record);
enum err __wrap_journal_add(struct orchestrator *orch, struct record *record);
enum err __real_store_commit(struct store *store, struct failure *failure);
enum err __wrap_store_commit(struct store *store, struct failure *failure);

enum err __wrap_journal_add(struct orchestrator *orch, struct record *record)
{
    const enum err err = __real_journal_add(orch, record);
    (void)pthread_mutex_lock(&slow.lock);
    struct slow_store_figures *figures = &slow.figures;
    if (record->seq > figures->made) {
        figures->made = record->seq;
    }
    if (figures->made > figures->committed + figures->depth_max) {
        figures->depth_max = figures->made - figures->committed;
    }
    (void)pthread_cond_broadcast(&slow.changed);
    (void)pthread_mutex_unlock(&slow.lock);
    return err;
}

enum err __wrap_store_commit(struct store *store, struct failure *failure)
{
    (void)pthread_mutex_lock(&slow.lock);
    const struct timespec end = slow_in(slow.pause_ms);
    while (slow.is_shut) {
        (void)pthread_cond_wait(&slow.changed, &slow.lock);
    }
    while (pthread_cond_timedwait(&slow.changed, &slow.lock, &end) == 0) {
    }
    (void)pthread_mutex_unlock(&slow.lock);
    const enum err err = __real_store_commit(store, failure);
    (void)pthread_mutex_lock(&slow.lock);
    slow.figures.committed = store->committed_seq;
    slow.figures.commits++;
    (void)pthread_cond_broadcast(&slow.changed);
    (void)pthread_mutex_unlock(&slow.lock);
    return err;
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

void slow_store_pause(unsigned ms)
{
    (void)pthread_mutex_lock(&slow.lock);
    slow.pause_ms = ms;
    (void)pthread_mutex_unlock(&slow.lock);
}

void slow_store_shut(bool is_shut)
{
    (void)pthread_mutex_lock(&slow.lock);
    slow.is_shut = is_shut;
    (void)pthread_cond_broadcast(&slow.changed);
    (void)pthread_mutex_unlock(&slow.lock);
}

struct slow_store_figures slow_store_figures(void)
{
    (void)pthread_mutex_lock(&slow.lock);
    const struct slow_store_figures figures = slow.figures;
    (void)pthread_mutex_unlock(&slow.lock);
    return figures;
}

void slow_store_forget_depth(void)
{
    (void)pthread_mutex_lock(&slow.lock);
    slow.figures.depth_max = 0;
    (void)pthread_mutex_unlock(&slow.lock);
}

/* Waits until the records up to `committed` are durable and `depth` more are made. */
static bool slow_store_wait(uint64_t committed, uint64_t depth, unsigned seconds_max)
{
    const struct timespec end = slow_in((uint64_t)seconds_max * 1000);
    const struct slow_store_figures *figures = &slow.figures;
    int code = 0;
    (void)pthread_mutex_lock(&slow.lock);
    while (code == 0 &&
           (figures->committed < committed || figures->made < figures->committed + depth)) {
        code = pthread_cond_timedwait(&slow.changed, &slow.lock, &end);
    }
    (void)pthread_mutex_unlock(&slow.lock);
    return code == 0;
}

bool slow_store_wait_for_depth(uint64_t depth, unsigned seconds_max)
{
    return slow_store_wait(0, depth, seconds_max);
}

bool slow_store_wait_for_commit(uint64_t seq, unsigned seconds_max)
{
    return slow_store_wait(seq, 0, seconds_max);
}
