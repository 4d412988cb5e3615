/*
 * tests/unit/executors/bracketing.h - a bracket configuration in one struct, with defaults that a
 * test changes where it needs to.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_BRACKETING_H
#define TUTTI_TESTS_UNIT_EXECUTORS_BRACKETING_H

#include <check.h>
#include <stdlib.h>

#include "executors/bracket.h"
#include "executors/moment.h"
#include "executors/registry.h"
#include "tests/support/stage.h"

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))
#define D(text) decimal_literal(text)

enum { SETTING_ROWS_MAX = 4 };

struct setting {
    const struct executor_kind *kind;
    struct instrument instrument;
    struct paper_config paper;
    struct bracket_config config;
    struct barrier_config barriers;
    struct trailing_config trailing;
    struct ladder_row rows[SETTING_ROWS_MAX];
    struct decimal bounds[2];
};

/* A long of 1 at MARKET on an instrument with tick 0.01, step 0.01; no barrier, no fees. */
static inline void setting_init(struct setting *setting, const struct executor_kind *kind)
{
    *setting = (struct setting){
        .kind = kind,
        .instrument = {.venue_name = "paper",
                       .trading_pair = "BTC-USDT",
                       .tick = D("0.01"),
                       .step = D("0.01"),
                       .min_order_size = D("0.01")},
        .paper = {.is_unlimited = true},
        .config = {.common = {.type = kind->type, .controller_id = "main", .max_retries = 10},
                   .connector_name = "paper",
                   .trading_pair = "BTC-USDT",
                   .side = SIDE_BUY,
                   .amount = D("1"),
                   .entry_price = D("100"),
                   .has_entry_price = true,
                   .leverage = 1},
        .barriers = {.open_order_type = ORDER_MARKET,
                     .take_profit_order_type = ORDER_MARKET,
                     .stop_loss_order_type = ORDER_MARKET,
                     .time_limit_order_type = ORDER_MARKET},
        .trailing = {.activation = D("0.02"),
                     .distance = D("0.01"),
                     .relaxation = D("0.9"),
                     .distance_max = D("0.05")},
    };
    ck_assert_int_eq(instrument_complete(&setting->instrument), ERR_NONE);
}

static inline void setting_stop_loss(struct setting *setting, const char *value)
{
    setting->barriers.stop_loss = D(value);
    setting->barriers.has_stop_loss = true;
}

static inline void setting_take_profit(struct setting *setting, const char *value,
                                       enum order_type type)
{
    setting->barriers.take_profit = D(value);
    setting->barriers.has_take_profit = true;
    setting->barriers.take_profit_order_type = type;
}

static inline void setting_time_limit(struct setting *setting, int64_t seconds)
{
    setting->barriers.time_limit_ns = seconds * NS_PER_S;
    setting->barriers.has_time_limit = true;
}

static inline void setting_trailing(struct setting *setting, size_t rows)
{
    setting->trailing.table = (struct field_list){rows == 0 ? NULL : setting->rows, rows};
    setting->barriers.trailing_stop = &setting->trailing;
}

static inline void setting_bounds(struct setting *setting, const char *low, const char *high)
{
    setting->bounds[0] = D(low);
    setting->bounds[1] = D(high);
    setting->config.activation_bounds = (struct field_list){setting->bounds, 2};
}

/* The setting must stay where it is while the stage is open. */
static inline void setting_open(struct setting *setting, struct stage *stage)
{
    setting->config.barriers = &setting->barriers;
    stage_open(stage, setting->kind, &setting->config.common, &setting->instrument,
               &setting->paper);
}

static inline struct quote quote_at(int64_t second, const char *bid, const char *ask)
{
    return (struct quote){second * NS_PER_S, D(bid), D(ask)};
}

static inline void play_start(struct stage *stage, int64_t second, const char *bid, const char *ask)
{
    const struct quote quote = quote_at(second, bid, ask);
    stage_start(stage, &quote, true);
    stage_evaluate(stage);
    stage_finish(stage);
}

static inline void play(struct stage *stage, int64_t second, const char *bid, const char *ask)
{
    const struct quote quote = quote_at(second, bid, ask);
    stage_step(stage, &quote);
}

static inline struct bracket *bracket_in(const struct stage *stage)
{
    return (struct bracket *)stage->executor;
}

/* Evaluates at a quote without the venue: for orders whose fate the test decides. */
static inline void look(struct stage *stage, int64_t second, const char *bid, const char *ask)
{
    const struct quote quote = quote_at(second, bid, ask);
    stage_look(stage, &quote);
    stage_evaluate(stage);
}

static inline void tell(struct stage *stage, enum order_event_kind kind, uint32_t ordinal)
{
    const struct order_event event = {.kind = kind, .ordinal = ordinal};
    stage->kind->on_order(stage->executor, &event, stage->view.now_ns);
}

static inline void tell_fill(struct stage *stage, uint32_t ordinal, const char *price,
                             const char *amount)
{
    const struct ledger_order *order = ledger_find(&stage->executor->ledger, ordinal);
    struct order_event event = {.kind = ORDER_EVENT_FILL, .ordinal = ordinal};
    event.fill.side = order->side;
    event.fill.price = D(price);
    event.fill.amount = D(amount);
    stage->kind->on_order(stage->executor, &event, stage->view.now_ns);
}

/* Acknowledged and filled at once. */
static inline void tell_done(struct stage *stage, uint32_t ordinal, const char *price,
                             const char *amount)
{
    tell(stage, ORDER_EVENT_ACKNOWLEDGED, ordinal);
    tell_fill(stage, ordinal, price, amount);
    tell(stage, ORDER_EVENT_COMPLETED, ordinal);
}

/* A stage whose executor was started at 100 and has placed its entry. */
static inline void start_at_100(struct setting *setting, struct stage *stage)
{
    setting_open(setting, stage);
    const struct quote quote = quote_at(0, "100", "100");
    stage_start(stage, &quote, true);
    stage_evaluate(stage);
}

/* How many orders of a role the step has asked for. */
static inline size_t placed(const struct stage *stage, enum order_role role)
{
    size_t count = 0;
    for (size_t i = 0; i < stage->requests.count; i++) {
        count +=
            stage->requests.items[i].kind == REQUEST_PLACE && stage->requests.items[i].role == role
                ? 1
                : 0;
    }
    return count;
}

/* Whether the step has asked for the cancel of an order. */
static inline bool canceled(const struct stage *stage, uint32_t ordinal)
{
    for (size_t i = 0; i < stage->requests.count; i++) {
        if (stage->requests.items[i].kind == REQUEST_CANCEL &&
            stage->requests.items[i].ordinal == ordinal) {
            return true;
        }
    }
    return false;
}

#define ck_assert_decimal_eq(got, expected)   \
    do {                                      \
        char got_text[DECIMAL_TEXT_MAX];      \
        decimal_print(got, got_text);         \
        ck_assert_str_eq(got_text, expected); \
    } while (0)

/* Runs one suite of one case; the exit code of main(). */
static inline int run_tests(const char *name, void (*add)(TCase *tcase))
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 200);
    add(tcase);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
