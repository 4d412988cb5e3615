#include "actors/roles/control_http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/link_query.h"
#include "actors/roles/control_sessions.h"

enum { CONTROL_ALLOW_MAX = 64 };

/* ---- Answers ---- */

/* Which status belongs to a reason code; all others are 400. */
static const struct {
    const char *code;
    unsigned status;
} control_statuses[] = {
    {"unknown_executor", 404}, {"unknown_request", 404},
    {"action_id_used", 409},   {"executor_exists", 409},
    {"not_running", 409},      {"not_ended", 409},
    {"already_stored", 409},   {"not_updatable", 409},
    {"update_refused", 409},   {"no_quotes", 409},
    {"no_database", 409},      {"busy", 503},
    {"stopping", 503},         {"too_many_actions", 503},
    {"memory", 503},           {"too_many_executors", 503},
    {"timeout", 504},          {"io", 500},
    {"corrupt", 500},          {"version", 500},
};

static unsigned control_status_of(const char *code)
{
    for (size_t i = 0; i < sizeof(control_statuses) / sizeof(control_statuses[0]); i++) {
        if (strcmp(control_statuses[i].code, code) == 0) {
            return control_statuses[i].status;
        }
    }
    return 400;
}

static void control_http_send(struct control *control, struct control_exchange *exchange,
                              const struct link_http_answer *answer)
{
    const uint64_t ticket = exchange->ticket;
    exchange->ticket = 0;
    /* A client that has gone does not need its answer; without memory its connection is closed. */
    (void)!link_http_answer(control->http->link, ticket, answer);
}

/* Instead of an answer that there was no memory for. */
static void control_http_send_no_memory(struct control *control, struct control_exchange *exchange)
{
    static const char detail[] = "{\"detail\":\"" CONTROL_NO_MEMORY "\",\"code\":\"memory\"}";
    const struct link_http_answer answer = {
        .status = 503, .bytes = detail, .size = sizeof(detail) - 1, .retry_after_s = 1};
    control_http_send(control, exchange, &answer);
}

void control_http_answer(struct control *control, struct control_exchange *exchange,
                         unsigned status, const struct text *json)
{
    if (text_failed(json)) {
        control_http_send_no_memory(control, exchange);
        return;
    }
    const struct link_http_answer answer = {.status = status,
                                            .bytes = text_string(json),
                                            .size = json->length,
                                            .retry_after_s = status == 503 ? 1 : 0};
    control_http_send(control, exchange, &answer);
}

void control_http_answer_as(struct control *control, struct control_exchange *exchange,
                            const char *content_type, const struct text *bytes)
{
    if (text_failed(bytes)) {
        control_http_send_no_memory(control, exchange);
        return;
    }
    const struct link_http_answer answer = {.status = 200,
                                            .content_type = content_type,
                                            .bytes = text_string(bytes),
                                            .size = bytes->length};
    control_http_send(control, exchange, &answer);
}

static void control_http_detail(struct control *control, struct control_exchange *exchange,
                                unsigned status, const char *code, const char *detail)
{
    struct text json = {0};
    json_object_begin(&json);
    json_put_string(&json, "detail", detail);
    if (code != NULL) {
        json_put_string(&json, "code", code);
    }
    json_object_end(&json);
    control_http_answer(control, exchange, status, &json);
    text_done(&json);
}

void control_http_refuse(struct control *control, struct control_exchange *exchange,
                         const char *code, const char *detail)
{
    control_http_detail(control, exchange, control_status_of(code), code, detail);
}

void control_http_refuse_with(struct control *control, struct control_exchange *exchange,
                              unsigned status, const char *detail)
{
    control_http_detail(control, exchange, status, NULL, detail);
}

/* The dispatcher's refusals are small, so they are read back from its answer. */
void control_http_pass_refusal(struct control *control, struct control_exchange *exchange,
                               const char *code, const struct text *answer)
{
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "answer");
    const struct node *root;
    const enum err err = node_read_json("answer", text_string(answer), answer->length,
                                        NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    const char *message = err == ERR_NONE ? node_get_text(root, "message") : NULL;
    control_http_refuse(control, exchange, code, message != NULL ? message : code);
    problems_done(&problems);
    arena_done(&arena);
}

