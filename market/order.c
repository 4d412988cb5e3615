#include "market/order.h"

#include <string.h>

enum { ID_BASE = 36, EPOCH_DIGITS_MAX = 12, NUMBER_DIGITS_MAX = 7 };

const struct field_name side_names[] = {{"BUY", SIDE_BUY}, {"SELL", SIDE_SELL}, {NULL, 0}};

const struct field_name order_type_names[] = {
    {"MARKET", ORDER_MARKET},
    {"LIMIT", ORDER_LIMIT},
    {"LIMIT_MAKER", ORDER_LIMIT_MAKER},
    {NULL, 0},
};

const struct field_name time_in_force_names[] = {
    {"GTC", TIME_IN_FORCE_GTC},
    {"IOC", TIME_IN_FORCE_IOC},
    {"FOK", TIME_IN_FORCE_FOK},
    {NULL, 0},
};

const struct field_name position_action_names[] = {
    {"NIL", POSITION_ACTION_NIL},
    {"OPEN", POSITION_ACTION_OPEN},
    {"CLOSE", POSITION_ACTION_CLOSE},
    {NULL, 0},
};

const struct field_name order_role_names[] = {
    {"open", ROLE_OPEN},
    {"close", ROLE_CLOSE},
    {"partial", ROLE_PARTIAL},
    {"take_profit", ROLE_TAKE_PROFIT},
    {NULL, 0},
};

const struct field_name order_state_names[] = {
    {"CREATED", ORDER_CREATED},
    {"PENDING_SUBMIT", ORDER_PENDING_SUBMIT},
    {"OPEN", ORDER_OPEN},
    {"PARTIALLY_FILLED", ORDER_PARTIALLY_FILLED},
    {"PENDING_CANCEL", ORDER_PENDING_CANCEL},
    {"FILLED", ORDER_FILLED},
    {"CANCELED", ORDER_CANCELED},
    {"REJECTED", ORDER_REJECTED},
    {"EXPIRED", ORDER_EXPIRED},
    {"UNKNOWN", ORDER_UNKNOWN},
    {NULL, 0},
};

const struct field_name liquidity_names[] = {
    {"maker", LIQUIDITY_MAKER},
    {"taker", LIQUIDITY_TAKER},
    {NULL, 0},
};

bool order_state_is_terminal(enum order_state state)
{
    switch (state) {
    case ORDER_FILLED:
    case ORDER_CANCELED:
    case ORDER_REJECTED:
    case ORDER_EXPIRED:
        return true;
    case ORDER_CREATED:
    case ORDER_PENDING_SUBMIT:
    case ORDER_OPEN:
    case ORDER_PARTIALLY_FILLED:
    case ORDER_PENDING_CANCEL:
    case ORDER_UNKNOWN:
        break;
    }
    return false;
}

const struct field_name order_input_names[] = {
    {"SUBMIT", ORDER_INPUT_SUBMIT},
    {"DENY", ORDER_INPUT_DENY},
    {"ACCEPTED", ORDER_INPUT_ACCEPTED},
    {"FILL", ORDER_INPUT_FILL},
    {"COMPLETED", ORDER_INPUT_COMPLETED},
    {"CANCEL", ORDER_INPUT_CANCEL},
    {"CANCELED", ORDER_INPUT_CANCELED},
    {"REJECTED", ORDER_INPUT_REJECTED},
    {"EXPIRED", ORDER_INPUT_EXPIRED},
    {"UNANSWERED", ORDER_INPUT_UNANSWERED},
    {"LIVE", ORDER_INPUT_LIVE},
    {"NOT_FOUND", ORDER_INPUT_NOT_FOUND},
    {NULL, 0},
};

