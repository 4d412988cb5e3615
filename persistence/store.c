#include "persistence/store.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"

static const struct store_kind *const store_kinds[] = {
#define STORE_KIND_ENTRY(name) &store_kind_##name,
    STORE_KINDS(STORE_KIND_ENTRY)
#undef STORE_KIND_ENTRY
};

const struct store_kind *store_kind_find(const char *type)
{
    for (size_t i = 0; i < sizeof(store_kinds) / sizeof(store_kinds[0]); i++) {
        if (strcmp(store_kinds[i]->type, type) == 0) {
            return store_kinds[i];
        }
    }
    return NULL;
}

enum err store_open(const char *type, const struct store_options *options, struct store **ret_store,
                    struct failure *failure)
{
    ASSERT(options->run_name != NULL);
    const struct store_kind *kind = store_kind_find(type);
    if (kind == NULL) {
        return failure_set(failure, ERR_NOT_FOUND, "no store of type \"%s\"", type);
    }
    struct store *store = NULL;
    const enum err err = kind->open(options, &store, failure);
    if (err == ERR_NONE) {
        store->kind = kind;
        *ret_store = store;
    }
    return err;
}

/* Remembers an error for good, but for a full disk: then the group is gone and may come again. */
static enum err store_note(struct store *store, enum err err)
{
    if (err == ERR_FULL) {
        store->last_seq = store->committed_seq;
        store->has_more = false;
    } else {
        store->error = err;
    }
    return err;
}

static enum err store_stopped(const struct store *store, struct failure *failure)
{
    return failure_set(failure, store->error, "the store has stopped after an error (%s)",
                       err_name(store->error));
}

enum err store_append(struct store *store, const struct record *record, struct text *event,
                      struct failure *failure)
{
    ASSERT(record->controller_id != NULL && record->executor_id != NULL);
    if (store->error != ERR_NONE) {
        return store_stopped(store, failure);
    }
    if (record->seq != store->last_seq + 1) {
        store->error = ERR_STATE;
        return failure_set(failure, ERR_STATE,
                           "record %llu does not follow record %llu: one was lost on the way",
                           (unsigned long long)record->seq, (unsigned long long)store->last_seq);
    }
    text_clear(event);
    enum err err = store->kind->append(store, record, event, failure);
    if (err == ERR_NONE && text_failed(event)) {
        err = failure_set(failure, ERR_MEMORY, "no memory for an event");
    }
    if (err == ERR_NONE) {
        store->last_seq = record->seq;
        store->has_more = record->has_more;
    }
    return store_note(store, err);
}

enum err store_commit(struct store *store, struct failure *failure)
{
    if (store->error != ERR_NONE) {
        return store_stopped(store, failure);
    }
    const enum err err = store->kind->commit(store, failure);
    if (err == ERR_NONE) {
        store->committed_seq = store->last_seq;
    }
    return store_note(store, err);
}

enum err store_close(struct store *store, struct failure *failure)
{
    return store != NULL ? store->kind->close(store, failure) : ERR_NONE;
}
