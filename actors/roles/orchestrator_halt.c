#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/kill_file.h"
#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_router.h"
#include "base/log.h"

enum {
    HALT_SLICE_ORDERS = 4096, /* Orders and executors that are looked at in one message. */
    HALT_SHOWN_MAX = 256,     /* Controllers whose figures are shown. */
    HALT_CODE_TEXT_MAX = 512,
};

/* ---- States ---- */

/* Puts the state of a latch into the engine. */
static void halt_apply(struct orchestrator *orch, const char *scope, enum risk_state state)
{
    enum risk_scope_kind kind = RISK_GLOBAL;
    const char *name = "";
    if (risk_scope_parse(scope, &kind, &name) != ERR_NONE) {
        return;
    }
    if (kind == RISK_GLOBAL) {
        risk_set_state(orch->risk, RISK_GLOBAL, 0, state);
    }
    const struct run_config *config = orch->given.config;
    for (uint32_t i = 0; kind == RISK_VENUE && i < config->file.venues.count; i++) {
        if (strcmp(((const struct venue_section *)config->file.venues.items)[i].name, name) == 0) {
            risk_set_state(orch->risk, RISK_VENUE, i, state);
        }
    }
    for (uint32_t i = 0; kind == RISK_CONTROLLER && i < orch->controller_count; i++) {
        if (strcmp(orch->controllers[i].name, name) == 0) {
            risk_set_state(orch->risk, RISK_CONTROLLER, i, state);
        }
    }
    const uint32_t number = kind == RISK_EXECUTOR ? roster_find(orch, name) : 0;
    if (number != 0) {
        roster_get(orch, number)->risk.state = state;
    }
}

/* Of a run that may be cut short and goes on, or is looked at by the next. */
static enum err halt_spawn_latcher(struct orchestrator *orch)
{
    orch->latcher = ACTOR_NOBODY;
    if (orch->given.journal == NULL || !roster_is_durable(orch) ||
        orch->given.config->file.run->mode == MODE_BACKTEST) {
        return ERR_NONE;
    }
    struct latcher_arguments arguments = {.database = orch->given.journal};
    return context_spawn(orch->context, &latcher_class, &arguments, &orch->latcher);
}

enum err halt_init(struct orchestrator *orch)
{
    enum err err = halt_spawn_latcher(orch);
    if (err != ERR_NONE || orch->given.latches == NULL) {
        return err;
    }
    err = risk_latches_copy(&orch->latches, orch->given.latches);
    for (size_t i = 0; i < orch->latches.count && err == ERR_NONE; i++) {
        halt_apply(orch, orch->latches.items[i].scope, orch->latches.items[i].state);
    }
    return err;
}

void halt_done(struct orchestrator *orch)
{
    risk_latches_done(&orch->latches);
}

static enum err halt_journal(struct orchestrator *orch, const struct risk_change *change,
                             enum risk_state before)
{
    struct record record = {
        .kind = RECORD_RISK_STATE,
        .controller_id = "",
        .executor_id = "",
        .data.note = {.scope = change->scope,
                      .code = field_name_of(risk_state_names, (int)change->state),
                      .text = change->reason,
                      .before = field_name_of(risk_state_names, (int)before),
                      .actor = change->actor,
                      .limit = change->limit,
                      .value = change->value}};
    return journal_add(orch, &record);
}

/* True from the first step on: before it nothing may be written, and nothing can leave. */
static bool halt_may_journal(const struct orchestrator *orch)
{
    return orch->is_begun && orch->final_seq == 0;
}

enum err halt_sweep(struct orchestrator *orch)
{
    const bool is_under_way = orch->sweep_next != 0;
    orch->sweep_next = 1;
    if (is_under_way || orch->executor_count == 0) {
        orch->sweep_next = orch->executor_count == 0 ? 0 : 1;
        return ERR_NONE;
    }
    return message_post(orch->context, context_self(orch->context), MESSAGE_RISK_SWEEP,
                        orch->now_ns, NULL, 0);
}

