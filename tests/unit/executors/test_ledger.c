/*
 * tests/unit/executors/test_ledger.c - the ledger: states, sums, and what is saved of it.
 */
#include "executors/ledger.h"

#include "base/prng.h"
#include "bracketing.h"

static const struct order_draft draft = {
    .role = ROLE_OPEN, .side = SIDE_BUY, .type = ORDER_MARKET, .amount = DECIMAL_ONE};

static struct ledger_order *place(struct ledger *ledger, enum order_role role)
{
    struct order_draft other = draft;
    other.role = role;
    return ledger_place(ledger, &other, 7);
}

static struct fill fill_of(const char *price, const char *amount, const char *fee, bool in_base)
{
    return (struct fill){
        .price = D(price), .amount = D(amount), .fee = D(fee), .fee_in_base = in_base};
}

START_TEST(orders_are_numbered_from_one)
{
    struct ledger ledger = {0};
    for (uint32_t i = 1; i <= 100; i++) {
        ck_assert_uint_eq(place(&ledger, ROLE_OPEN)->ordinal, i);
    }
    ck_assert_ptr_null(ledger_find(&ledger, 0));
    ck_assert_ptr_null(ledger_find(&ledger, 101));
    ck_assert_uint_eq(ledger_find(&ledger, 42)->ordinal, 42);
    ck_assert_int_eq(ledger_find(&ledger, 42)->state, LEDGER_PENDING);
    ck_assert_int_eq(ledger_find(&ledger, 42)->placed_at_ns, 7);
    ledger_done(&ledger);
}
END_TEST

START_TEST(fills_are_summed_exactly_whatever_becomes_of_the_order)
{
    struct ledger ledger = {0};
    place(&ledger, ROLE_OPEN);
    place(&ledger, ROLE_CLOSE);
    const struct fill bought = fill_of("3", "0.1", "0.0001", true);
    const struct fill sold = fill_of("4", "0.05", "0.002", false);
    ledger_fill(&ledger, 1, &bought);
    ck_assert(ledger_set_state(&ledger, ledger_find(&ledger, 1), LEDGER_CANCELED));
    ledger_fill(&ledger, 1, &bought);
    ledger_fill(&ledger, 2, &sold);
    ck_assert_decimal_eq(ledger.opening.executed, "0.2");
    ck_assert_decimal_eq(ledger.opening.quote, "0.6");
    ck_assert_decimal_eq(ledger.fee_base, "0.0002");
    ck_assert_decimal_eq(ledger.fees, "0.0026");
    ck_assert_decimal_eq(ledger.average, "3");
    ck_assert_decimal_eq(ledger.basis, "0.5994");
    ck_assert_decimal_eq(ledger_opened(&ledger), "0.1998");
    ck_assert_decimal_eq(ledger_remaining(&ledger), "0.1498");
    ck_assert_decimal_eq(ledger.closing.executed, "0.05");
    ck_assert_decimal_eq(ledger.closing.quote, "0.2");
    ck_assert_decimal_eq(ledger_find(&ledger, 1)->executed, "0.2");
    ck_assert_decimal_eq(place(&ledger, ROLE_TAKE_PROFIT)->gross_at_placement, "0.2");
    ledger_done(&ledger);
}
END_TEST

START_TEST(whatever_happens_to_it_is_counted)
{
    struct ledger ledger = {0};
    const struct fill bought = fill_of("3", "0.1", "0", false);
    place(&ledger, ROLE_OPEN);
    ck_assert_uint_eq(ledger.changes, 1);
    ledger_fill(&ledger, 1, &bought);
    ck_assert_uint_eq(ledger.changes, 2);
    ck_assert(ledger_set_state(&ledger, ledger_find(&ledger, 1), LEDGER_FILLED));
    ck_assert_uint_eq(ledger.changes, 3);
    ck_assert(!ledger_set_state(&ledger, ledger_find(&ledger, 1), LEDGER_CANCELED));
    ck_assert_uint_eq(ledger.changes, 3);
    ledger_fill(&ledger, 1, &bought); /* A late one. */
    ck_assert_uint_eq(ledger.changes, 4);
    ledger_done(&ledger);
}
END_TEST

