/*
 * tests/fuzz/fuzz_http.c - any bytes as what a client of the control interface sends.
 */
#include "tests/fuzz/http_input.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)http_input_take(data, size);
    return 0;
}
