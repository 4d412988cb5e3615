#include "market/venues/paper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "market/venues/paper_accounts.h"
#include "market/venues/paper_book.h"
#include "market/venues/paper_index.h"
#include "market/venues/paper_rules.h"

enum { QUEUE_CAPACITY_FIRST = 16, ORDERS_CAPACITY_FIRST = 64 };

enum paper_request_kind { PAPER_REQUEST_NEW, PAPER_REQUEST_CANCEL };

struct paper_request {
    enum paper_request_kind kind;
    struct order_id id;
    int64_t arrives_at_ns;
};

/* The part of the venue that belongs to one instrument. */
struct paper_market {
    struct paper_book book;
    struct paper_request *queue; /* Owned ring, first in first out. */
    size_t queue_first;
    size_t queue_count;
    size_t queue_capacity; /* A power of two, or 0. */
    int64_t last_arrival_ns;
    uint64_t round; /* How many quotes it has seen. */
};

/* A touched order while the touched ones are put in order of age. */
struct paper_touched {
    uint64_t sequence;
    uint32_t slot;
};

struct paper_venue {
    struct paper_config config;
    struct prng prng;
    const struct instrument *instruments; /* Borrowed. */
    size_t instrument_count;
    struct paper_market *markets; /* Owned: one per instrument. */
    struct paper_accounts accounts;
    struct paper_index index;
    struct paper_order *orders;    /* Owned table of slots. */
    uint32_t *free_slots;          /* Owned stack, room for every slot. */
    struct paper_touched *touched; /* Owned, room for every slot. */
    uint32_t order_capacity;
    uint32_t free_count;
    uint64_t accepted_count;
    uint64_t trade_count;
};

enum err paper_venue_create(const struct paper_config *config, const struct instrument *instruments,
                            size_t count, struct paper_venue **ret_venue)
{
    ASSERT(config->latency_ns >= 0 && config->latency_jitter_ns >= 0);
    struct paper_venue *venue = calloc(1, sizeof(*venue));
    if (venue == NULL) {
        return ERR_MEMORY;
    }
    venue->config = *config;
    venue->instruments = instruments;
    venue->instrument_count = count;
    prng_init(&venue->prng, config->seed);
    venue->markets = calloc(count + 1, sizeof(*venue->markets));
    if (venue->markets == NULL || paper_accounts_init(&venue->accounts, count) != ERR_NONE) {
        paper_venue_destroy(venue);
        return ERR_MEMORY;
    }
    *ret_venue = venue;
    return ERR_NONE;
}

void paper_venue_destroy(struct paper_venue *venue)
{
    if (venue == NULL) {
        return;
    }
    for (size_t i = 0; venue->markets != NULL && i < venue->instrument_count; i++) {
        paper_book_done(&venue->markets[i].book);
        free(venue->markets[i].queue);
    }
    free(venue->markets);
    paper_accounts_done(&venue->accounts);
    paper_index_done(&venue->index);
    free(venue->orders);
    free(venue->free_slots);
    free(venue->touched);
    free(venue);
}

enum err paper_venue_deposit(struct paper_venue *venue, const char *asset, struct decimal amount)
{
    return paper_accounts_deposit(&venue->accounts, asset, amount);
}

void paper_venue_balance(const struct paper_venue *venue, const char *asset,
                         struct decimal *ret_total, struct decimal *ret_reserved)
{
    const struct paper_account *account = paper_accounts_find(&venue->accounts, asset);
    *ret_total = account == NULL ? DECIMAL_ZERO : account->total;
    *ret_reserved = account == NULL ? DECIMAL_ZERO : account->reserved;
}

void paper_venue_position(const struct paper_venue *venue, uint32_t instrument,
                          struct decimal *ret_amount, struct decimal *ret_cost)
{
    ASSERT(instrument < venue->instrument_count);
    *ret_amount = venue->accounts.positions[instrument].amount;
    *ret_cost = venue->accounts.positions[instrument].cost;
}

