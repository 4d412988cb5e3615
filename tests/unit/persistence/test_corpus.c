/*
 * tests/unit/persistence/test_corpus.c - replays the corpus of the reader of journal records.
 */
#include "tests/fuzz/corpus_replay.h"
#include "tests/fuzz/record_input.h"

START_TEST(record_corpus)
{
    ck_assert_int_ge(corpus_replay("record", record_input_take), 40);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("corpus");
    tcase_add_test(cases, record_corpus);
    return corpus_run(cases);
}
