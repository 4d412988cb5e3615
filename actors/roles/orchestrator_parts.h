/*
 * actors/roles/orchestrator_parts.h - what the files of the orchestrator share.
 *
 * orchestrator.c dispatches and carries the steps; orchestrator_roster.c keeps the executors,
 * orchestrator_configs.c what they run with, orchestrator_actions.c what is asked of it from
 * outside, orchestrator_router.c the orders, orchestrator_externals.c those of others,
 * orchestrator_books.c accounts, positions and
 * performance, orchestrator_balances.c what venues say they hold, orchestrator_margin.c what a
 * venue does to perpetual positions by itself, orchestrator_guard.c what the risk engine judges and
 * is told, orchestrator_halt.c the states of risk, orchestrator_reconciler.c what venues in other
 * processes may have done unseen, orchestrator_supervisor.c executors whose host has failed,
 * orchestrator_journal.c the records.
 *
 * Threads: all of it belongs to the orchestrator actor.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_PARTS_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_PARTS_H

#include "actors/action.h"
#include "actors/messages.h"
#include "actors/origin.h"
#include "actors/roles/orchestrator.h"
#include "actors/roles/orchestrator_configs.h"
#include "actors/roles/orchestrator_journal.h"
#include "base/array_pool.h"
#include "base/prng.h"
#include "base/text_index.h"
#include "executors/factory.h"
#include "market/position.h"
#include "market/risk_loss.h"
#include "market/trade_ids.h"

enum {
    JOURNAL_WINDOW = 8192,      /* Records that may wait for their commit before a step waits. */
    JOURNAL_HELD_MAX = 1 << 20, /* Tickets that may wait for their intent's commit. */
    EXTERNALS_FIRST = 2,
    ACCOUNT_ASSETS_MAX = 256,
    CONTROLLERS_MAX = 65536,
    ACTIONS_WAITING_MAX =
        4096,              /* Answers that wait for their commit; more actions are turned away. */
    RISK_WAITERS_MAX = 64, /* Answers about risk that wait for their commit. */
    RECONCILE_WAITERS_MAX = 16,  /* Who has asked for a comparison with a venue. */
    EXTERNALS_MAX = 1 << 20,     /* Fills without an owner in one run; more is refused. */
    SUPERVISOR_REBUILDS_MAX = 3, /* Of one executor within SUPERVISOR_WINDOW_NS. */
};

/* In market time. */
#define SUPERVISOR_WINDOW_NS (60 * NS_PER_S)

/* Whose positions fills without an owner become. */

/* The owner of the positions that a venue keeps, in a book of their own. */
enum { BOOKS_VENUE = 0 };

/* Whose fill it is, and which position it moves. */
struct booking {
    struct executor_entry *executor; /* NULL: nobody's, kept under CONTROLLER_EXTERNAL. */
    const struct instrument *instrument;
    enum side side; /* Of the position; 0: the netted one. */
};

/* An order by which a venue closes a position; its fills follow its announcement. */
struct liquidation {
    struct order_id order; /* The venue's. */
    uint32_t instrument;
    enum side side;  /* Of the position; 0: the netted one. */
    uint32_t booked; /* Executors' orders made of it, for their trade ids. */
    bool is_under_way;
};

/* What the money of an instrument is worth in the asset that is summed in. */
struct book_rate {
    struct rate_source source;
    struct decimal told; /* The value that the journal has; 0: none. */
};

/* A fill without an owner that was booked: it counts once like every other. */
struct external_fill {
    uint32_t instrument;
    char trade_id[TRADE_ID_MAX];
};

/* How often the drawdown is looked at while nothing else happens, in market time. */
#define DRAWDOWN_INTERVAL_NS NS_PER_S

/* An order as the orchestrator knows it. */
struct order_entry {
    struct order_ticket ticket;
    enum order_role role : 8;
    enum order_state state : 8;
    bool is_counted;             /* Among the live orders of the risk engine. */
    bool is_held;                /* Its intent is not durable yet: the venue has not heard of it. */
    enum deny_code withheld : 8; /* The state of risk by which it is canceled. */
    uint32_t market;             /* Of its executor. */
    uint32_t resting_place;      /* Among own resting orders; 0: none. */
    uint32_t listed_in;     /* The reconciliation in which the venue last said that it is open. */
    struct decimal at_risk; /* How much of it the risk engine counts as live. */
    struct decimal risk_price; /* At which it does: see risk_order_price(). */
    struct decimal executed_base;
    struct decimal executed_quote;
    struct decimal fee_quote;
    int64_t created_at_ns;
    struct trade_ids trades; /* Of the fills applied. */
};

