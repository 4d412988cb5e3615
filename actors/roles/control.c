#include "actors/roles/control.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/control_sessions.h"

static enum err control_start(struct context *context, void *state, void *arguments)
{
    struct control *control = state;
    control->given = *(const struct control_arguments *)arguments;
    control->pending = calloc(CONTROL_PENDING_MAX, sizeof(*control->pending));
    if (control->pending == NULL) {
        return ERR_MEMORY;
    }
    const struct link_service service = {
        .system = context_system(context),
        .receiver = context_self(context),
        .refusal = "{\"ok\":false,\"code\":\"stopping\",\"message\":\"the run takes no more "
                   "requests\"}",
        .addresses = {.urls = control->given.section->listen.items,
                      .url_count = control->given.section->listen.count}};
    if (service.addresses.url_count > 0) {
        const enum err err = link_reply_listen(&service, &control->replier, control->given.failure);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return control_http_open(control, context);
}

static void control_stop(struct context *context, void *state)
{
    (void)context;
    struct control *control = state;
    link_reply_close(control->replier);
    control_http_close(control);
    reader_close(control->reader);
    control_pending_done(control);
    free(control->pending);
    control->pending = NULL;
}

static void control_deliver_reply(struct control *control, const struct control_call *call,
                                  const char *code, const struct text *answer)
{
    (void)code;
    static const char no_memory[] =
        "{\"ok\":false,\"code\":\"memory\",\"message\":\"" CONTROL_NO_MEMORY "\"}";
    /* A client that has gone does not need its answer; without memory its connection is closed. */
    (void)!link_reply(control->replier, call->ticket,
                      text_failed(answer) ? no_memory : text_string(answer),
                      text_failed(answer) ? sizeof(no_memory) - 1 : answer->length);
}

/* One request of the REP socket. */
static void control_on_request(struct control *control, nng_msg *message)
{
    const struct link_received *received = message_body(message);
    const struct control_call call = {
        .deliver = control_deliver_reply, .origin = ORIGIN_REP, .ticket = received->ticket};
    struct arena arena;
    arena_init(&arena, CONTROL_ARENA_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "request");
    const struct node *root;
    const enum err err = node_read_json("request", link_received_bytes(message), received->size,
                                        NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        control_dispatch(control, &call, root);
    } else {
        control_refuse_problems(control, &call, err, &problems);
    }
    problems_done(&problems);
    arena_done(&arena);
}

static void control_on_timer(struct control *control, uint64_t tag)
{
    if (tag == CONTROL_TIMER_PENDING) {
        control_pending_on_timer(control);
    } else {
        control_sessions_on_timer(control, tag);
    }
}

static enum err control_receive(struct context *context, void *state, nng_msg **message)
{
    struct control *control = state;
    control->context = context;
    switch (message_envelope(*message)->kind) {
    case MESSAGE_LINK_RECEIVED:
        control_on_request(control, *message);
        return ERR_NONE;
    case MESSAGE_LINK_HTTP:
        control_http_on_request(control, message_body(*message));
        return ERR_NONE;
    case MESSAGE_LINK_SESSION:
        control_sessions_on_message(control, message_body(*message));
        return ERR_NONE;
    case MESSAGE_COMMITTED:
        control_sessions_on_committed(
            control, ((const struct message_committed *)message_body(*message))->seq);
        return ERR_NONE;
    case MESSAGE_TIMER:
        control_on_timer(control, ((const struct timer_fired *)message_body(*message))->tag);
        return ERR_NONE;
    case MESSAGE_ANSWER:
        control_on_answer(control, message_body(*message));
        return ERR_NONE;
    case MESSAGE_RISK_ANSWER:
        control_on_risk_answer(control, message_body(*message));
        return ERR_NONE;
    case MESSAGE_RECONCILE_ANSWER:
        control_on_reconcile_answer(control, message_body(*message));
        return ERR_NONE;
    default:
        return ERR_NONE;
    }
}

const struct actor_class control_class = {
    .name = "control",
    .state_size = sizeof(struct control),
    .is_dedicated = true,
    .start = control_start,
    .receive = control_receive,
    .stop = control_stop,
};
