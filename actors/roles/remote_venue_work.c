#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/remote_venue_parts.h"

/* How long a doubt waits before it is asked about again. */
#define WORK_RETRY_NS (100 * NS_PER_MS)

enum { WORK_CAPACITY_FIRST = 64 };

void remote_work_done(struct remote_venue *remote)
{
    free(remote->work);
    remote->work = NULL;
    remote->work_count = 0;
}

static bool work_same_id(struct order_id a, struct order_id b)
{
    return a.epoch == b.epoch && a.executor == b.executor && a.ordinal == b.ordinal;
}

/* Adds work behind what waits, or in front of it. ERR_FULL. */
static enum err work_add(struct remote_venue *remote, const struct remote_work *work, bool is_first)
{
    if (remote->work_count == remote->work_capacity) {
        if (remote->work_count == REMOTE_WORK_MAX) {
            return ERR_FULL;
        }
        const size_t capacity =
            remote->work_capacity != 0 ? remote->work_capacity * 2 : WORK_CAPACITY_FIRST;
        struct remote_work *grown = realloc(remote->work, capacity * sizeof(*grown));
        if (grown == NULL) {
            return ERR_MEMORY;
        }
        remote->work = grown;
        remote->work_capacity = capacity;
    }
    size_t place = remote->work_count++;
    if (is_first) {
        memmove(remote->work + 1, remote->work, place * sizeof(*remote->work));
        place = 0;
    }
    remote->work[place] = *work;
    return ERR_NONE;
}

static void work_remove(struct remote_venue *remote, size_t index)
{
    remote->work_count--;
    memmove(&remote->work[index], &remote->work[index + 1],
            (remote->work_count - index) * sizeof(*remote->work));
}

/* The outcome of an order in one word. */
static enum err work_tell(struct remote_venue *remote, struct order_id id,
                          enum venue_update_kind kind, const char *reason)
{
    struct venue_update update = {.kind = kind, .order = id};
    (void)snprintf(update.reason, sizeof(update.reason), "%s", reason);
    return remote_tell(remote, &update, 1);
}

/* An answer to what was asked before an order went out says nothing of it: the answer to the order
 * itself does. */
static void work_outdate_queries(struct remote_venue *remote, struct order_id id)
{
    for (size_t i = 0; i < remote->work_count;) {
        if (remote->work[i].kind == WIRE_QUERY && work_same_id(remote->work[i].ticket.id, id)) {
            work_remove(remote, i);
        } else {
            i++;
        }
    }
    for (size_t i = REMOTE_SLOT_WORK; i < REMOTE_SLOTS; i++) {
        struct remote_work *work = &remote->slots[i].work;
        if (remote->slots[i].token != 0 && work->kind == WIRE_QUERY &&
            work_same_id(work->ticket.id, id)) {
            work->is_outdated = true;
        }
    }
}

/* ---- What comes from the orchestrator ---- */

/* An order that does not go out. The venue has said of one that went out before that it did not
 * take it; but the transport may have carried it twice, so that only a query can tell. */
static enum err work_drop_submit(struct remote_venue *remote, const struct remote_work *work,
                                 enum venue_update_kind kind, const char *reason)
{
    return work_tell(remote, work->ticket.id, work->attempts > 0 ? VENUE_UNKNOWN : kind, reason);
}

/* An order that waits to go out, for the first time or once more. */
static enum err work_submit(struct remote_venue *remote, const struct remote_work *work)
{
    if (remote->link != REMOTE_UP) {
        return work_drop_submit(remote, work, VENUE_REJECTED, "venue_reconciling");
    }
    work_outdate_queries(remote, work->ticket.id);
    const enum err err = work_add(remote, work, false);
    if (err == ERR_FULL) {
        return work_drop_submit(remote, work, VENUE_REJECTED, "too many orders wait for the venue");
    }
    return err == ERR_NONE ? remote_pump(remote) : err;
}

enum err remote_on_submit(struct remote_venue *remote, const struct order_ticket *ticket)
{
    const struct remote_work work = {.kind = WIRE_SUBMIT, .ticket = *ticket};
    return work_submit(remote, &work);
}

