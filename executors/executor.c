#include "executors/executor.h"

#include "executors/snapshot.h"

enum {
    EXECUTOR_SNAPSHOT_VERSION = 2,
    RETRY_WAIT_MAX_S = 30,
    RETRY_EXPONENT_MAX = 5, /* 2^5 is beyond the longest wait already. */
    WITHHELD_WAIT_MAX_S = 300,
};

const struct field_name executor_status_names[] = {
    {"NOT_STARTED", EXECUTOR_NOT_STARTED},
    {"RUNNING", EXECUTOR_RUNNING},
    {"SHUTTING_DOWN", EXECUTOR_SHUTTING_DOWN},
    {"TERMINATED", EXECUTOR_TERMINATED},
    {NULL, 0},
};

const struct field_name close_type_names[] = {
    {"TIME_LIMIT", CLOSE_TIME_LIMIT},
    {"STOP_LOSS", CLOSE_STOP_LOSS},
    {"TAKE_PROFIT", CLOSE_TAKE_PROFIT},
    {"EXPIRED", CLOSE_EXPIRED},
    {"EARLY_STOP", CLOSE_EARLY_STOP},
    {"TRAILING_STOP", CLOSE_TRAILING_STOP},
    {"INSUFFICIENT_BALANCE", CLOSE_INSUFFICIENT_BALANCE},
    {"FAILED", CLOSE_FAILED},
    {"COMPLETED", CLOSE_COMPLETED},
    {"POSITION_HOLD", CLOSE_POSITION_HOLD},
    {NULL, 0},
};

const struct field_name skip_reason_names[] = {
    {"bounds", SKIP_BOUNDS},
    {"below_min_size", SKIP_BELOW_MIN_SIZE},
    {"below_min_notional", SKIP_BELOW_MIN_NOTIONAL},
    {"risk", SKIP_RISK},
    {"retry_wait", SKIP_RETRY_WAIT},
    {"balance", SKIP_BALANCE},
    {"depth", SKIP_DEPTH},
    {NULL, 0},
};

void executor_init(struct executor *executor, const struct executor_kind *kind,
                   const struct executor_config *config,
                   const struct instrument *const instruments[WAKE_MARKETS_MAX])
{
    ASSERT(kind->market_count <= WAKE_MARKETS_MAX);
    executor->kind = kind;
    executor->config = config;
    for (uint32_t i = 0; i < kind->market_count; i++) {
        executor->instruments[i] = instruments[i];
    }
    executor->status = EXECUTOR_NOT_STARTED;
}

void executor_identify(struct executor *executor, uint64_t epoch, uint32_t number)
{
    executor->epoch = epoch;
    executor->number = number;
}

struct order_id executor_order_id(const struct executor *executor, uint32_t ordinal)
{
    const struct ledger_order *order = ledger_find(&executor->ledger, ordinal);
    ASSERT(order != NULL);
    return (struct order_id){order->epoch, executor->number, ordinal};
}

void executor_done(struct executor *executor)
{
    ledger_done(&executor->ledger);
}

void executor_requests_init(struct executor_requests *requests)
{
    requests->count = 0;
    requests->skip.reason = SKIP_NONE;
}

static bool executor_may_become(enum executor_status from, enum executor_status to)
{
    switch (from) {
    case EXECUTOR_NOT_STARTED:
        return to == EXECUTOR_RUNNING || to == EXECUTOR_TERMINATED;
    case EXECUTOR_RUNNING:
        return to == EXECUTOR_SHUTTING_DOWN;
    case EXECUTOR_SHUTTING_DOWN:
        return to == EXECUTOR_TERMINATED;
    case EXECUTOR_TERMINATED:
        return false;
    }
    return false;
}

void executor_set_status(struct executor *executor, enum executor_status status)
{
    ASSERT(executor_may_become(executor->status, status));
    executor->status = status;
}

void executor_leave(struct executor *executor, enum close_type close_type, enum shutdown_mode mode,
                    int64_t now_ns)
{
    ASSERT(close_type != CLOSE_NONE && mode != SHUTDOWN_NONE);
    executor_set_status(executor, EXECUTOR_SHUTTING_DOWN);
    executor->close_type = close_type;
    executor->shutdown_mode = mode;
    executor->closed_at_ns = now_ns;
}

