#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "actors/roles/control_parts.h"

void control_refuse(struct control *control, const struct control_call *call, const char *code,
                    const char *message)
{
    struct text answer = {0};
    json_object_begin(&answer);
    json_put_bool(&answer, "ok", false);
    json_put_string(&answer, "code", code);
    json_put_string(&answer, "message", message);
    json_object_end(&answer);
    call->deliver(control, call, code, &answer);
    text_done(&answer);
}

void control_refuse_problems(struct control *control, const struct control_call *call, enum err err,
                             const struct problems *problems)
{
    if (err == ERR_MEMORY || text_failed(&problems->lines)) {
        control_refuse(control, call, "memory", "no memory for this request");
    } else {
        control_refuse(control, call, "bad_request", text_string(&problems->lines));
    }
}

/* ---- What the requests may say ---- */

/* The members of all requests; each request's table has those that it knows. */
struct control_request {
    const char *request;
    int64_t from;
    int64_t limit;
    const char *executor_id;
    const char *venue;
    bool is_all;
    struct field_list actions; /* const struct node * */
    /* Filters. */
    struct field_list statuses; /* const char *, as the four below. */
    struct field_list types;
    struct field_list trading_pairs;
    struct field_list connector_names;
    struct field_list controller_ids;
    bool is_active;
    bool has_is_active;
    const char *cursor;
    const char *client;
};

#define CONTROL_AT(member) .offset = offsetof(struct control_request, member)
#define CONTROL_REQUEST_FIELD                                                            \
    {                                                                                    \
        .name = "request", .kind = FIELD_TEXT, CONTROL_AT(request), .is_required = true, \
        .doc = "What is asked for."                                                      \
    }

static const struct field control_text_fields[] = {{.name = "value", .kind = FIELD_TEXT}, {0}};
static const struct field_element control_text = {
    .size = sizeof(const char *), .fields = control_text_fields, .is_scalar = true};
static const struct field control_node_fields[] = {{.name = "action", .kind = FIELD_NODE}, {0}};
static const struct field_element control_node = {
    .size = sizeof(const struct node *), .fields = control_node_fields, .is_scalar = true};

#define CONTROL_FILTER_FIELD(key, member, text)                                        \
    {                                                                                  \
        .name = key, .kind = FIELD_LIST, CONTROL_AT(member), .element = &control_text, \
        .count_max = CONTROL_ROWS_MAX, .doc = text                                     \
    }
#define CONTROL_CONTROLLERS_FIELD \
    CONTROL_FILTER_FIELD("controller_ids", controller_ids, "Only of these controllers.")

static const struct field control_shutdown_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "client", .kind = FIELD_TEXT, CONTROL_AT(client), .doc = ORIGIN_CLIENT_DOC},
    {0},
};

static const struct field control_reconcile_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "venue",
     .kind = FIELD_TEXT,
     CONTROL_AT(venue),
     .is_required = true,
     .doc = "A venue of type remote."},
    {0},
};

static const struct field control_events_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "from",
     .kind = FIELD_INTEGER,
     CONTROL_AT(from),
     .default_text = "1",
     .min = "1",
     .doc = "First sequence number."},
    {.name = "limit",
     .kind = FIELD_INTEGER,
     CONTROL_AT(limit),
     .default_text = "1000",
     .min = "1",
     .max = "1000",
     .doc = "Most events of the answer."},
    {0},
};

static const struct field control_snapshot_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "all",
     .kind = FIELD_BOOL,
     CONTROL_AT(is_all),
     .default_text = "false",
     .doc = "Also executors that ended and orders that are over; else only what is alive."},
    {0},
};

static const struct field control_executor_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "executor_id",
     .kind = FIELD_TEXT,
     CONTROL_AT(executor_id),
     .is_required = true,
     .doc = "Which executor."},
    {0},
};

static const struct field control_executors_fields[] = {
    CONTROL_REQUEST_FIELD,
    CONTROL_FILTER_FIELD("status", statuses, "Only of these: RUNNING, TERMINATED, ..."),
    CONTROL_FILTER_FIELD("executor_types", types, "Only of these types."),
    CONTROL_FILTER_FIELD("trading_pairs", trading_pairs, "Only of these pairs."),
    CONTROL_FILTER_FIELD("connector_names", connector_names, "Only of these venues."),
    CONTROL_CONTROLLERS_FIELD,
    {.name = "is_active",
     .kind = FIELD_BOOL,
     CONTROL_AT(is_active),
     .set_offset = offsetof(struct control_request, has_is_active),
     .is_nullable = true,
     .doc = "Only those that have not ended, or only those that have."},
    {.name = "limit",
     .kind = FIELD_INTEGER,
     CONTROL_AT(limit),
     .default_text = "100",
     .min = "1",
     .max = "1000",
     .doc = "Most executors of the answer."},
    {.name = "cursor",
     .kind = FIELD_TEXT,
     CONTROL_AT(cursor),
     .doc = "Where the page before ended: its \"next\"."},
    {0},
};

