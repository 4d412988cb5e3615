/*
 * A store that stores nothing: for backtests whose result is read from the events alone.
 *
 * It numbers and encodes like every other store, so that a run prints the same with it.
 */
#include <stdlib.h>
#include <string.h>

#include "persistence/event.h"
#include "persistence/store.h"

struct memory_store {
    struct store store; /* First. */
    char *run_name;     /* Owned. */
};

static enum err memory_open(const struct store_options *options, struct store **ret_store,
                            struct failure *failure)
{
    struct memory_store *memory = calloc(1, sizeof(*memory));
    char *run_name = strdup(options->run_name);
    if (memory == NULL || run_name == NULL) {
        free(memory);
        free(run_name);
        return failure_set(failure, ERR_MEMORY, "no memory for the store");
    }
    memory->run_name = run_name;
    *ret_store = &memory->store;
    return ERR_NONE;
}

static enum err memory_append(struct store *store, const struct record *record, struct text *event,
                              struct failure *failure)
{
    struct memory_store *memory = (struct memory_store *)store;
    (void)failure; /* An event without memory is the caller's to see. */
    (void)event_begin(memory->run_name, record, event);
    event_end(event);
    return ERR_NONE;
}

static enum err memory_commit(struct store *store, struct failure *failure)
{
    (void)store;
    (void)failure;
    return ERR_NONE;
}

static enum err memory_close(struct store *store, struct failure *failure)
{
    struct memory_store *memory = (struct memory_store *)store;
    const enum err error = store->error;
    free(memory->run_name);
    free(memory);
    return error == ERR_NONE
               ? ERR_NONE
               : failure_set(failure, error, "the store had stopped after an error (%s)",
                             err_name(error));
}

const struct store_kind store_kind_memory = {
    .type = "memory",
    .open = memory_open,
    .append = memory_append,
    .commit = memory_commit,
    .close = memory_close,
};