/* ---- To the dispatcher and back ---- */

static void control_deliver_http(struct control *control, const struct control_call *call,
                                 const char *code, const struct text *answer)
{
    struct control_exchange *exchange = &control->http->exchanges[call->route];
    if (exchange->ticket != call->ticket) {
        return; /* It was answered before. */
    }
    if (text_failed(answer)) {
        control_http_send_no_memory(control, exchange);
    } else if (exchange->route->shape != NULL) {
        exchange->route->shape(control, exchange, code, answer);
    } else if (code[0] != '\0') {
        control_http_pass_refusal(control, exchange, code, answer);
    } else {
        control_http_answer(control, exchange, 200, answer);
    }
}

static struct control_call control_http_call(const struct control *control,
                                             const struct control_exchange *exchange)
{
    return (struct control_call){.deliver = control_deliver_http,
                                 .origin = exchange->origin,
                                 .ticket = exchange->ticket,
                                 .route = (uint32_t)(exchange - control->http->exchanges)};
}

void control_visit_refuse_problems(struct control_visit *visit, enum err err)
{
    if (err == ERR_MEMORY || text_failed(&visit->problems->lines)) {
        control_http_refuse(visit->control, visit->exchange, "memory", "no memory for the request");
    } else {
        control_http_refuse_with(visit->control, visit->exchange, 400,
                                 text_string(&visit->problems->lines));
    }
}

void control_visit_dispatch_text(struct control_visit *visit, const struct text *request)
{
    const struct node *root = NULL;
    const enum err err =
        text_failed(request)
            ? ERR_MEMORY
            : node_read_json("request", text_string(request), request->length,
                             NODE_DEPTH_CONTROL_MAX, visit->arena, visit->problems, &root);
    if (err != ERR_NONE) {
        control_visit_refuse_problems(visit, err);
        return;
    }
    const struct control_call call = control_http_call(visit->control, visit->exchange);
    control_dispatch(visit->control, &call, root);
}

/* Numbers and truth values as they are: the request's own table says what is right. */
static void control_put_value(struct text *out, const char *value)
{
    const bool is_number = value[0] != '\0' && strlen(value) <= 15 &&
                           strspn(value, "0123456789") == strlen(value) &&
                           (value[0] != '0' || value[1] == '\0');
    if (is_number || strcmp(value, "true") == 0 || strcmp(value, "false") == 0) {
        json_raw(out, value);
    } else {
        json_string(out, value);
    }
}

/* Adds the query's members. False after a refusal. */
static bool control_put_query(struct control_visit *visit, struct text *out)
{
    const struct control_parameter *parameter = visit->exchange->route->parameters;
    for (; parameter != NULL && parameter->name != NULL; parameter++) {
        char value[CONTROL_VALUE_MAX];
        const char *given = control_visit_parameter(visit, parameter->name, value, "");
        if (given == NULL) {
            return false;
        }
        if (given[0] == '\0') {
            continue;
        }
        json_key(out, parameter->member);
        if (parameter->is_list) {
            json_array_begin(out);
            json_string(out, given);
            json_array_end(out);
        } else {
            control_put_value(out, given);
        }
    }
    return true;
}

void control_visit_dispatch(struct control_visit *visit)
{
    struct text request = {0};
    json_object_begin(&request);
    json_put_string(&request, "request", visit->exchange->route->request);
    const struct node *body = visit->body;
    for (size_t i = 0; body != NULL && i < body->count; i++) {
        json_key(&request, body->keys[i]->text);
        struct text value = {0};
        node_print_json(body->items[i], &value);
        json_raw(&request, text_string(&value));
        request.failed |= text_failed(&value);
        text_done(&value);
    }
    if (control_put_query(visit, &request)) {
        json_object_end(&request);
        control_visit_dispatch_text(visit, &request);
    }
    text_done(&request);
}

