#include "actors/roles/market.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/market_parts.h"

enum { MARKET_VENUE_SLEEPER = 0 };

static enum err market_start(struct context *context, void *state, void *arguments)
{
    struct market *market = state;
    market->given = *(const struct market_arguments *)arguments;
    market->alarm_ns = INSTANT_NEVER;
    market->boards = calloc(market->given.instrument_count, sizeof(*market->boards));
    if (market->boards == NULL || wake_times_create(&market->times) != ERR_NONE) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < market->given.instrument_count; i++) {
        struct board *board = &market->boards[i];
        board->is_forced = true;
        board->venue_at_ns = INSTANT_NEVER;
        board->digits = market->given.price_digits[i];
        if (wake_index_create(board->digits, &board->index) != ERR_NONE) {
            return ERR_MEMORY;
        }
    }
    return market_is_live(market)
               ? market_live_start(market, context)
               : message_post(context, market->given.feed, MESSAGE_QUOTES_WANTED, 0, NULL, 0);
}

static void market_stop(struct context *context, void *state)
{
    (void)context;
    struct market *market = state;
    for (size_t i = 0; market->boards != NULL && i < market->given.instrument_count; i++) {
        wake_index_destroy(market->boards[i].index);
        free(market->boards[i].depth);
    }
    free(market->boards);
    wake_times_destroy(market->times);
    free(market->sleepers);
    free(market->chosen);
    free(market->waking);
    *market = (struct market){.phase = MARKET_ENDED};
}

/* ---- Who is woken ---- */

