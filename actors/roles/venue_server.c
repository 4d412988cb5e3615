#include "actors/roles/venue_server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/venue_server_parts.h"
#include "base/log.h"

/* How far faults go. */
#define SERVER_EVENT_DELAY_MAX_NS (2 * NS_PER_S)
#define SERVER_SILENCE_MAX_NS (3 * NS_PER_S)
#define SERVER_JUMP_MAX_NS (2 * NS_PER_S)
/* The epoch of orders that no client has placed: the last one there is (36^12 - 1). */
#define SERVER_STRANGER_EPOCH UINT64_C(4738381338321616895)

static enum err server_start(struct context *context, void *state, void *arguments)
{
    struct venue_server *server = state;
    server->given = *(const struct venue_server_arguments *)arguments;
    server->context = context;
    const struct run_config *config = server->given.config;
    ASSERT(server->given.heartbeat_ns > 0 && decimal_sign(server->given.speed) > 0);
    server->market = (struct wire_market){.instruments = config->instruments,
                                          .count = config->instrument_count,
                                          .venue = server->given.venue};
    server->boards = calloc(config->instrument_count, sizeof(*server->boards));
    if (server->boards == NULL) {
        return ERR_MEMORY;
    }
    enum err err = venue_desk_open(&server->desk, config, server->given.venue);
    if (err == ERR_NONE) {
        err = context_timer(context, VENUE_TIMER_HEARTBEAT, context_now(context));
    }
    return err == ERR_NONE
               ? message_post(context, server->given.feed, MESSAGE_QUOTES_WANTED, 0, NULL, 0)
               : err;
}

static void server_stop(struct context *context, void *state)
{
    struct venue_server *server = state;
    server->context = context;
    venue_server_drop_delayed(server);
    venue_ledger_done(&server->ledger);
    venue_desk_done(&server->desk);
    free(server->boards);
}

int64_t venue_server_clock(const struct venue_server *server)
{
    return context_now(server->context) + server->ahead_ns;
}

bool venue_server_strikes(struct venue_server *server, enum venue_fault fault)
{
    return server->given.faults != NULL && venue_faults_strike(server->given.faults, fault);
}

bool venue_server_is_silent(const struct venue_server *server)
{
    return context_now(server->context) < server->silent_until_ns;
}

struct wire_order venue_server_order(const struct venue_server *server,
                                     const struct venue_ledger_order *order,
                                     char id[ORDER_ID_TEXT_MAX])
{
    struct wire_order told = wire_order_of_ticket(
        &order->ticket, &server->market.instruments[order->ticket.instrument], id);
    told.state = order->state;
    told.executed_base = order->executed_base;
    told.reason = order->reason;
    return told;
}

enum err venue_server_log(const struct venue_server *server, const struct wire_event *event)
{
    if (server->given.log == NULL) {
        return ERR_NONE;
    }
    struct text line = {0};
    wire_print_event(event, &line);
    text_append_char(&line, '\n');
    const bool is_written =
        !text_failed(&line) &&
        fwrite(text_string(&line), 1, line.length, server->given.log) == line.length &&
        fflush(server->given.log) == 0;
    text_done(&line);
    if (!is_written) {
        log_line(LOG_ERROR, server->desk.name,
                 "its log cannot be written: the venue ends here; make room and start it again");
        return ERR_IO;
    }
    return ERR_NONE;
}

/* ---- Events ---- */

/* Sends an event that counts to everybody, with what faults do to it. */
static enum err server_send_counted(struct venue_server *server, struct text *bytes)
{
    if (venue_server_is_silent(server) || venue_server_strikes(server, VENUE_FAULT_EVENT_LOST)) {
        return ERR_NONE;
    }
    enum err err = ERR_NONE;
    if (venue_server_strikes(server, VENUE_FAULT_EVENT_TWICE)) {
        err = venue_server_send(server, ACTOR_NOBODY, MESSAGE_WIRE_EVENT, 0, bytes);
    }
    const struct venue_delayed delayed = {.kind = MESSAGE_WIRE_EVENT};
    if (err == ERR_NONE && venue_server_strikes(server, VENUE_FAULT_EVENT_LATE) &&
        venue_server_delay(server, &delayed, SERVER_EVENT_DELAY_MAX_NS, bytes)) {
        return venue_server_release(server);
    }
    return err == ERR_NONE ? venue_server_send(server, ACTOR_NOBODY, MESSAGE_WIRE_EVENT, 0, bytes)
                           : err;
}

/* Numbers, logs and sends what happened to an order. */
static enum err server_tell(struct venue_server *server, struct wire_event *event)
{
    event->seq = (int64_t)++server->seq;
    event->clock_ns = venue_server_clock(server);
    event->time_ns = server->time_ns;
    enum err err = venue_server_log(server, event);
    struct text bytes = {0};
    wire_print_event(event, &bytes);
    if (err == ERR_NONE) {
        err = text_failed(&bytes) ? ERR_MEMORY : server_send_counted(server, &bytes);
    }
    text_done(&bytes);
    return err;
}

