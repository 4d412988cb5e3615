#include "app/picture_play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/prng.h"
#include "executors/factory.h"

#define PICTURE_START_NS (INT64_C(1735689600) * NS_PER_S)

enum {
    CENTS_PER_POINT = SUBJECT_PRICE / 100, /* A basis point of the price, in cents. */
    NOISE_CENTS = 900,
    SPREAD_CENTS = 5,
    OWNED_DIGITS = 5,
    PRICE_DIGITS = 2,
};

/* Everything that is alive while the example is played. */
struct picture_stage {
    const struct executor_kind *kind;
    const struct subject *subject;
    struct arena arena;
    struct instrument instruments[WAKE_MARKETS_MAX];
    struct executor *executor; /* Owned. */
    struct executor_view view;
    struct executor_requests requests;
    struct prng prng;
    struct picture_play *play; /* Borrowed. */
};

static int64_t picture_mantissa(struct decimal value, unsigned digits)
{
    int64_t mantissa = 0;
    return decimal_to_mantissa_floor(value, digits, &mantissa) == ERR_NONE ? mantissa : 0;
}

/* The course at a sample, in cents: straight between its points. */
static int64_t picture_course(const struct subject_point course[SUBJECT_POINTS_MAX], size_t sample)
{
    const int64_t second = (int64_t)sample * PICTURE_SAMPLE_S;
    const size_t length = subject_course_length(course);
    size_t i = 1;
    while (i + 1 < length && (int64_t)course[i].minute * 60 < second) {
        i++;
    }
    const struct subject_point *from = &course[i - 1];
    const struct subject_point *to = length > 1 ? &course[i] : from;
    const int64_t start = (int64_t)from->minute * 60;
    const int64_t duration = (int64_t)to->minute * 60 - start;
    const int64_t rise = (int64_t)(to->basis_points - from->basis_points) * CENTS_PER_POINT;
    const int64_t risen = duration == 0 ? 0 : rise * (second - start) / duration;
    return (int64_t)SUBJECT_PRICE * 100 + (int64_t)from->basis_points * CENTS_PER_POINT + risen;
}

/* The executor's entry of the example as a tree: its list has one element. */
static enum err picture_parse(struct picture_stage *stage,
                              const struct executor_config **ret_config)
{
    const char *example = stage->subject->executor;
    struct problems problems;
    const struct node *node;
    const struct executor_kind *kind;
    const struct executor_config *config;
    problems_init(&problems, stage->kind->type);
    enum err err =
        node_read_yaml("example", example, strlen(example), &stage->arena, &problems, &node);
    if (err == ERR_NONE && (node->kind != NODE_SEQUENCE || node->count != 1)) {
        err = ERR_SYNTAX;
    }
    if (err == ERR_NONE) {
        err = factory_parse(node->items[0], "", &stage->arena, &problems, &kind, &config);
    }
    problems_done(&problems);
    if (err != ERR_NONE) {
        return err;
    }
    struct executor_config *copy = arena_take(&stage->arena, kind->config_size);
    if (copy == NULL) {
        return ERR_MEMORY;
    }
    memcpy(copy, config, kind->config_size);
    copy->timestamp_ns = PICTURE_START_NS;
    copy->has_timestamp = true;
    *ret_config = copy;
    return kind == stage->kind ? ERR_NONE : ERR_SYNTAX;
}

static void picture_make_instruments(struct picture_stage *stage)
{
    for (uint32_t i = 0; i < WAKE_MARKETS_MAX; i++) {
        stage->instruments[i] = (struct instrument){
            .index = i,
            .trading_pair = "BTC-USDT",
            .tick = decimal_literal("0.01"),
            .step = decimal_literal("0.00001"),
            .min_order_size = decimal_literal("0.0001"),
            .min_notional = decimal_literal("5"),
        };
        const enum err err = instrument_complete(&stage->instruments[i]);
        ASSERT(err == ERR_NONE);
    }
}

