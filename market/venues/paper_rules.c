#include "market/venues/paper_rules.h"

#include <string.h>

/* Adds to a reason and cuts off what has no room. */
static void reason_add(char reason[VENUE_REASON_MAX], const char *text)
{
    const size_t used = strlen(reason);
    const size_t room = VENUE_REASON_MAX - 1 - used;
    const size_t length = strlen(text) < room ? strlen(text) : room;
    memcpy(reason + used, text, length);
    reason[used + length] = '\0';
}

static void reason_add_decimal(char reason[VENUE_REASON_MAX], struct decimal value)
{
    char printed[DECIMAL_TEXT_MAX];
    decimal_print(value, printed);
    reason_add(reason, printed);
}

/* Writes "<what> <value> is <relation> <limit>" and answers false. */
static bool paper_rules_refuse(char reason[VENUE_REASON_MAX], const char *what,
                               struct decimal value, const char *relation, struct decimal limit)
{
    reason[0] = '\0';
    reason_add(reason, what);
    reason_add_decimal(reason, value);
    reason_add(reason, relation);
    reason_add_decimal(reason, limit);
    return false;
}

static bool paper_rules_allow_amount(const struct instrument *instrument, struct decimal amount,
                                     char reason[VENUE_REASON_MAX])
{
    if (decimal_sign(amount) <= 0) {
        return paper_rules_refuse(reason, "amount ", amount, " is not above ", DECIMAL_ZERO);
    }
    if (!decimal_is_multiple(amount, instrument->step)) {
        return paper_rules_refuse(reason, "amount ", amount, " is not a multiple of the step ",
                                  instrument->step);
    }
    if (decimal_less(amount, instrument->min_order_size)) {
        return paper_rules_refuse(reason, "amount ", amount, " is below min_order_size ",
                                  instrument->min_order_size);
    }
    if (decimal_sign(instrument->max_order_size) > 0 &&
        decimal_less(instrument->max_order_size, amount)) {
        return paper_rules_refuse(reason, "amount ", amount, " is above max_order_size ",
                                  instrument->max_order_size);
    }
    return true;
}

bool paper_rules_allow(const struct instrument *instrument, const struct order_ticket *ticket,
                       struct decimal price, char reason[VENUE_REASON_MAX])
{
    if (!paper_rules_allow_amount(instrument, ticket->amount, reason)) {
        return false;
    }
    if (decimal_sign(price) <= 0) {
        return paper_rules_refuse(reason, "price ", price, " is not above ", DECIMAL_ZERO);
    }
    if (ticket->type != ORDER_MARKET && !decimal_is_multiple(price, instrument->tick)) {
        return paper_rules_refuse(reason, "price ", price, " is not a multiple of the tick ",
                                  instrument->tick);
    }
    if (!decimal_can_multiply(price, ticket->amount)) {
        return paper_rules_refuse(reason, "the notional is too large: amount ", ticket->amount,
                                  " at ", price);
    }
    if (decimal_sign(instrument->min_notional) == 0) {
        return true;
    }
    const struct decimal notional = decimal_multiply(price, ticket->amount);
    if (decimal_less(notional, instrument->min_notional)) {
        return paper_rules_refuse(reason, "notional ", notional, " is below min_notional ",
                                  instrument->min_notional);
    }
    return true;
}

void paper_rules_shortfall(const char *asset, struct decimal needed, struct decimal available,
                           char reason[VENUE_REASON_MAX])
{
    reason[0] = '\0';
    reason_add(reason, "insufficient ");
    reason_add(reason, asset);
    reason_add(reason, " balance: needs ");
    reason_add_decimal(reason, needed);
    reason_add(reason, ", has ");
    reason_add_decimal(reason, available);
}

void paper_rules_would_take(const struct order_ticket *ticket, const struct quote *quote,
                            char reason[VENUE_REASON_MAX])
{
    const bool buys = ticket->side == SIDE_BUY;
    (void)paper_rules_refuse(reason, "post-only order would take: price ", ticket->price,
                             buys ? ", ask " : ", bid ", buys ? quote->ask : quote->bid);
}

void paper_rules_margin_call(struct decimal equity, struct decimal required,
                             char reason[VENUE_REASON_MAX])
{
    (void)paper_rules_refuse(reason, "equity ", equity, " is below the maintenance margin ",
                             required);
}
