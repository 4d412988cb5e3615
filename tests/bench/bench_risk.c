/*
 * What the risk engine costs per order: the check, and the check with all sums of the order's life,
 * without limits, with every limit in every scope, and with a hundred thousand own orders resting.
 * Processor time, so that it says the same on a busy machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/instant.h"
#include "market/risk.h"

enum { BENCH_ORDERS = 1000000, BENCH_RESTING = 100000 };

static int64_t bench_clock_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void bench_need(bool condition, const char *what)
{
    if (!condition) {
        (void)fprintf(stderr, "bench_risk: %s\n", what);
        exit(1);
    }
}

/* Limits that no order of the bench reaches. */
static struct risk_limits bench_limits(void)
{
    const struct decimal large = decimal_literal("1000000000000");
    return (struct risk_limits){.max_order_quantity = large,
                                .max_order_notional = large,
                                .price_collar = decimal_literal("0.5"),
                                .max_price_age_ns = NS_PER_S,
                                .max_orders_per_second = 1000000,
                                .max_open_orders = INT64_MAX,
                                .max_position = large,
                                .max_exposure_quote = large};
}

static void bench_run(const char *name, const struct risk_limits *limits, bool denies_self_trade)
{
    const struct instrument instrument = {.tick = decimal_literal("0.01"),
                                          .step = decimal_literal("0.00001"),
                                          .min_order_size = decimal_literal("0.0001"),
                                          .min_notional = decimal_literal("5"),
                                          .price_digits = 2};
    const struct risk_setup setup = {.instruments = &instrument,
                                     .instrument_count = 1,
                                     .venue_count = 1,
                                     .global = limits,
                                     .venues = &limits,
                                     .instrument_limits = &limits,
                                     .denies_self_trade = denies_self_trade};
    const uint32_t number = 0;
    struct risk *risk;
    struct risk_executor executor;
    bench_need(risk_create(&setup, &risk) == ERR_NONE, "memory");
    bench_need(risk_add_controller(risk, limits) == ERR_NONE, "memory");
    bench_need(risk_executor_init(risk, 0, &number, 1, &executor) == ERR_NONE, "memory");
    uint32_t place;
    for (int i = 0; denies_self_trade && i < BENCH_RESTING; i++) {
        const struct decimal price = decimal_from_mantissa(6000000 + i, 2);
        bench_need(risk_rest(risk, 0, SIDE_SELL, price, &place) == ERR_NONE, "memory");
    }
    struct quote quote = {.bid = decimal_literal("50000"), .ask = decimal_literal("50000.01")};
    struct risk_order order = {.side = SIDE_BUY,
                               .way = SIDE_BUY,
                               .type = ORDER_LIMIT,
                               .is_opening = true,
                               .amount = decimal_literal("0.12345"),
                               .price = decimal_literal("49990.55"),
                               .quote = &quote};
    const struct risk_move end = {
        .way = SIDE_BUY, .is_opening = true, .live = decimal_negate(order.amount), .quote = &quote};
    struct risk_verdict verdict = {.code = DENY_NONE};
    int64_t started_ns = bench_clock_ns();
    for (int i = 0; i < BENCH_ORDERS; i++) {
        bench_need(risk_check(risk, &executor, &order, &verdict), deny_name(verdict.code));
    }
    (void)printf("risk_check_%s %.0f ns\n", name,
                 (double)(bench_clock_ns() - started_ns) / BENCH_ORDERS);
    started_ns = bench_clock_ns();
    for (int i = 0; i < BENCH_ORDERS; i++) {
        order.now_ns += 2 * NS_PER_US;
        quote.time_ns = order.now_ns;
        bench_need(risk_check(risk, &executor, &order, &verdict), deny_name(verdict.code));
        bench_need(risk_rest(risk, 0, order.side, order.price, &place) == ERR_NONE, "memory");
        risk_on_placed(risk, &executor, &order);
        risk_move(risk, &executor, &end);
        risk_on_ended(risk, &executor, 0);
        risk_unrest(risk, 0, order.side, place);
    }
    (void)printf("risk_per_order_%s %.0f ns\n", name,
                 (double)(bench_clock_ns() - started_ns) / BENCH_ORDERS);
    risk_destroy(risk);
}

int main(void)
{
    const struct risk_limits limits = bench_limits();
    bench_run("no_limits", NULL, false);
    bench_run("all_limits", &limits, false);
    bench_run("all_limits_self_trade", &limits, true);
    return 0;
}