static int market_compare_numbers(const void *a, const void *b)
{
    const uint32_t left = *(const uint32_t *)a;
    const uint32_t right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static struct mark market_mark(const struct market *market, uint32_t instrument)
{
    const struct board *board = &market->boards[instrument];
    return (struct mark){.instrument = instrument,
                         .time_ns = board->time_ns,
                         .bid = decimal_from_mantissa(board->bid, board->digits),
                         .ask = decimal_from_mantissa(board->ask, board->digits)};
}

/* ---- The steps ---- */

enum err market_begin_step(struct market *market, struct context *context, uint32_t instrument)
{
    ASSERT(market->phase == MARKET_IDLE);
    uint32_t changed = 0;
    for (size_t i = 0; i < market->given.instrument_count; i++) {
        changed += market->boards[i].is_changed ? 1 : 0;
    }
    nng_msg *message = message_create(MESSAGE_STEP, market->now_ns,
                                      sizeof(struct message_step) + changed * sizeof(struct mark));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_step *step = message_body(message);
    *step = (struct message_step){.instrument = instrument,
                                  .is_draining = market->is_draining,
                                  .is_last = market->is_last,
                                  .reason = market->reason};
    for (uint32_t i = 0; i < market->given.instrument_count; i++) {
        if (market->boards[i].is_changed) {
            market->boards[i].is_changed = false;
            step->marks[step->mark_count++] = market_mark(market, i);
        }
    }
    if (instrument != STEP_NO_INSTRUMENT) {
        market->boards[instrument].is_forced = false;
        step->depth_to =
            market->boards[instrument].depth == NULL ? ACTOR_NOBODY : context_self(context);
    }
    market->phase = MARKET_STEPPING;
    return context_post(context, market->given.orchestrator, message);
}

/* Puts row `index` of the chunk on the board. */
static void market_show(struct market *market, size_t index)
{
    const struct tape_columns *columns = tape_columns_of(market->rows.tape);
    struct board *board = &market->boards[market->rows.instrument];
    board->has_quote = true;
    board->is_changed = true;
    board->time_ns = columns->time_ns[index];
    board->bid = columns->bid[index];
    board->ask = columns->ask[index];
}

int64_t market_next_time(const struct market *market)
{
    const int64_t executors_ns = wake_times_nearest(market->times);
    return executors_ns < market->alarm_ns ? executors_ns : market->alarm_ns;
}

/* The first row of the chunk that concerns somebody, or its end. */
static size_t market_find_row(const struct market *market, int64_t at_ns)
{
    const struct message_quotes *rows = &market->rows;
    const struct board *board = &market->boards[rows->instrument];
    if (board->is_forced || market->chosen_count > 0 || market->given.is_exhaustive) {
        return rows->first;
    }
    const struct tape_levels levels = wake_index_nearest(board->index);
    const int64_t until_ns = at_ns < board->venue_at_ns ? at_ns : board->venue_at_ns;
    return tape_next(rows->tape, rows->first, rows->end, &levels, until_ns);
}

/* Progress and the request for more. */
static enum err market_finish_chunk(struct market *market, struct context *context)
{
    market->has_rows = false;
    *market->given.rows_done = market->rows_done;
    if (!actor_ref_is_nobody(market->given.progress)) {
        const struct message_progress progress = {.rows_done = market->rows_done,
                                                  .rows_total = market->given.rows_total};
        const enum err err = message_post(context, market->given.progress, MESSAGE_PROGRESS,
                                          market->now_ns, &progress, sizeof(progress));
        if (err != ERR_NONE) {
            return err;
        }
    }
    return message_post(context, market->given.feed, MESSAGE_QUOTES_WANTED, 0, NULL, 0);
}

/* Moves to row `index`, whose predecessors concerned nobody. */
static void market_skip_to(struct market *market, size_t index)
{
    if (index > market->rows.first) {
        market_show(market, index - 1);
        market->now_ns = market->boards[market->rows.instrument].time_ns;
    }
    market->rows_done += index - market->rows.first;
    market->rows.first = index;
}

/* Goes on through the chunk until a step begins or the rows are used up. */
static enum err market_scan(struct market *market, struct context *context)
{
    const int64_t at_ns = market_next_time(market);
    const size_t row = market_find_row(market, at_ns);
    market_skip_to(market, row);
    if (row == market->rows.end) {
        return market_finish_chunk(market, context);
    }
    const int64_t row_ns = tape_columns_of(market->rows.tape)->time_ns[row];
    if (at_ns < row_ns) {
        /* Somebody's time comes before the row: with the board as it stands. */
        market->now_ns = at_ns > market->now_ns ? at_ns : market->now_ns;
        return market_begin_step(market, context, STEP_NO_INSTRUMENT);
    }
    market_skip_to(market, row + 1);
    return market_begin_step(market, context, market->rows.instrument);
}

/* Repeats the last quote of the next instrument; a second passes per round. */
static enum err market_drain(struct market *market, struct context *context)
{
    if (market->alarm_ns <= market->now_ns) {
        return market_begin_step(market, context, STEP_NO_INSTRUMENT);
    }
    if (market->drain_instrument == 0) {
        market->is_last = ++market->drain_steps > MARKET_DRAIN_STEPS_MAX;
        market->now_ns = instant_add(market->now_ns, MARKET_DRAIN_INTERVAL_NS);
    }
    const uint32_t instrument = market->drain_instrument;
    market->drain_instrument = (instrument + 1) % (uint32_t)market->given.instrument_count;
    struct board *board = &market->boards[instrument];
    if (!board->has_quote || market->is_last) {
        return market_begin_step(market, context, STEP_NO_INSTRUMENT);
    }
    board->time_ns = market->now_ns;
    board->is_changed = true;
    return market_begin_step(market, context, instrument);
}

/* What comes next when nothing is under way. */
static enum err market_continue(struct market *market, struct context *context)
{
    if (market->phase != MARKET_IDLE) {
        return ERR_NONE;
    }
    if (market_is_live(market)) {
        return market_live_continue(market, context);
    }
    if (market->awaited > 0) {
        return ERR_NONE;
    }
    if (market->is_feed_ended && !market->is_draining) {
        market->is_draining = true;
        market->reason = SHUTDOWN_END_OF_FEED;
    }
    if (market->is_draining) {
        market->has_rows = false;
        return market_drain(market, context);
    }
    return market->has_rows ? market_scan(market, context) : ERR_NONE;
}

/* ---- The end of a step ---- */

/* What an executor reads of the depth: of its markets, in their order. Returns how many. */
static size_t market_find_depths(const struct market *market, const struct sleeper *sleeper,
                                 const struct book_top *depths[WAKE_MARKETS_MAX])
{
    size_t count = 0;
    for (uint32_t i = 0; sleeper->reads_depth && i < sleeper->market_count; i++) {
        const struct book_top *depth = market->boards[sleeper->instruments[i]].depth;
        if (depth != NULL) {
            depths[count++] = depth;
        }
    }
    return count;
}

static enum err market_wake_one(struct market *market, struct context *context, uint32_t executor)
{
    struct sleeper *sleeper = &market->sleepers[executor];
    sleeper->is_chosen = false;
    if (!sleeper->is_known) {
        return ERR_NONE;
    }
    const struct book_top *depths[WAKE_MARKETS_MAX];
    const size_t depth_count = market_find_depths(market, sleeper, depths);
    nng_msg *message =
        message_create(MESSAGE_WAKE, market->now_ns,
                       sizeof(struct message_wake) + depth_count * sizeof(struct book_top));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_wake *wake = message_body(message);
    *wake = (struct message_wake){0};
    for (uint32_t i = 0; i < sleeper_sources(sleeper); i++) {
        wake->markets[i] = market_mark(market, sleeper->instruments[i]);
    }
    for (size_t i = 0; i < depth_count; i++) {
        wake->depths[i] = *depths[i];
    }
    market->working++;
    sleeper->is_working = true;
    return context_post(context, sleeper->host, message);
}

/* Keeps up to MARKET_WAKES_MAX executors at work. */
static enum err market_wake_more(struct market *market, struct context *context)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && market->working < MARKET_WAKES_MAX &&
           market->waking_next < market->waking_count) {
        err = market_wake_one(market, context, market->waking[market->waking_next++]);
    }
    return err;
}

