/*
 * Orders at a remote venue: sent once, doubtful until there is an answer, ended after their fills.
 */
#include <check.h>
#include <sodium.h>

#include "remote_scene.h"

START_TEST(nothing_new_is_sent_before)
{
    static director_step *const script[] = {attach, answer_probe, submit, check_turned_away, NULL};
    scene_play(script);
}
END_TEST

static void check_stamp(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct wire_request *request = asked(director, WIRE_SUBMIT);
    ck_assert_ptr_nonnull(request);
    ck_assert_str_eq(request->order->client_order_id, "16-1-1");
    ck_assert_int_eq(request->recv_window_ms, 500);
    /* By the venue's clock, to the few nanoseconds of the steps in between. */
    ck_assert_int_le(request->clock_ns, context_now(context) + scene->ahead_ns);
    ck_assert_int_ge(request->clock_ns, context_now(context) + scene->ahead_ns - 100);
}

static void check_unknown(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_UNKNOWN);
    ck_assert_uint_eq(director_count(director, MESSAGE_WIRE_FORGET), 1);
    const struct order_id id = {.epoch = 42, .executor = 1, .ordinal = 1};
    director_send(context, scene->remote, MESSAGE_VENUE_QUERY, 0, &id, sizeof(id));
}

static void answer_not_found(struct director *director, struct context *context)
{
    const struct wire_request *request = asked(director, WIRE_QUERY);
    ck_assert_str_eq(request->client_order_id, "16-1-1");
    answer(director, context, request, &(struct wire_answer){.code = WIRE_NOT_FOUND});
}

/* The window of 500 ms is not over: it is not believed. */
static void check_not_believed(struct director *director, struct context *context)
{
    ck_assert_uint_eq(updates_of(director, VENUE_NOT_FOUND), 0);
    ck_assert_ptr_null(asked(director, WIRE_QUERY));
    heartbeat(director, context);
    system_set_now(context_system(context), context_now(context) + 502 * NS_PER_MS);
}

static void check_believed(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(updates_of(director, VENUE_NOT_FOUND), 1);
}

START_TEST(not_found_is_believed_after_the_window)
{
    static director_step *const script[] = {CONNECT,
                                            submit,
                                            check_stamp,
                                            pass_timeout,
                                            check_unknown,
                                            answer_not_found,
                                            check_not_believed,
                                            answer_not_found,
                                            check_believed,
                                            NULL};
    scene_play(script);
}
END_TEST

/* The venue has it and a trade that was not told yet: its end has to wait for the trade. */
static void answer_filled(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const struct wire_order order = order_of(ORDER_FILLED);
    scene->seq = 3;
    scene->last_trade = 1;
    answer(director, context, asked(director, WIRE_QUERY), &(struct wire_answer){.order = &order});
}

static void tell_accepted(struct director *director, struct context *context)
{
    ck_assert_uint_eq(updates_of(director, VENUE_COMPLETED), 0);
    const struct wire_order order = order_of(ORDER_OPEN);
    const struct wire_trade trade = trade_of(1);
    event(director, context, &(struct wire_event){.kind = WIRE_ORDER, .seq = 1, .order = &order});
    event(director, context, &(struct wire_event){.kind = WIRE_TRADE, .seq = 2, .trade = &trade});
}

static void check_completed(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_uint_eq(updates_of(director, VENUE_FILL), 1);
    ck_assert_uint_eq(updates_of(director, VENUE_COMPLETED), 1);
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_COMPLETED);
}

START_TEST(an_end_does_not_overtake_its_fills)
{
    static director_step *const script[] = {
        CONNECT,       submit,       pass_timeout,  check_unknown,   answer_filled,
        tell_accepted, pass_timeout, answer_filled, check_completed, NULL};
    scene_play(script);
}
END_TEST

static void answer_limited(struct director *director, struct context *context)
{
    answer(director, context, asked(director, WIRE_SUBMIT),
           &(struct wire_answer){.code = WIRE_RATE_LIMITED, .retry_after_ms = 50});
}

static void check_waits(struct director *director, struct context *context)
{
    ck_assert_ptr_null(asked(director, WIRE_SUBMIT));
    system_set_now(context_system(context), context_now(context) + 51 * NS_PER_MS);
}

static void answer_refused(struct director *director, struct context *context)
{
    answer(director, context, asked(director, WIRE_SUBMIT),
           &(struct wire_answer){.code = WIRE_REFUSED});
}

static void check_refused(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_REJECTED);
    ck_assert_uint_eq(updates_of(director, VENUE_UNKNOWN), 0);
}

START_TEST(a_rate_limit_is_kept)
{
    static director_step *const script[] = {
        CONNECT, submit, answer_limited, check_waits, answer_refused, check_refused, NULL};
    scene_play(script);
}
END_TEST

static void cancel(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct order_id id = {.epoch = 42, .executor = 1, .ordinal = 1};
    director_send(context, scene->remote, MESSAGE_CANCEL, 0, &id, sizeof(id));
    director_send(context, scene->remote, MESSAGE_CANCEL, 0, &id, sizeof(id));
}

