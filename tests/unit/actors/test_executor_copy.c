/*
 * tests/unit/actors/test_executor_copy.c - a copy says later, and elsewhere, what the executor
 * said.
 */
#include "actors/executor_copy.h"

#include <stdalign.h>

#include "tests/unit/executors/bracketing.h"

/* A long of 1 that was filled at 100, is guarded by a stop loss and has gained 1. */
static void open_guarded(struct setting *setting, struct stage *stage)
{
    setting_init(setting, &executor_kind_position);
    setting_stop_loss(setting, "0.05");
    start_at_100(setting, stage);
    stage_finish(stage);
    const struct quote quotes[] = {quote_at(1, "100", "100"), quote_at(2, "101", "101")};
    stage_step(stage, &quotes[0]);
    stage_step(stage, &quotes[1]);
}

static struct executor_copy *make_copy(const struct executor *executor,
                                       const struct executor_view *view)
{
    const size_t size = executor_copy_size(executor, view);
    ck_assert_uint_gt(size, executor->kind->state_size);
    ck_assert_uint_eq(size % alignof(struct executor_copy), 0);
    struct executor_copy *copy = aligned_alloc(alignof(struct executor_copy), size);
    executor_copy_make(executor, view, copy);
    ck_assert_uint_eq(copy->size, size);
    return copy;
}

START_TEST(a_copy_says_what_the_executor_said)
{
    struct setting setting;
    struct stage stage;
    struct text info[2] = {{0}, {0}};
    struct text state[2] = {{0}, {0}};
    open_guarded(&setting, &stage);
    const size_t orders = executor_print(stage.executor, &stage.view, &info[0], &state[0]);
    ck_assert_ptr_nonnull(strstr(text_string(&info[0]), "\"stop_loss\":\"0.05\""));
    ck_assert_int_eq(strncmp(text_string(&state[0]) + orders, "[[0,", 4), 0);
    struct executor_report figures;
    stage.executor->kind->report(stage.executor, &stage.view, &figures);
    struct executor_copy *copy = make_copy(stage.executor, &stage.view);

    /* It travels in a record, and meanwhile the executor goes on. */
    struct record record = {
        .kind = RECORD_EXECUTOR_UPDATED,
        .controller_id = "main",
        .executor_id = "e-1",
        .data.executor = {.type = "position_executor", .copy = copy, .copy_size = copy->size}};
    const size_t size = record_packed_size(&record);
    void *memory = aligned_alloc(alignof(struct record), (size + 15) / 16 * 16);
    ck_assert_uint_eq(record_pack(&record, memory, size), size);
    struct record *packed = memory;
    memset(copy, 0xA5, copy->size);
    free(copy);
    executor_forget_changes(stage.executor);
    const struct quote fallen = quote_at(3, "90", "90");
    stage_step(&stage, &fallen);

    ck_assert_int_eq(executor_copy_unfold(packed, &info[1], &state[1]), ERR_NONE);
    ck_assert_str_eq(packed->data.executor.custom_info, text_string(&info[0]));
    ck_assert_str_eq(packed->data.executor.state, text_string(&state[0]));
    ck_assert_str_eq(packed->data.executor.type, "position_executor");
    ck_assert_int_eq(packed->data.executor.status, EXECUTOR_RUNNING);
    ck_assert_int_eq(packed->data.executor.side, SIDE_BUY);
    ck_assert_decimal_eq(figures.net_pnl_quote, "1");
    ck_assert(decimal_equal(packed->data.executor.net_pnl_quote, figures.net_pnl_quote));
    ck_assert(decimal_equal(packed->data.executor.net_pnl_pct, figures.net_pnl_pct));
    free(memory);
    for (int i = 0; i < 2; i++) {
        text_done(&info[i]);
        text_done(&state[i]);
    }
    stage_close(&stage);
}
END_TEST

START_TEST(a_record_shows_figures)
{
    const struct executor_report figures = {.status = EXECUTOR_TERMINATED,
                                            .close_type = CLOSE_STOP_LOSS,
                                            .side = SIDE_SELL,
                                            .closed_at_ns = 7,
                                            .net_pnl_quote = decimal_literal("-2"),
                                            .net_pnl_pct = decimal_literal("-0.02"),
                                            .cum_fees_quote = decimal_literal("0.1"),
                                            .filled_amount_quote = decimal_literal("198")};
    struct record_executor record = {.type = "position_executor"};
    executor_put_figures(&figures, &record);
    ck_assert_str_eq(record.type, "position_executor");
    ck_assert_int_eq(record.status, EXECUTOR_TERMINATED);
    ck_assert_int_eq(record.close_type, CLOSE_STOP_LOSS);
    ck_assert_int_eq(record.side, SIDE_SELL);
    ck_assert_int_eq(record.closed_at_ns, 7);
    ck_assert_decimal_eq(record.net_pnl_quote, "-2");
    ck_assert_decimal_eq(record.net_pnl_pct, "-0.02");
    ck_assert_decimal_eq(record.cum_fees_quote, "0.1");
    ck_assert_decimal_eq(record.filled_amount_quote, "198");
}
END_TEST

START_TEST(other_records_stay_as_they_are)
{
    struct text info = {0};
    struct text state = {0};
    struct record record = {.kind = RECORD_EXECUTOR_UPDATED, .data.executor = {.state = "{}"}};
    ck_assert_int_eq(executor_copy_unfold(&record, &info, &state), ERR_NONE);
    ck_assert_str_eq(record.data.executor.state, "{}");
    ck_assert_ptr_null(record.data.executor.custom_info);
    struct record order = {.kind = RECORD_ORDER_FILLED};
    ck_assert_int_eq(executor_copy_unfold(&order, &info, &state), ERR_NONE);
    ck_assert_uint_eq(info.length + state.length, 0);
}
END_TEST

START_TEST(what_is_large_or_does_not_last_is_not_copied)
{
    struct setting setting;
    struct stage stage;
    open_guarded(&setting, &stage);
    const struct book_top depth = {0};
    struct executor_view view = stage.view;
    ck_assert_uint_gt(executor_copy_size(stage.executor, &view), 0);
    view.markets[0].depth = &depth;
    ck_assert_uint_eq(executor_copy_size(stage.executor, &view), 0);

    struct ledger *ledger = &stage.executor->ledger;
    const struct order_draft draft = {
        .role = ROLE_OPEN, .side = SIDE_BUY, .type = ORDER_MARKET, .amount = DECIMAL_ONE};
    while (executor_copy_size(stage.executor, &stage.view) > 0) {
        ck_assert_uint_lt(ledger->count * sizeof(struct ledger_order), EXECUTOR_COPY_BYTES_MAX);
        ck_assert_ptr_nonnull(ledger_place(ledger, &draft, 3));
    }
    ck_assert_uint_gt(ledger->count, 4);
    stage_close(&stage);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_copy_says_what_the_executor_said);
    tcase_add_test(tcase, a_record_shows_figures);
    tcase_add_test(tcase, other_records_stay_as_they_are);
    tcase_add_test(tcase, what_is_large_or_does_not_last_is_not_copied);
}

int main(void)
{
    return run_tests("executor_copy", add_tests);
}
