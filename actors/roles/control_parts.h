/*
 * actors/roles/control_parts.h - what the files of the control actor share.
 *
 * control.c is the actor and its sockets; control_dispatch.c knows the requests, control_queries.c
 * answers questions from the database, control_pending.c keeps the requests that wait for the
 * orchestrator. Every way in (REP, HTTP) calls control_dispatch() and gets its answer by
 * control_call.deliver, at once or later.
 *
 * Threads: all of it belongs to the control actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_PARTS_H
#define TUTTI_ACTORS_ROLES_CONTROL_PARTS_H

#include "actors/action.h"
#include "actors/messages.h"
#include "actors/origin.h"
#include "actors/roles/control.h"
#include "config/field.h"
#include "persistence/reader.h"

enum {
    CONTROL_ARENA_BYTES_MAX = 8 << 20, /* Memory for the tree of one request. */
    CONTROL_PENDING_MAX = 1024,        /* Requests that wait for the orchestrator. */
    CONTROL_EVENTS_MAX = 1000,         /* Events of one answer. */
    CONTROL_ROWS_MAX = 1000,           /* Executors of one page. */
    CONTROL_TIMER_PENDING = 16,        /* Beside those of the sessions. */
};

/* Instead of an answer that there is no memory for. */
#define CONTROL_NO_MEMORY                                                                  \
    "no memory for the answer: it may have been done; ask again, an action with the same " \
    "action_id"

struct control;
struct control_call;

/* Takes the answer of a call: one JSON object, or a failed text when there was no memory for it.
 * `code` is "" when "ok" is true, else the reason code. The answer is borrowed for the call. */
typedef void control_deliver(struct control *control, const struct control_call *call,
                             const char *code, const struct text *answer);

/* Who asks, and where the answer goes. */
struct control_call {
    control_deliver *deliver;
    const char *origin; /* Static: the link, as actors/origin.h names it. */
    uint64_t ticket;    /* Of the link that the request came by. */
    uint32_t route;     /* For `deliver`: how it asked. */
};

/* A request that waits for the orchestrator. */
struct control_pending {
    struct control_call call;
    bool is_taken;
    bool is_batch;
    int64_t until_ns;     /* Nobody waits longer. */
    uint32_t generation;  /* A late answer to a request before is not mistaken for this one's. */
    uint32_t count;       /* Of actions. */
    uint32_t missing;     /* Of answers. */
    struct text *answers; /* Owned: `count` of them. */
    char executor_id[ACTION_ID_MAX + 1]; /* Waits for a report of it; "": for actions. */
    char code[ACTION_ID_MAX + 1];        /* Of a single action's answer. */
};

struct control {
    struct control_arguments given;
    struct context *context;         /* Of the handler that runs now. */
    struct link_replier *replier;    /* Owned. */
    struct control_http *http;       /* Owned; NULL: not over HTTP. */
    struct reader *reader;           /* Owned; opened with the first request that needs it. */
    struct control_pending *pending; /* Owned: CONTROL_PENDING_MAX of them. */
    bool has_pending_timer;          /* It rings when somebody has waited long enough. */
    uint32_t pending_next;           /* Where a free one is looked for first. */
};

/* ---- control_dispatch.c ---- */

/* Carries out one request; the call is answered once, at once or later. The tree is borrowed. */
void control_dispatch(struct control *control, const struct control_call *call,
                      const struct node *request);

/* Answers {"ok":false,"code":..,"message":..}. */
void control_refuse(struct control *control, const struct control_call *call, const char *code,
                    const char *message);

/* Refuses what could not be read: "bad_request" with the problems, or "memory". */
void control_refuse_problems(struct control *control, const struct control_call *call, enum err err,
                             const struct problems *problems);

/* ---- control_pending.c ---- */

/* Sends actions to the orchestrator and answers the call when all are answered: as one object, or
 * as {"ok":true,"answers":[...]} for a batch. */
void control_send_actions(struct control *control, const struct control_call *call,
                          const struct action *actions, uint32_t count, bool is_batch);

/* Asks for a fresh report of an active executor; then the call is answered from the database. */
void control_send_refresh(struct control *control, const struct control_call *call,
                          const char *executor_id);

/* Asks the orchestrator how risk stands, or for another state; its answer is the call's. */
void control_send_risk(struct control *control, const struct control_call *call,
                       struct message_risk *request);

/* Asks the orchestrator to compare with a venue now; its answer is the call's. */
void control_send_reconcile(struct control *control, const struct control_call *call,
                            const char *venue);

/* The orchestrator has answered. */
void control_on_reconcile_answer(struct control *control,
                                 const struct message_reconcile_answer *answer);
void control_on_answer(struct control *control, const struct message_answer *answer);
void control_on_risk_answer(struct control *control, const struct message_risk_answer *answer);

/* Refuses those who have waited too long: "timeout". Answers that come later are dropped. */
void control_pending_on_timer(struct control *control);

/* Frees what still waits, unanswered. */
void control_pending_done(struct control *control);

/* ---- control_queries.c ---- */

/* Each writes a whole answer, or refuses the call. `filter` is a JSON object with what is wanted:
 * lists under the names of columns, "all", "active", "limit" and "cursor". Only executors come in
 * pages, of at most `limit`. */
void control_answer_snapshot(struct control *control, const struct control_call *call,
                             const char *filter, int64_t limit);
void control_answer_events(struct control *control, const struct control_call *call, uint64_t from,
                           uint64_t limit);
void control_answer_executor(struct control *control, const struct control_call *call,
                             const char *executor_id);
void control_answer_executors(struct control *control, const struct control_call *call,
                              const char *filter, int64_t limit);
void control_answer_performance(struct control *control, const struct control_call *call,
                                const char *filter, int64_t limit);
void control_answer_positions(struct control *control, const struct control_call *call,
                              const char *filter, int64_t limit);

/* The database, opened when that was not done yet; NULL after the call was refused. */
struct reader *control_reader(struct control *control, const struct control_call *call);

#endif
