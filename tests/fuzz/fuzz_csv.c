/*
 * tests/fuzz/fuzz_csv.c - any bytes, plain or gzip, as a recorded CSV of every layout.
 */
#include "tests/fuzz/market_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)market_input_read_csv(data, size);
    return 0;
}
