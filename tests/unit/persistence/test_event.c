#include "persistence/event.h"

#include <cJSON.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/persistence/samples.h"

#define RUN_HEAD "{\"config_hash\":\"abc\",\"mode\":\"paper\",\"seed\":7,\"version\":\"0.1.0\","
#define RUN_TROUBLE                                                                      \
    "{\"what\":\"store\",\"since_ns\":1723075200123456789,\"effect\":\"no new orders\"," \
    "\"reason\":\"disk_slow\"}"
#define EXECUTOR_IDENTITY                                              \
    "{\"type\":\"progressive_executor\",\"connector_name\":\"paper\"," \
    "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\","
#define EXECUTOR_FIGURES                                                                      \
    "\"status\":\"RUNNING\",\"close_type\":null,\"net_pnl_quote\":\"-1.25\","                 \
    "\"net_pnl_pct\":\"-0.0125\",\"cum_fees_quote\":\"0.5\",\"filled_amount_quote\":\"100\"," \
    "\"custom_info\":{\"side\":1},"
#define ACTION_TAIL \
    "\"message\":\"as asked\",\"actor\":\"http:trade\",\"request\":" SAMPLE_REQUEST "}"
#define ORDER                                                                                     \
    "{\"client_order_id\":\"zzz-1f-3\",\"exchange_order_id\":\"X1\","                             \
    "\"trading_pair\":\"BTC-USDT\",\"venue\":\"paper\",\"side\":\"BUY\",\"type\":\"LIMIT\","      \
    "\"role\":\"open\",\"price\":\"60000.57\",\"amount\":\"0.1\",\"executed_base\":\"0.05\","     \
    "\"executed_quote\":\"3000.0285\",\"reason\":\"\",\"status\":\"OPEN\",\"fee_quote\":\"0.6\"," \
    "\"created_at_ns\":1723075200123455789}"
#define RISK_TAIL "\"limit\":\"100\",\"value\":\"101\",\"reason\":\"kill switch\"}"
#define VENUE "{\"venue\":\"global\",\"reason\":\"HALTED\",\"found\":\"kill switch\"}"

#define POSITION_DATA                                                                     \
    "{\"venue\":\"paper\",\"trading_pair\":\"BTC-USDT\",\"side\":\"NET\","                \
    "\"amount\":\"-0.57\",\"average_price\":\"60000.57\",\"realized_pnl_quote\":\"1.1\"," \
    "\"unrealized_pnl_quote\":\"-2.2\",\"fees_quote\":\"0.29\","                          \
    "\"funding_quote\":\"-0.31\",\"volume_quote\":\"34200.3249\"}"

