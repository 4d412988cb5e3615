/*
 * Trigger executor: trades once, at the market, when the price is good enough.
 *
 * A small but complete executor kind, as a plugin. It buys when the ask has fallen to its trigger
 * price, or sells when the bid has risen to it, and then hands the position over. A stop before
 * that ends it; one in between closes what was bought, or keeps it.
 *
 * What to look at when you write your own: nothing is remembered that the ledger knows; the end is
 * left to the shutdown rule, which cancels, closes and waits as for every other kind; `wake` says
 * before which price nothing can happen, and when in doubt wakes at every quote.
 */
#include "executors/moment.h"
#include "executors/plugin.h"
#include "executors/report.h"
#include "executors/shutdown.h"
#include "executors/snapshot.h"

/* The configuration begins with what all kinds have. */
struct trigger_config {
    struct executor_config common;
    const char *connector_name;
    const char *trading_pair;
    int side;              /* enum side */
    struct decimal amount; /* Base. */
    struct decimal trigger_price;
};

/* The state, too. Only what cannot be derived from the ledger is kept. */
struct trigger {
    struct executor executor;
    struct quote final; /* The market when it ended: its figures stay those. */
};

/* One table parses, validates, prints, and writes the schema and the manual. */
static const struct field trigger_config_fields[] = {
    EXECUTOR_CONFIG_FIELDS,
    {.name = "connector_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct trigger_config, connector_name),
     .is_required = true,
     .doc = "Name of a venue of the run."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct trigger_config, trading_pair),
     .is_required = true,
     .doc = "BASE-QUOTE."},
    {.name = "side",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct trigger_config, side),
     .names = side_names,
     .is_required = true,
     .doc = "BUY when the price falls to the trigger, SELL when it rises to it."},
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trigger_config, amount),
     .is_required = true,
     .unit = "base",
     .min = "0",
     .min_excluded = true,
     .max = "1000000000",
     .doc = "Rounded down to the instrument's step."},
    {.name = "trigger_price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct trigger_config, trigger_price),
     .is_required = true,
     .unit = "quote",
     .min = "0",
     .min_excluded = true,
     .max = "1000000000",
     .doc = "The worst best price at which it trades."},
    {0},
};

static const struct trigger_config *trigger_config_of(const struct executor *executor)
{
    return (const struct trigger_config *)executor->config;
}

static void trigger_market(const struct executor_config *config, uint32_t market,
                           const char **ret_connector, const char **ret_trading_pair)
{
    (void)market; /* There is one. */
    const struct trigger_config *trigger = (const struct trigger_config *)config;
    *ret_connector = trigger->connector_name;
    *ret_trading_pair = trigger->trading_pair;
}

/* A buy needs quote, a sell on a spot market the base asset itself. */
static void trigger_plan(const struct executor_config *config, const struct executor_view *view,
                         struct executor_plans *ret_plans)
{
    const struct trigger_config *trigger = (const struct trigger_config *)config;
    const bool is_base = trigger->side == SIDE_SELL && !view->markets[0].instrument->is_perpetual;
    const struct decimal notional = decimal_multiply(trigger->amount, trigger->trigger_price);
    ret_plans->count = 1;
    ret_plans->items[0] = (struct executor_plan){
        .is_base = is_base,
        .amount = is_base ? trigger->amount : notional,
    };
}

/* The figures of the position: now, or as they were when it ended. */
static struct moment trigger_moment(const struct executor *executor,
                                    const struct executor_view *view)
{
    const struct trigger *trigger = (const struct trigger *)executor;
    const struct trigger_config *config = trigger_config_of(executor);
    const struct market_view *market = &view->markets[0];
    const struct quote now = {view->now_ns, market->bid, market->ask};
    return moment_of_position(executor, (enum side)config->side,
                              executor->status == EXECUTOR_TERMINATED ? &trigger->final : &now,
                              config->trigger_price);
}

