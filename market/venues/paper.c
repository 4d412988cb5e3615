#include "market/venues/paper.h"

#include <stdlib.h>

#include "market/venues/paper_arrival.h"
#include "market/venues/paper_layout.h"
#include "market/venues/paper_margin.h"
#include "market/venues/paper_match.h"
#include "market/venues/paper_orders.h"
#include "market/venues/paper_volume.h"

/* Every position says whose it is, as the updates about it do. */
static void paper_venue_number_positions(struct paper_venue *venue)
{
    const bool is_hedge = venue->config.position_mode == PAPER_HEDGE;
    for (uint32_t i = 0; i < venue->instrument_count; i++) {
        struct paper_position *positions = venue->accounts.positions[i].items;
        positions[PAPER_NET_OR_LONG].book =
            (struct position){.instrument = i, .side = is_hedge ? SIDE_BUY : (enum side)0};
        positions[PAPER_SHORT].book = (struct position){.instrument = i, .side = SIDE_SELL};
    }
}

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
    if (venue->markets == NULL ||
        paper_accounts_init(&venue->accounts, config->position_mode, count) != ERR_NONE) {
        paper_venue_destroy(venue);
        return ERR_MEMORY;
    }
    paper_venue_number_positions(venue);
    paper_margin_init(venue);
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
        book_sync_done(&venue->markets[i].depth);
        paper_queue_done(&venue->markets[i].queue);
        free(venue->markets[i].immediate);
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

void paper_venue_number_trades(struct paper_venue *venue, uint64_t count)
{
    ASSERT(count >= venue->trade_count);
    venue->trade_count = count;
}

void paper_venue_balance(const struct paper_venue *venue, const char *asset,
                         struct decimal *ret_total, struct decimal *ret_reserved)
{
    const struct paper_account *account = paper_accounts_find(&venue->accounts, asset);
    *ret_total = account == NULL ? DECIMAL_ZERO : account->total;
    *ret_reserved = account == NULL ? DECIMAL_ZERO : account->reserved;
}

const struct paper_position *paper_venue_position(const struct paper_venue *venue,
                                                  uint32_t instrument, enum side side)
{
    ASSERT(instrument < venue->instrument_count);
    const struct paper_positions *positions = &venue->accounts.positions[instrument];
    return &positions->items[side == SIDE_SELL ? PAPER_SHORT : PAPER_NET_OR_LONG];
}

