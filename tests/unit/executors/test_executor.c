/*
 * tests/unit/executors/test_executor.c - what all executors share: states, retries, events,
 * snapshots.
 */
#include "executors/executor.h"

#include "bracketing.h"

static const enum executor_status statuses[] = {EXECUTOR_NOT_STARTED, EXECUTOR_RUNNING,
                                                EXECUTOR_SHUTTING_DOWN, EXECUTOR_TERMINATED};

static bool is_allowed(enum executor_status from, enum executor_status to)
{
    return (from == EXECUTOR_NOT_STARTED &&
            (to == EXECUTOR_RUNNING || to == EXECUTOR_TERMINATED)) ||
           (from == EXECUTOR_RUNNING && to == EXECUTOR_SHUTTING_DOWN) ||
           (from == EXECUTOR_SHUTTING_DOWN && to == EXECUTOR_TERMINATED);
}

/* Every pair: the allowed ones in one loop, each other one in a process of its own. */
START_TEST(allowed_transitions_are_made)
{
    for (int from = 0; from < 4; from++) {
        for (int to = 0; to < 4; to++) {
            struct executor executor = {.status = statuses[from]};
            if (is_allowed(statuses[from], statuses[to])) {
                executor_set_status(&executor, statuses[to]);
                ck_assert_int_eq(executor.status, statuses[to]);
            }
        }
    }
}
END_TEST

START_TEST(a_transition_back_is_asserted)
{
    struct executor executor = {.status = EXECUTOR_TERMINATED};
    executor_set_status(&executor, EXECUTOR_RUNNING);
}
END_TEST

START_TEST(leaving_notes_why_and_when)
{
    struct executor executor = {.status = EXECUTOR_RUNNING};
    executor_leave(&executor, CLOSE_STOP_LOSS, SHUTDOWN_CLOSE, 42);
    ck_assert_int_eq(executor.status, EXECUTOR_SHUTTING_DOWN);
    ck_assert_int_eq(executor.close_type, CLOSE_STOP_LOSS);
    ck_assert_int_eq(executor.shutdown_mode, SHUTDOWN_CLOSE);
    ck_assert_int_eq(executor.closed_at_ns, 42);
}
END_TEST

START_TEST(retries_wait_up_to_thirty_seconds)
{
    static const int64_t waits[] = {1, 2, 4, 8, 16, 30, 30, 30};
    const struct executor_config config = {.max_retries = 7};
    struct executor executor = {.config = &config};
    ck_assert(!executor_is_waiting(&executor, -5));
    for (int i = 0; i < COUNT(waits); i++) {
        ck_assert(!executor_is_exhausted(&executor));
        executor_count_retry(&executor, 1000);
        ck_assert_int_eq(executor.retry_at_ns, 1000 + waits[i] * NS_PER_S);
        ck_assert(executor_is_waiting(&executor, executor.retry_at_ns - 1));
        ck_assert(!executor_is_waiting(&executor, executor.retry_at_ns));
    }
    ck_assert(executor_is_exhausted(&executor));
    executor.retries = UINT32_MAX;
    executor_count_retry(&executor, INT64_MAX - 1);
    ck_assert_uint_eq(executor.retries, UINT32_MAX);
    ck_assert_int_eq(executor.retry_at_ns, INSTANT_NEVER);
}
END_TEST

static const struct {
    enum order_event_kind kind;
    bool is_cancel_requested;
    enum ledger_state state;
    uint32_t retries;
} events[] = {
    {ORDER_EVENT_ACKNOWLEDGED, false, LEDGER_ACKNOWLEDGED, 0},
    {ORDER_EVENT_FILL, false, LEDGER_PENDING, 0},
    {ORDER_EVENT_COMPLETED, false, LEDGER_FILLED, 0},
    {ORDER_EVENT_FAILED, false, LEDGER_FAILED, 1},
    {ORDER_EVENT_FAILED, true, LEDGER_FAILED, 1},
    {ORDER_EVENT_CANCELED, false, LEDGER_CANCELED, 1},
    {ORDER_EVENT_CANCELED, true, LEDGER_CANCELED, 0},
};

