/*
 * tests/unit/base/test_log.c - log lines: levels, both formats, one line per call.
 *
 * Each test sends stderr into a file of its own and reads it back.
 */
#include "base/log.h"

#include <check.h>
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/instant.h"

enum { CAPTURED_MAX = 8192 };

static FILE *captured;
static int stderr_before;

static void capture_begin(void)
{
    captured = tmpfile();
    ck_assert_ptr_nonnull(captured);
    stderr_before = dup(STDERR_FILENO);
    ck_assert_int_ge(stderr_before, 0);
    ck_assert_int_ge(dup2(fileno(captured), STDERR_FILENO), 0);
}

static void capture_end(char text[CAPTURED_MAX])
{
    ck_assert_int_ge(dup2(stderr_before, STDERR_FILENO), 0);
    (void)close(stderr_before);
    rewind(captured);
    const size_t length = fread(text, 1, CAPTURED_MAX - 1, captured);
    text[length] = '\0';
    (void)fclose(captured);
}

/* Length of the ISO 8601 instant at the start of a line; fails when there is none. */
static size_t stamp_length(const char *line)
{
    const size_t length = strcspn(line, " \"");
    int64_t instant_ns;
    ck_assert_int_eq(instant_parse(line, length, &instant_ns), ERR_NONE);
    ck_assert_int_gt(instant_ns, 0);
    return length;
}

static const struct {
    enum log_level level;
    const char *rest;
} levels[] = {
    {LOG_DEBUG, " debug   orchestrator: n=7\n"},
    {LOG_INFO, " info    orchestrator: n=7\n"},
    {LOG_WARNING, " warning orchestrator: n=7\n"},
    {LOG_ERROR, " error   orchestrator: n=7\n"},
};

START_TEST(text_lines_name_level_and_source)
{
    char text[CAPTURED_MAX];
    log_configure(LOG_DEBUG, LOG_TEXT);
    capture_begin();
    log_line(levels[_i].level, "orchestrator", "n=%d", 7);
    capture_end(text);
    ck_assert_str_eq(text + stamp_length(text), levels[_i].rest);
}
END_TEST

START_TEST(what_is_less_urgent_is_not_written)
{
    char text[CAPTURED_MAX];
    const enum log_level least = levels[_i].level;
    log_configure(least, LOG_TEXT);
    capture_begin();
    for (int level = LOG_DEBUG; level <= LOG_ERROR; level++) {
        log_line((enum log_level)level, "orchestrator", "n=%d", 7);
    }
    capture_end(text);
    const char *line = text;
    for (int level = (int)least; level <= LOG_ERROR; level++) {
        line += stamp_length(line);
        ck_assert_int_eq(strncmp(line, levels[level].rest, strlen(levels[level].rest)), 0);
        line += strlen(levels[level].rest);
    }
    ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(default_is_text_from_info_on)
{
    char text[CAPTURED_MAX];
    capture_begin();
    log_line(LOG_DEBUG, "a", "hidden");
    log_line(LOG_INFO, "a", "shown");
    capture_end(text);
    ck_assert_str_eq(text + stamp_length(text), " info    a: shown\n");
}
END_TEST

static const char *member(const cJSON *json, const char *key)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, key));
    ck_assert_ptr_nonnull(value);
    return value;
}

START_TEST(json_lines_are_objects)
{
    char text[CAPTURED_MAX];
    log_configure(LOG_INFO, LOG_JSON);
    capture_begin();
    log_line(LOG_WARNING, "venue", "said \"%s\"", "no\xFF");
    capture_end(text);
    ck_assert_ptr_eq(strchr(text, '\n'), text + strlen(text) - 1);
    cJSON *json = cJSON_Parse(text);
    ck_assert_ptr_nonnull(json);
    ck_assert_int_eq(cJSON_GetArraySize(json), 4);
    ck_assert_uint_eq(stamp_length(member(json, "ts")), strlen(member(json, "ts")));
    ck_assert_str_eq(member(json, "level"), "warning");
    ck_assert_str_eq(member(json, "source"), "venue");
    ck_assert_str_eq(member(json, "message"), "said \"no\xEF\xBF\xBD\"");
    cJSON_Delete(json);
}
END_TEST

START_TEST(a_message_cannot_make_a_second_line)
{
    char text[CAPTURED_MAX];
    log_configure(LOG_INFO, LOG_TEXT);
    capture_begin();
    log_line(LOG_INFO, "venue", "rejected\r\n2026-01-01T00:00:00Z error forged");
    capture_end(text);
    ck_assert_str_eq(text + stamp_length(text),
                     " info    venue: rejected  2026-01-01T00:00:00Z error forged\n");
}
END_TEST

START_TEST(a_long_message_is_cut)
{
    char text[CAPTURED_MAX];
    log_configure(LOG_INFO, LOG_TEXT);
    capture_begin();
    log_line(LOG_INFO, "a", "%*d", 2 * LOG_MESSAGE_MAX, 1);
    capture_end(text);
    ck_assert_uint_eq(strlen(text) - stamp_length(text),
                      strlen(" info    a: \n") + LOG_MESSAGE_MAX - 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *lines = tcase_create("lines");
    tcase_add_loop_test(lines, text_lines_name_level_and_source, 0, LOG_ERROR + 1);
    tcase_add_loop_test(lines, what_is_less_urgent_is_not_written, 0, LOG_ERROR + 1);
    tcase_add_test(lines, default_is_text_from_info_on);
    tcase_add_test(lines, json_lines_are_objects);
    tcase_add_test(lines, a_message_cannot_make_a_second_line);
    tcase_add_test(lines, a_long_message_is_cut);
    suite_add_tcase(suite, lines);

    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
