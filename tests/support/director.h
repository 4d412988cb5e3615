/*
 * tests/support/director.h - an actor that stands for everything around the one under test.
 *
 * It keeps a copy of every message it gets and plays a script: one entry each time the whole
 * system has come to rest. Deterministic, on a virtual clock.
 *
 * Threads: the test's.
 */
#ifndef TUTTI_TESTS_SUPPORT_DIRECTOR_H
#define TUTTI_TESTS_SUPPORT_DIRECTOR_H

#include "actors/system.h"
#include "executors/executor.h"

enum {
    DIRECTOR_MESSAGES_MAX = 4096,
    /* What it keeps of a MESSAGE_RECORDS: its records, one struct record each. */
    DIRECTOR_RECORD = INT32_MAX,
};

struct director;

/* One entry of the script: looks at what came and sends what is next. */
typedef void director_step(struct director *director, struct context *context);

struct director {
    director_step *const *script; /* Borrowed; ends with NULL. */
    /* Spawns what is under test, when the director starts. */
    void (*open)(struct director *director, struct context *context);
    void *test; /* Whatever the script needs. */
    struct actor_ref self;
    size_t next_step;
    nng_msg *received[DIRECTOR_MESSAGES_MAX]; /* Owned, in order of arrival. */
    size_t count;
    size_t seen; /* director_take() goes on from here. */
};

/* Runs the script to its end; afterwards the messages can still be looked at. */
void director_play(struct director *director);

/* Frees the kept messages. */
void director_done(struct director *director);

/* The next kept message of that kind not looked at yet, or NULL; those before it count as seen. */
nng_msg *director_take(struct director *director, uint32_t kind);

/* How many messages of that kind have come so far. */
size_t director_count(const struct director *director, uint32_t kind);

/* Sends a fixed body; asserts that it could be sent. */
void director_send(struct context *context, struct actor_ref to, uint32_t kind, int64_t now_ns,
                   const void *body, size_t size);

/* Answers a wake in the name of an executor that asks for one thing. */
void director_ask(struct context *context, struct actor_ref orchestrator, int64_t now_ns,
                  uint32_t executor, const struct executor_request *request);

#endif
