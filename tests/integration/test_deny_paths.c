/*
 * Every reason for which risk denies, on every path by which an order comes: allowed at the limit
 * and denied one beyond it, by an executor that was just created, by one that was updated, after a
 * restart, and while a venue is being reconciled after one.
 *
 * The rows are found by the enum: a reason without one fails the test. A row says what was there
 * before (`before`), what is still allowed (`at_limit`), what is not any more (`beyond`), and with
 * which scope, limit and value; figures are those of the row's own orders, computed by hand in its
 * comment. The same lists are played on each path.
 *
 * What cannot happen on a path is asserted rather than left out:
 * - An update creates no executor and raises no target: `beyond` stays denied behind one that
 *   multiplies the executor's amount.
 * - Nothing leaves while a venue is being reconciled, at the limit or not: `at_limit` is denied as
 *   venue_disconnected and venue_reconciling first. A new executor may be created meanwhile, as it
 *   sends nothing, and its limits hold.
 * - Before the first step of a restart there is no host that could ask: none has been shown, and
 *   nothing was sent or written (OP_EXPECT_NOBODY).
 */
#include <sodium.h>

#include "market/deny.h"
#include "tests/integration/risk_scene.h"

enum { ROW_OPS_MAX = 6 };

struct row {
    enum deny_code code;
    const char *risk;   /* NULL: no limits. */
    const char *rules;  /* NULL: those of the scene. */
    const char *target; /* NULL: none. */
    const char *counts; /* What of; NULL: BASE. */
    bool needs_link;    /* Only a venue of another process can do that. */
    struct op before[ROW_OPS_MAX];
    struct op at_limit;
    struct op between[ROW_OPS_MAX];
    struct op beyond;
};

/* "subject" stands for the executor of the path. */
#define ORDER(name, way, size, at) \
    .kind = OP_ORDER, .who = name, .side = way, .amount = size, .price = at, .code = ""
#define BUY(size, at) ORDER("subject", SIDE_BUY, size, at)
#define SELL(size, at) ORDER("subject", SIDE_SELL, size, at), .is_closing = true
#define OWNED_AND_LIVE                                                               \
    {                                                                                \
        {BUY("1", "100")}, {.kind = OP_FILL, .who = "subject"}, {BUY("1", "99.99")}, \
        {                                                                            \
            0                                                                        \
        }                                                                            \
    }

