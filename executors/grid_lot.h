/*
 * executors/grid_lot.h - what a level owns, at average cost.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_GRID_LOT_H
#define TUTTI_EXECUTORS_GRID_LOT_H

#include "executors/grid.h"

/* Books a fill of an order of the grid, after the ledger has: an opening fill grows the lot of the
 * order's level, a closing one takes from it and realizes the difference. A close of everything
 * takes from the levels in their order. */
void grid_lot_book(struct grid *grid, const struct ledger_order *order, const struct fill *fill);

/* Computes what follows from the lots, and is read with every quote: their sum, and which are
 * enough for an order. After every change of one. */
void grid_lot_weigh(struct grid *grid);

#endif
