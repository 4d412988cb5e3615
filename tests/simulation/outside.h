/*
 * tests/simulation/outside.h - who speaks to a runtime from outside, and what it was told.
 *
 * It creates, updates, stops and stores executors, sometimes twice with the same id, presses the
 * risk switch, and keeps every answer and every event that it got: none of that may be untrue
 * later, whatever crashes in between.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_OUTSIDE_H
#define TUTTI_TESTS_SIMULATION_OUTSIDE_H

#include "actors/run.h"
#include "tests/simulation/plan.h"
#include "tests/simulation/witness.h"

enum { OUTSIDE_DEEDS_MAX = 12, OUTSIDE_IDS_MAX = 64, OUTSIDE_DEED_ID_MAX = 32 };

enum deed_kind {
    DEED_CREATE,
    DEED_UPDATE,
    DEED_STOP,
    DEED_STORE,
    DEED_AGAIN, /* An action once more, with its id. */
    DEED_HALT,
    DEED_REDUCE,
    DEED_RESUME,
    DEED_END, /* The run is stopped early. */
    DEED_COUNT,
};

/* Something that is done at some time; an action is remembered with its answer. */
struct deed {
    enum deed_kind kind;
    int64_t at_ns;
    char id[OUTSIDE_DEED_ID_MAX];
    char target[ACTION_ID_MAX + 1]; /* The executor, when there is one. */
    struct text config;             /* Create: of the executor. */
    bool is_sent;
    bool is_answered; /* And the answer is one that is remembered. */
    bool is_accepted;
    char code[ACTION_ID_MAX + 1];
    char executor_id[ACTION_ID_MAX + 1];
    struct outside *outside;
};

struct outside {
    struct chances *chances; /* Borrowed, as all of these. */
    struct witness *witness;
    struct verdict *verdict;
    struct prng prng;
    int64_t now_ns;
    struct run *run;                      /* NULL: it is dead. */
    struct deed deeds[OUTSIDE_DEEDS_MAX]; /* In order of time. */
    size_t deed_count;
    size_t next_deed;
    char executors[OUTSIDE_IDS_MAX][ACTION_ID_MAX + 1]; /* Told of by events. */
    size_t executor_count;
    uint64_t *published; /* Owned: by sequence number, a checksum of the data; 0: not told. */
    uint64_t published_count;
};

void outside_init(struct outside *outside, const struct plan *plan, uint64_t seed);
void outside_done(struct outside *outside);

/* When it does something next; INSTANT_NEVER. */
int64_t outside_next(const struct outside *outside);

/* Does what is due. */
void outside_move(struct outside *outside, int64_t now_ns);

/* All is well from here on: whatever is halted is resumed, and what was not answered is asked for
 * again. */
void outside_calm(struct outside *outside);

/* A runtime has started, or has died (NULL). */
void outside_meet(struct outside *outside, struct run *run);

/* A publisher_callback; the context is a struct surroundings. */
void outside_on_event(void *context, const char *topic, const char *json);

/* A checksum of text, never 0 (FNV-1a). */
uint64_t outside_checksum(const char *text, size_t length);

#endif
