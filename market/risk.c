#include "market/risk.h"

#include <stdlib.h>
#include <string.h>

#include "base/instant.h"
#include "market/risk_layout.h"

enum { RISK_CONTROLLERS_FIRST = 8, RISK_CELLS_FIRST = 2 };

#define RISK_REJECTS_SPAN_NS (60 * NS_PER_S)

const struct field_name risk_state_names[] = {
    {"ACTIVE", RISK_ACTIVE},
    {"REDUCING", RISK_REDUCING},
    {"HALTED", RISK_HALTED},
    {NULL, 0},
};

static const struct risk_limits risk_no_limits;
static const struct risk_executor_limits risk_no_executor_limits;

/* ---- Scopes ---- */

/* Whether something of it is looked at when an order is judged. */
static bool risk_limits_orders(const struct risk_limits *limits)
{
    return limits->max_order_quantity.raw > 0 || limits->max_order_notional.raw > 0 ||
           limits->price_collar.raw > 0 || limits->max_price_age_ns > 0 ||
           limits->max_orders_per_second > 0 || limits->max_open_orders > 0 ||
           limits->max_position.raw > 0 || limits->max_exposure_quote.raw > 0;
}

static void risk_open_scope(struct risk *risk, struct risk_scope *scope,
                            const struct risk_limits *limits)
{
    *scope = (struct risk_scope){.limits = limits != NULL ? limits : &risk_no_limits,
                                 .state = RISK_ACTIVE};
    scope->is_limited = risk_limits_orders(scope->limits);
    risk->has_exposure_limit =
        risk->has_exposure_limit || scope->limits->max_exposure_quote.raw > 0;
}

enum err risk_create(const struct risk_setup *setup, struct risk **ret_risk)
{
    struct risk *risk = calloc(1, sizeof(*risk));
    if (risk == NULL) {
        return ERR_MEMORY;
    }
    risk->instruments = setup->instruments;
    risk->instrument_count = setup->instrument_count;
    risk->venue_count = setup->venue_count;
    risk->executor = setup->executor != NULL ? setup->executor : &risk_no_executor_limits;
    risk->global = calloc(1, sizeof(*risk->global));
    risk->nobody = calloc(1, sizeof(*risk->nobody));
    risk->venues = calloc(setup->venue_count + 1, sizeof(*risk->venues));
    risk->instrument_scopes = calloc(setup->instrument_count + 1, sizeof(*risk->instrument_scopes));
    risk->cells = calloc(setup->instrument_count + 1, sizeof(*risk->cells));
    if (setup->denies_self_trade) {
        risk->resting = calloc(setup->instrument_count + 1, sizeof(*risk->resting));
    }
    if (risk->global == NULL || risk->nobody == NULL || risk->venues == NULL ||
        risk->instrument_scopes == NULL || risk->cells == NULL ||
        (setup->denies_self_trade && risk->resting == NULL)) {
        risk_destroy(risk);
        return ERR_MEMORY;
    }
    risk_open_scope(risk, risk->global, setup->global);
    risk_open_scope(risk, risk->nobody, NULL);
    for (size_t i = 0; i < setup->venue_count; i++) {
        risk_open_scope(risk, &risk->venues[i], setup->venues != NULL ? setup->venues[i] : NULL);
    }
    for (size_t i = 0; i < setup->instrument_count; i++) {
        risk_open_scope(risk, &risk->instrument_scopes[i],
                        setup->instrument_limits != NULL ? setup->instrument_limits[i] : NULL);
    }
    *ret_risk = risk;
    return ERR_NONE;
}

void risk_destroy(struct risk *risk)
{
    if (risk == NULL) {
        return;
    }
    for (uint32_t i = 0; i < risk->controller_count; i++) {
        free(risk->controllers[i].cells);
        free(risk->controllers[i].instruments);
    }
    for (size_t i = 0; risk->resting != NULL && i < risk->instrument_count; i++) {
        resting_done(&risk->resting[i]);
    }
    free(risk->controllers);
    free(risk->resting);
    free(risk->cells);
    free(risk->instrument_scopes);
    free(risk->venues);
    free(risk->nobody);
    free(risk->global);
    free(risk);
}

enum err risk_add_controller(struct risk *risk, const struct risk_limits *limits)
{
    if (risk->controller_count == risk->controller_capacity) {
        const uint32_t capacity =
            risk->controller_capacity != 0 ? risk->controller_capacity * 2 : RISK_CONTROLLERS_FIRST;
        struct risk_controller *controllers =
            realloc(risk->controllers, capacity * sizeof(*controllers));
        if (controllers == NULL) {
            return ERR_MEMORY;
        }
        risk->controllers = controllers;
        risk->controller_capacity = capacity;
    }
    struct risk_controller *added = &risk->controllers[risk->controller_count++];
    *added = (struct risk_controller){0};
    risk_open_scope(risk, &added->scope, limits);
    return ERR_NONE;
}

