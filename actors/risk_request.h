/*
 * actors/risk_request.h - what is asked of the risk engine from outside: how it stands, or a state.
 *
 * {"request":"risk"} asks; {"request":"risk","state":"HALTED","scope":"global","reason":"..."}
 * sets. ACTIVE (resume) needs a reason. MESSAGE_RISK carries it to the orchestrator,
 * MESSAGE_RISK_ANSWER the answer back, as JSON: {"ok":true,...} after the change is durable, or
 * {"ok":false,"code":...}.
 *
 * Threads: values only.
 */
#ifndef TUTTI_ACTORS_RISK_REQUEST_H
#define TUTTI_ACTORS_RISK_REQUEST_H

#include "actors/risk_latch.h"
#include "base/arena.h"
#include "config/node.h"
#include "config/problems.h"

enum { RISK_REASON_ASKED_MAX = 220 }; /* With who gave it, it fits a latch. */

/* Body of MESSAGE_RISK. The sender gets the answer; with no sender there is none. */
struct message_risk {
    uint64_t ticket;       /* Comes back with the answer. */
    enum risk_state state; /* 0: only asks. */
    char scope[RISK_SCOPE_TEXT_MAX];
    char reason[RISK_REASON_TEXT_MAX];
    char actor[ORIGIN_TEXT_MAX]; /* Who asks: actors/origin.h. */
};

/* Body of MESSAGE_RISK_ANSWER; json ends with a NUL. */
struct message_risk_answer {
    uint64_t ticket;
    const char *code; /* Static; "" when it was carried out. */
    char json[];
};

/* A request of a program itself, e.g. of its signal handler. Texts that are too long are cut off.
 */
struct message_risk risk_request_make(enum risk_state state, const char *scope, const char *reason,
                                      const char *actor);

/* Reads a request; `actor` is the link that it came by, to which the client may add its name.
 * ERR_SYNTAX with every problem added, ERR_MEMORY. */
MUST_USE enum err risk_request_read(const struct node *root, const char *actor, struct arena *arena,
                                    struct problems *problems, struct message_risk *ret_request);

/* Writes the request as risk_request_read() reads it; `client` names who asks, NULL: nobody. */
void risk_request_print(const struct message_risk *request, const char *client, struct text *out);

#endif