enum err halt_on_started(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < orch->latches.count && err == ERR_NONE; i++) {
        struct risk_latch *latch = &orch->latches.items[i];
        const struct risk_change change = {.scope = latch->scope,
                                           .state = latch->state,
                                           .reason = latch->reason,
                                           .actor = latch->actor[0] != '\0' ? latch->actor
                                                                            : ORIGIN_LATCH};
        if (!latch->is_recorded) {
            latch->is_recorded = true;
            err = halt_journal(orch, &change, RISK_ACTIVE);
        }
    }
    orch->latch_sent = orch->seq; /* A file that an earlier start has left is over with this. */
    for (uint32_t i = 0; i < orch->risk_waiter_count; i++) {
        orch->risk_waiters[i].seq = orch->seq; /* They asked before the first step. */
    }
    /* A run that was cut short may have been so while its orders were canceled. */
    return err == ERR_NONE && orch->latches.count > 0 ? halt_sweep(orch) : err;
}

/* What is stricter than before goes to disk ahead of the records before it. */
static enum err halt_latch(struct orchestrator *orch, bool is_over)
{
    const size_t count = is_over ? 0 : orch->latches.count;
    const size_t size = sizeof(struct message_latch) + count * sizeof(struct risk_latch);
    if (actor_ref_is_nobody(orch->latcher)) {
        return ERR_NONE;
    }
    nng_msg *message = message_create(MESSAGE_LATCH, orch->now_ns, size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_latch *latch = message_body(message);
    *latch = (struct message_latch){.seq = orch->seq, .is_over = is_over, .count = (uint32_t)count};
    if (count > 0) {
        memcpy(latch->latches, orch->latches.items, count * sizeof(struct risk_latch));
    }
    orch->latch_sent = is_over ? 0 : orch->seq;
    const enum err err = context_send(orch->context, orch->latcher, &message);
    message_destroy(message);
    return err == ERR_FULL ? ERR_NONE : err; /* Then the journal is waited for. */
}

enum err halt_record(struct orchestrator *orch, const struct risk_change *change)
{
    log_line(LOG_WARNING, "risk", "%s is %s: %s", change->scope,
             field_name_of(risk_state_names, (int)change->state), change->reason);
    struct risk_latch *latch = risk_latches_find(&orch->latches, change->scope);
    const enum risk_state before = latch != NULL ? latch->state : RISK_ACTIVE;
    enum err err = risk_latches_set(&orch->latches, change->scope, change->state, change->reason);
    if (err != ERR_NONE) {
        return err;
    }
    latch = risk_latches_find(&orch->latches, change->scope);
    if (latch == NULL && change->state != RISK_ACTIVE) {
        halt_apply(orch, RISK_SCOPE_GLOBAL, RISK_HALTED); /* There was no room for one more. */
    }
    halt_apply(orch, change->scope, change->state);
    if (latch != NULL) {
        (void)snprintf(latch->actor, sizeof(latch->actor), "%s", change->actor);
        latch->is_recorded = halt_may_journal(orch);
    }
    if (!halt_may_journal(orch)) {
        return ERR_NONE;
    }
    err = halt_journal(orch, change, before);
    return err == ERR_NONE && change->state > before ? halt_latch(orch, false) : err;
}

enum err halt_change(struct orchestrator *orch, const struct risk_change *change)
{
    enum err err = halt_record(orch, change);
    if (err != ERR_NONE || orch->is_finishing) {
        return err;
    }
    if (change->state != RISK_ACTIVE) {
        err = denials_deny_held(orch);
    }
    return err == ERR_NONE ? halt_sweep(orch) : err;
}

bool halt_forbids(const struct orchestrator *orch, const struct executor_entry *executor,
                  const struct order_entry *order, struct risk_verdict *ret_verdict)
{
    enum risk_scope_kind scope;
    const enum risk_state state =
        risk_effective_state(orch->risk, &executor->risk, order->market, &scope);
    if (state == RISK_ACTIVE || (state == RISK_REDUCING && order->role != ROLE_OPEN)) {
        return false;
    }
    *ret_verdict =
        (struct risk_verdict){.code = state == RISK_HALTED ? DENY_RISK_HALTED : DENY_RISK_REDUCING,
                              .scope = scope,
                              .value = order->ticket.amount};
    return true;
}

/* ---- Canceling ---- */

/* Cancels what the states forbid of one executor, and tells the market that it matters; lets go
 * what they forbid no more. */
static enum err halt_sweep_executor(struct orchestrator *orch, uint32_t number)
{
    const struct executor_entry *executor = roster_get(orch, number);
    struct risk_verdict verdict;
    bool has_canceled = false;
    for (uint32_t i = 0; i < executor->order_count; i++) {
        struct order_entry *order = &executor->orders[i];
        if (order_state_is_terminal(order->state) || order->state == ORDER_PENDING_CANCEL ||
            !halt_forbids(orch, executor, order, &verdict)) {
            continue;
        }
        order->withheld = verdict.code;
        const enum err err = router_cancel(orch, number, i + 1);
        if (err != ERR_NONE) {
            return err;
        }
        has_canceled = true;
    }
    const enum err err = denials_release(orch, number);
    return err == ERR_NONE && has_canceled ? roster_touch(orch, number) : err;
}

/* A controller that has lost too much: its executors end by the run's policy. */
static enum err halt_stop_lost(struct orchestrator *orch, uint32_t number)
{
    const struct executor_entry *executor = roster_get(orch, number);
    const bool is_alive =
        executor->status == EXECUTOR_NOT_STARTED || executor->status == EXECUTOR_RUNNING;
    if (!is_alive || !orch->controllers[executor->controller].loss.is_lost) {
        return ERR_NONE;
    }
    return roster_stop(orch, number, orch->given.config->file.run->on_end == END_KEEP);
}

enum err halt_on_sweep(struct orchestrator *orch)
{
    if (orch->is_finishing) {
        orch->sweep_next = 0;
    }
    if (journal_is_behind(orch)) {
        orch->is_sweep_waiting = true; /* The next commit goes on with it. */
        return ERR_NONE;
    }
    uint32_t looked = 0;
    while (orch->sweep_next != 0 && looked < HALT_SLICE_ORDERS) {
        const uint32_t number = orch->sweep_next;
        const struct executor_entry *executor = roster_get(orch, number);
        enum err err = ERR_NONE;
        if (executor->status != EXECUTOR_TERMINATED) {
            looked += executor->order_count;
            err = halt_sweep_executor(orch, number);
            if (err == ERR_NONE) {
                err = halt_stop_lost(orch, number);
            }
        }
        if (err != ERR_NONE) {
            return err;
        }
        looked++;
        orch->sweep_next = number < orch->executor_count ? number + 1 : 0;
    }
    return orch->sweep_next == 0 ? ERR_NONE
                                 : message_post(orch->context, context_self(orch->context),
                                                MESSAGE_RISK_SWEEP, orch->now_ns, NULL, 0);
}

/* ---- Answers ---- */

static void halt_print_usage(const struct orchestrator *orch, const char *prefix, const char *name,
                             const struct risk_usage *usage, struct text *out)
{
    char scope[RISK_SCOPE_TEXT_MAX];
    (void)snprintf(scope, sizeof(scope), "%s%s", prefix, name);
    const struct risk_latch *latch = risk_latches_find(&orch->latches, scope);
    json_object_begin(out);
    json_put_string(out, "scope", scope);
    json_put_string(
        out, "state",
        field_name_of(risk_state_names, latch != NULL ? (int)latch->state : RISK_ACTIVE));
    json_put_int(out, "open_orders", (int64_t)usage->open_orders);
    json_put_int(out, "executors", (int64_t)usage->executors);
    json_put_decimal(out, "exposure_quote", usage->exposure_quote);
    json_object_end(out);
}

static void halt_print_scopes(const struct orchestrator *orch, struct text *out)
{
    json_key(out, "usage");
    json_array_begin(out);
    struct risk_usage usage = risk_usage_of(orch->risk, RISK_GLOBAL, 0);
    halt_print_usage(orch, "", RISK_SCOPE_GLOBAL, &usage, out);
    const struct field_list *venues = &orch->given.config->file.venues;
    for (uint32_t i = 0; i < venues->count; i++) {
        usage = risk_usage_of(orch->risk, RISK_VENUE, i);
        halt_print_usage(orch, "venue:", ((const struct venue_section *)venues->items)[i].name,
                         &usage, out);
    }
    for (uint32_t i = 0; i < orch->controller_count && i < HALT_SHOWN_MAX; i++) {
        usage = risk_usage_of(orch->risk, RISK_CONTROLLER, i);
        halt_print_usage(orch, "controller:", orch->controllers[i].name, &usage, out);
    }
    json_array_end(out);
}

static void halt_print_latches(const struct orchestrator *orch, struct text *out)
{
    json_key(out, "risk");
    json_array_begin(out);
    for (size_t i = 0; i < orch->latches.count; i++) {
        const struct risk_latch *latch = &orch->latches.items[i];
        json_object_begin(out);
        json_put_string(out, "scope", latch->scope);
        json_put_string(out, "state", field_name_of(risk_state_names, (int)latch->state));
        json_put_string(out, "reason", latch->reason);
        json_object_end(out);
    }
    json_array_end(out);
}

static void halt_print_denied(const struct orchestrator *orch, struct text *out)
{
    json_key(out, "denied");
    json_object_begin(out);
    for (unsigned code = DENY_NONE + 1; code < DENY_CODE_COUNT; code++) {
        if (orch->denied[code] != 0) {
            json_key(out, deny_name((enum deny_code)code));
            json_int(out, (int64_t)orch->denied[code]);
        }
    }
    json_object_end(out);
}

/* How everything stands. */
static void halt_print(const struct orchestrator *orch, struct text *out)
{
    json_object_begin(out);
    json_put_bool(out, "ok", true);
    json_put_string(
        out, "state",
        field_name_of(risk_state_names, (int)risk_state_of(orch->risk, RISK_GLOBAL, 0)));
    json_put_int(out, "seq", (int64_t)orch->seq);
    halt_print_latches(orch, out);
    halt_print_scopes(orch, out);
    halt_print_denied(orch, out);
    json_key(out, "limits");
    field_print_json(risk_section_fields, orch->given.config->file.risk, out);
    json_object_end(out);
}

static enum err halt_send(struct orchestrator *orch, const struct risk_waiter *waiter,
                          const char *code, const struct text *json)
{
    if (text_failed(json)) {
        return ERR_MEMORY;
    }
    nng_msg *message = message_create(MESSAGE_RISK_ANSWER, orch->now_ns,
                                      sizeof(struct message_risk_answer) + json->length + 1);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_risk_answer *answer = message_body(message);
    answer->ticket = waiter->ticket;
    answer->code = code != NULL ? code : "";
    memcpy(answer->json, text_string(json), json->length + 1);
    return context_post(orch->context, waiter->to, message);
}

/* Answers how it stands, or a refusal. Nobody: there is no answer. */
static enum err halt_answer(struct orchestrator *orch, const struct risk_waiter *waiter,
                            const char *code, const char *text)
{
    if (actor_ref_is_nobody(waiter->to)) {
        return ERR_NONE;
    }
    struct text json = {0};
    if (code == NULL) {
        guard_value(orch);
        halt_print(orch, &json);
    } else {
        json_object_begin(&json);
        json_put_bool(&json, "ok", false);
        json_put_string(&json, "code", code);
        json_put_string(&json, "message", text);
        json_object_end(&json);
    }
    const enum err err = halt_send(orch, waiter, code, &json);
    text_done(&json);
    return err;
}

/* Answers whoever waits for nothing any more. */
static enum err halt_answer_due(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orch->risk_waiter_count; i++) {
        const struct risk_waiter waiter = orch->risk_waiters[i];
        const bool is_durable = waiter.seq <= orch->committed || waiter.latch_seq <= orch->latched;
        if (err != ERR_NONE || !is_durable) {
            orch->risk_waiters[kept++] = waiter;
        } else {
            err = halt_answer(orch, &waiter, NULL, NULL);
        }
    }
    orch->risk_waiter_count = kept;
    return err;
}

