/*
 * tests/unit/market/test_wire.c - messages of the venue protocol: there and back, and refused.
 */
#include "market/wire.h"

#include <string.h>

#include "suite.h"

static const struct instrument instruments[] = {
    {.index = 0, .venue = 1, .trading_pair = "BTC-USDT", .base = "BTC", .quote = "USDT"},
    {.index = 1, .venue = 0, .trading_pair = "BTC-USDT", .base = "BTC", .quote = "USDT"},
    {.index = 2, .venue = 0, .trading_pair = "ETH-USDT", .base = "ETH", .quote = "USDT"},
};
static const struct wire_market market = {.instruments = instruments, .count = 3, .venue = 0};

static const struct order_ticket ticket = {
    .id = {.epoch = 1764367184123, .executor = 7, .ordinal = 3},
    .instrument = 1,
    .side = SIDE_SELL,
    .type = ORDER_LIMIT_MAKER,
    .time_in_force = TIME_IN_FORCE_IOC,
    .action = POSITION_ACTION_CLOSE,
    .leverage = 5};

static struct order_ticket sample_ticket(void)
{
    struct order_ticket sample = ticket;
    sample.amount = decimal_literal("0.000000000000000001");
    sample.price = decimal_literal("50000.01");
    return sample;
}

static struct arena arena;
static struct text bytes;

static void wire_setup(void)
{
    arena_init(&arena, WIRE_ARENA_BYTES_MAX);
    text_init(&bytes);
}

static void wire_teardown(void)
{
    arena_done(&arena);
    text_done(&bytes);
}

START_TEST(a_submit_comes_back_as_it_was)
{
    const struct order_ticket sample = sample_ticket();
    char id[ORDER_ID_TEXT_MAX];
    const struct wire_order order = wire_order_of_ticket(&sample, &instruments[1], id);
    const struct wire_request request = {.id = 9,
                                         .kind = WIRE_SUBMIT,
                                         .clock_ns = INT64_C(1764367184123456789),
                                         .recv_window_ms = 250,
                                         .order = &order};
    wire_print_request(&request, &bytes);
    struct wire_request read;
    struct failure failure;
    ck_assert_int_eq(wire_parse_request(bytes.data, bytes.length, &arena, &read, &failure),
                     ERR_NONE);
    ck_assert_int_eq(read.id, 9);
    ck_assert_int_eq((int)read.kind, (int)WIRE_SUBMIT);
    ck_assert_int_eq(read.clock_ns, request.clock_ns);
    ck_assert_int_eq(read.recv_window_ms, 250);
    ck_assert_ptr_null(read.client_order_id);
    struct order_ticket back;
    ck_assert_int_eq(wire_ticket_of_order(read.order, &market, &back), ERR_NONE);
    ck_assert_uint_eq(back.id.epoch, ticket.id.epoch);
    ck_assert_uint_eq(back.id.executor, 7);
    ck_assert_uint_eq(back.id.ordinal, 3);
    ck_assert_uint_eq(back.instrument, 1); /* Of this venue, not of the other one. */
    ck_assert_int_eq((int)back.side, (int)SIDE_SELL);
    ck_assert_int_eq((int)back.type, (int)ORDER_LIMIT_MAKER);
    ck_assert_int_eq((int)back.time_in_force, (int)TIME_IN_FORCE_IOC);
    ck_assert_int_eq((int)back.action, (int)POSITION_ACTION_CLOSE);
    ck_assert_uint_eq(back.leverage, 5);
    ck_assert(decimal_equal(back.amount, sample.amount));
    ck_assert(decimal_equal(back.price, sample.price));
}
END_TEST

static struct fill sample_fill(void)
{
    struct fill fill = {.order = ticket.id,
                        .instrument = 2,
                        .side = SIDE_BUY,
                        .fee_in_base = true,
                        .liquidity = LIQUIDITY_MAKER,
                        .time_ns = INT64_C(1735689600123456789)};
    fill.price = decimal_literal("3000.5");
    fill.amount = decimal_literal("0.25");
    fill.fee = decimal_literal("-0.0001");
    return fill;
}

