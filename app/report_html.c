#include <stdlib.h>
#include <string.h>

#include "app/markup.h"
#include "app/page.h"
#include "base/instant.h"
#include "executors/executor.h"

/* A table shows its first rows; which command prints all of them is said below it. */
enum { PAGE_ROWS_MAX = 500 };

/* A point in time in a table, from the column with its nanoseconds. */
#define TIME_OF(column) "strftime('%Y-%m-%d %H:%M:%S', " column " / 1000000000, 'unixepoch')"

void page_query(struct page *page, const char *sql, const char *parameter,
                bool (*visit)(void *context, int count, const char *const *names,
                              const char *const *values),
                void *context)
{
    if (page->err == ERR_NONE) {
        page->err = reader_query(page->reader, sql, parameter, visit, context, page->failure);
    }
}

void *page_allocate(struct page *page, size_t count, size_t size)
{
    void *taken = calloc(count, size);
    if (taken == NULL && page->err == ERR_NONE) {
        page->err = failure_set(page->failure, ERR_MEMORY, "no memory for the report");
    }
    return taken;
}

/* ---- Head ---- */

static const char page_style[] =
    ":root{color-scheme:light dark;--ink:#1c2430;--pale:#667085;--paper:#fff;--card:#f5f7fa;"
    "--rule:#e1e5eb;--up:#15803d;--down:#c2410c;--main:#2563eb;--a:#9333ea;--b:#0d9488;"
    "--c:#d97706;--d:#db2777;--e:#4d7c0f;--f:#64748b}\n"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e9ee;--pale:#98a2b3;--paper:#12161c;"
    "--card:#1b212a;--rule:#2c3440;--up:#4ade80;--down:#fb923c;--main:#60a5fa;--a:#c084fc;"
    "--b:#2dd4bf;--c:#fbbf24;--d:#f472b6;--e:#a3e635;--f:#94a3b8}}\n"
    "body{margin:0 auto;max-width:1100px;padding:24px;background:var(--paper);color:var(--ink);"
    "font:15px/1.5 system-ui,sans-serif}\n"
    "h1{margin:0;font-size:26px}h2{margin:36px 0 8px;font-size:18px}p{margin:4px 0;"
    "color:var(--pale)}code{font-size:13px;overflow-wrap:anywhere}\n"
    ".tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(120px,1fr));gap:12px;"
    "margin:20px 0}.tiles div{background:var(--card);border-radius:8px;padding:10px 14px}"
    ".tiles b{display:block;font-size:19px;font-variant-numeric:tabular-nums;"
    "overflow-wrap:anywhere}.tiles span{color:var(--pale)}\n"
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px}"
    "th,td{padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);text-align:left;"
    "white-space:nowrap}th{color:var(--pale);font-weight:600}td.n{text-align:right;"
    "font-variant-numeric:tabular-nums}th.n{text-align:right}\n"
    ".up{color:var(--up)}.down{color:var(--down)}\n"
    "svg{width:100%;height:auto;margin:4px 0 12px;font:12px system-ui,sans-serif}"
    "svg text{fill:var(--pale)}svg .title{fill:var(--ink);font-weight:600;font-size:14px}"
    "svg .value{text-anchor:end}svg .time{text-anchor:middle}svg .grid{stroke:var(--rule)}"
    "svg .zero{stroke:var(--pale)}.curve{fill:none;stroke:var(--main);stroke-width:2.5}"
    ".part{stroke-width:1.2}svg .held{stroke:var(--pale);stroke-dasharray:3 3;opacity:.7}"
    "svg .buy{fill:var(--up)}svg .sell{fill:var(--down)}\n"
    ".c0{stroke:var(--a);color:var(--a)}.c1{stroke:var(--b);color:var(--b)}"
    ".c2{stroke:var(--c);color:var(--c)}.c3{stroke:var(--d);color:var(--d)}"
    ".c4{stroke:var(--e);color:var(--e)}.c5{stroke:var(--f);color:var(--f)}"
    ".legend span{margin-right:16px}.legend .total{color:var(--main)}\n";

