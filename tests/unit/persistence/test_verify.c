#include "persistence/verify.h"

#include <check.h>
#include <string.h>

#include "persistence/connection.h"
#include "persistence/salvage.h"
#include "persistence/store.h"
#include "tests/unit/persistence/forging.h"
#include "tests/unit/persistence/sample_run.h"

enum { FILLS = 3 };

static struct failure failure;

/* What was told: every problem as a line, and how far the progress came. */
struct findings {
    struct text lines;
    uint64_t last_progress;
};

static void note_problem(void *context, const struct verify_problem *problem)
{
    struct findings *findings = context;
    ck_assert_int_gt((int)strlen(problem->next), 10);
    text_printf(&findings->lines, "%s: %s\n", problem->where, problem->what);
}

static void note_progress(void *context, uint64_t records, uint64_t records_total)
{
    struct findings *findings = context;
    ck_assert_uint_gt(records, findings->last_progress);
    ck_assert_uint_le(records, records_total);
    findings->last_progress = records;
}

static struct verify_report verify(const char *name, struct findings *findings)
{
    const struct verify_options options = {
        .on_problem = note_problem, .on_progress = note_progress, .context = findings};
    struct verify_report report;
    *findings = (struct findings){0};
    ck_assert_msg(verify_database(sample_path(name), &options, &report, &failure) == ERR_NONE, "%s",
                  failure.text);
    return report;
}

static void run_sql(const char *name, const char *sql)
{
    struct connection connection;
    ck_assert_int_eq(connection_open(sample_path(name), CONNECTION_WRITER, &connection, &failure),
                     ERR_NONE);
    ck_assert_msg(connection_run(&connection, sql, &failure) == ERR_NONE, "%s", failure.text);
    connection_close(&connection);
}

START_TEST(sound_run_is_sound)
{
    sample_run_write(sample_path("run.db"), FILLS, sample_run_records(FILLS));
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_msg(report.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(report.records, sample_run_records(FILLS));
    ck_assert_uint_eq(findings.last_progress, report.records);
    ck_assert(report.is_compared);
    /* A run, an executor, an order, a position, a report and the fills. */
    ck_assert_uint_eq(report.rows, 5 + FILLS);
    ck_assert_uint_eq(report.orders, 1);
    ck_assert_uint_eq(report.fills, FILLS);
    ck_assert_uint_eq(report.positions, 1);
    text_done(&findings.lines);
}
END_TEST

/* A run whose position is the long one of a hedged market, with `more` in it; the short one has
 * that much less than the nothing that was sold. */
static void write_hedged(const char *name, const char *more)
{
    const struct store_options options = {
        .path = sample_path(name), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    struct text event = {0};
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    uint64_t seq = 0;
    for (uint64_t i = 1; i <= sample_run_records(FILLS); i++) {
        struct record record = sample_run_record(i, FILLS);
        const bool is_position = record.kind == RECORD_POSITION;
        struct record_position *position = &record.data.position;
        for (int side = SIDE_BUY; side <= (is_position ? SIDE_SELL : SIDE_BUY); side++) {
            if (is_position) {
                position->side = side;
                position->amount = side == SIDE_BUY
                                       ? decimal_add(position->amount, decimal_literal(more))
                                       : decimal_negate(decimal_literal(more));
            }
            record.seq = ++seq;
            ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_NONE);
        }
    }
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    text_done(&event);
}

START_TEST(sides_of_a_hedged_position_are_counted_apart)
{
    struct findings findings;
    write_hedged("hedged.db", "0");
    struct verify_report report = verify("hedged.db", &findings);
    ck_assert_msg(report.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(report.positions, 2);
    text_done(&findings.lines);
    write_hedged("crooked.db", "0.5"); /* Together they are right. */
    report = verify("crooked.db", &findings);
    ck_assert_str_eq(
        text_string(&findings.lines),
        "position my_controller paper BTC-USDT BUY: amounts to 0.64985, its fills to "
        "0.14985\n"
        "position my_controller paper BTC-USDT SELL: amounts to -0.5, its fills to 0\n");
    ck_assert_uint_eq(report.problems, 2);
    text_done(&findings.lines);
}
END_TEST

/* One record of every kind makes rows that are made again from the journal. */
START_TEST(tables_of_every_kind_are_rebuilt)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    struct text event = {0};
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    uint64_t seq = 0;
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        struct record record = sample_record((enum record_kind)kind, ++seq);
        ck_assert_msg(store_append(store, &record, &event, &failure) == ERR_NONE, "%s",
                      failure.text);
        /* The change that begins with it is completed. */
        if (kind == RECORD_POSITION || kind == RECORD_FUNDING) {
            record = sample_record(
                kind == RECORD_POSITION ? RECORD_ORDER_PARTIALLY_FILLED : RECORD_POSITION, ++seq);
            ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_NONE);
        }
    }
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_uint_eq(report.records, seq);
    ck_assert(report.is_compared);
    ck_assert_uint_ge(report.rows, 8); /* All eight tables have a row. */
    ck_assert_ptr_null(strstr(text_string(&findings.lines), "the journal says"));
    ck_assert_ptr_null(strstr(text_string(&findings.lines), "the journal makes it"));
    text_done(&findings.lines);
    text_done(&event);
}
END_TEST