START_TEST(an_overflow_makes_the_sum_invalid)
{
    struct ledger ledger = {0};
    place(&ledger, ROLE_OPEN);
    const struct fill huge = fill_of("1000000000000", "1000000000000", "0", false);
    ledger_fill(&ledger, 1, &huge);
    ck_assert(!decimal_is_valid(ledger.opening.quote));
    ck_assert(!decimal_is_valid(ledger.average));
    ck_assert(!decimal_is_valid(ledger.basis));
    ck_assert_decimal_eq(ledger.opening.executed, "1000000000000");
    ledger_done(&ledger);
}
END_TEST

static const struct {
    enum ledger_state from, to;
    bool moves;
} moves[] = {
    {LEDGER_PENDING, LEDGER_ACKNOWLEDGED, true}, {LEDGER_PENDING, LEDGER_FAILED, true},
    {LEDGER_PENDING, LEDGER_CANCELED, true},     {LEDGER_PENDING, LEDGER_FILLED, true},
    {LEDGER_ACKNOWLEDGED, LEDGER_FILLED, true},  {LEDGER_ACKNOWLEDGED, LEDGER_CANCELED, true},
    {LEDGER_FILLED, LEDGER_CANCELED, false},     {LEDGER_FILLED, LEDGER_ACKNOWLEDGED, false},
    {LEDGER_CANCELED, LEDGER_FILLED, false},     {LEDGER_FAILED, LEDGER_ACKNOWLEDGED, false},
};

START_TEST(an_ended_order_never_changes_again)
{
    struct ledger ledger = {0};
    struct ledger_order *order = place(&ledger, ROLE_OPEN);
    if (moves[_i].from != LEDGER_PENDING) {
        ck_assert(ledger_set_state(&ledger, order, moves[_i].from));
    }
    ck_assert_int_eq(ledger_set_state(&ledger, order, moves[_i].to), moves[_i].moves);
    const enum ledger_state now = moves[_i].moves ? moves[_i].to : moves[_i].from;
    ck_assert_int_eq(order->state, now);
    ck_assert_uint_eq(ledger.live_count, ledger_order_is_live(order) ? 1 : 0);
    ledger_done(&ledger);
}
END_TEST

START_TEST(the_live_order_of_a_role_is_found)
{
    struct ledger ledger = {0};
    ck_assert_ptr_null(ledger_live(&ledger, ROLE_OPEN));
    for (int i = 0; i < 6; i++) {
        place(&ledger, i % 2 == 0 ? ROLE_OPEN : ROLE_PARTIAL);
    }
    ck_assert_uint_eq(ledger_live(&ledger, ROLE_OPEN)->ordinal, 1); /* The oldest of several. */
    ck_assert(ledger_set_state(&ledger, ledger_find(&ledger, 1), LEDGER_FILLED));
    ck_assert(ledger_set_state(&ledger, ledger_find(&ledger, 3), LEDGER_FAILED));
    ck_assert_uint_eq(ledger_live(&ledger, ROLE_OPEN)->ordinal, 5);
    ck_assert_uint_eq(ledger_live(&ledger, ROLE_PARTIAL)->ordinal, 2);
    ck_assert_ptr_null(ledger_live(&ledger, ROLE_CLOSE));
    ledger_done(&ledger);
}
END_TEST

START_TEST(a_runaway_is_refused)
{
    struct ledger ledger = {0};
    for (int i = 0; i < LEDGER_ORDERS_MAX; i++) {
        ck_assert_ptr_nonnull(place(&ledger, ROLE_OPEN));
    }
    ck_assert_ptr_null(place(&ledger, ROLE_OPEN));
    ck_assert_uint_eq(ledger.count, LEDGER_ORDERS_MAX);
    ledger_done(&ledger);
}
END_TEST