static void check_fill(const struct wire_trade *trade)
{
    const struct fill expected = sample_fill();
    struct fill fill;
    ck_assert_int_eq(wire_fill_of_trade(trade, &market, &fill), ERR_NONE);
    ck_assert_str_eq(fill.trade_id, "41");
    ck_assert_uint_eq(fill.instrument, 2);
    ck_assert_uint_eq(fill.order.executor, 7);
    ck_assert_int_eq((int)fill.side, (int)SIDE_BUY);
    ck_assert(fill.fee_in_base);
    ck_assert_int_eq((int)fill.liquidity, (int)LIQUIDITY_MAKER);
    ck_assert_int_eq(fill.time_ns, expected.time_ns);
    ck_assert(decimal_equal(fill.price, expected.price));
    ck_assert(decimal_equal(fill.amount, expected.amount));
    ck_assert(decimal_equal(fill.fee, expected.fee));
}

START_TEST(an_answer_comes_back_as_it_was)
{
    const struct fill fill = sample_fill();
    char id[ORDER_ID_TEXT_MAX];
    struct wire_trade trade = wire_trade_of_fill(&fill, &instruments[2], 41, id);
    struct wire_balance balance = {.asset = "USDT"};
    balance.total = decimal_literal("-12.5");
    struct wire_position position = {.trading_pair = "BTC-USDT", .side = 0};
    const struct wire_answer answer = {.id = 3,
                                       .code = WIRE_RATE_LIMITED,
                                       .message = "too \"many\"",
                                       .retry_after_ms = 300,
                                       .clock_ns = 1,
                                       .time_ns = 2,
                                       .seq = 77,
                                       .last_trade = 41,
                                       .trades = {.items = &trade, .count = 1},
                                       .balances = {.items = &balance, .count = 1},
                                       .positions = {.items = &position, .count = 1},
                                       .next = 41};
    wire_print_answer(&answer, &bytes);
    struct wire_answer read;
    struct failure failure;
    ck_assert_int_eq(wire_parse_answer(bytes.data, bytes.length, &arena, &read, &failure),
                     ERR_NONE);
    ck_assert_int_eq((int)read.code, (int)WIRE_RATE_LIMITED);
    ck_assert_str_eq(read.message, "too \"many\"");
    ck_assert_int_eq(read.retry_after_ms, 300);
    ck_assert_int_eq(read.seq, 77);
    ck_assert_int_eq(read.last_trade, 41);
    ck_assert_int_eq(read.next, 41);
    ck_assert_ptr_null(read.order);
    ck_assert_uint_eq(read.orders.count, 0);
    ck_assert_uint_eq(read.trades.count, 1);
    check_fill(read.trades.items);
    const struct wire_balance *told = read.balances.items;
    ck_assert(decimal_equal(told->total, balance.total));
    ck_assert_uint_eq(read.positions.count, 1);
}
END_TEST

START_TEST(an_event_comes_back_as_it_was)
{
    struct wire_quote quote = {.trading_pair = "BTC-USDT"};
    quote.bid = decimal_literal("1.5");
    quote.ask = decimal_literal("1.75");
    const struct wire_event event = {.seq = 5, .kind = WIRE_QUOTE, .time_ns = 8, .quote = &quote};
    wire_print_event(&event, &bytes);
    struct wire_event read;
    struct failure failure;
    ck_assert_int_eq(wire_parse_event(bytes.data, bytes.length, &arena, &read, &failure), ERR_NONE);
    ck_assert_int_eq(read.seq, 5);
    ck_assert_int_eq(read.time_ns, 8);
    ck_assert_int_eq((int)read.kind, (int)WIRE_QUOTE);
    ck_assert(decimal_equal(read.quote->ask, quote.ask));
    ck_assert_ptr_null(read.order);
    ck_assert_ptr_null(read.trade);
}
END_TEST

