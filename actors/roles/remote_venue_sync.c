#include <string.h>

#include "actors/roles/remote_venue_parts.h"

enum err remote_sync_begin(struct remote_venue *remote)
{
    if (remote->sync.step != SYNC_NONE) {
        remote->sync.is_again = true;
        return ERR_NONE;
    }
    remote->sync = (struct remote_sync){.step = SYNC_ORDERS};
    return remote_sync_step(remote);
}

enum err remote_sync_step(struct remote_venue *remote)
{
    static const enum wire_request_kind kinds[] = {[SYNC_ORDERS] = WIRE_OPEN_ORDERS,
                                                   [SYNC_TRADES] = WIRE_TRADES,
                                                   [SYNC_BALANCES] = WIRE_BALANCES};
    struct remote_sync *sync = &remote->sync;
    if (sync->step == SYNC_NONE || remote->slots[REMOTE_SLOT_SYNC].token != 0) {
        return ERR_NONE;
    }
    const int64_t now_ns = context_now(remote->context);
    if (remote->pause_until_ns > now_ns) {
        return context_timer(remote->context, REMOTE_TIMER_SYNC, remote->pause_until_ns);
    }
    const struct remote_work work = {.kind = kinds[sync->step]};
    struct wire_request request = {.kind = work.kind};
    request.after = sync->step == SYNC_ORDERS   ? (int64_t)sync->orders_next
                    : sync->step == SYNC_TRADES ? (int64_t)remote->trade_known
                                                : 0;
    return remote_ask(remote, REMOTE_SLOT_SYNC, &work, &request);
}

static enum err sync_orders(struct remote_venue *remote, const struct wire_answer *answer)
{
    struct remote_sync *sync = &remote->sync;
    const struct wire_order *orders = answer->orders.items;
    if (sync->orders_next == 0) {
        sync->seq = answer->seq; /* Later pages include more, but not for the first one's orders. */
    }
    enum err err = ERR_NONE;
    for (size_t i = 0; i < answer->orders.count && err == ERR_NONE; i++) {
        struct venue_update update = {.kind = VENUE_LIVE};
        if (order_id_parse(orders[i].client_order_id, &update.order) == ERR_NONE) {
            err = remote_tell(remote, &update, 1);
        }
    }
    sync->open_orders += (uint32_t)answer->orders.count;
    sync->orders_next = (uint64_t)answer->next;
    if (answer->next == 0) {
        sync->step = SYNC_TRADES;
    }
    return err;
}

static enum err sync_trades(struct remote_venue *remote, const struct wire_answer *answer)
{
    const enum err err = remote_take_trades(remote, answer->trades.items, answer->trades.count);
    remote->sync.trades += (uint32_t)answer->trades.count;
    if (answer->last_trade <= (int64_t)remote->trade_known) {
        remote->sync.step = SYNC_BALANCES;
    }
    return err;
}

void remote_copy_balances(const struct wire_answer *answer, size_t count, struct balance *out)
{
    for (size_t i = 0; i < count; i++) {
        const struct wire_balance *told = (const struct wire_balance *)answer->balances.items + i;
        out[i] = (struct balance){.total = told->total, .reserved = told->reserved};
        memcpy(out[i].asset, told->asset, strnlen(told->asset, ASSET_MAX_LENGTH));
    }
}

static enum err sync_tell(struct remote_venue *remote, const struct wire_answer *answer,
                          bool is_bracket)
{
    const size_t count = answer->balances.count;
    nng_msg *message =
        message_create(MESSAGE_RECONCILED, remote->time_ns,
                       sizeof(struct message_reconciled) + count * sizeof(struct balance));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_reconciled *told = message_body(message);
    *told = (struct message_reconciled){.venue = remote->given.venue,
                                        .is_bracket = is_bracket,
                                        .last_trade = remote->trade_known,
                                        .trades = remote->sync.trades,
                                        .open_orders = remote->sync.open_orders,
                                        .count = (uint32_t)count};
    remote_copy_balances(answer, count, told->items);
    return context_post(remote->context, remote->orchestrator, message);
}

/* Everything is known up to sync.seq. What was heard of since is fetched as well before the bracket
 * is closed. */
static enum err sync_finish(struct remote_venue *remote, const struct wire_answer *answer)
{
    struct remote_sync *sync = &remote->sync;
    const bool is_bracket = remote->link == REMOTE_SYNCING;
    const bool is_again = sync->is_again || (is_bracket && remote->seen_seq > sync->seq);
    sync->step = SYNC_NONE;
    if (is_bracket && is_again) {
        return remote_sync_begin(remote);
    }
    if (is_bracket) {
        remote->known_seq = sync->seq;
        remote->link = REMOTE_UP;
    }
    enum err err = sync_tell(remote, answer, is_bracket);
    if (err == ERR_NONE && is_again) {
        err = remote_sync_begin(remote);
    }
    return err;
}

static enum err sync_balances(struct remote_venue *remote, const struct wire_answer *answer)
{
    if (answer->last_trade != (int64_t)remote->trade_known) {
        remote->sync.step = SYNC_TRADES; /* There is one more. */
        return ERR_NONE;
    }
    return sync_finish(remote, answer);
}

enum err remote_sync_answered(struct remote_venue *remote, const struct wire_answer *answer)
{
    struct remote_sync *sync = &remote->sync;
    if (remote->link == REMOTE_DOWN) {
        *sync = (struct remote_sync){0}; /* The next connection begins anew. */
        return ERR_NONE;
    }
    if (answer == NULL || answer->code != WIRE_OK) {
        const int64_t wait_ns = remote_backoff(remote, sync->attempts++);
        return context_timer(remote->context, REMOTE_TIMER_SYNC,
                             instant_add(context_now(remote->context), wait_ns));
    }
    sync->attempts = 0;
    enum err err;
    switch (sync->step) {
    case SYNC_ORDERS:
        err = sync_orders(remote, answer);
        break;
    case SYNC_TRADES:
        err = sync_trades(remote, answer);
        break;
    case SYNC_BALANCES:
        err = sync_balances(remote, answer);
        break;
    case SYNC_NONE:
    default:
        return ERR_NONE;
    }
    return err == ERR_NONE ? remote_sync_step(remote) : err;
}
