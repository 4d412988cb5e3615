#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/control_hummingbot.h"

enum { HB_HOLDS_MAX = 10000 };

/* clang-format off */
#define HB_SCOPE(controller, venue, pair)                                                \
    " (json_extract(?1, '$.c') = '' OR " controller " = json_extract(?1, '$.c'))"        \
    " AND (json_extract(?1, '$.v') = '' OR " venue " = json_extract(?1, '$.v'))"         \
    " AND (json_extract(?1, '$.p') = '' OR " pair " = json_extract(?1, '$.p'))"

static const char hb_sql_positions[] =
    "SELECT controller_id, venue, trading_pair, amount, realized_pnl_quote, fees_quote,"
    " updated_at, strftime('%Y-%m-%dT%H:%M:%S', updated_at / 1000000000, 'unixepoch')"
    " || printf('.%06d+00:00', updated_at / 1000 % 1000000) FROM position"
    " WHERE" HB_SCOPE("controller_id", "venue", "trading_pair")
    " ORDER BY controller_id, venue, trading_pair, updated_at";

static const char hb_sql_fills[] =
    "SELECT controller_id, f.venue, f.trading_pair, f.side, f.amount, f.price, f.executor_id"
    " FROM fill f JOIN executor ON id = f.executor_id"
    " WHERE" HB_SCOPE("controller_id", "f.venue", "f.trading_pair")
    " ORDER BY controller_id, f.venue, f.trading_pair, f.executor_id";
/* clang-format on */

/* What a controller has done in one market. Both sides of a hedge are one. */
struct hb_hold {
    char key[sizeof(((struct control_cleared *)NULL)->key)];
    char controller_id[CONTROL_NAME_MAX];
    char connector_name[CONTROL_NAME_MAX];
    char trading_pair[CONTROL_NAME_MAX];
    char updated_at[24]; /* Nanoseconds, of the last change. */
    char updated_iso[40];
    struct decimal amount;
    struct decimal realized;
    struct decimal fees;
    struct decimal bought_base;
    struct decimal bought_quote;
    struct decimal sold_base;
    struct decimal sold_quote;
    int64_t executors;
    char last_id[CONTROL_NAME_MAX];
    struct text ids; /* Owned: a JSON array without its end. */
};

struct hb_holds {
    const struct hummingbot_scope *scope;
    struct hb_hold *items; /* Owned; sorted by key. */
    size_t count;
    size_t capacity;
    size_t next; /* Where fills are booked: they come in the same order. */
    enum err err;
};

static void hb_holds_done(struct hb_holds *holds)
{
    for (size_t i = 0; i < holds->count; i++) {
        text_done(&holds->items[i].ids);
    }
    free(holds->items);
}

static void hb_print_key(char key[sizeof(((struct hb_hold *)NULL)->key)],
                         const char *const values[3])
{
    (void)snprintf(key, sizeof(((struct hb_hold *)NULL)->key), "%s:%s:%s", values[0], values[1],
                   values[2]);
}

static struct decimal hb_read(struct hb_holds *holds, const char *text)
{
    struct decimal value = decimal_from_int(0);
    if (decimal_parse(text, strlen(text), &value) != ERR_NONE) {
        holds->err = ERR_CORRUPT;
    }
    return value;
}

/* The hold of a key: the last one, or a new one. NULL with holds->err set. */
static struct hb_hold *hb_holds_take(struct hb_holds *holds, const char *key)
{
    if (holds->count > 0 && strcmp(holds->items[holds->count - 1].key, key) == 0) {
        return &holds->items[holds->count - 1];
    }
    if (holds->count == holds->capacity) {
        const size_t capacity = holds->capacity == 0 ? 16 : 2 * holds->capacity;
        struct hb_hold *items =
            capacity > HB_HOLDS_MAX ? NULL : realloc(holds->items, capacity * sizeof(*items));
        if (items == NULL) {
            holds->err = capacity > HB_HOLDS_MAX ? ERR_LIMIT : ERR_MEMORY;
            return NULL;
        }
        holds->items = items;
        holds->capacity = capacity;
    }
    struct hb_hold *hold = &holds->items[holds->count++];
    *hold = (struct hb_hold){0};
    (void)snprintf(hold->key, sizeof(hold->key), "%s", key);
    return hold;
}

