#include "actors/roles/control_executors.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* ---- What bodies hold ---- */

#define CREATE_AT(member) .offset = offsetof(struct executors_create, member)
#define SEARCH_AT(member) .offset = offsetof(struct executors_search, member)

const struct field executors_create_fields[] = {
    {.name = "account_name",
     .kind = FIELD_TEXT,
     CREATE_AT(account_name),
     .default_text = HUMMINGBOT_ACCOUNT,
     .doc = "There is one account: " HUMMINGBOT_ACCOUNT "."},
    {.name = "controller_id",
     .kind = FIELD_TEXT,
     CREATE_AT(controller_id),
     .default_text = "main",
     .doc = "Whose executor it is."},
    {.name = "executor_config",
     .kind = FIELD_NODE,
     CREATE_AT(executor_config),
     .is_required = true,
     .doc = "The type and the fields of that type, see /executors/types/{type}/config."},
    {.name = "executor_id",
     .kind = FIELD_TEXT,
     CREATE_AT(executor_id),
     .doc = "A name of your own for the executor; used once in a run."},
    {.name = "action_id",
     .kind = FIELD_TEXT,
     CREATE_AT(action_id),
     .doc = "Names this request: when it is repeated, the executor is created once."},
    {0}};

static const struct field executors_text_fields[] = {{.name = "value", .kind = FIELD_TEXT}, {0}};
static const struct field_element executors_text = {
    .size = sizeof(const char *), .fields = executors_text_fields, .is_scalar = true};

const struct field executors_search_fields[] = {
    {.name = "limit",
     .kind = FIELD_INTEGER,
     SEARCH_AT(limit),
     .default_text = "100",
     .min = "1",
     .max = "1000",
     .doc = "Most executors of the page."},
    {.name = "cursor",
     .kind = FIELD_TEXT,
     SEARCH_AT(cursor),
     .doc = "next_cursor of the page before; an unknown one begins again."},
    {.name = "account_names",
     .kind = FIELD_LIST,
     SEARCH_AT(account_names),
     .element = &executors_text,
     .doc = "Only of these accounts."},
    {.name = "connector_names",
     .kind = FIELD_LIST,
     SEARCH_AT(connector_names),
     .element = &executors_text,
     .doc = "Only of these venues."},
    {.name = "trading_pairs",
     .kind = FIELD_LIST,
     SEARCH_AT(trading_pairs),
     .element = &executors_text,
     .doc = "Only of these pairs."},
    {.name = "executor_types",
     .kind = FIELD_LIST,
     SEARCH_AT(executor_types),
     .element = &executors_text,
     .doc = "Only of these types."},
    {.name = "status",
     .kind = FIELD_TEXT,
     SEARCH_AT(status),
     .doc = "Only with this status: RUNNING, SHUTTING_DOWN, TERMINATED, ..."},
    {.name = "controller_ids",
     .kind = FIELD_LIST,
     SEARCH_AT(controller_ids),
     .element = &executors_text,
     .doc = "Only of these controllers."},
    {0}};

const struct field executors_stop_fields[] = {
    {.name = "keep_position",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct executors_stop, keep_position),
     .default_text = "false",
     .doc = "Hand over what is owned to the position book instead of closing it."},
    {0}};

/* Reads the body into a struct. False after a refusal. */
static bool executors_read(struct control_visit *visit, const struct field *fields, void *object,
                           size_t size)
{
    const enum err err =
        field_parse(fields, visit->body, "", object, size, visit->arena, visit->problems);
    if (err != ERR_NONE) {
        control_visit_refuse_problems(visit, err);
    }
    return err == ERR_NONE;
}

/* ---- Answers from the database ---- */

/* Sends what was written, or why it could not be. */
static void executors_answer(struct control *control, struct control_exchange *exchange,
                             enum err err, const struct text *out, const struct failure *failure)
{
    if (err == ERR_NONE) {
        const unsigned status = exchange->route->status != 0 ? exchange->route->status : 200;
        control_http_answer(control, exchange, status, out);
    } else if (err == ERR_NOT_FOUND) {
        control_http_refuse_with(control, exchange, 404, failure->text);
    } else {
        control_http_refuse(control, exchange, err_name(err), failure->text);
    }
}

/* Asks the database one question, in one read transaction, and answers with what it writes. */
static void executors_ask(struct control *control, struct control_exchange *exchange,
                          enum err (*question)(struct reader *reader, const void *given,
                                               struct text *out, struct failure *failure),
                          const void *given)
{
    struct reader *reader = control_http_reader(control, exchange);
    if (reader == NULL) {
        return;
    }
    struct text out = {0};
    struct failure failure = {0};
    enum err err = reader_begin(reader, &failure);
    if (err == ERR_NONE) {
        err = question(reader, given, &out, &failure);
        reader_end(reader);
    }
    executors_answer(control, exchange, err, &out, &failure);
    text_done(&out);
}

