#include "persistence/connection.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "persistence/row.h"
#include "persistence/schema.h"
#include "tests/unit/persistence/samples.h"

static struct connection connection;
static struct failure failure;

static void write_file(const char *name, const char *bytes, size_t length)
{
    FILE *file = fopen(sample_path(name), "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, length, file), length);
    (void)fclose(file);
}

static void open_new(void)
{
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure), ERR_NONE);
}

START_TEST(what_cannot_be_opened)
{
    static const char garbage[] = "this is no database, but a text of more than a hundred bytes: "
                                  "SQLite looks at the first page to find that out, whatever.";
    write_file("garbage.db", garbage, sizeof(garbage));
    write_file("short.db", "x", 1);
    ck_assert_int_eq(mkdir(sample_path("folder.db"), 0700), 0);
    ck_assert_int_eq(mkfifo(sample_path("pipe.db"), 0600), 0);
    static const struct {
        const char *name;
        enum connection_mode mode;
        enum err err;
        const char *word;
    } cases[] = {
        {"garbage.db", CONNECTION_WRITER, ERR_CORRUPT, "not a database"},
        {"garbage.db", CONNECTION_READER, ERR_CORRUPT, "not a database"},
        {"short.db", CONNECTION_WRITER, ERR_CORRUPT, "left alone"},
        {"folder.db", CONNECTION_WRITER, ERR_IO, "a folder"},
        {"folder.db", CONNECTION_READER, ERR_IO, "a folder"},
        {"pipe.db", CONNECTION_READER, ERR_IO, "pipe"},
        {"none.db", CONNECTION_READER, ERR_NOT_FOUND, "no such file"},
        {"none/run.db", CONNECTION_WRITER, ERR_IO, "unable to open"},
        {"short.db/run.db", CONNECTION_WRITER, ERR_IO, "Not a directory"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *path = sample_path(cases[i].name);
        const enum err err = connection_open(path, cases[i].mode, &connection, &failure);
        ck_assert_msg(err == cases[i].err, "%s: %s", cases[i].name, err_name(err));
        ck_assert_msg(strstr(failure.text, cases[i].word) != NULL, "%s", failure.text);
        ck_assert_msg(strstr(failure.text, path) != NULL, "%s", failure.text);
        ck_assert_ptr_null(connection.db);
    }
}
END_TEST

START_TEST(reader_cannot_write)
{
    open_new();
    ck_assert_int_eq(connection_run(&connection, "CREATE TABLE t(x)", &failure), ERR_NONE);
    connection_close(&connection);
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_READER, &connection, &failure), ERR_NONE);
    ck_assert_int_eq(connection_run(&connection, "INSERT INTO t VALUES (1)", &failure), ERR_IO);
    connection_close(&connection);
}
END_TEST

START_TEST(file_that_cannot_be_written)
{
    open_new();
    ck_assert_int_eq(connection_run(&connection, "CREATE TABLE t(x)", &failure), ERR_NONE);
    connection_close(&connection);
    ck_assert_int_eq(chmod(sample_path("run.db"), 0444), 0);
    if (geteuid() == 0) {
        /* Root may write everything: be somebody else. */
        ck_assert_int_eq(chmod(scratch_folder, 0777), 0);
        ck_assert_int_eq(chown(sample_path("run.db"), 65534, (gid_t)-1), 0);
        ck_assert_int_eq(
            connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure),
            ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(failure.text, "belongs to user 65534"));
        ck_assert_int_eq(seteuid(65534), 0);
    }
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_WRITER, &connection, &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "cannot be written"));
    if (getuid() == 0) {
        ck_assert_int_eq(seteuid(0), 0);
    }
}
END_TEST

