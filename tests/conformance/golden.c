/*
 * tests/conformance/golden.c - replays golden runs and compares every figure to the last digit.
 *
 * golden [--reload | --wake] DIR...
 *
 * --reload saves the executor after every step and goes on with a freshly loaded one; --wake
 * evaluates only when the executor's wake rule, an order event or a call asks for it. Prints one
 * line per difference and at the end "N passed, N failed". Exit code 0, 1 on a failure, 2 on a
 * wrong usage.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executors/moment.h"
#include "tests/conformance/golden_case.h"

enum golden_mode { GOLDEN_PLAIN, GOLDEN_RELOAD, GOLDEN_WAKE };

enum { GOLDEN_FILES_MAX = 10000, GOLDEN_PATH_MAX = 4096, GOLDEN_VALUE_MAX = 64 };

struct golden_totals {
    size_t passed;
    size_t failed;
    size_t steps;
    size_t evaluations;
};

/* The state of one replay. */
struct golden_run {
    const struct golden_case *golden;
    const char *path;
    struct stage stage;
    struct decimal position; /* Bought minus sold, fees not counted. */
    bool is_different;
};

static void golden_differ(struct golden_run *run, size_t step, const char *field,
                          const char *expected, const char *got)
{
    printf("%s: step %zu: %s: expected %s, got %s\n", run->path, step, field, expected, got);
    run->is_different = true;
}

static const struct bracket *golden_bracket(const struct golden_run *run)
{
    return (const struct bracket *)run->stage.executor;
}

/* The keys that are written only when they change. */
enum sticky_key {
    STICKY_ST,
    STICKY_CT,
    STICKY_OF,
    STICKY_CF,
    STICKY_EP,
    STICKY_PP,
    STICKY_PQ,
    STICKY_FEE,
    STICKY_TRG,
    STICKY_TY,
    STICKY_SL,
    STICKY_RT,
    STICKY_POS,
    STICKY_CTS,
    STICKY_HELD,
    STICKY_DUST,
    STICKY_COUNT,
};

static const char *const sticky_names[STICKY_COUNT] = {
    "st",  "ct", "of", "cf", "ep",  "pp",  "pq",   "fee",
    "trg", "ty", "sl", "rt", "pos", "cts", "held", "dust",
};

static void golden_print_name(const struct field_name *names, int value, char *out)
{
    const char *name = field_name_of(names, value);
    (void)snprintf(out, GOLDEN_VALUE_MAX, "%s", name == NULL ? "null" : name);
}

static void golden_print_optional(bool is_there, struct decimal value, char *out)
{
    if (is_there) {
        decimal_print(value, out);
    } else {
        memcpy(out, "null", sizeof("null"));
    }
}

/* The decimal behind a sticky key; false when the key is null now. */
static bool golden_sticky_decimal(const struct golden_run *run, const struct moment *moment,
                                  enum sticky_key key, struct decimal *ret_value)
{
    const struct executor *executor = run->stage.executor;
    const struct bracket *bracket = golden_bracket(run);
    const bool is_progressive = strcmp(run->stage.kind->type, "progressive_executor") == 0;
    const struct decimal values[STICKY_COUNT] = {
        [STICKY_OF] = moment->open,       [STICKY_CF] = moment->closed,
        [STICKY_EP] = moment->entry,      [STICKY_PP] = moment->net_pct,
        [STICKY_PQ] = moment->net,        [STICKY_FEE] = moment->fees,
        [STICKY_TRG] = bracket->trigger,  [STICKY_TY] = moment->target_yield,
        [STICKY_SL] = bracket->stop_loss, [STICKY_RT] = decimal_from_int(executor->retries),
        [STICKY_POS] = run->position,     [STICKY_CTS] = instant_seconds(executor->closed_at_ns),
        [STICKY_HELD] = executor->held,   [STICKY_DUST] = executor->dust,
    };
    *ret_value = values[key];
    if (key == STICKY_TRG) {
        return bracket->is_armed;
    }
    if (key == STICKY_TY) {
        return is_progressive;
    }
    if (key == STICKY_SL) {
        return bracket_barriers(bracket_config_of(bracket))->has_stop_loss;
    }
    return key != STICKY_CTS || executor->close_type != CLOSE_NONE;
}

