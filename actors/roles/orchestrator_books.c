#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/run_rates.h"
#include "base/log.h"

enum { BOOK_CONTROLLERS_FIRST = 8 };

/* ---- Accounts ---- */

struct account_asset *books_asset(struct orchestrator *orch, uint32_t venue, const char *asset)
{
    struct account *account = &orch->accounts[venue];
    for (size_t i = 0; i < account->count; i++) {
        if (strcmp(account->assets[i].asset, asset) == 0) {
            return &account->assets[i];
        }
    }
    if (account->count == ACCOUNT_ASSETS_MAX) {
        return NULL;
    }
    struct account_asset *added = &account->assets[account->count++];
    *added = (struct account_asset){.asset = asset};
    return added;
}

static enum err books_open_accounts(struct orchestrator *orch)
{
    const struct field_list *venues = &orch->given.config->file.venues;
    orch->accounts = calloc(venues->count, sizeof(*orch->accounts));
    if (orch->accounts == NULL) {
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < venues->count; i++) {
        const struct venue_section *section = (const struct venue_section *)venues->items + i;
        const struct field_entry *balances = section->balances.items;
        for (size_t j = 0; j < section->balances.count; j++) {
            struct account_asset *asset = books_asset(orch, i, balances[j].key);
            if (asset == NULL) {
                return ERR_LIMIT;
            }
            asset->total = balances[j].value;
        }
    }
    return ERR_NONE;
}

/* ---- Rates ---- */

static enum err books_open_rates(struct orchestrator *orch)
{
    const struct run_config *config = orch->given.config;
    orch->rates = calloc(config->instrument_count, sizeof(*orch->rates));
    if (orch->rates == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < config->instrument_count; i++) {
        orch->rates[i].source =
            run_rates_between(config, config->instruments[i].quote, config->quote_asset);
    }
    return ERR_NONE;
}

struct decimal books_rate(const struct orchestrator *orch, const struct rate_source *source)
{
    if (!rate_is_live(source)) {
        return rate_value(source, DECIMAL_ZERO, DECIMAL_ZERO);
    }
    const struct mark *mark = &orch->marks[source->rate->instrument];
    return orch->is_marked[source->rate->instrument] ? rate_value(source, mark->bid, mark->ask)
                                                     : DECIMAL_INVALID;
}

struct decimal books_worth(const struct orchestrator *orch, uint32_t instrument,
                           struct decimal amount)
{
    const struct rate_source *source = &orch->rates[instrument].source;
    return source->rate == NULL ? amount : decimal_multiply(amount, books_rate(orch, source));
}

bool books_can_value(const struct orchestrator *orch, uint32_t instrument)
{
    return decimal_is_valid(books_rate(orch, &orch->rates[instrument].source));
}

/* Whether an instrument before this one has the same quote asset. */
static bool books_is_repeated(const struct orchestrator *orch, size_t instrument)
{
    const struct instrument *instruments = orch->given.config->instruments;
    for (size_t i = 0; i < instrument; i++) {
        if (strcmp(instruments[i].quote, instruments[instrument].quote) == 0) {
            return true;
        }
    }
    return false;
}

