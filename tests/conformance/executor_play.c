#include "tests/conformance/executor_play.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executors/factory.h"

enum {
    PLAY_STEPS = 120,          /* Then it is stopped, if it still runs. */
    PLAY_STEPS_AFTER = 5,      /* The end. */
    PLAY_DEADLINE_STEPS = 400, /* Seconds after a stop until it has ended, the venue working. */
    PLAY_TRACE_MAX = 1 << 18,
};

static const char *const play_mode_names[] = {"plain", "reload", "wake"};

void play_demand(const struct play *play, bool condition, const char *what)
{
    if (!condition) {
        ck_abort_msg("%s\n  config: %s\n  venue %s, seed %" PRIu64 ", mode %s, step %d, "
                     "stop at %d %s\n%s",
                     what, play->plan.config, play->plan.traits->name, play->plan.seed,
                     play_mode_names[play->plan.mode], play->step, play->plan.stop_step,
                     play->plan.keeps_position ? "keeping" : "closing", text_string(&play->trace));
    }
}

/* ---- A play begins and ends. */

static void play_parse(struct play *play)
{
    struct problems problems;
    const struct node *node;
    const char *config = play->plan.config;
    problems_init(&problems, "executor_cases.h");
    arena_init(&play->arena, 0);
    enum err err = node_read_yaml("case", config, strlen(config), &play->arena, &problems, &node);
    if (err == ERR_NONE) {
        err = factory_parse(node, "", &play->arena, &problems, &play->kind, &play->config);
    }
    ck_assert_msg(err == ERR_NONE, "%s\n%s", config, text_string(&problems.lines));
    problems_done(&problems);
}

static void play_make_instruments(struct play *play)
{
    for (uint32_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        struct instrument *instrument = &play->instruments[i];
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
        play->mids[i] = decimal_literal("100");
    }
}

struct executor *play_new_executor(const struct play *play)
{
    const struct instrument *const instruments[WAKE_MARKETS_MAX] = {&play->instruments[0],
                                                                    &play->instruments[1]};
    struct executor *executor = calloc(1, play->kind->state_size);
    ck_assert_ptr_nonnull(executor);
    executor_init(executor, play->kind, play->config, instruments);
    return executor;
}

struct play *play_open(const struct play_plan *plan)
{
    struct play *play = calloc(1, sizeof(*play));
    ck_assert_ptr_nonnull(play);
    play->plan = *plan;
    play_parse(play);
    play_make_instruments(play);
    prng_init(&play->prices, plan->seed);
    adversary_init(&play->venue, plan->traits, plan->seed + 1);
    play->venue.takes_fee_in_base = plan->seed % 4 == 3;
    play->executor = play_new_executor(play);
    play->wake = wake_never();
    return play;
}

void play_close(struct play *play)
{
    for (size_t i = 0; i < ADVERSARY_ORDERS_MAX; i++) {
        trade_ids_done(&play->trades[i]);
    }
    executor_done(play->executor);
    free(play->executor);
    text_done(&play->trace);
    arena_done(&play->arena);
    free(play);
}

/* ---- The market. */

static void play_move_market(struct play *play, uint32_t market, struct decimal common)
{
    const struct instrument *instrument = &play->instruments[market];
    const struct decimal own = decimal_from_mantissa(prng_between(&play->prices, -10, 10), 2);
    const struct decimal mid = decimal_add(play->mids[market], decimal_add(common, own));
    /* The two stay near each other and away from zero. */
    play->mids[market] =
        decimal_max(decimal_literal("50"), decimal_min(decimal_literal("200"), mid));
    const struct decimal half = decimal_from_mantissa(prng_between(&play->prices, 0, 3), 2);
    struct market_view *view = &play->view.markets[market];
    const struct market_view before = *view;
    view->instrument = instrument;
    view->bid = decimal_floor_to(decimal_subtract(play->mids[market], half), instrument->tick);
    view->ask = decimal_ceil_to(decimal_add(play->mids[market], half), instrument->tick);
    play->is_changed[market] = before.instrument == NULL || !decimal_equal(before.bid, view->bid) ||
                               !decimal_equal(before.ask, view->ask);
}

/* The next quotes: mostly small moves a second apart, at times none, a jump or a long silence. */
static void play_move(struct play *play, bool is_calm)
{
    const int64_t dice = prng_between(&play->prices, 0, 99);
    const int64_t reach = dice < 10 ? 0 : dice < 95 ? 30 : 250;
    const int64_t wait_ms =
        is_calm || dice % 16 != 7 ? prng_between(&play->prices, 1, 2000) : 45000;
    const struct decimal common =
        decimal_from_mantissa(prng_between(&play->prices, -reach, reach), 2);
    play->view.now_ns += wait_ms * NS_PER_MS;
    if (reach != 0) {
        for (uint32_t i = 0; i < play->kind->market_count; i++) {
            play_move_market(play, i, common);
        }
    } else {
        memset(play->is_changed, 0, sizeof(play->is_changed));
    }
}

