/*
 * tests/unit/persistence/sample_run.h - a small run as a store takes it: every change is whole.
 *
 * One executor buys 0.05 at 60000.57 again and again with one order, which is filled at the end;
 * the fee is 0.00005 BTC. After n fills the order has 0.05 n, the position 0.04995 n.
 *
 * Threads: a test is one thread.
 */
#ifndef TUTTI_TESTS_UNIT_PERSISTENCE_SAMPLE_RUN_H
#define TUTTI_TESTS_UNIT_PERSISTENCE_SAMPLE_RUN_H

#include "persistence/store.h"
#include "tests/unit/persistence/samples.h"

enum {
    SAMPLE_RUN_HEAD = 4,   /* run.started, executor.created, order.submitted, accepted */
    SAMPLE_RUN_CHANGE = 3, /* fill, position, order.partially_filled */
    SAMPLE_RUN_TAIL = 4,   /* order.filled, executor.terminated, performance, run.stopped */
};

static inline uint64_t sample_run_records(unsigned fills)
{
    return SAMPLE_RUN_HEAD + (uint64_t)SAMPLE_RUN_CHANGE * fills + SAMPLE_RUN_TAIL;
}

static inline struct decimal sample_times(const char *amount, unsigned n)
{
    return decimal_multiply(decimal_literal(amount), decimal_from_int((int64_t)n));
}

static inline struct record sample_run_order(enum record_kind kind, enum order_state state,
                                             unsigned fills)
{
    struct record record = sample_record(kind, 0);
    record.data.order.state = state;
    record.data.order.amount = decimal_literal("1000");
    record.data.order.executed_base = sample_times("0.05", fills);
    record.data.order.executed_quote = sample_times("3000.0285", fills);
    record.data.order.fee_quote = sample_times("3.0000285", fills);
    return record;
}

/* Record `seq` of a run with `fills` fills. */
static inline struct record sample_run_record(uint64_t seq, unsigned fills)
{
    static const enum record_kind heads[] = {RECORD_RUN_STARTED, RECORD_EXECUTOR_CREATED};
    static const enum record_kind tails[] = {RECORD_EXECUTOR_TERMINATED, RECORD_PERFORMANCE,
                                             RECORD_RUN_STOPPED};
    const uint64_t changes_end = SAMPLE_RUN_HEAD + (uint64_t)SAMPLE_RUN_CHANGE * fills;
    const unsigned change =
        seq > SAMPLE_RUN_HEAD ? (unsigned)((seq - SAMPLE_RUN_HEAD - 1) / SAMPLE_RUN_CHANGE) : 0;
    struct record record;
    if (seq <= 2) {
        record = sample_record(heads[seq - 1], 0);
    } else if (seq == 3) {
        record = sample_run_order(RECORD_ORDER_SUBMITTED, ORDER_PENDING_SUBMIT, 0);
    } else if (seq == 4) {
        record = sample_run_order(RECORD_ORDER_ACCEPTED, ORDER_OPEN, 0);
    } else if (seq > changes_end + 1) {
        record = sample_record(tails[seq - changes_end - 2], 0);
    } else if (seq == changes_end + 1) {
        record = sample_run_order(RECORD_ORDER_FILLED, ORDER_FILLED, fills);
    } else if ((seq - SAMPLE_RUN_HEAD - 1) % SAMPLE_RUN_CHANGE == 0) {
        record = sample_fill_record(seq);
        record.has_more = true;
    } else if ((seq - SAMPLE_RUN_HEAD - 1) % SAMPLE_RUN_CHANGE == 1) {
        record = sample_record(RECORD_POSITION, 0);
        record.executor_id = "";
        record.data.position.amount = sample_times("0.04995", change + 1);
        record.has_more = true;
    } else {
        record =
            sample_run_order(RECORD_ORDER_PARTIALLY_FILLED, ORDER_PARTIALLY_FILLED, change + 1);
    }
    record.seq = seq;
    record.ts_ns = SAMPLE_TS_NS + (int64_t)seq;
    return record;
}

/* Writes records 1 to `last` of the run and closes the store. */
static inline void sample_run_write(const char *path, unsigned fills, uint64_t last)
{
    const struct store_options options = {
        .path = path, .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct failure failure;
    struct store *store = NULL;
    struct text event = {0};
    ck_assert_msg(store_open("sqlite", &options, &store, &failure) == ERR_NONE, "%s", failure.text);
    for (uint64_t seq = 1; seq <= last; seq++) {
        const struct record record = sample_run_record(seq, fills);
        ck_assert_msg(store_append(store, &record, &event, &failure) == ERR_NONE, "%s",
                      failure.text);
    }
    ck_assert_msg(store_close(store, &failure) == ERR_NONE, "%s", failure.text);
    text_done(&event);
}

#endif
