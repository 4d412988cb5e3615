#include "executors/shutdown.h"

#include "executors/mark.h"
#include "executors/recall.h"

/* The place that cancels leave for the close in the requests of a call. */
enum { SHUTDOWN_SPARE = 1 };

/* Gives up: what is owned is kept. The close time stays. */
static void shutdown_give_up(struct executor *executor)
{
    executor->shutdown_mode = SHUTDOWN_FAIL;
    executor->close_type = CLOSE_FAILED;
}

/* The one order that a closing executor lets live: its close, as long as it is in time. */
static bool shutdown_spares(const struct executor *executor, const struct ledger_order *order)
{
    return executor->shutdown_mode == SHUTDOWN_CLOSE && order->role == ROLE_CLOSE &&
           !order->is_timed_out;
}

/* Notes a close that took too long, and gives up when too much went wrong. */
static void shutdown_watch_close(struct executor *executor, int64_t now_ns)
{
    if (executor->shutdown_mode != SHUTDOWN_CLOSE) {
        return;
    }
    struct ledger_order *close = ledger_live(&executor->ledger, ROLE_CLOSE);
    if (close != NULL) {
        recall_time_out(executor, close, now_ns);
    }
    if (executor_is_exhausted(executor)) {
        shutdown_give_up(executor);
    }
}

/* Asks for the cancel of every order that must go, and again when it is still there after 5 s. One
 * request is left for the close; what does not fit goes with the next evaluation. */
static void shutdown_cancel_orders(struct executor *executor, int64_t now_ns,
                                   struct executor_requests *requests)
{
    struct ledger *ledger = &executor->ledger;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = 0; i < ledger->count && unseen > 0; i++) {
        struct ledger_order *order = &ledger->orders[i];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (!shutdown_spares(executor, order)) {
            recall_order(order, now_ns, SHUTDOWN_SPARE, requests);
        }
    }
}

/* What may be sold or bought back now: what is owned minus what live orders may still take. */
static struct decimal shutdown_free(const struct executor *executor, const struct holding *holding)
{
    const struct ledger *ledger = &executor->ledger;
    const struct instrument *instrument = executor->instruments[holding->market];
    struct decimal reserved = DECIMAL_ZERO;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        const struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (order->role == ROLE_TAKE_PROFIT || order->role == ROLE_PARTIAL) {
            reserved = decimal_add(reserved, decimal_subtract(order->amount, order->executed));
        }
    }
    return decimal_floor_to(decimal_subtract(holding->remaining, reserved), instrument->step);
}

static void shutdown_place_close(struct executor *executor, const struct holding *holding,
                                 int64_t now_ns, struct executor_requests *requests)
{
    if (executor->shutdown_mode != SHUTDOWN_CLOSE ||
        ledger_live(&executor->ledger, ROLE_CLOSE) != NULL ||
        requests->count == EXECUTOR_REQUESTS_MAX) {
        return;
    }
    const bool is_waiting = executor_is_waiting(executor, now_ns);
    const struct decimal amount = shutdown_free(executor, holding);
    if (!decimal_is_valid(amount) && !is_waiting) {
        shutdown_give_up(executor);
        return;
    }
    const struct order_draft draft = {
        .market = holding->market,
        .role = ROLE_CLOSE,
        .side = side_opposite(holding->side),
        .type = ORDER_MARKET,
        .amount = amount,
        .action = holding->action,
    };
    if (is_waiting) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
    } else if (!instrument_is_tradable(executor->instruments[holding->market], amount,
                                       holding->mark)) {
        executor_skip_small(executor, requests, &draft);
    } else if (!executor_place(executor, &draft, now_ns, requests)) {
        shutdown_give_up(executor);
    }
}

/* The amount that could be closed if no order were live. */
static struct decimal shutdown_closable(const struct executor *executor,
                                        const struct holding *holding)
{
    return decimal_floor_to(holding->remaining, executor->instruments[holding->market]->step);
}

static void shutdown_terminate(struct executor *executor, struct decimal remaining)
{
    if (executor->shutdown_mode == SHUTDOWN_CLOSE) {
        executor->dust = remaining;
    } else {
        executor->held = remaining;
    }
    if (executor->close_type == CLOSE_POSITION_HOLD && decimal_sign(remaining) == 0) {
        executor->close_type = CLOSE_EARLY_STOP;
    }
    executor_set_status(executor, EXECUTOR_TERMINATED);
}

static void shutdown_end(struct executor *executor, const struct holding *holding)
{
    if (executor->ledger.live_count > 0) {
        return;
    }
    const struct instrument *instrument = executor->instruments[holding->market];
    if (executor->shutdown_mode != SHUTDOWN_CLOSE ||
        !instrument_is_tradable(instrument, shutdown_closable(executor, holding), holding->mark)) {
        shutdown_terminate(executor, holding->remaining);
    }
}

void shutdown_step(struct executor *executor, const struct holding *holding, int64_t now_ns,
                   struct executor_requests *requests)
{
    ASSERT(executor->status == EXECUTOR_SHUTTING_DOWN);
    struct holding known = *holding;
    if (!decimal_is_valid(known.remaining)) {
        /* The fills are in the position book; here the sum has left the range of a decimal. */
        shutdown_give_up(executor);
        known.remaining = DECIMAL_ZERO;
    }
    shutdown_watch_close(executor, now_ns);
    shutdown_cancel_orders(executor, now_ns, requests);
    shutdown_place_close(executor, &known, now_ns, requests);
    shutdown_end(executor, &known);
}

/* The deadlines of the live orders. */
static void shutdown_wake_deadlines(const struct executor *executor, struct wake *wake)
{
    const struct ledger *ledger = &executor->ledger;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        const struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (shutdown_spares(executor, order)) {
            recall_wake_time_out(order, wake);
        } else {
            recall_wake(order, wake);
        }
    }
}

void shutdown_wake(const struct executor *executor, const struct holding *holding, int64_t now_ns,
                   struct wake *wake)
{
    ASSERT(executor->status == EXECUTOR_SHUTTING_DOWN);
    shutdown_wake_deadlines(executor, wake);
    if (executor->shutdown_mode != SHUTDOWN_CLOSE ||
        ledger_live(&executor->ledger, ROLE_CLOSE) != NULL) {
        return;
    }
    if (executor_is_waiting(executor, now_ns)) {
        wake_add_time(wake, executor->retry_at_ns);
    }
    const struct decimal amount = executor->ledger.live_count > 0
                                      ? shutdown_free(executor, holding)
                                      : shutdown_closable(executor, holding);
    if (!decimal_is_valid(amount)) {
        wake->markets[holding->market].every_quote = true;
        return;
    }
    mark_wake_tradable(&wake->markets[holding->market], holding->side, holding->mark,
                       executor->instruments[holding->market], amount);
}
