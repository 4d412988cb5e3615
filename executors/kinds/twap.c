/*
 * TWAP: trades a notional in equal slices, evenly over its duration.
 *
 * The target is computed from the elapsed time and not summed up slice by slice: what is due minus
 * what is executed or working is sent, so that missed slices merge into one order, refused ones are
 * caught up with, and rounding never accumulates. What is too small is carried on.
 *
 * TAKER has one MARKET order in flight. MAKER rests LIMIT orders beside the mid price, one for
 * every slot at which something was missing, and takes them back after order_resubmission_time;
 * once they have ended, what they lack is due again.
 */
#include "executors/exposure.h"
#include "executors/factory.h"
#include "executors/mark.h"
#include "executors/recall.h"
#include "executors/registry.h"
#include "executors/report.h"
#include "executors/snapshot.h"

enum { TWAP_SLOTS_MAX = 50000 }; /* Far from LEDGER_ORDERS_MAX, with room for orders placed anew. */

enum twap_mode { TWAP_MAKER = 1, TWAP_TAKER = 2 };

static const struct field_name twap_mode_names[] = {
    {"MAKER", TWAP_MAKER}, {"TAKER", TWAP_TAKER}, {NULL, 0}};

struct twap_config {
    struct exposure_config exposure;
    struct decimal total_amount_quote;
    int64_t total_duration_ns;
    int64_t order_interval_ns;
    int mode; /* enum twap_mode */
    struct decimal limit_order_buffer;
    bool has_limit_order_buffer;
    int64_t order_resubmission_ns;
    bool has_order_resubmission;
};

static const struct field twap_config_fields[] = {
    EXPOSURE_CONFIG_FIELDS,
    {.name = "total_amount_quote",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct twap_config, total_amount_quote),
     .is_required = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .max = EXPOSURE_AMOUNT_MAX,
     .doc = "What all slices together are worth."},
    {.name = "total_duration",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct twap_config, total_duration_ns),
     .is_required = true,
     .unit = "s",
     .min = "0",
     .min_excluded = true,
     .doc = "From the timestamp to the last slice at the latest."},
    {.name = "order_interval",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct twap_config, order_interval_ns),
     .is_required = true,
     .unit = "s",
     .min = "0",
     .min_excluded = true,
     .doc = "From one slice to the next; there are floor(total_duration / order_interval) + 1."},
    {.name = "mode",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct twap_config, mode),
     .default_text = "TAKER",
     .names = twap_mode_names,
     .doc = "TAKER sends MARKET orders, MAKER rests LIMIT orders beside the mid price."},
    {.name = "limit_order_buffer",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct twap_config, limit_order_buffer),
     .set_offset = offsetof(struct twap_config, has_limit_order_buffer),
     .is_nullable = true,
     .unit = "fraction",
     .min = "0",
     .max = "1",
     .max_excluded = true,
     .doc = "Distance of a LIMIT order from the mid price. Needed for MAKER."},
    {.name = "order_resubmission_time",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct twap_config, order_resubmission_ns),
     .set_offset = offsetof(struct twap_config, has_order_resubmission),
     .is_nullable = true,
     .unit = "s",
     .min = "0",
     .min_excluded = true,
     .doc = "A LIMIT order that rests longer is placed anew. Null: it rests until it is filled."},
    EXPOSURE_LEVEL_ID_FIELD,
    {0},
};

static const struct twap_config *twap_config_of(const struct exposure *twap)
{
    return (const struct twap_config *)twap->executor.config;
}

static int64_t twap_slots(const struct twap_config *config)
{
    return config->total_duration_ns / config->order_interval_ns + 1;
}

static enum err twap_validate(const struct executor_config *config, const char *path,
                              const struct node *node, struct problems *problems)
{
    const struct twap_config *twap = (const struct twap_config *)config;
    enum err err = ERR_NONE;
    if (twap->mode == TWAP_MAKER && !twap->has_limit_order_buffer) {
        factory_add_problem(problems, node, path, "limit_order_buffer",
                            "missing, MAKER needs its distance from the mid price");
        err = ERR_SYNTAX;
    }
    if (twap_slots(twap) > TWAP_SLOTS_MAX) {
        factory_add_problem(problems, node, path, "order_interval",
                            "too short, expected at most 50000 slices in total_duration");
        err = ERR_SYNTAX;
    }
    return err;
}

