#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <yaml.h>

#include "base/assert.h"
#include "config/node_build.h"

/* An anchor and what an alias of it costs. */
struct yaml_anchor {
    const char *name;        /* In the arena. */
    const struct node *node; /* NULL while the node is still being read. */
    size_t count;            /* Nodes in it, itself included. */
    size_t height;           /* Levels of nesting in it; 0 for a scalar. */
};

/* A sequence or mapping that is being read. */
struct yaml_frame {
    struct node *node;
    const struct node *key;     /* Of a mapping: it waits for its value. NULL: a key comes next. */
    struct yaml_anchor *anchor; /* Its own, or NULL. */
    size_t count_before;        /* Nodes of the source in front of it. */
    size_t height;
};

struct yaml_reader {
    yaml_parser_t parser;
    struct arena *arena;
    struct problems *problems;
    const struct node *root;
    size_t count;    /* Nodes so far, expanded aliases and keys counted. */
    size_t expanded; /* Bytes that came out of scalars with variables. */
    size_t depth;
    size_t anchor_count;
    struct yaml_frame frames[NODE_DEPTH_MAX];
    struct yaml_anchor anchors[NODE_ANCHORS_MAX];
};

/* What an event says about the node that begins with it. */
struct yaml_start {
    enum node_kind kind;
    const yaml_char_t *anchor; /* NULL: none. */
    const yaml_char_t *tag;    /* NULL: none. */
    yaml_mark_t mark;
};

static struct yaml_frame *yaml_top(struct yaml_reader *reader)
{
    return reader->depth > 0 ? &reader->frames[reader->depth - 1] : NULL;
}

/* The path of the node that comes next. */
static void yaml_path(const struct yaml_reader *reader, char out[PROBLEMS_PATH_MAX])
{
    out[0] = '\0';
    for (size_t i = 0; i < reader->depth; i++) {
        const struct yaml_frame *frame = &reader->frames[i];
        char parent[PROBLEMS_PATH_MAX];
        memcpy(parent, out, sizeof(parent));
        if (frame->node->kind == NODE_SEQUENCE) {
            problems_path_index(parent, frame->node->count, out);
        } else if (frame->key != NULL) {
            problems_path_key(parent, frame->key->text, out);
        }
    }
}

FORMAT_LIKE_PRINTF(3, 4)
static void yaml_add(struct yaml_reader *reader, yaml_mark_t mark, const char *format, ...)
{
    char words[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, sizeof(words), format, arguments);
    va_end(arguments);
    char path[PROBLEMS_PATH_MAX];
    yaml_path(reader, path);
    problems_add(reader->problems, (int)mark.line + 1, (int)mark.column + 1, path, "%s", words);
}

static enum err yaml_count(struct yaml_reader *reader, size_t more, yaml_mark_t mark)
{
    reader->count += more;
    if (reader->count <= NODE_COUNT_MAX) {
        return ERR_NONE;
    }
    yaml_add(reader, mark, "too many values, expected at most %d (aliases count in full)",
             NODE_COUNT_MAX);
    return ERR_LIMIT;
}

static enum err yaml_too_deep(struct yaml_reader *reader, yaml_mark_t mark)
{
    yaml_add(reader, mark, "nested too deep, expected at most %d levels", NODE_DEPTH_MAX);
    return ERR_LIMIT;
}

/* The newest anchor of that name, or NULL: YAML lets a name be used again. */
static struct yaml_anchor *yaml_find_anchor(struct yaml_reader *reader, const char *name)
{
    for (size_t i = reader->anchor_count; i > 0; i--) {
        if (strcmp(reader->anchors[i - 1].name, name) == 0) {
            return &reader->anchors[i - 1];
        }
    }
    return NULL;
}

/* Notes the anchor of a node that begins. *ret_anchor is NULL when it has none. */
static enum err yaml_open_anchor(struct yaml_reader *reader, const struct yaml_start *start,
                                 struct yaml_anchor **ret_anchor)
{
    *ret_anchor = NULL;
    if (start->anchor == NULL) {
        return ERR_NONE;
    }
    if (reader->anchor_count == NODE_ANCHORS_MAX) {
        yaml_add(reader, start->mark, "too many anchors, expected at most %d", NODE_ANCHORS_MAX);
        return ERR_LIMIT;
    }
    const char *name = (const char *)start->anchor;
    struct yaml_anchor *anchor = &reader->anchors[reader->anchor_count];
    *anchor = (struct yaml_anchor){.name = arena_copy(reader->arena, name, strlen(name))};
    if (anchor->name == NULL) {
        return ERR_MEMORY;
    }
    reader->anchor_count++;
    *ret_anchor = anchor;
    return ERR_NONE;
}

