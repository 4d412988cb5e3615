/*
 * app/picture_play.h - an example played over its course, and what there is to draw of it.
 *
 * Prices are in cents, times in samples of PICTURE_SAMPLE_S seconds.
 *
 * Threads: main thread only.
 */
#ifndef TUTTI_APP_PICTURE_PLAY_H
#define TUTTI_APP_PICTURE_PLAY_H

#include "app/subject.h"
#include "executors/executor.h"

enum {
    PICTURE_SAMPLES_MAX = 2048,
    PICTURE_ORDERS_MAX = 512,
    PICTURE_SAMPLE_S = 10,
};

/* The market at a sample, and the executor after it. */
struct picture_sample {
    int64_t mid[WAKE_MARKETS_MAX];
    int64_t owned; /* Base of all its buys less that of its sells, in hundred-thousandths. */
    int64_t below; /* It waits for the price to fall to this; 0: it does not. */
    int64_t above; /* And for it to rise to this. */
    bool is_ended;
};

struct picture_order {
    struct executor_request request;
    int64_t price; /* Limit price; of a MARKET order what it was filled at. */
    size_t from;   /* Samples from which and to which it was in the book. */
    size_t to;
    bool is_live;
    bool is_filled;
};

struct picture_play {
    uint32_t market_count;
    size_t sample_count;
    struct picture_sample samples[PICTURE_SAMPLES_MAX];
    size_t order_count;
    struct picture_order orders[PICTURE_ORDERS_MAX];
    enum close_type close_type; /* CLOSE_NONE: it still runs at the end of the course. */
};

/* Plays the subject's example from the first to the last minute of its course. Errors as of
 * picture_draw(). */
MUST_USE enum err picture_play(const struct executor_kind *kind, const struct subject *subject,
                               struct picture_play *ret_play);

#endif