/* Begins to wake whom the quote, the time or an order event concerns, in order of number. */
static enum err market_wake_chosen(struct market *market, struct context *context,
                                   uint32_t instrument)
{
    uint32_t executor;
    for (uint32_t i = 0; market->given.is_exhaustive && i < market->sleeper_count; i++) {
        market_choose(market, i);
    }
    if (instrument != STEP_NO_INSTRUMENT) {
        const struct board *board = &market->boards[instrument];
        while (wake_index_take(board->index, board->bid, board->ask, &executor)) {
            if (executor != MARKET_VENUE_SLEEPER) {
                market_choose(market, executor);
            }
        }
    }
    while (wake_times_take(market->times, market->now_ns, &executor)) {
        market_choose(market, executor);
    }
    if (market->chosen_count > 1) { /* Nothing may be there yet, not even the array. */
        qsort(market->chosen, market->chosen_count, sizeof(*market->chosen),
              market_compare_numbers);
    }
    /* Touches that come from now on are for the next step: they go into the other array. */
    uint32_t *emptied = market->waking;
    market->waking = market->chosen;
    market->waking_count = market->chosen_count;
    market->waking_next = 0;
    market->chosen = emptied;
    market->chosen_count = 0;
    market->phase = MARKET_WAKING;
    return market_wake_more(market, context);
}

static enum err market_set_venue_wake(struct market *market, const struct message_step_done *done)
{
    if (done->instrument == STEP_NO_INSTRUMENT) {
        return ERR_NONE;
    }
    struct board *board = &market->boards[done->instrument];
    board->venue_at_ns = done->venue_at_ns;
    return wake_index_set(board->index, MARKET_VENUE_SLEEPER, &done->venue_wake);
}