/* Reads a saved text back into an empty ledger. */
static enum err load_text(const char *text, struct ledger *ledger)
{
    struct arena arena;
    struct problems problems;
    const struct node *node = NULL;
    arena_init(&arena, 0);
    problems_init(&problems, "ledger");
    enum err err = node_read_json("ledger", text, strlen(text), NODE_DEPTH_CONTROL_MAX, &arena,
                                  &problems, &node);
    ck_assert_int_eq(err, ERR_NONE);
    err = ledger_load(ledger, node);
    problems_done(&problems);
    arena_done(&arena);
    return err;
}

START_TEST(what_was_saved_is_loaded)
{
    struct ledger ledger = {0};
    struct prng prng;
    prng_init(&prng, 5);
    for (uint32_t i = 1; i <= 50; i++) {
        struct ledger_order *order = place(&ledger, (enum order_role)prng_below(&prng, 4));
        order->is_cancel_requested = prng_below(&prng, 2) == 1;
        order->cancel_requested_at_ns = INT64_MAX - (int64_t)i;
        order->is_timed_out = prng_below(&prng, 2) == 1;
        const struct fill fill = fill_of("1.000000000000000001", "0.3", "-0.1", i % 2 == 0);
        ledger_fill(&ledger, i, &fill);
        if (i % 3 != 0) {
            ledger_set_state(&ledger, order, (enum ledger_state)(1 + prng_below(&prng, 4)));
        }
    }
    const struct fill huge = fill_of("1000000000000", "1000000000000", "0", false);
    ledger_fill(&ledger, 50, &huge); /* An invalid sum is kept as well. */
    struct text saved = {0};
    struct text again = {0};
    struct ledger loaded = {0};
    ledger_save(&ledger, &saved);
    ck_assert_int_eq(load_text(text_string(&saved), &loaded), ERR_NONE);
    ledger_save(&loaded, &again);
    ck_assert_str_eq(text_string(&saved), text_string(&again));
    ck_assert_uint_eq(loaded.live_count, ledger.live_count);
    ck_assert(memcmp(&loaded.opening, &ledger.opening, sizeof(ledger.opening)) == 0);
    ck_assert(memcmp(&loaded.closing, &ledger.closing, sizeof(ledger.closing)) == 0);
    text_done(&saved);
    text_done(&again);
    ledger_done(&ledger);
    ledger_done(&loaded);
}
END_TEST

/* The order beside those that have ended long ago. */
START_TEST(only_changed_orders_are_written_again)
{
    struct ledger ledger = {0};
    struct ledger loaded = {0};
    struct text first = {0};
    struct text second = {0};
    struct text whole = {0};
    struct text again = {0};
    for (uint32_t i = 1; i <= 20; i++) {
        ledger_set_state(&ledger, place(&ledger, ROLE_OPEN),
                         i == 3 ? LEDGER_ACKNOWLEDGED : LEDGER_CANCELED);
    }
    ck_assert(ledger_is_changed(&ledger));
    ledger_save_changes(&ledger, &first);
    ledger_save(&ledger, &whole);
    ck_assert_str_eq(text_string(&first), text_string(&whole));
    ledger_forget_changes(&ledger);
    ck_assert(!ledger_is_changed(&ledger));
    ledger_save_changes(&ledger, &second);
    ck_assert_str_eq(text_string(&second), "[]");

    /* A fill that comes after the end, one of the order that rests, and a new order. */
    const struct fill fill = fill_of("100", "0.3", "0.1", false);
    ledger_fill(&ledger, 1, &fill);
    ledger_fill(&ledger, 3, &fill);
    (void)place(&ledger, ROLE_CLOSE);
    ck_assert(ledger_is_changed(&ledger));
    text_clear(&second);
    ledger_save_changes(&ledger, &second);
    ck_assert_uint_lt(second.length, first.length / 4); /* Three rows of twenty-one. */

    ck_assert_int_eq(load_text(text_string(&first), &loaded), ERR_NONE);
    ck_assert_int_eq(load_text(text_string(&second), &loaded), ERR_NONE);
    text_clear(&whole);
    ledger_save(&ledger, &whole);
    ledger_save(&loaded, &again);
    ck_assert_str_eq(text_string(&whole), text_string(&again));
    ck_assert_uint_eq(loaded.live_count, 2);
    ck_assert(memcmp(&loaded.opening, &ledger.opening, sizeof(ledger.opening)) == 0);
    text_done(&first);
    text_done(&second);
    text_done(&whole);
    text_done(&again);
    ledger_done(&ledger);
    ledger_done(&loaded);
}
END_TEST