/* Each line damages something else; exactly that is told. */
START_TEST(damage_is_named)
{
    static const struct {
        const char *sql;
        const char *lines;
        uint64_t problems;
        uint64_t records; /* 0: all of them. */
    } cases[] = {
        {"UPDATE journal SET payload = replace(payload, '0.05', '0.06') WHERE seq = 11",
         "journal record 11: does not fit its checksum\n", 1, 10},
        {"UPDATE journal SET payload = replace(payload, '0.29', '0.28') WHERE seq = 9",
         "journal record 9: does not fit its checksum\n", 1, 7},
        {"DELETE FROM journal WHERE seq = 2", "journal record 2: is missing\n", 1, 1},
        {"DELETE FROM journal WHERE seq = 1", "journal record 1: is missing\n", 1, 0},
        {"INSERT INTO journal SELECT 0, ts, kind, controller_id, executor_id, client_order_id,"
         " payload, checksum FROM journal WHERE seq = 1",
         "journal record 1: is missing\n", 1, 0},
        {"DELETE FROM journal WHERE seq > 5",
         "journal record 5: begins a change that the journal does not complete\n", 1, 4},
        {"UPDATE orders SET amount = '9'",
         "orders zzz-1f-3: amount is \"9\", the journal says \"1000\"\n", 1, 17},
        {"UPDATE orders SET exchange_order_id = NULL, reason = 'x'",
         "orders zzz-1f-3: exchange_order_id is NULL, the journal says \"X1\"\n"
         "orders zzz-1f-3: reason is \"x\", the journal says \"\"\n",
         2, 17},
        {"DELETE FROM fill WHERE trade_id = 'T8'",
         "fill paper main BTC-USDT T8: is missing: the journal makes it\n", 1, 17},
        {"INSERT INTO fill SELECT venue, account, trading_pair, 'T0', client_order_id, executor_id,"
         " side, price, amount, fee, fee_asset, fee_quote, liquidity, ts FROM fill LIMIT 1",
         "fill paper main BTC-USDT T0: is in the table, but nothing in the journal makes it\n", 1,
         17},
        {"DELETE FROM position",
         "position my_controller paper BTC-USDT NET: is missing: the journal makes it\n", 1, 17},
        {"UPDATE executor SET created_at = 5, config = NULL",
         "executor e1: config is NULL, the journal says \"{\"amount\":\"0.1\"}\"\n"
         "executor e1: created_at is \"5\", the journal says \"1723075200123456791\"\n",
         2, 17},
        {"UPDATE run SET state = 'running', stopped_at = NULL",
         "run 1: stopped_at is NULL, the journal says \"1723075200123456806\"\n"
         "run 1: state is \"running\", the journal says \"stopped\"\n",
         2, 17},
        {"DELETE FROM performance", "performance row 1: is missing: the journal makes it\n", 1, 17},
        {"INSERT INTO risk VALUES ('global', 'HALTED', '', 1)",
         "risk global: is in the table, but nothing in the journal makes it\n", 1, 17},
        {"DELETE FROM position; INSERT INTO fill SELECT venue, account, trading_pair, 'T99',"
         " client_order_id, executor_id, side, price, amount, fee, fee_asset, fee_quote, liquidity,"
         " ts FROM fill LIMIT 1",
         "fill paper main BTC-USDT T99: is in the table, but nothing in the journal makes it\n"
         "position my_controller paper BTC-USDT NET: is missing: the journal makes it\n",
         2, 17},
    };
    sample_run_write(sample_path("run.db"), FILLS, sample_run_records(FILLS));
    run_sql("run.db", cases[_i].sql);
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_str_eq(text_string(&findings.lines), cases[_i].lines);
    ck_assert_uint_eq(report.problems, cases[_i].problems);
    ck_assert_uint_eq(report.records, cases[_i].records);
    ck_assert_int_eq(report.is_compared, cases[_i].records == sample_run_records(FILLS));
    text_done(&findings.lines);
}
END_TEST