static void golden_sticky_print(const struct golden_run *run, const struct moment *moment,
                                enum sticky_key key, char out[GOLDEN_VALUE_MAX])
{
    const struct executor *executor = run->stage.executor;
    if (key == STICKY_ST) {
        golden_print_name(executor_status_names, executor->status, out);
    } else if (key == STICKY_CT) {
        golden_print_name(close_type_names, executor->close_type, out);
    } else {
        struct decimal value;
        const bool is_there = golden_sticky_decimal(run, moment, key, &value);
        golden_print_optional(is_there, value, out);
    }
}

/* Equal as text, or as numbers. */
static bool golden_is_equal(const char *expected, const char *got)
{
    struct decimal left;
    struct decimal right;
    return strcmp(expected, got) == 0 ||
           (decimal_parse(expected, strlen(expected), &left) == ERR_NONE &&
            decimal_parse(got, strlen(got), &right) == ERR_NONE && decimal_equal(left, right));
}

/* The value that a sticky key has at a step: the latest that was written. */
static void golden_expect_sticky(const struct golden_case *golden, size_t step,
                                 const char *expected[STICKY_COUNT])
{
    for (size_t key = 0; key < STICKY_COUNT; key++) {
        const struct node *node = node_get(golden->steps[step], sticky_names[key]);
        if (node != NULL) {
            expected[key] = node->is_null ? "null" : node->text;
        }
    }
}

static void golden_compare_sticky(struct golden_run *run, size_t step,
                                  const char *const expected[STICKY_COUNT])
{
    const struct moment moment = moment_of(golden_bracket(run), &run->stage.view);
    for (size_t key = 0; key < STICKY_COUNT; key++) {
        char got[GOLDEN_VALUE_MAX];
        golden_sticky_print(run, &moment, (enum sticky_key)key, got);
        if (!golden_is_equal(expected[key], got)) {
            golden_differ(run, step, sticky_names[key], expected[key], got);
        }
    }
}

static void golden_write_event(const struct venue_update *update, struct text *out)
{
    static const char *const names[] = {
        [VENUE_ACCEPTED] = "created",    [VENUE_REJECTED] = "failed",    [VENUE_FILL] = "filled",
        [VENUE_COMPLETED] = "completed", [VENUE_CANCELED] = "cancelled",
    };
    json_array_begin(out);
    json_string(out, names[update->kind]);
    json_int(out, update->order.ordinal);
    if (update->kind == VENUE_FILL) {
        json_decimal(out, update->fill.price);
        json_decimal(out, update->fill.amount);
        json_decimal(out, update->fill.fee);
    }
    json_array_end(out);
}

static void golden_write_order(const struct executor_request *request, struct text *out)
{
    json_object_begin(out);
    json_put_int(out, "n", request->ordinal);
    json_put_string(out, "role", field_name_of(order_role_names, request->role));
    json_put_string(out, "side", field_name_of(side_names, request->side));
    json_put_string(out, "type", field_name_of(order_type_names, request->type));
    json_put_decimal(out, "amt", request->amount);
    json_key(out, "px");
    if (request->type == ORDER_MARKET) {
        json_null(out);
    } else {
        json_decimal(out, request->price);
    }
    json_object_end(out);
}

/* What happened in the step under one of the keys ev, ord, cxl, as the files write it. */
static void golden_write_list(const struct golden_run *run, const char *key, struct text *out)
{
    json_array_begin(out);
    if (strcmp(key, "ev") == 0) {
        for (size_t i = 0; i < run->stage.updates.count; i++) {
            golden_write_event(&run->stage.updates.items[i], out);
        }
    }
    for (size_t i = 0; i < run->stage.requests.count; i++) {
        const struct executor_request *request = &run->stage.requests.items[i];
        if (request->kind == REQUEST_PLACE && strcmp(key, "ord") == 0) {
            golden_write_order(request, out);
        } else if (request->kind == REQUEST_CANCEL && strcmp(key, "cxl") == 0) {
            json_int(out, request->ordinal);
        }
    }
    json_array_end(out);
}

