/* Messages and their pool. */
#include <check.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "mailbox/message.h"
#include "mailbox/message_node.h"

enum { MANY = 1000, LARGE = 1025 };

extern void __asan_init(void) __attribute__((weak));
extern void __tsan_init(void) __attribute__((weak));

static void teardown(void)
{
    message_pool_drain();
}

static const size_t sizes[] = {
    0, 1, 64, 65, 256, 257, 1024, LARGE, 4097, 16384, 16385, 1 << 20, MESSAGE_SIZE_MAX};

START_TEST(message_has_its_size_and_envelope)
{
    const size_t size = sizes[_i];
    for (int round = 0; round < 2; round++) { /* Fresh, then recycled. */
        nng_msg *message = message_create(17, 42, size);
        ck_assert_ptr_nonnull(message);
        const struct envelope *envelope = message_envelope(message);
        ck_assert_uint_eq(envelope->kind, 17);
        ck_assert_uint_eq(envelope->size, size);
        ck_assert_int_eq(envelope->now_ns, 42);
        ck_assert(actor_ref_is_nobody(envelope->sender));
        ck_assert(actor_ref_is_nobody(envelope->receiver));
        ck_assert_uint_ge(nng_msg_len(message), sizeof(struct envelope) + size);
        ck_assert_uint_eq((uintptr_t)message_body(message) % alignof(max_align_t), 0);
        const struct message_node *node = message_node_of(message);
        ck_assert_uint_eq(node->size_class, size_class_of(size));
        ck_assert_ptr_eq(node, nng_msg_header(message)); /* As libnng lays out its messages. */
        ck_assert_ptr_eq(message_of_node(message_node_of(message)), message);
        ck_assert_ptr_eq(envelope, nng_msg_body(message));
        ck_assert_uint_eq((uintptr_t)node % alignof(struct message_node), 0);
        memset(message_body(message), 0xa5, size);
        message_destroy(message);
    }
}
END_TEST

START_TEST(classes_hold_their_sizes)
{
    for (size_t size = 0; size <= 16384; size++) {
        const size_t size_class = size_class_of(size);
        ck_assert_uint_lt(size_class, SIZE_CLASSES);
        ck_assert_uint_le(size, size_class_bytes(size_class));
        ck_assert(size_class == 0 || size > size_class_bytes(size_class - 1));
    }
    ck_assert_uint_eq(size_class_of(16385), SIZE_CLASS_NONE);
    ck_assert_uint_eq(size_class_of(SIZE_MAX), SIZE_CLASS_NONE);
}
END_TEST

START_TEST(messages_are_recycled)
{
    nng_msg *first = message_create(1, 0, 8);
    message_give(first);
    nng_msg *second = message_create(2, 0, 64); /* The same class. */
    ck_assert_ptr_eq(first, second);
    nng_msg *third = message_take(size_class_of(65), 3, 0, 65); /* Another one. */
    ck_assert_ptr_ne(first, third);
    message_destroy(second);
    message_destroy(third);
}
END_TEST

static int pointer_compare(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t) * (nng_msg *const *)a;
    const uintptr_t y = (uintptr_t) * (nng_msg *const *)b;
    return (x > y) - (x < y);
}

/* More than the magazines of a thread hold; each is handed out once. */
START_TEST(many_are_distinct)
{
    nng_msg *messages[MANY];
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < MANY; i++) {
            messages[i] = message_create(1, 0, 8);
            *(int *)message_body(messages[i]) = i;
        }
        for (int i = 0; i < MANY; i++) {
            ck_assert_int_eq(*(int *)message_body(messages[i]), i);
        }
        qsort(messages, MANY, sizeof(messages[0]), pointer_compare);
        for (int i = 0; i < MANY; i++) {
            ck_assert(i == 0 || messages[i - 1] != messages[i]);
            message_destroy(messages[i]);
        }
    }
}
END_TEST

static void *create_many(void *argument)
{
    nng_msg **messages = argument;
    for (int i = 0; i < MANY; i++) {
        messages[i] = message_create(1, 0, 200);
    }
    return NULL;
}

static void *destroy_many(void *argument)
{
    nng_msg **messages = argument;
    for (int i = 0; i < MANY; i++) {
        message_destroy(messages[i]);
    }
    return NULL;
}

/* Made in one thread, given back in another that ends: they come back through the depot. */
START_TEST(threads_return_their_messages)
{
    nng_msg *messages[MANY];
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, create_many, messages), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(pthread_create(&thread, NULL, destroy_many, messages), 0);
    pthread_join(thread, NULL);
    qsort(messages, MANY, sizeof(messages[0]), pointer_compare);
    for (int i = 0; i < MANY; i++) {
        nng_msg *message = message_create(1, 0, 200);
        ck_assert_ptr_nonnull(
            bsearch(&message, messages, MANY, sizeof(messages[0]), pointer_compare));
    }
    /* The thousand now belong to nobody but the array. */
    destroy_many(messages);
}
END_TEST

START_TEST(nothing_may_be_destroyed)
{
    message_destroy(NULL);
}
END_TEST

START_TEST(without_memory_there_is_no_message)
{
    if (__asan_init != NULL || __tsan_init != NULL) {
        return; /* A sanitizer needs its address space. */
    }
    const struct rlimit limit = {.rlim_cur = 256 << 20, .rlim_max = 256 << 20};
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    nng_msg *messages[64];
    int count = 0;
    while (count < 64 && (messages[count] = message_create(1, 0, MESSAGE_SIZE_MAX)) != NULL) {
        count++;
    }
    ck_assert_int_lt(count, 64);
    while (count > 0) {
        message_destroy(messages[--count]);
    }
}
END_TEST

START_TEST(too_large_a_message_is_a_bug)
{
    message_destroy(message_create(1, 0, (size_t)MESSAGE_SIZE_MAX + 1));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("message");
    TCase *tcase = tcase_create("message");
    tcase_add_checked_fixture(tcase, NULL, teardown);
    tcase_add_loop_test(tcase, message_has_its_size_and_envelope, 0,
                        sizeof(sizes) / sizeof(sizes[0]));
    tcase_add_test(tcase, classes_hold_their_sizes);
    tcase_add_test(tcase, messages_are_recycled);
    tcase_add_test(tcase, many_are_distinct);
    tcase_add_test(tcase, threads_return_their_messages);
    tcase_add_test(tcase, nothing_may_be_destroyed);
    tcase_add_test(tcase, without_memory_there_is_no_message);
    tcase_add_test_raise_signal(tcase, too_large_a_message_is_a_bug, 6);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
