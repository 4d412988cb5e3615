#include "base/assert.h"

#include <stdio.h>
#include <stdlib.h>

void assert_fail(const char *condition, const char *file, int line)
{
    (void)fprintf(stderr,
                  "tutti: internal error: ASSERT(%s) failed at %s:%d. The process ends here so "
                  "that nothing wrong is traded; the next start recovers from the journal.\n",
                  condition, file, line);
    abort();
}
