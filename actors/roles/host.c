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
    bool is_report_wanted;
    enum executor_status reported; /* The last status that the orchestrator was told. */
    enum skip_reason skipped;      /* Why an order was held back, as it was told. */
    struct executor *executor;     /* Owned. */
    void *update; /* Owned: values that came and wait for the next wake; NULL: none. */
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
    host->reported = host->executor->status;
    return ERR_NONE;
}

static void host_stop(struct context *context, void *state)
{
    (void)context;
    struct host *host = state;
    free(host->update);
    host->update = NULL;
    if (host->executor != NULL) {
        executor_done(host->executor);
        free(host->executor);
        host->executor = NULL;
    }
}

static bool host_has_placed(const struct executor_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (requests->items[i].kind == REQUEST_PLACE) {
            return true;
        }
    }
    return false;
}

/* Tells what was held back, once until the reason changes or an order goes out. */
static enum err host_send_skip(struct host *host, struct context *context, int64_t now_ns,
                               const struct executor_requests *requests)
{
    const struct executor_skip *skip = &requests->skip;
    if (skip->reason == SKIP_NONE && host_has_placed(requests)) {
        host->skipped = SKIP_NONE;
    }
    if (skip->reason == SKIP_NONE || skip->reason == host->skipped || host->is_unrecorded) {
        return ERR_NONE;
    }
    host->skipped = skip->reason;
    const struct message_skipped skipped = {.executor = host->number, .skip = *skip};
    return message_post(context, context_parent(context), MESSAGE_SKIPPED, now_ns, &skipped,
                        sizeof(skipped));
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

/* A text into the report's body; *end is where the next one goes. */
static const char *host_add_text(const struct text *text, char **end)
{
    char *place = *end;
    memcpy(place, text_string(text), text->length + 1);
    *end += text->length + 1;
    return place;
}

/* The executor's figures and its state, so that it could go on elsewhere. */
static enum err host_send_report(const struct host *host, struct context *context,
                                 const struct executor_view *view, enum report_cause cause,
                                 const struct text *values)
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
    if (!text_failed(&info) && !text_failed(&saved) && !text_failed(values)) {
        message = message_create(MESSAGE_REPORT, view->now_ns,
                                 sizeof(struct message_report) + info.length + saved.length +
                                     values->length + 3);
    }
    if (message != NULL) {
        struct message_report *report = message_body(message);
        *report = (struct message_report){.executor = host->number, .cause = cause};
        kind->report(host->executor, view, &report->figures);
        char *end = report->texts;
        report->custom_info = host_add_text(&info, &end);
        report->state = host_add_text(&saved, &end);
        report->values = host_add_text(values, &end);
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

static void host_print_values(const struct host *host, const char *key, struct text *out)
{
    json_key(out, key);
    json_object_begin(out);
    host->executor->kind->updatable(host->executor, out);
    json_object_end(out);
}

/* Applies the update that waits, if any, and reports what became of it. */
static enum err host_apply_update(struct host *host, struct context *context,
                                  const struct executor_view *view)
{
    if (host->update == NULL) {
        return ERR_NONE;
    }
    struct executor *executor = host->executor;
    struct text values = {0};
    json_object_begin(&values);
    host_print_values(host, "old", &values);
    const enum err refused = executor->kind->on_update(executor, host->update, view);
    host_print_values(host, "new", &values);
    json_object_end(&values);
    free(host->update);
    host->update = NULL;
    const enum err err = host_send_report(
        host, context, view, refused == ERR_NONE ? REPORT_UPDATED : REPORT_REFUSED, &values);
    text_done(&values);
    return err;
}

/* Update, stop and evaluation in the order of executor.h. */
static enum err host_evaluate(struct host *host, struct context *context,
                              const struct executor_view *view, struct executor_requests *requests)
{
    struct executor *executor = host->executor;
    const enum err err = host_apply_update(host, context, view);
    if (host->is_stop_pending) {
        host->is_stop_pending = false;
        /* Refused when it is stopping or has ended already; both are what was asked for. */
        (void)executor->kind->on_stop(executor, view, host->keep_position, requests);
    }
    if (executor->status != EXECUTOR_TERMINATED) {
        executor->kind->on_market(executor, view, requests);
    }
    return err;
}

static enum err host_on_wake(struct host *host, struct context *context,
                             const struct envelope *envelope, const struct message_wake *wake)
{
    const struct executor_view view = host_view(host, envelope->now_ns, wake);
    if (host->executor->status == EXECUTOR_NOT_STARTED) {
        host->executor->kind->on_start(host->executor, &view, host->is_funded);
    }
    struct executor_requests requests;
    executor_requests_init(&requests);
    enum err err = host_evaluate(host, context, &view, &requests);
    if (err == ERR_NONE) {
        err = host_send_requests(host, context, view.now_ns, &requests);
    }
    if (err == ERR_NONE) {
        err = host_send_skip(host, context, view.now_ns, &requests);
    }
    const bool has_changed = host->executor->status != host->reported;
    if (err == ERR_NONE && (has_changed || host->is_report_wanted)) {
        const struct text none = {0};
        host->is_report_wanted = false;
        host->reported = host->executor->status;
        err = host_send_report(host, context, &view, has_changed ? REPORT_STATUS : REPORT_WANTED,
                               &none);
    }
    if (err == ERR_NONE) {
        err = host_send_wake_done(host, context, &view, requests.count > 0);
    }
    if (host->executor->status == EXECUTOR_TERMINATED) {
        context_stop(context);
    }
    return err;
}

/* Keeps the values for the next wake; a later update replaces one that waits. */
static enum err host_on_update(struct host *host, const void *update)
{
    const size_t size = host->executor->kind->update_size;
    if (host->update == NULL) {
        host->update = malloc(size);
    }
    if (host->update == NULL) {
        return ERR_MEMORY;
    }
    memcpy(host->update, update, size);
    return ERR_NONE;
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
    case MESSAGE_EXECUTOR_UPDATE:
        return host_on_update(host, body);
    case MESSAGE_REPORT_WANTED:
        host->is_report_wanted = true;
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
