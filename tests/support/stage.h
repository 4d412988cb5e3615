/*
 * tests/support/stage.h - one executor and one paper venue, played step by step.
 *
 * An executor of two markets has both of them on the one venue: stage_open_pair(), and the second
 * quote is set with stage_second() before a step.
 *
 * A step is: a quote reaches the venue, what the venue has to say reaches the executor, then come
 * a live update, a stop and one evaluation, and the requests go back to the venue. With `uses_wake`
 * an evaluation takes place only when the executor's own wake rule, an order event or a call asks
 * for it.
 *
 * Header only, so that a test of one file can use it.
 */
#ifndef TUTTI_TESTS_SUPPORT_STAGE_H
#define TUTTI_TESTS_SUPPORT_STAGE_H

#include <stdlib.h>
#include <string.h>

#include "executors/bracket.h"
#include "executors/registry.h"
#include "market/venues/paper.h"

enum { STAGE_EPOCH = 1, STAGE_EXECUTOR = 1 };

struct stage {
    struct instrument instrument;
    struct instrument second;                 /* Of a pair. */
    struct instrument pair[WAKE_MARKETS_MAX]; /* Both, as the venue borrows them. */
    struct quote second_quote;
    const struct book_top *depths[WAKE_MARKETS_MAX]; /* Borrowed; NULL: top of the book only. */
    struct paper_venue *venue;                       /* Owned. */
    struct venue_updates updates;                    /* Of the current step. */
    struct executor *executor;                       /* Owned. */
    const struct executor_kind *kind;
    const struct executor_config *config; /* Borrowed. */
    struct executor_view view;
    struct executor_requests requests; /* Of the current step, until stage_finish(). */
    bool uses_wake;
    bool is_due;                       /* An event or a call asks for an evaluation. */
    bool is_changed[WAKE_MARKETS_MAX]; /* The quote differs from the last one. */
    struct wake wake;
    size_t steps;
    size_t evaluations;
};

static inline void stage_demand(bool condition, const char *what)
{
    if (!condition) {
        assert_fail(what, "stage.h", 0);
    }
}

static inline struct executor *stage_new_executor(const struct stage *stage)
{
    const struct instrument *const instruments[WAKE_MARKETS_MAX] = {&stage->instrument,
                                                                    &stage->second};
    struct executor *executor = calloc(1, stage->kind->state_size);
    stage_demand(executor != NULL, "memory");
    executor_init(executor, stage->kind, stage->config, instruments);
    return executor;
}

/* The stage stays where it is: the executor borrows its instrument. */
static inline void stage_open(struct stage *stage, const struct executor_kind *kind,
                              const struct executor_config *config,
                              const struct instrument *instrument, const struct paper_config *paper)
{
    *stage = (struct stage){.instrument = *instrument, .kind = kind, .config = config};
    stage->instrument.index = 0;
    stage->wake = wake_never();
    const enum err err = paper_venue_create(paper, &stage->instrument, 1, &stage->venue);
    stage_demand(err == ERR_NONE, "a paper venue");
    stage->executor = stage_new_executor(stage);
}

/* The same with a second market. */
static inline void stage_open_pair(struct stage *stage, const struct executor_kind *kind,
                                   const struct executor_config *config,
                                   const struct instrument instruments[WAKE_MARKETS_MAX],
                                   const struct paper_config *paper)
{
    *stage = (struct stage){
        .instrument = instruments[0], .second = instruments[1], .kind = kind, .config = config};
    stage->instrument.index = 0;
    stage->second.index = 1;
    stage->wake = wake_never();
    const struct instrument both[WAKE_MARKETS_MAX] = {stage->instrument, stage->second};
    memcpy(stage->pair, both, sizeof(both));
    const enum err err = paper_venue_create(paper, stage->pair, WAKE_MARKETS_MAX, &stage->venue);
    stage_demand(err == ERR_NONE, "a paper venue");
    stage->executor = stage_new_executor(stage);
}

/* The quote of the second market from the next step on. */
static inline void stage_second(struct stage *stage, const struct quote *quote)
{
    stage->second_quote = *quote;
}