static void page_begin(struct page *page)
{
    const struct report *report = page->report;
    struct text *out = &page->out;
    char from[INSTANT_TEXT_MAX];
    char to[INSTANT_TEXT_MAX];
    char length[INSTANT_TEXT_MAX];
    (void)instant_print(report->started_ns, from);
    (void)instant_print(report->ended_ns, to);
    (void)duration_print(report->ended_ns - report->started_ns, length);
    text_append_string(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                            "<meta name=\"viewport\" content=\"width=device-width\"><title>");
    markup_escape(out, report->name);
    text_append_string(out, " - tutti</title>\n<style>\n");
    text_append_string(out, page_style);
    text_append_string(out, "</style></head><body>\n<h1>");
    markup_escape(out, report->name);
    text_append_string(out, "</h1>\n<p>");
    markup_escape(out, report->mode);
    text_append_string(out, ", ");
    markup_escape(out, report->state);
    text_append_string(out, report->reason[0] != '\0' ? ": " : "");
    markup_escape(out, report->reason);
    text_printf(out, "; %s to %s (%s)</p>\n", from, to, length);
}

/* The asset the sums are in; "" where a run has no position yet. */
static const char *page_unit(const struct report *report)
{
    if (report->quote_asset != NULL) {
        return report->quote_asset;
    }
    const char *dash =
        report->positions != NULL ? strchr(report->positions->trading_pair, '-') : NULL;
    return dash != NULL ? dash + 1 : "";
}

static const char *page_color(struct decimal value)
{
    const int sign = decimal_sign(value);
    return sign > 0 ? "up" : sign < 0 ? "down" : "";
}

/* As many digits as a tile has room for; the exact value is its hint. */
static struct decimal page_shorten(struct decimal value)
{
    const struct decimal size = decimal_absolute(value);
    const char *unit = decimal_less(decimal_from_int(100), size)    ? "0.01"
                       : decimal_less(decimal_literal("0.1"), size) ? "0.0001"
                                                                    : "0.00000001";
    return decimal_round_to(value, decimal_literal(unit));
}

static void page_tile_money(struct page *page, const char *label, struct decimal value,
                            const char *css_class)
{
    text_printf(&page->out, "<div><b class=\"%s\" title=\"", css_class);
    text_append_decimal(&page->out, value);
    text_append_string(&page->out, "\">");
    text_append_decimal(&page->out, page_shorten(value));
    text_printf(&page->out, "</b><span>%s ", label);
    markup_escape(&page->out, page_unit(page->report));
    text_append_string(&page->out, "</span></div>\n");
}

static void page_tile_count(struct page *page, uint64_t count, const char *label)
{
    text_printf(&page->out, "<div><b>%llu</b><span>%s</span></div>\n", (unsigned long long)count,
                label);
}

static struct decimal page_win_percent(const struct report_sums *sums)
{
    return decimal_round_to(decimal_multiply(report_win_rate(sums), decimal_from_int(100)),
                            decimal_literal("0.01"));
}

static void page_tiles(struct page *page)
{
    const struct report_sums *total = &page->report->total;
    text_append_string(&page->out, "<div class=\"tiles\">\n");
    const struct decimal global = report_global_pnl(total);
    page_tile_money(page, "global pnl", global, page_color(global));
    page_tile_money(page, "realized", total->realized_pnl_quote,
                    page_color(total->realized_pnl_quote));
    page_tile_money(page, "unrealized", total->unrealized_pnl_quote,
                    page_color(total->unrealized_pnl_quote));
    page_tile_money(page, "fees", total->fees_quote, "");
    if (decimal_sign(total->funding_quote) != 0) {
        page_tile_money(page, "funding", total->funding_quote, page_color(total->funding_quote));
    }
    page_tile_money(page, "volume", total->volume_quote, "");
    page_tile_money(page, "net pnl of executors", total->net_pnl_quote,
                    page_color(total->net_pnl_quote));
    page_tile_count(page, total->fills, "fills");
    page_tile_count(page, total->executors, "executors");
    page_tile_count(page, total->active, "still active");
    text_append_string(&page->out, "<div><b>");
    text_append_decimal(&page->out, page_win_percent(total));
    text_printf(&page->out, " %%</b><span>won, %llu of %llu that traded</span></div>\n</div>\n",
                (unsigned long long)total->winners, (unsigned long long)total->traded);
}

/* ---- Tables ---- */

struct page_table {
    struct page *page;
    const char *title;
    uint64_t rows;
};

