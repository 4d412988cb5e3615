/*
 * How an order is judged. Scopes without limits cost nothing; a check is a few comparisons and at
 * most one product per price it looks at.
 *
 * Rates: a bucket that holds one second's worth of orders and fills at the rate. It is kept as one
 * instant: when it would be full if nothing more were taken (the generic cell rate algorithm). An
 * order costs 1 / rate of a second, rounded up, so that the rate is never exceeded.
 */
#include "base/instant.h"
#include "market/risk_layout.h"

/* One order on its way through the checks. */
struct risk_case {
    const struct risk *risk;
    const struct risk_executor *executor;
    const struct risk_order *order;
    const struct instrument *instrument;
    struct risk_scope *scopes[RISK_SHARED_SCOPES];
    struct risk_verdict *verdict;
};

static bool risk_deny(const struct risk_case *self, enum deny_code code, enum risk_scope_kind scope,
                      struct decimal limit, struct decimal value)
{
    *self->verdict =
        (struct risk_verdict){.code = code, .scope = scope, .limit = limit, .value = value};
    return false;
}

/* Above its limit, or out of the range of decimals. */
static bool risk_is_above(struct decimal value, struct decimal limit)
{
    return !decimal_is_valid(value) || decimal_less(limit, value);
}

/* ---- State ---- */

/* Whether selling or buying `amount` more brings what is owned nearer to nothing. */
static bool risk_brings_nearer(enum side way, struct decimal amount, const struct risk_market *own)
{
    const bool sells = way == SIDE_SELL;
    const struct decimal owned = sells ? own->owned : decimal_negate(own->owned);
    const struct decimal after = decimal_add(sells ? own->sells : own->buys, amount);
    return decimal_is_valid(owned) && decimal_is_valid(after) && !decimal_less(owned, after);
}

bool risk_is_reducing(const struct risk *risk, const struct risk_executor *executor,
                      const struct risk_order *order)
{
    const struct instrument *instrument = &risk->instruments[executor->instruments[order->market]];
    if (order->is_reduce_only && instrument->is_perpetual) {
        return true;
    }
    struct risk_market own = *risk_market_of(executor, order->market);
    if (executor->is_paired) {
        const struct risk_market *other = risk_market_of(executor, 1 - order->market);
        own.owned = decimal_add(own.owned, other->owned);
        own.buys = decimal_add(own.buys, other->buys);
        own.sells = decimal_add(own.sells, other->sells);
    }
    if (risk_brings_nearer(order->way, order->amount, &own)) {
        return true;
    }
    const struct risk_cell *cell =
        &risk->controllers[executor->controller].cells[executor->cells[order->market]];
    const struct risk_market all = {.owned = cell->owned, .buys = cell->buys, .sells = cell->sells};
    return risk_brings_nearer(order->way, order->amount, &all);
}

static bool risk_is_reducing_case(const struct risk_case *self)
{
    return risk_is_reducing(self->risk, self->executor, self->order);
}

static bool risk_check_state(const struct risk_case *self)
{
    enum risk_scope_kind scope;
    const enum risk_state state = risk_strictest(self->scopes, self->executor, &scope);
    if (state == RISK_HALTED) {
        return risk_deny(self, DENY_RISK_HALTED, scope, DECIMAL_ZERO, self->order->amount);
    }
    if (state == RISK_REDUCING && !risk_is_reducing_case(self)) {
        return risk_deny(self, DENY_RISK_REDUCING, scope, DECIMAL_ZERO, self->order->amount);
    }
    return true;
}

/* ---- Instrument rules ---- */

static bool risk_check_amount(const struct risk_case *self)
{
    const struct instrument *rules = self->instrument;
    const struct decimal amount = self->order->amount;
    if (!decimal_is_valid(amount)) {
        return risk_deny(self, DENY_OVERFLOW, RISK_INSTRUMENT, DECIMAL_ZERO, amount);
    }
    if (decimal_sign(amount) <= 0 || !decimal_is_multiple(amount, rules->step)) {
        return risk_deny(self, DENY_AMOUNT_OFF_STEP, RISK_INSTRUMENT, rules->step, amount);
    }
    if (decimal_less(amount, rules->min_order_size)) {
        return risk_deny(self, DENY_MIN_ORDER_SIZE, RISK_INSTRUMENT, rules->min_order_size, amount);
    }
    if (rules->max_order_size.raw > 0 && decimal_less(rules->max_order_size, amount)) {
        return risk_deny(self, DENY_MAX_ORDER_SIZE, RISK_INSTRUMENT, rules->max_order_size, amount);
    }
    return true;
}