/* The price of an order placed now: beside the mid, on the tick grid; for MARKET the one at which
 * it will about fill. */
static struct decimal twap_price(const struct twap_config *config,
                                 const struct instrument *instrument, struct decimal bid,
                                 struct decimal ask)
{
    const enum side side = (enum side)config->exposure.side;
    if (config->mode == TWAP_TAKER) {
        return side == SIDE_BUY ? ask : bid;
    }
    const struct decimal mid = decimal_halve(decimal_add(bid, ask));
    const struct decimal away = mark_signed(side, config->limit_order_buffer);
    return instrument_passive_price(instrument, side,
                                    decimal_multiply(mid, decimal_subtract(DECIMAL_ONE, away)));
}

static void twap_plan(const struct executor_config *config, const struct executor_view *view,
                      struct executor_plans *ret_plans)
{
    const struct twap_config *twap = (const struct twap_config *)config;
    const struct market_view *market = &view->markets[0];
    const struct decimal price = twap_price(twap, market->instrument, market->bid, market->ask);
    exposure_plan(&twap->exposure, market->instrument,
                  decimal_divide(twap->total_amount_quote, price), twap->total_amount_quote,
                  ret_plans);
}

static struct target twap_target(const struct executor_config *config)
{
    return (struct target){TARGET_QUOTE, ((const struct twap_config *)config)->total_amount_quote};
}

static struct moment twap_moment(const struct exposure *twap, const struct executor_view *view)
{
    const struct market_view *market = &view->markets[0];
    return exposure_moment(twap, view, mark_of(exposure_side(twap), market));
}

/* An order worth `quote`, as far as the step allows. */
static struct order_draft twap_draft(const struct exposure *twap, const struct moment *moment,
                                     struct decimal quote)
{
    const struct twap_config *config = twap_config_of(twap);
    const struct decimal price = twap_price(config, moment->instrument, moment->bid, moment->ask);
    const bool is_maker = config->mode == TWAP_MAKER;
    return (struct order_draft){
        .role = ROLE_OPEN,
        .side = moment->side,
        .type = is_maker ? ORDER_LIMIT : ORDER_MARKET,
        .amount = decimal_floor_to(decimal_divide(quote, price), moment->instrument->step),
        .price = is_maker ? price : DECIMAL_ZERO,
        .leverage = (uint32_t)config->exposure.leverage,
    };
}

/* Large enough, at its own price or, for MARKET, at the best bid. */
static bool twap_is_tradable(const struct moment *moment, const struct order_draft *draft)
{
    if (!decimal_is_valid(draft->amount) || !decimal_is_valid(draft->price)) {
        return false;
    }
    return instrument_is_tradable(moment->instrument, draft->amount,
                                  draft->type == ORDER_MARKET ? moment->bid : draft->price);
}

static void twap_on_start(struct executor *executor, const struct executor_view *view,
                          bool is_funded, struct executor_requests *requests)
{
    struct exposure *twap = (struct exposure *)executor;
    const struct moment moment = twap_moment(twap, view);
    const struct order_draft all =
        twap_draft(twap, &moment, twap_config_of(twap)->total_amount_quote);
    enum close_type close_type = CLOSE_NONE;
    if (!is_funded) {
        close_type = CLOSE_INSUFFICIENT_BALANCE;
    } else if (!moment.is_valid) {
        close_type = CLOSE_FAILED;
    } else if (!twap_is_tradable(&moment, &all)) {
        executor_skip_small(executor, requests, &all);
        close_type = CLOSE_FAILED;
    }
    exposure_start(twap, view, close_type);
}

/* How many slots have come, 0 before the timestamp. */
static int64_t twap_slots_due(const struct exposure *twap, int64_t now_ns)
{
    const struct twap_config *config = twap_config_of(twap);
    const int64_t start_ns = config->exposure.common.timestamp_ns;
    if (now_ns < start_ns) {
        return 0;
    }
    if (now_ns >= instant_add(start_ns, config->total_duration_ns)) {
        return twap_slots(config); /* Also when the time between is longer than an int64 holds. */
    }
    return (now_ns - start_ns) / config->order_interval_ns + 1;
}

