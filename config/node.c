#include "config/node.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/node_build.h"

const struct node *node_get(const struct node *mapping, const char *key)
{
    if (mapping == NULL || mapping->kind != NODE_MAPPING) {
        return NULL;
    }
    for (size_t i = 0; i < mapping->count; i++) {
        if (strcmp(mapping->keys[i]->text, key) == 0) {
            return mapping->items[i];
        }
    }
    return NULL;
}

const char *node_get_text(const struct node *mapping, const char *key)
{
    const struct node *value = node_get(mapping, key);
    return value != NULL && value->kind == NODE_SCALAR && !value->is_null ? value->text : NULL;
}

static bool name_is_json(const char *name)
{
    const size_t length = strlen(name);
    return length >= 5 && strcmp(name + length - 5, ".json") == 0;
}

/* Reads up to `capacity` bytes of a file. Returns 0, or errno. */
static int file_read(const char *path, char *bytes, size_t capacity, size_t *ret_length)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return errno;
    }
    errno = 0;
    const size_t length = fread(bytes, 1, capacity, file);
    const int error = ferror(file) == 0 ? 0 : errno != 0 ? errno : EIO;
    (void)fclose(file);
    *ret_length = length;
    return error;
}

/* As node_read_file(), with memory for the file: one byte more than is accepted. */
static enum err node_read_bytes(const char *path, char *bytes, struct arena *arena,
                                struct problems *problems, const struct node **ret_root)
{
    size_t length = 0;
    const int error = file_read(path, bytes, NODE_BYTES_MAX + 1, &length);
    if (error != 0) {
        problems_add(problems, 0, 0, "", "%s: cannot read the file: %s", path, strerror(error));
        return ERR_IO;
    }
    if (name_is_json(path)) {
        return node_read_json(path, bytes, length, NODE_DEPTH_MAX, arena, problems, ret_root);
    }
    return node_read_yaml(path, bytes, length, arena, problems, ret_root);
}

enum err node_read_file(const char *path, struct arena *arena, struct problems *problems,
                        const struct node **ret_root)
{
    char *bytes = malloc(NODE_BYTES_MAX + 1);
    if (bytes == NULL) {
        return node_out_of_memory(problems);
    }
    const enum err err = node_read_bytes(path, bytes, arena, problems, ret_root);
    free(bytes);
    return err;
}
