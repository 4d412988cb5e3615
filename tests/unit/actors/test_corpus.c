/*
 * tests/unit/actors/test_corpus.c - replays the corpus of actions.
 */
#include "tests/fuzz/action_input.h"
#include "tests/fuzz/corpus_replay.h"

START_TEST(action_corpus)
{
    ck_assert_int_ge(corpus_replay("action", action_input_take), 12);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("corpus");
    tcase_add_test(cases, action_corpus);
    return corpus_run(cases);
}
