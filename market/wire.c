#include "market/wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { WIRE_LEVERAGE_MAX = 1000 };

void wire_print_request(const struct wire_request *request, struct text *out)
{
    struct wire_request message = *request;
    message.version = WIRE_VERSION;
    field_print_json(wire_request_fields, &message, out);
}

void wire_print_answer(const struct wire_answer *answer, struct text *out)
{
    struct wire_answer message = *answer;
    message.version = WIRE_VERSION;
    field_print_json(wire_answer_fields, &message, out);
}

void wire_print_event(const struct wire_event *event, struct text *out)
{
    struct wire_event message = *event;
    message.version = WIRE_VERSION;
    field_print_json(wire_event_fields, &message, out);
}

/* What a message is read into, and with which table. */
struct wire_reading {
    const char *name;
    const struct field *fields;
    void *message;
    size_t size;
};

static enum err wire_parse(const struct wire_reading *reading, const char *bytes, size_t size,
                           struct arena *arena, struct failure *failure)
{
    struct problems problems;
    problems_init(&problems, reading->name);
    const struct node *root;
    enum err err =
        node_read_json(reading->name, bytes, size, WIRE_DEPTH_MAX, arena, &problems, &root);
    if (err == ERR_NONE) {
        err = field_parse(reading->fields, root, "", reading->message, reading->size, arena,
                          &problems);
    }
    if (err != ERR_NONE) {
        const char *lines = problems.lines.length > 0 ? text_string(&problems.lines)
                                                      : "out of memory"; /* Also for words. */
        (void)failure_set(failure, err, "%.*s", (int)strcspn(lines, "\n"), lines);
    }
    problems_done(&problems);
    return err;
}

enum err wire_parse_request(const char *bytes, size_t size, struct arena *arena,
                            struct wire_request *ret_request, struct failure *failure)
{
    const struct wire_reading reading = {"request", wire_request_fields, ret_request,
                                         sizeof(*ret_request)};
    return wire_parse(&reading, bytes, size, arena, failure);
}

enum err wire_parse_answer(const char *bytes, size_t size, struct arena *arena,
                           struct wire_answer *ret_answer, struct failure *failure)
{
    const struct wire_reading reading = {"answer", wire_answer_fields, ret_answer,
                                         sizeof(*ret_answer)};
    return wire_parse(&reading, bytes, size, arena, failure);
}

enum err wire_parse_event(const char *bytes, size_t size, struct arena *arena,
                          struct wire_event *ret_event, struct failure *failure)
{
    const struct wire_reading reading = {"event", wire_event_fields, ret_event, sizeof(*ret_event)};
    return wire_parse(&reading, bytes, size, arena, failure);
}

/* ---- To and from what the program trades with ---- */

const struct instrument *wire_find_instrument(const struct wire_market *market,
                                              const char *trading_pair)
{
    for (size_t i = 0; i < market->count; i++) {
        const struct instrument *instrument = &market->instruments[i];
        if (instrument->venue == market->venue &&
            strcmp(instrument->trading_pair, trading_pair) == 0) {
            return instrument;
        }
    }
    return NULL;
}

struct wire_order wire_order_of_ticket(const struct order_ticket *ticket,
                                       const struct instrument *instrument,
                                       char id[ORDER_ID_TEXT_MAX])
{
    (void)order_id_print(ticket->id, id);
    return (struct wire_order){.client_order_id = id,
                               .trading_pair = instrument->trading_pair,
                               .side = ticket->side,
                               .type = ticket->type,
                               .amount = ticket->amount,
                               .price = ticket->price,
                               .time_in_force = ticket->time_in_force,
                               .action = ticket->action,
                               .leverage = ticket->leverage,
                               .state = ORDER_PENDING_SUBMIT,
                               .reason = ""};
}

enum err wire_ticket_of_order(const struct wire_order *order, const struct wire_market *market,
                              struct order_ticket *ret_ticket)
{
    const struct instrument *instrument = wire_find_instrument(market, order->trading_pair);
    if (instrument == NULL) {
        return ERR_NOT_FOUND;
    }
    struct order_id id;
    const enum err err = order_id_parse(order->client_order_id, &id);
    if (err != ERR_NONE) {
        return err;
    }
    if (id.ordinal == 0 || order->leverage < 0 || order->leverage > WIRE_LEVERAGE_MAX) {
        return ERR_RANGE;
    }
    *ret_ticket = (struct order_ticket){.id = id,
                                        .instrument = instrument->index,
                                        .side = order->side,
                                        .type = order->type,
                                        .amount = order->amount,
                                        .price = order->price,
                                        .time_in_force = order->time_in_force,
                                        .action = order->action,
                                        .leverage = (uint32_t)order->leverage};
    return ERR_NONE;
}

uint64_t wire_trade_number(const char *trade_id)
{
    uint64_t number = 0;
    for (size_t i = 0; i < TRADE_ID_MAX && trade_id[i] != '\0'; i++) {
        if (trade_id[i] < '0' || trade_id[i] > '9' || number > INT64_MAX / 10 - 1) {
            return 0;
        }
        number = number * 10 + (uint64_t)(trade_id[i] - '0');
    }
    return number;
}

struct wire_trade wire_trade_of_fill(const struct fill *fill, const struct instrument *instrument,
                                     int64_t number, char id[ORDER_ID_TEXT_MAX])
{
    (void)order_id_print(fill->order, id);
    return (struct wire_trade){.number = number,
                               .client_order_id = id,
                               .trading_pair = instrument->trading_pair,
                               .side = fill->side,
                               .price = fill->price,
                               .amount = fill->amount,
                               .fee = fill->fee,
                               .fee_asset =
                                   fill->fee_in_base ? instrument->base : instrument->quote,
                               .liquidity = fill->liquidity,
                               .time_ns = fill->time_ns};
}

enum err wire_fill_of_trade(const struct wire_trade *trade, const struct wire_market *market,
                            struct fill *ret_fill)
{
    const struct instrument *instrument = wire_find_instrument(market, trade->trading_pair);
    if (instrument == NULL) {
        return ERR_NOT_FOUND;
    }
    const bool in_base = strcmp(trade->fee_asset, instrument->base) == 0;
    if (!in_base && strcmp(trade->fee_asset, instrument->quote) != 0) {
        return ERR_RANGE;
    }
    struct fill fill = {.instrument = instrument->index,
                        .side = trade->side,
                        .price = trade->price,
                        .amount = trade->amount,
                        .fee = trade->fee,
                        .fee_in_base = in_base,
                        .liquidity = trade->liquidity,
                        .time_ns = trade->time_ns};
    const enum err err = order_id_parse(trade->client_order_id, &fill.order);
    if (err != ERR_NONE) {
        return err;
    }
    (void)snprintf(fill.trade_id, sizeof(fill.trade_id), "%" PRId64, trade->number);
    *ret_fill = fill;
    return ERR_NONE;
}