void paper_venue_each_balance(const struct paper_venue *venue,
                              void (*visit)(void *context, const char *asset, struct decimal total,
                                            struct decimal reserved),
                              void *context)
{
    for (size_t i = 0; i < venue->accounts.count; i++) {
        const struct paper_account *account = &venue->accounts.items[i];
        visit(context, account->asset, account->total, account->reserved);
    }
}

/* Makes sure that a slot is free. */
static enum err paper_orders_reserve(struct paper_venue *venue)
{
    if (venue->free_count > 0) {
        return ERR_NONE;
    }
    const uint32_t old = venue->order_capacity;
    if (old > UINT32_MAX / 4) {
        return ERR_MEMORY;
    }
    const uint32_t capacity = old == 0 ? ORDERS_CAPACITY_FIRST : old * 2;
    struct paper_order *orders = realloc(venue->orders, capacity * sizeof(*orders));
    venue->orders = orders == NULL ? venue->orders : orders;
    uint32_t *free_slots = realloc(venue->free_slots, capacity * sizeof(*free_slots));
    venue->free_slots = free_slots == NULL ? venue->free_slots : free_slots;
    struct paper_touched *touched = realloc(venue->touched, capacity * sizeof(*touched));
    venue->touched = touched == NULL ? venue->touched : touched;
    if (orders == NULL || free_slots == NULL || touched == NULL) {
        return ERR_MEMORY;
    }
    venue->order_capacity = capacity;
    for (uint32_t slot = capacity; slot > old; slot--) {
        venue->free_slots[venue->free_count++] = slot - 1;
    }
    return ERR_NONE;
}

/* Makes room in the queue for one more request. */
static enum err paper_queue_reserve(struct paper_market *market)
{
    if (market->queue_count < market->queue_capacity) {
        return ERR_NONE;
    }
    const size_t capacity =
        market->queue_capacity == 0 ? QUEUE_CAPACITY_FIRST : market->queue_capacity * 2;
    struct paper_request *queue = malloc(capacity * sizeof(*queue));
    if (queue == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < market->queue_count; i++) {
        queue[i] = market->queue[(market->queue_first + i) & (market->queue_capacity - 1)];
    }
    free(market->queue);
    market->queue = queue;
    market->queue_first = 0;
    market->queue_capacity = capacity;
    return ERR_NONE;
}

/* Queues a request; there must be room. Jitter never lets a request overtake an older one. */
static void paper_queue_put(struct paper_venue *venue, uint32_t instrument,
                            enum paper_request_kind kind, struct order_id id, int64_t now_ns)
{
    struct paper_market *market = &venue->markets[instrument];
    ASSERT(market->queue_count < market->queue_capacity);
    int64_t arrival = instant_add(now_ns, venue->config.latency_ns);
    if (venue->config.latency_jitter_ns > 0) {
        arrival =
            instant_add(arrival, prng_between(&venue->prng, 0, venue->config.latency_jitter_ns));
    }
    if (market->queue_count > 0 && arrival < market->last_arrival_ns) {
        arrival = market->last_arrival_ns;
    }
    market->last_arrival_ns = arrival;
    const size_t last = (market->queue_first + market->queue_count) & (market->queue_capacity - 1);
    market->queue[last] = (struct paper_request){kind, id, arrival};
    market->queue_count++;
}

enum err paper_venue_submit(struct paper_venue *venue, const struct order_ticket *ticket,
                            int64_t now_ns)
{
    if (ticket->instrument >= venue->instrument_count || ticket->id.ordinal == 0) {
        return ERR_RANGE;
    }
    if (paper_index_find(&venue->index, ticket->id) != NULL) {
        return ERR_EXISTS;
    }
    struct paper_market *market = &venue->markets[ticket->instrument];
    if (paper_orders_reserve(venue) != ERR_NONE || paper_queue_reserve(market) != ERR_NONE) {
        return ERR_MEMORY;
    }
    const uint32_t slot = venue->free_slots[venue->free_count - 1];
    const enum err err = paper_index_add(&venue->index, ticket->id, slot);
    if (err != ERR_NONE) {
        return err;
    }
    venue->free_count--;
    venue->orders[slot] = (struct paper_order){.ticket = *ticket};
    paper_queue_put(venue, ticket->instrument, PAPER_REQUEST_NEW, ticket->id, now_ns);
    return ERR_NONE;
}