static void market_begin_draining(struct market *market, enum shutdown_reason reason)
{
    if (!market->is_draining) {
        market->is_draining = true;
        market->reason = reason;
        market->drain_instrument = 0;
    }
}

/* Somebody ends the run; the orchestrator writes down who. */
static enum err market_on_shutdown(struct market *market, struct context *context,
                                   const struct message_shutdown *shutdown)
{
    market_begin_draining(market, shutdown->reason);
    const enum err err = message_post(context, market->given.orchestrator, MESSAGE_SHUTDOWN, 0,
                                      shutdown, sizeof(*shutdown));
    return err == ERR_NONE ? market_continue(market, context) : err;
}

/* When everybody has answered the step is over and the next one may begin. */
static enum err market_end_step(struct market *market, struct context *context)
{
    if (market->working > 0 || market->waking_next < market->waking_count) {
        return ERR_NONE;
    }
    market->phase = MARKET_IDLE;
    return market_continue(market, context);
}

static enum err market_on_step_done(struct market *market, struct context *context,
                                    const struct message_step_done *done)
{
    ASSERT(market->phase == MARKET_STEPPING);
    market->alarm_ns = done->alarm_ns;
    if (done->is_halted) {
        market_begin_draining(market, SHUTDOWN_RISK);
    }
    if (done->touched != 0) {
        market_choose(market, done->touched);
    }
    if (done->is_finished) {
        market->phase = MARKET_ENDED;
        return ERR_NONE;
    }
    enum err err = market_wake_chosen(market, context, done->instrument);
    /* Taking the woken out has also taken the venue: its levels come in now. */
    if (err == ERR_NONE) {
        err = market_set_venue_wake(market, done);
    }
    return err == ERR_NONE ? market_end_step(market, context) : err;
}

/* Every quote of the instrument concerns an executor as long as it lives. */
static enum err market_follow_rate(struct market *market, uint32_t instrument,
                                   const struct message_wake_done *done)
{
    static const struct wake_levels every_quote = {.every_quote = true};
    struct board *board = &market->boards[instrument];
    if (done->is_ended) {
        wake_index_remove(board->index, done->executor);
        return ERR_NONE;
    }
    return wake_index_set(board->index, done->executor, &every_quote);
}

/* An answer that nobody waits for any more: its executor was retired. Its orders count. */
static void market_on_late_answer(struct market *market, const struct message_wake_done *done)
{
    const struct sleeper *sleeper = &market->sleepers[done->executor];
    for (uint32_t i = 0; i < sleeper->market_count; i++) {
        struct board *board = &market->boards[sleeper->instruments[i]];
        board->is_forced = board->is_forced || done->request_count > 0;
    }
}

static enum err market_on_wake_done(struct market *market, struct context *context,
                                    const struct message_wake_done *done)
{
    struct sleeper *sleeper = &market->sleepers[done->executor];
    if (!sleeper->is_working) {
        market_on_late_answer(market, done);
        return ERR_NONE;
    }
    ASSERT(market->phase == MARKET_WAKING);
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < sleeper->market_count; i++) {
        struct board *board = &market->boards[sleeper->instruments[i]];
        /* A new order concerns the venue, an end the figures that are published. */
        board->is_forced = board->is_forced || done->request_count > 0 || done->is_ended;
        if (done->is_ended) {
            wake_index_remove(board->index, done->executor);
        } else if (err == ERR_NONE) {
            err = wake_index_set(board->index, done->executor, &done->wake.markets[i]);
        }
    }
    if (err == ERR_NONE && sleeper->follows_rate) {
        err = market_follow_rate(market, sleeper->instruments[sleeper->market_count], done);
    }
    int64_t at_ns = done->is_ended ? INSTANT_NEVER : done->wake.at_ns;
    if (at_ns <= market->now_ns) {
        at_ns = market->now_ns + 1; /* This instant is over; never stop at it twice. */
    }
    if (err == ERR_NONE) {
        err = wake_times_set(market->times, done->executor, at_ns);
    }
    sleeper->is_known = !done->is_ended;
    market_end_work(market, sleeper);
    if (err == ERR_NONE) {
        err = market_wake_more(market, context);
    }
    return err == ERR_NONE ? market_end_step(market, context) : err;
}