/* What is left to trade, on the step grid. */
static struct decimal trigger_missing(const struct executor *executor)
{
    const struct decimal missing =
        decimal_subtract(trigger_config_of(executor)->amount, executor->ledger.opening.executed);
    return decimal_floor_to(missing, executor->instruments[0]->step);
}

/* Nothing is left, or less than the venue takes. */
static bool trigger_is_done(const struct executor *executor)
{
    const struct decimal missing = trigger_missing(executor);
    return decimal_sign(missing) == 0 ||
           decimal_less(missing, executor->instruments[0]->min_order_size);
}

/* Whether a quote is good enough. */
static bool trigger_is_reached(const struct executor *executor, const struct market_view *market)
{
    const struct trigger_config *config = trigger_config_of(executor);
    return config->side == SIDE_BUY ? !decimal_less(config->trigger_price, market->ask)
                                    : !decimal_less(market->bid, config->trigger_price);
}

static void trigger_on_start(struct executor *executor, const struct executor_view *view,
                             bool is_funded, struct executor_requests *requests)
{
    struct trigger *trigger = (struct trigger *)executor;
    const struct market_view *market = &view->markets[0];
    trigger->final = (struct quote){view->now_ns, market->bid, market->ask};
    if (is_funded && !trigger_is_done(executor)) {
        executor_set_status(executor, EXECUTOR_RUNNING);
        return;
    }
    if (is_funded) {
        const struct trigger_config *config = trigger_config_of(executor);
        const struct order_draft draft = {.role = ROLE_OPEN,
                                          .side = (enum side)config->side,
                                          .type = ORDER_MARKET,
                                          .amount = config->amount};
        executor_skip(requests, &draft, SKIP_BELOW_MIN_SIZE);
    }
    executor->close_type = is_funded ? CLOSE_FAILED : CLOSE_INSUFFICIENT_BALANCE;
    executor->closed_at_ns = view->now_ns;
    executor_set_status(executor, EXECUTOR_TERMINATED);
}

/* Sends what is missing. False when the ledger takes no more orders. */
static bool trigger_place(struct executor *executor, const struct market_view *market,
                          int64_t now_ns, struct executor_requests *requests)
{
    const struct order_draft draft = {
        .role = ROLE_OPEN,
        .side = (enum side)trigger_config_of(executor)->side,
        .type = ORDER_MARKET,
        .amount = trigger_missing(executor),
    };
    return !instrument_is_tradable(market->instrument, draft.amount, market->bid) ||
           executor_place(executor, &draft, now_ns, requests);
}

/* One evaluation while it is RUNNING. */
static void trigger_run(struct executor *executor, const struct executor_view *view,
                        struct executor_requests *requests)
{
    const struct market_view *market = &view->markets[0];
    bool has_failed = executor_is_exhausted(executor);
    if (!has_failed && executor->ledger.live_count > 0) {
        return; /* What becomes of the order is told by an event. */
    }
    if (!has_failed && trigger_is_done(executor)) {
        executor_leave(executor, CLOSE_POSITION_HOLD, SHUTDOWN_HOLD, view->now_ns);
        return;
    }
    if (!has_failed && trigger_is_reached(executor, market) &&
        !executor_is_waiting_to_open(executor, view->now_ns)) {
        has_failed = !trigger_place(executor, market, view->now_ns, requests);
    }
    if (has_failed) {
        executor_leave(executor, CLOSE_FAILED, SHUTDOWN_FAIL, view->now_ns);
    }
}

static struct holding trigger_holding(const struct moment *moment)
{
    return (struct holding){
        .side = moment->side, .remaining = moment->remaining, .mark = moment->mark};
}