enum err paper_venue_cancel(struct paper_venue *venue, struct order_id id, int64_t now_ns)
{
    const struct paper_index_entry *entry = paper_index_find(&venue->index, id);
    if (entry == NULL) {
        return ERR_NOT_FOUND;
    }
    if (entry->slot == PAPER_SLOT_ENDED) {
        return ERR_NONE;
    }
    const uint32_t instrument = venue->orders[entry->slot].ticket.instrument;
    const enum err err = paper_queue_reserve(&venue->markets[instrument]);
    if (err == ERR_NONE) {
        paper_queue_put(venue, instrument, PAPER_REQUEST_CANCEL, id, now_ns);
    }
    return err;
}

/* Holds back what the rest of the order may need and gives back what it no longer does. */
static void paper_order_hold(struct paper_venue *venue, struct paper_order *order,
                             const struct paper_need *need)
{
    if (venue->config.is_unlimited) {
        return;
    }
    paper_accounts_reserve(&venue->accounts, need->asset,
                           decimal_subtract(need->amount, order->reserved));
    order->reserved = need->amount;
}

/* Forgets an order that is in no heap; its id stays known. */
static void paper_order_end(struct paper_venue *venue, uint32_t slot)
{
    struct paper_order *order = &venue->orders[slot];
    const struct instrument *instrument = &venue->instruments[order->ticket.instrument];
    const bool holds_base = order->ticket.side == SIDE_SELL && !instrument->is_perpetual;
    const struct paper_need nothing = {holds_base ? instrument->base : instrument->quote,
                                       DECIMAL_ZERO};
    paper_order_hold(venue, order, &nothing);
    paper_index_find(&venue->index, order->ticket.id)->slot = PAPER_SLOT_ENDED;
    venue->free_slots[venue->free_count++] = slot;
}

/* Adds an update for which room was reserved. */
static struct venue_update *paper_tell(struct venue_updates *updates, enum venue_update_kind kind,
                                       struct order_id id)
{
    struct venue_update *update = venue_updates_add(updates);
    ASSERT(update != NULL);
    update->kind = kind;
    update->order = id;
    return update;
}

static void paper_cancel_open(struct paper_venue *venue, uint32_t slot, const char *reason,
                              struct venue_updates *updates)
{
    struct paper_order *order = &venue->orders[slot];
    ASSERT(order->is_open);
    struct venue_update *update = paper_tell(updates, VENUE_CANCELED, order->ticket.id);
    (void)snprintf(update->reason, sizeof(update->reason), "%s", reason);
    paper_order_end(venue, slot);
}

/* The slot of an open order, or PAPER_SLOT_ENDED. */
static uint32_t paper_find_open(const struct paper_venue *venue, struct order_id id)
{
    const struct paper_index_entry *entry = paper_index_find(&venue->index, id);
    if (entry == NULL || entry->slot == PAPER_SLOT_ENDED || !venue->orders[entry->slot].is_open) {
        return PAPER_SLOT_ENDED;
    }
    return entry->slot;
}

enum err paper_venue_expel(struct paper_venue *venue, struct order_id id,
                           struct venue_updates *updates)
{
    const uint32_t slot = paper_find_open(venue, id);
    if (slot == PAPER_SLOT_ENDED) {
        return ERR_NOT_FOUND;
    }
    const enum err err = venue_updates_reserve(updates, 1);
    if (err != ERR_NONE) {
        return err;
    }
    struct paper_market *market = &venue->markets[venue->orders[slot].ticket.instrument];
    paper_book_remove(&market->book, venue->orders, slot);
    paper_cancel_open(venue, slot, "canceled by the venue", updates);
    return ERR_NONE;
}

