#include "actors/scheduler_worker.h"

#include "actors/scheduler_thread.h"
#include "base/assert.h"

enum {
    NEXT_STREAK_MAX = 32, /* Runs from the next slot in a row while the ring waits. */
    INJECTED_BATCH = 64,  /* Taken from the injection queue at a time. */
    INJECTED_EVERY = 61,  /* The injection queue goes first once in so many runs. */
    RELIEVE_MESSAGES = 8, /* How often a slice looks after what waits. */
    SEARCH_PAUSES = 64,   /* Between two looks of a searching worker. */
    RING_SHARED = 2,      /* From so many actors on a ring is worth stealing from. */
};

_Thread_local struct worker *worker_of_thread;

void worker_init(struct worker *worker, struct threaded *threaded)
{
    worker->threaded = threaded;
    worker->context = (struct context){.system = threaded->system};
    worker->runs_left = INJECTED_EVERY;
    ring_init(&worker->ring);
    watch_init(&worker->mark);
    const int result = sem_init(&worker->wake, 0, 0);
    ASSERT(result == 0);
}

void worker_push(struct worker *worker, struct actor *actor)
{
    if (!ring_push(&worker->ring, actor)) {
        threaded_inject(worker->threaded, actor);
    } else if (ring_size(&worker->ring) >= RING_SHARED) {
        threaded_wake(worker->threaded);
    }
}

/* Takes the oldest of the injection queue to run it, and this worker's share of the others to its
 * ring. NULL when there is none. */
