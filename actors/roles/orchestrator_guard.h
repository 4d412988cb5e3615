/*
 * actors/roles/orchestrator_guard.h - the orchestrator before the risk engine: what is judged, and
 * the states that halt.
 *
 * Threads: belongs to the orchestrator actor.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_GUARD_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_GUARD_H

#include "actors/roles/latcher.h"
#include "actors/roles/orchestrator_parts.h"

/* ---- orchestrator_guard.c: what the risk engine judges and is told ---- */

MUST_USE enum err guard_init(struct orchestrator *orch);
void guard_done(struct orchestrator *orch);
/* Tells of the controller that gets the next number. */
MUST_USE enum err guard_add_controller(struct orchestrator *orch, const char *name);
/* Tells of a new executor, whose controller and instruments are filled in. */
MUST_USE enum err guard_add_executor(struct orchestrator *orch, struct executor_entry *entry);
/* True when the executor may be created now. Its instruments exist. */
bool guard_check_create(struct orchestrator *orch, const struct executor_section *section,
                        const char *controller_id, struct risk_verdict *ret_verdict);
/* Journals that one was not created. */
MUST_USE enum err guard_deny_create(struct orchestrator *orch,
                                    const struct executor_section *section,
                                    const struct risk_verdict *verdict);
/* True when the order may leave: it is counted from now on. */
bool guard_admit(struct orchestrator *orch, struct executor_entry *executor,
                 struct order_entry *order, struct risk_verdict *ret_verdict);
/* After a restart: the order has left before, and is counted as it was then. ERR_MEMORY. */
MUST_USE enum err guard_restore(struct orchestrator *orch, struct executor_entry *executor,
                                struct order_entry *order);
/* After every change of an order's state or executed amount; `fill` is a new one, or NULL. */
void guard_follow(struct orchestrator *orch, struct executor_entry *executor,
                  struct order_entry *order, const struct fill *fill);
/* What a controller owns has changed by a fill that belongs to no order of this run. */
MUST_USE enum err guard_on_owned(struct orchestrator *orch, uint32_t controller,
                                 const struct booking *booking, const struct fill *fill);
/* Journals the denial of an order of that market. */
MUST_USE enum err guard_journal_denied(struct orchestrator *orch,
                                       const struct executor_entry *executor, uint32_t market,
                                       const struct risk_verdict *verdict);
/* An order was denied or rejected: one too many stops its executor. */
MUST_USE enum err guard_on_rejected(struct orchestrator *orch, uint32_t number);
/* After a restart: the same, as it was then; what it led to is in the journal too. */
void guard_recall_rejected(struct orchestrator *orch, uint32_t number);
void guard_recall_denied(struct orchestrator *orch, const struct record *record);
/* Values positions again when that was a second of market time ago. */
void guard_revalue(struct orchestrator *orch);
/* Values positions now, whether or not an exposure is limited, for somebody who wants to see them.
 */
void guard_value(struct orchestrator *orch);

/* ---- orchestrator_losses.c: how much may be lost ---- */

/* Looks at the losses that are limited; a lost run is is_halted. What a loss is measured from is
 * journalled when it moves, so that a restart goes on from the same. */
MUST_USE enum err losses_watch(struct orchestrator *orch);
/* After a restart: a record of what a loss is measured from. ERR_CORRUPT. */
MUST_USE enum err losses_recall(struct orchestrator *orch, const struct record *record);
/* A controller that has lost too much may trade again: what it loses counts from now on. */
void losses_forgive(struct orchestrator *orch, const char *controller);
/* The run is over: when a loss has ended it the next one starts HALTED. */
MUST_USE enum err losses_end(struct orchestrator *orch);

/* ---- orchestrator_halt.c: the states of risk ---- */

MUST_USE enum err halt_init(struct orchestrator *orch);
void halt_done(struct orchestrator *orch);
/* The journal has begun: writes the states that hold from the start. */
MUST_USE enum err halt_on_started(struct orchestrator *orch);
/* Puts a state in force and journals it. */
MUST_USE enum err halt_record(struct orchestrator *orch, const struct risk_change *change);
/* The same; what it forbids is denied where it waits, and canceled where it is live. */
MUST_USE enum err halt_change(struct orchestrator *orch, const struct risk_change *change);
/* Looks through all executors: what the states now forbid is canceled, and the executors of
 * controllers that have lost too much are stopped. */
MUST_USE enum err halt_sweep(struct orchestrator *orch);
/* True when the states forbid that this order is live. */
bool halt_forbids(const struct orchestrator *orch, const struct executor_entry *executor,
                  const struct order_entry *order, struct risk_verdict *ret_verdict);
MUST_USE enum err halt_on_request(struct orchestrator *orch, const struct message_risk *request,
                                  struct actor_ref sender);
MUST_USE enum err halt_on_sweep(struct orchestrator *orch);
/* States are on disk ahead of the journal: whoever waits for that is answered. */
MUST_USE enum err halt_on_latched(struct orchestrator *orch, const struct message_latched *latched);
MUST_USE enum err halt_on_committed(struct orchestrator *orch);

#endif
