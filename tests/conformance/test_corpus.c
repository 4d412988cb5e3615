/*
 * tests/conformance/test_corpus.c - replays the corpora of golden files and of venue messages.
 */
#include "tests/fuzz/corpus_replay.h"
#include "tests/fuzz/golden_input.h"
#include "tests/fuzz/wire_input.h"

START_TEST(golden_corpus)
{
    ck_assert_int_ge(corpus_replay("golden", golden_input_take), 12);
}
END_TEST

START_TEST(wire_corpus)
{
    ck_assert_int_ge(corpus_replay("wire", wire_input_take), 12);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("corpus");
    tcase_add_test(cases, golden_corpus);
    tcase_add_test(cases, wire_corpus);
    return corpus_run(cases);
}
