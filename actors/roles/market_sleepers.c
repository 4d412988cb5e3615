/*
 * The executors, as the market knows them: who sleeps, who is woken next, whose host has failed.
 */
#include <stdlib.h>
#include <string.h>

#include "actors/roles/market_parts.h"

enum { MARKET_SLEEPERS_FIRST = 256 };

void market_choose(struct market *market, uint32_t executor)
{
    if (executor >= market->sleeper_count) {
        return; /* It was not shown to the market yet. */
    }
    struct sleeper *sleeper = &market->sleepers[executor];
    if (sleeper->is_known && !sleeper->is_chosen) {
        sleeper->is_chosen = true;
        market->chosen[market->chosen_count++] = executor;
    }
}

/* Makes room for executor numbers up to `executor`. */
static enum err market_reserve(struct market *market, uint32_t executor)
{
    if (executor < market->sleeper_count) {
        return ERR_NONE;
    }
    uint32_t count = market->sleeper_count != 0 ? market->sleeper_count : MARKET_SLEEPERS_FIRST;
    while (count <= executor) {
        count *= 2;
    }
    struct sleeper *sleepers = realloc(market->sleepers, count * sizeof(*sleepers));
    if (sleepers == NULL) {
        return ERR_MEMORY;
    }
    memset(sleepers + market->sleeper_count, 0,
           (count - market->sleeper_count) * sizeof(*sleepers));
    market->sleepers = sleepers;
    uint32_t *chosen = realloc(market->chosen, count * sizeof(*chosen));
    if (chosen == NULL) {
        return ERR_MEMORY;
    }
    market->chosen = chosen;
    uint32_t *waking = realloc(market->waking, count * sizeof(*waking));
    if (waking == NULL) {
        return ERR_MEMORY;
    }
    market->waking = waking;
    market->sleeper_count = count;
    return ERR_NONE;
}

/* From now on the venue tells the depth of an executor's markets, where they have one. */
static enum err market_read_depth(struct market *market, const struct message_register *given)
{
    for (uint32_t i = 0; i < given->market_count && given->reads_depth; i++) {
        const uint32_t instrument = given->instruments[i];
        struct board *board = &market->boards[instrument];
        if (market->given.instruments[instrument].has_depth && board->depth == NULL) {
            board->depth = calloc(1, sizeof(*board->depth));
            if (board->depth == NULL) {
                return ERR_MEMORY;
            }
        }
    }
    return ERR_NONE;
}

enum err market_register(struct market *market, const struct message_register *given)
{
    enum err err = market_reserve(market, given->executor);
    if (err == ERR_NONE) {
        err = market_read_depth(market, given);
    }
    if (err != ERR_NONE) {
        return err;
    }
    struct sleeper *sleeper = &market->sleepers[given->executor];
    market->awaited -= sleeper->is_awaited ? 1 : 0;
    *sleeper = (struct sleeper){.host = given->host,
                                .market_count = given->market_count,
                                .reads_depth = given->reads_depth,
                                .follows_rate = given->follows_rate,
                                .is_chosen = sleeper->is_chosen,
                                .is_known = true};
    memcpy(sleeper->instruments, given->instruments, sizeof(sleeper->instruments));
    market_choose(market, given->executor);
    return ERR_NONE;
}

void market_end_work(struct market *market, struct sleeper *sleeper)
{
    ASSERT(sleeper->is_working && market->working > 0);
    sleeper->is_working = false;
    market->working--;
}

/* Takes the executor out of everything it waits for. */
static enum err market_forget(struct market *market, uint32_t executor)
{
    struct sleeper *sleeper = &market->sleepers[executor];
    for (uint32_t i = 0; i < sleeper_sources(sleeper); i++) {
        struct board *board = &market->boards[sleeper->instruments[i]];
        wake_index_remove(board->index, executor);
        board->is_forced = true; /* It may have sent orders before. */
    }
    sleeper->is_known = false;
    return wake_times_set(market->times, executor, INSTANT_NEVER);
}

enum err market_retire(struct market *market, const struct message_retire *retire)
{
    enum err err = market_reserve(market, retire->executor);
    if (err != ERR_NONE) {
        return err;
    }
    struct sleeper *sleeper = &market->sleepers[retire->executor];
    market->awaited += retire->is_coming_back ? 1 : 0;
    market->awaited -= sleeper->is_awaited ? 1 : 0;
    sleeper->is_awaited = retire->is_coming_back;
    return sleeper->is_known ? market_forget(market, retire->executor) : ERR_NONE;
}