static const struct field control_filtered_fields[] = {
    CONTROL_REQUEST_FIELD, CONTROL_CONTROLLERS_FIELD, {0}};

static const struct field control_actions_fields[] = {
    CONTROL_REQUEST_FIELD,
    {.name = "actions",
     .kind = FIELD_LIST,
     CONTROL_AT(actions),
     .element = &control_node,
     .is_required = true,
     .count_min = 1,
     .count_max = ACTIONS_BATCH_MAX,
     .doc = "Actions, each answered for itself."},
    {0},
};

/* ---- Filters for queries, as one JSON object ---- */

static void control_put_list(struct text *out, const char *key, const struct field_list *list)
{
    if (list->count == 0) {
        return;
    }
    const char *const *items = list->items;
    json_key(out, key);
    json_array_begin(out);
    for (size_t i = 0; i < list->count; i++) {
        json_string(out, items[i]);
    }
    json_array_end(out);
}

static void control_print_filter(const struct control_request *request, struct text *out)
{
    json_object_begin(out);
    control_put_list(out, "status", &request->statuses);
    control_put_list(out, "type", &request->types);
    control_put_list(out, "trading_pair", &request->trading_pairs);
    control_put_list(out, "connector_name", &request->connector_names);
    control_put_list(out, "controller_id", &request->controller_ids);
    if (request->has_is_active) {
        json_put_bool(out, "active", request->is_active);
    }
    json_put_bool(out, "all", request->is_all);
    json_put_int(out, "limit", request->limit);
    if (request->cursor != NULL) {
        json_put_string(out, "cursor", request->cursor);
    }
    json_object_end(out);
}

/* ---- The requests ---- */

/* A request that was read: the tree, what it says, and where problems go. */
struct control_task {
    const struct control_call *call;
    const struct node *node;
    struct control_request *request;
    struct arena *arena;
    struct problems *problems;
};

typedef void control_query(struct control *control, const struct control_call *call,
                           const char *filter, int64_t limit);

/* Runs `query` with the request's filter. */
static void control_run_query(struct control *control, const struct control_task *task,
                              control_query *query)
{
    struct text filter = {0};
    control_print_filter(task->request, &filter);
    if (text_failed(&filter)) {
        control_refuse(control, task->call, "memory", "no memory for this request");
    } else {
        query(control, task->call, text_string(&filter), task->request->limit);
    }
    text_done(&filter);
}

static void control_do_snapshot(struct control *control, const struct control_task *task)
{
    control_run_query(control, task, control_answer_snapshot);
}

static void control_do_executors(struct control *control, const struct control_task *task)
{
    control_run_query(control, task, control_answer_executors);
}

static void control_do_performance(struct control *control, const struct control_task *task)
{
    control_run_query(control, task, control_answer_performance);
}

static void control_do_positions(struct control *control, const struct control_task *task)
{
    control_run_query(control, task, control_answer_positions);
}

static void control_do_risk(struct control *control, const struct control_task *task)
{
    struct message_risk request;
    const enum err err =
        risk_request_read(task->node, task->call->origin, task->arena, task->problems, &request);
    if (err == ERR_NONE) {
        control_send_risk(control, task->call, &request);
    } else {
        control_refuse_problems(control, task->call, err, task->problems);
    }
}

static void control_do_events(struct control *control, const struct control_task *task)
{
    control_answer_events(control, task->call, (uint64_t)task->request->from,
                          (uint64_t)task->request->limit);
}

static void control_do_reconcile(struct control *control, const struct control_task *task)
{
    control_send_reconcile(control, task->call, task->request->venue);
}

static void control_do_executor(struct control *control, const struct control_task *task)
{
    control_send_refresh(control, task->call, task->request->executor_id);
}

/* Completes who asks: the link, and the name that the client gives itself. ERR_MEMORY. */
static enum err control_sign(const struct control_task *task, struct action *action)
{
    char *actor = arena_take(task->arena, ORIGIN_TEXT_MAX);
    if (actor == NULL) {
        return ERR_MEMORY;
    }
    origin_print(actor, task->call->origin, action->actor);
    action->actor = actor;
    return ERR_NONE;
}

static void control_do_action(struct control *control, const struct control_task *task)
{
    struct action action;
    enum err err = action_parse(task->node, "", task->arena, task->problems, &action);
    if (err == ERR_NONE) {
        err = control_sign(task, &action);
    }
    if (err == ERR_NONE) {
        control_send_actions(control, task->call, &action, 1, false);
    } else {
        control_refuse_problems(control, task->call, err, task->problems);
    }
}