static void golden_compare_list(struct golden_run *run, size_t step, const char *key)
{
    const struct node *node = node_get(run->golden->steps[step], key);
    struct text expected = {0};
    struct text got = {0};
    if (node == NULL) {
        text_append_string(&expected, "[]");
    } else {
        node_print_json(node, &expected);
    }
    golden_write_list(run, key, &got);
    if (strcmp(text_string(&expected), text_string(&got)) != 0) {
        golden_differ(run, step, key, text_string(&expected), text_string(&got));
    }
    text_done(&expected);
    text_done(&got);
}

static void golden_count_fills(struct golden_run *run)
{
    for (size_t i = 0; i < run->stage.updates.count; i++) {
        const struct venue_update *update = &run->stage.updates.items[i];
        if (update->kind != VENUE_FILL) {
            continue;
        }
        const struct decimal amount = update->fill.amount;
        run->position = decimal_add(
            run->position, update->fill.side == SIDE_BUY ? amount : decimal_negate(amount));
    }
}

/* Replays one case up to its first difference. */
static void golden_replay(struct golden_run *run, enum golden_mode mode)
{
    const char *expected[STICKY_COUNT];
    for (size_t key = 0; key < STICKY_COUNT; key++) {
        expected[key] = "null";
    }
    run->stage.uses_wake = mode == GOLDEN_WAKE;
    for (size_t step = 0; step < run->golden->step_count && !run->is_different; step++) {
        golden_case_play(run->golden, &run->stage, step);
        golden_count_fills(run);
        golden_expect_sticky(run->golden, step, expected);
        golden_compare_sticky(run, step, expected);
        golden_compare_list(run, step, "ev");
        golden_compare_list(run, step, "ord");
        golden_compare_list(run, step, "cxl");
        stage_finish(&run->stage);
        if (mode == GOLDEN_RELOAD) {
            stage_reload(&run->stage);
        }
    }
}

static void golden_check_file(const char *path, enum golden_mode mode, struct golden_totals *totals)
{
    struct golden_case golden;
    const enum err err = golden_case_open(path, &golden);
    if (err != ERR_NONE) {
        printf("%s", text_string(&golden.problems.lines));
        totals->failed++;
        golden_case_close(&golden);
        return;
    }
    struct golden_run run = {.golden = &golden, .path = path};
    stage_open(&run.stage, golden.kind, golden.config, &golden.instrument, &golden.paper);
    golden_replay(&run, mode);
    totals->passed += run.is_different ? 0 : 1;
    totals->failed += run.is_different ? 1 : 0;
    totals->steps += run.stage.steps;
    totals->evaluations += run.stage.evaluations;
    stage_close(&run.stage);
    golden_case_close(&golden);
}

static int golden_is_case(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 6 && strcmp(entry->d_name + length - 6, ".jsonl") == 0;
}

/* Replays every file of a folder, in order of name. */
static enum err golden_check_folder(const char *folder, enum golden_mode mode,
                                    struct golden_totals *totals)
{
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, golden_is_case, alphasort);
    if (count <= 0) {
        (void)fprintf(stderr, "golden: %s: no *.jsonl files\n", folder);
        free(entries);
        return ERR_NOT_FOUND;
    }
    for (int i = 0; i < count; i++) {
        char path[GOLDEN_PATH_MAX];
        (void)snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        golden_check_file(path, mode, totals);
        free(entries[i]);
    }
    free(entries);
    return ERR_NONE;
}

int main(int argc, char **argv)
{
    enum golden_mode mode = GOLDEN_PLAIN;
    int first = 1;
    if (argc > 1 && argv[1][0] == '-') {
        first = 2;
        if (strcmp(argv[1], "--reload") == 0) {
            mode = GOLDEN_RELOAD;
        } else if (strcmp(argv[1], "--wake") == 0) {
            mode = GOLDEN_WAKE;
        } else {
            first = argc;
        }
    }
    if (first >= argc) {
        (void)fprintf(stderr, "usage: golden [--reload | --wake] DIR...\n");
        return 2;
    }
    struct golden_totals totals = {0};
    for (int i = first; i < argc; i++) {
        if (golden_check_folder(argv[i], mode, &totals) != ERR_NONE) {
            return 2;
        }
    }
    if (mode == GOLDEN_WAKE) {
        printf("%zu of %zu steps evaluated\n", totals.evaluations, totals.steps);
    }
    printf("%zu passed, %zu failed\n", totals.passed, totals.failed);
    return totals.failed == 0 ? 0 : 1;
}