static enum err server_tell_update(struct venue_server *server, const struct venue_update *update)
{
    enum err err = venue_ledger_apply(&server->ledger, update);
    if (err != ERR_NONE || update->kind == VENUE_FUNDING) {
        return err;
    }
    char id[ORDER_ID_TEXT_MAX];
    if (update->kind == VENUE_FILL) {
        const struct wire_trade trade =
            wire_trade_of_fill(&update->fill, &server->market.instruments[update->fill.instrument],
                               (int64_t)server->ledger.trade_count, id);
        return server_tell(server, &(struct wire_event){.kind = WIRE_TRADE, .trade = &trade});
    }
    const struct wire_order order =
        venue_server_order(server, venue_ledger_find(&server->ledger, update->order), id);
    return server_tell(server, &(struct wire_event){.kind = WIRE_ORDER, .order = &order});
}

static enum err server_tell_updates(struct venue_server *server)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < server->desk.updates.count && err == ERR_NONE; i++) {
        err = server_tell_update(server, &server->desk.updates.items[i]);
    }
    server->desk.updates.count = 0;
    return err;
}

/* A quote or a heartbeat: it does not count and whoever misses it gets the next one. */
static enum err server_send_passing(struct venue_server *server, struct wire_event *event)
{
    if (venue_server_is_silent(server)) {
        return ERR_NONE;
    }
    event->seq = (int64_t)server->seq;
    event->clock_ns = venue_server_clock(server);
    event->time_ns = server->time_ns;
    struct text bytes = {0};
    wire_print_event(event, &bytes);
    const enum err err = text_failed(&bytes) ? ERR_MEMORY
                                             : venue_server_send(server, ACTOR_NOBODY,
                                                                 MESSAGE_WIRE_EVENT, 0, &bytes);
    text_done(&bytes);
    return err;
}

static enum err server_send_quote(struct venue_server *server, uint32_t instrument)
{
    const struct quote *quote = &server->boards[instrument].quote;
    const struct wire_quote told = {.trading_pair =
                                        server->market.instruments[instrument].trading_pair,
                                    .bid = quote->bid,
                                    .ask = quote->ask};
    return server_send_passing(server, &(struct wire_event){.kind = WIRE_QUOTE, .quote = &told});
}

/* ---- Market ---- */

/* The venue sees the quote on the board at the present market time; then everybody hears of what
 * it did, and of the quote. */
static enum err server_trade(struct venue_server *server, uint32_t instrument)
{
    struct venue_board *board = &server->boards[instrument];
    board->quote.time_ns = server->time_ns;
    enum err err = venue_desk_quote(&server->desk, instrument, &board->quote);
    if (err == ERR_NONE) {
        err = venue_desk_go_on(&server->desk, instrument, SIZE_MAX);
    }
    if (err == ERR_NONE) {
        err = server_tell_updates(server);
    }
    return err == ERR_NONE ? server_send_quote(server, instrument) : err;
}

static enum err server_on_row(struct venue_server *server, const struct message_quotes *rows,
                              size_t row)
{
    const struct tape_columns *columns = tape_columns_of(rows->tape);
    struct venue_board *board = &server->boards[rows->instrument];
    const int64_t time_ns = columns->time_ns[row];
    server->row_ns = time_ns;
    server->row_at_ns = context_now(server->context);
    server->has_row = true;
    server->time_ns = time_ns > server->time_ns ? time_ns : server->time_ns;
    board->has_quote = true;
    board->quote.bid = decimal_from_mantissa(columns->bid[row], columns->price_digits);
    board->quote.ask = decimal_from_mantissa(columns->ask[row], columns->price_digits);
    return server_trade(server, rows->instrument);
}

static enum err server_on_quotes(struct venue_server *server, const struct message_quotes *rows)
{
    enum err err = ERR_NONE;
    for (size_t row = rows->first; row < rows->end && err == ERR_NONE; row++) {
        err = server_on_row(server, rows, row);
    }
    return err == ERR_NONE ? message_post(server->context, server->given.feed,
                                          MESSAGE_QUOTES_WANTED, 0, NULL, 0)
                           : err;
}

/* Between two rows market time passes at the speed of the feed. */
static void server_advance(struct venue_server *server)
{
    const struct decimal elapsed = decimal_multiply(
        instant_seconds(context_now(server->context) - server->row_at_ns), server->given.speed);
    int64_t elapsed_ns;
    if (!server->has_row || !decimal_is_valid(elapsed) ||
        instant_from_seconds(elapsed, &elapsed_ns) != ERR_NONE) {
        return;
    }
    const int64_t time_ns = instant_add(server->row_ns, elapsed_ns);
    server->time_ns = time_ns > server->time_ns ? time_ns : server->time_ns;
}

/* ---- Faults of the venue itself ---- */