/* Hands everything that has to do with ending to the rule of all kinds. */
static void trigger_shut_down(struct executor *executor, const struct executor_view *view,
                              struct executor_requests *requests)
{
    struct trigger *trigger = (struct trigger *)executor;
    const struct moment moment = trigger_moment(executor, view);
    const struct holding holding = trigger_holding(&moment);
    shutdown_step(executor, &holding, view->now_ns, requests);
    if (executor->status == EXECUTOR_TERMINATED) {
        trigger->final = (struct quote){view->now_ns, moment.bid, moment.ask};
    }
}

static void trigger_on_market(struct executor *executor, const struct executor_view *view,
                              struct executor_requests *requests)
{
    if (executor->status == EXECUTOR_RUNNING) {
        trigger_run(executor, view, requests);
    }
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        trigger_shut_down(executor, view, requests);
    }
}

static enum err trigger_on_stop(struct executor *executor, const struct executor_view *view,
                                bool keep_position, struct executor_requests *requests)
{
    if (executor->status != EXECUTOR_RUNNING) {
        return ERR_STATE;
    }
    executor_leave(executor, keep_position ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                   keep_position ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE, view->now_ns);
    trigger_shut_down(executor, view, requests);
    return ERR_NONE;
}

static void trigger_wake(const struct executor *executor, const struct executor_view *view,
                         struct wake *ret_wake)
{
    *ret_wake = wake_never();
    const struct trigger_config *config = trigger_config_of(executor);
    struct wake_levels *levels = &ret_wake->markets[0];
    if (executor->status == EXECUTOR_SHUTTING_DOWN) {
        const struct moment moment = trigger_moment(executor, view);
        const struct holding holding = trigger_holding(&moment);
        shutdown_wake(executor, &holding, view->now_ns, ret_wake);
        return;
    }
    if (executor->status == EXECUTOR_TERMINATED || executor->ledger.live_count > 0) {
        return;
    }
    executor_wake_to_open(executor, view->now_ns, ret_wake);
    /* Reached and still nothing in the book: it was too small for the venue, or has to wait. */
    levels->every_quote = trigger_is_reached(executor, &view->markets[0]);
    wake_add_level(levels, config->side == SIDE_BUY ? WAKE_ASK_AT_MOST : WAKE_BID_AT_LEAST,
                   config->trigger_price);
}

static void trigger_report(const struct executor *executor, const struct executor_view *view,
                           struct executor_report *ret_report)
{
    const struct moment moment = trigger_moment(executor, view);
    report_position(executor, &moment, ret_report);
}

static void trigger_custom_info(const struct executor *executor, const struct executor_view *view,
                                struct text *out)
{
    (void)view;
    json_put_decimal(out, "trigger_price", trigger_config_of(executor)->trigger_price);
    json_put_decimal(out, "missing", trigger_missing(executor));
}

static void trigger_save(const struct executor *executor, struct text *out)
{
    snapshot_put_final(out, &((const struct trigger *)executor)->final);
}

static enum err trigger_load(struct executor *executor, const struct node *node)
{
    return snapshot_get_final(node, &((struct trigger *)executor)->final);
}

static const struct executor_kind executor_kind_trigger = {
    .type = "trigger_executor",
    .summary = "Trades once at the market when the price is good enough, and hands it over.",
    .config_fields = trigger_config_fields,
    .config_size = sizeof(struct trigger_config),
    .state_size = sizeof(struct trigger),
    .market_count = 1,
    .market = trigger_market,
    .plan = trigger_plan,
    .on_start = trigger_on_start,
    .on_market = trigger_on_market,
    .on_order = executor_on_order,
    .on_stop = trigger_on_stop,
    .wake = trigger_wake,
    .report = trigger_report,
    .custom_info = trigger_custom_info,
    .save = trigger_save,
    .load = trigger_load,
};

/* What the program looks for. */
static const struct executor_kind *const trigger_kinds[] = {&executor_kind_trigger, NULL};

extern const struct plugin tutti_plugin;
__attribute__((visibility("default"))) const struct plugin tutti_plugin = {
    PLUGIN_HEAD,
    .kinds = trigger_kinds,
};
