#include "actors/risk_request.h"

#include <stdio.h>
#include <string.h>

/* A request as its field table reads it. */
struct risk_request {
    const char *request;
    int state;
    bool has_state;
    const char *scope;
    const char *reason;
    const char *client;
};

static const struct field risk_request_fields[] = {
    {.name = "request",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_request, request),
     .is_required = true,
     .doc = "risk"},
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct risk_request, state),
     .set_offset = offsetof(struct risk_request, has_state),
     .is_nullable = true,
     .names = risk_state_names,
     .doc = "ACTIVE, REDUCING or HALTED. Absent: nothing is changed, the answer says how it is."},
    {.name = "scope",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_request, scope),
     .default_text = RISK_SCOPE_GLOBAL,
     .doc = "global, venue:NAME, controller:ID or executor:ID."},
    {.name = "reason",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_request, reason),
     .default_text = "",
     .doc = "Why; ACTIVE needs one."},
    {.name = "client",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct risk_request, client),
     .doc = ORIGIN_CLIENT_DOC},
    {0}};

struct message_risk risk_request_make(enum risk_state state, const char *scope, const char *reason,
                                      const char *actor)
{
    struct message_risk request = {.state = state};
    (void)snprintf(request.scope, sizeof(request.scope), "%s", scope);
    (void)snprintf(request.reason, sizeof(request.reason), "%s", reason);
    (void)snprintf(request.actor, sizeof(request.actor), "%s", actor);
    return request;
}

static void risk_request_problem(struct problems *problems, const struct node *root,
                                 const char *key, const char *text)
{
    const struct node *node = node_get(root, key);
    problems_add(problems, node != NULL ? node->line : 0, node != NULL ? node->column : 0, key,
                 "%s", text);
}

enum err risk_request_read(const struct node *root, const char *actor, struct arena *arena,
                           struct problems *problems, struct message_risk *ret_request)
{
    struct risk_request read;
    const enum err err =
        field_parse(risk_request_fields, root, "", &read, sizeof(read), arena, problems);
    if (err != ERR_NONE) {
        return err;
    }
    const size_t before = problems->count;
    enum risk_scope_kind kind;
    const char *name;
    if (risk_scope_parse(read.scope, &kind, &name) != ERR_NONE) {
        risk_request_problem(problems, root, "scope",
                             "expected global, venue:NAME, controller:ID or executor:ID");
    }
    if (strlen(read.reason) > RISK_REASON_ASKED_MAX) {
        risk_request_problem(problems, root, "reason", "expected at most 220 characters");
    }
    if (read.has_state && read.state == RISK_ACTIVE && read.reason[0] == '\0') {
        risk_request_problem(problems, root, "reason", "expected why trading may go on");
    }
    if (read.client != NULL && !origin_name_is_valid(read.client)) {
        risk_request_problem(problems, root, "client", ORIGIN_CLIENT_EXPECTED);
    }
    if (problems->count > before) {
        return ERR_SYNTAX;
    }
    char who[ORIGIN_TEXT_MAX];
    origin_print(who, actor, read.client);
    *ret_request = risk_request_make(read.has_state ? (enum risk_state)read.state : 0, read.scope,
                                     read.reason, who);
    return ERR_NONE;
}

void risk_request_print(const struct message_risk *request, const char *client, struct text *out)
{
    json_object_begin(out);
    json_put_string(out, "request", "risk");
    if (client != NULL) {
        json_put_string(out, "client", client);
    }
    if (request->state != 0) {
        json_put_string(out, "state", field_name_of(risk_state_names, (int)request->state));
        json_put_string(out, "scope", request->scope);
        json_put_string(out, "reason", request->reason);
    }
    json_object_end(out);
}
