#include "tests/simulation/venue_log.h"

#include <stdlib.h>
#include <string.h>

enum { VENUE_LOG_LINES_MAX = 16384 };

/* The text behind "key":" in a line; false without it. */
static bool log_text(const char *line, size_t length, const char *key, char *out, size_t size)
{
    const char *found = memmem(line, length, key, strlen(key));
    if (found == NULL) {
        return false;
    }
    found += strlen(key);
    const size_t left = length - (size_t)(found - line);
    const char *end = memchr(found, '"', left);
    if (end == NULL || (size_t)(end - found) >= size) {
        return false;
    }
    memcpy(out, found, (size_t)(end - found));
    out[end - found] = '\0';
    return true;
}

static bool log_decimal(const char *line, size_t length, const char *key, struct decimal *ret_value)
{
    char text[DECIMAL_TEXT_MAX];
    return log_text(line, length, key, text, sizeof(text)) &&
           decimal_parse(text, strlen(text), ret_value) == ERR_NONE;
}

static bool log_trade(struct venue_log *log, const char *line, size_t length)
{
    struct logged_trade *trade = &log->trades[log->trade_count];
    char side[VENUE_LOG_WORD_MAX];
    const char *number = memmem(line, length, "\"number\":", 9);
    const bool is_whole =
        log_text(line, length, "\"client_order_id\":\"", trade->id, sizeof(trade->id)) &&
        log_text(line, length, "\"trading_pair\":\"", trade->pair, sizeof(trade->pair)) &&
        log_text(line, length, "\"fee_asset\":\"", trade->fee_asset, sizeof(trade->fee_asset)) &&
        log_text(line, length, "\"side\":\"", side, sizeof(side)) &&
        log_decimal(line, length, "\"price\":\"", &trade->price) &&
        log_decimal(line, length, "\"amount\":\"", &trade->amount) &&
        log_decimal(line, length, "\"fee\":\"", &trade->fee);
    if (!is_whole || number == NULL || strtoull(number + 9, NULL, 10) != log->trade_count + 1) {
        return false;
    }
    trade->buys = strcmp(side, "BUY") == 0;
    log->trade_count++;
    return true;
}

struct logged_order *venue_log_find(const struct venue_log *log, const char *id)
{
    for (size_t i = log->order_count; i > 0; i--) {
        if (strcmp(log->orders[i - 1].id, id) == 0) {
            return &log->orders[i - 1];
        }
    }
    return NULL;
}

static bool log_order(struct venue_log *log, const char *line, size_t length)
{
    struct logged_order read = {0};
    if (!log_text(line, length, "\"client_order_id\":\"", read.id, sizeof(read.id)) ||
        !log_text(line, length, "\"state\":\"", read.state, sizeof(read.state)) ||
        !log_decimal(line, length, "\"amount\":\"", &read.amount)) {
        return false;
    }
    struct logged_order *order = venue_log_find(log, read.id);
    if (order == NULL) {
        order = &log->orders[log->order_count++];
        *order = read;
    }
    memcpy(order->state, read.state, sizeof(order->state));
    order->submits += strcmp(read.state, "PENDING_SUBMIT") == 0 ? 1 : 0;
    return true;
}

bool venue_log_read(const char *text, struct venue_log *ret_log)
{
    *ret_log = (struct venue_log){.trades = calloc(VENUE_LOG_LINES_MAX, sizeof(*ret_log->trades)),
                                  .orders = calloc(VENUE_LOG_LINES_MAX, sizeof(*ret_log->orders))};
    bool is_good = ret_log->trades != NULL && ret_log->orders != NULL;
    for (const char *line = text; line != NULL && *line != '\0' && is_good;) {
        const size_t length = strcspn(line, "\n");
        const bool is_trade = memmem(line, length, "\"event\":\"trade\"", 15) != NULL;
        is_good = ret_log->trade_count < VENUE_LOG_LINES_MAX &&
                  ret_log->order_count < VENUE_LOG_LINES_MAX &&
                  (is_trade ? log_trade(ret_log, line, length) : log_order(ret_log, line, length));
        line += length + (line[length] == '\n' ? 1 : 0);
    }
    return is_good;
}

void venue_log_done(struct venue_log *log)
{
    free(log->trades);
    free(log->orders);
    *log = (struct venue_log){0};
}

bool venue_log_is_stranger(const char *id)
{
    return strncmp(id, "zzzzzzzzzzzz-", 13) == 0;
}
