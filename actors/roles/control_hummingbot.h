/*
 * actors/roles/control_hummingbot.h - the run's database in the JSON shapes of hummingbot-api.
 *
 * Each call appends one JSON value. Figures are JSON numbers there, with all their digits; what
 * the tables do not hold (an account, a mark price) is "master_account" and null. Performance is
 * that of executors; the book's own report is another request.
 *
 * Internal to actors/roles/control*.c.
 *
 * Threads: as persistence/reader.h.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_HUMMINGBOT_H
#define TUTTI_ACTORS_ROLES_CONTROL_HUMMINGBOT_H

#include "actors/roles/control_http.h"

#define HUMMINGBOT_ACCOUNT "master_account"

enum { HUMMINGBOT_LOGS_MAX = 1000, HUMMINGBOT_IDS_MAX = 1000, HUMMINGBOT_TYPES_MAX = 64 };

/* A page of executors, the newest first: {"data":[..],"pagination":{..}}. `filter` is a JSON object
 * with lists under connector_names, trading_pairs, executor_types, status and controller_ids (each
 * may be absent), limit, cursor (an unknown one begins again), and after: the id in the cursor. */
MUST_USE enum err hummingbot_search(struct reader *reader, const char *filter, int64_t limit,
                                    struct text *out, struct failure *failure);

/* The same as members of an open object: "data" and "total_count". */
MUST_USE enum err hummingbot_push(struct reader *reader, const char *filter, int64_t limit,
                                  struct text *out, struct failure *failure);

/* One executor with config and custom_info. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_executor(struct reader *reader, const char *executor_id,
                                      struct text *out, struct failure *failure);

/* What is answered when one was created. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_created(struct reader *reader, const char *executor_id,
                                     struct text *out, struct failure *failure);

struct hummingbot_log_lines {
    const char *executor_id;
    const char *level; /* "": all. */
    uint64_t after;    /* Only of events behind this sequence number. */
    int64_t limit;     /* At most HUMMINGBOT_LOGS_MAX. */
};

/* The newest events of an executor as log lines, the oldest first. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_logs(struct reader *reader, const struct hummingbot_log_lines *wanted,
                                  struct text *out, struct failure *failure);

/* Counts and sums over all executors. */
MUST_USE enum err hummingbot_summary(struct reader *reader, struct text *out,
                                     struct failure *failure);

/* Results of the executors of a controller; "" is all. */
MUST_USE enum err hummingbot_performance(struct reader *reader, const char *controller_id,
                                         struct text *out, struct failure *failure);

/* Which positions are wanted; "" is any. */
struct hummingbot_scope {
    const char *controller_id;
    const char *connector_name;
    const char *trading_pair;
    const struct control_cleared *cleared; /* CONTROL_CLEARED_MAX of them. */
};

/* {"total_positions":..,"positions":[..]} */
MUST_USE enum err hummingbot_positions(struct reader *reader, const struct hummingbot_scope *scope,
                                       struct text *out, struct failure *failure);

/* The one position of a whole scope. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_position(struct reader *reader, const struct hummingbot_scope *scope,
                                      struct text *out, struct failure *failure);

/* When that position changed last, for its clearing. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_position_changed(struct reader *reader,
                                              const struct hummingbot_scope *scope,
                                              struct control_cleared *ret_mark,
                                              struct failure *failure);

/* The kinds of executors there are. */
void hummingbot_types(struct text *out);

/* The fields of a kind's configuration. ERR_NOT_FOUND. */
MUST_USE enum err hummingbot_type_config(const char *type, struct text *out);

/* Puts a figure as a JSON number. */
void hummingbot_put_number(struct text *out, const char *key, struct decimal value);

#endif
