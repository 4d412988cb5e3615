#include "tests/support/adversary.h"

#include <stdio.h>

enum { ADVERSARY_RELEASE_PERCENT = 15 };

#define ADVERSARY_FEE "0.0005"
#define ADVERSARY_RECANCEL_NS (5 * NS_PER_S)

const struct adversary_traits adversary_honest = {.name = "honest"};

void adversary_init(struct adversary *adversary, const struct adversary_traits *traits,
                    uint64_t seed)
{
    *adversary = (struct adversary){.traits = *traits};
    prng_init(&adversary->prng, seed);
}

static bool adversary_chance(struct adversary *adversary, unsigned percent)
{
    return percent > 0 && prng_below(&adversary->prng, ADVERSARY_ALL) < percent;
}

static struct order_event *adversary_say(struct adversary *adversary,
                                         const struct adversary_order *order,
                                         enum order_event_kind kind)
{
    ASSERT(adversary->event_count < ADVERSARY_EVENTS_MAX);
    struct order_event *event = &adversary->events[adversary->event_count++];
    *event = (struct order_event){.kind = kind, .ordinal = order->request.ordinal};
    return event;
}

static const char *adversary_take_cancel(struct adversary *adversary,
                                         const struct executor_request *request, int64_t now_ns)
{
    if (request->ordinal == 0 || request->ordinal > adversary->order_count) {
        return "a cancel of an order that was never placed";
    }
    struct adversary_order *order = &adversary->orders[request->ordinal - 1];
    if (!adversary_order_is_live(order)) {
        return "a cancel of an order that is known to be gone";
    }
    if (order->is_cancel_asked &&
        now_ns < instant_add(order->cancel_asked_at_ns, ADVERSARY_RECANCEL_NS)) {
        return "a cancel repeated within five seconds";
    }
    order->is_cancel_asked = true;
    order->cancel_asked_at_ns = now_ns;
    return NULL;
}

const char *adversary_take(struct adversary *adversary, const struct executor_request *request,
                           int64_t now_ns)
{
    if (request->kind == REQUEST_CANCEL) {
        return adversary_take_cancel(adversary, request, now_ns);
    }
    if (request->ordinal != adversary->order_count + 1) {
        return "an ordinal that is not the next one";
    }
    if (adversary->order_count == ADVERSARY_ORDERS_MAX) {
        return "orders without end";
    }
    adversary->orders[adversary->order_count++] = (struct adversary_order){.request = *request};
    return NULL;
}

/* The price of a fill now, or no price: its own limit when that is crossed. */
static bool adversary_price(const struct adversary_order *order, const struct executor_view *view,
                            struct decimal *ret_price)
{
    const struct executor_request *request = &order->request;
    const struct market_view *market = &view->markets[request->market];
    const bool buys = request->side == SIDE_BUY;
    const struct decimal other = buys ? market->ask : market->bid;
    const bool is_crossed =
        request->type == ORDER_MARKET ||
        (buys ? !decimal_less(request->price, other) : !decimal_less(other, request->price));
    *ret_price = request->type == ORDER_MARKET ? other : request->price;
    return is_crossed;
}

static void adversary_book(struct adversary *adversary, const struct adversary_order *order,
                           const struct fill *fill)
{
    struct adversary_book *book = &adversary->books[order->request.market];
    const struct decimal fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO;
    if (order->request.role == ROLE_OPEN) {
        book->opened = decimal_add(book->opened, decimal_subtract(fill->amount, fee_base));
    } else {
        book->closed = decimal_add(book->closed, fill->amount);
    }
    book->traded = fill->side == SIDE_BUY ? decimal_add(book->traded, fill->amount)
                                          : decimal_subtract(book->traded, fill->amount);
    book->volume = decimal_add(book->volume, fill_quote(fill));
    book->fees = decimal_add(book->fees, fill_fee_quote(fill));
}

