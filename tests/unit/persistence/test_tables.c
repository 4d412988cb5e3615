#include "persistence/tables.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "persistence/event.h"
#include "persistence/schema.h"
#include "tests/unit/persistence/samples.h"

static struct failure failure;
static struct connection connection;
static struct tables tables;
static struct text data;

static void tables_create(void)
{
    scratch_setup();
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure), ERR_NONE);
    ck_assert_int_eq(schema_create(&connection, &failure), ERR_NONE);
    ck_assert_msg(tables_init(&tables, &connection, SAMPLE_RUN, &failure) == ERR_NONE, "%s",
                  failure.text);
}

static void tables_remove(void)
{
    tables_done(&tables);
    tables_done(&tables); /* A zeroed struct is allowed. */
    connection_close(&connection);
    text_done(&data);
    scratch_teardown();
}

static enum err try_put(const struct record *record)
{
    char id[ORDER_ID_TEXT_MAX];
    text_clear(&data);
    event_print_data(record, &data);
    const struct journal_row row = {.seq = record->seq,
                                    .ts_ns = record->ts_ns,
                                    .kind = record_kind_type(record->kind),
                                    .controller_id = record->controller_id,
                                    .executor_id = record->executor_id,
                                    .client_order_id = record_client_order_id(record, id),
                                    .payload = text_string(&data)};
    const struct checksum checksum = checksum_of(&CHECKSUM_FIRST, &row);
    const enum err err = tables_put_journal(&tables, &row, &checksum, &failure);
    return err != ERR_NONE ? err : tables_put(&tables, record, &row, &failure);
}

static void put(struct record record)
{
    ck_assert_msg(try_put(&record) == ERR_NONE, "%s", failure.text);
}

/* The first value of a query. */
static void assert_value(const char *sql, const char *expected)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_msg(connection_prepare(&connection, sql, &statement, &failure) == ERR_NONE, "%s",
                  failure.text);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    const char *value = text != NULL ? text : "NULL";
    ck_assert_msg(strcmp(value, expected) == 0, "%s: %s, expected %s", sql, value, expected);
    (void)sqlite3_finalize(statement);
}

START_TEST(journal_has_all_of_a_record)
{
    put(sample_record(RECORD_FILL, 7));
    assert_value("SELECT seq || ' ' || ts || ' ' || kind || ' ' || controller_id || ' ' ||"
                 " executor_id || ' ' || client_order_id || ' ' || length(checksum) FROM journal",
                 "7 1723075200123456789 fill my_controller e1 zzz-1f-3 32");
    assert_value("SELECT payload FROM journal", text_string(&data));
    const struct record again = sample_record(RECORD_POSITION, 7);
    ck_assert_int_eq(try_put(&again), ERR_CORRUPT); /* The number is taken. */
    ck_assert_ptr_nonnull(strstr(failure.text, "write the journal"));
}
END_TEST

START_TEST(missing_tables_are_an_error)
{
    struct tables none;
    ck_assert_int_eq(connection_run(&connection, "DROP TABLE risk", &failure), ERR_NONE);
    ck_assert_int_eq(tables_init(&none, &connection, SAMPLE_RUN, &failure), ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(failure.text, "risk"));
}
END_TEST

static struct record executor_record(enum record_kind kind, uint64_t seq)
{
    struct record record = sample_record(kind, seq);
    record.ts_ns += (int64_t)seq;
    return record;
}

