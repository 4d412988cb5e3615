/*
 * tests/unit/market/test_paper_margin.c - perpetuals: leverage, hedge mode, funding, liquidation,
 * and that every coin is accounted for.
 */
#include "base/prng.h"
#include "papering.h"

static const int64_t hour_ns = INT64_C(3600) * NS_PER_S;

/* A fee of 0.1 %. */
static const struct paper_config plain = {.taker_fee = {INT64_C(1000000000000000)}};
static const struct paper_config hedge = {.taker_fee = {INT64_C(1000000000000000)},
                                          .position_mode = PAPER_HEDGE};

static void send(struct paper_fixture *fixture, uint32_t ordinal, enum side side,
                 enum position_action action, const char *amount)
{
    struct order_ticket ticket = ticket_of(ordinal, side, amount, "0");
    ticket.instrument = 1;
    ticket.action = action;
    ticket.leverage = 10;
    submit_at(fixture, &ticket, 0);
}

static const struct position *held(const struct paper_fixture *fixture, enum side side)
{
    return &paper_venue_position(fixture->venue, 1, side)->book;
}

START_TEST(leverage_divides_the_margin)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &plain);
    deposit(&fixture, "USDT", "100");
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_NIL, "9"); /* 900 / 10 and 0.9 of fee. */
    send(&fixture, 2, SIDE_BUY, POSITION_ACTION_NIL, "1");
    quote_on(&fixture, 1, 0, "100", "100");
    ck_assert_str_eq(kinds(&fixture), "ARFC");
    ck_assert_str_eq(fixture.updates.items[1].reason,
                     "insufficient USDT balance: needs 10.1, has 9.1");
    ck_assert_str_eq(balance(&fixture, "USDT"), "99.1/90");
    /* A third of it at a loss of 3 * 4: 99.1 - 12 - 0.288; closing needs no balance. */
    send(&fixture, 3, SIDE_SELL, POSITION_ACTION_NIL, "3");
    quote_on(&fixture, 1, 0, "96", "96");
    ck_assert_str_eq(balance(&fixture, "USDT"), "86.812/60");
    /* Across zero: 6 * -4 realized, 1 short with a margin of 9.6, a fee of 0.672. */
    send(&fixture, 4, SIDE_SELL, POSITION_ACTION_NIL, "7");
    quote_on(&fixture, 1, 0, "96", "96");
    ck_assert_str_eq(balance(&fixture, "USDT"), "62.14/9.6");
    ck_assert(decimal_equal(held(&fixture, 0)->amount, D("-1")));
    fixture_close(&fixture);
}
END_TEST

START_TEST(hedge_keeps_a_long_and_a_short)
{
    struct paper_fixture fixture;
    fixture_open(&fixture, &hedge);
    deposit(&fixture, "USDT", "1000");
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_OPEN, "3");
    send(&fixture, 2, SIDE_SELL, POSITION_ACTION_OPEN, "2");
    send(&fixture, 3, SIDE_SELL, POSITION_ACTION_NIL, "2");
    quote_on(&fixture, 1, 0, "100", "100");
    ck_assert_str_eq(kinds(&fixture), "AARFCFC");
    ck_assert_str_eq(fixture.updates.items[2].reason,
                     "hedge mode needs a position action, OPEN or CLOSE");
    ck_assert(decimal_equal(held(&fixture, SIDE_BUY)->amount, D("3")));
    ck_assert(decimal_equal(held(&fixture, SIDE_SELL)->amount, D("-2")));
    ck_assert_str_eq(balance(&fixture, "USDT"), "999.5/50");
    send(&fixture, 4, SIDE_BUY, POSITION_ACTION_CLOSE, "5"); /* The short of 2 only. */
    quote_on(&fixture, 1, 0, "90", "90");
    ck_assert_str_eq(kinds(&fixture), "AFX");
    ck_assert_str_eq(balance(&fixture, "USDT"), "1019.32/30"); /* + 2 * 10 - 0.18 */
    ck_assert_int_eq(decimal_sign(held(&fixture, SIDE_SELL)->amount), 0);
    ck_assert_int_eq(held(&fixture, SIDE_BUY)->side, SIDE_BUY);
    fixture_close(&fixture);
}
END_TEST

