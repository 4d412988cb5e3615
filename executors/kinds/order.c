/*
 * Order executor: one order to its completion, whatever it takes.
 *
 * What is missing is the amount minus all fills of all orders so far. It is placed again after a
 * failure or a foreign cancel, and with LIMIT_CHASER after the market has run away: then the old
 * order is taken back first, and only once it has ended the rest is placed, so that a fill that
 * wins the race counts. When nothing placeable is left, the position is handed over.
 *
 * An order with position_action CLOSE owns nothing: it reduces a position of the book. A stop keeps
 * what it has traded in any case, and its result is minus its fees.
 */
#include "executors/exposure.h"
#include "executors/factory.h"
#include "executors/mark.h"
#include "executors/recall.h"
#include "executors/registry.h"
#include "executors/report.h"
#include "executors/snapshot.h"

/* The first three are those of the order types. */
enum order_strategy {
    ORDER_STRATEGY_MARKET = ORDER_MARKET,
    ORDER_STRATEGY_LIMIT = ORDER_LIMIT,
    ORDER_STRATEGY_LIMIT_MAKER = ORDER_LIMIT_MAKER,
    ORDER_STRATEGY_LIMIT_CHASER,
};

static const struct field_name order_strategy_names[] = {
    {"MARKET", ORDER_STRATEGY_MARKET},
    {"LIMIT", ORDER_STRATEGY_LIMIT},
    {"LIMIT_MAKER", ORDER_STRATEGY_LIMIT_MAKER},
    {"LIMIT_CHASER", ORDER_STRATEGY_LIMIT_CHASER},
    {NULL, 0},
};

struct order_chaser {
    struct decimal distance;          /* From the mark to the order, as a fraction of the mark. */
    struct decimal refresh_threshold; /* Beyond this fraction of the mark it is placed anew. */
};

struct order_config {
    struct exposure_config exposure;
    struct decimal amount; /* Base. */
    struct decimal price;
    bool has_price;
    int execution_strategy;            /* enum order_strategy */
    int position_action;               /* enum position_action */
    const struct order_chaser *chaser; /* NULL: none. */
};

static const struct field order_chaser_fields[] = {
    {.name = "distance",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct order_chaser, distance),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .max = "1",
     .max_excluded = true,
     .doc = "How far behind the best price of its own side the order is placed."},
    {.name = "refresh_threshold",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct order_chaser, refresh_threshold),
     .is_required = true,
     .unit = "fraction",
     .min = "0",
     .min_excluded = true,
     .max = "1",
     .max_excluded = true,
     .doc = "When that price is farther away than this, the order is placed anew."},
    {0},
};

static const struct field order_config_fields[] = {
    EXPOSURE_CONFIG_FIELDS,
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct order_config, amount),
     .is_required = true,
     .unit = "base",
     .min = "0",
     .min_excluded = true,
     .max = EXPOSURE_AMOUNT_MAX,
     .doc = "How much is traded; rounded down to the instrument's step."},
    {.name = "execution_strategy",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct order_config, execution_strategy),
     .is_required = true,
     .names = order_strategy_names,
     .doc = "LIMIT_MAKER keeps to its own side of the book; LIMIT_CHASER follows it."},
    {.name = "price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct order_config, price),
     .set_offset = offsetof(struct order_config, has_price),
     .is_nullable = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .max = EXPOSURE_AMOUNT_MAX,
     .doc = "Needed for LIMIT and LIMIT_MAKER, ignored by the others."},
    {.name = "chaser_config",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct order_config, chaser),
     .fields = order_chaser_fields,
     .size = sizeof(struct order_chaser),
     .doc = "Needed for LIMIT_CHASER."},
    {.name = "position_action",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct order_config, position_action),
     .default_text = "OPEN",
     .names = position_action_names,
     .doc = "Perpetuals: CLOSE reduces a position and needs no margin."},
    EXPOSURE_LEVEL_ID_FIELD,
    {0},
};