static void page_table_begin(struct page_table *table)
{
    text_printf(&table->page->out, "<h2>%s</h2>\n<div class=\"wide\"><table>\n<tr>", table->title);
}

static void page_table_head(struct page_table *table, const char *name, bool is_number)
{
    text_append_string(&table->page->out, is_number ? "<th class=\"n\">" : "<th>");
    markup_escape(&table->page->out, name);
    text_append_string(&table->page->out, "</th>");
}

/* Numbers stand on the right; those of a column of results have the color of their sign. */
static void page_table_cell(struct page_table *table, const char *name, const char *value)
{
    struct decimal number;
    const bool is_number =
        value != NULL && decimal_parse(value, strlen(value), &number) == ERR_NONE;
    const bool is_result =
        is_number && (strstr(name, "pnl") != NULL || strcmp(name, "realized") == 0);
    text_append_string(&table->page->out, is_number ? "<td class=\"n" : "<td class=\"");
    text_printf(&table->page->out, " %s\">", is_result ? page_color(number) : "");
    markup_escape(&table->page->out, value);
    text_append_string(&table->page->out, "</td>");
}

static void page_table_end(struct page_table *table)
{
    text_append_string(&table->page->out, "</table></div>\n");
}

/* A table of what a query gives, with the names of its columns. */
static bool page_table_visit(void *context, int count, const char *const *names,
                             const char *const *values)
{
    struct page_table *table = context;
    if (table->rows++ == 0) {
        page_table_begin(table);
        for (int i = 0; i < count; i++) {
            struct decimal number;
            page_table_head(table, names[i],
                            values[i] != NULL &&
                                decimal_parse(values[i], strlen(values[i]), &number) == ERR_NONE);
        }
        text_append_string(&table->page->out, "</tr>\n");
    }
    text_append_string(&table->page->out, "<tr>");
    for (int i = 0; i < count; i++) {
        page_table_cell(table, names[i], values[i]);
    }
    text_append_string(&table->page->out, "</tr>\n");
    return table->rows < PAGE_ROWS_MAX;
}

/* Nothing when the query gives nothing. `name` is what `report --csv` calls the table; NULL:
 * it has no name there. */
static void page_table(struct page *page, const char *title, const char *sql, const char *name)
{
    struct page_table table = {.page = page, .title = title};
    page_query(page, sql, NULL, page_table_visit, &table);
    if (table.rows > 0) {
        page_table_end(&table);
    }
    if (table.rows == PAGE_ROWS_MAX && name != NULL) {
        text_printf(&page->out,
                    "<p>The first %d; all of them: <code>tutti report --csv %s DATABASE</code></p>"
                    "\n",
                    PAGE_ROWS_MAX, name);
    }
}

static void page_close_types(struct text *out, const struct report_sums *sums)
{
    const char *separator = "";
    for (int i = 1; i < CLOSE_TYPE_COUNT; i++) {
        if (sums->close_type_counts[i] > 0) {
            text_printf(out, "%s%s %llu", separator, field_name_of(close_type_names, i),
                        (unsigned long long)sums->close_type_counts[i]);
            separator = ", ";
        }
    }
}

static void page_controller(struct page_table *table, const struct report_sums *sums)
{
    const struct {
        const char *name;
        struct decimal value;
    } numbers[] = {
        {"global pnl", report_global_pnl(sums)},
        {"realized", sums->realized_pnl_quote},
        {"unrealized", sums->unrealized_pnl_quote},
        {"fees", sums->fees_quote},
        {"volume", sums->volume_quote},
        {"fills", decimal_from_int((int64_t)sums->fills)},
        {"won %", page_win_percent(sums)},
        {"executors", decimal_from_int((int64_t)sums->executors)},
        {"active", decimal_from_int((int64_t)sums->active)},
    };
    struct text *out = &table->page->out;
    enum { NUMBERS = sizeof(numbers) / sizeof(numbers[0]) };
    if (table->rows++ == 0) {
        page_table_begin(table);
        page_table_head(table, "controller", false);
        for (size_t i = 0; i < NUMBERS; i++) {
            page_table_head(table, numbers[i].name, true);
        }
        page_table_head(table, "closed by", false);
        text_append_string(out, "</tr>\n");
    }
    text_append_string(out, "<tr><td>");
    markup_escape(out, sums->controller_id);
    text_append_string(out, "</td>");
    for (size_t i = 0; i < NUMBERS; i++) {
        char text[DECIMAL_TEXT_MAX];
        (void)decimal_print(numbers[i].value, text);
        page_table_cell(table, numbers[i].name, text);
    }
    text_append_string(out, "<td>");
    page_close_types(out, sums);
    text_append_string(out, "</td></tr>\n");
}

