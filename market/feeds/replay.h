/*
 * market/feeds/replay.h - recorded trades and depth of one market, as one stream in order of time.
 *
 * Trades come before depth of the same millisecond: the depth shows what the trades have left. A
 * depth message without a time of the venue, or with an earlier one than the message before it, has
 * the time of that one; the first is due at once.
 *
 * Threads: belongs to one thread.
 */
#ifndef TUTTI_MARKET_FEEDS_REPLAY_H
#define TUTTI_MARKET_FEEDS_REPLAY_H

#include "base/err.h"
#include "market/book.h"
#include "market/trade.h"

enum replay_kind { REPLAY_TRADE, REPLAY_DEPTH };

struct replay_event {
    enum replay_kind kind;
    struct trade trade;
    struct book_message depth; /* Its changes are borrowed until the next call. */
};

struct replay; /* Opaque: the readers live in replay.c. */

/* Opens the recordings; NULL for one that there is not. Errors are those of trades_open() and
 * depth_open(). */
MUST_USE enum err replay_open(const char *trades_path, const char *depth_path,
                              struct replay **ret_replay, struct failure *failure);
void replay_close(struct replay *replay);

/* The next event that is not later than until_ns. ERR_END: there is none (yet). Others as
 * trades_next() and depth_next(). */
MUST_USE enum err replay_next(struct replay *replay, int64_t until_ns,
                              struct replay_event *ret_event, struct failure *failure);

#endif