/* ---- Funding ---- */

START_TEST(funding_is_due_at_multiples_of_the_interval)
{
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &hedge);
    fixture.instruments[1].funding_rate = D("0.0001");
    fixture.instruments[1].funding_interval_ns = 8 * hour_ns;
    deposit(&fixture, "USDT", "1000");
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_OPEN, "3");
    send(&fixture, 2, SIDE_SELL, POSITION_ACTION_OPEN, "1");
    quote_on(&fixture, 1, 8 * hour_ns, "100", "100"); /* Opened at 8:00: not due any more. */
    ck_assert_str_eq(kinds(&fixture), "AAFCFC");
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert(at_ns == 16 * hour_ns && !levels.every_quote);
    quote_on(&fixture, 1, 16 * hour_ns - 1, "100", "100");
    ck_assert_str_eq(kinds(&fixture), "");
    quote_on(&fixture, 1, 16 * hour_ns + 5, "200", "210");
    ck_assert_str_eq(kinds(&fixture), "PP");
    const struct venue_payment *paid = &fixture.updates.items[0].payment;
    ck_assert(decimal_equal(paid->amount, D("-0.06")) && paid->side == SIDE_BUY);
    ck_assert(decimal_equal(paid->notional, D("600")) && paid->instrument == 1);
    ck_assert(paid->due_ns == 16 * hour_ns && paid->time_ns == 16 * hour_ns + 5);
    ck_assert(decimal_equal(fixture.updates.items[1].payment.amount, D("0.021")));
    ck_assert_str_eq(balance(&fixture, "USDT"), "999.561/40"); /* 1000 - 0.4 - 0.039 */
    quote_on(&fixture, 1, 40 * hour_ns, "200", "210");         /* 24:00, 32:00 and 40:00. */
    ck_assert_str_eq(kinds(&fixture), "PPPPPP");
    ck_assert(decimal_equal(paper_venue_origins(fixture.venue, "USDT").funding, D("-0.156")));
    fixture_close(&fixture);
}
END_TEST

START_TEST(without_a_position_nothing_is_paid)
{
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    fixture_open(&fixture, &plain);
    fixture.instruments[1].funding_rate = D("0.0001");
    fixture.instruments[1].funding_interval_ns = hour_ns;
    deposit(&fixture, "USDT", "1000");
    quote_on(&fixture, 1, 0, "100", "100");
    quote_on(&fixture, 1, 5 * hour_ns, "100", "100");
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert_int_eq(at_ns, INSTANT_NEVER);
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_NIL, "1");
    quote_on(&fixture, 1, 5 * hour_ns + 1, "100", "100");
    quote_on(&fixture, 1, 6 * hour_ns - 1, "100", "100");
    ck_assert_str_eq(kinds(&fixture), "");
    quote_on(&fixture, 1, 6 * hour_ns, "100", "100");
    ck_assert_str_eq(kinds(&fixture), "P");
    fixture_close(&fixture);
}
END_TEST

/* ---- Liquidation ---- */

/* The fixture with a maintenance margin, which the venue looks up when it is made. */
static void open_margined(struct paper_fixture *fixture, const struct paper_config *config)
{
    fixture_open(fixture, config);
    paper_venue_destroy(fixture->venue);
    fixture->instruments[1].maintenance_margin = D("0.05");
    ck_assert_int_eq(paper_venue_create(config, fixture->instruments, 2, &fixture->venue),
                     ERR_NONE);
}

/* Long 9 at 100 with 100 USDT: equity 99.1 + 9 * (mark - 100) meets 5 % of 9 * mark at a mark of
 * 93.672...: 93.68 holds (42.22 against 42.156), 93.67 does not (42.13 against 42.1515). */
