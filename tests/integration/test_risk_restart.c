/*
 * What risk remembers over a restart beside limits: how far a result has fallen, what a day began
 * with, how often an executor was refused.
 *
 * One executor buys 1 at 100 without a fee: the result is the bid less 100.
 */
#include <sodium.h>

#include "tests/integration/risk_scene.h"

enum { CASE_OPS_MAX = 16 };

#define QUOTE(at, bid)                                         \
    {                                                          \
        .kind = OP_QUOTE, .price = bid, .at_ns = (at)*NS_PER_S \
    }
#define BUYS_AT_100                   \
    QUOTE(0, "99.99"),                \
        {.kind = OP_ORDER,            \
         .who = "one",                \
         .side = SIDE_BUY,            \
         .amount = "1",               \
         .price = "100",              \
         .code = ""},                 \
    {                                 \
        .kind = OP_FILL, .who = "one" \
    }
#define EXPECT(what, how)                                    \
    {                                                        \
        .kind = OP_EXPECT_STATE, .scope = what, .state = how \
    }
#define CALM EXPECT("", 0)
#define RESTART            \
    {                      \
        .kind = OP_RESTART \
    }
/* An order that is denied, and one that the venue refuses. */
#define DENIED                                                                                \
    {                                                                                         \
        .kind = OP_ORDER, .who = "one", .side = SIDE_BUY, .amount = "0.0001", .price = "100", \
        .code = "amount_off_step"                                                             \
    }
#define REFUSED                                                                                    \
    {.kind = OP_ORDER, .who = "one", .side = SIDE_BUY, .amount = "1", .price = "100", .code = ""}, \
    {                                                                                              \
        .kind = OP_REFUSE, .who = "one"                                                            \
    }

static const struct {
    const char *risk;
    struct op ops[CASE_OPS_MAX];
} cases[] = {
    /* The peak is 200: at 100 the fall is 100. */
    {"max_drawdown_quote: \"100\"",
     {BUYS_AT_100, QUOTE(1, "300"), RESTART, QUOTE(2, "200.01"), CALM, QUOTE(3, "200"),
      EXPECT("global", RISK_REDUCING)}},
    /* The peak of the second life is higher than that of the first, and counts in the third. */
    {"max_drawdown_quote: \"100\"",
     {BUYS_AT_100, QUOTE(1, "150"), RESTART, QUOTE(2, "300"), RESTART, QUOTE(3, "200.01"), CALM,
      QUOTE(4, "200"), EXPECT("global", RISK_REDUCING)}},
    /* Time passes before the first quote: nothing is known of the position, and nothing is lost. */
    {"max_drawdown_quote: \"100\"",
     {BUYS_AT_100,
      QUOTE(1, "300"),
      RESTART,
      {.kind = OP_PASS, .at_ns = 2 * NS_PER_S},
      CALM,
      QUOTE(3, "300"),
      CALM,
      QUOTE(4, "200"),
      EXPECT("global", RISK_REDUCING)}},
    {"controllers: [{controller_id: a, max_drawdown_quote: \"100\"}]",
     {BUYS_AT_100, QUOTE(1, "300"), RESTART, QUOTE(2, "200.01"), CALM, QUOTE(3, "200"),
      EXPECT("controller:a", RISK_REDUCING)}},
    /* Who lets it trade again accepts the loss: the next 100 count from the result of then, 100. */
    {"controllers: [{controller_id: a, max_drawdown_quote: \"100\"}]",
     {BUYS_AT_100,
      QUOTE(1, "300"),
      QUOTE(2, "200"),
      {.kind = OP_STATE, .scope = "controller:a", .state = RISK_ACTIVE},
      QUOTE(3, "199.99"),
      CALM,
      RESTART,
      QUOTE(4, "100.01"),
      CALM,
      QUOTE(5, "100"),
      EXPECT("controller:a", RISK_REDUCING)}},
    /* The day began with 0. */
    {"max_daily_loss_quote: \"50\"",
     {BUYS_AT_100, QUOTE(1, "60"), RESTART, QUOTE(2, "50.01"), CALM, QUOTE(3, "50"),
      EXPECT("global", RISK_REDUCING)}},
    /* The next day, which is 14 November 2023 + 1, begins at 60 less 100: -40 may become -90. */
    {"max_daily_loss_quote: \"50\"",
     {BUYS_AT_100, QUOTE(1, "60"), QUOTE(86400, "60"), RESTART, QUOTE(86401, "10.01"), CALM,
      QUOTE(86402, "10"), EXPECT("global", RISK_REDUCING)}},
    {"executor: {max_rejects_per_minute: 2}",
     {QUOTE(0, "99.99"), DENIED, REFUSED, RESTART, QUOTE(0, "99.99"), DENIED,
      EXPECT("executor:one", RISK_REDUCING)}},
    {"executor: {max_rejects_per_minute: 2}",
     {QUOTE(0, "99.99"), DENIED, RESTART, QUOTE(0, "99.99"), DENIED, CALM, REFUSED,
      EXPECT("executor:one", RISK_REDUCING)}},
};

START_TEST(test_remembered)
{
    struct scene scene = {
        .risk = cases[_i].risk, .rules = "", .target = "0", .counts = "BASE", .ops = cases[_i].ops};
    scene_play(&scene);
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("risk_restart");
    TCase *tcase = tcase_create("risk_restart");
    tcase_add_loop_test(tcase, test_remembered, 0, sizeof(cases) / sizeof(cases[0]));
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
