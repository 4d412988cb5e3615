/*
 * actors/messages.h - every message the roles exchange.
 *
 * The instant a message speaks of is envelope.now_ns: market time, which in a backtest is the
 * tape's. No role reads a clock to decide something.
 *
 * One step. The market actor finds the next quote or time that concerns somebody and walks it
 * through the system; the next one starts when this one is over, so every executor sees every
 * fill before it sees the quote after it, with any number of threads:
 *
 *   market --STEP--> orchestrator --STEP--> venue (matches)
 *   venue --DEPTH--> market (when it asked for it and the book has changed)
 *   venue --VENUE_UPDATE*, STEP_DONE--> orchestrator --ORDER_EVENTS*--> executors
 *   orchestrator --TOUCH*, STEP_DONE--> market
 *   market --WAKE--> whom the quote, the time or an order event concerns
 *   executor --REQUEST*, SKIPPED, REPORT, WAKE_DONE--> orchestrator --SUBMIT, CANCEL--> venue
 *   orchestrator --WAKE_DONE--> market
 *
 * Threads: messages have one owner at a time; texts inside borrow from the message's own body.
 */
#ifndef TUTTI_ACTORS_MESSAGES_H
#define TUTTI_ACTORS_MESSAGES_H

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "actors/origin.h"
#include "actors/executor_copy.h"
#include "actors/risk_request.h"
#include "actors/system.h"
#include "executors/executor.h"
#include "market/tape.h"
#include "market/venue.h"
#include "market/venues/paper_past.h"
#include "persistence/record.h"

enum {
    WAKE_SOURCES_MAX = WAKE_MARKETS_MAX + 1, /* The markets of an executor, and a rate. */
    VENUE_UPDATES_MAX = 64, /* In one message; a full one is answered before the next is sent. */
    MESSAGE_WIRE_BYTES_MAX = 1 << 20,
    MARKET_WAKES_MAX = 512, /* Executors at work at a time: bounds the messages under way. */
};