START_TEST(statements_and_their_errors)
{
    open_new();
    int64_t value = -1;
    ck_assert_int_eq(connection_read_int(&connection, "SELECT 42", &value, &failure), ERR_NONE);
    ck_assert_int_eq(value, 42);
    ck_assert_int_eq(connection_read_int(&connection, "SELECT 1 WHERE 0", &value, &failure),
                     ERR_NONE);
    ck_assert_int_eq(value, 0);
    sqlite3_stmt *statement = NULL;
    static const struct {
        const char *sql;
        enum err err;
    } cases[] = {
        {"CREATE TABLE t (x INTEGER PRIMARY KEY, y TEXT NOT NULL) STRICT", ERR_NONE},
        {"INSERT INTO t VALUES (1, 'a')", ERR_NONE},
        {"INSERT INTO t VALUES (1, 'a')", ERR_CORRUPT},
        {"INSERT INTO t VALUES (2, NULL)", ERR_CORRUPT},
        {"INSERT INTO t VALUES ('a', 'a')", ERR_CORRUPT},
        {"INSERT INTO none VALUES (1)", ERR_CORRUPT},
        {"INSERT INTO t VALUES (3, zeroblob(2000000000))", ERR_LIMIT},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        failure.text[0] = '\0';
        const enum err err = connection_run(&connection, cases[i].sql, &failure);
        ck_assert_msg(err == cases[i].err, "%s: %s", cases[i].sql, failure.text);
    }
    ck_assert_int_eq(connection_read_int(&connection, "SELECT x FROM none", &value, &failure),
                     ERR_CORRUPT);
    ck_assert_int_eq(connection_prepare(&connection, "SELECT x FROM none", &statement, &failure),
                     ERR_CORRUPT);
    ck_assert_ptr_null(statement);
    (void)sqlite3_finalize(statement);
    connection_close(&connection);
}
END_TEST

START_TEST(another_writer_is_named_as_the_cause)
{
    open_new();
    struct connection other;
    ck_assert_int_eq(connection_open(sample_path("run.db"), CONNECTION_WRITER, &other, &failure),
                     ERR_NONE);
    ck_assert_int_eq(connection_run(&other, "BEGIN IMMEDIATE", &failure), ERR_NONE);
    (void)sqlite3_busy_timeout(connection.db, 0);
    ck_assert_int_eq(connection_run(&connection, "BEGIN IMMEDIATE", &failure), ERR_LOCKED);
    ck_assert_ptr_nonnull(strstr(failure.text, "another program"));
    ck_assert_int_eq(connection_fail(&connection, "begin", NULL), ERR_LOCKED);
    connection_close(&other);
    connection_close(&connection);
}
END_TEST

START_TEST(full_database_says_so)
{
    open_new();
    ck_assert_int_eq(
        connection_run(&connection, "CREATE TABLE t(x); PRAGMA max_page_count=4", &failure),
        ERR_NONE);
    ck_assert_int_eq(
        connection_run(&connection, "INSERT INTO t VALUES (zeroblob(100000))", &failure), ERR_FULL);
    ck_assert_ptr_nonnull(strstr(failure.text, "full"));
    ck_assert_ptr_nonnull(strstr(failure.text, "free some space"));
    connection_close(&connection);
}
END_TEST

static sqlite3_stmt *prepare_row(const char *sql)
{
    sqlite3_stmt *statement = NULL;
    ck_assert_int_eq(connection_prepare(&connection, sql, &statement, &failure), ERR_NONE);
    return statement;
}

START_TEST(rows_bind_what_they_are_given)
{
    open_new();
    ck_assert_int_eq(connection_run(&connection, "CREATE TABLE t(a,b,c,d,e,f,g,h,i)", &failure),
                     ERR_NONE);
    sqlite3_stmt *statement = prepare_row("INSERT INTO t VALUES (?,?,?,?,?,?,?,?,?)");
    struct row row;
    row_begin(&row, statement);
    row_text(&row, "text");
    row_text(&row, NULL);
    row_text_or_empty(&row, NULL);
    row_text_or_null(&row, "");
    row_int(&row, -7);
    row_instant_or_null(&row, 0);
    row_instant_or_null(&row, 5);
    row_decimal(&row, decimal_literal("-0.10"));
    row_blob(&row, "\0\1", 2);
    ck_assert_int_eq(row_write(&row, &connection, "write", &failure), ERR_NONE);
    int64_t same = 0;
    ck_assert_int_eq(
        connection_read_int(&connection,
                            "SELECT count(*) FROM t WHERE a = 'text' AND b IS NULL AND c = '' AND"
                            " d IS NULL AND e = -7 AND f IS NULL AND g = 5 AND h = '-0.1' AND"
                            " i = x'0001'",
                            &same, &failure),
        ERR_NONE);
    ck_assert_int_eq(same, 1);
    (void)sqlite3_finalize(statement);
    connection_close(&connection);
}
END_TEST