static void market_on_depth(struct market *market, const struct message_depth *depth)
{
    *market->boards[depth->instrument].depth = depth->top;
}

/* The step goes on without the executor. */
static enum err market_on_retire(struct market *market, struct context *context,
                                 const struct message_retire *retire)
{
    enum err err = market_retire(market, retire);
    if (err != ERR_NONE || !market->sleepers[retire->executor].is_working) {
        return err == ERR_NONE ? market_continue(market, context) : err;
    }
    market_end_work(market, &market->sleepers[retire->executor]);
    err = market_wake_more(market, context);
    return err == ERR_NONE ? market_end_step(market, context) : err;
}

static enum err market_on_quotes(struct market *market, struct context *context,
                                 const struct message_quotes *quotes)
{
    market->rows = *quotes;
    market->has_rows = quotes->first < quotes->end;
    return market_continue(market, context);
}

/* Whom somebody outside has touched between two steps need not wait for the next row. */
static enum err market_on_touched(struct market *market, struct context *context)
{
    if (market_is_live(market)) {
        return market_continue(market, context);
    }
    const bool is_resting = market->phase == MARKET_IDLE && !market->is_draining &&
                            !market->has_rows && market->now_ns > 0 && market->awaited == 0;
    return is_resting && market->chosen_count > 0
               ? market_begin_step(market, context, STEP_NO_INSTRUMENT)
               : ERR_NONE;
}

/* One that was awaited lets a replay go on. */
static enum err market_on_register(struct market *market, struct context *context,
                                   const struct message_register *given)
{
    const uint32_t awaited = market->awaited;
    enum err err = market_register(market, given);
    if (err == ERR_NONE) {
        err = market_on_touched(market, context);
    }
    return err == ERR_NONE && market->awaited < awaited ? market_continue(market, context) : err;
}

static enum err market_receive(struct context *context, void *state, nng_msg **message)
{
    struct market *market = state;
    const void *body = message_body(*message);
    switch (message_envelope(*message)->kind) {
    case MESSAGE_QUOTES:
        return market_on_quotes(market, context, body);
    case MESSAGE_FEED_END:
        market->is_feed_ended = true;
        return market_continue(market, context);
    case MESSAGE_SHUTDOWN:
        return market_on_shutdown(market, context, body);
    case MESSAGE_LIVE_QUOTE:
        return market_live_on_quote(market, context, body, message_envelope(*message)->now_ns);
    case MESSAGE_LIVE_TIME:
        return market_live_on_time(market, context, message_envelope(*message)->now_ns);
    case MESSAGE_TIMER:
        return market_live_on_timer(market, context);
    case MESSAGE_DEPTH:
        market_on_depth(market, body);
        return ERR_NONE;
    case MESSAGE_STEP_DONE:
        return market_on_step_done(market, context, body);
    case MESSAGE_REGISTER:
        return market_on_register(market, context, body);
    case MESSAGE_TOUCH:
        market_choose(market, ((const struct message_touch *)body)->executor);
        return market_on_touched(market, context);
    case MESSAGE_RETIRE:
        return market_on_retire(market, context, body);
    case MESSAGE_WAKE_DONE:
        return market_on_wake_done(market, context, body);
    default:
        ASSERT(!"a message the market knows");
        return ERR_STATE;
    }
}

const struct actor_class market_class = {
    .name = "market",
    .state_size = sizeof(struct market),
    .mailbox_capacity = SYSTEM_ACTORS_MAX, /* A crowded step touches every executor. */
    .start = market_start,
    .receive = market_receive,
    .stop = market_stop,
};