START_TEST(a_position_without_margin_is_liquidated)
{
    struct paper_fixture fixture;
    struct wake_levels levels;
    int64_t at_ns;
    open_margined(&fixture, &plain);
    deposit(&fixture, "USDT", "100");
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_NIL, "9");
    quote_on(&fixture, 1, 0, "100", "100");
    struct order_ticket resting = ticket_of(2, SIDE_BUY, "0.1", "50");
    resting.instrument = 1;
    submit_at(&fixture, &resting, 0);
    quote_on(&fixture, 1, 0, "93.68", "120");
    ck_assert_str_eq(kinds(&fixture), "A");
    paper_venue_wake(fixture.venue, 1, &levels, &at_ns);
    ck_assert(levels.every_quote);
    quote_on(&fixture, 1, 7, "93.67", "120");
    ck_assert_str_eq(kinds(&fixture), "XLFC");
    ck_assert_str_eq(fixture.updates.items[0].reason, "liquidation");
    const struct venue_update *called = &fixture.updates.items[1];
    ck_assert_str_eq(called->reason, "equity 42.13 is below the maintenance margin 42.1515");
    ck_assert(called->order.epoch == PAPER_VENUE_EPOCH && called->order.executor == 0);
    ck_assert_uint_eq(called->order.ordinal, 1);
    ck_assert(called->fill.instrument == 1 && called->fill.side == SIDE_SELL);
    ck_assert(decimal_equal(called->fill.amount, D("9")));
    const struct fill *fill = &fixture.updates.items[2].fill;
    ck_assert(decimal_equal(fill->price, D("93.67")) && fill->time_ns == 7);
    ck_assert_uint_eq(fixture.updates.items[2].order.ordinal, 1);
    ck_assert_str_eq(balance(&fixture, "USDT"), "41.28697/0"); /* 42.13 - 0.84303 */
    quote_on(&fixture, 1, 8, "90", "91");
    ck_assert_str_eq(kinds(&fixture), "");
    fixture_close(&fixture);
}
END_TEST

START_TEST(a_loss_beyond_the_balance_stays)
{
    struct paper_fixture fixture;
    open_margined(&fixture, &plain);
    deposit(&fixture, "USDT", "100");
    send(&fixture, 1, SIDE_SELL, POSITION_ACTION_NIL, "9");
    quote_on(&fixture, 1, 0, "100", "100");
    quote_on(&fixture, 1, 0, "119", "120");
    ck_assert_str_eq(kinds(&fixture), "LFC");
    ck_assert_str_eq(balance(&fixture, "USDT"), "-81.98/0"); /* 99.1 - 180 - 1.08 */
    send(&fixture, 2, SIDE_BUY, POSITION_ACTION_NIL, "1");
    quote_on(&fixture, 1, 0, "119", "120");
    ck_assert_str_eq(kinds(&fixture), "R");
    fixture_close(&fixture);
}
END_TEST

START_TEST(hedged_positions_go_together)
{
    struct paper_fixture fixture;
    open_margined(&fixture, &hedge);
    deposit(&fixture, "USDT", "100");
    send(&fixture, 1, SIDE_BUY, POSITION_ACTION_OPEN, "5");
    send(&fixture, 2, SIDE_SELL, POSITION_ACTION_OPEN, "2");
    quote_on(&fixture, 1, 0, "100", "100");
    quote_on(&fixture, 1, 0, "70", "70");
    ck_assert_str_eq(kinds(&fixture), "LFCLFC");
    ck_assert_int_eq(decimal_sign(held(&fixture, SIDE_BUY)->amount), 0);
    ck_assert_int_eq(decimal_sign(held(&fixture, SIDE_SELL)->amount), 0);
    ck_assert_uint_eq(fixture.updates.items[3].order.ordinal, 2);
    fixture_close(&fixture);
}
END_TEST

/* ---- Nothing is made or lost ---- */

/* What the updates say that the account must be, kept beside the venue. */
struct books {
    struct decimal usdt;
    struct decimal eth;
    struct decimal btc;
    struct position positions[2]; /* Net or long, short. */
    uint32_t funded;
    uint32_t liquidated;
};

static void count_fill(struct books *books, const struct fill *fill, bool is_short)
{
    const struct decimal value = fill_quote(fill);
    const bool buys = fill->side == SIDE_BUY;
    if (fill->instrument == 1) {
        struct position *position = &books->positions[is_short ? 1 : 0];
        const struct decimal before = position->realized_pnl_quote;
        ck_assert_int_eq(position_apply(position, fill), ERR_NONE);
        books->usdt =
            decimal_add(books->usdt, decimal_subtract(position->realized_pnl_quote, before));
    } else {
        books->usdt = buys ? decimal_subtract(books->usdt, value) : decimal_add(books->usdt, value);
        books->btc = buys ? decimal_add(books->btc, fill->amount)
                          : decimal_subtract(books->btc, fill->amount);
    }
    books->usdt = decimal_subtract(books->usdt, fill->fee);
}

