#include "executors/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "executors/snapshot.h"

enum { LEDGER_CAPACITY_FIRST = 1 };

/* The columns of a saved row. */
enum ledger_column {
    COLUMN_MARKET,
    COLUMN_ROLE,
    COLUMN_SIDE,
    COLUMN_TYPE,
    COLUMN_STATE,
    COLUMN_AMOUNT,
    COLUMN_PRICE,
    COLUMN_EXECUTED,
    COLUMN_QUOTE,
    COLUMN_FEES,
    COLUMN_FEE_BASE,
    COLUMN_GROSS_AT_PLACEMENT,
    COLUMN_PLACED_AT,
    COLUMN_CANCEL_REQUESTED_AT,
    COLUMN_IS_CANCEL_REQUESTED,
    COLUMN_IS_TIMED_OUT,
    COLUMN_SLOT,
    COLUMN_EPOCH,
    COLUMN_ORDINAL,
    COLUMN_COUNT,
};

static void ledger_check(const struct ledger *ledger)
{
    ASSERT(ledger->count <= ledger->capacity);
    ASSERT(ledger->live_count <= ledger->count - ledger->settled);
}

void ledger_done(struct ledger *ledger)
{
    free(ledger->orders);
    *ledger = (struct ledger){0};
}

struct ledger_order *ledger_find(const struct ledger *ledger, uint32_t ordinal)
{
    return ordinal == 0 || ordinal > ledger->count ? NULL : &ledger->orders[ordinal - 1];
}

struct ledger_order *ledger_live(const struct ledger *ledger, enum order_role role)
{
    struct ledger_order *found = NULL;
    /* Live orders are mostly the latest: walk back until all of them have been seen. */
    uint32_t unseen = ledger->live_count;
    for (uint32_t i = ledger->count; i > 0 && unseen > 0; i--) {
        struct ledger_order *order = &ledger->orders[i - 1];
        if (!ledger_order_is_live(order)) {
            continue;
        }
        unseen--;
        if (order->role == role) {
            found = order;
        }
    }
    return found;
}

bool ledger_is_exclusive(const struct ledger *ledger)
{
    uint32_t live[ROLE_TAKE_PROFIT + 1] = {0};
    for (uint32_t i = 0; i < ledger->count; i++) {
        const struct ledger_order *order = &ledger->orders[i];
        live[order->role] += ledger_order_is_live(order) ? 1 : 0;
        if (live[order->role] > 1 || order->market != 0) {
            return false;
        }
    }
    return true;
}

/* Makes room for one more order. */
static enum err ledger_reserve(struct ledger *ledger)
{
    if (ledger->count < ledger->capacity) {
        return ERR_NONE;
    }
    const uint32_t capacity = ledger->capacity == 0 ? LEDGER_CAPACITY_FIRST : ledger->capacity * 2;
    /* Not realloc(): blocks that the thread has freed shortly before serve malloc() alone. */
    struct ledger_order *orders = malloc(capacity * sizeof(*orders));
    if (orders == NULL) {
        return ERR_MEMORY;
    }
    if (ledger->orders != NULL) {
        memcpy(orders, ledger->orders, ledger->count * sizeof(*orders));
    }
    free(ledger->orders);
    ledger->orders = orders;
    ledger->capacity = capacity;
    return ERR_NONE;
}

struct ledger_order *ledger_place(struct ledger *ledger, const struct order_draft *draft,
                                  int64_t now_ns)
{
    ledger_check(ledger);
    if (ledger->count >= LEDGER_ORDERS_MAX || ledger_reserve(ledger) != ERR_NONE) {
        return NULL;
    }
    struct ledger_order *order = &ledger->orders[ledger->count++];
    *order = (struct ledger_order){
        .ordinal = ledger->count,
        .market = draft->market,
        .role = draft->role,
        .side = draft->side,
        .type = draft->type,
        .state = LEDGER_PENDING,
        .amount = draft->amount,
        .price = draft->price,
        .gross_at_placement = ledger->opening.executed,
        .slot = draft->slot,
        .placed_at_ns = now_ns,
        .is_changed = true,
    };
    ledger->live_count++;
    ledger->changes++;
    ledger_check(ledger);
    return order;
}

/* Adds to the sums what an order of that role has traded and paid. */
static void ledger_sum_up(struct ledger *ledger, const struct ledger_order *part)
{
    const bool is_open = part->role == ROLE_OPEN;
    struct ledger_sum *sum = is_open ? &ledger->opening : &ledger->closing;
    sum->executed = decimal_add(sum->executed, part->executed);
    sum->quote = decimal_add(sum->quote, part->quote);
    ledger->fees = decimal_add(ledger->fees, part->fees);
    ledger->fee_base = is_open ? decimal_add(ledger->fee_base, part->fee_base) : ledger->fee_base;
}