const char *control_visit_parameter(struct control_visit *visit, const char *name,
                                    char value[CONTROL_VALUE_MAX], const char *absent)
{
    const char *query = link_http_text(visit->request, visit->request->query);
    const enum err err = link_query_get(query, name, value, CONTROL_VALUE_MAX);
    if (err == ERR_NOT_FOUND) {
        return absent;
    }
    if (err != ERR_NONE) {
        control_http_refuse_with(visit->control, visit->exchange, 400,
                                 err == ERR_EXISTS ? "a parameter stands there twice"
                                                   : "a parameter is malformed");
        return NULL;
    }
    return value;
}

struct reader *control_http_reader(struct control *control, struct control_exchange *exchange)
{
    const struct control_call call = control_http_call(control, exchange);
    /* control_reader() refuses by way of the call; that must not shape an answer. */
    static const struct control_route plain = {.method = "GET"};
    const struct control_route *route = exchange->route;
    exchange->route = &plain;
    struct reader *reader = control_reader(control, &call);
    exchange->route = route;
    return reader;
}

/* ---- Routes ---- */

/* Compares a path with a pattern and copies the segments that stand for names. */
static bool control_path_matches(const char *pattern, const char *path,
                                 char names[CONTROL_NAMES_MAX][CONTROL_NAME_MAX])
{
    size_t count = 0;
    while (*pattern != '\0' && *path != '\0') {
        if (*pattern == '{') {
            const size_t length = strcspn(path, "/");
            if (length == 0 || length >= CONTROL_NAME_MAX) {
                return false;
            }
            ASSERT(count < CONTROL_NAMES_MAX);
            memcpy(names[count], path, length);
            names[count++][length] = '\0';
            path += length;
            pattern = strchr(pattern, '}') + 1;
        } else if (*pattern++ != *path++) {
            return false;
        }
    }
    /* A slash at the end makes no difference. */
    return *pattern == '\0' && (*path == '\0' || strcmp(path, "/") == 0);
}

/* The route of a request; NULL when there is none, and then `allow` names other methods. */
static const struct control_route *control_find_route(const struct link_http_request *request,
                                                      struct control_exchange *exchange,
                                                      char allow[CONTROL_ALLOW_MAX])
{
    const char *method = link_http_text(request, request->method);
    const char *path = link_http_text(request, request->path);
    allow[0] = '\0';
    for (const struct control_route *route = control_routes; route->method != NULL; route++) {
        char names[CONTROL_NAMES_MAX][CONTROL_NAME_MAX] = {{0}};
        if (!control_path_matches(route->path, path, names)) {
            continue;
        }
        if (strcmp(route->method, method) == 0) {
            memcpy(exchange->names, names, sizeof(names));
            return route;
        }
        const size_t used = strlen(allow);
        (void)snprintf(allow + used, CONTROL_ALLOW_MAX - used, "%s%s", used > 0 ? ", " : "",
                       route->method);
    }
    return NULL;
}

static void control_refuse_route(struct control *control, struct control_exchange *exchange,
                                 const char *allow)
{
    static const char not_found[] = "{\"detail\":\"there is no such path; see /openapi.json\"}";
    static const char not_allowed[] = "{\"detail\":\"not with this method; see /openapi.json\"}";
    const bool is_known = allow[0] != '\0';
    const struct link_http_answer answer = {.status = is_known ? 405 : 404,
                                            .allow = is_known ? allow : NULL,
                                            .bytes = is_known ? not_allowed : not_found,
                                            .size = is_known ? sizeof(not_allowed) - 1
                                                             : sizeof(not_found) - 1};
    control_http_send(control, exchange, &answer);
}

static bool control_query_is_known(const struct control_route *route, const char *query)
{
    const char *names[CONTROL_PARAMETERS_MAX + 1] = {NULL};
    for (size_t i = 0; route->parameters != NULL && route->parameters[i].name != NULL; i++) {
        ASSERT(i < CONTROL_PARAMETERS_MAX);
        names[i] = route->parameters[i].name;
    }
    return link_query_has_only(query, names);
}