void play_begin(struct play *play)
{
    play->view = (struct executor_view){.now_ns = PLAY_START_S * NS_PER_S,
                                        .market_count = play->kind->market_count};
    for (uint32_t i = 0; i < play->kind->market_count; i++) {
        play_move_market(play, i, DECIMAL_ZERO);
    }
    executor_requests_init(&play->requests);
    play_demand(play,
                play->kind->on_stop(play->executor, &play->view, false, &play->requests) ==
                        ERR_STATE &&
                    play->requests.count == 0,
                "a stop before the start is refused");
    play->kind->on_start(play->executor, &play->view, true, &play->requests);
    play->is_due = true;
}

/* ---- What has to be true. */

struct decimal play_owned(const struct play *play)
{
    if (play->kind->market_count == 1) {
        return adversary_owned(&play->venue, 0);
    }
    return decimal_absolute(decimal_add(play->venue.books[0].traded, play->venue.books[1].traded));
}

/* The requests as text, and each of them in itself. */
static void play_check_request(struct play *play, const struct executor_request *request)
{
    char amount[DECIMAL_TEXT_MAX];
    char price[DECIMAL_TEXT_MAX];
    (void)decimal_print(request->amount, amount);
    (void)decimal_print(request->price, price);
    if (play->trace.length < PLAY_TRACE_MAX) {
        text_printf(&play->trace,
                    "  step %d: %s %" PRIu32 " market %" PRIu32 " %s %s %s %s at %s\n", play->step,
                    request->kind == REQUEST_PLACE ? "place" : "cancel", request->ordinal,
                    request->market, field_name_of(order_role_names, request->role),
                    field_name_of(side_names, request->side),
                    field_name_of(order_type_names, request->type), amount, price);
    }
    if (request->kind == REQUEST_CANCEL) {
        return;
    }
    play_demand(play, request->market < play->kind->market_count, "an order in a market it has");
    const struct instrument *instrument = &play->instruments[request->market];
    const bool is_market = request->type == ORDER_MARKET;
    play_demand(play, decimal_is_multiple(request->amount, instrument->step), "amount on the step");
    play_demand(play,
                is_market ? decimal_sign(request->price) == 0
                          : decimal_sign(request->price) > 0 &&
                                decimal_is_multiple(request->price, instrument->tick),
                "price on the tick, none for MARKET");
    play_demand(play,
                instrument_is_tradable(instrument, request->amount,
                                       is_market ? play->view.markets[request->market].ask
                                                 : request->price),
                "no order below the venue's minimum");
}

/* A close never takes more than what is owned and not being taken away by another order. */
static void play_check_close(const struct play *play, const struct executor_request *request)
{
    if (request->kind != REQUEST_PLACE || request->role != ROLE_CLOSE) {
        return;
    }
    play_demand(play, adversary_live_of(&play->venue, request->market, ROLE_CLOSE) == 0,
                "at most one close in flight");
    struct decimal free = play_owned(play);
    for (size_t i = 0; i < play->venue.order_count; i++) {
        const struct adversary_order *order = &play->venue.orders[i];
        if (adversary_order_is_live(order) && order->request.side == request->side) {
            free = decimal_subtract(free, decimal_subtract(order->request.amount, order->filled));
        }
    }
    play_demand(play, !decimal_less(free, request->amount), "a close of no more than is free");
}

static void play_send(struct play *play)
{
    for (size_t i = 0; i < play->requests.count; i++) {
        const struct executor_request *request = &play->requests.items[i];
        play_check_request(play, request);
        play_check_close(play, request);
        const char *problem = adversary_take(&play->venue, request, play->view.now_ns);
        play_demand(play, problem == NULL, problem == NULL ? "" : problem);
    }
}

