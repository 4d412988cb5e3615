#include "executors/exposure.h"

#include "executors/report.h"
#include "executors/shutdown.h"

void exposure_market(const struct executor_config *config, uint32_t market,
                     const char **ret_connector, const char **ret_trading_pair)
{
    ASSERT(market == 0);
    const struct exposure_config *exposure = (const struct exposure_config *)config;
    *ret_connector = exposure->connector_name;
    *ret_trading_pair = exposure->trading_pair;
}

void exposure_plan(const struct exposure_config *config, const struct instrument *instrument,
                   struct decimal amount, struct decimal quote, struct executor_plans *ret_plans)
{
    const bool is_base = config->side == SIDE_SELL && !instrument->is_perpetual;
    struct decimal wanted = is_base ? amount : quote;
    if (instrument->is_perpetual) {
        wanted = decimal_divide(wanted, decimal_from_int(config->leverage));
    }
    const struct decimal most = decimal_negate((struct decimal){.raw = DECIMAL_RAW_INVALID + 1});
    ret_plans->count = 1;
    ret_plans->items[0] = (struct executor_plan){
        .is_base = is_base, .amount = decimal_is_valid(wanted) ? wanted : most};
}

struct moment exposure_moment(const struct exposure *exposure, const struct executor_view *view,
                              struct decimal wanted)
{
    const struct market_view *market = &view->markets[0];
    struct quote quote = exposure->final;
    if (exposure->executor.status != EXECUTOR_TERMINATED) {
        ASSERT(view->market_count >= 1);
        quote = (struct quote){view->now_ns, market->bid, market->ask};
    }
    return moment_of_position(&exposure->executor, exposure_side(exposure), &quote, wanted);
}

void exposure_start(struct exposure *exposure, const struct executor_view *view,
                    enum close_type close_type)
{
    struct executor *executor = &exposure->executor;
    const struct market_view *market = &view->markets[0];
    exposure->final = (struct quote){view->now_ns, market->bid, market->ask};
    if (close_type == CLOSE_NONE) {
        executor_set_status(executor, EXECUTOR_RUNNING);
        return;
    }
    executor->close_type = close_type;
    executor->closed_at_ns = view->now_ns;
    executor_set_status(executor, EXECUTOR_TERMINATED);
}

static enum shutdown_mode exposure_mode(enum close_type close_type)
{
    if (close_type == CLOSE_FAILED) {
        return SHUTDOWN_FAIL;
    }
    const bool is_kept = close_type == CLOSE_COMPLETED || close_type == CLOSE_POSITION_HOLD;
    return is_kept ? SHUTDOWN_HOLD : SHUTDOWN_CLOSE;
}

static struct holding exposure_holding(const struct moment *moment)
{
    return (struct holding){
        .side = moment->side, .remaining = moment->remaining, .mark = moment->mark};
}

void exposure_settle(struct exposure *exposure, const struct moment *moment,
                     enum close_type close_type, struct executor_requests *requests)
{
    struct executor *executor = &exposure->executor;
    if (close_type != CLOSE_NONE) {
        executor_leave(executor, close_type, exposure_mode(close_type), moment->now_ns);
    }
    if (executor->status != EXECUTOR_SHUTTING_DOWN) {
        return;
    }
    const struct holding holding = exposure_holding(moment);
    shutdown_step(executor, &holding, moment->now_ns, requests);
    if (executor->status == EXECUTOR_TERMINATED) {
        exposure->final = (struct quote){moment->now_ns, moment->bid, moment->ask};
    }
}

enum err exposure_stop(struct exposure *exposure, const struct moment *moment, bool keep_position,
                       struct executor_requests *requests)
{
    if (exposure->executor.status != EXECUTOR_RUNNING) {
        return ERR_STATE;
    }
    exposure_settle(exposure, moment, keep_position ? CLOSE_POSITION_HOLD : CLOSE_EARLY_STOP,
                    requests);
    return ERR_NONE;
}

bool exposure_wake(const struct exposure *exposure, const struct moment *moment,
                   struct wake *ret_wake)
{
    const struct executor *executor = &exposure->executor;
    *ret_wake = wake_never();
    switch (executor->status) {
    case EXECUTOR_SHUTTING_DOWN: {
        const struct holding holding = exposure_holding(moment);
        shutdown_wake(executor, &holding, moment->now_ns, ret_wake);
        return false;
    }
    case EXECUTOR_NOT_STARTED:
        ret_wake->markets[0].every_quote = true;
        return false;
    case EXECUTOR_RUNNING:
        ret_wake->markets[0].every_quote = !moment->is_valid;
        return moment->is_valid;
    case EXECUTOR_TERMINATED:
        break;
    }
    return false;
}

void exposure_custom_info(const struct exposure *exposure, const struct moment *moment,
                          struct text *out)
{
    const struct exposure_config *config = exposure_config_of(exposure);
    json_put_int(out, "side", config->side);
    json_put_string(out, "level_id", config->level_id);
    json_put_int(out, "current_retries", exposure->executor.retries);
    json_put_int(out, "max_retries", config->common.max_retries);
    report_put_optional(out, "current_position_average_price", true, moment->entry);
    report_put_optional(out, "close_price", true, moment->mark);
    json_put_int(out, "orders", exposure->executor.ledger.count);
    report_put_orders(&exposure->executor, out);
}
