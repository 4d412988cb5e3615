#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/venue_server_parts.h"

/* How late faults make things, at most; a rate limit lasts a tenth of it. */
#define ANSWER_DELAY_MAX_NS NS_PER_S
#define REQUEST_DELAY_MAX_NS (8 * NS_PER_S)

enum { ANSWER_BALANCES_MAX = 4096, ANSWER_RETRY_AFTER_MS = 300 };

/* An answer under construction, and what its texts point to. */
struct venue_answer {
    struct wire_answer wire;
    struct wire_order order;
    char id[ORDER_ID_TEXT_MAX];
    void *items;                    /* Owned: of the one list it has. */
    char (*ids)[ORDER_ID_TEXT_MAX]; /* Owned: their client order ids. */
};

static void answer_set(struct venue_answer *answer, enum wire_code code, const char *message)
{
    answer->wire.code = code;
    answer->wire.message = message;
}

static void answer_with_order(const struct venue_server *server, struct venue_answer *answer,
                              const struct venue_ledger_order *order)
{
    answer->order = venue_server_order(server, order, answer->id);
    answer->wire.order = &answer->order;
}

/* Room for a list of `count` items of a size, and for their ids. */
static enum err answer_reserve(struct venue_answer *answer, size_t count, size_t size)
{
    answer->items = calloc(count + 1, size);
    answer->ids = calloc(count + 1, sizeof(*answer->ids));
    return answer->items != NULL && answer->ids != NULL ? ERR_NONE : ERR_MEMORY;
}

/* ---- Requests that change something ---- */

/* True when the request is too old to be carried out. */
static bool answer_is_late(const struct venue_server *server, const struct wire_request *request)
{
    return venue_server_clock(server) >
           instant_add(request->clock_ns, request->recv_window_ms * NS_PER_MS);
}

static enum err answer_take_order(struct venue_server *server, const struct order_ticket *ticket,
                                  struct venue_answer *answer)
{
    enum err err = paper_venue_submit(server->desk.paper, ticket, server->time_ns);
    if (err == ERR_RANGE || err == ERR_EXISTS) {
        answer_set(answer, WIRE_REFUSED, "the order is out of range");
        return ERR_NONE;
    }
    if (err == ERR_NONE) {
        err = venue_ledger_add(&server->ledger, ticket);
    }
    if (err != ERR_NONE) {
        return err;
    }
    answer_with_order(server, answer, venue_ledger_find(&server->ledger, ticket->id));
    return venue_server_log(server, &(struct wire_event){.kind = WIRE_ORDER,
                                                         .seq = (int64_t)server->seq,
                                                         .clock_ns = venue_server_clock(server),
                                                         .time_ns = server->time_ns,
                                                         .order = &answer->order});
}

static enum err answer_submit(struct venue_server *server, const struct wire_request *request,
                              struct venue_answer *answer)
{
    if (request->order == NULL) {
        answer_set(answer, WIRE_BAD_REQUEST, "submit: expected an order");
        return ERR_NONE;
    }
    struct order_ticket ticket;
    const enum err err = wire_ticket_of_order(request->order, &server->market, &ticket);
    if (err != ERR_NONE) {
        answer_set(answer, WIRE_REFUSED,
                   err == ERR_NOT_FOUND ? "this venue has no such trading pair"
                                        : "the client order id or the leverage is not usable");
        return ERR_NONE;
    }
    const struct venue_ledger_order *known = venue_ledger_find(&server->ledger, ticket.id);
    if (known != NULL) {
        answer_set(answer, WIRE_DUPLICATE, "this client order id was used before");
        answer_with_order(server, answer, known);
        return ERR_NONE;
    }
    if (answer_is_late(server, request)) {
        answer_set(answer, WIRE_LATE, "the request arrived after its window");
        return ERR_NONE;
    }
    return answer_take_order(server, &ticket, answer);
}