/* Refuses tags that would make the node something else than text, a list or a mapping. */
static void yaml_check_tag(struct yaml_reader *reader, const struct yaml_start *start)
{
    static const struct {
        const char *tag;
        enum node_kind kind;
    } core[] = {
        {YAML_STR_TAG, NODE_SCALAR},  {YAML_INT_TAG, NODE_SCALAR},  {YAML_FLOAT_TAG, NODE_SCALAR},
        {YAML_BOOL_TAG, NODE_SCALAR}, {YAML_NULL_TAG, NODE_SCALAR}, {YAML_SEQ_TAG, NODE_SEQUENCE},
        {YAML_MAP_TAG, NODE_MAPPING},
    };
    if (start->tag == NULL) {
        return;
    }
    const char *tag = (const char *)start->tag;
    for (size_t i = 0; i < sizeof(core) / sizeof(core[0]); i++) {
        if (core[i].kind == start->kind && strcmp(core[i].tag, tag) == 0) {
            return;
        }
    }
    char excerpt[NODE_EXCERPT_MAX];
    node_excerpt(tag, strlen(tag), excerpt);
    yaml_add(reader, start->mark, "the tag %s is not allowed here, expected none", excerpt);
}

/* A new node at the mark; NULL when there is no memory. */
static struct node *yaml_node(struct yaml_reader *reader, enum node_kind kind, yaml_mark_t mark)
{
    struct node *node = arena_take(reader->arena, sizeof(*node));
    if (node != NULL) {
        node->kind = kind;
        node->line = (int)mark.line + 1;
        node->column = (int)mark.column + 1;
    }
    return node;
}

static bool yaml_expects_key(struct yaml_reader *reader)
{
    const struct yaml_frame *top = yaml_top(reader);
    return top != NULL && top->node->kind == NODE_MAPPING && top->key == NULL;
}

static enum err yaml_refuse_key(struct yaml_reader *reader, yaml_mark_t mark)
{
    yaml_add(reader, mark, "a list or mapping cannot be a key, expected text");
    return ERR_SYNTAX;
}

/* Puts a finished node of `height` levels where it belongs: root, element, key or value. */
static enum err yaml_place(struct yaml_reader *reader, const struct node *node, size_t height)
{
    struct yaml_frame *top = yaml_top(reader);
    if (top == NULL) {
        ASSERT(reader->root == NULL);
        reader->root = node;
        return ERR_NONE;
    }
    if (yaml_expects_key(reader)) {
        ASSERT(node->kind == NODE_SCALAR);
        top->key = node;
        return ERR_NONE;
    }
    top->height = height + 1 > top->height ? height + 1 : top->height;
    const struct node *key = top->key;
    top->key = NULL;
    return node_append(top->node, key, node, reader->arena);
}

