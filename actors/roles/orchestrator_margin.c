/*
 * What a venue does to perpetual positions by itself: funding and liquidations.
 *
 * A payment is shared by the controllers that hold the position, in proportion to their signed
 * amounts, so that with opposite ones in a netted position the one receives what the other pays
 * beyond the venue's payment. Each part is rounded to 18 digits; what the roundings leave over goes
 * to the holder of the greatest amount (the first of equals), so that the parts are the payment to
 * the last digit.
 *
 * A liquidation closes what executors own, in the order in which they were created and each as far
 * as its controller still has it, those that ended with a position included: the amounts stay on
 * the grid, and position = sum of fills stays true for every executor. Each part has a share of the
 * fee, the last one what is left of it. What no executor of ours owns is EXTERNAL.
 */
#include <inttypes.h>
#include <stdio.h>

#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_router.h"

/* ---- Funding ---- */

/* The positions that a payment is for. */
struct margin_holders {
    struct decimal sum; /* Of the signed amounts. */
    size_t count;
    size_t greatest; /* Index in the book. */
};

static bool margin_is_holder(const struct position *position, const struct venue_payment *payment)
{
    return position->instrument == payment->instrument && position->side == payment->side &&
           decimal_sign(position->amount) != 0;
}

static struct margin_holders margin_find_holders(const struct orchestrator *orch,
                                                 const struct venue_payment *payment)
{
    size_t count;
    const struct position *items = position_book_items(orch->positions, &count);
    struct margin_holders holders = {0};
    for (size_t i = 0; i < count; i++) {
        if (!margin_is_holder(&items[i], payment)) {
            continue;
        }
        if (holders.count == 0 || decimal_less(decimal_absolute(items[holders.greatest].amount),
                                               decimal_absolute(items[i].amount))) {
            holders.greatest = i;
        }
        holders.count++;
        holders.sum = decimal_add(holders.sum, items[i].amount);
    }
    return holders;
}

static struct decimal margin_part(const struct venue_payment *payment, struct decimal amount,
                                  struct decimal sum)
{
    const struct decimal product = decimal_multiply(payment->amount, amount);
    return decimal_is_valid(product)
               ? decimal_divide(product, sum)
               : decimal_multiply(payment->amount, decimal_divide(amount, sum));
}

/* What is left for the holder of the greatest amount; invalid when the payment cannot be shared. */
static struct decimal margin_remainder(const struct orchestrator *orch,
                                       const struct venue_payment *payment,
                                       const struct margin_holders *holders)
{
    size_t count;
    const struct position *items = position_book_items(orch->positions, &count);
    struct decimal left = payment->amount;
    if (decimal_sign(holders->sum) == 0) {
        return DECIMAL_INVALID;
    }
    for (size_t i = 0; i < count; i++) {
        if (i != holders->greatest && margin_is_holder(&items[i], payment)) {
            left = decimal_subtract(left, margin_part(payment, items[i].amount, holders->sum));
        }
    }
    return left;
}

/* A payment for a position that is nobody's here. */
static enum err margin_fund_external(struct orchestrator *orch, const struct venue_payment *payment)
{
    uint32_t number;
    const enum err err = books_controller(orch, CONTROLLER_EXTERNAL, &number);
    if (err != ERR_NONE) {
        return err;
    }
    struct position *position =
        position_book_get(orch->positions, number, payment->instrument, payment->side);
    return position != NULL ? books_apply_funding(orch, position, payment, payment->amount)
                            : ERR_MEMORY;
}

enum err margin_on_funding(struct orchestrator *orch, const struct venue_payment *payment)
{
    ASSERT(payment->instrument < orch->given.config->instrument_count);
    const struct margin_holders holders = margin_find_holders(orch, payment);
    const struct decimal remainder = margin_remainder(orch, payment, &holders);
    books_fund_account(orch, payment);
    if (!decimal_is_valid(remainder)) {
        return margin_fund_external(orch, payment);
    }
    size_t count = 1;
    for (size_t i = 0; i < count; i++) {
        const struct position holder = position_book_items(orch->positions, &count)[i];
        if (!margin_is_holder(&holder, payment)) {
            continue;
        }
        const struct decimal part =
            i == holders.greatest ? remainder : margin_part(payment, holder.amount, holders.sum);
        struct position *position = position_book_get(orch->positions, holder.controller,
                                                      payment->instrument, payment->side);
        ASSERT(position != NULL);
        const enum err err = books_apply_funding(orch, position, payment, part);
        if (err != ERR_NONE) {
            return err;
        }
    }
    return ERR_NONE;
}

/* ---- Liquidations ---- */

bool margin_is_liquidation(const struct orchestrator *orch, const struct venue_update *update)
{
    const struct order_id own = orch->liquidation.order;
    const struct order_id id = update->order;
    return update->kind == VENUE_LIQUIDATION ||
           (orch->liquidation.is_under_way && id.epoch == own.epoch &&
            id.executor == own.executor && id.ordinal == own.ordinal);
}

static enum err margin_begin(struct orchestrator *orch, const struct venue_update *update)
{
    const struct fill *fill = &update->fill;
    const struct instrument *instrument = &orch->given.config->instruments[fill->instrument];
    const enum side side = instrument_position_side(instrument, fill->side, POSITION_ACTION_CLOSE);
    orch->liquidation = (struct liquidation){
        .order = update->order, .instrument = fill->instrument, .side = side, .is_under_way = true};
    struct record record = {.kind = RECORD_LIQUIDATION,
                            .controller_id = "",
                            .executor_id = "",
                            .data.liquidation = {.venue = instrument->venue_name,
                                                 .trading_pair = instrument->trading_pair,
                                                 .reason = update->reason,
                                                 .order = update->order,
                                                 .position_side = (int)side,
                                                 .side = fill->side,
                                                 .amount = fill->amount,
                                                 .price = fill->price}};
    return journal_add(orch, &record);
}