/* Journals the rates that have changed since they were told, for whoever sums the tables. */
static enum err books_tell_rates(struct orchestrator *orch)
{
    const struct run_config *config = orch->given.config;
    for (size_t i = 0; i < config->instrument_count; i++) {
        struct book_rate *rate = &orch->rates[i];
        if (rate->source.rate == NULL || books_is_repeated(orch, i)) {
            continue;
        }
        const struct decimal value = books_rate(orch, &rate->source);
        if (!decimal_is_valid(value) || decimal_equal(value, rate->told)) {
            continue;
        }
        rate->told = value;
        struct record record = {.kind = RECORD_RATE,
                                .controller_id = "",
                                .executor_id = "",
                                .data.rate = {.asset = config->instruments[i].quote,
                                              .quote_asset = config->quote_asset,
                                              .rate = value}};
        const enum err err = journal_add(orch, &record);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

enum err books_init(struct orchestrator *orch)
{
    performance_init(&orch->total, DECIMAL_ZERO);
    enum err err = position_book_create(&orch->positions);
    if (err == ERR_NONE) {
        err = position_book_create(&orch->held_by_venues);
    }
    if (err == ERR_NONE) {
        err = books_open_rates(orch);
    }
    return err == ERR_NONE ? books_open_accounts(orch) : err;
}

void books_done(struct orchestrator *orch)
{
    position_book_destroy(orch->positions);
    position_book_destroy(orch->held_by_venues);
    free(orch->accounts);
    free(orch->controllers);
    free(orch->rates);
}

enum err books_controller(struct orchestrator *orch, const char *name, uint32_t *ret_number)
{
    for (uint32_t i = 0; i < orch->controller_count; i++) {
        if (strcmp(orch->controllers[i].name, name) == 0) {
            *ret_number = i;
            return ERR_NONE;
        }
    }
    if (orch->controller_count == CONTROLLERS_MAX) {
        return ERR_LIMIT;
    }
    const bool is_full = orch->controller_count >= BOOK_CONTROLLERS_FIRST
                             ? (orch->controller_count & (orch->controller_count - 1)) == 0
                             : orch->controller_count == 0;
    if (is_full) {
        const size_t capacity = orch->controller_count != 0 ? (size_t)orch->controller_count * 2
                                                            : BOOK_CONTROLLERS_FIRST;
        struct controller *controllers =
            realloc(orch->controllers, capacity * sizeof(*controllers));
        if (controllers == NULL) {
            return ERR_MEMORY;
        }
        orch->controllers = controllers;
    }
    const enum err err = guard_add_controller(orch, name);
    if (err != ERR_NONE) {
        return err;
    }
    struct controller *controller = &orch->controllers[orch->controller_count];
    *controller = (struct controller){.name = name};
    performance_init(&controller->performance, DECIMAL_ZERO);
    *ret_number = orch->controller_count++;
    return ERR_NONE;
}

/* ---- Reservations ---- */

static struct decimal books_fee_factor(const struct orchestrator *orch, uint32_t venue)
{
    const struct venue_section *section =
        (const struct venue_section *)orch->given.config->file.venues.items + venue;
    return decimal_add(DECIMAL_ONE, decimal_max(section->fees->taker, DECIMAL_ZERO));
}

static bool books_reserve_one(struct orchestrator *orch, struct executor_entry *executor,
                              const struct executor_plan *plan)
{
    const struct instrument *instrument = executor->instruments[plan->market];
    struct account_asset *asset =
        books_asset(orch, instrument->venue, plan->is_base ? instrument->base : instrument->quote);
    const struct decimal amount =
        plan->is_base ? plan->amount
                      : decimal_multiply(plan->amount, books_fee_factor(orch, instrument->venue));
    if (asset == NULL || !decimal_is_valid(amount) || decimal_sign(amount) < 0) {
        return false;
    }
    const struct decimal reserved = decimal_add(asset->reserved, amount);
    if (!decimal_is_valid(reserved) || decimal_less(asset->total, reserved)) {
        return false;
    }
    asset->reserved = reserved;
    struct reservation *reservation = &executor->reserved[plan->market];
    struct decimal *part = plan->is_base ? &reservation->base : &reservation->quote;
    *part = decimal_add(*part, amount);
    return true;
}

bool books_reserve(struct orchestrator *orch, struct executor_entry *executor,
                   const struct executor_plans *plans)
{
    for (size_t i = 0; i < plans->count; i++) {
        if (!books_reserve_one(orch, executor, &plans->items[i])) {
            books_release(orch, executor);
            return false;
        }
    }
    return true;
}

/* Sets a part of a reservation to `wanted` and moves the account's sum by the difference. */
static void books_set_reserved(struct account_asset *asset, struct decimal *part,
                               struct decimal wanted)
{
    const struct decimal target = decimal_max(wanted, DECIMAL_ZERO);
    asset->reserved = decimal_add(asset->reserved, decimal_subtract(target, *part));
    *part = target;
}

enum err books_restore_reserved(struct orchestrator *orch, struct executor_entry *executor,
                                uint32_t market, const struct reservation *reserved)
{
    const struct instrument *instrument = executor->instruments[market];
    struct account_asset *base = books_asset(orch, instrument->venue, instrument->base);
    struct account_asset *quote = books_asset(orch, instrument->venue, instrument->quote);
    if (base == NULL || quote == NULL) {
        return ERR_LIMIT;
    }
    books_set_reserved(base, &executor->reserved[market].base, reserved->base);
    books_set_reserved(quote, &executor->reserved[market].quote, reserved->quote);
    return ERR_NONE;
}

void books_release(struct orchestrator *orch, struct executor_entry *executor)
{
    for (uint32_t i = 0; i < executor->kind->market_count; i++) {
        const struct instrument *instrument = executor->instruments[i];
        struct account_asset *base = books_asset(orch, instrument->venue, instrument->base);
        struct account_asset *quote = books_asset(orch, instrument->venue, instrument->quote);
        if (base != NULL) {
            books_set_reserved(base, &executor->reserved[i].base, DECIMAL_ZERO);
        }
        if (quote != NULL) {
            books_set_reserved(quote, &executor->reserved[i].quote, DECIMAL_ZERO);
        }
    }
}

/* What a spot fill spends comes out of the reservation; what it brings is kept for the way back. */
static void books_move_reservation(struct reservation *reserved, const struct fill *fill,
                                   struct account_asset *base, struct account_asset *quote)
{
    const struct decimal notional = fill_quote(fill);
    const struct decimal fee_base = fill->fee_in_base ? fill->fee : DECIMAL_ZERO;
    const struct decimal fee_quote = fill->fee_in_base ? DECIMAL_ZERO : fill->fee;
    if (fill->side == SIDE_BUY) {
        const struct decimal spent = decimal_add(notional, fee_quote);
        const struct decimal received = decimal_subtract(fill->amount, fee_base);
        books_set_reserved(quote, &reserved->quote, decimal_subtract(reserved->quote, spent));
        books_set_reserved(base, &reserved->base, decimal_add(reserved->base, received));
    } else {
        const struct decimal received = decimal_subtract(notional, fee_quote);
        books_set_reserved(base, &reserved->base, decimal_subtract(reserved->base, fill->amount));
        books_set_reserved(quote, &reserved->quote, decimal_add(reserved->quote, received));
    }
}

static void books_move_spot(struct orchestrator *orch, struct executor_entry *executor,
                            const struct instrument *instrument, const struct fill *fill)
{
    struct account_asset *base = books_asset(orch, instrument->venue, instrument->base);
    struct account_asset *quote = books_asset(orch, instrument->venue, instrument->quote);
    if (base == NULL || quote == NULL) {
        return;
    }
    const struct decimal notional = fill_quote(fill);
    const bool is_buy = fill->side == SIDE_BUY;
    base->total = is_buy ? decimal_add(base->total, fill->amount)
                         : decimal_subtract(base->total, fill->amount);
    quote->total =
        is_buy ? decimal_subtract(quote->total, notional) : decimal_add(quote->total, notional);
    struct account_asset *fee = fill->fee_in_base ? base : quote;
    fee->total = decimal_subtract(fee->total, fill->fee);
    /* One that has ended has nothing set aside any more, whatever comes late. */
    if (executor != NULL && executor->status != EXECUTOR_TERMINATED) {
        const uint32_t market = executor->instruments[0] == instrument ? 0 : 1;
        books_move_reservation(&executor->reserved[market], fill, base, quote);
    }
}

/* A perpetual moves the quote asset by what the fill realizes of the position that the venue keeps,
 * whoever of us owns it, and by the fee. */
static enum err books_move_margin(struct orchestrator *orch, const struct instrument *instrument,
                                  enum side side, const struct fill *fill)
{
    struct position *held =
        position_book_get(orch->held_by_venues, BOOKS_VENUE, instrument->index, side);
    struct account_asset *quote = books_asset(orch, instrument->venue, instrument->quote);
    if (held == NULL || quote == NULL) {
        return held == NULL ? ERR_MEMORY : ERR_NONE;
    }
    const struct decimal before = held->realized_pnl_quote;
    const enum err err = position_apply(held, fill);
    if (err == ERR_NONE) {
        const struct decimal gain = decimal_subtract(held->realized_pnl_quote, before);
        quote->total = decimal_add(quote->total, decimal_subtract(gain, fill->fee));
    }
    return err;
}

enum err books_move_account(struct orchestrator *orch, const struct booking *booking,
                            const struct fill *fill)
{
    if (booking->instrument->is_perpetual) {
        return books_move_margin(orch, booking->instrument, booking->side, fill);
    }
    books_move_spot(orch, booking->executor, booking->instrument, fill);
    return ERR_NONE;
}

void books_fund_account(struct orchestrator *orch, const struct venue_payment *payment)
{
    const struct instrument *instrument = &orch->given.config->instruments[payment->instrument];
    struct account_asset *quote = books_asset(orch, instrument->venue, instrument->quote);
    if (quote != NULL) {
        quote->total = decimal_add(quote->total, payment->amount);
    }
}

/* ---- Fills and funding ---- */

static const char *books_controller_name(const struct executor_entry *executor)
{
    return executor != NULL ? executor->config->controller_id : CONTROLLER_EXTERNAL;
}

static enum err books_journal_fill(struct orchestrator *orch, const struct executor_entry *executor,
                                   const struct instrument *instrument, const struct fill *fill,
                                   const struct position *position)
{
    struct record record;
    record_begin(&record, RECORD_FILL, books_controller_name(executor),
                 executor != NULL ? executor->id : "");
    record.has_more = true; /* Its position and its order follow. */
    record.data.fill =
        (struct record_fill){.fill = *fill,
                             .venue = instrument->venue_name,
                             .account = "main",
                             .trading_pair = instrument->trading_pair,
                             .fee_asset = fill->fee_in_base ? instrument->base : instrument->quote,
                             .position_after = position->amount};
    return journal_add(orch, &record);
}

/* What a position would make or lose now; nothing is known before the first quote, also after a
 * restart, and then it is 0. */
static struct decimal books_unrealized(const struct orchestrator *orch,
                                       const struct position *position)
{
    if (!orch->is_marked[position->instrument]) {
        return DECIMAL_ZERO;
    }
    const struct mark *mark = &orch->marks[position->instrument];
    return position_unrealized(position,
                               decimal_sign(position->amount) >= 0 ? mark->bid : mark->ask);
}

/* `has_more`: a record of the same change follows. */
static enum err books_journal_position(struct orchestrator *orch, const struct position *position,
                                       bool has_more)
{
    const struct instrument *instrument = &orch->given.config->instruments[position->instrument];
    struct record record;
    record_begin(&record, RECORD_POSITION, orch->controllers[position->controller].name, "");
    record.has_more = has_more;
    record.data.position =
        (struct record_position){.venue = instrument->venue_name,
                                 .trading_pair = instrument->trading_pair,
                                 .side = (int)position->side,
                                 .amount = position->amount,
                                 .average_price = position->average_price,
                                 .realized_pnl_quote = position->realized_pnl_quote,
                                 .unrealized_pnl_quote = books_unrealized(orch, position),
                                 .fees_quote = position->fees_quote,
                                 .funding_quote = position->funding_quote,
                                 .volume_quote = position->volume_quote};
    return journal_add(orch, &record);
}

enum err books_apply_fill(struct orchestrator *orch, const struct booking *booking,
                          const struct fill *fill)
{
    const struct executor_entry *executor = booking->executor;
    const struct instrument *instrument = booking->instrument;
    uint32_t number = executor != NULL ? executor->controller : 0;
    enum err err =
        executor != NULL ? ERR_NONE : books_controller(orch, CONTROLLER_EXTERNAL, &number);
    if (err != ERR_NONE) {
        return err;
    }
    struct position *position =
        position_book_get(orch->positions, number, instrument->index, booking->side);
    if (position == NULL) {
        return ERR_MEMORY;
    }
    err = position_apply(position, fill);
    if (err == ERR_NONE && executor == NULL) {
        err = guard_on_owned(orch, number, booking, fill);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct controller *controller = &orch->controllers[number];
    const bool is_buy = fill->side == SIDE_BUY;
    const struct decimal notional = books_worth(orch, instrument->index, fill_quote(fill));
    controller->is_changed = true;
    performance_on_fill(&controller->performance, is_buy, notional);
    performance_on_fill(&orch->total, is_buy, notional);
    err = books_journal_fill(orch, executor, instrument, fill, position);
    return err == ERR_NONE ? books_journal_position(orch, position, executor != NULL) : err;
}

enum err books_apply_funding(struct orchestrator *orch, struct position *position,
                             const struct venue_payment *payment, struct decimal amount)
{
    const struct instrument *instrument = &orch->given.config->instruments[position->instrument];
    struct controller *controller = &orch->controllers[position->controller];
    enum err err = position_fund(position, amount);
    if (err != ERR_NONE) {
        return err;
    }
    controller->is_changed = true;
    struct record record = {.kind = RECORD_FUNDING,
                            .has_more = true, /* Its position follows. */
                            .controller_id = controller->name,
                            .executor_id = "",
                            .data.funding = {.venue = instrument->venue_name,
                                             .trading_pair = instrument->trading_pair,
                                             .side = (int)position->side,
                                             .due_ns = payment->due_ns,
                                             .rate = payment->rate,
                                             .position = position->amount,
                                             .amount = amount}};
    err = journal_add(orch, &record);
    return err == ERR_NONE ? books_journal_position(orch, position, false) : err;
}

/* ---- Performance ---- */

/* Adds money of a position to a sum. */
static void books_add(const struct orchestrator *orch, const struct position *position,
                      struct decimal *sum, struct decimal amount)
{
    *sum = decimal_add(*sum, books_worth(orch, position->instrument, amount));
}

/* Something is owned, and what it is worth is not known. */
static bool books_is_unknown(const struct orchestrator *orch, const struct position *position)
{
    return decimal_sign(position->amount) != 0 && !orch->is_marked[position->instrument];
}

bool books_refresh(struct orchestrator *orch, uint32_t controller, struct performance *performance)
{
    struct performance_sums sums = {0};
    size_t count;
    const struct position *positions = position_book_items(orch->positions, &count);
    for (size_t i = 0; i < count; i++) {
        if (controller != UINT32_MAX && positions[i].controller != controller) {
            continue;
        }
        const struct position *position = &positions[i];
        const struct decimal open = books_unrealized(orch, position);
        sums.is_partial = sums.is_partial || books_is_unknown(orch, position);
        books_add(orch, position, &sums.realized_pnl_quote, position->realized_pnl_quote);
        books_add(orch, position, &sums.unrealized_pnl_quote, open);
        books_add(orch, position, &sums.fees_quote, position->fees_quote);
        books_add(orch, position, &sums.funding_quote, position->funding_quote);
    }
    performance_refresh(performance, &sums);
    return !sums.is_partial;
}

/* The earliest instant of the next performance event of a controller that had one. */
static int64_t books_due_at(const struct orchestrator *orch, const struct controller *controller)
{
    return instant_add(controller->published_ns,
                       orch->given.config->file.events->performance_interval_ns);
}

static bool books_is_due(const struct orchestrator *orch, const struct controller *controller,
                         bool is_final)
{
    if (is_final) {
        return true;
    }
    return controller->is_changed &&
           (!controller->was_published || orch->now_ns >= books_due_at(orch, controller));
}

/* A controller that is not due: when it changed it will be. */
static void books_await(struct orchestrator *orch, const struct controller *controller)
{
    if (controller->is_changed && books_due_at(orch, controller) < orch->publish_at_ns) {
        orch->publish_at_ns = books_due_at(orch, controller);
    }
}

/* controller "" is the whole run. */
static enum err books_journal_performance(struct orchestrator *orch, const char *controller,
                                          const struct performance *performance)
{
    struct record record = {.kind = RECORD_PERFORMANCE,
                            .controller_id = controller,
                            .executor_id = "",
                            .data.performance = performance->report};
    return journal_add(orch, &record);
}

enum err books_publish(struct orchestrator *orch, bool is_final)
{
    bool is_any_due = false;
    orch->publish_at_ns = INSTANT_NEVER;
    for (uint32_t i = 0; i < orch->controller_count; i++) {
        struct controller *controller = &orch->controllers[i];
        if (!books_is_due(orch, controller, is_final)) {
            books_await(orch, controller);
            continue;
        }
        const enum err told = is_any_due ? ERR_NONE : books_tell_rates(orch);
        if (told != ERR_NONE) {
            return told;
        }
        is_any_due = true;
        (void)books_refresh(orch, i, &controller->performance);
        controller->is_changed = false;
        controller->was_published = true;
        controller->published_ns = orch->now_ns;
        const enum err err =
            books_journal_performance(orch, controller->name, &controller->performance);
        if (err != ERR_NONE) {
            return err;
        }
    }
    if (is_any_due || is_final) {
        (void)books_refresh(orch, UINT32_MAX,
                            &orch->total); /* So that it sees the same drawdowns. */
    }
    return is_final ? books_journal_performance(orch, "", &orch->total) : ERR_NONE;
}
