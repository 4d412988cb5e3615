/*
 * tests/fuzz/fuzz_wire.c - any bytes as a request, an answer and an event of a venue.
 */
#include "tests/fuzz/wire_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)wire_input_take(data, size);
    return 0;
}