/* What an executor has set aside for itself. */
struct reservation {
    struct decimal quote;
    struct decimal base;
};

/* An action that was answered: a repeated one gets the same answer. */
struct action_entry {
    char id[ACTION_ID_MAX + 1];
    char executor_id[ACTION_ID_MAX + 1];
    enum action_kind kind;
    char code[ACTION_CODE_MAX]; /* "": accepted. */
    char *text;                 /* Owned. */
    char *request; /* Owned: JSON, after a restart, of one that is not completed; else NULL. */
    uint64_t seq;  /* Durable with this record. */
};

/* An answer that waits until its record is durable. */
struct waiting_answer {
    uint64_t seq;
    uint64_t ticket;
    struct actor_ref to;
    uint32_t action; /* Number; 0: a refresh. */
};

/* What is known of an executor until its host is there again, after a restart or a failure. */
struct executor_past {
    struct text states; /* Of its reports, in their order, each a line of JSON. */
    bool is_funded;
    struct message_catch_up *missed; /* Owned: everything about its orders, in order. */
    uint32_t missed_count;
    uint32_t missed_capacity;
};

/* What an executor has that actions or a restart have to do with. */
struct executor_owner {
    struct arena arena;         /* Its configuration, when an action or the journal made it. */
    struct executor_past *past; /* Owned; NULL while there is a host. */
    const char *controller_id;  /* In the arena, or the configuration's. */
    uint32_t create_action;     /* Numbers of actions that are not completed; 0: none. */
    uint32_t stop_action;
    uint32_t update_action;
    struct waiting_answer refresh;              /* Waits for a report; to nobody: none does. */
    int64_t failed_ns[SUPERVISOR_REBUILDS_MAX]; /* When its host failed last, a ring. */
    uint32_t failure_count;
    uint32_t failures_in_row; /* Since it has reported last. */
    uint64_t rebuild_seq; /* It is rebuilt when the journal is durable up to here; 0: it is not. */
};

/* NULL: no memory. */
struct executor_owner *executor_owner_create(void);
void executor_owner_destroy(struct executor_owner *owner);
void executor_past_destroy(struct executor_past *past);

struct executor_entry {
    const struct executor_kind *kind;
    const char *id;                       /* Borrowed from the orchestrator's arena. */
    const struct executor_config *config; /* The same; may be that of others too. Without the id. */
    const struct instrument *instruments[WAKE_MARKETS_MAX];
    struct rate_source rate;      /* Of the quote asset of market 1 in that of market 0. */
    struct executor_owner *owner; /* Owned; NULL: no action has had to do with it. */
    struct order_entry *orders;   /* Owned; ordinal 1 is orders[0]. */
    uint64_t created_seq;         /* Of its record in the journal. */
    uint32_t order_count;
    uint32_t order_capacity;
    struct actor_ref host;
    uint32_t controller;
    enum executor_status status : 8;
    bool has_fill;
    bool is_denied;   /* The last order was denied: said once until one goes out. */
    bool is_withheld; /* What it wants is held back: it is told when it may go on. */
    bool is_stored;
    bool is_stop_told; /* And how, for a host that takes the place of this one. */
    bool keeps_position;
    struct reservation reserved[WAKE_MARKETS_MAX]; /* By market of the executor. */
    struct risk_executor risk;
};

/* What the losses of a scope are measured from. */
struct loss_watch {
    struct risk_day day;
    struct decimal told_peak; /* The peak that the journal has; 0: none. */
    bool is_lost;             /* A loss limit was reached. */
};

struct controller {
    const char *name; /* Borrowed from a config. */
    struct performance performance;
    bool is_changed;
    bool was_published;
    int64_t published_ns;
    struct loss_watch loss; /* When it is lost its executors are stopped. */
};

/* A change of a risk state. */
struct risk_change {
    const char *scope;
    enum risk_state state;
    const char *reason;
    const char *actor;    /* Who: actors/origin.h. */
    struct decimal limit; /* What was exceeded, when a limit was; else 0. */
    struct decimal value;
};

/* Somebody who waits to hear that a risk state is durable. */
struct risk_waiter {
    uint64_t seq;
    uint64_t latch_seq; /* Enough when the latcher has come to it; UINT64_MAX: it is not. */
    uint64_t ticket;
    struct actor_ref to;
};

