/*
 * What an executor missed while its host was not there.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_parts.h"

enum { PAST_MISSED_FIRST = 16 };

void executor_past_destroy(struct executor_past *past)
{
    if (past != NULL) {
        text_done(&past->states);
        free(past->missed);
        free(past);
    }
}

enum err past_take_state(struct executor_past *past, const char *state)
{
    if (past->states.length > 0) {
        text_append_char(&past->states, '\n');
    }
    text_append_string(&past->states, state);
    return text_failed(&past->states) ? ERR_MEMORY : ERR_NONE;
}

enum err past_keep(struct executor_past *past, const struct message_catch_up *missed)
{
    if (past->missed_count == past->missed_capacity) {
        const uint32_t capacity =
            past->missed_capacity != 0 ? past->missed_capacity * 2 : PAST_MISSED_FIRST;
        struct message_catch_up *all = realloc(past->missed, capacity * sizeof(*all));
        if (all == NULL) {
            return ERR_MEMORY;
        }
        past->missed = all;
        past->missed_capacity = capacity;
    }
    past->missed[past->missed_count++] = *missed;
    return ERR_NONE;
}

/* The executor's event for a state that ends an order. */
static enum order_event_kind past_end_event(enum order_state state)
{
    return state == ORDER_FILLED     ? ORDER_EVENT_COMPLETED
           : state == ORDER_REJECTED ? ORDER_EVENT_FAILED
                                     : ORDER_EVENT_CANCELED;
}

bool past_event(const struct record *record, bool is_first, struct order_event *ret_event)
{
    const struct record_order *order = &record->data.order;
    *ret_event = (struct order_event){.ordinal = order->id.ordinal};
    if (record->kind == RECORD_ORDER_ACCEPTED && is_first) {
        ret_event->kind = ORDER_EVENT_ADOPTED;
        ret_event->fill =
            (struct fill){.order = order->id, .side = order->side, .amount = order->amount};
        return true;
    }
    if (order_state_is_terminal(order->state)) {
        ret_event->kind = past_end_event(order->state);
        ret_event->is_withheld = deny_is_withheld(deny_find(order->reason));
        return true;
    }
    ret_event->kind = ORDER_EVENT_ACKNOWLEDGED;
    return record->kind == RECORD_ORDER_ACCEPTED;
}

struct fill past_fill(const struct record *record, const struct instrument *instrument)
{
    struct fill fill = record->data.fill.fill;
    fill.instrument = instrument->index;
    fill.fee_in_base = strcmp(record->data.fill.fee_asset, instrument->base) == 0;
    return fill;
}

enum err past_tell(struct orchestrator *orch, uint32_t number, const struct order_event *event)
{
    struct executor_entry *entry = roster_get(orch, number);
    if (entry->status == EXECUTOR_TERMINATED) {
        return ERR_NONE;
    }
    const struct order_entry *order = &entry->orders[event->ordinal - 1];
    struct message_catch_up missed = {.event = *event};
    missed.event.market = entry->instruments[0]->index == order->ticket.instrument ? 0 : 1;
    if (event->kind == ORDER_EVENT_FILL) {
        missed.executed_before = decimal_subtract(order->executed_base, event->fill.amount);
    }
    return past_keep(entry->owner->past, &missed);
}
