/*
 * tests/fuzz/fuzz_action.c - any bytes as an action from outside.
 */
#include "tests/fuzz/action_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)action_input_take(data, size);
    return 0;
}