/* In hedge mode ordinals say what an order does: odd ones open, even ones close. A liquidation
 * closes: its side says what. */
static bool is_short_order(const struct paper_config *config, const struct venue_update *update)
{
    if (config->position_mode != PAPER_HEDGE) {
        return false;
    }
    const bool closes = update->order.epoch == PAPER_VENUE_EPOCH || update->order.ordinal % 2 == 0;
    return (update->fill.side == SIDE_SELL) != closes;
}

static void count_updates(struct books *books, const struct paper_fixture *fixture,
                          const struct paper_config *config)
{
    for (size_t i = 0; i < fixture->updates.count; i++) {
        const struct venue_update *update = &fixture->updates.items[i];
        if (update->kind == VENUE_FILL) {
            count_fill(books, &update->fill, is_short_order(config, update));
        } else if (update->kind == VENUE_FUNDING) {
            books->usdt = decimal_add(books->usdt, update->payment.amount);
            books->funded++;
        } else if (update->kind == VENUE_LIQUIDATION) {
            books->liquidated++;
        }
    }
}

static void check_books(const struct books *books, const struct paper_fixture *fixture,
                        const struct paper_config *config)
{
    struct decimal usdt;
    struct decimal btc;
    struct decimal reserved;
    paper_venue_balance(fixture->venue, "BTC", &btc, &reserved);
    paper_venue_balance(fixture->venue, "USDT", &usdt, &reserved);
    ck_assert(decimal_equal(btc, books->btc) && decimal_equal(usdt, books->usdt));
    const struct paper_origins origins = paper_venue_origins(fixture->venue, "USDT");
    const struct decimal earned = decimal_add(origins.deposited, origins.traded);
    const struct decimal kept = decimal_subtract(earned, origins.fees);
    ck_assert(decimal_equal(usdt, decimal_add(kept, origins.funding)));
    struct decimal margin = DECIMAL_ZERO;
    for (size_t i = 0; i < 2; i++) {
        const bool is_hedge = config->position_mode == PAPER_HEDGE;
        const enum side side = i == 1 ? SIDE_SELL : is_hedge ? SIDE_BUY : (enum side)0;
        const struct paper_position *position = paper_venue_position(fixture->venue, 1, side);
        ck_assert(decimal_equal(position->book.amount, books->positions[i].amount));
        ck_assert(decimal_equal(position->book.average_price, books->positions[i].average_price));
        margin = decimal_add(margin, position->margin);
    }
    ck_assert(!decimal_less(reserved, margin));
}

static void random_order(struct paper_fixture *fixture, struct prng *prng, uint32_t ordinal,
                         bool is_hedge)
{
    struct order_ticket ticket = {
        .id = id_of(ordinal),
        .instrument = prng_below(prng, 4) == 0 ? 0 : 1,
        .side = prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL,
        .type = prng_below(prng, 2) == 0 ? ORDER_MARKET : ORDER_LIMIT,
        .amount = decimal_from_mantissa(prng_between(prng, 1, 3000), 2),
        .time_in_force = (enum time_in_force)prng_below(prng, 3),
        .leverage = (uint32_t)prng_between(prng, 0, 25),
    };
    if (ticket.type == ORDER_LIMIT) {
        ticket.price = decimal_from_mantissa(prng_between(prng, 9000, 11000), 2);
    }
    if (is_hedge) {
        ticket.action = ordinal % 2 == 1 ? POSITION_ACTION_OPEN : POSITION_ACTION_CLOSE;
    }
    submit_at(fixture, &ticket, 0);
}