static bool twap_is_all_due(const struct exposure *twap, int64_t now_ns)
{
    return twap_slots_due(twap, now_ns) == twap_slots(twap_config_of(twap));
}

/* What should be executed by now, in quote. */
static struct decimal twap_due(const struct exposure *twap, int64_t now_ns)
{
    const struct twap_config *config = twap_config_of(twap);
    const struct decimal share = decimal_divide(decimal_from_int(twap_slots_due(twap, now_ns)),
                                                decimal_from_int(twap_slots(config)));
    return decimal_multiply(config->total_amount_quote, share);
}

/* What the orders in the book would still trade, in quote. A MARKET order has no price and holds
 * everything else back instead. */
static struct decimal twap_working(const struct exposure *twap)
{
    const struct ledger *ledger = &twap->executor.ledger;
    struct decimal working = DECIMAL_ZERO;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        const struct ledger_order *order = &ledger->orders[i - 1];
        if (ledger_order_is_live(order)) {
            unseen--;
            const struct decimal rest = decimal_subtract(order->amount, order->executed);
            working = decimal_add(working, decimal_multiply(rest, order->price));
        }
    }
    return working;
}

/* What is due and neither executed nor working, in quote. May be negative. */
static struct decimal twap_missing(const struct exposure *twap, int64_t now_ns)
{
    const struct decimal covered =
        decimal_add(twap->executor.ledger.opening.quote, twap_working(twap));
    return decimal_subtract(twap_due(twap, now_ns), covered);
}

static int64_t twap_resubmission_at(const struct exposure *twap, const struct ledger_order *order)
{
    const struct twap_config *config = twap_config_of(twap);
    return config->has_order_resubmission
               ? instant_add(order->placed_at_ns, config->order_resubmission_ns)
               : INSTANT_NEVER;
}

/* By how much fills that came late and orders in the book exceed the total, in quote. */
static struct decimal twap_excess(const struct exposure *twap)
{
    const struct decimal covered =
        decimal_add(twap->executor.ledger.opening.quote, twap_working(twap));
    return decimal_subtract(covered, twap_config_of(twap)->total_amount_quote);
}

/* Whether a live order has to go: it takes too long, has rested long enough, or belongs to what
 * exceeds the total. Then *excess becomes what is left of it. */
static bool twap_must_go(const struct exposure *twap, const struct ledger_order *order,
                         int64_t now_ns, struct decimal *excess)
{
    if (order->type == ORDER_MARKET) {
        return order->is_timed_out;
    }
    const bool exceeds = decimal_sign(*excess) > 0;
    if (exceeds) {
        const struct decimal rest = decimal_subtract(order->amount, order->executed);
        *excess = decimal_subtract(*excess, decimal_multiply(rest, order->price));
    }
    return exceeds || order->is_cancel_requested || now_ns >= twap_resubmission_at(twap, order);
}

/* Takes back what has to go; of what exceeds the total the latest first. */
static void twap_watch(struct exposure *twap, const struct moment *moment, struct decimal excess,
                       struct executor_requests *requests)
{
    struct ledger *ledger = &twap->executor.ledger;
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (order->type == ORDER_MARKET) {
            recall_time_out(&twap->executor, order, moment->now_ns);
        }
        if (twap_must_go(twap, order, moment->now_ns, &excess)) {
            recall_order(order, moment->now_ns, 1, requests);
        }
    }
}

/* A MARKET order is on its way: what it trades is not known before it ends. */
static bool twap_is_in_flight(const struct exposure *twap)
{
    return twap_config_of(twap)->mode == TWAP_TAKER && twap->executor.ledger.live_count > 0;
}

static bool twap_is_held_back(const struct exposure *twap, int64_t now_ns)
{
    return twap_is_in_flight(twap) || executor_is_waiting_to_open(&twap->executor, now_ns);
}