START_TEST(events_change_the_ledger_and_count_retries)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    struct ledger_order *order = ledger_find(&stage.executor->ledger, 1);
    order->is_cancel_requested = events[_i].is_cancel_requested;
    struct order_event event = {.kind = events[_i].kind, .ordinal = 1};
    event.fill.amount = event.fill.price = DECIMAL_ONE;
    for (int again = 0; again < 2; again++) { /* The second time nothing changes but the fills. */
        executor_on_order(stage.executor, &event, 0);
        ck_assert_int_eq(order->state, events[_i].state);
        ck_assert_uint_eq(stage.executor->retries, events[_i].retries);
    }
    ck_assert_decimal_eq(order->executed, event.kind == ORDER_EVENT_FILL ? "2" : "0");
    event.ordinal = 9;
    executor_on_order(stage.executor, &event, 0); /* Not in the ledger. */
    ck_assert_uint_eq(stage.executor->ledger.count, 1);
    stage_close(&stage);
}
END_TEST

/* An opening order that is withheld holds back what opens, a closing one everything. */
START_TEST(what_is_withheld_waits_and_is_no_failure)
{
    enum { RELEASED_AT = 7 };
    static const enum order_role roles[] = {ROLE_OPEN, ROLE_CLOSE};
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    struct executor *executor = stage.executor;
    for (size_t i = 0; i < COUNT(roles); i++) {
        const bool is_close = roles[i] == ROLE_CLOSE;
        ledger_find(&executor->ledger, 1)->role = roles[i];
        ledger_find(&executor->ledger, 1)->state = LEDGER_ACKNOWLEDGED;
        executor->ledger.live_count = 1;
        const struct order_event event = {.kind =
                                              is_close ? ORDER_EVENT_FAILED : ORDER_EVENT_CANCELED,
                                          .ordinal = 1,
                                          .is_withheld = true};
        executor_on_order(executor, &event, 0);
        const int64_t end_ns = 300 * NS_PER_S;
        ck_assert_uint_eq(executor->retries, 0);
        ck_assert(executor_is_waiting_to_open(executor, end_ns - 1));
        ck_assert(!executor_is_waiting_to_open(executor, end_ns));
        ck_assert_int_eq(executor_is_waiting(executor, end_ns - 1), is_close);
        struct wake wake = wake_never();
        executor_wake_to_open(executor, 0, &wake);
        ck_assert_int_eq(wake.at_ns, end_ns);
        const struct order_event released = {.kind = ORDER_EVENT_RELEASED};
        executor_on_order(executor, &released, RELEASED_AT);
        ck_assert(!executor_is_waiting_to_open(executor, RELEASED_AT));
        ck_assert(!executor_is_waiting(executor, RELEASED_AT));
        wake = wake_never();
        executor_wake_to_open(executor, RELEASED_AT, &wake);
        ck_assert_int_eq(wake.at_ns, INSTANT_NEVER);
    }
    stage_close(&stage);
}
END_TEST

/* Nothing happens in five minutes less a second, and everything when it is let go. */
START_TEST(what_is_released_goes_on_at_once)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    const struct order_event withheld = {
        .kind = ORDER_EVENT_FAILED, .ordinal = 1, .is_withheld = true};
    executor_on_order(stage.executor, &withheld, stage.view.now_ns);
    for (int64_t second = 1; second < 300; second += 149) {
        executor_requests_init(&stage.requests);
        look(&stage, second, "100", "100");
        ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 0);
    }
    tell(&stage, ORDER_EVENT_RELEASED, 0);
    look(&stage, 299, "100", "100");
    ck_assert_uint_eq(placed(&stage, ROLE_OPEN), 1);
    stage_close(&stage);
}
END_TEST

