/*
 * Every text that is read as YAML or JSON while the n-th allocation is refused, n = 1, 2, 3 ...,
 * those of libyaml and cJSON included: the corpora of the fuzzers, run files, secrets. A text is
 * judged as with memory, or there was no memory; it is never called wrong, or right, by mistake.
 */
#include <check.h>
#include <sodium.h>
#include <stdlib.h>

#include "actors/action.h"
#include "actors/link_secrets.h"
#include "actors/run_config.h"
#include "tests/conformance/golden_case.h"
#include "tests/fuzz/corpus_replay.h"
#include "tests/fuzz/wire_input.h"
#include "tests/support/faulty_memory.h"
#include "tests/support/scratch.h"

enum { ROUNDS_MAX = 20000 };

static void texts_open(void)
{
    faulty_memory_install();
    scratch_setup();
}

/* ---- Readers: what a text is, and in `out` what it says ---- */

static enum err read_tree(bool is_yaml, const char *bytes, size_t size, struct text *out)
{
    struct arena arena;
    struct problems problems;
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "text");
    const enum err err = is_yaml ? node_read_yaml("text", bytes, size, &arena, &problems, &root)
                                 : node_read_json("text", bytes, size, NODE_DEPTH_CONTROL_MAX,
                                                  &arena, &problems, &root);
    if (err == ERR_NONE) {
        node_print_json(root, out);
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

static enum err read_json(const char *bytes, size_t size, struct text *out)
{
    return read_tree(false, bytes, size, out);
}

static enum err read_yaml(const char *bytes, size_t size, struct text *out)
{
    return read_tree(true, bytes, size, out);
}

static enum err read_action(const char *bytes, size_t size, struct text *out)
{
    struct arena arena;
    struct problems problems;
    struct action action;
    const struct node *root = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "action");
    enum err err =
        node_read_json("action", bytes, size, NODE_DEPTH_CONTROL_MAX, &arena, &problems, &root);
    if (err == ERR_NONE) {
        err = action_parse(root, "", &arena, &problems, &action);
    }
    if (err == ERR_NONE) {
        action_print(&action, out);
    }
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

static enum err read_wire_request(const char *bytes, size_t size, struct text *out)
{
    return wire_input_print(WIRE_INPUT_REQUEST, bytes, size, out);
}

static enum err read_wire_answer(const char *bytes, size_t size, struct text *out)
{
    return wire_input_print(WIRE_INPUT_ANSWER, bytes, size, out);
}

static enum err read_wire_event(const char *bytes, size_t size, struct text *out)
{
    return wire_input_print(WIRE_INPUT_EVENT, bytes, size, out);
}

/* Files: the bytes are the path. */

static enum err read_golden(const char *path, size_t size, struct text *out)
{
    (void)size;
    static struct golden_case golden; /* It must stay where it is, and is large. */
    const enum err err = golden_case_open(path, &golden);
    if (err == ERR_NONE) {
        text_printf(out, "%s, %zu steps", golden.kind->type, golden.step_count);
    }
    golden_case_close(&golden);
    return err;
}

static enum err read_run(const char *path, size_t size, struct text *out)
{
    (void)size;
    struct run_config config;
    struct problems problems;
    problems_init(&problems, path);
    const enum err err = run_config_load(path, &config, &problems);
    if (err == ERR_NONE) {
        text_printf(out, "%s, %zu executors", config.file.run->name, config.executor_count);
    }
    run_config_done(&config);
    problems_done(&problems);
    return err;
}

static enum err read_secrets(const char *path, size_t size, struct text *out)
{
    (void)size;
    (void)out;
    struct link_secrets secrets;
    struct failure failure;
    return link_secrets_load(path, &secrets, &failure);
}

/* ---- Refusals ---- */

/* Reads it with each allocation refused, alone and with all behind it. Its error with memory. */
static enum err refuse(enum err read(const char *bytes, size_t size, struct text *out),
                       const char *bytes, size_t size)
{
    struct text usual = {0};
    const enum err expected = read(bytes, size, &usual);
    for (int is_lasting = 0; is_lasting < 2; is_lasting++) {
        bool has_refused = true;
        for (uint64_t n = 1; has_refused; n++) {
            struct text said = {0};
            ck_assert_uint_lt(n, ROUNDS_MAX);
            faulty_memory_arm(n, is_lasting == 1);
            const enum err err = read(bytes, size, &said);
            has_refused = faulty_memory_disarm();
            ck_assert_msg(err == expected || (err == ERR_MEMORY && has_refused),
                          "allocation %llu: %s, not %s: %.*s", (unsigned long long)n, err_name(err),
                          err_name(expected), (int)size, bytes);
            ck_assert_msg(err != ERR_NONE || text_failed(&said) ||
                              strcmp(text_string(&said), text_string(&usual)) == 0,
                          "allocation %llu: %s, not %s", (unsigned long long)n, text_string(&said),
                          text_string(&usual));
            text_done(&said);
        }
    }
    text_done(&usual);
    return expected;
}

static int take_json(const uint8_t *data, size_t size)
{
    return refuse(read_json, (const char *)data, size) == ERR_NONE;
}

static int take_yaml(const uint8_t *data, size_t size)
{
    return refuse(read_yaml, (const char *)data, size) == ERR_NONE;
}

static int take_action(const uint8_t *data, size_t size)
{
    return refuse(read_action, (const char *)data, size) == ERR_NONE;
}

static int take_wire(const uint8_t *data, size_t size)
{
    const bool is_request = refuse(read_wire_request, (const char *)data, size) == ERR_NONE;
    const bool is_answer = refuse(read_wire_answer, (const char *)data, size) == ERR_NONE;
    return refuse(read_wire_event, (const char *)data, size) == ERR_NONE || is_request || is_answer;
}

static int take_golden(const uint8_t *data, size_t size)
{
    const struct scratch_path path = scratch_write("golden.jsonl", data, size);
    return refuse(read_golden, path.text, strlen(path.text)) == ERR_NONE;
}

START_TEST(corpora_whose_memory_is_refused)
{
    static const struct {
        const char *name;
        int (*take)(const uint8_t *data, size_t size);
    } corpora[] = {{"json", take_json},
                   {"yaml", take_yaml},
                   {"action", take_action},
                   {"wire", take_wire},
                   {"golden", take_golden}};
    ck_assert_int_gt(corpus_replay(corpora[_i].name, corpora[_i].take), 5);
}
END_TEST

/* A run file, and the same as JSON. */
START_TEST(run_files_whose_memory_is_refused)
{
    static const char *const files[] = {TUTTI_SOURCE_DIR "/examples/quickstart.yaml",
                                        TUTTI_SOURCE_DIR "/examples/paper-events.yaml"};
    struct text json = {0};
    size_t size;
    unsigned char *yaml = scratch_read(files[_i], &size);
    ck_assert_int_eq(read_yaml((const char *)yaml, size, &json), ERR_NONE);
    free(yaml);
    const struct scratch_path path = scratch_write("run.json", json.data, json.length);
    text_done(&json);
    ck_assert_int_eq(refuse(read_run, files[_i], strlen(files[_i])), ERR_NONE);
    ck_assert_int_eq(refuse(read_run, path.text, strlen(path.text)), ERR_NONE);
}
END_TEST

START_TEST(secrets_whose_memory_is_refused)
{
    static const uint8_t entropy[LINK_ENTROPY_BYTES] = {1};
    const struct scratch_path path = scratch_path("run.secrets");
    struct link_secrets secrets;
    struct link_secret_texts texts;
    struct failure failure;
    ck_assert_int_eq(link_secrets_create(path.text, entropy, &secrets, &texts, &failure), ERR_NONE);
    ck_assert_int_eq(refuse(read_secrets, path.text, strlen(path.text)), ERR_NONE);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    TCase *cases = tcase_create("text_faults");
    tcase_add_checked_fixture(cases, texts_open, scratch_teardown);
    tcase_set_timeout(cases, 200);
    tcase_add_loop_test(cases, corpora_whose_memory_is_refused, 0, 5);
    tcase_add_loop_test(cases, run_files_whose_memory_is_refused, 0, 2);
    tcase_add_test(cases, secrets_whose_memory_is_refused);
    return corpus_run(cases);
}