/* What follows from the opening fills is computed with them: it is read with every quote. */
static void ledger_value(struct ledger *ledger)
{
    const struct ledger_sum *opening = &ledger->opening;
    const bool is_empty =
        decimal_is_valid(opening->executed) && decimal_sign(opening->executed) == 0;
    ledger->average = is_empty ? DECIMAL_ZERO : decimal_divide(opening->quote, opening->executed);
    ledger->basis = decimal_multiply(ledger_opened(ledger), ledger->average);
}

void ledger_fill(struct ledger *ledger, uint32_t ordinal, const struct fill *fill)
{
    struct ledger_order *order = ledger_find(ledger, ordinal);
    ASSERT(order != NULL);
    const struct ledger_order part = {
        .role = order->role,
        .executed = fill->amount,
        .quote = fill_quote(fill),
        .fees = fill_fee_quote(fill),
        .fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO,
    };
    order->executed = decimal_add(order->executed, part.executed);
    order->quote = decimal_add(order->quote, part.quote);
    order->fees = decimal_add(order->fees, part.fees);
    order->fee_base = decimal_add(order->fee_base, part.fee_base);
    order->is_changed = true;
    ledger->settled = ordinal - 1 < ledger->settled ? ordinal - 1 : ledger->settled;
    ledger->changes++;
    ledger_sum_up(ledger, &part);
    if (order->role == ROLE_OPEN) {
        ledger_value(ledger);
    }
}

bool ledger_set_state(struct ledger *ledger, struct ledger_order *order, enum ledger_state state)
{
    ASSERT(state != LEDGER_PENDING);
    if (!ledger_order_is_live(order)) {
        return false;
    }
    order->state = state;
    order->is_changed = true;
    ledger->changes++;
    if (!ledger_order_is_live(order)) {
        ASSERT(ledger->live_count > 0);
        ledger->live_count--;
    }
    return true;
}

static void ledger_save_order(const struct ledger_order *order, struct text *out)
{
    json_array_begin(out);
    json_int(out, order->market);
    json_int(out, order->role);
    json_int(out, order->side);
    json_int(out, order->type);
    json_int(out, order->state);
    json_decimal(out, order->amount);
    json_decimal(out, order->price);
    json_decimal(out, order->executed);
    json_decimal(out, order->quote);
    json_decimal(out, order->fees);
    json_decimal(out, order->fee_base);
    json_decimal(out, order->gross_at_placement);
    snapshot_write_int64(out, order->placed_at_ns);
    snapshot_write_int64(out, order->cancel_requested_at_ns);
    json_int(out, order->is_cancel_requested);
    json_int(out, order->is_timed_out);
    json_int(out, order->slot);
    snapshot_write_int64(out, (int64_t)order->epoch);
    json_int(out, order->ordinal);
    json_array_end(out);
}

void ledger_save(const struct ledger *ledger, struct text *out)
{
    json_array_begin(out);
    for (uint32_t i = 0; i < ledger->count; i++) {
        ledger_save_order(&ledger->orders[i], out);
    }
    json_array_end(out);
}

void ledger_save_changes(const struct ledger *ledger, struct text *out)
{
    json_array_begin(out);
    for (uint32_t i = ledger->settled; i < ledger->count; i++) {
        if (ledger->orders[i].is_changed) {
            ledger_save_order(&ledger->orders[i], out);
        }
    }
    json_array_end(out);
}

bool ledger_is_changed(const struct ledger *ledger)
{
    for (uint32_t i = ledger->settled; i < ledger->count; i++) {
        if (ledger->orders[i].is_changed) {
            return true;
        }
    }
    return false;
}

void ledger_forget_changes(struct ledger *ledger)
{
    for (uint32_t i = ledger->settled; i < ledger->count; i++) {
        struct ledger_order *order = &ledger->orders[i];
        order->is_changed = false;
        if (i == ledger->settled && !ledger_order_is_live(order)) {
            ledger->settled++;
        }
    }
    ledger_check(ledger);
}

/* Reads the whole numbers of a row. */
static enum err ledger_load_words(const struct node *row, struct ledger_order *order)
{
    static const struct {
        int64_t min, max;
    } ranges[] = {
        [COLUMN_MARKET] = {0, 1},
        [COLUMN_ROLE] = {ROLE_OPEN, ROLE_TAKE_PROFIT},
        [COLUMN_SIDE] = {SIDE_BUY, SIDE_SELL},
        [COLUMN_TYPE] = {ORDER_MARKET, ORDER_LIMIT_MAKER},
        [COLUMN_STATE] = {LEDGER_PENDING, LEDGER_FAILED},
    };
    int64_t words[COLUMN_STATE + 1];
    for (size_t i = 0; i <= COLUMN_STATE; i++) {
        if (snapshot_between(row->items[i], ranges[i].min, ranges[i].max, &words[i]) != ERR_NONE) {
            return ERR_CORRUPT;
        }
    }
    order->market = (uint32_t)words[COLUMN_MARKET];
    order->role = (enum order_role)words[COLUMN_ROLE];
    order->side = (enum side)words[COLUMN_SIDE];
    order->type = (enum order_type)words[COLUMN_TYPE];
    order->state = (enum ledger_state)words[COLUMN_STATE];
    return ERR_NONE;
}