/* The answer goes out when everything up to now is durable. */
static enum err halt_answer_later(struct orchestrator *orch, const struct risk_waiter *waiter)
{
    if (orch->risk_waiter_count == RISK_WAITERS_MAX) {
        return halt_answer(orch, waiter, "busy",
                           "the state is in force, but too many wait to hear that it is durable");
    }
    struct risk_waiter *added = &orch->risk_waiters[orch->risk_waiter_count++];
    *added = *waiter;
    added->seq = orch->is_begun ? orch->seq : UINT64_MAX; /* Until halt_on_started(). */
    return halt_answer_due(orch);
}

enum err halt_on_latched(struct orchestrator *orch, const struct message_latched *latched)
{
    orch->latched = latched->seq;
    return halt_answer_due(orch);
}

enum err halt_on_committed(struct orchestrator *orch)
{
    enum err err = halt_answer_due(orch);
    if (err == ERR_NONE && orch->latch_sent != 0 && orch->committed >= orch->latch_sent) {
        err = halt_latch(orch, true);
    }
    if (err == ERR_NONE && orch->is_sweep_waiting && !journal_is_behind(orch)) {
        orch->is_sweep_waiting = false;
        err = halt_on_sweep(orch);
    }
    return err;
}

/* ---- Requests ---- */

