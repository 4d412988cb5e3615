/*
 * tests/integration/remote_scene.h - a remote venue whose network, orchestrator and market are the
 * director.
 */
#ifndef TUTTI_TESTS_INTEGRATION_REMOTE_SCENE_H
#define TUTTI_TESTS_INTEGRATION_REMOTE_SCENE_H

#include <check.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/messages.h"
#include "actors/roles/remote_venue.h"
#include "market/wire.h"
#include "tests/support/director.h"

/* What a test sets up beside the script. */
struct scene {
    struct run_config config;
    struct actor_ref remote;
    struct arena arena; /* Of the requests that were read. */
    int64_t seq;        /* What the venue has told. */
    int64_t last_trade;
    int64_t ahead_ns; /* The venue's clock. */
};

static const char run_file[] =
    "run: {name: scene, mode: paper}\n"
    "venues: [{name: exchange, type: remote, url: \"ipc://a\", events_url: \"ipc://b\",\n"
    "          recv_window_ms: 500, request_timeout_ms: 100, heartbeat_ms: 1000}]\n"
    "instruments: [{trading_pair: BTC-USDT, venue: exchange, tick: \"0.01\", step: \"0.001\"}]\n"
    "feeds: [{type: venue, venue: exchange, trading_pair: BTC-USDT}]\n"
    "executors: []\n";

static inline void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    struct remote_venue_arguments arguments = {.config = &scene->config};
    ck_assert_int_eq(context_spawn(context, &remote_venue_class, &arguments, &scene->remote),
                     ERR_NONE);
}

