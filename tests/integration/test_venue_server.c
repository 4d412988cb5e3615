/*
 * The venue server among fakes: the director is its feed and its network, so that every order of
 * requests can be played, on a clock that moves a nanosecond at a time.
 */
#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/messages.h"
#include "actors/roles/venue_server.h"
#include "actors/venue_process.h"
#include "market/tape.h"
#include "market/wire.h"
#include "tests/support/director.h"

/* What a test sets up beside the script. */
struct scene {
    struct run_config config;
    struct venue_faults faults;
    struct tape *tape;
    struct actor_ref server;
    struct arena arena; /* Of the messages that were read. */
    int64_t requests;   /* Sent so far; the number of a request is its id and its token. */
    FILE *log;
    char *lines; /* Of the log. */
    size_t length;
};

static const char run_file[] =
    "run: {name: scene, mode: paper}\n"
    "venues: [{name: exchange, balances: {USDT: \"1000000\", BTC: \"10\"}}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: exchange, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{venue: exchange, trading_pair: BTC-USDT, quotes: none.tape, speed: \"1\"}]\n"
    "executors: []\n";

static char folder[] = "/tmp/tutti-venue-XXXXXX";

static void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    struct venue_server_arguments arguments = {.config = &scene->config,
                                               .feed = director->self,
                                               .speed = DECIMAL_ONE,
                                               .heartbeat_ns = 1,
                                               .faults = &scene->faults,
                                               .log = scene->log};
    ck_assert_int_eq(context_spawn(context, &venue_server_class, &arguments, &scene->server),
                     ERR_NONE);
    director_send(context, scene->server, MESSAGE_WIRE_ATTACH, 0, NULL, 0);
}

