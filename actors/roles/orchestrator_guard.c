#include "actors/roles/orchestrator_guard.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

/* How often positions are valued again for exposure limits, in market time. */
#define GUARD_VALUE_INTERVAL_NS NS_PER_S

/* ---- Setting up ---- */

static const struct risk_section *guard_section(const struct orchestrator *orch)
{
    return orch->given.config->file.risk;
}

/* The limits of each venue and each instrument; entries without any stay NULL. */
static void guard_spread_limits(const struct orchestrator *orch, const struct risk_limits **venues,
                                const struct risk_limits **instruments)
{
    const struct risk_section *section = guard_section(orch);
    const struct risk_venue_section *of_venues = section->venues.items;
    for (size_t i = 0; i < section->venues.count; i++) {
        venues[run_config_find_venue(orch->given.config, of_venues[i].venue)] =
            &of_venues[i].limits;
    }
    const struct risk_instrument_section *of_instruments = section->instruments.items;
    for (size_t i = 0; i < section->instruments.count; i++) {
        const struct instrument *instrument = run_config_find_instrument(
            orch->given.config, of_instruments[i].venue, of_instruments[i].trading_pair);
        instruments[instrument->index] = &of_instruments[i].limits;
    }
}

enum err guard_init(struct orchestrator *orch)
{
    const struct run_config *config = orch->given.config;
    const struct risk_section *section = guard_section(orch);
    const size_t venue_count = config->file.venues.count;
    const struct risk_limits **venues = calloc(venue_count + 1, sizeof(*venues));
    const struct risk_limits **instruments =
        calloc(config->instrument_count + 1, sizeof(*instruments));
    orch->quotes = calloc(config->instrument_count + 1, sizeof(*orch->quotes));
    enum err err = ERR_MEMORY;
    if (venues != NULL && instruments != NULL && orch->quotes != NULL) {
        guard_spread_limits(orch, venues, instruments);
        const struct risk_setup setup = {.instruments = config->instruments,
                                         .instrument_count = config->instrument_count,
                                         .venue_count = venue_count,
                                         .global = &section->limits,
                                         .venues = venues,
                                         .instrument_limits = instruments,
                                         .executor = section->executor,
                                         .denies_self_trade =
                                             section->self_trade == SELF_TRADE_DENY};
        err = risk_create(&setup, &orch->risk);
    }
    free(venues);
    free(instruments);
    orch->limits_executors = risk_section_limits_executors(section);
    orch->watches_losses = risk_section_watches_losses(section);
    return err == ERR_NONE ? halt_init(orch) : err;
}

void guard_done(struct orchestrator *orch)
{
    risk_destroy(orch->risk);
    free(orch->quotes);
    halt_done(orch);
}

/* The state that a latch keeps for a scope. */
static enum risk_state guard_latched(const struct orchestrator *orch, const char *kind,
                                     const char *name)
{
    if (orch->latches.count == 0) {
        return RISK_ACTIVE;
    }
    char scope[RISK_SCOPE_TEXT_MAX];
    (void)snprintf(scope, sizeof(scope), "%s:%s", kind, name);
    const struct risk_latch *latch = risk_latches_find(&orch->latches, scope);
    return latch != NULL ? latch->state : RISK_ACTIVE;
}

enum err guard_add_controller(struct orchestrator *orch, const char *name)
{
    const uint32_t number = orch->controller_count;
    const enum err err =
        risk_add_controller(orch->risk, risk_section_controller(guard_section(orch), name));
    if (err == ERR_NONE) {
        risk_set_state(orch->risk, RISK_CONTROLLER, number,
                       guard_latched(orch, "controller", name));
    }
    return err;
}

enum err guard_add_executor(struct orchestrator *orch, struct executor_entry *entry)
{
    uint32_t instruments[WAKE_MARKETS_MAX];
    for (uint32_t i = 0; i < entry->kind->market_count; i++) {
        instruments[i] = entry->instruments[i]->index;
    }
    const enum err err = risk_executor_init(orch->risk, entry->controller, instruments,
                                            entry->kind->market_count, &entry->risk);
    if (err != ERR_NONE) {
        return err;
    }
    if (entry->kind->market_count > 1) {
        entry->risk.second = arena_take(&orch->configs.arena, sizeof(*entry->risk.second));
        if (entry->risk.second == NULL) {
            return ERR_MEMORY;
        }
    }
    if (entry->kind->target != NULL) {
        entry->risk.target = entry->kind->target(entry->config);
    }
    entry->risk.state = guard_latched(orch, "executor", entry->id);
    risk_on_created(orch->risk, &entry->risk);
    return ERR_NONE;
}