/* The submit is still under way: the cancel must not overtake it. */
static void check_cancel_waits(struct director *director, struct context *context)
{
    ck_assert_ptr_null(asked(director, WIRE_CANCEL));
    answer(director, context, asked(director, WIRE_SUBMIT), &(struct wire_answer){0});
}

static void check_one_cancel(struct director *director, struct context *context)
{
    (void)context;
    const struct wire_request *request = asked(director, WIRE_CANCEL);
    ck_assert_ptr_nonnull(request);
    ck_assert_str_eq(request->client_order_id, "16-1-1");
}

START_TEST(a_cancel_follows_its_order_and_is_tried_again)
{
    static director_step *const script[] = {CONNECT,
                                            submit,
                                            cancel,
                                            check_cancel_waits,
                                            check_one_cancel,
                                            pass_timeout,
                                            pass_timeout,
                                            pass_timeout,
                                            pass_timeout,
                                            pass_timeout,
                                            pass_timeout,
                                            check_cancel_doubtful,
                                            NULL};
    scene_play(script);
}
END_TEST

/* It waits for the time that the venue has asked for. The venue did not take it, but the transport
 * may have brought it twice: only a query can tell. */
static void check_not_sent_again(struct director *director, struct context *context)
{
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_UNKNOWN);
    system_set_now(context_system(context), context_now(context) + 51 * NS_PER_MS);
}

static void check_not_submitted(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_ptr_null(asked(director, WIRE_SUBMIT));
}

START_TEST(an_order_that_waits_is_not_sent_after_its_cancel)
{
    static director_step *const script[] = {
        CONNECT, submit, answer_limited, cancel, check_not_sent_again, check_not_submitted, NULL};
    scene_play(script);
}
END_TEST

/* The transport has brought it twice: one was turned away, the other one was not. */
static void tell_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const struct wire_order order = order_of(ORDER_OPEN);
    scene->seq = 1;
    event(director, context, &(struct wire_event){.kind = WIRE_ORDER, .seq = 1, .order = &order});
}

static void pass_pause(struct director *director, struct context *context)
{
    ck_assert_uint_eq(updates_of(director, VENUE_ACCEPTED), 1);
    system_set_now(context_system(context), context_now(context) + 51 * NS_PER_MS);
}

START_TEST(an_order_that_the_venue_has_is_not_sent_again)
{
    static director_step *const script[] = {
        CONNECT, submit, answer_limited, tell_open, pass_pause, check_not_submitted, NULL};
    scene_play(script);
}
END_TEST

static void submit_another(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct order_ticket ticket = {.id = {.epoch = 42, .executor = 1, .ordinal = 2},
                                        .side = SIDE_BUY,
                                        .type = ORDER_MARKET,
                                        .amount = DECIMAL_ONE};
    director_send(context, scene->remote, MESSAGE_SUBMIT, 0, &ticket, sizeof(ticket));
    director_send(context, scene->remote, MESSAGE_CANCEL, 0, &ticket.id, sizeof(ticket.id));
}

static void check_canceled(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_CANCELED);
    ck_assert_uint_eq(last_update(director)->order.ordinal, 2);
}

START_TEST(an_order_that_never_went_out_is_canceled_at_once)
{
    static director_step *const script[] = {CONNECT,        submit,         answer_limited,
                                            submit_another, check_canceled, NULL};
    scene_play(script);
}
END_TEST

/* A reconciliation asked about an order that was still on its way out. */
static void query_before_submit(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct order_id id = {.epoch = 42, .executor = 1, .ordinal = 1};
    director_send(context, scene->remote, MESSAGE_VENUE_QUERY, 0, &id, sizeof(id));
    director->seen = director->count;
}

static void check_query_is_over(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_ptr_null(asked(director, WIRE_QUERY));
    ck_assert_uint_eq(updates_of(director, VENUE_NOT_FOUND), 0);
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_UNKNOWN); /* Of the order. */
}

START_TEST(what_was_asked_before_an_order_went_out_says_nothing_of_it)
{
    static director_step *const script[] = {CONNECT,      query_before_submit, submit,
                                            pass_timeout, check_query_is_over, NULL};
    scene_play(script);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    TCase *tcase = tcase_create("remote_orders");
    tcase_add_test(tcase, nothing_new_is_sent_before);
    tcase_add_test(tcase, not_found_is_believed_after_the_window);
    tcase_add_test(tcase, an_end_does_not_overtake_its_fills);
    tcase_add_test(tcase, a_rate_limit_is_kept);
    tcase_add_test(tcase, a_cancel_follows_its_order_and_is_tried_again);
    tcase_add_test(tcase, what_was_asked_before_an_order_went_out_says_nothing_of_it);
    tcase_add_test(tcase, an_order_that_waits_is_not_sent_after_its_cancel);
    tcase_add_test(tcase, an_order_that_never_went_out_is_canceled_at_once);
    tcase_add_test(tcase, an_order_that_the_venue_has_is_not_sent_again);
    return scene_run("remote_orders", tcase);
}