/* ---- Create ---- */

void executors_carry_create(struct control_visit *visit)
{
    struct executors_create create;
    if (!executors_read(visit, executors_create_fields, &create, sizeof(create))) {
        return;
    }
    if (strcmp(create.account_name, HUMMINGBOT_ACCOUNT) != 0) {
        control_http_refuse_with(visit->control, visit->exchange, 400,
                                 "account_name: there is one account, " HUMMINGBOT_ACCOUNT);
        return;
    }
    struct text config = {0};
    node_print_json(create.executor_config, &config);
    struct text request = {0};
    json_object_begin(&request);
    json_put_string(&request, "request", "action");
    json_put_string(&request, "action", "create_executor");
    json_put_string(&request, "controller_id", create.controller_id);
    json_put_raw(&request, "executor_config", text_string(&config));
    if (create.executor_id != NULL) {
        json_put_string(&request, "executor_id", create.executor_id);
    }
    if (create.action_id != NULL) {
        json_put_string(&request, "action_id", create.action_id);
    }
    json_object_end(&request);
    request.failed |= text_failed(&config);
    control_visit_dispatch_text(visit, &request);
    text_done(&request);
    text_done(&config);
}

static enum err executors_ask_created(struct reader *reader, const void *given, struct text *out,
                                      struct failure *failure)
{
    return hummingbot_created(reader, given, out, failure);
}

void executors_shape_create(struct control *control, struct control_exchange *exchange,
                            const char *code, const struct text *answer)
{
    if (code[0] != '\0') {
        control_http_pass_refusal(control, exchange, code, answer);
        return;
    }
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "answer");
    const struct node *root = NULL;
    const enum err err = node_read_json("answer", text_string(answer), answer->length,
                                        NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    const char *id = err == ERR_NONE ? node_get_text(root, "executor_id") : NULL;
    if (err == ERR_MEMORY) {
        control_http_refuse(control, exchange, "memory", CONTROL_NO_MEMORY);
    } else if (id != NULL && control->given.database != NULL) {
        executors_ask(control, exchange, executors_ask_created, id);
    } else {
        control_http_answer(control, exchange, exchange->route->status, answer);
    }
    problems_done(&problems);
    arena_done(&arena);
}

/* ---- Search ---- */

static void executors_put_list(struct text *out, const char *key, const struct field_list *list)
{
    const char *const *items = list->items;
    if (list->count > 0) {
        json_key(out, key);
        json_array_begin(out);
        for (size_t i = 0; i < list->count; i++) {
            json_string(out, items[i]);
        }
        json_array_end(out);
    }
}

void executors_print_filter(const struct executors_search *search, struct text *out)
{
    json_object_begin(out);
    executors_put_list(out, "account_names", &search->account_names);
    executors_put_list(out, "connector_names", &search->connector_names);
    executors_put_list(out, "trading_pairs", &search->trading_pairs);
    executors_put_list(out, "executor_types", &search->executor_types);
    executors_put_list(out, "controller_ids", &search->controller_ids);
    if (search->status != NULL) {
        json_key(out, "status");
        json_array_begin(out);
        json_string(out, search->status);
        json_array_end(out);
    }
    const char *cursor = search->cursor != NULL ? search->cursor : "";
    const char *colon = strrchr(cursor, ':');
    json_put_string(out, "cursor", cursor);
    json_put_string(out, "after", colon != NULL ? colon + 1 : "");
    json_put_int(out, "limit", search->limit);
    json_object_end(out);
}

static enum err executors_ask_search(struct reader *reader, const void *given, struct text *out,
                                     struct failure *failure)
{
    const struct executors_search *search = given;
    struct text filter = {0};
    executors_print_filter(search, &filter);
    const enum err err =
        text_failed(&filter)
            ? failure_set(failure, ERR_MEMORY, "no memory for the answer")
            : hummingbot_search(reader, text_string(&filter), search->limit, out, failure);
    text_done(&filter);
    return err;
}

void executors_carry_search(struct control_visit *visit)
{
    struct executors_search search;
    if (executors_read(visit, executors_search_fields, &search, sizeof(search))) {
        executors_ask(visit->control, visit->exchange, executors_ask_search, &search);
    }
}

/* ---- Sums ---- */