bool guard_check_create(struct orchestrator *orch, const struct executor_section *section,
                        const char *controller_id, struct risk_verdict *ret_verdict)
{
    *ret_verdict = (struct risk_verdict){.code = DENY_NONE};
    if (orch->latches.count == 0 && !orch->limits_executors) {
        return true;
    }
    uint32_t instruments[WAKE_MARKETS_MAX];
    for (uint32_t i = 0; i < section->kind->market_count; i++) {
        const char *connector;
        const char *pair;
        section->kind->market(section->config, i, &connector, &pair);
        instruments[i] = run_config_find_instrument(orch->given.config, connector, pair)->index;
    }
    uint32_t controller = 0;
    while (controller < orch->controller_count &&
           strcmp(orch->controllers[controller].name, controller_id) != 0) {
        controller++;
    }
    struct risk_executor candidate;
    if (risk_executor_init(orch->risk,
                           controller < orch->controller_count ? controller : RISK_NO_CONTROLLER,
                           instruments, section->kind->market_count, &candidate) != ERR_NONE) {
        *ret_verdict = (struct risk_verdict){.code = DENY_OVERFLOW};
        return false;
    }
    /* A controller that is not known yet may have a latch already. */
    candidate.state = guard_latched(orch, "controller", controller_id);
    return risk_check_create(orch->risk, &candidate, ret_verdict);
}

/* ---- Denials ---- */

/* Writes a scope as events name it. */
static void guard_print_scope(const struct executor_entry *executor, uint32_t market,
                              enum risk_scope_kind scope, char out[RISK_SCOPE_TEXT_MAX])
{
    const struct instrument *instrument = executor->instruments[market];
    switch (scope) {
    case RISK_GLOBAL:
        (void)snprintf(out, RISK_SCOPE_TEXT_MAX, "%s", RISK_SCOPE_GLOBAL);
        break;
    case RISK_VENUE:
        (void)snprintf(out, RISK_SCOPE_TEXT_MAX, "venue:%s", instrument->venue_name);
        break;
    case RISK_INSTRUMENT:
        (void)snprintf(out, RISK_SCOPE_TEXT_MAX, "instrument:%s/%s", instrument->venue_name,
                       instrument->trading_pair);
        break;
    case RISK_CONTROLLER:
        (void)snprintf(out, RISK_SCOPE_TEXT_MAX, "controller:%s", executor->config->controller_id);
        break;
    case RISK_EXECUTOR:
        (void)snprintf(out, RISK_SCOPE_TEXT_MAX, "executor:%s", executor->id);
        break;
    }
}

enum err guard_journal_denied(struct orchestrator *orch, const struct executor_entry *executor,
                              uint32_t market, const struct risk_verdict *verdict)
{
    char scope[RISK_SCOPE_TEXT_MAX];
    guard_print_scope(executor, market, verdict->scope, scope);
    orch->denied[verdict->code]++;
    struct record record = {.kind = RECORD_RISK_DENIED,
                            .controller_id = executor->config->controller_id,
                            .executor_id = executor->id,
                            .data.note = {.scope = scope,
                                          .code = deny_name(verdict->code),
                                          .text = "the order was not sent",
                                          .limit = verdict->limit,
                                          .value = verdict->value}};
    return journal_add(orch, &record);
}

enum err guard_deny_create(struct orchestrator *orch, const struct executor_section *section,
                           const struct risk_verdict *verdict)
{
    orch->denied[verdict->code]++;
    struct record record = {
        .kind = RECORD_RISK_DENIED,
        .controller_id = section->config->controller_id,
        .executor_id = section->config->id != NULL ? section->config->id : "",
        .data.note = {.scope = verdict->scope == RISK_GLOBAL ? RISK_SCOPE_GLOBAL
                               : verdict->scope == RISK_CONTROLLER
                                   ? "controller"
                                   : (verdict->scope == RISK_VENUE ? "venue" : "instrument"),
                      .code = deny_name(verdict->code),
                      .text = "the executor was not created",
                      .limit = verdict->limit,
                      .value = verdict->value}};
    return journal_add(orch, &record);
}

void guard_recall_rejected(struct orchestrator *orch, uint32_t number)
{
    (void)risk_on_rejected(orch->risk, &roster_get(orch, number)->risk, orch->now_ns);
}

void guard_recall_denied(struct orchestrator *orch, const struct record *record)
{
    const enum deny_code code = deny_find(record->data.note.code);
    const uint32_t number = roster_find(orch, record->executor_id);
    orch->denied[code]++;
    if (number != 0 && !deny_is_withheld(code)) {
        guard_recall_rejected(orch, number);
    }
}