START_TEST(executors_are_kept_up_to_date)
{
    struct record record = executor_record(RECORD_EXECUTOR_CREATED, 1);
    record.data.executor.custom_info = NULL;
    put(record);
    record = executor_record(RECORD_EXECUTOR_STARTED, 2);
    record.data.executor.config = NULL;
    record.data.executor.state = "{\"s\":1}";
    put(record);
    record = executor_record(RECORD_EXECUTOR_TERMINATED, 3);
    record.data.executor = (struct record_executor){.status = 4,
                                                    .close_type = 3,
                                                    .net_pnl_quote = decimal_literal("2.5"),
                                                    .net_pnl_pct = decimal_literal("0.025"),
                                                    .cum_fees_quote = decimal_literal("0.75"),
                                                    .filled_amount_quote = decimal_literal("200"),
                                                    .closed_at_ns = INT64_C(1723075300000000000)};
    put(record);
    put(sample_record(RECORD_EXECUTOR_SKIPPED, 4)); /* Changes no table. */
    assert_value("SELECT count(*) || id || controller_id || type || connector_name || trading_pair"
                 " || side FROM executor",
                 "1e1my_controllerprogressive_executorpaperBTC-USDTBUY");
    assert_value(
        "SELECT status || ' ' || close_type || config || state || custom_info FROM executor",
        "TERMINATED TAKE_PROFIT{\"amount\":\"0.1\"}{\"s\":1}{\"side\":1}");
    assert_value("SELECT net_pnl_quote || ' ' || net_pnl_pct || ' ' || cum_fees_quote || ' ' ||"
                 " filled_amount_quote FROM executor",
                 "2.5 0.025 0.75 200");
    assert_value("SELECT created_at || ' ' || closed_at || ' ' || archived FROM executor",
                 "1723075200123456790 1723075300000000000 0");
    assert_value("SELECT timestamp || ' ' || type || ' ' || close_type || ' ' || close_timestamp ||"
                 " ' ' || status || ' ' || net_pnl_quote || ' ' || is_active || ' ' || is_trading"
                 " FROM hb_executors",
                 "1723075200.12346 progressive_executor 3 1723075300 4 2.5 0 0");
}
END_TEST

START_TEST(orders_are_kept_up_to_date)
{
    struct record record = sample_record(RECORD_ORDER_SUBMITTED, 1);
    record.data.order.state = ORDER_PENDING_SUBMIT;
    record.data.order.exchange_order_id = "";
    put(record);
    put(sample_record(RECORD_ORDER_ACCEPTED, 2));
    record = sample_record(RECORD_ORDER_CANCELED, 3);
    record.ts_ns += 7000000;
    record.data.order.state = ORDER_CANCELED;
    record.data.order.exchange_order_id = ""; /* Not forgotten again. */
    record.data.order.reason = "stopped";
    record.data.order.executed_base = decimal_literal("0.07");
    put(record);
    assert_value("SELECT count(*) || client_order_id || exchange_order_id || executor_id || role ||"
                 " venue || trading_pair || side || type FROM orders",
                 "1zzz-1f-3X1e1openpaperBTC-USDTBUYLIMIT");
    assert_value("SELECT status || ' ' || price || ' ' || amount || ' ' || executed_base || ' ' ||"
                 " executed_quote || ' ' || fee_quote || ' ' || reason FROM orders",
                 "CANCELED 60000.57 0.1 0.07 3000.0285 0.6 stopped");
    assert_value("SELECT created_at || ' ' || updated_at FROM orders",
                 "1723075200123455789 1723075200130456789");
    assert_value("SELECT config_file_path IS NULL, id, base_asset FROM hb_orders", "1");
    assert_value(
        "SELECT id || ' ' || market || ' ' || symbol || ' ' || base_asset || ' ' ||"
        " quote_asset || ' ' || creation_timestamp || ' ' || order_type || ' ' || amount ||"
        " ' ' || leverage || ' ' || price || ' ' || last_status || ' ' ||"
        " last_update_timestamp || ' ' || exchange_order_id || ' ' || position"
        " FROM hb_orders",
        "zzz-1f-3 paper BTC-USDT BTC USDT 1723075200123 LIMIT 100000 1 60000570000 "
        "OrderCancelled 1723075200130 X1 OPEN");
}
END_TEST

