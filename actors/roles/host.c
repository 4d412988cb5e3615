#include "actors/roles/host.h"

#include <stdlib.h>
#include <string.h>

#include "actors/messages.h"
#include "base/log.h"

enum { HOST_TEXT_BYTES = 2048 };

struct host {
    const char *id; /* Borrowed. */
    struct rate_source rate;
    uint32_t number;
    enum executor_status reported : 8; /* The last status that the orchestrator was told. */
    enum skip_reason skipped : 8;      /* Why an order was held back, as it was told. */
    bool is_funded;
    bool is_unrecorded;
    bool is_stop_pending; /* A stop came; it is carried out at the next wake. */
    bool keep_position;
    bool is_report_wanted;
    bool is_durable;
    uint64_t state_hash;       /* Of what was reported last but orders; is_durable only. */
    int64_t reported_at_ns;    /* When that was. */
    struct executor *executor; /* Owned. */
    void *update;              /* Owned: values that came and wait for the next wake; NULL: none. */
};

/* Takes in what one report before a restart said. */
static enum err host_load_one(struct executor *executor, const char *state, size_t length,
                              bool is_last)
{
    struct arena arena;
    arena_init(&arena, HOST_STATE_BYTES_MAX);
    struct problems problems;
    problems_init(&problems, "state");
    const struct node *root;
    enum err err = node_read_json("state", state, length, NODE_DEPTH_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = is_last ? executor_load(executor, root) : executor_load_orders(executor, root);
    } else if (err != ERR_MEMORY) {
        err = ERR_CORRUPT;
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

/* Sets the executor up from all of them: each has the orders that had changed, the last has
 * everything else. */
static enum err host_load(struct executor *executor, const char *states)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && states != NULL) {
        const char *newline = strchr(states, '\n');
        const size_t length = newline != NULL ? (size_t)(newline - states) : strlen(states);
        err = host_load_one(executor, states, length, newline == NULL);
        states = newline != NULL ? newline + 1 : NULL;
    }
    return err;
}

static enum err host_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct host *host = state;
    const struct host_arguments *given = arguments;
    host->number = given->executor;
    host->id = given->id;
    host->rate = given->rate;
    host->is_funded = given->is_funded;
    host->is_unrecorded = given->is_unrecorded;
    host->is_durable = given->is_durable;
    host->executor = calloc(1, given->kind->state_size);
    if (host->executor == NULL) {
        return ERR_MEMORY;
    }
    executor_init(host->executor, given->kind, given->config, given->instruments);
    executor_identify(host->executor, given->epoch, given->executor);
    const enum err err =
        given->states != NULL ? host_load(host->executor, given->states) : ERR_NONE;
    host->reported = host->executor->status;
    return err;
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

/* What was held back is told once, until the reason changes or an order goes out. */
static bool host_tells_skip(struct host *host, const struct executor_requests *requests)
{
    const struct executor_skip *skip = &requests->skip;
    if (skip->reason == SKIP_NONE && host_has_placed(requests)) {
        host->skipped = SKIP_NONE;
    }
    if (skip->reason == SKIP_NONE || skip->reason == host->skipped || host->is_unrecorded) {
        return false;
    }
    host->skipped = skip->reason;
    return true;
}

static struct executor_view host_view(const struct host *host, int64_t now_ns,
                                      const struct message_wake *wake)
{
    struct executor_view view = {.now_ns = now_ns,
                                 .market_count = host->executor->kind->market_count};
    const struct book_top *depth = wake->depths;
    for (size_t i = 0; i < view.market_count; i++) {
        const struct instrument *instrument = host->executor->instruments[i];
        const bool is_deep = instrument->has_depth && host->executor->kind->reads_depth;
        view.markets[i] = (struct market_view){.instrument = instrument,
                                               .bid = wake->markets[i].bid,
                                               .ask = wake->markets[i].ask,
                                               .depth = is_deep ? depth++ : NULL};
    }
    const struct mark *rate = &wake->markets[view.market_count];
    view.rate = rate_value(&host->rate, rate->bid, rate->ask);
    return view;
}

