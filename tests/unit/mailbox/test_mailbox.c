/* The mailbox: order, bounds, sleeping, and many writers at once. */
#include <check.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>

#include "mailbox/mailbox.h"
#include "mailbox/mailbox_layout.h"
#include "mailbox/message.h"

enum { CAPACITY = 100, WRITERS = 4, EACH = 20000 };

static struct mailbox box;

static void setup(void)
{
    mailbox_init(&box);
    mailbox_open(&box, CAPACITY);
}

static void teardown(void)
{
    mailbox_done(&box);
    message_pool_drain();
}

static enum err send_kind(uint32_t kind, bool *ret_was_idle)
{
    nng_msg *message = message_create(kind, 0, 0);
    const enum err err = mailbox_send(&box, &message, ret_was_idle);
    ck_assert(err == ERR_NONE ? message == NULL : message != NULL);
    message_destroy(message);
    return err;
}

static bool send_ok(uint32_t kind)
{
    bool was_idle;
    ck_assert_int_eq(send_kind(kind, &was_idle), ERR_NONE);
    return was_idle;
}

/* 0 when there is none. */
static uint32_t receive_kind(void)
{
    nng_msg *message = mailbox_receive(&box);
    const uint32_t kind = message == NULL ? 0 : message_envelope(message)->kind;
    message_destroy(message);
    return kind;
}

START_TEST(first_message_wakes)
{
    ck_assert(send_ok(1));
    ck_assert(!send_ok(2));
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert(!send_ok(3)); /* Awake until the owner sleeps, also when it is empty. */
    ck_assert_uint_eq(receive_kind(), 2);
    ck_assert(!mailbox_sleep(&box));
    ck_assert_uint_eq(receive_kind(), 3);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(mailbox_sleep(&box));
    ck_assert(send_ok(4));
}
END_TEST

START_TEST(one_by_one)
{
    for (uint32_t i = 1; i < 1000; i++) {
        ck_assert(send_ok(i));
        ck_assert_uint_eq(receive_kind(), i);
        ck_assert_uint_eq(receive_kind(), 0);
        ck_assert(mailbox_sleep(&box));
    }
}
END_TEST

START_TEST(order_is_kept)
{
    uint32_t next_in = 1;
    uint32_t next_out = 1;
    for (uint32_t burst = 1; burst < 60; burst++) {
        for (uint32_t i = 0; i < burst; i++) {
            (void)send_ok(next_in++);
        }
        for (uint32_t i = 0; i < burst; i++) {
            ck_assert_uint_eq(receive_kind(), next_out++);
        }
    }
    ck_assert_uint_eq(receive_kind(), 0);
}
END_TEST

static const size_t capacities[] = {1, 2, 8, 64, 1000};

START_TEST(full_refuses_and_room_comes_back)
{
    const size_t capacity = capacities[_i];
    bool was_idle;
    mailbox_open(&box, capacity);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < capacity; i++) {
            ck_assert_int_eq(send_kind(1, &was_idle), ERR_NONE);
        }
        ck_assert_int_eq(send_kind(1, &was_idle), ERR_FULL);
        ck_assert_uint_eq(mailbox_depth(&box), capacity);
        /* Room is given back at the latest after an eighth of the capacity. */
        for (size_t i = 0; i < capacity / 8 + 1; i++) {
            ck_assert_uint_eq(receive_kind(), 1);
        }
        ck_assert_int_eq(send_kind(1, &was_idle), ERR_NONE);
        while (receive_kind() != 0) {
        }
        ck_assert_uint_eq(mailbox_depth(&box), 0);
    }
}
END_TEST

START_TEST(push_goes_beyond_the_bound)
{
    bool was_idle;
    mailbox_open(&box, 1);
    ck_assert_int_eq(send_kind(1, &was_idle), ERR_NONE);
    nng_msg *message = message_create(2, 0, 0);
    ck_assert_int_eq(mailbox_push(&box, &message, &was_idle), ERR_NONE);
    ck_assert_ptr_null(message);
    ck_assert(!was_idle);
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert_uint_eq(receive_kind(), 2);
}
END_TEST

START_TEST(closed_refuses_and_keeps_what_waits)
{
    bool was_idle;
    (void)send_ok(1);
    mailbox_close(&box);
    ck_assert_int_eq(send_kind(2, &was_idle), ERR_CLOSED);
    nng_msg *message = message_create(2, 0, 0);
    ck_assert_int_eq(mailbox_push(&box, &message, &was_idle), ERR_CLOSED);
    ck_assert_ptr_nonnull(message);
    message_destroy(message);
    ck_assert_uint_eq(mailbox_depth(&box), 1);
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert_uint_eq(receive_kind(), 0);
    mailbox_open(&box, CAPACITY);
    (void)send_ok(3);
    ck_assert_uint_eq(receive_kind(), 3);
}
END_TEST