START_TEST(requests_say_what_was_placed_and_canceled)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting_open(&setting, &stage);
    const struct order_draft draft = {.role = ROLE_PARTIAL,
                                      .side = SIDE_SELL,
                                      .type = ORDER_LIMIT,
                                      .amount = D("2"),
                                      .price = D("3")};
    struct executor_requests requests;
    executor_requests_init(&requests);
    ck_assert(executor_place(stage.executor, &draft, 5, &requests));
    executor_cancel(ledger_find(&stage.executor->ledger, 1), 6, &requests);
    ck_assert_uint_eq(requests.count, 2);
    ck_assert_int_eq(requests.items[0].kind, REQUEST_PLACE);
    ck_assert_int_eq(requests.items[0].role, ROLE_PARTIAL);
    ck_assert_decimal_eq(requests.items[0].amount, "2");
    ck_assert_decimal_eq(requests.items[0].price, "3");
    ck_assert_int_eq(requests.items[1].kind, REQUEST_CANCEL);
    ck_assert_uint_eq(requests.items[1].ordinal, 1);
    ck_assert_int_eq(ledger_find(&stage.executor->ledger, 1)->cancel_requested_at_ns, 6);
    stage_close(&stage);
}
END_TEST

static enum err load_text(const struct stage *stage, const char *text)
{
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "snapshot");
    enum err err = node_read_json("snapshot", text, strlen(text), NODE_DEPTH_CONTROL_MAX, &arena,
                                  &problems, &node);
    ck_assert_msg(err == ERR_NONE, "%s", text);
    struct executor *executor = stage_new_executor(stage);
    err = executor_load(executor, node);
    executor_done(executor);
    free(executor);
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

/* Puts `to` in the place of `from` in a snapshot. */
static const struct {
    const char *from, *to;
    enum err err;
} damages[] = {
    {"\"version\":2", "\"version\":2", ERR_NONE},
    {"\"version\":2", "\"version\":1", ERR_VERSION},
    {"\"version\":2", "\"version\":\"one\"", ERR_CORRUPT},
    {"\"version\":2,", "", ERR_CORRUPT},
    {"\"status\":2", "\"status\":0", ERR_CORRUPT},
    {"\"status\":2", "\"status\":5", ERR_CORRUPT},
    {"\"status\":2", "\"status\":3", ERR_CORRUPT},         /* Closing without a reason. */
    {"\"close_type\":0", "\"close_type\":2", ERR_CORRUPT}, /* A reason without closing. */
    {"\"close_type\":0", "\"close_type\":11", ERR_CORRUPT},
    {"\"shutdown_mode\":0", "\"shutdown_mode\":1", ERR_CORRUPT},
    {"\"closed_at_ns\":\"0\"", "\"closed_at_ns\":\"x\"", ERR_CORRUPT},
    {"\"retries\":0", "\"retries\":-1", ERR_CORRUPT},
    {"\"retry_at_ns\":\"0\"", "\"retry_at_ns\":\"99999999999999999999\"", ERR_CORRUPT},
    {"\"held\":\"0\"", "\"held\":\"\"", ERR_CORRUPT},
    {"\"dust\":\"0\"", "\"dust\":null", ERR_CORRUPT},
    {"\"ledger\"", "\"ledgers\"", ERR_CORRUPT},
    {"\"entry_price\":\"100\"", "\"entry_price\":\"invalid\"", ERR_CORRUPT},
    {"\"is_armed\":0", "\"is_armed\":2", ERR_CORRUPT},
    {"\"final_bid\"", "\"last_bid\"", ERR_CORRUPT},
    {"\"ledger\":[[0,0,", "\"ledger\":[[1,0,", ERR_CORRUPT}, /* An order of a second market. */
};

