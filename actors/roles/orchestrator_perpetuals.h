/*
 * actors/roles/orchestrator_perpetuals.h - perpetual positions after a restart: what a venue of
 * this process, which has forgotten them, must be told.
 *
 * Threads: all of it belongs to the orchestrator.
 */
#ifndef TUTTI_ACTORS_ROLES_ORCHESTRATOR_PERPETUALS_H
#define TUTTI_ACTORS_ROLES_ORCHESTRATOR_PERPETUALS_H

#include "actors/roles/orchestrator_parts.h"

/* Keeps a fill of the journal that has been booked, a payment, a liquidation, when they are of a
 * perpetual: of those positions that are still open. ERR_LIMIT: of too many. */
MUST_USE enum err perpetuals_on_fill(struct orchestrator *orch, const struct fill *fill);
MUST_USE enum err perpetuals_on_funding(struct orchestrator *orch,
                                        const struct venue_payment *payment);
MUST_USE enum err perpetuals_on_liquidation(struct orchestrator *orch,
                                            const struct record_liquidation *record);
/* Tells a venue of this process, which has forgotten it. */
MUST_USE enum err perpetuals_restore(struct orchestrator *orch, uint32_t venue);

#endif