/* Sends what is missing, or ends when nothing is left to be sent. */
static enum close_type twap_place(struct exposure *twap, const struct moment *moment,
                                  struct executor_requests *requests)
{
    struct executor *executor = &twap->executor;
    const struct decimal missing = twap_missing(twap, moment->now_ns);
    const struct order_draft draft = twap_draft(twap, moment, missing);
    if (twap_is_in_flight(twap)) {
        return CLOSE_NONE;
    }
    if (executor_is_waiting_to_open(executor, moment->now_ns)) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
        return CLOSE_NONE;
    }
    if (decimal_sign(missing) > 0) {
        if (!decimal_is_valid(draft.amount) || !decimal_is_valid(draft.price)) {
            return CLOSE_FAILED;
        }
        if (twap_is_tradable(moment, &draft)) {
            return executor_place(executor, &draft, moment->now_ns, requests) ? CLOSE_NONE
                                                                              : CLOSE_FAILED;
        }
        executor_skip_small(executor, requests, &draft);
    }
    if (executor->ledger.live_count > 0 || !twap_is_all_due(twap, moment->now_ns)) {
        return CLOSE_NONE;
    }
    return decimal_sign(moment->gross) > 0 ? CLOSE_COMPLETED : CLOSE_FAILED;
}

static enum close_type twap_run(struct exposure *twap, const struct moment *moment,
                                struct executor_requests *requests)
{
    const struct decimal excess = twap_excess(twap);
    if (!moment->is_valid || !decimal_is_valid(excess)) {
        return CLOSE_FAILED;
    }
    twap_watch(twap, moment, excess, requests);
    if (executor_is_exhausted(&twap->executor)) {
        return CLOSE_FAILED;
    }
    return twap_place(twap, moment, requests);
}

static enum err twap_on_stop(struct executor *executor, const struct executor_view *view,
                             bool keep_position, struct executor_requests *requests)
{
    struct exposure *twap = (struct exposure *)executor;
    const struct moment moment = twap_moment(twap, view);
    return exposure_stop(twap, &moment, keep_position, requests);
}

/* When what is missing becomes large enough: more of the base asset is bought for it as the price
 * falls. Its notional does not grow with that, so less than min_notional waits for the next slot.
 */
static void twap_wake_missing(const struct exposure *twap, const struct moment *moment,
                              struct wake_levels *levels)
{
    const struct instrument *instrument = moment->instrument;
    const struct decimal missing = twap_missing(twap, moment->now_ns);
    if (decimal_sign(missing) <= 0) {
        return;
    }
    const struct decimal least = decimal_max(instrument->step, instrument->min_order_size);
    const struct decimal rounding = {.raw = 4};
    struct decimal level = decimal_add(decimal_divide(missing, least), rounding);
    /* Half a unit of the amount, which is a rounded quotient, is worth half the price in units. */
    const struct decimal slack = decimal_add(decimal_multiply(level, rounding), rounding);
    if (decimal_is_valid(slack) &&
        decimal_less(decimal_add(missing, slack), instrument->min_notional)) {
        return;
    }
    const struct twap_config *config = twap_config_of(twap);
    if (config->mode == TWAP_TAKER) {
        wake_add_level(levels, moment->side == SIDE_BUY ? WAKE_ASK_AT_MOST : WAKE_BID_AT_MOST,
                       level);
        return;
    }
    if (moment->side == SIDE_BUY) {
        /* The order's price is below the mid, and up to a tick below that. */
        const struct decimal factor = decimal_subtract(DECIMAL_ONE, config->limit_order_buffer);
        level = decimal_divide(decimal_add(level, instrument->tick), factor);
        level = decimal_add(level, decimal_divide(rounding, factor));
    }
    wake_add_level(levels, WAKE_BID_AT_MOST, decimal_add(level, rounding));
}

/* When live orders have to go, or a cancel is to be asked for again. */
static void twap_wake_orders(const struct exposure *twap, const struct moment *moment,
                             struct wake *wake)
{
    const struct ledger *ledger = &twap->executor.ledger;
    struct decimal excess = twap_excess(twap);
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        const struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (twap_must_go(twap, order, moment->now_ns, &excess)) {
            recall_wake(order, wake);
        } else if (order->type == ORDER_MARKET) {
            recall_wake_time_out(order, wake);
        } else {
            wake_add_time(wake, twap_resubmission_at(twap, order));
        }
    }
}

