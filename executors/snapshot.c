#include "executors/snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { INT64_TEXT_MAX = 24 };

static bool snapshot_is_value(const struct node *node)
{
    return node != NULL && node->kind == NODE_SCALAR && !node->is_null && node->length > 0;
}

enum err snapshot_decimal(const struct node *node, struct decimal *ret_value)
{
    if (!snapshot_is_value(node)) {
        return ERR_CORRUPT;
    }
    if (strcmp(node->text, "invalid") == 0) {
        *ret_value = DECIMAL_INVALID;
        return ERR_NONE;
    }
    return decimal_parse(node->text, node->length, ret_value) == ERR_NONE ? ERR_NONE : ERR_CORRUPT;
}

enum err snapshot_int64(const struct node *node, int64_t *ret_value)
{
    if (!snapshot_is_value(node) || node->length >= INT64_TEXT_MAX) {
        return ERR_CORRUPT;
    }
    const char first = node->text[0] == '-' ? node->text[1] : node->text[0];
    char *end = NULL;
    errno = 0;
    const long long value = strtoll(node->text, &end, 10);
    if (first < '0' || first > '9' || errno != 0 || *end != '\0') {
        return ERR_CORRUPT;
    }
    *ret_value = value;
    return ERR_NONE;
}

enum err snapshot_between(const struct node *node, int64_t min, int64_t max, int64_t *ret_value)
{
    int64_t value;
    if (snapshot_int64(node, &value) != ERR_NONE || value < min || value > max) {
        return ERR_CORRUPT;
    }
    *ret_value = value;
    return ERR_NONE;
}

enum err snapshot_get_decimal(const struct node *mapping, const char *key,
                              struct decimal *ret_value)
{
    return snapshot_decimal(node_get(mapping, key), ret_value);
}

enum err snapshot_get_int64(const struct node *mapping, const char *key, int64_t *ret_value)
{
    return snapshot_int64(node_get(mapping, key), ret_value);
}

enum err snapshot_get_between(const struct node *mapping, const char *key, int64_t min, int64_t max,
                              int64_t *ret_value)
{
    return snapshot_between(node_get(mapping, key), min, max, ret_value);
}

void snapshot_write_int64(struct text *out, int64_t value)
{
    json_int_string(out, value);
}

void snapshot_put_int64(struct text *out, const char *key, int64_t value)
{
    json_key(out, key);
    snapshot_write_int64(out, value);
}

void snapshot_put_final(struct text *out, const struct quote *final)
{
    snapshot_put_int64(out, "final_at_ns", final->time_ns);
    json_put_decimal(out, "final_bid", final->bid);
    json_put_decimal(out, "final_ask", final->ask);
}

enum err snapshot_get_final(const struct node *mapping, struct quote *ret_final)
{
    struct quote final;
    if (snapshot_get_int64(mapping, "final_at_ns", &final.time_ns) != ERR_NONE ||
        snapshot_get_decimal(mapping, "final_bid", &final.bid) != ERR_NONE ||
        snapshot_get_decimal(mapping, "final_ask", &final.ask) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    *ret_final = final;
    return ERR_NONE;
}