/* A text into the report's body; *end is where the next one goes. */
static const char *host_add_text(const struct text *text, char **end)
{
    char *place = *end;
    memcpy(place, text_string(text), text->length + 1);
    *end += text->length + 1;
    return place;
}

/* A report with room for `size` bytes behind it, without figures. NULL: no memory. */
static nng_msg *host_make_report(const struct host *host, const struct executor_view *view,
                                 enum report_cause cause, size_t size)
{
    nng_msg *message =
        message_create(MESSAGE_REPORT, view->now_ns, sizeof(struct message_report) + size);
    if (message != NULL) {
        *(struct message_report *)message_body(message) =
            (struct message_report){.executor = host->number, .cause = cause};
    }
    return message;
}

/* What a report says beside the figures. What is of ordinary length needs no allocation. */
struct host_texts {
    struct text info;
    struct text state;
    const struct text *values; /* Borrowed. */
    char info_memory[HOST_TEXT_BYTES];
    char state_memory[HOST_TEXT_BYTES];
};

static void host_texts_init(struct host_texts *texts, const struct text *values)
{
    text_init_over(&texts->info, texts->info_memory, sizeof(texts->info_memory));
    text_init_over(&texts->state, texts->state_memory, sizeof(texts->state_memory));
    texts->values = values;
}

static void host_texts_done(struct host_texts *texts)
{
    text_done(&texts->info);
    text_done(&texts->state);
}

static enum err host_send_texts(const struct host *host, struct context *context,
                                const struct executor_view *view, enum report_cause cause,
                                const struct host_texts *texts)
{
    if (text_failed(&texts->info) || text_failed(&texts->state) || text_failed(texts->values)) {
        return ERR_MEMORY;
    }
    nng_msg *message = host_make_report(
        host, view, cause, texts->info.length + texts->state.length + texts->values->length + 3);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_report *report = message_body(message);
    host->executor->kind->report(host->executor, view, &report->figures);
    char *end = report->rest;
    report->custom_info = host_add_text(&texts->info, &end);
    report->state = host_add_text(&texts->state, &end);
    report->values = host_add_text(texts->values, &end);
    return context_post(context, context_parent(context), message);
}

static enum err host_send_copy(const struct host *host, struct context *context,
                               const struct executor_view *view, enum report_cause cause,
                               const struct text *values)
{
    const size_t size = executor_copy_size(host->executor, view);
    if (text_failed(values)) {
        return ERR_MEMORY;
    }
    nng_msg *message = host_make_report(host, view, cause, size + values->length + 1);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_report *report = message_body(message);
    report->copy = (struct executor_copy *)(void *)report->rest;
    executor_copy_make(host->executor, view, report->copy);
    if (host->executor->status == EXECUTOR_TERMINATED) {
        host->executor->kind->report(host->executor, view, &report->figures);
    } else {
        report->figures.status = host->executor->status;
    }
    char *end = report->rest + size;
    report->values = host_add_text(values, &end);
    return context_post(context, context_parent(context), message);
}

/* FNV-1a. */
static uint64_t host_hash(const char *text, size_t length)
{
    uint64_t hash = 14695981039346656037U;
    for (size_t i = 0; i < length; i++) {
        hash = (hash ^ (unsigned char)text[i]) * 1099511628211U;
    }
    return hash;
}

/* What was reported is reported no more. */
static void host_note_reported(struct host *host, int64_t now_ns, uint64_t hash)
{
    executor_forget_changes(host->executor);
    host->reported_at_ns = now_ns;
    host->state_hash = hash;
}

/* The executor's figures and what of its state has changed, so that it could go on elsewhere. Where
 * no restart needs it, what is small travels as it is, and the journal makes the text; but a state
 * that cannot be written is to be the failure of its executor, and not of the journal. */
static enum err host_send_report(struct host *host, struct context *context,
                                 const struct executor_view *view, enum report_cause cause,
                                 const struct text *values)
{
    struct host_texts texts;
    host_texts_init(&texts, values);
    if (host->is_unrecorded || cause == REPORT_REFUSED) { /* The journal hears nothing of it. */
        return host_send_texts(host, context, view, cause, &texts);
    }
    if (!host->is_durable && executor_copy_size(host->executor, view) > 0) {
        const enum err err = host_send_copy(host, context, view, cause, values);
        executor_forget_changes(host->executor);
        return err;
    }
    const size_t orders = executor_print(host->executor, view, &texts.info, &texts.state);
    host_note_reported(host, view->now_ns, host_hash(text_string(&texts.state), orders));
    const enum err err = host_send_texts(host, context, view, cause, &texts);
    host_texts_done(&texts);
    return err;
}