static bool hb_is_cleared(const struct hummingbot_scope *scope, const struct hb_hold *hold)
{
    for (size_t i = 0; scope->cleared != NULL && i < CONTROL_CLEARED_MAX; i++) {
        if (strcmp(scope->cleared[i].key, hold->key) == 0 &&
            strcmp(scope->cleared[i].updated_at, hold->updated_at) == 0) {
            return true;
        }
    }
    return false;
}

static bool hb_add_position(void *context, int count, const char *const *names,
                            const char *const *values)
{
    (void)count;
    (void)names;
    struct hb_holds *holds = context;
    char key[sizeof(((struct hb_hold *)NULL)->key)];
    hb_print_key(key, values);
    struct hb_hold *hold = hb_holds_take(holds, key);
    if (hold == NULL) {
        return false;
    }
    (void)snprintf(hold->controller_id, CONTROL_NAME_MAX, "%s", values[0]);
    (void)snprintf(hold->connector_name, CONTROL_NAME_MAX, "%s", values[1]);
    (void)snprintf(hold->trading_pair, CONTROL_NAME_MAX, "%s", values[2]);
    hold->amount = decimal_add(hold->amount, hb_read(holds, values[3]));
    hold->realized = decimal_add(hold->realized, hb_read(holds, values[4]));
    hold->fees = decimal_add(hold->fees, hb_read(holds, values[5]));
    (void)snprintf(hold->updated_at, sizeof(hold->updated_at), "%s", values[6]);
    (void)snprintf(hold->updated_iso, sizeof(hold->updated_iso), "%s", values[7]);
    return true;
}

/* An executor's id, once: fills of one come together. */
static void hb_add_executor(struct hb_hold *hold, const char *id)
{
    if (strcmp(hold->last_id, id) == 0) {
        return;
    }
    (void)snprintf(hold->last_id, sizeof(hold->last_id), "%s", id);
    if (hold->executors++ < HUMMINGBOT_IDS_MAX) {
        json_string(&hold->ids, id);
    }
}

static bool hb_add_fill(void *context, int count, const char *const *names,
                        const char *const *values)
{
    (void)count;
    (void)names;
    struct hb_holds *holds = context;
    char key[sizeof(((struct hb_hold *)NULL)->key)];
    hb_print_key(key, values);
    for (size_t i = 0; i < holds->count && strcmp(holds->items[holds->next].key, key) != 0; i++) {
        holds->next = (holds->next + 1) % holds->count;
    }
    if (holds->count == 0 || strcmp(holds->items[holds->next].key, key) != 0) {
        return true; /* Of no position that is wanted. */
    }
    struct hb_hold *hold = &holds->items[holds->next];
    const struct decimal amount = hb_read(holds, values[4]);
    const struct decimal quote = decimal_multiply(amount, hb_read(holds, values[5]));
    if (strcmp(values[3], "BUY") == 0) {
        hold->bought_base = decimal_add(hold->bought_base, amount);
        hold->bought_quote = decimal_add(hold->bought_quote, quote);
    } else {
        hold->sold_base = decimal_add(hold->sold_base, amount);
        hold->sold_quote = decimal_add(hold->sold_quote, quote);
    }
    hb_add_executor(hold, values[6]);
    return true;
}

static enum err hb_load_holds(struct reader *reader, struct hb_holds *holds,
                              struct failure *failure)
{
    struct text filter = {0};
    json_object_begin(&filter);
    json_put_string(&filter, "c", holds->scope->controller_id);
    json_put_string(&filter, "v", holds->scope->connector_name);
    json_put_string(&filter, "p", holds->scope->trading_pair);
    json_object_end(&filter);
    enum err err = reader_query(reader, hb_sql_positions, text_string(&filter), hb_add_position,
                                holds, failure);
    if (err == ERR_NONE) {
        err = reader_query(reader, hb_sql_fills, text_string(&filter), hb_add_fill, holds, failure);
    }
    text_done(&filter);
    return err == ERR_NONE && holds->err != ERR_NONE
               ? failure_set(failure, holds->err, "the position book cannot be read")
               : err;
}

/* ---- As JSON ---- */

static void hb_put_breakeven(struct text *out, const char *key, struct decimal quote,
                             struct decimal base)
{
    if (decimal_sign(base) > 0) {
        hummingbot_put_number(out, key, decimal_divide(quote, base));
    } else {
        json_key(out, key);
        json_null(out);
    }
}