enum err guard_on_rejected(struct orchestrator *orch, uint32_t number)
{
    struct executor_entry *executor = roster_get(orch, number);
    if (!risk_on_rejected(orch->risk, &executor->risk, orch->now_ns) ||
        executor->risk.state != RISK_ACTIVE) {
        return ERR_NONE;
    }
    const int64_t most = guard_section(orch)->executor->max_rejects_per_minute;
    char scope[RISK_SCOPE_TEXT_MAX];
    guard_print_scope(executor, 0, RISK_EXECUTOR, scope);
    const struct risk_change change = {
        .scope = scope,
        .state = RISK_REDUCING,
        .reason = "max_rejects_per_minute is exceeded: the executor is stopped",
        .actor = ORIGIN_LIMIT,
        .limit = decimal_from_int(most),
        .value = decimal_from_int(most + 1)};
    const enum err err = halt_change(orch, &change);
    return err == ERR_NONE
               ? roster_stop(orch, number, orch->given.config->file.run->on_end == END_KEEP)
               : err;
}

/* ---- Orders ---- */

/* How an order moves the position that counts: see hedged instruments in market/risk.h. */
static enum side guard_way(const struct orchestrator *orch, const struct order_ticket *ticket)
{
    const struct instrument *instrument = &orch->given.config->instruments[ticket->instrument];
    if (!instrument->is_hedged) {
        return ticket->side;
    }
    return ticket->action == POSITION_ACTION_CLOSE ? SIDE_SELL : SIDE_BUY;
}

static struct quote guard_quote(const struct orchestrator *orch, uint32_t instrument)
{
    const struct mark *mark = &orch->marks[instrument];
    return (struct quote){.time_ns = mark->time_ns, .bid = mark->bid, .ask = mark->ask};
}

/* A hedge opens on one market of a pair what was opened on the other. */
static bool guard_is_hedge(const struct executor_entry *executor, const struct order_entry *order)
{
    return executor->kind->market_count > 1 && order->role == ROLE_PARTIAL;
}

/* An order as the risk engine is asked about it; `quote` is filled and borrowed. */
static struct risk_order guard_asked(const struct orchestrator *orch,
                                     const struct order_entry *order, struct quote *quote)
{
    const struct order_ticket *ticket = &order->ticket;
    *quote = guard_quote(orch, ticket->instrument);
    return (struct risk_order){.market = order->market,
                               .side = ticket->side,
                               .way = guard_way(orch, ticket),
                               .type = ticket->type,
                               .is_opening = order->role == ROLE_OPEN,
                               .is_hedge =
                                   guard_is_hedge(roster_get(orch, ticket->id.executor), order),
                               .is_reduce_only = ticket->action == POSITION_ACTION_CLOSE,
                               .amount = ticket->amount,
                               .price = ticket->price,
                               .now_ns = orch->now_ns,
                               .quote = quote};
}

/* Counts the order among the live ones. ERR_MEMORY: nothing has changed. */
static enum err guard_count(struct orchestrator *orch, struct executor_entry *executor,
                            struct order_entry *order, const struct risk_order *asked)
{
    const struct order_ticket *ticket = &order->ticket;
    if (ticket->type != ORDER_MARKET) {
        const enum err err = risk_rest(orch->risk, ticket->instrument, ticket->side, ticket->price,
                                       &order->resting_place);
        if (err != ERR_NONE) {
            return err;
        }
    }
    risk_on_placed(orch->risk, &executor->risk, asked);
    order->at_risk = ticket->amount;
    order->risk_price = risk_order_price(asked);
    order->is_counted = true;
    return ERR_NONE;
}

bool guard_admit(struct orchestrator *orch, struct executor_entry *executor,
                 struct order_entry *order, struct risk_verdict *ret_verdict)
{
    struct quote quote;
    const struct risk_order asked = guard_asked(orch, order, &quote);
    if (!risk_check(orch->risk, &executor->risk, &asked, ret_verdict)) {
        return false;
    }
    if (guard_count(orch, executor, order, &asked) != ERR_NONE) {
        *ret_verdict = (struct risk_verdict){.code = DENY_OVERFLOW, .scope = RISK_INSTRUMENT};
        return false;
    }
    return true;
}

enum err guard_restore(struct orchestrator *orch, struct executor_entry *executor,
                       struct order_entry *order)
{
    struct quote quote;
    const struct risk_order asked = guard_asked(orch, order, &quote);
    return guard_count(orch, executor, order, &asked);
}

