#include "actors/roles/orchestrator_router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_reconciler.h"

enum { ROUTER_EVENTS_MAX = 6 };

/* ---- Order entries ---- */

struct order_entry *router_order(const struct executor_entry *executor, uint32_t ordinal)
{
    return ordinal >= 1 && ordinal <= executor->order_count ? &executor->orders[ordinal - 1] : NULL;
}

struct order_entry *router_add_order(struct orchestrator *orch, struct executor_entry *executor)
{
    if (executor->order_count == executor->order_capacity) {
        struct order_entry *orders =
            array_pool_grow(&orch->orders, executor->orders, &executor->order_capacity);
        if (orders == NULL) {
            return NULL;
        }
        executor->orders = orders;
    }
    struct order_entry *order = &executor->orders[executor->order_count++];
    memset(order, 0, sizeof(*order));
    return order;
}

enum err router_journal_order(struct orchestrator *orch, enum record_kind kind,
                              const struct executor_entry *executor,
                              const struct order_entry *order, const char *reason)
{
    const struct instrument *instrument =
        &orch->given.config->instruments[order->ticket.instrument];
    struct record record;
    record_begin(&record, kind, executor->config->controller_id, executor->id);
    record.data.order = (struct record_order){.id = order->ticket.id,
                                              .exchange_order_id = "",
                                              .venue = instrument->venue_name,
                                              .trading_pair = instrument->trading_pair,
                                              .reason = reason,
                                              .role = order->role,
                                              .side = order->ticket.side,
                                              .type = order->ticket.type,
                                              .state = order->state,
                                              .time_in_force = order->ticket.time_in_force,
                                              .action = order->ticket.action,
                                              .leverage = order->ticket.leverage,
                                              .amount = order->ticket.amount,
                                              .price = order->ticket.price,
                                              .executed_base = order->executed_base,
                                              .executed_quote = order->executed_quote,
                                              .fee_quote = order->fee_quote,
                                              .created_at_ns = order->created_at_ns};
    return journal_add(orch, &record);
}

void router_set_state(struct orchestrator *orch, struct order_entry *order, enum order_state state)
{
    ASSERT(!order_state_is_terminal(order->state) || order_state_is_terminal(state));
    order->state = state;
    guard_follow(orch, roster_get(orch, order->ticket.id.executor), order, NULL);
}

enum order_verdict router_move(struct orchestrator *orch, struct order_entry *order,
                               enum order_input input)
{
    enum order_state next;
    const enum order_verdict verdict = order_next(order->state, input, &next);
    ASSERT(verdict != ORDER_IMPOSSIBLE);
    if (next == ORDER_OPEN && decimal_sign(order->executed_base) > 0) {
        next = ORDER_PARTIALLY_FILLED; /* Some of it is gone already. */
    }
    router_set_state(orch, order, next);
    return verdict;
}

/* Room for events of one executor; an order that fills at once has three. */
static nng_msg *router_open_events(struct orchestrator *orch)
{
    nng_msg *message = message_create(MESSAGE_ORDER_EVENTS, orch->now_ns,
                                      ROUTER_EVENTS_MAX * sizeof(struct order_event));
    if (message != NULL) {
        message_envelope(message)->size = 0;
    }
    return message;
}

/* Sends the events that there are. */
static enum err router_send_events(struct orchestrator *orch, uint32_t *ret_touched)
{
    nng_msg *events = orch->events;
    orch->events = NULL;
    const uint32_t number = orch->events_of;
    const enum err err = context_send(orch->context, roster_get(orch, number)->host, &events);
    message_destroy(events);
    *ret_touched = orch->last_touched == number ? 0 : number;
    orch->last_touched = number;
    return err;
}

enum err router_flush_for(struct orchestrator *orch, uint32_t *ret_touched)
{
    *ret_touched = 0;
    return orch->events == NULL ? ERR_NONE : router_send_events(orch, ret_touched);
}