/* Reads the run file of the scene and makes its tape: ten quotes around 50000. */
static void scene_load(struct scene *scene, const char *text, struct problems *problems)
{
    ck_assert_int_eq(chdir(folder), 0);
    FILE *file = fopen("scene.yaml", "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
    problems_init(problems, "scene.yaml");
    ck_assert_msg(run_config_load("scene.yaml", &scene->config, problems) == ERR_NONE, "%s",
                  text_string(&problems->lines));
    const struct tape_walk walk = {.seed = 1,
                                   .count = 10,
                                   .start_ns = INT64_C(1700000000) * NS_PER_S,
                                   .interval_ns = NS_PER_S,
                                   .price = 5000000,
                                   .price_digits = 2,
                                   .step_max = 100,
                                   .spread = 10};
    struct failure failure;
    ck_assert_msg(tape_make_walk(&walk, "none.tape", &failure) == ERR_NONE, "%s", failure.text);
    ck_assert_int_eq(tape_open("none.tape", &scene->tape, &failure), ERR_NONE);
}

static void scene_play(struct scene *scene, const char *plan, director_step *const *script)
{
    struct problems problems;
    struct failure failure;
    scene_load(scene, run_file, &problems);
    venue_faults_init(&scene->faults);
    ck_assert(plan == NULL || venue_faults_parse(plan, &scene->faults, &failure) == ERR_NONE);
    arena_init(&scene->arena, 0);
    scene->log = open_memstream(&scene->lines, &scene->length);
    struct director director = {.script = script, .open = scene_open, .test = scene};
    director_play(&director);
    director_done(&director);
    (void)fclose(scene->log);
    free(scene->lines);
    arena_done(&scene->arena);
    tape_close(scene->tape);
    run_config_done(&scene->config);
    problems_done(&problems);
}

/* ---- Talking to it ---- */

static void send_row(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_quotes quotes = {.tape = scene->tape, .first = 0, .end = 1};
    director_send(context, scene->server, MESSAGE_QUOTES, 0, &quotes, sizeof(quotes));
}

static void ask(struct director *director, struct context *context,
                const struct wire_request *request)
{
    struct scene *scene = director->test;
    struct wire_request numbered = *request;
    numbered.id = ++scene->requests;
    numbered.recv_window_ms = 1000;
    struct text bytes = {0};
    wire_print_request(&numbered, &bytes);
    ck_assert_int_eq(message_post_wire(context, scene->server, MESSAGE_WIRE_REQUEST,
                                       (uint64_t)numbered.id, &bytes),
                     ERR_NONE);
    text_done(&bytes);
}

static void submit_at(struct director *director, struct context *context, uint32_t ordinal,
                      int64_t clock_ns)
{
    char id[ORDER_ID_TEXT_MAX];
    const struct scene *scene = director->test;
    const struct order_ticket ticket = {.id = {.epoch = 42, .executor = 1, .ordinal = ordinal},
                                        .side = SIDE_BUY,
                                        .type = ORDER_MARKET,
                                        .amount = DECIMAL_ONE};
    const struct wire_order order =
        wire_order_of_ticket(&ticket, &scene->config.instruments[0], id);
    ask(director, context,
        &(struct wire_request){.kind = WIRE_SUBMIT, .order = &order, .clock_ns = clock_ns});
}

static void submit(struct director *director, struct context *context, uint32_t ordinal)
{
    submit_at(director, context, ordinal, context_now(context));
}

/* The answer to the request of that number. */
static struct wire_answer answer_to(struct director *director, int64_t id)
{
    struct scene *scene = director->test;
    for (size_t i = director->count; i > 0; i--) {
        nng_msg *message = director->received[i - 1];
        const struct message_wire *wire = message_body(message);
        if (message_envelope(message)->kind == MESSAGE_WIRE_ANSWER && wire->token == (uint64_t)id) {
            struct wire_answer answer;
            struct failure failure = {0};
            ck_assert_msg(wire_parse_answer(wire->bytes, wire->size, &scene->arena, &answer,
                                            &failure) == ERR_NONE,
                          "%s", failure.text);
            ck_assert_int_eq(answer.id, id);
            return answer;
        }
    }
    ck_abort_msg("request %d was not answered", (int)id);
    return (struct wire_answer){0};
}

/* How many events of a kind have come; the newest is left in *ret_event. */
static size_t events_of(struct director *director, enum wire_event_kind kind,
                        struct wire_event *ret_event)
{
    struct scene *scene = director->test;
    size_t count = 0;
    for (size_t i = 0; i < director->count; i++) {
        nng_msg *message = director->received[i];
        if (message_envelope(message)->kind == MESSAGE_WIRE_EVENT) {
            const struct message_wire *wire = message_body(message);
            struct wire_event event;
            struct failure failure;
            ck_assert_int_eq(
                wire_parse_event(wire->bytes, wire->size, &scene->arena, &event, &failure),
                ERR_NONE);
            if (event.kind == kind) {
                *ret_event = event;
                count++;
            }
        }
    }
    return count;
}

/* ---- Scripts ---- */

static void rest(struct director *director, struct context *context)
{
    (void)director;
    (void)context;
}

static void submit_first(struct director *director, struct context *context)
{
    submit(director, context, 1);
}

static void check_taken(struct director *director, struct context *context)
{
    const struct wire_answer answer = answer_to(director, 1);
    ck_assert_int_eq((int)answer.code, (int)WIRE_OK);
    ck_assert_int_eq((int)answer.order->state, (int)ORDER_PENDING_SUBMIT);
    submit(director, context, 1); /* The same id once more. */
}

static void check_filled_and_repeated(struct director *director, struct context *context)
{
    const struct wire_answer answer = answer_to(director, 2);
    ck_assert_int_eq((int)answer.code, (int)WIRE_DUPLICATE);
    struct wire_event event;
    ck_assert_uint_eq(events_of(director, WIRE_TRADE, &event), 1);
    ck_assert_int_eq(event.trade->number, 1);
    ck_assert_str_eq(event.trade->client_order_id, "16-1-1");
    ck_assert(decimal_equal(event.trade->amount, DECIMAL_ONE));
    ck_assert_int_eq(event.seq, 2); /* Accepted, filled, completed. */
    ck_assert_uint_eq(events_of(director, WIRE_ORDER, &event), 2);
    ck_assert_int_eq((int)event.order->state, (int)ORDER_FILLED);
    ck_assert_int_eq(event.seq, 3);
    ck_assert_uint_gt(events_of(director, WIRE_HEARTBEAT, &event), 0);
    ck_assert_int_eq(event.seq, 3);
    ask(director, context, &(struct wire_request){.kind = WIRE_QUERY, .client_order_id = "16-1-1"});
    ask(director, context, &(struct wire_request){.kind = WIRE_QUERY, .client_order_id = "16-1-2"});
    ask(director, context, &(struct wire_request){.kind = WIRE_TRADES});
    ask(director, context, &(struct wire_request){.kind = WIRE_TRADES, .after = 1});
    ask(director, context, &(struct wire_request){.kind = WIRE_BALANCES});
    ask(director, context, &(struct wire_request){.kind = WIRE_POSITIONS});
    ask(director, context,
        &(struct wire_request){
            .kind = WIRE_CANCEL, .client_order_id = "x", .clock_ns = context_now(context)});
}

static void check_reads(struct director *director, struct context *context)
{
    (void)context;
    struct wire_answer answer = answer_to(director, 3);
    ck_assert_int_eq((int)answer.order->state, (int)ORDER_FILLED);
    ck_assert_int_eq(answer.last_trade, 1);
    ck_assert_int_eq(answer.seq, 3);
    ck_assert_int_eq((int)answer_to(director, 4).code, (int)WIRE_NOT_FOUND);
    answer = answer_to(director, 5);
    ck_assert_uint_eq(answer.trades.count, 1);
    ck_assert_int_eq(answer.next, 0);
    ck_assert_uint_eq(answer_to(director, 6).trades.count, 0);
    answer = answer_to(director, 7);
    ck_assert_uint_eq(answer.balances.count, 2);
    ck_assert_uint_eq(answer_to(director, 8).positions.count, 0);
    ck_assert_int_eq((int)answer_to(director, 9).code, (int)WIRE_BAD_REQUEST);
    /* The log has the order as it was taken, and all three events. */
    const struct scene *scene = director->test;
    size_t lines = 0;
    for (size_t i = 0; i < scene->length; i++) {
        lines += scene->lines[i] == '\n' ? 1 : 0;
    }
    ck_assert_uint_eq(lines, 4);
}

START_TEST(an_order_is_taken_once_and_filled)
{
    static director_step *const script[] = {
        send_row, submit_first, check_taken, rest, check_filled_and_repeated, check_reads, NULL};
    struct scene scene = {0};
    scene_play(&scene, NULL, script);
}
END_TEST

static void submit_late(struct director *director, struct context *context)
{
    submit_at(director, context, 1, -2 * NS_PER_S); /* The window is a second. */
    ask(director, context,
        &(struct wire_request){
            .kind = WIRE_CANCEL, .client_order_id = "16-1-1", .clock_ns = -2 * NS_PER_S});
    ask(director, context, &(struct wire_request){.kind = WIRE_OPEN_ORDERS});
}

static void check_late(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)answer_to(director, 1).code, (int)WIRE_LATE);
    ck_assert_int_eq((int)answer_to(director, 2).code, (int)WIRE_LATE);
    ck_assert_uint_eq(answer_to(director, 3).orders.count, 0);
}

