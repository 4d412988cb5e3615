#include "actors/risk_latch_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/field.h"
#include "config/node.h"

enum { LATCH_FILE_MODE = 0600, LATCH_FILE_PATH_MAX = 4096, LATCH_FILE_TREE_BYTES_MAX = 8 << 20 };

void risk_latch_file_path(const char *database, struct text *out)
{
    text_printf(out, "%s.latch", database);
}

/* ---- Saving ---- */

static void latch_file_print(uint64_t seq, const struct risk_latch *latches, size_t count,
                             struct text *out)
{
    json_object_begin(out);
    json_put_int(out, "seq", (int64_t)seq);
    json_key(out, "latches");
    json_array_begin(out);
    for (size_t i = 0; i < count; i++) {
        json_object_begin(out);
        json_put_string(out, "scope", latches[i].scope);
        json_put_string(out, "state", field_name_of(risk_state_names, (int)latches[i].state));
        json_put_string(out, "reason", latches[i].reason);
        json_object_end(out);
    }
    json_array_end(out);
    json_object_end(out);
}

/* A rename is on disk when its folder is. */
static bool latch_file_sync_folder(const char *path)
{
    char folder[LATCH_FILE_PATH_MAX];
    const char *slash = strrchr(path, '/');
    const int length = slash != NULL ? (int)(slash - path) : 0;
    (void)snprintf(folder, sizeof(folder), "%.*s", length, path);
    const char *name = slash == NULL ? "." : length == 0 ? "/" : folder;
    const int file = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) {
        return false;
    }
    const bool is_synced = fsync(file) == 0;
    return close(file) == 0 && is_synced;
}

static bool latch_file_write(const char *path, const struct text *content)
{
    const int file =
        open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, LATCH_FILE_MODE);
    if (file < 0) {
        return false;
    }
    const bool is_written =
        write(file, content->data, content->length) == (ssize_t)content->length && fsync(file) == 0;
    return close(file) == 0 && is_written;
}

enum err risk_latch_file_save(const char *path, uint64_t seq, const struct risk_latch *latches,
                              size_t count, struct failure *failure)
{
    struct text content = {0};
    char beside[LATCH_FILE_PATH_MAX];
    latch_file_print(seq, latches, count, &content);
    const int length = snprintf(beside, sizeof(beside), "%s.new", path);
    enum err err = ERR_NONE;
    if (text_failed(&content)) {
        err = failure_set(failure, ERR_MEMORY, "%s: no memory to write it", path);
    } else if (length < 0 || (size_t)length >= sizeof(beside) ||
               !latch_file_write(beside, &content) || rename(beside, path) != 0 ||
               !latch_file_sync_folder(path)) {
        err = failure_set(failure, ERR_IO, "%s: cannot be written: %s", path, strerror(errno));
    }
    text_done(&content);
    return err;
}

void risk_latch_file_remove(const char *path)
{
    (void)unlink(path);
}

/* ---- Loading ---- */

/* What the file is read to. */
struct latch_file_entry {
    const char *scope;
    int state;
    const char *reason;
};

struct latch_file {
    int64_t seq;
    struct field_list latches; /* struct latch_file_entry */
};

static const struct field latch_file_entry_fields[] = {
    {.name = "scope",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct latch_file_entry, scope),
     .is_required = true},
    {.name = "state",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct latch_file_entry, state),
     .names = risk_state_names,
     .is_required = true},
    {.name = "reason",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct latch_file_entry, reason),
     .default_text = ""},
    {0}};
static const struct field_element latch_file_element = {.size = sizeof(struct latch_file_entry),
                                                        .fields = latch_file_entry_fields};
static const struct field latch_file_fields[] = {{.name = "seq",
                                                  .kind = FIELD_INTEGER,
                                                  .offset = offsetof(struct latch_file, seq),
                                                  .is_required = true,
                                                  .min = "1"},
                                                 {.name = "latches",
                                                  .kind = FIELD_LIST,
                                                  .offset = offsetof(struct latch_file, latches),
                                                  .element = &latch_file_element,
                                                  .is_required = true,
                                                  .count_max = RISK_LATCHES_MAX + 1},
                                                 {0}};

/* The whole file; ERR_NOT_FOUND when there is none. */
static enum err latch_file_read(const char *path, struct text *ret_content)
{
    const int file = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) {
        return errno == ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    char part[4096];
    ssize_t size = 1;
    while (size > 0 && ret_content->length <= RISK_LATCH_FILE_BYTES_MAX) {
        size = read(file, part, sizeof(part));
        if (size > 0) {
            text_append(ret_content, part, (size_t)size);
        }
    }
    const bool is_whole = size == 0 && !text_failed(ret_content);
    return close(file) == 0 && is_whole ? ERR_NONE : ERR_IO;
}

static enum err latch_file_parse(const struct text *content, struct arena *arena,
                                 struct latch_file *ret_file)
{
    struct problems problems;
    problems_init(&problems, "latch");
    const struct node *root;
    enum err err = node_read_json("latch", text_string(content), content->length,
                                  NODE_DEPTH_CONTROL_MAX, arena, &problems, &root);
    if (err == ERR_NONE) {
        err =
            field_parse(latch_file_fields, root, "", ret_file, sizeof(*ret_file), arena, &problems);
    }
    problems_done(&problems);
    return err;
}

static enum err latch_file_take(const struct latch_file *file, struct risk_latches *latches)
{
    const struct latch_file_entry *entries = file->latches.items;
    enum err err = ERR_NONE;
    for (size_t i = 0; i < file->latches.count && err == ERR_NONE; i++) {
        err = risk_latches_set(latches, entries[i].scope, (enum risk_state)entries[i].state,
                               entries[i].reason);
    }
    return err;
}

enum err risk_latch_file_load(const char *path, uint64_t last_seq, struct risk_latches *latches)
{
    struct text content = {0};
    struct arena arena;
    arena_init(&arena, LATCH_FILE_TREE_BYTES_MAX);
    struct latch_file file = {0};
    enum err err = latch_file_read(path, &content);
    const bool is_absent = err == ERR_NOT_FOUND;
    if (err == ERR_NONE) {
        err = latch_file_parse(&content, &arena, &file);
    }
    if (err == ERR_NONE && (uint64_t)file.seq > last_seq) {
        err = latch_file_take(&file, latches);
    } else if (err != ERR_NONE && err != ERR_MEMORY && !is_absent) {
        err = risk_latches_set(latches, RISK_SCOPE_GLOBAL, RISK_HALTED,
                               "the latch file beside the database cannot be read: remove it when "
                               "it is known why");
    }
    arena_done(&arena);
    text_done(&content);
    return is_absent ? ERR_NONE : err;
}
