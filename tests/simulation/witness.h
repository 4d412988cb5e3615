/*
 * tests/simulation/witness.h - watches what leaves a runtime and what reaches it, and knows what
 * must not happen, without asking the runtime.
 *
 * - An intent is on the disk, synced, before the order leaves.
 * - A client order id leaves once, and again only when the venue has said that it did not take it.
 * - After a start, a silence or a gap in the events nothing new leaves before open orders and
 * trades were answered.
 * - After a halt was acknowledged nothing new leaves until somebody asks to resume.
 *
 * What reaches the runtime and what leaves it at the same instant may have passed each other.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_WITNESS_H
#define TUTTI_TESTS_SIMULATION_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/simulation/verdict.h"

enum { WITNESS_ORDERS_MAX = 8192, WITNESS_REQUESTS_MAX = 256, WITNESS_ID_MAX = 33 };

/* A request of the runtime whose answer means something here. */
struct witness_request {
    uint64_t token; /* 0: free. */
    enum { WITNESS_OPEN_ORDERS, WITNESS_TRADES, WITNESS_SUBMIT } kind;
    int64_t sent_ns;
    char order[WITNESS_ID_MAX]; /* Of a submit. */
};

struct witness {
    struct verdict *verdict;
    int64_t heartbeat_ns;
    int64_t now_ns;
    char (*orders)[WITNESS_ID_MAX]; /* Owned: those that have left. */
    size_t order_count;
    struct witness_request requests[WITNESS_REQUESTS_MAX];
    size_t next_request;
    bool is_behind;     /* Something may have happened unseen, */
    int64_t behind_ns;  /* since then. */
    bool has_orders;    /* Since then: open orders were answered, */
    int64_t orders_seq; /* with everything up to this event. */
    int64_t known_seq;  /* When not behind: every event up to this has come. */
    int64_t seen_seq;   /* The highest heard of. */
    int64_t event_ns;   /* When one came last, or all became known. */
    int64_t halted_ns;  /* When a halt was acknowledged; 0: none is in force. */
};

void witness_init(struct witness *witness, struct verdict *verdict, int64_t heartbeat_ns);
void witness_done(struct witness *witness);

/* A runtime has started. */
void witness_on_start(struct witness *witness);

/* A request leaves; the bytes end with a NUL. */
void witness_on_request(struct witness *witness, uint64_t token, const char *bytes);

/* An answer or an event has come. */
void witness_on_answer(struct witness *witness, uint64_t token, const char *bytes);
void witness_on_event(struct witness *witness, const char *bytes);

/* The runtime has acknowledged that nothing new leaves, or somebody has asked to resume. */
void witness_on_halt(struct witness *witness);
void witness_on_resume(struct witness *witness);

#endif
