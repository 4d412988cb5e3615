/*
 * tests/bench/bench_decimal.c - what one decimal operation costs, with prices and amounts as they
 * occur in trading.
 *
 * Each operation runs over a table of operands that stays in the first-level cache and includes
 * the call and the load, shown by the line `loop_alone`. Operations do not depend on each other;
 * in the line `multiply_chained` each result feeds the next.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/decimal.h"
#include "base/instant.h"
#include "base/prng.h"

enum { OPERANDS = 256, ROUNDS = 2000, PASSES = 10 };

struct operands {
    struct decimal price[OPERANDS];  /* 20000.00 to 90000.00 */
    struct decimal amount[OPERANDS]; /* 0.00001 to 5.0 */
    struct decimal ratio[OPERANDS];  /* 0.9 to 1.1, all 18 digits used */
    char text[OPERANDS][DECIMAL_TEXT_MAX];
    size_t text_length[OPERANDS];
};

/* Results go here, so that the compiler cannot leave the work out. */
static volatile uint64_t sink;

static int64_t bench_now(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void operands_fill(struct operands *operands)
{
    struct prng prng;
    prng_init(&prng, 7);
    for (size_t i = 0; i < OPERANDS; i++) {
        operands->price[i] = decimal_from_mantissa(prng_between(&prng, 2000000, 9000000), 2);
        operands->amount[i] = decimal_from_mantissa(prng_between(&prng, 1, 500000), 5);
        operands->ratio[i] = decimal_from_mantissa(
            prng_between(&prng, INT64_C(900000000000000000), INT64_C(1100000000000000000)), 18);
        operands->text_length[i] = decimal_print(operands->price[i], operands->text[i]);
    }
}

static struct decimal no_operation(const struct operands *o, size_t i)
{
    return o->price[i];
}

static struct decimal multiply_price_amount(const struct operands *o, size_t i)
{
    return decimal_multiply(o->price[i], o->amount[i]);
}

static struct decimal multiply_price_ratio(const struct operands *o, size_t i)
{
    return decimal_multiply(o->price[i], o->ratio[i]);
}

static struct decimal multiply_amount_ratio(const struct operands *o, size_t i)
{
    return decimal_multiply(o->amount[i], o->ratio[i]);
}

static struct decimal divide_price_price(const struct operands *o, size_t i)
{
    return decimal_divide(o->price[i], o->price[OPERANDS - 1 - i]);
}

static struct decimal divide_amount_price(const struct operands *o, size_t i)
{
    return decimal_divide(o->amount[i], o->price[i]);
}

static struct decimal divide_price_amount(const struct operands *o, size_t i)
{
    return decimal_divide(o->price[i], o->amount[i]);
}

static struct decimal divide_amount_ratio(const struct operands *o, size_t i)
{
    return decimal_divide(o->amount[i], o->ratio[i]);
}

static struct decimal add_prices(const struct operands *o, size_t i)
{
    return decimal_add(o->price[i], o->amount[i]);
}

static struct decimal compare_prices(const struct operands *o, size_t i)
{
    return (struct decimal){.raw = decimal_compare(o->price[i], o->price[OPERANDS - 1 - i])};
}

static struct decimal floor_amount(const struct operands *o, size_t i)
{
    const struct decimal step = {.raw = INT64_C(10000000000000)};
    return decimal_floor_to(o->ratio[i], step);
}

static struct decimal round_price(const struct operands *o, size_t i)
{
    const struct decimal tick = {.raw = INT64_C(10000000000000000)};
    return decimal_round_to(o->price[i], tick);
}

static struct decimal parse_price(const struct operands *o, size_t i)
{
    struct decimal value = DECIMAL_ZERO;
    return decimal_parse(o->text[i], o->text_length[i], &value) == ERR_NONE ? value
                                                                            : DECIMAL_INVALID;
}

static struct decimal print_price(const struct operands *o, size_t i)
{
    char out[DECIMAL_TEXT_MAX];
    return decimal_from_int((int64_t)decimal_print(o->price[i], out) + out[0]);
}

static struct decimal print_ratio(const struct operands *o, size_t i)
{
    char out[DECIMAL_TEXT_MAX];
    return decimal_from_int((int64_t)decimal_print(o->ratio[i], out) + out[0]);
}

static const struct {
    const char *name;
    struct decimal (*run)(const struct operands *operands, size_t i);
} benches[] = {
    {"loop_alone", no_operation},
    {"multiply_price_amount", multiply_price_amount},
    {"multiply_price_ratio", multiply_price_ratio},
    {"multiply_amount_ratio", multiply_amount_ratio},
    {"divide_price_price", divide_price_price},
    {"divide_amount_price", divide_amount_price},
    {"divide_price_amount", divide_price_amount},
    {"divide_amount_ratio", divide_amount_ratio},
    {"add", add_prices},
    {"compare", compare_prices},
    {"floor_to_step", floor_amount},
    {"round_to_tick", round_price},
    {"parse_price", parse_price},
    {"print_price", print_price},
    {"print_18_digits", print_ratio},
};

/* Other work on the machine only ever makes a pass slower, so the fastest one counts. */
static void report(const char *name, const int64_t elapsed_ns[PASSES])
{
    int64_t best_ns = elapsed_ns[0];
    for (int i = 1; i < PASSES; i++) {
        best_ns = elapsed_ns[i] < best_ns ? elapsed_ns[i] : best_ns;
    }
    (void)printf("decimal_%s %.1f ns\n", name,
                 (double)best_ns / ((double)OPERANDS * (double)ROUNDS));
}

static int64_t bench_operation(struct decimal (*run)(const struct operands *, size_t),
                               const struct operands *operands)
{
    uint64_t sum = 0;
    const int64_t start_ns = bench_now();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < OPERANDS; i++) {
            sum += (uint64_t)run(operands, i).raw;
        }
    }
    sink += sum;
    return bench_now() - start_ns;
}

static int64_t bench_chained(const struct operands *operands)
{
    uint64_t sum = 0;
    const int64_t start_ns = bench_now();
    for (int round = 0; round < ROUNDS; round++) {
        struct decimal value = operands->price[0];
        for (size_t i = 0; i < OPERANDS; i++) {
            value = decimal_multiply(value, operands->ratio[i]);
        }
        sum += (uint64_t)value.raw;
    }
    sink += sum;
    return bench_now() - start_ns;
}

int main(void)
{
    static struct operands operands;
    operands_fill(&operands);
    int64_t elapsed_ns[PASSES];
    for (size_t b = 0; b < sizeof(benches) / sizeof(benches[0]); b++) {
        for (int pass = 0; pass < PASSES; pass++) {
            elapsed_ns[pass] = bench_operation(benches[b].run, &operands);
        }
        report(benches[b].name, elapsed_ns);
    }
    for (int pass = 0; pass < PASSES; pass++) {
        elapsed_ns[pass] = bench_chained(&operands);
    }
    report("multiply_chained", elapsed_ns);
    return 0;
}
