/*
 * tests/integration/risk_scene.h - an orchestrator and its executors among fakes, played over a
 * restart.
 *
 * The director is market, venue, journal and whoever asks. A scene is a list of operations; each
 * one is carried out when everything has come to rest after the one before. OP_RESTART cuts the
 * run: what the journal got is written to a database, and another orchestrator goes on from it.
 */
#ifndef TUTTI_TESTS_INTEGRATION_RISK_SCENE_H
#define TUTTI_TESTS_INTEGRATION_RISK_SCENE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "actors/action.h"
#include "actors/messages.h"
#include "actors/roles/orchestrator.h"
#include "actors/run_config.h"
#include "persistence/store.h"
#include "tests/integration/puppet.h"
#include "tests/support/director.h"

#define SCENE_NOW_NS (INT64_C(1700000000) * NS_PER_S)

enum { SCENE_OPS_MAX = 64, SCENE_ACTS_MAX = 4 * SCENE_OPS_MAX, SCENE_EXECUTORS_MAX = 8 };

enum op_kind {
    OP_END,
    OP_ORDER,  /* `who` orders; `code` "" when it leaves, else why it is denied. */
    OP_AGAIN,  /* The executor asks for an order with an ordinal that it has used. */
    OP_FILL,   /* The venue fills the newest order of `who`, whole, at its price. */
    OP_REFUSE, /* The venue rejects it. */
    OP_CREATE, /* An action creates `who`; `code` as above. */
    OP_UPDATE, /* An action raises the amount of `who`. */
    OP_STATE,  /* `scope` gets `state`. */
    OP_QUOTE,  /* A step with `price` as bid and 0.02 more as ask. */
    OP_PASS,   /* A step without a quote. */
    OP_LINK,   /* The link to the venue is up (`state` 1) or down. */
    OP_RECONCILED,
    OP_RESTART,
    OP_EXPECT_NOBODY, /* No host was shown, nothing was sent or written. */
    OP_EXPECT_STATE,  /* The journal's last risk.state is of `scope` and `state`; 0: there is none
                       * since the operation before. */
};

struct op {
    enum op_kind kind;
    const char *who;
    enum side side;
    const char *amount;
    const char *price; /* NULL: a market order. */
    bool is_closing;
    int64_t at_ns; /* Behind SCENE_NOW_NS. */
    const char *code;
    const char *scope;
    const char *limit;
    const char *value;
    enum risk_state state;
};

struct scene;
typedef void scene_act(struct scene *scene, struct director *director, struct context *context,
                       const struct op *op);

struct scene {
    const char *risk;   /* Of the run file: the members of `risk`. */
    const char *rules;  /* More of the instrument; "": none. */
    const char *target; /* Of the executors. */
    const char *counts; /* What of: BASE, QUOTE, OPEN. */
    bool is_remote;
    const struct op *ops; /* Ends with OP_END. */
    /* ---- */
    struct run_config config;
    struct run_outcome outcome;
    struct risk_latches latches;
    struct failure failure;
    const char *database; /* NULL: the first life. */
    struct actor_ref orchestrator;
    struct actor_ref venues[1];
    struct actor_ref hosts[SCENE_EXECUTORS_MAX];   /* By number. */
    struct order_ticket sent[SCENE_EXECUTORS_MAX]; /* The newest of each. */
    uint32_t count;                                /* Of executors. */
    const char *names[SCENE_EXECUTORS_MAX];
    uint64_t seq; /* Of the last record. */
    uint64_t trades;
    size_t mark; /* Messages before it belong to earlier operations. */
    struct decimal bid;
    int64_t quoted_ns;
    scene_act *acts[SCENE_ACTS_MAX];
    const struct op *op_of_act[SCENE_ACTS_MAX];
    size_t act_count;
    size_t next_act;
};

/* ---- What came ---- */