static enum err picture_create_executor(struct picture_stage *stage)
{
    const struct executor_config *config;
    const enum err err = picture_parse(stage, &config);
    if (err != ERR_NONE) {
        return err;
    }
    const struct instrument *const instruments[WAKE_MARKETS_MAX] = {&stage->instruments[0],
                                                                    &stage->instruments[1]};
    stage->executor = calloc(1, stage->kind->state_size);
    if (stage->executor == NULL) {
        return ERR_MEMORY;
    }
    executor_init(stage->executor, stage->kind, config, instruments);
    return ERR_NONE;
}

static void picture_quote(struct picture_stage *stage, struct picture_sample *sample, size_t index)
{
    stage->view.now_ns = PICTURE_START_NS + (int64_t)index * PICTURE_SAMPLE_S * NS_PER_S;
    stage->view.market_count = stage->kind->market_count;
    for (uint32_t i = 0; i < stage->kind->market_count; i++) {
        const struct subject_point *course =
            i == 0 ? stage->subject->course : stage->subject->second;
        const int64_t mid =
            picture_course(course, index) + prng_between(&stage->prng, -NOISE_CENTS, NOISE_CENTS);
        sample->mid[i] = mid;
        stage->view.markets[i] = (struct market_view){
            .instrument = &stage->instruments[i],
            .bid = decimal_from_mantissa(mid - SPREAD_CENTS, PRICE_DIGITS),
            .ask = decimal_from_mantissa(mid + SPREAD_CENTS, PRICE_DIGITS),
        };
    }
}

static void picture_tell(struct picture_stage *stage, const struct picture_order *order,
                         enum order_event_kind kind, struct decimal price)
{
    struct order_event event = {.kind = kind, .ordinal = order->request.ordinal};
    event.fill = (struct fill){.side = order->request.side,
                               .price = price,
                               .amount = order->request.amount,
                               .liquidity = LIQUIDITY_TAKER,
                               .time_ns = stage->view.now_ns};
    stage->kind->on_order(stage->executor, &event, stage->view.now_ns);
}

static void picture_fill(struct picture_stage *stage, struct picture_order *order,
                         struct decimal price, size_t index)
{
    picture_tell(stage, order, ORDER_EVENT_FILL, price);
    picture_tell(stage, order, ORDER_EVENT_COMPLETED, price);
    order->price = picture_mantissa(price, PRICE_DIGITS);
    order->to = index;
    order->is_live = false;
    order->is_filled = true;
}

/* An order that is in the book: filled at its price when that is reached. */
static void picture_match(struct picture_stage *stage, struct picture_order *order, size_t index)
{
    const struct executor_request *request = &order->request;
    const struct market_view *market = &stage->view.markets[request->market];
    const bool buys = request->side == SIDE_BUY;
    const struct decimal other = buys ? market->ask : market->bid;
    if (request->type == ORDER_MARKET) {
        picture_fill(stage, order, other, index);
    } else if (buys ? !decimal_less(request->price, other) : !decimal_less(other, request->price)) {
        picture_fill(stage, order, request->price, index);
    }
}

static void picture_trade(struct picture_stage *stage, size_t index)
{
    for (size_t i = 0; i < stage->play->order_count; i++) {
        struct picture_order *order = &stage->play->orders[i];
        if (!order->is_live) {
            continue;
        }
        if (order->request.kind == REQUEST_CANCEL) {
            picture_tell(stage, order, ORDER_EVENT_CANCELED, DECIMAL_ZERO);
            order->is_live = false;
            order->to = index;
            continue;
        }
        if (order->from + 1 == index) {
            picture_tell(stage, order, ORDER_EVENT_ACKNOWLEDGED, DECIMAL_ZERO);
        }
        picture_match(stage, order, index);
    }
}

