/*
 * Requests to a run, over REP and HTTP, while the n-th allocation is refused, n = 1, 2, 3 ...: each
 * is answered once, whole, or its connection is closed; the run goes on, or ends with a reason and
 * goes on when it is started again; the database is sound.
 */
#include <sodium.h>

#include "control_fault_scene.h"

enum {
    END_MS = 5000,   /* Within which a run that was told to has ended. */
    AGAIN_MS = 1000, /* One that ends meanwhile is not asked: nng 1.5 forgets a socket that is
                      * greeted while it closes. */
    END_FAULTS_MAX = 200,
};

/* ---- What is asked ---- */

#define CONFIG                                                                          \
    "{\"type\":\"progressive_executor\",\"connector_name\":\"paper\",\"trading_pair\":" \
    "\"BTC-USDT\",\"side\":\"BUY\",\"amount\":\"0.1\",\"triple_barrier_config\":"       \
    "{\"open_order_type\":\"MARKET\",\"stop_loss\":\"0.2\"}}"
#define ACTION(words) "{\"request\":\"action\"," words "}"

/* REP; "#" is the number of the fault, so that executors and actions are new each time. */
static const char *const requests[] = {
    ACTION("\"action\":\"create_executor\",\"action_id\":\"a-#\",\"controller_id\":\"desk\","
           "\"executor_id\":\"e-#\",\"executor_config\":" CONFIG),
    ACTION("\"action\":\"update_executor\",\"executor_id\":\"e-#\",\"update_data\":"
           "{\"volatility\":\"0.1\"}"),
    "{\"request\":\"executor\",\"executor_id\":\"e-#\"}",
    "{\"request\":\"snapshot\",\"all\":true}",
    ACTION("\"action\":\"stop_executor\",\"action_id\":\"s-#\",\"executor_id\":\"e-#\""),
    ACTION("\"action\":\"store_executor\",\"executor_id\":\"e-#\""),
    "{\"request\":\"actions\",\"actions\":[{\"action\":\"create_executor\",\"executor_id\":\"b-#\","
    "\"executor_config\":" CONFIG "},{\"action\":\"stop_executor\",\"executor_id\":\"b-#\"}]}",
    "{\"request\":\"executors\",\"status\":[\"RUNNING\"],\"controller_ids\":[\"desk\"],\"limit\":"
    "5}",
    "{\"request\":\"positions\"}",
    "{\"request\":\"performance\",\"controller_ids\":[\"desk\"]}",
    "{\"request\":\"events\",\"from\":1,\"limit\":20}",
    "{\"request\":\"reconcile\",\"venue\":\"paper\"}",
    "{\"request\":\"risk\"}",
    "{\"request\":\"risk\",\"state\":\"REDUCING\",\"reason\":\"fault #\"}",
    "{\"request\":\"risk\",\"state\":\"ACTIVE\",\"reason\":\"over #\"}",
    /* These are wrong. */
    "{\"request\":\"dance\"}",
    "{\"request\":\"events\",\"form\":1}",
    "not JSON",
};

enum { REQUESTS = sizeof(requests) / sizeof(requests[0]), REQUESTS_WRONG = 3 };

static const struct visit visits[] = {
    {"GET", "/healthz", ""},
    {"GET", "/readyz", ""},
    {"GET", "/metrics", ""},
    {"GET", "/openapi.json", ""},
    {"POST", "/executors/",
     "{\"executor_id\":\"h-#\",\"controller_id\":\"web\",\"executor_config\":" CONFIG "}"},
    {"GET", "/executors/h-#", ""},
    {"GET", "/executors/h-#/logs?limit=5", ""},
    {"POST", "/executors/search", "{\"limit\":3}"},
    {"GET", "/executors/summary", ""},
    {"GET", "/executors/performance", ""},
    {"GET", "/executors/positions/summary", ""},
    {"GET", "/executors/positions/paper/BTC-USDT", ""},
    {"DELETE", "/executors/positions/paper/BTC-USDT", ""},
    {"GET", "/executors/types/available", ""},
    {"GET", "/executors/types/grid_executor/config", ""},
    {"POST", "/executors/h-#/stop", "{}"},
    {"GET", "/events?from=1&limit=5", ""},
    {"GET", "/snapshot", ""},
    {"GET", "/performance", ""},
    {"GET", "/positions", ""},
    {"GET", "/risk", ""},
    {"POST", "/risk", "{\"state\":\"REDUCING\",\"reason\":\"fault #\"}"},
    {"POST", "/risk", "{\"state\":\"ACTIVE\",\"reason\":\"over #\"}"},
    {"POST", "/actions",
     "{\"actions\":[{\"action\":\"create_executor\",\"executor_id\":\"w-#\",\"executor_"
     "config\":" CONFIG "},{\"action\":\"stop_executor\",\"executor_id\":\"w-#\"}]}"},
    {"POST", "/reconcile", "{\"venue\":\"paper\"}"},
    {"GET", "/nowhere", ""},
};

