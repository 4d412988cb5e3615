#include "market/venues/paper_margin.h"

#include <stdio.h>
#include <string.h>

#include "market/venues/paper_deal.h"
#include "market/venues/paper_match.h"
#include "market/venues/paper_orders.h"
#include "market/venues/paper_rules.h"

/* Whether two instruments are perpetuals of this venue's table that share their margin. */
static bool paper_margin_is_shared(const struct instrument *a, const struct instrument *b)
{
    return a->is_perpetual && b->is_perpetual && a->venue == b->venue &&
           strcmp(a->quote, b->quote) == 0;
}

void paper_margin_init(struct paper_venue *venue)
{
    for (size_t i = 0; i < venue->instrument_count; i++) {
        for (size_t j = 0; j < venue->instrument_count; j++) {
            const struct instrument *other = &venue->instruments[j];
            if (paper_margin_is_shared(&venue->instruments[i], other) &&
                decimal_sign(other->maintenance_margin) > 0) {
                venue->markets[i].is_margined = true;
            }
        }
    }
}

static const struct paper_position *paper_margin_position(const struct paper_venue *venue,
                                                          uint32_t instrument, size_t place)
{
    return &venue->accounts.positions[instrument].items[place];
}

bool paper_margin_holds(const struct paper_venue *venue, uint32_t instrument)
{
    if (!venue->instruments[instrument].is_perpetual) {
        return false;
    }
    for (size_t place = 0; place < PAPER_POSITION_COUNT; place++) {
        if (decimal_sign(paper_margin_position(venue, instrument, place)->book.amount) != 0) {
            return true;
        }
    }
    return false;
}

/* The price at which a position could be closed. */
static struct decimal paper_margin_mark(const struct paper_venue *venue, uint32_t instrument,
                                        const struct position *position)
{
    const struct quote *quote = &venue->markets[instrument].quote;
    return decimal_sign(position->amount) > 0 ? quote->bid : quote->ask;
}

static struct decimal paper_margin_notional(const struct paper_venue *venue, uint32_t instrument,
                                            const struct position *position)
{
    return decimal_multiply(decimal_absolute(position->amount),
                            paper_margin_mark(venue, instrument, position));
}

/* ---- Funding ---- */

static int64_t paper_margin_next(int64_t now_ns, int64_t interval_ns)
{
    const int64_t before = now_ns >= 0 ? now_ns / interval_ns : -1 - (-1 - now_ns) / interval_ns;
    return instant_add(before * interval_ns, interval_ns);
}

void paper_margin_schedule(struct paper_venue *venue, uint32_t instrument, int64_t now_ns)
{
    const int64_t interval_ns = venue->instruments[instrument].funding_interval_ns;
    if (interval_ns > 0) {
        venue->markets[instrument].funding_at_ns = paper_margin_next(now_ns, interval_ns);
    }
}

/* One position pays for one multiple of the interval. A payment that does not fit the range of the
 * balance is not made. */
static void paper_margin_pay(struct paper_venue *venue, uint32_t number, size_t place,
                             struct venue_updates *updates)
{
    const struct instrument *instrument = &venue->instruments[number];
    const struct paper_market *market = &venue->markets[number];
    const struct position *position = &paper_margin_position(venue, number, place)->book;
    const int direction = decimal_sign(position->amount);
    struct venue_payment payment = {
        .instrument = number,
        .side = position->side,
        .due_ns = market->funding_at_ns,
        .time_ns = market->now_ns,
        .rate = instrument->funding_rate,
        .notional = paper_margin_notional(venue, number, position),
    };
    const struct decimal owed = decimal_multiply(payment.notional, payment.rate);
    payment.amount = direction > 0 ? decimal_negate(owed) : owed;
    if (direction == 0 || !decimal_is_valid(owed) ||
        paper_accounts_fund(&venue->accounts, instrument->quote, payment.amount) != ERR_NONE) {
        return;
    }
    const struct order_id nobody = {PAPER_VENUE_EPOCH, 0, 0};
    paper_tell(updates, VENUE_FUNDING, nobody)->payment = payment;
}

enum err paper_margin_fund(struct paper_venue *venue, uint32_t instrument,
                           struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    const int64_t interval_ns = venue->instruments[instrument].funding_interval_ns;
    if (interval_ns == 0) {
        return ERR_NONE;
    }
    while (paper_margin_holds(venue, instrument) && market->funding_at_ns <= market->now_ns) {
        const enum err err = venue_updates_reserve(updates, PAPER_POSITION_COUNT);
        if (err != ERR_NONE) {
            return err;
        }
        for (size_t place = 0; place < PAPER_POSITION_COUNT; place++) {
            paper_margin_pay(venue, instrument, place, updates);
        }
        market->funding_at_ns = instant_add(market->funding_at_ns, interval_ns);
    }
    if (!paper_margin_holds(venue, instrument)) {
        paper_margin_schedule(venue, instrument, market->now_ns);
    }
    return ERR_NONE;
}

/* ---- Liquidation ---- */

struct paper_equity {
    struct decimal equity;   /* Balance and unrealized pnl. */
    struct decimal required; /* Maintenance margin of all positions. */
};

static void paper_margin_add(const struct paper_venue *venue, uint32_t instrument,
                             struct paper_equity *sum)
{
    for (size_t place = 0; place < PAPER_POSITION_COUNT; place++) {
        const struct position *position = &paper_margin_position(venue, instrument, place)->book;
        if (decimal_sign(position->amount) == 0) {
            continue;
        }
        const struct decimal mark = paper_margin_mark(venue, instrument, position);
        const struct decimal notional = paper_margin_notional(venue, instrument, position);
        sum->equity = decimal_add(sum->equity, position_unrealized(position, mark));
        sum->required = decimal_add(
            sum->required,
            decimal_multiply(notional, venue->instruments[instrument].maintenance_margin));
    }
}

