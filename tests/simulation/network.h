/*
 * tests/simulation/network.h - what lies between a runtime and the venue: letters that are under
 * way.
 *
 * It stands for nng and for everything below it. Letters of one direction keep their order unless
 * a fault says otherwise; a cut connection loses what is under way and what is sent until it is
 * mended. Answers belong to the connection that asked: a runtime that has died and come back does
 * not get those of its former life. Requests of the former life still arrive.
 *
 * Threads: one.
 */
#ifndef TUTTI_TESTS_SIMULATION_NETWORK_H
#define TUTTI_TESTS_SIMULATION_NETWORK_H

#include "actors/system.h"
#include "tests/simulation/chance.h"
#include "tests/simulation/witness.h"

enum { NETWORK_LETTERS_MAX = 4096 }; /* Under way; more are lost. */

struct letter {
    int64_t due_ns;
    uint64_t number;     /* Of equal times the first comes first. */
    uint32_t kind;       /* MESSAGE_WIRE_REQUEST, _ANSWER or _EVENT. */
    uint32_t connection; /* Of the runtime. */
    uint64_t token;      /* As the runtime chose it; 0 of an event. */
    char *bytes;         /* Owned; ends with a NUL. */
    size_t size;
};

enum network_way { WAY_TO_VENUE, WAY_TO_RUNTIME, WAY_COUNT };

struct network {
    struct chances *chances; /* Borrowed. */
    struct witness *witness; /* Borrowed. */
    struct prng prng;
    int64_t now_ns;
    struct system *venue; /* Borrowed. */
    struct actor_ref venue_port;
    struct system *runtime; /* Borrowed; NULL: it is dead. */
    struct actor_ref client;
    uint32_t connection; /* Number of the runtime that lives, from 1. */
    int64_t cut_until_ns;
    int64_t latest_ns[WAY_COUNT]; /* When the last letter that keeps its order arrives. */
    struct letter *letters;       /* Owned; in no order. */
    size_t count;
    uint64_t numbers;
    uint64_t sent;
};

void network_init(struct network *network, struct chances *chances, struct witness *witness,
                  uint64_t seed);
void network_done(struct network *network);

/* When the next letter arrives; INSTANT_NEVER: none is under way. */
int64_t network_next(const struct network *network);

/* Time has come to now_ns: what is due arrives. Returns how many letters did. */
size_t network_move(struct network *network, int64_t now_ns);

/* The runtime has died. */
void network_hang_up(struct network *network);

/* The port of a runtime: takes what wire_client_class takes; its context is a struct
 * surroundings. */
extern const struct actor_class network_client_class;

struct network_server_arguments {
    struct network *network;
    struct actor_ref venue;
};

/* The port of the venue. */
extern const struct actor_class network_server_class;

#endif