/* Position, volume and fees are the sums of the venue's fills. */
static void play_check_books(const struct play *play)
{
    struct decimal owned[WAKE_MARKETS_MAX] = {0};
    const struct ledger *ledger = &play->executor->ledger;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        const struct decimal executed = decimal_subtract(
            order->executed, order->role == ROLE_OPEN ? order->fee_base : DECIMAL_ZERO);
        owned[order->market] = order->role == ROLE_OPEN
                                   ? decimal_add(owned[order->market], executed)
                                   : decimal_subtract(owned[order->market], executed);
        play_demand(play, decimal_equal(order->executed, play->venue.orders[i].filled),
                    "an order's fills are those of the venue");
        play_demand(play,
                    !adversary_order_is_live(&play->venue.orders[i]) || ledger_order_is_live(order),
                    "an order that is live at the venue is live in the ledger");
    }
    struct decimal volume = DECIMAL_ZERO;
    struct decimal fees = DECIMAL_ZERO;
    for (uint32_t i = 0; i < play->kind->market_count; i++) {
        play_demand(play, decimal_equal(owned[i], adversary_owned(&play->venue, i)),
                    "the position is the sum of the fills");
        volume = decimal_add(volume, play->venue.books[i].volume);
        fees = decimal_add(fees, play->venue.books[i].fees);
    }
    struct executor_report report;
    play->kind->report(play->executor, &play->view, &report);
    play_demand(play, decimal_equal(report.filled_amount_quote, volume), "volume of the report");
    play_demand(play, decimal_equal(report.cum_fees_quote, fees), "fees of the report");
}

/* Refusals are tolerated up to a limit; then the executor gives up what it was about. One of two
 * markets, both of which may refuse at once, then closes what it has open, with as many retries. */
static void play_check_retries(const struct play *play)
{
    const struct executor *executor = play->executor;
    const int64_t once = play->config->max_retries;
    const int64_t most = play->kind->market_count > 1 ? 2 * once + 2 : once;
    const bool is_exhausted = (int64_t)play->venue.setbacks > most;
    const bool goes_on =
        executor->status == EXECUTOR_RUNNING ||
        (executor->status == EXECUTOR_SHUTTING_DOWN && executor->shutdown_mode == SHUTDOWN_CLOSE);
    play_demand(play, !is_exhausted || !goes_on, "refusals are tolerated max_retries times");
    uint32_t failures = play->venue.setbacks;
    for (uint32_t i = 0; i < executor->ledger.count; i++) {
        failures += executor->ledger.orders[i].is_timed_out ? 1 : 0;
    }
    play_demand(play, play->kind->market_count > 1 || executor->retries <= failures,
                "what is withheld is no failure");
}

/* What an executor leaves behind when it has ended. */
void play_check_end(struct play *play)
{
    const struct executor *executor = play->executor;
    play_demand(play, adversary_live(&play->venue) == 0, "no order lives on after the end");
    play_demand(play, executor->close_type != CLOSE_NONE, "an end has a close type");
    executor_requests_init(&play->requests);
    play_demand(play,
                play->kind->on_stop(play->executor, &play->view, true, &play->requests) ==
                        ERR_STATE &&
                    play->requests.count == 0,
                "a stop after the end is refused");
    const struct decimal left = decimal_add(executor->held, executor->dust);
    const bool is_pair = play->kind->market_count > 1;
    play_demand(play, decimal_equal(is_pair ? decimal_absolute(left) : left, play_owned(play)),
                "what is owned at the end is held or dust");
    const struct decimal whole = decimal_floor_to(executor->dust, play->instruments[0].step);
    play_demand(play,
                !instrument_is_tradable(&play->instruments[0], whole, play->view.markets[0].bid),
                "dust is too small to trade");
}

/* ---- One step. */

static bool play_is_reached(const struct wake_levels *levels, const struct market_view *market)
{
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        const enum wake_trigger trigger = (enum wake_trigger)i;
        const bool is_bid = trigger == WAKE_BID_AT_MOST || trigger == WAKE_BID_AT_LEAST;
        const int order = levels->is_set[i] ? decimal_compare(is_bid ? market->bid : market->ask,
                                                              levels->level[i])
                                            : 0;
        if (levels->is_set[i] && (wake_trigger_is_at_most(trigger) ? order <= 0 : order >= 0)) {
            return true;
        }
    }
    return levels->every_quote;
}

static bool play_is_woken(const struct play *play)
{
    if (play->plan.mode != PLAY_WAKE || play->is_due || play->view.now_ns >= play->wake.at_ns) {
        return true;
    }
    for (uint32_t i = 0; i < play->kind->market_count; i++) {
        if (play->is_changed[i] &&
            play_is_reached(&play->wake.markets[i], &play->view.markets[i])) {
            return true;
        }
    }
    return false;
}

static void play_evaluate(struct play *play)
{
    if (play->executor->status == EXECUTOR_TERMINATED || !play_is_woken(play)) {
        return;
    }
    play->kind->on_market(play->executor, &play->view, &play->requests);
    if (play->plan.mode == PLAY_WAKE) {
        play->kind->wake(play->executor, &play->view, &play->wake);
    }
}

