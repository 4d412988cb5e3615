#include "actors/roles/host.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"

struct host {
    uint32_t number;
    bool is_funded;
    bool is_unrecorded;
    bool is_stop_pending; /* A stop came; it is carried out at the next wake. */
    bool keep_position;
    struct executor *executor; /* Owned. */
};

static enum err host_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct host *host = state;
    const struct host_arguments *given = arguments;
    host->number = given->executor;
    host->is_funded = given->is_funded;
    host->is_unrecorded = given->is_unrecorded;
    host->executor = calloc(1, given->kind->state_size);
    if (host->executor == NULL) {
        return ERR_MEMORY;
    }
    executor_init(host->executor, given->kind, given->config, given->instruments);
    return ERR_NONE;
}

static void host_stop(struct context *context, void *state)
{
    (void)context;
    struct host *host = state;
    if (host->executor != NULL) {
        executor_done(host->executor);
        free(host->executor);
        host->executor = NULL;
    }
}

static struct executor_view host_view(const struct host *host, int64_t now_ns,
                                      const struct message_wake *wake)
{
    struct executor_view view = {.now_ns = now_ns,
                                 .market_count = host->executor->kind->market_count};
    for (size_t i = 0; i < view.market_count; i++) {
        view.markets[i] = (struct market_view){.instrument = host->executor->instruments[i],
                                               .bid = wake->markets[i].bid,
                                               .ask = wake->markets[i].ask};
    }
    return view;
}

static enum err host_send_requests(const struct host *host, struct context *context, int64_t now_ns,
                                   const struct executor_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        const struct message_request request = {.executor = host->number,
                                                .request = requests->items[i]};
        const enum err err = message_post(context, context_parent(context), MESSAGE_REQUEST, now_ns,
                                          &request, sizeof(request));
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* The executor's figures and its state, so that it could go on elsewhere. */
static enum err host_send_report(const struct host *host, struct context *context,
                                 const struct executor_view *view)
{
    const struct executor_kind *kind = host->executor->kind;
    struct text info = {0};
    struct text saved = {0};
    if (!host->is_unrecorded) {
        json_object_begin(&info);
        kind->custom_info(host->executor, view, &info);
        json_object_end(&info);
        executor_save(host->executor, &saved);
    }
    enum err err = ERR_MEMORY;
    nng_msg *message = NULL;
    if (!text_failed(&info) && !text_failed(&saved)) {
        message = message_create(MESSAGE_REPORT, view->now_ns,
                                 sizeof(struct message_report) + info.length + saved.length + 2);
    }
    if (message != NULL) {
        struct message_report *report = message_body(message);
        *report = (struct message_report){.executor = host->number};
        kind->report(host->executor, view, &report->figures);
        memcpy(report->texts, text_string(&info), info.length + 1);
        memcpy(report->texts + info.length + 1, text_string(&saved), saved.length + 1);
        report->custom_info = report->texts;
        report->state = report->texts + info.length + 1;
        err = context_send(context, context_parent(context), &message);
        message_destroy(message);
    }
    text_done(&info);
    text_done(&saved);
    return err;
}

/* Behind the requests, through the orchestrator: the market must not go on before it has them. */
static enum err host_send_wake_done(const struct host *host, struct context *context,
                                    const struct executor_view *view, bool has_requests)
{
    struct message_wake_done done = {.executor = host->number,
                                     .has_requests = has_requests,
                                     .is_ended = host->executor->status == EXECUTOR_TERMINATED,
                                     .wake = wake_never()};
    if (!done.is_ended) {
        host->executor->kind->wake(host->executor, view, &done.wake);
    }
    return message_post(context, context_parent(context), MESSAGE_WAKE_DONE, view->now_ns, &done,
                        sizeof(done));
}

/* Start, stop and evaluation in the order of executor.h. */
static void host_evaluate(struct host *host, const struct executor_view *view,
                          struct executor_requests *requests)
{
    struct executor *executor = host->executor;
    if (executor->status == EXECUTOR_NOT_STARTED) {
        executor->kind->on_start(executor, view, host->is_funded);
    }
    if (host->is_stop_pending) {
        host->is_stop_pending = false;
        /* Refused when it is stopping or has ended already; both are what was asked for. */
        (void)executor->kind->on_stop(executor, view, host->keep_position, requests);
    }
    if (executor->status != EXECUTOR_TERMINATED) {
        executor->kind->on_market(executor, view, requests);
    }
}

static enum err host_on_wake(struct host *host, struct context *context,
                             const struct envelope *envelope, const struct message_wake *wake)
{
    const struct executor_view view = host_view(host, envelope->now_ns, wake);
    const enum executor_status before = host->executor->status;
    struct executor_requests requests;
    executor_requests_init(&requests);
    host_evaluate(host, &view, &requests);
    enum err err = host_send_requests(host, context, view.now_ns, &requests);
    if (err == ERR_NONE && host->executor->status != before) {
        err = host_send_report(host, context, &view);
    }
    if (err == ERR_NONE) {
        err = host_send_wake_done(host, context, &view, requests.count > 0);
    }
    if (host->executor->status == EXECUTOR_TERMINATED) {
        context_stop(context);
    }
    return err;
}

static enum err host_receive(struct context *context, void *state, nng_msg **message)
{
    struct host *host = state;
    const struct envelope *envelope = message_envelope(*message);
    const void *body = message_body(*message);
    switch (envelope->kind) {
    case MESSAGE_WAKE:
        return host_on_wake(host, context, envelope, body);
    case MESSAGE_ORDER_EVENT:
        host->executor->kind->on_order(host->executor, body, envelope->now_ns);
        return ERR_NONE;
    case MESSAGE_EXECUTOR_STOP:
        host->is_stop_pending = true;
        host->keep_position = ((const struct message_executor_stop *)body)->keep_position;
        return ERR_NONE;
    default:
        ASSERT(!"a message the host knows");
        return ERR_STATE;
    }
}

const struct actor_class host_class = {
    .name = "executor",
    .state_size = sizeof(struct host),
    .start = host_start,
    .receive = host_receive,
    .stop = host_stop,
};
