#include "app/picture.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"

/* In pixels. The names on the right need the room. */
enum {
    WIDTH = 900,
    HEIGHT = 560,
    LEFT = 70,
    RIGHT = 730,
    TOP = 62,
    BOTTOM = 390,
    OWNED_TOP = 430,
    OWNED_BOTTOM = 490,
    LEGEND = 540,
    LABEL_HEIGHT = 14,
    TICKS_MAX = 8,
    LABELED_FILLS_MAX = 8, /* More would hide each other. */
};

/* Words that stand on lines keep a white edge. */
#define HALO "paint-order=\"stroke\" stroke=\"white\" stroke-width=\"3\""
#define COLOR_INK "#333333"
#define COLOR_PRICE "#555555"
#define COLOR_SECOND "#9b59b6"
#define COLOR_PALE "#dddddd"
#define COLOR_BUY "#1f6fb2"
#define COLOR_SELL "#d0701c"
#define COLOR_BELOW "#c0392b"
#define COLOR_ABOVE "#2e8b57"

struct picture {
    const struct picture_play *play;
    const struct subject *subject;
    struct text *out;
    int64_t low; /* The range of the price axis, in cents. */
    int64_t high;
    int64_t owned_low; /* And of what is owned. */
    int64_t owned_high;
};

static int64_t picture_x(const struct picture *picture, size_t sample)
{
    ASSERT(picture->play->sample_count > 1);
    return LEFT + (int64_t)sample * (RIGHT - LEFT) / (int64_t)(picture->play->sample_count - 1);
}

static int64_t picture_y(const struct picture *picture, int64_t cents)
{
    return BOTTOM - (cents - picture->low) * (BOTTOM - TOP) / (picture->high - picture->low);
}

static int64_t picture_owned_y(const struct picture *picture, int64_t owned)
{
    return OWNED_BOTTOM - (owned - picture->owned_low) * (OWNED_BOTTOM - OWNED_TOP) /
                              (picture->owned_high - picture->owned_low);
}

static int64_t picture_cents(int basis_points)
{
    return (int64_t)SUBJECT_PRICE * 100 + (int64_t)basis_points * (SUBJECT_PRICE / 100);
}

static void picture_stretch(struct picture *picture, int64_t cents)
{
    picture->low = cents < picture->low ? cents : picture->low;
    picture->high = cents > picture->high ? cents : picture->high;
}

/* The axes hold the prices, the limit orders and the named prices, with a margin. */
static void picture_measure(struct picture *picture)
{
    const struct picture_play *play = picture->play;
    picture->low = picture->high = play->samples[0].mid[0];
    for (size_t i = 0; i < play->sample_count; i++) {
        const struct picture_sample *sample = &play->samples[i];
        for (uint32_t j = 0; j < play->market_count; j++) {
            picture_stretch(picture, sample->mid[j]);
        }
        picture->owned_low =
            sample->owned < picture->owned_low ? sample->owned : picture->owned_low;
        picture->owned_high =
            sample->owned > picture->owned_high ? sample->owned : picture->owned_high;
    }
    for (size_t i = 0; i < play->order_count; i++) {
        picture_stretch(picture, play->orders[i].price != 0 ? play->orders[i].price : picture->low);
    }
    for (size_t i = 0; i < SUBJECT_MARKS_MAX && picture->subject->marks[i].text != NULL; i++) {
        picture_stretch(picture, picture_cents(picture->subject->marks[i].basis_points));
    }
    const int64_t margin = (picture->high - picture->low) / 12 + 1;
    picture->low -= margin;
    picture->high += margin;
    picture->owned_high += picture->owned_high == picture->owned_low;
}

static void picture_line(struct text *out, const int64_t from[2], const int64_t to[2],
                         const char *style)
{
    text_printf(out,
                "<line x1=\"%" PRId64 "\" y1=\"%" PRId64 "\" x2=\"%" PRId64 "\" y2=\"%" PRId64
                "\" %s/>\n",
                from[0], from[1], to[0], to[1], style);
}

/* `style` holds the attributes; the words of this program need no escaping. */
static void picture_words(struct text *out, int64_t x, int64_t y, const char *style,
                          const char *words)
{
    text_printf(out, "<text x=\"%" PRId64 "\" y=\"%" PRId64 "\" %s>%s</text>\n", x, y, style,
                words);
}

