/*
 * Every executor kind while the n-th allocation is refused, n = 1, 2, 3 ... until it passes: it is
 * configured, trades, is saved, and its snapshot is loaded by another one. Whatever is refused is
 * an error or leaves something out; nothing leaks, nothing is asked for that makes no sense.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executors/factory.h"
#include "tests/conformance/executor_cases.h"
#include "tests/support/faulty_memory.h"

enum { CASES = sizeof(executor_cases) / sizeof(executor_cases[0]), STEPS = 12, ROUNDS_MAX = 20000 };

/* An executor and its markets. */
struct subject {
    struct arena arena;
    struct instrument instruments[WAKE_MARKETS_MAX];
    const struct executor_kind *kind;
    const struct executor_config *config;
    struct executor *executor; /* Owned. */
    struct executor *copy;     /* Owned: what the snapshot was loaded into. */
    const char *lie;           /* What must not be; told when memory is well again. */
};

static void subject_make_instruments(struct subject *subject)
{
    for (uint32_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        struct instrument *instrument = &subject->instruments[i];
        *instrument = (struct instrument){.index = i,
                                          .venue = i,
                                          .trading_pair = "BTC-USDT",
                                          .tick = decimal_literal("0.01"),
                                          .step = decimal_literal("0.01"),
                                          .min_order_size = decimal_literal("0.02"),
                                          .min_notional = decimal_literal("5")};
        (void)snprintf(instrument->venue_name, sizeof(instrument->venue_name), "%s",
                       i == 0 ? "one" : "two");
        ck_assert_int_eq(instrument_complete(instrument), ERR_NONE);
    }
}

static enum err subject_configure(struct subject *subject, const char *yaml)
{
    struct problems problems;
    const struct node *node;
    problems_init(&problems, "case");
    enum err err = node_read_yaml("case", yaml, strlen(yaml), &subject->arena, &problems, &node);
    if (err == ERR_NONE) {
        err = factory_parse(node, "", &subject->arena, &problems, &subject->kind, &subject->config);
    }
    problems_done(&problems);
    return err;
}

static enum err subject_create(struct subject *subject, struct executor **ret_executor)
{
    const struct instrument *const instruments[WAKE_MARKETS_MAX] = {&subject->instruments[0],
                                                                    &subject->instruments[1]};
    *ret_executor = calloc(1, subject->kind->state_size);
    if (*ret_executor == NULL) {
        return ERR_MEMORY;
    }
    executor_init(*ret_executor, subject->kind, subject->config, instruments);
    return ERR_NONE;
}

/* Quotes about 100, a second apart; the second market is dearer. */
static struct executor_view subject_view(const struct subject *subject, int step)
{
    struct executor_view view = {.now_ns = (INT64_C(1735689600) + step) * NS_PER_S,
                                 .market_count = subject->kind->market_count};
    for (uint32_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        const struct decimal mid = decimal_from_int(100 + (step % 3) - 1 + 2 * (int)i);
        view.markets[i] =
            (struct market_view){.instrument = &subject->instruments[i],
                                 .bid = decimal_subtract(mid, decimal_literal("0.01")),
                                 .ask = decimal_add(mid, decimal_literal("0.01"))};
    }
    return view;
}

/* Every order is acknowledged and filled; what makes no sense is noted. */
static void subject_answer(struct subject *subject, const struct executor_view *view,
                           const struct executor_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        const struct executor_request *request = &requests->items[i];
        if (request->kind != REQUEST_PLACE) {
            continue;
        }
        if (ledger_find(&subject->executor->ledger, request->ordinal) == NULL ||
            decimal_sign(request->amount) <= 0) {
            subject->lie = "an order that is in no ledger, or of nothing";
            return;
        }
        const struct market_view *market = &view->markets[request->market];
        struct order_event event = {.kind = ORDER_EVENT_ACKNOWLEDGED, .ordinal = request->ordinal};
        subject->kind->on_order(subject->executor, &event, view->now_ns);
        event.kind = ORDER_EVENT_FILL;
        event.fill = (struct fill){.order = {.ordinal = request->ordinal},
                                   .instrument = request->market,
                                   .side = request->side,
                                   .price = request->side == SIDE_BUY ? market->ask : market->bid,
                                   .amount = request->amount,
                                   .trade_id = "t"};
        subject->kind->on_order(subject->executor, &event, view->now_ns);
        event.kind = ORDER_EVENT_COMPLETED;
        subject->kind->on_order(subject->executor, &event, view->now_ns);
    }
}