struct decimal risk_order_price(const struct risk_order *order)
{
    const struct quote *quote = order->quote;
    if (order->type != ORDER_MARKET) {
        return order->price;
    }
    return order->side == SIDE_BUY ? quote->ask : quote->bid;
}

static bool risk_check_rules(const struct risk_case *self)
{
    const struct instrument *rules = self->instrument;
    const struct risk_order *order = self->order;
    if (!risk_check_amount(self)) {
        return false;
    }
    const bool is_priced = order->type != ORDER_MARKET;
    if (is_priced && (!decimal_is_valid(order->price) || decimal_sign(order->price) <= 0 ||
                      !decimal_is_multiple(order->price, rules->tick))) {
        return risk_deny(self, DENY_PRICE_OFF_TICK, RISK_INSTRUMENT, rules->tick, order->price);
    }
    if (rules->min_notional.raw <= 0) {
        return true;
    }
    /* Where a market order will trade is not known yet: the better side of the quote decides, and
     * the venue has the last word. */
    const struct decimal notional =
        decimal_multiply(is_priced ? order->price : order->quote->ask, order->amount);
    if (!decimal_is_valid(notional)) {
        return risk_deny(self, DENY_OVERFLOW, RISK_INSTRUMENT, rules->min_notional, notional);
    }
    return !decimal_less(notional, rules->min_notional) ||
           risk_deny(self, DENY_MIN_NOTIONAL, RISK_INSTRUMENT, rules->min_notional, notional);
}

/* ---- Prices ---- */

static int64_t risk_price_age_max(const struct risk_limits *limits)
{
    if (limits->max_price_age_ns > 0) {
        return limits->max_price_age_ns;
    }
    return limits->price_collar.raw > 0 ? RISK_PRICE_AGE_DEFAULT_NS : INT64_MAX;
}

static bool risk_check_age(const struct risk_case *self, enum risk_scope_kind kind)
{
    const struct risk_limits *limits = self->scopes[kind]->limits;
    const struct quote *quote = self->order->quote;
    const int64_t most = risk_price_age_max(limits);
    const int64_t age = self->order->now_ns - quote->time_ns;
    if (most == INT64_MAX || (quote->bid.raw > 0 && quote->ask.raw > 0 &&
                              quote->ask.raw >= quote->bid.raw && age <= most)) {
        return true;
    }
    return risk_deny(self, DENY_STALE_PRICE, kind, instant_seconds(most), instant_seconds(age));
}

/* value is how far the price is away, as a fraction of the reference. */
static bool risk_check_collar(const struct risk_case *self, enum risk_scope_kind kind)
{
    const struct decimal collar = self->scopes[kind]->limits->price_collar;
    if (collar.raw <= 0 || self->order->type == ORDER_MARKET) {
        return true;
    }
    const struct decimal reference = risk_reference(self->order->quote);
    const struct decimal distance =
        decimal_absolute(decimal_subtract(self->order->price, reference));
    if (!risk_is_above(distance, decimal_multiply(collar, reference))) {
        return true;
    }
    return risk_deny(self, DENY_PRICE_COLLAR, kind, collar, decimal_divide(distance, reference));
}

/* ---- Sizes ---- */

static bool risk_check_size(const struct risk_case *self, enum risk_scope_kind kind)
{
    const struct risk_limits *limits = self->scopes[kind]->limits;
    const struct decimal amount = self->order->amount;
    if (limits->max_order_quantity.raw > 0 && risk_is_above(amount, limits->max_order_quantity) &&
        !risk_is_reducing_case(self)) {
        return risk_deny(self, DENY_MAX_ORDER_QUANTITY, kind, limits->max_order_quantity, amount);
    }
    if (limits->max_order_notional.raw <= 0) {
        return true;
    }
    const struct decimal notional = decimal_multiply(risk_order_price(self->order), amount);
    return !risk_is_above(notional, limits->max_order_notional) || risk_is_reducing_case(self) ||
           risk_deny(self, DENY_MAX_ORDER_NOTIONAL, kind, limits->max_order_notional, notional);
}

/* ---- Target ---- */

