#include "market/deny.h"

#include <string.h>

#include "base/assert.h"

/* How a code is written, set and explained. */
struct deny_words {
    const char *name;
    const char *setting;
    const char *doc;
};

static const struct deny_words deny_words[DENY_CODE_COUNT] = {[DENY_NONE] = {"", "", ""},
#define DENY_WORDS(name, code, setting, doc) [DENY_##name] = {code, setting, doc},
                                                              DENY_CODES(DENY_WORDS)
#undef DENY_WORDS
};

static const struct deny_words *deny_words_of(enum deny_code code)
{
    ASSERT((unsigned)code < DENY_CODE_COUNT);
    return &deny_words[code];
}

const char *deny_name(enum deny_code code)
{
    return deny_words_of(code)->name;
}

enum deny_code deny_find(const char *name)
{
    unsigned code = name[0] != '\0' ? DENY_NONE + 1 : DENY_CODE_COUNT; /* Mostly there is none. */
    while (code < DENY_CODE_COUNT && strcmp(deny_words[code].name, name) != 0) {
        code++;
    }
    return code < DENY_CODE_COUNT ? (enum deny_code)code : DENY_NONE;
}

bool deny_is_withheld(enum deny_code code)
{
    return code == DENY_RISK_HALTED || code == DENY_RISK_REDUCING ||
           code == DENY_VENUE_DISCONNECTED || code == DENY_VENUE_RECONCILING;
}

const char *deny_setting(enum deny_code code)
{
    return deny_words_of(code)->setting;
}

const char *deny_doc(enum deny_code code)
{
    return deny_words_of(code)->doc;
}