/* What the orders of an executor have left of the position that is closed; 0 when it is short of a
 * long position, or long of a short one. */
static struct decimal margin_owned(const struct orchestrator *orch,
                                   const struct executor_entry *executor, enum side closing)
{
    const struct liquidation *liquidation = &orch->liquidation;
    const struct instrument *instrument = &orch->given.config->instruments[liquidation->instrument];
    struct decimal owned = DECIMAL_ZERO;
    for (uint32_t i = 0; i < executor->order_count; i++) {
        const struct order_entry *order = &executor->orders[i];
        const struct order_ticket *ticket = &order->ticket;
        if (ticket->instrument == liquidation->instrument &&
            instrument_position_side(instrument, ticket->side, ticket->action) ==
                liquidation->side) {
            owned = ticket->side == closing ? decimal_subtract(owned, order->executed_base)
                                            : decimal_add(owned, order->executed_base);
        }
    }
    return decimal_max(owned, DECIMAL_ZERO);
}

/* How much of the position a controller still has. */
static enum err margin_held(struct orchestrator *orch, uint32_t controller, enum side closing,
                            struct decimal *ret_held)
{
    const struct position *position = position_book_get(
        orch->positions, controller, orch->liquidation.instrument, orch->liquidation.side);
    if (position == NULL) {
        return ERR_MEMORY;
    }
    const struct decimal amount =
        closing == SIDE_SELL ? position->amount : decimal_negate(position->amount);
    *ret_held = decimal_max(amount, DECIMAL_ZERO);
    return ERR_NONE;
}

/* A fill that is given away part by part. */
struct margin_rest {
    const struct fill *fill;
    struct decimal amount;
    struct decimal fee;
};

/* Takes a part off the rest, with a trade id of its own unless it is the whole fill. ERR_LIMIT when
 * the id has no room for that. */
static enum err margin_take(struct liquidation *liquidation, struct margin_rest *rest,
                            struct decimal amount, struct fill *ret_part)
{
    const bool is_last = decimal_equal(amount, rest->amount);
    const struct decimal share =
        decimal_divide(decimal_multiply(rest->fill->fee, amount), rest->fill->amount);
    *ret_part = *rest->fill;
    ret_part->amount = amount;
    ret_part->fee = is_last ? rest->fee : share;
    rest->amount = decimal_subtract(rest->amount, amount);
    rest->fee = decimal_subtract(rest->fee, ret_part->fee);
    if (decimal_equal(amount, rest->fill->amount)) {
        return ERR_NONE;
    }
    const int length = snprintf(ret_part->trade_id, sizeof(ret_part->trade_id), "%.*s.%" PRIu32,
                                TRADE_ID_MAX, rest->fill->trade_id, ++liquidation->booked);
    return length < TRADE_ID_MAX ? ERR_NONE : ERR_LIMIT;
}

/* Gives an executor as much of the fill as is its own. */
static enum err margin_close(struct orchestrator *orch, uint32_t number, struct margin_rest *rest,
                             const char *reason)
{
    const struct executor_entry *executor = roster_get(orch, number);
    const enum side closing = rest->fill->side;
    struct decimal held = DECIMAL_ZERO;
    const struct decimal owned = margin_owned(orch, executor, closing);
    if (decimal_sign(owned) == 0) {
        return ERR_NONE;
    }
    enum err err = margin_held(orch, executor->controller, closing, &held);
    const struct decimal amount = decimal_min(rest->amount, decimal_min(owned, held));
    if (err != ERR_NONE || decimal_sign(amount) == 0) {
        return err;
    }
    struct fill part;
    err = margin_take(&orch->liquidation, rest, amount, &part);
    return err == ERR_NONE ? router_adopt(orch, number, &part, reason) : err;
}

static enum err margin_on_fill(struct orchestrator *orch, const struct venue_update *update)
{
    const struct fill *fill = &update->fill;
    const struct booking booking = {.instrument =
                                        &orch->given.config->instruments[fill->instrument],
                                    .side = orch->liquidation.side};
    bool is_new;
    enum err err = externals_take(orch, fill, &is_new);
    if (err != ERR_NONE || !is_new) {
        return err;
    }
    struct margin_rest rest = {.fill = fill, .amount = fill->amount, .fee = fill->fee};
    err = books_move_account(orch, &booking, fill);
    for (uint32_t i = 1; i <= orch->executor_count && err == ERR_NONE; i++) {
        if (decimal_sign(rest.amount) > 0) {
            err = margin_close(orch, i, &rest, "liquidation");
        }
    }
    if (err != ERR_NONE || decimal_sign(rest.amount) == 0) {
        return err;
    }
    struct fill part;
    err = margin_take(&orch->liquidation, &rest, rest.amount, &part);
    return err == ERR_NONE ? books_apply_fill(orch, &booking, &part) : err;
}

enum err margin_on_liquidation(struct orchestrator *orch, const struct venue_update *update)
{
    if (update->kind == VENUE_LIQUIDATION) {
        return margin_begin(orch, update);
    }
    if (update->kind == VENUE_FILL) {
        return margin_on_fill(orch, update);
    }
    orch->liquidation.is_under_way = false;
    return ERR_NONE;
}