static const char *const expected_data[RECORD_KIND_COUNT] = {
    [RECORD_RUN_STARTED] =
        RUN_HEAD "\"name\":\"btc-progressive\",\"config\":{\"run\":{\"seed\":7}}}",
    [RECORD_RUN_RECOVERED] = RUN_HEAD "\"executors_resumed\":1,\"orders_reconciled\":2,"
                                      "\"fills_found\":3,\"name\":\"btc-progressive\"}",
    [RECORD_RUN_STOPPED] = "{\"reason\":\"end_of_feed\",\"actor\":\"signal\"}",
    [RECORD_RUN_DEGRADED] = RUN_TROUBLE,
    [RECORD_RUN_RESTORED] = RUN_TROUBLE,
    [RECORD_ACTION_ACCEPTED] =
        "{\"action_id\":\"a1\",\"action\":\"create_executor\",\"code\":\"\"," ACTION_TAIL,
    [RECORD_ACTION_REJECTED] =
        "{\"action_id\":\"a1\",\"action\":\"create_executor\",\"code\":\"limit\"," ACTION_TAIL,
    [RECORD_ACTION_COMPLETED] =
        "{\"action_id\":\"a1\",\"action\":\"create_executor\",\"code\":\"\"," ACTION_TAIL,
    [RECORD_EXECUTOR_CREATED] =
        EXECUTOR_IDENTITY "\"config\":{\"amount\":\"0.1\"}," EXECUTOR_FIGURES "\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_STARTED] = "{" EXECUTOR_FIGURES "\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_UPDATED] = "{" EXECUTOR_FIGURES "\"changes\":null,\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_STOPPING] = "{" EXECUTOR_FIGURES "\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_TERMINATED] = "{" EXECUTOR_FIGURES "\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_FAILED] = "{" EXECUTOR_FIGURES "\"closed_at_ns\":0}",
    [RECORD_EXECUTOR_SKIPPED] =
        "{\"type\":\"position_executor\",\"connector_name\":\"paper\","
        "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"reason\":\"bounds\","
        "\"role\":\"open\",\"order_type\":\"LIMIT\",\"amount\":\"1\",\"price\":\"59000\"}",
    [RECORD_ORDER_SUBMITTED] = ORDER,
    [RECORD_ORDER_ACCEPTED] = ORDER,
    [RECORD_ORDER_REJECTED] = ORDER,
    [RECORD_ORDER_PARTIALLY_FILLED] = ORDER,
    [RECORD_ORDER_FILLED] = ORDER,
    [RECORD_ORDER_CANCEL_REQUESTED] = ORDER,
    [RECORD_ORDER_CANCELED] = ORDER,
    [RECORD_ORDER_EXPIRED] = ORDER,
    [RECORD_ORDER_UNKNOWN] = ORDER,
    [RECORD_FILL] =
        "{\"trade_id\":\"T1\",\"client_order_id\":\"zzz-1f-3\",\"price\":\"60000.57\","
        "\"amount\":\"0.05\",\"fee\":\"0.00005\",\"fee_asset\":\"BTC\",\"liquidity\":\"maker\","
        "\"position_after\":\"0.04995\",\"venue\":\"paper\",\"account\":\"main\","
        "\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"fee_quote\":\"3.0000285\","
        "\"time_ns\":1723075200123456784}",
    [RECORD_POSITION] = POSITION_DATA,
    [RECORD_POSITION_OPENED] = POSITION_DATA,
    [RECORD_FUNDING] = "{\"venue\":\"perp\",\"trading_pair\":\"BTC-USDT\",\"side\":\"SELL\","
                       "\"due_ns\":1723075200123456782,\"rate\":\"0.0001\",\"position\":\"-0.5\","
                       "\"amount\":\"3.05\"}",
    [RECORD_LIQUIDATION] =
        "{\"venue\":\"perp\",\"trading_pair\":\"BTC-USDT\",\"position_side\":\"NET\","
        "\"side\":\"SELL\",\"amount\":\"0.5\",\"price\":\"61000\","
        "\"exchange_order_id\":\"0-0-1\",\"reason\":\"margin call\"}",
    [RECORD_RATE] = "{\"asset\":\"USD\",\"quote_asset\":\"USDT\",\"rate\":\"1.0001\"}",
    [RECORD_PERFORMANCE] =
        "{\"realized_pnl_quote\":\"1\",\"unrealized_pnl_quote\":\"2\",\"fees_quote\":\"3\","
        "\"funding_quote\":\"3.5\",\"global_pnl_quote\":\"4\",\"volume_traded\":\"5\",\"capital_"
        "quote\":\"6\","
        "\"return_on_capital\":\"7\",\"realized_pnl_pct\":\"8\",\"unrealized_pnl_pct\":\"9\","
        "\"global_pnl_pct\":\"10\",\"win_rate\":\"11\",\"profit_factor\":\"12\","
        "\"max_drawdown_quote\":\"13\",\"sharpe_ratio\":\"14\",\"open_order_volume\":\"15\","
        "\"inventory_imbalance\":\"16\",\"executors_active\":17,\"executors_closed\":18,"
        "\"fills\":19,\"close_type_counts\":{\"STOP_LOSS\":20,\"TAKE_PROFIT\":21}}",
    [RECORD_RISK_DENIED] = "{\"scope\":\"global\",\"code\":\"HALTED\"," RISK_TAIL,
    [RECORD_RISK_STATE] = "{\"scope\":\"global\",\"state\":\"HALTED\",\"before\":\"ACTIVE\","
                          "\"actor\":\"rep:desk\"," RISK_TAIL,
    [RECORD_RISK_PEAK] = "{\"scope\":\"global\",\"value\":\"101\"}",
    [RECORD_RISK_DAY] = "{\"scope\":\"global\",\"value\":\"101\"}",
    [RECORD_VENUE_CONNECTED] = VENUE,
    [RECORD_VENUE_DISCONNECTED] = VENUE,
    [RECORD_VENUE_RECONCILED] = VENUE,
};

static void assert_is_json(const char *text)
{
    cJSON *json = cJSON_ParseWithOpts(text, NULL, true);
    ck_assert_msg(cJSON_IsObject(json), "not a JSON object: %s", text);
    cJSON_Delete(json);
}

START_TEST(data_of_each_kind)
{
    const struct record record = sample_record((enum record_kind)_i, 1);
    struct text data = {0};
    event_print_data(&record, &data);
    ck_assert_str_eq(text_string(&data), expected_data[_i]);
    assert_is_json(text_string(&data));
    text_done(&data);
}
END_TEST

static void print_executor(enum record_kind kind, const struct record_executor *executor,
                           struct text *out)
{
    struct record record = sample_record(kind, 1);
    record.data.executor = *executor;
    text_clear(out);
    event_print_data(&record, out);
    assert_is_json(text_string(out));
}

START_TEST(executor_data_has_what_is_known)
{
    struct text data = {0};
    struct record_executor executor = sample_executor();
    executor.status = 4;
    executor.close_type = 2;
    executor.closed_at_ns = 99;
    executor.state = "{\"x\":1}";
    executor.reason = "{\"stop_loss\":[\"0.01\",\"0.02\"]}";
    print_executor(RECORD_EXECUTOR_UPDATED, &executor, &data);
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"status\":\"TERMINATED\""));
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"close_type\":\"STOP_LOSS\""));
    ck_assert_ptr_nonnull(
        strstr(text_string(&data), "\"changes\":{\"stop_loss\":[\"0.01\",\"0.02\"]},"));
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"closed_at_ns\":99,\"state\":{\"x\":1}}"));

    executor.reason = "below_min_size";
    print_executor(RECORD_EXECUTOR_FAILED, &executor, &data);
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"reason\":\"below_min_size\""));

    executor.side = 0;
    print_executor(RECORD_EXECUTOR_CREATED, &executor, &data);
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"side\":null"));
    text_done(&data);
}
END_TEST

