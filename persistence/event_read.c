#include "persistence/event_read.h"

#include <string.h>

#include "base/assert.h"
#include "config/field.h"
#include "persistence/event_members.h"

/* How a member of the payload becomes a member of the record. */
enum event_type {
    EVENT_TEXT,          /* const char *; null is NULL. */
    EVENT_RAW,           /* const char *: JSON as it stands there; null is NULL. */
    EVENT_INT,           /* int64_t */
    EVENT_COUNT,         /* uint64_t */
    EVENT_COUNT32,       /* uint32_t */
    EVENT_DECIMAL,       /* struct decimal */
    EVENT_NAME,          /* An enum by its table of names; null is 0. */
    EVENT_STATUS,        /* int: record_status_name() */
    EVENT_CLOSE_TYPE,    /* int: record_close_type_name() */
    EVENT_POSITION_SIDE, /* int: record_position_side_name() */
    EVENT_ORDER_ID,      /* struct order_id */
    EVENT_TRADE_ID,      /* char[TRADE_ID_MAX] */
    EVENT_CLOSE_TYPES,   /* uint64_t[CLOSE_TYPE_COUNT], by name */
};

struct event_field {
    const char *name;
    enum event_type type;
    size_t offset;
    const struct field_name *names; /* EVENT_NAME. */
};

#define AT(member) offsetof(struct record, data.member)
#define TEXT(name, member)                 \
    {                                      \
        name, EVENT_TEXT, AT(member), NULL \
    }
#define RAW(name, member)                 \
    {                                     \
        name, EVENT_RAW, AT(member), NULL \
    }
#define INT(name, member)                 \
    {                                     \
        name, EVENT_INT, AT(member), NULL \
    }
#define COUNT32(name, member)                 \
    {                                         \
        name, EVENT_COUNT32, AT(member), NULL \
    }
#define COUNT(name, member)                 \
    {                                       \
        name, EVENT_COUNT, AT(member), NULL \
    }
#define DECIMAL(name, member)                 \
    {                                         \
        name, EVENT_DECIMAL, AT(member), NULL \
    }
#define NAME(name, member, names)           \
    {                                       \
        name, EVENT_NAME, AT(member), names \
    }
#define OTHER(name, type, member)    \
    {                                \
        name, type, AT(member), NULL \
    }
#define FIELDS_END                \
    {                             \
        NULL, EVENT_TEXT, 0, NULL \
    }

static const struct event_field event_run_fields[] = {
    TEXT("config_hash", run.config_hash),
    TEXT("mode", run.mode),
    INT("seed", run.seed),
    TEXT("version", run.version),
    COUNT("executors_resumed", run.executors_resumed),
    COUNT("orders_reconciled", run.orders_reconciled),
    COUNT("fills_found", run.fills_found),
    TEXT("name", run.name),
    RAW("config", run.config),
    TEXT("what", run.subject),
    INT("since_ns", run.since_ns),
    TEXT("effect", run.effect),
    TEXT("reason", run.reason),
    TEXT("actor", run.actor),
    FIELDS_END,
};

static const struct event_field event_action_fields[] = {
    TEXT("action_id", action.action_id),
    TEXT("action", action.action),
    TEXT("code", action.code),
    TEXT("message", action.message),
    TEXT("actor", action.actor),
    RAW("request", action.request),
    FIELDS_END,
};

static const struct event_field event_executor_fields[] = {
    TEXT("type", executor.type),
    TEXT("connector_name", executor.connector_name),
    TEXT("trading_pair", executor.trading_pair),
    NAME("side", executor.side, side_names),
    RAW("config", executor.config),
    INT("origin", executor.origin),
    RAW("reserved", executor.reserved),
    OTHER("status", EVENT_STATUS, executor.status),
    OTHER("close_type", EVENT_CLOSE_TYPE, executor.close_type),
    DECIMAL("net_pnl_quote", executor.net_pnl_quote),
    DECIMAL("net_pnl_pct", executor.net_pnl_pct),
    DECIMAL("cum_fees_quote", executor.cum_fees_quote),
    DECIMAL("filled_amount_quote", executor.filled_amount_quote),
    RAW("custom_info", executor.custom_info),
    TEXT("reason", executor.reason),
    RAW("changes", executor.reason),
    INT("closed_at_ns", executor.closed_at_ns),
    RAW("state", executor.state),
    FIELDS_END,
};