/* Somebody who waits to hear what a comparison with a venue finds. */
struct reconcile_waiter {
    uint32_t venue;
    uint64_t ticket;
    struct actor_ref to;
};

/* One asset of one venue, as fills say it must be. */
struct account_asset {
    const char *asset; /* Borrowed from an instrument or the run file. */
    struct decimal total;
    struct decimal reserved;
};

struct account {
    struct account_asset assets[ACCOUNT_ASSETS_MAX];
    size_t count;
};

/* A ticket that waits until its intent is durable. */
struct held_ticket {
    uint64_t seq;
    struct order_ticket ticket;
};

struct orchestrator {
    struct orchestrator_arguments given;
    struct context *context; /* Of the handler that runs now. */
    int64_t now_ns;          /* Of the message that is handled now. */
    struct actor_ref market;
    struct prng prng;

    struct executor_entry *executors; /* Owned; number 1 is executors[0]. */
    uint32_t executor_count;
    uint32_t executor_capacity;
    uint32_t active_count;    /* Not TERMINATED. */
    struct array_pool orders; /* The tables of all of them: most wait with one order. */
    struct configs configs;
    uint64_t closed_count;
    uint32_t *waiting; /* Owned: indexes into config->executors not created yet, by start. */
    uint32_t waiting_first;
    uint32_t waiting_count;
    bool has_barred; /* Some whose time has come wait for a risk state to end. */
    bool has_due;    /* Some whose time has come were left for the next step. */

    struct mark *marks; /* Owned, by instrument; is_marked says whether there is one. */
    bool *is_marked;

    struct venue_link *links; /* Owned, by venue. */
    struct arena names;       /* Of assets that only a venue has named. */
    struct account *accounts; /* Owned, by venue. */
    struct position_book *positions;
    struct position_book
        *held_by_venues; /* Perpetuals as each venue nets them, over controllers. */
    struct liquidation liquidation;
    struct paper_past *past; /* Owned: while the journal is played, what venues must be told. */
    uint32_t past_count;
    uint32_t past_capacity;
    struct book_rate *rates;        /* Owned, by instrument. */
    struct controller *controllers; /* Owned. */
    uint32_t controller_count;
    struct performance total;
    int64_t publish_at_ns; /* When the next performance event that waits for its interval is due. */

    struct risk *risk;           /* Owned. */
    struct risk_latches latches; /* Scopes that are not ACTIVE. */
    struct quote *quotes;        /* Owned, by instrument: room for guard_revalue(). */
    int64_t valued_ns;           /* When that was last. */
    uint64_t denied[DENY_CODE_COUNT];
    struct loss_watch loss; /* Of the run; see is_halted. */
    bool watches_losses;
    bool limits_executors; /* Some scope has a max_executors. */
    uint32_t sweep_next;   /* Whose orders are looked at next to be canceled; 0: nobody's. */
    bool is_sweep_waiting; /* For the journal. */
    struct risk_waiter risk_waiters[RISK_WAITERS_MAX];
    uint32_t risk_waiter_count;
    struct reconcile_waiter reconcile_waiters[RECONCILE_WAITERS_MAX];
    uint32_t reconcile_waiter_count;
    struct actor_ref latcher; /* Writes states ahead of the journal; or nobody. */
    uint64_t latch_sent;      /* The last record whose states it was told; 0: it has nothing. */
    uint64_t latched;         /* The last one that it has on disk. */

    nng_msg *page;            /* Owned: records that are not sent yet; NULL: there are none. */
    uint64_t seq;             /* Of the last record made. */
    uint64_t committed;       /* Of the last record known to be durable. */
    struct held_ticket *held; /* Owned; oldest first from held_first. */
    size_t held_first;
    size_t held_count;
    size_t held_capacity;
    bool is_store_full;    /* The journal waits for room on the disk: nothing new goes out. */
    int64_t full_since_ns; /* Market time. */
    nng_msg *waiting_step; /* Owned: a STEP that waits for held tickets. */
    struct message_step_done waiting_done; /* Waits for the journal window when is_done_waiting. */
    bool is_done_waiting;
    nng_msg **waiting_wakes;        /* Owned: WAKE_DONE that wait for the journal window. */
    uint32_t waiting_wake_count;    /* At most MARKET_WAKES_MAX. */
    struct actor_ref waiting_venue; /* It has more updates and waits for the window. */
    nng_msg *events;    /* Owned: what one executor is told and was not sent yet; NULL: nothing. */
    uint32_t events_of; /* Whose they are. */
    uint32_t last_touched;             /* With the events before; 0: none. */
    struct text_index executors_by_id; /* Filled with the first action that asks. */
    struct action_entry **actions;     /* Owned, each; number 1 is actions[0]. */
    uint32_t action_count;
    struct text_index actions_by_id;
    struct waiting_answer
        *answers; /* Owned: a ring of ACTIONS_WAITING_MAX; NULL before the first. */
    uint32_t answer_first;
    uint32_t answer_count;
    struct external_fill *externals; /* Owned. */
    uint32_t external_count;
    uint32_t external_capacity;
    uint32_t stopped; /* Executors up to this number were told to stop. */