/* The cell of an instrument, made when it is new. */
static enum err risk_find_cell(struct risk_controller *controller, uint32_t instrument,
                               uint32_t *ret_cell)
{
    for (uint32_t i = 0; i < controller->count; i++) {
        if (controller->instruments[i] == instrument) {
            *ret_cell = i;
            return ERR_NONE;
        }
    }
    if (controller->count == controller->capacity) {
        const uint32_t capacity =
            controller->capacity != 0 ? controller->capacity * 2 : RISK_CELLS_FIRST;
        struct risk_cell *cells = realloc(controller->cells, capacity * sizeof(*cells));
        if (cells == NULL) {
            return ERR_MEMORY;
        }
        controller->cells = cells;
        uint32_t *instruments = realloc(controller->instruments, capacity * sizeof(*instruments));
        if (instruments == NULL) {
            return ERR_MEMORY;
        }
        controller->instruments = instruments;
        controller->capacity = capacity;
    }
    controller->cells[controller->count] = (struct risk_cell){0};
    controller->instruments[controller->count] = instrument;
    *ret_cell = controller->count++;
    return ERR_NONE;
}

/* Whether positions of both add up to one. */
static bool risk_is_one_asset(const struct instrument *a, const struct instrument *b)
{
    return strcmp(a->base, b->base) == 0 && !a->is_hedged && !b->is_hedged;
}

enum err risk_executor_init(struct risk *risk, uint32_t controller, const uint32_t *instruments,
                            size_t count, struct risk_executor *ret_executor)
{
    ASSERT(controller < risk->controller_count || controller == RISK_NO_CONTROLLER);
    ASSERT(count >= 1 && count <= WAKE_MARKETS_MAX);
    struct risk_executor executor = {
        .controller = controller, .market_count = (uint8_t)count, .state = RISK_ACTIVE};
    for (size_t i = 0; i < count; i++) {
        ASSERT(instruments[i] < risk->instrument_count);
        executor.instruments[i] = instruments[i];
        const enum err err = controller == RISK_NO_CONTROLLER
                                 ? ERR_NONE
                                 : risk_find_cell(&risk->controllers[controller], instruments[i],
                                                  &executor.cells[i]);
        if (err != ERR_NONE) {
            return err;
        }
    }
    executor.is_paired = count == 2 && risk_is_one_asset(&risk->instruments[instruments[0]],
                                                         &risk->instruments[instruments[1]]);
    *ret_executor = executor;
    return ERR_NONE;
}

static struct risk_scope *risk_scope_at(const struct risk *risk, enum risk_scope_kind kind,
                                        uint32_t number)
{
    switch (kind) {
    case RISK_VENUE:
        ASSERT(number < risk->venue_count);
        return &risk->venues[number];
    case RISK_INSTRUMENT:
        ASSERT(number < risk->instrument_count);
        return &risk->instrument_scopes[number];
    case RISK_CONTROLLER:
        ASSERT(number < risk->controller_count);
        return &risk->controllers[number].scope;
    case RISK_GLOBAL:
    case RISK_EXECUTOR:
        break;
    }
    ASSERT(kind == RISK_GLOBAL);
    return risk->global;
}

void risk_scopes_of(const struct risk *risk, const struct risk_executor *executor, uint32_t market,
                    struct risk_scope *ret_scopes[RISK_SHARED_SCOPES])
{
    ASSERT(market < executor->market_count);
    const uint32_t instrument = executor->instruments[market];
    const uint32_t venue = risk->instruments[instrument].venue;
    ASSERT(instrument < risk->instrument_count && venue < risk->venue_count);
    ret_scopes[RISK_GLOBAL] = risk->global;
    ret_scopes[RISK_VENUE] = &risk->venues[venue];
    ret_scopes[RISK_INSTRUMENT] = &risk->instrument_scopes[instrument];
    ret_scopes[RISK_CONTROLLER] = executor->controller == RISK_NO_CONTROLLER
                                      ? risk->nobody
                                      : risk_scope_at(risk, RISK_CONTROLLER, executor->controller);
}

void risk_set_state(struct risk *risk, enum risk_scope_kind kind, uint32_t number,
                    enum risk_state state)
{
    ASSERT(state >= RISK_ACTIVE && state <= RISK_HALTED);
    risk_scope_at(risk, kind, number)->state = state;
}

enum risk_state risk_state_of(const struct risk *risk, enum risk_scope_kind kind, uint32_t number)
{
    return risk_scope_at(risk, kind, number)->state;
}

