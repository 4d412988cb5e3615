/*
 * actors/roles/control_http.h - how the control actor answers over HTTP.
 *
 * A route is a line in the table of control_routes.c: method and path, who may use it, what its
 * query and body may hold. Most routes turn their request into one of the dispatcher's and pass its
 * answer on; those of hummingbot-api shape it (docs/control.md). The OpenAPI document is made
 * from the same table.
 *
 * Internal to actors/roles/control*.c.
 *
 * Threads: all of it belongs to the control actor.
 */
#ifndef TUTTI_ACTORS_ROLES_CONTROL_HTTP_H
#define TUTTI_ACTORS_ROLES_CONTROL_HTTP_H

#include "actors/roles/control_parts.h"

enum {
    CONTROL_NAMES_MAX = 2, /* {names} in a path. */
    CONTROL_NAME_MAX = 128,
    CONTROL_PARAMETERS_MAX = 4,
    CONTROL_VALUE_MAX = 256, /* Of a query parameter. */
};

struct control_exchange;
struct control_visit;

/* A parameter of a query. */
struct control_parameter {
    const char *name;
    const char *member; /* Of the dispatcher's request; NULL: the route reads it itself. */
    bool is_list;       /* The member is a list, with this value in it. */
    const char *doc;
};

struct control_route {
    const char *method;
    const char *path; /* With names in braces: each is one segment. */
    enum link_scope scope;
    const char *request;                        /* Of the dispatcher; NULL: carry does it all. */
    void (*carry)(struct control_visit *visit); /* NULL: control_visit_dispatch(). */
    /* Answers with what the dispatcher said; NULL: as it is. */
    void (*shape)(struct control *control, struct control_exchange *exchange, const char *code,
                  const struct text *answer);
    const struct control_parameter *parameters; /* Ends with a NULL name; NULL: none. */
    const struct field *body;                   /* Of the JSON body; NULL: none is read. */
    const char *doc;
    unsigned status; /* Of success; 0: 200. */
};

/* The table ends with a NULL method. */
extern const struct control_route control_routes[];

/* A request that waits for its answer. */
struct control_exchange {
    uint64_t ticket;    /* 0: the place is free. */
    const char *origin; /* Static: see struct control_call. */
    const struct control_route *route;
    char names[CONTROL_NAMES_MAX][CONTROL_NAME_MAX]; /* From the path. */
    bool keep_position;
};

/* A position that somebody cleared: not shown until it changes. */
struct control_cleared {
    char key[3 * CONTROL_NAME_MAX]; /* CONTROLLER:VENUE:PAIR */
    char updated_at[24];
};

enum { CONTROL_CLEARED_MAX = 256 };

struct control_sessions;

struct control_http {
    struct link_http *link;                                   /* Owned. */
    struct control_exchange exchanges[LINK_HTTP_WAITING_MAX]; /* By the ticket's place. */
    struct control_cleared cleared[CONTROL_CLEARED_MAX];
    struct control_sessions *sessions; /* Owned. */
    const char *open_paths[4];
};

/* The request at hand. */
struct control_visit {
    struct control *control;
    struct control_exchange *exchange;
    const struct link_http_request *request;
    const struct node *body; /* NULL: the route reads none. */
    struct arena *arena;
    struct problems *problems;
};

/* ---- control_http.c ---- */

/* Listens when the run file says so. */
MUST_USE enum err control_http_open(struct control *control, struct context *context);
void control_http_close(struct control *control);

void control_http_on_request(struct control *control, const struct link_http_request *request);

/* Answers with JSON, which is checked for memory. */
void control_http_answer(struct control *control, struct control_exchange *exchange,
                         unsigned status, const struct text *json);

/* Answers with another type of content. */
void control_http_answer_as(struct control *control, struct control_exchange *exchange,
                            const char *content_type, const struct text *bytes);

/* Answers {"detail":..,"code":..} with the status that belongs to the code. */
void control_http_refuse(struct control *control, struct control_exchange *exchange,
                         const char *code, const char *detail);

/* The same with a status of one's own. */
void control_http_refuse_with(struct control *control, struct control_exchange *exchange,
                              unsigned status, const char *detail);

/* Answers what the visit asked and could not be read: with its problems, or that memory is short.
 */
void control_visit_refuse_problems(struct control_visit *visit, enum err err);

/* Answers with the refusal of the dispatcher. */
void control_http_pass_refusal(struct control *control, struct control_exchange *exchange,
                               const char *code, const struct text *answer);

/* Sends {"request":..} with the query's and the body's members to the dispatcher. */
void control_visit_dispatch(struct control_visit *visit);

/* Sends a request that was written by hand. */
void control_visit_dispatch_text(struct control_visit *visit, const struct text *request);

/* The database, or NULL after the exchange was refused. */
struct reader *control_http_reader(struct control *control, struct control_exchange *exchange);

/* The value of a parameter, or `absent`; NULL after a refusal of a malformed one. */
const char *control_visit_parameter(struct control_visit *visit, const char *name,
                                    char value[CONTROL_VALUE_MAX], const char *absent);

/* ---- control_openapi.c, control_metrics.c ---- */

void control_carry_openapi(struct control_visit *visit);
void control_carry_metrics(struct control_visit *visit);
void control_carry_health(struct control_visit *visit);
void control_carry_ready(struct control_visit *visit);

#endif