/* Writes the sample run with one record changed on the way: every checksum is right then. */
static void write_changed(uint64_t seq, void (*change)(struct record *record))
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    struct text event = {0};
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    for (uint64_t i = 1; i <= sample_run_records(FILLS); i++) {
        struct record record = sample_run_record(i, FILLS);
        if (i == seq) {
            change(&record);
        }
        ck_assert_msg(store_append(store, &record, &event, &failure) == ERR_NONE, "%s",
                      failure.text);
    }
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    text_done(&event);
}

static void change_order_state(struct record *record)
{
    record->data.order.state = ORDER_REJECTED;
}

static void change_position(struct record *record)
{
    record->data.position.amount = decimal_literal("0.15");
}

static void change_executed(struct record *record)
{
    record->data.order.executed_base = decimal_literal("0.1");
}

START_TEST(books_that_do_not_add_up_are_named)
{
    static const struct {
        uint64_t seq;
        void (*change)(struct record *record);
        const char *lines;
    } cases[] = {
        {4, change_order_state,
         "journal record 7: order zzz-1f-3 goes from REJECTED to PARTIALLY_FILLED, which no order "
         "does\n"},
        {12, change_position,
         "position my_controller paper BTC-USDT: amounts to 0.15, its fills to 0.14985\n"},
        {14, change_executed, "order zzz-1f-3: amounts to 0.1, its fills to 0.15\n"},
    };
    write_changed(cases[_i].seq, cases[_i].change);
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_str_eq(text_string(&findings.lines), cases[_i].lines);
    ck_assert_uint_eq(report.problems, 1);
    ck_assert(report.is_compared);
    text_done(&findings.lines);
}
END_TEST

static struct record external_fill(uint64_t seq)
{
    struct record record = sample_fill_record(seq);
    record.controller_id = "EXTERNAL";
    record.executor_id = "";
    record.data.fill.fill.order = (struct order_id){0, 0, 1};
    record.data.fill.fill.fee = DECIMAL_ZERO;
    record.data.fill.fill.fee_in_base = false;
    record.data.fill.fee_asset = "USDT";
    return record;
}

