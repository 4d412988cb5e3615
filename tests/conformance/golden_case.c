#include "tests/conformance/golden_case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "executors/factory.h"
#include "executors/snapshot.h"

enum { GOLDEN_FILE_MAX = 8 << 20, GOLDEN_STEPS_MAX = 100000 };

/* Adds a problem of the whole file. */
static enum err golden_fail(struct golden_case *golden, enum err err, const char *what)
{
    problems_add(&golden->problems, 0, 0, "", "%s", what);
    return err;
}

static char *golden_read_file(const char *path, size_t *ret_length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    char *bytes = malloc(GOLDEN_FILE_MAX);
    *ret_length = bytes == NULL ? 0 : fread(bytes, 1, GOLDEN_FILE_MAX, file);
    (void)fclose(file);
    return bytes;
}

/* Reads the lines of the file: the header, then the steps. */
static enum err golden_read_lines(struct golden_case *golden, const char *text, size_t length)
{
    size_t start = 0;
    while (start < length && golden->step_count < GOLDEN_STEPS_MAX) {
        const char *newline = memchr(text + start, '\n', length - start);
        const size_t end = newline == NULL ? length : (size_t)(newline - text);
        const struct node *node = NULL;
        const enum err err =
            node_read_json("line", text + start, end - start, NODE_DEPTH_CONTROL_MAX,
                           &golden->arena, &golden->problems, &node);
        if (err != ERR_NONE) {
            return err;
        }
        if (golden->header == NULL) {
            golden->header = node;
        } else {
            golden->steps[golden->step_count++] = node;
        }
        start = end + 1;
    }
    return golden->step_count > 0 ? ERR_NONE : golden_fail(golden, ERR_SYNTAX, "no steps");
}

/* The configuration with what the files leave out: market, account and retries. */
static enum err golden_read_config(struct golden_case *golden)
{
    struct text json = {0};
    node_print_json(node_get(golden->header, "config"), &json);
    json.length -= json.length > 0; /* Without the closing brace: members follow. */
    json_put_string(&json, "connector_name", golden->instrument.venue_name);
    json_put_string(&json, "trading_pair", golden->instrument.trading_pair);
    json_put_raw(&json, "max_retries", node_get_text(golden->header, "max_retries"));
    json_object_end(&json);
    const struct node *node = NULL;
    enum err err = text_failed(&json) ? golden_fail(golden, ERR_MEMORY, "out of memory")
                                      : node_read_json("config", text_string(&json), json.length,
                                                       NODE_DEPTH_CONTROL_MAX, &golden->arena,
                                                       &golden->problems, &node);
    text_done(&json);
    return err != ERR_NONE ? err
                           : factory_parse(node, "config", &golden->arena, &golden->problems,
                                           &golden->kind, &golden->config);
}

static enum err golden_read_market(struct golden_case *golden)
{
    const struct node *market = node_get(golden->header, "market");
    const char *fee_asset = node_get_text(market, "fee_asset_on_buy");
    golden->instrument = (struct instrument){.venue_name = "paper", .trading_pair = "BASE-QUOTE"};
    golden->paper = (struct paper_config){.is_unlimited = true, .script = &golden->paper_script};
    golden->paper.fee_in_base_on_buy = fee_asset != NULL && strcmp(fee_asset, "base") == 0;
    if (snapshot_get_decimal(market, "price_tick", &golden->instrument.tick) != ERR_NONE ||
        snapshot_get_decimal(market, "amount_step", &golden->instrument.step) != ERR_NONE ||
        snapshot_get_decimal(market, "min_order_size", &golden->instrument.min_order_size) !=
            ERR_NONE ||
        snapshot_get_decimal(market, "min_notional", &golden->instrument.min_notional) !=
            ERR_NONE ||
        snapshot_get_decimal(market, "maker_fee", &golden->paper.maker_fee) != ERR_NONE ||
        snapshot_get_decimal(market, "taker_fee", &golden->paper.taker_fee) != ERR_NONE) {
        return golden_fail(golden, ERR_SYNTAX, "the market is incomplete");
    }
    return instrument_complete(&golden->instrument);
}

/* A whole number of the file; asserted, because the files are part of the source. */
static uint32_t golden_number(const struct node *node)
{
    int64_t value;
    const enum err err = snapshot_between(node, 0, UINT32_MAX, &value);
    ASSERT(err == ERR_NONE);
    return (uint32_t)value;
}

static struct decimal golden_decimal(const struct node *node)
{
    struct decimal value;
    const enum err err = snapshot_decimal(node, &value);
    ASSERT(err == ERR_NONE);
    return value;
}

/* Whether an ordinal is in the list `key` of the script, or from `key_from` on. */
static bool golden_script_has(const struct golden_case *golden, const char *key,
                              const char *key_from, uint32_t ordinal)
{
    const struct node *list = node_get(golden->script, key);
    for (size_t i = 0; list != NULL && i < list->count; i++) {
        if (golden_number(list->items[i]) == ordinal) {
            return true;
        }
    }
    const struct node *from = node_get(golden->script, key_from);
    return from != NULL && ordinal >= golden_number(from);
}