static void adversary_fill(struct adversary *adversary, struct adversary_order *order,
                           struct decimal price, struct decimal amount, int64_t now_ns)
{
    const struct executor_request *request = &order->request;
    struct order_event *event = adversary_say(adversary, order, ORDER_EVENT_FILL);
    struct fill *fill = &event->fill;
    *fill = (struct fill){.instrument = request->market,
                          .side = request->side,
                          .price = price,
                          .amount = amount,
                          .liquidity = LIQUIDITY_TAKER,
                          .time_ns = now_ns};
    fill->order.ordinal = request->ordinal;
    fill->fee_in_base = adversary->takes_fee_in_base && request->side == SIDE_BUY;
    const struct decimal taxed = fill->fee_in_base ? amount : decimal_multiply(price, amount);
    fill->fee = decimal_multiply(taxed, decimal_literal(ADVERSARY_FEE));
    (void)snprintf(fill->trade_id, sizeof(fill->trade_id), "%zu", ++adversary->trade_count);
    order->filled = decimal_add(order->filled, amount);
    adversary_book(adversary, order, fill);
}

static struct decimal adversary_missing(const struct adversary_order *order)
{
    return decimal_subtract(order->request.amount, order->filled);
}

/* All of what is missing, or half of it. */
static struct decimal adversary_bite(struct adversary *adversary,
                                     const struct adversary_order *order,
                                     const struct executor_view *view)
{
    const struct decimal missing = adversary_missing(order);
    const struct decimal step = view->markets[order->request.market].instrument->step;
    const struct decimal half =
        decimal_floor_to(decimal_divide(missing, decimal_from_int(2)), step);
    const bool is_part =
        adversary_chance(adversary, adversary->traits.part) && decimal_sign(half) > 0;
    return is_part ? half : missing;
}

static void adversary_trade(struct adversary *adversary, struct adversary_order *order,
                            const struct executor_view *view, bool is_forced)
{
    struct decimal price;
    const bool is_crossed = adversary_price(order, view, &price);
    if (!is_crossed && !is_forced) {
        return;
    }
    const struct decimal amount =
        is_forced ? adversary_missing(order) : adversary_bite(adversary, order, view);
    adversary_fill(adversary, order, price, amount, view->now_ns);
    if (decimal_sign(adversary_missing(order)) == 0) {
        (void)adversary_say(adversary, order, ORDER_EVENT_COMPLETED);
        order->state = ADVERSARY_GONE;
    }
}

/* A state of risk or a link holds it back: no failure of the executor, unless it asked for it. */
static void adversary_withhold(struct adversary *adversary, struct order_event *event)
{
    event->is_withheld = true;
    adversary->is_holding = true;
}

static void adversary_drop(struct adversary *adversary, struct adversary_order *order)
{
    struct order_event *event = adversary_say(adversary, order, ORDER_EVENT_CANCELED);
    if (adversary_chance(adversary, adversary->traits.hold)) {
        adversary_withhold(adversary, event);
    }
    adversary->setbacks += !order->is_cancel_asked && !event->is_withheld;
    order->state =
        adversary_chance(adversary, adversary->traits.late) ? ADVERSARY_CANCELED : ADVERSARY_GONE;
}

/* An order that is in the book. */
static void adversary_work(struct adversary *adversary, struct adversary_order *order,
                           const struct executor_view *view)
{
    if (adversary_chance(adversary, adversary->traits.slow)) {
        return;
    }
    if (order->is_cancel_asked) {
        if (adversary_chance(adversary, adversary->traits.lose)) {
            adversary_trade(adversary, order, view, true);
        } else {
            adversary_drop(adversary, order);
        }
        return;
    }
    if (adversary_chance(adversary, adversary->traits.expel) ||
        adversary_chance(adversary, adversary->traits.hold / 2)) {
        adversary_drop(adversary, order);
        return;
    }
    adversary_trade(adversary, order, view, false);
    if (order->state == ADVERSARY_OPEN && order->request.time_in_force != TIME_IN_FORCE_GTC) {
        adversary_drop(adversary, order);
    }
}