    bool is_replaying; /* The journal is played: nothing is journalled or sent. */
    bool is_recovered; /* The run goes on from its journal. */
    bool is_begun;     /* The first step came. */
    uint64_t replayed_fills;
    uint32_t *resuming; /* Owned: executors that wait for a quote to go on. */
    uint32_t resuming_count;
    uint32_t *rebuilding; /* Owned: executors whose host has failed. */
    uint32_t rebuilding_count;
    uint32_t rebuilding_capacity;

    bool is_stopping; /* Executors were told to stop. */
    bool is_halted;   /* A loss limit ends the run. */
    enum shutdown_reason reason;
    char ended_by[ORIGIN_TEXT_MAX]; /* Who asked for that; "": nobody. */
    bool is_finishing;              /* Balances were asked for. */
    uint32_t balances_missing;
    uint64_t final_seq; /* The run ends when this is committed; 0 before. */
};

/* ---- orchestrator.c ---- */

/* Before the first record of this start: the run is begun, or goes on. Later calls do nothing. */
MUST_USE enum err orchestrator_begin(struct orchestrator *orch);

/* ---- orchestrator_roster.c: the executors ---- */

MUST_USE enum err roster_init(struct orchestrator *orch);
void roster_done(struct orchestrator *orch);
/* Creates every executor whose time has come and whose instruments have quotes. */
MUST_USE enum err roster_create_due(struct orchestrator *orch);
/* The next start, INSTANT_NEVER when none waits for a time. */
int64_t roster_next_start(const struct orchestrator *orch);
/* Tells the next active executors to stop by the run's policy, some at a time. */
MUST_USE enum err roster_stop_some(struct orchestrator *orch);
MUST_USE enum err roster_on_report(struct orchestrator *orch, const struct message_report *report);
/* Whether executors can go on from the journal. */
bool roster_is_durable(const struct orchestrator *orch);
/* Where an executor comes from. */
struct roster_origin {
    const char *id;               /* NULL: the configuration's, or a new one. */
    struct executor_owner *owner; /* Of one that an action made; NULL: the run file's. */
    int64_t place;                /* In the run file, from 1; 0: an action's. */
};

/* Names, funds, journals, spawns and registers one executor. It takes the owner, also on an
 * error. */
MUST_USE enum err roster_create(struct orchestrator *orch, const struct executor_section *section,
                                const struct roster_origin *origin);
/* A new entry with its configuration, instruments and controller, and nothing else. It takes the
 * owner, also on an error. */
MUST_USE enum err roster_enter(struct orchestrator *orch, const struct executor_section *section,
                               const struct roster_origin *origin,
                               struct executor_entry **ret_entry);
/* Spawns the host, which goes on from `states` when there are any: ERR_CORRUPT or ERR_VERSION when
 * it cannot. */
MUST_USE enum err roster_spawn(struct orchestrator *orch, uint32_t number, bool is_funded,
                               const char *states);
/* Shows the host to the market, which wakes it in the next step. */
MUST_USE enum err roster_register(struct orchestrator *orch, uint32_t number);
/* Whether every instrument of an entry has a quote. */
bool roster_is_quoted(const struct orchestrator *orch, const struct executor_entry *entry);
/* The executor is over: its reservation and its place among the active ones are free. */
void roster_close(struct orchestrator *orch, struct executor_entry *entry, unsigned close_type,
                  struct decimal net_pnl_quote);
/* Tells an executor to stop, at its next wake, which is soon. */
MUST_USE enum err roster_stop(struct orchestrator *orch, uint32_t number, bool keep_position);
/* The number of the executor with that id, 0 for none and for one that was not created yet. */
uint32_t roster_find(struct orchestrator *orch, const char *id);
/* Whether an id is taken, also by one of the run file that was not created yet. */
bool roster_is_known(struct orchestrator *orch, const char *id);
/* The entry of a number, which must exist. */
struct executor_entry *roster_get(const struct orchestrator *orch, uint32_t number);
MUST_USE enum err roster_touch(struct orchestrator *orch, uint32_t number);