static void picture_begin(const struct picture *picture, const struct executor_kind *kind)
{
    struct text *out = picture->out;
    text_printf(out,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" "
                "height=\"%d\" font-family=\"sans-serif\" font-size=\"12\" fill=\"" COLOR_INK
                "\">\n<title>%s</title>\n<rect width=\"%d\" height=\"%d\" fill=\"white\"/>\n",
                WIDTH, HEIGHT, WIDTH, HEIGHT, kind->type, WIDTH, HEIGHT);
    picture_words(out, LEFT, 26, "font-size=\"18\" font-weight=\"bold\"", kind->type);
    picture_words(out, LEFT, 46, "font-size=\"12\" fill=\"#666666\"", kind->summary);
}

/* The step of the price axis: 1, 2 or 5 times a power of ten, in cents. */
static int64_t picture_price_step(const struct picture *picture)
{
    static const int64_t factors[] = {1, 2, 5};
    for (int64_t power = 100;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            if ((picture->high - picture->low) / (factors[i] * power) <= TICKS_MAX) {
                return factors[i] * power;
            }
        }
    }
}

static void picture_draw_price_axis(const struct picture *picture)
{
    const int64_t step = picture_price_step(picture);
    for (int64_t cents = (picture->low / step + 1) * step; cents < picture->high; cents += step) {
        const int64_t y = picture_y(picture, cents);
        picture_line(picture->out, (const int64_t[2]){LEFT, y}, (const int64_t[2]){RIGHT, y},
                     "stroke=\"#eeeeee\"");
        text_printf(picture->out,
                    "<text x=\"%d\" y=\"%" PRId64 "\" text-anchor=\"end\">%" PRId64 "</text>\n",
                    LEFT - 6, y + 4, cents / 100);
    }
}