/* NULL, or why the request cannot be carried out; *ret_text says it to a person. */
static const char *halt_refusal(struct orchestrator *orch, const struct message_risk *request,
                                char ret_text[HALT_CODE_TEXT_MAX])
{
    enum risk_scope_kind kind;
    const char *name;
    if (risk_scope_parse(request->scope, &kind, &name) != ERR_NONE) {
        (void)snprintf(ret_text, HALT_CODE_TEXT_MAX,
                       "expected global, venue:NAME, controller:ID or executor:ID");
        return "unknown_scope";
    }
    const struct run_config *config = orch->given.config;
    if (kind == RISK_VENUE && run_config_find_venue(config, name) == config->file.venues.count) {
        (void)snprintf(ret_text, HALT_CODE_TEXT_MAX, "this run has no venue \"%s\"", name);
        return "unknown_scope";
    }
    if (kind == RISK_EXECUTOR && request->state != RISK_ACTIVE && roster_find(orch, name) == 0) {
        (void)snprintf(ret_text, HALT_CODE_TEXT_MAX, "this run has no executor \"%s\"", name);
        return "unknown_scope";
    }
    char reason[KILL_FILE_REASON_MAX];
    if (request->state == RISK_ACTIVE && kind == RISK_GLOBAL &&
        kill_file_halts(config->file.risk->kill_file, reason)) {
        (void)snprintf(ret_text, HALT_CODE_TEXT_MAX, "%s: remove it first", reason);
        return "kill_file";
    }
    if (request->state == RISK_ACTIVE && orch->is_halted && kind == RISK_GLOBAL) {
        (void)snprintf(ret_text, HALT_CODE_TEXT_MAX,
                       "a loss limit has ended this run: start it again to go on");
        return "stopping";
    }
    return NULL;
}

