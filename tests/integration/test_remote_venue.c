/*
 * The remote venue among fakes: it connects, catches up, notices gaps and silence.
 */
#include <check.h>
#include <sodium.h>

#include "remote_scene.h"

/* What happened before anybody looked: one order open, two trades. */
static void answer_one_order(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    struct wire_order order = order_of(ORDER_OPEN);
    scene->seq = 9;
    scene->last_trade = 2;
    answer(director, context, asked(director, WIRE_OPEN_ORDERS),
           &(struct wire_answer){.orders = {.items = &order, .count = 1}});
}

static void answer_two_trades(struct director *director, struct context *context)
{
    struct wire_trade trades[] = {trade_of(1), trade_of(2)};
    const struct wire_request *request = asked(director, WIRE_TRADES);
    ck_assert_int_eq(request->after, 0);
    answer(director, context, request,
           &(struct wire_answer){.trades = {.items = trades, .count = 2}});
}

static void check_caught_up(struct director *director, struct context *context)
{
    check_up(director, context);
    ck_assert_uint_eq(updates_of(director, VENUE_LIVE), 1);
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 2);
    ck_assert_str_eq(last_update(director)->fill.trade_id, "1"); /* Both in one message. */
    ck_assert_uint_eq(last_update(director)->trade_number, 1);
}

START_TEST(what_happened_unseen_comes_first)
{
    static director_step *const script[] = {
        attach,          answer_probe, answer_one_order, answer_two_trades, answer_balances,
        check_caught_up, NULL};
    scene_play(script);
}
END_TEST

/* An event that comes while it is at it: everything is fetched once more. */
static void event_in_between(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const struct wire_trade trade = trade_of(1);
    scene->seq = 1;
    scene->last_trade = 1;
    event(director, context, &(struct wire_event){.kind = WIRE_TRADE, .seq = 1, .trade = &trade});
}

static void check_again(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_RECONCILED), 0);
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 1);
    answer_no_orders(director, context);
}

START_TEST(what_happens_meanwhile_is_fetched_too)
{
    static director_step *const script[] = {attach,
                                            answer_probe,
                                            answer_no_orders,
                                            event_in_between,
                                            answer_no_trades,
                                            answer_balances,
                                            check_again,
                                            answer_no_trades,
                                            answer_balances,
                                            check_up,
                                            NULL};
    scene_play(script);
}
END_TEST

/* ---- Events ---- */

static void tell_with_gap(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const struct wire_order order = order_of(ORDER_FILLED);
    const struct wire_trade trade = trade_of(2);
    director->seen = director->count;
    scene->seq = 4;
    scene->last_trade = 2;
    event(director, context, &(struct wire_event){.kind = WIRE_TRADE, .seq = 3, .trade = &trade});
    event(director, context, &(struct wire_event){.kind = WIRE_ORDER, .seq = 4, .order = &order});
}

static void check_gap(struct director *director, struct context *context)
{
    /* The trade counts, the end does not yet. */
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 1);
    ck_assert_uint_eq(updates_of(director, VENUE_COMPLETED), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_LINK), 2);
    answer_no_orders(director, context);
}

static void check_fetched(struct director *director, struct context *context)
{
    const struct wire_request *request = asked(director, WIRE_TRADES);
    ck_assert_int_eq(request->after, 0); /* Number 1 was never seen. */
    struct wire_trade trades[] = {trade_of(1), trade_of(2)};
    answer(director, context, request,
           &(struct wire_answer){.trades = {.items = trades, .count = 2}});
}

static void check_whole(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_RECONCILED), 2);
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 3); /* Number 2 twice: it counts once. */
}

START_TEST(a_gap_is_closed_before_anything_else)
{
    static director_step *const script[] = {
        CONNECT, tell_with_gap, check_gap, check_fetched, answer_balances, check_whole, NULL};
    scene_play(script);
}
END_TEST

static void tell_twice(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const struct wire_order order = order_of(ORDER_OPEN);
    const struct wire_trade trade = trade_of(1);
    scene->seq = 2;
    for (int i = 0; i < 2; i++) {
        event(director, context,
              &(struct wire_event){.kind = WIRE_ORDER, .seq = 1, .order = &order});
        event(director, context,
              &(struct wire_event){.kind = WIRE_TRADE, .seq = 2, .trade = &trade});
    }
    heartbeat(director, context);
}

static void check_twice(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(updates_of(director, VENUE_ACCEPTED), 1);
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 2); /* Whoever applies it knows it. */
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_LINK), 1); /* No gap. */
}

START_TEST(what_comes_twice_is_no_gap)
{
    static director_step *const script[] = {CONNECT, tell_twice, check_twice, NULL};
    scene_play(script);
}
END_TEST