enum message_kind {
    MESSAGE_QUOTES_WANTED = MESSAGE_KIND_FIRST, /* market -> feed: empty. */
    MESSAGE_QUOTES,                             /* feed -> market: struct message_quotes. */
    MESSAGE_FEED_END,                           /* feed -> market: empty. */
    MESSAGE_SHUTDOWN,                           /* anybody -> market -> orchestrator: struct
                                                 * message_shutdown. */
    MESSAGE_STEP,            /* market -> orchestrator -> venue: struct message_step. */
    MESSAGE_DEPTH,           /* venue -> market, ahead of STEP_DONE: struct message_depth. */
    MESSAGE_STEP_DONE,       /* venue -> orchestrator -> market: struct message_step_done. */
    MESSAGE_REGISTER,        /* orchestrator -> market: struct message_register. */
    MESSAGE_TOUCH,           /* orchestrator -> market: struct message_touch. */
    MESSAGE_RETIRE,          /* orchestrator -> market: struct message_retire. */
    MESSAGE_WAKE,            /* market -> executor: struct message_wake. */
    MESSAGE_WAKE_DONE,       /* executor -> orchestrator, with what the executor asks for, and on to
                              * the market, behind that: struct message_wake_done. */
    MESSAGE_REPORT,          /* executor -> orchestrator: struct message_report. */
    MESSAGE_ORDER_EVENTS,    /* orchestrator -> executor: as many struct order_event as fit it. */
    MESSAGE_EXECUTOR_STOP,   /* orchestrator -> executor: struct message_executor_stop. */
    MESSAGE_SUBMIT,          /* orchestrator -> venue: struct order_ticket. */
    MESSAGE_CANCEL,          /* orchestrator -> venue: struct order_id. */
    MESSAGE_UPDATES_WANTED,  /* orchestrator -> venue: empty; for the rest of a crowded step. */
    MESSAGE_VENUE_UPDATE,    /* venue -> orchestrator: as many struct venue_update as fit it. The
                              * last ones of a step come with its STEP_DONE. */
    MESSAGE_RECORDS,         /* orchestrator -> persistence: struct record_page. */
    MESSAGE_COMMITTED,       /* persistence -> orchestrator: struct message_committed. */
    MESSAGE_COMMIT_WANTED,   /* control -> persistence: struct message_commit_wanted; answered once,
                              * by a MESSAGE_COMMITTED, when something newer is committed. */
    MESSAGE_EVENT,           /* persistence -> publisher: the event's bytes. */
    MESSAGE_FLUSH,           /* orchestrator -> publisher: empty; it answers with the same. */
    MESSAGE_PROGRESS,        /* market -> progress: struct message_progress. */
    MESSAGE_BALANCES_WANTED, /* orchestrator -> venue: empty. */
    MESSAGE_BALANCES,        /* venue -> orchestrator: struct message_balances. Back to a venue of
                              * this process after a restart: what it is to hold. */
    MESSAGE_PAST,            /* orchestrator -> venue of this process, after a restart and ahead of
                              * BALANCES: as many struct paper_past as fit it. */
    MESSAGE_ACTION,          /* anybody -> orchestrator: struct message_action (actors/action.h). */
    MESSAGE_ANSWER,          /* orchestrator -> whoever sent it: struct message_answer. */
    MESSAGE_REFRESH,         /* anybody -> orchestrator: struct message_refresh. */
    MESSAGE_EXECUTOR_UPDATE, /* orchestrator -> executor: the update struct of its kind. */
    MESSAGE_REPORT_WANTED,   /* orchestrator -> executor: empty; it reports at its next wake. */
    MESSAGE_CATCH_UP,        /* orchestrator -> executor: struct message_catch_up. */
    MESSAGE_CAUGHT_UP,       /* orchestrator -> executor: struct message_caught_up. */
    MESSAGE_NEVER_SENT,      /* executor -> orchestrator: struct message_request: its ledger has an
                              * order that the journal has not: it is over. */
    MESSAGE_RISK,            /* anybody -> orchestrator: struct message_risk. */
    MESSAGE_RISK_ANSWER,     /* orchestrator -> whoever sent it: struct message_risk_answer. */
    MESSAGE_RISK_SWEEP,      /* orchestrator -> itself: empty; goes on with canceling. */
    MESSAGE_LATCH,           /* orchestrator -> latcher: struct message_latch. */
    MESSAGE_LATCHED,         /* latcher -> orchestrator: struct message_latched. */
    MESSAGE_WIRE_ATTACH,     /* port -> venue server, client: empty; here is your network. */
    MESSAGE_WIRE_REQUEST,    /* client -> port -> venue server: struct message_wire. */
    MESSAGE_WIRE_ANSWER,     /* venue server -> port -> client: struct message_wire. */
    MESSAGE_WIRE_FORGET,     /* Nobody answers, or nobody waits any more: struct message_wire. */
    MESSAGE_WIRE_EVENT,      /* venue server -> port -> client: struct message_wire. */
    MESSAGE_VENUE_LINK,      /* remote venue -> orchestrator: struct message_venue_link. */
    MESSAGE_VENUE_QUERY,     /* orchestrator -> remote venue: struct order_id; answered by one of
                              * the VENUE_ updates that end the doubt. */
    MESSAGE_RECONCILE_WANTED, /* control -> orchestrator: struct message_reconcile_wanted. */
    MESSAGE_RECONCILE_ANSWER, /* orchestrator -> whoever sent it: struct message_reconcile_answer.
                               */
    MESSAGE_RECONCILE,        /* orchestrator -> remote venue: struct message_reconcile. */
    MESSAGE_RECONCILED,       /* remote venue -> orchestrator: struct message_reconciled. */
    MESSAGE_LIVE_WANTED,      /* market -> remote venue: empty; it gets the quotes from now on. */
    MESSAGE_LIVE_QUOTE,       /* remote venue -> market: struct mark. */
    MESSAGE_LIVE_TIME,        /* remote venue -> market: empty; market time has come to now_ns. */
};

/* Bytes on their way to or from a link. */
struct message_wire {
    uint64_t token; /* Names a request among those of its sender; 0 for an event. */
    uint32_t size;
    char bytes[]; /* Not NUL-terminated. */
};

