/*
 * tests/unit/market/test_order.c - the words of trading: names, states, identities, fills.
 */
#include "market/order.h"

#include <string.h>

#include "suite.h"

static const struct {
    struct order_id id;
    const char *text;
} ids[] = {
    {{0, 0, 1}, "0-0-1"},
    {{1, 2, 3}, "1-2-3"},
    {{35, 36, 37}, "z-10-11"},
    {{UINT64_C(4738381338321616895), UINT32_MAX, UINT32_MAX}, "zzzzzzzzzzzz-1z141z3-1z141z3"},
};

START_TEST(ids_are_printed_and_parsed)
{
    char text[ORDER_ID_TEXT_MAX];
    struct order_id parsed;
    const size_t length = order_id_print(ids[_i].id, text);
    ck_assert_str_eq(text, ids[_i].text);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_int_eq(order_id_parse(text, &parsed), ERR_NONE);
    ck_assert(parsed.epoch == ids[_i].id.epoch && parsed.executor == ids[_i].id.executor &&
              parsed.ordinal == ids[_i].id.ordinal);
}
END_TEST

static const struct {
    const char *text;
    enum err err;
} bad_ids[] = {
    {"", ERR_SYNTAX},
    {"1-2", ERR_SYNTAX},
    {"1-2-", ERR_SYNTAX},
    {"-2-3", ERR_SYNTAX},
    {"1--3", ERR_SYNTAX},
    {"1-2-3-4", ERR_SYNTAX},
    {"1-2-3 ", ERR_SYNTAX},
    {"A-2-3", ERR_SYNTAX},
    {"1-02-3", ERR_SYNTAX},
    {"00-2-3", ERR_SYNTAX},
    {"1-2-zzzzzzz", ERR_RANGE},
    {"1-zzzzzzz-2", ERR_RANGE},
    {"1-2-11111111", ERR_SYNTAX},
    {"1111111111111-2-3", ERR_SYNTAX},
    {"{-2-3", ERR_SYNTAX}, /* Behind z. */
    {"1-2-@", ERR_SYNTAX}, /* Between 9 and a. */
};

START_TEST(other_texts_are_no_ids)
{
    struct order_id id = {7, 8, 9};
    ck_assert_int_eq(order_id_parse(bad_ids[_i].text, &id), bad_ids[_i].err);
    ck_assert(id.epoch == 7 && id.executor == 8 && id.ordinal == 9);
}
END_TEST

START_TEST(four_states_are_terminal)
{
    for (int state = ORDER_CREATED; state <= ORDER_UNKNOWN; state++) {
        const bool is_terminal = state >= ORDER_FILLED && state <= ORDER_EXPIRED;
        ck_assert_int_eq(order_state_is_terminal((enum order_state)state), is_terminal);
        ck_assert_ptr_nonnull(field_name_of(order_state_names, state));
    }
}
END_TEST

/* A row per state, a column per next state, both in the order of the enum. */
START_TEST(states_follow_each_other_as_they_may)
{
    static const char *const allowed[] = {
        [ORDER_CREATED] = ".++....+..",        [ORDER_PENDING_SUBMIT] = ".+++++++++",
        [ORDER_OPEN] = "..+++++.++",           [ORDER_PARTIALLY_FILLED] = "...++++.++",
        [ORDER_PENDING_CANCEL] = "....++++++", [ORDER_FILLED] = ".....+....",
        [ORDER_CANCELED] = "......+...",       [ORDER_REJECTED] = ".......+..",
        [ORDER_EXPIRED] = "........+.",        [ORDER_UNKNOWN] = "..++.+++++",
    };
    for (int from = ORDER_CREATED; from <= ORDER_UNKNOWN; from++) {
        for (int to = ORDER_CREATED; to <= ORDER_UNKNOWN; to++) {
            ck_assert_msg(order_state_may_become((enum order_state)from, (enum order_state)to) ==
                              (allowed[from][to] == '+'),
                          "%s to %s", field_name_of(order_state_names, from),
                          field_name_of(order_state_names, to));
        }
    }
    ck_assert(!order_state_may_become((enum order_state) - 1, ORDER_OPEN));
    ck_assert(!order_state_may_become(ORDER_OPEN, (enum order_state)99));
}
END_TEST

START_TEST(names_have_the_numbers_that_are_stored)
{
    ck_assert_str_eq(field_name_of(side_names, 2), "SELL");
    ck_assert_str_eq(field_name_of(order_type_names, 3), "LIMIT_MAKER");
    ck_assert_str_eq(field_name_of(order_role_names, 3), "take_profit");
    ck_assert_str_eq(field_name_of(liquidity_names, 1), "maker");
    ck_assert_int_eq(side_opposite(SIDE_BUY), SIDE_SELL);
    ck_assert_int_eq(side_opposite(SIDE_SELL), SIDE_BUY);
}
END_TEST

START_TEST(fees_are_worth_quote)
{
    struct fill fill = {.price = decimal_literal("50"),
                        .amount = decimal_literal("0.2"),
                        .fee = decimal_literal("0.01")};
    ck_assert(decimal_equal(fill_quote(&fill), decimal_literal("10")));
    ck_assert(decimal_equal(fill_fee_quote(&fill), decimal_literal("0.01")));
    fill.fee_in_base = true;
    ck_assert(decimal_equal(fill_fee_quote(&fill), decimal_literal("0.5")));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("order");
    tcase_add_loop_test(tcase, ids_are_printed_and_parsed, 0, COUNT_OF(ids));
    tcase_add_loop_test(tcase, other_texts_are_no_ids, 0, COUNT_OF(bad_ids));
    tcase_add_test(tcase, four_states_are_terminal);
    tcase_add_test(tcase, states_follow_each_other_as_they_may);
    tcase_add_test(tcase, names_have_the_numbers_that_are_stored);
    tcase_add_test(tcase, fees_are_worth_quote);
    return suite_run("order", tcase);
}