/* Somebody who is no client trades on the same account: the smallest order the rules allow. */
static enum err server_place_stranger(struct venue_server *server)
{
    for (uint32_t i = 0; i < server->market.count; i++) {
        const struct instrument *instrument = &server->market.instruments[i];
        if (instrument->venue != server->market.venue || !server->boards[i].has_quote) {
            continue;
        }
        const struct decimal smallest =
            decimal_divide(decimal_multiply(instrument->min_notional, decimal_from_int(2)),
                           server->boards[i].quote.bid);
        const struct decimal amount =
            decimal_max(decimal_max(instrument->min_order_size, smallest), instrument->step);
        const struct order_ticket ticket = {
            .id = {.epoch = SERVER_STRANGER_EPOCH, .ordinal = ++server->strangers},
            .instrument = i,
            .side = server->strangers % 2 == 1 ? SIDE_BUY : SIDE_SELL,
            .type = ORDER_MARKET,
            .amount = decimal_ceil_to(amount, instrument->step)};
        const enum err err = venue_ledger_add(&server->ledger, &ticket);
        return err == ERR_NONE ? paper_venue_submit(server->desk.paper, &ticket, server->time_ns)
                               : err;
    }
    return ERR_NONE;
}

/* The oldest order that is open ends, as if its time were over. */
static enum err server_expire(struct venue_server *server)
{
    struct venue_updates *updates = &server->desk.updates;
    const struct venue_ledger_order *order;
    size_t place = 0;
    while ((order = venue_ledger_next_live(&server->ledger, &place)) != NULL) {
        const size_t count = updates->count;
        const enum err err = paper_venue_expel(server->desk.paper, order->ticket.id, updates);
        if (err == ERR_NONE) {
            ASSERT(updates->count == count + 1);
            updates->items[count].kind = VENUE_EXPIRED;
        }
        if (err != ERR_NOT_FOUND) {
            return err;
        }
    }
    return ERR_NONE;
}

static enum err server_misbehave(struct venue_server *server)
{
    const int64_t now_ns = context_now(server->context);
    if (venue_server_strikes(server, VENUE_FAULT_DISCONNECT)) {
        server->silent_until_ns =
            instant_add(now_ns, venue_faults_delay(server->given.faults, SERVER_SILENCE_MAX_NS));
    }
    if (venue_server_strikes(server, VENUE_FAULT_CLOCK_JUMP)) {
        server->ahead_ns += venue_faults_delay(server->given.faults, SERVER_JUMP_MAX_NS);
    }
    enum err err = ERR_NONE;
    if (venue_server_strikes(server, VENUE_FAULT_EXPIRY)) {
        err = server_expire(server);
    }
    return err == ERR_NONE && venue_server_strikes(server, VENUE_FAULT_STRANGER)
               ? server_place_stranger(server)
               : err;
}

/* ---- Messages ---- */

static enum err server_on_heartbeat(struct venue_server *server)
{
    server_advance(server);
    enum err err = server_misbehave(server);
    for (uint32_t i = 0; i < server->market.count && err == ERR_NONE; i++) {
        if (server->boards[i].has_quote) {
            err = server_trade(server, i);
        }
    }
    if (err == ERR_NONE) {
        err = server_send_passing(server, &(struct wire_event){.kind = WIRE_HEARTBEAT});
    }
    const int64_t next_ns = instant_add(context_now(server->context), server->given.heartbeat_ns);
    return err == ERR_NONE ? context_timer(server->context, VENUE_TIMER_HEARTBEAT, next_ns) : err;
}

static enum err server_on_attach(struct venue_server *server, struct actor_ref port)
{
    if (server->port_count == VENUE_PORTS_MAX) {
        return ERR_LIMIT;
    }
    server->ports[server->port_count++] = port;
    return ERR_NONE;
}

static enum err server_on_feed_end(struct venue_server *server)
{
    log_line(LOG_INFO, server->desk.name, "%s",
             server->given.is_stopped_at_end ? "the feed has ended: the venue ends with it"
                                             : "the feed has ended: its last quotes hold");
    if (server->given.is_stopped_at_end) {
        system_stop(context_system(server->context));
    }
    return ERR_NONE;
}

static enum err server_receive(struct context *context, void *state, nng_msg **message)
{
    struct venue_server *server = state;
    const struct envelope *envelope = message_envelope(*message);
    const void *body = message_body(*message);
    server->context = context;
    switch (envelope->kind) {
    case MESSAGE_WIRE_REQUEST:
        return venue_server_on_request(server, envelope->sender, body);
    case MESSAGE_QUOTES:
        return server_on_quotes(server, body);
    case MESSAGE_TIMER:
        return ((const struct timer_fired *)body)->tag == VENUE_TIMER_HEARTBEAT
                   ? server_on_heartbeat(server)
                   : venue_server_release(server);
    case MESSAGE_WIRE_ATTACH:
        return server_on_attach(server, envelope->sender);
    case MESSAGE_FEED_END:
        return server_on_feed_end(server);
    default:
        ASSERT(!"a message the venue server knows");
        return ERR_STATE;
    }
}

const struct actor_class venue_server_class = {
    .name = "venue_server",
    .state_size = sizeof(struct venue_server),
    .start = server_start,
    .receive = server_receive,
    .stop = server_stop,
};