START_TEST(fills_are_kept)
{
    put(sample_record(RECORD_RUN_STARTED, 1));
    put(sample_record(RECORD_ORDER_ACCEPTED, 2));
    put(sample_record(RECORD_FILL, 3));
    assert_value(
        "SELECT venue || ' ' || account || ' ' || trading_pair || ' ' || trade_id || ' ' ||"
        " client_order_id || ' ' || executor_id || ' ' || side || ' ' || price || ' ' ||"
        " amount || ' ' || fee || ' ' || fee_asset || ' ' || fee_quote || ' ' || liquidity"
        " || ' ' || ts FROM fill",
        "paper main BTC-USDT T1 zzz-1f-3 e1 BUY 60000.57 0.05 0.00005 BTC 3.0000285 maker "
        "1723075200123456784");
    assert_value(
        "SELECT config_file_path || ' ' || market || ' ' || symbol || ' ' || base_asset ||"
        " ' ' || quote_asset || ' ' || timestamp || ' ' || order_id || ' ' || trade_type ||"
        " ' ' || order_type || ' ' || price || ' ' || amount || ' ' || trade_fee_in_quote"
        " || ' ' || exchange_trade_id || ' ' || position FROM hb_trade_fill",
        SAMPLE_RUN " paper BTC-USDT BTC USDT 1723075200123 zzz-1f-3 BUY LIMIT 60000570000 "
                   "50000 3000028 T1 OPEN");
    assert_value("SELECT trade_fee FROM hb_trade_fill",
                 "{\"fee_type\":\"AddedToCost\",\"percent\":\"0\",\"percent_token\":null,"
                 "\"flat_fees\":[{\"token\":\"BTC\",\"amount\":\"0.00005\"}]}");
    assert_value("SELECT client_order_id || ' ' || executor_id || ' ' || controller_id FROM journal"
                 " WHERE kind = 'fill'",
                 "zzz-1f-3 e1 my_controller");
}
END_TEST

START_TEST(positions_are_kept_up_to_date)
{
    struct record record = sample_record(RECORD_POSITION, 1);
    record.data.position.amount = decimal_literal("5");
    put(record);
    put(sample_record(RECORD_POSITION, 2));
    record = sample_record(RECORD_POSITION, 3);
    record.data.position.side = SIDE_SELL;
    put(record);
    assert_value(
        "SELECT group_concat(controller_id || venue || trading_pair || side || amount, ' ')"
        " FROM position",
        "my_controllerpaperBTC-USDTNET-0.57 my_controllerpaperBTC-USDTSELL-0.57");
    assert_value("SELECT average_price || ' ' || realized_pnl_quote || ' ' || fees_quote || ' ' ||"
                 " volume_quote || ' ' || updated_at FROM position",
                 "60000.57 1.1 0.29 34200.3249 1723075200123456789");
    assert_value("SELECT id || ' ' || connector_name || ' ' || side || ' ' || timestamp || ' ' ||"
                 " volume_traded_quote || ' ' || amount || ' ' || breakeven_price || ' ' ||"
                 " realized_pnl_quote || ' ' || cum_fees_quote FROM hb_position",
                 "my_controller:paper:BTC-USDT:NET paper SELL 1723075200123 34200324900 570000 "
                 "60000570000 1100000 290000");
    assert_value("SELECT unrealized_pnl_quote FROM hb_position", "NULL");
}
END_TEST

START_TEST(performance_reports_are_added)
{
    put(sample_record(RECORD_PERFORMANCE, 1));
    put(sample_record(RECORD_PERFORMANCE, 2));
    assert_value("SELECT count(*) || controller_id || ts || json_extract(report, '$.win_rate') ||"
                 " json_extract(report, '$.close_type_counts.STOP_LOSS') FROM performance",
                 "2my_controller17230752001234567891120");
}
END_TEST

