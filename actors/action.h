/*
 * actors/action.h - what a controller asks the orchestrator for: create, stop, store, update.
 *
 * An action has an id by which it counts once: a repeated one gets the first answer. It is answered
 * with accepted or refused and a stable reason code, after the answer is durable, and completed
 * later (events action.accepted, action.rejected, action.completed).
 *
 * Ownership: an action borrows its texts. In a message they lie in the message's own body.
 * Threads: values only.
 */
#ifndef TUTTI_ACTORS_ACTION_H
#define TUTTI_ACTORS_ACTION_H

#include <nng/nng.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "config/field.h"
#include "config/node.h"
#include "config/problems.h"

enum action_kind { ACTION_CREATE = 1, ACTION_STOP, ACTION_STORE, ACTION_UPDATE };

enum {
    ACTION_ID_MAX = 63,      /* Characters, of [A-Za-z0-9_.-]. */
    ACTIONS_BATCH_MAX = 100, /* In one request. */
    ACTION_CODE_MAX = 64,    /* Bytes of a reason code. */
    ACTIONS_MAX = 1 << 20,   /* In one run: each is remembered, so that it counts once. */
};

struct action {
    enum action_kind kind;
    const char *action_id;       /* NULL: the orchestrator makes one; it cannot be repeated. */
    const char *controller_id;   /* Create: NULL leaves it to the configuration. */
    const char *executor_id;     /* Create: NULL leaves it to the configuration. */
    const char *executor_config; /* Create: JSON object. Else NULL. */
    const char *update_data;     /* Update: JSON object. Else NULL. */
    bool keep_position;          /* Stop: hand over what is owned instead of closing it. */
    const char *actor; /* Who asks: actors/origin.h; NULL: the program that has the run. */
};

/* Why an action is refused: X(code, "what it means"). Codes are stable. */
#define ACTION_CODES(X)                                                                     \
    X(invalid_action, "the action itself is not well formed: a missing or an overlong id")  \
    X(invalid_config, "the executor's configuration has problems, which the message lists") \
    X(invalid_update, "the update's data has problems, which the message lists")            \
    X(no_quotes, "an instrument has no quote yet: try again later; this is not remembered") \
    X(action_id_used, "the action id was used before, for another action")                  \
    X(executor_exists, "the executor id was used before in this run")                       \
    X(unknown_executor, "no executor of this run has that id")                              \
    X(not_running, "the executor is stopping or has ended")                                 \
    X(not_ended, "the executor is still active: stop it before it is stored")               \
    X(already_stored, "the executor was stored before")                                     \
    X(not_updatable, "this kind of executor cannot change while it runs")                   \
    X(update_refused, "the executor refused the values; nothing has changed")               \
    X(too_many_actions, "the run remembers no more actions: start a new one")               \
    X(too_many_executors, "the run holds no more executors")                                \
    X(busy, "the run has not begun or the journal is behind: try again; not remembered")    \
    X(memory, "there is no memory to judge it: try again; not remembered")                  \
    X(stopping, "the run is ending; the action is not remembered")

/* An action of each kind, with everything it needs; the texts are borrowed. */
struct action action_create(const char *action_id, const char *controller_id,
                            const char *executor_config);
struct action action_stop(const char *action_id, const char *executor_id, bool keep_position);
struct action action_store(const char *action_id, const char *executor_id);
struct action action_update(const char *action_id, const char *executor_id,
                            const char *update_data);

/* "create_executor", "stop_executor", "store_executor", "update_executor". */
extern const struct field_name action_kind_names[];

/* The fields of an action as JSON: action, action_id, controller_id, executor_id, executor_config,
 * keep_position, update_data. A struct action_fields is what they fill. */
struct action_fields {
    const char *request;
    int kind;
    const char *action_id;
    const char *controller_id;
    const char *executor_id;
    const struct node *executor_config;
    const struct node *update_data;
    bool keep_position;
    const char *client;
};
extern const struct field action_field_table[];

/* Reads one action; its texts live in `arena`. Its actor is the name that the client gives itself,
 * or NULL: whoever knows the link completes it. ERR_SYNTAX with every problem added (also for
 * members that the kind of action needs and has not), ERR_MEMORY. */
MUST_USE enum err action_parse(const struct node *node, const char *path, struct arena *arena,
                               struct problems *problems, struct action *ret_action);

/* Writes the action as the object that action_parse() reads. */
void action_print(const struct action *action, struct text *out);

/* Body of MESSAGE_ACTION. */
struct message_action {
    uint64_t ticket; /* Comes back with the answer. */
    struct action action;
    char texts[];
};

/* A message that carries a copy of the action and its texts. NULL: no memory. */
nng_msg *action_message(const struct action *action, uint64_t ticket);

/* Body of MESSAGE_REFRESH: a fresh report of an executor is wanted; answered when it is durable. */
struct message_refresh {
    uint64_t ticket;
    char executor_id[ACTION_ID_MAX + 1];
};

/* Body of MESSAGE_ANSWER, sent when the answer is durable. */
struct message_answer {
    uint64_t ticket;
    bool is_accepted;
    char action_id[ACTION_ID_MAX + 1];
    char executor_id[ACTION_ID_MAX + 1]; /* "" when there is none. */
    char code[ACTION_CODE_MAX];          /* "" when accepted. */
    const char *text;                    /* In this message's body; "" when accepted. */
    char texts[];
};

#endif
