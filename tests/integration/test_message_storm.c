/*
 * Every message has one end, whatever the moment: one handler hears it once, or nobody does, and it
 * is destroyed once. Actors begin, die and are stopped while others inside and outside send to
 * them, with 1, 2 and 4 workers. The linker sends message_take() and message_give() of the
 * runtime through this test.
 */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "actors/system.h"
#include "base/prng.h"
#include "mailbox/message.h"

enum kind { KIND_GO = MESSAGE_KIND_FIRST, KIND_TOKEN };

enum {
    TARGETS = 6,
    SENDERS = 6,
    OUTSIDERS = 2,
    STOPPERS = 2,
    LIVES = 200,
    ROUNDS = 60,
    TOKENS_MAX = 1 << 14, /* More than can be under way. */
    CAPACITY = 32,        /* Of a victim: small enough to be full now and then. */
};

static const unsigned workers_of[] = {1, 2, 4};
enum { WORKERS = sizeof(workers_of) / sizeof(workers_of[0]) };

static struct system *system_under_test;
static _Atomic(unsigned) starts, stops;

/* ---- Tokens: what happened to each message ---- */

/* Of a number; it goes round, so that a storm may be as long as it likes. */
enum fate { IS_FREE, IS_SENT, IS_HEARD };

struct token {
    uint32_t number;
    uint32_t sender;
    int64_t sequence; /* From 0 for each life of a victim. */
};

static _Atomic(unsigned) fates[TOKENS_MAX];
static _Atomic(unsigned) next_number, heard;
static _Atomic(unsigned) created, destroyed; /* Messages of all kinds. */

nng_msg *__real_message_take(size_t size_class, uint32_t kind, int64_t now_ns, size_t size);
void __real_message_give(nng_msg *message);
nng_msg *__wrap_message_take(size_t size_class, uint32_t kind, int64_t now_ns, size_t size);
void __wrap_message_give(nng_msg *message);

nng_msg *__wrap_message_take(size_t size_class, uint32_t kind, int64_t now_ns, size_t size)
{
    atomic_fetch_add(&created, 1);
    return __real_message_take(size_class, kind, now_ns, size);
}

static void token_hear(const struct token *token)
{
    if (atomic_exchange(&fates[token->number], IS_HEARD) != IS_SENT) {
        ck_abort_msg("message %u is heard twice, or after its end", token->number);
    }
    atomic_fetch_add(&heard, 1);
}

void __wrap_message_give(nng_msg *message)
{
    atomic_fetch_add(&destroyed, 1);
    if (message_envelope(message)->kind == KIND_TOKEN) {
        const struct token *token = message_body(message);
        if (atomic_exchange(&fates[token->number], IS_FREE) == IS_FREE) {
            ck_abort_msg("message %u is destroyed twice", token->number);
        }
    }
    __real_message_give(message);
}

static nng_msg *token_create(uint32_t sender, int64_t sequence)
{
    unsigned number;
    unsigned is_free;
    do {
        number = atomic_fetch_add(&next_number, 1) % TOKENS_MAX;
        is_free = IS_FREE;
    } while (!atomic_compare_exchange_strong(&fates[number], &is_free, IS_SENT));
    nng_msg *message = message_create(KIND_TOKEN, 0, sizeof(struct token));
    *(struct token *)message_body(message) = (struct token){number, sender, sequence};
    return message;
}

/* After the end of a system: nothing is left, nothing went away twice. */
static void tokens_settle(void)
{
    for (unsigned i = 0; i < TOKENS_MAX; i++) {
        ck_assert_msg(atomic_load(&fates[i]) == IS_FREE, "message %u is left", i);
    }
    ck_assert_uint_eq(atomic_load(&created), atomic_load(&destroyed));
}

/* ---- Senders: they aim at whoever lives in one of the places ---- */

static _Atomic(uint64_t) places[TARGETS]; /* struct actor_ref of the victim there. */

static void place_set(size_t place, struct actor_ref ref)
{
    atomic_store(&places[place], (uint64_t)ref.generation << 32 | ref.slot);
}

static struct actor_ref place_get(size_t place)
{
    const uint64_t packed = atomic_load(&places[place]);
    return (struct actor_ref){(uint32_t)packed, (uint32_t)(packed >> 32)};
}

struct aim {
    struct actor_ref ref;
    int64_t next; /* Sequence of the next message to it. */
};

/* The next message to a place; NULL when nobody is there. */
static nng_msg *aim_create(struct aim *aim, size_t place, uint32_t sender)
{
    const struct actor_ref ref = place_get(place);
    if (ref.slot != aim->ref.slot || ref.generation != aim->ref.generation) {
        *aim = (struct aim){.ref = ref};
    }
    return actor_ref_is_nobody(ref) ? NULL : token_create(sender, aim->next);
}

struct sender {
    uint32_t number;
    struct aim aims[TARGETS];
};

static enum err sender_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    ((struct sender *)state)->number = *(uint32_t *)arguments;
    return ERR_NONE;
}

