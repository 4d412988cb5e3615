#include "actors/roles/control_http.h"

#define CONTROL_TEXT(key, about)                          \
    {                                                     \
        .name = (key), .kind = FIELD_TEXT, .doc = (about) \
    }
#define CONTROL_NODE(key, about)                          \
    {                                                     \
        .name = (key), .kind = FIELD_NODE, .doc = (about) \
    }

/* ---- Parameters ---- */

static const struct control_parameter control_events_parameters[] = {
    {"from", "from", false, "First sequence number, from 1."},
    {"limit", "limit", false, "Most events of the answer, at most 1000."},
    {0}};
static const struct control_parameter control_snapshot_parameters[] = {
    {"all", "all", false, "true: also executors that ended and orders that are over."}, {0}};
static const struct control_parameter control_controller_parameters[] = {
    {"controller_id", "controller_ids", true, "Only of this controller."}, {0}};

/* ---- Bodies: for the document; the dispatcher reads them with its own tables ---- */

static const struct field_element control_action_element = {.size = sizeof(struct action_fields),
                                                            .fields = action_field_table};
static const struct field control_actions_body[] = {{.name = "actions",
                                                     .kind = FIELD_LIST,
                                                     .element = &control_action_element,
                                                     .is_required = true,
                                                     .count_min = 1,
                                                     .count_max = ACTIONS_BATCH_MAX,
                                                     .doc = "Actions, each answered for itself."},
                                                    {0}};
static const struct field control_risk_body[] = {CONTROL_TEXT("action", "halt, reduce or resume."),
                                                 CONTROL_TEXT("reason", "Why, for the record."),
                                                 {0}};
static const struct field control_no_body[] = {{0}};

const struct control_route control_routes[] = {
    {.method = "GET",
     .path = "/healthz",
     .scope = LINK_SCOPE_NONE,
     .carry = control_carry_health,
     .doc = "Says that the process answers."},
    {.method = "GET",
     .path = "/readyz",
     .scope = LINK_SCOPE_READ,
     .carry = control_carry_ready,
     .doc = "Says whether the run has begun and its database can be read; else 503."},
    {.method = "GET",
     .path = "/metrics",
     .scope = LINK_SCOPE_NONE,
     .carry = control_carry_metrics,
     .doc = "Counters in the text format of Prometheus."},
    {.method = "GET",
     .path = "/openapi.json",
     .scope = LINK_SCOPE_READ,
     .carry = control_carry_openapi,
     .doc = "This document."},
    {.method = "GET",
     .path = "/events",
     .scope = LINK_SCOPE_READ,
     .request = "events",
     .parameters = control_events_parameters,
     .doc = "Events from a sequence number on, as they were published."},
    {.method = "GET",
     .path = "/snapshot",
     .scope = LINK_SCOPE_READ,
     .request = "snapshot",
     .parameters = control_snapshot_parameters,
     .doc = "Run, executors, orders, positions and performance, and the seq they are true at."},
    {.method = "GET",
     .path = "/performance",
     .scope = LINK_SCOPE_READ,
     .request = "performance",
     .parameters = control_controller_parameters,
     .doc = "The newest performance report of each controller."},
    {.method = "GET",
     .path = "/positions",
     .scope = LINK_SCOPE_READ,
     .request = "positions",
     .parameters = control_controller_parameters,
     .doc = "The position book."},
    {.method = "GET",
     .path = "/risk",
     .scope = LINK_SCOPE_READ,
     .request = "risk",
     .doc = "The state of risk."},
    {.method = "POST",
     .path = "/risk",
     .scope = LINK_SCOPE_ADMIN,
     .request = "risk",
     .body = control_risk_body,
     .doc = "Halts, reduces or resumes trading."},
    {.method = "POST",
     .path = "/actions",
     .scope = LINK_SCOPE_TRADE,
     .request = "actions",
     .body = control_actions_body,
     .doc = "Creates, stops, stores and updates executors; each action is answered for itself."},
    {.method = "POST",
     .path = "/shutdown",
     .scope = LINK_SCOPE_ADMIN,
     .request = "shutdown",
     .body = control_no_body,
     .doc = "Ends the run in order."},
    {0},
};