/* How a fill changes what is owned: a base fee is taken from what is bought or sold on top. */
static struct decimal guard_owned(const struct fill *fill, enum side way)
{
    const struct decimal fee = fill->fee_in_base ? fill->fee : DECIMAL_ZERO;
    const struct decimal moved = way == SIDE_BUY ? fill->amount : decimal_negate(fill->amount);
    return decimal_subtract(moved, fee);
}

/* How the worth of what is left of an order changes when `live` is left. */
static struct decimal guard_live_quote(const struct order_entry *order, struct decimal live)
{
    if (decimal_equal(live, order->at_risk)) {
        return DECIMAL_ZERO;
    }
    return decimal_subtract(decimal_multiply(order->risk_price, live),
                            decimal_multiply(order->risk_price, order->at_risk));
}

/* What of the order may still be filled. */
static struct decimal guard_live(const struct order_entry *order)
{
    if (!order->is_counted || order_state_is_terminal(order->state)) {
        return DECIMAL_ZERO;
    }
    const struct decimal left = decimal_subtract(order->ticket.amount, order->executed_base);
    return decimal_is_valid(left) && decimal_sign(left) > 0 ? left : DECIMAL_ZERO;
}

/* `live` is left of the order now, and `fill` (NULL: none) is taken from it. */
static void guard_move(struct orchestrator *orch, struct executor_entry *executor,
                       struct order_entry *order, struct decimal live, const struct fill *fill)
{
    const struct order_ticket *ticket = &order->ticket;
    const struct quote quote = guard_quote(orch, ticket->instrument);
    const enum side way = guard_way(orch, ticket);
    const struct risk_move move = {.market = order->market,
                                   .way = way,
                                   .is_opening =
                                       order->role == ROLE_OPEN || guard_is_hedge(executor, order),
                                   .live = decimal_subtract(live, order->at_risk),
                                   .live_quote = guard_live_quote(order, live),
                                   .filled = fill != NULL ? fill->amount : DECIMAL_ZERO,
                                   .filled_quote = fill != NULL ? fill_quote(fill) : DECIMAL_ZERO,
                                   .owned = fill != NULL ? guard_owned(fill, way) : DECIMAL_ZERO,
                                   .quote = &quote};
    order->at_risk = live;
    risk_move(orch->risk, &executor->risk, &move);
}

void guard_follow(struct orchestrator *orch, struct executor_entry *executor,
                  struct order_entry *order, const struct fill *fill)
{
    const struct order_ticket *ticket = &order->ticket;
    const struct decimal live = guard_live(order);
    if (fill != NULL || !decimal_equal(live, order->at_risk)) {
        guard_move(orch, executor, order, live, fill);
    }
    if (order->is_counted && order_state_is_terminal(order->state)) {
        order->is_counted = false;
        risk_on_ended(orch->risk, &executor->risk, order->market);
        risk_unrest(orch->risk, ticket->instrument, ticket->side, order->resting_place);
        order->resting_place = 0;
    }
}

enum err guard_on_owned(struct orchestrator *orch, uint32_t controller,
                        const struct booking *booking, const struct fill *fill)
{
    struct risk_executor owner;
    const uint32_t instrument = booking->instrument->index;
    const enum err err = risk_executor_init(orch->risk, controller, &instrument, 1, &owner);
    if (err != ERR_NONE) {
        return err;
    }
    const enum side opening = booking->side == SIDE_SELL ? SIDE_SELL : SIDE_BUY;
    const enum side way = fill->side == opening ? SIDE_BUY : SIDE_SELL;
    const struct quote quote = guard_quote(orch, instrument);
    const struct risk_move move = {
        .way = way, .filled = fill->amount, .owned = guard_owned(fill, way), .quote = &quote};
    risk_move(orch->risk, &owner, &move);
    return ERR_NONE;
}

static void guard_take_quotes(struct orchestrator *orch)
{
    for (uint32_t i = 0; i < orch->given.config->instrument_count; i++) {
        orch->quotes[i] = guard_quote(orch, i);
    }
}

void guard_revalue(struct orchestrator *orch)
{
    if (orch->now_ns - orch->valued_ns < GUARD_VALUE_INTERVAL_NS) {
        return;
    }
    orch->valued_ns = orch->now_ns;
    guard_take_quotes(orch);
    risk_revalue(orch->risk, orch->quotes);
}

void guard_value(struct orchestrator *orch)
{
    guard_take_quotes(orch);
    risk_value(orch->risk, orch->quotes);
}
