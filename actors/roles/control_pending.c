#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/control_parts.h"

/* A ticket for the orchestrator: generation, slot and which action of a batch. */
enum { TICKET_ITEM_BITS = 8, TICKET_SLOT_BITS = 24 };
_Static_assert(ACTIONS_BATCH_MAX <= 1 << TICKET_ITEM_BITS, "a batch fits the ticket");
_Static_assert(CONTROL_PENDING_MAX <= 1 << TICKET_SLOT_BITS, "a slot fits the ticket");

static uint64_t pending_ticket(const struct control *control, const struct control_pending *pending,
                               uint32_t item)
{
    const uint64_t slot = (uint64_t)(pending - control->pending);
    return (uint64_t)pending->generation << (TICKET_ITEM_BITS + TICKET_SLOT_BITS) |
           slot << TICKET_ITEM_BITS | item;
}

/* The request that a ticket was given out for, or NULL when it is over. */
static struct control_pending *pending_find(struct control *control, uint64_t ticket,
                                            uint32_t *ret_item)
{
    const uint64_t slot = ticket >> TICKET_ITEM_BITS & ((1U << TICKET_SLOT_BITS) - 1);
    const uint64_t generation = ticket >> (TICKET_ITEM_BITS + TICKET_SLOT_BITS);
    if (slot >= CONTROL_PENDING_MAX) {
        return NULL;
    }
    struct control_pending *pending = &control->pending[slot];
    *ret_item = (uint32_t)(ticket & ((1U << TICKET_ITEM_BITS) - 1));
    return pending->is_taken && pending->generation == generation && *ret_item < pending->count
               ? pending
               : NULL;
}

static void pending_release(struct control_pending *pending)
{
    for (uint32_t i = 0; pending->answers != NULL && i < pending->count; i++) {
        text_done(&pending->answers[i]);
    }
    free(pending->answers);
    const uint32_t generation = pending->generation;
    *pending = (struct control_pending){.generation = generation};
}

static int64_t pending_timeout_ns(const struct control *control)
{
    return control->given.answer_timeout_ns > 0 ? control->given.answer_timeout_ns
                                                : CONTROL_ANSWER_TIMEOUT_S * NS_PER_S;
}

/* Without a timer the next request tries again. */
static void pending_set_timer(struct control *control, int64_t at_ns)
{
    control->has_pending_timer =
        control->has_pending_timer ||
        context_timer(control->context, CONTROL_TIMER_PENDING, at_ns) == ERR_NONE;
}

/* A free place for a call that waits for `count` answers; NULL when there is none. */
static struct control_pending *pending_take(struct control *control,
                                            const struct control_call *call, uint32_t count)
{
    for (uint32_t i = 0; i < CONTROL_PENDING_MAX; i++) {
        const uint32_t slot = (control->pending_next + i) % CONTROL_PENDING_MAX;
        struct control_pending *pending = &control->pending[slot];
        if (pending->is_taken) {
            continue;
        }
        pending->answers = calloc(count, sizeof(*pending->answers));
        if (pending->answers == NULL) {
            return NULL;
        }
        control->pending_next = slot + 1;
        pending->is_taken = true;
        pending->generation++;
        pending->call = *call;
        pending->count = count;
        pending->missing = count;
        pending->until_ns = context_now(control->context) + pending_timeout_ns(control);
        pending_set_timer(control, pending->until_ns);
        return pending;
    }
    return NULL;
}

/* ---- Actions ---- */

static void pending_print(struct text *out, const struct message_answer *answer)
{
    json_object_begin(out);
    json_put_bool(out, "ok", answer->is_accepted);
    if (!answer->is_accepted) {
        json_put_string(out, "code", answer->code);
        json_put_string(out, "message", answer->text);
    }
    if (answer->action_id[0] != '\0') {
        json_put_string(out, "action_id", answer->action_id);
    }
    if (answer->executor_id[0] != '\0') {
        json_put_string(out, "executor_id", answer->executor_id);
    }
    json_object_end(out);
}

/* Every action has its answer. */
static void pending_finish(struct control *control, struct control_pending *pending)
{
    const struct control_call call = pending->call;
    if (!pending->is_batch) {
        call.deliver(control, &call, pending->code, &pending->answers[0]);
        pending_release(pending);
        return;
    }
    struct text answer = {0};
    json_object_begin(&answer);
    json_put_bool(&answer, "ok", true);
    json_key(&answer, "answers");
    json_array_begin(&answer);
    for (uint32_t i = 0; i < pending->count; i++) {
        json_raw(&answer, text_string(&pending->answers[i]));
        answer.failed |= text_failed(&pending->answers[i]);
    }
    json_array_end(&answer);
    json_object_end(&answer);
    call.deliver(control, &call, "", &answer);
    text_done(&answer);
    pending_release(pending);
}

static void pending_settle(struct control *control, struct control_pending *pending, uint32_t item,
                           const struct message_answer *answer)
{
    pending_print(&pending->answers[item], answer);
    (void)snprintf(pending->code, sizeof(pending->code), "%s", answer->code);
    ASSERT(pending->missing > 0);
    pending->missing--;
    if (pending->missing == 0) {
        pending_finish(control, pending);
    }
}