/* The value under the ordinal in the mapping `key` of the script, or NULL. */
static const struct node *golden_script_get(const struct golden_case *golden, const char *key,
                                            uint32_t ordinal)
{
    char name[16];
    (void)snprintf(name, sizeof(name), "%u", (unsigned)ordinal);
    return node_get(node_get(golden->script, key), name);
}

static bool golden_script_fails(void *context, uint32_t ordinal)
{
    return golden_script_has(context, "fail", "fail_from", ordinal);
}

static bool golden_script_ignores_cancel(void *context, uint32_t ordinal)
{
    return golden_script_has(context, "ignore_cancel", "", ordinal);
}

static bool golden_script_is_matched(void *context, uint32_t ordinal, uint32_t rounds)
{
    const struct node *delay = golden_script_get(context, "delay", ordinal);
    return !golden_script_has(context, "stuck", "stuck_from", ordinal) &&
           (delay == NULL || rounds >= golden_number(delay));
}

static bool golden_script_match_amount(void *context, uint32_t ordinal, struct decimal order_amount,
                                       uint32_t match, struct decimal *ret_amount)
{
    const struct node *fractions = golden_script_get(context, "partial", ordinal);
    if (fractions == NULL) {
        return true;
    }
    if (match >= fractions->count) {
        return false;
    }
    *ret_amount = decimal_multiply(order_amount, golden_decimal(fractions->items[match]));
    return true;
}

enum err golden_case_open(const char *path, struct golden_case *golden)
{
    *golden = (struct golden_case){0};
    arena_init(&golden->arena, 0);
    problems_init(&golden->problems, path);
    golden->steps = arena_take(&golden->arena, GOLDEN_STEPS_MAX * sizeof(const struct node *));
    size_t length = 0;
    char *text = golden_read_file(path, &length);
    if (text == NULL || golden->steps == NULL) {
        const bool is_there = text != NULL || errno == ENOMEM;
        free(text);
        return is_there ? golden_fail(golden, ERR_MEMORY, "out of memory")
                        : golden_fail(golden, ERR_IO, "cannot read the file");
    }
    enum err err = golden_read_lines(golden, text, length);
    free(text);
    if (err == ERR_NONE) {
        err = golden_read_market(golden);
    }
    if (err == ERR_NONE) {
        err = golden_read_config(golden);
    }
    if (err == ERR_NONE) {
        golden->script = node_get(golden->header, "script");
    }
    golden->paper_script = (struct paper_script){
        .context = golden,
        .fails = golden_script_fails,
        .ignores_cancel = golden_script_ignores_cancel,
        .is_matched = golden_script_is_matched,
        .match_amount = golden_script_match_amount,
    };
    return err;
}

void golden_case_close(struct golden_case *golden)
{
    problems_done(&golden->problems);
    arena_done(&golden->arena);
}

struct quote golden_case_quote(const struct golden_case *golden, size_t step)
{
    const struct node *node = golden->steps[step];
    struct quote quote = {
        .bid = golden_decimal(node_get(node, "bid")),
        .ask = golden_decimal(node_get(node, "ask")),
    };
    const enum err err = instant_from_seconds(golden_decimal(node_get(node, "t")), &quote.time_ns);
    ASSERT(err == ERR_NONE);
    return quote;
}

/* The second elements of the [step, value] pairs of this step; returns how many there are. */
static size_t golden_calls(const struct golden_case *golden, const char *key, size_t step,
                           const struct node *ret_values[GOLDEN_CALLS_MAX])
{
    const struct node *pairs = node_get(golden->script, key);
    size_t count = 0;
    for (size_t i = 0; pairs != NULL && i < pairs->count; i++) {
        if (golden_number(pairs->items[i]->items[0]) == step) {
            ASSERT(count < GOLDEN_CALLS_MAX);
            ret_values[count++] = pairs->items[i]->items[1];
        }
    }
    return count;
}

static bool golden_is_funded(const struct golden_case *golden)
{
    const char *text = node_get_text(golden->script, "insufficient_balance");
    return text == NULL || strcmp(text, "true") != 0;
}

/* The quote and the venue's events, or the start. */
static void golden_play_market(const struct golden_case *golden, struct stage *stage, size_t step)
{
    const struct quote quote = golden_case_quote(golden, step);
    if (step == 0) {
        stage_start(stage, &quote, golden_is_funded(golden));
        return;
    }
    const struct node *values[GOLDEN_CALLS_MAX];
    uint32_t expelled[GOLDEN_CALLS_MAX];
    const size_t count = golden_calls(golden, "ext_cancel", step, values);
    for (size_t i = 0; i < count; i++) {
        expelled[i] = golden_number(values[i]);
    }
    stage_advance(stage, &quote, expelled, count);
}

void golden_case_play(const struct golden_case *golden, struct stage *stage, size_t step)
{
    const struct node *values[GOLDEN_CALLS_MAX];
    golden_play_market(golden, stage, step);
    size_t count = golden_calls(golden, "update_live", step, values);
    for (size_t i = 0; i < count; i++) {
        (void)stage_update(stage, golden_decimal(values[i])); /* Some are meant to be refused. */
    }
    count = golden_calls(golden, "early_stop", step, values);
    for (size_t i = 0; i < count; i++) {
        (void)stage_stop(stage, golden_number(values[i]) != 0);
    }
    stage_evaluate(stage);
}