static const struct event_field event_skip_fields[] = {
    TEXT("type", skip.type),
    TEXT("connector_name", skip.connector_name),
    TEXT("trading_pair", skip.trading_pair),
    NAME("side", skip.side, side_names),
    TEXT("reason", skip.reason),
    NAME("role", skip.role, order_role_names),
    NAME("order_type", skip.kind, order_type_names),
    DECIMAL("amount", skip.amount),
    DECIMAL("price", skip.price),
    FIELDS_END,
};

static const struct event_field event_order_fields[] = {
    OTHER("client_order_id", EVENT_ORDER_ID, order.id),
    TEXT("exchange_order_id", order.exchange_order_id),
    TEXT("trading_pair", order.trading_pair),
    TEXT("venue", order.venue),
    NAME("side", order.side, side_names),
    NAME("type", order.type, order_type_names),
    NAME("role", order.role, order_role_names),
    NAME("time_in_force", order.time_in_force, time_in_force_names),
    NAME("position_action", order.action, position_action_names),
    COUNT32("leverage", order.leverage),
    DECIMAL("price", order.price),
    DECIMAL("amount", order.amount),
    DECIMAL("executed_base", order.executed_base),
    DECIMAL("executed_quote", order.executed_quote),
    TEXT("reason", order.reason),
    NAME("status", order.state, order_state_names),
    DECIMAL("fee_quote", order.fee_quote),
    INT("created_at_ns", order.created_at_ns),
    FIELDS_END,
};

static const struct event_field event_fill_fields[] = {
    OTHER("trade_id", EVENT_TRADE_ID, fill.fill.trade_id),
    OTHER("client_order_id", EVENT_ORDER_ID, fill.fill.order),
    DECIMAL("price", fill.fill.price),
    DECIMAL("amount", fill.fill.amount),
    DECIMAL("fee", fill.fill.fee),
    TEXT("fee_asset", fill.fee_asset),
    NAME("liquidity", fill.fill.liquidity, liquidity_names),
    DECIMAL("position_after", fill.position_after),
    TEXT("venue", fill.venue),
    TEXT("account", fill.account),
    TEXT("trading_pair", fill.trading_pair),
    NAME("side", fill.fill.side, side_names),
    INT("time_ns", fill.fill.time_ns),
    FIELDS_END,
};

static const struct event_field event_position_fields[] = {
    TEXT("venue", position.venue),
    TEXT("trading_pair", position.trading_pair),
    OTHER("side", EVENT_POSITION_SIDE, position.side),
    DECIMAL("amount", position.amount),
    DECIMAL("average_price", position.average_price),
    DECIMAL("realized_pnl_quote", position.realized_pnl_quote),
    DECIMAL("unrealized_pnl_quote", position.unrealized_pnl_quote),
    DECIMAL("fees_quote", position.fees_quote),
    DECIMAL("funding_quote", position.funding_quote),
    DECIMAL("volume_quote", position.volume_quote),
    FIELDS_END,
};

static const struct event_field event_funding_fields[] = {
    TEXT("venue", funding.venue),
    TEXT("trading_pair", funding.trading_pair),
    OTHER("side", EVENT_POSITION_SIDE, funding.side),
    INT("due_ns", funding.due_ns),
    DECIMAL("rate", funding.rate),
    DECIMAL("position", funding.position),
    DECIMAL("amount", funding.amount),
    FIELDS_END,
};

static const struct event_field event_rate_fields[] = {
    TEXT("asset", rate.asset),
    TEXT("quote_asset", rate.quote_asset),
    DECIMAL("rate", rate.rate),
    FIELDS_END,
};