/* The link to a venue in another process. Until the next MESSAGE_RECONCILED nothing new is sent. */
struct message_venue_link {
    uint32_t venue;
    bool is_connected;
    char reason[VENUE_REASON_MAX];
};

/* Asks for everything that may have happened unseen: trades behind a number, and open orders. */
struct message_reconcile {
    uint64_t after_trade; /* The last one that is known, of all before it too; 0: none is. */
};

enum { RECONCILE_VENUE_MAX = 64 }; /* Bytes of a venue's name that is asked for. */

/* Somebody wants to know, now, whether a venue agrees with the books. */
struct message_reconcile_wanted {
    uint64_t ticket; /* Comes back with the answer. */
    char venue[RECONCILE_VENUE_MAX];
};

/* When it has been compared, or cannot be. */
struct message_reconcile_answer {
    uint64_t ticket;
    const char *code; /* Static; "" when it was compared. */
    char json[];      /* Ends with a NUL. */
};

/* Rows [first, end) of a tape. The tape stays open for the whole run. */
struct message_quotes {
    uint32_t instrument;
    const struct tape *tape; /* Borrowed from the run. */
    size_t first;
    size_t end;
};

enum shutdown_reason {
    SHUTDOWN_END_OF_FEED = 1,
    SHUTDOWN_SIGNAL,
    SHUTDOWN_RISK,
    SHUTDOWN_REQUEST, /* Over the control socket. */
    SHUTDOWN_FAILURE,
};

struct message_shutdown {
    enum shutdown_reason reason;
    char actor[ORIGIN_TEXT_MAX]; /* Who asks: actors/origin.h; "": nobody, it comes to its end. */
};

/* The newest quote of an instrument. */
struct mark {
    uint32_t instrument;
    int64_t time_ns;
    struct decimal bid;
    struct decimal ask;
};

#define STEP_NO_INSTRUMENT UINT32_MAX

struct message_step {
    uint32_t instrument; /* Whose quote this step is; STEP_NO_INSTRUMENT: only time passed. */
    bool is_draining;    /* The feed has ended: executors are to be stopped by policy. */
    bool is_last;        /* Draining took too long: finish with whatever is left. */
    enum shutdown_reason reason; /* Why, when draining. */
    struct actor_ref depth_to;   /* Who wants the depth of the instrument; ACTOR_NOBODY: nobody. */
    uint32_t mark_count;
    struct mark marks[]; /* Instruments whose quote changed since the step before. */
};

/* The depth of an instrument that has some, as it is after the step. */
struct message_depth {
    uint32_t instrument;
    struct book_top top;
};

struct message_step_done {
    uint32_t instrument;           /* As in the step. */
    struct wake_levels venue_wake; /* Which quotes of the instrument the venue needs. */
    int64_t venue_at_ns;
    int64_t alarm_ns;      /* When the orchestrator has something to do by itself. */
    bool is_finished;      /* Draining: nothing is alive any more. */
    bool is_halted;        /* Risk has stopped the run. */
    uint32_t touched;      /* As by MESSAGE_TOUCH; 0: nobody. */
    uint32_t update_count; /* From a venue: struct venue_update behind it, its last of the step. */
};

static inline struct venue_update *message_step_updates(struct message_step_done *done)
{
    return (struct venue_update *)(void *)(done + 1);
}

struct message_register {
    uint32_t executor; /* Number, from 1. */
    struct actor_ref host;
    uint32_t market_count;
    bool follows_rate; /* Behind its markets: an instrument whose every quote concerns it. */
    bool reads_depth;  /* It gets the depth of those of its markets that have some. */
    uint32_t instruments[WAKE_SOURCES_MAX];
};

struct message_touch {
    uint32_t executor;
};

/* The host of an executor has failed or hangs: the step goes on without its answer, and it is not
 * woken until the executor is registered again. */
struct message_retire {
    uint32_t executor;
    bool is_coming_back; /* A replay stands still until then. */
};