/* ---- orchestrator_answers.c: what actions were answered ---- */

/* Before the first action. */
MUST_USE enum err answers_prepare(struct orchestrator *orch);
void answers_done(struct orchestrator *orch);
/* The number of the action with that id, 0 for none. */
uint32_t answers_find(const struct orchestrator *orch, const char *action_id);
/* Whether that answer is of this action, and not of another with the same id. */
bool answers_is_of(const struct orchestrator *orch, uint32_t number, const struct action *action);
/* The answer of a number, which must exist. */
struct action_entry *answers_get(const struct orchestrator *orch, uint32_t number);
/* Remembers a copy of an answer; *ret_number is its number from 1. */
MUST_USE enum err answers_remember(struct orchestrator *orch, const struct action_entry *answer,
                                   uint32_t *ret_number);
/* Remembers what a record of the journal says about an action. */
MUST_USE enum err answers_restore(struct orchestrator *orch, const struct record *record);
MUST_USE enum err answers_send_now(struct orchestrator *orch, const struct action_entry *entry,
                                   const struct waiting_answer *to);
/* Answers as soon as what was done is durable; at once where durability comes at the end only. */
MUST_USE enum err answers_send(struct orchestrator *orch, const struct waiting_answer *to);
/* Sends the answers whose records are durable now. */
MUST_USE enum err answers_on_committed(struct orchestrator *orch);

/* ---- orchestrator_refresh.c: fresh reports, and what they are asked by ---- */

/* What actions have to do with an executor, made when the first one comes. NULL: no memory. */
struct executor_owner *executor_owner_of(struct executor_entry *entry);
/* Asks an executor for a report, which answers the message. */
MUST_USE enum err refresh_on_message(struct orchestrator *orch,
                                     const struct message_refresh *refresh,
                                     struct actor_ref sender);
/* A report has come: whoever waits for one is answered when it is durable. */
MUST_USE enum err refresh_on_report(struct orchestrator *orch, struct executor_owner *owner);

/* ---- orchestrator_actions.c: what is asked for from outside ---- */

MUST_USE enum err actions_on_action(struct orchestrator *orch, const struct message_action *message,
                                    struct actor_ref sender);
/* An executor was rebuilt: an update that its host took with it is refused. */
MUST_USE enum err actions_on_rebuilt(struct orchestrator *orch, struct executor_entry *entry);
/* Completes what waited for an executor to start, to change or to end. */
MUST_USE enum err actions_on_report(struct orchestrator *orch, struct executor_entry *entry,
                                    const struct message_report *report);

/* Carries out again what was accepted before a restart and is not completed. */
MUST_USE enum err actions_resume(struct orchestrator *orch, uint32_t number);

/* ---- orchestrator_past.c: what an executor missed ---- */

/* Keeps an event, behind those that are kept. ERR_MEMORY. */
MUST_USE enum err past_keep(struct executor_past *past, const struct message_catch_up *missed);
/* What an executor is told by a record of one of its orders; false: nothing. `is_first`: the record
 * is the first of the order; when it is an acceptance, the venue has made the order. */
bool past_event(const struct record *record, bool is_first, struct order_event *ret_event);
/* The fill of a record, as it was before it was written. */
struct fill past_fill(const struct record *record, const struct instrument *instrument);

/* Keeps what a report said about the state. */
MUST_USE enum err past_take_state(struct executor_past *past, const char *state);
/* Keeps for an executor's host what it is told about an order of its executor. */
MUST_USE enum err past_tell(struct orchestrator *orch, uint32_t number,
                            const struct order_event *event);

/* ---- orchestrator_recovery.c: from the journal back to where the run was ---- */

/* Plays the journal of the database. Errors, with words: ERR_CORRUPT, ERR_STATE when the run file
 * has changed, ERR_UNSUPPORTED, those of reader_open(). */
MUST_USE enum err recovery_replay(struct orchestrator *orch, const char *database,
                                  struct failure *failure);
/* The first step of a recovered run: venues, hosts. */
MUST_USE enum err recovery_begin(struct orchestrator *orch);
/* Each step: shows hosts to the market as soon as they can be woken. */
MUST_USE enum err recovery_go_on(struct orchestrator *orch);

/* ---- orchestrator_opening.c: what is owned before the first fill ---- */

