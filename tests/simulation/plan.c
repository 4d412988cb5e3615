#include "tests/simulation/plan.h"

#include <stdlib.h>

#include "base/instant.h"
#include "executors/registry.h"
#include "tests/simulation/course.h"
#include "tests/simulation/draft.h"

#define PLAN_START_S INT64_C(1700000000)
/* From the moment the run is stopped until it has to be over. */
#define PLAN_PATIENCE_NS (120 * NS_PER_S)

static const char instruments[] = /* And the rate between their quote assets. */
    "instruments:\n"
    "  - {trading_pair: " DRAFT_PAIR ", venue: " DRAFT_VENUE ", tick: \"" DRAFT_TICK
    "\", step: \"" DRAFT_STEP "\", min_order_size: \"0.001\", min_notional: \"5\"}\n"
    "  - {trading_pair: " DRAFT_PAIR_OTHER ", venue: " DRAFT_VENUE ", tick: \"" DRAFT_TICK
    "\", step: \"" DRAFT_STEP "\", min_order_size: \"0.001\", min_notional: \"5\"}\n"
    "rates: [{pair: RRR-QQQ, rate: \"1.0002\"}]\n";

static bool one_in(struct prng *prng, uint64_t chances)
{
    return prng_below(prng, chances) == 0;
}

/* ---- The venue ---- */

static void plan_feed(struct plan *plan, size_t market, bool has_trades)
{
    static const char *const pairs[] = {DRAFT_PAIR, DRAFT_PAIR_OTHER};
    text_printf(&plan->venue_file,
                "  - {venue: " DRAFT_VENUE
                ", trading_pair: %s, quotes: %s, cache: ., speed: \"%lld\"",
                pairs[market], plan->paths->quotes[market], (long long)plan->speed);
    if (has_trades) {
        text_printf(&plan->venue_file, ", trades: %s", plan->paths->trades[market]);
    }
    text_append_string(&plan->venue_file, "}\n");
}

/* Where fills come from trades, orders are filled in parts. */
static void plan_venue(struct plan *plan, struct prng *prng, uint64_t seed)
{
    const bool has_trades = one_in(prng, 2);
    text_printf(&plan->venue_file,
                "run: {name: venue, mode: paper, seed: %llu}\n"
                "venues:\n  - {name: " DRAFT_VENUE
                ", balances: {AAA: \"%lld\", QQQ: \"%lld\", RRR: \"%lld\"},\n"
                "     fees: {maker: \"0.0002\", taker: \"0.0005\", fee_asset_on_buy: %s},"
                " latency_ms: %lld, fill_model: %s}\n%sfeeds:\n",
                (unsigned long long)(seed % 1000000), (long long)prng_between(prng, 2, 40),
                (long long)prng_between(prng, 2000, 40000),
                (long long)prng_between(prng, 2000, 40000), one_in(prng, 4) ? "base" : "quote",
                one_in(prng, 2) ? 0LL : (long long)prng_between(prng, 1, 3000),
                has_trades ? "trade" : "touch", instruments);
    plan_feed(plan, 0, has_trades);
    plan_feed(plan, 1, has_trades);
    text_append_string(&plan->venue_file, "executors: []\n");
}

static void plan_prices(struct plan *plan, struct prng *prng, struct chances *chances)
{
    static const int64_t steps[] = {20, 60, 200, 800};
    for (size_t i = 0; i < 2; i++) {
        struct course course = {.seed = prng_next(prng),
                                .start_ms = PLAN_START_S * 1000,
                                .interval_ms = plan->speed * prng_between(prng, 100, 400),
                                .price = DRAFT_PRICE + prng_between(prng, -200, 200),
                                .step = steps[prng_below(prng, 4)],
                                .spread = prng_between(prng, 0, 30)};
        course.rows = 1 + plan->stop_ns / NS_PER_MS * plan->speed / course.interval_ms;
        if (course_write(&course, chances, plan->paths->quotes[i], plan->paths->trades[i]) !=
            ERR_NONE) {
            plan->problem = "the prices cannot be written";
        }
    }
}

/* ---- The run ---- */