/* An order that has just come. A post-only order that would take is refused. */
static void adversary_receive(struct adversary *adversary, struct adversary_order *order,
                              const struct executor_view *view)
{
    if (adversary_chance(adversary, adversary->traits.slow)) {
        return;
    }
    struct decimal price;
    const bool would_take =
        order->request.type == ORDER_LIMIT_MAKER && adversary_price(order, view, &price);
    const bool is_withheld = !would_take && adversary_chance(adversary, adversary->traits.hold);
    if (would_take || is_withheld || adversary_chance(adversary, adversary->traits.reject)) {
        struct order_event *event = adversary_say(adversary, order, ORDER_EVENT_FAILED);
        if (is_withheld) {
            adversary_withhold(adversary, event);
        }
        adversary->setbacks += !is_withheld;
        order->state = ADVERSARY_GONE;
        return;
    }
    (void)adversary_say(adversary, order, ORDER_EVENT_ACKNOWLEDGED);
    order->state = ADVERSARY_OPEN;
    adversary_work(adversary, order, view);
}

static void adversary_say_again(struct adversary *adversary, const struct order_event *event)
{
    ASSERT(adversary->event_count < ADVERSARY_EVENTS_MAX);
    if (event->kind != ORDER_EVENT_RELEASED) { /* No venue says that. */
        adversary->events[adversary->event_count++] = *event;
    }
}

/* Everything may be said a second time, now and when all has changed; a fill is known by its trade
 * id. */
static void adversary_repeat(struct adversary *adversary)
{
    const size_t count = adversary->event_count;
    for (size_t i = 0; i < count; i++) {
        const struct order_event event = adversary->events[i];
        if (adversary_chance(adversary, adversary->traits.twice)) {
            adversary_say_again(adversary, &event);
        }
        adversary->told[adversary->told_count++ % ADVERSARY_TOLD_MAX] = event;
    }
    const size_t known =
        adversary->told_count < ADVERSARY_TOLD_MAX ? adversary->told_count : ADVERSARY_TOLD_MAX;
    if (known > 0 && adversary_chance(adversary, adversary->traits.twice / 2)) {
        const struct order_event event = adversary->told[prng_below(&adversary->prng, known)];
        adversary_say_again(adversary, &event);
    }
}

/* Lets go what it has withheld, in the end at once. */
static void adversary_release(struct adversary *adversary)
{
    static const struct adversary_order none = {0};
    const unsigned percent = adversary->traits.hold > 0 ? ADVERSARY_RELEASE_PERCENT : ADVERSARY_ALL;
    if (adversary->is_holding && adversary_chance(adversary, percent)) {
        adversary->is_holding = false;
        (void)adversary_say(adversary, &none, ORDER_EVENT_RELEASED);
    }
}

void adversary_step(struct adversary *adversary, const struct executor_view *view)
{
    adversary->event_count = 0;
    adversary_release(adversary);
    for (size_t i = 0; i < adversary->order_count; i++) {
        struct adversary_order *order = &adversary->orders[i];
        switch (order->state) {
        case ADVERSARY_SENT:
            adversary_receive(adversary, order, view);
            break;
        case ADVERSARY_OPEN:
            adversary_work(adversary, order, view);
            break;
        case ADVERSARY_CANCELED:
            order->state = ADVERSARY_GONE;
            if (decimal_sign(adversary_missing(order)) > 0) {
                struct decimal price;
                (void)adversary_price(order, view, &price);
                adversary_fill(adversary, order, price, adversary_bite(adversary, order, view),
                               view->now_ns);
            }
            break;
        case ADVERSARY_GONE:
            break;
        }
    }
    adversary_repeat(adversary);
}

size_t adversary_live(const struct adversary *adversary)
{
    size_t live = 0;
    for (size_t i = 0; i < adversary->order_count; i++) {
        live += adversary_order_is_live(&adversary->orders[i]);
    }
    return live;
}

size_t adversary_live_of(const struct adversary *adversary, uint32_t market, enum order_role role)
{
    size_t live = 0;
    for (size_t i = 0; i < adversary->order_count; i++) {
        const struct adversary_order *order = &adversary->orders[i];
        live += adversary_order_is_live(order) && order->request.market == market &&
                order->request.role == role;
    }
    return live;
}

struct decimal adversary_owned(const struct adversary *adversary, uint32_t market)
{
    const struct adversary_book *book = &adversary->books[market];
    return decimal_subtract(book->opened, book->closed);
}
