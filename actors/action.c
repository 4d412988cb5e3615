#include "actors/action.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/origin.h"

const struct field_name action_kind_names[] = {
    {"create_executor", ACTION_CREATE},
    {"stop_executor", ACTION_STOP},
    {"store_executor", ACTION_STORE},
    {"update_executor", ACTION_UPDATE},
    {NULL, 0},
};

const struct field action_field_table[] = {
    {.name = "request",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct action_fields, request),
     .doc = "Over a control socket: action."},
    {.name = "action",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct action_fields, kind),
     .names = action_kind_names,
     .is_required = true,
     .doc = "What is to be done."},
    {.name = "action_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct action_fields, action_id),
     .doc = "By which the action counts once: a repeated one gets the first answer. At most 63 "
            "characters of [A-Za-z0-9_.-]. Made when absent."},
    {.name = "controller_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct action_fields, controller_id),
     .doc = "Create: whom positions and performance are booked for, instead of what the "
            "configuration says."},
    {.name = "executor_id",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct action_fields, executor_id),
     .doc = "Which executor; create: the id of the new one, instead of what the configuration "
            "says."},
    {.name = "executor_config",
     .kind = FIELD_NODE,
     .offset = offsetof(struct action_fields, executor_config),
     .doc = "Create: the configuration of the executor, as in a run file."},
    {.name = "keep_position",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct action_fields, keep_position),
     .default_text = "false",
     .doc = "Stop: hand what is owned to the position book instead of closing it."},
    {.name = "update_data",
     .kind = FIELD_NODE,
     .offset = offsetof(struct action_fields, update_data),
     .doc = "Update: the new values, by the update fields of the executor's kind."},
    {.name = "client",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct action_fields, client),
     .doc = ORIGIN_CLIENT_DOC},
    {0},
};

struct action action_create(const char *action_id, const char *controller_id,
                            const char *executor_config)
{
    return (struct action){.kind = ACTION_CREATE,
                           .action_id = action_id,
                           .controller_id = controller_id,
                           .executor_config = executor_config};
}

struct action action_stop(const char *action_id, const char *executor_id, bool keep_position)
{
    return (struct action){.kind = ACTION_STOP,
                           .action_id = action_id,
                           .executor_id = executor_id,
                           .keep_position = keep_position};
}

struct action action_store(const char *action_id, const char *executor_id)
{
    return (struct action){
        .kind = ACTION_STORE, .action_id = action_id, .executor_id = executor_id};
}

struct action action_update(const char *action_id, const char *executor_id, const char *update_data)
{
    return (struct action){.kind = ACTION_UPDATE,
                           .action_id = action_id,
                           .executor_id = executor_id,
                           .update_data = update_data};
}

/* ---- JSON ---- */

/* A subtree as JSON text in the arena; NULL stays NULL. */
static enum err action_copy_tree(const struct node *node, struct arena *arena,
                                 const char **ret_json)
{
    *ret_json = NULL;
    if (node == NULL) {
        return ERR_NONE;
    }
    struct text json = {0};
    node_print_json(node, &json);
    if (!text_failed(&json)) {
        *ret_json = arena_copy(arena, text_string(&json), json.length);
    }
    text_done(&json);
    return *ret_json != NULL ? ERR_NONE : ERR_MEMORY;
}

static void action_add_problem(const struct node *node, const char *path, const char *member,
                               const char *text, struct problems *problems)
{
    char place[FIELD_PATH_MAX];
    (void)snprintf(place, sizeof(place), "%s%s%s", path, path[0] != '\0' ? "." : "", member);
    problems_add(problems, node->line, node->column, place, "%s", text);
}

static void action_require(const struct node *node, const char *path, const char *member,
                           struct problems *problems)
{
    action_add_problem(node, path, member, "is missing: this action needs it", problems);
}

