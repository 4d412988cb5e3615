/*
 * tests/unit/executors/test_factory.c - configurations: which are accepted, and what is said of
 * the others.
 */
#include "executors/factory.h"

#include <stdio.h>

#include "bracketing.h"

enum { LINE_MAX_LENGTH = 4096 };

#define PLACE "\"connector_name\":\"one\",\"trading_pair\":\"BTC-USDT\","
#define PAIR                                                                        \
    "\"buying_market\":{\"connector_name\":\"one\",\"trading_pair\":\"BTC-USDT\"}," \
    "\"selling_market\":{\"connector_name\":\"two\",\"trading_pair\":\"BTC-USDT\"},"

struct parsed {
    struct arena arena;
    struct problems problems;
    const struct executor_kind *kind;
    const struct executor_config *config;
    enum err err;
};

static void parse(struct parsed *parsed, const char *json)
{
    const struct node *node = NULL;
    *parsed = (struct parsed){0};
    arena_init(&parsed->arena, 0);
    problems_init(&parsed->problems, "test");
    ck_assert_msg(node_read_json("test", json, strlen(json), NODE_DEPTH_CONTROL_MAX, &parsed->arena,
                                 &parsed->problems, &node) == ERR_NONE,
                  "%s", json);
    parsed->err = factory_parse(node, "executors[3]", &parsed->arena, &parsed->problems,
                                &parsed->kind, &parsed->config);
}

static void parsed_done(struct parsed *parsed)
{
    problems_done(&parsed->problems);
    arena_done(&parsed->arena);
}

/* One line of config.jsonl: {executor, name, valid, config}. */
static void check_line(const char *line)
{
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "config.jsonl");
    ck_assert_int_eq(node_read_json("config.jsonl", line, strlen(line), NODE_DEPTH_CONTROL_MAX,
                                    &arena, &problems, &node),
                     ERR_NONE);
    struct text json = {0};
    node_print_json(node_get(node, "config"), &json);
    json.length--;
    json_put_string(&json, "connector_name", "paper");
    json_put_string(&json, "trading_pair", "BTC-USDT");
    json_object_end(&json);
    const bool is_valid = strcmp(node_get_text(node, "valid"), "true") == 0;
    struct parsed parsed;
    parse(&parsed, text_string(&json));
    ck_assert_msg((parsed.err == ERR_NONE) == is_valid, "%s: %s", node_get_text(node, "name"),
                  text_string(&parsed.problems.lines));
    ck_assert_msg(is_valid || parsed.problems.count == 1, "%s: one problem, got:\n%s",
                  node_get_text(node, "name"), text_string(&parsed.problems.lines));
    parsed_done(&parsed);
    text_done(&json);
    problems_done(&problems);
    arena_done(&arena);
}

START_TEST(every_recorded_configuration_is_decided_right)
{
    FILE *file = fopen(TUTTI_SOURCE_DIR "/tests/conformance/config.jsonl", "r");
    ck_assert_ptr_nonnull(file);
    char line[LINE_MAX_LENGTH];
    size_t count = 0;
    while (fgets(line, sizeof(line), file) != NULL) {
        check_line(line);
        count++;
    }
    (void)fclose(file);
    ck_assert_uint_eq(count, 52);
}
END_TEST

#define HEAD \
    "\"connector_name\":\"paper\",\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"amount\":\"1\""
#define POSITION(more) "{\"type\":\"position_executor\"," HEAD more "}"
#define PROGRESSIVE(more) "{\"type\":\"progressive_executor\"," HEAD more "}"
#define BARRIERS(more) ",\"triple_barrier_config\":{" more "}"

