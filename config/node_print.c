#include <string.h>

#include "config/node.h"
#include "config/node_build.h"

static bool scalar_is_literal(const struct node *node)
{
    return strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0 ||
           node_is_json_number(node->text, node->length);
}

static void scalar_print(const struct node *node, struct text *out)
{
    if (node->is_null) {
        json_null(out);
    } else if (!node->is_quoted && scalar_is_literal(node)) {
        json_raw(out, node->text);
    } else {
        json_string(out, node->text);
    }
}

/* Recursion is bounded: no reader builds a tree deeper than NODE_DEPTH_MAX. */
void node_print_json(const struct node *node, struct text *out)
{
    switch (node->kind) {
    case NODE_SCALAR:
        scalar_print(node, out);
        break;
    case NODE_SEQUENCE:
        json_array_begin(out);
        for (size_t i = 0; i < node->count; i++) {
            node_print_json(node->items[i], out);
        }
        json_array_end(out);
        break;
    case NODE_MAPPING:
        json_object_begin(out);
        for (size_t i = 0; i < node->count; i++) {
            json_key(out, node->keys[i]->text);
            node_print_json(node->items[i], out);
        }
        json_object_end(out);
        break;
    }
}