static const struct order_config *order_config_of(const struct exposure *order)
{
    return (const struct order_config *)order->executor.config;
}

static enum err order_validate(const struct executor_config *config, const char *path,
                               const struct node *node, struct problems *problems)
{
    const struct order_config *order = (const struct order_config *)config;
    switch ((enum order_strategy)order->execution_strategy) {
    case ORDER_STRATEGY_LIMIT:
    case ORDER_STRATEGY_LIMIT_MAKER:
        if (!order->has_price) {
            factory_add_problem(problems, node, path, "price",
                                "missing, LIMIT and LIMIT_MAKER need a price");
            return ERR_SYNTAX;
        }
        return ERR_NONE;
    case ORDER_STRATEGY_LIMIT_CHASER:
        if (order->chaser == NULL) {
            factory_add_problem(problems, node, path, "chaser_config",
                                "missing, LIMIT_CHASER needs distance and refresh_threshold");
            return ERR_SYNTAX;
        }
        return ERR_NONE;
    case ORDER_STRATEGY_MARKET:
        break;
    }
    return ERR_NONE;
}

/* The price of an order placed now, before it is rounded; of MARKET the one it will about fill at.
 */
static struct decimal order_wanted(const struct order_config *config,
                                   const struct market_view *market)
{
    const bool buys = config->exposure.side == SIDE_BUY;
    const struct decimal mark = buys ? market->bid : market->ask;
    switch ((enum order_strategy)config->execution_strategy) {
    case ORDER_STRATEGY_LIMIT:
        return config->price;
    case ORDER_STRATEGY_LIMIT_MAKER:
        return buys ? decimal_min(config->price, mark) : decimal_max(config->price, mark);
    case ORDER_STRATEGY_LIMIT_CHASER: {
        const struct decimal distance = config->chaser->distance;
        return decimal_multiply(mark, buys ? decimal_subtract(DECIMAL_ONE, distance)
                                           : decimal_add(DECIMAL_ONE, distance));
    }
    case ORDER_STRATEGY_MARKET:
        break;
    }
    return buys ? market->ask : market->bid;
}

static void order_plan(const struct executor_config *config, const struct executor_view *view,
                       struct executor_plans *ret_plans)
{
    const struct order_config *order = (const struct order_config *)config;
    const struct market_view *market = &view->markets[0];
    if (market->instrument->is_perpetual && order->position_action == POSITION_ACTION_CLOSE) {
        ret_plans->count = 0; /* The position itself is what it needs. */
        return;
    }
    exposure_plan(&order->exposure, market->instrument, order->amount,
                  decimal_multiply(order->amount, order_wanted(order, market)), ret_plans);
}

static struct target order_target(const struct executor_config *config)
{
    return (struct target){TARGET_BASE, ((const struct order_config *)config)->amount};
}

static struct moment order_moment(const struct exposure *order, const struct executor_view *view)
{
    return exposure_moment(order, view, order_wanted(order_config_of(order), &view->markets[0]));
}

/* An order for all that is missing. */
static struct order_draft order_draft_of(const struct exposure *order, const struct moment *moment)
{
    const struct order_config *config = order_config_of(order);
    const struct market_view market = {
        .instrument = moment->instrument, .bid = moment->bid, .ask = moment->ask};
    const struct decimal missing = decimal_subtract(config->amount, moment->gross);
    struct order_draft draft = {
        .role = ROLE_OPEN,
        .side = moment->side,
        .type = ORDER_LIMIT_MAKER,
        .amount = decimal_floor_to(missing, moment->instrument->step),
        .action = (enum position_action)config->position_action,
        .leverage = (uint32_t)config->exposure.leverage,
    };
    if (config->execution_strategy != ORDER_STRATEGY_LIMIT_CHASER) {
        draft.type = (enum order_type)config->execution_strategy;
    }
    if (draft.type != ORDER_MARKET) {
        draft.price = instrument_passive_price(moment->instrument, moment->side,
                                               order_wanted(config, &market));
    }
    return draft;
}