enum risk_state risk_strictest(struct risk_scope *const scopes[RISK_SHARED_SCOPES],
                               const struct risk_executor *executor,
                               enum risk_scope_kind *ret_scope)
{
    enum risk_state state = executor->state;
    *ret_scope = RISK_EXECUTOR;
    for (int kind = RISK_SHARED_SCOPES - 1; kind >= 0; kind--) {
        if (scopes[kind]->state >= state) {
            state = scopes[kind]->state;
            *ret_scope = (enum risk_scope_kind)kind;
        }
    }
    return state;
}

enum risk_state risk_effective_state(const struct risk *risk, const struct risk_executor *executor,
                                     uint32_t market, enum risk_scope_kind *ret_scope)
{
    struct risk_scope *scopes[RISK_SHARED_SCOPES];
    risk_scopes_of(risk, executor, market, scopes);
    return risk_strictest(scopes, executor, ret_scope);
}

struct risk_usage risk_usage_of(const struct risk *risk, enum risk_scope_kind kind, uint32_t number)
{
    const struct risk_scope *scope = risk_scope_at(risk, kind, number);
    return (struct risk_usage){.limits = scope->limits,
                               .open_orders = scope->open_orders,
                               .executors = scope->executors,
                               .exposure_quote = scope->exposure};
}

/* ---- Executors ---- */

/* Calls for every scope that an executor counts in, each once. */
static void risk_each_scope(const struct risk *risk, const struct risk_executor *executor,
                            struct risk_scope *ret_scopes[2 * RISK_SHARED_SCOPES],
                            size_t *ret_count)
{
    size_t count = 0;
    for (uint32_t market = 0; market < executor->market_count; market++) {
        struct risk_scope *scopes[RISK_SHARED_SCOPES];
        risk_scopes_of(risk, executor, market, scopes);
        for (int kind = 0; kind < RISK_SHARED_SCOPES; kind++) {
            bool is_known = false;
            for (size_t i = 0; i < count; i++) {
                is_known = is_known || ret_scopes[i] == scopes[kind];
            }
            if (!is_known) {
                ret_scopes[count++] = scopes[kind];
            }
        }
    }
    *ret_count = count;
}

void risk_on_created(struct risk *risk, const struct risk_executor *executor)
{
    struct risk_scope *scopes[2 * RISK_SHARED_SCOPES];
    size_t count;
    risk_each_scope(risk, executor, scopes, &count);
    for (size_t i = 0; i < count; i++) {
        scopes[i]->executors++;
    }
}

void risk_on_closed(struct risk *risk, const struct risk_executor *executor)
{
    struct risk_scope *scopes[2 * RISK_SHARED_SCOPES];
    size_t count;
    risk_each_scope(risk, executor, scopes, &count);
    for (size_t i = 0; i < count; i++) {
        ASSERT(scopes[i]->executors > 0);
        scopes[i]->executors--;
    }
}

/* ---- Orders and fills ---- */

struct decimal risk_reference(const struct quote *quote)
{
    struct decimal sum = decimal_add(quote->bid, quote->ask);
    if (decimal_is_valid(sum)) {
        sum.raw /= 2;
    }
    return sum;
}

struct decimal risk_worst(const struct risk_cell *cell)
{
    const struct decimal up = decimal_absolute(decimal_add(cell->owned, cell->buys));
    const struct decimal down = decimal_absolute(decimal_subtract(cell->owned, cell->sells));
    return decimal_is_valid(up) && decimal_is_valid(down) ? decimal_max(up, down) : DECIMAL_INVALID;
}

/* Values a cell and moves the sums it is part of. */
static void risk_value_cell(struct risk_cell *cell, struct decimal price,
                            struct risk_scope *const *scopes, size_t scope_count)
{
    const struct decimal worth = decimal_multiply(risk_worst(cell), price);
    const struct decimal change = decimal_subtract(worth, cell->worth);
    cell->worth = worth;
    for (size_t i = 0; i < scope_count; i++) {
        scopes[i]->exposure = decimal_add(scopes[i]->exposure, change);
    }
}

static void risk_move_cell(struct risk_cell *cell, const struct risk_move *move)
{
    struct decimal *live = move->way == SIDE_BUY ? &cell->buys : &cell->sells;
    *live = decimal_add(*live, move->live);
    cell->owned = decimal_add(cell->owned, move->owned);
}

static void risk_move_opened(struct risk_market *market, const struct risk_move *move)
{
    const struct decimal quote = decimal_add(move->live_quote, move->filled_quote);
    market->opening = decimal_add(market->opening, move->live);
    market->opened = decimal_add(market->opened, decimal_add(move->live, move->filled));
    market->opened_quote = decimal_add(market->opened_quote, quote);
}

