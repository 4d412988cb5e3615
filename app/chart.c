#include "app/chart.h"

#include <inttypes.h>
#include <string.h>

#include "app/markup.h"
#include "base/assert.h"
#include "base/instant.h"

/* In pixels of the drawing, which the page scales as a whole. */
enum {
    WIDTH = 1000,
    HEIGHT = 300,
    LEFT = 96,
    RIGHT = 970,
    TOP = 34,
    BOTTOM = 268,
    VALUE_TICKS_MAX = 6,
    TIME_TICKS_MAX = 8,
    MARK_SIZE = 5,
};

/* ---- Curves ---- */

static void chart_curve_thin(struct chart_curve *curve)
{
    for (uint32_t i = 0; i < CHART_CURVE_MAX / 2; i++) {
        curve->points[i] = curve->points[2 * (size_t)i];
    }
    curve->count = CHART_CURVE_MAX / 2;
    curve->stride *= 2;
}

void chart_curve_add(struct chart_curve *curve, struct chart_point point)
{
    curve->stride = curve->stride > 0 ? curve->stride : 1;
    curve->newest = point;
    if (curve->seen++ % curve->stride != 0) {
        return;
    }
    if (curve->count == CHART_CURVE_MAX) {
        chart_curve_thin(curve); /* The new stride divides the number of this point. */
    }
    curve->points[curve->count++] = point;
}

/* ---- Axes ---- */

void chart_fit(struct chart *chart, const struct chart_point *points, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct chart_point *point = &points[i];
        const bool is_first = chart->fitted++ == 0;
        chart->low = is_first ? point->value : decimal_min(chart->low, point->value);
        chart->high = is_first ? point->value : decimal_max(chart->high, point->value);
        chart->from_ns =
            is_first || point->time_ns < chart->from_ns ? point->time_ns : chart->from_ns;
        chart->to_ns = is_first || point->time_ns > chart->to_ns ? point->time_ns : chart->to_ns;
    }
}

void chart_fit_curve(struct chart *chart, const struct chart_curve *curve)
{
    chart_fit(chart, curve->points, curve->count);
    chart_fit(chart, &curve->newest, curve->seen > 0 ? 1 : 0);
}

static int64_t chart_x(const struct chart *chart, int64_t time_ns)
{
    const int128_t width = (int128_t)(time_ns - chart->from_ns) * (RIGHT - LEFT);
    return LEFT + (int64_t)(width / (chart->to_ns - chart->from_ns));
}

static int64_t chart_y(const struct chart *chart, struct decimal value)
{
    const struct decimal share = decimal_divide(decimal_subtract(value, chart->low),
                                                decimal_subtract(chart->high, chart->low));
    int64_t height = 0;
    const struct decimal scaled = decimal_multiply(share, decimal_from_int(BOTTOM - TOP));
    if (!decimal_is_valid(scaled) || decimal_to_mantissa_floor(scaled, 0, &height) != ERR_NONE) {
        height = 0; /* A span beyond what a decimal holds. */
    }
    return BOTTOM - height;
}

/* The axes get a span: some room above and below the values, at least a nanosecond of time. */
static void chart_make_room(struct chart *chart)
{
    const struct decimal span = decimal_subtract(chart->high, chart->low);
    struct decimal room = decimal_divide_whole(span, 12);
    if (!decimal_is_valid(span) || decimal_sign(room) == 0) {
        room = decimal_from_int(1);
    }
    chart->low = decimal_subtract(chart->low, room);
    chart->high = decimal_add(chart->high, room);
    chart->to_ns += chart->to_ns == chart->from_ns;
}

/* 1, 2 or 5 times a power of ten, so that few enough lines cross the chart. */
static struct decimal chart_value_step(const struct chart *chart)
{
    static const int factors[] = {1, 2, 5};
    const struct decimal ten = decimal_from_int(10);
    const struct decimal span = decimal_subtract(chart->high, chart->low);
    const struct decimal enough = decimal_divide_whole(span, VALUE_TICKS_MAX);
    for (struct decimal power = decimal_literal("0.000000000000000001"); decimal_is_valid(power);
         power = decimal_multiply(power, ten)) {
        for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
            const struct decimal step = decimal_multiply(power, decimal_from_int(factors[i]));
            if (decimal_is_valid(step) && decimal_is_valid(enough) && !decimal_less(step, enough)) {
                return step;
            }
        }
    }
    return span;
}

static int64_t chart_time_step(const struct chart *chart)
{
    static const int64_t seconds[] = {1,     2,     5,      10,     30,      60,      120,
                                      300,   600,   1800,   3600,   7200,    14400,   21600,
                                      43200, 86400, 172800, 604800, 2592000, 7776000, 31536000};
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        if ((chart->to_ns - chart->from_ns) / (seconds[i] * NS_PER_S) <= TIME_TICKS_MAX) {
            return seconds[i] * NS_PER_S;
        }
    }
    return (chart->to_ns - chart->from_ns) / TIME_TICKS_MAX;
}

