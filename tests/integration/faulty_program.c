/*
 * The program with memory whose n-th allocation is refused: TUTTI_FAULT=n, all behind it too with
 * TUTTI_FAULT_LASTS. At its end it creates the file TUTTI_FAULT_STRUCK when something was refused.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/faulty_memory.h"

static void faulty_report(void)
{
    const char *path = getenv("TUTTI_FAULT_STRUCK");
    FILE *out = faulty_memory_disarm() && path != NULL ? fopen(path, "w") : NULL;
    if (out != NULL) {
        (void)fclose(out);
    }
}

__attribute__((constructor)) static void faulty_begin(void)
{
    const char *nth = getenv("TUTTI_FAULT");
    faulty_memory_install();
    if (nth != NULL && atexit(faulty_report) == 0) {
        faulty_memory_arm(strtoull(nth, NULL, 10), getenv("TUTTI_FAULT_LASTS") != NULL);
    }
}