static inline const struct record *scene_last(const struct scene *scene,
                                              const struct director *director,
                                              enum record_kind kind, size_t *ret_count)
{
    const struct record *last = NULL;
    *ret_count = 0;
    for (size_t i = scene->mark; i < director->count; i++) {
        nng_msg *message = director->received[i];
        if (message_envelope(message)->kind == DIRECTOR_RECORD &&
            ((const struct record *)message_body(message))->kind == kind) {
            last = message_body(message);
            (*ret_count)++;
        }
    }
    return last;
}

static inline nng_msg *scene_message(const struct scene *scene, const struct director *director,
                                     uint32_t kind, size_t *ret_count)
{
    nng_msg *last = NULL;
    *ret_count = 0;
    for (size_t i = scene->mark; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == kind) {
            last = director->received[i];
            (*ret_count)++;
        }
    }
    return last;
}

static inline uint32_t scene_number(const struct scene *scene, const char *who)
{
    for (uint32_t number = 1; number <= scene->count; number++) {
        if (strcmp(scene->names[number], who) == 0) {
            return number;
        }
    }
    ck_abort_msg("%s is no executor of the scene", who);
    return 0;
}

/* ---- Acts: what operations are made of ---- */

/* Everything that was written is durable. */
static inline void act_commit(struct scene *scene, struct director *director,
                              struct context *context, const struct op *op)
{
    (void)op;
    for (size_t i = 0; i < director->count; i++) {
        nng_msg *message = director->received[i];
        if (message_envelope(message)->kind == DIRECTOR_RECORD) {
            scene->seq = ((const struct record *)message_body(message))->seq;
        }
    }
    const struct message_committed committed = {.seq = scene->seq};
    director_send(context, scene->orchestrator, MESSAGE_COMMITTED, 0, &committed,
                  sizeof(committed));
}

static inline void act_step(struct scene *scene, struct director *director, struct context *context,
                            const struct op *op)
{
    scene->mark = director->count;
    scene->bid = decimal_literal(op->price);
    scene->quoted_ns = SCENE_NOW_NS + op->at_ns;
    char body[sizeof(struct message_step) + sizeof(struct mark)] = {0};
    const struct message_step step = {.instrument = 0, .mark_count = 1};
    const struct mark mark = {.time_ns = scene->quoted_ns,
                              .bid = scene->bid,
                              .ask = decimal_add(scene->bid, decimal_literal("0.02"))};
    memcpy(body, &step, sizeof(step));
    memcpy(body + offsetof(struct message_step, marks), &mark, sizeof(mark));
    director_send(context, scene->orchestrator, MESSAGE_STEP, scene->quoted_ns, body, sizeof(body));
}

static inline void act_pass(struct scene *scene, struct director *director, struct context *context,
                            const struct op *op)
{
    scene->mark = director->count;
    const struct message_step step = {.instrument = STEP_NO_INSTRUMENT};
    director_send(context, scene->orchestrator, MESSAGE_STEP, SCENE_NOW_NS + op->at_ns, &step,
                  sizeof(step));
}

/* The venue has nothing to say; hosts that are new can be woken. */
static inline void act_step_done(struct scene *scene, struct director *director,
                                 struct context *context, const struct op *op)
{
    size_t count;
    ck_assert_ptr_nonnull(scene_message(scene, director, MESSAGE_STEP, &count));
    const struct message_step_done done = {.venue_at_ns = INSTANT_NEVER};
    director_send(context, scene->orchestrator, MESSAGE_STEP_DONE, SCENE_NOW_NS + op->at_ns, &done,
                  sizeof(done));
}

static inline void scene_learn_hosts(struct scene *scene, const struct director *director)
{
    for (size_t i = 0; i < director->count; i++) {
        if (message_envelope(director->received[i])->kind == MESSAGE_REGISTER) {
            const struct message_register *known = message_body(director->received[i]);
            scene->hosts[known->executor] = known->host;
        }
    }
}

static inline void scene_wake(struct scene *scene, struct director *director,
                              struct context *context, uint32_t number, int64_t now_ns)
{
    scene_learn_hosts(scene, director);
    const struct message_wake wake = {
        .markets = {{.bid = scene->bid, .ask = decimal_add(scene->bid, decimal_literal("0.02"))}}};
    director_send(context, scene->hosts[number], MESSAGE_WAKE, now_ns, &wake, sizeof(wake));
}

