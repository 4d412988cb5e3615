/*
 * tests/unit/executors/test_grid_levels.c - how a grid shares its money out, what it reserves, and
 * which configurations are refused.
 */
#include "griding.h"

#include "config/node.h"
#include "executors/factory.h"

static struct grid_setting setting;

static void setup(void)
{
    grid_setting_init(&setting);
}

START_TEST(the_plan_reserves_the_total_or_the_base)
{
    struct executor_plans plans;
    const struct executor_view view = {
        .market_count = 1, .markets = {{&setting.instrument, D("104"), D("104"), NULL}}};
    setting.config.barriers = &setting.barriers;
    grid_plan(&setting.config.common, &view, &plans);
    ck_assert(!plans.items[0].is_base);
    ck_assert_decimal_eq(plans.items[0].amount, "330");
    grid_setting_sell(&setting);
    grid_plan(&setting.config.common, &view, &plans);
    ck_assert(plans.items[0].is_base);
    ck_assert_decimal_eq(plans.items[0].amount, "3.12"); /* 3 * 1.04 */
    setting.instrument.is_perpetual = true;
    setting.config.leverage = 10;
    grid_plan(&setting.config.common, &view, &plans);
    ck_assert_decimal_eq(plans.items[0].amount, "33");
}
END_TEST

static const struct levels_row {
    const char *total, *spread, *mid;
    uint32_t count;
    const char *amount, *step;
} levels_rows[] = {
    /* floor(0.1 / 0.03) = 3 levels, 330 / (3 * 105) = 1.047 */
    {"330", "0.03", "104", 3, "1.04", "0.05"},
    /* The market is above the middle: 330 / (3 * 110) = 1 */
    {"330", "0.03", "110", 3, "1", "0.05"},
    /* The range is narrower than the spread: one level in the middle. */
    {"330", "0.2", "104", 1, "3.14", "0.1"},
    /* 1.05 * 5 / 104 = 0.0505 makes 0.06, worth 6.3: the money is enough for three. */
    {"20", "0", "104", 3, "0.06", "0.05"},
    {"6.2", "0.03", "104", 0, "0", "0"},
    {"330", "0.03", "0", 0, "0", "0"},
};

START_TEST(levels_share_the_money)
{
    const struct levels_row *row = &levels_rows[_i];
    setting.config.barriers = &setting.barriers;
    setting.config.total_amount_quote = D(row->total);
    setting.config.min_spread_between_orders = D(row->spread);
    const struct grid_levels levels =
        grid_levels_make(&setting.config, &setting.instrument, D(row->mid));
    ck_assert_uint_eq(levels.count, row->count);
    ck_assert_decimal_eq(levels.amount, row->amount);
    ck_assert_decimal_eq(levels.step, row->step);
    struct decimal cost = DECIMAL_ZERO;
    for (uint32_t i = 0; i < levels.count; i++) {
        cost = decimal_add(
            cost,
            decimal_multiply(levels.amount, grid_levels_price(&setting.config, levels.count, i)));
    }
    ck_assert(!decimal_less(D(row->total), cost));
}
END_TEST

START_TEST(a_take_profit_may_follow_the_step)
{
    setting.config.barriers = &setting.barriers;
    setting.config.coerce_tp_to_step = true;
    const struct grid_levels levels =
        grid_levels_make(&setting.config, &setting.instrument, D("104"));
    ck_assert_decimal_eq(levels.take_profit, "0.05");
}
END_TEST

#define GRID_JSON(members)                                                                \
    "{\"type\":\"grid_executor\",\"connector_name\":\"p\",\"trading_pair\":\"BTC-USDT\"," \
    "\"total_amount_quote\":\"100\"," members "}"

static const struct refusal_row {
    const char *json;
    const char *problem; /* NULL: accepted. */
} refusal_rows[] = {
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     NULL},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":3,\"side\":\"SELL\","
               "\"triple_barrier_config\":{\"take_profit\":0.01,\"open_order_type\":3}"),
     NULL},
    {GRID_JSON("\"start_price\":2,\"end_price\":2,\"limit_price\":1,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     "start_price: not below end_price"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":2,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     "limit_price: a BUY grid"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":1,\"side\":2,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     "limit_price: a SELL grid"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{}"),
     "triple_barrier_config.take_profit: missing"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5"), "triple_barrier_config"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{\"take_profit\":0.01,\"open_order_type\":1}"),
     "triple_barrier_config.open_order_type: levels rest"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{\"take_profit\":0.01,\"take_profit_order_type\":1}"),
     "triple_barrier_config.take_profit_order_type: levels rest"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{\"take_profit\":0.01,\"stop_loss_order_type\":2}"),
     "triple_barrier_config.stop_loss_order_type: only MARKET"},
    {GRID_JSON("\"start_price\":-1,\"end_price\":2,\"limit_price\":0.5,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     "start_price"},
    {GRID_JSON("\"start_price\":1,\"end_price\":2,\"limit_price\":0.5,\"max_open_orders\":0,"
               "\"triple_barrier_config\":{\"take_profit\":0.01}"),
     "max_open_orders"},
};

START_TEST(a_bad_configuration_is_refused_with_its_path)
{
    const struct refusal_row *row = &refusal_rows[_i];
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    const struct executor_kind *kind = NULL;
    const struct executor_config *config = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "test");
    ck_assert_int_eq(node_read_json("test", row->json, strlen(row->json), NODE_DEPTH_CONTROL_MAX,
                                    &arena, &problems, &node),
                     ERR_NONE);
    const enum err err = factory_parse(node, "", &arena, &problems, &kind, &config);
    ck_assert_int_eq(err, row->problem == NULL ? ERR_NONE : ERR_SYNTAX);
    if (row->problem == NULL) {
        const char *connector;
        const char *pair;
        kind->market(config, 0, &connector, &pair);
        ck_assert_str_eq(connector, "p");
        ck_assert_str_eq(pair, "BTC-USDT");
    } else {
        ck_assert_msg(strstr(text_string(&problems.lines), row->problem) != NULL, "%s",
                      text_string(&problems.lines));
    }
    problems_done(&problems);
    arena_done(&arena);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, the_plan_reserves_the_total_or_the_base);
    tcase_add_loop_test(tcase, levels_share_the_money, 0, COUNT(levels_rows));
    tcase_add_test(tcase, a_take_profit_may_follow_the_step);
    tcase_add_loop_test(tcase, a_bad_configuration_is_refused_with_its_path, 0,
                        COUNT(refusal_rows));
}

int main(void)
{
    return run_tests("grid_levels", add_tests);
}