/* Puts the initial positions of the run file into the book. */
MUST_USE enum err opening_begin(struct orchestrator *orch);
/* Puts back one that the journal has. ERR_CORRUPT when that cannot be. */
MUST_USE enum err opening_restore(struct orchestrator *orch, const struct record *record);

/* ---- orchestrator_restore.c: the orders after a restart ---- */

/* Makes an order as the journal says it is, or changes one that is there. Tells nobody.
 * ERR_CORRUPT: the record does not follow the ones before. */
MUST_USE enum err restore_order(struct orchestrator *orch, const struct record_order *record);
/* Gives what is left of live orders to venues of this process, which have forgotten them. */
MUST_USE enum err restore_orders(struct orchestrator *orch);

/* Asks back every live order of an executor. */
MUST_USE enum err restore_cancel_all(struct orchestrator *orch, uint32_t number);

/* ---- orchestrator_externals.c: orders that are not ours ---- */

/* Remembers a fill of one; false when it was booked before. */
MUST_USE enum err externals_take(struct orchestrator *orch, const struct fill *fill,
                                 bool *ret_is_new);
/* An update of one (somebody traded by hand, an earlier start): it must be seen, and a fill is
 * never dropped but booked under a controller of its own. */
MUST_USE enum err externals_on_update(struct orchestrator *orch, const struct venue_update *update);

/* ---- orchestrator_margin.c: funding and liquidations ---- */

/* Books a payment on the positions it was paid for. */
MUST_USE enum err margin_on_funding(struct orchestrator *orch, const struct venue_payment *payment);
/* Whether an update belongs to an order by which a venue closes a position. */
bool margin_is_liquidation(const struct orchestrator *orch, const struct venue_update *update);
/* Announcement, fills and end of such an order. */
MUST_USE enum err margin_on_liquidation(struct orchestrator *orch,
                                        const struct venue_update *update);

/* ---- orchestrator_books.c: accounts, positions, performance ---- */

MUST_USE enum err books_init(struct orchestrator *orch);
/* The asset of a venue's account, made when it is new; NULL when the account is full. */
struct account_asset *books_asset(struct orchestrator *orch, uint32_t venue, const char *asset);
void books_done(struct orchestrator *orch);
/* The value of a rate now. Invalid as long as a live one has no quote. */
struct decimal books_rate(const struct orchestrator *orch, const struct rate_source *source);
/* Money in the quote asset of an instrument, in the asset that is summed in. */
struct decimal books_worth(const struct orchestrator *orch, uint32_t instrument,
                           struct decimal amount);
/* Whether the money of an instrument can be summed: a live rate may have no quote yet. */
bool books_can_value(const struct orchestrator *orch, uint32_t instrument);
/* The number of a controller, made when it is new. */
MUST_USE enum err books_controller(struct orchestrator *orch, const char *name,
                                   uint32_t *ret_number);
/* Reserves all of the plans when the accounts have it; nothing and false when they do not. */
bool books_reserve(struct orchestrator *orch, struct executor_entry *executor,
                   const struct executor_plans *plans);
/* Sets aside what was set aside before a restart. ERR_LIMIT: the account has no room for the
 * asset. */
MUST_USE enum err books_restore_reserved(struct orchestrator *orch, struct executor_entry *executor,
                                         uint32_t market, const struct reservation *reserved);
/* Gives back what is left of an executor's reservation. */
void books_release(struct orchestrator *orch, struct executor_entry *executor);
/* Moves the venue's account, and what the executor has set aside, by one fill of a new trade. */
MUST_USE enum err books_move_account(struct orchestrator *orch, const struct booking *booking,
                                     const struct fill *fill);
/* Moves position and performance by it. */
MUST_USE enum err books_apply_fill(struct orchestrator *orch, const struct booking *booking,
                                   const struct fill *fill);
/* Moves the venue's account by a funding payment. */
void books_fund_account(struct orchestrator *orch, const struct venue_payment *payment);
/* Books a part of a payment on a position. */
MUST_USE enum err books_apply_funding(struct orchestrator *orch, struct position *position,
                                      const struct venue_payment *payment, struct decimal amount);
/* Publishes the performance of controllers that changed and whose interval is over, all of them
 * and the run's when `is_final`. What has to wait sets publish_at_ns. */
MUST_USE enum err books_publish(struct orchestrator *orch, bool is_final);
/* Brings the figures of a controller, or of the run (UINT32_MAX), up to the marks of now. False
 * when an open position has no quote yet, which counts as 0 then. */
bool books_refresh(struct orchestrator *orch, uint32_t controller, struct performance *performance);

#endif