/* Whether a fill of this ticket pays its fee in base. */
static bool paper_fee_is_in_base(const struct paper_venue *venue, const struct order_ticket *ticket)
{
    return venue->config.fee_in_base_on_buy && ticket->side == SIDE_BUY &&
           !venue->instruments[ticket->instrument].is_perpetual;
}

static struct decimal paper_fee_rate(const struct paper_venue *venue, enum order_type type)
{
    return type == ORDER_MARKET ? venue->config.taker_fee : venue->config.maker_fee;
}

/* At which price an order trades with this quote. */
static struct decimal paper_price(const struct order_ticket *ticket, const struct quote *quote)
{
    if (ticket->type != ORDER_MARKET) {
        return ticket->price;
    }
    return ticket->side == SIDE_BUY ? quote->ask : quote->bid;
}

/* What the rest of the order needs when it trades at `price`. */
static struct paper_need paper_order_need(const struct paper_venue *venue,
                                          const struct paper_order *order, struct decimal price)
{
    struct order_ticket rest = order->ticket;
    rest.amount =
        decimal_max(DECIMAL_ZERO, decimal_subtract(order->ticket.amount, order->executed));
    const struct decimal fee_rate =
        paper_fee_is_in_base(venue, &rest) ? DECIMAL_ZERO : paper_fee_rate(venue, rest.type);
    return paper_accounts_need(&venue->accounts, &venue->instruments[rest.instrument], &rest, price,
                               fee_rate);
}

/* Reserves what the order needs; false with the reason when there is too little. */
static bool paper_afford(struct paper_venue *venue, struct paper_order *order,
                         const struct quote *quote, char reason[VENUE_REASON_MAX])
{
    if (venue->config.is_unlimited) {
        return true;
    }
    const struct paper_need need =
        paper_order_need(venue, order, paper_price(&order->ticket, quote));
    const struct decimal available = paper_accounts_available(&venue->accounts, need.asset);
    if (!decimal_is_valid(need.amount) || decimal_less(available, need.amount)) {
        paper_rules_shortfall(need.asset, need.amount, available, reason);
        return false;
    }
    paper_order_hold(venue, order, &need);
    return true;
}

/* Whether an arriving order enters the book; otherwise `reason` says why not. */
static bool paper_accepts(struct paper_venue *venue, struct paper_order *order,
                          const struct quote *quote, char reason[VENUE_REASON_MAX])
{
    const struct paper_script *script = venue->config.script;
    const struct order_ticket *ticket = &order->ticket;
    if (script != NULL && script->fails != NULL &&
        script->fails(script->context, ticket->id.ordinal)) {
        (void)snprintf(reason, VENUE_REASON_MAX, "refused by script");
        return false;
    }
    const struct decimal price = ticket->type == ORDER_MARKET ? quote->bid : ticket->price;
    return paper_rules_allow(&venue->instruments[ticket->instrument], ticket, price, reason) &&
           paper_afford(venue, order, quote, reason);
}

/* The arrival of a new order. There is room for one update. */
static enum err paper_arrive_new(struct paper_venue *venue, struct order_id id,
                                 const struct quote *quote, struct venue_updates *updates)
{
    const uint32_t slot = paper_index_find(&venue->index, id)->slot;
    struct paper_order *order = &venue->orders[slot];
    struct paper_market *market = &venue->markets[order->ticket.instrument];
    const enum err err = paper_book_reserve(&market->book, order);
    if (err != ERR_NONE) {
        return err;
    }
    char reason[VENUE_REASON_MAX];
    if (!paper_accepts(venue, order, quote, reason)) {
        memcpy(paper_tell(updates, VENUE_REJECTED, id)->reason, reason, sizeof(reason));
        paper_order_end(venue, slot);
        return ERR_NONE;
    }
    order->is_open = true;
    order->sequence = ++venue->accepted_count;
    order->accepted_round = market->round;
    paper_book_add(&market->book, venue->orders, slot);
    paper_tell(updates, VENUE_ACCEPTED, id);
    return ERR_NONE;
}