/* Reads the body of a route that has one. False after a refusal. */
static bool control_read_body(struct control_visit *visit)
{
    const struct link_http_request *request = visit->request;
    const char *body = link_http_text(request, request->body);
    const bool is_empty = request->body_size == 0;
    if (visit->exchange->route->body == NULL) {
        if (!is_empty) {
            control_http_refuse_with(visit->control, visit->exchange, 400, "no body is expected");
        }
        return is_empty;
    }
    const enum err err =
        node_read_json("body", is_empty ? "{}" : body, is_empty ? 2 : request->body_size,
                       NODE_DEPTH_CONTROL_MAX, visit->arena, visit->problems, &visit->body);
    if (err != ERR_NONE) {
        control_visit_refuse_problems(visit, err);
        return false;
    }
    if (visit->body->kind != NODE_MAPPING) {
        control_http_refuse_with(visit->control, visit->exchange, 400, "expected a JSON object");
        return false;
    }
    return true;
}

static void control_visit_route(struct control_visit *visit)
{
    const struct control_route *route = visit->exchange->route;
    const bool is_open = route->scope == LINK_SCOPE_NONE;
    if (!is_open && visit->request->scope < route->scope) {
        control_http_refuse_with(visit->control, visit->exchange, 403,
                                 route->scope == LINK_SCOPE_ADMIN
                                     ? "this token may not do that: use the one for all"
                                     : "this token may only read");
        return;
    }
    if (!control_query_is_known(route, link_http_text(visit->request, visit->request->query))) {
        control_http_refuse_with(visit->control, visit->exchange, 400,
                                 "a parameter is unknown; see /openapi.json");
        return;
    }
    if (control_read_body(visit)) {
        (route->carry != NULL ? route->carry : control_visit_dispatch)(visit);
    }
}

void control_http_on_request(struct control *control, const struct link_http_request *request)
{
    struct control_exchange *exchange =
        &control->http->exchanges[request->ticket % LINK_HTTP_WAITING_MAX];
    *exchange = (struct control_exchange){.ticket = request->ticket,
                                          .origin = origin_of_scope(request->scope)};
    char allow[CONTROL_ALLOW_MAX];
    exchange->route = control_find_route(request, exchange, allow);
    if (exchange->route == NULL) {
        control_refuse_route(control, exchange, allow);
        return;
    }
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "request");
    struct control_visit visit = {.control = control,
                                  .exchange = exchange,
                                  .request = request,
                                  .arena = &arena,
                                  .problems = &problems};
    control_visit_route(&visit);
    problems_done(&problems);
    arena_done(&arena);
}

/* ---- Open and close ---- */

static const char *const control_session_paths[] = {"/ws/executors", NULL};

enum err control_http_open(struct control *control, struct context *context)
{
    const struct control_section *section = control->given.section;
    if (section->http.count == 0) {
        return ERR_NONE;
    }
    struct control_http *http = calloc(1, sizeof(*http));
    struct control_sessions *sessions = control_sessions_create();
    if (http == NULL || sessions == NULL) {
        free(http);
        control_sessions_destroy(sessions);
        return failure_set(control->given.failure, ERR_MEMORY, "no memory for the HTTP server");
    }
    control->http = http;
    http->sessions = sessions;
    http->open_paths[0] = "/healthz";
    http->open_paths[1] = section->has_open_metrics ? "/metrics" : NULL;
    const struct link_http_service service = {
        .system = context_system(context),
        .receiver = context_self(context),
        .urls = section->http.items,
        .url_count = section->http.count,
        .origins = {section->origins.items, section->origins.count},
        .hosts = {section->hosts.items, section->hosts.count},
        .tls = {section->tls != NULL ? section->tls->certificate : NULL,
                section->tls != NULL ? section->tls->key : NULL},
        .paths = {.open = http->open_paths, .sessions = control_session_paths},
        .secrets = control->given.secrets,
        .requests_per_second = (unsigned)section->requests_per_second};
    return link_http_open(&service, &http->link, control->given.failure);
}

void control_http_close(struct control *control)
{
    if (control->http != NULL) {
        link_http_close(control->http->link);
        control_sessions_destroy(control->http->sessions);
        free(control->http);
        control->http = NULL;
    }
}