/*
 * Columns in the order of enum order_input: SUBMIT, DENY, ACCEPTED, FILL, COMPLETED, CANCEL,
 * CANCELED, REJECTED, EXPIRED, UNANSWERED, LIVE, NOT_FOUND. -1 is impossible.
 *
 * An order that was accepted, or filled in part, cannot be rejected any more in the eyes of its
 * executor: it has ended as canceled. The venue's word about an order of unknown outcome is
 * believed; a cancel that was asked for stays asked for while the order is open.
 */
enum { NEVER = -1 };
static const signed char order_table[ORDER_STATE_COUNT][ORDER_INPUT_COUNT] = {
    [ORDER_CREATED] = {ORDER_PENDING_SUBMIT, ORDER_REJECTED, NEVER, NEVER, NEVER, NEVER, NEVER,
                       NEVER, NEVER, NEVER, NEVER, NEVER},
    [ORDER_PENDING_SUBMIT] = {NEVER, ORDER_REJECTED, ORDER_OPEN, ORDER_PARTIALLY_FILLED,
                              ORDER_FILLED, ORDER_PENDING_CANCEL, ORDER_CANCELED, ORDER_REJECTED,
                              ORDER_EXPIRED, ORDER_UNKNOWN, ORDER_OPEN, ORDER_REJECTED},
    [ORDER_OPEN] = {NEVER, NEVER, ORDER_OPEN, ORDER_PARTIALLY_FILLED, ORDER_FILLED,
                    ORDER_PENDING_CANCEL, ORDER_CANCELED, ORDER_CANCELED, ORDER_EXPIRED,
                    ORDER_UNKNOWN, ORDER_OPEN, ORDER_CANCELED},
    [ORDER_PARTIALLY_FILLED] = {NEVER, NEVER, ORDER_PARTIALLY_FILLED, ORDER_PARTIALLY_FILLED,
                                ORDER_FILLED, ORDER_PENDING_CANCEL, ORDER_CANCELED, ORDER_CANCELED,
                                ORDER_EXPIRED, ORDER_UNKNOWN, ORDER_PARTIALLY_FILLED,
                                ORDER_CANCELED},
    [ORDER_PENDING_CANCEL] = {NEVER, NEVER, ORDER_PENDING_CANCEL, ORDER_PENDING_CANCEL,
                              ORDER_FILLED, ORDER_PENDING_CANCEL, ORDER_CANCELED, ORDER_REJECTED,
                              ORDER_EXPIRED, ORDER_UNKNOWN, ORDER_PENDING_CANCEL, ORDER_CANCELED},
    [ORDER_FILLED] = {NEVER, NEVER, ORDER_FILLED, ORDER_FILLED, ORDER_FILLED, ORDER_FILLED,
                      ORDER_FILLED, ORDER_FILLED, ORDER_FILLED, ORDER_FILLED, ORDER_FILLED,
                      ORDER_FILLED},
    [ORDER_CANCELED] = {NEVER, NEVER, ORDER_CANCELED, ORDER_CANCELED, ORDER_CANCELED,
                        ORDER_CANCELED, ORDER_CANCELED, ORDER_CANCELED, ORDER_CANCELED,
                        ORDER_CANCELED, ORDER_CANCELED, ORDER_CANCELED},
    [ORDER_REJECTED] = {NEVER, NEVER, ORDER_REJECTED, ORDER_REJECTED, ORDER_REJECTED,
                        ORDER_REJECTED, ORDER_REJECTED, ORDER_REJECTED, ORDER_REJECTED,
                        ORDER_REJECTED, ORDER_REJECTED, ORDER_REJECTED},
    [ORDER_EXPIRED] = {NEVER, NEVER, ORDER_EXPIRED, ORDER_EXPIRED, ORDER_EXPIRED, ORDER_EXPIRED,
                       ORDER_EXPIRED, ORDER_EXPIRED, ORDER_EXPIRED, ORDER_EXPIRED, ORDER_EXPIRED,
                       ORDER_EXPIRED},
    [ORDER_UNKNOWN] = {NEVER, NEVER, ORDER_OPEN, ORDER_PARTIALLY_FILLED, ORDER_FILLED,
                       ORDER_UNKNOWN, ORDER_CANCELED, ORDER_REJECTED, ORDER_EXPIRED, ORDER_UNKNOWN,
                       ORDER_OPEN, ORDER_REJECTED},
};