static inline void act_wake_all(struct scene *scene, struct director *director,
                                struct context *context, const struct op *op)
{
    (void)op;
    for (uint32_t number = 1; number <= scene->count; number++) {
        scene_wake(scene, director, context, number, scene->quoted_ns);
    }
}

static inline void act_order(struct scene *scene, struct director *director,
                             struct context *context, const struct op *op)
{
    scene->mark = director->count;
    puppet_master.id = op->who;
    puppet_master.draft = (struct order_draft){
        .role = op->is_closing ? ROLE_CLOSE : ROLE_OPEN,
        .side = op->side,
        .type = op->price != NULL ? ORDER_LIMIT : ORDER_MARKET,
        .amount = decimal_literal(op->amount),
        .price = op->price != NULL ? decimal_literal(op->price) : DECIMAL_ZERO};
    scene_wake(scene, director, context, scene_number(scene, op->who), SCENE_NOW_NS + op->at_ns);
}

static inline void act_order_again(struct scene *scene, struct director *director,
                                   struct context *context, const struct op *op)
{
    scene->mark = director->count;
    const struct executor_request again = {.kind = REQUEST_PLACE,
                                           .ordinal = 1,
                                           .side = op->side,
                                           .type = ORDER_MARKET,
                                           .amount = decimal_literal(op->amount)};
    director_ask(context, scene->orchestrator, SCENE_NOW_NS + op->at_ns,
                 scene_number(scene, op->who), &again);
}

/* The order has left, or was denied as expected and nothing has left. */
static inline void act_check_order(struct scene *scene, struct director *director,
                                   struct context *context, const struct op *op)
{
    (void)context;
    size_t denials;
    size_t submits;
    const struct record *denied = scene_last(scene, director, RECORD_RISK_DENIED, &denials);
    nng_msg *submit = scene_message(scene, director, MESSAGE_SUBMIT, &submits);
    ck_assert_ptr_null(puppet_master.id);
    if (op->code[0] == '\0') {
        ck_assert_msg(denials == 0, "denied: %s of %s", denied->data.note.code,
                      denied->data.note.scope);
        ck_assert_uint_eq(submits, 1);
        const struct order_ticket *ticket = message_body(submit);
        scene->sent[ticket->id.executor] = *ticket;
        return;
    }
    ck_assert_msg(submits == 0, "%s was expected, and the order has left", op->code);
    ck_assert_uint_eq(denials, 1);
    const struct record_note *note = &denied->data.note;
    ck_assert_str_eq(note->code, op->code);
    if (op->scope != NULL) {
        ck_assert_str_eq(note->scope, op->scope);
        char text[DECIMAL_TEXT_MAX];
        (void)decimal_print(note->limit, text);
        ck_assert_str_eq(text, op->limit);
        (void)decimal_print(note->value, text);
        ck_assert_str_eq(text, op->value);
    }
}

/* An update of the venue about the newest order of an executor. */
static inline void scene_update(struct scene *scene, struct context *context, const struct op *op,
                                enum venue_update_kind kind)
{
    const struct order_ticket *ticket = &scene->sent[scene_number(scene, op->who)];
    struct venue_update update = {.kind = kind, .order = ticket->id};
    if (kind == VENUE_FILL) {
        update.fill =
            (struct fill){.order = ticket->id,
                          .side = ticket->side,
                          .price = op->price != NULL ? decimal_literal(op->price) : ticket->price,
                          .amount = ticket->amount,
                          .liquidity = LIQUIDITY_TAKER,
                          .time_ns = scene->quoted_ns};
        (void)snprintf(update.fill.trade_id, sizeof(update.fill.trade_id), "%llu",
                       (unsigned long long)++scene->trades);
    }
    director_send(context, scene->orchestrator, MESSAGE_VENUE_UPDATE, SCENE_NOW_NS + op->at_ns,
                  &update, sizeof(update));
}