static void page_controllers(struct page *page)
{
    struct page_table table = {.page = page, .title = "Controllers"};
    for (const struct report_sums *i = page->report->controllers; i != NULL; i = i->next) {
        page_controller(&table, i);
    }
    if (table.rows > 0) {
        page_table_end(&table);
    }
}

/* ---- The page ---- */

static void page_tables(struct page *page)
{
    page_controllers(page);
    page_table(page, "Positions",
               "SELECT controller_id AS controller, venue, trading_pair AS pair, side, amount,"
               " average_price AS 'average price', realized_pnl_quote AS realized,"
               " fees_quote AS fees, funding_quote AS funding, volume_quote AS volume"
               " FROM position ORDER BY 1, 2, 3, 4",
               "positions");
    page_table(
        page, "Executors, newest first",
        "SELECT " TIME_OF("created_at") " AS created, " TIME_OF(
            "closed_at") " AS closed,"
                         " controller_id AS controller, type, connector_name AS venue, "
                         "trading_pair AS pair,"
                         " side, status, close_type AS 'closed by', net_pnl_quote AS 'net pnl',"
                         " printf('%.3f', CAST(net_pnl_pct AS REAL) * 100) AS 'pnl %',"
                         " cum_fees_quote AS fees, filled_amount_quote AS volume, id FROM executor"
                         " ORDER BY created_at DESC, id",
        "executors");
    page_table(
        page, "Orders that were refused",
        "SELECT COUNT(*) AS orders, reason, venue, trading_pair AS pair, " TIME_OF(
            "MIN(created_at)") " AS first, " TIME_OF("MAX(created_at)") " AS last"
                                                                        " FROM orders WHERE status "
                                                                        "= 'REJECTED' GROUP BY 2, "
                                                                        "3, 4 ORDER BY 1 DESC, 2, "
                                                                        "3, 4",
        "orders");
    page_table(
        page, "Risk",
        "SELECT scope, state, reason, " TIME_OF("ts") " AS since FROM risk"
                                                      " WHERE state <> 'ACTIVE' ORDER BY scope",
        NULL);
    page_table(page, "Figures of the run",
               "SELECT replace(key, '_', ' ') AS figure, value FROM json_each((SELECT report FROM"
               " performance WHERE controller_id = '' ORDER BY rowid DESC LIMIT 1))"
               " WHERE type <> 'object'",
               NULL);
}

static void page_end(struct page *page)
{
    const struct report *report = page->report;
    text_append_string(&page->out, "<h2>Origin</h2>\n<p>Balances: <code>");
    markup_escape(&page->out, report->balances);
    text_printf(&page->out, "</code></p>\n<p>Events: %llu, SHA-256 <code>",
                (unsigned long long)report->events);
    markup_escape(&page->out, report->events_hash);
    text_append_string(&page->out, "</code></p>\n<p>Run file: <code>");
    markup_escape(&page->out, report->config_hash);
    text_append_string(&page->out, "</code>, seed ");
    markup_escape(&page->out, report->seed);
    text_append_string(&page->out, "; tutti ");
    markup_escape(&page->out, report->version);
    text_append_string(&page->out, ". Times are UTC.</p>\n</body></html>\n");
}

enum err report_print_html(const struct report *report, struct reader *reader, FILE *out,
                           struct failure *failure)
{
    struct page page = {.report = report, .reader = reader, .failure = failure};
    page_begin(&page);
    page_tiles(&page);
    page_results(&page);
    page_fills(&page);
    page_tables(&page);
    page_end(&page);
    if (page.err == ERR_NONE && text_failed(&page.out)) {
        page.err = failure_set(failure, ERR_MEMORY, "no memory for the report");
    }
    if (page.err == ERR_NONE) {
        (void)fputs(text_string(&page.out), out);
    }
    text_done(&page.out);
    return page.err;
}