START_TEST(damaged_snapshots_are_refused)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    struct text saved = {0};
    struct text damaged = {0};
    executor_save(stage.executor, &saved);
    const char *start = strstr(text_string(&saved), damages[_i].from);
    ck_assert_msg(start != NULL, "%s in %s", damages[_i].from, text_string(&saved));
    text_append(&damaged, text_string(&saved), (size_t)(start - text_string(&saved)));
    text_append_string(&damaged, damages[_i].to);
    text_append_string(&damaged, start + strlen(damages[_i].from));
    ck_assert_int_eq(load_text(&stage, text_string(&damaged)), damages[_i].err);
    text_done(&saved);
    text_done(&damaged);
    stage_close(&stage);
}
END_TEST

/* What is written of changes, one piece after the other, is what is written of the whole. */
START_TEST(changes_add_up_to_the_whole)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    struct text pieces[2] = {{0}, {0}};
    const size_t orders = executor_save_changes(stage.executor, &pieces[0]);
    ck_assert_ptr_eq(strstr(text_string(&pieces[0]), "[["), text_string(&pieces[0]) + orders);
    executor_forget_changes(stage.executor);
    ledger_set_state(&stage.executor->ledger, ledger_find(&stage.executor->ledger, 1),
                     LEDGER_CANCELED);
    executor_count_retry(stage.executor, 1);
    (void)executor_save_changes(stage.executor, &pieces[1]);

    struct executor *loaded = stage_new_executor(&stage);
    for (int i = 0; i < 2; i++) {
        struct arena arena;
        struct problems problems;
        const struct node *node = NULL;
        arena_init(&arena, 0);
        problems_init(&problems, "snapshot");
        ck_assert_int_eq(node_read_json("snapshot", text_string(&pieces[i]), pieces[i].length,
                                        NODE_DEPTH_CONTROL_MAX, &arena, &problems, &node),
                         ERR_NONE);
        ck_assert_int_eq(i == 0 ? executor_load_orders(loaded, node) : executor_load(loaded, node),
                         ERR_NONE);
        problems_done(&problems);
        arena_done(&arena);
    }
    struct text whole = {0};
    struct text again = {0};
    executor_save(stage.executor, &whole);
    executor_save(loaded, &again);
    ck_assert_str_eq(text_string(&whole), text_string(&again));
    ck_assert(!ledger_is_changed(&loaded->ledger)); /* The journal has all of it. */
    executor_done(loaded);
    free(loaded);
    text_done(&pieces[0]);
    text_done(&pieces[1]);
    text_done(&whole);
    text_done(&again);
    stage_close(&stage);
}
END_TEST

START_TEST(two_live_orders_of_a_role_are_corrupt)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    start_at_100(&setting, &stage);
    const struct order_draft draft = {
        .role = ROLE_OPEN, .side = SIDE_BUY, .type = ORDER_MARKET, .amount = DECIMAL_ONE};
    ck_assert(executor_place(stage.executor, &draft, 0, &stage.requests));
    struct text saved = {0};
    executor_save(stage.executor, &saved);
    ck_assert_int_eq(load_text(&stage, text_string(&saved)), ERR_CORRUPT);
    text_done(&saved);
    stage_close(&stage);
}
END_TEST