/* A cancel marks its order; it is gone with the next sample. */
static void picture_send(struct picture_stage *stage, size_t index)
{
    struct picture_play *play = stage->play;
    for (size_t i = 0; i < stage->requests.count; i++) {
        const struct executor_request *request = &stage->requests.items[i];
        if (request->kind == REQUEST_CANCEL && request->ordinal <= play->order_count) {
            play->orders[request->ordinal - 1].request.kind = REQUEST_CANCEL;
        } else if (request->kind == REQUEST_PLACE && play->order_count < PICTURE_ORDERS_MAX) {
            play->orders[play->order_count++] = (struct picture_order){
                .request = *request,
                .price = picture_mantissa(request->price, PRICE_DIGITS),
                .from = index,
                .to = index,
                .is_live = true,
            };
        }
    }
}

/* The nearest levels that wake it: those of its first market. */
static void picture_note_levels(const struct picture_stage *stage, struct picture_sample *sample)
{
    struct wake wake;
    stage->kind->wake(stage->executor, &stage->view, &wake);
    for (int i = 0; i < WAKE_TRIGGER_COUNT; i++) {
        const struct wake_levels *levels = &wake.markets[0];
        if (!levels->is_set[i]) {
            continue;
        }
        const int64_t level = picture_mantissa(levels->level[i], PRICE_DIGITS);
        if (!wake_trigger_is_at_most((enum wake_trigger)i)) {
            sample->above = sample->above == 0 || level < sample->above ? level : sample->above;
        } else if (level > sample->below) {
            sample->below = level;
        }
    }
}

static int64_t picture_owned(const struct picture_play *play)
{
    int64_t owned = 0;
    for (size_t i = 0; i < play->order_count; i++) {
        const struct picture_order *order = &play->orders[i];
        if (order->is_filled) {
            const int64_t amount = picture_mantissa(order->request.amount, OWNED_DIGITS);
            owned += order->request.side == SIDE_BUY ? amount : -amount;
        }
    }
    return owned;
}

static void picture_step(struct picture_stage *stage, size_t index)
{
    struct picture_sample *sample = &stage->play->samples[index];
    picture_quote(stage, sample, index);
    executor_requests_init(&stage->requests);
    if (index == 0) {
        stage->kind->on_start(stage->executor, &stage->view, true, &stage->requests);
    }
    picture_trade(stage, index);
    if (stage->executor->status != EXECUTOR_TERMINATED) {
        stage->kind->on_market(stage->executor, &stage->view, &stage->requests);
    }
    picture_send(stage, index);
    sample->owned = picture_owned(stage->play);
    sample->is_ended = stage->executor->status == EXECUTOR_TERMINATED;
    if (stage->executor->status == EXECUTOR_RUNNING) {
        picture_note_levels(stage, sample);
    }
}

enum err picture_play(const struct executor_kind *kind, const struct subject *subject,
                      struct picture_play *ret_play)
{
    struct picture_stage stage = {.kind = kind, .subject = subject, .play = ret_play};
    *ret_play = (struct picture_play){.market_count = kind->market_count};
    arena_init(&stage.arena, 0);
    prng_init(&stage.prng, 1);
    picture_make_instruments(&stage);
    const enum err err = picture_create_executor(&stage);
    if (err == ERR_NONE) {
        const int minutes = subject->course[subject_course_length(subject->course) - 1].minute;
        const size_t count = (size_t)minutes * 60 / PICTURE_SAMPLE_S + 1;
        ret_play->sample_count = count < PICTURE_SAMPLES_MAX ? count : PICTURE_SAMPLES_MAX;
        for (size_t i = 0; i < ret_play->sample_count; i++) {
            picture_step(&stage, i);
        }
        for (size_t i = 0; i < ret_play->order_count; i++) {
            struct picture_order *order = &ret_play->orders[i];
            order->to = order->is_live ? ret_play->sample_count - 1 : order->to;
        }
        ret_play->close_type = stage.executor->close_type;
        executor_done(stage.executor);
        free(stage.executor);
    }
    arena_done(&stage.arena);
    return err;
}
