/*
 * What an executor missed while its host was not there.
 */
#include <stdlib.h>

#include "actors/roles/orchestrator_parts.h"

enum { PAST_MISSED_FIRST = 16 };

void executor_past_destroy(struct executor_past *past)
{
    if (past != NULL) {
        free(past->state);
        free(past->missed);
        free(past);
    }
}

/* Keeps an event for the host that is not there yet. */
static enum err past_keep(struct executor_past *past, const struct message_catch_up *missed)
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