/* The same after a while without a word, unless nothing has changed. */
static enum err host_send_change(struct host *host, struct context *context,
                                 const struct executor_view *view)
{
    const struct text none = {0};
    struct host_texts texts;
    host_texts_init(&texts, &none);
    const size_t orders = executor_print(host->executor, view, &texts.info, &texts.state);
    const uint64_t hash = host_hash(text_string(&texts.state), orders);
    enum err err = ERR_NONE;
    if (hash != host->state_hash || ledger_is_changed(&host->executor->ledger)) {
        err = host_send_texts(host, context, view, REPORT_STATE, &texts);
    }
    host_note_reported(host, view->now_ns, hash);
    host_texts_done(&texts);
    return err;
}

/* To the orchestrator, and from there to the market, which must not go on before the requests are
 * in. */
static enum err host_send_wake_done(struct host *host, struct context *context,
                                    const struct executor_view *view,
                                    const struct executor_requests *requests)
{
    const size_t size = requests->count * sizeof(requests->items[0]);
    nng_msg *message =
        message_create(MESSAGE_WAKE_DONE, view->now_ns, sizeof(struct message_wake_done) + size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_wake_done *done = message_body(message);
    *done = (struct message_wake_done){.executor = host->number,
                                       .request_count = (uint32_t)requests->count,
                                       .is_ended = host->executor->status == EXECUTOR_TERMINATED,
                                       .wake = wake_never()};
    if (host_tells_skip(host, requests)) {
        done->skip = requests->skip;
    }
    memcpy(done->requests, requests->items, size);
    if (!done->is_ended) {
        host->executor->kind->wake(host->executor, view, &done->wake);
    }
    return context_post(context, context_parent(context), message);
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

/* Whether a request is one that its executor may make; the orders of one call follow each other. */
static bool host_allows(const struct host *host, const struct executor_request *request,
                        uint32_t next_ordinal)
{
    const struct executor *executor = host->executor;
    if (request->market >= executor->kind->market_count ||
        ledger_find(&executor->ledger, request->ordinal) == NULL) {
        return false;
    }
    return request->kind == REQUEST_CANCEL ||
           (request->ordinal == next_ordinal && decimal_is_valid(request->amount) &&
            decimal_sign(request->amount) > 0 && decimal_is_valid(request->price) &&
            decimal_sign(request->price) >= 0);
}

/* Kinds may come from elsewhere: what makes no sense ends here, before anything has left. */
static enum err host_check(const struct host *host, const struct executor_requests *requests)
{
    if (requests->count > EXECUTOR_REQUESTS_MAX) {
        return ERR_STATE;
    }
    uint32_t placed = 0;
    for (size_t i = 0; i < requests->count; i++) {
        placed += requests->items[i].kind == REQUEST_PLACE ? 1 : 0;
    }
    uint32_t next_ordinal = host->executor->ledger.count - placed + 1;
    for (size_t i = 0; i < requests->count; i++) {
        const struct executor_request *request = &requests->items[i];
        if (!host_allows(host, request, next_ordinal)) {
            log_line(LOG_ERROR, "executor", "%s asks for what makes no sense: order %u", host->id,
                     request->ordinal);
            return ERR_STATE;
        }
        next_ordinal += request->kind == REQUEST_PLACE ? 1 : 0;
    }
    return ERR_NONE;
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
    return err == ERR_NONE ? host_check(host, requests) : err;
}

/* Reports what there is to report after an evaluation. */
static enum err host_tell_state(struct host *host, struct context *context,
                                const struct executor_view *view,
                                const struct executor_requests *requests)
{
    const struct text none = {0};
    if (host->executor->status != host->reported) {
        host->reported = host->executor->status;
        host->is_report_wanted = false;
        return host_send_report(host, context, view, REPORT_STATUS, &none);
    }
    if (host->is_report_wanted) {
        host->is_report_wanted = false;
        return host_send_report(host, context, view, REPORT_WANTED, &none);
    }
    if (host->is_durable && host_has_placed(requests)) {
        return host_send_report(host, context, view, REPORT_STATE, &none);
    }
    return host->is_durable && view->now_ns - host->reported_at_ns >= HOST_STATE_INTERVAL_NS
               ? host_send_change(host, context, view)
               : ERR_NONE;
}

/* The state that a restart needs goes ahead of the orders that came with it. */
static enum err host_tell(struct host *host, struct context *context,
                          const struct executor_view *view,
                          const struct executor_requests *requests)
{
    const enum err err = host_tell_state(host, context, view, requests);
    return err == ERR_NONE ? host_send_wake_done(host, context, view, requests) : err;
}

static enum err host_on_wake(struct host *host, struct context *context,
                             const struct envelope *envelope, const struct message_wake *wake)
{
    const struct executor_view view = host_view(host, envelope->now_ns, wake);
    struct executor_requests requests;
    executor_requests_init(&requests);
    if (host->executor->status == EXECUTOR_NOT_STARTED) {
        host->executor->kind->on_start(host->executor, &view, host->is_funded, &requests);
    }
    enum err err = host_evaluate(host, context, &view, &requests);
    if (err == ERR_NONE) {
        err = host_tell(host, context, &view, &requests);
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

/* What the ledger knows already is left out; the fills of an order come in their order. */
static void host_on_catch_up(struct host *host, const struct message_catch_up *missed,
                             int64_t now_ns)
{
    const struct ledger_order *order = ledger_find(&host->executor->ledger, missed->event.ordinal);
    const bool is_booked = missed->event.kind == ORDER_EVENT_FILL && order != NULL &&
                           decimal_less(missed->executed_before, order->executed);
    const bool is_known = is_booked || (missed->event.kind == ORDER_EVENT_ADOPTED && order != NULL);
    if (!is_known) {
        host->executor->kind->on_order(host->executor, &missed->event, now_ns);
    }
}

/* Orders that the journal does not have were never sent: the orchestrator ends them. */
static enum err host_on_caught_up(struct host *host, struct context *context,
                                  const struct message_caught_up *caught_up, int64_t now_ns)
{
    const struct ledger *ledger = &host->executor->ledger;
    enum err err = ERR_NONE;
    for (uint32_t i = caught_up->order_count; i < ledger->count && err == ERR_NONE; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        const struct message_request never_sent = {.executor = host->number,
                                                   .request = {.kind = REQUEST_PLACE,
                                                               .ordinal = order->ordinal,
                                                               .market = order->market,
                                                               .role = order->role,
                                                               .side = order->side,
                                                               .type = order->type,
                                                               .amount = order->amount,
                                                               .price = order->price}};
        err = message_post(context, context_parent(context), MESSAGE_NEVER_SENT, now_ns,
                           &never_sent, sizeof(never_sent));
    }
    return err;
}

static void host_on_order_events(struct host *host, const struct envelope *envelope,
                                 const struct order_event *events)
{
    for (size_t i = 0; i < envelope->size / sizeof(*events); i++) {
        host->executor->kind->on_order(host->executor, &events[i], envelope->now_ns);
    }
}

static enum err host_receive(struct context *context, void *state, nng_msg **message)
{
    struct host *host = state;
    const struct envelope *envelope = message_envelope(*message);
    const void *body = message_body(*message);
    switch (envelope->kind) {
    case MESSAGE_WAKE:
        return host_on_wake(host, context, envelope, body);
    case MESSAGE_ORDER_EVENTS:
        host_on_order_events(host, envelope, body);
        return ERR_NONE;
    case MESSAGE_EXECUTOR_STOP:
        host->is_stop_pending = true;
        host->keep_position = ((const struct message_executor_stop *)body)->keep_position;
        return ERR_NONE;
    case MESSAGE_CATCH_UP:
        host_on_catch_up(host, body, envelope->now_ns);
        return ERR_NONE;
    case MESSAGE_CAUGHT_UP:
        return host_on_caught_up(host, context, body, envelope->now_ns);
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
