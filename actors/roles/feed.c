#include "actors/roles/feed.h"

#include <stdlib.h>

#include "actors/messages.h"

enum { FEED_TIMER_NEXT_ROW = 1 };

struct feed {
    const struct feed_source *sources; /* Borrowed. */
    size_t count;
    size_t *next; /* Owned: next row of each source. */
    struct decimal speed;
    struct actor_ref market; /* Who asked last. */
    bool is_wanted;
    bool is_started;
    int64_t started_ns;    /* Real time of the first row. */
    int64_t tape_start_ns; /* Its market time. */
};

/* The first row of [low, high) that is later than limit_ns, or `high`. */
static size_t feed_row_after(const struct tape_columns *columns, size_t low, size_t high,
                             int64_t limit_ns)
{
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (columns->time_ns[middle] <= limit_ns) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum err feed_start(struct context *context, void *state, void *arguments)
{
    (void)context;
    struct feed *feed = state;
    const struct feed_arguments *given = arguments;
    feed->sources = given->sources;
    feed->count = given->count;
    feed->speed = given->speed;
    feed->next = calloc(given->count, sizeof(*feed->next));
    if (feed->next == NULL) {
        return ERR_MEMORY;
    }
    for (size_t i = 0; i < given->count; i++) {
        const struct tape_columns *columns = tape_columns_of(given->sources[i].tape);
        feed->next[i] = feed_row_after(columns, 0, columns->count, given->after_ns);
    }
    return ERR_NONE;
}

static void feed_stop(struct context *context, void *state)
{
    (void)context;
    struct feed *feed = state;
    free(feed->next);
    feed->next = NULL;
}

static bool feed_source_time(const struct feed *feed, size_t source, int64_t *ret_time_ns)
{
    const struct tape_columns *columns = tape_columns_of(feed->sources[source].tape);
    if (feed->next[source] >= columns->count) {
        return false;
    }
    *ret_time_ns = columns->time_ns[feed->next[source]];
    return true;
}

/* The source whose next row is the oldest; equal times go in order of the run file. */
static bool feed_pick(const struct feed *feed, size_t *ret_source)
{
    bool found = false;
    int64_t best_ns = 0;
    for (size_t i = 0; i < feed->count; i++) {
        int64_t time_ns;
        if (feed_source_time(feed, i, &time_ns) && (!found || time_ns < best_ns)) {
            found = true;
            best_ns = time_ns;
            *ret_source = i;
        }
    }
    return found;
}

/* The last instant of `source` that still comes before every other source's next row. */
static int64_t feed_limit(const struct feed *feed, size_t source)
{
    int64_t limit_ns = INSTANT_NEVER;
    for (size_t i = 0; i < feed->count; i++) {
        int64_t time_ns;
        if (i == source || !feed_source_time(feed, i, &time_ns)) {
            continue;
        }
        const int64_t last_ns = source < i ? time_ns : time_ns - 1;
        limit_ns = last_ns < limit_ns ? last_ns : limit_ns;
    }
    return limit_ns;
}

/* The end of the next chunk: rows up to limit_ns, at most FEED_CHUNK_ROWS. */
static size_t feed_chunk_end(const struct tape_columns *columns, size_t first, int64_t limit_ns)
{
    const size_t end =
        columns->count - first > FEED_CHUNK_ROWS ? first + FEED_CHUNK_ROWS : columns->count;
    return feed_row_after(columns, first, end, limit_ns);
}

/* Up to which market time rows may be given out now; INSTANT_NEVER without a speed. */
static int64_t feed_due(struct feed *feed, int64_t first_ns, int64_t real_ns)
{
    if (decimal_sign(feed->speed) == 0) {
        return INSTANT_NEVER;
    }
    if (!feed->is_started) {
        feed->is_started = true;
        feed->started_ns = real_ns;
        feed->tape_start_ns = first_ns;
    }
    const struct decimal elapsed =
        decimal_multiply(instant_seconds(real_ns - feed->started_ns), feed->speed);
    int64_t elapsed_ns;
    if (!decimal_is_valid(elapsed) || instant_from_seconds(elapsed, &elapsed_ns) != ERR_NONE) {
        return INSTANT_NEVER;
    }
    return instant_add(feed->tape_start_ns, elapsed_ns);
}

/* The real time at which a row of that market time is due. */
static int64_t feed_real_time(const struct feed *feed, int64_t time_ns)
{
    const struct decimal seconds =
        decimal_divide(instant_seconds(time_ns - feed->tape_start_ns), feed->speed);
    int64_t elapsed_ns;
    if (!decimal_is_valid(seconds) || instant_from_seconds(seconds, &elapsed_ns) != ERR_NONE) {
        return INSTANT_NEVER;
    }
    return instant_add(feed->started_ns, elapsed_ns + 1);
}

static enum err feed_give(struct feed *feed, struct context *context)
{
    size_t source = 0;
    if (!feed_pick(feed, &source)) {
        feed->is_wanted = false;
        return message_post(context, feed->market, MESSAGE_FEED_END, 0, NULL, 0);
    }
    const struct tape_columns *columns = tape_columns_of(feed->sources[source].tape);
    const size_t first = feed->next[source];
    const int64_t first_ns = columns->time_ns[first];
    const int64_t due_ns = feed_due(feed, first_ns, context_now(context));
    if (first_ns > due_ns) {
        return context_timer(context, FEED_TIMER_NEXT_ROW, feed_real_time(feed, first_ns));
    }
    const int64_t merge_ns = feed_limit(feed, source);
    const size_t end = feed_chunk_end(columns, first, merge_ns < due_ns ? merge_ns : due_ns);
    ASSERT(end > first);
    feed->next[source] = end;
    feed->is_wanted = false;
    const struct message_quotes quotes = {.instrument = feed->sources[source].instrument,
                                          .tape = feed->sources[source].tape,
                                          .first = first,
                                          .end = end};
    return message_post(context, feed->market, MESSAGE_QUOTES, first_ns, &quotes, sizeof(quotes));
}

static enum err feed_receive(struct context *context, void *state, nng_msg **message)
{
    struct feed *feed = state;
    const struct envelope *envelope = message_envelope(*message);
    if (envelope->kind == MESSAGE_QUOTES_WANTED) {
        feed->market = envelope->sender;
        feed->is_wanted = true;
    }
    return feed->is_wanted ? feed_give(feed, context) : ERR_NONE;
}

const struct actor_class feed_class = {
    .name = "feed",
    .state_size = sizeof(struct feed),
    .start = feed_start,
    .receive = feed_receive,
    .stop = feed_stop,
};