START_TEST(orders_that_are_missing_are_corrupt)
{
    struct ledger ledger = {0};
    struct ledger loaded = {0};
    struct text changes = {0};
    (void)place(&ledger, ROLE_OPEN);
    ledger_forget_changes(&ledger);
    (void)place(&ledger, ROLE_OPEN);
    ledger_save_changes(&ledger, &changes);
    ck_assert_int_eq(load_text(text_string(&changes), &loaded), ERR_CORRUPT);
    text_done(&changes);
    ledger_done(&ledger);
    ledger_done(&loaded);
}
END_TEST

enum { ORDINAL = 18 };

/* A second order that is sound, and in every column what may not stand there. */
static const char *const sound[] = {
    "0",       "0",       "1",     "1",     "0", "\"1\"", "\"100\"", "\"0.5\"", "\"50\"", "\"0.1\"",
    "\"0.2\"", "\"0.3\"", "\"7\"", "\"9\"", "1", "0",     "4",       "\"12\"",  "2",
};

static const struct {
    int column;
    const char *value;
} damaged[] = {
    {0, "2"},         {0, "-1"},    {0, "null"},        {1, "4"},       {2, "0"},
    {2, "3"},         {3, "4"},     {4, "5"},           {5, "\"one\""}, {6, "{}"},
    {7, "null"},      {8, "\"\""},  {9, "\"1e50\""},    {10, "[]"},     {11, "\"0,3\""},
    {12, "\"soon\""}, {12, "7.5"},  {13, "\"\""},       {13, "null"},   {14, "2"},
    {14, "true"},     {15, "-1"},   {15, "null"},       {16, "-1"},     {16, "4294967296"},
    {17, "\"-1\""},   {17, "1.2"},  {17, "\"twelve\""}, {18, "0"},      {18, "3"},
    {18, "100001"},   {18, "null"},
};

/* Reads a ledger whose second order has `value` in its column. */
static enum err load_row(int column, const char *value, int columns, struct ledger *ledger)
{
    struct text rows = {0};
    for (int order = 0; order < 2; order++) {
        text_append_string(&rows, order == 0 ? "[[" : ",[");
        for (int i = 0; i < (order == 0 ? COUNT(sound) : columns); i++) {
            text_append_string(&rows, i > 0 ? "," : "");
            const char *usual = order == 0 && i == ORDINAL ? "1" : sound[i % COUNT(sound)];
            text_append_string(&rows, order == 1 && i == column ? value : usual);
        }
        text_append_string(&rows, "]");
    }
    text_append_string(&rows, "]");
    const enum err err = load_text(text_string(&rows), ledger);
    text_done(&rows);
    return err;
}