static struct actor *worker_take_injected(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    const size_t count = atomic_load_explicit(&threaded->injected_count, memory_order_relaxed);
    if (count == 0) {
        return NULL;
    }
    const size_t share = count / threaded->worker_count;
    const size_t room = RING_ACTORS - ring_size(&worker->ring);
    size_t more = share < INJECTED_BATCH ? share : INJECTED_BATCH;
    more = more < room ? more : room;
    (void)pthread_mutex_lock(&threaded->lock);
    struct actor *first = threaded_take_injected(threaded);
    for (; more > 0 && threaded->injected_first != NULL; more--) {
        const bool is_pushed = ring_push(&worker->ring, threaded_take_injected(threaded));
        ASSERT(is_pushed); /* Thieves only make room. */
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    if (ring_size(&worker->ring) >= RING_SHARED) {
        threaded_wake(threaded);
    }
    return first;
}

static struct actor *worker_take_next(struct worker *worker)
{
    struct actor *actor = worker->next;
    worker->next = NULL;
    return actor;
}

/* The worker's own work, and what was injected. NULL when there is none. */
static struct actor *worker_take(struct worker *worker)
{
    struct actor *actor = NULL;
    if (--worker->runs_left == 0) {
        worker->runs_left = INJECTED_EVERY;
        actor = worker_take_injected(worker);
    }
    if (actor == NULL && worker->next != NULL && worker->next_streak < NEXT_STREAK_MAX) {
        worker->next_streak++;
        return worker_take_next(worker);
    }
    worker->next_streak = 0;
    if (actor == NULL) {
        actor = ring_take(&worker->ring);
    }
    if (actor == NULL) {
        actor = worker_take_next(worker);
    }
    return actor != NULL ? actor : worker_take_injected(worker);
}

/* Something waits and somebody sleeps: looks whether to wake them. */
NEVER_INLINED static void worker_relieve_waiting(struct worker *worker, bool is_in_slice)
{
    const int64_t now_ns = scheduler_monotonic_ns();
    const uint64_t messages = atomic_load_explicit(&worker->messages, memory_order_relaxed) +
                              (is_in_slice ? worker->context.delivered : 0);
    const int64_t waiting_ns = now_ns - worker->waiting_since_ns;
    if (worker->waiting_since_ns != 0 && waiting_ns <= WORKER_LONE_NS) {
        return;
    }
    if (worker->waiting_since_ns == 0 ||
        !worker_is_relieved(waiting_ns, messages - worker->waiting_messages)) {
        worker->waiting_since_ns = now_ns;
        worker->waiting_messages = messages;
        return;
    }
    worker->waiting_since_ns = 0;
    if (is_in_slice && worker->next != NULL) {
        worker_push(worker, worker_take_next(worker));
    }
    threaded_wake(worker->threaded);
}

/* Offers what has waited too long to a worker that sleeps. In the middle of a slice the next slot
 * waits too; between slices it is about to run. */
ALWAYS_INLINED void worker_relieve(struct worker *worker, bool is_in_slice)
{
    if ((ring_size(&worker->ring) > 0 || (is_in_slice && worker->next != NULL)) &&
        atomic_load_explicit(&worker->threaded->parked_count, memory_order_relaxed) > 0) {
        worker_relieve_waiting(worker, is_in_slice);
    } else {
        worker->waiting_since_ns = 0;
    }
}

/* True when the actor has messages left. */
ALWAYS_INLINED bool worker_run(struct worker *worker, struct actor *actor)
{
    struct context *context = &worker->context;
    context_renew(context, actor);
    watch_begin(&worker->mark, context->self, actor->class_);
    enum slice_end end = slice_run(context, RELIEVE_MESSAGES);
    while (end == SLICE_MORE && !context_is_spent(context)) {
        worker_relieve(worker, true);
        end = slice_run(context, RELIEVE_MESSAGES);
    }
    watch_end(&worker->mark);
    const uint64_t messages =
        atomic_load_explicit(&worker->messages, memory_order_relaxed) + context->delivered;
    atomic_store_explicit(&worker->messages, messages, memory_order_relaxed);
    worker_relieve(worker, false);
    return end == SLICE_MORE;
}

/* What runs next when the slice of `spent` is over (NULL: of nobody who has messages left), which
 * goes behind the others. The next one is taken first, so that two actors on this worker are never
 * seen waiting both, and thieves do not take apart two that talk to each other. */
static struct actor *worker_take_after(struct worker *worker, struct actor *spent)
{
    struct actor *actor = worker_take(worker);
    if (spent == NULL || actor == NULL) {
        return actor != NULL ? actor : spent;
    }
    if (!ring_push(&worker->ring, spent)) {
        threaded_inject(worker->threaded, spent);
    }
    return actor;
}

/* True when the ring of another worker has something for a thief. */
static bool worker_may_steal(const struct worker *worker, const struct worker *victim,
                             bool is_lone_allowed)
{
    if (victim == worker) {
        return false;
    }
    const size_t size = ring_size(&victim->ring);
    if (size >= RING_SHARED) {
        return true;
    }
    const size_t index = (size_t)(victim - worker->threaded->workers);
    return is_lone_allowed && size > 0 &&
           atomic_load_explicit(&victim->ring.head, memory_order_relaxed) == worker->heads[index];
}

/* Steals from the first worker that has something, beginning behind this one. */
static bool worker_steal(struct worker *worker, bool is_lone_allowed)
{
    struct threaded *threaded = worker->threaded;
    const size_t self = (size_t)(worker - threaded->workers);
    for (size_t i = 1; i < threaded->worker_count; i++) {
        struct worker *victim = &threaded->workers[(self + i) % threaded->worker_count];
        if (!worker_may_steal(worker, victim, is_lone_allowed)) {
            continue;
        }
        const size_t stolen = ring_steal(&victim->ring, &worker->ring);
        if (stolen > 0) {
            const uint64_t steals =
                atomic_load_explicit(&worker->steals, memory_order_relaxed) + stolen;
            atomic_store_explicit(&worker->steals, steals, memory_order_relaxed);
            return true;
        }
    }
    return false;
}

static void worker_note_heads(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    for (size_t i = 0; i < threaded->worker_count; i++) {
        worker->heads[i] =
            atomic_load_explicit(&threaded->workers[i].ring.head, memory_order_relaxed);
    }
}

static void worker_pause(void)
{
    for (unsigned i = 0; i < SEARCH_PAUSES; i++) {
        atomic_signal_fence(memory_order_seq_cst); /* Keeps the loop. */
    }
}

static bool worker_sees_injected(const struct worker *worker)
{
    return atomic_load_explicit(&worker->threaded->injected_count, memory_order_relaxed) > 0;
}

/* Looks for work with others for as long as a lone actor is left to its owner. True when the
 * worker has some now. */
static bool worker_search(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    if (worker_steal(worker, false)) {
        return true;
    }
    worker_note_heads(worker);
    const int64_t end_ns = scheduler_monotonic_ns() + WORKER_LONE_NS;
    while (scheduler_monotonic_ns() < end_ns) {
        worker_pause();
        if (system_is_stopping(threaded->system) || worker_steal(worker, false) ||
            worker_sees_injected(worker)) {
            return true;
        }
    }
    return worker_steal(worker, true);
}

/* Stops searching; when there is more than this worker can do at once, another goes on. */
NEVER_INLINED static void worker_end_search(struct worker *worker)
{
    worker->is_searching = false;
    atomic_store(&worker->threaded->searching, 0);
    if (ring_size(&worker->ring) >= RING_SHARED || worker_sees_injected(worker)) {
        threaded_wake(worker->threaded);
    }
}

/* True when the worker has become the searching one and found work. */
static bool worker_find(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    unsigned nobody = 0;
    if (!worker->is_searching &&
        !atomic_compare_exchange_strong(&threaded->searching, &nobody, 1)) {
        return false;
    }
    worker->is_searching = true;
    const bool is_found = threaded->worker_count > 1 && worker_search(worker);
    worker_end_search(worker);
    return is_found;
}

/* Puts the worker on the list of the parked. False when there is a reason not to. */
static bool worker_park_begin(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    (void)pthread_mutex_lock(&threaded->lock);
    const bool is_parked =
        threaded->injected_first == NULL && !system_is_stopping(threaded->system);
    if (is_parked) {
        worker->parked_next = threaded->parked;
        threaded->parked = worker;
        worker->is_parked = true;
        /* Partner: threaded_wake(). */
        (void)atomic_fetch_add(&threaded->parked_count, 1);
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    return is_parked;
}

/* Takes the worker off the list again. False when somebody has already and wakes it. */
static bool worker_park_cancel(struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    (void)pthread_mutex_lock(&threaded->lock);
    const bool is_cancelled = worker->is_parked;
    if (is_cancelled) {
        struct worker **link = &threaded->parked;
        while (*link != worker) {
            link = &(*link)->parked_next;
        }
        *link = worker->parked_next;
        worker->is_parked = false;
        (void)atomic_fetch_sub(&threaded->parked_count, 1);
    }
    (void)pthread_mutex_unlock(&threaded->lock);
    return is_cancelled;
}

/* True when somebody has work to share and nobody is searching. */
static bool worker_sees_work(const struct worker *worker)
{
    struct threaded *threaded = worker->threaded;
    if (atomic_load(&threaded->searching) != 0) {
        return false;
    }
    for (size_t i = 0; i < threaded->worker_count; i++) {
        if (worker_may_steal(worker, &threaded->workers[i], false)) {
            return true;
        }
    }
    return false;
}

static void worker_park(struct worker *worker)
{
    if (!worker_park_begin(worker)) {
        return;
    }
    /* Who pushed before it could see this worker parked is seen here. */
    if (worker_sees_work(worker) && worker_park_cancel(worker)) {
        return;
    }
    scheduler_semaphore_wait(&worker->wake);
}

void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct system *system = worker->threaded->system;
    worker_of_thread = worker;
    struct actor *spent = NULL;
    while (!system_is_stopping(system)) {
        struct actor *actor = worker_take_after(worker, spent);
        spent = NULL;
        if (actor != NULL) {
            if (worker->is_searching) {
                worker_end_search(worker); /* Woken to search, and has found this. */
            }
            spent = worker_run(worker, actor) ? actor : NULL;
        } else if (!worker_find(worker)) {
            worker_park(worker);
        }
    }
    worker_of_thread = NULL;
    return NULL;
}