START_TEST(a_late_request_is_not_carried_out)
{
    static director_step *const script[] = {submit_late, check_late, NULL};
    struct scene scene = {0};
    scene_play(&scene, NULL, script);
}
END_TEST

/* Before the first quote an order waits: it is open and can be canceled. */
static void cancel_first(struct director *director, struct context *context)
{
    ask(director, context, &(struct wire_request){.kind = WIRE_OPEN_ORDERS});
    ask(director, context,
        &(struct wire_request){
            .kind = WIRE_CANCEL, .client_order_id = "16-1-1", .clock_ns = context_now(context)});
}

static void check_open(struct director *director, struct context *context)
{
    const struct wire_answer answer = answer_to(director, 2);
    ck_assert_uint_eq(answer.orders.count, 1);
    const struct wire_order *order = answer.orders.items;
    ck_assert_str_eq(order->client_order_id, "16-1-1");
    ck_assert_int_eq(answer.next, 0);
    ck_assert_int_eq((int)answer_to(director, 3).code, (int)WIRE_OK);
    send_row(director, context);
}

static void check_canceled(struct director *director, struct context *context)
{
    (void)context;
    struct wire_event event;
    ck_assert_uint_gt(events_of(director, WIRE_ORDER, &event), 0);
    ck_assert_int_eq((int)event.order->state, (int)ORDER_CANCELED);
    ck_assert_uint_eq(events_of(director, WIRE_TRADE, &event), 0);
}

