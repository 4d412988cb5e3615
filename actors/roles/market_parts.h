/*
 * actors/roles/market_parts.h - what the files of the market share.
 *
 * market.c keeps the board and the steps, and goes through tapes; market_sleepers.c keeps the
 * executors; market_live.c takes quotes as they come from venues in other processes.
 *
 * Threads: all of it belongs to the market actor.
 */
#ifndef TUTTI_ACTORS_ROLES_MARKET_PARTS_H
#define TUTTI_ACTORS_ROLES_MARKET_PARTS_H

#include "actors/messages.h"
#include "actors/roles/market.h"
#include "market/wake_index.h"

enum market_phase {
    MARKET_IDLE,     /* Waits for rows. */
    MARKET_STEPPING, /* The orchestrator has the step. */
    MARKET_WAKING,   /* Executors have it. */
    MARKET_ENDED,
};

/* One line of the price board. */
struct board {
    bool has_quote;
    bool is_changed;     /* Since the orchestrator was told. */
    bool is_forced;      /* The next quote is a step, whatever its price. */
    int64_t venue_at_ns; /* From then on every quote is a step: a request arrives at the venue. */
    int64_t time_ns;
    int64_t bid; /* Mantissas of the tape's precision. */
    int64_t ask;
    unsigned digits;
    struct book_top *depth;   /* Owned: as the venue told it; NULL: nobody reads it. */
    struct wake_index *index; /* Owned. Sleeper 0 is the venue, others are executors. */
    /* Live: the newest quote that no step has looked at; an older one is forgotten. */
    bool has_pending;
    int64_t pending_bid;
    int64_t pending_ask;
};

/* An executor, by its number. */
struct sleeper {
    struct actor_ref host;
    uint32_t market_count;
    bool reads_depth;
    bool follows_rate; /* Behind its markets there is the instrument of a rate. */
    uint32_t instruments[WAKE_SOURCES_MAX];
    bool is_chosen;  /* It is in `chosen`, or in `waking` and was not woken yet. */
    bool is_working; /* It was woken and has not answered. */
    bool is_awaited; /* Its host has failed; there will be another one. */
    bool is_known;
};

struct market {
    struct market_arguments given;
    struct board *boards;     /* Owned. */
    struct wake_times *times; /* Owned: of executors. */
    struct sleeper *sleepers; /* Owned, indexed by executor number. */
    uint32_t sleeper_count;
    uint32_t *chosen; /* Owned: who is woken at the end of this step. */
    uint32_t chosen_count;
    uint32_t *waking;     /* Owned: who is woken in this step, in order of number. */
    uint32_t waking_next; /* The first that was not woken yet. */
    uint32_t waking_count;
    uint32_t working; /* Woken and without an answer yet. */
    uint32_t awaited; /* Their hosts have failed: only live quotes go on before they are back. */
    enum market_phase phase;
    int64_t now_ns;
    int64_t alarm_ns;           /* The orchestrator's. */
    struct message_quotes rows; /* What is left of the feed's chunk. */
    bool has_rows;
    bool is_feed_ended;
    bool is_draining;
    enum shutdown_reason reason;
    uint32_t drain_steps;
    bool is_last;              /* The draining has reached its bound. */
    uint32_t drain_instrument; /* Whose last quote is repeated next. */
    uint64_t rows_done;
    int64_t live_ns;      /* Market time as the live venues tell it. */
    uint32_t live_next;   /* Whose pending quote is looked at next. */
    uint32_t drain_ticks; /* Live: since the draining began. */
};

/* ---- market.c ---- */

static inline bool market_is_live(const struct market *market)
{
    return market->given.live_count > 0;
}

/* Hands the step to the orchestrator; instrument may be STEP_NO_INSTRUMENT. */
MUST_USE enum err market_begin_step(struct market *market, struct context *context,
                                    uint32_t instrument);
/* When the next instant comes that somebody asked for, whatever the quotes do. */
int64_t market_next_time(const struct market *market);

/* ---- market_sleepers.c ---- */

/* How many quotes a wake shows: of its markets, and of the rate behind them. */
static inline uint32_t sleeper_sources(const struct sleeper *sleeper)
{
    return sleeper->market_count + (sleeper->follows_rate ? 1 : 0);
}

/* Wakes an executor at the end of this step, or of the next one when this has come to its wakes. */
void market_choose(struct market *market, uint32_t executor);
/* An executor is there, or has another host; it is chosen. */
MUST_USE enum err market_register(struct market *market, const struct message_register *given);
/* Its host has failed: it is taken out of everything it waits for. */
MUST_USE enum err market_retire(struct market *market, const struct message_retire *retire);
/* An executor has answered, or never will. */
void market_end_work(struct market *market, struct sleeper *sleeper);

/* ---- market_live.c ---- */

/* Asks every live venue for its quotes. */
MUST_USE enum err market_live_start(struct market *market, struct context *context);
/* A quote has come: it waits until no step is under way. */
MUST_USE enum err market_live_on_quote(struct market *market, struct context *context,
                                       const struct mark *mark, int64_t time_ns);
MUST_USE enum err market_live_on_time(struct market *market, struct context *context,
                                      int64_t time_ns);
/* The time between two looks at a draining is over. */
MUST_USE enum err market_live_on_timer(struct market *market, struct context *context);
/* What comes next when nothing is under way. */
MUST_USE enum err market_live_continue(struct market *market, struct context *context);

#endif
