/*
 * What venues in other processes may have done unseen.
 *
 * After the start, after a connection that was lost and after a gap in the events a venue first
 * tells every trade behind the last known one and every open order; until then new orders are
 * denied. What is live here and was not listed there is asked for one by one, and so is every order
 * without a certain outcome. The same comparison is repeated from time to time.
 */
#include "actors/roles/orchestrator_reconciler.h"

#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"

#include "base/log.h"

enum {
    RECONCILER_NAMES_BYTES_MAX = 1 << 20,
    RECONCILER_AHEAD_MAX = 64, /* How far fills may be out of order in a journal. */
};

enum err reconciler_init(struct orchestrator *orch)
{
    const struct field_list *venues = &orch->given.config->file.venues;
    arena_init(&orch->names, RECONCILER_NAMES_BYTES_MAX);
    orch->links = calloc(venues->count, sizeof(*orch->links));
    if (orch->links == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < venues->count; i++) {
        orch->links[i].is_remote = ((const struct venue_section *)venues->items)[i].is_remote;
        orch->links[i].round = 1;
    }
    return ERR_NONE;
}

void reconciler_done(struct orchestrator *orch)
{
    free(orch->links);
    arena_done(&orch->names);
}

void reconciler_know_trade(struct orchestrator *orch, uint32_t venue, uint64_t number)
{
    struct venue_link *link = &orch->links[venue];
    const uint64_t ahead = number - link->trade_known - 1;
    if (number <= link->trade_known || ahead >= RECONCILER_AHEAD_MAX) {
        return;
    }
    link->trade_ahead |= UINT64_C(1) << ahead;
    while ((link->trade_ahead & 1) != 0) {
        link->trade_known++;
        link->trade_ahead >>= 1;
    }
}

enum err reconciler_request(struct orchestrator *orch, uint32_t venue)
{
    if (!orch->links[venue].is_remote) {
        return ERR_NONE;
    }
    const struct message_reconcile reconcile = {.after_trade = orch->links[venue].trade_known};
    return message_post(orch->context, orch->given.venues[venue], MESSAGE_RECONCILE, orch->now_ns,
                        &reconcile, sizeof(reconcile));
}

enum err reconciler_start(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->given.config->file.venues.count && err == ERR_NONE; i++) {
        err = reconciler_request(orch, i);
    }
    return err;
}

enum deny_code reconciler_deny_code(const struct orchestrator *orch, uint32_t venue)
{
    const struct venue_link *link = &orch->links[venue];
    if (!link->is_remote || link->is_reconciled) {
        return DENY_NONE;
    }
    return link->is_connected ? DENY_VENUE_RECONCILING : DENY_VENUE_DISCONNECTED;
}

static const char *reconciler_name(const struct orchestrator *orch, uint32_t venue)
{
    return ((const struct venue_section *)orch->given.config->file.venues.items)[venue].name;
}

void reconciler_on_fill(struct orchestrator *orch, uint32_t venue)
{
    struct venue_link *link = &orch->links[venue];
    link->found += link->is_remote && !link->is_reconciled ? 1 : 0;
}

/* ---- Comparisons that were asked for ---- */

static enum err reconciler_answer(struct orchestrator *orch, const struct reconcile_waiter *waiter,
                                  const char *code, const struct text *json)
{
    if (text_failed(json)) {
        return ERR_MEMORY;
    }
    nng_msg *message = message_create(MESSAGE_RECONCILE_ANSWER, orch->now_ns,
                                      sizeof(struct message_reconcile_answer) + json->length + 1);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_reconcile_answer *answer = message_body(message);
    *answer = (struct message_reconcile_answer){.ticket = waiter->ticket, .code = code};
    memcpy(answer->json, json->data, json->length + 1);
    return context_post(orch->context, waiter->to, message);
}

static enum err reconciler_refuse(struct orchestrator *orch, const struct reconcile_waiter *waiter,
                                  const char *code, const char *words)
{
    struct text json = {0};
    json_object_begin(&json);
    json_put_bool(&json, "ok", false);
    json_put_string(&json, "code", code);
    json_put_string(&json, "message", words);
    json_object_end(&json);
    const enum err err = reconciler_answer(orch, waiter, code, &json);
    text_done(&json);
    return err;
}