static enum err sender_receive(struct context *context, void *state, nng_msg **message)
{
    struct sender *self = state;
    for (size_t i = 0; i < 4 * TARGETS; i++) {
        struct aim *aim = &self->aims[i % TARGETS];
        nng_msg *token = aim_create(aim, i % TARGETS, self->number);
        const enum err err = token != NULL ? context_send(context, aim->ref, &token) : ERR_END;
        aim->next += err == ERR_NONE ? 1 : 0;
        if (err == ERR_FULL) {
            message_destroy(token); /* It stayed here. */
        }
    }
    return context_send(context, context_self(context), message); /* And so on. */
}

static const struct actor_class sender_class = {.name = "sender",
                                                .state_size = sizeof(struct sender),
                                                .start = sender_start,
                                                .receive = sender_receive};

/* ---- Victims: they hear each sender without a gap until they die ---- */

enum { SOURCES = SENDERS + OUTSIDERS };

struct victim {
    unsigned left; /* Messages to its end. */
    bool fails;
    int64_t next_of[SOURCES];
};

static enum err victim_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct victim *self = state;
    const unsigned life = *(unsigned *)arguments;
    self->left = 1 + life % 50;
    self->fails = life % 2 == 0;
    atomic_fetch_add(&starts, 1);
    return ERR_NONE;
}

static enum err victim_receive(struct context *context, void *state, nng_msg **message)
{
    struct victim *self = state;
    const struct token *token = message_body(*message);
    token_hear(token);
    if (self->left == 0) {
        ck_abort_msg("a message after the end");
    }
    if (token->sequence != self->next_of[token->sender]++) {
        ck_abort_msg("message %lld of sender %u, expected %lld", (long long)token->sequence,
                     token->sender, (long long)self->next_of[token->sender] - 1);
    }
    if (--self->left == 0 && !self->fails) {
        context_stop(context);
    }
    return self->left == 0 && self->fails ? ERR_CORRUPT : ERR_NONE;
}

static void victim_stop(struct context *context, void *state)
{
    (void)context;
    (void)state;
    atomic_fetch_add(&stops, 1);
}

static const struct actor_class victim_classes[] = {
    {.name = "victim",
     .state_size = sizeof(struct victim),
     .mailbox_capacity = CAPACITY,
     .start = victim_start,
     .receive = victim_receive,
     .stop = victim_stop},
    {.name = "victim",
     .state_size = sizeof(struct victim),
     .mailbox_capacity = CAPACITY,
     .is_dedicated = true,
     .start = victim_start,
     .receive = victim_receive,
     .stop = victim_stop},
};

/* ---- The shepherd hears of each end once, and puts another life there ---- */

struct shepherd {
    const struct actor_class *class_;
    struct actor_ref herd[TARGETS];
    unsigned lives;
    unsigned ends;
};

static unsigned ends_heard;

static enum err shepherd_spawn(struct context *context, struct shepherd *self, size_t place)
{
    unsigned life = self->lives++;
    const enum err err = context_spawn(context, self->class_, &life, &self->herd[place]);
    if (err == ERR_NONE) {
        place_set(place, self->herd[place]);
    }
    return err == ERR_CLOSED ? ERR_NONE : err; /* The end has begun. */
}

static enum err shepherd_start(struct context *context, void *state, void *arguments)
{
    struct shepherd *self = state;
    enum err err = ERR_NONE;
    self->class_ = arguments;
    for (size_t i = 0; i < TARGETS && err == ERR_NONE; i++) {
        err = shepherd_spawn(context, self, i);
    }
    return err;
}

static enum err shepherd_receive(struct context *context, void *state, nng_msg **message)
{
    struct shepherd *self = state;
    const struct actor_exit *end = message_body(*message);
    size_t place = 0;
    while (place < TARGETS && (self->herd[place].slot != end->child.slot ||
                               self->herd[place].generation != end->child.generation)) {
        place++;
    }
    if (place == TARGETS) {
        ck_abort_msg("an end is told twice");
    }
    ends_heard = ++self->ends;
    if (self->ends == LIVES) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    return shepherd_spawn(context, self, place);
}

static const struct actor_class shepherd_class = {.name = "shepherd",
                                                  .state_size = sizeof(struct shepherd),
                                                  .start = shepherd_start,
                                                  .receive = shepherd_receive};

/* ---- Threads outside ---- */

struct outsider {
    pthread_t thread;
    uint32_t number;
    uint64_t seed;
    _Atomic(bool) *is_over;
};

static void *outsider_main(void *argument)
{
    struct outsider *self = argument;
    struct aim aims[TARGETS] = {0};
    for (size_t i = 0; !atomic_load(self->is_over); i++) {
        struct aim *aim = &aims[i % TARGETS];
        nng_msg *token = aim_create(aim, i % TARGETS, self->number);
        if (token == NULL) {
            continue;
        }
        const enum err err = system_send(system_under_test, aim->ref, &token);
        aim->next += err == ERR_NONE ? 1 : 0;
        ck_assert(err == ERR_NONE || err == ERR_FULL || err == ERR_CLOSED);
        message_destroy(token); /* NULL when it was taken. */
    }
    return NULL;
}

