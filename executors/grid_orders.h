/*
 * executors/grid_orders.h - the orders of a running grid: which levels open, close and withdraw.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GRID_ORDERS_H
#define TUTTI_EXECUTORS_GRID_ORDERS_H

#include "executors/grid_moment.h"

/*
 * Places the closing orders of filled levels, then opening orders nearest to the mid price first,
 * then cancels what the market has left behind. Never more requests than fit: the rest follows with
 * the next evaluation, which grid_orders_wake() asks for at once. False: the ledger takes no more.
 */
MUST_USE bool grid_orders_step(struct grid *grid, const struct grid_moment *moment,
                               struct executor_requests *requests);

/* When grid_orders_step() could act next. The end of a retry wait is the caller's. */
void grid_orders_wake(const struct grid *grid, const struct grid_moment *moment, struct wake *wake);

#endif