/* The arrival of a cancel. There is room for one update. */
static void paper_arrive_cancel(struct paper_venue *venue, struct order_id id,
                                struct venue_updates *updates)
{
    const struct paper_script *script = venue->config.script;
    const uint32_t slot = paper_find_open(venue, id);
    if (slot == PAPER_SLOT_ENDED || (script != NULL && script->ignores_cancel != NULL &&
                                     script->ignores_cancel(script->context, id.ordinal))) {
        return;
    }
    struct paper_market *market = &venue->markets[venue->orders[slot].ticket.instrument];
    paper_book_remove(&market->book, venue->orders, slot);
    paper_cancel_open(venue, slot, "", updates);
}

/* Takes the requests that have arrived, first in first out. */
static enum err paper_take_arrivals(struct paper_venue *venue, struct paper_market *market,
                                    const struct quote *quote, struct venue_updates *updates)
{
    while (market->queue_count > 0) {
        const struct paper_request request = market->queue[market->queue_first];
        if (request.arrives_at_ns > quote->time_ns) {
            break;
        }
        enum err err = venue_updates_reserve(updates, 1);
        if (err == ERR_NONE && request.kind == PAPER_REQUEST_NEW) {
            err = paper_arrive_new(venue, request.id, quote, updates);
        } else if (err == ERR_NONE) {
            paper_arrive_cancel(venue, request.id, updates);
        }
        if (err != ERR_NONE) {
            return err;
        }
        market->queue_first = (market->queue_first + 1) & (market->queue_capacity - 1);
        market->queue_count--;
    }
    return ERR_NONE;
}

/* How much of an order the script lets trade now; false: nothing. */
static bool paper_match_amount(const struct paper_venue *venue, const struct paper_order *order,
                               struct decimal *ret_amount)
{
    const struct paper_script *script = venue->config.script;
    const struct order_ticket *ticket = &order->ticket;
    *ret_amount = decimal_subtract(ticket->amount, order->executed);
    if (script == NULL) {
        return true;
    }
    const uint64_t rounds = venue->markets[ticket->instrument].round - order->accepted_round;
    if (script->is_matched != NULL &&
        !script->is_matched(script->context, ticket->id.ordinal, (uint32_t)rounds)) {
        return false;
    }
    return script->match_amount == NULL ||
           script->match_amount(script->context, ticket->id.ordinal, ticket->amount, order->matches,
                                ret_amount);
}

static struct fill paper_make_fill(struct paper_venue *venue, const struct order_ticket *ticket,
                                   struct decimal amount, const struct quote *quote)
{
    struct fill fill = {
        .order = ticket->id,
        .instrument = ticket->instrument,
        .side = ticket->side,
        .price = paper_price(ticket, quote),
        .amount = amount,
        .fee_in_base = paper_fee_is_in_base(venue, ticket),
        .liquidity = ticket->type == ORDER_MARKET ? LIQUIDITY_TAKER : LIQUIDITY_MAKER,
        .time_ns = quote->time_ns,
    };
    fill.fee = decimal_multiply(fill.fee_in_base ? amount : fill_quote(&fill),
                                paper_fee_rate(venue, ticket->type));
    (void)snprintf(fill.trade_id, sizeof(fill.trade_id), "%" PRIu64, ++venue->trade_count);
    return fill;
}