/* A fill of nobody here moves a position, and no order of ours. */
START_TEST(fill_without_an_owner_is_sound)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_GROUP};
    struct store *store = NULL;
    struct text event = {0};
    struct record records[4] = {sample_run_record(1, FILLS), external_fill(2)};
    records[2] = sample_record(RECORD_POSITION, 3);
    records[2].controller_id = "EXTERNAL";
    records[2].executor_id = "";
    records[2].data.position.amount = decimal_literal("0.05");
    records[3] = sample_record(RECORD_RUN_STOPPED, 4);
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_msg(store_append(store, &records[i], &event, &failure) == ERR_NONE, "%s",
                      failure.text);
    }
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_msg(report.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(report.fills, 1);
    ck_assert_uint_eq(report.orders, 0);
    ck_assert_uint_eq(report.positions, 1);
    text_done(&findings.lines);
    text_done(&event);
}
END_TEST

START_TEST(table_with_other_columns_is_named)
{
    sample_run_write(sample_path("run.db"), FILLS, sample_run_records(FILLS));
    run_sql("run.db", "ALTER TABLE risk ADD COLUMN more TEXT");
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_uint_eq(report.problems, 1);
    ck_assert_ptr_nonnull(strstr(text_string(&findings.lines), "table risk: "));
    ck_assert_ptr_nonnull(strstr(text_string(&findings.lines), "has other columns"));
    text_done(&findings.lines);
}
END_TEST