static enum err ledger_load_decimals(const struct node *row, struct ledger_order *order)
{
    struct decimal *const values[] = {
        &order->amount, &order->price,    &order->executed,           &order->quote,
        &order->fees,   &order->fee_base, &order->gross_at_placement,
    };
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        if (snapshot_decimal(row->items[COLUMN_AMOUNT + i], values[i]) != ERR_NONE) {
            return ERR_CORRUPT;
        }
    }
    return ERR_NONE;
}

static enum err ledger_load_order(const struct node *row, struct ledger_order *order)
{
    int64_t is_cancel_requested;
    int64_t is_timed_out;
    int64_t slot;
    int64_t epoch;
    int64_t ordinal;
    if (row->kind != NODE_SEQUENCE || row->count != COLUMN_COUNT ||
        ledger_load_words(row, order) != ERR_NONE || ledger_load_decimals(row, order) != ERR_NONE ||
        snapshot_int64(row->items[COLUMN_PLACED_AT], &order->placed_at_ns) != ERR_NONE ||
        snapshot_int64(row->items[COLUMN_CANCEL_REQUESTED_AT], &order->cancel_requested_at_ns) !=
            ERR_NONE ||
        snapshot_between(row->items[COLUMN_IS_CANCEL_REQUESTED], 0, 1, &is_cancel_requested) !=
            ERR_NONE ||
        snapshot_between(row->items[COLUMN_IS_TIMED_OUT], 0, 1, &is_timed_out) != ERR_NONE ||
        snapshot_between(row->items[COLUMN_SLOT], 0, UINT32_MAX, &slot) != ERR_NONE ||
        snapshot_int64(row->items[COLUMN_EPOCH], &epoch) != ERR_NONE || epoch < 0 ||
        snapshot_between(row->items[COLUMN_ORDINAL], 1, LEDGER_ORDERS_MAX, &ordinal) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    order->is_cancel_requested = is_cancel_requested != 0;
    order->is_timed_out = is_timed_out != 0;
    order->slot = (uint32_t)slot;
    order->epoch = (uint64_t)epoch;
    order->ordinal = (uint32_t)ordinal;
    return ERR_NONE;
}

/* Adds a restored order to the totals. */
static void ledger_count_in(struct ledger *ledger, const struct ledger_order *order)
{
    ledger_sum_up(ledger, order);
    ledger->live_count += ledger_order_is_live(order) ? 1 : 0;
}

/* Takes it out again, before what it has become comes in. A sum that has overflown stays so. */
static void ledger_count_out(struct ledger *ledger, const struct ledger_order *order)
{
    const struct ledger_order part = {
        .role = order->role,
        .executed = decimal_negate(order->executed),
        .quote = decimal_negate(order->quote),
        .fees = decimal_negate(order->fees),
        .fee_base = decimal_negate(order->fee_base),
    };
    ledger_sum_up(ledger, &part);
    ledger->live_count -= ledger_order_is_live(order) ? 1 : 0;
}

/* An order that was restored, in its place. */
static enum err ledger_put(struct ledger *ledger, const struct ledger_order *order)
{
    struct ledger_order *before = ledger_find(ledger, order->ordinal);
    if (before != NULL) {
        ledger_count_out(ledger, before);
        *before = *order;
    } else if (order->ordinal != ledger->count + 1) {
        return ERR_CORRUPT; /* The ones between are missing. */
    } else if (ledger_reserve(ledger) != ERR_NONE) {
        return ERR_MEMORY;
    } else {
        ASSERT(ledger->orders != NULL);
        ledger->orders[ledger->count++] = *order;
    }
    ledger_count_in(ledger, order);
    return ERR_NONE;
}

enum err ledger_load(struct ledger *ledger, const struct node *node)
{
    if (node == NULL || node->kind != NODE_SEQUENCE || node->count > LEDGER_ORDERS_MAX) {
        return ERR_CORRUPT;
    }
    ledger->settled = 0;
    ledger->changes++;
    for (size_t i = 0; i < node->count; i++) {
        struct ledger_order order = {0};
        enum err err = ledger_load_order(node->items[i], &order);
        if (err == ERR_NONE) {
            err = ledger_put(ledger, &order);
        }
        if (err != ERR_NONE) {
            return err;
        }
    }
    ledger_value(ledger);
    ledger_check(ledger);
    return ERR_NONE;
}
