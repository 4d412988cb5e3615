/*
 * tests/unit/market/test_paper_past.c - a venue that is told what happened to another one's
 * perpetual positions goes on as that one does: the same fills, payments, liquidations and
 * balances.
 */
#include "market/venues/paper_past.h"

#include <stdio.h>

#include "base/prng.h"
#include "papering.h"

enum { STEPS = 400, PAST_MAX = 4 * STEPS, SEEDS = 40 };

static const int64_t hour_ns = INT64_C(3600) * NS_PER_S;

/* A venue, and what must be told about it. */
struct scene {
    struct paper_fixture fixture;
    struct paper_config config;
    struct prng prng;
    int64_t now_ns;
    int64_t mid; /* Cents. */
    uint32_t ordinal;
    struct order_ticket tickets[STEPS + 1]; /* By ordinal. */
    struct paper_past past[PAST_MAX];
    size_t past_count;
};

static void open_venue(struct paper_fixture *fixture, const struct paper_config *config)
{
    fixture_open(fixture, config);
    struct instrument *instrument = &fixture->instruments[1];
    instrument->is_hedged = config->position_mode == PAPER_HEDGE;
    instrument->funding_rate = D("0.0003");
    instrument->funding_interval_ns = 8 * hour_ns;
    instrument->maintenance_margin = D("0.02");
    /* What shares a margin is looked up when the venue is made. */
    paper_venue_destroy(fixture->venue);
    ck_assert_int_eq(paper_venue_create(config, fixture->instruments, 2, &fixture->venue),
                     ERR_NONE);
}

static void keep(struct scene *scene, const struct venue_update *update)
{
    struct paper_past *past = &scene->past[scene->past_count];
    ck_assert_uint_lt(scene->past_count, PAST_MAX);
    *past = (struct paper_past){.instrument = 1, .fill = update->fill};
    if (update->kind == VENUE_FUNDING) {
        *past = (struct paper_past){
            .kind = PAPER_PAST_FUNDING, .instrument = 1, .due_ns = update->payment.due_ns};
    } else if (update->kind == VENUE_LIQUIDATION) {
        past->kind = PAPER_PAST_LIQUIDATION;
    } else if (update->kind == VENUE_FILL) {
        const bool is_own = update->order.epoch == PAPER_VENUE_EPOCH;
        const struct order_ticket *ticket = &scene->tickets[update->order.ordinal];
        past->leverage = is_own ? 0 : ticket->leverage;
        past->position = instrument_position_side(&scene->fixture.instruments[1], update->fill.side,
                                                  is_own ? POSITION_ACTION_CLOSE : ticket->action);
    } else {
        return;
    }
    scene->past_count++;
}

/* At times an order, then a quote some hours later. */
static void walk(struct scene *scene, struct order_ticket *ret_ticket, struct quote *ret_quote)
{
    struct prng *prng = &scene->prng;
    const bool is_hedge = scene->config.position_mode == PAPER_HEDGE;
    char amount[16];
    (void)snprintf(amount, sizeof(amount), "%d.%02d", (int)prng_between(prng, 0, 4),
                   (int)prng_between(prng, 1, 99));
    *ret_ticket =
        ticket_of(scene->ordinal + 1, prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL, amount, "0");
    ret_ticket->instrument = 1;
    ret_ticket->leverage = (uint32_t)prng_between(prng, 1, 20);
    ret_ticket->action =
        is_hedge ? prng_below(prng, 2) == 0 ? POSITION_ACTION_OPEN : POSITION_ACTION_CLOSE
                 : POSITION_ACTION_NIL;
    if (prng_below(prng, 3) == 0) {
        ret_ticket->id.ordinal = 0; /* None this time. */
    }
    scene->mid += prng_between(prng, -300, 300);
    scene->mid = scene->mid < 3000 ? 3000 : scene->mid;
    scene->now_ns += prng_between(prng, 0, 6) * hour_ns;
    *ret_quote = (struct quote){scene->now_ns, decimal_from_mantissa(scene->mid - 1, 2),
                                decimal_from_mantissa(scene->mid + 1, 2)};
}