enum order_verdict order_next(enum order_state state, enum order_input input,
                              enum order_state *ret_state)
{
    ASSERT((unsigned)state < ORDER_STATE_COUNT && (unsigned)input < ORDER_INPUT_COUNT);
    const signed char next = order_table[state][input];
    if (next == NEVER) {
        return ORDER_IMPOSSIBLE;
    }
    *ret_state = (enum order_state)next;
    return *ret_state == state ? ORDER_STAYS : ORDER_MOVES;
}

bool order_state_may_become(enum order_state from, enum order_state to)
{
    if ((unsigned)from >= ORDER_STATE_COUNT || (unsigned)to >= ORDER_STATE_COUNT) {
        return false;
    }
    bool may = from == ORDER_CREATED ? to == ORDER_OPEN : from == to;
    for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
        may = may || order_table[from][input] == (int)to;
    }
    return may;
}

/* Writes the number in base 36 and returns how many characters that took. */
static size_t order_id_put(uint64_t number, char *out)
{
    static const char digits[ID_BASE + 1] = "0123456789abcdefghijklmnopqrstuvwxyz";
    char printed[EPOCH_DIGITS_MAX + 1];
    char *const end = printed + sizeof(printed);
    char *start = end;
    do {
        *--start = digits[number % ID_BASE];
        number /= ID_BASE;
    } while (number != 0);
    memcpy(out, start, (size_t)(end - start));
    return (size_t)(end - start);
}

size_t order_id_print(struct order_id id, char out[ORDER_ID_TEXT_MAX])
{
    ASSERT(id.epoch < UINT64_C(4738381338321616896)); /* 36^12 */
    size_t length = order_id_put(id.epoch, out);
    out[length++] = '-';
    length += order_id_put(id.executor, out + length);
    out[length++] = '-';
    length += order_id_put(id.ordinal, out + length);
    out[length] = '\0';
    ASSERT(length < ORDER_ID_TEXT_MAX);
    return length;
}

/* The value of one character, or ID_BASE when it is no digit. */
static unsigned order_id_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return c >= 'a' && c <= 'z' ? (unsigned)(c - 'a') + 10 : ID_BASE;
}

/*
 * Reads one number up to `end` and moves *text behind that character. Only the form that
 * order_id_put() writes is accepted (no leading zeros), so that a text names one id only.
 */
static bool order_id_take(const char **text, char end, size_t digits_max, uint64_t *ret_number)
{
    uint64_t number = 0;
    size_t count = 0;
    for (; (*text)[count] != end; count++) {
        const unsigned digit = order_id_digit((*text)[count]);
        const bool leading_zero = count == 1 && number == 0;
        if (digit == ID_BASE || count == digits_max || leading_zero) {
            return false;
        }
        number = number * ID_BASE + digit;
    }
    *text += count + (end == '\0' ? 0 : 1);
    *ret_number = number;
    return count > 0;
}

enum err order_id_parse(const char *text, struct order_id *ret_id)
{
    uint64_t epoch;
    uint64_t executor;
    uint64_t ordinal;
    if (!order_id_take(&text, '-', EPOCH_DIGITS_MAX, &epoch) ||
        !order_id_take(&text, '-', NUMBER_DIGITS_MAX, &executor) ||
        !order_id_take(&text, '\0', NUMBER_DIGITS_MAX, &ordinal)) {
        return ERR_SYNTAX;
    }
    if (executor > UINT32_MAX || ordinal > UINT32_MAX) {
        return ERR_RANGE;
    }
    *ret_id = (struct order_id){epoch, (uint32_t)executor, (uint32_t)ordinal};
    return ERR_NONE;
}