static void chart_draw_values(const struct chart *chart)
{
    const struct decimal step = chart_value_step(chart);
    struct decimal value = decimal_ceil_to(chart->low, step);
    for (int i = 0;
         i <= VALUE_TICKS_MAX && decimal_is_valid(value) && decimal_less(value, chart->high); i++) {
        const int64_t y = chart_y(chart, value);
        text_printf(chart->out,
                    "<line class=\"%s\" x1=\"%d\" x2=\"%d\" y1=\"%" PRId64 "\" y2=\"%" PRId64
                    "\"/><text class=\"value\" x=\"%d\" y=\"%" PRId64 "\">",
                    decimal_sign(value) == 0 ? "zero" : "grid", LEFT, RIGHT, y, y, LEFT - 8, y + 4);
        text_append_decimal(chart->out, value);
        text_append_string(chart->out, "</text>\n");
        value = decimal_add(value, step);
    }
}

/* "12:30" of a time of day, "01-31" where the steps are days. */
static void chart_print_time(struct text *out, int64_t time_ns, int64_t step_ns)
{
    char text[INSTANT_TEXT_MAX];
    (void)instant_print(time_ns, text);
    const bool is_day = step_ns >= 86400 * NS_PER_S;
    const size_t from = is_day ? strlen("2025-") : strlen("2025-01-31T");
    const size_t length = step_ns < 60 * NS_PER_S && !is_day ? strlen("12:30:00") : strlen("12:30");
    text_append(out, text + from, length);
}

static void chart_draw_times(const struct chart *chart)
{
    const int64_t step = chart_time_step(chart);
    int64_t time = chart->from_ns - chart->from_ns % step;
    for (int i = 0; i <= TIME_TICKS_MAX + 1 && time <= chart->to_ns; i++, time += step) {
        if (time < chart->from_ns) {
            continue;
        }
        const int64_t x = chart_x(chart, time);
        text_printf(chart->out,
                    "<line class=\"grid\" x1=\"%" PRId64 "\" x2=\"%" PRId64
                    "\" y1=\"%d\" y2=\"%d\"/><text class=\"time\" x=\"%" PRId64 "\" y=\"%d\">",
                    x, x, TOP, BOTTOM, x, BOTTOM + 20);
        chart_print_time(chart->out, time, step);
        text_append_string(chart->out, "</text>\n");
    }
}

void chart_begin(struct chart *chart, const char *title)
{
    ASSERT(chart->fitted > 0);
    chart_make_room(chart);
    text_printf(chart->out, "<svg viewBox=\"0 0 %d %d\" role=\"img\"><title>", WIDTH, HEIGHT);
    markup_escape(chart->out, title);
    text_printf(chart->out, "</title><text class=\"title\" x=\"%d\" y=\"20\">", LEFT);
    markup_escape(chart->out, title);
    text_append_string(chart->out, "</text>\n");
    chart_draw_values(chart);
    chart_draw_times(chart);
}

/* ---- What is drawn ---- */

void chart_draw_steps(const struct chart *chart, const struct chart_curve *curve,
                      const char *css_class)
{
    text_printf(chart->out, "<path class=\"%s\" d=\"", css_class);
    for (uint32_t i = 0; i < curve->count; i++) {
        text_printf(chart->out, i == 0 ? "M%" PRId64 " %" PRId64 : "H%" PRId64 "V%" PRId64,
                    chart_x(chart, curve->points[i].time_ns),
                    chart_y(chart, curve->points[i].value));
    }
    if (curve->count > 0) {
        text_printf(chart->out, "H%" PRId64 "V%" PRId64 "H%d",
                    chart_x(chart, curve->newest.time_ns), chart_y(chart, curve->newest.value),
                    RIGHT);
    }
    text_append_string(chart->out, "\"/>\n");
}

void chart_draw_line(const struct chart *chart, struct chart_point from, struct chart_point to,
                     const char *css_class)
{
    text_printf(chart->out,
                "<line class=\"%s\" x1=\"%" PRId64 "\" y1=\"%" PRId64 "\" x2=\"%" PRId64
                "\" y2=\"%" PRId64 "\"/>\n",
                css_class, chart_x(chart, from.time_ns), chart_y(chart, from.value),
                chart_x(chart, to.time_ns), chart_y(chart, to.value));
}

void chart_draw_mark(const struct chart *chart, struct chart_point point, enum chart_mark mark,
                     const char *css_class, const char *hint)
{
    const int64_t x = chart_x(chart, point.time_ns);
    const int64_t y = chart_y(chart, point.value);
    const int64_t tip = mark == CHART_MARK_UP ? y - MARK_SIZE : y + MARK_SIZE;
    const int64_t base = mark == CHART_MARK_UP ? y + MARK_SIZE : y - MARK_SIZE;
    text_printf(chart->out,
                "<path class=\"%s\" d=\"M%" PRId64 " %" PRId64 "L%" PRId64 " %" PRId64 "H%" PRId64
                "Z\"><title>",
                css_class, x, tip, x + MARK_SIZE, base, x - MARK_SIZE);
    markup_escape(chart->out, hint);
    text_append_string(chart->out, "</title></path>\n");
}

void chart_end(const struct chart *chart)
{
    text_append_string(chart->out, "</svg>\n");
}
