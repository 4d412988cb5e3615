#include "executors/moment.h"

#include "executors/mark.h"

enum { SECONDS_PER_YEAR = 31536000 };

/* Prices above this and fractions beyond this are treated as overflows, so that the sums and
 * differences taken of them stay far inside the range of a decimal. */
#define MOMENT_PRICE_MAX decimal_from_int(1000000000000000000)
#define MOMENT_FRACTION_MAX decimal_from_int(8000000000000000000)

struct decimal moment_ratio(struct decimal a, struct decimal b)
{
    return decimal_is_valid(b) && decimal_sign(b) == 0 ? DECIMAL_ZERO : decimal_divide(a, b);
}

struct decimal moment_target_yield(const struct bracket *bracket, int64_t now_ns)
{
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct barrier_config *barriers = bracket_barriers(config);
    if (!barriers->has_apr_yield || now_ns <= config->common.timestamp_ns) {
        return DECIMAL_ZERO;
    }
    const struct decimal elapsed = instant_elapsed(config->common.timestamp_ns, now_ns);
    return decimal_divide_whole(decimal_multiply(barriers->apr_yield, elapsed), SECONDS_PER_YEAR);
}

/* The quote of the view, or the one at which the bracket ended. */
static struct quote moment_market(const struct bracket *bracket, const struct executor_view *view)
{
    if (bracket->executor.status == EXECUTOR_TERMINATED) {
        return bracket->final;
    }
    ASSERT(view->market_count >= 1);
    return (struct quote){view->now_ns, view->markets[0].bid, view->markets[0].ask};
}

static void moment_read_market(struct moment *moment, const struct quote *market)
{
    moment->now_ns = market->time_ns;
    moment->bid = market->bid;
    moment->ask = market->ask;
    moment->mark = moment->side == SIDE_BUY ? moment->bid : moment->ask;
}

/* What was bought and sold. */
static void moment_read_ledger(struct moment *moment, const struct ledger *ledger)
{
    moment->gross = ledger->opening.executed;
    moment->open = ledger_opened(ledger);
    moment->closed = ledger->closing.executed;
    moment->remaining = ledger_remaining(ledger);
    moment->sellable = decimal_floor_to(moment->remaining, moment->instrument->step);
    moment->proceeds = ledger->closing.quote;
    moment->fees = ledger->fees;
}

/* The configured entry price; LIMIT_MAKER keeps to its own side of the book. */
static struct decimal moment_wanted(const struct bracket *bracket, const struct quote *market)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    if (barriers->open_order_type != ORDER_LIMIT_MAKER || !decimal_is_valid(market->bid) ||
        !decimal_is_valid(market->ask)) {
        return bracket->entry_price;
    }
    return bracket_side(bracket) == SIDE_BUY ? decimal_min(bracket->entry_price, market->bid)
                                             : decimal_max(bracket->entry_price, market->ask);
}

/* The average entry and the result against it. */
static void moment_value(struct moment *moment, const struct ledger *ledger)
{
    const bool has_fills = !decimal_is_valid(moment->gross) || decimal_sign(moment->gross) > 0;
    moment->entry = has_fills ? ledger->average : moment->wanted;

    const struct decimal realized =
        decimal_subtract(moment->proceeds, decimal_multiply(moment->closed, moment->entry));
    const struct decimal unrealized =
        decimal_multiply(moment->remaining, decimal_subtract(moment->mark, moment->entry));
    const struct decimal trade =
        decimal_add(mark_signed(moment->side, realized), mark_signed(moment->side, unrealized));
    moment->net = decimal_subtract(trade, moment->fees);
    moment->basis = has_fills ? ledger->basis : decimal_multiply(moment->open, moment->entry);
    const bool is_open = !decimal_is_valid(moment->open) || decimal_sign(moment->open) > 0;
    moment->net_pct = is_open ? moment_ratio(moment->net, moment->basis) : DECIMAL_ZERO;
}

/* entry * (1 + s * take_profit) when a take profit is to rest in the book. */
static struct decimal moment_target_price(const struct bracket *bracket,
                                          const struct moment *moment)
{
    const struct barrier_config *barriers = bracket_barriers(bracket_config_of(bracket));
    if (!barriers->has_take_profit || barriers->take_profit_order_type == ORDER_MARKET) {
        return DECIMAL_ZERO;
    }
    const struct decimal move = mark_signed(bracket_side(bracket), barriers->take_profit);
    return decimal_multiply(moment->entry, decimal_add(DECIMAL_ONE, move));
}

static bool moment_is_within(struct decimal value, struct decimal limit)
{
    return decimal_is_valid(value) && !decimal_less(limit, decimal_absolute(value));
}

static bool moment_is_sound(const struct moment *moment)
{
    const struct decimal price_max = MOMENT_PRICE_MAX;
    return moment_is_within(moment->bid, price_max) && moment_is_within(moment->ask, price_max) &&
           moment_is_within(moment->entry, price_max) && decimal_is_valid(moment->sellable) &&
           decimal_is_valid(moment->basis) && decimal_is_valid(moment->net) &&
           moment_is_within(moment->net_pct, MOMENT_FRACTION_MAX);
}

/* What a bracket computes beyond the figures of its position. */
static bool moment_is_valid(const struct moment *moment, const struct bracket *bracket)
{
    if (!moment->is_valid) {
        return false;
    }
    const struct decimal amount = bracket_config_of(bracket)->amount;
    return decimal_can_multiply(amount, decimal_max(moment->ask, moment->wanted)) &&
           moment_is_within(moment->target_price, MOMENT_PRICE_MAX) &&
           moment_is_within(moment->target_yield, MOMENT_FRACTION_MAX);
}

static bool moment_is_expired(const struct bracket *bracket, int64_t now_ns)
{
    const struct bracket_config *config = bracket_config_of(bracket);
    const struct barrier_config *barriers = bracket_barriers(config);
    return barriers->has_time_limit &&
           instant_add(config->common.timestamp_ns, barriers->time_limit_ns) <= now_ns;
}

struct moment moment_of_position(const struct executor *executor, enum side side,
                                 const struct quote *market, struct decimal wanted)
{
    struct moment moment = {.instrument = executor->instruments[0], .side = side, .wanted = wanted};
    moment_read_market(&moment, market);
    moment_read_ledger(&moment, &executor->ledger);
    moment_value(&moment, &executor->ledger);
    moment.is_valid = moment_is_sound(&moment);
    moment.is_closable =
        moment.is_valid && instrument_is_tradable(moment.instrument, moment.sellable, moment.mark);
    return moment;
}

struct moment moment_of(const struct bracket *bracket, const struct executor_view *view)
{
    const struct quote market = moment_market(bracket, view);
    struct moment moment = moment_of_position(&bracket->executor, bracket_side(bracket), &market,
                                              moment_wanted(bracket, &market));
    moment.target_yield = moment_target_yield(bracket, moment.now_ns);
    moment.target_price = moment_target_price(bracket, &moment);
    moment.is_expired = moment_is_expired(bracket, moment.now_ns);
    moment.is_valid = moment_is_valid(&moment, bracket);
    moment.is_closable &= moment.is_valid;
    return moment;
}