/* Whether the scope has that state already. */
static bool halt_is_so(const struct orchestrator *orch, const struct message_risk *request)
{
    const struct risk_latch *latch = risk_latches_find(&orch->latches, request->scope);
    return (latch != NULL ? latch->state : RISK_ACTIVE) == request->state;
}

/* Somebody lets a scope trade again: a loss that was known to them has been accepted. */
static void halt_forgive(struct orchestrator *orch, const struct message_risk *request)
{
    enum risk_scope_kind kind;
    const char *name;
    if (request->state == RISK_ACTIVE &&
        risk_scope_parse(request->scope, &kind, &name) == ERR_NONE && kind == RISK_CONTROLLER) {
        losses_forgive(orch, name);
    }
}

enum err halt_on_request(struct orchestrator *orch, const struct message_risk *request,
                         struct actor_ref sender)
{
    struct risk_waiter waiter = {.ticket = request->ticket, .to = sender, .latch_seq = UINT64_MAX};
    char text[HALT_CODE_TEXT_MAX];
    if (request->state == 0) {
        return halt_answer(orch, &waiter, NULL, NULL);
    }
    const char *refusal = halt_refusal(orch, request, text);
    if (refusal != NULL) {
        return halt_answer(orch, &waiter, refusal, text);
    }
    enum err err = ERR_NONE;
    const bool is_so = halt_is_so(orch, request);
    const uint64_t latch_before = orch->latch_sent;
    if (!is_so) {
        char reason[RISK_REASON_TEXT_MAX + ORIGIN_TEXT_MAX + 4];
        (void)snprintf(reason, sizeof(reason), "%s: %s", request->actor, request->reason);
        const struct risk_change change = {.scope = request->scope,
                                           .state = request->state,
                                           .reason = reason,
                                           .actor = request->actor};
        halt_forgive(orch, request);
        err = halt_change(orch, &change);
    }
    /* Only what is on disk, or on its way there, may be answered ahead. */
    if (is_so || orch->latch_sent != latch_before) {
        waiter.latch_seq =
            orch->latch_sent != 0 && request->state != RISK_ACTIVE ? orch->latch_sent : UINT64_MAX;
    }
    return err == ERR_NONE ? halt_answer_later(orch, &waiter) : err;
}
