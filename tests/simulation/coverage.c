#include "tests/simulation/coverage.h"

#include <stdio.h>

static struct coverage reached;

enum order_verdict __real_order_next(enum order_state state, enum order_input input,
                                     enum order_state *ret_state);
enum order_verdict __wrap_order_next(enum order_state state, enum order_input input,
                                     enum order_state *ret_state);

enum order_verdict __wrap_order_next(enum order_state state, enum order_input input,
                                     enum order_state *ret_state)
{
    reached.counts[state][input]++;
    return __real_order_next(state, input, ret_state);
}

const struct coverage *coverage_of_process(void)
{
    return &reached;
}

void coverage_add(struct coverage *sum, const struct coverage *more)
{
    for (size_t i = 0; i < ORDER_STATE_COUNT; i++) {
        for (size_t j = 0; j < ORDER_INPUT_COUNT; j++) {
            sum->counts[i][j] += more->counts[i][j];
        }
    }
}

static void coverage_print_cell(const struct coverage *coverage, unsigned state, unsigned input,
                                unsigned *possible, unsigned *seen)
{
    enum order_state next;
    const enum order_verdict verdict =
        __real_order_next((enum order_state)state, (enum order_input)input, &next);
    const uint64_t count = coverage->counts[state][input];
    *possible += verdict != ORDER_IMPOSSIBLE ? 1 : 0;
    *seen += count > 0 ? 1 : 0;
    if (verdict == ORDER_IMPOSSIBLE) {
        (void)printf(" %10s", "-");
    } else {
        (void)printf(" %10llu", (unsigned long long)count);
    }
}

void coverage_print(const struct coverage *coverage)
{
    unsigned possible = 0;
    unsigned seen = 0;
    (void)printf("%-16s", "state \\ input");
    for (int j = 0; j < ORDER_INPUT_COUNT; j++) {
        (void)printf(" %10s", field_name_of(order_input_names, j));
    }
    for (unsigned i = 0; i < ORDER_STATE_COUNT; i++) {
        (void)printf("\n%-16s", field_name_of(order_state_names, (int)i));
        for (unsigned j = 0; j < ORDER_INPUT_COUNT; j++) {
            coverage_print_cell(coverage, i, j, &possible, &seen);
        }
    }
    (void)printf("\n%u of %u cells that can happen were reached\n", seen, possible);
}