static bool yaml_is_null(const char *text)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    for (size_t i = 0; i < sizeof(nulls) / sizeof(nulls[0]); i++) {
        if (strcmp(text, nulls[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Replaces the text of a scalar by itself with the variables filled in. A broken reference is a
 * problem and leaves it as it is. */
static enum err yaml_expand(struct yaml_reader *reader, struct node *node, yaml_mark_t mark)
{
    struct text expanded = {0};
    struct failure failure = {0};
    enum err err = node_expand(node->text, node->length, &expanded, &failure);
    reader->expanded += expanded.length;
    if (err == ERR_NONE && reader->expanded > NODE_BYTES_MAX) {
        err = failure_set(&failure, ERR_LIMIT,
                          "the variables make it too long, expected at most %d bytes in all",
                          NODE_BYTES_MAX);
    }
    if (text_failed(&expanded)) {
        err = ERR_MEMORY;
    } else if (err != ERR_NONE) {
        yaml_add(reader, mark, "%s", failure.text);
        err = err == ERR_LIMIT ? ERR_LIMIT : ERR_NONE;
    } else {
        node->length = expanded.length;
        node->text = arena_copy(reader->arena, text_string(&expanded), expanded.length);
        err = node->text != NULL ? ERR_NONE : ERR_MEMORY;
    }
    text_done(&expanded);
    return err;
}

/* Fills in the text of a scalar node and what it means. */
static enum err yaml_fill_scalar(struct yaml_reader *reader, struct node *node,
                                 const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    const char *tag = (const char *)event->data.scalar.tag;
    const yaml_scalar_style_t style = event->data.scalar.style;
    node->length = event->data.scalar.length;
    node->text = arena_copy(reader->arena, value, node->length);
    if (node->text == NULL) {
        return ERR_MEMORY;
    }
    node->is_quoted =
        tag != NULL ? strcmp(tag, YAML_STR_TAG) == 0 : style != YAML_PLAIN_SCALAR_STYLE;
    if (strlen(node->text) != node->length) {
        yaml_add(reader, event->start_mark, "a NUL character is not text, expected none");
        node->length = strlen(node->text);
    }
    const bool is_key = yaml_expects_key(reader);
    if (is_key && node->length == 0 && !node->is_quoted) {
        yaml_add(reader, event->start_mark, "an empty key, expected a name in front of the colon");
    }
    const bool is_block = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE;
    if (!is_key && !is_block && strchr(node->text, '$') != NULL) {
        const enum err err = yaml_expand(reader, node, event->start_mark);
        if (err != ERR_NONE) {
            return err;
        }
    }
    node->is_null = !node->is_quoted && yaml_is_null(node->text);
    return ERR_NONE;
}

static enum err yaml_on_scalar(struct yaml_reader *reader, const yaml_event_t *event)
{
    const struct yaml_start start = {.kind = NODE_SCALAR,
                                     .anchor = event->data.scalar.anchor,
                                     .tag = event->data.scalar.tag,
                                     .mark = event->start_mark};
    struct yaml_anchor *anchor;
    enum err err = yaml_count(reader, 1, start.mark);
    if (err == ERR_NONE) {
        err = yaml_open_anchor(reader, &start, &anchor);
    }
    if (err != ERR_NONE) {
        return err;
    }
    yaml_check_tag(reader, &start);
    struct node *node = yaml_node(reader, NODE_SCALAR, start.mark);
    if (node == NULL) {
        return ERR_MEMORY;
    }
    err = yaml_fill_scalar(reader, node, event);
    if (err != ERR_NONE) {
        return err;
    }
    if (anchor != NULL) {
        anchor->node = node;
        anchor->count = 1;
    }
    return yaml_place(reader, node, 0);
}

static enum err yaml_on_begin(struct yaml_reader *reader, struct yaml_start start)
{
    if (yaml_expects_key(reader)) {
        return yaml_refuse_key(reader, start.mark);
    }
    if (reader->depth == NODE_DEPTH_MAX) {
        return yaml_too_deep(reader, start.mark);
    }
    struct yaml_frame frame = {.count_before = reader->count};
    enum err err = yaml_count(reader, 1, start.mark);
    if (err == ERR_NONE) {
        err = yaml_open_anchor(reader, &start, &frame.anchor);
    }
    if (err != ERR_NONE) {
        return err;
    }
    yaml_check_tag(reader, &start);
    frame.node = yaml_node(reader, start.kind, start.mark);
    if (frame.node == NULL) {
        return ERR_MEMORY;
    }
    reader->frames[reader->depth++] = frame;
    return ERR_NONE;
}

static enum err yaml_on_end(struct yaml_reader *reader)
{
    ASSERT(reader->depth > 0);
    const struct yaml_frame frame = *yaml_top(reader);
    ASSERT(frame.key == NULL);
    reader->depth--;
    if (frame.node->kind == NODE_MAPPING) {
        char path[PROBLEMS_PATH_MAX];
        yaml_path(reader, path);
        if (node_check_keys(frame.node, path, reader->arena, reader->problems) != ERR_NONE) {
            return ERR_MEMORY;
        }
    }
    /* A container without children is a level of its own as well. */
    const size_t height = frame.height > 0 ? frame.height : 1;
    if (frame.anchor != NULL) {
        frame.anchor->node = frame.node;
        frame.anchor->count = reader->count - frame.count_before;
        frame.anchor->height = height;
    }
    return yaml_place(reader, frame.node, height);
}

static enum err yaml_on_alias(struct yaml_reader *reader, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const yaml_mark_t mark = event->start_mark;
    const struct yaml_anchor *anchor = yaml_find_anchor(reader, name);
    if (anchor == NULL || anchor->node == NULL) {
        char excerpt[NODE_EXCERPT_MAX];
        node_excerpt(name, strlen(name), excerpt);
        yaml_add(reader, mark,
                 anchor == NULL ? "no anchor %s stands above this alias"
                                : "the alias %s stands inside the node that it names",
                 excerpt);
        return ERR_SYNTAX;
    }
    if (yaml_expects_key(reader) && anchor->node->kind != NODE_SCALAR) {
        return yaml_refuse_key(reader, mark);
    }
    if (reader->depth + anchor->height > NODE_DEPTH_MAX) {
        return yaml_too_deep(reader, mark);
    }
    const enum err err = yaml_count(reader, anchor->count, mark);
    return err != ERR_NONE ? err : yaml_place(reader, anchor->node, anchor->height);
}

static enum err yaml_on_event(struct yaml_reader *reader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_DOCUMENT_START_EVENT:
        if (reader->root != NULL) {
            yaml_add(reader, event->start_mark, "a second document, expected only one");
            return ERR_SYNTAX;
        }
        return ERR_NONE;
    case YAML_ALIAS_EVENT:
        return yaml_on_alias(reader, event);
    case YAML_SCALAR_EVENT:
        return yaml_on_scalar(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        return yaml_on_begin(reader,
                             (struct yaml_start){.kind = NODE_SEQUENCE,
                                                 .anchor = event->data.sequence_start.anchor,
                                                 .tag = event->data.sequence_start.tag,
                                                 .mark = event->start_mark});
    case YAML_MAPPING_START_EVENT:
        return yaml_on_begin(reader, (struct yaml_start){.kind = NODE_MAPPING,
                                                         .anchor = event->data.mapping_start.anchor,
                                                         .tag = event->data.mapping_start.tag,
                                                         .mark = event->start_mark});
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return yaml_on_end(reader);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        break;
    }
    return ERR_NONE;
}

/* Turns what libyaml says into a problem. */
static enum err yaml_add_syntax(struct yaml_reader *reader, const char *text)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_MEMORY_ERROR) {
        return ERR_MEMORY;
    }
    if (parser->error == YAML_READER_ERROR) {
        const struct node_place place = node_place_of(text, parser->problem_offset);
        problems_add(reader->problems, place.line, place.column, "",
                     "the character %02x is not allowed in YAML, expected printable text",
                     (unsigned)parser->problem_value);
        return ERR_SYNTAX;
    }
    const int line = (int)parser->problem_mark.line + 1;
    const int column = (int)parser->problem_mark.column + 1;
    if (parser->context != NULL) {
        problems_add(reader->problems, line, column, "",
                     "%s, %s that began in line %zu, column %zu", parser->problem, parser->context,
                     parser->context_mark.line + 1, parser->context_mark.column + 1);
    } else {
        problems_add(reader->problems, line, column, "", "%s", parser->problem);
    }
    return ERR_SYNTAX;
}

static enum err yaml_read_events(struct yaml_reader *reader, const char *text)
{
    bool is_finished = false;
    enum err err = ERR_NONE;
    while (!is_finished && err == ERR_NONE) {
        yaml_event_t event;
        if (yaml_parser_parse(&reader->parser, &event) == 0) {
            return yaml_add_syntax(reader, text);
        }
        is_finished = event.type == YAML_STREAM_END_EVENT;
        err = yaml_on_event(reader, &event);
        yaml_event_delete(&event);
    }
    return err;
}

static enum err yaml_read(struct yaml_reader *reader, const char *text, size_t length)
{
    if (yaml_parser_initialize(&reader->parser) == 0) {
        return ERR_MEMORY;
    }
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text, length);
    const enum err err = yaml_read_events(reader, text);
    yaml_parser_delete(&reader->parser);
    if (err != ERR_NONE) {
        return err;
    }
    if (reader->root == NULL || reader->root->is_null) {
        problems_add(reader->problems, 0, 0, "", "the document is empty");
        return ERR_SYNTAX;
    }
    return ERR_NONE;
}

enum err node_read_yaml(const char *name, const char *text, size_t length, struct arena *arena,
                        struct problems *problems, const struct node **ret_root)
{
    const char *source = problems->source;
    const size_t before = problems->count;
    problems->source = name;
    enum err err = node_check_source(text, length, problems);
    if (err == ERR_NONE) {
        struct yaml_reader reader = {.arena = arena, .problems = problems};
        err = yaml_read(&reader, text, length);
        if (err == ERR_MEMORY) {
            err = node_out_of_memory(problems);
        } else if (err == ERR_NONE && problems->count > before) {
            err = ERR_SYNTAX;
        } else if (err == ERR_NONE) {
            *ret_root = reader.root;
        }
    }
    problems->source = source;
    return err;
}