struct paper_origins paper_venue_origins(const struct paper_venue *venue, const char *asset)
{
    const struct paper_account *account = paper_accounts_find(&venue->accounts, asset);
    const struct paper_origins none = {0};
    return account == NULL ? none : account->origins;
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

/* Queues a request, for which there must be room. Jitter never lets it overtake an older one. */
static void paper_venue_send(struct paper_venue *venue, uint32_t instrument,
                             struct paper_request request, int64_t now_ns)
{
    request.arrives_at_ns = instant_add(now_ns, venue->config.latency_ns);
    if (venue->config.latency_jitter_ns > 0) {
        request.arrives_at_ns = instant_add(
            request.arrives_at_ns, prng_between(&venue->prng, 0, venue->config.latency_jitter_ns));
    }
    paper_queue_put(&venue->markets[instrument].queue, &request);
}

enum err paper_venue_submit(struct paper_venue *venue, const struct order_ticket *ticket,
                            int64_t now_ns)
{
    if (ticket->instrument >= venue->instrument_count || ticket->id.ordinal == 0) {
        return ERR_RANGE;
    }
    struct paper_market *market = &venue->markets[ticket->instrument];
    if (paper_orders_reserve(venue) != ERR_NONE ||
        paper_queue_reserve(&market->queue) != ERR_NONE) {
        return ERR_MEMORY;
    }
    const uint32_t slot = venue->free_slots[venue->free_count - 1];
    const enum err err = paper_index_add(&venue->index, ticket->id, slot);
    if (err != ERR_NONE) {
        return err;
    }
    venue->free_count--;
    venue->orders[slot] = (struct paper_order){.ticket = *ticket};
    paper_venue_send(
        venue, ticket->instrument,
        (struct paper_request){.kind = PAPER_REQUEST_NEW, .slot = slot, .id = ticket->id}, now_ns);
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
    const enum err err = paper_queue_reserve(&venue->markets[instrument].queue);
    if (err == ERR_NONE) {
        paper_venue_send(venue, instrument,
                         (struct paper_request){.kind = PAPER_REQUEST_CANCEL, .id = id}, now_ns);
    }
    return err;
}

enum err paper_venue_expel(struct paper_venue *venue, struct order_id id,
                           struct venue_updates *updates)
{
    const uint32_t slot = paper_orders_find_open(venue, id);
    if (slot == PAPER_SLOT_ENDED) {
        return ERR_NOT_FOUND;
    }
    const enum err err = venue_updates_reserve(updates, 1);
    if (err != ERR_NONE) {
        return err;
    }
    struct paper_market *market = &venue->markets[venue->orders[slot].ticket.instrument];
    paper_book_remove(&market->book, venue->orders, slot);
    paper_order_cancel(venue, slot, "canceled by the venue", updates);
    return ERR_NONE;
}

/* Whether orders that arrive find a market: its prices, and what they may take. */
static bool paper_venue_is_ready(const struct paper_venue *venue, const struct paper_market *market)
{
    return decimal_sign(market->quote.bid) > 0 &&
           (venue->config.fill_model != PAPER_FILL_BOOK || book_is_tradable(&market->depth.book));
}

/* What every event begins with: funding that is due, then the requests that have arrived, which it
 * counts. */
static enum err paper_venue_begin(struct paper_venue *venue, uint32_t instrument,
                                  struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    market->arriving = paper_venue_is_ready(venue, market) ? market->queue.count : 0;
    return venue->instruments[instrument].is_perpetual
               ? paper_margin_fund(venue, instrument, updates)
               : ERR_NONE;
}

enum err paper_venue_begin_quote(struct paper_venue *venue, uint32_t instrument,
                                 const struct quote *quote, struct venue_updates *updates)
{
    ASSERT(instrument < venue->instrument_count);
    ASSERT(decimal_sign(quote->bid) > 0 && !decimal_less(quote->ask, quote->bid));
    struct paper_market *market = &venue->markets[instrument];
    ASSERT(market->stage == PAPER_QUOTE_DONE);
    market->quote = *quote;
    market->now_ns = quote->time_ns;
    market->round++;
    const enum err err = paper_venue_begin(venue, instrument, updates);
    market->stage = err == ERR_NONE ? PAPER_QUOTE_TAKES : PAPER_QUOTE_DONE;
    return err;
}

/* Finds what the quote touches. Only in the fill model `touch` a quote fills by itself. */
static void paper_venue_find(struct paper_venue *venue, struct paper_market *market)
{
    venue->touched_next = venue->touched_count = 0;
    if (venue->config.fill_model == PAPER_FILL_TOUCH) {
        paper_match_find(venue, market);
    }
    market->stage = PAPER_QUOTE_MATCHES;
}

static enum err paper_venue_settle(struct paper_venue *venue, uint32_t instrument,
                                   struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    market->stage = PAPER_QUOTE_DONE;
    const enum err err = paper_arrival_sweep(venue, market, updates);
    return err == ERR_NONE && market->is_margined ? paper_margin_call(venue, instrument, updates)
                                                  : err;
}

/* Stage by stage; one that has not done all of its work when there is enough goes on there. */
enum err paper_venue_go_on(struct paper_venue *venue, uint32_t instrument, size_t enough,
                           struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    enum err err = ERR_NONE;
    if (market->stage == PAPER_QUOTE_TAKES) {
        err = paper_arrival_take(venue, market, enough, updates);
        market->stage = market->arriving > 0 ? PAPER_QUOTE_TAKES : PAPER_QUOTE_FINDS;
    }
    if (err == ERR_NONE && market->stage == PAPER_QUOTE_FINDS && updates->count < enough) {
        paper_venue_find(venue, market);
    }
    if (err == ERR_NONE && market->stage == PAPER_QUOTE_MATCHES) {
        err = paper_match_touched(venue, market, enough, updates);
        market->stage =
            venue->touched_next == venue->touched_count ? PAPER_QUOTE_SETTLES : PAPER_QUOTE_MATCHES;
    }
    if (err == ERR_NONE && market->stage == PAPER_QUOTE_SETTLES && updates->count < enough) {
        err = paper_venue_settle(venue, instrument, updates);
    }
    if (err != ERR_NONE) {
        market->stage = PAPER_QUOTE_DONE;
    }
    return err;
}

bool paper_venue_is_busy(const struct paper_venue *venue, uint32_t instrument)
{
    return venue->markets[instrument].stage != PAPER_QUOTE_DONE;
}

enum err paper_venue_on_quote(struct paper_venue *venue, uint32_t instrument,
                              const struct quote *quote, struct venue_updates *updates)
{
    const enum err err = paper_venue_begin_quote(venue, instrument, quote, updates);
    return err == ERR_NONE ? paper_venue_go_on(venue, instrument, SIZE_MAX, updates) : err;
}

/* The beginning of an event that is not done in pieces. */
static enum err paper_venue_begin_all(struct paper_venue *venue, uint32_t instrument,
                                      struct venue_updates *updates)
{
    const enum err err = paper_venue_begin(venue, instrument, updates);
    return err == ERR_NONE
               ? paper_arrival_take(venue, &venue->markets[instrument], SIZE_MAX, updates)
               : err;
}

enum err paper_venue_on_trade(struct paper_venue *venue, uint32_t instrument,
                              const struct trade *trade, struct venue_updates *updates)
{
    ASSERT(instrument < venue->instrument_count);
    ASSERT(decimal_sign(trade->price) > 0 && decimal_sign(trade->amount) > 0);
    if (venue->config.fill_model == PAPER_FILL_TOUCH) {
        return ERR_NONE;
    }
    struct paper_market *market = &venue->markets[instrument];
    market->now_ns = trade->time_ns > market->now_ns ? trade->time_ns : market->now_ns;
    const enum err err = paper_venue_begin_all(venue, instrument, updates);
    return err == ERR_NONE ? paper_volume_give(venue, market, trade, updates) : err;
}

/* The depth is what the market trades at. */
static enum err paper_venue_cross(struct paper_venue *venue, uint32_t instrument,
                                  struct venue_updates *updates)
{
    struct paper_market *market = &venue->markets[instrument];
    market->quote = (struct quote){market->now_ns, book_best(&market->depth.book, SIDE_BUY)->price,
                                   book_best(&market->depth.book, SIDE_SELL)->price};
    enum err err = paper_venue_begin_all(venue, instrument, updates);
    if (err == ERR_NONE) {
        err = paper_match_crossed(venue, market, updates);
    }
    return err == ERR_NONE ? paper_margin_call(venue, instrument, updates) : err;
}

enum err paper_venue_on_depth(struct paper_venue *venue, uint32_t instrument,
                              const struct book_message *message, struct venue_updates *updates)
{
    ASSERT(instrument < venue->instrument_count);
    if (venue->config.fill_model == PAPER_FILL_TOUCH) {
        return ERR_NONE;
    }
    struct paper_market *market = &venue->markets[instrument];
    market->now_ns = message->time_ns > market->now_ns ? message->time_ns : market->now_ns;
    const enum err err = book_sync_apply(&market->depth, message);
    if (err != ERR_NONE) {
        return err;
    }
    paper_volume_refresh(venue, market);
    if (venue->config.fill_model != PAPER_FILL_BOOK || !book_is_tradable(&market->depth.book)) {
        return ERR_NONE;
    }
    return paper_venue_cross(venue, instrument, updates);
}

const struct book *paper_venue_depth(const struct paper_venue *venue, uint32_t instrument)
{
    ASSERT(instrument < venue->instrument_count);
    return &venue->markets[instrument].depth.book;
}

void paper_venue_wake(const struct paper_venue *venue, uint32_t instrument,
                      struct wake_levels *ret_levels, int64_t *ret_at_ns)
{
    ASSERT(instrument < venue->instrument_count);
    const struct paper_market *market = &venue->markets[instrument];
    const struct paper_order *buy = paper_book_top(&market->book, venue->orders, PAPER_BUYS);
    const struct paper_order *sell = paper_book_top(&market->book, venue->orders, PAPER_SELLS);
    const bool holds = paper_margin_holds(venue, instrument);
    *ret_levels = (struct wake_levels){0};
    ret_levels->every_quote = paper_book_top(&market->book, venue->orders, PAPER_MARKETS) != NULL ||
                              venue->config.fill_model != PAPER_FILL_TOUCH ||
                              (holds && market->is_margined);
    if (buy != NULL) {
        wake_add_level(ret_levels, WAKE_ASK_AT_MOST, buy->ticket.price);
    }
    if (sell != NULL) {
        wake_add_level(ret_levels, WAKE_BID_AT_LEAST, sell->ticket.price);
    }
    const struct paper_request *request = paper_queue_first(&market->queue);
    *ret_at_ns = request == NULL ? INSTANT_NEVER : request->arrives_at_ns;
    if (holds && venue->instruments[instrument].funding_interval_ns > 0 &&
        market->funding_at_ns < *ret_at_ns) {
        *ret_at_ns = market->funding_at_ns;
    }
}