/* All are counted, the first hundred are told. */
START_TEST(problems_are_told_up_to_a_bound)
{
    enum { MANY = VERIFY_PROBLEMS_MAX + 50 };
    sample_run_write(sample_path("run.db"), MANY, sample_run_records(MANY));
    run_sql("run.db", "DELETE FROM fill");
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_uint_eq(report.problems, MANY);
    int lines = 0;
    for (const char *at = text_string(&findings.lines); (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    ck_assert_int_eq(lines, VERIFY_PROBLEMS_MAX);
    text_done(&findings.lines);
}
END_TEST

/* Records behind a whole run: their checksums fit, they do not. */
static const struct {
    const char *kind;
    const char *payload;
    const char *words;
} forged[] = {
    {"order.eaten", "{}", "journal record 18: kind: \"order.eaten\" is unknown\n"},
    {"order.filled", "{\"amount\":5}", "journal record 18: amount: cannot be read\n"},
    {"order.filled", "no JSON", "journal record 18: payload: is no JSON\n"},
    /* A second run in the same file; the fill of record 5 again. */
    {"run.started", "{\"name\":\"x\",\"mode\":\"paper\",\"seed\":1,\"version\":\"1\"}",
     "journal record 18: "},
    {"fill",
     "{\"trade_id\":\"T5\",\"client_order_id\":\"zzz-1f-3\",\"price\":\"1\",\"amount\":\"1\","
     "\"fee\":\"0\",\"fee_asset\":\"USDT\",\"liquidity\":\"maker\",\"venue\":\"paper\","
     "\"account\":\"main\",\"trading_pair\":\"BTC-USDT\",\"side\":\"BUY\",\"time_ns\":5}",
     "journal record 18: "},
    /* An action that names none creates nothing, so that nothing has to follow. */
    {"action.accepted", "{\"action_id\":\"a\",\"action\":null,\"request\":{}}", NULL},
};

START_TEST(records_that_contradict_are_named_and_left_behind)
{
    sample_run_write(sample_path("run.db"), FILLS, sample_run_records(FILLS));
    forge_record(sample_path("run.db"), forged[_i].kind, "e1", forged[_i].payload);
    const uint64_t whole = sample_run_records(FILLS) + (forged[_i].words == NULL ? 1 : 0);
    struct findings findings;
    struct verify_report report = verify("run.db", &findings);
    ck_assert_uint_eq(report.records, whole);
    ck_assert_int_eq(report.is_compared, forged[_i].words == NULL);
    if (forged[_i].words != NULL) {
        ck_assert_uint_eq(report.problems, 1);
        ck_assert_msg(strstr(text_string(&findings.lines), forged[_i].words) != NULL, "%s",
                      text_string(&findings.lines));
    }
    text_done(&findings.lines);
    const struct salvage_options options = {.from = sample_path("run.db"),
                                            .to = sample_path("saved.db")};
    struct salvage_report saved;
    ck_assert_msg(salvage_database(&options, &saved, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_uint_eq(saved.records, whole);
    ck_assert_int_eq(saved.left, forged[_i].words != NULL ? 1 : 0);
    report = verify("saved.db", &findings);
    ck_assert_msg(report.problems == 0, "%s", text_string(&findings.lines));
    text_done(&findings.lines);
}
END_TEST

START_TEST(run_that_goes_on_is_sound)
{
    const struct store_options options = {
        .path = sample_path("run.db"), .run_name = SAMPLE_RUN, .durability = DURABILITY_FULL};
    struct store *store = NULL;
    struct text event = {0};
    ck_assert_int_eq(store_open("sqlite", &options, &store, &failure), ERR_NONE);
    for (uint64_t seq = 1; seq <= SAMPLE_RUN_HEAD; seq++) {
        const struct record record = sample_run_record(seq, FILLS);
        ck_assert_int_eq(store_append(store, &record, &event, &failure), ERR_NONE);
    }
    ck_assert_int_eq(store_commit(store, &failure), ERR_NONE);
    struct findings findings;
    const struct verify_report report = verify("run.db", &findings);
    ck_assert_msg(report.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(report.records, SAMPLE_RUN_HEAD);
    ck_assert_int_eq(store_close(store, &failure), ERR_NONE);
    text_done(&findings.lines);
    text_done(&event);
}
END_TEST

START_TEST(what_cannot_be_looked_at_is_refused)
{
    struct findings findings = {0};
    const struct verify_options options = {.on_problem = note_problem, .context = &findings};
    struct verify_report report;
    ck_assert_int_eq(verify_database(sample_path("no.db"), &options, &report, &failure),
                     ERR_NOT_FOUND);
    ck_assert_int_eq(verify_database(sample_path("."), &options, &report, &failure), ERR_IO);
    run_sql("other.db", "CREATE TABLE a (b)");
    ck_assert_int_eq(verify_database(sample_path("other.db"), &options, &report, &failure),
                     ERR_VERSION);
    sample_run_write(sample_path("run.db"), 1, SAMPLE_RUN_HEAD);
    run_sql("run.db", "PRAGMA user_version=99");
    ck_assert_int_eq(verify_database(sample_path("run.db"), &options, &report, &failure),
                     ERR_VERSION);
    ck_assert_ptr_nonnull(strstr(failure.text, "newer"));
    FILE *file = fopen(sample_path("empty.db"), "w");
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(verify_database(sample_path("empty.db"), &options, &report, &failure),
                     ERR_VERSION);
    ck_assert_uint_eq(findings.lines.length, 0);
}
END_TEST

START_TEST(sound_beginning_is_salvaged)
{
    static const struct {
        const char *sql;
        uint64_t records;
        uint64_t broken_seq;
        int64_t left;
    } cases[] = {
        {"UPDATE orders SET amount = '9'; DELETE FROM fill", 17, 0, 0},
        {"UPDATE journal SET ts = 1 WHERE seq = 11", 10, 11, 7},
        {"UPDATE journal SET ts = 1 WHERE seq = 13", 10, 13, 7}, /* Its change began at 11. */
        {"UPDATE journal SET ts = 1 WHERE seq = 1", 0, 1, 17},
        {"DELETE FROM journal WHERE seq > 6", 4, 5, 2},
    };
    sample_run_write(sample_path("run.db"), FILLS, sample_run_records(FILLS));
    run_sql("run.db", cases[_i].sql);
    const struct salvage_options options = {.from = sample_path("run.db"),
                                            .to = sample_path("saved.db")};
    struct salvage_report report;
    ck_assert_msg(salvage_database(&options, &report, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_uint_eq(report.records, cases[_i].records);
    ck_assert_uint_eq(report.broken_seq, cases[_i].broken_seq);
    ck_assert_int_eq(report.left, cases[_i].left);
    struct findings findings;
    const struct verify_report verified = verify("saved.db", &findings);
    ck_assert_msg(verified.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(verified.records, cases[_i].records);
    ck_assert_mem_eq(verified.checksum.bytes, report.checksum.bytes, CHECKSUM_SIZE);
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_EXISTS);
    text_done(&findings.lines);
}
END_TEST

/* More records than go into one transaction of the new file. */
START_TEST(long_journal_is_salvaged_whole)
{
    enum { MANY = 7000 };
    sample_run_write(sample_path("run.db"), MANY, sample_run_records(MANY));
    run_sql("run.db", "DELETE FROM fill; DELETE FROM orders");
    const struct salvage_options options = {.from = sample_path("run.db"),
                                            .to = sample_path("saved.db")};
    struct salvage_report report;
    ck_assert_msg(salvage_database(&options, &report, &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_uint_eq(report.records, sample_run_records(MANY));
    ck_assert_uint_eq(report.broken_seq, 0);
    struct findings findings;
    const struct verify_report verified = verify("saved.db", &findings);
    ck_assert_msg(verified.problems == 0, "%s", text_string(&findings.lines));
    ck_assert_uint_eq(verified.records, sample_run_records(MANY));
    ck_assert_uint_eq(verified.fills, MANY);
    text_done(&findings.lines);
}
END_TEST

START_TEST(salvage_refuses_and_leaves_nothing)
{
    struct salvage_options options = {.from = sample_path("no.db"), .to = sample_path("saved.db")};
    struct salvage_report report;
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_NOT_FOUND);
    run_sql("other.db", "CREATE TABLE a (b)");
    options.from = sample_path("other.db");
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_VERSION);
    FILE *file = fopen(sample_path("empty.db"), "w");
    ck_assert_int_eq(fclose(file), 0);
    options.from = sample_path("empty.db");
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_VERSION);
    ck_assert_ptr_nonnull(strstr(failure.text, "an empty file"));
    sample_run_write(sample_path("run.db"), 1, SAMPLE_RUN_HEAD);
    options.from = sample_path("run.db");
    options.to = sample_path("no/saved.db");
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_IO);
    options.to = options.from;
    ck_assert_int_eq(salvage_database(&options, &report, &failure), ERR_EXISTS);
    ck_assert_int_ne(access(sample_path("saved.db"), F_OK), 0);
    ck_assert_int_ne(access(sample_path("saved.db.lock"), F_OK), 0);
    struct findings findings;
    ck_assert_uint_eq(verify("run.db", &findings).problems, 0);
    text_done(&findings.lines);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/verify");
    TCase *tcase = tcase_create("verify");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, sound_run_is_sound);
    tcase_add_test(tcase, sides_of_a_hedged_position_are_counted_apart);
    tcase_add_test(tcase, tables_of_every_kind_are_rebuilt);
    tcase_add_loop_test(tcase, damage_is_named, 0, 16);
    tcase_add_loop_test(tcase, books_that_do_not_add_up_are_named, 0, 3);
    tcase_add_test(tcase, fill_without_an_owner_is_sound);
    tcase_add_test(tcase, table_with_other_columns_is_named);
    tcase_add_test(tcase, problems_are_told_up_to_a_bound);
    tcase_add_loop_test(tcase, records_that_contradict_are_named_and_left_behind, 0,
                        sizeof(forged) / sizeof(forged[0]));
    tcase_add_test(tcase, run_that_goes_on_is_sound);
    tcase_add_test(tcase, what_cannot_be_looked_at_is_refused);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("salvage");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, sound_beginning_is_salvaged, 0, 5);
    tcase_add_test(tcase, long_journal_is_salvaged_whole);
    tcase_add_test(tcase, salvage_refuses_and_leaves_nothing);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
