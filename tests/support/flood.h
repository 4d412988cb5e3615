/*
 * tests/support/flood.h - a run that makes records as fast as the machine can.
 *
 * Executors that cancel and place an order again at every quote, on a market far faster than real
 * time: what ends up in the journal is what the journal lets through.
 *
 * Threads: one test process.
 */
#ifndef TUTTI_TESTS_SUPPORT_FLOOD_H
#define TUTTI_TESTS_SUPPORT_FLOOD_H

#include <stdio.h>

#include "tests/support/scratch.h"
#include "tests/support/walk.h"

enum { FLOOD_WALK_ROWS = 200000, FLOOD_STEP_MAX = 100, FLOOD_SPEED = 1000 };

/* Writes the tape and the run file into the scratch folder; returns the file. */
static inline struct scratch_path flood_write(int executors)
{
    walk_write(scratch_path("walk.tape").text, FLOOD_WALK_ROWS, FLOOD_STEP_MAX);
    const struct scratch_path path = scratch_path("run.yaml");
    FILE *out = fopen(path.text, "w");
    ck_assert_ptr_nonnull(out);
    (void)fprintf(
        out,
        "run: {name: flood, mode: paper, on_end: keep}\n"
        "venues: [{name: paper, balances: {USDT: \"1000000000000\"}}]\n"
        "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\","
        " step: \"0.00001\"}]\n"
        "feeds: [{venue: paper, trading_pair: BTC-USDT, quotes: %s/walk.tape, speed: %d}]\n"
        "persistence: {path: %s/run.db}\n"
        "executors:\n"
        "  - {type: twap_executor, connector_name: paper, trading_pair: BTC-USDT, side: BUY,\n"
        "     total_amount_quote: 1000000, total_duration: 40000, order_interval: 1,\n"
        "     mode: MAKER, limit_order_buffer: \"0.05\", order_resubmission_time: 1,\n"
        "     repeat: %d, max_retries: 1000000}\n",
        scratch_folder, FLOOD_SPEED, scratch_folder, executors);
    ck_assert_int_eq(fclose(out), 0);
    return path;
}

#endif
