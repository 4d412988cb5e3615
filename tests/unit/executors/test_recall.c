/*
 * tests/unit/executors/test_recall.c - cancels that are repeated, market orders that are given up.
 */
#include "executors/recall.h"

#include "exposing.h"

/* A MARKET order of second 0, and requests that a call has made. */
struct fixture {
    struct scene scene;
    struct executor_requests requests;
    struct ledger_order *order;
};

static void set_up(struct fixture *fixture)
{
    scene_init(&fixture->scene, "order_executor",
               "side: BUY, amount: 1, "
               "execution_strategy: MARKET");
    scene_start(&fixture->scene, "100", "100");
    executor_requests_init(&fixture->requests);
    fixture->order = ledger_find(&fixture->scene.stage.executor->ledger, 1);
    ck_assert_ptr_nonnull(fixture->order);
}

START_TEST(a_cancel_is_repeated_after_five_seconds)
{
    static const struct {
        int64_t second;
        size_t count;
    } asks[] = {{1, 1}, {2, 1}, {5, 1}, {6, 2}, {10, 2}, {11, 3}};
    struct fixture fixture;
    set_up(&fixture);
    for (int i = 0; i < COUNT(asks); i++) {
        recall_order(fixture.order, asks[i].second * NS_PER_S, 0, &fixture.requests);
        ck_assert_uint_eq(fixture.requests.count, asks[i].count);
    }
    scene_close(&fixture.scene);
}
END_TEST

START_TEST(what_has_no_room_waits)
{
    struct fixture fixture;
    struct wake wake = wake_never();
    set_up(&fixture);
    fixture.requests.count = EXECUTOR_REQUESTS_MAX - 1;
    recall_order(fixture.order, NS_PER_S, 1, &fixture.requests);
    ck_assert_uint_eq(fixture.requests.count, EXECUTOR_REQUESTS_MAX - 1);
    ck_assert(!fixture.order->is_cancel_requested);
    recall_wake(fixture.order, &wake);
    ck_assert_int_le(wake.at_ns, NS_PER_S); /* Due at once. */
    recall_order(fixture.order, NS_PER_S, 0, &fixture.requests);
    ck_assert_uint_eq(fixture.requests.count, EXECUTOR_REQUESTS_MAX);
    wake = wake_never();
    recall_wake(fixture.order, &wake);
    ck_assert_int_eq(wake.at_ns, 6 * NS_PER_S);
    scene_close(&fixture.scene);
}
END_TEST

START_TEST(a_market_order_is_timed_out_once)
{
    struct fixture fixture;
    struct wake wake = wake_never();
    set_up(&fixture);
    struct executor *executor = fixture.scene.stage.executor;
    recall_wake_time_out(fixture.order, &wake);
    ck_assert_int_eq(wake.at_ns, 30 * NS_PER_S);
    recall_time_out(executor, fixture.order, 30 * NS_PER_S - 1);
    ck_assert(!fixture.order->is_timed_out);
    recall_time_out(executor, fixture.order, 30 * NS_PER_S);
    recall_time_out(executor, fixture.order, 40 * NS_PER_S);
    ck_assert(fixture.order->is_timed_out);
    ck_assert_uint_eq(executor->retries, 1);
    scene_close(&fixture.scene);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_cancel_is_repeated_after_five_seconds);
    tcase_add_test(tcase, what_has_no_room_waits);
    tcase_add_test(tcase, a_market_order_is_timed_out_once);
}

int main(void)
{
    return run_tests("recall", add_tests);
}
