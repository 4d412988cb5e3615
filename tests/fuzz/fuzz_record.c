/*
 * tests/fuzz/fuzz_record.c - any kind and payload as a row of the journal.
 */
#include "tests/fuzz/record_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)record_input_take(data, size);
    return 0;
}
