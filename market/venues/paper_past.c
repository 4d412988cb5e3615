#include "market/venues/paper_past.h"

#include "market/venues/paper_layout.h"
#include "market/venues/paper_margin.h"

/* An order that would have moved the position as the fill did. */
static struct order_ticket paper_past_ticket(const struct paper_past *past)
{
    const bool opens = past->position == (enum side)0 || past->position == past->fill.side;
    return (struct order_ticket){
        .id = past->fill.order,
        .instrument = past->instrument,
        .side = past->fill.side,
        .amount = past->fill.amount,
        .action = opens ? POSITION_ACTION_OPEN : POSITION_ACTION_CLOSE,
        .leverage = past->leverage,
    };
}

enum err paper_past_take(struct paper_venue *venue, const struct paper_past *past)
{
    ASSERT(past->instrument < venue->instrument_count);
    const struct instrument *instrument = &venue->instruments[past->instrument];
    struct paper_market *market = &venue->markets[past->instrument];
    ASSERT(instrument->is_perpetual);
    switch (past->kind) {
    case PAPER_PAST_FUNDING:
        market->funding_at_ns = instant_add(past->due_ns, instrument->funding_interval_ns);
        return ERR_NONE;
    case PAPER_PAST_LIQUIDATION:
        venue->liquidation_count++;
        return ERR_NONE;
    case PAPER_PAST_FILL:
        break;
    }
    if (!paper_margin_holds(venue, past->instrument)) {
        paper_margin_schedule(venue, past->instrument, past->fill.time_ns);
    }
    const struct order_ticket ticket = paper_past_ticket(past);
    return paper_accounts_fill(&venue->accounts, instrument, &ticket, &past->fill);
}