/* All of them are read before the first is sent: a batch that cannot be read does nothing. */
static void control_do_actions(struct control *control, const struct control_task *task)
{
    const struct field_list *list = &task->request->actions;
    const struct node *const *nodes = list->items;
    struct action *actions = arena_take(task->arena, list->count * sizeof(*actions));
    enum err err = actions != NULL ? ERR_NONE : ERR_MEMORY;
    for (size_t i = 0; i < list->count && err != ERR_MEMORY; i++) {
        char path[FIELD_PATH_MAX];
        (void)snprintf(path, sizeof(path), "actions[%zu]", i);
        enum err one = action_parse(nodes[i], path, task->arena, task->problems, &actions[i]);
        if (one == ERR_NONE) {
            one = control_sign(task, &actions[i]);
        }
        err = one != ERR_NONE ? one : err;
    }
    if (err == ERR_NONE) {
        control_send_actions(control, task->call, actions, (uint32_t)list->count, true);
    } else {
        control_refuse_problems(control, task->call, err, task->problems);
    }
}

static void control_do_shutdown(struct control *control, const struct control_task *task)
{
    struct message_shutdown shutdown = {.reason = SHUTDOWN_REQUEST};
    if (task->request->client != NULL && !origin_name_is_valid(task->request->client)) {
        control_refuse(control, task->call, "bad_request", "client: " ORIGIN_CLIENT_EXPECTED);
        return;
    }
    origin_print(shutdown.actor, task->call->origin, task->request->client);
    if (message_post(control->context, control->given.market, MESSAGE_SHUTDOWN, 0, &shutdown,
                     sizeof(shutdown)) != ERR_NONE) {
        control_refuse(control, task->call, "busy", "the run is busy: try again");
        return;
    }
    struct text answer = {0};
    json_object_begin(&answer);
    json_put_bool(&answer, "ok", true);
    json_object_end(&answer);
    task->call->deliver(control, task->call, "", &answer);
    text_done(&answer);
}

static const struct {
    const char *name;
    const struct field *fields; /* NULL: carry reads the tree itself. */
    void (*carry)(struct control *control, const struct control_task *task);
} control_requests[] = {
    {"action", NULL, control_do_action},
    {"actions", control_actions_fields, control_do_actions},
    {"events", control_events_fields, control_do_events},
    {"executor", control_executor_fields, control_do_executor},
    {"executors", control_executors_fields, control_do_executors},
    {"performance", control_filtered_fields, control_do_performance},
    {"positions", control_filtered_fields, control_do_positions},
    {"reconcile", control_reconcile_fields, control_do_reconcile},
    {"risk", NULL, control_do_risk},
    {"shutdown", control_shutdown_fields, control_do_shutdown},
    {"snapshot", control_snapshot_fields, control_do_snapshot},
};

enum { CONTROL_REQUESTS = sizeof(control_requests) / sizeof(control_requests[0]) };

static void control_refuse_name(struct control *control, const struct control_call *call,
                                const char *name)
{
    struct text message = {0};
    text_printf(&message, "%s%s%s: expected one of", name != NULL ? "\"" : "the member \"request\"",
                name != NULL ? name : "", name != NULL ? "\"" : " is missing");
    for (size_t i = 0; i < CONTROL_REQUESTS; i++) {
        text_printf(&message, "%s %s", i > 0 ? "," : "", control_requests[i].name);
    }
    control_refuse(control, call, "unknown_request", text_string(&message));
    text_done(&message);
}

static void control_carry(struct control *control, size_t index, const struct control_task *task)
{
    const struct field *fields = control_requests[index].fields;
    const enum err err = fields == NULL
                             ? ERR_NONE
                             : field_parse(fields, task->node, "", task->request,
                                           sizeof(*task->request), task->arena, task->problems);
    if (err == ERR_NONE) {
        control_requests[index].carry(control, task);
    } else {
        control_refuse_problems(control, task->call, err, task->problems);
    }
}

void control_dispatch(struct control *control, const struct control_call *call,
                      const struct node *request)
{
    const char *name = node_get_text(request, "request");
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "request");
    struct control_request parsed = {0};
    const struct control_task task = {
        .call = call, .node = request, .request = &parsed, .arena = &arena, .problems = &problems};
    size_t index = 0;
    while (index < CONTROL_REQUESTS &&
           (name == NULL || strcmp(control_requests[index].name, name) != 0)) {
        index++;
    }
    if (index < CONTROL_REQUESTS) {
        control_carry(control, index, &task);
    } else {
        control_refuse_name(control, call, name);
    }
    problems_done(&problems);
    arena_done(&arena);
}
