#include "market/venues/paper_accounts.h"

#include <stdlib.h>
#include <string.h>

enum err paper_accounts_init(struct paper_accounts *accounts, enum paper_position_mode mode,
                             size_t instrument_count)
{
    const size_t room = 2 * instrument_count + 1;
    *accounts = (struct paper_accounts){
        .mode = mode,
        .items = calloc(room, sizeof(*accounts->items)),
        .capacity = room,
        .places = calloc(instrument_count + 1, sizeof(*accounts->places)),
        .positions = calloc(instrument_count + 1, sizeof(*accounts->positions)),
        .instrument_count = instrument_count,
    };
    if (accounts->items == NULL || accounts->places == NULL || accounts->positions == NULL) {
        paper_accounts_done(accounts);
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

void paper_accounts_done(struct paper_accounts *accounts)
{
    free(accounts->items);
    free(accounts->places);
    free(accounts->positions);
    *accounts = (struct paper_accounts){0};
}

const struct paper_account *paper_accounts_find(const struct paper_accounts *accounts,
                                                const char *asset)
{
    for (size_t i = 0; i < accounts->count; i++) {
        if (strcmp(accounts->items[i].asset, asset) == 0) {
            return &accounts->items[i];
        }
    }
    return NULL;
}

static struct decimal paper_origins_sum(const struct paper_origins *origins)
{
    const struct decimal earned = decimal_add(origins->deposited, origins->traded);
    return decimal_add(decimal_subtract(earned, origins->fees), origins->funding);
}

static void paper_account_check(const struct paper_account *account)
{
    ASSERT(decimal_equal(account->total, paper_origins_sum(&account->origins)));
    ASSERT(decimal_is_valid(account->reserved));
}

/* The parts of an account and their sum. */
struct paper_sums {
    struct paper_origins origins;
    struct decimal total;
};

/* What becomes of an account when `moved` comes in; false when a figure would leave its range. */
static bool paper_account_after(const struct paper_account *account,
                                const struct paper_origins *moved, struct paper_sums *ret_after)
{
    paper_account_check(account);
    const struct paper_origins *origins = &account->origins;
    ret_after->origins = (struct paper_origins){
        .deposited = origins->deposited,
        .traded = decimal_add(origins->traded, moved->traded),
        .fees = decimal_add(origins->fees, moved->fees),
        .funding = decimal_add(origins->funding, moved->funding),
    };
    ret_after->total = paper_origins_sum(&ret_after->origins);
    return decimal_is_valid(ret_after->total);
}

static void paper_account_set(struct paper_account *account, const struct paper_sums *sums)
{
    account->origins = sums->origins;
    account->total = sums->total;
}

/* The account of an asset, opened when it is new. There must be room for a new one. */
static struct paper_account *paper_accounts_open(struct paper_accounts *accounts, const char *asset)
{
    for (size_t i = 0; i < accounts->count; i++) {
        if (strcmp(accounts->items[i].asset, asset) == 0) {
            return &accounts->items[i];
        }
    }
    ASSERT(accounts->count < accounts->capacity);
    const size_t length = strlen(asset);
    ASSERT(length <= ASSET_MAX_LENGTH);
    struct paper_account *account = &accounts->items[accounts->count++];
    memcpy(account->asset, asset, length + 1);
    return account;
}

/* Where the place of an instrument's asset is remembered. */
static inline uint32_t *paper_accounts_place(const struct paper_accounts *accounts,
                                             const struct instrument *instrument, const char *asset)
{
    ASSERT(instrument->index < accounts->instrument_count);
    ASSERT(asset == instrument->base || asset == instrument->quote);
    struct paper_account_places *places = &accounts->places[instrument->index];
    return asset == instrument->base ? &places->base : &places->quote;
}

/* The account of an instrument's asset, opened when it is new. */
static inline struct paper_account *paper_accounts_of(struct paper_accounts *accounts,
                                                      const struct instrument *instrument,
                                                      const char *asset)
{
    uint32_t *place = paper_accounts_place(accounts, instrument, asset);
    if (*place == 0) {
        *place = (uint32_t)(paper_accounts_open(accounts, asset) - accounts->items) + 1;
    }
    return &accounts->items[*place - 1];
}

enum err paper_accounts_deposit(struct paper_accounts *accounts, const char *asset,
                                struct decimal amount)
{
    if (strlen(asset) == 0 || strlen(asset) > ASSET_MAX_LENGTH) {
        return ERR_RANGE;
    }
    /* The assets of the instruments must find room even when they are opened by fills. */
    const size_t needed = accounts->count + 1 + 2 * accounts->instrument_count;
    if (needed > accounts->capacity) {
        const size_t capacity = 2 * needed;
        struct paper_account *items = realloc(accounts->items, capacity * sizeof(*items));
        if (items == NULL) {
            return ERR_MEMORY;
        }
        memset(items + accounts->count, 0, (capacity - accounts->count) * sizeof(*items));
        accounts->items = items;
        accounts->capacity = capacity;
    }
    struct paper_account *account = paper_accounts_open(accounts, asset);
    const struct decimal change = decimal_subtract(amount, account->total);
    const struct decimal deposited = decimal_add(account->origins.deposited, change);
    if (!decimal_is_valid(deposited)) {
        return ERR_RANGE;
    }
    account->total = amount;
    account->origins.deposited = deposited;
    paper_account_check(account);
    return ERR_NONE;
}

/* Which of its positions an order on a perpetual instrument moves. */
static enum paper_position_place paper_position_place(const struct paper_accounts *accounts,
                                                      const struct order_ticket *ticket)
{
    const bool closes = ticket->action == POSITION_ACTION_CLOSE;
    const bool is_short = (ticket->side == SIDE_SELL) != closes;
    return accounts->mode == PAPER_HEDGE && is_short ? PAPER_SHORT : PAPER_NET_OR_LONG;
}

const struct paper_position *paper_accounts_position(const struct paper_accounts *accounts,
                                                     const struct order_ticket *ticket)
{
    ASSERT(ticket->instrument < accounts->instrument_count);
    const enum paper_position_place place = paper_position_place(accounts, ticket);
    return &accounts->positions[ticket->instrument].items[place];
}

struct decimal paper_accounts_closable(const struct paper_accounts *accounts,
                                       const struct order_ticket *ticket, struct decimal amount)
{
    const struct decimal held = paper_accounts_position(accounts, ticket)->book.amount;
    const bool closes = decimal_sign(held) == (ticket->side == SIDE_BUY ? -1 : 1);
    return closes ? decimal_min(amount, decimal_absolute(held)) : DECIMAL_ZERO;
}

/* The margin of what was opened for so much. */
static struct decimal paper_margin_of(const struct order_ticket *ticket, struct decimal notional)
{
    return ticket->leverage > 1 ? decimal_divide(notional, decimal_from_int(ticket->leverage))
                                : notional;
}

struct paper_need paper_accounts_need(const struct paper_accounts *accounts,
                                      const struct instrument *instrument,
                                      const struct order_ticket *ticket,
                                      const struct paper_terms *terms)
{
    if (ticket->side == SIDE_SELL && !instrument->is_perpetual) {
        return (struct paper_need){instrument->base, terms->amount};
    }
    struct decimal adding = terms->amount;
    if (instrument->is_perpetual) {
        const struct decimal closing = paper_accounts_closable(accounts, ticket, terms->amount);
        const bool opens = ticket->action != POSITION_ACTION_CLOSE;
        adding = opens ? decimal_subtract(terms->amount, closing) : DECIMAL_ZERO;
    }
    const struct decimal notional = decimal_multiply(terms->price, adding);
    const struct decimal cost =
        instrument->is_perpetual ? paper_margin_of(ticket, notional) : notional;
    struct decimal fee = decimal_multiply(notional, terms->fee_rate);
    if (decimal_is_valid(fee)) {
        fee = decimal_max(fee, DECIMAL_ZERO); /* A rebate pays for nothing beforehand. */
    }
    return (struct paper_need){instrument->quote, decimal_add(cost, fee)};
}

struct decimal paper_accounts_available(const struct paper_accounts *accounts,
                                        const struct instrument *instrument, const char *asset)
{
    const uint32_t place = *paper_accounts_place(accounts, instrument, asset);
    const struct paper_account *account =
        place != 0 ? &accounts->items[place - 1] : paper_accounts_find(accounts, asset);
    return account == NULL ? DECIMAL_ZERO : decimal_subtract(account->total, account->reserved);
}

void paper_accounts_reserve(struct paper_accounts *accounts, const struct instrument *instrument,
                            const char *asset, struct decimal change)
{
    if (decimal_sign(change) == 0) {
        return;
    }
    struct paper_account *account = paper_accounts_of(accounts, instrument, asset);
    account->reserved = decimal_add(account->reserved, change);
    ASSERT(decimal_is_valid(account->reserved));
}

/* The part of the margin that belongs to `matched` of `held`. The product comes first, because it
 * is mostly exact; only where it would overflow does the quotient. */
static struct decimal paper_margin_share(struct decimal margin, struct decimal matched,
                                         struct decimal held)
{
    if (decimal_sign(matched) == 0 || decimal_equal(matched, held)) {
        return decimal_sign(matched) == 0 ? DECIMAL_ZERO : margin;
    }
    const struct decimal product = decimal_multiply(margin, matched);
    return decimal_is_valid(product) ? decimal_divide(product, held)
                                     : decimal_multiply(margin, decimal_divide(matched, held));
}

static enum err paper_accounts_fill_perpetual(struct paper_accounts *accounts,
                                              const struct instrument *instrument,
                                              const struct order_ticket *ticket,
                                              const struct fill *fill)
{
    struct paper_position *position =
        &accounts->positions[instrument->index].items[paper_position_place(accounts, ticket)];
    const struct decimal held = decimal_absolute(position->book.amount);
    const struct decimal matched = paper_accounts_closable(accounts, ticket, fill->amount);
    const struct decimal adding = decimal_subtract(fill->amount, matched);
    struct paper_position after = *position;
    if (position_apply(&after.book, fill) != ERR_NONE) {
        return ERR_OVERFLOW;
    }
    after.margin = decimal_add(
        decimal_subtract(position->margin, paper_margin_share(position->margin, matched, held)),
        paper_margin_of(ticket, decimal_multiply(fill->price, adding)));
    const struct paper_origins moved = {
        .traded =
            decimal_subtract(after.book.realized_pnl_quote, position->book.realized_pnl_quote),
        .fees = fill->fee};
    struct paper_account *quote = paper_accounts_of(accounts, instrument, instrument->quote);
    const struct decimal reserved =
        decimal_add(quote->reserved, decimal_subtract(after.margin, position->margin));
    struct paper_sums paid;
    if (!paper_account_after(quote, &moved, &paid) || !decimal_is_valid(reserved)) {
        return ERR_OVERFLOW;
    }
    paper_account_set(quote, &paid);
    quote->reserved = reserved;
    *position = after;
    return ERR_NONE;
}

static enum err paper_accounts_fill_spot(struct paper_accounts *accounts,
                                         const struct instrument *instrument,
                                         const struct fill *fill)
{
    const bool buys = fill->side == SIDE_BUY;
    const struct decimal notional = fill_quote(fill);
    const struct paper_origins base_moved = {.traded =
                                                 buys ? fill->amount : decimal_negate(fill->amount),
                                             .fees = fill->fee_in_base ? fill->fee : DECIMAL_ZERO};
    const struct paper_origins quote_moved = {.traded = buys ? decimal_negate(notional) : notional,
                                              .fees = fill->fee_in_base ? DECIMAL_ZERO : fill->fee};
    struct paper_account *base = paper_accounts_of(accounts, instrument, instrument->base);
    struct paper_account *quote = paper_accounts_of(accounts, instrument, instrument->quote);
    struct paper_sums base_after;
    struct paper_sums quote_after;
    if (!paper_account_after(base, &base_moved, &base_after) ||
        !paper_account_after(quote, &quote_moved, &quote_after)) {
        return ERR_OVERFLOW;
    }
    paper_account_set(base, &base_after);
    paper_account_set(quote, &quote_after);
    return ERR_NONE;
}

enum err paper_accounts_fill(struct paper_accounts *accounts, const struct instrument *instrument,
                             const struct order_ticket *ticket, const struct fill *fill)
{
    return instrument->is_perpetual
               ? paper_accounts_fill_perpetual(accounts, instrument, ticket, fill)
               : paper_accounts_fill_spot(accounts, instrument, fill);
}

enum err paper_accounts_fund(struct paper_accounts *accounts, const char *asset,
                             struct decimal amount)
{
    const struct paper_origins moved = {.funding = amount};
    struct paper_account *account = paper_accounts_open(accounts, asset);
    struct paper_sums after;
    if (!paper_account_after(account, &moved, &after)) {
        return ERR_OVERFLOW;
    }
    paper_account_set(account, &after);
    return ERR_NONE;
}