/* True while work of that kind about the order waits or is under way. */
static bool work_has(const struct remote_venue *remote, enum wire_request_kind kind,
                     struct order_id id)
{
    for (size_t i = 0; i < remote->work_count; i++) {
        if (remote->work[i].kind == kind && work_same_id(remote->work[i].ticket.id, id)) {
            return true;
        }
    }
    for (size_t i = REMOTE_SLOT_WORK; i < REMOTE_SLOTS; i++) {
        const struct remote_slot *slot = &remote->slots[i];
        if (slot->token != 0 && slot->work.kind == kind && work_same_id(slot->work.ticket.id, id)) {
            return true;
        }
    }
    return false;
}

/* The place of an order that waits to go out; work_count when it does not. */
static size_t work_waiting_submit(const struct remote_venue *remote, struct order_id id)
{
    size_t place = 0;
    while (place < remote->work_count && (remote->work[place].kind != WIRE_SUBMIT ||
                                          !work_same_id(remote->work[place].ticket.id, id))) {
        place++;
    }
    return place;
}

void remote_on_known(struct remote_venue *remote, struct order_id id)
{
    const size_t waiting = work_waiting_submit(remote, id);
    if (waiting < remote->work_count) {
        work_remove(remote, waiting);
    }
}

enum err remote_on_cancel(struct remote_venue *remote, struct order_id id)
{
    const size_t waiting = work_waiting_submit(remote, id);
    if (waiting < remote->work_count) {
        const struct remote_work work = remote->work[waiting];
        work_remove(remote, waiting);
        return work_drop_submit(remote, &work, VENUE_CANCELED, "");
    }
    if (work_has(remote, WIRE_CANCEL, id) || work_has(remote, WIRE_QUERY, id)) {
        return ERR_NONE; /* Executors ask again when it takes long, and when a doubt is over. */
    }
    const struct remote_work work = {.kind = WIRE_CANCEL, .ticket.id = id};
    const enum err err = work_add(remote, &work, false);
    if (err == ERR_FULL) {
        return work_tell(remote, id, VENUE_UNKNOWN, "too many orders wait for the venue");
    }
    return err == ERR_NONE ? remote_pump(remote) : err;
}

enum err remote_on_query(struct remote_venue *remote, struct order_id id)
{
    if (work_has(remote, WIRE_SUBMIT, id) || work_has(remote, WIRE_QUERY, id)) {
        return ERR_NONE; /* An answer is on its way. */
    }
    const int64_t clock_ns = remote_clock(remote);
    const int64_t stamp_ns =
        clock_ns > remote->newest_stamp_ns ? clock_ns : remote->newest_stamp_ns;
    const struct remote_work work = {.kind = WIRE_QUERY,
                                     .ticket.id = id,
                                     .believe_after_ns =
                                         instant_add(stamp_ns, remote->section->recv_window_ns)};
    const enum err err = work_add(remote, &work, false);
    if (err == ERR_FULL) {
        return ERR_NONE; /* The next reconciliation finds it again. */
    }
    return err == ERR_NONE ? remote_pump(remote) : err;
}

enum err remote_on_balances_wanted(struct remote_venue *remote)
{
    const struct remote_work work = {.kind = WIRE_BALANCES};
    const enum err err = work_add(remote, &work, true);
    return err == ERR_NONE ? remote_pump(remote) : err;
}

/* ---- Sending ---- */

static enum err work_send(struct remote_venue *remote, size_t slot, const struct remote_work *work)
{
    char id[ORDER_ID_TEXT_MAX];
    struct wire_order order;
    struct wire_request request = {.kind = work->kind};
    if (work->kind == WIRE_SUBMIT) {
        order = wire_order_of_ticket(&work->ticket,
                                     &remote->market.instruments[work->ticket.instrument], id);
        request.order = &order;
    } else if (work->kind != WIRE_BALANCES) {
        (void)order_id_print(work->ticket.id, id);
        request.client_order_id = id;
    }
    return remote_ask(remote, slot, work, &request);
}