void executor_count_retry(struct executor *executor, int64_t now_ns)
{
    const uint32_t exponent =
        executor->retries < RETRY_EXPONENT_MAX ? executor->retries : RETRY_EXPONENT_MAX;
    int64_t wait_s = INT64_C(1) << exponent;
    wait_s = wait_s < RETRY_WAIT_MAX_S ? wait_s : RETRY_WAIT_MAX_S;
    executor->retries += executor->retries < UINT32_MAX ? 1 : 0;
    executor->retry_at_ns = instant_add(now_ns, wait_s * NS_PER_S);
}

bool executor_is_waiting(const struct executor *executor, int64_t now_ns)
{
    return executor->retry_at_ns != 0 && now_ns < executor->retry_at_ns;
}

/* The end of both waits; 0: there is none. */
static int64_t executor_open_at(const struct executor *executor)
{
    return executor->open_at_ns > executor->retry_at_ns ? executor->open_at_ns
                                                        : executor->retry_at_ns;
}

bool executor_is_waiting_to_open(const struct executor *executor, int64_t now_ns)
{
    const int64_t open_at_ns = executor_open_at(executor);
    return open_at_ns != 0 && now_ns < open_at_ns;
}

void executor_wake_to_open(const struct executor *executor, int64_t now_ns, struct wake *wake)
{
    if (executor_is_waiting_to_open(executor, now_ns)) {
        wake_add_time(wake, executor_open_at(executor));
    }
}

bool executor_is_exhausted(const struct executor *executor)
{
    return (int64_t)executor->retries > executor->config->max_retries;
}

/* In hedge mode every order says what it does: unless the kind knows better, the orders of role
 * OPEN open and all others close. */
static enum position_action executor_action(const struct executor *executor,
                                            const struct order_draft *draft)
{
    if (draft->action != POSITION_ACTION_NIL || !executor->instruments[draft->market]->is_hedged) {
        return draft->action;
    }
    return draft->role == ROLE_OPEN ? POSITION_ACTION_OPEN : POSITION_ACTION_CLOSE;
}

bool executor_place(struct executor *executor, const struct order_draft *draft, int64_t now_ns,
                    struct executor_requests *requests)
{
    ASSERT(decimal_sign(draft->amount) > 0);
    ASSERT(requests->count < EXECUTOR_REQUESTS_MAX);
    struct ledger_order *order = ledger_place(&executor->ledger, draft, now_ns);
    if (order == NULL) {
        return false;
    }
    order->epoch = executor->epoch;
    requests->items[requests->count++] = (struct executor_request){
        .kind = REQUEST_PLACE,
        .ordinal = order->ordinal,
        .market = order->market,
        .role = order->role,
        .side = order->side,
        .type = order->type,
        .amount = order->amount,
        .price = order->price,
        .time_in_force = draft->time_in_force,
        .action = executor_action(executor, draft),
        .leverage = draft->leverage,
    };
    return true;
}

void executor_skip(struct executor_requests *requests, const struct order_draft *draft,
                   enum skip_reason reason)
{
    if (requests->skip.reason != SKIP_NONE || !decimal_is_valid(draft->amount) ||
        decimal_sign(draft->amount) <= 0) {
        return;
    }
    requests->skip = (struct executor_skip){.reason = reason,
                                            .market = draft->market,
                                            .role = draft->role,
                                            .side = draft->side,
                                            .type = draft->type,
                                            .amount = draft->amount,
                                            .price = draft->price};
}

void executor_skip_small(const struct executor *executor, struct executor_requests *requests,
                         const struct order_draft *draft)
{
    const struct instrument *instrument = executor->instruments[draft->market];
    const bool is_small =
        decimal_is_valid(draft->amount) && decimal_less(draft->amount, instrument->min_order_size);
    executor_skip(requests, draft, is_small ? SKIP_BELOW_MIN_SIZE : SKIP_BELOW_MIN_NOTIONAL);
}