/* Saves the executor and goes on with a new one that has loaded it. */
static void play_reload(struct play *play)
{
    struct text saved = {0};
    struct text again = {0};
    struct arena arena;
    struct problems problems;
    const struct node *node;
    arena_init(&arena, 0);
    problems_init(&problems, "snapshot");
    executor_save(play->executor, &saved);
    enum err err = node_read_json("snapshot", text_string(&saved), saved.length,
                                  NODE_DEPTH_CONTROL_MAX, &arena, &problems, &node);
    play_demand(play, err == ERR_NONE, "a snapshot is JSON");
    struct executor *loaded = play_new_executor(play);
    err = executor_load(loaded, node);
    play_demand(play, err == ERR_NONE, "a snapshot loads");
    executor_save(loaded, &again);
    play_demand(play, strcmp(text_string(&saved), text_string(&again)) == 0,
                "what was loaded saves the same");
    executor_done(play->executor);
    free(play->executor);
    play->executor = loaded;
    problems_done(&problems);
    arena_done(&arena);
    text_done(&saved);
    text_done(&again);
}

static void play_stop(struct play *play)
{
    const bool is_running = play->executor->status == EXECUTOR_RUNNING;
    const size_t before = play->requests.count;
    const enum err err = play->kind->on_stop(play->executor, &play->view, play->plan.keeps_position,
                                             &play->requests);
    play_demand(play, err == (is_running ? ERR_NONE : ERR_STATE), "a stop is for a running one");
    play_demand(play, is_running || play->requests.count == before, "a refused stop does nothing");
    play->is_stopped = is_running;
    play->is_due = true;
}

/* What the venue has to say reaches the executor as the orchestrator lets it through: each trade
 * once, by the same list of trades. */
static void play_tell(struct play *play, const struct order_event *event)
{
    if (event->kind == ORDER_EVENT_FILL) {
        struct trade_ids *trades = &play->trades[event->ordinal - 1];
        bool is_new;
        ck_assert_int_eq(trade_ids_take(trades, event->fill.trade_id, &is_new), ERR_NONE);
        play->repeated += is_new ? 0 : 1;
        play->late += is_new && play->executor->status == EXECUTOR_TERMINATED ? 1 : 0;
        if (!is_new) {
            return;
        }
    }
    play->kind->on_order(play->executor, event, play->view.now_ns);
    play->is_due = true;
}

/* Events, a stop when it is time for it, one evaluation; then everything is looked at. */
static void play_step(struct play *play, bool is_stop)
{
    executor_requests_init(&play->requests);
    const bool was_ended = play->executor->status == EXECUTOR_TERMINATED;
    adversary_step(&play->venue, &play->view);
    for (size_t i = 0; i < play->venue.event_count; i++) {
        play_tell(play, &play->venue.events[i]);
    }
    if (is_stop) {
        play_stop(play);
    }
    play_evaluate(play);
    play->is_due = false;
    play_demand(play, !was_ended || play->requests.count == 0, "nothing is sent after the end");
    play_send(play);
    play_check_books(play);
    play_check_retries(play);
    if (!was_ended && play->executor->status == EXECUTOR_TERMINATED) {
        play_check_end(play);
    }
    if (play->plan.mode == PLAY_RELOAD) {
        play_reload(play);
    }
}

/* ---- Whole plays. */

/* The venue works again: everything has to come to its end before the deadline. */
static void play_finish(struct play *play)
{
    const unsigned late = play->venue.traits.late;
    const unsigned twice = play->venue.traits.twice;
    play->venue.traits = adversary_honest;
    play->venue.traits.late = late; /* That is no hindrance. */
    play->venue.traits.twice = twice;
    for (int i = 0; i < PLAY_DEADLINE_STEPS; i++) {
        if (play->executor->status == EXECUTOR_TERMINATED) {
            break;
        }
        play->step++;
        play_move(play, true);
        play_step(play, false);
    }
    play_demand(play, play->executor->status == EXECUTOR_TERMINATED, "it ends within the deadline");
}

void play_run(struct play *play)
{
    const int stop_step =
        play->plan.stop_step == PLAY_STOP_NEVER ? PLAY_STEPS : play->plan.stop_step;
    play_begin(play);
    for (play->step = 0; play->step < stop_step; play->step++) {
        play_step(play, false);
        play_move(play, false);
    }
    play_step(play, true);
    play_finish(play);
    /* What the venue says late changes the books, and nothing is sent any more. */
    for (int i = 0; i < PLAY_STEPS_AFTER; i++) {
        play_move(play, true);
        play_step(play, false);
    }
    text_printf(&play->trace, "  %s\n",
                field_name_of(close_type_names, play->executor->close_type));
    ck_assert(!text_failed(&play->trace));
}