static const struct {
    const char *json, *problem; /* "": accepted. */
} configs[] = {
    {POSITION(""), ""},
    {PROGRESSIVE(""), ""},
    {POSITION(",\"id\":\"a.B-c_9\""), ""},
    {POSITION(",\"id\":null,\"level_id\":null,\"max_retries\":null,\"leverage\":null"), ""},
    {POSITION(",\"triple_barrier_config\":null"), ""},
    {POSITION(BARRIERS("\"open_order_type\":null,\"take_profit_order_type\":null")), ""},
    {POSITION(BARRIERS("\"stop_loss_order_type\":1,\"time_limit_order_type\":\"market\"")), ""},
    {PROGRESSIVE(BARRIERS("\"trailing_stop\":{\"activation_pnl_pct\":\"0.1\",\"trailing_pct\":"
                          "\"0.1\",\"pnl_relaxation\":null,\"max_trailing_pct\":null,"
                          "\"take_profit_table\":null}")),
     ""},
    {"[]", "expected a mapping"},
    {"{}", "no executor type"},
    {"{\"type\":\"position_executer\"}", "did you mean \"position_executor\"?"},
    {"{\"type\":\"position_executor\"}", "connector_name"},
    {POSITION(",\"id\":\"with space\""), "executors[3].id"},
    {POSITION(",\"id\":\"\""), "executors[3].id"},
    {POSITION(",\"leverage\":0"), "executors[3].leverage"},
    {POSITION(",\"max_retries\":-1"), "executors[3].max_retries"},
    {POSITION(",\"colour\":\"red\""), "executors[3].colour"},
    {POSITION(BARRIERS("\"stop_loss_order_type\":\"LIMIT\"")),
     "executors[3].triple_barrier_config.stop_loss_order_type: only MARKET"},
    {POSITION(BARRIERS("\"time_limit_order_type\":\"LIMIT\"")),
     "executors[3].triple_barrier_config.time_limit_order_type: only MARKET"},
    {POSITION(BARRIERS("\"apr_yield\":\"0.1\"")), "apr_yield"},
    {POSITION(BARRIERS("\"stop_loss\":\"1000000001\"")), "stop_loss"},
    {POSITION(BARRIERS("\"trailing_stop\":{}")), "activation_price"},
    {PROGRESSIVE(BARRIERS("\"trailing_stop\":{\"activation_price\":\"1\"}")), "trailing_pct"},
};

START_TEST(problems_name_the_field)
{
    struct parsed parsed;
    parse(&parsed, configs[_i].json);
    const bool is_valid = configs[_i].problem[0] == '\0';
    const char *lines = text_string(&parsed.problems.lines);
    ck_assert_msg(parsed.err == (is_valid ? ERR_NONE : ERR_SYNTAX), "%s\n%s", configs[_i].json,
                  lines);
    ck_assert_msg(strstr(lines, configs[_i].problem) != NULL, "%s", lines);
    parsed_done(&parsed);
}
END_TEST

START_TEST(defaults_are_those_of_hummingbot)
{
    struct parsed parsed;
    parse(&parsed, PROGRESSIVE(BARRIERS("\"trailing_stop\":{\"activation_pnl_pct\":\"0.1\","
                                        "\"trailing_pct\":\"0.2\",\"pnl_relaxation\":null}")));
    ck_assert_int_eq(parsed.err, ERR_NONE);
    const struct bracket_config *config = (const struct bracket_config *)parsed.config;
    const struct barrier_config *barriers = bracket_barriers(config);
    ck_assert_str_eq(config->common.controller_id, "main");
    ck_assert_int_eq(config->common.max_retries, 10);
    ck_assert_int_eq(config->leverage, 1);
    ck_assert(!config->has_entry_price && !config->common.has_timestamp);
    ck_assert_ptr_null(bracket_bounds(config));
    ck_assert_int_eq(barriers->open_order_type, ORDER_LIMIT);
    ck_assert_int_eq(barriers->take_profit_order_type, ORDER_MARKET);
    ck_assert(!barriers->has_stop_loss && !barriers->has_take_profit && !barriers->has_time_limit);
    ck_assert_decimal_eq(barriers->trailing_stop->relaxation, "0.9");
    ck_assert_decimal_eq(barriers->trailing_stop->distance_max, "0.05");
    ck_assert_uint_eq(barriers->trailing_stop->table.count, 0);
    parsed_done(&parsed);
}
END_TEST

START_TEST(what_is_printed_parses_again)
{
    struct parsed first;
    struct parsed second;
    struct text printed = {0};
    struct text again = {0};
    parse(&first,
          PROGRESSIVE(",\"activation_bounds\":[\"0.01\",0.02],\"timestamp\":1700000000.5" BARRIERS(
              "\"stop_loss\":0.02,\"time_limit\":60,\"apr_yield\":\"0.5\",\"trailing_stop\":"
              "{\"activation_pnl_pct\":\"0.1\",\"trailing_pct\":\"0.2\","
              "\"take_profit_table\":[[\"0.05\",\"0.5\"],[\"-1\",\"1\"]]}")));
    ck_assert_int_eq(first.err, ERR_NONE);
    field_print_json(first.kind->config_fields, first.config, &printed);
    parse(&second, text_string(&printed));
    ck_assert_msg(second.err == ERR_NONE, "%s", text_string(&second.problems.lines));
    field_print_json(second.kind->config_fields, second.config, &again);
    ck_assert_str_eq(text_string(&printed), text_string(&again));
    const struct bracket_config *config = (const struct bracket_config *)second.config;
    ck_assert_int_eq(config->common.timestamp_ns, INT64_C(1700000000500000000));
    ck_assert_int_eq(bracket_barriers(config)->time_limit_ns, 60 * NS_PER_S);
    const struct ladder_row *rows = bracket_barriers(config)->trailing_stop->table.items;
    ck_assert_decimal_eq(rows[1].level, "-1");
    text_done(&printed);
    text_done(&again);
    parsed_done(&first);
    parsed_done(&second);
}
END_TEST

