#include <stdio.h>
#include <string.h>

#include "actors/roles/remote_venue_parts.h"
#include "base/log.h"

bool remote_update_of(const struct wire_order *order, struct venue_update *ret_update)
{
    static const enum venue_update_kind kinds[] = {
        [ORDER_OPEN] = VENUE_ACCEPTED,       [ORDER_PARTIALLY_FILLED] = VENUE_LIVE,
        [ORDER_PENDING_CANCEL] = VENUE_LIVE, [ORDER_FILLED] = VENUE_COMPLETED,
        [ORDER_CANCELED] = VENUE_CANCELED,   [ORDER_REJECTED] = VENUE_REJECTED,
        [ORDER_EXPIRED] = VENUE_EXPIRED};
    struct venue_update update = {0};
    if (order->state < ORDER_OPEN || order->state > ORDER_EXPIRED ||
        order_id_parse(order->client_order_id, &update.order) != ERR_NONE) {
        return false;
    }
    update.kind = kinds[order->state];
    (void)snprintf(update.reason, sizeof(update.reason), "%s", order->reason);
    *ret_update = update;
    return true;
}

/* One trade as an update; false, with a word in the log, when it cannot be understood. */
static bool events_fill(const struct remote_venue *remote, const struct wire_trade *trade,
                        struct venue_update *ret_update)
{
    *ret_update =
        (struct venue_update){.kind = VENUE_FILL, .trade_number = (uint64_t)trade->number};
    if (wire_fill_of_trade(trade, &remote->market, &ret_update->fill) != ERR_NONE) {
        log_line(LOG_ERROR, remote->section->name,
                 "trade %lld of %s on %s cannot be booked: list the pair in instruments",
                 (long long)trade->number, trade->client_order_id, trade->trading_pair);
        return false;
    }
    ret_update->order = ret_update->fill.order;
    return true;
}

enum err remote_take_trades(struct remote_venue *remote, const struct wire_trade *trades,
                            size_t count)
{
    struct venue_update updates[REMOTE_UPDATES_MAX];
    size_t kept = 0;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < count && err == ERR_NONE; i++) {
        if ((uint64_t)trades[i].number == remote->trade_known + 1) {
            remote->trade_known++;
        }
        if (events_fill(remote, &trades[i], &updates[kept])) {
            remote_on_known(remote, updates[kept].order);
            kept++;
        }
        if (kept == REMOTE_UPDATES_MAX) {
            err = remote_tell(remote, updates, kept);
            kept = 0;
        }
    }
    return err == ERR_NONE && kept > 0 ? remote_tell(remote, updates, kept) : err;
}

/* Whether nothing is missing before this event. Orders and trades count, the others do not. */
static bool events_are_whole(struct remote_venue *remote, const struct wire_event *event)
{
    const bool counts = event->kind == WIRE_ORDER || event->kind == WIRE_TRADE;
    if (event->seq > remote->seen_seq) {
        remote->seen_seq = event->seq;
    }
    if (remote->link == REMOTE_UP && counts && event->seq == remote->known_seq + 1) {
        remote->known_seq++;
    }
    return event->seq <= remote->known_seq;
}

static enum err events_on_order(struct remote_venue *remote, const struct wire_event *event)
{
    struct venue_update update;
    /* While something is missing an end might come before a fill; it is asked for afterwards. */
    if (remote->link != REMOTE_UP || event->order == NULL ||
        !remote_update_of(event->order, &update)) {
        return ERR_NONE;
    }
    remote_on_known(remote, update.order);
    return remote_tell(remote, &update, 1);
}

static enum err events_on_quote(struct remote_venue *remote, const struct wire_quote *quote)
{
    const struct instrument *instrument =
        quote != NULL ? wire_find_instrument(&remote->market, quote->trading_pair) : NULL;
    if (instrument == NULL || decimal_less(quote->ask, quote->bid) ||
        actor_ref_is_nobody(remote->live_market) || remote->link != REMOTE_UP) {
        return ERR_NONE;
    }
    const struct mark mark = {
        .instrument = instrument->index, .bid = quote->bid, .ask = quote->ask};
    return message_post(remote->context, remote->live_market, MESSAGE_LIVE_QUOTE, remote->time_ns,
                        &mark, sizeof(mark));
}

static enum err events_take(struct remote_venue *remote, const struct wire_event *event)
{
    const int64_t before = remote->known_seq;
    const bool is_whole = events_are_whole(remote, event);
    const bool is_next = remote->known_seq > before;
    enum err err = ERR_NONE;
    if (!is_whole && remote->link == REMOTE_UP) {
        err = remote_on_gap(remote);
    }
    if (err != ERR_NONE) {
        return err;
    }
    switch (event->kind) {
    case WIRE_TRADE:
        /* Never dropped: whoever applies it knows those it has applied. */
        return event->trade != NULL ? remote_take_trades(remote, event->trade, 1) : ERR_NONE;
    case WIRE_ORDER:
        return is_next ? events_on_order(remote, event) : ERR_NONE;
    case WIRE_QUOTE:
        return events_on_quote(remote, event->quote);
    case WIRE_HEARTBEAT:
        break;
    }
    return !actor_ref_is_nobody(remote->live_market) && remote->link == REMOTE_UP
               ? message_post(remote->context, remote->live_market, MESSAGE_LIVE_TIME,
                              remote->time_ns, NULL, 0)
               : ERR_NONE;
}

enum err remote_on_event(struct remote_venue *remote, const struct message_wire *wire)
{
    struct arena arena;
    arena_init(&arena, WIRE_ARENA_BYTES_MAX);
    struct wire_event event;
    struct failure failure;
    enum err err = ERR_NONE;
    if (wire_parse_event(wire->bytes, wire->size, &arena, &event, &failure) != ERR_NONE) {
        log_line(LOG_WARNING, remote->section->name, "an event cannot be read: %s", failure.text);
    } else {
        remote_hear(remote, event.clock_ns, event.time_ns);
        remote->heard_ns = context_now(remote->context);
        remote->is_telling = true;
        err = events_take(remote, &event);
    }
    if (err == ERR_NONE) {
        err = remote_try_connect(remote);
    }
    arena_done(&arena);
    return err;
}