START_TEST(actions_keep_their_first_answer)
{
    put(sample_record(RECORD_ACTION_ACCEPTED, 1));
    struct record record = sample_record(RECORD_ACTION_COMPLETED, 2);
    record.ts_ns += 5;
    record.data.action.request = NULL;
    record.data.action.code = "done";
    put(record);
    record = sample_record(RECORD_ACTION_REJECTED, 3);
    record.data.action.action_id = "a2";
    put(record);
    assert_value("SELECT controller_id || ' ' || kind || ' ' || executor_id || ' ' || request ||"
                 " ' ' || ts FROM action WHERE action_id = 'a1'",
                 "my_controller create_executor e1 " SAMPLE_REQUEST " 1723075200123456789");
    assert_value("SELECT answer FROM action WHERE action_id = 'a1'",
                 "{\"accepted\":true,\"code\":\"\",\"message\":\"as "
                 "asked\",\"actor\":\"http:trade\",\"completed\":"
                 "{\"code\":\"done\",\"message\":\"as asked\"}}");
    assert_value("SELECT answer FROM action WHERE action_id = 'a2'",
                 "{\"accepted\":false,\"code\":\"limit\",\"message\":\"as "
                 "asked\",\"actor\":\"http:trade\"}");
}
END_TEST

START_TEST(stored_executors_are_archived)
{
    put(sample_record(RECORD_EXECUTOR_CREATED, 1));
    struct record record = sample_record(RECORD_ACTION_REJECTED, 2);
    record.data.action.action = "store_executor";
    put(record);
    assert_value("SELECT archived FROM executor", "0");
    record.kind = RECORD_ACTION_COMPLETED;
    record.seq = 3;
    put(record);
    assert_value("SELECT archived FROM executor", "1");
}
END_TEST

START_TEST(risk_states_are_kept_per_scope)
{
    struct record record = sample_record(RECORD_RISK_STATE, 1);
    record.data.note.code = "REDUCING";
    put(record);
    put(sample_record(RECORD_RISK_STATE, 2));
    record = sample_record(RECORD_RISK_DENIED, 3);
    record.data.note.code = "max_open_orders"; /* A denial is no state. */
    put(record);
    put(sample_record(RECORD_VENUE_CONNECTED, 4));
    assert_value("SELECT count(*) || scope || state || reason || ts FROM risk",
                 "1globalHALTEDkill switch1723075200123456789");
}
END_TEST

START_TEST(run_is_followed_from_start_to_stop)
{
    static const struct {
        enum record_kind kind;
        const char *state;
    } steps[] = {
        {RECORD_RUN_STARTED, "running NULL"},
        {RECORD_RUN_DEGRADED, "degraded NULL"},
        {RECORD_RUN_RESTORED, "running NULL"},
        {RECORD_RUN_RECOVERED, "running NULL"},
        {RECORD_RUN_STOPPED, "stopped 1723075200123456789"},
        {RECORD_RUN_DEGRADED, "stopped 1723075200123456789"},
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        put(sample_record(steps[i].kind, i + 1));
        assert_value("SELECT state || ' ' || coalesce(stopped_at, 'NULL') FROM run",
                     steps[i].state);
    }
    assert_value("SELECT id || name || mode || seed || config || config_hash || version ||"
                 " started_at FROM run",
                 "1" SAMPLE_RUN "paper7{\"run\":{\"seed\":7}}abc0.1.01723075200123456789");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/tables");
    TCase *tcase = tcase_create("tables");
    tcase_add_checked_fixture(tcase, tables_create, tables_remove);
    tcase_add_test(tcase, journal_has_all_of_a_record);
    tcase_add_test(tcase, missing_tables_are_an_error);
    tcase_add_test(tcase, executors_are_kept_up_to_date);
    tcase_add_test(tcase, orders_are_kept_up_to_date);
    tcase_add_test(tcase, fills_are_kept);
    tcase_add_test(tcase, positions_are_kept_up_to_date);
    tcase_add_test(tcase, performance_reports_are_added);
    tcase_add_test(tcase, actions_keep_their_first_answer);
    tcase_add_test(tcase, stored_executors_are_archived);
    tcase_add_test(tcase, risk_states_are_kept_per_scope);
    tcase_add_test(tcase, run_is_followed_from_start_to_stop);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