/* In hedge mode the order says what it does, and only there. */
START_TEST(a_hedged_order_opens_or_closes_by_its_role)
{
    static const struct {
        bool is_hedged;
        enum order_role role;
        enum position_action given, sent;
    } cases[] = {
        {true, ROLE_OPEN, POSITION_ACTION_NIL, POSITION_ACTION_OPEN},
        {true, ROLE_CLOSE, POSITION_ACTION_NIL, POSITION_ACTION_CLOSE},
        {true, ROLE_PARTIAL, POSITION_ACTION_NIL, POSITION_ACTION_CLOSE},
        {true, ROLE_TAKE_PROFIT, POSITION_ACTION_NIL, POSITION_ACTION_CLOSE},
        {true, ROLE_PARTIAL, POSITION_ACTION_OPEN, POSITION_ACTION_OPEN},
        {true, ROLE_OPEN, POSITION_ACTION_CLOSE, POSITION_ACTION_CLOSE},
        {false, ROLE_CLOSE, POSITION_ACTION_NIL, POSITION_ACTION_NIL},
    };
    for (int i = 0; i < COUNT(cases); i++) {
        const struct instrument instrument = {.is_hedged = cases[i].is_hedged};
        struct executor executor = {.instruments = {&instrument}};
        struct executor_requests requests = {0};
        const struct order_draft draft = {.role = cases[i].role,
                                          .side = SIDE_SELL,
                                          .type = ORDER_MARKET,
                                          .amount = DECIMAL_ONE,
                                          .action = cases[i].given};
        ck_assert(executor_place(&executor, &draft, 0, &requests));
        ck_assert_int_eq(requests.items[0].action, cases[i].sent);
        executor_done(&executor);
    }
}
END_TEST

/* The venue closes a part of the position by itself: the plan has failed, the rest is closed. */
START_TEST(an_order_of_the_venue_is_adopted_and_ends_the_plan)
{
    struct setting setting;
    struct stage stage;
    setting_init(&setting, &executor_kind_position);
    setting.config.side = SIDE_BUY;
    setting.config.amount = decimal_from_int(3);
    start_at_100(&setting, &stage); /* The entry is on its way. */
    struct executor *executor = stage.executor;
    const struct executor_kind *kind = executor->kind;
    struct order_event event = {
        .kind = ORDER_EVENT_FILL,
        .ordinal = executor->ledger.count,
        .fill = {.side = SIDE_BUY, .price = decimal_from_int(100), .amount = decimal_from_int(3)}};
    kind->on_order(executor, &event, 0);
    event.kind = ORDER_EVENT_COMPLETED;
    kind->on_order(executor, &event, 0);
    executor->retries = 3;

    event = (struct order_event){
        .kind = ORDER_EVENT_ADOPTED,
        .ordinal = executor->ledger.count + 1,
        .fill = {.side = SIDE_SELL, .price = decimal_from_int(90), .amount = decimal_from_int(2)}};
    kind->on_order(executor, &event, 7);
    ck_assert_int_eq(executor->status, EXECUTOR_SHUTTING_DOWN);
    ck_assert_int_eq(executor->close_type, CLOSE_FAILED);
    ck_assert_int_eq(executor->closed_at_ns, 7);
    ck_assert_uint_eq(executor->retries, 0);
    event.kind = ORDER_EVENT_FILL;
    kind->on_order(executor, &event, 7);
    event.kind = ORDER_EVENT_COMPLETED;
    kind->on_order(executor, &event, 7);
    ck_assert_uint_eq(executor->ledger.live_count, 0);

    executor_requests_init(&stage.requests);
    kind->on_market(executor, &stage.view, &stage.requests);
    ck_assert_uint_eq(stage.requests.count, 1);
    ck_assert_int_eq(stage.requests.items[0].side, SIDE_SELL);
    ck_assert(decimal_equal(stage.requests.items[0].amount, DECIMAL_ONE));
    stage_close(&stage);
}
END_TEST

