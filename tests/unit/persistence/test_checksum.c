#include "persistence/checksum.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct journal_row base_row = {.seq = 1,
                                            .ts_ns = 1723075200123456789,
                                            .kind = "fill",
                                            .controller_id = "my_controller",
                                            .executor_id = "e1",
                                            .client_order_id = "zzz-1f-3",
                                            .payload = "{\"price\":\"1\"}"};

static bool same(struct checksum a, struct checksum b)
{
    return memcmp(a.bytes, b.bytes, CHECKSUM_SIZE) == 0;
}

/* BLAKE2b-256 as Python's hashlib computes it over the documented bytes:
 * bytes(32) + struct.pack("<QqQQQQQ", seq, ts, *lengths) + texts */
START_TEST(known_value)
{
    const struct checksum sum = checksum_of(&CHECKSUM_FIRST, &base_row);
    char hex[2 * CHECKSUM_SIZE + 1];
    for (int i = 0; i < CHECKSUM_SIZE; i++) {
        (void)snprintf(hex + 2 * i, 3, "%02x", sum.bytes[i]);
    }
    ck_assert_str_eq(hex, "253e3714869877246c3bb27353b073f40bbfa883695e4730605431643f2e9de2");
}
END_TEST

START_TEST(every_field_counts)
{
    struct journal_row rows[9];
    for (size_t i = 0; i < 9; i++) {
        rows[i] = base_row;
    }
    rows[0].seq = 2;
    rows[1].ts_ns++;
    rows[2].kind = "fill2";
    rows[3].controller_id = "";
    rows[4].executor_id = "e2";
    rows[5].client_order_id = "zzz-1f-4";
    rows[6].payload = "{\"price\":\"2\"}";
    /* The same bytes in a row, cut at another place. */
    rows[7].controller_id = "my_controllere";
    rows[7].executor_id = "1";
    rows[8].executor_id = "";
    rows[8].client_order_id = "e1zzz-1f-3";
    const struct checksum original = checksum_of(&CHECKSUM_FIRST, &base_row);
    for (size_t i = 0; i < 9; i++) {
        ck_assert_msg(!same(original, checksum_of(&CHECKSUM_FIRST, &rows[i])), "row %zu", i);
    }
}
END_TEST

START_TEST(chain_depends_on_all_before)
{
    const struct checksum first = checksum_of(&CHECKSUM_FIRST, &base_row);
    const struct checksum second = checksum_of(&first, &base_row);
    ck_assert(!same(first, second));
    ck_assert(same(first, checksum_of(&CHECKSUM_FIRST, &base_row)));
    ck_assert(same(second, checksum_of(&first, &base_row)));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("persistence/checksum");
    TCase *tcase = tcase_create("checksum");
    tcase_add_test(tcase, known_value);
    tcase_add_test(tcase, every_field_counts);
    tcase_add_test(tcase, chain_depends_on_all_before);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
