/*
 * tests/unit/executors/pairing_stage.h - two markets of BTC-USDT, an executor of both and quotes
 * for both in one call.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_PAIRING_STAGE_H
#define TUTTI_TESTS_UNIT_EXECUTORS_PAIRING_STAGE_H

#include "bracketing.h"
#include "config/node.h"
#include "executors/factory.h"
#include "executors/pairing.h"

struct pairing_setting {
    struct instrument instruments[PAIRING_MARKETS];
    struct paper_config paper;
    struct arena arena; /* Of the parsed configuration. */
    const struct executor_kind *kind;
    const struct executor_config *config;
};

/* Parses the configuration; `problem` NULL: it has to be accepted, else refused with that text. */
static inline void pairing_parse(struct pairing_setting *setting, const char *json,
                                 const char *problem)
{
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&setting->arena, 0);
    problems_init(&problems, "test");
    ck_assert_int_eq(node_read_json("test", json, strlen(json), NODE_DEPTH_CONTROL_MAX,
                                    &setting->arena, &problems, &node),
                     ERR_NONE);
    const enum err err =
        factory_parse(node, "", &setting->arena, &problems, &setting->kind, &setting->config);
    ck_assert_msg((err == ERR_NONE) == (problem == NULL), "%s", text_string(&problems.lines));
    ck_assert_msg(problem == NULL || strstr(text_string(&problems.lines), problem) != NULL, "%s",
                  text_string(&problems.lines));
    problems_done(&problems);
}

/* Tick 0.01, step 0.01, smallest order 0.1 on the selling market and 0.01 on the buying one. */
static inline void pairing_setting_init(struct pairing_setting *setting, const char *json)
{
    *setting = (struct pairing_setting){.paper = {.is_unlimited = true}};
    for (size_t i = 0; i < PAIRING_MARKETS; i++) {
        setting->instruments[i] = (struct instrument){.venue_name = "paper",
                                                      .trading_pair = "BTC-USDT",
                                                      .tick = D("0.01"),
                                                      .step = D("0.01"),
                                                      .min_order_size = D(i == 0 ? "0.01" : "0.1")};
        ck_assert_int_eq(instrument_complete(&setting->instruments[i]), ERR_NONE);
    }
    pairing_parse(setting, json, NULL);
}

static inline void pairing_setting_done(struct pairing_setting *setting)
{
    arena_done(&setting->arena);
}

/* The setting must stay where it is while the stage is open. */
static inline void pairing_open(struct pairing_setting *setting, struct stage *stage)
{
    stage_open_pair(stage, setting->kind, setting->config, setting->instruments, &setting->paper);
}

static inline void pairing_quotes(struct stage *stage, int64_t second, const char *buying,
                                  const char *selling, struct quote *ret_first)
{
    const struct quote other = quote_at(second, selling, selling);
    stage_second(stage, &other);
    *ret_first = quote_at(second, buying, buying);
}

/* Both markets without a spread: starts and evaluates; the orders are the test's. */
static inline void pairing_begin(struct stage *stage, const char *buying, const char *selling)
{
    struct quote quote;
    pairing_quotes(stage, 0, buying, selling, &quote);
    stage_start(stage, &quote, true);
    stage_evaluate(stage);
}

static inline void pairing_look(struct stage *stage, int64_t second, const char *buying,
                                const char *selling)
{
    struct quote quote;
    pairing_quotes(stage, second, buying, selling, &quote);
    stage_look(stage, &quote);
    stage_evaluate(stage);
}

static inline enum err pairing_stop_at(struct stage *stage, int64_t second, const char *buying,
                                       const char *selling, bool keeps)
{
    struct quote quote;
    pairing_quotes(stage, second, buying, selling, &quote);
    stage_look(stage, &quote);
    return stage_stop(stage, keeps);
}

static inline struct executor_report pairing_figures(const struct stage *stage)
{
    struct executor_report report;
    stage->kind->report(stage->executor, &stage->view, &report);
    return report;
}

#define ck_assert_request(stage, index, market_, role_, side_, amount_)                  \
    do {                                                                                 \
        ck_assert_uint_gt((stage)->requests.count, (index));                             \
        const struct executor_request *request_seen = &(stage)->requests.items[(index)]; \
        ck_assert_int_eq(request_seen->kind, REQUEST_PLACE);                             \
        ck_assert_uint_eq(request_seen->market, (market_));                              \
        ck_assert_int_eq(request_seen->role, (role_));                                   \
        ck_assert_int_eq(request_seen->side, (side_));                                   \
        ck_assert_decimal_eq(request_seen->amount, (amount_));                           \
    } while (0)

#endif
