/*
 * actors/roles/orchestrator_router.h - the orders of executors on their way to venues, what venues
 * say of them, and what does not leave.
 *
 * Threads: all of it belongs to the orchestrator actor.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_ROUTER_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_ROUTER_H

#include "actors/roles/orchestrator_parts.h"

/* ---- orchestrator_router.c: the orders ---- */

/* The order of that ordinal, or NULL. */
struct order_entry *router_order(const struct executor_entry *executor, uint32_t ordinal);
/* Room for the next order, zeroed; NULL: no memory. */
struct order_entry *router_add_order(struct orchestrator *orch, struct executor_entry *executor);
/* Moves the order as its table says. Nothing that may come from outside is impossible in it. */
enum order_verdict router_move(struct orchestrator *orch, struct order_entry *order,
                               enum order_input input);
/* Tells the executor, together with what else it is told now, and sees to it that it is woken. */
MUST_USE enum err router_tell(struct orchestrator *orch, uint32_t number,
                              const struct order_event *event);
/* Journals an order as it stands now. */
MUST_USE enum err router_journal_order(struct orchestrator *orch, enum record_kind kind,
                                       const struct executor_entry *executor,
                                       const struct order_entry *order, const char *reason);
/* Moves a live order to another state and keeps the count of live ones. */
void router_set_state(struct orchestrator *orch, struct order_entry *order, enum order_state state);

/* After a restart: an order whose intent the journal never had. Nothing of it has left, and it is
 * over. */
MUST_USE enum err router_on_never_sent(struct orchestrator *orch,
                                       const struct message_request *never_sent);
MUST_USE enum err router_on_request(struct orchestrator *orch, uint32_t number,
                                    const struct executor_request *request);
MUST_USE enum err router_on_update(struct orchestrator *orch, const struct venue_update *update);
/* Sends what executors were told: before the market may go on, and at the end of every handler.
 * Whoever is told is woken: its touch goes behind the events. */
MUST_USE enum err router_flush(struct orchestrator *orch);
/* The same, but the caller sees to it that *ret_touched is woken; 0: nobody is to be. */
MUST_USE enum err router_flush_for(struct orchestrator *orch, uint32_t *ret_touched);
/* Asks the venue to cancel an order, unless it has ended. */
MUST_USE enum err router_cancel(struct orchestrator *orch, uint32_t number, uint32_t ordinal);
/* True while the order of a ticket that waits may still leave. */
bool router_may_leave(const struct orchestrator *orch, const struct order_ticket *ticket);

/* A fill that the venue made by an order of its own, booked as that of an order of the executor,
 * which is told of it unless it has ended. `fill` has the amount and the trade id to book. */
MUST_USE enum err router_adopt(struct orchestrator *orch, uint32_t number, const struct fill *fill,
                               const char *reason);

/* ---- orchestrator_denials.c: what does not leave ---- */

/* Journals what an executor does not place, and why. */
MUST_USE enum err denials_on_skipped(struct orchestrator *orch, uint32_t number,
                                     const struct executor_skip *skip);
/* Tells an executor that an order has ended, for this reason: whether it is its failure. */
MUST_USE enum err denials_tell(struct orchestrator *orch, struct order_id id,
                               enum order_event_kind kind, const char *reason);
/* The order does not leave: it has ended, and the journal and its executor know why. */
MUST_USE enum err denials_deny(struct orchestrator *orch, struct executor_entry *executor,
                               struct order_entry *order, const struct risk_verdict *verdict);
/* Denies the tickets that wait for their commit and that the states of risk forbid now. */
MUST_USE enum err denials_deny_held(struct orchestrator *orch);
/* The id belongs to an order that was placed before: that one stays as it is. */
MUST_USE enum err denials_deny_duplicate(struct orchestrator *orch, uint32_t number,
                                         const struct executor_request *request);
/* Tells an executor from which something was withheld that it may go on, as soon as it may. */
MUST_USE enum err denials_release(struct orchestrator *orch, uint32_t number);

#endif