enum err router_flush(struct orchestrator *orch)
{
    if (orch->events == NULL) {
        return ERR_NONE;
    }
    uint32_t touched;
    const enum err err = router_send_events(orch, &touched);
    return err == ERR_NONE && touched != 0 ? roster_touch(orch, touched) : err;
}

enum err router_tell(struct orchestrator *orch, uint32_t number, const struct order_event *event)
{
    const struct executor_entry *executor = roster_get(orch, number);
    if (executor->owner != NULL && executor->owner->past != NULL) {
        return past_tell(orch, number, event); /* Its host is not there yet. */
    }
    if (orch->is_replaying) {
        return ERR_NONE;
    }
    const size_t room = ROUTER_EVENTS_MAX * sizeof(*event);
    if (orch->events != NULL &&
        (orch->events_of != number || message_envelope(orch->events)->size == room)) {
        const enum err err = router_flush(orch);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (orch->events == NULL) {
        orch->events = router_open_events(orch);
        orch->events_of = number;
    }
    if (orch->events == NULL) {
        return ERR_MEMORY;
    }
    struct envelope *envelope = message_envelope(orch->events);
    memcpy((char *)message_body(orch->events) + envelope->size, event, sizeof(*event));
    envelope->size += (uint32_t)sizeof(*event);
    return ERR_NONE;
}

static enum err router_tell_kind(struct orchestrator *orch, struct order_id id,
                                 enum order_event_kind kind)
{
    const struct order_event event = {.kind = kind, .ordinal = id.ordinal};
    return router_tell(orch, id.executor, &event);
}

/* ---- Requests of executors ---- */

bool router_may_leave(const struct orchestrator *orch, const struct order_ticket *ticket)
{
    const struct executor_entry *executor = roster_get(orch, ticket->id.executor);
    return !order_state_is_terminal(executor->orders[ticket->id.ordinal - 1].state);
}

/* The next order of an executor, as it asks for it. NULL: no memory. */
static struct order_entry *router_enter(struct orchestrator *orch, uint32_t number,
                                        const struct executor_request *request)
{
    struct executor_entry *executor = roster_get(orch, number);
    ASSERT(request->market < executor->kind->market_count);
    ASSERT(request->ordinal == executor->order_count + 1);
    struct order_entry *order = router_add_order(orch, executor);
    if (order == NULL) {
        return NULL;
    }
    order->ticket = (struct order_ticket){
        .id = {.epoch = orch->given.epoch, .executor = number, .ordinal = request->ordinal},
        .instrument = executor->instruments[request->market]->index,
        .side = request->side,
        .type = request->type,
        .amount = request->amount,
        .price = request->price,
        .time_in_force = request->time_in_force,
        .action = request->action,
        .leverage = request->leverage};
    order->role = request->role;
    order->state = ORDER_CREATED;
    order->created_at_ns = orch->now_ns;
    order->market = request->market;
    return order;
}

static enum err router_place(struct orchestrator *orch, uint32_t number,
                             const struct executor_request *request)
{
    struct executor_entry *executor = roster_get(orch, number);
    if (request->ordinal <= executor->order_count) {
        return denials_deny_duplicate(orch, number, request);
    }
    struct order_entry *order = router_enter(orch, number, request);
    if (order == NULL) {
        return ERR_MEMORY;
    }
    const uint32_t venue = executor->instruments[request->market]->venue;
    struct risk_verdict verdict = {.code = reconciler_deny_code(orch, venue), .scope = RISK_VENUE};
    if (verdict.code != DENY_NONE || !guard_admit(orch, executor, order, &verdict)) {
        return denials_deny(orch, executor, order, &verdict);
    }
    executor->is_denied = false;
    (void)router_move(orch, order, ORDER_INPUT_SUBMIT);
    const enum err err = router_journal_order(orch, RECORD_ORDER_SUBMITTED, executor, order, "");
    return err == ERR_NONE ? journal_release_after(orch, orch->seq, &order->ticket) : err;
}

enum err router_on_never_sent(struct orchestrator *orch, const struct message_request *never_sent)
{
    struct executor_entry *executor = roster_get(orch, never_sent->executor);
    struct order_entry *order = router_enter(orch, never_sent->executor, &never_sent->request);
    if (order == NULL) {
        return ERR_MEMORY;
    }
    router_set_state(orch, order, ORDER_REJECTED);
    const enum err err =
        router_journal_order(orch, RECORD_ORDER_REJECTED, executor, order, "never_sent");
    return err == ERR_NONE ? router_tell_kind(orch, order->ticket.id, ORDER_EVENT_FAILED) : err;
}

enum err router_cancel(struct orchestrator *orch, uint32_t number, uint32_t ordinal)
{
    struct executor_entry *executor = roster_get(orch, number);
    struct order_entry *order = router_order(executor, ordinal);
    ASSERT(order != NULL);
    if (order_state_is_terminal(order->state)) {
        return ERR_NONE; /* It ended while the request was on its way. */
    }
    const enum order_verdict verdict = router_move(orch, order, ORDER_INPUT_CANCEL);
    /* Asked for again it is sent again, but it is no news. */
    const enum err err = verdict == ORDER_MOVES
                             ? router_journal_order(orch, RECORD_ORDER_CANCEL_REQUESTED, executor,
                                                    order, deny_name(order->withheld))
                             : ERR_NONE;
    if (err != ERR_NONE || order->is_held) {
        return err; /* The cancel goes out behind the order. */
    }
    const uint32_t venue = orch->given.config->instruments[order->ticket.instrument].venue;
    return message_post(orch->context, orch->given.venues[venue], MESSAGE_CANCEL, orch->now_ns,
                        &order->ticket.id, sizeof(order->ticket.id));
}

enum err router_on_request(struct orchestrator *orch, uint32_t number,
                           const struct executor_request *request)
{
    return request->kind == REQUEST_PLACE ? router_place(orch, number, request)
                                          : router_cancel(orch, number, request->ordinal);
}

/* ---- Updates of venues ---- */

/* What a fill of an order of ours moves beside the account. */
static enum err router_book_fill(struct orchestrator *orch, const struct booking *booking,
                                 struct order_entry *order, const struct fill *fill)
{
    order->executed_base = decimal_add(order->executed_base, fill->amount);
    order->executed_quote = decimal_add(order->executed_quote, fill_quote(fill));
    order->fee_quote = decimal_add(order->fee_quote, fill_fee_quote(fill));
    enum order_state next;
    (void)order_next(order->state, ORDER_INPUT_FILL, &next);
    order->state = next;
    guard_follow(orch, booking->executor, order, fill);
    booking->executor->has_fill = true;
    enum err err = books_apply_fill(orch, booking, fill);
    if (err == ERR_NONE) {
        err =
            router_journal_order(orch, RECORD_ORDER_PARTIALLY_FILLED, booking->executor, order, "");
    }
    if (err == ERR_NONE && booking->executor->status != EXECUTOR_TERMINATED) {
        const struct order_event event = {
            .kind = ORDER_EVENT_FILL, .ordinal = fill->order.ordinal, .fill = *fill};
        err = router_tell(orch, fill->order.executor, &event);
    }
    return err;
}

static struct booking router_booking(const struct orchestrator *orch,
                                     struct executor_entry *executor,
                                     const struct order_ticket *ticket)
{
    const struct instrument *instrument = &orch->given.config->instruments[ticket->instrument];
    return (struct booking){.executor = executor,
                            .instrument = instrument,
                            .side =
                                instrument_position_side(instrument, ticket->side, ticket->action)};
}

static enum err router_on_fill(struct orchestrator *orch, struct executor_entry *executor,
                               struct order_entry *order, const struct fill *fill)
{
    bool is_new;
    enum err err = trade_ids_take(&order->trades, fill->trade_id, &is_new);
    if (err != ERR_NONE || !is_new) {
        return err;
    }
    const struct booking booking = router_booking(orch, executor, &order->ticket);
    reconciler_on_fill(orch, booking.instrument->venue);
    err = books_move_account(orch, &booking, fill);
    return err == ERR_NONE ? router_book_fill(orch, &booking, order, fill) : err;
}

/* What a venue says of an order, as an input of its table. */
static enum order_input router_input(enum venue_update_kind kind)
{
    static const enum order_input inputs[] = {
        [VENUE_ACCEPTED] = ORDER_INPUT_ACCEPTED,  [VENUE_REJECTED] = ORDER_INPUT_REJECTED,
        [VENUE_FILL] = ORDER_INPUT_FILL,          [VENUE_COMPLETED] = ORDER_INPUT_COMPLETED,
        [VENUE_CANCELED] = ORDER_INPUT_CANCELED,  [VENUE_EXPIRED] = ORDER_INPUT_EXPIRED,
        [VENUE_UNKNOWN] = ORDER_INPUT_UNANSWERED, [VENUE_LIVE] = ORDER_INPUT_LIVE,
        [VENUE_NOT_FOUND] = ORDER_INPUT_NOT_FOUND};
    ASSERT((size_t)kind < sizeof(inputs) / sizeof(inputs[0]));
    return inputs[kind];
}

/* Journals the state that an order has come to and tells its executor. */
static enum err router_tell_state(struct orchestrator *orch, struct executor_entry *executor,
                                  struct order_entry *order, const char *reason)
{
    static const struct {
        enum record_kind record;
        enum order_event_kind event;
    } tales[ORDER_STATE_COUNT] = {
        [ORDER_OPEN] = {RECORD_ORDER_ACCEPTED, ORDER_EVENT_ACKNOWLEDGED},
        [ORDER_PARTIALLY_FILLED] = {RECORD_ORDER_ACCEPTED, ORDER_EVENT_ACKNOWLEDGED},
        [ORDER_PENDING_CANCEL] = {RECORD_ORDER_ACCEPTED, ORDER_EVENT_ACKNOWLEDGED},
        [ORDER_FILLED] = {RECORD_ORDER_FILLED, ORDER_EVENT_COMPLETED},
        [ORDER_CANCELED] = {RECORD_ORDER_CANCELED, ORDER_EVENT_CANCELED},
        [ORDER_EXPIRED] = {RECORD_ORDER_EXPIRED, ORDER_EVENT_CANCELED},
        [ORDER_REJECTED] = {RECORD_ORDER_REJECTED, ORDER_EVENT_FAILED},
    };
    if (order->state == ORDER_UNKNOWN) {
        /* The executor goes on waiting: it must not act on what nobody knows. */
        return router_journal_order(orch, RECORD_ORDER_UNKNOWN, executor, order, reason);
    }
    const bool is_withheld = order->state == ORDER_CANCELED && order->withheld != DENY_NONE;
    const char *why = is_withheld ? deny_name(order->withheld) : reason;
    const enum err err =
        router_journal_order(orch, tales[order->state].record, executor, order, why);
    return err == ERR_NONE && executor->status != EXECUTOR_TERMINATED
               ? denials_tell(orch, order->ticket.id, tales[order->state].event, why)
               : err;
}

/* The order ends, is accepted or becomes doubtful: state, journal, executor. A repeated update
 * changes nothing. */
static enum err router_on_state(struct orchestrator *orch, struct executor_entry *executor,
                                struct order_entry *order, const struct venue_update *update)
{
    const bool was_terminal = order_state_is_terminal(order->state);
    const enum order_verdict verdict = router_move(orch, order, router_input(update->kind));
    enum err err = ERR_NONE;
    /* An acknowledgement that comes after a fill or a cancel request is news all the same. */
    if (verdict == ORDER_MOVES || (update->kind == VENUE_ACCEPTED && !was_terminal)) {
        err = router_tell_state(orch, executor, order, update->reason);
    }
    if (err == ERR_NONE && update->kind == VENUE_UNKNOWN && !was_terminal) {
        err = reconciler_query(orch, order);
    }
    if (err == ERR_NONE && update->kind == VENUE_LIVE) {
        err = was_terminal ? reconciler_on_zombie(orch, order) : ERR_NONE;
        order->listed_in = reconciler_round(orch, order);
    }
    return err == ERR_NONE && update->kind == VENUE_REJECTED && verdict == ORDER_MOVES &&
                   !deny_is_withheld(deny_find(update->reason))
               ? guard_on_rejected(orch, update->order.executor)
               : err;
}

/* ---- Orders of others ---- */

/* The order that a venue made, as one of the executor's. NULL: no memory. */
static struct order_entry *router_add_adopted(struct orchestrator *orch, uint32_t number,
                                              const struct fill *fill)
{
    struct executor_entry *executor = roster_get(orch, number);
    struct order_entry *order = router_add_order(orch, executor);
    if (order == NULL) {
        return NULL;
    }
    order->ticket = (struct order_ticket){
        .id = {.epoch = orch->given.epoch, .executor = number, .ordinal = executor->order_count},
        .instrument = fill->instrument,
        .side = fill->side,
        .type = ORDER_MARKET,
        .amount = fill->amount,
        .action = POSITION_ACTION_CLOSE};
    order->role = ROLE_CLOSE;
    order->state = ORDER_OPEN;
    order->created_at_ns = orch->now_ns;
    order->market = executor->instruments[0]->index == fill->instrument ? 0 : 1;
    return order;
}

enum err router_adopt(struct orchestrator *orch, uint32_t number, const struct fill *fill,
                      const char *reason)
{
    struct executor_entry *executor = roster_get(orch, number);
    struct order_entry *order = router_add_adopted(orch, number, fill);
    if (order == NULL) {
        return ERR_MEMORY;
    }
    const bool is_told = executor->status != EXECUTOR_TERMINATED;
    const struct booking booking = router_booking(orch, executor, &order->ticket);
    struct order_event event = {.kind = ORDER_EVENT_ADOPTED,
                                .ordinal = order->ticket.id.ordinal,
                                .market = executor->instruments[0] == booking.instrument ? 0 : 1,
                                .fill = *fill};
    event.fill.order = order->ticket.id;
    enum err err = router_journal_order(orch, RECORD_ORDER_ACCEPTED, executor, order, reason);
    if (err == ERR_NONE && is_told) {
        err = router_tell(orch, number, &event);
    }
    if (err == ERR_NONE) {
        err = router_book_fill(orch, &booking, order, &event.fill);
    }
    if (err == ERR_NONE) {
        router_set_state(orch, order, ORDER_FILLED);
        err = router_journal_order(orch, RECORD_ORDER_FILLED, executor, order, reason);
    }
    return err == ERR_NONE && is_told
               ? router_tell_kind(orch, order->ticket.id, ORDER_EVENT_COMPLETED)
               : err;
}

enum err router_on_update(struct orchestrator *orch, const struct venue_update *update)
{
    if (update->kind == VENUE_FUNDING) {
        return margin_on_funding(orch, &update->payment);
    }
    if (margin_is_liquidation(orch, update)) {
        return margin_on_liquidation(orch, update);
    }
    const struct order_id id = update->order;
    struct order_entry *order = NULL;
    if (id.executor >= 1 && id.executor <= orch->executor_count) {
        order = router_order(roster_get(orch, id.executor), id.ordinal);
    }
    /* The same numbers with another epoch are an order of another run. */
    if (order == NULL || order->ticket.id.epoch != id.epoch) {
        return externals_on_update(orch, update);
    }
    struct executor_entry *executor = roster_get(orch, id.executor);
    return update->kind == VENUE_FILL ? router_on_fill(orch, executor, order, &update->fill)
                                      : router_on_state(orch, executor, order, update);
}