static bool order_is_sound(const struct order_draft *draft)
{
    return decimal_is_valid(draft->amount) && decimal_is_valid(draft->price);
}

/* Large enough, at its own price or, for MARKET, at the best bid. */
static bool order_is_tradable(const struct moment *moment, const struct order_draft *draft)
{
    if (!order_is_sound(draft)) {
        return false;
    }
    if (draft->type == ORDER_MARKET) {
        return instrument_is_tradable(moment->instrument, draft->amount, moment->bid);
    }
    return decimal_sign(draft->price) > 0 &&
           instrument_is_tradable(moment->instrument, draft->amount, draft->price);
}

static void order_on_start(struct executor *executor, const struct executor_view *view,
                           bool is_funded, struct executor_requests *requests)
{
    struct exposure *order = (struct exposure *)executor;
    const struct moment moment = order_moment(order, view);
    enum close_type close_type = CLOSE_FAILED;
    if (!is_funded) {
        close_type = CLOSE_INSUFFICIENT_BALANCE;
    } else if (moment.is_valid) {
        const struct order_draft draft = order_draft_of(order, &moment);
        if (order_is_tradable(&moment, &draft)) {
            close_type = CLOSE_NONE;
        } else if (order_is_sound(&draft)) {
            executor_skip_small(executor, requests, &draft);
        }
    }
    exposure_start(order, view, close_type);
}

/* Whether the market has run away from a resting order of a chaser. */
static bool order_is_left_behind(const struct exposure *order, const struct moment *moment,
                                 const struct ledger_order *live)
{
    const struct order_config *config = order_config_of(order);
    if (config->execution_strategy != ORDER_STRATEGY_LIMIT_CHASER ||
        live->state != LEDGER_ACKNOWLEDGED) {
        return false;
    }
    const struct decimal gap =
        mark_signed(moment->side, decimal_subtract(moment->mark, live->price));
    return decimal_less(decimal_multiply(moment->mark, config->chaser->refresh_threshold), gap);
}

/* Fills of an order that was given up came late: the live one would trade more than is missing. */
static bool order_asks_too_much(const struct exposure *order, const struct moment *moment,
                                const struct ledger_order *live)
{
    const struct decimal missing = decimal_subtract(order_config_of(order)->amount, moment->gross);
    return decimal_less(missing, decimal_subtract(live->amount, live->executed));
}

/* Takes the live order back when it has to go. */
static void order_watch(struct exposure *order, const struct moment *moment,
                        struct ledger_order *live, struct executor_requests *requests)
{
    if (live->type == ORDER_MARKET) {
        recall_time_out(&order->executor, live, moment->now_ns);
    }
    if (live->is_timed_out || live->is_cancel_requested ||
        order_asks_too_much(order, moment, live) || order_is_left_behind(order, moment, live)) {
        recall_order(live, moment->now_ns, 0, requests);
    }
}

/* Places what is missing; says why the executor has to be left, or CLOSE_NONE. */
static enum close_type order_place(struct exposure *order, const struct moment *moment,
                                   struct executor_requests *requests)
{
    const struct order_draft draft = order_draft_of(order, moment);
    if (!order_is_sound(&draft)) {
        return CLOSE_FAILED;
    }
    const bool has_fills = decimal_sign(moment->gross) > 0;
    if (has_fills && (decimal_sign(draft.amount) == 0 ||
                      decimal_less(draft.amount, moment->instrument->min_order_size))) {
        return CLOSE_POSITION_HOLD;
    }
    if (executor_is_waiting_to_open(&order->executor, moment->now_ns)) {
        executor_skip(requests, &draft, SKIP_RETRY_WAIT);
        return CLOSE_NONE;
    }
    if (!order_is_tradable(moment, &draft)) {
        executor_skip_small(&order->executor, requests, &draft);
        return has_fills ? CLOSE_POSITION_HOLD : CLOSE_NONE;
    }
    return executor_place(&order->executor, &draft, moment->now_ns, requests) ? CLOSE_NONE
                                                                              : CLOSE_FAILED;
}