/* Everybody who waits for the venue gets its answer: `found`, or NULL when its link is down. */
static enum err reconciler_answer_all(struct orchestrator *orch, uint32_t venue,
                                      const char *verdict, const struct text *found)
{
    struct text json = {0};
    json_object_begin(&json);
    json_put_bool(&json, "ok", true);
    json_put_string(&json, "venue", reconciler_name(orch, venue));
    json_put_string(&json, "verdict", verdict);
    json_put_raw(&json, "found", found != NULL ? text_string(found) : NULL);
    json_object_end(&json);
    enum err err = ERR_NONE;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orch->reconcile_waiter_count && err == ERR_NONE; i++) {
        const struct reconcile_waiter *waiter = &orch->reconcile_waiters[i];
        if (waiter->venue != venue) {
            orch->reconcile_waiters[kept++] = *waiter;
        } else if (found != NULL) {
            err = reconciler_answer(orch, waiter, "", &json);
        } else {
            err = reconciler_refuse(orch, waiter, "venue_disconnected",
                                    "the link to the venue is down: it is compared as soon as it "
                                    "is back");
        }
    }
    orch->reconcile_waiter_count = kept;
    text_done(&json);
    return err;
}

enum err reconciler_on_wanted(struct orchestrator *orch,
                              const struct message_reconcile_wanted *wanted,
                              struct actor_ref sender)
{
    const struct run_config *config = orch->given.config;
    const uint32_t venue = (uint32_t)run_config_find_venue(config, wanted->venue);
    const struct reconcile_waiter waiter = {.venue = venue, .ticket = wanted->ticket, .to = sender};
    if (venue == config->file.venues.count) {
        return reconciler_refuse(orch, &waiter, "unknown_venue",
                                 "the run has no venue of that name");
    }
    if (!orch->links[venue].is_remote) {
        return reconciler_refuse(orch, &waiter, "not_remote",
                                 "the venue lives in the process of the run: there is nothing to "
                                 "compare before the end");
    }
    if (!orch->links[venue].is_connected) {
        return reconciler_refuse(orch, &waiter, "venue_disconnected",
                                 "the link to the venue is down: it is compared as soon as it is "
                                 "back");
    }
    if (orch->reconcile_waiter_count == RECONCILE_WAITERS_MAX || orch->is_finishing) {
        return reconciler_refuse(orch, &waiter, "busy",
                                 "too many have asked already, or the run is ending");
    }
    orch->reconcile_waiters[orch->reconcile_waiter_count++] = waiter;
    return reconciler_request(orch, venue);
}

enum err reconciler_on_link(struct orchestrator *orch, const struct message_venue_link *message)
{
    struct venue_link *link = &orch->links[message->venue];
    const char *name = reconciler_name(orch, message->venue);
    link->is_connected = message->is_connected;
    link->is_reconciled = false;
    link->found = 0;
    enum err err = orchestrator_begin(orch);
    if (err == ERR_NONE && !message->is_connected) {
        err = reconciler_answer_all(orch, message->venue, "", NULL);
    }
    if (err == ERR_NONE) {
        err = journal_note(
            orch, message->is_connected ? RECORD_VENUE_CONNECTED : RECORD_VENUE_DISCONNECTED, name,
            message->reason,
            message->is_connected ? "new orders are denied until everything unseen is known"
                                  : "new orders are denied; orders and positions stay as they are");
    }
    return err;
}

/* ---- Orders in doubt ---- */

static uint32_t reconciler_venue(const struct orchestrator *orch, const struct order_entry *order)
{
    return orch->given.config->instruments[order->ticket.instrument].venue;
}

uint32_t reconciler_round(const struct orchestrator *orch, const struct order_entry *order)
{
    return orch->links[reconciler_venue(orch, order)].round;
}

enum err reconciler_query(struct orchestrator *orch, const struct order_entry *order)
{
    const uint32_t venue = reconciler_venue(orch, order);
    if (!orch->links[venue].is_remote) {
        return ERR_NONE;
    }
    return message_post(orch->context, orch->given.venues[venue], MESSAGE_VENUE_QUERY, orch->now_ns,
                        &order->ticket.id, sizeof(order->ticket.id));
}