static enum err executors_ask_summary(struct reader *reader, const void *given, struct text *out,
                                      struct failure *failure)
{
    (void)given;
    return hummingbot_summary(reader, out, failure);
}

void executors_carry_summary(struct control_visit *visit)
{
    executors_ask(visit->control, visit->exchange, executors_ask_summary, NULL);
}

static enum err executors_ask_performance(struct reader *reader, const void *given,
                                          struct text *out, struct failure *failure)
{
    return hummingbot_performance(reader, given, out, failure);
}

void executors_carry_performance(struct control_visit *visit)
{
    char value[CONTROL_VALUE_MAX];
    const char *controller_id = control_visit_parameter(visit, "controller_id", value, "");
    if (controller_id != NULL) {
        executors_ask(visit->control, visit->exchange, executors_ask_performance, controller_id);
    }
}

/* ---- One executor ---- */

/* A fresh report of an active one is asked for first. */
void executors_carry_get(struct control_visit *visit)
{
    struct text request = {0};
    json_object_begin(&request);
    json_put_string(&request, "request", "executor");
    json_put_string(&request, "executor_id", visit->exchange->names[0]);
    json_object_end(&request);
    control_visit_dispatch_text(visit, &request);
    text_done(&request);
}

static enum err executors_ask_executor(struct reader *reader, const void *given, struct text *out,
                                       struct failure *failure)
{
    return hummingbot_executor(reader, given, out, failure);
}

void executors_shape_get(struct control *control, struct control_exchange *exchange,
                         const char *code, const struct text *answer)
{
    if (code[0] != '\0') {
        control_http_pass_refusal(control, exchange, code, answer);
    } else {
        executors_ask(control, exchange, executors_ask_executor, exchange->names[0]);
    }
}

static enum err executors_ask_logs(struct reader *reader, const void *given, struct text *out,
                                   struct failure *failure)
{
    return hummingbot_logs(reader, given, out, failure);
}

/* A whole number within [1, max]; 0 when it is none. */
static int64_t executors_number(const char *text, int64_t max)
{
    int64_t value = 0;
    for (; *text >= '0' && *text <= '9' && value <= max; text++) {
        value = value * 10 + (*text - '0');
    }
    return *text == '\0' && value <= max ? value : 0;
}

void executors_carry_logs(struct control_visit *visit)
{
    char level[CONTROL_VALUE_MAX];
    char limit[CONTROL_VALUE_MAX];
    const char *wanted_level = control_visit_parameter(visit, "level", level, "");
    if (wanted_level == NULL) {
        return;
    }
    const char *wanted_limit = control_visit_parameter(visit, "limit", limit, "50");
    if (wanted_limit == NULL) {
        return;
    }
    const struct hummingbot_log_lines logs = {
        .executor_id = visit->exchange->names[0],
        .level = wanted_level,
        .limit = executors_number(wanted_limit, HUMMINGBOT_LOGS_MAX)};
    if (logs.limit == 0) {
        control_http_refuse_with(visit->control, visit->exchange, 400,
                                 "limit: expected a whole number from 1 to 1000");
        return;
    }
    executors_ask(visit->control, visit->exchange, executors_ask_logs, &logs);
}

void executors_carry_stop(struct control_visit *visit)
{
    struct executors_stop stop;
    if (!executors_read(visit, executors_stop_fields, &stop, sizeof(stop))) {
        return;
    }
    visit->exchange->keep_position = stop.keep_position;
    struct text request = {0};
    json_object_begin(&request);
    json_put_string(&request, "request", "action");
    json_put_string(&request, "action", "stop_executor");
    json_put_string(&request, "executor_id", visit->exchange->names[0]);
    json_put_bool(&request, "keep_position", stop.keep_position);
    json_object_end(&request);
    control_visit_dispatch_text(visit, &request);
    text_done(&request);
}

void executors_shape_stop(struct control *control, struct control_exchange *exchange,
                          const char *code, const struct text *answer)
{
    if (strcmp(code, "not_running") == 0) {
        control_http_refuse_with(control, exchange, 400, "the executor is closed already");
        return;
    }
    if (code[0] != '\0') {
        control_http_pass_refusal(control, exchange, code, answer);
        return;
    }
    struct text out = {0};
    json_object_begin(&out);
    json_put_string(&out, "executor_id", exchange->names[0]);
    json_put_string(&out, "status", "stopping");
    json_put_bool(&out, "keep_position", exchange->keep_position);
    json_object_end(&out);
    control_http_answer(control, exchange, 200, &out);
    text_done(&out);
}

/* ---- Positions ---- */

static enum err executors_ask_positions(struct reader *reader, const void *given, struct text *out,
                                        struct failure *failure)
{
    return hummingbot_positions(reader, given, out, failure);
}