static inline void act_fill(struct scene *scene, struct director *director, struct context *context,
                            const struct op *op)
{
    (void)director;
    scene_update(scene, context, op, VENUE_ACCEPTED);
    scene_update(scene, context, op, VENUE_FILL);
    scene_update(scene, context, op, VENUE_COMPLETED);
}

static inline void act_refuse(struct scene *scene, struct director *director,
                              struct context *context, const struct op *op)
{
    scene->mark = director->count;
    scene_update(scene, context, op, VENUE_REJECTED);
}

static inline void scene_ask(struct scene *scene, struct context *context,
                             const struct action *action)
{
    nng_msg *message = action_message(action, 7);
    ck_assert_ptr_nonnull(message);
    ck_assert_int_eq(context_send(context, scene->orchestrator, &message), ERR_NONE);
}

static inline void act_create(struct scene *scene, struct director *director,
                              struct context *context, const struct op *op)
{
    scene->mark = director->count;
    char config[256];
    (void)snprintf(config, sizeof(config),
                   "{\"type\":\"puppet_executor\",\"connector_name\":\"paper\",\"trading_pair\":"
                   "\"BTC-USDT\",\"id\":\"%s\",\"amount\":\"%s\",\"counts\":\"%s\"}",
                   op->who, scene->target, scene->counts);
    const struct action action = action_create(NULL, "a", config);
    scene_ask(scene, context, &action);
}

static inline void act_check_create(struct scene *scene, struct director *director,
                                    struct context *context, const struct op *op)
{
    (void)context;
    size_t count;
    nng_msg *message = scene_message(scene, director, MESSAGE_ANSWER, &count);
    ck_assert_uint_eq(count, 1);
    const struct message_answer *answer = message_body(message);
    ck_assert_str_eq(answer->code, op->code);
    ck_assert_int_eq(answer->is_accepted, op->code[0] == '\0');
    (void)scene_last(scene, director, RECORD_EXECUTOR_CREATED, &count);
    ck_assert_uint_eq(count, op->code[0] == '\0' ? 1 : 0);
    if (answer->is_accepted) {
        scene->names[++scene->count] = op->who;
    }
}

static inline void act_update(struct scene *scene, struct director *director,
                              struct context *context, const struct op *op)
{
    scene->mark = director->count;
    const struct action action = action_update(NULL, op->who, "{\"amount\":\"1000\"}");
    scene_ask(scene, context, &action);
}

static inline void act_wake(struct scene *scene, struct director *director, struct context *context,
                            const struct op *op)
{
    scene_wake(scene, director, context, scene_number(scene, op->who), SCENE_NOW_NS + op->at_ns);
}

static inline void act_check_update(struct scene *scene, struct director *director,
                                    struct context *context, const struct op *op)
{
    (void)context;
    (void)op;
    size_t count;
    const struct record *done = scene_last(scene, director, RECORD_ACTION_COMPLETED, &count);
    ck_assert_uint_eq(count, 1);
    ck_assert_str_eq(done->data.action.code, "");
    const struct record *updated = scene_last(scene, director, RECORD_EXECUTOR_UPDATED, &count);
    ck_assert_ptr_nonnull(updated);
    ck_assert_ptr_nonnull(strstr(updated->data.executor.reason, "\"new\":{\"amount\":\"1000\"}"));
}

static inline void act_state(struct scene *scene, struct director *director,
                             struct context *context, const struct op *op)
{
    scene->mark = director->count;
    const struct message_risk request =
        risk_request_make(op->state, op->scope, "a drill", "rep:test");
    director_send(context, scene->orchestrator, MESSAGE_RISK, SCENE_NOW_NS + op->at_ns, &request,
                  sizeof(request));
}

static inline void act_check_state(struct scene *scene, struct director *director,
                                   struct context *context, const struct op *op)
{
    (void)context;
    size_t count;
    const struct record *record = scene_last(scene, director, RECORD_RISK_STATE, &count);
    ck_assert_uint_eq(count, op->state != 0 ? 1 : 0);
    if (record != NULL) {
        ck_assert_str_eq(record->data.note.scope, op->scope);
        ck_assert_str_eq(record->data.note.code, field_name_of(risk_state_names, (int)op->state));
    }
}

