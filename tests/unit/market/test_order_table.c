/*
 * tests/unit/market/test_order_table.c - the table of docs/orders.md is the table of the program.
 */
#include <stdio.h>
#include <string.h>

#include "config/field.h"
#include "market/order.h"
#include "suite.h"

enum { LINE_MAX_LENGTH = 512 };

static const char *cell_text(enum order_state state, enum order_input input)
{
    enum order_state next;
    switch (order_next(state, input, &next)) {
    case ORDER_IMPOSSIBLE:
        return "-";
    case ORDER_STAYS:
        return "=";
    case ORDER_MOVES:
        break;
    }
    return field_name_of(order_state_names, (int)next);
}

/* The row of a state as the document has it: one column per input. */
static void print_row(enum order_state state, char out[LINE_MAX_LENGTH])
{
    int length =
        snprintf(out, LINE_MAX_LENGTH, "| %s |", field_name_of(order_state_names, (int)state));
    for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
        length += snprintf(out + length, (size_t)(LINE_MAX_LENGTH - length), " %s |",
                           cell_text(state, (enum order_input)input));
    }
    ck_assert_int_lt(length, LINE_MAX_LENGTH);
}

static bool document_has(const char *line)
{
    FILE *file = fopen(TUTTI_SOURCE_DIR "/docs/orders.md", "r");
    ck_assert_ptr_nonnull(file);
    char read[LINE_MAX_LENGTH];
    bool is_found = false;
    while (!is_found && fgets(read, sizeof(read), file) != NULL) {
        read[strcspn(read, "\n")] = '\0';
        is_found = strcmp(read, line) == 0;
    }
    (void)fclose(file);
    return is_found;
}

START_TEST(every_row_is_in_the_document)
{
    char row[LINE_MAX_LENGTH];
    print_row((enum order_state)_i, row);
    ck_assert_msg(document_has(row), "docs/orders.md has no line %s", row);
}
END_TEST

START_TEST(the_document_names_every_input_in_order)
{
    char head[LINE_MAX_LENGTH] = "| state |";
    for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
        const size_t length = strlen(head);
        (void)snprintf(head + length, sizeof(head) - length, " %s |",
                       field_name_of(order_input_names, input));
    }
    ck_assert_msg(document_has(head), "docs/orders.md has no line %s", head);
}
END_TEST

/* What must hold of any table of orders, whatever its cells say. */
START_TEST(an_end_is_an_end_and_nothing_comes_twice_from_the_start)
{
    for (int state = 0; state < ORDER_STATE_COUNT; state++) {
        for (int input = 0; input < ORDER_INPUT_COUNT; input++) {
            enum order_state next = ORDER_CREATED;
            const enum order_verdict verdict =
                order_next((enum order_state)state, (enum order_input)input, &next);
            const bool is_first = input == ORDER_INPUT_SUBMIT || input == ORDER_INPUT_DENY;
            const bool is_held_back = state == ORDER_PENDING_SUBMIT && input == ORDER_INPUT_DENY;
            ck_assert_int_eq(verdict != ORDER_IMPOSSIBLE,
                             is_first == (state == ORDER_CREATED) || is_held_back);
            if (verdict == ORDER_IMPOSSIBLE) {
                continue;
            }
            ck_assert_int_ne((int)next, (int)ORDER_CREATED);
            ck_assert(!order_state_is_terminal((enum order_state)state) ||
                      (verdict == ORDER_STAYS && (int)next == state));
            ck_assert_int_eq(verdict == ORDER_STAYS, (int)next == state);
        }
    }
}
END_TEST

/* No answer never ends an order; only the venue's word does. */
START_TEST(silence_ends_nothing)
{
    for (int state = ORDER_PENDING_SUBMIT; state < ORDER_STATE_COUNT; state++) {
        enum order_state next;
        if (!order_state_is_terminal((enum order_state)state)) {
            (void)order_next((enum order_state)state, ORDER_INPUT_UNANSWERED, &next);
            ck_assert_int_eq((int)next, (int)ORDER_UNKNOWN);
        }
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("order_table");
    tcase_add_loop_test(tcase, every_row_is_in_the_document, 0, ORDER_STATE_COUNT);
    tcase_add_test(tcase, the_document_names_every_input_in_order);
    tcase_add_test(tcase, an_end_is_an_end_and_nothing_comes_twice_from_the_start);
    tcase_add_test(tcase, silence_ends_nothing);
    return suite_run("order_table", tcase);
}