static void play(struct paper_fixture *fixture, const struct order_ticket *ticket,
                 const struct quote *quote)
{
    if (ticket->id.ordinal != 0) {
        submit_at(fixture, ticket, quote->time_ns);
    }
    fixture->updates.count = 0;
    ck_assert_int_eq(paper_venue_on_quote(fixture->venue, 1, quote, &fixture->updates), ERR_NONE);
}

static void step(struct scene *scene, struct paper_fixture *twin)
{
    struct order_ticket ticket;
    struct quote at;
    walk(scene, &ticket, &at);
    if (ticket.id.ordinal != 0) {
        scene->tickets[++scene->ordinal] = ticket;
    }
    play(&scene->fixture, &ticket, &at);
    for (size_t i = 0; i < scene->fixture.updates.count; i++) {
        keep(scene, &scene->fixture.updates.items[i]);
    }
    if (twin != NULL) {
        play(twin, &ticket, &at);
    }
}

static void compare(const struct scene *scene, const struct paper_fixture *twin, uint64_t seed)
{
    static const enum side sides[] = {(enum side)0, SIDE_SELL};
    char mine[2 * DECIMAL_TEXT_MAX];
    (void)snprintf(mine, sizeof(mine), "%s", balance(&scene->fixture, "USDT"));
    ck_assert_msg(strcmp(mine, balance(twin, "USDT")) == 0, "seed %d: %s, told %s", (int)seed, mine,
                  balance(twin, "USDT"));
    for (size_t i = 0; i < 2; i++) {
        const struct paper_position *a = paper_venue_position(scene->fixture.venue, 1, sides[i]);
        const struct paper_position *b = paper_venue_position(twin->venue, 1, sides[i]);
        ck_assert(decimal_equal(a->book.amount, b->book.amount));
        ck_assert(decimal_equal(a->book.average_price, b->book.average_price));
        ck_assert(decimal_equal(a->margin, b->margin));
    }
}

static void compare_updates(const struct scene *scene, const struct paper_fixture *twin)
{
    const struct venue_updates *mine = &scene->fixture.updates;
    ck_assert_uint_eq(mine->count, twin->updates.count);
    for (size_t i = 0; i < mine->count; i++) {
        const struct venue_update *a = &mine->items[i];
        const struct venue_update *b = &twin->updates.items[i];
        ck_assert_int_eq(a->kind, b->kind);
        ck_assert(a->order.epoch == b->order.epoch && a->order.ordinal == b->order.ordinal);
        ck_assert_str_eq(a->reason, b->reason);
        if (a->kind == VENUE_FUNDING) {
            ck_assert(a->payment.due_ns == b->payment.due_ns &&
                      decimal_equal(a->payment.amount, b->payment.amount));
        } else if (a->kind == VENUE_FILL) {
            ck_assert_str_eq(a->fill.trade_id, b->fill.trade_id);
            ck_assert(decimal_equal(a->fill.price, b->fill.price) &&
                      decimal_equal(a->fill.amount, b->fill.amount) &&
                      decimal_equal(a->fill.fee, b->fill.fee));
        }
    }
}

/* Tells another venue everything, then both go on for a while. */
static void restart(struct scene *scene, uint64_t trades, uint64_t seed)
{
    struct paper_fixture twin;
    open_venue(&twin, &scene->config);
    for (size_t i = 0; i < scene->past_count; i++) {
        ck_assert_int_eq(paper_past_take(twin.venue, &scene->past[i]), ERR_NONE);
    }
    struct decimal total;
    struct decimal reserved;
    paper_venue_balance(scene->fixture.venue, "USDT", &total, &reserved);
    ck_assert_int_eq(paper_venue_deposit(twin.venue, "USDT", total), ERR_NONE);
    paper_venue_number_trades(twin.venue, trades);
    compare(scene, &twin, seed);
    for (int i = 0; i < 20 && scene->ordinal < STEPS; i++) {
        step(scene, &twin);
        compare_updates(scene, &twin);
        compare(scene, &twin, seed);
    }
    fixture_close(&twin);
}