static inline void act_check_nobody(struct scene *scene, struct director *director,
                                    struct context *context, const struct op *op)
{
    (void)scene;
    (void)context;
    (void)op;
    ck_assert_uint_eq(director_count(director, MESSAGE_REGISTER), 0);
    ck_assert_uint_eq(director_count(director, MESSAGE_SUBMIT), 0);
    ck_assert_uint_eq(director_count(director, DIRECTOR_RECORD), 0);
}

static inline void act_link(struct scene *scene, struct director *director, struct context *context,
                            const struct op *op)
{
    (void)director;
    const struct message_venue_link link = {.is_connected = op->state == RISK_ACTIVE};
    director_send(context, scene->orchestrator, MESSAGE_VENUE_LINK, SCENE_NOW_NS + op->at_ns, &link,
                  sizeof(link));
}

static inline void act_reconciled(struct scene *scene, struct director *director,
                                  struct context *context, const struct op *op)
{
    (void)director;
    const struct message_reconciled reconciled = {.is_bracket = true};
    director_send(context, scene->orchestrator, MESSAGE_RECONCILED, SCENE_NOW_NS + op->at_ns,
                  &reconciled, sizeof(reconciled));
}

/* ---- Operations as acts ---- */

enum { OP_ACTS_MAX = 5 };

static scene_act *const scene_acts_of[][OP_ACTS_MAX] = {
    [OP_ORDER] = {act_order, act_commit, act_check_order},
    [OP_AGAIN] = {act_order_again, act_commit, act_check_order},
    [OP_FILL] = {act_fill, act_commit},
    [OP_REFUSE] = {act_refuse, act_commit},
    [OP_CREATE] = {act_create, act_commit, act_check_create, act_wake_all, act_commit},
    [OP_UPDATE] = {act_update, act_commit, act_wake, act_commit, act_check_update},
    [OP_STATE] = {act_state, act_commit},
    [OP_QUOTE] = {act_step, act_step_done, act_commit, act_wake_all, act_commit},
    [OP_PASS] = {act_pass, act_commit},
    [OP_LINK] = {act_link, act_commit},
    [OP_RECONCILED] = {act_reconciled, act_commit},
    [OP_EXPECT_NOBODY] = {act_check_nobody},
    [OP_EXPECT_STATE] = {act_check_state},
};

static inline void scene_play_act(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    const size_t at = scene->next_act++;
    scene->acts[at](scene, director, context, scene->op_of_act[at]);
}

/* The acts up to the next restart; returns the operation behind them. */
static inline const struct op *scene_plan(struct scene *scene, const struct op *op)
{
    scene->act_count = 0;
    scene->next_act = 0;
    for (; op->kind != OP_END && op->kind != OP_RESTART; op++) {
        for (size_t i = 0; i < OP_ACTS_MAX && scene_acts_of[op->kind][i] != NULL; i++) {
            ck_assert_uint_lt(scene->act_count, SCENE_ACTS_MAX);
            scene->acts[scene->act_count] = scene_acts_of[op->kind][i];
            scene->op_of_act[scene->act_count++] = op;
        }
    }
    return op;
}

static inline void scene_open(struct director *director, struct context *context)
{
    struct scene *scene = director->test;
    scene->venues[0] = director->self;
    struct orchestrator_arguments arguments = {.config = &scene->config,
                                               .epoch = scene->database != NULL ? 43 : 42,
                                               .persistence = director->self,
                                               .venues = scene->venues,
                                               .latches = &scene->latches,
                                               .database = scene->database,
                                               .failure = &scene->failure,
                                               .outcome = &scene->outcome};
    ck_assert_msg(context_spawn(context, &orchestrator_class, &arguments, &scene->orchestrator) ==
                      ERR_NONE,
                  "%s", scene->failure.text);
}