/* What the order would bring its market to, in what the target counts. */
static struct decimal risk_opened_with(const struct risk_case *self)
{
    const struct risk_order *order = self->order;
    const struct risk_market *own = risk_market_of(self->executor, order->market);
    switch (self->executor->target.kind) {
    case TARGET_QUOTE:
        return decimal_add(own->opened_quote,
                           decimal_multiply(risk_order_price(order), order->amount));
    case TARGET_OPEN: {
        const struct decimal owned =
            order->way == SIDE_BUY ? own->owned : decimal_negate(own->owned);
        return decimal_is_valid(owned)
                   ? decimal_add(decimal_add(decimal_max(owned, DECIMAL_ZERO), own->opening),
                                 order->amount)
                   : DECIMAL_INVALID;
    }
    case TARGET_BASE:
    case TARGET_NONE:
        break;
    }
    return decimal_add(own->opened, order->amount);
}

/* Whether the amount is what the rest of a target in quote buys, as rounded as whoever divided it
 * by the price. */
static bool risk_fits_quote(const struct risk_case *self, struct decimal most)
{
    const struct risk_order *order = self->order;
    const struct risk_market *own = risk_market_of(self->executor, order->market);
    const struct decimal room = decimal_subtract(most, own->opened_quote);
    const struct decimal price = risk_order_price(order);
    return self->executor->target.kind == TARGET_QUOTE && decimal_is_valid(room) &&
           decimal_sign(room) > 0 && decimal_is_valid(price) && decimal_sign(price) > 0 &&
           !risk_is_above(order->amount, decimal_divide(room, price));
}

static bool risk_check_target(const struct risk_case *self)
{
    const struct target *target = &self->executor->target;
    const bool counts =
        self->order->is_opening || (self->order->is_hedge && !risk_is_reducing_case(self));
    if (target->kind == TARGET_NONE || !counts) {
        return true;
    }
    const struct decimal most = decimal_add(
        target->amount, decimal_multiply(target->amount, self->risk->executor->target_tolerance));
    const struct decimal opened = risk_opened_with(self);
    return (decimal_is_valid(most) && !risk_is_above(opened, most)) ||
           (decimal_is_valid(most) && risk_fits_quote(self, most)) ||
           risk_deny(self, DENY_TARGET_EXCEEDED, RISK_EXECUTOR, most, opened);
}

/* ---- Positions ---- */

/* The cell as it would be with the order. */
static struct risk_cell risk_cell_with(const struct risk_cell *cell, const struct risk_order *order)
{
    struct risk_cell after = *cell;
    struct decimal *live = order->way == SIDE_BUY ? &after.buys : &after.sells;
    *live = decimal_add(*live, order->amount);
    return after;
}

static bool risk_check_position(const struct risk_case *self, enum risk_scope_kind kind)
{
    const struct risk_limits *limits = self->scopes[kind]->limits;
    if (limits->max_position.raw <= 0 && limits->max_exposure_quote.raw <= 0) {
        return true;
    }
    const struct risk_executor *executor = self->executor;
    const uint32_t market = self->order->market;
    const struct risk_cell *cell =
        kind == RISK_CONTROLLER
            ? &self->risk->controllers[executor->controller].cells[executor->cells[market]]
            : &self->risk->cells[executor->instruments[market]];
    const struct risk_cell with = risk_cell_with(cell, self->order);
    const struct decimal before = risk_worst(cell);
    const struct decimal after = risk_worst(&with);
    const bool grows = !decimal_is_valid(before) || risk_is_above(after, before);
    if (!grows || risk_is_reducing_case(self)) {
        return true;
    }
    if (limits->max_position.raw > 0 && risk_is_above(after, limits->max_position)) {
        return risk_deny(self, DENY_MAX_POSITION, kind, limits->max_position, after);
    }
    if (limits->max_exposure_quote.raw <= 0) {
        return true;
    }
    const struct decimal others = decimal_subtract(self->scopes[kind]->exposure, cell->worth);
    const struct decimal exposure =
        decimal_add(others, decimal_multiply(after, risk_reference(self->order->quote)));
    return !risk_is_above(exposure, limits->max_exposure_quote) ||
           risk_deny(self, DENY_MAX_EXPOSURE, kind, limits->max_exposure_quote, exposure);
}

static bool risk_check_self_trade(const struct risk_case *self)
{
    const struct risk *risk = self->risk;
    if (risk->resting == NULL) {
        return true;
    }
    const struct decimal price = risk_order_price(self->order);
    const unsigned digits = self->instrument->price_digits;
    int64_t mantissa;
    int64_t own = 0;
    if (decimal_to_mantissa_floor(price, digits, &mantissa) != ERR_NONE) {
        return risk_deny(self, DENY_OVERFLOW, RISK_INSTRUMENT, DECIMAL_ZERO, price);
    }
    const uint32_t instrument = self->executor->instruments[self->order->market];
    return !resting_meets(&risk->resting[instrument], self->order->side, mantissa, &own) ||
           risk_deny(self, DENY_SELF_TRADE, RISK_INSTRUMENT, decimal_from_mantissa(own, digits),
                     price);
}