START_TEST(an_order_that_waits_is_canceled)
{
    static director_step *const script[] = {submit_first, cancel_first,   check_open,
                                            rest,         check_canceled, NULL};
    struct scene scene = {0};
    scene_play(&scene, NULL, script);
}
END_TEST

/* ---- Faults ---- */

static void check_lost_reply(struct director *director, struct context *context)
{
    ck_assert_uint_eq(director_count(director, MESSAGE_WIRE_ANSWER), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_WIRE_FORGET), 1);
    ask(director, context, &(struct wire_request){.kind = WIRE_QUERY, .client_order_id = "16-1-1"});
}

static void check_carried_out(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)answer_to(director, 2).code, (int)WIRE_OK);
}

static void check_not_carried_out(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)answer_to(director, 2).code, (int)WIRE_NOT_FOUND);
}

static void check_error(struct director *director, struct context *context)
{
    ck_assert_int_eq((int)answer_to(director, 1).code, (int)WIRE_SERVER_ERROR);
    ask(director, context, &(struct wire_request){.kind = WIRE_QUERY, .client_order_id = "16-1-1"});
}

static void check_limited(struct director *director, struct context *context)
{
    ck_assert_int_eq((int)answer_to(director, 1).code, (int)WIRE_RATE_LIMITED);
    ck_assert_int_gt(answer_to(director, 1).retry_after_ms, 0);
    ask(director, context, &(struct wire_request){.kind = WIRE_QUERY, .client_order_id = "16-1-1"});
}

static const struct {
    const char *plan;
    director_step *script[5];
} request_faults[] = {
    {"reply_lost@1", {submit_first, check_lost_reply, check_carried_out}},
    {"request_lost@1", {submit_first, check_lost_reply, check_not_carried_out}},
    {"error_before@1", {submit_first, check_error, check_not_carried_out}},
    {"error_after@1", {submit_first, check_error, check_carried_out}},
    {"rate_limit@1", {submit_first, check_limited, check_not_carried_out}},
};

START_TEST(faults_of_requests)
{
    struct scene scene = {0};
    scene_play(&scene, request_faults[_i].plan, request_faults[_i].script);
}
END_TEST

/* Which events came, as "1 2 3": their numbers, in order of arrival. */
static void check_events(struct director *director, const char *expected)
{
    struct scene *scene = director->test;
    char numbers[64] = "";
    for (size_t i = 0; i < director->count; i++) {
        nng_msg *message = director->received[i];
        const struct message_wire *wire = message_body(message);
        struct wire_event event;
        struct failure failure;
        if (message_envelope(message)->kind == MESSAGE_WIRE_EVENT &&
            wire_parse_event(wire->bytes, wire->size, &scene->arena, &event, &failure) ==
                ERR_NONE &&
            (event.kind == WIRE_ORDER || event.kind == WIRE_TRADE)) {
            const size_t length = strlen(numbers);
            (void)snprintf(numbers + length, sizeof(numbers) - length, "%d ", (int)event.seq);
        }
    }
    ck_assert_str_eq(numbers, expected);
}

static void check_one_lost(struct director *director, struct context *context)
{
    (void)context;
    check_events(director, "1 3 ");
}

static void check_one_twice(struct director *director, struct context *context)
{
    (void)context;
    check_events(director, "1 2 2 3 ");
}

static void check_silence(struct director *director, struct context *context)
{
    (void)context;
    check_events(director, "");
    ck_assert_uint_eq(director_count(director, MESSAGE_WIRE_ANSWER), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_WIRE_FORGET), 1);
}

static void check_stranger(struct director *director, struct context *context)
{
    (void)context;
    struct wire_event event;
    ck_assert_uint_eq(events_of(director, WIRE_TRADE, &event), 1);
    ck_assert_str_eq(event.trade->client_order_id, "zzzzzzzzzzzz-0-1");
}

static const struct {
    const char *plan;
    director_step *script[6];
} event_faults[] = {
    {"event_lost@2", {send_row, submit_first, rest, check_one_lost}},
    {"event_twice@2", {send_row, submit_first, rest, check_one_twice}},
    {"event_late@2", {send_row, submit_first, rest, check_one_lost}},
    {"disconnect@1", {send_row, submit_first, rest, check_silence}},
    {"stranger@4", {send_row, rest, rest, rest, check_stranger}},
};

