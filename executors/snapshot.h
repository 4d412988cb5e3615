/*
 * executors/snapshot.h - reading back what an executor has saved.
 *
 * A snapshot is JSON that this program wrote itself; anything missing or of another form means
 * that the stored data is damaged, so every error is ERR_CORRUPT. Instants are written as text of
 * nanoseconds, because a JSON number does not hold them exactly.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_SNAPSHOT_H
#define TUTTI_EXECUTORS_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/decimal.h"
#include "base/err.h"
#include "base/text.h"
#include "config/node.h"
#include "market/quote.h"

/* Scalars. An overflow was saved as "invalid" and is read back as DECIMAL_INVALID. */
MUST_USE enum err snapshot_decimal(const struct node *node, struct decimal *ret_value);
MUST_USE enum err snapshot_int64(const struct node *node, int64_t *ret_value);

/* A whole number from min to max. */
MUST_USE enum err snapshot_between(const struct node *node, int64_t min, int64_t max,
                                   int64_t *ret_value);

/* The same for the member `key` of a mapping. */
MUST_USE enum err snapshot_get_decimal(const struct node *mapping, const char *key,
                                       struct decimal *ret_value);
MUST_USE enum err snapshot_get_int64(const struct node *mapping, const char *key,
                                     int64_t *ret_value);
MUST_USE enum err snapshot_get_between(const struct node *mapping, const char *key, int64_t min,
                                       int64_t max, int64_t *ret_value);

/* Writes an instant or any other int64 as text. */
void snapshot_write_int64(struct text *out, int64_t value);
void snapshot_put_int64(struct text *out, const char *key, int64_t value);

/* The market at which an executor ended, as members final_at_ns, final_bid and final_ask. */
void snapshot_put_final(struct text *out, const struct quote *final);
MUST_USE enum err snapshot_get_final(const struct node *mapping, struct quote *ret_final);

#endif