void executor_cancel(struct ledger_order *order, int64_t now_ns, struct executor_requests *requests)
{
    ASSERT(ledger_order_is_live(order));
    ASSERT(requests->count < EXECUTOR_REQUESTS_MAX);
    order->is_cancel_requested = true;
    order->cancel_requested_at_ns = now_ns;
    order->is_changed = true;
    requests->items[requests->count++] = (struct executor_request){
        .kind = REQUEST_CANCEL,
        .ordinal = order->ordinal,
        .market = order->market,
        .role = order->role,
        .side = order->side,
        .type = order->type,
    };
}

/* The plan is over when the venue has closed the position: what is left of it is closed as well, or
 * kept when the ledger has no room for the order. */
static void executor_adopt(struct executor *executor, const struct order_event *event,
                           int64_t now_ns)
{
    const struct order_draft draft = {.market = event->market,
                                      .role = ROLE_CLOSE,
                                      .side = event->fill.side,
                                      .type = ORDER_MARKET,
                                      .amount = event->fill.amount};
    struct ledger_order *order = ledger_place(&executor->ledger, &draft, now_ns);
    if (order != NULL) {
        ASSERT(order->ordinal == event->ordinal);
        order->epoch = event->fill.order.epoch;
        (void)ledger_set_state(&executor->ledger, order, LEDGER_ACKNOWLEDGED);
    }
    if (executor->status == EXECUTOR_RUNNING) {
        executor_leave(executor, CLOSE_FAILED, order != NULL ? SHUTDOWN_CLOSE : SHUTDOWN_FAIL,
                       now_ns);
        executor->retries = 0; /* The orders that the venue canceled with it were no failures. */
        executor->retry_at_ns = 0;
    }
}

/* An order has ended without being asked to. */
static void executor_set_back(struct executor *executor, const struct ledger_order *order,
                              bool is_withheld, int64_t now_ns)
{
    if (is_withheld && executor->kind->market_count == 1) {
        int64_t *end = order->role == ROLE_OPEN ? &executor->open_at_ns : &executor->retry_at_ns;
        *end = instant_add(now_ns, WITHHELD_WAIT_MAX_S * NS_PER_S);
    } else {
        executor_count_retry(executor, now_ns);
    }
}

void executor_on_order(struct executor *executor, const struct order_event *event, int64_t now_ns)
{
    if (event->kind == ORDER_EVENT_ADOPTED) {
        executor_adopt(executor, event, now_ns);
        return;
    }
    if (event->kind == ORDER_EVENT_RELEASED) {
        executor->retry_at_ns = 0;
        executor->open_at_ns = 0;
        executor->ledger.changes++; /* What was made of the waits is made anew. */
        return;
    }
    struct ledger *ledger = &executor->ledger;
    struct ledger_order *order = ledger_find(ledger, event->ordinal);
    if (order == NULL) {
        return;
    }
    switch (event->kind) {
    case ORDER_EVENT_ACKNOWLEDGED:
        (void)ledger_set_state(ledger, order, LEDGER_ACKNOWLEDGED);
        break;
    case ORDER_EVENT_FILL:
        ledger_fill(ledger, event->ordinal, &event->fill);
        break;
    case ORDER_EVENT_COMPLETED:
        (void)ledger_set_state(ledger, order, LEDGER_FILLED);
        break;
    case ORDER_EVENT_FAILED:
        if (ledger_set_state(ledger, order, LEDGER_FAILED)) {
            executor_set_back(executor, order, event->is_withheld, now_ns);
        }
        break;
    case ORDER_EVENT_CANCELED:
        if (ledger_set_state(ledger, order, LEDGER_CANCELED) && !order->is_cancel_requested) {
            executor_set_back(executor, order, event->is_withheld, now_ns);
        }
        break;
    case ORDER_EVENT_ADOPTED:
    case ORDER_EVENT_RELEASED:
        break; /* Dealt with above: they have no order in the ledger. */
    }
}