START_TEST(every_column_is_read)
{
    struct ledger ledger = {0};
    ck_assert_int_eq(load_row(0, sound[0], COUNT(sound), &ledger), ERR_NONE);
    const struct ledger_order *order = ledger_find(&ledger, 2);
    ck_assert_ptr_nonnull(order);
    ck_assert_int_eq(order->role, ROLE_OPEN);
    ck_assert_int_eq(order->side, SIDE_BUY);
    ck_assert_int_eq(order->state, LEDGER_PENDING);
    ck_assert_decimal_eq(order->amount, "1");
    ck_assert_decimal_eq(order->price, "100");
    ck_assert_decimal_eq(order->executed, "0.5");
    ck_assert_decimal_eq(order->quote, "50");
    ck_assert_decimal_eq(order->fees, "0.1");
    ck_assert_decimal_eq(order->fee_base, "0.2");
    ck_assert_decimal_eq(order->gross_at_placement, "0.3");
    ck_assert_int_eq(order->placed_at_ns, 7);
    ck_assert_int_eq(order->cancel_requested_at_ns, 9);
    ck_assert(order->is_cancel_requested);
    ck_assert(!order->is_timed_out);
    ck_assert_uint_eq(order->slot, 4);
    ck_assert_uint_eq(order->epoch, 12);
    ck_assert_decimal_eq(ledger.opening.executed, "1");
    ledger_done(&ledger);
}
END_TEST

START_TEST(damaged_orders_are_corrupt)
{
    struct ledger ledger = {0};
    ck_assert_msg(load_row(damaged[_i].column, damaged[_i].value, COUNT(sound), &ledger) ==
                      ERR_CORRUPT,
                  "column %d: %s", damaged[_i].column, damaged[_i].value);
    ck_assert_uint_eq(ledger.count, 1); /* The one before it. */
    ledger_done(&ledger);
}
END_TEST

START_TEST(damaged_ledgers_are_corrupt)
{
    static const char *const texts[] = {"{}", "7", "[[]]", "[1]", "[{}]"};
    struct ledger ledger = {0};
    for (int i = 0; i < COUNT(texts); i++) {
        ck_assert_int_eq(load_text(texts[i], &ledger), ERR_CORRUPT);
    }
    ck_assert_int_eq(ledger_load(&ledger, NULL), ERR_CORRUPT);
    ck_assert_int_eq(load_row(0, sound[0], COUNT(sound) - 1, &ledger), ERR_CORRUPT);
    ledger_done(&ledger);
    ck_assert_int_eq(load_row(0, sound[0], COUNT(sound) + 1, &ledger), ERR_CORRUPT);
    ledger_done(&ledger);
}
END_TEST

START_TEST(more_orders_than_a_ledger_holds_are_corrupt)
{
    struct ledger ledger = {0};
    const struct node many = {.kind = NODE_SEQUENCE, .count = LEDGER_ORDERS_MAX + 1};
    ck_assert_int_eq(ledger_load(&ledger, &many), ERR_CORRUPT); /* Before it looks at the first. */
    ck_assert_uint_eq(ledger.capacity, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, orders_are_numbered_from_one);
    tcase_add_test(tcase, fills_are_summed_exactly_whatever_becomes_of_the_order);
    tcase_add_test(tcase, whatever_happens_to_it_is_counted);
    tcase_add_test(tcase, an_overflow_makes_the_sum_invalid);
    tcase_add_loop_test(tcase, an_ended_order_never_changes_again, 0, COUNT(moves));
    tcase_add_test(tcase, the_live_order_of_a_role_is_found);
    tcase_add_test(tcase, a_runaway_is_refused);
    tcase_add_test(tcase, what_was_saved_is_loaded);
    tcase_add_test(tcase, only_changed_orders_are_written_again);
    tcase_add_test(tcase, orders_that_are_missing_are_corrupt);
    tcase_add_test(tcase, every_column_is_read);
    tcase_add_loop_test(tcase, damaged_orders_are_corrupt, 0, COUNT(damaged));
    tcase_add_test(tcase, damaged_ledgers_are_corrupt);
    tcase_add_test(tcase, more_orders_than_a_ledger_holds_are_corrupt);
}

int main(void)
{
    return run_tests("ledger", add_tests);
}