/* The first note of a call stays; what is no order leaves none. */
START_TEST(what_is_held_back_is_noted)
{
    const struct instrument instrument = {.min_order_size = decimal_literal("0.1")};
    const struct executor executor = {.instruments = {&instrument}};
    struct executor_requests requests;
    executor_requests_init(&requests);
    struct order_draft draft = {.role = ROLE_TAKE_PROFIT,
                                .side = SIDE_SELL,
                                .type = ORDER_LIMIT,
                                .price = decimal_literal("7")};
    executor_skip(&requests, &draft, SKIP_BOUNDS); /* An amount of 0. */
    ck_assert_int_eq(requests.skip.reason, SKIP_NONE);
    draft.amount = decimal_literal("0.09");
    executor_skip_small(&executor, &requests, &draft);
    ck_assert_int_eq(requests.skip.reason, SKIP_BELOW_MIN_SIZE);
    executor_skip(&requests, &draft, SKIP_RETRY_WAIT);
    ck_assert_int_eq(requests.skip.reason, SKIP_BELOW_MIN_SIZE);
    ck_assert_int_eq(requests.skip.role, ROLE_TAKE_PROFIT);
    ck_assert_int_eq(requests.skip.side, SIDE_SELL);
    ck_assert(decimal_equal(requests.skip.amount, draft.amount));
    ck_assert(decimal_equal(requests.skip.price, draft.price));
    executor_requests_init(&requests);
    draft.amount = decimal_literal("0.1");
    executor_skip_small(&executor, &requests, &draft);
    ck_assert_int_eq(requests.skip.reason, SKIP_BELOW_MIN_NOTIONAL);
    ck_assert_str_eq(field_name_of(skip_reason_names, SKIP_RETRY_WAIT), "retry_wait");
}
END_TEST

START_TEST(orders_are_called_as_the_venue_knows_them)
{
    const struct instrument instrument = {.is_hedged = false};
    struct executor executor = {.instruments = {&instrument}};
    struct executor_requests requests = {0};
    const struct order_draft draft = {.side = SIDE_BUY, .amount = DECIMAL_ONE};
    char id[ORDER_ID_TEXT_MAX];
    executor_identify(&executor, 71, 36);
    ck_assert(executor_place(&executor, &draft, 0, &requests));
    executor_identify(&executor, 72, 36); /* Another start. */
    ck_assert(executor_place(&executor, &draft, 0, &requests));
    (void)order_id_print(executor_order_id(&executor, 1), id);
    ck_assert_str_eq(id, "1z-10-1");
    (void)order_id_print(executor_order_id(&executor, 2), id);
    ck_assert_str_eq(id, "20-10-2");
    executor_done(&executor);
}
END_TEST

START_TEST(names_are_those_of_hummingbot)
{
    ck_assert_str_eq(field_name_of(executor_status_names, 2), "RUNNING");
    ck_assert_str_eq(field_name_of(close_type_names, 6), "TRAILING_STOP");
    ck_assert_str_eq(field_name_of(close_type_names, 10), "POSITION_HOLD");
    ck_assert_ptr_null(field_name_of(close_type_names, CLOSE_NONE));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, allowed_transitions_are_made);
    tcase_add_test_raise_signal(tcase, a_transition_back_is_asserted, 6);
    tcase_add_test(tcase, leaving_notes_why_and_when);
    tcase_add_test(tcase, retries_wait_up_to_thirty_seconds);
    tcase_add_loop_test(tcase, events_change_the_ledger_and_count_retries, 0, COUNT(events));
    tcase_add_test(tcase, what_is_withheld_waits_and_is_no_failure);
    tcase_add_test(tcase, what_is_released_goes_on_at_once);
    tcase_add_test(tcase, requests_say_what_was_placed_and_canceled);
    tcase_add_loop_test(tcase, damaged_snapshots_are_refused, 0, COUNT(damages));
    tcase_add_test(tcase, changes_add_up_to_the_whole);
    tcase_add_test(tcase, two_live_orders_of_a_role_are_corrupt);
    tcase_add_test(tcase, a_hedged_order_opens_or_closes_by_its_role);
    tcase_add_test(tcase, an_order_of_the_venue_is_adopted_and_ends_the_plan);
    tcase_add_test(tcase, what_is_held_back_is_noted);
    tcase_add_test(tcase, orders_are_called_as_the_venue_knows_them);
    tcase_add_test(tcase, names_are_those_of_hummingbot);
}

int main(void)
{
    return run_tests("executor", add_tests);
}