static const struct event_field event_liquidation_fields[] = {
    TEXT("venue", liquidation.venue),
    TEXT("trading_pair", liquidation.trading_pair),
    OTHER("position_side", EVENT_POSITION_SIDE, liquidation.position_side),
    NAME("side", liquidation.side, side_names),
    DECIMAL("amount", liquidation.amount),
    DECIMAL("price", liquidation.price),
    OTHER("exchange_order_id", EVENT_ORDER_ID, liquidation.order),
    TEXT("reason", liquidation.reason),
    FIELDS_END,
};

static const struct event_field event_performance_fields[] = {
    DECIMAL("realized_pnl_quote", performance.realized_pnl_quote),
    DECIMAL("unrealized_pnl_quote", performance.unrealized_pnl_quote),
    DECIMAL("fees_quote", performance.fees_quote),
    DECIMAL("funding_quote", performance.funding_quote),
    DECIMAL("global_pnl_quote", performance.global_pnl_quote),
    DECIMAL("volume_traded", performance.volume_traded),
    DECIMAL("capital_quote", performance.capital_quote),
    DECIMAL("return_on_capital", performance.return_on_capital),
    DECIMAL("realized_pnl_pct", performance.realized_pnl_pct),
    DECIMAL("unrealized_pnl_pct", performance.unrealized_pnl_pct),
    DECIMAL("global_pnl_pct", performance.global_pnl_pct),
    DECIMAL("win_rate", performance.win_rate),
    DECIMAL("profit_factor", performance.profit_factor),
    DECIMAL("max_drawdown_quote", performance.max_drawdown_quote),
    DECIMAL("sharpe_ratio", performance.sharpe_ratio),
    DECIMAL("open_order_volume", performance.open_order_volume),
    DECIMAL("inventory_imbalance", performance.inventory_imbalance),
    COUNT("executors_active", performance.executors_active),
    COUNT("executors_closed", performance.executors_closed),
    COUNT("fills", performance.fills),
    OTHER("close_type_counts", EVENT_CLOSE_TYPES, performance.close_type_counts),
    FIELDS_END,
};

static const struct event_field event_risk_note_fields[] = {
    TEXT("scope", note.scope),    TEXT("code", note.code),   TEXT("state", note.code),
    TEXT("before", note.before),  TEXT("actor", note.actor), DECIMAL("limit", note.limit),
    DECIMAL("value", note.value), TEXT("reason", note.text), FIELDS_END,
};

static const struct event_field event_venue_note_fields[] = {
    TEXT("venue", note.scope),
    TEXT("reason", note.code),
    TEXT("found", note.text),
    FIELDS_END,
};

static const struct event_field *const event_fields_of_data[] = {
    [RECORD_DATA_RUN] = event_run_fields,
    [RECORD_DATA_ACTION] = event_action_fields,
    [RECORD_DATA_EXECUTOR] = event_executor_fields,
    [RECORD_DATA_SKIP] = event_skip_fields,
    [RECORD_DATA_ORDER] = event_order_fields,
    [RECORD_DATA_FILL] = event_fill_fields,
    [RECORD_DATA_POSITION] = event_position_fields,
    [RECORD_DATA_FUNDING] = event_funding_fields,
    [RECORD_DATA_RATE] = event_rate_fields,
    [RECORD_DATA_LIQUIDATION] = event_liquidation_fields,
    [RECORD_DATA_PERFORMANCE] = event_performance_fields,
    [RECORD_DATA_NOTE] = event_risk_note_fields,
};

static const struct event_field *event_fields(enum record_kind kind)
{
    const enum record_data data = record_kind_data(kind);
    const bool is_risk = kind >= RECORD_RISK_DENIED && kind <= RECORD_RISK_DAY;
    return data == RECORD_DATA_NOTE && !is_risk ? event_venue_note_fields
                                                : event_fields_of_data[data];
}

static bool event_is_null(const struct event_slice *value)
{
    return value->length == 4 && memcmp(value->start, "null", 4) == 0;
}

/* A number without sign, fraction or leading zeros that fits 64 bits. */
static bool event_read_digits(const char *text, size_t length, uint64_t *ret_count)
{
    uint64_t count = 0;
    if (length == 0 || (length > 1 && text[0] == '0')) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(count, 10, &count) ||
            __builtin_add_overflow(count, (uint64_t)(text[i] - '0'), &count)) {
            return false;
        }
    }
    *ret_count = count;
    return true;
}

