/*
 * market/venues/paper_match.h - what fills orders: a quote that touches them, or what they take
 * when they cross.
 *
 * Threads: belongs to its venue.
 */
#ifndef TUTTI_MARKET_VENUES_PAPER_MATCH_H
#define TUTTI_MARKET_VENUES_PAPER_MATCH_H

#include "market/venues/paper_layout.h"

/* The fill model `touch`: takes every order that the quote touches out of the book, older ones
 * first, for paper_match_touched(). */
void paper_match_find(struct paper_venue *venue, struct paper_market *market);

/* Matches what was found, as long as there are fewer than `enough` updates. ERR_MEMORY:
 * the others are back in the book. */
MUST_USE enum err paper_match_touched(struct paper_venue *venue, struct paper_market *market,
                                      size_t enough, struct venue_updates *updates);

/* At which price an order without a limit trades with this quote, or its limit. */
struct decimal paper_match_price(const struct order_ticket *ticket, const struct quote *quote);

/* Whether an order would take at once: MARKET, or a limit that reaches the other side. */
bool paper_match_crosses(const struct order_ticket *ticket, const struct quote *quote);

/*
 * What an order of `amount` that crosses meets: in the model `book` the levels of the depth, else
 * as much as it likes at the quote.
 */
struct book_walk paper_match_walk(const struct paper_venue *venue,
                                  const struct order_ticket *ticket, struct decimal amount);

/*
 * Lets an open order that is in no heap take what it meets, `book`: level by level. There must be
 * room for PAPER_DEAL_UPDATES per level that it reaches. As maker it trades at its own price, else
 * at that of the level. False: it has ended.
 */
bool paper_match_take(struct paper_venue *venue, uint32_t slot, enum liquidity liquidity,
                      struct venue_updates *updates);

/* The model `book`: lets resting orders take what has come within their price. ERR_MEMORY: what was
 * not matched is, with the next event. */
MUST_USE enum err paper_match_crossed(struct paper_venue *venue, struct paper_market *market,
                                      struct venue_updates *updates);

#endif
