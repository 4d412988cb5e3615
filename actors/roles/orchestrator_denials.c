/*
 * What does not leave, and what becomes of it.
 *
 * An order that breaks a rule or a limit is the failure of its executor. One that a state of risk
 * or a link that is down holds back is nobody's: its executor is told so, waits, and is told again
 * when it may go on. While the run ends nobody lets it go on any more, so that then it is a failure
 * like any other, and the run comes to its end.
 */
#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_reconciler.h"
#include "actors/roles/orchestrator_router.h"

enum err denials_on_skipped(struct orchestrator *orch, uint32_t number,
                            const struct executor_skip *skip)
{
    const struct executor_entry *executor = roster_get(orch, number);
    const struct instrument *instrument = executor->instruments[skip->market];
    struct record record = {
        .kind = RECORD_EXECUTOR_SKIPPED,
        .controller_id = executor->config->controller_id,
        .executor_id = executor->id,
        .data.skip = {.type = executor->kind->type,
                      .connector_name = instrument->venue_name,
                      .trading_pair = instrument->trading_pair,
                      .reason = field_name_of(skip_reason_names, (int)skip->reason),
                      .role = skip->role,
                      .side = skip->side,
                      .kind = skip->type,
                      .amount = skip->amount,
                      .price = skip->price}};
    return journal_add(orch, &record);
}

/* The first denial after an order went out. */
static enum err denials_skip(struct orchestrator *orch, const struct order_entry *order)
{
    const struct order_ticket *ticket = &order->ticket;
    const struct executor_skip skip = {.reason = SKIP_RISK,
                                       .market = order->market,
                                       .role = order->role,
                                       .side = ticket->side,
                                       .type = ticket->type,
                                       .amount = ticket->amount,
                                       .price = ticket->price};
    return denials_on_skipped(orch, ticket->id.executor, &skip);
}

enum err denials_tell(struct orchestrator *orch, struct order_id id, enum order_event_kind kind,
                      const char *reason)
{
    const struct order_event event = {.kind = kind,
                                      .ordinal = id.ordinal,
                                      .is_withheld = !orch->is_stopping &&
                                                     deny_is_withheld(deny_find(reason))};
    if (event.is_withheld) {
        roster_get(orch, id.executor)->is_withheld = true;
    }
    return router_tell(orch, id.executor, &event);
}

enum err denials_deny(struct orchestrator *orch, struct executor_entry *executor,
                      struct order_entry *order, const struct risk_verdict *verdict)
{
    const char *reason = deny_name(verdict->code);
    (void)router_move(orch, order, ORDER_INPUT_DENY);
    enum err err = guard_journal_denied(orch, executor, order->market, verdict);
    if (err == ERR_NONE) {
        err = router_journal_order(orch, RECORD_ORDER_REJECTED, executor, order, reason);
    }
    if (err == ERR_NONE && !executor->is_denied) {
        executor->is_denied = true;
        err = denials_skip(orch, order);
    }
    if (err == ERR_NONE) {
        err = denials_tell(orch, order->ticket.id, ORDER_EVENT_FAILED, reason);
    }
    return err == ERR_NONE && !deny_is_withheld(verdict->code)
               ? guard_on_rejected(orch, order->ticket.id.executor)
               : err;
}

enum err denials_deny_held(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < orch->held_count && err == ERR_NONE; i++) {
        const struct order_id id = orch->held[orch->held_first + i].ticket.id;
        struct executor_entry *executor = roster_get(orch, id.executor);
        struct order_entry *order = &executor->orders[id.ordinal - 1];
        struct risk_verdict verdict;
        if (!order_state_is_terminal(order->state) &&
            halt_forbids(orch, executor, order, &verdict)) {
            err = denials_deny(orch, executor, order, &verdict);
        }
    }
    return err;
}

enum err denials_deny_duplicate(struct orchestrator *orch, uint32_t number,
                                const struct executor_request *request)
{
    const struct risk_verdict verdict = {.code = DENY_DUPLICATE_ORDER,
                                         .scope = RISK_EXECUTOR,
                                         .limit = decimal_from_int(request->ordinal),
                                         .value = decimal_from_int(request->ordinal)};
    const enum err err =
        guard_journal_denied(orch, roster_get(orch, number), request->market, &verdict);
    return err == ERR_NONE ? guard_on_rejected(orch, number) : err;
}

/* Whether nothing can leave for one of its markets, and waiting is right. */
static bool denials_is_blocked(const struct orchestrator *orch,
                               const struct executor_entry *executor)
{
    for (uint32_t i = 0; i < executor->kind->market_count && !orch->is_stopping; i++) {
        enum risk_scope_kind scope;
        if (risk_effective_state(orch->risk, &executor->risk, i, &scope) == RISK_HALTED ||
            reconciler_deny_code(orch, executor->instruments[i]->venue) != DENY_NONE) {
            return true;
        }
    }
    return false;
}

enum err denials_release(struct orchestrator *orch, uint32_t number)
{
    struct executor_entry *executor = roster_get(orch, number);
    const bool is_absent = executor->owner != NULL && executor->owner->past != NULL;
    if (!executor->is_withheld || is_absent || denials_is_blocked(orch, executor)) {
        return ERR_NONE;
    }
    executor->is_withheld = false;
    const struct order_event event = {.kind = ORDER_EVENT_RELEASED};
    return router_tell(orch, number, &event);
}