/* What it waits for at that moment. */
static struct wake twap_wake_at(const struct exposure *twap, const struct moment *moment)
{
    struct wake wake;
    const struct twap_config *config = twap_config_of(twap);
    if (!exposure_wake(twap, moment, &wake)) {
        return wake;
    }
    if (!decimal_is_valid(twap_excess(twap))) {
        wake.markets[0].every_quote = true;
        return wake;
    }
    twap_wake_orders(twap, moment, &wake);
    executor_wake_to_open(&twap->executor, moment->now_ns, &wake);
    if (!twap_is_all_due(twap, moment->now_ns)) {
        const int64_t slot = twap_slots_due(twap, moment->now_ns);
        wake_add_time(&wake, instant_add(config->exposure.common.timestamp_ns,
                                         slot * config->order_interval_ns));
    }
    if (!twap_is_held_back(twap, moment->now_ns)) {
        twap_wake_missing(twap, moment, &wake.markets[0]);
    }
    return wake;
}

static void twap_wake(const struct executor *executor, const struct executor_view *view,
                      struct wake *ret_wake)
{
    const struct exposure *twap = (const struct exposure *)executor;
    if (exposure_is_guarded(twap, view)) {
        *ret_wake = guard_wake(&twap->guard, exposure_side(twap));
        return;
    }
    const struct moment moment = twap_moment(twap, view);
    *ret_wake = twap_wake_at(twap, &moment);
}

static void twap_on_market(struct executor *executor, const struct executor_view *view,
                           struct executor_requests *requests)
{
    struct exposure *twap = (struct exposure *)executor;
    if (exposure_is_guarded(twap, view)) {
        return;
    }
    const struct moment moment = twap_moment(twap, view);
    enum close_type close_type = CLOSE_NONE;
    if (executor->status == EXECUTOR_RUNNING) {
        close_type = twap_run(twap, &moment, requests);
    }
    exposure_settle(twap, &moment, close_type, requests);
    const struct wake wake = twap_wake_at(twap, &moment);
    guard_raise(&twap->guard, executor, moment.side, &wake);
}

static void twap_report(const struct executor *executor, const struct executor_view *view,
                        struct executor_report *ret_report)
{
    const struct moment moment = twap_moment((const struct exposure *)executor, view);
    report_position(executor, &moment, ret_report);
}

static void twap_custom_info(const struct executor *executor, const struct executor_view *view,
                             struct text *out)
{
    const struct exposure *twap = (const struct exposure *)executor;
    const struct twap_config *config = twap_config_of(twap);
    const struct moment moment = twap_moment(twap, view);
    exposure_custom_info(twap, &moment, out);
    report_put_optional(out, "filled_amount_base", true, moment.gross);
    report_put_optional(out, "filled_amount_quote", true, executor->ledger.opening.quote);
    report_put_optional(out, "total_amount_quote", true, config->total_amount_quote);
    report_put_optional(out, "due_amount_quote", true, twap_due(twap, moment.now_ns));
    json_put_int(out, "slots", twap_slots(config));
    json_put_int(out, "slots_due", twap_slots_due(twap, moment.now_ns));
}

static void twap_save(const struct executor *executor, struct text *out)
{
    snapshot_put_final(out, &((const struct exposure *)executor)->final);
}

/* MAKER may have many orders in the book, all to open; a close is alone. */
static bool twap_ledger_is_sound(const struct ledger *ledger)
{
    uint32_t closes = 0;
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        closes += order->role != ROLE_OPEN && ledger_order_is_live(order) ? 1 : 0;
        if (order->market != 0 || closes > 1 ||
            (order->role != ROLE_OPEN && order->role != ROLE_CLOSE)) {
            return false;
        }
    }
    return true;
}

static enum err twap_load(struct executor *executor, const struct node *node)
{
    if (!twap_ledger_is_sound(&executor->ledger)) {
        return ERR_CORRUPT;
    }
    return snapshot_get_final(node, &((struct exposure *)executor)->final);
}

const struct executor_kind executor_kind_twap = {
    .type = "twap_executor",
    .summary = "Trades a notional in equal slices, evenly over a time.",
    .config_fields = twap_config_fields,
    .config_size = sizeof(struct twap_config),
    .state_size = sizeof(struct exposure),
    .market_count = 1,
    .validate = twap_validate,
    .market = exposure_market,
    .plan = twap_plan,
    .target = twap_target,
    .on_start = twap_on_start,
    .on_market = twap_on_market,
    .on_order = executor_on_order,
    .on_stop = twap_on_stop,
    .wake = twap_wake,
    .report = twap_report,
    .custom_info = twap_custom_info,
    .save = twap_save,
    .load = twap_load,
};