static void plan_executors(struct plan *plan, struct prng *prng)
{
    struct draft draft = {.prng = prng, .start_s = PLAN_START_S, .out = &plan->run_file};
    plan->executors = 1 + (size_t)prng_below(prng, PLAN_EXECUTORS_MAX);
    text_append_string(&plan->run_file, "executors:\n");
    for (size_t i = 0; i < plan->executors; i++) {
        text_append_string(&plan->run_file, "  - ");
        if (!draft_executor(&draft, (size_t)prng_below(prng, executor_kind_count()), NULL)) {
            plan->problem = "a kind of executor has no random configuration: add one to draft.c";
        }
        text_append_char(&plan->run_file, '\n');
    }
}

static void plan_run(struct plan *plan, struct prng *prng, uint64_t seed)
{
    static const char *const restarts[] = {"resume", "resume", "stop_close", "stop_keep"};
    const int64_t timeout_ms = prng_between(prng, 50, 400);
    text_printf(&plan->run_file,
                "run: {name: world, mode: paper, seed: %llu, on_end: %s, on_restart: %s}\n"
                "venues:\n  - {name: " DRAFT_VENUE
                ", type: remote, url: \"ipc://a\", events_url: \"ipc://b\", recv_window_ms: %lld,"
                " request_timeout_ms: %lld, heartbeat_ms: %lld, reconcile_interval: %lld}\n%s"
                "feeds:\n"
                "  - {type: venue, venue: " DRAFT_VENUE ", trading_pair: " DRAFT_PAIR "}\n"
                "  - {type: venue, venue: " DRAFT_VENUE ", trading_pair: " DRAFT_PAIR_OTHER "}\n"
                "persistence: {path: \"%s\"}\n",
                (unsigned long long)(seed % 1000000), one_in(prng, 4) ? "keep" : "close",
                restarts[prng_below(prng, 4)], (long long)prng_between(prng, 100, 1000),
                (long long)timeout_ms, (long long)(plan->heartbeat_ns / NS_PER_MS),
                (long long)prng_between(prng, 1, 5), instruments, plan->paths->database);
    if (one_in(prng, 4)) {
        text_printf(&plan->run_file, "risk: {max_open_orders: %lld}\n",
                    (long long)prng_between(prng, 1, 6));
    }
    plan_executors(plan, prng);
}

/* ---- What is planned ---- */

static int crash_compare(const void *a, const void *b)
{
    const struct plan_crash *first = a;
    const struct plan_crash *second = b;
    return first->at_ns < second->at_ns ? -1 : first->at_ns > second->at_ns ? 1 : 0;
}

static void plan_crashes(struct plan *plan, struct prng *prng)
{
    plan->crash_count = (size_t)prng_below(prng, PLAN_CRASHES_MAX + 1);
    for (size_t i = 0; i < plan->crash_count; i++) {
        struct plan_crash *crash = &plan->crashes[i];
        *crash = (struct plan_crash){
            .way = (enum crash_way)prng_below(prng, 3),
            .at_ns = prng_between(prng, 0, plan->calm_ns - 1),
            .is_power_cut = one_in(prng, 2),
            .down_ns = prng_between(prng, 0, one_in(prng, 2) ? NS_PER_S / 10 : 2 * NS_PER_S)};
        crash->turns = 1 + prng_below(prng, crash->way == CRASH_BETWEEN ? 60 : 25);
    }
    qsort(plan->crashes, plan->crash_count, sizeof(plan->crashes[0]), crash_compare);
}

void plan_draw(struct plan *plan, const struct plan_paths *paths, struct chances *chances,
               uint64_t seed)
{
    struct prng prng;
    prng_init(&prng, seed ^ UINT64_C(0x706c616e));
    *plan = (struct plan){.paths = paths,
                          .heartbeat_ns = prng_between(&prng, 200, 500) * NS_PER_MS,
                          .speed = prng_between(&prng, 30, 150),
                          .start_s = PLAN_START_S,
                          .calm_ns = prng_between(&prng, 3, 12) * NS_PER_S};
    plan->stop_ns = plan->calm_ns + prng_between(&prng, 500, 3000) * NS_PER_MS;
    plan->end_ns = plan->stop_ns + PLAN_PATIENCE_NS;
    plan_crashes(plan, &prng);
    plan_prices(plan, &prng, chances);
    plan_venue(plan, &prng, seed);
    plan_run(plan, &prng, seed);
}

void plan_done(struct plan *plan)
{
    text_done(&plan->venue_file);
    text_done(&plan->run_file);
}
