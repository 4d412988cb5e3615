#include "actors/risk_latch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/risk_latch_file.h"

enum { RISK_LATCHES_FIRST = 4 };

void risk_latches_done(struct risk_latches *latches)
{
    free(latches->items);
    *latches = (struct risk_latches){0};
}

struct risk_latch *risk_latches_find(const struct risk_latches *latches, const char *scope)
{
    for (size_t i = 0; i < latches->count; i++) {
        if (strcmp(latches->items[i].scope, scope) == 0) {
            return &latches->items[i];
        }
    }
    return NULL;
}

/* The entry of a scope, made when it is new; that of `global` when there is no room for more. */
static struct risk_latch *risk_latches_add(struct risk_latches *latches, const char *scope)
{
    struct risk_latch *latch = risk_latches_find(latches, scope);
    if (latch != NULL) {
        return latch;
    }
    if (latches->count >= RISK_LATCHES_MAX && strcmp(scope, RISK_SCOPE_GLOBAL) != 0) {
        return risk_latches_add(latches, RISK_SCOPE_GLOBAL);
    }
    if (latches->count == latches->capacity) {
        const size_t capacity = latches->capacity != 0 ? latches->capacity * 2 : RISK_LATCHES_FIRST;
        struct risk_latch *items = realloc(latches->items, capacity * sizeof(*items));
        if (items == NULL) {
            return NULL;
        }
        latches->items = items;
        latches->capacity = capacity;
    }
    latch = &latches->items[latches->count++];
    *latch = (struct risk_latch){.state = RISK_ACTIVE};
    (void)snprintf(latch->scope, sizeof(latch->scope), "%s", scope);
    return latch;
}

enum err risk_latches_set(struct risk_latches *latches, const char *scope, enum risk_state state,
                          const char *reason)
{
    if (state == RISK_ACTIVE) {
        struct risk_latch *latch = risk_latches_find(latches, scope);
        if (latch != NULL) {
            *latch = latches->items[--latches->count];
        }
        return ERR_NONE;
    }
    struct risk_latch *latch = risk_latches_add(latches, scope);
    if (latch == NULL) {
        return ERR_MEMORY;
    }
    latch->state = strcmp(latch->scope, scope) == 0 ? state : RISK_HALTED;
    latch->is_recorded = false;
    latch->actor[0] = '\0';
    (void)snprintf(latch->reason, sizeof(latch->reason), "%s", reason);
    return ERR_NONE;
}

enum err risk_latches_copy(struct risk_latches *latches, const struct risk_latches *more)
{
    enum err err = ERR_NONE;
    for (size_t i = 0; i < more->count && err == ERR_NONE; i++) {
        const struct risk_latch *latch = &more->items[i];
        err = risk_latches_set(latches, latch->scope, latch->state, latch->reason);
    }
    return err;
}

/* What risk_load() fills while it reads. */
struct risk_loading {
    struct risk_latches *latches;
    enum err err;
};

static bool risk_load_row(void *context, int count, const char *const *names,
                          const char *const *values)
{
    (void)count;
    (void)names;
    struct risk_loading *loading = context;
    const char *scope = values[0] != NULL ? values[0] : "";
    int state = RISK_HALTED;
    if (values[1] == NULL || !field_value_of(risk_state_names, values[1], &state)) {
        state = RISK_HALTED;
    }
    enum risk_scope_kind kind;
    const char *name;
    if (state != RISK_ACTIVE && risk_scope_parse(scope, &kind, &name) != ERR_NONE) {
        scope = RISK_SCOPE_GLOBAL; /* Whom it is for is not known: nobody may. */
        state = RISK_HALTED;
    }
    loading->err = risk_latches_set(loading->latches, scope, (enum risk_state)state,
                                    values[2] != NULL ? values[2] : "");
    return loading->err == ERR_NONE;
}

/* The state is not known: nothing may leave. Without memory nobody has looked yet. */
static enum err risk_load_failed(struct risk_latches *latches, const struct failure *failure)
{
    if (failure->code == ERR_MEMORY) {
        return ERR_MEMORY;
    }
    char reason[RISK_REASON_TEXT_MAX];
    (void)snprintf(reason, sizeof(reason), "the risk state cannot be read: %.200s", failure->text);
    return risk_latches_set(latches, RISK_SCOPE_GLOBAL, RISK_HALTED, reason);
}

enum err risk_load(struct reader *reader, struct risk_latches *latches)
{
    struct risk_loading loading = {.latches = latches};
    struct failure failure;
    const enum err err =
        reader_query(reader, "SELECT scope, state, reason FROM risk ORDER BY scope", NULL,
                     risk_load_row, &loading, &failure);
    if (loading.err != ERR_NONE) {
        return loading.err;
    }
    return err == ERR_NONE ? ERR_NONE : risk_load_failed(latches, &failure);
}

static bool risk_load_last_seq(void *context, int count, const char *const *names,
                               const char *const *values)
{
    (void)count;
    (void)names;
    *(uint64_t *)context = values[0] != NULL ? strtoull(values[0], NULL, 10) : 0;
    return true;
}

enum err risk_load_file(const char *path, struct risk_latches *latches)
{
    struct reader *reader;
    struct failure failure;
    const enum err opened = reader_open(path, &reader, &failure);
    if (opened == ERR_NOT_FOUND) {
        return ERR_NONE;
    }
    if (opened != ERR_NONE) {
        return risk_load_failed(latches, &failure);
    }
    enum err err = risk_load(reader, latches);
    uint64_t last_seq = 0;
    if (err == ERR_NONE && reader_query(reader, "SELECT max(seq) FROM journal", NULL,
                                        risk_load_last_seq, &last_seq, &failure) != ERR_NONE) {
        err = risk_load_failed(latches, &failure);
    }
    reader_close(reader);
    struct text beside = {0};
    risk_latch_file_path(path, &beside);
    if (err == ERR_NONE) {
        err = text_failed(&beside) ? ERR_MEMORY
                                   : risk_latch_file_load(text_string(&beside), last_seq, latches);
    }
    text_done(&beside);
    return err;
}

enum err risk_scope_parse(const char *scope, enum risk_scope_kind *ret_kind, const char **ret_name)
{
    static const struct {
        const char *prefix;
        enum risk_scope_kind kind;
    } kinds[] = {
        {"venue:", RISK_VENUE}, {"controller:", RISK_CONTROLLER}, {"executor:", RISK_EXECUTOR}};
    if (strcmp(scope, RISK_SCOPE_GLOBAL) == 0) {
        *ret_kind = RISK_GLOBAL;
        *ret_name = "";
        return ERR_NONE;
    }
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        const size_t length = strlen(kinds[i].prefix);
        if (strncmp(scope, kinds[i].prefix, length) == 0 && scope[length] != '\0' &&
            strlen(scope) < RISK_SCOPE_TEXT_MAX) {
            *ret_kind = kinds[i].kind;
            *ret_name = scope + length;
            return ERR_NONE;
        }
    }
    return ERR_SYNTAX;
}
