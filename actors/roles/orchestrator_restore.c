/*
 * The orders after a restart: as the journal says they are, and as venues that have forgotten them
 * must know them.
 */
#include <stdio.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_router.h"

/* The order that a record is the first of. */
static enum err restore_new(struct orchestrator *orch, const struct record_order *record,
                            struct order_entry **ret_order)
{
    struct executor_entry *executor = roster_get(orch, record->id.executor);
    const struct instrument *instrument =
        run_config_find_instrument(orch->given.config, record->venue, record->trading_pair);
    if (instrument == NULL || record->id.ordinal != executor->order_count + 1) {
        return ERR_CORRUPT;
    }
    struct order_entry *order = router_add_order(orch, executor);
    if (order == NULL) {
        return ERR_MEMORY;
    }
    order->ticket = (struct order_ticket){.id = record->id,
                                          .instrument = instrument->index,
                                          .side = record->side,
                                          .type = record->type,
                                          .amount = record->amount,
                                          .price = record->price,
                                          .time_in_force = record->time_in_force,
                                          .action = record->action,
                                          .leverage = record->leverage};
    order->role = record->role;
    order->state = ORDER_PENDING_SUBMIT;
    order->market = executor->instruments[0] == instrument ? 0 : 1;
    order->created_at_ns = record->created_at_ns;
    *ret_order = order;
    /* One that begins with its end was denied, or is the venue's own: it was never counted. */
    return order_state_is_terminal(record->state) ? ERR_NONE : guard_restore(orch, executor, order);
}

enum err restore_order(struct orchestrator *orch, const struct record_order *record)
{
    struct order_entry *order =
        router_order(roster_get(orch, record->id.executor), record->id.ordinal);
    enum err err = ERR_NONE;
    if (order == NULL) {
        err = restore_new(orch, record, &order);
    } else if (order->ticket.id.epoch != record->id.epoch) {
        err = ERR_CORRUPT;
    }
    if (err != ERR_NONE) {
        return err;
    }
    if (!order_state_is_terminal(order->state)) {
        const enum deny_code code = deny_find(record->reason);
        if (deny_is_withheld(code)) {
            order->withheld = code;
        }
        router_set_state(orch, order, record->state);
    }
    return ERR_NONE;
}

/* The last word of a venue that cannot say it any more. */
static enum err restore_end(struct orchestrator *orch, const struct order_entry *order,
                            enum venue_update_kind kind)
{
    struct venue_update update = {.kind = kind, .order = order->ticket.id};
    (void)snprintf(update.reason, sizeof(update.reason), "restart");
    return router_on_update(orch, &update);
}

/* What is left of an order goes to its venue again, under its own id. One of which nothing is left
 * was filled, and one that was asked back is over. */
static enum err restore_live(struct orchestrator *orch, struct order_entry *order)
{
    struct order_ticket ticket = order->ticket;
    ticket.amount = decimal_subtract(ticket.amount, order->executed_base);
    if (decimal_sign(ticket.amount) <= 0) {
        return restore_end(orch, order, VENUE_COMPLETED);
    }
    if (order->state == ORDER_PENDING_CANCEL) {
        return restore_end(orch, order, VENUE_CANCELED);
    }
    const uint32_t venue = orch->given.config->instruments[ticket.instrument].venue;
    return message_post(orch->context, orch->given.venues[venue], MESSAGE_SUBMIT, orch->now_ns,
                        &ticket, sizeof(ticket));
}

static enum err restore_live_of(struct orchestrator *orch, struct executor_entry *executor)
{
    const struct venue_section *venues = orch->given.config->file.venues.items;
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < executor->order_count && err == ERR_NONE; i++) {
        struct order_entry *order = &executor->orders[i];
        const uint32_t venue = orch->given.config->instruments[order->ticket.instrument].venue;
        if (!order_state_is_terminal(order->state) && !venues[venue].is_remote) {
            err = restore_live(orch, order);
        }
    }
    return err;
}

enum err restore_orders(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->executor_count && err == ERR_NONE; i++) {
        err = restore_live_of(orch, &orch->executors[i]);
    }
    return err;
}

enum err restore_cancel_all(struct orchestrator *orch, uint32_t number)
{
    const struct executor_entry *executor = roster_get(orch, number);
    enum err err = ERR_NONE;
    for (uint32_t ordinal = 1; ordinal <= executor->order_count && err == ERR_NONE; ordinal++) {
        const enum order_state state = executor->orders[ordinal - 1].state;
        if (!order_state_is_terminal(state) && state != ORDER_PENDING_CANCEL) {
            err = router_cancel(orch, number, ordinal);
        }
    }
    return err;
}