void executors_carry_positions(struct control_visit *visit)
{
    char value[CONTROL_VALUE_MAX];
    const struct hummingbot_scope scope = {
        .controller_id = control_visit_parameter(visit, "controller_id", value, ""),
        .connector_name = "",
        .trading_pair = "",
        .cleared = visit->control->http->cleared};
    if (scope.controller_id != NULL) {
        executors_ask(visit->control, visit->exchange, executors_ask_positions, &scope);
    }
}

/* The scope of /executors/positions/{connector}/{pair}. False after a refusal. */
static bool executors_read_scope(struct control_visit *visit, char controller[CONTROL_VALUE_MAX],
                                 struct hummingbot_scope *ret_scope)
{
    char account[CONTROL_VALUE_MAX];
    const char *name = control_visit_parameter(visit, "account_name", account, HUMMINGBOT_ACCOUNT);
    if (name == NULL) {
        return false;
    }
    if (strcmp(name, HUMMINGBOT_ACCOUNT) != 0) {
        control_http_refuse_with(visit->control, visit->exchange, 404, "there is no such account");
        return false;
    }
    *ret_scope = (struct hummingbot_scope){
        .controller_id = control_visit_parameter(visit, "controller_id", controller, "main"),
        .connector_name = visit->exchange->names[0],
        .trading_pair = visit->exchange->names[1],
        .cleared = visit->control->http->cleared};
    return ret_scope->controller_id != NULL;
}

static enum err executors_ask_position(struct reader *reader, const void *given, struct text *out,
                                       struct failure *failure)
{
    return hummingbot_position(reader, given, out, failure);
}

void executors_carry_position(struct control_visit *visit)
{
    char controller[CONTROL_VALUE_MAX];
    struct hummingbot_scope scope;
    if (executors_read_scope(visit, controller, &scope)) {
        executors_ask(visit->control, visit->exchange, executors_ask_position, &scope);
    }
}

/* Remembers the mark in the place of the same position, or a free one. */
static enum err executors_remember(struct control_cleared *cleared,
                                   const struct control_cleared *mark, struct failure *failure)
{
    struct control_cleared *place = NULL;
    for (size_t i = 0; i < CONTROL_CLEARED_MAX; i++) {
        const bool is_own = strcmp(cleared[i].key, mark->key) == 0;
        if (is_own || (place == NULL && cleared[i].key[0] == '\0')) {
            place = &cleared[i];
        }
        if (is_own) {
            break;
        }
    }
    if (place == NULL) {
        return failure_set(failure, ERR_LIMIT, "too many positions are cleared");
    }
    *place = *mark;
    return ERR_NONE;
}

static enum err executors_ask_clear(struct reader *reader, const void *given, struct text *out,
                                    struct failure *failure)
{
    const struct control_visit *visit = given;
    char controller[CONTROL_VALUE_MAX];
    struct control_visit reread = *visit;
    struct hummingbot_scope scope;
    struct control_cleared mark;
    if (!executors_read_scope(&reread, controller, &scope)) {
        return failure_set(failure, ERR_NOT_FOUND, "there is no such position");
    }
    enum err err = hummingbot_position_changed(reader, &scope, &mark, failure);
    if (err == ERR_NONE) {
        err = executors_remember(visit->control->http->cleared, &mark, failure);
    }
    json_object_begin(out);
    json_put_string(out, "message", "cleared: not shown until it changes; the book is as it was");
    json_put_string(out, "connector_name", scope.connector_name);
    json_put_string(out, "trading_pair", scope.trading_pair);
    json_object_end(out);
    return err;
}

void executors_carry_clear(struct control_visit *visit)
{
    char controller[CONTROL_VALUE_MAX];
    struct hummingbot_scope scope;
    if (executors_read_scope(visit, controller, &scope)) {
        executors_ask(visit->control, visit->exchange, executors_ask_clear, visit);
    }
}

/* ---- Types ---- */

void executors_carry_types(struct control_visit *visit)
{
    struct text out = {0};
    hummingbot_types(&out);
    control_http_answer(visit->control, visit->exchange, 200, &out);
    text_done(&out);
}

void executors_carry_type(struct control_visit *visit)
{
    struct text out = {0};
    if (hummingbot_type_config(visit->exchange->names[0], &out) == ERR_NONE) {
        control_http_answer(visit->control, visit->exchange, 200, &out);
    } else {
        control_http_refuse_with(visit->control, visit->exchange, 404,
                                 "there is no such type; see /executors/types/available");
    }
    text_done(&out);
}
