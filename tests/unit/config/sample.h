/*
 * tests/unit/config/sample.h - a struct with one field of every kind, and its table.
 */
#ifndef TUTTI_TESTS_UNIT_CONFIG_SAMPLE_H
#define TUTTI_TESTS_UNIT_CONFIG_SAMPLE_H

#include "config/field.h"

enum sample_side { SAMPLE_BUY = 1, SAMPLE_SELL = 2 };

struct sample_level {
    struct decimal price;
    struct decimal share;
    bool is_last;
};

struct sample_barrier {
    struct decimal stop_loss;
    bool has_stop_loss;
    int64_t time_limit_ns;
    bool has_time_limit;
    struct field_list levels; /* struct sample_level */
};

struct sample {
    const char *name;
    const char *note;
    struct decimal amount;
    int64_t count;
    bool is_fast;
    int side;
    int64_t latency_ns;
    int64_t start_ns;
    bool has_start;
    struct sample_barrier *barrier;
    struct sample_barrier *second;
    struct field_list prices; /* struct decimal */
    struct field_list balances;
    const struct node *extra;
    int64_t limit;
    bool has_limit;
};

static const struct field_name sample_sides[] = {
    {"BUY", SAMPLE_BUY}, {"SELL", SAMPLE_SELL}, {NULL, 0}};

static const struct field sample_level_fields[] = {
    {.name = "price",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sample_level, price),
     .is_required = true,
     .min = "0",
     .min_excluded = true,
     .unit = "quote"},
    {.name = "share",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sample_level, share),
     .is_required = true,
     .min = "0",
     .max = "1",
     .unit = "fraction"},
    {.name = "is_last",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct sample_level, is_last),
     .default_text = "true"},
    {0},
};

static const struct field_element sample_level_element = {
    .size = sizeof(struct sample_level), .fields = sample_level_fields, .is_row = true};

static const struct field sample_barrier_fields[] = {
    {.name = "stop_loss",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sample_barrier, stop_loss),
     .set_offset = offsetof(struct sample_barrier, has_stop_loss),
     .is_nullable = true,
     .min = "0",
     .max = "1",
     .min_excluded = true,
     .max_excluded = true,
     .doc = "Closes at this loss."},
    {.name = "time_limit",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct sample_barrier, time_limit_ns),
     .set_offset = offsetof(struct sample_barrier, has_time_limit),
     .is_nullable = true,
     .default_text = "1.5",
     .unit = "s",
     .min = "0",
     .min_excluded = true},
    {.name = "levels",
     .kind = FIELD_LIST,
     .offset = offsetof(struct sample_barrier, levels),
     .element = &sample_level_element,
     .count_max = 3},
    {0},
};

static const struct field sample_price_field[] = {
    {.name = "price", .kind = FIELD_DECIMAL, .min = "0"},
    {0},
};

static const struct field_element sample_price_element = {
    .size = sizeof(struct decimal), .fields = sample_price_field, .is_scalar = true};

static const struct field sample_fields[] = {
    {.name = "name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct sample, name),
     .is_required = true,
     .doc = "Who it is. A | stays in its cell."},
    {.name = "note", .kind = FIELD_TEXT, .offset = offsetof(struct sample, note)},
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct sample, amount),
     .is_required = true,
     .unit = "base",
     .min = "0",
     .min_excluded = true,
     .doc = "How much."},
    {.name = "count",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sample, count),
     .default_text = "10",
     .min = "-5",
     .max = "9223372036854775807"},
    {.name = "is_fast",
     .kind = FIELD_BOOL,
     .offset = offsetof(struct sample, is_fast),
     .default_text = "false"},
    {.name = "side",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct sample, side),
     .names = sample_sides,
     .default_text = "BUY"},
    {.name = "latency_ms",
     .kind = FIELD_DURATION,
     .offset = offsetof(struct sample, latency_ns),
     .default_text = "0",
     .unit = "ms",
     .min = "0"},
    {.name = "start",
     .kind = FIELD_INSTANT,
     .offset = offsetof(struct sample, start_ns),
     .set_offset = offsetof(struct sample, has_start),
     .is_nullable = true},
    {.name = "barrier",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct sample, barrier),
     .fields = sample_barrier_fields,
     .size = sizeof(struct sample_barrier),
     .default_text = "{}"},
    {.name = "second",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct sample, second),
     .fields = sample_barrier_fields,
     .size = sizeof(struct sample_barrier),
     .is_nullable = true},
    {.name = "prices",
     .kind = FIELD_LIST,
     .offset = offsetof(struct sample, prices),
     .element = &sample_price_element,
     .default_text = "[\"1.5\", 2]",
     .count_min = 1},
    {.name = "balances",
     .kind = FIELD_MAP,
     .offset = offsetof(struct sample, balances),
     .min = "0",
     .count_max = 2},
    {.name = "extra", .kind = FIELD_NODE, .offset = offsetof(struct sample, extra)},
    {.name = "limit",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct sample, limit),
     .set_offset = offsetof(struct sample, has_limit),
     .is_nullable = true,
     .default_text = "5"},
    {0},
};

#endif
