/*
 * tests/unit/actors/test_corpus.c - replays the corpora of actions, and of clients of HTTP.
 */
#include "tests/fuzz/action_input.h"
#include "tests/fuzz/corpus_replay.h"
#include "tests/fuzz/http_input.h"

START_TEST(action_corpus)
{
    ck_assert_int_ge(corpus_replay("action", action_input_take), 12);
}
END_TEST

START_TEST(http_corpus)
{
    ck_assert_int_ge(corpus_replay("http", http_input_take), 12);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("corpus");
    tcase_add_test(cases, action_corpus);
    tcase_add_test(cases, http_corpus);
    return corpus_run(cases);
}
