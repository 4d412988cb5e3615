#include "actors/roles/market_parts.h"
#include "base/log.h"

/* How often a draining looks whether it is over while nothing comes. */
#define LIVE_DRAIN_TICK_NS (50 * NS_PER_MS)

enum { LIVE_TIMER_DRAIN = 1 };

enum err market_live_start(struct market *market, struct context *context)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < market->given.live_count && err == ERR_NONE; i++) {
        err = message_post(context, market->given.live[i], MESSAGE_LIVE_WANTED, 0, NULL, 0);
    }
    return err;
}

static void live_advance(struct market *market, int64_t time_ns)
{
    market->live_ns = time_ns > market->live_ns ? time_ns : market->live_ns;
}

enum err market_live_on_quote(struct market *market, struct context *context,
                              const struct mark *mark, int64_t time_ns)
{
    struct board *board = &market->boards[mark->instrument];
    int64_t bid;
    int64_t ask;
    if (decimal_to_mantissa_floor(mark->bid, board->digits, &bid) != ERR_NONE ||
        decimal_to_mantissa_floor(mark->ask, board->digits, &ask) != ERR_NONE || bid <= 0 ||
        ask < bid) {
        log_line(LOG_WARNING, "market", "a quote of %s is out of range",
                 market->given.instruments[mark->instrument].trading_pair);
        return ERR_NONE;
    }
    board->has_pending = true;
    board->pending_bid = bid;
    board->pending_ask = ask;
    live_advance(market, time_ns);
    *market->given.rows_done = ++market->rows_done;
    return market_live_continue(market, context);
}

enum err market_live_on_time(struct market *market, struct context *context, int64_t time_ns)
{
    live_advance(market, time_ns);
    return market_live_continue(market, context);
}

/* Whether somebody waits for what is on the board of an instrument. */
static bool live_is_reached(const struct market *market, const struct board *board)
{
    const struct tape_levels levels = wake_index_nearest(board->index);
    return board->is_forced || market->chosen_count > 0 || market->given.is_exhaustive ||
           board->bid <= levels.bid_at_most || board->bid >= levels.bid_at_least ||
           board->ask <= levels.ask_at_most || board->ask >= levels.ask_at_least;
}

/* Puts the pending quote of the next instrument that has one on the board; false: none has. */
static bool live_show_next(struct market *market, uint32_t *ret_instrument)
{
    const uint32_t count = (uint32_t)market->given.instrument_count;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t instrument = (market->live_next + i) % count;
        struct board *board = &market->boards[instrument];
        if (board->has_pending) {
            board->has_pending = false;
            board->has_quote = true;
            board->is_changed = true;
            board->time_ns = market->live_ns;
            board->bid = board->pending_bid;
            board->ask = board->pending_ask;
            market->live_next = instrument + 1;
            *ret_instrument = instrument;
            return true;
        }
    }
    return false;
}

/* A step for the next quote that concerns somebody, or for those whom time or a touch concerns. */
static enum err live_step(struct market *market, struct context *context)
{
    const bool is_due = market_next_time(market) <= market->live_ns;
    uint32_t instrument;
    while (live_show_next(market, &instrument)) {
        market->now_ns = market->live_ns;
        if (is_due || live_is_reached(market, &market->boards[instrument])) {
            return market_begin_step(market, context, instrument);
        }
    }
    if ((is_due || market->chosen_count > 0) && market->live_ns > 0) {
        market->now_ns = market->live_ns;
        return market_begin_step(market, context, STEP_NO_INSTRUMENT);
    }
    return ERR_NONE;
}

/* While draining every quote is a step, and so is every tick: the orchestrator goes on stopping. */
static enum err live_drain(struct market *market, struct context *context, bool is_tick)
{
    uint32_t instrument;
    if (market->live_ns == 0) {
        live_advance(market, 1); /* No venue has told the time yet; real time may be far ahead. */
    }
    if (live_show_next(market, &instrument)) {
        market->now_ns = market->live_ns;
        return market_begin_step(market, context, instrument);
    }
    if (!is_tick && market->chosen_count == 0 && market->drain_ticks > 0) {
        return ERR_NONE;
    }
    market->now_ns = market->live_ns;
    return market_begin_step(market, context, STEP_NO_INSTRUMENT);
}

enum err market_live_continue(struct market *market, struct context *context)
{
    if (market->phase != MARKET_IDLE) {
        return ERR_NONE;
    }
    if (!market->is_draining) {
        return live_step(market, context);
    }
    enum err err = live_drain(market, context, false);
    if (market->drain_ticks == 0 && err == ERR_NONE) {
        market->drain_ticks = 1;
        err = context_timer(context, LIVE_TIMER_DRAIN,
                            instant_add(context_now(context), LIVE_DRAIN_TICK_NS));
    }
    return err;
}

enum err market_live_on_timer(struct market *market, struct context *context)
{
    if (market->phase == MARKET_ENDED) {
        return ERR_NONE;
    }
    market->drain_ticks++;
    market->is_last = market->drain_ticks > MARKET_LIVE_DRAIN_NS / LIVE_DRAIN_TICK_NS;
    enum err err = ERR_NONE;
    if (market->phase == MARKET_IDLE) {
        err = live_drain(market, context, true);
    }
    return err == ERR_NONE ? context_timer(context, LIVE_TIMER_DRAIN,
                                           instant_add(context_now(context), LIVE_DRAIN_TICK_NS))
                           : err;
}
