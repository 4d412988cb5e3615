#include "actors/sweep_range.h"

#include <string.h>

/* value ^ exponent by squaring; invalid when it overflows. */
static struct decimal range_power(struct decimal value, size_t exponent)
{
    struct decimal power = DECIMAL_ONE;
    while (exponent > 0) {
        if (exponent % 2 == 1) {
            power = decimal_multiply(power, value);
        }
        exponent /= 2;
        if (exponent > 0) {
            value = decimal_multiply(value, value);
        }
    }
    return power;
}

/* The degree-th root of a value >= 1, rounded down to 18 digits, by bisection: a power only grows
 * with its base, and one that overflows is too large. */
static struct decimal range_root(struct decimal value, size_t degree)
{
    struct decimal low = DECIMAL_ONE;
    struct decimal high = value;
    while (decimal_less(low, high)) {
        const struct decimal middle = {.raw = low.raw + (high.raw - low.raw + 1) / 2};
        const struct decimal power = range_power(middle, degree);
        if (decimal_is_valid(power) && !decimal_less(value, power)) {
            low = middle;
        } else {
            high = (struct decimal){.raw = middle.raw - 1};
        }
    }
    return low;
}

/* Rounded to SWEEP_RANGE_DIGITS significant digits. */
static struct decimal range_round(struct decimal value)
{
    const struct decimal size = decimal_absolute(value);
    int128_t unit = 1;
    for (int128_t left = size.raw; left >= 10000000000; left /= 10) {
        unit *= 10;
    }
    const struct decimal rounded = decimal_round_to(size, (struct decimal){.raw = unit});
    return value.raw < 0 ? decimal_negate(rounded) : rounded;
}

static void range_fill_linear(const struct sweep_range *range, struct decimal *values)
{
    const struct decimal width = decimal_subtract(range->to, range->from);
    const struct decimal parts = decimal_from_int((int64_t)range->steps - 1);
    for (size_t i = 0; i < range->steps; i++) {
        const struct decimal moved =
            decimal_divide(decimal_multiply(width, decimal_from_int((int64_t)i)), parts);
        values[i] = decimal_add(range->from, moved);
    }
}

/* From the smaller end upwards, because ratios below 1 lose digits. */
static void range_fill_log(const struct sweep_range *range, struct decimal *values)
{
    const bool is_falling = decimal_less(range->to, range->from);
    const struct decimal least = is_falling ? range->to : range->from;
    const struct decimal most = is_falling ? range->from : range->to;
    const struct decimal width = decimal_divide(most, least);
    if (!decimal_is_valid(width)) {
        values[1] = DECIMAL_INVALID;
        return;
    }
    const struct decimal ratio = range_root(width, range->steps - 1);
    for (size_t i = 0; i < range->steps; i++) {
        values[is_falling ? range->steps - 1 - i : i] =
            decimal_multiply(least, range_power(ratio, i));
    }
}

static const struct node *range_node(struct decimal value, struct arena *arena)
{
    char text[DECIMAL_TEXT_MAX];
    const size_t length = decimal_print(value, text);
    struct node *node = arena_take(arena, sizeof(*node));
    char *copy = arena_copy(arena, text, length);
    if (node == NULL || copy == NULL) {
        return NULL;
    }
    /* In quotes, as money is, but for whole numbers: those may be meant for an integer. */
    *node = (struct node){.kind = NODE_SCALAR,
                          .is_quoted = strchr(text, '.') != NULL,
                          .text = copy,
                          .length = length};
    return node;
}

enum err sweep_range_list(const struct sweep_range *range, struct arena *arena,
                          const struct node ***ret_values)
{
    ASSERT(range->steps >= 2);
    struct decimal *values = arena_take(arena, range->steps * sizeof(*values));
    const struct node **nodes = arena_take(arena, range->steps * sizeof(*nodes));
    if (values == NULL || nodes == NULL) {
        return ERR_MEMORY;
    }
    if (range->is_log) {
        range_fill_log(range, values);
    } else {
        range_fill_linear(range, values);
    }
    for (size_t i = 0; i < range->steps; i++) {
        const bool is_end = i == 0 || i + 1 == range->steps;
        if (!is_end && !decimal_is_valid(values[i])) {
            return ERR_OVERFLOW;
        }
        const struct decimal end = i == 0 ? range->from : range->to;
        nodes[i] = range_node(is_end ? end : range_round(values[i]), arena);
        if (nodes[i] == NULL) {
            return ERR_MEMORY;
        }
    }
    *ret_values = nodes;
    return ERR_NONE;
}
