#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chart.h"
#include "app/markup.h"
#include "app/page.h"

enum {
    PAGE_CURVES_MAX = 6, /* Controllers with a curve of their own; more would hide each other. */
    PAGE_INSTRUMENTS_MAX = 12,
    PAGE_FILLS_MAX = 2000, /* Per instrument, the newest. */
    PAGE_HINT_MAX = 160,
};

/* ---- The result over time ---- */

/* What each controller had last, the sum of it, and the curves of both. */
struct page_results {
    struct page *page;
    size_t count;
    struct decimal *newest; /* In the order of the report's controllers. */
    struct decimal sum;
    struct chart_curve *total;
    struct chart_curve *parts; /* PAGE_CURVES_MAX of them. */
};

/* controller, time, result */
static bool page_results_visit(void *context, int count, const char *const *names,
                               const char *const *values)
{
    (void)count;
    (void)names;
    struct page_results *results = context;
    size_t index = 0;
    for (const struct report_sums *i = results->page->report->controllers;
         i != NULL && strcmp(i->controller_id, values[0]) != 0; i = i->next) {
        index++;
    }
    struct chart_point point = {.time_ns = strtoll(values[1], NULL, 10)};
    if (index >= results->count || values[2] == NULL ||
        decimal_parse(values[2], strlen(values[2]), &point.value) != ERR_NONE) {
        return true; /* Of a controller that had no executor. */
    }
    const struct decimal change = decimal_subtract(point.value, results->newest[index]);
    results->newest[index] = point.value;
    results->sum = decimal_add(results->sum, change);
    if (index < PAGE_CURVES_MAX) {
        chart_curve_add(&results->parts[index], point);
    }
    if (decimal_is_valid(results->sum)) {
        point.value = results->sum;
        chart_curve_add(results->total, point);
    }
    return true;
}

static void page_results_draw(const struct page_results *results)
{
    struct text *out = &results->page->out;
    const bool has_parts = results->count > 1 && results->count <= PAGE_CURVES_MAX;
    struct chart chart = {.out = out};
    if (results->total->seen == 0) {
        return;
    }
    chart_fit_curve(&chart, results->total);
    for (size_t i = 0; i < results->count && has_parts; i++) {
        chart_fit_curve(&chart, &results->parts[i]);
    }
    text_append_string(out, "<h2>Result</h2>\n");
    chart_begin(&chart, "Net pnl: realized and unrealized, less fees");
    for (size_t i = 0; i < results->count && has_parts; i++) {
        char css_class[40];
        (void)snprintf(css_class, sizeof(css_class), "curve part c%zu", i);
        chart_draw_steps(&chart, &results->parts[i], css_class);
    }
    chart_draw_steps(&chart, results->total, "curve");
    chart_end(&chart);
    if (has_parts) {
        text_append_string(out, "<p class=\"legend\"><span class=\"total\">all</span>");
        size_t index = 0;
        for (const struct report_sums *i = results->page->report->controllers; i != NULL;
             i = i->next) {
            text_printf(out, "<span class=\"c%zu\">", index++);
            markup_escape(out, i->controller_id);
            text_append_string(out, "</span>");
        }
        text_append_string(out, "</p>\n");
    }
}

void page_results(struct page *page)
{
    struct page_results results = {.page = page};
    for (const struct report_sums *i = page->report->controllers; i != NULL; i = i->next) {
        results.count++;
    }
    results.newest = page_allocate(page, results.count + 1, sizeof(*results.newest));
    results.total = page_allocate(page, 1, sizeof(*results.total));
    results.parts = page_allocate(page, PAGE_CURVES_MAX, sizeof(*results.parts));
    page_query(page,
               "SELECT controller_id, ts, json_extract(report, '$.global_pnl_quote')"
               " FROM performance WHERE controller_id <> '' ORDER BY rowid",
               NULL, page_results_visit, &results);
    if (page->err == ERR_NONE) {
        page_results_draw(&results);
    }
    free(results.parts);
    free(results.total);
    free(results.newest);
}

/* ---- Fills ---- */

struct page_fill {
    struct chart_point point;
    bool is_buy;
    bool is_linked; /* To the fill before it of the same executor. */
    struct chart_point before;
    char hint[PAGE_HINT_MAX];
};