/* A cancel must not overtake the order it is for. */
static bool work_is_behind(const struct remote_venue *remote, const struct remote_work *work)
{
    if (work->kind != WIRE_CANCEL) {
        return false;
    }
    for (size_t i = REMOTE_SLOT_WORK; i < REMOTE_SLOTS; i++) {
        if (remote->slots[i].token != 0 &&
            work_same_id(remote->slots[i].work.ticket.id, work->ticket.id)) {
            return true;
        }
    }
    return false;
}

static size_t work_free_slot(const struct remote_venue *remote)
{
    size_t slot = REMOTE_SLOT_WORK;
    while (slot < REMOTE_SLOTS && remote->slots[slot].token != 0) {
        slot++;
    }
    return slot;
}

/* The first work that may go now, or work_count; *ret_due_ns is when the next one may. */
static size_t work_next(const struct remote_venue *remote, int64_t now_ns, int64_t *ret_due_ns)
{
    *ret_due_ns = INSTANT_NEVER;
    for (size_t i = 0; i < remote->work_count; i++) {
        const struct remote_work *work = &remote->work[i];
        if (remote->link != REMOTE_UP && work->kind != WIRE_BALANCES) {
            continue;
        }
        const int64_t due_ns =
            work->due_ns > remote->pause_until_ns ? work->due_ns : remote->pause_until_ns;
        if (due_ns > now_ns) {
            *ret_due_ns = due_ns < *ret_due_ns ? due_ns : *ret_due_ns;
        } else if (!work_is_behind(remote, work)) {
            return i;
        }
    }
    return remote->work_count;
}

enum err remote_pump(struct remote_venue *remote)
{
    const int64_t now_ns = context_now(remote->context);
    enum err err = ERR_NONE;
    while (err == ERR_NONE) {
        const size_t slot = work_free_slot(remote);
        int64_t due_ns;
        const size_t next = work_next(remote, now_ns, &due_ns);
        if (next == remote->work_count) {
            return context_timer(remote->context, REMOTE_TIMER_WORK, due_ns);
        }
        if (slot == REMOTE_SLOTS) {
            return ERR_NONE; /* The next answer goes on with it. */
        }
        const struct remote_work work = remote->work[next];
        work_remove(remote, next);
        err = work_send(remote, slot, &work);
    }
    return err;
}

enum err remote_turn_away(struct remote_venue *remote)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < remote->work_count && err == ERR_NONE;) {
        const struct remote_work work = remote->work[i];
        if (work.kind == WIRE_SUBMIT) {
            work_remove(remote, i);
            err = work_drop_submit(remote, &work, VENUE_REJECTED, "venue_disconnected");
        } else {
            i++;
        }
    }
    return err;
}

/* ---- What comes back ---- */

/* Puts it back; it goes out again after a while. */
static enum err work_again(struct remote_venue *remote, const struct remote_work *work,
                           int64_t wait_ns)
{
    struct remote_work again = *work;
    again.attempts++;
    again.due_ns = instant_add(context_now(remote->context), wait_ns);
    const enum err err = work_add(remote, &again, false);
    return err == ERR_FULL ? ERR_NONE : err; /* The next reconciliation finds it again. */
}

/* Nothing goes out before the time that the venue has asked for. */
static enum err work_resubmit(struct remote_venue *remote, const struct remote_work *work)
{
    struct remote_work again = *work;
    again.attempts++;
    return work_submit(remote, &again);
}

static enum err work_submitted(struct remote_venue *remote, const struct remote_work *work,
                               const struct wire_answer *answer)
{
    if (answer == NULL) {
        return work_tell(remote, work->ticket.id, VENUE_UNKNOWN, "no certain answer");
    }
    switch (answer->code) {
    case WIRE_OK:
        return ERR_NONE; /* What becomes of it is told by events. */
    case WIRE_DUPLICATE:
        return remote_on_query(remote, work->ticket.id);
    case WIRE_RATE_LIMITED:
        return work_resubmit(remote, work);
    case WIRE_LATE:
        return work_tell(remote, work->ticket.id, VENUE_REJECTED, "late");
    case WIRE_REFUSED:
    case WIRE_BAD_REQUEST:
    case WIRE_NOT_FOUND:
    case WIRE_SERVER_ERROR:
        break;
    }
    return work_tell(remote, work->ticket.id, VENUE_REJECTED,
                     answer->message[0] != '\0' ? answer->message : "refused");
}

