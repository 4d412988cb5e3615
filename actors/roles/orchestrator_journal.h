/*
 * actors/roles/orchestrator_journal.h - the orchestrator's side of the journal.
 *
 * It numbers records, collects them on a page and follows their commits; tickets whose intent must
 * be durable wait here until it is.
 *
 * Threads: belongs to the orchestrator.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_JOURNAL_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_JOURNAL_H

#include "actors/messages.h"
#include "actors/record_page.h"

struct orchestrator;

/* Fills seq and ts and puts the record on the open page, which goes to the persistence actor when
 * it is full and when the orchestrator has nothing else to do. */
MUST_USE enum err journal_add(struct orchestrator *orch, struct record *record);
/* Sends the open page. */
MUST_USE enum err journal_flush(struct orchestrator *orch);
/* Sends the ticket, now or as soon as record `seq` is durable. */
MUST_USE enum err journal_release_after(struct orchestrator *orch, uint64_t seq,
                                        const struct order_ticket *ticket);
/* The journal has committed up to a sequence number. */
MUST_USE enum err journal_on_committed(struct orchestrator *orch,
                                       const struct message_committed *committed);
/* True while so many records wait for their commit, or for room on the disk, that the next step has
 * to wait. */
bool journal_is_behind(const struct orchestrator *orch);
/* What records of the run say about it. */
struct record_run journal_run(const struct orchestrator *orch);
MUST_USE enum err journal_run_started(struct orchestrator *orch);
MUST_USE enum err journal_run_stopped(struct orchestrator *orch);
MUST_USE enum err journal_note(struct orchestrator *orch, enum record_kind kind, const char *scope,
                               const char *code, const char *text);

#endif