/* Matches one touched order that was taken out of its heap. There is room for two updates. */
static void paper_match(struct paper_venue *venue, uint32_t slot, const struct quote *quote,
                        struct venue_updates *updates)
{
    struct paper_order *order = &venue->orders[slot];
    struct paper_market *market = &venue->markets[order->ticket.instrument];
    struct decimal amount;
    if (!paper_match_amount(venue, order, &amount)) {
        paper_book_add(&market->book, venue->orders, slot);
        return;
    }
    const struct instrument *instrument = &venue->instruments[order->ticket.instrument];
    const struct fill fill = paper_make_fill(venue, &order->ticket, amount, quote);
    if (paper_accounts_fill(&venue->accounts, instrument, &fill) != ERR_NONE) {
        paper_cancel_open(venue, slot, "the balance would leave its range", updates);
        return;
    }
    order->executed = decimal_add(order->executed, amount);
    order->matches++;
    paper_tell(updates, VENUE_FILL, order->ticket.id)->fill = fill;
    if (decimal_less(order->executed, order->ticket.amount)) {
        const struct paper_need need = paper_order_need(venue, order, fill.price);
        paper_order_hold(venue, order, &need);
        paper_book_add(&market->book, venue->orders, slot);
        return;
    }
    paper_tell(updates, VENUE_COMPLETED, order->ticket.id);
    paper_order_end(venue, slot);
}

static int paper_touched_compare(const void *a, const void *b)
{
    const struct paper_touched *left = a;
    const struct paper_touched *right = b;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Matches every order that the quote touches, older ones first. */
static enum err paper_match_touched(struct paper_venue *venue, struct paper_market *market,
                                    const struct quote *quote, struct venue_updates *updates)
{
    size_t count = 0;
    uint32_t slot;
    while (paper_book_take_touched(&market->book, venue->orders, quote, &slot)) {
        venue->touched[count++] = (struct paper_touched){venue->orders[slot].sequence, slot};
    }
    if (count == 0) {
        return ERR_NONE;
    }
    const enum err err = venue_updates_reserve(updates, 2 * count);
    if (err != ERR_NONE) {
        for (size_t i = 0; i < count; i++) {
            paper_book_add(&market->book, venue->orders, venue->touched[i].slot);
        }
        return err;
    }
    qsort(venue->touched, count, sizeof(*venue->touched), paper_touched_compare);
    for (size_t i = 0; i < count; i++) {
        paper_match(venue, venue->touched[i].slot, quote, updates);
    }
    return ERR_NONE;
}

enum err paper_venue_on_quote(struct paper_venue *venue, uint32_t instrument,
                              const struct quote *quote, struct venue_updates *updates)
{
    ASSERT(instrument < venue->instrument_count);
    ASSERT(decimal_sign(quote->bid) > 0 && !decimal_less(quote->ask, quote->bid));
    struct paper_market *market = &venue->markets[instrument];
    market->round++;
    const enum err err = paper_take_arrivals(venue, market, quote, updates);
    return err == ERR_NONE ? paper_match_touched(venue, market, quote, updates) : err;
}

void paper_venue_wake(const struct paper_venue *venue, uint32_t instrument,
                      struct wake_levels *ret_levels, int64_t *ret_at_ns)
{
    ASSERT(instrument < venue->instrument_count);
    const struct paper_market *market = &venue->markets[instrument];
    const struct paper_order *buy = paper_book_top(&market->book, venue->orders, PAPER_BUYS);
    const struct paper_order *sell = paper_book_top(&market->book, venue->orders, PAPER_SELLS);
    *ret_levels = (struct wake_levels){0};
    ret_levels->every_quote = paper_book_top(&market->book, venue->orders, PAPER_MARKETS) != NULL;
    if (buy != NULL) {
        wake_add_level(ret_levels, WAKE_ASK_AT_MOST, buy->ticket.price);
    }
    if (sell != NULL) {
        wake_add_level(ret_levels, WAKE_BID_AT_LEAST, sell->ticket.price);
    }
    *ret_at_ns =
        market->queue_count == 0 ? INSTANT_NEVER : market->queue[market->queue_first].arrives_at_ns;
}
