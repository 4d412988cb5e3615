#include "actors/run_tapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RUN_TAPES_PATH_MAX = 4096 };

/* Where tapes made from CSV files are kept: the feed's cache, or the user's. */
static enum err run_tapes_folder(const struct feed_section *feed, char *out, size_t size,
                                 struct failure *failure)
{
    if (feed->cache != NULL) {
        (void)snprintf(out, size, "%s", feed->cache);
    } else {
        const char *base = getenv("XDG_CACHE_HOME");
        const char *home = getenv("HOME");
        if (base != NULL && base[0] == '/') {
            (void)snprintf(out, size, "%s", base);
        } else {
            (void)snprintf(out, size, "%s/.cache", home != NULL ? home : ".");
        }
        (void)mkdir(out, 0700);
        (void)snprintf(out + strlen(out), size - strlen(out), "/tutti");
    }
    if (mkdir(out, 0700) != 0 && errno != EEXIST) {
        return failure_set(failure, ERR_IO,
                           "%s: cannot make the folder for tapes: %s: set cache of the feed to a "
                           "folder that can be written",
                           out, strerror(errno));
    }
    return ERR_NONE;
}

static enum err run_tapes_open_one(const struct feed_section *feed, tape_progress *progress,
                                   void *context, struct tape **ret_tape, struct failure *failure)
{
    enum tape_layout layout;
    const char *source = feed_section_source(feed, &layout);
    char cache[RUN_TAPES_PATH_MAX];
    struct tape *tape = NULL;
    enum err err = run_tapes_folder(feed, cache, sizeof(cache), failure);
    if (err == ERR_NONE) {
        const struct tape_recipe recipe = {.csv_path = source,
                                           .layout = layout,
                                           .cache_folder = cache,
                                           .progress = progress,
                                           .context = context};
        err = tape_open_for(&recipe, &tape, failure);
    }
    if (err == ERR_NONE && tape_columns_of(tape)->count == 0) {
        tape_close(tape);
        return failure_set(failure, ERR_RANGE, "%s: no quotes in it: give a file with rows",
                           source);
    }
    if (err != ERR_NONE && err != ERR_MEMORY) {
        /* A damaged tape is no damaged database: to the caller it is a file that fails. */
        failure->code = ERR_IO;
        return ERR_IO;
    }
    if (err == ERR_NONE) {
        *ret_tape = tape;
    }
    return err;
}

enum err run_tapes_open(const struct run_config *config, tape_progress *progress, void *context,
                        struct run_tapes *ret_tapes, struct failure *failure)
{
    const struct feed_section *feeds = config->file.feeds.items;
    const size_t count = config->file.feeds.count;
    struct run_tapes tapes = {.items = calloc(count, sizeof(struct tape *)), .count = count};
    if (tapes.items == NULL) {
        return failure_set(failure, ERR_MEMORY, "no memory to open the feeds");
    }
    for (size_t i = 0; i < count; i++) {
        const enum err err = feeds[i].is_live ? ERR_NONE
                                              : run_tapes_open_one(&feeds[i], progress, context,
                                                                   &tapes.items[i], failure);
        if (err != ERR_NONE) {
            run_tapes_close(&tapes);
            return err;
        }
    }
    *ret_tapes = tapes;
    return ERR_NONE;
}

void run_tapes_close(struct run_tapes *tapes)
{
    for (size_t i = 0; i < tapes->count; i++) {
        tape_close(tapes->items[i]);
    }
    free(tapes->items);
    *tapes = (struct run_tapes){0};
}