START_TEST(faults_of_events)
{
    struct scene scene = {0};
    scene_play(&scene, event_faults[_i].plan, event_faults[_i].script);
}
END_TEST

/* ---- The process around it ---- */

struct refusal {
    const char *yaml; /* Replaces the feed of the run file. */
    const char *venue;
    const char *url;
    enum err err;
    const char *words;
};

static const struct refusal refusals[] = {
    {NULL, "nowhere", "inproc://a", ERR_SYNTAX, "no venue is called nowhere"},
    {"speed: max", NULL, "inproc://a", ERR_SYNTAX, "needs a pace"},
    {NULL, NULL, "nonsense", ERR_SYNTAX, "nonsense"},
};

START_TEST(a_venue_that_cannot_start_says_why)
{
    const struct refusal *refusal = &refusals[_i];
    struct scene scene = {0};
    struct problems problems;
    char text[sizeof(run_file) + 64];
    const char *speed = strstr(run_file, "speed:");
    (void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(speed - run_file), run_file,
                   refusal->yaml != NULL ? refusal->yaml : "speed: \"1\"", speed + 10);
    scene_load(&scene, text, &problems);
    const struct venue_process_options options = {.venue = refusal->venue,
                                                  .url = refusal->url,
                                                  .events_url = "inproc://b",
                                                  .heartbeat_ns = NS_PER_MS};
    struct venue_process *process = NULL;
    struct failure failure = {0};
    ck_assert_int_eq(venue_process_create(&scene.config, &options, &process, &failure),
                     refusal->err);
    ck_assert_msg(strstr(failure.text, refusal->words) != NULL, "%s", failure.text);
    venue_process_destroy(process);
    tape_close(scene.tape);
    run_config_done(&scene.config);
    problems_done(&problems);
}
END_TEST

START_TEST(a_venue_ends_with_its_feed_or_when_it_is_told)
{
    struct scene scene = {0};
    struct problems problems;
    scene_load(&scene, run_file, &problems);
    const struct venue_process_options options = {.url = "inproc://c",
                                                  .events_url = "inproc://d",
                                                  .heartbeat_ns = NS_PER_MS,
                                                  .speed = decimal_from_int(1000),
                                                  .is_stopped_at_end = _i == 0};
    struct venue_process *process = NULL;
    struct failure failure = {0};
    ck_assert_int_eq(venue_process_create(&scene.config, &options, &process, &failure), ERR_NONE);
    if (_i == 1) {
        venue_process_stop(process);
    }
    ck_assert_int_eq(venue_process_execute(process, &failure), ERR_NONE);
    venue_process_destroy(process);
    tape_close(scene.tape);
    run_config_done(&scene.config);
    problems_done(&problems);
}
END_TEST

static void venue_setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void venue_teardown(void)
{
    ck_assert_int_eq(chdir("/"), 0);
    char path[sizeof(folder) + 16];
    static const char *const names[] = {"scene.yaml", "none.tape"};
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path);
    }
    ck_assert_int_eq(rmdir(folder), 0);
}

int main(void)
{
    if (sodium_init() < 0) {
        return 1;
    }
    Suite *suite = suite_create("venue_server");
    TCase *tcase = tcase_create("venue_server");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, venue_setup, venue_teardown);
    tcase_add_test(tcase, an_order_is_taken_once_and_filled);
    tcase_add_test(tcase, a_late_request_is_not_carried_out);
    tcase_add_test(tcase, an_order_that_waits_is_canceled);
    tcase_add_loop_test(tcase, faults_of_requests, 0,
                        sizeof(request_faults) / sizeof(request_faults[0]));
    tcase_add_loop_test(tcase, faults_of_events, 0, sizeof(event_faults) / sizeof(event_faults[0]));
    tcase_add_loop_test(tcase, a_venue_that_cannot_start_says_why, 0,
                        sizeof(refusals) / sizeof(refusals[0]));
    tcase_add_loop_test(tcase, a_venue_ends_with_its_feed_or_when_it_is_told, 0, 2);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}
