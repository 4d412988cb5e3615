/*
 * app/chart.h - values over time, as SVG inside a page.
 *
 * Colors come from the style sheet of the page: a line or a mark has the class it is given. A
 * curve of any length is kept in a fixed number of points (struct chart_curve).
 *
 * Threads: one caller at a time.
 */
#ifndef TUTTI_APP_CHART_H
#define TUTTI_APP_CHART_H

#include <stdint.h>

#include "base/decimal.h"
#include "base/text.h"

enum { CHART_CURVE_MAX = 2048 };

struct chart_point {
    int64_t time_ns;
    struct decimal value;
};

/* Points in the order of time. When it is full, every second one is left out, and from then on
 * only every second one is taken; the newest is always there. Start with {0}. */
struct chart_curve {
    struct chart_point points[CHART_CURVE_MAX];
    struct chart_point newest;
    uint32_t count;
    uint32_t stride; /* Every how many-th point is kept; 0 is 1. */
    uint64_t seen;
};

void chart_curve_add(struct chart_curve *curve, struct chart_point point);

enum chart_mark {
    CHART_MARK_UP,   /* A triangle that points up. */
    CHART_MARK_DOWN, /* A triangle that points down. */
};

struct chart {
    struct text *out;
    int64_t from_ns;
    int64_t to_ns;
    struct decimal low;
    struct decimal high;
    uint32_t fitted; /* Points the axes were made for. */
};

/* Widens the axes so that the points are inside. Before chart_begin(). */
void chart_fit(struct chart *chart, const struct chart_point *points, size_t count);
void chart_fit_curve(struct chart *chart, const struct chart_curve *curve);

/* Draws title and axes; the values get some room above and below. */
void chart_begin(struct chart *chart, const char *title);

/* A line that keeps each value until the next one. */
void chart_draw_steps(const struct chart *chart, const struct chart_curve *curve,
                      const char *css_class);

/* A straight line. */
void chart_draw_line(const struct chart *chart, struct chart_point from, struct chart_point to,
                     const char *css_class);

/* `hint` is shown when the pointer rests on the mark; any text. */
void chart_draw_mark(const struct chart *chart, struct chart_point point, enum chart_mark mark,
                     const char *css_class, const char *hint);

void chart_end(const struct chart *chart);

#endif