/* The order that the request names; NULL with the answer filled in when there is none. */
static const struct venue_ledger_order *answer_find(const struct venue_server *server,
                                                    const struct wire_request *request,
                                                    struct venue_answer *answer)
{
    struct order_id id;
    if (request->client_order_id == NULL ||
        order_id_parse(request->client_order_id, &id) != ERR_NONE) {
        answer_set(answer, WIRE_BAD_REQUEST, "expected a client_order_id");
        return NULL;
    }
    const struct venue_ledger_order *order = venue_ledger_find(&server->ledger, id);
    if (order == NULL) {
        answer_set(answer, WIRE_NOT_FOUND, "no order has this client_order_id");
        return NULL;
    }
    answer_with_order(server, answer, order);
    return order;
}

static enum err answer_cancel(struct venue_server *server, const struct wire_request *request,
                              struct venue_answer *answer)
{
    if (answer_is_late(server, request)) {
        answer_set(answer, WIRE_LATE, "the request arrived after its window");
        return ERR_NONE;
    }
    const struct venue_ledger_order *order = answer_find(server, request, answer);
    return order != NULL ? paper_venue_cancel(server->desk.paper, order->ticket.id, server->time_ns)
                         : ERR_NONE;
}

/* ---- Requests that only look ---- */

static enum err answer_time(struct venue_server *server, const struct wire_request *request,
                            struct venue_answer *answer)
{
    (void)server;
    (void)request;
    (void)answer;
    return ERR_NONE; /* The clock is in every answer. */
}

static enum err answer_query(struct venue_server *server, const struct wire_request *request,
                             struct venue_answer *answer)
{
    (void)answer_find(server, request, answer);
    return ERR_NONE;
}

static enum err answer_open_orders(struct venue_server *server, const struct wire_request *request,
                                   struct venue_answer *answer)
{
    const enum err err = answer_reserve(answer, WIRE_OPEN_ORDERS_MAX, sizeof(struct wire_order));
    if (err != ERR_NONE) {
        return err;
    }
    struct wire_order *orders = answer->items;
    size_t place = (size_t)request->after;
    size_t count = 0;
    while (count < WIRE_OPEN_ORDERS_MAX) {
        const struct venue_ledger_order *order = venue_ledger_next_live(&server->ledger, &place);
        if (order == NULL) {
            place = 0;
            break;
        }
        orders[count] = venue_server_order(server, order, answer->ids[count]);
        count++;
    }
    answer->wire.orders = (struct field_list){.items = orders, .count = count};
    answer->wire.next = (int64_t)place;
    return ERR_NONE;
}

static enum err answer_trades(struct venue_server *server, const struct wire_request *request,
                              struct venue_answer *answer)
{
    const size_t all = server->ledger.trade_count;
    const size_t first = (uint64_t)request->after < all ? (size_t)request->after : all;
    const size_t count = all - first < WIRE_TRADES_MAX ? all - first : WIRE_TRADES_MAX;
    const enum err err = answer_reserve(answer, count, sizeof(struct wire_trade));
    if (err != ERR_NONE) {
        return err;
    }
    struct wire_trade *trades = answer->items;
    for (size_t i = 0; i < count; i++) {
        const struct fill *fill = &server->ledger.trades[first + i];
        trades[i] = wire_trade_of_fill(fill, &server->market.instruments[fill->instrument],
                                       (int64_t)(first + i + 1), answer->ids[i]);
    }
    answer->wire.trades = (struct field_list){.items = trades, .count = count};
    answer->wire.next = first + count < all ? (int64_t)(first + count) : 0;
    return ERR_NONE;
}

static void answer_add_balance(void *context, const char *asset, struct decimal total,
                               struct decimal reserved)
{
    struct venue_answer *answer = context;
    struct wire_balance *balances = answer->items;
    if (answer->wire.balances.count < ANSWER_BALANCES_MAX) {
        balances[answer->wire.balances.count++] =
            (struct wire_balance){.asset = asset, .total = total, .reserved = reserved};
    }
}