static const char *const bad_requests[] = {
    "",
    "{}",
    "[1]",
    "{\"v\":1,\"id\":1,\"request\":\"time\",\"clock_ns\":0} x",
    "{\"v\":2,\"id\":1,\"request\":\"time\",\"clock_ns\":0}",
    "{\"v\":1,\"id\":-1,\"request\":\"time\",\"clock_ns\":0}",
    "{\"v\":1,\"id\":1,\"request\":\"buy\",\"clock_ns\":0}",
    "{\"v\":1,\"id\":1,\"request\":\"time\",\"clock_ns\":0,\"extra\":1}",
    "{\"v\":1,\"id\":1,\"request\":\"time\",\"clock_ns\":0,\"recv_window_ms\":0}",
    "{\"v\":1,\"id\":1,\"id\":2,\"request\":\"time\",\"clock_ns\":0}",
    "{\"v\":1,\"id\":1,\"request\":\"submit\",\"clock_ns\":0,\"order\":{\"client_order_id\":\"1-1-"
    "1\","
    "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"type\":\"MARKET\",\"amount\":\"0\"}}",
};

START_TEST(a_bad_request_is_refused_with_words)
{
    const char *text = bad_requests[_i];
    struct wire_request request;
    struct failure failure = {0};
    ck_assert_int_ne(wire_parse_request(text, strlen(text), &arena, &request, &failure), ERR_NONE);
    ck_assert_ptr_nonnull(strstr(failure.text, "request"));
    ck_assert_ptr_null(strchr(failure.text, '\n'));
}
END_TEST

START_TEST(strange_orders_and_trades_are_refused)
{
    const struct order_ticket sample = sample_ticket();
    char id[ORDER_ID_TEXT_MAX];
    struct order_ticket back;
    struct wire_order order = wire_order_of_ticket(&sample, &instruments[1], id);
    order.trading_pair = "XRP-USDT";
    ck_assert_int_eq(wire_ticket_of_order(&order, &market, &back), ERR_NOT_FOUND);
    order = wire_order_of_ticket(&sample, &instruments[1], id);
    order.client_order_id = "not-ours";
    ck_assert_int_eq(wire_ticket_of_order(&order, &market, &back), ERR_SYNTAX);
    order.client_order_id = "1-1-0";
    ck_assert_int_eq(wire_ticket_of_order(&order, &market, &back), ERR_RANGE);
    const struct fill fill = sample_fill();
    struct fill read;
    struct wire_trade trade = wire_trade_of_fill(&fill, &instruments[2], 41, id);
    trade.fee_asset = "BNB";
    ck_assert_int_eq(wire_fill_of_trade(&trade, &market, &read), ERR_RANGE);
    trade.trading_pair = "XRP-USDT";
    ck_assert_int_eq(wire_fill_of_trade(&trade, &market, &read), ERR_NOT_FOUND);
    ck_assert_ptr_eq(wire_find_instrument(&market, "BTC-USDT"), &instruments[1]);
    ck_assert_ptr_null(wire_find_instrument(&market, "BTC"));
}
END_TEST

START_TEST(a_trade_id_is_its_number)
{
    ck_assert_uint_eq(wire_trade_number("41"), 41);
    ck_assert_uint_eq(wire_trade_number("0"), 0);
    ck_assert_uint_eq(wire_trade_number(""), 0);
    ck_assert_uint_eq(wire_trade_number("41.1"), 0);
    ck_assert_uint_eq(wire_trade_number("9999999999999999999999999999999"), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("wire");
    tcase_add_checked_fixture(tcase, wire_setup, wire_teardown);
    tcase_add_test(tcase, a_submit_comes_back_as_it_was);
    tcase_add_test(tcase, an_answer_comes_back_as_it_was);
    tcase_add_test(tcase, an_event_comes_back_as_it_was);
    tcase_add_loop_test(tcase, a_bad_request_is_refused_with_words, 0, COUNT_OF(bad_requests));
    tcase_add_test(tcase, strange_orders_and_trades_are_refused);
    tcase_add_test(tcase, a_trade_id_is_its_number);
    return suite_run("wire", tcase);
}
