#include "market/venues/paper_accounts.h"

#include <stdlib.h>
#include <string.h>

enum err paper_accounts_init(struct paper_accounts *accounts, size_t instrument_count)
{
    const size_t room = 2 * instrument_count + 1;
    *accounts = (struct paper_accounts){
        .items = calloc(room, sizeof(*accounts->items)),
        .capacity = room,
        .positions = calloc(instrument_count + 1, sizeof(*accounts->positions)),
        .instrument_count = instrument_count,
    };
    if (accounts->items == NULL || accounts->positions == NULL) {
        paper_accounts_done(accounts);
        return ERR_MEMORY;
    }
    return ERR_NONE;
}

void paper_accounts_done(struct paper_accounts *accounts)
{
    free(accounts->items);
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
    paper_accounts_open(accounts, asset)->total = amount;
    return ERR_NONE;
}

/* How much of `amount` on `side` a position takes back. */
static struct decimal paper_position_matched(const struct paper_position *position, enum side side,
                                             struct decimal amount)
{
    const bool reduces = decimal_sign(position->amount) == (side == SIDE_BUY ? -1 : 1);
    return reduces ? decimal_min(amount, decimal_absolute(position->amount)) : DECIMAL_ZERO;
}

struct paper_need paper_accounts_need(const struct paper_accounts *accounts,
                                      const struct instrument *instrument,
                                      const struct order_ticket *ticket, struct decimal price,
                                      struct decimal fee_rate)
{
    if (ticket->side == SIDE_SELL && !instrument->is_perpetual) {
        return (struct paper_need){instrument->base, ticket->amount};
    }
    struct decimal adding = ticket->amount;
    if (instrument->is_perpetual) {
        const struct paper_position *position = &accounts->positions[instrument->index];
        adding = decimal_subtract(adding,
                                  paper_position_matched(position, ticket->side, ticket->amount));
    }
    const struct decimal notional = decimal_multiply(price, ticket->amount);
    struct decimal fee = decimal_multiply(notional, fee_rate);
    if (decimal_is_valid(fee)) {
        fee = decimal_max(fee, DECIMAL_ZERO); /* A rebate pays for nothing beforehand. */
    }
    return (struct paper_need){instrument->quote,
                               decimal_add(decimal_multiply(price, adding), fee)};
}

struct decimal paper_accounts_available(const struct paper_accounts *accounts, const char *asset)
{
    const struct paper_account *account = paper_accounts_find(accounts, asset);
    return account == NULL ? DECIMAL_ZERO : decimal_subtract(account->total, account->reserved);
}

void paper_accounts_reserve(struct paper_accounts *accounts, const char *asset,
                            struct decimal change)
{
    if (decimal_sign(change) == 0) {
        return;
    }
    struct paper_account *account = paper_accounts_open(accounts, asset);
    account->reserved = decimal_add(account->reserved, change);
    ASSERT(decimal_is_valid(account->reserved));
}

/* The signed quote that a fill moves into the position's cost: bought is positive. */
static struct decimal paper_signed(enum side side, struct decimal value)
{
    return side == SIDE_BUY ? value : decimal_negate(value);
}

/* The part of the cost that belongs to `matched` of what is held. The product comes first, because
 * it is mostly exact; only where it would overflow does the quotient. */
static struct decimal paper_position_share(const struct paper_position *position,
                                           struct decimal matched)
{
    const struct decimal held = decimal_absolute(position->amount);
    if (decimal_sign(matched) == 0 || decimal_equal(matched, held)) {
        return decimal_sign(matched) == 0 ? DECIMAL_ZERO : position->cost;
    }
    const struct decimal share = decimal_divide(decimal_multiply(position->cost, matched), held);
    return decimal_is_valid(share)
               ? share
               : decimal_multiply(position->cost, decimal_divide(matched, held));
}

/* Books a fill on a position and says how much quote it realizes. */
static struct paper_position paper_position_after(const struct paper_position *before,
                                                  const struct fill *fill,
                                                  struct decimal *ret_realized)
{
    const struct decimal matched = paper_position_matched(before, fill->side, fill->amount);
    const struct decimal share = paper_position_share(before, matched);
    const struct decimal matched_quote = decimal_multiply(fill->price, matched);
    const struct decimal adding_quote = decimal_subtract(fill_quote(fill), matched_quote);
    *ret_realized = decimal_negate(decimal_add(paper_signed(fill->side, matched_quote), share));
    return (struct paper_position){
        .amount = decimal_add(before->amount, paper_signed(fill->side, fill->amount)),
        .cost = decimal_add(decimal_subtract(before->cost, share),
                            paper_signed(fill->side, adding_quote)),
    };
}

static enum err paper_accounts_fill_perpetual(struct paper_accounts *accounts,
                                              const struct instrument *instrument,
                                              const struct fill *fill)
{
    struct paper_position *position = &accounts->positions[instrument->index];
    struct decimal realized;
    const struct paper_position after = paper_position_after(position, fill, &realized);
    struct paper_account *quote = paper_accounts_open(accounts, instrument->quote);
    const struct decimal total =
        decimal_subtract(decimal_add(quote->total, realized), fill_fee_quote(fill));
    const struct decimal margin =
        decimal_subtract(decimal_absolute(after.cost), decimal_absolute(position->cost));
    const struct decimal reserved = decimal_add(quote->reserved, margin);
    if (!decimal_is_valid(total) || !decimal_is_valid(reserved) ||
        !decimal_is_valid(after.amount)) {
        return ERR_OVERFLOW;
    }
    quote->total = total;
    quote->reserved = reserved;
    *position = after;
    return ERR_NONE;
}

static enum err paper_accounts_fill_spot(struct paper_accounts *accounts,
                                         const struct instrument *instrument,
                                         const struct fill *fill)
{
    const bool buys = fill->side == SIDE_BUY;
    struct paper_account *base = paper_accounts_open(accounts, instrument->base);
    struct paper_account *quote = paper_accounts_open(accounts, instrument->quote);
    struct decimal base_total = decimal_add(base->total, paper_signed(fill->side, fill->amount));
    struct decimal quote_total = buys ? decimal_subtract(quote->total, fill_quote(fill))
                                      : decimal_add(quote->total, fill_quote(fill));
    if (fill->fee_in_base) {
        base_total = decimal_subtract(base_total, fill->fee);
    } else {
        quote_total = decimal_subtract(quote_total, fill->fee);
    }
    if (!decimal_is_valid(base_total) || !decimal_is_valid(quote_total)) {
        return ERR_OVERFLOW;
    }
    base->total = base_total;
    quote->total = quote_total;
    return ERR_NONE;
}

enum err paper_accounts_fill(struct paper_accounts *accounts, const struct instrument *instrument,
                             const struct fill *fill)
{
    return instrument->is_perpetual ? paper_accounts_fill_perpetual(accounts, instrument, fill)
                                    : paper_accounts_fill_spot(accounts, instrument, fill);
}