/* Everything but the orders. */
static void executor_save_words(const struct executor *executor, struct text *out)
{
    json_object_begin(out);
    json_put_int(out, "version", EXECUTOR_SNAPSHOT_VERSION);
    json_put_string(out, "type", executor->kind->type);
    json_put_int(out, "status", executor->status);
    json_put_int(out, "close_type", executor->close_type);
    json_put_int(out, "shutdown_mode", executor->shutdown_mode);
    snapshot_put_int64(out, "closed_at_ns", executor->closed_at_ns);
    json_put_int(out, "retries", executor->retries);
    snapshot_put_int64(out, "retry_at_ns", executor->retry_at_ns);
    snapshot_put_int64(out, "open_at_ns", executor->open_at_ns);
    json_put_decimal(out, "held", executor->held);
    json_put_decimal(out, "dust", executor->dust);
    executor->kind->save(executor, out);
    json_key(out, "ledger");
}

void executor_save(const struct executor *executor, struct text *out)
{
    executor_save_words(executor, out);
    ledger_save(&executor->ledger, out);
    json_object_end(out);
}

size_t executor_save_changes(const struct executor *executor, struct text *out)
{
    executor_save_words(executor, out);
    const size_t orders = out->length;
    ledger_save_changes(&executor->ledger, out);
    json_object_end(out);
    return orders;
}

void executor_forget_changes(struct executor *executor)
{
    ledger_forget_changes(&executor->ledger);
}

/* Reads the enums and counters. */
static enum err executor_load_words(struct executor *executor, const struct node *node)
{
    int64_t status;
    int64_t close_type;
    int64_t mode;
    int64_t retries;
    if (snapshot_get_between(node, "status", EXECUTOR_NOT_STARTED, EXECUTOR_TERMINATED, &status) !=
            ERR_NONE ||
        snapshot_get_between(node, "close_type", CLOSE_NONE, CLOSE_POSITION_HOLD, &close_type) !=
            ERR_NONE ||
        snapshot_get_between(node, "shutdown_mode", SHUTDOWN_NONE, SHUTDOWN_FAIL, &mode) !=
            ERR_NONE ||
        snapshot_get_between(node, "retries", 0, UINT32_MAX, &retries) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    /* A running executor has no reason to be closed yet, a closing one always has. */
    const bool is_open = status == EXECUTOR_NOT_STARTED || status == EXECUTOR_RUNNING;
    const bool has_mode = mode != SHUTDOWN_NONE;
    if (is_open != (close_type == CLOSE_NONE) || (is_open && has_mode) ||
        (status == EXECUTOR_SHUTTING_DOWN && !has_mode)) {
        return ERR_CORRUPT;
    }
    executor->status = (enum executor_status)status;
    executor->close_type = (enum close_type)close_type;
    executor->shutdown_mode = (enum shutdown_mode)mode;
    executor->retries = (uint32_t)retries;
    return ERR_NONE;
}

enum err executor_load_orders(struct executor *executor, const struct node *node)
{
    ASSERT(executor->status == EXECUTOR_NOT_STARTED);
    int64_t version;
    if (snapshot_get_int64(node, "version", &version) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    if (version != EXECUTOR_SNAPSHOT_VERSION) {
        return ERR_VERSION;
    }
    return ledger_load(&executor->ledger, node_get(node, "ledger"));
}

/* States that were written before nothing was withheld do not have it. */
static enum err executor_load_open_at(struct executor *executor, const struct node *node)
{
    return node_get(node, "open_at_ns") == NULL
               ? ERR_NONE
               : snapshot_get_int64(node, "open_at_ns", &executor->open_at_ns);
}

enum err executor_load(struct executor *executor, const struct node *node)
{
    const enum err err = executor_load_orders(executor, node);
    if (err != ERR_NONE) {
        return err;
    }
    if (executor_load_words(executor, node) != ERR_NONE ||
        snapshot_get_int64(node, "closed_at_ns", &executor->closed_at_ns) != ERR_NONE ||
        snapshot_get_int64(node, "retry_at_ns", &executor->retry_at_ns) != ERR_NONE ||
        executor_load_open_at(executor, node) != ERR_NONE ||
        snapshot_get_decimal(node, "held", &executor->held) != ERR_NONE ||
        snapshot_get_decimal(node, "dust", &executor->dust) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    ledger_forget_changes(&executor->ledger); /* They come from where changes are written. */
    return executor->kind->load(executor, node);
}
