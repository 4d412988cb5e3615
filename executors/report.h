/*
 * executors/report.h - the figures of a position, as reports and custom_info show them.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_REPORT_H
#define TUTTI_EXECUTORS_REPORT_H

#include "executors/moment.h"

/* Fills a report from the figures of a position. What is beyond the range of a decimal is shown as
 * 0. */
void report_position(const struct executor *executor, const struct moment *moment,
                     struct executor_report *ret_report);

/* The decimal, or null when there is none or it is beyond the range of a decimal. */
void report_put_optional(struct text *out, const char *key, bool is_there, struct decimal value);

enum { REPORT_ORDERS_MAX = 100 };

/* The members order_ids (those of the latest REPORT_ORDERS_MAX orders) and, of those with
 * fills, held_position_orders; the latter is empty while nothing is handed over. */
void report_put_orders(const struct executor *executor, struct text *out);

#endif
