#include "actors/link_caller.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "actors/scheduler_thread.h"
#include "base/assert.h"
#include "base/instant.h"

/* Where link_caller_ask() waits. Under the caller's lock. */
struct call_wait {
    bool is_over;
    bool has_answer; /* Else the run has ended. */
    struct link_answer answer;
};

/* An action that waits for its answer. */
struct call {
    bool is_taken;
    uint32_t generation; /* A late answer to an action before is not mistaken for this one's. */
    link_answer_callback *callback; /* NULL: somebody waits. */
    void *context;
    struct call_wait *wait; /* Borrowed from who waits; NULL with a callback. */
};

struct link_caller {
    pthread_mutex_t lock;
    pthread_cond_t answered; /* Somebody in link_caller_ask() has an answer. */
    struct system *system;   /* Borrowed; NULL before the actor starts and after it has stopped. */
    struct actor_ref actor;
    uint32_t next; /* Where a free call is looked for first; under the lock, like those above. */
    struct call calls[LINK_CALLS_MAX];
};

enum err link_caller_create(struct link_caller **ret_caller)
{
    struct link_caller *caller = calloc(1, sizeof(*caller));
    if (caller == NULL || pthread_mutex_init(&caller->lock, NULL) != 0) {
        free(caller);
        return ERR_MEMORY;
    }
    if (scheduler_condition_init(&caller->answered) != ERR_NONE) {
        (void)pthread_mutex_destroy(&caller->lock);
        free(caller);
        return ERR_MEMORY;
    }
    *ret_caller = caller;
    return ERR_NONE;
}

void link_caller_destroy(struct link_caller *caller)
{
    if (caller == NULL) {
        return;
    }
    ASSERT(caller->system == NULL);
    (void)pthread_cond_destroy(&caller->answered);
    (void)pthread_mutex_destroy(&caller->lock);
    free(caller);
}

/* ---- Calls ---- */

/* A free call, NULL when all wait. Under the lock. */
static struct call *caller_take(struct link_caller *caller)
{
    for (uint32_t i = 0; i < LINK_CALLS_MAX; i++) {
        struct call *call = &caller->calls[(caller->next + i) % LINK_CALLS_MAX];
        if (!call->is_taken) {
            caller->next = (uint32_t)(call - caller->calls) + 1;
            *call = (struct call){.is_taken = true, .generation = call->generation + 1};
            return call;
        }
    }
    return NULL;
}

static uint64_t caller_ticket(const struct link_caller *caller, const struct call *call)
{
    return (uint64_t)call->generation << 32 | (uint64_t)(call - caller->calls);
}

/* The call a ticket was given out for; NULL when it is over. Under the lock. */
static struct call *caller_find(struct link_caller *caller, uint64_t ticket)
{
    const uint64_t index = ticket & UINT32_MAX;
    ASSERT(index < LINK_CALLS_MAX);
    struct call *call = &caller->calls[index];
    return call->is_taken && call->generation == ticket >> 32 ? call : NULL;
}

/* Ends a call with its answer; NULL: there is none. Its place is free before the callback runs, so
 * that this may submit the next action. */
static void caller_settle(struct link_caller *caller, uint64_t ticket,
                          const struct link_answer *answer)
{
    (void)pthread_mutex_lock(&caller->lock);
    struct call *found = caller_find(caller, ticket);
    const struct call call = found != NULL ? *found : (struct call){0};
    if (found != NULL) {
        found->is_taken = false;
    }
    if (call.wait != NULL) {
        call.wait->is_over = true;
        call.wait->has_answer = answer != NULL;
        call.wait->answer = answer != NULL ? *answer : (struct link_answer){0};
        (void)pthread_cond_broadcast(&caller->answered);
    }
    (void)pthread_mutex_unlock(&caller->lock);
    if (call.callback != NULL) {
        call.callback(call.context, answer);
    }
}

/* Takes a place for the call and sends its action. `made` says who is told. */
static enum err caller_begin(struct link_caller *caller, const struct action *action,
                             const struct call *made, uint64_t *ret_ticket)
{
    (void)pthread_mutex_lock(&caller->lock);
    struct call *call = caller->system != NULL ? caller_take(caller) : NULL;
    enum err err = call != NULL ? ERR_NONE : caller->system != NULL ? ERR_FULL : ERR_CLOSED;
    if (err == ERR_NONE) {
        call->callback = made->callback;
        call->context = made->context;
        call->wait = made->wait;
        *ret_ticket = caller_ticket(caller, call);
        nng_msg *message = action_message(action, *ret_ticket);
        /* Sent under the lock: the actor cannot stop in between and leave it unanswered. */
        err = message != NULL ? system_send(caller->system, caller->actor, &message) : ERR_MEMORY;
        if (err != ERR_NONE) {
            message_destroy(message);
            call->is_taken = false;
        }
    }
    (void)pthread_mutex_unlock(&caller->lock);
    return err;
}