/* What the table cannot say: which members which kind of action needs. */
static enum err action_check(const struct node *node, const char *path,
                             const struct action_fields *fields, struct problems *problems)
{
    const size_t before = problems->count;
    if (fields->kind == ACTION_CREATE && fields->executor_config == NULL) {
        action_require(node, path, "executor_config", problems);
    }
    if (fields->kind != ACTION_CREATE && fields->executor_id == NULL) {
        action_require(node, path, "executor_id", problems);
    }
    if (fields->kind == ACTION_UPDATE && fields->update_data == NULL) {
        action_require(node, path, "update_data", problems);
    }
    if (fields->client != NULL && !origin_name_is_valid(fields->client)) {
        action_add_problem(node, path, "client", ORIGIN_CLIENT_EXPECTED, problems);
    }
    return problems->count == before ? ERR_NONE : ERR_SYNTAX;
}

enum err action_parse(const struct node *node, const char *path, struct arena *arena,
                      struct problems *problems, struct action *ret_action)
{
    struct action_fields fields;
    enum err err =
        field_parse(action_field_table, node, path, &fields, sizeof(fields), arena, problems);
    if (err == ERR_NONE) {
        err = action_check(node, path, &fields, problems);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct action action = {.kind = (enum action_kind)fields.kind,
                            .action_id = fields.action_id,
                            .controller_id = fields.controller_id,
                            .executor_id = fields.executor_id,
                            .keep_position = fields.keep_position,
                            .actor = fields.client};
    err = action_copy_tree(fields.executor_config, arena, &action.executor_config);
    if (err == ERR_NONE) {
        err = action_copy_tree(fields.update_data, arena, &action.update_data);
    }
    if (err == ERR_NONE) {
        *ret_action = action;
    }
    return err;
}

static void action_put_text(struct text *out, const char *key, const char *value)
{
    if (value != NULL) {
        json_key(out, key);
        json_string(out, value);
    }
}

void action_print(const struct action *action, struct text *out)
{
    json_object_begin(out);
    json_put_string(out, "action", field_name_of(action_kind_names, (int)action->kind));
    action_put_text(out, "action_id", action->action_id);
    action_put_text(out, "controller_id", action->controller_id);
    action_put_text(out, "executor_id", action->executor_id);
    if (action->kind == ACTION_CREATE) {
        json_put_raw(out, "executor_config", action->executor_config);
    } else if (action->kind == ACTION_STOP) {
        json_put_bool(out, "keep_position", action->keep_position);
    } else if (action->kind == ACTION_UPDATE) {
        json_put_raw(out, "update_data", action->update_data);
    }
    json_object_end(out);
}

/* ---- Messages ---- */

/* Moves a text into the block at *end; NULL stays NULL. */
static const char *action_pack_text(const char *text, char **end)
{
    if (text == NULL) {
        return NULL;
    }
    const size_t size = strlen(text) + 1;
    char *place = *end;
    memcpy(place, text, size);
    *end += size;
    return place;
}

static size_t action_text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

nng_msg *action_message(const struct action *action, uint64_t ticket)
{
    const size_t texts =
        action_text_size(action->action_id) + action_text_size(action->controller_id) +
        action_text_size(action->executor_id) + action_text_size(action->executor_config) +
        action_text_size(action->update_data) + action_text_size(action->actor);
    nng_msg *message = message_create(MESSAGE_ACTION, 0, sizeof(struct message_action) + texts);
    if (message == NULL) {
        return NULL;
    }
    struct message_action *body = message_body(message);
    char *end = body->texts;
    body->ticket = ticket;
    body->action = *action;
    body->action.action_id = action_pack_text(action->action_id, &end);
    body->action.controller_id = action_pack_text(action->controller_id, &end);
    body->action.executor_id = action_pack_text(action->executor_id, &end);
    body->action.executor_config = action_pack_text(action->executor_config, &end);
    body->action.update_data = action_pack_text(action->update_data, &end);
    body->action.actor = action_pack_text(action->actor, &end);
    return message;
}
