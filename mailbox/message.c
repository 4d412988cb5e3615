#include "mailbox/message.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/assert.h"
#include "mailbox/hot_path.h"
#include "mailbox/message_node.h"

/*
 * The pool. Each thread has two magazines per size class and works on them without a lock; full
 * and empty ones are exchanged with the depot under its mutex, 128 messages at a time. Magazines
 * are arrays and not lists through the messages, because a list would walk cache lines of another
 * core one after the other. (Bonwick and Adams, "Magazines and Vmem", 2001.)
 */
enum {
    MAGAZINE_MESSAGES = 128,
    DEPOT_MAGAZINES_MAX = 8192, /* Per size class; what comes on top is freed. */
};

struct magazine {
    struct magazine *next;                         /* Owned by the depot's list. */
    size_t count;                                  /* Of one that no thread has loaded. */
    struct message_node *nodes[MAGAZINE_MESSAGES]; /* Owned, with their messages. */
};

/*
 * `previous` is always full or empty, so that a thread that swings around a boundary does not go
 * to the depot each time. Both may be NULL. The three pointers go into the loaded one: with all of
 * them NULL there is nothing to take and no room to give, so the usual path asks for nothing else.
 */
struct magazine_pair {
    struct message_node **top;   /* Behind the last message. */
    struct message_node **first; /* Here it is empty. */
    struct message_node **end;   /* And here full. */
    struct magazine *loaded;
    struct magazine *previous;
};

struct depot {
    struct magazine *filled; /* Each holds at least one message. */
    struct magazine *empty;
    size_t filled_count;
    size_t empty_count;
};

static struct depot depots[SIZE_CLASSES];
static pthread_mutex_t depot_lock = PTHREAD_MUTEX_INITIALIZER;

/* The last one is of the messages that are not kept, and stays as it is. */
static _Thread_local struct magazine_pair thread_pairs[SIZE_CLASSES + 1] FOUND_AT_ONCE;
static _Thread_local bool thread_is_registered;
static pthread_key_t thread_key;
static pthread_once_t thread_key_once = PTHREAD_ONCE_INIT;

static void magazine_free(struct magazine *magazine)
{
    if (magazine == NULL) {
        return;
    }
    for (size_t i = 0; i < magazine->count; i++) {
        nng_msg_free(message_of_node(magazine->nodes[i]));
    }
    free(magazine);
}

/* Puts a magazine into the depot, or frees it when the depot has enough. */
static void depot_give(struct depot *depot, struct magazine *magazine)
{
    if (magazine == NULL) {
        return;
    }
    const bool is_filled = magazine->count > 0;
    struct magazine **list = is_filled ? &depot->filled : &depot->empty;
    size_t *count = is_filled ? &depot->filled_count : &depot->empty_count;
    (void)pthread_mutex_lock(&depot_lock);
    const bool is_kept = *count < DEPOT_MAGAZINES_MAX;
    if (is_kept) {
        magazine->next = *list;
        *list = magazine;
        (*count)++;
    }
    (void)pthread_mutex_unlock(&depot_lock);
    if (!is_kept) {
        magazine_free(magazine);
    }
}

/* A filled or an empty magazine; NULL when the depot has none. */
static struct magazine *depot_take(struct depot *depot, bool is_filled)
{
    struct magazine **list = is_filled ? &depot->filled : &depot->empty;
    size_t *count = is_filled ? &depot->filled_count : &depot->empty_count;
    (void)pthread_mutex_lock(&depot_lock);
    struct magazine *magazine = *list;
    if (magazine != NULL) {
        *list = magazine->next;
        (*count)--;
    }
    (void)pthread_mutex_unlock(&depot_lock);
    return magazine;
}

/* Makes `magazine` the loaded one and the loaded one the previous. */
static void pair_load(struct magazine_pair *pair, struct magazine *magazine)
{
    if (pair->loaded != NULL) {
        pair->loaded->count = (size_t)(pair->top - pair->first);
    }
    pair->previous = pair->loaded;
    pair->loaded = magazine;
    pair->first = magazine->nodes;
    pair->top = magazine->nodes + magazine->count;
    pair->end = magazine->nodes + MAGAZINE_MESSAGES;
}

/* Runs when a thread ends: its magazines go to the depot. */
static void thread_return_magazines(void *unused)
{
    (void)unused;
    for (size_t i = 0; i < SIZE_CLASSES; i++) {
        struct magazine_pair *pair = &thread_pairs[i];
        if (pair->loaded != NULL) {
            pair->loaded->count = (size_t)(pair->top - pair->first);
        }
        depot_give(&depots[i], pair->loaded);
        depot_give(&depots[i], pair->previous);
        *pair = (struct magazine_pair){.loaded = NULL};
    }
    thread_is_registered = false;
}

static void thread_key_create(void)
{
    const int result = pthread_key_create(&thread_key, thread_return_magazines);
    ASSERT(result == 0);
}

static void thread_register(void)
{
    if (thread_is_registered) {
        return;
    }
    (void)pthread_once(&thread_key_once, thread_key_create);
    /* Any value but NULL makes the destructor run. Without memory for it the magazines of this
     * thread are lost when it ends, nothing else. */
    (void)pthread_setspecific(thread_key, &thread_key);
    thread_is_registered = true;
}

