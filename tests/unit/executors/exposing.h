/*
 * tests/unit/executors/exposing.h - an executor with one position, configured by text as in a run
 * file, on a stage or on a random walk.
 */
#ifndef TUTTI_TESTS_UNIT_EXECUTORS_EXPOSING_H
#define TUTTI_TESTS_UNIT_EXECUTORS_EXPOSING_H

#include "executors/exposure.h"

#include "bracketing.h"
#include "executors/factory.h"
#include "walking.h"

/* What every configuration of these tests begins with; what follows are members of the mapping. */
#define SCENE_HEAD "timestamp: 0, connector_name: paper, trading_pair: BTC-USDT, "

struct scene {
    struct arena arena;
    struct problems problems;
    const struct executor_kind *kind;
    const struct executor_config *config;
    struct setting market; /* Of it only the instrument and the venue. */
    struct stage stage;
};

/* Parses {HEAD members}; the problems stay to be looked at. */
static inline enum err scene_parse(struct scene *scene, const char *type, const char *members)
{
    struct text text = {0};
    const struct node *node = NULL;
    arena_init(&scene->arena, 0);
    problems_init(&scene->problems, "test");
    text_printf(&text, "{type: %s, " SCENE_HEAD "%s}", type, members);
    enum err err = node_read_yaml("test", text_string(&text), text.length, &scene->arena,
                                  &scene->problems, &node);
    if (err == ERR_NONE) {
        err =
            factory_parse(node, "", &scene->arena, &scene->problems, &scene->kind, &scene->config);
    }
    text_done(&text);
    return err;
}

/* The market has tick 0.01, step 0.01, a smallest order of 0.01 and no fees; a test changes it
 * before scene_open(). */
static inline void scene_init(struct scene *scene, const char *type, const char *members)
{
    *scene = (struct scene){0};
    setting_init(&scene->market, &executor_kind_position);
    ck_assert_msg(scene_parse(scene, type, members) == ERR_NONE, "%s",
                  text_string(&scene->problems.lines));
}

static inline void scene_open(struct scene *scene)
{
    stage_open(&scene->stage, scene->kind, scene->config, &scene->market.instrument,
               &scene->market.paper);
}

/* Starts it at a quote of second 0 and evaluates it; the orders are the test's. */
static inline void scene_start(struct scene *scene, const char *bid, const char *ask)
{
    scene_open(scene);
    const struct quote quote = quote_at(0, bid, ask);
    stage_start(&scene->stage, &quote, true);
    if (scene->stage.executor->status != EXECUTOR_TERMINATED) {
        stage_evaluate(&scene->stage);
    }
}

/* The problems of a configuration that was refused. */
static inline void scene_forget(struct scene *scene)
{
    problems_done(&scene->problems);
    arena_done(&scene->arena);
}

static inline void scene_close(struct scene *scene)
{
    stage_close(&scene->stage);
    scene_forget(scene);
}

/* The configuration is refused with a line that names the field. */
static inline void scene_expect_refusal(const char *type, const char *members, const char *expected)
{
    struct scene scene = {0};
    ck_assert_int_eq(scene_parse(&scene, type, members), ERR_SYNTAX);
    ck_assert_msg(strstr(text_string(&scene.problems.lines), expected) != NULL, "%s: %s", members,
                  text_string(&scene.problems.lines));
    scene_forget(&scene);
}

/* A fill with a fee taken in base. */
static inline void tell_fill_with_fee(struct stage *stage, uint32_t ordinal, const char *price,
                                      const char *amount, const char *fee_base)
{
    struct order_event event = {.kind = ORDER_EVENT_FILL, .ordinal = ordinal};
    event.fill.side = ledger_find(&stage->executor->ledger, ordinal)->side;
    event.fill.price = D(price);
    event.fill.amount = D(amount);
    event.fill.fee = D(fee_base);
    event.fill.fee_in_base = true;
    stage->kind->on_order(stage->executor, &event, stage->view.now_ns);
}

/* The member of custom_info is there with that JSON text. */
static inline void expect_info(const struct stage *stage, const char *member)
{
    struct text info = {0};
    json_object_begin(&info);
    stage->kind->custom_info(stage->executor, &stage->view, &info);
    json_object_end(&info);
    ck_assert_msg(strstr(text_string(&info), member) != NULL, "%s lacks %s", text_string(&info),
                  member);
    text_done(&info);
}

