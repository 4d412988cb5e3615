#include "market/performance.h"

#include "base/assert.h"
#include "market/statistics.h"

/* a / b, 0 when b is 0. */
static struct decimal performance_ratio(struct decimal a, struct decimal b)
{
    return b.raw == 0 ? DECIMAL_ZERO : decimal_divide(a, b);
}

/* Hummingbot's percentages are of the traded volume. */
static struct decimal performance_percent(struct decimal value, struct decimal volume)
{
    return performance_ratio(decimal_multiply(value, decimal_from_int(100)), volume);
}

static struct decimal performance_share(uint64_t part, uint64_t whole)
{
    return performance_ratio(decimal_from_int((int64_t)part), decimal_from_int((int64_t)whole));
}

static void performance_check(const struct performance *performance)
{
    ASSERT(performance->winners + performance->losers <= performance->traded);
    ASSERT(performance->traded <= performance->report.executors_closed);
    ASSERT(decimal_sign(performance->report.max_drawdown_quote) >= 0);
}

void performance_init(struct performance *performance, struct decimal capital_quote)
{
    ASSERT(decimal_sign(capital_quote) >= 0);
    *performance = (struct performance){.report = {.capital_quote = capital_quote}};
}

void performance_on_closed(struct performance *performance, unsigned close_type,
                           struct decimal net_pnl_quote, bool has_filled)
{
    ASSERT(close_type < CLOSE_TYPE_COUNT);
    performance->report.close_type_counts[close_type]++;
    performance->report.executors_closed++;
    if (!has_filled) {
        return;
    }
    performance->traded++;
    performance->pnl_sum = decimal_add(performance->pnl_sum, net_pnl_quote);
    performance->pnl_square_sum =
        decimal_add(performance->pnl_square_sum, decimal_multiply(net_pnl_quote, net_pnl_quote));
    const int sign = decimal_is_valid(net_pnl_quote) ? decimal_sign(net_pnl_quote) : 0;
    if (sign > 0) {
        performance->winners++;
        performance->wins_quote = decimal_add(performance->wins_quote, net_pnl_quote);
    } else if (sign < 0) {
        performance->losers++;
        performance->losses_quote = decimal_subtract(performance->losses_quote, net_pnl_quote);
    }
    performance_check(performance);
}

void performance_on_fill(struct performance *performance, bool is_buy, struct decimal notional)
{
    struct decimal *side_quote = is_buy ? &performance->bought_quote : &performance->sold_quote;
    *side_quote = decimal_add(*side_quote, notional);
    performance->report.volume_traded = decimal_add(performance->report.volume_traded, notional);
    performance->report.fills++;
}

static void performance_follow_peak(struct performance *performance)
{
    struct performance_report *report = &performance->report;
    if (!decimal_is_valid(report->global_pnl_quote)) {
        return;
    }
    performance->peak_pnl_quote =
        decimal_max(performance->peak_pnl_quote, report->global_pnl_quote);
    const struct decimal fall =
        decimal_subtract(performance->peak_pnl_quote, report->global_pnl_quote);
    if (decimal_is_valid(fall)) {
        report->max_drawdown_quote = decimal_max(report->max_drawdown_quote, fall);
    }
}

static void performance_refresh_ratios(struct performance *performance)
{
    struct performance_report *report = &performance->report;
    const struct decimal volume = report->volume_traded;
    report->return_on_capital = performance_ratio(report->global_pnl_quote, report->capital_quote);
    report->realized_pnl_pct = performance_percent(report->realized_pnl_quote, volume);
    report->unrealized_pnl_pct = performance_percent(report->unrealized_pnl_quote, volume);
    report->global_pnl_pct = performance_percent(report->global_pnl_quote, volume);
    report->win_rate = performance_share(performance->winners, performance->traded);
    report->profit_factor = performance_ratio(performance->wins_quote, performance->losses_quote);
    report->inventory_imbalance = performance_ratio(
        decimal_subtract(performance->bought_quote, performance->sold_quote), volume);
    report->sharpe_ratio =
        statistics_sharpe(&(struct statistics_sums){.count = performance->traded,
                                                    .sum = performance->pnl_sum,
                                                    .square_sum = performance->pnl_square_sum});
}

void performance_refresh(struct performance *performance, const struct performance_sums *sums)
{
    struct performance_report *report = &performance->report;
    report->realized_pnl_quote = sums->realized_pnl_quote;
    report->unrealized_pnl_quote = sums->unrealized_pnl_quote;
    report->fees_quote = sums->fees_quote;
    report->funding_quote = sums->funding_quote;
    const struct decimal gross = decimal_add(sums->realized_pnl_quote, sums->unrealized_pnl_quote);
    report->global_pnl_quote =
        decimal_add(decimal_subtract(gross, sums->fees_quote), sums->funding_quote);
    if (!sums->is_partial) {
        performance_follow_peak(performance);
    }
    performance_refresh_ratios(performance);
    performance_check(performance);
}

void performance_restart_peak(struct performance *performance)
{
    performance->peak_pnl_quote = performance->report.global_pnl_quote;
}