/* What the journal got, as a database. */
static inline void scene_store(struct scene *scene, const struct director *director,
                               const char *path)
{
    const struct store_options options = {.path = path,
                                          .run_name = "scene",
                                          .durability = DURABILITY_GROUP,
                                          .is_resumed = scene->database != NULL};
    struct store *store;
    struct text event = {0};
    ck_assert_msg(store_open("sqlite", &options, &store, &scene->failure) == ERR_NONE, "%s",
                  scene->failure.text);
    for (size_t i = 0; i < director->count; i++) {
        nng_msg *message = director->received[i];
        if (message_envelope(message)->kind == DIRECTOR_RECORD) {
            ck_assert_msg(store_append(store, message_body(message), &event, &scene->failure) ==
                              ERR_NONE,
                          "%s", scene->failure.text);
        }
    }
    ck_assert_int_eq(store_close(store, &scene->failure), ERR_NONE);
    text_done(&event);
}

static inline void scene_load_config(struct scene *scene, const char *path)
{
    static const char local[] = "venues: [{name: paper, balances: {USDT: \"1000000\", BTC: "
                                "\"1000\"}}]\nfeeds: [{venue: paper, trading_pair: BTC-USDT, "
                                "quotes: none.tape}]\n";
    static const char remote[] =
        "venues: [{name: paper, type: remote, url: \"ipc://a\", events_url: \"ipc://b\"}]\n"
        "feeds: [{type: venue, venue: paper, trading_pair: BTC-USDT}]\n";
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    (void)fprintf(
        file,
        "run: {name: scene, mode: paper}\n%s"
        "instruments: [{trading_pair: BTC-USDT, venue: paper, tick: \"0.01\", step: \"0.001\"%s}]\n"
        "persistence: {path: unused.db}\nrisk: {%s}\nexecutors:\n"
        "  - {type: puppet_executor, id: one, controller_id: a, connector_name: paper,\n"
        "     trading_pair: BTC-USDT, amount: \"%s\", counts: %s}\n"
        "  - {type: puppet_executor, id: two, controller_id: b, connector_name: paper,\n"
        "     trading_pair: BTC-USDT}\n",
        scene->is_remote ? remote : local, scene->rules, scene->risk, scene->target, scene->counts);
    (void)fclose(file);
    struct problems problems;
    problems_init(&problems, path);
    ck_assert_msg(run_config_load(path, &scene->config, &problems) == ERR_NONE, "%s",
                  text_string(&problems.lines));
    problems_done(&problems);
}

/* One life of the run, up to a restart; what follows it is returned. */
static inline const struct op *scene_live(struct scene *scene, const struct op *ops,
                                          const char *path)
{
    director_step *script[SCENE_ACTS_MAX + 1] = {NULL};
    const struct op *next = scene_plan(scene, ops);
    for (size_t i = 0; i < scene->act_count; i++) {
        script[i] = scene_play_act;
    }
    scene->mark = 0;
    struct director director = {.script = script, .open = scene_open, .test = scene};
    director_play(&director);
    ck_assert_uint_eq(scene->next_act, scene->act_count);
    scene_store(scene, &director, path);
    director_done(&director);
    return next;
}

static inline void scene_play(struct scene *scene)
{
    char folder[] = "/tmp/tutti-scene-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    char path[64];
    char database[64];
    (void)snprintf(path, sizeof(path), "%s/run.yaml", folder);
    (void)snprintf(database, sizeof(database), "%s/run.db", folder);
    puppet_register();
    scene_load_config(scene, path);
    scene->names[1] = "one";
    scene->names[2] = "two";
    scene->count = 2;
    const struct op *op = scene_live(scene, scene->ops, database);
    while (op->kind == OP_RESTART) {
        scene->database = database;
        risk_latches_done(&scene->latches);
        ck_assert_int_eq(risk_load_file(database, &scene->latches), ERR_NONE);
        op = scene_live(scene, op + 1, database);
    }
    risk_latches_done(&scene->latches);
    run_config_done(&scene->config);
    static const char *const names[] = {"run.yaml", "run.db", "run.db-wal", "run.db-shm",
                                        "run.db.lock"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        char file[80];
        (void)snprintf(file, sizeof(file), "%s/%s", folder, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(folder);
}

#endif