static void subject_trade(struct subject *subject)
{
    for (int step = 0; step < STEPS && subject->lie == NULL; step++) {
        const struct executor_view view = subject_view(subject, step);
        struct executor_requests requests;
        executor_requests_init(&requests);
        if (step == 0) {
            subject->kind->on_start(subject->executor, &view, true, &requests);
        }
        if (step == STEPS - 2 && subject->executor->status == EXECUTOR_RUNNING) {
            (void)subject->kind->on_stop(subject->executor, &view, false, &requests);
        }
        if (subject->executor->status != EXECUTOR_TERMINATED) {
            subject->kind->on_market(subject->executor, &view, &requests);
        }
        subject_answer(subject, &view, &requests);
    }
}

/* Saves, and loads into another one. */
static enum err subject_copy(struct subject *subject)
{
    struct text saved = {0};
    executor_save(subject->executor, &saved);
    struct arena arena;
    arena_init(&arena, 0);
    struct problems problems;
    problems_init(&problems, "state");
    const struct node *root;
    enum err err = text_failed(&saved) ? ERR_MEMORY : ERR_NONE;
    if (err == ERR_NONE) {
        err = node_read_json("state", text_string(&saved), saved.length, NODE_DEPTH_MAX, &arena,
                             &problems, &root);
    }
    if (err == ERR_NONE) {
        err = subject_create(subject, &subject->copy);
    }
    if (err == ERR_NONE) {
        err = executor_load(subject->copy, root);
    }
    if (err == ERR_NONE && (subject->copy->status != subject->executor->status ||
                            subject->copy->ledger.count != subject->executor->ledger.count)) {
        subject->lie = "the copy is another one";
    }
    problems_done(&problems);
    arena_done(&arena);
    text_done(&saved);
    return err;
}

static void subject_done(struct subject *subject)
{
    struct executor *const both[] = {subject->executor, subject->copy};
    for (size_t i = 0; i < 2; i++) {
        if (both[i] != NULL) {
            executor_done(both[i]);
            free(both[i]);
        }
    }
    arena_done(&subject->arena);
}

static enum err subject_live(struct subject *subject, const char *yaml)
{
    enum err err = subject_configure(subject, yaml);
    if (err == ERR_NONE) {
        err = subject_create(subject, &subject->executor);
    }
    if (err == ERR_NONE) {
        subject_trade(subject);
        err = subject_copy(subject);
    }
    return err;
}

START_TEST(a_life_whose_memory_is_refused)
{
    const struct executor_case *given = &executor_cases[_i];
    if (executor_case_is_of(given, "trigger_executor")) {
        return; /* Of the example plugin, which is not here. */
    }
    for (int lasting = 0; lasting < 2; lasting++) {
        bool has_refused = true;
        for (uint64_t n = 1; has_refused; n++) {
            ck_assert_uint_lt(n, ROUNDS_MAX);
            struct subject subject = {.lie = NULL};
            arena_init(&subject.arena, 0);
            subject_make_instruments(&subject);
            faulty_memory_arm(n, lasting == 1);
            const enum err err = subject_live(&subject, given->config);
            has_refused = faulty_memory_disarm();
            ck_assert_msg(subject.lie == NULL, "%s\nallocation %lu: %s", given->config,
                          (unsigned long)n, subject.lie);
            ck_assert_msg(err == ERR_NONE || has_refused, "%s: %s", given->config, err_name(err));
            ck_assert_msg(err == ERR_NONE || err == ERR_MEMORY || err == ERR_SYNTAX,
                          "%s\nallocation %lu: %s", given->config, (unsigned long)n, err_name(err));
            subject_done(&subject);
            ck_assert_msg(has_refused || n > 5, "%s allocates nothing", given->config);
        }
    }
}
END_TEST

int main(void)
{
    faulty_memory_install();
    Suite *suite = suite_create("executor_faults");
    TCase *tcase = tcase_create("executor_faults");
    tcase_set_timeout(tcase, 200);
    tcase_add_loop_test(tcase, a_life_whose_memory_is_refused, 0, CASES);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