/* What the market does in one step of a fill model; the mid price is in hundredths. */
static void move_market(struct paper_fixture *fixture, struct prng *prng, uint32_t step,
                        int64_t mid)
{
    const uint32_t instrument = step % 3 == 0 ? 0 : 1;
    const int64_t now_ns = (int64_t)step * hour_ns / 7;
    struct book_change levels[6];
    for (int64_t i = 0; i < 3; i++) {
        levels[i] = (struct book_change){SIDE_BUY, decimal_from_mantissa(mid - 7 * i, 2),
                                         decimal_from_mantissa(prng_between(prng, 1, 2000), 2)};
        levels[3 + i] = (struct book_change){SIDE_SELL, decimal_from_mantissa(mid + 3 + 7 * i, 2),
                                             decimal_from_mantissa(prng_between(prng, 1, 2000), 2)};
    }
    const struct book_message depth = {.time_ns = now_ns,
                                       .first_update_id = step,
                                       .last_update_id = step,
                                       .is_snapshot = true,
                                       .changes = levels,
                                       .change_count = COUNT_OF(levels)};
    const struct trade trade = {now_ns, decimal_from_mantissa(mid + prng_between(prng, -99, 99), 2),
                                decimal_from_mantissa(prng_between(prng, 1, 3000), 2),
                                prng_below(prng, 2) == 0 ? SIDE_BUY : SIDE_SELL};
    const struct quote quote = {now_ns, decimal_from_mantissa(mid, 2),
                                decimal_from_mantissa(mid + 3, 2)};
    fixture->updates.count = 0;
    struct venue_updates *updates = &fixture->updates;
    ck_assert_int_eq(paper_venue_on_depth(fixture->venue, instrument, &depth, updates), ERR_NONE);
    ck_assert_int_eq(paper_venue_on_trade(fixture->venue, instrument, &trade, updates), ERR_NONE);
    ck_assert_int_eq(paper_venue_on_quote(fixture->venue, instrument, &quote, updates), ERR_NONE);
}

static void play(uint64_t seed, enum paper_fill_model model, struct books *totals)
{
    struct prng prng;
    prng_init(&prng, seed);
    const struct paper_config config = {
        .maker_fee = decimal_from_mantissa(prng_between(&prng, -123, 777), 7),
        .taker_fee = decimal_from_mantissa(prng_between(&prng, 0, 1777), 7),
        .position_mode = seed % 2 == 0 ? PAPER_HEDGE : PAPER_ONEWAY,
        .fill_model = model,
    };
    struct paper_fixture fixture;
    open_margined(&fixture, &config);
    fixture.instruments[1].funding_rate = decimal_from_mantissa(prng_between(&prng, -99, 99), 5);
    fixture.instruments[1].funding_interval_ns = hour_ns;
    deposit(&fixture, "BTC", "5");
    deposit(&fixture, "USDT", "1000");
    struct books books = {.usdt = D("1000"), .btc = D("5")};
    int64_t mid = 10000;
    for (uint32_t step = 1; step <= 400; step++) {
        random_order(&fixture, &prng, step, config.position_mode == PAPER_HEDGE);
        mid += prng_between(&prng, -150, 150);
        move_market(&fixture, &prng, step, mid);
        count_updates(&books, &fixture, &config);
        check_books(&books, &fixture, &config);
    }
    totals->funded += books.funded;
    totals->liquidated += books.liquidated;
    fixture_close(&fixture);
}

START_TEST(every_coin_is_accounted_for)
{
    struct books totals = {0};
    for (uint64_t seed = 0; seed < 60; seed++) {
        play(seed, (enum paper_fill_model)_i, &totals);
    }
    ck_assert_uint_gt(totals.funded, 500);
    ck_assert_uint_gt(totals.liquidated, 20);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("paper_margin");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, leverage_divides_the_margin);
    tcase_add_test(cases, hedge_keeps_a_long_and_a_short);
    tcase_add_test(cases, funding_is_due_at_multiples_of_the_interval);
    tcase_add_test(cases, without_a_position_nothing_is_paid);
    tcase_add_test(cases, a_position_without_margin_is_liquidated);
    tcase_add_test(cases, a_loss_beyond_the_balance_stays);
    tcase_add_test(cases, hedged_positions_go_together);
    tcase_add_loop_test(cases, every_coin_is_accounted_for, PAPER_FILL_TOUCH, PAPER_FILL_BOOK + 1);
    return suite_run("paper_margin", cases);
}