static enum err answer_balances(struct venue_server *server, const struct wire_request *request,
                                struct venue_answer *answer)
{
    (void)request;
    const enum err err = answer_reserve(answer, ANSWER_BALANCES_MAX, sizeof(struct wire_balance));
    if (err == ERR_NONE) {
        answer->wire.balances.items = answer->items;
        paper_venue_each_balance(server->desk.paper, answer_add_balance, answer);
    }
    return err;
}

static void answer_add_position(struct venue_server *server, struct venue_answer *answer,
                                uint32_t instrument, enum side side)
{
    struct wire_position *positions = answer->items;
    const struct position *book = &paper_venue_position(server->desk.paper, instrument, side)->book;
    if (decimal_sign(book->amount) != 0) {
        positions[answer->wire.positions.count++] = (struct wire_position){
            .trading_pair = server->market.instruments[instrument].trading_pair,
            .side = book->side,
            .amount = book->amount,
            .average_price = book->average_price};
    }
}

static enum err answer_positions(struct venue_server *server, const struct wire_request *request,
                                 struct venue_answer *answer)
{
    (void)request;
    const enum err err =
        answer_reserve(answer, 2 * server->market.count, sizeof(struct wire_position));
    if (err != ERR_NONE) {
        return err;
    }
    answer->wire.positions.items = answer->items;
    for (uint32_t i = 0; i < server->market.count; i++) {
        const struct instrument *instrument = &server->market.instruments[i];
        if (instrument->venue == server->market.venue && instrument->is_perpetual) {
            answer_add_position(server, answer, i, SIDE_BUY);
            answer_add_position(server, answer, i, SIDE_SELL);
        }
    }
    return ERR_NONE;
}

/* ---- One request ---- */

static enum err (*const answer_functions[])(struct venue_server *server,
                                            const struct wire_request *request,
                                            struct venue_answer *answer) = {
    [WIRE_TIME] = answer_time,
    [WIRE_SUBMIT] = answer_submit,
    [WIRE_CANCEL] = answer_cancel,
    [WIRE_QUERY] = answer_query,
    [WIRE_OPEN_ORDERS] = answer_open_orders,
    [WIRE_TRADES] = answer_trades,
    [WIRE_BALANCES] = answer_balances,
    [WIRE_POSITIONS] = answer_positions};

/* What came and is to be answered. */
struct venue_question {
    struct actor_ref port;
    uint64_t token;
    const char *bytes;
    size_t size;
    bool is_unanswered; /* Nobody waits for the answer any more. */
};

/* Carries the request out, unless a fault says otherwise; the answer may lie about it. */
static enum err answer_carry_out(struct venue_server *server, const struct wire_request *request,
                                 struct venue_answer *answer)
{
    if (venue_server_strikes(server, VENUE_FAULT_RATE_LIMIT)) {
        answer_set(answer, WIRE_RATE_LIMITED, "too many requests");
        answer->wire.retry_after_ms = ANSWER_RETRY_AFTER_MS;
        return ERR_NONE;
    }
    if (venue_server_strikes(server, VENUE_FAULT_ERROR_BEFORE)) {
        answer_set(answer, WIRE_SERVER_ERROR, "internal error");
        return ERR_NONE;
    }
    const enum err err = answer_functions[request->kind](server, request, answer);
    if (err == ERR_NONE && venue_server_strikes(server, VENUE_FAULT_ERROR_AFTER)) {
        const struct wire_answer done = answer->wire;
        answer->wire = (struct wire_answer){.id = done.id};
        answer_set(answer, WIRE_SERVER_ERROR, "internal error");
    }
    return err;
}