static void tell_quote(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    struct wire_quote quote = {
        .trading_pair = "BTC-USDT", .bid = decimal_from_int(1), .ask = decimal_from_int(2)};
    event(director, context,
          &(struct wire_event){.kind = WIRE_QUOTE, .seq = scene->seq, .quote = &quote});
    quote.trading_pair = "XRP-USDT";
    event(director, context,
          &(struct wire_event){.kind = WIRE_QUOTE, .seq = scene->seq, .quote = &quote});
}

static void check_no_quote(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_LIVE_QUOTE), 0);
}

static void check_quote(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_LIVE_QUOTE), 1);
    nng_msg *message = director_take(director, MESSAGE_LIVE_QUOTE);
    (void)message;
}

START_TEST(quotes_pass_while_the_link_is_whole)
{
    static director_step *const script[] = {attach,
                                            answer_probe,
                                            tell_quote,
                                            check_no_quote,
                                            answer_no_orders,
                                            answer_no_trades,
                                            answer_balances,
                                            check_up,
                                            tell_quote,
                                            check_quote,
                                            NULL};
    scene_play(script);
}
END_TEST

static void be_silent(struct director *director, struct context *context)
{
    director->seen = director->count;
    for (int i = 0; i < 4; i++) {
        system_set_now(context_system(context), context_now(context) + NS_PER_S);
    }
}

static void check_down(struct director *director, struct context *context)
{
    size_t links = 0;
    bool is_connected = true;
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == MESSAGE_VENUE_LINK) {
            const struct message_venue_link *link = message_body(director->received[i]);
            is_connected = link->is_connected;
            links++;
        }
    }
    ck_assert_uint_eq(links, 2);
    ck_assert(!is_connected);
    ck_assert_ptr_nonnull(asked(director, WIRE_TIME)); /* It tries again. */
    submit(director, context);
}

START_TEST(silence_is_a_lost_link)
{
    static director_step *const script[] = {CONNECT, be_silent, check_down, check_turned_away,
                                            NULL};
    scene_play(script);
}
END_TEST

/* ---- The rest of what a venue is ---- */

static void step(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_step given = {.instrument = 0};
    director_send(context, scene->remote, MESSAGE_STEP, 77, &given, sizeof(given));
    director_send(context, scene->remote, MESSAGE_BALANCES_WANTED, 0, NULL, 0);
    director_send(context, scene->remote, MESSAGE_UPDATES_WANTED, 0, NULL, 0);
}

static void check_step(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_STEP_DONE), 1);
    answer_balances(director, context);
}

static void check_balances(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(director_count(director, MESSAGE_BALANCES), 1);
}

START_TEST(a_step_needs_nothing_of_it)
{
    static director_step *const script[] = {CONNECT, step, check_step, check_balances, NULL};
    scene_play(script);
}
END_TEST

/* What cannot be read is as good as nothing. */
static void tell_nonsense(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    static const char *const nonsense[] = {"", "{}", "\xff", "{\"v\":1,\"seq\":1"};
    for (size_t i = 0; i < 4; i++) {
        struct text bytes = {0};
        text_append_string(&bytes, nonsense[i]);
        ck_assert_int_eq(message_post_wire(context, scene->remote, MESSAGE_WIRE_EVENT, 0, &bytes),
                         ERR_NONE);
        ck_assert_int_eq(
            message_post_wire(context, scene->remote, MESSAGE_WIRE_ANSWER, 9999, &bytes), ERR_NONE);
        const struct wire_request *request = asked(director, WIRE_SUBMIT);
        ck_assert_int_eq(message_post_wire(context, scene->remote, MESSAGE_WIRE_ANSWER,
                                           (uint64_t)request->id, &bytes),
                         ERR_NONE);
        text_done(&bytes);
    }
}

START_TEST(nonsense_is_as_good_as_silence)
{
    static director_step *const script[] = {CONNECT, submit, tell_nonsense, check_cancel_doubtful,
                                            NULL};
    scene_play(script);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    TCase *tcase = tcase_create("remote_venue");
    tcase_add_test(tcase, what_happened_unseen_comes_first);
    tcase_add_test(tcase, what_happens_meanwhile_is_fetched_too);
    tcase_add_test(tcase, a_gap_is_closed_before_anything_else);
    tcase_add_test(tcase, what_comes_twice_is_no_gap);
    tcase_add_test(tcase, quotes_pass_while_the_link_is_whole);
    tcase_add_test(tcase, silence_is_a_lost_link);
    tcase_add_test(tcase, a_step_needs_nothing_of_it);
    tcase_add_test(tcase, nonsense_is_as_good_as_silence);
    return scene_run("remote_venue", tcase);
}