/* The same, as far as it is ever written: counts are printed with a sign. */
static bool event_read_count(const struct event_slice *value, uint64_t *ret_count)
{
    uint64_t count;
    if (!event_read_digits(value->start, value->length, &count) || count > INT64_MAX) {
        return false;
    }
    *ret_count = count;
    return true;
}

static bool event_read_count32(const struct event_slice *value, uint32_t *ret_count)
{
    uint64_t count;
    if (!event_read_digits(value->start, value->length, &count) || count > UINT32_MAX) {
        return false;
    }
    *ret_count = (uint32_t)count;
    return true;
}

static bool event_read_int(const struct event_slice *value, int64_t *ret_number)
{
    const bool is_negative = value->start[0] == '-'; /* No value is empty. */
    const size_t sign = is_negative ? 1 : 0;
    uint64_t count;
    if (!event_read_digits(value->start + sign, value->length - sign, &count) ||
        count > (uint64_t)INT64_MAX + sign) {
        return false;
    }
    *ret_number = (int64_t)(is_negative ? 0 - count : count);
    return true;
}

static bool event_read_decimal(const struct event_slice *value, struct decimal *ret_decimal)
{
    return value->length > 2 && value->start[0] == '"' &&
           decimal_parse(value->start + 1, value->length - 2, ret_decimal) == ERR_NONE;
}

/* The number of a text: the one for which `name_of` says it. */
static bool event_find_name(const char *text, const char *(*name_of)(int), int count,
                            int *ret_number)
{
    for (int i = 0; i < count; i++) {
        const char *name = name_of(i);
        if (name != NULL && strcmp(name, text) == 0) {
            *ret_number = i;
            return true;
        }
    }
    return false;
}

/* A member that stands for a number, by its unquoted text. */
static bool event_read_name(const struct event_field *field, const char *text, int *ret_number)
{
    enum { STATUSES = 5, SIDES = 3 };
    switch ((int)field->type) {
    case EVENT_STATUS:
        return event_find_name(text, record_status_name, STATUSES, ret_number);
    case EVENT_CLOSE_TYPE:
        return event_find_name(text, record_close_type_name, CLOSE_TYPE_COUNT, ret_number);
    case EVENT_POSITION_SIDE:
        return event_find_name(text, record_position_side_name, SIDES, ret_number);
    default:
        return field_value_of(field->names, text, ret_number);
    }
}

static bool event_read_close_types(const struct event_slice *value, char *memory, uint64_t *counts)
{
    struct event_members members;
    struct event_slice name;
    struct event_slice count;
    if (value->start[0] != '{') {
        return false;
    }
    memcpy(memory, value->start, value->length);
    memory[value->length] = '\0';
    event_members_init(&members, memory);
    enum err err;
    while ((err = event_members_next(&members, &name, &count)) == ERR_NONE) {
        char text[32];
        int type = 0;
        if (name.length >= sizeof(text)) {
            return false;
        }
        memcpy(text, name.start, name.length);
        text[name.length] = '\0';
        if (!event_find_name(text, record_close_type_name, CLOSE_TYPE_COUNT, &type) ||
            !event_read_count(&count, &counts[type])) {
            return false;
        }
    }
    return err == ERR_END;
}

static bool event_put_text(const struct event_field *field, char *text, char *target)
{
    struct order_id id;
    int number = 0;
    switch ((int)field->type) {
    case EVENT_TEXT:
        memcpy(target, &text, sizeof(text));
        return true;
    case EVENT_ORDER_ID:
        if (order_id_parse(text, &id) != ERR_NONE) {
            return false;
        }
        memcpy(target, &id, sizeof(id));
        return true;
    case EVENT_TRADE_ID:
        if (strlen(text) >= TRADE_ID_MAX) {
            return false;
        }
        memcpy(target, text, strlen(text) + 1);
        return true;
    default: /* All enums have the size of int. */
        if (!event_read_name(field, text, &number)) {
            return false;
        }
        memcpy(target, &number, sizeof(number));
        return true;
    }
}

