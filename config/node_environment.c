#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "config/node_build.h"

enum { VARIABLE_NAME_MAX = 128 };

/* A reference ${NAME} or ${NAME:-DEFAULT} in the text; pieces are not NUL-terminated. */
struct variable {
    const char *name;
    size_t name_length;
    const char *fallback; /* NULL when there is none. */
    size_t fallback_length;
    size_t length; /* Of the whole reference. */
};

static bool is_name_char(char c, bool is_first)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           (!is_first && c >= '0' && c <= '9');
}

/* Takes the reference at text[0..1] == "${" apart. */
static enum err variable_parse(const char *text, size_t length, struct variable *variable,
                               struct failure *failure)
{
    const char *end = memchr(text, '}', length);
    if (end == NULL) {
        return failure_set(failure, ERR_SYNTAX,
                           "\"${\" has no closing \"}\", expected ${NAME}, ${NAME:-default}, or $$ "
                           "for a dollar sign");
    }
    const size_t inner = (size_t)(end - text) - 2;
    *variable = (struct variable){.name = text + 2, .length = inner + 3};
    size_t i = 0;
    while (i < inner && is_name_char(variable->name[i], i == 0)) {
        i++;
    }
    variable->name_length = i;
    if (inner - i >= 2 && memcmp(variable->name + i, ":-", 2) == 0) {
        variable->fallback = variable->name + i + 2;
        variable->fallback_length = inner - i - 2;
        i = inner;
    }
    if (i != inner || variable->name_length == 0 || variable->name_length >= VARIABLE_NAME_MAX) {
        char excerpt[NODE_EXCERPT_MAX];
        node_excerpt(text, variable->length, excerpt);
        return failure_set(failure, ERR_SYNTAX,
                           "%s is not a variable, expected ${NAME} or ${NAME:-default} with a name "
                           "of letters, digits and _",
                           excerpt);
    }
    return ERR_NONE;
}

static enum err variable_append(const struct variable *variable, struct text *out,
                                struct failure *failure)
{
    char name[VARIABLE_NAME_MAX];
    ASSERT(variable->name != NULL && variable->name_length < sizeof(name));
    memcpy(name, variable->name, variable->name_length);
    name[variable->name_length] = '\0';
    const char *value = getenv(name);
    if (variable->fallback != NULL && (value == NULL || value[0] == '\0')) {
        text_append(out, variable->fallback, variable->fallback_length);
        return ERR_NONE;
    }
    if (value == NULL) {
        return failure_set(failure, ERR_NOT_FOUND,
                           "the environment has no variable %s, set it or write ${%s:-default}",
                           name, name);
    }
    const size_t length = strlen(value);
    if (node_utf8_length(value, length) != length) {
        return failure_set(failure, ERR_SYNTAX, "the variable %s is not UTF-8", name);
    }
    text_append(out, value, length);
    return ERR_NONE;
}

enum err node_expand(const char *text, size_t length, struct text *out, struct failure *failure)
{
    size_t i = 0;
    while (i < length) {
        if (text[i] != '$' || i + 1 == length || (text[i + 1] != '$' && text[i + 1] != '{')) {
            text_append_char(out, text[i++]);
        } else if (text[i + 1] == '$') {
            text_append_char(out, '$');
            i += 2;
        } else {
            struct variable variable = {0};
            enum err err = variable_parse(text + i, length - i, &variable, failure);
            if (err == ERR_NONE) {
                err = variable_append(&variable, out, failure);
            }
            if (err != ERR_NONE) {
                return err;
            }
            i += variable.length;
        }
        if (out->length > NODE_BYTES_MAX) {
            return failure_set(failure, ERR_LIMIT,
                               "the variables make it too long, expected at most %d bytes",
                               NODE_BYTES_MAX);
        }
    }
    return ERR_NONE;
}