START_TEST(new_mailbox_is_closed_and_asleep)
{
    struct mailbox fresh;
    mailbox_init(&fresh);
    nng_msg *message = message_create(1, 0, 0);
    bool was_idle;
    ck_assert_int_eq(mailbox_send(&fresh, &message, &was_idle), ERR_CLOSED);
    message_destroy(message);
    ck_assert(mailbox_wake(&fresh));
    ck_assert(!mailbox_wake(&fresh));
    ck_assert(mailbox_sleep(&fresh));
    mailbox_done(&fresh);
}
END_TEST

START_TEST(only_one_wakes)
{
    ck_assert(mailbox_wake(&box));
    ck_assert(!send_ok(1)); /* It has an owner already. */
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(mailbox_sleep(&box));
    ck_assert(send_ok(2));
    ck_assert(!mailbox_wake(&box));
}
END_TEST

/* The steps of a message one by one. */
START_TEST(links_lead_from_the_oldest_to_the_newest)
{
    nng_msg *first = message_create(1, 0, 0);
    nng_msg *second = message_create(2, 0, 0);
    struct message_node *first_node = message_node_of(first);
    struct message_node *second_node = message_node_of(second);
    ck_assert(mailbox_append(&box, first_node)); /* It slept. */
    ck_assert(!mailbox_append(&box, second_node));
    ck_assert_ptr_eq(mailbox_next(&box.oldest), first_node);
    ck_assert_ptr_eq(mailbox_next(&first_node->next), second_node);
    ck_assert(!mailbox_take_last(&box, first_node)); /* It is not the last. */
    ck_assert_uint_eq(atomic_load(&box.newest), (uintptr_t)second_node);
    ck_assert(mailbox_take_last(&box, second_node));
    ck_assert_uint_eq(atomic_load(&box.newest), MAILBOX_EMPTY);
    ck_assert_ptr_null(mailbox_next(&box.oldest));
    atomic_store(&box.sent, 2);
    box.batch = box.batch_left + 2;
    mailbox_settle(&box);
    ck_assert_uint_eq(mailbox_depth(&box), 0);
    ck_assert(mailbox_sleep(&box));
    message_destroy(first);
    message_destroy(second);
}
END_TEST

/* A writer came behind the last message before its reader could take it out, or is about to link
 * the first one: the reader comes back. */
START_TEST(a_writer_before_its_second_step_is_waited_for)
{
    nng_msg *message = message_create(1, 0, 0);
    struct message_node *node = message_node_of(message);
    ck_assert(mailbox_wake(&box));
    atomic_store(&node->next, NULL);
    atomic_store(&box.newest, (uintptr_t)node); /* The first step. */
    atomic_store(&box.sent, 1);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(!mailbox_sleep(&box));
    atomic_store(&box.oldest, node); /* The second one. */
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(mailbox_sleep(&box));
}
END_TEST

/* A writer was interrupted between its two steps: nothing leads to the newest message yet. */
START_TEST(a_broken_chain_is_no_reason_to_sleep)
{
    nng_msg *first = message_create(1, 0, 0);
    nng_msg *second = message_create(2, 0, 0);
    struct message_node *first_node = message_node_of(first);
    struct message_node *second_node = message_node_of(second);
    ck_assert(mailbox_wake(&box));
    atomic_store(&first_node->next, NULL); /* The writer of the second is about to link it here. */
    atomic_store(&second_node->next, NULL);
    atomic_store(&box.newest, (uintptr_t)second_node);
    atomic_store(&box.sent, 2);
    atomic_store(&box.oldest, first_node);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(!mailbox_sleep(&box));
    atomic_store(&first_node->next, second_node);
    ck_assert_uint_eq(receive_kind(), 1);
    ck_assert_uint_eq(receive_kind(), 2);
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert(mailbox_sleep(&box));
    ck_assert_uint_eq(mailbox_depth(&box), 0);
    ck_assert(send_ok(3));
}
END_TEST

START_TEST(done_destroys_what_waits)
{
    for (uint32_t i = 1; i <= CAPACITY; i++) {
        (void)send_ok(i);
    }
    mailbox_done(&box); /* A leak checker sees what would be left. */
    ck_assert_uint_eq(receive_kind(), 0);
}
END_TEST

/* Writers and a reader that sleeps on a semaphore, as the runtime does. */
static sem_t wake;

