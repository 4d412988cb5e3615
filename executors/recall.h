/*
 * executors/recall.h - taking orders back, and how long an executor waits for a market order.
 *
 * A cancel is asked for once and, while the order is still there, again every 5 s. A market order
 * that is not done after 30 s is timed out: that counts a retry, once, and it is taken back. What a
 * call has no room left for waits for the next one.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_RECALL_H
#define TUTTI_EXECUTORS_RECALL_H

#include "executors/executor.h"

/* Asks for the cancel of a live order unless it was asked for in the last 5 s. `spare` places in
 * `requests` are left free. */
void recall_order(struct ledger_order *order, int64_t now_ns, size_t spare,
                  struct executor_requests *requests);

/* When recall_order() has something to do for an order that must go. */
void recall_wake(const struct ledger_order *order, struct wake *wake);

/* Notes a live MARKET order whose time is over and counts a retry for it. */
void recall_time_out(struct executor *executor, struct ledger_order *order, int64_t now_ns);

/* When recall_time_out() has something to do for a live MARKET order in time. */
void recall_wake_time_out(const struct ledger_order *order, struct wake *wake);

#endif
