/*
 * market/feeds/trades.h - recorded trades with their takers: a CSV, row by row.
 *
 * Columns: price, qty (or quantity), time, is_buyer_maker (true: the taker sold). Others are passed
 * over.
 *
 * Threads: a reader belongs to one thread.
 */
#ifndef TUTTI_MARKET_FEEDS_TRADES_H
#define TUTTI_MARKET_FEEDS_TRADES_H

#include "base/err.h"
#include "market/trade.h"

struct trades_reader; /* Opaque: the columns live in trades.c. */

/* Opens the CSV. Errors are those of csv_open() and csv_column(). */
MUST_USE enum err trades_open(const char *path, struct trades_reader **ret_reader,
                              struct failure *failure);
void trades_close(struct trades_reader *reader);

/*
 * The next trade. ERR_END after the last one; ERR_SYNTAX for a price or an amount that is not > 0
 * and for a taker that is neither true nor false, ERR_RANGE for time going backwards; others as
 * csv_next(). After an error the reader is only good for trades_close().
 */
MUST_USE enum err trades_next(struct trades_reader *reader, struct trade *ret_trade,
                              struct failure *failure);

#endif