/* What its plan has set aside is told with its creation, where it could be. */
START_TEST(reservation_is_told_where_there_is_one)
{
    struct text data = {0};
    struct record_executor executor = sample_executor();
    print_executor(RECORD_EXECUTOR_CREATED, &executor, &data);
    ck_assert_ptr_null(strstr(text_string(&data), "reserved"));
    executor.reserved = "[[\"100\",\"0.5\"]]";
    print_executor(RECORD_EXECUTOR_CREATED, &executor, &data);
    ck_assert_ptr_nonnull(strstr(text_string(&data), "\"reserved\":[[\"100\",\"0.5\"]],"));
    text_done(&data);
}
END_TEST

/* Written when it is another than GTC only, as journals had no such member before. */
START_TEST(time_in_force_is_told_when_it_is_special)
{
    static const char *const members[] = {
        [TIME_IN_FORCE_GTC] = NULL,
        [TIME_IN_FORCE_IOC] = "\"time_in_force\":\"IOC\",",
        [TIME_IN_FORCE_FOK] = "\"time_in_force\":\"FOK\",",
    };
    struct record record = sample_record(RECORD_ORDER_SUBMITTED, 1);
    struct text printed = {0};
    record.data.order.time_in_force = (enum time_in_force)_i;
    event_print_data(&record, &printed);
    const char *found = strstr(text_string(&printed), "\"time_in_force\"");
    ck_assert_int_eq(found != NULL, members[_i] != NULL);
    ck_assert(found == NULL || strncmp(found, members[_i], strlen(members[_i])) == 0);
    text_done(&printed);
}
END_TEST

START_TEST(whole_event)
{
    const struct record record = sample_record(RECORD_RUN_STOPPED, 42);
    struct text event = {0};
    const size_t data = event_begin("a \"run\"", &record, &event);
    ck_assert_str_eq(text_string(&event) + data,
                     "{\"reason\":\"end_of_feed\",\"actor\":\"signal\"}");
    event_end(&event);
    ck_assert_str_eq(text_string(&event),
                     "run.stopped {\"v\":1,\"run\":\"a \\\"run\\\"\",\"seq\":42,"
                     "\"ts\":1723075200123456,\"type\":\"run.stopped\",\"controller_id\":\"\","
                     "\"executor_id\":\"\",\"data\":{\"reason\":\"end_of_feed\","
                     "\"actor\":\"signal\"}}");
    assert_is_json(strchr(text_string(&event), ' ') + 1);
    text_done(&event);
}
END_TEST

START_TEST(stored_row_gives_the_same_event)
{
    const struct record record = sample_record((enum record_kind)_i, 7);
    struct text data = {0};
    struct text published = {0};
    struct text stored = {0};
    event_print_data(&record, &data);
    const size_t at = event_begin(SAMPLE_RUN, &record, &published);
    ck_assert_str_eq(text_string(&published) + at, text_string(&data));
    event_end(&published);
    const struct event_head head = {.run = SAMPLE_RUN,
                                    .seq = 7,
                                    .ts_ns = record.ts_ns,
                                    .type = record_kind_type(record.kind),
                                    .controller_id = record.controller_id,
                                    .executor_id = record.executor_id};
    event_print_stored(&head, text_string(&data), &stored);
    ck_assert_str_eq(text_string(&published), text_string(&stored));
    assert_is_json(strchr(text_string(&published), ' ') + 1);
    text_done(&data);
    text_done(&published);
    text_done(&stored);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/event");
    TCase *tcase = tcase_create("event");
    tcase_add_loop_test(tcase, data_of_each_kind, 0, RECORD_KIND_COUNT);
    tcase_add_test(tcase, executor_data_has_what_is_known);
    tcase_add_test(tcase, reservation_is_told_where_there_is_one);
    tcase_add_loop_test(tcase, time_in_force_is_told_when_it_is_special, 0, TIME_IN_FORCE_FOK + 1);
    tcase_add_test(tcase, whole_event);
    tcase_add_loop_test(tcase, stored_row_gives_the_same_event, 0, RECORD_KIND_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