struct page_fills {
    struct page *page;
    uint32_t instruments;
    uint32_t count;          /* Of the instrument that is being drawn. */
    struct page_fill *fills; /* PAGE_FILLS_MAX of them. */
};

/* time, price, side, hint, time and price of the fill before it of the same executor */
static bool page_fills_visit(void *context, int count, const char *const *names,
                             const char *const *values)
{
    (void)count;
    (void)names;
    struct page_fills *fills = context;
    if (fills->count == PAGE_FILLS_MAX) {
        return false;
    }
    struct page_fill *fill = &fills->fills[fills->count];
    *fill = (struct page_fill){.point.time_ns = strtoll(values[0], NULL, 10),
                               .is_buy = strcmp(values[2], "BUY") == 0};
    if (decimal_parse(values[1], strlen(values[1]), &fill->point.value) != ERR_NONE) {
        return true;
    }
    (void)snprintf(fill->hint, sizeof(fill->hint), "%s", values[3]);
    if (values[4] != NULL && values[5] != NULL) {
        fill->before.time_ns = strtoll(values[4], NULL, 10);
        fill->is_linked =
            decimal_parse(values[5], strlen(values[5]), &fill->before.value) == ERR_NONE;
    }
    fills->count++;
    return true;
}

static void page_fills_draw(const struct page_fills *fills, const char *instrument)
{
    struct chart chart = {.out = &fills->page->out};
    for (uint32_t i = 0; i < fills->count; i++) {
        chart_fit(&chart, &fills->fills[i].point, 1);
        chart_fit(&chart, &fills->fills[i].before, fills->fills[i].is_linked ? 1 : 0);
    }
    if (chart.fitted == 0) {
        return;
    }
    chart_begin(&chart, instrument);
    for (uint32_t i = 0; i < fills->count; i++) {
        if (fills->fills[i].is_linked) {
            chart_draw_line(&chart, fills->fills[i].before, fills->fills[i].point, "held");
        }
    }
    for (uint32_t i = 0; i < fills->count; i++) {
        const struct page_fill *fill = &fills->fills[i];
        chart_draw_mark(&chart, fill->point, fill->is_buy ? CHART_MARK_UP : CHART_MARK_DOWN,
                        fill->is_buy ? "buy" : "sell", fill->hint);
    }
    chart_end(&chart);
}

/* venue and pair */
static bool page_instruments_visit(void *context, int count, const char *const *names,
                                   const char *const *values)
{
    (void)count;
    (void)names;
    struct page_fills *fills = context;
    fills->count = 0;
    page_query(fills->page,
               "SELECT ts, price, side, side || ' ' || amount || ' at ' || price || ', ' ||"
               " liquidity || ', ' || executor_id, LAG(ts) OVER own, LAG(price) OVER own FROM fill"
               " WHERE venue || ' ' || trading_pair = ?1"
               " WINDOW own AS (PARTITION BY executor_id ORDER BY ts, trade_id)"
               " ORDER BY ts DESC",
               values[0], page_fills_visit, fills);
    if (fills->page->err == ERR_NONE) {
        page_fills_draw(fills, values[0]);
    }
    return fills->page->err == ERR_NONE && ++fills->instruments < PAGE_INSTRUMENTS_MAX;
}

void page_fills(struct page *page)
{
    struct page_fills fills = {
        .page = page, .fills = page_allocate(page, PAGE_FILLS_MAX, sizeof(struct page_fill))};
    if (page->report->total.fills > 0) {
        text_printf(&page->out,
                    "<h2>Fills</h2>\n<p>Up: bought, down: sold; a dashed line joins the fills of "
                    "an executor. The last %d of an instrument, the %d instruments with most; all "
                    "of them: <code>tutti report --csv fills DATABASE</code></p>\n",
                    PAGE_FILLS_MAX, PAGE_INSTRUMENTS_MAX);
    }
    page_query(page,
               "SELECT venue || ' ' || trading_pair FROM fill GROUP BY 1 ORDER BY COUNT(*) DESC, 1",
               NULL, page_instruments_visit, &fills);
    free(fills.fills);
}
