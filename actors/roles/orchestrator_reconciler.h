/*
 * actors/roles/orchestrator_reconciler.h - venues in other processes, as the orchestrator follows
 * them.
 *
 * Threads: all of it belongs to the orchestrator actor.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_RECONCILER_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_RECONCILER_H

#include "actors/roles/orchestrator_parts.h"

/* A venue, as far as its link goes. */
struct venue_link {
    bool is_remote; /* In another process; for others the rest is 0. */
    bool is_connected;
    bool is_reconciled;   /* Since it was connected, or since the last gap. */
    bool has_balances;    /* Its balances were taken over once. */
    uint64_t trade_known; /* Every trade up to this is in the journal. */
    uint64_t trade_ahead; /* Of those behind it, one bit each: it is in the journal too. */
    uint32_t round;       /* Reconciliations so far, and the one under way. */
    uint32_t found;       /* Fills that were not known before the reconciliation under way. */
};

MUST_USE enum err reconciler_init(struct orchestrator *orch);
void reconciler_done(struct orchestrator *orch);
/* A fill that was loaded, before reconciler_start(): trades up to the highest number without a gap
 * before it are not asked for again. */
void reconciler_know_trade(struct orchestrator *orch, uint32_t venue, uint64_t number);
/* Reconciles everything: executors and orders are as loaded, or there are none yet. Until a venue
 * has told what it has, nothing new is sent to it. */
MUST_USE enum err reconciler_start(struct orchestrator *orch);
/* Somebody asks for a comparison: it is answered with what was found, or why there is none. */
MUST_USE enum err reconciler_on_wanted(struct orchestrator *orch,
                                       const struct message_reconcile_wanted *wanted,
                                       struct actor_ref sender);
/* Compares with a venue now; nothing happens when it is not in another process. */
MUST_USE enum err reconciler_request(struct orchestrator *orch, uint32_t venue);
/* DENY_NONE when new orders may be sent to the venue, else why not. */
enum deny_code reconciler_deny_code(const struct orchestrator *orch, uint32_t venue);
MUST_USE enum err reconciler_on_link(struct orchestrator *orch,
                                     const struct message_venue_link *link);
MUST_USE enum err reconciler_on_reconciled(struct orchestrator *orch,
                                           const struct message_reconciled *reconciled);
/* Asks what became of an order. */
MUST_USE enum err reconciler_query(struct orchestrator *orch, const struct order_entry *order);
/* The reconciliation of the order's venue that is under way. */
uint32_t reconciler_round(const struct orchestrator *orch, const struct order_entry *order);
/* The venue says that an order is open which has ended here: it is taken back. */
MUST_USE enum err reconciler_on_zombie(struct orchestrator *orch, const struct order_entry *order);
/* A fill that was not known before was applied. */
void reconciler_on_fill(struct orchestrator *orch, uint32_t venue);

/* ---- orchestrator_balances.c: what venues say they hold ---- */

/* Takes over what a venue in another process holds. ERR_LIMIT, ERR_MEMORY. */
MUST_USE enum err books_adopt_balances(struct orchestrator *orch, uint32_t venue,
                                       const struct balance *balances, uint32_t count);
/* Writes the assets of which a venue holds something else than its fills say, as members of the
 * JSON object that is open in *out. How many there are. */
uint32_t books_find_differences(struct orchestrator *orch, uint32_t venue,
                                const struct balance *balances, uint32_t count, struct text *out);
/* Compares a venue's balances with what fills say; remembers a difference in the outcome. */
MUST_USE enum err books_on_balances(struct orchestrator *orch,
                                    const struct message_balances *balances);

#endif
