/*
 * tests/fuzz/fuzz_tape.c - any bytes as a tape, as they are and with checksums made right.
 */
#include "tests/fuzz/market_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)market_input_open_tape(data, size);
    (void)market_input_open_sealed_tape(data, size);
    return 0;
}
