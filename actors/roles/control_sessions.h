/*
 * actors/roles/control_sessions.h - /ws/executors: subscriptions that are pushed when something
 * changes.
 *
 * A client subscribes to a view of the run (executors by a filter, one of them, sums, positions,
 * new log lines) and is sent it at once, and again after a commit that changed it, at most
 * every update_interval. Nothing is polled: the persistence actor says that something was
 * committed, once each time it is asked.
 *
 * Internal to actors/roles/control*.c.
 *
 * Threads: all of it belongs to the control actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_SESSIONS_H
#define TUTTI_ACTORS_ROLES_CONTROL_SESSIONS_H

#include "actors/roles/control_executors.h"

enum {
    SESSION_SUBSCRIPTIONS_MAX = 16, /* Of one session. */
    SESSION_HEARTBEAT_S = 30,
};

/* What every session has been told, and what is to be said when. NULL without memory. */
struct control_sessions *control_sessions_create(void);
void control_sessions_destroy(struct control_sessions *sessions);

/* A session was opened, has spoken or has ended. */
void control_sessions_on_message(struct control *control,
                                 const struct link_session_message *message);

/* Everything up to `seq` is durable. */
void control_sessions_on_committed(struct control *control, uint64_t seq);

/* A timer of ours has fired. */
void control_sessions_on_timer(struct control *control, uint64_t tag);

/* ---- control_subscriptions.c: what a subscription shows ---- */

/* What a client may say. */
struct session_filters {
    const char *account_name;
    const char *connector_name;
    const char *trading_pair;
    const char *executor_type;
    const char *status;
    const char *controller_id;
};

struct session_words {
    const char *action;
    const char *type;
    const char *subscription_type; /* Another name of type. */
    const char *subscription_id;
    struct decimal update_interval;
    const struct session_filters *filters;
    const char *executor_id;
    const char *controller_id;
    const char *level;
    int64_t limit;
};
extern const struct field session_fields[];

enum { SUBSCRIPTION_HASH_BYTES = 32 };

struct subscription_kind;

struct subscription {
    const struct subscription_kind *kind; /* NULL: the place is free. */
    char id[2 * CONTROL_NAME_MAX];
    char executor_id[CONTROL_NAME_MAX];
    char controller_id[CONTROL_NAME_MAX];
    char level[CONTROL_NAME_MAX];
    struct text filter; /* Owned. */
    int64_t limit;
    int64_t interval_ns;
    int64_t pushed_ns;
    uint64_t seen; /* The sequence number up to which it was looked at. */
    uint8_t hash[SUBSCRIPTION_HASH_BYTES];
};

/* Fills a free place from a client's words. ERR_NOT_FOUND for a type there is not, ERR_SYNTAX for
 * missing or overlong names, ERR_MEMORY; with words in *failure. */
MUST_USE enum err subscription_init(struct subscription *subscription,
                                    const struct session_words *words, struct failure *failure);
void subscription_done(struct subscription *subscription);

const char *subscription_type(const struct subscription *subscription);

/* Appends the members "data" and so on, as they are at `seq`. *ret_is_new: they differ from the
 * last time. Errors as the questions to the database. */
MUST_USE enum err subscription_show(struct subscription *subscription, struct control *control,
                                    struct text *out, bool *ret_is_new, struct failure *failure);

#endif