static enum err answer_send(struct venue_server *server, const struct venue_question *question,
                            const struct wire_answer *wire)
{
    struct wire_answer answer = *wire;
    answer.clock_ns = venue_server_clock(server);
    answer.time_ns = server->time_ns;
    answer.seq = (int64_t)server->seq;
    answer.last_trade = (int64_t)server->ledger.trade_count;
    struct text bytes = {0};
    wire_print_answer(&answer, &bytes);
    const struct venue_delayed delayed = {
        .kind = MESSAGE_WIRE_ANSWER, .port = question->port, .token = question->token};
    enum err err = text_failed(&bytes) ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE && venue_server_strikes(server, VENUE_FAULT_REPLY_LATE) &&
        venue_server_delay(server, &delayed, ANSWER_DELAY_MAX_NS, &bytes)) {
        err = venue_server_release(server);
    } else if (err == ERR_NONE) {
        const bool is_lost = venue_server_strikes(server, VENUE_FAULT_REPLY_LOST);
        const uint32_t kind = is_lost ? MESSAGE_WIRE_FORGET : MESSAGE_WIRE_ANSWER;
        err = venue_server_send(server, question->port, kind, question->token, &bytes);
    }
    text_done(&bytes);
    return err;
}

static enum err answer_question(struct venue_server *server, const struct venue_question *question)
{
    struct arena arena;
    arena_init(&arena, WIRE_ARENA_BYTES_MAX);
    struct wire_request request;
    struct failure failure;
    struct venue_answer answer = {.wire = {.code = WIRE_OK, .message = ""}};
    enum err err = wire_parse_request(question->bytes, question->size, &arena, &request, &failure);
    if (err != ERR_NONE) {
        answer_set(&answer, err == ERR_MEMORY ? WIRE_SERVER_ERROR : WIRE_BAD_REQUEST, failure.text);
        err = ERR_NONE;
    } else {
        answer.wire.id = request.id;
        err = answer_carry_out(server, &request, &answer);
    }
    if (err == ERR_LIMIT) {
        answer_set(&answer, WIRE_REFUSED, "the venue takes no more orders");
        err = ERR_NONE;
    }
    if (err == ERR_NONE && !question->is_unanswered) {
        err = answer_send(server, question, &answer.wire);
    }
    free(answer.items);
    free(answer.ids);
    arena_done(&arena);
    return err;
}

enum err venue_server_on_late_request(struct venue_server *server,
                                      const struct venue_delayed *delayed)
{
    const struct venue_question question = {.port = delayed->port,
                                            .is_unanswered = true,
                                            .bytes = text_string(&delayed->bytes),
                                            .size = delayed->bytes.length};
    return answer_question(server, &question);
}

enum err venue_server_on_request(struct venue_server *server, struct actor_ref port,
                                 const struct message_wire *wire)
{
    struct text bytes = {0};
    if (venue_server_is_silent(server) || venue_server_strikes(server, VENUE_FAULT_REQUEST_LOST)) {
        return venue_server_send(server, port, MESSAGE_WIRE_FORGET, wire->token, &bytes);
    }
    if (venue_server_strikes(server, VENUE_FAULT_REQUEST_LATE)) {
        text_append(&bytes, wire->bytes, wire->size);
        const struct venue_delayed delayed = {
            .kind = MESSAGE_WIRE_REQUEST, .port = port, .token = wire->token};
        const bool is_held = !text_failed(&bytes) &&
                             venue_server_delay(server, &delayed, REQUEST_DELAY_MAX_NS, &bytes);
        text_done(&bytes);
        if (is_held) {
            const enum err err = venue_server_release(server);
            struct text nothing = {0};
            /* Its desk must not be taken for so long: others wait behind it. */
            return err == ERR_NONE
                       ? venue_server_send(server, port, MESSAGE_WIRE_FORGET, wire->token, &nothing)
                       : err;
        }
    }
    const struct venue_question question = {
        .port = port, .token = wire->token, .bytes = wire->bytes, .size = wire->size};
    return answer_question(server, &question);
}