/* What the positions that share the instrument's margin have, and what they need. */
static struct paper_equity paper_margin_equity(const struct paper_venue *venue, uint32_t instrument)
{
    const struct instrument *own = &venue->instruments[instrument];
    const struct paper_account *account = paper_accounts_find(&venue->accounts, own->quote);
    struct paper_equity sum = {account == NULL ? DECIMAL_ZERO : account->total, DECIMAL_ZERO};
    for (uint32_t i = 0; i < venue->instrument_count; i++) {
        if (paper_margin_is_shared(own, &venue->instruments[i])) {
            paper_margin_add(venue, i, &sum);
        }
    }
    return sum;
}

/* Cancels every open order of the instrument, so that nothing opens the position again. */
static enum err paper_margin_cancel_all(struct paper_venue *venue, struct paper_market *market,
                                        struct venue_updates *updates)
{
    for (size_t kind = 0; kind < PAPER_HEAP_COUNT; kind++) {
        struct paper_heap *heap = &market->book.heaps[kind];
        while (heap->count > 0) {
            const enum err err = venue_updates_reserve(updates, 1);
            if (err != ERR_NONE) {
                return err;
            }
            const uint32_t slot = heap->slots[0];
            paper_book_remove(&market->book, venue->orders, slot);
            paper_order_cancel(venue, slot, "liquidation", updates);
        }
    }
    return ERR_NONE;
}

/* The venue's own order that closes a position. */
static struct order_ticket paper_margin_ticket(struct paper_venue *venue, uint32_t instrument,
                                               const struct position *position)
{
    return (struct order_ticket){
        .id = {PAPER_VENUE_EPOCH, 0, ++venue->liquidation_count},
        .instrument = instrument,
        .side = decimal_sign(position->amount) > 0 ? SIDE_SELL : SIDE_BUY,
        .type = ORDER_MARKET,
        .amount = decimal_absolute(position->amount),
        .action = POSITION_ACTION_CLOSE,
    };
}

static void paper_margin_announce(const struct paper_venue *venue,
                                  const struct order_ticket *ticket, const struct paper_equity *sum,
                                  struct venue_updates *updates)
{
    const struct paper_market *market = &venue->markets[ticket->instrument];
    struct venue_update *update = paper_tell(updates, VENUE_LIQUIDATION, ticket->id);
    update->fill = (struct fill){
        .order = ticket->id,
        .instrument = ticket->instrument,
        .side = ticket->side,
        .price = paper_match_price(ticket, &market->quote),
        .amount = ticket->amount,
        .liquidity = LIQUIDITY_TAKER,
        .time_ns = market->now_ns,
    };
    paper_rules_margin_call(sum->equity, sum->required, update->reason);
}

/* Fills the venue's order with what it meets. There is room for one update per level and two. */
static void paper_margin_close(struct paper_venue *venue, const struct order_ticket *ticket,
                               struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[ticket->instrument];
    const bool walks = venue->config.fill_model == PAPER_FILL_BOOK;
    const enum side other = side_opposite(ticket->side);
    struct decimal rest = ticket->amount;
    const size_t levels = paper_match_walk(venue, ticket, rest).levels;
    bool is_booked = true;
    for (size_t i = 0; i < levels && is_booked; i++) {
        struct paper_deal deal = {.amount = rest,
                                  .price = paper_match_price(ticket, &market->quote),
                                  .liquidity = LIQUIDITY_TAKER,
                                  .time_ns = market->now_ns};
        if (walks) {
            const struct book_level *best = book_best(&market->depth.book, other);
            deal.price = best->price;
            deal.amount = decimal_min(rest, best->amount);
        }
        is_booked = paper_deal_book(venue, ticket, &deal, updates) == ERR_NONE;
        if (is_booked) {
            rest = decimal_subtract(rest, deal.amount);
        }
        if (is_booked && walks) {
            book_take(&market->depth.book, other, deal.amount);
        }
    }
    const bool is_complete = decimal_sign(rest) == 0;
    paper_tell(updates, is_complete ? VENUE_COMPLETED : VENUE_CANCELED, ticket->id);
}

static enum err paper_margin_liquidate(struct paper_venue *venue, uint32_t instrument,
                                       const struct paper_equity *sum,
                                       struct venue_updates *updates)
{
    for (size_t place = 0; place < PAPER_POSITION_COUNT; place++) {
        const struct position *position = &paper_margin_position(venue, instrument, place)->book;
        if (decimal_sign(position->amount) == 0) {
            continue;
        }
        const struct order_ticket ticket = paper_margin_ticket(venue, instrument, position);
        const size_t levels = paper_match_walk(venue, &ticket, ticket.amount).levels;
        const enum err err = venue_updates_reserve(updates, levels + 2);
        if (err != ERR_NONE) {
            return err;
        }
        paper_margin_announce(venue, &ticket, sum, updates);
        paper_margin_close(venue, &ticket, updates);
    }
    return ERR_NONE;
}

enum err paper_margin_call(struct paper_venue *venue, uint32_t instrument,
                           struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    if (!market->is_margined || venue->config.is_unlimited ||
        !paper_margin_holds(venue, instrument)) {
        return ERR_NONE;
    }
    const struct paper_equity sum = paper_margin_equity(venue, instrument);
    if (!decimal_is_valid(sum.equity) || !decimal_is_valid(sum.required) ||
        !decimal_less(sum.equity, sum.required)) {
        return ERR_NONE;
    }
    const enum err err = paper_margin_cancel_all(venue, market, updates);
    return err == ERR_NONE ? paper_margin_liquidate(venue, instrument, &sum, updates) : err;
}
