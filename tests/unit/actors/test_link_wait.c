#include <check.h>
#include <stdlib.h>

#include "actors/link.h"

static const char *const urls[] = {"inproc://link-wait"};

START_TEST(nobody_comes)
{
    const struct link_addresses addresses = {.urls = urls, .url_count = 1};
    struct link_publisher *publisher;
    struct failure failure;
    ck_assert_int_eq(link_publisher_open(&addresses, &publisher, &failure), ERR_NONE);
    ck_assert(link_publisher_wait(publisher, 0, 0));
    ck_assert(!link_publisher_wait(publisher, 1, 5));
    link_publisher_close(publisher, 0);
}
END_TEST

START_TEST(the_one_that_was_waited_for_comes)
{
    const struct link_addresses addresses = {.urls = urls, .url_count = 1};
    struct link_publisher *publisher;
    struct failure failure;
    ck_assert_int_eq(link_publisher_open(&addresses, &publisher, &failure), ERR_NONE);
    static const char *const topics[] = {""};
    const struct link_subscription subscription = {
        .url = urls[0], .topics = topics, .topic_count = 1};
    struct link_subscriber *subscriber;
    ck_assert_int_eq(link_subscriber_open(&subscription, &subscriber, &failure), ERR_NONE);
    ck_assert(link_publisher_wait(publisher, 1, 10000));
    ck_assert_uint_eq(link_publisher_peers(publisher), 1);
    link_subscriber_close(subscriber);
    link_publisher_close(publisher, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("link wait");
    TCase *tcase = tcase_create("publisher");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, nobody_comes);
    tcase_add_test(tcase, the_one_that_was_waited_for_comes);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