static const struct row rows[] = {
    /* Another controller goes on. */
    {DENY_RISK_HALTED,
     .before = {{.kind = OP_STATE, .scope = "controller:a", .state = RISK_HALTED}},
     .at_limit = {ORDER("two", SIDE_BUY, "1", "100")},
     .beyond = {BUY("1", "100"), .scope = "controller:a", .limit = "0", .value = "1"}},
    {DENY_RISK_HALTED,
     .before = {{.kind = OP_STATE, .scope = "global", .state = RISK_REDUCING},
                {.kind = OP_STATE, .scope = "global", .state = RISK_ACTIVE}},
     .at_limit = {.kind = OP_CREATE, .who = "last", .code = ""},
     .between = {{.kind = OP_STATE, .scope = "global", .state = RISK_HALTED}},
     .beyond = {.kind = OP_CREATE, .who = "beyond"}},
    /* It owns 1: all of that may be sold, and no step more. */
    {DENY_RISK_REDUCING,
     .before = {{BUY("1", "100")},
                {.kind = OP_FILL, .who = "subject"},
                {.kind = OP_STATE, .scope = "controller:a", .state = RISK_REDUCING}},
     .at_limit = {SELL("1", "101")},
     .beyond = {SELL("0.001", "101"), .scope = "controller:a", .limit = "0", .value = "0.001"}},
    {DENY_RISK_REDUCING, .at_limit = {.kind = OP_CREATE, .who = "last", .code = ""},
     .between = {{.kind = OP_STATE, .scope = "controller:a", .state = RISK_REDUCING}},
     .beyond = {.kind = OP_CREATE, .who = "beyond"}},
    {DENY_VENUE_DISCONNECTED, .needs_link = true, .at_limit = {BUY("1", "100")},
     .between = {{.kind = OP_LINK}},
     .beyond = {BUY("1", "100"), .scope = "venue:paper", .limit = "0", .value = "0"}},
    {DENY_VENUE_RECONCILING, .needs_link = true, .at_limit = {BUY("1", "100")},
     .between = {{.kind = OP_LINK}, {.kind = OP_LINK, .state = RISK_ACTIVE}},
     .beyond = {BUY("1", "100"), .scope = "venue:paper", .limit = "0", .value = "0"}},
    {DENY_DUPLICATE_ORDER, .before = {{BUY("1", "100")}}, .at_limit = {BUY("1", "100")},
     .beyond = {.kind = OP_AGAIN,
                .who = "subject",
                .side = SIDE_BUY,
                .amount = "1",
                .scope = "executor:subject",
                .limit = "1",
                .value = "1"}},
    {DENY_AMOUNT_OFF_STEP, .at_limit = {BUY("0.001", "100")},
     .beyond = {BUY("0.001000000000000001", "100"), .scope = "instrument:paper/BTC-USDT",
                .limit = "0.001", .value = "0.001000000000000001"}},
    {DENY_PRICE_OFF_TICK, .at_limit = {BUY("1", "99.99")},
     .beyond = {BUY("1", "99.990000000000000001"), .scope = "instrument:paper/BTC-USDT",
                .limit = "0.01", .value = "99.990000000000000001"}},
    {DENY_MIN_ORDER_SIZE, .rules = ", min_order_size: \"0.002\"", .at_limit = {BUY("0.002", "100")},
     .beyond = {BUY("0.001", "100"), .scope = "instrument:paper/BTC-USDT", .limit = "0.002",
                .value = "0.001"}},
    {DENY_MAX_ORDER_SIZE, .rules = ", max_order_size: \"5\"", .at_limit = {BUY("5", "100")},
     .beyond = {BUY("5.001", "100"), .scope = "instrument:paper/BTC-USDT", .limit = "5",
                .value = "5.001"}},
    /* 0.1 * 100 and 0.1 * 99.99. */
    {DENY_MIN_NOTIONAL, .rules = ", min_notional: \"10\"", .at_limit = {BUY("0.1", "100")},
     .beyond = {BUY("0.1", "99.99"), .scope = "instrument:paper/BTC-USDT", .limit = "10",
                .value = "9.999"}},
    /* The quote is of the beginning. */
    {DENY_STALE_PRICE, .risk = "max_price_age: 5",
     .at_limit = {BUY("1", "100"), .at_ns = 5 * NS_PER_S},
     .beyond = {BUY("1", "100"), .at_ns = 5 * NS_PER_S + 1, .scope = "global", .limit = "5",
                .value = "5.000000001"}},
    /* The middle is 100: 1.01 below it is 0.0101 of it. */
    {DENY_PRICE_COLLAR, .risk = "price_collar: \"0.01\"", .at_limit = {BUY("1", "99")},
     .beyond = {BUY("1", "98.99"), .scope = "global", .limit = "0.01", .value = "0.0101"}},
    {DENY_MAX_ORDER_QUANTITY, .risk = "max_order_quantity: \"2\"", .at_limit = {BUY("2", "100")},
     .beyond = {BUY("2.001", "100"), .scope = "global", .limit = "2", .value = "2.001"}},
    /* 2 * 100 and 2 * 100.01. */
    {DENY_MAX_ORDER_NOTIONAL, .risk = "max_order_notional: \"200\"", .at_limit = {BUY("2", "100")},
     .beyond = {BUY("2", "100.01"), .scope = "global", .limit = "200", .value = "200.02"}},
    /* It owns 1 and has 1 in the market. */
    {DENY_TARGET_EXCEEDED, .target = "3", .before = OWNED_AND_LIVE, .at_limit = {BUY("1", "99.98")},
     .beyond = {BUY("0.001", "99.98"), .scope = "executor:subject", .limit = "3",
                .value = "3.001"}},
    /* 100 spent and 99.99 in the market: 100.01 are left. */
    {DENY_TARGET_EXCEEDED, .target = "300", .counts = "QUOTE", .before = OWNED_AND_LIVE,
     .at_limit = {BUY("1", "100.01")},
     .beyond = {BUY("0.001", "99.98"), .scope = "executor:subject", .limit = "300",
                .value = "300.09998"}},
    /* What was sold again does not count; 1 is in the market. */
    {DENY_TARGET_EXCEEDED, .target = "2", .counts = "OPEN",
     .before = {{BUY("1", "100")},
                {.kind = OP_FILL, .who = "subject"},
                {SELL("1", "101")},
                {.kind = OP_FILL, .who = "subject"},
                {BUY("1", "99.99")}},
     .at_limit = {BUY("1", "99.98")},
     .beyond = {BUY("0.001", "99.98"), .scope = "executor:subject", .limit = "2",
                .value = "2.001"}},
    /* Another executor offers at 101. */
    {DENY_SELF_TRADE, .risk = "self_trade: deny", .before = {{ORDER("two", SIDE_SELL, "1", "101")}},
     .at_limit = {BUY("1", "100.99")},
     .beyond = {BUY("1", "101"), .scope = "instrument:paper/BTC-USDT", .limit = "101",
                .value = "101"}},
    {DENY_MAX_OPEN_ORDERS, .risk = "max_open_orders: 2", .before = {{BUY("1", "99")}},
     .at_limit = {BUY("1", "99")},
     .beyond = {BUY("1", "99"), .scope = "global", .limit = "2", .value = "3"}},
    {DENY_MAX_POSITION, .risk = "max_position: \"3\"", .before = OWNED_AND_LIVE,
     .at_limit = {BUY("1", "99.98")},
     .beyond = {BUY("0.001", "99.98"), .scope = "global", .limit = "3", .value = "3.001"}},
    /* The same, at the middle of 100. */
    {DENY_MAX_EXPOSURE, .risk = "max_exposure_quote: \"300\"", .before = OWNED_AND_LIVE,
     .at_limit = {BUY("1", "99.98")},
     .beyond = {BUY("0.001", "99.98"), .scope = "global", .limit = "300", .value = "300.1"}},
    /* Two in a second: the third half a second after the two, and not a nanosecond sooner. */
    {DENY_ORDER_RATE, .risk = "max_orders_per_second: 2", .before = {{BUY("1", "99")}},
     .at_limit = {BUY("1", "99")},
     .beyond = {BUY("1", "99"), .at_ns = NS_PER_S / 2 - 1, .scope = "global", .limit = "2",
                .value = "3"}},
    {DENY_ORDER_RATE, .risk = "executor: {max_orders_per_second: 2}",
     .before = {{BUY("1", "99")}, {BUY("1", "99")}},
     .at_limit = {BUY("1", "99"), .at_ns = NS_PER_S / 2},
     .beyond = {BUY("1", "99"), .at_ns = NS_PER_S - 1, .scope = "executor:subject", .limit = "2",
                .value = "3"}},
    /* (2^127 - 1) / 10^18 / 10^6 on the step grid, and a step more. */
    {DENY_OVERFLOW, .rules = ", min_notional: \"1\"",
     .at_limit = {BUY("170141183460469.231", "1000000")},
     .beyond = {BUY("170141183460469.232", "1000000"), .scope = "instrument:paper/BTC-USDT",
                .limit = "1", .value = "invalid"}},
    /* Two of the run file, the one that every path creates, and these. */
    {DENY_MAX_EXECUTORS, .risk = "max_executors: 5",
     .before = {{.kind = OP_CREATE, .who = "fourth", .code = ""}},
     .at_limit = {.kind = OP_CREATE, .who = "last", .code = ""},
     .beyond = {.kind = OP_CREATE, .who = "beyond"}},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

enum path { PATH_CREATED, PATH_UPDATED, PATH_RESTARTED, PATH_RECONCILED, PATH_COUNT };

static const char *const path_names[] = {"created", "updated", "restarted", "reconciled"};

/* A list of operations under way. */
struct list {
    struct op ops[SCENE_OPS_MAX];
    size_t count;
    const char *subject;
    char scope[32];
};

static void list_add(struct list *list, struct op op)
{
    ck_assert_uint_lt(list->count, SCENE_OPS_MAX - 1);
    if (op.who != NULL && strcmp(op.who, "subject") == 0) {
        op.who = list->subject;
    }
    if (op.scope != NULL && strcmp(op.scope, "executor:subject") == 0) {
        op.scope = list->scope;
    }
    list->ops[list->count++] = op;
}

static void list_add_all(struct list *list, const struct op *ops)
{
    for (size_t i = 0; i < ROW_OPS_MAX && ops[i].kind != OP_END; i++) {
        list_add(list, ops[i]);
    }
}

static void list_connect(struct list *list)
{
    list_add(list, (struct op){.kind = OP_LINK, .state = RISK_ACTIVE});
    list_add(list, (struct op){.kind = OP_RECONCILED});
}

/* The order at the limit while its venue is not reconciled: nothing leaves. */
static void list_add_premature(struct list *list, const struct row *row)
{
    struct op op = row->at_limit;
    if (op.kind != OP_ORDER) {
        return; /* A new executor sends nothing. */
    }
    op.scope = "venue:paper";
    op.limit = "0";
    op.value = "0";
    op.code = deny_name(DENY_VENUE_DISCONNECTED);
    list_add(list, op);
    list_add(list, (struct op){.kind = OP_LINK, .state = RISK_ACTIVE, .at_ns = op.at_ns});
    op.code = deny_name(DENY_VENUE_RECONCILING);
    list_add(list, op);
}

static void list_restart(struct list *list, const struct row *row, bool is_remote, bool is_hasty)
{
    list_add(list, (struct op){.kind = OP_RESTART});
    list_add(list, (struct op){.kind = OP_EXPECT_NOBODY});
    if (is_remote && !is_hasty) {
        list_connect(list);
    }
    list_add(list, (struct op){.kind = OP_QUOTE, .price = "99.99"});
    if (is_hasty) {
        list_add_premature(list, row);
        list_connect(list);
    }
}

static void list_fill(struct list *list, const struct row *row, enum path path, bool is_remote)
{
    list->subject = path == PATH_CREATED ? "fresh" : "one";
    (void)snprintf(list->scope, sizeof(list->scope), "executor:%s", list->subject);
    if (is_remote) {
        list_connect(list);
    }
    list_add(list, (struct op){.kind = OP_QUOTE, .price = "99.99"});
    list_add(list, (struct op){.kind = OP_CREATE, .who = "fresh", .code = ""});
    list_add_all(list, row->before);
    if (path == PATH_UPDATED) {
        list_add(list, (struct op){.kind = OP_UPDATE, .who = "one"});
    }
    if (path >= PATH_RESTARTED) {
        list_restart(list, row, is_remote, path == PATH_RECONCILED);
    }
    list_add(list, row->at_limit);
    list_add_all(list, row->between);
    struct op beyond = row->beyond;
    beyond.code = deny_name(row->code);
    list_add(list, beyond);
}

START_TEST(test_a_reason_on_a_path)
{
    const struct row *row = &rows[_i / PATH_COUNT];
    const enum path path = (enum path)(_i % PATH_COUNT);
    const bool is_remote = row->needs_link || path == PATH_RECONCILED;
    struct list list = {.count = 0};
    list_fill(&list, row, path, is_remote);
    (void)fprintf(stderr, "%s, %s\n", deny_name(row->code), path_names[path]);
    struct scene scene = {.risk = row->risk != NULL ? row->risk : "",
                          .rules = row->rules != NULL ? row->rules : "",
                          .target = row->target != NULL ? row->target : "0",
                          .counts = row->counts != NULL ? row->counts : "BASE",
                          .is_remote = is_remote,
                          .ops = list.ops};
    scene_play(&scene);
}
END_TEST

START_TEST(test_every_reason_has_a_row)
{
    for (unsigned code = DENY_NONE + 1; code < DENY_CODE_COUNT; code++) {
        bool has_row = false;
        for (size_t i = 0; i < ROWS; i++) {
            has_row = has_row || rows[i].code == code;
        }
        ck_assert_msg(has_row, "%s has no row", deny_name((enum deny_code)code));
    }
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("deny_paths");
    TCase *tcase = tcase_create("deny_paths");
    tcase_add_test(tcase, test_every_reason_has_a_row);
    tcase_add_loop_test(tcase, test_a_reason_on_a_path, 0, ROWS * PATH_COUNT);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
