/*
 * tests/fuzz/fuzz_golden.c - any bytes as a golden file.
 */
#include "tests/fuzz/golden_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)golden_input_take(data, size);
    return 0;
}
