#include "actors/origin.h"

#include <stdio.h>
#include <string.h>

#include "base/assert.h"

const char *origin_of_scope(enum link_scope scope)
{
    static const char *const names[] = {[LINK_SCOPE_NONE] = "http",
                                        [LINK_SCOPE_READ] = "http:read",
                                        [LINK_SCOPE_TRADE] = "http:trade",
                                        [LINK_SCOPE_ADMIN] = "http:admin"};
    ASSERT((unsigned)scope < sizeof(names) / sizeof(names[0]));
    return names[scope];
}

bool origin_name_is_valid(const char *name)
{
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                  "0123456789_.-";
    const size_t length = strlen(name);
    return length > 0 && length <= ORIGIN_NAME_MAX && strspn(name, letters) == length;
}

void origin_print(char out[ORIGIN_TEXT_MAX], const char *link, const char *name)
{
    ASSERT(name == NULL || origin_name_is_valid(name));
    (void)snprintf(out, ORIGIN_TEXT_MAX, "%s%s%s", link, name != NULL ? ":" : "",
                   name != NULL ? name : "");
}