static inline void stage_close(struct stage *stage)
{
    executor_done(stage->executor);
    free(stage->executor);
    paper_venue_destroy(stage->venue);
    venue_updates_done(&stage->updates);
}

static inline struct order_id stage_order_id(uint32_t ordinal)
{
    return (struct order_id){STAGE_EPOCH, STAGE_EXECUTOR, ordinal};
}

static inline struct quote stage_quote(const struct stage *stage)
{
    return (struct quote){stage->view.now_ns, stage->view.markets[0].bid,
                          stage->view.markets[0].ask};
}

static inline void stage_look(struct stage *stage, const struct quote *quote)
{
    const struct executor_view before = stage->view;
    stage->view = (struct executor_view){
        .rate = before.rate,
        .now_ns = quote->time_ns,
        .market_count = stage->kind->market_count,
        .markets = {{&stage->instrument, quote->bid, quote->ask, stage->depths[0]},
                    {&stage->second, stage->second_quote.bid, stage->second_quote.ask,
                     stage->depths[1]}},
    };
    for (size_t i = 0; i < stage->view.market_count; i++) {
        const struct market_view *was = &before.markets[i];
        const struct market_view *is = &stage->view.markets[i];
        /* Where there is depth, every step may bring another one. */
        stage->is_changed[i] = before.market_count == 0 || is->depth != NULL ||
                               !decimal_equal(was->bid, is->bid) ||
                               !decimal_equal(was->ask, is->ask);
    }
    stage->steps++;
    stage->is_due = false;
    stage->updates.count = 0;
    executor_requests_init(&stage->requests);
}

/* The first quote: starts the executor. */
static inline void stage_start(struct stage *stage, const struct quote *quote, bool is_funded)
{
    stage_look(stage, quote);
    stage->kind->on_start(stage->executor, &stage->view, is_funded, &stage->requests);
    stage->is_due = true;
}

static inline void stage_deliver(struct stage *stage, const struct venue_update *update)
{
    static const enum order_event_kind kinds[] = {
        [VENUE_ACCEPTED] = ORDER_EVENT_ACKNOWLEDGED,
        [VENUE_REJECTED] = ORDER_EVENT_FAILED,
        [VENUE_FILL] = ORDER_EVENT_FILL,
        [VENUE_COMPLETED] = ORDER_EVENT_COMPLETED,
        [VENUE_CANCELED] = ORDER_EVENT_CANCELED,
    };
    const struct order_event event = {
        .kind = kinds[update->kind], .ordinal = update->order.ordinal, .fill = update->fill};
    stage->kind->on_order(stage->executor, &event, stage->view.now_ns);
    stage->is_due = true;
}

/* A later quote: the venue cancels `expelled` orders of its own will, then takes the quote; the
 * events go to the executor. */
static inline void stage_advance(struct stage *stage, const struct quote *quote,
                                 const uint32_t *expelled, size_t expelled_count)
{
    stage_look(stage, quote);
    for (size_t i = 0; i < expelled_count; i++) {
        const enum err err =
            paper_venue_expel(stage->venue, stage_order_id(expelled[i]), &stage->updates);
        stage_demand(err == ERR_NONE || err == ERR_NOT_FOUND, "an expulsion");
    }
    enum err err = paper_venue_on_quote(stage->venue, 0, quote, &stage->updates);
    if (err == ERR_NONE && stage->kind->market_count > 1) {
        err = paper_venue_on_quote(stage->venue, 1, &stage->second_quote, &stage->updates);
    }
    stage_demand(err == ERR_NONE, "a quote");
    for (size_t i = 0; i < stage->updates.count; i++) {
        stage_deliver(stage, &stage->updates.items[i]);
    }
}

static inline enum err stage_update(struct stage *stage, struct decimal volatility)
{
    const struct bracket_update update = {volatility};
    stage->is_due = true;
    return stage->kind->on_update(stage->executor, &update, &stage->view);
}

static inline enum err stage_stop(struct stage *stage, bool keep_position)
{
    stage->is_due = true;
    return stage->kind->on_stop(stage->executor, &stage->view, keep_position, &stage->requests);
}