static enum close_type order_run(struct exposure *order, const struct moment *moment,
                                 struct executor_requests *requests)
{
    if (!moment->is_valid) {
        return CLOSE_FAILED;
    }
    struct ledger_order *live = ledger_live(&order->executor.ledger, ROLE_OPEN);
    if (live != NULL) {
        order_watch(order, moment, live, requests);
    }
    if (executor_is_exhausted(&order->executor)) {
        return CLOSE_FAILED;
    }
    return live == NULL ? order_place(order, moment, requests) : CLOSE_NONE;
}

static enum err order_on_stop(struct executor *executor, const struct executor_view *view,
                              bool keep_position, struct executor_requests *requests)
{
    struct exposure *order = (struct exposure *)executor;
    const struct moment moment = order_moment(order, view);
    const bool reduces = order_config_of(order)->position_action == POSITION_ACTION_CLOSE;
    return exposure_stop(order, &moment, keep_position || reduces, requests);
}

/* Wakes when a chaser's order is left behind: mark - price > mark * threshold for a buy. */
static void order_wake_chaser(const struct exposure *order, const struct moment *moment,
                              const struct ledger_order *live, struct wake_levels *levels)
{
    const struct decimal threshold = order_config_of(order)->chaser->refresh_threshold;
    const struct decimal one = DECIMAL_ONE;
    const struct decimal factor =
        moment->side == SIDE_BUY ? decimal_subtract(one, threshold) : decimal_add(one, threshold);
    /* The product in the condition and this quotient are rounded. */
    const struct decimal rounding = {.raw = 4};
    const struct decimal slack = decimal_add(decimal_divide(rounding, factor), rounding);
    const struct decimal level = decimal_divide(live->price, factor);
    if (moment->side == SIDE_BUY) {
        mark_wake_above(levels, SIDE_BUY, moment->mark, decimal_subtract(level, slack));
    } else {
        mark_wake_below(levels, SIDE_SELL, moment->mark, decimal_add(level, slack));
    }
}

static void order_wake_live(const struct exposure *order, const struct moment *moment,
                            const struct ledger_order *live, struct wake *wake)
{
    if (live->is_cancel_requested) {
        recall_wake(live, wake);
    } else if (live->type == ORDER_MARKET) {
        recall_wake_time_out(live, wake);
    } else if (order_config_of(order)->execution_strategy == ORDER_STRATEGY_LIMIT_CHASER &&
               live->state == LEDGER_ACKNOWLEDGED) {
        order_wake_chaser(order, moment, live, &wake->markets[0]);
    }
}

/* Nothing is live although the executor goes on: it waits, or the order is worth too little. */
static void order_wake_unplaced(const struct exposure *order, const struct moment *moment,
                                struct wake *wake)
{
    if (executor_is_waiting_to_open(&order->executor, moment->now_ns)) {
        executor_wake_to_open(&order->executor, moment->now_ns, wake);
        return;
    }
    const struct order_draft draft = order_draft_of(order, moment);
    if (draft.type == ORDER_MARKET && decimal_sign(draft.amount) > 0) {
        mark_wake_above(&wake->markets[0], SIDE_BUY, moment->bid,
                        mark_of_notional(moment->instrument, draft.amount));
    } else {
        wake->markets[0].every_quote = true; /* Its price follows the book. */
    }
}

/* What it waits for at that moment. */
static struct wake order_wake_at(const struct exposure *order, const struct moment *moment)
{
    struct wake wake;
    if (!exposure_wake(order, moment, &wake)) {
        return wake;
    }
    const struct ledger_order *live = ledger_live(&order->executor.ledger, ROLE_OPEN);
    if (live != NULL) {
        order_wake_live(order, moment, live, &wake);
    } else {
        order_wake_unplaced(order, moment, &wake);
    }
    return wake;
}