START_TEST(value_that_is_too_long_is_refused)
{
    open_new();
    ck_assert_int_eq(connection_run(&connection, "CREATE TABLE t(a,b,c,d,e,f)", &failure),
                     ERR_NONE);
    (void)sqlite3_limit(connection.db, SQLITE_LIMIT_LENGTH, 100);
    char text[200] = {0};
    memset(text, 'x', sizeof(text) - 1);
    sqlite3_stmt *statement = prepare_row("INSERT INTO t VALUES (?,?,?,?,?,?)");
    struct row row;
    row_begin(&row, statement);
    row_text_or_null(&row, NULL);
    row_text(&row, text);
    row_int(&row, 5); /* What comes behind it changes nothing. */
    row_decimal(&row, DECIMAL_ONE);
    row_blob(&row, "\0", 1);
    row_text(&row, "short");
    ck_assert_int_eq(row_write(&row, &connection, "write a name", &failure), ERR_LIMIT);
    ck_assert_ptr_nonnull(strstr(failure.text, "write a name"));
    ck_assert_ptr_nonnull(strstr(failure.text, "too big"));
    int64_t rows = -1;
    ck_assert_int_eq(connection_read_int(&connection, "SELECT count(*) FROM t", &rows, &failure),
                     ERR_NONE);
    ck_assert_int_eq(rows, 0);
    (void)sqlite3_finalize(statement);
    connection_close(&connection);
}
END_TEST

START_TEST(rows_refuse_overflown_money_and_duplicates)
{
    open_new();
    ck_assert_int_eq(connection_run(&connection, "CREATE TABLE t(a UNIQUE)", &failure), ERR_NONE);
    sqlite3_stmt *statement = prepare_row("INSERT INTO t VALUES (?)");
    struct row row;
    row_begin(&row, statement);
    row_decimal(&row, DECIMAL_INVALID);
    ck_assert_int_eq(row_write(&row, &connection, "write a fill", &failure), ERR_OVERFLOW);
    ck_assert_ptr_nonnull(strstr(failure.text, "write a fill"));
    row_begin(&row, statement);
    row_int(&row, 1);
    ck_assert_int_eq(row_write(&row, &connection, "write", &failure), ERR_NONE);
    row_begin(&row, statement);
    row_int(&row, 1);
    ck_assert_int_eq(row_write(&row, &connection, "write", &failure), ERR_CORRUPT);
    (void)sqlite3_finalize(statement);
    connection_close(&connection);
}
END_TEST

START_TEST(schema_is_made_and_recognised)
{
    open_new();
    bool is_empty = false;
    ck_assert_int_eq(schema_check(&connection, &is_empty, &failure), ERR_NONE);
    ck_assert(is_empty);
    ck_assert_int_eq(schema_create(&connection, &failure), ERR_NONE);
    ck_assert_int_eq(schema_use_wal(&connection, &failure), ERR_NONE);
    ck_assert_int_eq(schema_check(&connection, &is_empty, &failure), ERR_NONE);
    ck_assert(!is_empty);
    static const struct {
        const char *sql;
        int64_t value;
    } cases[] = {
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table'", 9},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE '%STRICT%'", 0},
        {"SELECT count(*) FROM sqlite_schema WHERE type = 'view'", 4},
        {"SELECT journal_mode = 'wal' FROM pragma_journal_mode", 1},
        {"PRAGMA application_id", SCHEMA_APPLICATION_ID},
        {"PRAGMA user_version", SCHEMA_VERSION},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t value = -1;
        ck_assert_int_eq(connection_read_int(&connection, cases[i].sql, &value, &failure),
                         ERR_NONE);
        ck_assert_msg(value == cases[i].value, "%s: %lld", cases[i].sql, (long long)value);
    }
    for (size_t i = 0; schema_views[i] != NULL; i++) {
        ck_assert_ptr_nonnull(strstr(schema_views[i], "CREATE VIEW hb_"));
    }
    ck_assert_int_eq(schema_create(&connection, &failure), ERR_CORRUPT); /* Exists already. */
    connection_close(&connection);
}
END_TEST

