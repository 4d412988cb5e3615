#include "market/venues/paper_deal.h"

#include "base/text.h"
#include "market/venues/paper_orders.h"

enum err paper_deal_book(struct paper_venue *venue, const struct order_ticket *ticket,
                         const struct paper_deal *deal, struct venue_updates *updates)
{
    struct fill fill = {
        .order = ticket->id,
        .instrument = ticket->instrument,
        .side = ticket->side,
        .price = deal->price,
        .amount = deal->amount,
        .fee_in_base = paper_order_pays_base(venue, ticket),
        .liquidity = deal->liquidity,
        .time_ns = deal->time_ns,
    };
    const struct decimal fee_rate =
        deal->liquidity == LIQUIDITY_TAKER ? venue->config.taker_fee : venue->config.maker_fee;
    if (decimal_sign(fee_rate) != 0) {
        fill.fee = decimal_multiply(fill.fee_in_base ? fill.amount : fill_quote(&fill), fee_rate);
    }
    struct text trade_id;
    text_init_over(&trade_id, fill.trade_id, sizeof(fill.trade_id));
    text_append_int(&trade_id, (int64_t)venue->trade_count + 1);
    const struct instrument *instrument = paper_order_instrument(venue, ticket);
    const enum err err = paper_accounts_fill(&venue->accounts, instrument, ticket, &fill);
    if (err == ERR_NONE) {
        venue->trade_count++;
        paper_tell(updates, VENUE_FILL, ticket->id)->fill = fill;
    }
    return err;
}

/* Whether the balance bears what this fill opens: another order may have closed the position that
 * this one was meant to close when it was accepted. */
static bool paper_deal_is_borne(const struct paper_venue *venue, const struct paper_order *order,
                                const struct paper_deal *deal)
{
    const struct instrument *instrument = paper_order_instrument(venue, &order->ticket);
    if (venue->config.is_unlimited || !instrument->is_perpetual ||
        decimal_sign(paper_accounts_closable(&venue->accounts, &order->ticket, deal->amount)) > 0) {
        return true;
    }
    struct paper_order part = *order;
    part.ticket.amount = deal->amount;
    part.executed = DECIMAL_ZERO;
    const struct paper_need need = paper_order_need(venue, &part, deal->price, deal->liquidity);
    const struct decimal available = decimal_add(
        paper_accounts_available(&venue->accounts, instrument, need.asset), order->reserved);
    return decimal_is_valid(need.amount) && decimal_is_valid(available) &&
           !decimal_less(available, need.amount);
}

/* Why the deal cannot be made, or NULL. */
static const char *paper_deal_refusal(const struct paper_venue *venue,
                                      const struct paper_order *order,
                                      const struct paper_deal *deal)
{
    if (decimal_sign(deal->amount) == 0) {
        return "reduce-only: there is no position to close any more";
    }
    return paper_deal_is_borne(venue, order, deal) ? NULL : "insufficient margin";
}

/* After a fill: the order has ended, or waits for more. */
static bool paper_deal_settle(struct paper_venue *venue, uint32_t slot,
                              const struct paper_deal *deal, struct venue_updates *updates)
{
    struct paper_order *order = &venue->orders[slot];
    if (!decimal_less(order->executed, order->ticket.amount)) {
        paper_tell(updates, VENUE_COMPLETED, order->ticket.id);
        paper_order_end(venue, slot);
        return false;
    }
    if (decimal_sign(paper_order_fillable(venue, order)) == 0) {
        paper_order_cancel(venue, slot, "reduce-only: the position is closed", updates);
        return false;
    }
    const struct decimal price =
        order->ticket.type == ORDER_MARKET ? deal->price : order->ticket.price;
    const struct paper_need need = paper_order_need(venue, order, price, deal->liquidity);
    paper_order_hold(venue, order, &need);
    return true;
}

struct decimal paper_deal_fill(struct paper_venue *venue, uint32_t slot,
                               const struct paper_deal *deal, struct venue_updates *updates,
                               bool *ret_is_open)
{
    struct paper_order *order = &venue->orders[slot];
    struct paper_deal made = *deal;
    if (paper_order_is_reduce_only(venue, &order->ticket)) {
        made.amount = decimal_min(made.amount, paper_order_fillable(venue, order));
    }
    const char *refusal = paper_deal_refusal(venue, order, &made);
    if (refusal == NULL && paper_deal_book(venue, &order->ticket, &made, updates) != ERR_NONE) {
        refusal = "the balance would leave its range";
    }
    if (refusal != NULL) {
        paper_order_cancel(venue, slot, refusal, updates);
        *ret_is_open = false;
        return DECIMAL_ZERO;
    }
    order->executed = decimal_add(order->executed, made.amount);
    order->matches++;
    *ret_is_open = paper_deal_settle(venue, slot, &made, updates);
    return made.amount;
}
