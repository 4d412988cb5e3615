#include "market/tape.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/instant.h"
#include "market/tape_file.h"

static const char tape_ending[] = ".tape";

static bool tape_path_is_tape(const char *path)
{
    const size_t length = strlen(path);
    const size_t ending = sizeof(tape_ending) - 1;
    return length > ending && strcmp(path + length - ending, tape_ending) == 0;
}

/* Where the recipe's tape is kept, allocated; NULL without memory. */
static char *tape_cache_path(const struct tape_recipe *recipe)
{
    const char *slash = strrchr(recipe->csv_path, '/');
    const char *name = slash != NULL ? slash + 1 : recipe->csv_path;
    char *path;
    const int length = recipe->cache_folder != NULL
                           ? asprintf(&path, "%s/%s%s", recipe->cache_folder, name, tape_ending)
                           : asprintf(&path, "%s%s", recipe->csv_path, tape_ending);
    return length < 0 ? NULL : path;
}

/* Was the tape made from this very CSV? */
static bool tape_is_of(const struct tape *tape, const struct tape_recipe *recipe)
{
    struct stat status;
    if (stat(recipe->csv_path, &status) != 0) {
        return false;
    }
    struct tape_header wanted = {0};
    char *path = realpath(recipe->csv_path, NULL);
    tape_header_set_source(&wanted, path != NULL ? path : recipe->csv_path);
    free(path);
    const struct tape_header *header = tape_header_of(tape);
    const int64_t modified_ns = (int64_t)status.st_mtim.tv_sec * NS_PER_S + status.st_mtim.tv_nsec;
    return header->source_layout == (uint32_t)recipe->layout &&
           header->source_size == (uint64_t)status.st_size &&
           header->source_modified_ns == modified_ns && strcmp(header->source, wanted.source) == 0;
}

/* Opens the kept tape if it is good. Why it is not does not matter: it can be made again. */
static bool tape_cache_open(const struct tape_recipe *recipe, const char *path,
                            struct tape **ret_tape)
{
    struct tape *tape;
    if (tape_open(path, &tape, NULL) != ERR_NONE) {
        return false;
    }
    if (!tape_is_of(tape, recipe)) {
        tape_close(tape);
        return false;
    }
    *ret_tape = tape;
    return true;
}

enum err tape_open_for(const struct tape_recipe *recipe, struct tape **ret_tape,
                       struct failure *failure)
{
    if (tape_path_is_tape(recipe->csv_path)) {
        return tape_open(recipe->csv_path, ret_tape, failure);
    }
    char *path = tape_cache_path(recipe);
    if (path == NULL) {
        return failure_set(failure, ERR_MEMORY, "%s: no memory to open its tape", recipe->csv_path);
    }
    enum err err = ERR_NONE;
    if (!tape_cache_open(recipe, path, ret_tape)) {
        err = tape_make(recipe, path, NULL, failure);
        if (err == ERR_NONE) {
            err = tape_open(path, ret_tape, failure);
        }
    }
    free(path);
    return err;
}