struct message_wake {
    struct mark markets[WAKE_SOURCES_MAX]; /* And that of the rate behind them, if it has one. */
    /* Of an executor that reads depth: one for each of its markets that has some, in their order.
     * Else there is none. */
    struct book_top depths[];
};

struct message_wake_done {
    uint32_t executor;
    uint32_t request_count;    /* If any: the next quote of its instruments concerns the venue. */
    bool is_ended;             /* It needs no more wakes. */
    struct executor_skip skip; /* An order that was not placed, when the reason has changed. */
    struct wake wake;
    struct executor_request requests[];
};

/* An order that its executor has and nobody else. */
struct message_request {
    uint32_t executor;
    struct executor_request request;
};

/* Why an executor reports. */
enum report_cause {
    REPORT_STATUS,  /* Its status has changed. */
    REPORT_UPDATED, /* A live update was applied. */
    REPORT_REFUSED, /* A live update was refused; nothing has changed. */
    REPORT_WANTED,  /* It was asked to. */
    REPORT_STATE,   /* Its state has changed, and a restart must know. */
};

/* How an executor stands. */
struct message_report {
    uint32_t executor;
    enum report_cause cause;
    struct executor_report figures; /* With a copy: the status alone, but at the end. */
    struct executor_copy *copy;     /* In this message's body; NULL: texts say what it would. */
    const char *custom_info;        /* JSON, in this message's body; NULL: there is a copy. */
    const char *state;              /* The same. */
    const char *values;             /* Updated: JSON of the values before and after; else "". */
    alignas(struct executor_copy) char rest[]; /* The copy, if there is one, and the texts. */
};

struct message_executor_stop {
    bool keep_position;
};

/* After a restart: what became of an order while the executor was not there. What its ledger knows
 * already changes nothing. */
struct message_catch_up {
    struct order_event event;
    struct decimal executed_before; /* A fill: what was executed of the order before it. */
};

/* After a restart: the journal has the orders up to this ordinal; others were never sent. */
struct message_caught_up {
    uint32_t order_count;
};

struct message_committed {
    uint64_t seq;
    bool has_failed; /* The store refuses; nothing after seq is durable. */
    bool is_full;    /* The disk has no room: what comes after seq waits for some. */
};

struct message_commit_wanted {
    uint64_t seq; /* The last one that is known. */
};

/* One asset of an account. */
struct balance {
    char asset[ASSET_MAX_LENGTH + 1];
    struct decimal total;
    struct decimal reserved;
};

struct message_balances {
    uint32_t venue;
    bool is_unreachable;  /* The venue did not say; count is 0. */
    uint64_t trade_count; /* To a venue: its next trade has the number behind this one. */
    uint32_t count;
    struct balance items[];
};

/* All that may have happened unseen has been sent, as VENUE_UPDATE: each trade as VENUE_FILL, each
 * open order as VENUE_LIVE. */
struct message_reconciled {
    uint32_t venue;
    bool is_bracket;      /* The link was down or had a gap before; now new orders may be sent. */
    uint64_t last_trade;  /* Everything up to it has been sent; the balances are of then. */
    uint32_t trades;      /* How many were fetched. */
    uint32_t open_orders; /* How many were listed. */
    uint32_t count;
    struct balance items[];
};

struct message_progress {
    uint64_t rows_done;
    uint64_t rows_total;
};

/* Sends bytes to a port or to what is behind it. ERR_MEMORY, ERR_FULL. */
MUST_USE enum err message_post_wire(struct context *context, struct actor_ref to, uint32_t kind,
                                    uint64_t token, const struct text *bytes);

/* Sends a message without a body or with a fixed struct, in one call. ERR_MEMORY, ERR_FULL.
 * Inlined, so that the size of the struct is known where it is copied. */
MUST_USE static inline enum err message_post(struct context *context, struct actor_ref to,
                                             uint32_t kind, int64_t now_ns, const void *body,
                                             size_t size)
{
    nng_msg *message = message_create(kind, now_ns, size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    if (size > 0) {
        memcpy(message_body(message), body, size);
    }
    return context_post(context, to, message);
}

#endif