static void picture_draw_time_axis(const struct picture *picture)
{
    const int64_t minutes = (int64_t)(picture->play->sample_count - 1) * PICTURE_SAMPLE_S / 60;
    const int64_t step = minutes <= 40 ? 5 : minutes <= 80 ? 10 : 20;
    for (int64_t minute = 0; minute <= minutes; minute += step) {
        const int64_t x = picture_x(picture, (size_t)(minute * 60 / PICTURE_SAMPLE_S));
        picture_line(picture->out, (const int64_t[2]){x, TOP}, (const int64_t[2]){x, BOTTOM},
                     "stroke=\"#f4f4f4\"");
        text_printf(picture->out,
                    "<text x=\"%" PRId64 "\" y=\"%d\" text-anchor=\"middle\">%" PRId64
                    "%s</text>\n",
                    x, BOTTOM + 18, minute, minute == 0 ? " min" : "");
    }
    text_printf(picture->out,
                "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"none\" "
                "stroke=\"" COLOR_PALE "\"/>\n",
                LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
}

static void picture_draw_prices(const struct picture *picture)
{
    static const char *const colors[WAKE_MARKETS_MAX] = {COLOR_PRICE, COLOR_SECOND};
    ASSERT(picture->play->market_count <= WAKE_MARKETS_MAX);
    for (uint32_t i = 0; i < picture->play->market_count; i++) {
        text_append_string(picture->out, "<polyline points=\"");
        for (size_t j = 0; j < picture->play->sample_count; j++) {
            text_printf(picture->out, "%" PRId64 ",%" PRId64 " ", picture_x(picture, j),
                        picture_y(picture, picture->play->samples[j].mid[i]));
        }
        text_printf(picture->out, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.3\"/>\n",
                    colors[i]);
    }
}

/* The named prices, dashed over the whole width; names that would touch are pushed apart. They come
 * from the highest to the lowest. */
static void picture_draw_marks(const struct picture *picture)
{
    int64_t lowest = 0;
    for (size_t i = 0; i < SUBJECT_MARKS_MAX && picture->subject->marks[i].text != NULL; i++) {
        const struct subject_mark *mark = &picture->subject->marks[i];
        const int64_t y = picture_y(picture, picture_cents(mark->basis_points));
        const int64_t label_y = y + 4 < lowest + LABEL_HEIGHT ? lowest + LABEL_HEIGHT : y + 4;
        lowest = label_y;
        picture_line(picture->out, (const int64_t[2]){LEFT, y}, (const int64_t[2]){RIGHT, y},
                     "stroke=\"#999999\" stroke-dasharray=\"2 4\"");
        picture_words(picture->out, RIGHT + 8, label_y, "fill=\"#555555\"", mark->text);
    }
}

static int64_t picture_level(const struct picture_sample *sample, bool is_below)
{
    return is_below ? sample->below : sample->above;
}

/* The levels it waits for: one line per stretch on which there is one inside the picture. */
static void picture_draw_levels(const struct picture *picture, bool is_below)
{
    const struct picture_play *play = picture->play;
    bool is_open = false;
    for (size_t i = 0; i < play->sample_count; i++) {
        const int64_t level = picture_level(&play->samples[i], is_below);
        const bool is_inside = level > picture->low && level < picture->high;
        if (is_inside && !is_open) {
            text_append_string(picture->out, "<polyline points=\"");
        }
        if (is_inside) {
            const int64_t y = picture_y(picture, level);
            const size_t next = i + 1 < play->sample_count ? i + 1 : i;
            text_printf(picture->out, "%" PRId64 ",%" PRId64 " %" PRId64 ",%" PRId64 " ",
                        picture_x(picture, i), y, picture_x(picture, next), y);
        }
        if (is_open && (!is_inside || i + 1 == play->sample_count)) {
            text_printf(picture->out, "\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\"/>\n",
                        is_below ? COLOR_BELOW : COLOR_ABOVE);
        }
        is_open = is_inside;
    }
}

static const char *picture_side_color(enum side side)
{
    return side == SIDE_BUY ? COLOR_BUY : COLOR_SELL;
}

/* Orders in the book, from their placing to their end. */
static void picture_draw_orders(const struct picture *picture)
{
    for (size_t i = 0; i < picture->play->order_count; i++) {
        const struct picture_order *order = &picture->play->orders[i];
        if (order->request.type == ORDER_MARKET) {
            continue;
        }
        const int64_t y = picture_y(picture, order->price);
        text_printf(picture->out,
                    "<line x1=\"%" PRId64 "\" y1=\"%" PRId64 "\" x2=\"%" PRId64 "\" y2=\"%" PRId64
                    "\" stroke=\"%s\" stroke-width=\"2\" stroke-opacity=\"0.55\"/>\n",
                    picture_x(picture, order->from), y, picture_x(picture, order->to), y,
                    picture_side_color(order->request.side));
    }
}

/* A triangle: up for a buy, down for a sell; with words where there are few. */
static void picture_draw_fill(const struct picture *picture, const struct picture_order *order,
                              bool has_words)
{
    const bool buys = order->request.side == SIDE_BUY;
    const int64_t x = picture_x(picture, order->to);
    const int64_t y = picture_y(picture, order->price);
    const int64_t foot = buys ? y + 11 : y - 11;
    text_printf(picture->out,
                "<path d=\"M%" PRId64 " %" PRId64 "L%" PRId64 " %" PRId64 "L%" PRId64 " %" PRId64
                "Z\" fill=\"%s\" stroke=\"white\"/>\n",
                x, y, x - 6, foot, x + 6, foot, picture_side_color(order->request.side));
    if (has_words) {
        char amount[DECIMAL_TEXT_MAX];
        (void)decimal_print(order->request.amount, amount);
        text_printf(picture->out,
                    "<text x=\"%" PRId64 "\" y=\"%" PRId64
                    "\" font-size=\"11\" fill=\"%s\" text-anchor=\"%s\" " HALO ">%s %s</text>\n",
                    x < LEFT + 30 ? x + 10 : x, buys ? y + 24 : y - 15,
                    picture_side_color(order->request.side), x < LEFT + 30 ? "start" : "middle",
                    field_name_of(side_names, (int)order->request.side), amount);
    }
}

static void picture_draw_fills(const struct picture *picture)
{
    size_t count = 0;
    for (size_t i = 0; i < picture->play->order_count; i++) {
        count += picture->play->orders[i].is_filled;
    }
    for (size_t i = 0; i < picture->play->order_count; i++) {
        if (picture->play->orders[i].is_filled) {
            picture_draw_fill(picture, &picture->play->orders[i], count <= LABELED_FILLS_MAX);
        }
    }
}

/* A line where it ended, with its close type. */
static void picture_draw_end(const struct picture *picture)
{
    for (size_t i = 0; i < picture->play->sample_count; i++) {
        if (picture->play->samples[i].is_ended) {
            const int64_t x = picture_x(picture, i);
            picture_line(picture->out, (const int64_t[2]){x, TOP},
                         (const int64_t[2]){x, OWNED_BOTTOM},
                         "stroke=\"" COLOR_INK "\" stroke-dasharray=\"6 3\"");
            picture_words(picture->out, x - 6, TOP + 14,
                          "font-weight=\"bold\" text-anchor=\"end\" " HALO,
                          field_name_of(close_type_names, (int)picture->play->close_type));
            return;
        }
    }
}

/* What is owned over time, as an area on its own axis. */
static void picture_draw_owned(const struct picture *picture)
{
    const struct picture_play *play = picture->play;
    const int64_t zero = picture_owned_y(picture, 0);
    text_printf(picture->out, "<polygon points=\"%d,%" PRId64 " ", LEFT, zero);
    for (size_t i = 0; i < play->sample_count; i++) {
        const int64_t y = picture_owned_y(picture, play->samples[i].owned);
        const size_t next = i + 1 < play->sample_count ? i + 1 : i;
        text_printf(picture->out, "%" PRId64 ",%" PRId64 " %" PRId64 ",%" PRId64 " ",
                    picture_x(picture, i), y, picture_x(picture, next), y);
    }
    text_printf(picture->out,
                "%d,%" PRId64 "\" fill=\"#cfe0f0\" stroke=\"" COLOR_BUY
                "\" stroke-width=\"0.8\"/>\n",
                RIGHT, zero);
    picture_line(picture->out, (const int64_t[2]){LEFT, zero}, (const int64_t[2]){RIGHT, zero},
                 "stroke=\"" COLOR_PALE "\"");
    const int64_t extreme =
        picture->owned_high >= -picture->owned_low ? picture->owned_high : picture->owned_low;
    if (extreme > 1 || extreme < 0) { /* Else it never owned anything. */
        char amount[DECIMAL_TEXT_MAX];
        (void)decimal_print(decimal_from_mantissa(extreme, 5), amount);
        picture_words(picture->out, LEFT - 6, picture_owned_y(picture, extreme) + 4,
                      "text-anchor=\"end\"", amount);
    }
    picture_words(picture->out, LEFT - 6, zero + 4, "text-anchor=\"end\"", "0");
    picture_words(picture->out, RIGHT + 8, (OWNED_TOP + OWNED_BOTTOM) / 2 + 4, "fill=\"#555555\"",
                  "owned, BTC");
}

static void picture_draw_legend(const struct picture *picture)
{
    static const struct {
        const char *color;
        const char *words;
    } entries[] = {
        {COLOR_PRICE, "price"},
        {COLOR_BUY, "buy: order, fill"},
        {COLOR_SELL, "sell: order, fill"},
        {COLOR_BELOW, "acts when it falls to"},
        {COLOR_ABOVE, "acts when it rises to"},
    };
    if (picture->play->market_count > 1) {
        picture_words(picture->out, RIGHT + 8, TOP + 12, "fill=\"" COLOR_PRICE "\"",
                      "price on the first market");
        picture_words(picture->out, RIGHT + 8, TOP + 12 + LABEL_HEIGHT, "fill=\"" COLOR_SECOND "\"",
                      "and on the second");
    }
    int64_t x = LEFT;
    for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
        text_printf(picture->out,
                    "<rect x=\"%" PRId64 "\" y=\"%d\" width=\"14\" height=\"4\" fill=\"%s\"/>\n", x,
                    LEGEND - 7, entries[i].color);
        picture_words(picture->out, x + 20, LEGEND, "", entries[i].words);
        x += 44 + 7 * (int64_t)strlen(entries[i].words);
    }
}

enum err picture_draw(const struct executor_kind *kind, const struct subject *subject,
                      struct text *out)
{
    struct picture_play *play = calloc(1, sizeof(*play));
    if (play == NULL) {
        return ERR_MEMORY;
    }
    const enum err err = picture_play(kind, subject, play);
    if (err == ERR_NONE) {
        struct picture picture = {.play = play, .subject = subject, .out = out};
        picture_measure(&picture);
        picture_begin(&picture, kind);
        picture_draw_price_axis(&picture);
        picture_draw_time_axis(&picture);
        picture_draw_marks(&picture);
        picture_draw_orders(&picture);
        picture_draw_levels(&picture, true);
        picture_draw_levels(&picture, false);
        picture_draw_prices(&picture);
        picture_draw_owned(&picture);
        picture_draw_fills(&picture);
        picture_draw_end(&picture);
        picture_draw_legend(&picture);
        text_append_string(out, "</svg>\n");
    }
    free(play);
    return err == ERR_NONE && text_failed(out) ? ERR_MEMORY : err;
}
