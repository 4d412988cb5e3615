/*
 * actors/roles/control_executors.h - the executor routes of hummingbot-api.
 *
 * Internal to actors/roles/control*.c: each is one line in the table of control_routes.c.
 *
 * Threads: all of it belongs to the control actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_EXECUTORS_H
#define TUTTI_ACTORS_ROLES_CONTROL_EXECUTORS_H

#include "actors/roles/control_hummingbot.h"

/* ---- What bodies hold ---- */

struct executors_create {
    const char *account_name;
    const char *controller_id;
    const struct node *executor_config;
    const char *executor_id;
    const char *action_id;
};
extern const struct field executors_create_fields[];

struct executors_search {
    int64_t limit;
    const char *cursor;
    struct field_list account_names; /* const char *, as those below. */
    struct field_list connector_names;
    struct field_list trading_pairs;
    struct field_list executor_types;
    struct field_list controller_ids;
    const char *status;
};
extern const struct field executors_search_fields[];

struct executors_stop {
    bool keep_position;
};
extern const struct field executors_stop_fields[];

/* The filter that hummingbot_search() takes. */
void executors_print_filter(const struct executors_search *search, struct text *out);

/* ---- Routes ---- */

void executors_carry_create(struct control_visit *visit);
void executors_shape_create(struct control *control, struct control_exchange *exchange,
                            const char *code, const struct text *answer);
void executors_carry_search(struct control_visit *visit);
void executors_carry_summary(struct control_visit *visit);
void executors_carry_performance(struct control_visit *visit);
void executors_carry_get(struct control_visit *visit);
void executors_shape_get(struct control *control, struct control_exchange *exchange,
                         const char *code, const struct text *answer);
void executors_carry_logs(struct control_visit *visit);
void executors_carry_stop(struct control_visit *visit);
void executors_shape_stop(struct control *control, struct control_exchange *exchange,
                          const char *code, const struct text *answer);
void executors_carry_positions(struct control_visit *visit);
void executors_carry_position(struct control_visit *visit);
void executors_carry_clear(struct control_visit *visit);
void executors_carry_types(struct control_visit *visit);
void executors_carry_type(struct control_visit *visit);

#endif