/* Reads one value to its place. *memory moves behind what it took. False when it is wrong. */
static bool event_put(const struct event_field *field, const struct event_slice *value,
                      char **memory, char *target)
{
    char *text = *memory;
    switch ((int)field->type) {
    case EVENT_INT:
        return event_read_int(value, (int64_t *)(void *)target);
    case EVENT_COUNT:
        return event_read_count(value, (uint64_t *)(void *)target);
    case EVENT_COUNT32:
        return event_read_count32(value, (uint32_t *)(void *)target);
    case EVENT_DECIMAL:
        return event_read_decimal(value, (struct decimal *)(void *)target);
    case EVENT_CLOSE_TYPES:
        return event_read_close_types(value, text, (uint64_t *)(void *)target);
    case EVENT_RAW:
        memcpy(text, value->start, value->length);
        text[value->length] = '\0';
        *memory += value->length + 1;
        memcpy(target, &text, sizeof(text));
        return true;
    default:
        if (event_unquote(value, text) != ERR_NONE) {
            return false;
        }
        *memory += strlen(text) + 1;
        return event_put_text(field, text, target);
    }
}

static bool event_is_optional(enum event_type type)
{
    return type == EVENT_TEXT || type == EVENT_RAW || type == EVENT_NAME || type == EVENT_STATUS ||
           type == EVENT_CLOSE_TYPE;
}

static const struct event_field *event_find_field(const struct event_field *fields,
                                                  const struct event_slice *name)
{
    for (; fields->name != NULL; fields++) {
        if (strlen(fields->name) == name->length &&
            memcmp(fields->name, name->start, name->length) == 0) {
            return fields;
        }
    }
    return NULL;
}

static enum err event_read_members(const struct journal_row *row, char *memory,
                                   struct record *record, struct failure *failure)
{
    const struct event_field *fields = event_fields(record->kind);
    struct event_members members;
    struct event_slice name;
    struct event_slice value;
    enum err err;
    event_members_init(&members, row->payload);
    while ((err = event_members_next(&members, &name, &value)) == ERR_NONE) {
        const struct event_field *field = event_find_field(fields, &name);
        if (field == NULL || (event_is_null(&value) && event_is_optional(field->type))) {
            continue;
        }
        if (!event_put(field, &value, &memory, (char *)record + field->offset)) {
            return failure_set(failure, ERR_CORRUPT, "%s: cannot be read", field->name);
        }
    }
    return err == ERR_END ? ERR_NONE : failure_set(failure, ERR_CORRUPT, "payload: is no JSON");
}

/* The fee asset tells whether a fee was taken in base: the part of the pair before the dash. */
static bool event_is_base(const struct record_fill *fill)
{
    if (fill->fee_asset == NULL || fill->trading_pair == NULL) {
        return false;
    }
    const size_t length = strlen(fill->fee_asset);
    return length > 0 && strncmp(fill->trading_pair, fill->fee_asset, length) == 0 &&
           fill->trading_pair[length] == '-';
}

size_t event_read_size(const struct journal_row *row)
{
    return strlen(row->payload) + 1;
}

enum err event_read(const struct journal_row *row, char *memory, struct record *ret_record,
                    struct failure *failure)
{
    struct record record = {.seq = row->seq,
                            .ts_ns = row->ts_ns,
                            .kind = record_kind_find(row->kind),
                            .controller_id = row->controller_id,
                            .executor_id = row->executor_id};
    if (record.kind == RECORD_KIND_COUNT) {
        return failure_set(failure, ERR_CORRUPT, "kind: \"%.40s\" is unknown", row->kind);
    }
    const enum err err = event_read_members(row, memory, &record, failure);
    if (err != ERR_NONE) {
        return err;
    }
    if (record_kind_data(record.kind) == RECORD_DATA_FILL) {
        record.data.fill.fill.fee_in_base = event_is_base(&record.data.fill);
    }
    *ret_record = record;
    return ERR_NONE;
}