enum err link_caller_submit(struct link_caller *caller, const struct action *action,
                            link_answer_callback *callback, void *context)
{
    ASSERT(callback != NULL);
    uint64_t ticket;
    const struct call made = {.callback = callback, .context = context};
    return caller_begin(caller, action, &made, &ticket);
}

enum err link_caller_ask(struct link_caller *caller, const struct action *action,
                         unsigned timeout_ms, struct link_answer *ret_answer)
{
    struct call_wait wait = {0};
    uint64_t ticket;
    const struct call made = {.wait = &wait};
    const enum err err = caller_begin(caller, action, &made, &ticket);
    if (err != ERR_NONE) {
        return err;
    }
    const int64_t end_ns = scheduler_monotonic_ns() + (int64_t)timeout_ms * NS_PER_MS;
    (void)pthread_mutex_lock(&caller->lock);
    while (!wait.is_over && scheduler_monotonic_ns() < end_ns) {
        scheduler_condition_wait(&caller->answered, &caller->lock, end_ns);
    }
    struct call *call = caller_find(caller, ticket);
    if (call != NULL) { /* The answer is late: nobody is here to take it. */
        call->is_taken = false;
    }
    (void)pthread_mutex_unlock(&caller->lock);
    if (wait.has_answer) {
        *ret_answer = wait.answer;
        return ERR_NONE;
    }
    return wait.is_over ? ERR_CLOSED : ERR_END;
}

/* ---- The actor ---- */

static enum err caller_start(struct context *context, void *state, void *arguments)
{
    struct link_caller_arguments *given = state;
    *given = *(const struct link_caller_arguments *)arguments;
    struct link_caller *caller = given->caller;
    (void)pthread_mutex_lock(&caller->lock);
    caller->system = context_system(context);
    caller->actor = context_self(context);
    (void)pthread_mutex_unlock(&caller->lock);
    return ERR_NONE;
}

static void caller_on_answer(struct link_caller *caller, const struct message_answer *body)
{
    struct link_answer answer = {.is_accepted = body->is_accepted};
    (void)snprintf(answer.action_id, sizeof(answer.action_id), "%s", body->action_id);
    (void)snprintf(answer.executor_id, sizeof(answer.executor_id), "%s", body->executor_id);
    (void)snprintf(answer.code, sizeof(answer.code), "%s", body->code);
    (void)snprintf(answer.text, sizeof(answer.text), "%s", body->text);
    caller_settle(caller, body->ticket, &answer);
}

static void caller_on_action(const struct link_caller_arguments *given, struct context *context,
                             nng_msg **message)
{
    const uint64_t ticket = ((const struct message_action *)message_body(*message))->ticket;
    if (context_send(context, given->orchestrator, message) != ERR_NONE) {
        const struct link_answer turned_away = {
            .code = "busy", .text = "the orchestrator is busy: try again in a moment"};
        caller_settle(given->caller, ticket, &turned_away);
    }
}

static enum err caller_receive(struct context *context, void *state, nng_msg **message)
{
    const struct link_caller_arguments *given = state;
    if (message_envelope(*message)->kind == MESSAGE_ACTION) {
        caller_on_action(given, context, message);
    } else {
        ASSERT(message_envelope(*message)->kind == MESSAGE_ANSWER);
        caller_on_answer(given->caller, message_body(*message));
    }
    return ERR_NONE;
}

static void caller_stop(struct context *context, void *state)
{
    (void)context;
    struct link_caller *caller = ((const struct link_caller_arguments *)state)->caller;
    (void)pthread_mutex_lock(&caller->lock);
    caller->system = NULL; /* Nothing is taken in any more. */
    (void)pthread_mutex_unlock(&caller->lock);
    for (uint32_t i = 0; i < LINK_CALLS_MAX; i++) {
        caller_settle(caller, caller_ticket(caller, &caller->calls[i]), NULL);
    }
}

const struct actor_class link_caller_class = {
    .name = "caller",
    .state_size = sizeof(struct link_caller_arguments),
    .start = caller_start,
    .receive = caller_receive,
    .stop = caller_stop,
};