static enum err work_canceled(struct remote_venue *remote, const struct remote_work *work,
                              const struct wire_answer *answer)
{
    const bool is_not_done =
        answer == NULL || answer->code == WIRE_RATE_LIMITED || answer->code == WIRE_LATE;
    if (is_not_done && work->attempts + 1 < REMOTE_CANCEL_ATTEMPTS) {
        return work_again(remote, work, remote_backoff(remote, work->attempts));
    }
    if (is_not_done || answer->code == WIRE_NOT_FOUND) {
        return work_tell(remote, work->ticket.id, VENUE_UNKNOWN,
                         is_not_done ? "no certain answer to a cancel"
                                     : "the venue does not know what is to be canceled");
    }
    return ERR_NONE;
}

/* The venue knows the order. Its end counts only when every trade before it is known. */
static enum err work_found(struct remote_venue *remote, const struct remote_work *work,
                           const struct wire_answer *answer)
{
    struct venue_update update;
    if (answer->last_trade > (int64_t)remote->trade_known) {
        const enum err err = work_again(remote, work, WORK_RETRY_NS);
        return err == ERR_NONE && work->attempts >= REMOTE_QUERY_PATIENCE ? remote_on_gap(remote)
                                                                          : err;
    }
    if (!remote_update_of(answer->order, &update)) {
        update = (struct venue_update){.kind = VENUE_LIVE};
    }
    if (update.kind == VENUE_ACCEPTED) {
        update.kind = VENUE_LIVE;
    }
    update.order = work->ticket.id;
    return remote_tell(remote, &update, 1);
}

static enum err work_queried(struct remote_venue *remote, const struct remote_work *work,
                             const struct wire_answer *answer)
{
    if (work->is_outdated) {
        return ERR_NONE;
    }
    if (answer != NULL && answer->code == WIRE_OK && answer->order != NULL) {
        return work_found(remote, work, answer);
    }
    if (answer == NULL || answer->code != WIRE_NOT_FOUND) {
        return work_again(remote, work, remote_backoff(remote, work->attempts));
    }
    if (answer->clock_ns > work->believe_after_ns) {
        return work_tell(remote, work->ticket.id, VENUE_NOT_FOUND,
                         "the venue never had it and its time is over");
    }
    return work_again(remote, work, work->believe_after_ns - answer->clock_ns + NS_PER_MS);
}

/* Balances at the end of a run. */
static enum err work_balanced(struct remote_venue *remote, const struct remote_work *work,
                              const struct wire_answer *answer)
{
    const bool is_told = answer != NULL && answer->code == WIRE_OK;
    const bool is_current = is_told && answer->last_trade == (int64_t)remote->trade_known;
    if (!is_current && work->attempts < REMOTE_BALANCES_ATTEMPTS) {
        return work_again(remote, work, WORK_RETRY_NS);
    }
    const size_t count = is_current ? answer->balances.count : 0;
    nng_msg *message =
        message_create(MESSAGE_BALANCES, remote->time_ns,
                       sizeof(struct message_balances) + count * sizeof(struct balance));
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_balances *balances = message_body(message);
    *balances = (struct message_balances){
        .venue = remote->given.venue, .is_unreachable = !is_current, .count = (uint32_t)count};
    remote_copy_balances(answer, count, balances->items);
    return context_post(remote->context, remote->orchestrator, message);
}

enum err remote_work_answered(struct remote_venue *remote, const struct remote_work *work,
                              const struct wire_answer *answer)
{
    switch (work->kind) {
    case WIRE_SUBMIT:
        return work_submitted(remote, work, answer);
    case WIRE_CANCEL:
        return work_canceled(remote, work, answer);
    case WIRE_QUERY:
        return work_queried(remote, work, answer);
    case WIRE_BALANCES:
        return work_balanced(remote, work, answer);
    case WIRE_TIME:
    case WIRE_OPEN_ORDERS:
    case WIRE_TRADES:
    case WIRE_POSITIONS:
        break;
    }
    ASSERT(!"work of a kind that is sent");
    return ERR_STATE;
}
