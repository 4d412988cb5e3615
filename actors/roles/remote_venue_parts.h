/*
 * actors/roles/remote_venue_parts.h - what the files of the remote venue share.
 *
 * remote_venue.c dispatches and keeps the link, remote_venue_requests.c what is under way,
 * remote_venue_work.c orders and doubts, remote_venue_sync.c fetches what happened unseen,
 * remote_venue_events.c takes events in.
 *
 * Threads: all of it belongs to the remote venue actor.
 */
#ifndef TUTTI_ACTORS_ROLES_REMOTE_VENUE_PARTS_H
#define TUTTI_ACTORS_ROLES_REMOTE_VENUE_PARTS_H

#include "actors/messages.h"
#include "actors/roles/remote_venue.h"
#include "base/prng.h"
#include "market/wire.h"

enum {
    REMOTE_SLOT_PROBE = 0,
    REMOTE_SLOT_SYNC = 1,
    REMOTE_SLOT_WORK = 2,          /* This one and all behind it. */
    REMOTE_SLOTS = 12,             /* Requests under way at a time. */
    REMOTE_WORK_MAX = 1 << 16,     /* Orders, cancels and doubts that wait; more are turned away. */
    REMOTE_CANCEL_ATTEMPTS = 3,    /* Then only a query can tell. */
    REMOTE_QUERY_PATIENCE = 3,     /* How often a query waits for trades that it has overtaken. */
    REMOTE_BALANCES_ATTEMPTS = 10, /* At the end of a run. */
    REMOTE_HEARTBEATS_MISSED = 3,  /* Then the link is down. */
    REMOTE_UPDATES_MAX = 32,       /* In one message; less than one that has to be answered. */
};

enum remote_timer {
    REMOTE_TIMER_WATCH = 1, /* Looks whether the venue is still heard. */
    REMOTE_TIMER_PROBE,     /* The next attempt to connect. */
    REMOTE_TIMER_PERIODIC,  /* The next reconciliation. */
    REMOTE_TIMER_SYNC,      /* The next attempt at a step of one. */
    REMOTE_TIMER_WORK,      /* Something that waits is due. */
    REMOTE_TIMER_SLOT = 16, /* And the slot: its request has taken too long. */
};

enum remote_link {
    REMOTE_DOWN,
    REMOTE_SYNCING, /* Heard again; what happened meanwhile is fetched. */
    REMOTE_UP,
};

/* An order to place or to cancel, or a doubt to end. */
struct remote_work {
    enum wire_request_kind kind; /* WIRE_SUBMIT, WIRE_CANCEL, WIRE_QUERY or WIRE_BALANCES. */
    struct order_ticket ticket;  /* Of others than submit only the id. */
    int64_t due_ns;              /* Not before this. */
    int64_t believe_after_ns; /* Query: by the venue's clock, "not found" is certain after this. */
    uint32_t attempts;
    bool is_outdated; /* Query under way: the order went out after it. */
};

/* A request under way. */
struct remote_slot {
    uint64_t token; /* 0: free. */
    struct remote_work work;
};

enum remote_sync_step { SYNC_NONE, SYNC_ORDERS, SYNC_TRADES, SYNC_BALANCES };

/* A reconciliation under way. */
struct remote_sync {
    enum remote_sync_step step;
    bool is_again;        /* Something came in between: another one follows. */
    int64_t seq;          /* What is fetched includes every event up to this. */
    uint64_t orders_next; /* Place of the next page of open orders. */
    uint32_t trades;      /* Fetched so far. */
    uint32_t open_orders; /* Listed so far. */
    uint32_t attempts;    /* Of the step. */
};

struct remote_venue {
    struct remote_venue_arguments given;
    const struct venue_section *section; /* Borrowed from the run file. */
    struct context *context;             /* Of the handler that runs now. */
    struct wire_market market;
    struct prng prng;
    struct actor_ref port; /* ACTOR_NOBODY: there is none yet; the same for the others. */
    struct actor_ref orchestrator;
    struct actor_ref live_market;

    enum remote_link link;
    uint32_t probes;         /* Since it was heard last. */
    bool is_answering;       /* Since the link went down: a request was answered, */
    bool is_telling;         /* and an event came. */
    int64_t heard_ns;        /* When an event came last. */
    bool is_clock_known;     /* Since the link went down. */
    int64_t ahead_ns;        /* The venue's clock minus ours, as far as we know. */
    int64_t newest_stamp_ns; /* The latest instant that a request carried. */
    int64_t pause_until_ns;  /* The venue has asked for it. */
    int64_t time_ns;         /* Market time. */