/* Stops the system, twice, a moment after it was started. */
static void *stopper_main(void *argument)
{
    const struct outsider *self = argument;
    struct prng prng;
    prng_init(&prng, self->seed);
    for (volatile uint64_t delay = prng_below(&prng, 30000); delay > 0; delay--) {
        /* The moment is drawn. */
    }
    system_stop(system_under_test);
    system_stop(system_under_test);
    return NULL;
}

static void begin(int index)
{
    const struct system_options options = {.workers = workers_of[index]};
    for (size_t i = 0; i < TARGETS; i++) {
        place_set(i, ACTOR_NOBODY);
    }
    atomic_store(&starts, 0);
    atomic_store(&stops, 0);
    ck_assert_int_eq(system_create(&options, &system_under_test), ERR_NONE);
}

static void launch(struct outsider *outsider, void *(*main)(void *argument))
{
    ck_assert_int_eq(pthread_create(&outsider->thread, NULL, main, outsider), 0);
}

/* Spawns a sender and sets it going. The system may be on its way to its end. */
static void spawn_sender(uint32_t number)
{
    struct actor_ref actor;
    const enum err err = system_spawn(system_under_test, &sender_class, &number, &actor);
    ck_assert(err == ERR_NONE || err == ERR_CLOSED);
    if (err == ERR_NONE) {
        nng_msg *message = message_create(KIND_GO, 0, 0);
        ck_assert_int_eq(system_send(system_under_test, actor, &message), ERR_NONE);
    }
}

START_TEST(deaths_with_messages_in_flight)
{
    struct outsider outsiders[OUTSIDERS];
    _Atomic(bool) is_over = false;
    struct actor_ref shepherd;
    void *class_ = (void *)(uintptr_t)&victim_classes[_i % 2];
    begin(_i / 2);
    ck_assert_int_eq(system_spawn(system_under_test, &shepherd_class, class_, &shepherd), ERR_NONE);
    for (uint32_t i = 0; i < SENDERS; i++) {
        spawn_sender(i);
    }
    for (uint32_t i = 0; i < OUTSIDERS; i++) {
        outsiders[i] = (struct outsider){.number = SENDERS + i, .is_over = &is_over};
        launch(&outsiders[i], outsider_main);
    }
    ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
    atomic_store(&is_over, true);
    for (int i = 0; i < OUTSIDERS; i++) {
        ck_assert_int_eq(pthread_join(outsiders[i].thread, NULL), 0);
    }
    struct system_counters counters;
    system_counters_read(system_under_test, &counters);
    system_destroy(system_under_test);
    ck_assert_uint_eq(ends_heard, LIVES);
    ck_assert_uint_eq(atomic_load(&starts), atomic_load(&stops));
    ck_assert_uint_ge(counters.failed, LIVES / 2 - TARGETS);
    ck_assert_uint_gt(counters.dead_letters, 0);
    ck_assert_uint_ge(atomic_load(&heard), LIVES); /* Each life has heard at least one. */
    ck_assert_uint_ge(counters.messages, atomic_load(&heard));
    tokens_settle();
}
END_TEST

/* Two threads stop it, each twice, while its actors are spawned, its workers start and everybody
 * sends. */
START_TEST(stopped_while_it_starts)
{
    for (uint64_t round = 0; round < ROUNDS; round++) {
        struct outsider stoppers[STOPPERS];
        struct actor_ref shepherd;
        void *class_ = (void *)(uintptr_t)&victim_classes[round % 2];
        begin(_i);
        for (uint32_t i = 0; i < STOPPERS; i++) {
            stoppers[i].seed = round * STOPPERS + i;
            launch(&stoppers[i], stopper_main);
        }
        const enum err err = system_spawn(system_under_test, &shepherd_class, class_, &shepherd);
        ck_assert(err == ERR_NONE || err == ERR_CLOSED);
        for (uint32_t i = 0; i < SENDERS; i++) {
            spawn_sender(i);
        }
        ck_assert_int_eq(system_run(system_under_test), ERR_NONE);
        for (int i = 0; i < STOPPERS; i++) {
            ck_assert_int_eq(pthread_join(stoppers[i].thread, NULL), 0);
        }
        ck_assert_int_eq(system_run(system_under_test), ERR_STATE);
        system_destroy(system_under_test);
        ck_assert_uint_eq(atomic_load(&starts), atomic_load(&stops));
        tokens_settle();
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message storm");
    TCase *tcase = tcase_create("storm");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, NULL, message_pool_drain);
    tcase_add_loop_test(tcase, deaths_with_messages_in_flight, 0, WORKERS * 2);
    tcase_add_loop_test(tcase, stopped_while_it_starts, 0, WORKERS);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