void risk_move(struct risk *risk, struct risk_executor *executor, const struct risk_move *move)
{
    ASSERT(move->market < executor->market_count);
    const uint32_t instrument = executor->instruments[move->market];
    struct risk_market *market = move->market == 0 ? &executor->first : executor->second;
    struct risk_controller *controller = &risk->controllers[executor->controller];
    struct risk_cell *cell = &controller->cells[executor->cells[move->market]];
    struct decimal *live = move->way == SIDE_BUY ? &market->buys : &market->sells;
    *live = decimal_add(*live, move->live);
    market->owned = decimal_add(market->owned, move->owned);
    if (move->is_opening) {
        risk_move_opened(market, move);
    }
    risk_move_cell(cell, move);
    risk_move_cell(&risk->cells[instrument], move);
    if (risk->has_exposure_limit) {
        struct risk_scope *scopes[RISK_SHARED_SCOPES];
        risk_scopes_of(risk, executor, move->market, scopes);
        const struct decimal price = risk_reference(move->quote);
        risk_value_cell(&risk->cells[instrument], price, scopes, RISK_CONTROLLER);
        risk_value_cell(cell, price, &scopes[RISK_CONTROLLER], 1);
    }
}

void risk_on_placed(struct risk *risk, struct risk_executor *executor,
                    const struct risk_order *order)
{
    struct risk_scope *scopes[RISK_SHARED_SCOPES];
    risk_scopes_of(risk, executor, order->market, scopes);
    for (int kind = 0; kind < RISK_SHARED_SCOPES; kind++) {
        scopes[kind]->open_orders++;
        risk_take_rate(&scopes[kind]->rate_at_ns, scopes[kind]->limits->max_orders_per_second,
                       order->now_ns);
    }
    risk_take_rate(&executor->rate_at_ns, risk->executor->max_orders_per_second, order->now_ns);
    struct risk_move move = {.market = order->market,
                             .way = order->way,
                             .is_opening = order->is_opening || order->is_hedge,
                             .live = order->amount,
                             .quote = order->quote};
    if (move.is_opening) {
        move.live_quote = decimal_multiply(risk_order_price(order), order->amount);
    }
    risk_move(risk, executor, &move);
}

void risk_on_ended(struct risk *risk, const struct risk_executor *executor, uint32_t market)
{
    struct risk_scope *scopes[RISK_SHARED_SCOPES];
    risk_scopes_of(risk, executor, market, scopes);
    for (int kind = 0; kind < RISK_SHARED_SCOPES; kind++) {
        ASSERT(scopes[kind]->open_orders > 0);
        scopes[kind]->open_orders--;
    }
}

bool risk_on_rejected(const struct risk *risk, struct risk_executor *executor, int64_t now_ns)
{
    const int64_t most = risk->executor->max_rejects_per_minute;
    if (executor->rejects == 0 || now_ns - executor->rejects_at_ns >= RISK_REJECTS_SPAN_NS) {
        executor->rejects = 0;
        executor->rejects_at_ns = now_ns;
    }
    executor->rejects += executor->rejects < UINT32_MAX ? 1 : 0;
    return most > 0 && executor->rejects == most + 1;
}

void risk_revalue(struct risk *risk, const struct quote *quotes)
{
    if (risk->has_exposure_limit) {
        risk_value(risk, quotes);
    }
}

void risk_value(struct risk *risk, const struct quote *quotes)
{
    for (uint32_t i = 0; i < risk->instrument_count; i++) {
        if (quotes[i].bid.raw > 0) {
            struct risk_scope *const scopes[] = {risk->global,
                                                 &risk->venues[risk->instruments[i].venue],
                                                 &risk->instrument_scopes[i]};
            risk_value_cell(&risk->cells[i], risk_reference(&quotes[i]), scopes, RISK_CONTROLLER);
        }
    }
    for (uint32_t i = 0; i < risk->controller_count; i++) {
        struct risk_controller *controller = &risk->controllers[i];
        struct risk_scope *const scope = &controller->scope;
        for (uint32_t j = 0; j < controller->count; j++) {
            const struct quote *quote = &quotes[controller->instruments[j]];
            if (quote->bid.raw > 0) {
                risk_value_cell(&controller->cells[j], risk_reference(quote), &scope, 1);
            }
        }
    }
}

/* ---- Own resting orders ---- */

enum err risk_rest(struct risk *risk, uint32_t instrument, enum side side, struct decimal price,
                   uint32_t *ret_place)
{
    *ret_place = 0;
    if (risk->resting == NULL) {
        return ERR_NONE;
    }
    int64_t mantissa;
    const enum err err =
        decimal_to_mantissa_floor(price, risk->instruments[instrument].price_digits, &mantissa);
    return err == ERR_NONE ? resting_add(&risk->resting[instrument], side, mantissa, ret_place)
                           : err;
}

void risk_unrest(struct risk *risk, uint32_t instrument, enum side side, uint32_t place)
{
    if (place != 0) {
        resting_remove(&risk->resting[instrument], side, place);
    }
}
