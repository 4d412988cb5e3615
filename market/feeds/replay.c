#include "market/feeds/replay.h"

#include <stdlib.h>

#include "base/instant.h"
#include "market/feeds/depth.h"
#include "market/feeds/trades.h"

struct replay {
    struct trades_reader *trades; /* Owned, NULL: none, or at its end. */
    struct depth_reader *depth;   /* Owned, NULL: none, or at its end. */
    struct trade trade;           /* Read ahead. */
    struct book_message message;  /* Read ahead. */
    bool has_trade;
    bool has_message;
    int64_t depth_ns; /* Of the last message. */
};

enum err replay_open(const char *trades_path, const char *depth_path, struct replay **ret_replay,
                     struct failure *failure)
{
    struct replay *replay = calloc(1, sizeof(*replay));
    if (replay == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory for trades and depth");
    }
    replay->depth_ns = INT64_MIN;
    enum err err = ERR_NONE;
    if (trades_path != NULL) {
        err = trades_open(trades_path, &replay->trades, failure);
    }
    if (depth_path != NULL && err == ERR_NONE) {
        err = depth_open(depth_path, &replay->depth, failure);
    }
    if (err != ERR_NONE) {
        replay_close(replay);
        return err;
    }
    *ret_replay = replay;
    return ERR_NONE;
}

void replay_close(struct replay *replay)
{
    if (replay != NULL) {
        trades_close(replay->trades);
        depth_close(replay->depth);
        free(replay);
    }
}

static enum err replay_read_trade(struct replay *replay, struct failure *failure)
{
    if (replay->has_trade || replay->trades == NULL) {
        return ERR_NONE;
    }
    const enum err err = trades_next(replay->trades, &replay->trade, failure);
    replay->has_trade = err == ERR_NONE;
    if (err == ERR_END) {
        trades_close(replay->trades);
        replay->trades = NULL;
        return ERR_NONE;
    }
    return err;
}

static enum err replay_read_message(struct replay *replay, struct failure *failure)
{
    if (replay->has_message || replay->depth == NULL) {
        return ERR_NONE;
    }
    const enum err err = depth_next(replay->depth, &replay->message, failure);
    replay->has_message = err == ERR_NONE;
    if (err == ERR_END) {
        depth_close(replay->depth);
        replay->depth = NULL;
        return ERR_NONE;
    }
    /* Recorded as it was received, a message may be older than the one before it. */
    const int64_t time_ns = replay->message.time_ns;
    if (err == ERR_NONE && time_ns > replay->depth_ns && time_ns != 0) {
        replay->depth_ns = time_ns;
    }
    return err;
}

enum err replay_next(struct replay *replay, int64_t until_ns, struct replay_event *ret_event,
                     struct failure *failure)
{
    enum err err = replay_read_trade(replay, failure);
    if (err == ERR_NONE) {
        err = replay_read_message(replay, failure);
    }
    if (err != ERR_NONE) {
        return err;
    }
    const int64_t trade_ns = replay->has_trade ? replay->trade.time_ns : INSTANT_NEVER;
    const int64_t depth_ns = replay->has_message ? replay->depth_ns : INSTANT_NEVER;
    if (replay->has_trade && trade_ns <= depth_ns && trade_ns <= until_ns) {
        replay->has_trade = false;
        *ret_event = (struct replay_event){.kind = REPLAY_TRADE, .trade = replay->trade};
        return ERR_NONE;
    }
    if (replay->has_message && depth_ns <= trade_ns && depth_ns <= until_ns) {
        replay->has_message = false;
        *ret_event = (struct replay_event){.kind = REPLAY_DEPTH, .depth = replay->message};
        ret_event->depth.time_ns = depth_ns == INT64_MIN ? 0 : depth_ns;
        return ERR_NONE;
    }
    return ERR_END;
}