START_TEST(no_memory_is_said)
{
    struct parsed parsed;
    struct arena small;
    parse(&parsed, POSITION(""));
    const struct node *node = NULL;
    ck_assert_int_eq(node_read_json("test", POSITION(""), strlen(POSITION("")), 8, &parsed.arena,
                                    &parsed.problems, &node),
                     ERR_NONE);
    for (size_t limit = 1; limit < 1200; limit += 16) {
        arena_init(&small, limit);
        const enum err err =
            factory_parse(node, "", &small, &parsed.problems, &parsed.kind, &parsed.config);
        ck_assert(err == ERR_MEMORY || err == ERR_NONE);
        arena_done(&small);
        if (limit < 300) {
            ck_assert_int_eq(err, ERR_MEMORY);
        }
    }
    parsed_done(&parsed);
}
END_TEST

START_TEST(a_side_is_what_the_configuration_says)
{
    static const struct {
        const char *json;
        int side;
    } cases[] = {
        {POSITION(""), SIDE_BUY},
        {"{\"type\":\"grid_executor\",\"connector_name\":\"paper\",\"trading_pair\":\"BTC-USDT\","
         "\"side\":\"SELL\",\"start_price\":\"1\",\"end_price\":\"2\",\"limit_price\":\"3\","
         "\"total_amount_quote\":\"100\",\"triple_barrier_config\":{\"take_profit\":\"0.01\"}}",
         SIDE_SELL},
        {"{\"type\":\"arbitrage_executor\",\"buying_market\":{\"connector_name\":\"a\","
         "\"trading_pair\":\"BTC-USDT\"},\"selling_market\":{\"connector_name\":\"b\","
         "\"trading_pair\":\"BTC-USDT\"},\"order_amount\":\"1\",\"min_profitability\":\"0.001\"}",
         0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed parsed;
        parse(&parsed, cases[i].json);
        ck_assert_msg(parsed.err == ERR_NONE, "%s", text_string(&parsed.problems.lines));
        ck_assert_int_eq((int)executor_config_side(parsed.kind, parsed.config), cases[i].side);
        parsed_done(&parsed);
    }
}
END_TEST

START_TEST(ids_have_a_form)
{
    char longest[EXECUTOR_ID_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    longest[EXECUTOR_ID_MAX + 1] = '\0';
    ck_assert(!executor_id_is_valid(longest));
    longest[EXECUTOR_ID_MAX] = '\0';
    ck_assert(executor_id_is_valid(longest));
    ck_assert(executor_id_is_valid("A.z_0-9"));
    ck_assert(!executor_id_is_valid(""));
    ck_assert(!executor_id_is_valid("a/b"));
    ck_assert(!executor_id_is_valid("\xC3\xA4"));
    ck_assert(controller_id_is_valid(longest));
    ck_assert(!controller_id_is_valid(""));
    ck_assert(!controller_id_is_valid(CONTROLLER_EXTERNAL));
}
END_TEST

START_TEST(a_text_is_found_in_its_field)
{
    struct inner {
        const char *name;
    };
    struct outer {
        bool is_first;
        const char *name;
        const struct inner *absent;
        const struct inner *inner;
    };
    static const struct field inner_fields[] = {
        {.name = "name", .kind = FIELD_TEXT, .offset = offsetof(struct inner, name)}, {0}};
    static const struct field fields[] = {
        {.name = "is_first", .kind = FIELD_BOOL, .offset = offsetof(struct outer, is_first)},
        {.name = "name", .kind = FIELD_TEXT, .offset = offsetof(struct outer, name)},
        {.name = "absent",
         .kind = FIELD_OBJECT,
         .offset = offsetof(struct outer, absent),
         .fields = inner_fields},
        {.name = "inner",
         .kind = FIELD_OBJECT,
         .offset = offsetof(struct outer, inner),
         .fields = inner_fields},
        {0}};
    const struct inner inner = {"b"};
    const struct outer outer = {.name = "a", .inner = &inner};
    struct text path = {0};
    ck_assert(factory_find_text(fields, &outer, inner.name, &path));
    ck_assert_str_eq(text_string(&path), "inner.name");
    text_clear(&path);
    ck_assert(factory_find_text(fields, &outer, outer.name, &path));
    ck_assert_str_eq(text_string(&path), "name");
    text_clear(&path);
    ck_assert(!factory_find_text(fields, &outer, "nobody's", &path));
    ck_assert_uint_eq(path.length, 0);
    text_done(&path);
}
END_TEST

START_TEST(the_registry_knows_its_kinds)
{
    ck_assert_uint_ge(executor_kind_count(), 2);
    for (size_t i = 0; i < executor_kind_count(); i++) {
        const struct executor_kind *kind = executor_kind_at(i);
        ck_assert_ptr_eq(executor_kind_find(kind->type), kind);
        ck_assert(kind->state_size >= sizeof(struct executor));
        ck_assert_uint_ge(kind->market_count, 1);
        ck_assert_uint_le(kind->market_count, WAKE_MARKETS_MAX);
    }
    ck_assert_ptr_null(executor_kind_find("position"));
}
END_TEST

/* What each kind is held to, by its configuration alone. */
static const struct {
    const char *json;
    enum target_kind kind;
    const char *amount;
} targets[] = {
    {"{\"type\":\"position_executor\"," PLACE "\"side\":\"BUY\",\"amount\":\"0.3\","
     "\"triple_barrier_config\":{\"stop_loss\":\"0.1\"}}",
     TARGET_BASE, "0.3"},
    {"{\"type\":\"progressive_executor\"," PLACE "\"side\":\"SELL\",\"amount\":\"0.4\","
     "\"triple_barrier_config\":{\"stop_loss\":\"0.1\"}}",
     TARGET_BASE, "0.4"},
    {"{\"type\":\"order_executor\"," PLACE
     "\"side\":\"BUY\",\"amount\":\"0.5\",\"execution_strategy\":\"MARKET\"}",
     TARGET_BASE, "0.5"},
    /* 100 / 100 + 180 / 90. */
    {"{\"type\":\"dca_executor\"," PLACE
     "\"side\":\"BUY\",\"amounts_quote\":[100,180],\"prices\":[100,90]}",
     TARGET_BASE, "3"},
    {"{\"type\":\"twap_executor\"," PLACE
     "\"side\":\"BUY\",\"total_amount_quote\":\"400\",\"total_duration\":39,"
     "\"order_interval\":10}",
     TARGET_QUOTE, "400"},
    /* 1000 at an average of (90 + 110) / 2. */
    {"{\"type\":\"grid_executor\"," PLACE
     "\"side\":\"BUY\",\"start_price\":\"90\",\"end_price\":\"110\",\"limit_price\":\"80\","
     "\"total_amount_quote\":\"1000\",\"triple_barrier_config\":{\"take_profit\":\"0.01\"}}",
     TARGET_OPEN, "10"},
    {"{\"type\":\"arbitrage_executor\"," PAIR "\"order_amount\":\"2\",\"min_profitability\":0}",
     TARGET_BASE, "2"},
    {"{\"type\":\"xemm_executor\"," PAIR
     "\"order_amount\":\"1.5\",\"maker_side\":\"BUY\",\"min_profitability\":0,"
     "\"target_profitability\":\"0.01\",\"max_profitability\":\"0.02\"}",
     TARGET_BASE, "1.5"},
};

START_TEST(what_each_kind_is_held_to)
{
    struct parsed parsed;
    parse(&parsed, targets[_i].json);
    ck_assert_msg(parsed.err == ERR_NONE, "%s", text_string(&parsed.problems.lines));
    const struct target target = parsed.kind->target(parsed.config);
    ck_assert_int_eq(target.kind, targets[_i].kind);
    ck_assert(decimal_equal(target.amount, decimal_literal(targets[_i].amount)));
    parsed_done(&parsed);
}
END_TEST

/* A kind that says nothing would be held to nothing. */
START_TEST(every_kind_says_its_target)
{
    for (size_t i = 0; i < executor_kind_count(); i++) {
        ck_assert_ptr_nonnull(executor_kind_at(i)->target);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, every_recorded_configuration_is_decided_right);
    tcase_add_loop_test(tcase, problems_name_the_field, 0, COUNT(configs));
    tcase_add_test(tcase, defaults_are_those_of_hummingbot);
    tcase_add_test(tcase, what_is_printed_parses_again);
    tcase_add_test(tcase, no_memory_is_said);
    tcase_add_test(tcase, a_side_is_what_the_configuration_says);
    tcase_add_test(tcase, ids_have_a_form);
    tcase_add_test(tcase, a_text_is_found_in_its_field);
    tcase_add_test(tcase, the_registry_knows_its_kinds);
    tcase_add_loop_test(tcase, what_each_kind_is_held_to, 0, sizeof(targets) / sizeof(targets[0]));
    tcase_add_test(tcase, every_kind_says_its_target);
}

int main(void)
{
    return run_tests("factory", add_tests);
}