/* ---- Counts and rates ---- */

static bool risk_check_open_orders(const struct risk_case *self, enum risk_scope_kind kind)
{
    const int64_t most = self->scopes[kind]->limits->max_open_orders;
    const int64_t orders = (int64_t)self->scopes[kind]->open_orders + 1;
    return most <= 0 || orders <= most ||
           risk_deny(self, DENY_MAX_OPEN_ORDERS, kind, decimal_from_int(most),
                     decimal_from_int(orders));
}

static int64_t risk_rate_cost(int64_t per_second)
{
    return (NS_PER_S + per_second - 1) / per_second;
}

static bool risk_has_rate(int64_t rate_at_ns, int64_t per_second, int64_t now_ns)
{
    if (per_second <= 0 || rate_at_ns <= now_ns) {
        return true;
    }
    return rate_at_ns - now_ns <= (per_second - 1) * risk_rate_cost(per_second);
}

void risk_take_rate(int64_t *rate_at_ns, int64_t per_second, int64_t now_ns)
{
    if (per_second > 0) {
        const int64_t from_ns = *rate_at_ns > now_ns ? *rate_at_ns : now_ns;
        *rate_at_ns = instant_add(from_ns, risk_rate_cost(per_second));
    }
}

static bool risk_check_rate(const struct risk_case *self, enum risk_scope_kind kind)
{
    const bool is_executor = kind == RISK_EXECUTOR;
    const int64_t rate = is_executor ? self->risk->executor->max_orders_per_second
                                     : self->scopes[kind]->limits->max_orders_per_second;
    const int64_t at_ns = is_executor ? self->executor->rate_at_ns : self->scopes[kind]->rate_at_ns;
    return risk_has_rate(at_ns, rate, self->order->now_ns) ||
           risk_deny(self, DENY_ORDER_RATE, kind, decimal_from_int(rate),
                     decimal_from_int(rate + 1));
}

/* ---- All of them ---- */

bool risk_check(const struct risk *risk, const struct risk_executor *executor,
                const struct risk_order *order, struct risk_verdict *ret_verdict)
{
    static bool (*const checks[])(const struct risk_case *self, enum risk_scope_kind kind) = {
        risk_check_age,      risk_check_collar,      risk_check_size,
        risk_check_position, risk_check_open_orders, risk_check_rate};
    struct risk_case self = {.risk = risk,
                             .executor = executor,
                             .order = order,
                             .instrument = &risk->instruments[executor->instruments[order->market]],
                             .verdict = ret_verdict};
    risk_scopes_of(risk, executor, order->market, self.scopes);
    if (!risk_check_state(&self) || !risk_check_rules(&self) || !risk_check_target(&self) ||
        !risk_check_self_trade(&self)) {
        return false;
    }
    for (int kind = RISK_GLOBAL; kind < RISK_SHARED_SCOPES; kind++) {
        if (!self.scopes[kind]->is_limited) {
            continue;
        }
        for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
            if (!checks[i](&self, (enum risk_scope_kind)kind)) {
                return false;
            }
        }
    }
    return risk_check_rate(&self, RISK_EXECUTOR);
}

/* ---- New executors ---- */

bool risk_check_create(const struct risk *risk, const struct risk_executor *executor,
                       struct risk_verdict *ret_verdict)
{
    for (uint32_t market = 0; market < executor->market_count; market++) {
        struct risk_case self = {.risk = risk, .executor = executor, .verdict = ret_verdict};
        enum risk_scope_kind scope;
        const enum risk_state state = risk_effective_state(risk, executor, market, &scope);
        if (state != RISK_ACTIVE) {
            return risk_deny(&self, state == RISK_HALTED ? DENY_RISK_HALTED : DENY_RISK_REDUCING,
                             scope, DECIMAL_ZERO, DECIMAL_ONE);
        }
        risk_scopes_of(risk, executor, market, self.scopes);
        for (int kind = RISK_GLOBAL; kind < RISK_SHARED_SCOPES; kind++) {
            const int64_t most = self.scopes[kind]->limits->max_executors;
            const int64_t executors = (int64_t)self.scopes[kind]->executors + 1;
            if (most > 0 && executors > most) {
                return risk_deny(&self, DENY_MAX_EXECUTORS, (enum risk_scope_kind)kind,
                                 decimal_from_int(most), decimal_from_int(executors));
            }
        }
    }
    return true;
}