void control_send_actions(struct control *control, const struct control_call *call,
                          const struct action *actions, uint32_t count, bool is_batch)
{
    struct control_pending *pending = pending_take(control, call, count);
    if (pending == NULL) {
        control_refuse(control, call, "busy", "too many requests wait for an answer: try again");
        return;
    }
    pending->is_batch = is_batch;
    for (uint32_t i = 0; i < count; i++) {
        nng_msg *message = action_message(&actions[i], pending_ticket(control, pending, i));
        if (message != NULL &&
            context_send(control->context, control->given.orchestrator, &message) == ERR_NONE) {
            continue;
        }
        message_destroy(message);
        const struct message_answer turned_away = {
            .code = "busy", .text = "the orchestrator is busy: try again in a moment"};
        pending_settle(control, pending, i, &turned_away);
    }
}

void control_send_refresh(struct control *control, const struct control_call *call,
                          const char *executor_id)
{
    struct control_pending *pending =
        strlen(executor_id) <= ACTION_ID_MAX ? pending_take(control, call, 1) : NULL;
    if (pending == NULL) {
        control_answer_executor(control, call, executor_id);
        return;
    }
    (void)snprintf(pending->executor_id, sizeof(pending->executor_id), "%s", executor_id);
    struct message_refresh refresh = {.ticket = pending_ticket(control, pending, 0)};
    (void)snprintf(refresh.executor_id, sizeof(refresh.executor_id), "%s", executor_id);
    if (message_post(control->context, control->given.orchestrator, MESSAGE_REFRESH, 0, &refresh,
                     sizeof(refresh)) != ERR_NONE) {
        pending_release(pending);
        control_answer_executor(control, call, executor_id);
    }
}

void control_send_risk(struct control *control, const struct control_call *call,
                       struct message_risk *request)
{
    struct control_pending *pending = pending_take(control, call, 1);
    if (pending != NULL) {
        request->ticket = pending_ticket(control, pending, 0);
        if (message_post(control->context, control->given.orchestrator, MESSAGE_RISK, 0, request,
                         sizeof(*request)) == ERR_NONE) {
            return;
        }
        pending_release(pending);
    }
    control_refuse(control, call, "busy", "too many requests wait for an answer: try again");
}

/* Hands on an answer that is JSON already. */
static void pending_deliver(struct control *control, uint64_t ticket, const char *code,
                            const char *answer)
{
    uint32_t item = 0;
    struct control_pending *pending = pending_find(control, ticket, &item);
    if (pending == NULL) {
        return;
    }
    const struct control_call call = pending->call;
    struct text json = {0};
    text_append_string(&json, answer);
    pending_release(pending);
    call.deliver(control, &call, code, &json);
    text_done(&json);
}

void control_on_risk_answer(struct control *control, const struct message_risk_answer *answer)
{
    pending_deliver(control, answer->ticket, answer->code, answer->json);
}

void control_send_reconcile(struct control *control, const struct control_call *call,
                            const char *venue)
{
    struct message_reconcile_wanted wanted = {0};
    if (strlen(venue) >= sizeof(wanted.venue)) {
        control_refuse(control, call, "unknown_venue", "the run has no venue of that name");
        return;
    }
    (void)snprintf(wanted.venue, sizeof(wanted.venue), "%s", venue);
    struct control_pending *pending = pending_take(control, call, 1);
    if (pending != NULL) {
        wanted.ticket = pending_ticket(control, pending, 0);
        if (message_post(control->context, control->given.orchestrator, MESSAGE_RECONCILE_WANTED, 0,
                         &wanted, sizeof(wanted)) == ERR_NONE) {
            return;
        }
        pending_release(pending);
    }
    control_refuse(control, call, "busy", "too many requests wait for an answer: try again");
}

void control_on_reconcile_answer(struct control *control,
                                 const struct message_reconcile_answer *answer)
{
    pending_deliver(control, answer->ticket, answer->code, answer->json);
}

void control_on_answer(struct control *control, const struct message_answer *answer)
{
    uint32_t item = 0;
    struct control_pending *pending = pending_find(control, answer->ticket, &item);
    if (pending == NULL) {
        return;
    }
    if (pending->executor_id[0] == '\0') {
        pending_settle(control, pending, item, answer);
        return;
    }
    const struct control_pending waited = *pending;
    pending_release(pending);
    control_answer_executor(control, &waited.call, waited.executor_id);
}

/* The figures of the last report do for an executor that cannot report now; whoever has asked for
 * something to be done is told that nobody knows. */
static void pending_expire(struct control *control, struct control_pending *pending)
{
    const struct control_pending waited = *pending;
    pending_release(pending);
    if (waited.executor_id[0] != '\0') {
        control_answer_executor(control, &waited.call, waited.executor_id);
    } else {
        control_refuse(control, &waited.call, "timeout",
                       "the run has not answered in time: it may still do it; ask again, an action "
                       "with the same action_id");
    }
}

void control_pending_on_timer(struct control *control)
{
    const int64_t now_ns = context_now(control->context);
    int64_t next_ns = INSTANT_NEVER;
    control->has_pending_timer = false;
    for (uint32_t i = 0; i < CONTROL_PENDING_MAX; i++) {
        struct control_pending *pending = &control->pending[i];
        if (!pending->is_taken) {
            continue;
        }
        if (pending->until_ns <= now_ns) {
            pending_expire(control, pending);
        } else if (pending->until_ns < next_ns) {
            next_ns = pending->until_ns;
        }
    }
    if (next_ns != INSTANT_NEVER) {
        pending_set_timer(control, next_ns);
    }
}

void control_pending_done(struct control *control)
{
    for (uint32_t i = 0; control->pending != NULL && i < CONTROL_PENDING_MAX; i++) {
        pending_release(&control->pending[i]);
    }
}