static void hb_put_hold(struct text *out, const struct hb_hold *hold)
{
    const struct decimal matched = decimal_min(hold->bought_base, hold->sold_base);
    const int sign = decimal_sign(hold->amount);
    json_object_begin(out);
    json_put_string(out, "trading_pair", hold->trading_pair);
    json_put_string(out, "connector_name", hold->connector_name);
    json_put_string(out, "account_name", HUMMINGBOT_ACCOUNT);
    json_put_string(out, "controller_id", hold->controller_id);
    hummingbot_put_number(out, "buy_amount_base", hold->bought_base);
    hummingbot_put_number(out, "buy_amount_quote", hold->bought_quote);
    hummingbot_put_number(out, "sell_amount_base", hold->sold_base);
    hummingbot_put_number(out, "sell_amount_quote", hold->sold_quote);
    hummingbot_put_number(out, "net_amount_base", hold->amount);
    hb_put_breakeven(out, "buy_breakeven_price", hold->bought_quote, hold->bought_base);
    hb_put_breakeven(out, "sell_breakeven_price", hold->sold_quote, hold->sold_base);
    hummingbot_put_number(out, "matched_amount_base", matched);
    hummingbot_put_number(out, "unmatched_amount_base",
                          decimal_absolute(decimal_subtract(hold->bought_base, hold->sold_base)));
    json_put_string(out, "position_side", sign > 0 ? "LONG" : sign < 0 ? "SHORT" : "FLAT");
    hummingbot_put_number(out, "realized_pnl_quote", hold->realized);
    hummingbot_put_number(out, "cum_fees_quote", hold->fees);
    json_put_raw(out, "unrealized_pnl_quote", "null"); /* No mark is in the tables. */
    json_put_int(out, "executor_count", hold->executors);
    json_key(out, "executor_ids");
    json_array_begin(out);
    text_append(out, text_string(&hold->ids), hold->ids.length);
    json_array_end(out);
    json_put_string(out, "last_updated", hold->updated_iso);
    json_object_end(out);
}

enum err hummingbot_positions(struct reader *reader, const struct hummingbot_scope *scope,
                              struct text *out, struct failure *failure)
{
    struct hb_holds holds = {.scope = scope};
    const enum err err = hb_load_holds(reader, &holds, failure);
    struct decimal realized = decimal_from_int(0);
    int64_t shown = 0;
    json_object_begin(out);
    json_key(out, "positions");
    json_array_begin(out);
    for (size_t i = 0; i < holds.count; i++) {
        if (!hb_is_cleared(scope, &holds.items[i])) {
            hb_put_hold(out, &holds.items[i]);
            realized = decimal_add(realized, holds.items[i].realized);
            shown++;
        }
    }
    json_array_end(out);
    json_put_int(out, "total_positions", shown);
    hummingbot_put_number(out, "total_realized_pnl", realized);
    json_put_raw(out, "total_unrealized_pnl", "null");
    json_object_end(out);
    hb_holds_done(&holds);
    return err;
}

enum err hummingbot_position(struct reader *reader, const struct hummingbot_scope *scope,
                             struct text *out, struct failure *failure)
{
    struct hb_holds holds = {.scope = scope};
    enum err err = hb_load_holds(reader, &holds, failure);
    if (err == ERR_NONE && (holds.count == 0 || hb_is_cleared(scope, &holds.items[0]))) {
        err = failure_set(failure, ERR_NOT_FOUND, "no position of %s in %s at %s",
                          scope->controller_id, scope->trading_pair, scope->connector_name);
    }
    if (err == ERR_NONE) {
        hb_put_hold(out, &holds.items[0]);
    }
    hb_holds_done(&holds);
    return err;
}

enum err hummingbot_position_changed(struct reader *reader, const struct hummingbot_scope *scope,
                                     struct control_cleared *ret_mark, struct failure *failure)
{
    struct text ignored = {0};
    struct hb_holds holds = {.scope = scope};
    enum err err = hummingbot_position(reader, scope, &ignored, failure);
    if (err == ERR_NONE) {
        err = hb_load_holds(reader, &holds, failure);
    }
    if (err == ERR_NONE) {
        memcpy(ret_mark->key, holds.items[0].key, sizeof(ret_mark->key));
        memcpy(ret_mark->updated_at, holds.items[0].updated_at, sizeof(ret_mark->updated_at));
    }
    hb_holds_done(&holds);
    text_done(&ignored);
    return err;
}