static void *writer_main(void *argument)
{
    const uint32_t writer = *(const uint32_t *)argument;
    for (uint32_t i = 0; i < EACH; i++) {
        nng_msg *message = message_create(writer, i, 0);
        bool was_idle;
        while (mailbox_send(&box, &message, &was_idle) != ERR_NONE) {
            (void)sched_yield();
        }
        if (was_idle) {
            sem_post(&wake);
        }
    }
    return NULL;
}

static uint32_t read_one(int64_t *next_of)
{
    nng_msg *message = mailbox_receive(&box);
    if (message == NULL) {
        if (mailbox_sleep(&box)) {
            sem_wait(&wake);
        }
        return 0;
    }
    const struct envelope *envelope = message_envelope(message);
    if (envelope->now_ns != next_of[envelope->kind]) {
        ck_abort_msg("out of order");
    }
    next_of[envelope->kind]++;
    message_destroy(message);
    return 1;
}

START_TEST(many_writers_one_reader)
{
    pthread_t threads[WRITERS];
    uint32_t names[WRITERS];
    int64_t next_of[WRITERS] = {0};
    ck_assert_int_eq(sem_init(&wake, 0, 0), 0);
    for (uint32_t i = 0; i < WRITERS; i++) {
        names[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, writer_main, &names[i]), 0);
    }
    sem_wait(&wake); /* The mailbox was asleep: the first writer tells. */
    for (uint32_t received = 0; received < WRITERS * EACH;) {
        received += read_one(next_of);
    }
    for (uint32_t i = 0; i < WRITERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(next_of[i], EACH);
    }
    ck_assert_uint_eq(receive_kind(), 0);
    ck_assert_uint_eq(mailbox_depth(&box), 0);
}
END_TEST

/* Writers send until the mailbox is closed under their hands, and say how many it took. */
static void *refused_writer_main(void *argument)
{
    uint32_t *writer = argument; /* Its number; then how many were taken. */
    const uint32_t name = *writer;
    int64_t sent = 0;
    enum err err = ERR_NONE;
    while (err != ERR_CLOSED) {
        nng_msg *message = message_create(name, sent, 0);
        bool was_idle = false;
        err = sent % 5 == 4 ? mailbox_push(&box, &message, &was_idle)
                            : mailbox_send(&box, &message, &was_idle);
        sent += err == ERR_NONE ? 1 : 0;
        ck_assert((message == NULL) == (err == ERR_NONE));
        message_destroy(message);
        if (was_idle) {
            sem_post(&wake);
        }
    }
    *writer = (uint32_t)sent;
    return NULL;
}

static const uint32_t writers_of[] = {1, 2, 4};

/* What was taken is there, in order and once; what was refused stayed with its writer. */
START_TEST(closed_while_others_send)
{
    const uint32_t writers = writers_of[_i / 10];
    pthread_t threads[WRITERS];
    uint32_t counts[WRITERS];
    int64_t next_of[WRITERS] = {0};
    ck_assert_int_eq(sem_init(&wake, 0, 0), 0);
    for (uint32_t i = 0; i < writers; i++) {
        counts[i] = i;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, refused_writer_main, &counts[i]), 0);
    }
    sem_wait(&wake);
    for (uint32_t received = 0; received < 1000 * (uint32_t)(_i % 10);) {
        received += read_one(next_of);
    }
    mailbox_close(&box);
    for (uint32_t i = 0; i < writers; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    }
    while (mailbox_depth(&box) > 0) {
        (void)read_one(next_of);
    }
    for (uint32_t i = 0; i < writers; i++) {
        ck_assert_int_eq(next_of[i], counts[i]);
    }
    ck_assert_uint_eq(receive_kind(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mailbox");
    TCase *tcase = tcase_create("mailbox");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, first_message_wakes);
    tcase_add_test(tcase, one_by_one);
    tcase_add_test(tcase, order_is_kept);
    tcase_add_loop_test(tcase, full_refuses_and_room_comes_back, 0,
                        sizeof(capacities) / sizeof(capacities[0]));
    tcase_add_test(tcase, push_goes_beyond_the_bound);
    tcase_add_test(tcase, closed_refuses_and_keeps_what_waits);
    tcase_add_test(tcase, new_mailbox_is_closed_and_asleep);
    tcase_add_test(tcase, only_one_wakes);
    tcase_add_test(tcase, links_lead_from_the_oldest_to_the_newest);
    tcase_add_test(tcase, a_broken_chain_is_no_reason_to_sleep);
    tcase_add_test(tcase, a_writer_before_its_second_step_is_waited_for);
    tcase_add_test(tcase, done_destroys_what_waits);
    tcase_add_test(tcase, many_writers_one_reader);
    tcase_add_loop_test(tcase, closed_while_others_send, 0, 30);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