enum err reconciler_on_zombie(struct orchestrator *orch, const struct order_entry *order)
{
    char text[ORDER_ID_TEXT_MAX];
    (void)order_id_print(order->ticket.id, text);
    log_line(LOG_WARNING, "orchestrator", "%s is open at its venue but has ended here: canceled",
             text);
    return message_post(orch->context, orch->given.venues[reconciler_venue(orch, order)],
                        MESSAGE_CANCEL, orch->now_ns, &order->ticket.id, sizeof(order->ticket.id));
}

/* Asks about every live order of the venue that it has not listed; how many there are. */
static enum err reconciler_ask_missing(struct orchestrator *orch, uint32_t venue,
                                       uint32_t *ret_asked)
{
    const uint32_t round = orch->links[venue].round;
    uint32_t asked = 0;
    for (uint32_t number = 1; number <= orch->executor_count; number++) {
        const struct executor_entry *executor = roster_get(orch, number);
        for (uint32_t i = 0; i < executor->order_count; i++) {
            const struct order_entry *order = &executor->orders[i];
            if (order_state_is_terminal(order->state) || order->is_held ||
                order->listed_in == round || reconciler_venue(orch, order) != venue) {
                continue;
            }
            const enum err err = reconciler_query(orch, order);
            if (err != ERR_NONE) {
                return err;
            }
            asked++;
        }
    }
    *ret_asked = asked;
    return ERR_NONE;
}

/* ---- The end of a reconciliation ---- */

/* Balances are taken over once; afterwards they have to be what fills say. */
static enum err reconciler_take_balances(struct orchestrator *orch,
                                         const struct message_reconciled *reconciled,
                                         struct text *found, uint32_t *ret_differences)
{
    struct venue_link *link = &orch->links[reconciled->venue];
    *ret_differences = 0;
    if (!link->has_balances) {
        link->has_balances = true;
        return books_adopt_balances(orch, reconciled->venue, reconciled->items, reconciled->count);
    }
    json_key(found, "differences");
    json_object_begin(found);
    *ret_differences = books_find_differences(orch, reconciled->venue, reconciled->items,
                                              reconciled->count, found);
    json_object_end(found);
    return ERR_NONE;
}

enum err reconciler_on_reconciled(struct orchestrator *orch,
                                  const struct message_reconciled *reconciled)
{
    struct venue_link *link = &orch->links[reconciled->venue];
    struct text found = {0};
    uint32_t asked = 0;
    uint32_t differences = 0;
    json_object_begin(&found);
    enum err err = reconciler_take_balances(orch, reconciled, &found, &differences);
    if (err == ERR_NONE) {
        err = reconciler_ask_missing(orch, reconciled->venue, &asked);
    }
    json_put_int(&found, "trades", reconciled->trades);
    json_put_int(&found, "fills_found", link->found);
    json_put_int(&found, "last_trade", (int64_t)reconciled->last_trade);
    json_put_int(&found, "open_orders", reconciled->open_orders);
    json_put_int(&found, "orders_asked_for", asked);
    json_object_end(&found);
    link->trade_known = reconciled->last_trade;
    link->found = 0;
    link->round++;
    link->is_reconciled = link->is_reconciled || reconciled->is_bracket;
    if (differences > 0) {
        log_line(LOG_ERROR, "orchestrator", "%s holds something else than its fills say: %s",
                 reconciler_name(orch, reconciled->venue), text_string(&found));
    }
    if (err == ERR_NONE) {
        err = text_failed(&found)
                  ? ERR_MEMORY
                  : journal_note(orch, RECORD_VENUE_RECONCILED,
                                 reconciler_name(orch, reconciled->venue),
                                 differences > 0 ? "different" : "balanced", text_string(&found));
    }
    if (err == ERR_NONE) {
        err = reconciler_answer_all(orch, reconciled->venue,
                                    differences > 0 ? "different" : "balanced", &found);
    }
    text_done(&found);
    return err == ERR_NONE && reconciled->is_bracket ? halt_sweep(orch) : err;
}
