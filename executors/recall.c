#include "executors/recall.h"

#define RECALL_REPEAT_NS (5 * NS_PER_S)
#define RECALL_DEADLINE_NS (30 * NS_PER_S)

static int64_t recall_repeat_at(const struct ledger_order *order)
{
    return instant_add(order->cancel_requested_at_ns, RECALL_REPEAT_NS);
}

void recall_order(struct ledger_order *order, int64_t now_ns, size_t spare,
                  struct executor_requests *requests)
{
    const bool is_due = !order->is_cancel_requested || now_ns >= recall_repeat_at(order);
    if (is_due && requests->count + spare < EXECUTOR_REQUESTS_MAX) {
        executor_cancel(order, now_ns, requests);
    }
}

void recall_wake(const struct ledger_order *order, struct wake *wake)
{
    /* What was never asked for is due at once. */
    wake_add_time(wake, order->is_cancel_requested ? recall_repeat_at(order) : order->placed_at_ns);
}

void recall_time_out(struct executor *executor, struct ledger_order *order, int64_t now_ns)
{
    if (!order->is_timed_out && now_ns >= instant_add(order->placed_at_ns, RECALL_DEADLINE_NS)) {
        order->is_timed_out = true;
        order->is_changed = true;
        executor_count_retry(executor, now_ns);
    }
}

void recall_wake_time_out(const struct ledger_order *order, struct wake *wake)
{
    wake_add_time(wake, instant_add(order->placed_at_ns, RECALL_DEADLINE_NS));
}