/* Makes a magazine of the depot the loaded one, `previous` going there. NULL: it had none. */
static bool pair_exchange(struct magazine_pair *pair, size_t size_class, struct magazine *magazine)
{
    if (magazine == NULL) {
        return false;
    }
    thread_register();
    depot_give(&depots[size_class], pair->previous);
    pair_load(pair, magazine);
    return true;
}

NEVER_INLINED static bool pair_fetch_filled(struct magazine_pair *pair, size_t size_class)
{
    return pair_exchange(pair, size_class, depot_take(&depots[size_class], true));
}

NEVER_INLINED static bool pair_fetch_empty(struct magazine_pair *pair, size_t size_class)
{
    struct magazine *empty = depot_take(&depots[size_class], false);
    return pair_exchange(pair, size_class, empty != NULL ? empty : calloc(1, sizeof(*empty)));
}

/* Makes a magazine with messages the loaded one. False when there is none. */
static bool pair_load_filled(struct magazine_pair *pair, size_t size_class)
{
    if (pair->previous != NULL && pair->previous->count > 0) {
        pair_load(pair, pair->previous);
        return true;
    }
    return pair_fetch_filled(pair, size_class);
}

/* Makes a magazine with room the loaded one. False without memory. */
static bool pair_load_empty(struct magazine_pair *pair, size_t size_class)
{
    if (pair->previous != NULL && pair->previous->count == 0) {
        pair_load(pair, pair->previous);
        return true;
    }
    return pair_fetch_empty(pair, size_class);
}

/* A new nng_msg whose body has its full length for good: trimming would lose capacity. */
static struct message_node *message_allocate(size_t size_class, size_t size)
{
    const size_t bytes = size_class == SIZE_CLASS_NONE ? size : size_class_bytes(size_class);
    nng_msg *message;
    if (nng_msg_alloc(&message, sizeof(struct envelope) + bytes) != 0) {
        return NULL;
    }
    const struct message_node node = {.envelope = nng_msg_body(message),
                                      .size_class = (uint32_t)size_class};
    if (nng_msg_header_append(message, &node, sizeof(node)) != 0) {
        nng_msg_free(message);
        return NULL;
    }
    /* A libnng that lays out its messages otherwise is found out by the first of them. */
    ASSERT(nng_msg_header(message) == (void *)message);
    ASSERT((uintptr_t)message % alignof(struct message_node) == 0);
    ASSERT((uintptr_t)node.envelope % alignof(struct envelope) == 0);
    return message_node_of(message);
}

static inline nng_msg *message_begin(struct message_node *node, uint32_t kind, int64_t now_ns,
                                     size_t size)
{
    *node->envelope = (struct envelope){
        .kind = kind,
        .size = (uint32_t)size,
        .sender = ACTOR_NOBODY,
        .receiver = ACTOR_NOBODY,
        .now_ns = now_ns,
    };
    return message_of_node(node);
}

/* From another magazine than the loaded one, or a new message. */
NEVER_INLINED static nng_msg *message_take_rarely(size_t size_class, uint32_t kind, int64_t now_ns,
                                                  size_t size)
{
    ASSERT(size <= MESSAGE_SIZE_MAX);
    struct magazine_pair *pair = &thread_pairs[size_class];
    const bool is_kept = size_class != SIZE_CLASS_NONE && pair_load_filled(pair, size_class);
    struct message_node *node = is_kept ? *--pair->top : message_allocate(size_class, size);
    return node != NULL ? message_begin(node, kind, now_ns, size) : NULL;
}

nng_msg *message_take(size_t size_class, uint32_t kind, int64_t now_ns, size_t size)
{
    struct magazine_pair *pair = &thread_pairs[size_class];
    if (pair->top != pair->first) {
        return message_begin(*--pair->top, kind, now_ns, size);
    }
    return message_take_rarely(size_class, kind, now_ns, size);
}

/* Into another magazine than the loaded one, or freed. */
NEVER_INLINED static void message_give_rarely(struct message_node *node)
{
    const size_t size_class = node->size_class;
    struct magazine_pair *pair = &thread_pairs[size_class];
    if (size_class != SIZE_CLASS_NONE && pair_load_empty(pair, size_class)) {
        *pair->top++ = node;
    } else {
        nng_msg_free(message_of_node(node));
    }
}

void message_give(nng_msg *message)
{
    struct message_node *node = message_node_of(message);
    struct magazine_pair *pair = &thread_pairs[node->size_class];
    if (pair->top != pair->end) {
        *pair->top++ = node;
    } else {
        message_give_rarely(node);
    }
}

void message_pool_drain(void)
{
    thread_return_magazines(NULL);
    for (size_t i = 0; i < SIZE_CLASSES; i++) {
        struct magazine *magazine;
        while ((magazine = depot_take(&depots[i], true)) != NULL ||
               (magazine = depot_take(&depots[i], false)) != NULL) {
            magazine_free(magazine);
        }
    }
}