/* Whether the quote of one market has reached one of its levels. */
static inline bool stage_is_reached(const struct stage *stage, size_t index)
{
    const struct market_view *market = &stage->view.markets[index];
    const struct wake_levels *levels = &stage->wake.markets[index];
    const bool is_reached[WAKE_TRIGGER_COUNT] = {
        [WAKE_BID_AT_MOST] = levels->is_set[WAKE_BID_AT_MOST] &&
                             !decimal_less(levels->level[WAKE_BID_AT_MOST], market->bid),
        [WAKE_BID_AT_LEAST] = levels->is_set[WAKE_BID_AT_LEAST] &&
                              !decimal_less(market->bid, levels->level[WAKE_BID_AT_LEAST]),
        [WAKE_ASK_AT_MOST] = levels->is_set[WAKE_ASK_AT_MOST] &&
                             !decimal_less(levels->level[WAKE_ASK_AT_MOST], market->ask),
        [WAKE_ASK_AT_LEAST] = levels->is_set[WAKE_ASK_AT_LEAST] &&
                              !decimal_less(market->ask, levels->level[WAKE_ASK_AT_LEAST]),
    };
    return levels->every_quote || is_reached[WAKE_BID_AT_MOST] || is_reached[WAKE_BID_AT_LEAST] ||
           is_reached[WAKE_ASK_AT_MOST] || is_reached[WAKE_ASK_AT_LEAST];
}

/* What the market actor would decide with the levels and the time of the last evaluation. */
static inline bool stage_is_woken(const struct stage *stage)
{
    if (stage->view.now_ns >= stage->wake.at_ns) {
        return true;
    }
    for (size_t i = 0; i < stage->view.market_count; i++) {
        if (stage->is_changed[i] && stage_is_reached(stage, i)) {
            return true;
        }
    }
    return false;
}

/* One evaluation, when one is due. */
static inline void stage_evaluate(struct stage *stage)
{
    if (stage->executor->status == EXECUTOR_TERMINATED) {
        return;
    }
    if (stage->uses_wake && !stage->is_due && !stage_is_woken(stage)) {
        return;
    }
    stage->evaluations++;
    stage->kind->on_market(stage->executor, &stage->view, &stage->requests);
    if (stage->uses_wake) {
        stage->kind->wake(stage->executor, &stage->view, &stage->wake);
    }
}

/* Sends the requests of the step to the venue. */
static inline void stage_finish(struct stage *stage)
{
    for (size_t i = 0; i < stage->requests.count; i++) {
        const struct executor_request *request = &stage->requests.items[i];
        const struct order_ticket ticket = {
            .id = stage_order_id(request->ordinal),
            .instrument = request->market,
            .side = request->side,
            .type = request->type,
            .amount = request->amount,
            .price = request->price,
        };
        const enum err err = request->kind == REQUEST_PLACE
                                 ? paper_venue_submit(stage->venue, &ticket, stage->view.now_ns)
                                 : paper_venue_cancel(stage->venue, ticket.id, stage->view.now_ns);
        stage_demand(err == ERR_NONE, "a request");
    }
}

/* A whole step without calls. */
static inline void stage_step(struct stage *stage, const struct quote *quote)
{
    stage_advance(stage, quote, NULL, 0);
    stage_evaluate(stage);
    stage_finish(stage);
}

/* Loads the state of `from` into the executor of the stage, which was not started. */
static inline void stage_load(struct stage *stage, const struct executor *from)
{
    struct text saved = {0};
    executor_save(from, &saved);
    stage_demand(!text_failed(&saved), "a snapshot");
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "snapshot");
    enum err err = node_read_json("snapshot", text_string(&saved), saved.length,
                                  NODE_DEPTH_CONTROL_MAX, &arena, &problems, &node);
    stage_demand(err == ERR_NONE, "a snapshot that is JSON");
    err = executor_load(stage->executor, node);
    stage_demand(err == ERR_NONE, "a snapshot that loads");
    problems_done(&problems);
    arena_done(&arena);
    text_done(&saved);
}

/* Saves the executor and goes on with a new one that has loaded it. */
static inline void stage_reload(struct stage *stage)
{
    struct executor *before = stage->executor;
    stage->executor = stage_new_executor(stage);
    stage_load(stage, before);
    executor_done(before);
    free(before);
}

#endif