static inline void scene_play(director_step *const *script)
{
    char path[] = "/tmp/tutti-remote-XXXXXX.yaml";
    const int file = mkstemps(path, 5);
    ck_assert_int_ge(file, 0);
    ck_assert_int_gt(dprintf(file, "%s", run_file), 0);
    (void)close(file);
    struct scene scene = {.ahead_ns = 5 * NS_PER_S};
    struct problems problems;
    problems_init(&problems, path);
    ck_assert_msg(run_config_load(path, &scene.config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    ck_assert(run_config_is_remote(&scene.config));
    ck_assert_int_eq((int)scene.config.durability, (int)DURABILITY_FULL);
    arena_init(&scene.arena, 0);
    struct director director = {.script = script, .open = scene_open, .test = &scene};
    director_play(&director);
    director_done(&director);
    arena_done(&scene.arena);
    run_config_done(&scene.config);
    problems_done(&problems);
    (void)unlink(path);
}

/* ---- The venue's part ---- */

/* The newest request of that kind that was not looked at yet; NULL when there is none. */
static inline const struct wire_request *asked(struct director *director,
                                               enum wire_request_kind kind)
{
    struct scene *scene = director->test;
    for (size_t i = director->count; i > director->seen; i--) {
        nng_msg *message = director->received[i - 1];
        const struct message_wire *wire = message_body(message);
        struct wire_request *request = arena_take(&scene->arena, sizeof(*request));
        struct failure failure;
        if (message_envelope(message)->kind == MESSAGE_WIRE_REQUEST &&
            wire_parse_request(wire->bytes, wire->size, &scene->arena, request, &failure) ==
                ERR_NONE &&
            request->kind == kind) {
            return request;
        }
    }
    return NULL;
}

static inline void answer(struct director *director, struct context *context,
                          const struct wire_request *request, const struct wire_answer *given)
{
    const struct scene *scene = director->test;
    ck_assert_ptr_nonnull(request);
    struct wire_answer told = *given;
    told.id = request->id;
    told.code = told.code != 0 ? told.code : WIRE_OK;
    told.message = "";
    told.clock_ns = context_now(context) + scene->ahead_ns;
    told.time_ns = 1000;
    told.seq = scene->seq;
    told.last_trade = scene->last_trade;
    struct text bytes = {0};
    wire_print_answer(&told, &bytes);
    director->seen = director->count;
    ck_assert_int_eq(message_post_wire(context, scene->remote, MESSAGE_WIRE_ANSWER,
                                       (uint64_t)request->id, &bytes),
                     ERR_NONE);
    text_done(&bytes);
}

static inline void event(struct director *director, struct context *context,
                         const struct wire_event *given)
{
    const struct scene *scene = director->test;
    struct wire_event told = *given;
    told.clock_ns = context_now(context) + scene->ahead_ns;
    told.time_ns = 1000;
    struct text bytes = {0};
    wire_print_event(&told, &bytes);
    ck_assert_int_eq(message_post_wire(context, scene->remote, MESSAGE_WIRE_EVENT, 0, &bytes),
                     ERR_NONE);
    text_done(&bytes);
}

static inline void heartbeat(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    event(director, context, &(struct wire_event){.kind = WIRE_HEARTBEAT, .seq = scene->seq});
}

static inline struct wire_trade trade_of(int64_t number)
{
    return (struct wire_trade){.number = number,
                               .client_order_id = "16-1-1",
                               .trading_pair = "BTC-USDT",
                               .side = SIDE_BUY,
                               .price = decimal_from_int(50000),
                               .amount = DECIMAL_ONE,
                               .fee = DECIMAL_ZERO,
                               .fee_asset = "USDT",
                               .liquidity = LIQUIDITY_TAKER};
}

static inline struct wire_order order_of(enum order_state state)
{
    return (struct wire_order){.client_order_id = "16-1-1",
                               .trading_pair = "BTC-USDT",
                               .side = SIDE_BUY,
                               .type = ORDER_MARKET,
                               .amount = DECIMAL_ONE,
                               .state = state,
                               .reason = ""};
}

/* ---- What the orchestrator got ---- */

/* How many updates of a kind have come. */
static inline size_t updates_of(const struct director *director, enum venue_update_kind kind)
{
    size_t found = 0;
    for (size_t i = 0; i < director->count; i++) {
        nng_msg *message = director->received[i];
        const struct envelope *envelope = message_envelope(message);
        const struct venue_update *updates = message_body(message);
        for (size_t j = 0;
             envelope->kind == MESSAGE_VENUE_UPDATE && j < envelope->size / sizeof(*updates); j++) {
            found += updates[j].kind == kind ? 1 : 0;
        }
    }
    return found;
}

static inline const struct venue_update *last_update(const struct director *director)
{
    for (size_t i = director->count; i > 0; i--) {
        nng_msg *message = director->received[i - 1];
        if (message_envelope(message)->kind == MESSAGE_VENUE_UPDATE) {
            return message_body(message);
        }
    }
    ck_abort_msg("no update came");
    return NULL;
}

/* ---- Connecting ---- */

static inline void attach(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct message_reconcile reconcile = {.after_trade = 0};
    director_send(context, scene->remote, MESSAGE_WIRE_ATTACH, 0, NULL, 0);
    director_send(context, scene->remote, MESSAGE_LIVE_WANTED, 0, NULL, 0);
    director_send(context, scene->remote, MESSAGE_RECONCILE, 0, &reconcile, sizeof(reconcile));
}

static inline void answer_probe(struct director *director, struct context *context)
{
    answer(director, context, asked(director, WIRE_TIME), &(struct wire_answer){0});
    ck_assert_uint_eq(director_count(director, MESSAGE_VENUE_LINK), 0); /* No event yet. */
    heartbeat(director, context);
}

static inline void answer_no_orders(struct director *director, struct context *context)
{
    answer(director, context, asked(director, WIRE_OPEN_ORDERS), &(struct wire_answer){0});
}

static inline void answer_no_trades(struct director *director, struct context *context)
{
    const struct wire_request *request = asked(director, WIRE_TRADES);
    answer(director, context, request, &(struct wire_answer){0});
}

static inline void answer_balances(struct director *director, struct context *context)
{
    struct wire_balance balance = {.asset = "USDT", .total = decimal_from_int(7)};
    answer(director, context, asked(director, WIRE_BALANCES),
           &(struct wire_answer){.balances = {.items = &balance, .count = 1}});
}

#define CONNECT attach, answer_probe, answer_no_orders, answer_no_trades, answer_balances

static inline void check_up(struct director *director, struct context *context)
{
    (void)context;
    nng_msg *message = NULL;
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == MESSAGE_RECONCILED) {
            message = director->received[i];
        }
    }
    ck_assert_ptr_nonnull(message);
    const struct message_reconciled *reconciled = message_body(message);
    ck_assert(reconciled->is_bracket);
    ck_assert_uint_eq(reconciled->count, 1);
    ck_assert_str_eq(reconciled->items[0].asset, "USDT");
    ck_assert(decimal_equal(reconciled->items[0].total, decimal_from_int(7)));
}

/* ---- Orders ---- */

static inline void submit(struct director *director, struct context *context)
{
    const struct scene *scene = director->test;
    const struct order_ticket ticket = {.id = {.epoch = 42, .executor = 1, .ordinal = 1},
                                        .side = SIDE_BUY,
                                        .type = ORDER_MARKET,
                                        .amount = DECIMAL_ONE};
    director->seen = director->count;
    director_send(context, scene->remote, MESSAGE_SUBMIT, 0, &ticket, sizeof(ticket));
}

static inline void check_turned_away(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_ptr_null(asked(director, WIRE_SUBMIT));
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_REJECTED);
    ck_assert_str_eq(last_update(director)->reason, "venue_reconciling");
}

/* Time passes until every time-out is over. */
static inline void pass_timeout(struct director *director, struct context *context)
{
    director->seen = director->count;
    system_set_now(context_system(context), context_now(context) + 101 * NS_PER_MS);
}

static inline void check_cancel_doubtful(struct director *director, struct context *context)
{
    (void)context;
    ck_assert_int_eq((int)last_update(director)->kind, (int)VENUE_UNKNOWN);
}

static inline int scene_run(const char *name, TCase *cases)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? 0 : 1;
}

#endif