START_TEST(foreign_and_newer_schemas_are_refused)
{
    static const struct {
        const char *sql;
        const char *word;
    } cases[] = {
        {"CREATE TABLE t(x)", "another program"},
        {"PRAGMA application_id=252006674", "application id 252006674"},
        {"PRAGMA user_version=5", "another program"},
        {"PRAGMA application_id=1953854580; PRAGMA user_version=99", "newer version"},
        {"PRAGMA application_id=1953854580; PRAGMA user_version=0", "unknown version"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        open_new();
        ck_assert_int_eq(connection_run(&connection, cases[i].sql, &failure), ERR_NONE);
        bool is_empty = false;
        ck_assert_int_eq(schema_check(&connection, &is_empty, &failure), ERR_VERSION);
        ck_assert_msg(strstr(failure.text, cases[i].word) != NULL, "%s", failure.text);
        ck_assert_ptr_nonnull(strstr(failure.text, "another path"));
        connection_close(&connection);
        ck_assert_int_eq(unlink(sample_path("run.db")), 0);
    }
}
END_TEST

START_TEST(scratch_database_leaves_no_file)
{
    int64_t value = 0;
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_SCRATCH, &connection, &failure),
        ERR_NONE);
    ck_assert_int_eq(
        connection_run(&connection, "CREATE TABLE a (b); INSERT INTO a VALUES (5)", &failure),
        ERR_NONE);
    ck_assert_int_eq(connection_read_int(&connection, "SELECT b FROM a", &value, &failure),
                     ERR_NONE);
    ck_assert_int_eq(value, 5);
    ck_assert_int_ne(access(sample_path("run.db"), F_OK), 0);
    ck_assert_int_eq(connection_run(&connection, "nonsense", &failure), ERR_CORRUPT);
    ck_assert_ptr_nonnull(strstr(failure.text, "run.db"));
    connection_close(&connection);
}
END_TEST

/* A scratch database has no shared memory, like a file on some network disks. */
START_TEST(write_ahead_log_needs_shared_memory)
{
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_SCRATCH, &connection, &failure),
        ERR_NONE);
    ck_assert_int_eq(schema_use_wal(&connection, &failure), ERR_IO);
    ck_assert_ptr_nonnull(strstr(failure.text, "a path on a local disk"));
    ck_assert_int_eq(schema_create(&connection, &failure), ERR_IO);
    bool is_empty = false;
    ck_assert_int_eq(schema_check(&connection, &is_empty, &failure), ERR_NONE);
    ck_assert(is_empty);
    connection_close(&connection);
}
END_TEST

START_TEST(every_table_but_the_journal_is_listed)
{
    int64_t tables = 0;
    int64_t listed = 0;
    ck_assert_int_eq(
        connection_open(sample_path("run.db"), CONNECTION_SCRATCH, &connection, &failure),
        ERR_NONE);
    ck_assert_int_eq(schema_create_tables(&connection, &failure), ERR_NONE);
    ck_assert_int_eq(connection_read_int(&connection,
                                         "SELECT count(*) FROM sqlite_schema WHERE type = 'table' "
                                         "AND name <> 'journal'",
                                         &tables, &failure),
                     ERR_NONE);
    for (const struct schema_table *table = schema_derived; table->name != NULL; table++) {
        char sql[128];
        int64_t keys = 0;
        (void)snprintf(sql, sizeof(sql),
                       "SELECT count(*) FROM pragma_table_info('%s') WHERE pk > 0", table->name);
        ck_assert_int_eq(connection_read_int(&connection, sql, &keys, &failure), ERR_NONE);
        ck_assert_msg(keys == table->key_columns, "%s", table->name);
        listed++;
    }
    ck_assert_int_eq(listed, tables);
    connection_close(&connection);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/connection");
    TCase *tcase = tcase_create("connection");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, what_cannot_be_opened);
    tcase_add_test(tcase, reader_cannot_write);
    tcase_add_test(tcase, file_that_cannot_be_written);
    tcase_add_test(tcase, statements_and_their_errors);
    tcase_add_test(tcase, another_writer_is_named_as_the_cause);
    tcase_add_test(tcase, full_database_says_so);
    tcase_add_test(tcase, scratch_database_leaves_no_file);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("row");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, rows_bind_what_they_are_given);
    tcase_add_test(tcase, value_that_is_too_long_is_refused);
    tcase_add_test(tcase, rows_refuse_overflown_money_and_duplicates);
    suite_add_tcase(suite, tcase);
    tcase = tcase_create("schema");
    tcase_add_checked_fixture(tcase, scratch_setup, scratch_teardown);
    tcase_add_test(tcase, schema_is_made_and_recognised);
    tcase_add_test(tcase, write_ahead_log_needs_shared_memory);
    tcase_add_test(tcase, every_table_but_the_journal_is_listed);
    tcase_add_test(tcase, foreign_and_newer_schemas_are_refused);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