enum { VISITS = sizeof(visits) / sizeof(visits[0]) };

/* ---- Whole runs ---- */

/* Everything is asked with the n-th refused. */
static void ask_everything(bool is_lasting, size_t count,
                           void ask(size_t i, struct refusal *refusal))
{
    run_ready();
    bool has_struck = true;
    struct refusal refusal = {.is_lasting = is_lasting};
    while (has_struck && refusal.nth < FAULTS_MAX) {
        refusal.nth = next_fault(refusal.nth);
        has_struck = false;
        for (size_t i = 0; i < count; i++) {
            refusal.has_struck = false;
            refusal.is_answered = false;
            ask(i, &refusal);
            has_struck = has_struck || refusal.has_struck;
            if (!refusal.is_answered && !refusal.has_struck) {
                run_again(&refusal);
                has_struck = true;
            }
        }
    }
    report_faults(refusal.nth);
    run_end();
}

static void ask_request(size_t i, struct refusal *refusal)
{
    refusal->is_wrong = i >= REQUESTS - REQUESTS_WRONG;
    ask_rep(requests[i], refusal);
}

static void ask_visit(size_t i, struct refusal *refusal)
{
    ask_http(&visits[i], refusal);
}

START_TEST(requests_whose_memory_is_refused)
{
    ask_everything(_i == 1, REQUESTS, ask_request);
}
END_TEST

START_TEST(visits_whose_memory_is_refused)
{
    ask_everything(_i == 1, VISITS, ask_visit);
}
END_TEST

/* ---- The end ---- */

static void ask_shutdown(bool is_http, struct refusal *refusal)
{
    static const struct visit visit = {"POST", "/shutdown", "{}"};
    refusal->is_answered = false;
    if (is_http) {
        ask_http(&visit, refusal);
    } else {
        ask_rep("{\"request\":\"shutdown\"}", refusal);
    }
}

/* One that is promised comes; after any other answer, or none, it is asked for again. */
static void shut_down(bool is_http, struct refusal *refusal)
{
    ask_shutdown(is_http, refusal);
    const bool is_promised = refusal->is_answered && strstr(answer, "\"ok\":true") != NULL;
    for (int waited = 0; !atomic_load(&run.has_ended); waited += STEP_MS) {
        ck_assert_msg(waited < READY_MS, "fault %llu: %s, and no end",
                      (unsigned long long)refusal->nth, is_promised ? "promised" : "asked again");
        if (waited == AGAIN_MS && !is_promised) {
            struct refusal none = {.nth = NO_FAULT};
            ask_shutdown(is_http, &none);
        }
        (void)poll(NULL, 0, STEP_MS);
    }
    run_join();
}

/* A run whose end has failed goes on and ends; but for one whose end is on record: that is over. */
static void end_again(void)
{
    if (run_begin(&run, ++starts) != ERR_NONE) {
        ck_assert_msg(strstr(run.failure.text, "(stopped; ") != NULL, "%s", run.failure.text);
        return;
    }
    run_settle();
    run_end();
}

START_TEST(shutdowns_whose_memory_is_refused)
{
    const bool is_lasting = _i > 0;
    /* Refused for good until it is answered; or one of all until the run has ended. */
    struct refusal refusal = {.is_lasting = is_lasting,
                              .has_struck = true,
                              .kept_ms = is_lasting ? 0 : END_MS,
                              .kept_until = &run.has_ended};
    while (refusal.has_struck && refusal.nth < END_FAULTS_MAX) {
        refusal.nth = next_fault(refusal.nth);
        refusal.has_struck = false;
        shell("rm -f run.db*");
        run_ready();
        shut_down(_i == 2, &refusal);
        if (run.err != ERR_NONE) {
            part_done(&run);
            end_again();
        } else {
            ck_assert(run.result.outcome.is_finished && run.result.outcome.is_balanced);
            part_done(&run);
        }
    }
    report_faults(refusal.nth);
}
END_TEST

START_TEST(a_program_is_told_that_its_stop_was_not_heard)
{
    run_ready();
    message_pool_drain();
    faulty_memory_arm(1, true);
    const enum err err = run_stop(run.run, SHUTDOWN_REQUEST);
    (void)faulty_memory_disarm();
    ck_assert_int_eq(err, ERR_MEMORY);
    run_end();
}
END_TEST

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    faulty_memory_install();
    Suite *suite = suite_create("control_faults");
    TCase *tcase = tcase_create("control_faults");
    tcase_add_checked_fixture(tcase, control_open, scene_close);
    tcase_set_timeout(tcase, faults_are_asked_for("all") ? 0 : 280);
    tcase_add_loop_test(tcase, requests_whose_memory_is_refused, 0, 2);
    tcase_add_loop_test(tcase, visits_whose_memory_is_refused, 0, 2);
    tcase_add_test(tcase, a_program_is_told_that_its_stop_was_not_heard);
    tcase_add_loop_test(tcase, shutdowns_whose_memory_is_refused, 0, 3);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