    int64_t known_seq;    /* Every event up to this is taken in. */
    int64_t seen_seq;     /* The highest that was heard of. */
    uint64_t trade_known; /* Every trade up to this is taken in. */
    struct remote_sync sync;

    uint64_t tokens; /* Given out so far. */
    struct remote_slot slots[REMOTE_SLOTS];
    struct remote_work *work; /* Owned; in order, without those that are under way. */
    size_t work_count;
    size_t work_capacity;
};

/* ---- remote_venue.c ---- */

/* The venue's clock, as far as we know it. */
int64_t remote_clock(const struct remote_venue *remote);
/* Something came in; its clocks are taken over. */
void remote_hear(struct remote_venue *remote, int64_t clock_ns, int64_t time_ns);
/* The link is whole again as soon as what happened meanwhile is known. */
MUST_USE enum err remote_try_connect(struct remote_venue *remote);
/* Something was missed: nothing new is sent before it is known. */
MUST_USE enum err remote_on_gap(struct remote_venue *remote);
/* Tells the orchestrator about the link. */
MUST_USE enum err remote_tell_link(struct remote_venue *remote, const char *reason);
/* How long to wait before the next attempt: it doubles with each, up to a bound, and is drawn
 * between half of that and all of it. */
int64_t remote_backoff(struct remote_venue *remote, uint32_t attempts);

/* ---- remote_venue_requests.c ---- */

/* Sends a request in a free slot; the slot's work is what it is about. */
MUST_USE enum err remote_ask(struct remote_venue *remote, size_t slot,
                             const struct remote_work *work, struct wire_request *request);
MUST_USE enum err remote_on_answer(struct remote_venue *remote, const struct message_wire *wire);
/* Nobody answered in time. */
MUST_USE enum err remote_on_timeout(struct remote_venue *remote, size_t slot);
/* Sends updates to the orchestrator. */
MUST_USE enum err remote_tell(struct remote_venue *remote, const struct venue_update *updates,
                              size_t count);

/* ---- remote_venue_work.c ---- */

void remote_work_done(struct remote_venue *remote);
MUST_USE enum err remote_on_submit(struct remote_venue *remote, const struct order_ticket *ticket);
MUST_USE enum err remote_on_cancel(struct remote_venue *remote, struct order_id id);
MUST_USE enum err remote_on_query(struct remote_venue *remote, struct order_id id);
MUST_USE enum err remote_on_balances_wanted(struct remote_venue *remote);
/* The venue has the order: it need not go out again. */
void remote_on_known(struct remote_venue *remote, struct order_id id);
/* Sends what is due, as far as there are free slots. */
MUST_USE enum err remote_pump(struct remote_venue *remote);
/* The link is down: orders that were not sent are not going to be. */
MUST_USE enum err remote_turn_away(struct remote_venue *remote);
/* The answer to a work request; NULL: none came in time, or one that says nothing. */
MUST_USE enum err remote_work_answered(struct remote_venue *remote, const struct remote_work *work,
                                       const struct wire_answer *answer);

/* ---- remote_venue_sync.c ---- */

/* Begins to fetch what may have happened unseen; when it is at it already, it begins anew after
 * that. */
MUST_USE enum err remote_sync_begin(struct remote_venue *remote);
MUST_USE enum err remote_sync_step(struct remote_venue *remote);
/* As remote_work_answered(). */
MUST_USE enum err remote_sync_answered(struct remote_venue *remote,
                                       const struct wire_answer *answer);

/* The first `count` balances of an answer. */
void remote_copy_balances(const struct wire_answer *answer, size_t count, struct balance *out);

/* ---- remote_venue_events.c ---- */

MUST_USE enum err remote_on_event(struct remote_venue *remote, const struct message_wire *wire);
/* A trade that was told or fetched: the orchestrator gets it, and the count goes on. */
MUST_USE enum err remote_take_trades(struct remote_venue *remote, const struct wire_trade *trades,
                                     size_t count);
/* What a state of an order at the venue means here; false: nothing. */
bool remote_update_of(const struct wire_order *order, struct venue_update *ret_update);

#endif