static void order_wake(const struct executor *executor, const struct executor_view *view,
                       struct wake *ret_wake)
{
    const struct exposure *order = (const struct exposure *)executor;
    if (exposure_is_guarded(order, view)) {
        *ret_wake = guard_wake(&order->guard, exposure_side(order));
        return;
    }
    const struct moment moment = order_moment(order, view);
    *ret_wake = order_wake_at(order, &moment);
}

static void order_on_market(struct executor *executor, const struct executor_view *view,
                            struct executor_requests *requests)
{
    struct exposure *order = (struct exposure *)executor;
    if (exposure_is_guarded(order, view)) {
        return;
    }
    const struct moment moment = order_moment(order, view);
    enum close_type close_type = CLOSE_NONE;
    if (executor->status == EXECUTOR_RUNNING) {
        close_type = order_run(order, &moment, requests);
    }
    exposure_settle(order, &moment, close_type, requests);
    const struct wake wake = order_wake_at(order, &moment);
    guard_raise(&order->guard, executor, moment.side, &wake);
}

static void order_report(const struct executor *executor, const struct executor_view *view,
                         struct executor_report *ret_report)
{
    const struct exposure *order = (const struct exposure *)executor;
    struct moment moment = order_moment(order, view);
    if (order_config_of(order)->position_action == POSITION_ACTION_CLOSE) {
        moment.net = decimal_negate(moment.fees);
        moment.net_pct = moment_ratio(moment.net, moment.basis);
    }
    report_position(executor, &moment, ret_report);
}

static void order_custom_info(const struct executor *executor, const struct executor_view *view,
                              struct text *out)
{
    const struct exposure *order = (const struct exposure *)executor;
    const struct moment moment = order_moment(order, view);
    const struct ledger_order *last = ledger_find(&executor->ledger, executor->ledger.count);
    const bool has_fills = !decimal_is_valid(moment.gross) || decimal_sign(moment.gross) > 0;
    exposure_custom_info(order, &moment, out);
    json_put_string(
        out, "execution_strategy",
        field_name_of(order_strategy_names, order_config_of(order)->execution_strategy));
    json_key(out, "order_id");
    if (last == NULL) {
        json_null(out);
    } else {
        char id[ORDER_ID_TEXT_MAX];
        (void)order_id_print(executor_order_id(executor, last->ordinal), id);
        json_string(out, id);
    }
    report_put_optional(out, "order_placed_at", last != NULL,
                        instant_seconds(last == NULL ? 0 : last->placed_at_ns));
    report_put_optional(out, "executed_amount_base", true, moment.gross);
    report_put_optional(out, "average_executed_price", has_fills, moment.entry);
}

static void order_save(const struct executor *executor, struct text *out)
{
    snapshot_put_final(out, &((const struct exposure *)executor)->final);
}

static enum err order_load(struct executor *executor, const struct node *node)
{
    if (!ledger_is_exclusive(&executor->ledger)) {
        return ERR_CORRUPT;
    }
    return snapshot_get_final(node, &((struct exposure *)executor)->final);
}

const struct executor_kind executor_kind_order = {
    .type = "order_executor",
    .summary = "Trades one amount to its completion: at market, at a limit, or chasing the book.",
    .config_fields = order_config_fields,
    .config_size = sizeof(struct order_config),
    .state_size = sizeof(struct exposure),
    .market_count = 1,
    .validate = order_validate,
    .market = exposure_market,
    .plan = order_plan,
    .target = order_target,
    .on_start = order_on_start,
    .on_market = order_on_market,
    .on_order = executor_on_order,
    .on_stop = order_on_stop,
    .wake = order_wake,
    .report = order_report,
    .custom_info = order_custom_info,
    .save = order_save,
    .load = order_load,
};