static uint64_t count_past(const struct scene *scene, enum paper_past_kind kind)
{
    uint64_t count = 0;
    for (size_t i = 0; i < scene->past_count; i++) {
        count += scene->past[i].kind == kind ? 1 : 0;
    }
    return count;
}

START_TEST(a_venue_goes_on_where_another_one_was)
{
    static struct scene scene;
    uint64_t payments = 0;
    uint64_t liquidations = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        scene = (struct scene){
            .config = {.taker_fee = D("0.0007"), .position_mode = (enum paper_position_mode)_i},
            .mid = 10000};
        prng_init(&scene.prng, seed);
        open_venue(&scene.fixture, &scene.config);
        deposit(&scene.fixture, "USDT", "300");
        for (int i = 0; i < 10 && scene.ordinal < STEPS - 40; i++) {
            for (int64_t j = prng_between(&scene.prng, 0, 12); j > 0; j--) {
                step(&scene, NULL);
            }
            restart(&scene, count_past(&scene, PAPER_PAST_FILL), seed);
        }
        payments += count_past(&scene, PAPER_PAST_FUNDING);
        liquidations += count_past(&scene, PAPER_PAST_LIQUIDATION);
        fixture_close(&scene.fixture);
    }
    ck_assert_uint_gt(payments, 10 * SEEDS); /* Something did happen. */
    ck_assert_uint_gt(liquidations, SEEDS / 4);
}
END_TEST

/* Opened at 3:00, so that 8:00 is next; with its payment told, 16:00. */
START_TEST(the_next_funding_is_the_one_after_the_last)
{
    const struct paper_config config = {0};
    struct paper_fixture fixture;
    open_venue(&fixture, &config);
    struct paper_past past = {.instrument = 1,
                              .leverage = 10,
                              .fill = {.instrument = 1,
                                       .side = SIDE_BUY,
                                       .price = D("100"),
                                       .amount = D("2"),
                                       .time_ns = 3 * hour_ns}};
    struct wake_levels levels;
    int64_t at_ns;
    ck_assert_int_eq(paper_past_take(fixture.venue, &past), ERR_NONE);
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert_int_eq(at_ns, 8 * hour_ns);
    ck_assert(decimal_equal(paper_venue_position(fixture.venue, 1, (enum side)0)->margin, D("20")));
    past = (struct paper_past){.kind = PAPER_PAST_FUNDING, .instrument = 1, .due_ns = 8 * hour_ns};
    ck_assert_int_eq(paper_past_take(fixture.venue, &past), ERR_NONE);
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert_int_eq(at_ns, 16 * hour_ns);
    fixture_close(&fixture);
}
END_TEST

START_TEST(an_overflow_changes_nothing)
{
    const struct paper_config config = {0};
    struct paper_fixture fixture;
    open_venue(&fixture, &config);
    const struct decimal most = decimal_from_int(INT64_MAX);
    const struct paper_past past = {.instrument = 1,
                                    .fill = {.instrument = 1,
                                             .side = SIDE_BUY,
                                             .price = decimal_multiply(most, D("10")),
                                             .amount = decimal_multiply(most, D("10"))}};
    ck_assert_int_eq(paper_past_take(fixture.venue, &past), ERR_OVERFLOW);
    ck_assert_int_eq(
        decimal_sign(paper_venue_position(fixture.venue, 1, (enum side)0)->book.amount), 0);
    fixture_close(&fixture);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("paper_past");
    tcase_set_timeout(cases, 60);
    tcase_add_loop_test(cases, a_venue_goes_on_where_another_one_was, PAPER_ONEWAY,
                        PAPER_HEDGE + 1);
    tcase_add_test(cases, the_next_funding_is_the_one_after_the_last);
    tcase_add_test(cases, an_overflow_changes_nothing);
    return suite_run("paper_past", cases);
}