#define ck_assert_request(stage, index, amount_, price_)                      \
    do {                                                                      \
        ck_assert_uint_gt((stage)->requests.count, index);                    \
        ck_assert_int_eq((stage)->requests.items[index].kind, REQUEST_PLACE); \
        ck_assert_decimal_eq((stage)->requests.items[index].amount, amount_); \
        ck_assert_decimal_eq((stage)->requests.items[index].price, price_);   \
    } while (0)

#define ck_assert_ended(stage, close_type_, held_, dust_)                 \
    do {                                                                  \
        ck_assert_int_eq((stage)->executor->status, EXECUTOR_TERMINATED); \
        ck_assert_int_eq((stage)->executor->close_type, close_type_);     \
        ck_assert_decimal_eq((stage)->executor->held, held_);             \
        ck_assert_decimal_eq((stage)->executor->dust, dust_);             \
    } while (0)

/* What a random configuration of a kind is made of. */
typedef void scene_random(struct prng *prng, struct text *members);

static inline void scene_random_market(struct prng *prng, struct scene *scene)
{
    struct instrument *instrument = &scene->market.instrument;
    if (chance(prng, 50)) {
        instrument->min_notional = decimal_from_int(prng_between(prng, 1, 40));
    }
    instrument->min_order_size = decimal_from_mantissa(prng_between(prng, 0, 20), 2);
    instrument->step = D(chance(prng, 50) ? "0.01" : "0.0001");
    scene->market.paper.taker_fee = random_fraction(prng, 0, 20);
    scene->market.paper.maker_fee = random_fraction(prng, -2, 10);
    scene->market.paper.fee_in_base_on_buy = chance(prng, 30);
}

struct effort {
    size_t steps;
    size_t evaluations;
    size_t fills;
    size_t ended;
};

/* Two of the same configuration on the same walk: see walking.h. */
static inline void scene_compare(const char *type, scene_random *make, uint64_t seed,
                                 bool is_reloaded, struct effort *effort)
{
    enum { STEPS_MAX = 250 };
    struct prng prng;
    prng_init(&prng, seed);
    struct whim whim = {seed, chance(&prng, 50)};
    struct paper_script script = whim_script(&whim);
    struct text members = {0};
    struct scene scene;
    make(&prng, &members);
    scene_init(&scene, type, text_string(&members));
    scene_random_market(&prng, &scene);
    scene.market.paper.script = &script;
    struct duet duet = {.is_reloaded = is_reloaded};
    stage_open(&duet.always, scene.kind, scene.config, &scene.market.instrument,
               &scene.market.paper);
    stage_open(&duet.other, scene.kind, scene.config, &scene.market.instrument,
               &scene.market.paper);
    duet.other.uses_wake = !is_reloaded;
    struct walk walk = walk_at(10000);
    for (int step = 0; step < STEPS_MAX; step++) {
        duet_step(&duet, &prng, &walk.quote, step == 0);
        duet_compare(&duet, seed, step);
        duet_check(&duet.always);
        if (duet.always.executor->status == EXECUTOR_TERMINATED) {
            effort->ended++;
            break;
        }
        walk_on(&walk, &prng);
    }
    effort->steps += duet.other.steps;
    effort->evaluations += duet.other.evaluations;
    effort->fills += decimal_sign(duet.always.executor->ledger.opening.executed) > 0 ? 1 : 0;
    stage_close(&duet.always);
    stage_close(&duet.other);
    scene_forget(&scene);
    text_done(&members);
}

/* Runs it over many seeds, woken and reloaded; most runs must trade and sleep. */
static inline void scene_compare_all(const char *type, scene_random *make)
{
    const char *runs = getenv("TUTTI_RUNS");
    const uint64_t count = runs == NULL ? 600 : strtoull(runs, NULL, 10);
    struct effort woken = {0};
    struct effort reloaded = {0};
    for (uint64_t seed = 1; seed <= count; seed++) {
        scene_compare(type, make, seed, false, &woken);
        scene_compare(type, make, seed, true, &reloaded);
    }
    ck_assert_msg(woken.evaluations * 3 < woken.steps * 2, "%zu of %zu quotes evaluated",
                  woken.evaluations, woken.steps);
    ck_assert_uint_gt(woken.fills * 2, count);
    ck_assert_uint_gt(woken.ended * 4, count);
    ck_assert_uint_eq(reloaded.fills, woken.fills);
}

#endif
