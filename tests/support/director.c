#include "tests/support/director.h"

#include <check.h>

#include "actors/messages.h"
#include "actors/record_page.h"

enum { DIRECTOR_TIMER = 1 };

static enum err director_start(struct context *context, void *state, void *arguments)
{
    struct director *director = arguments;
    *(struct director **)state = director;
    director->self = context_self(context);
    director->open(director, context);
    return context_timer(context, DIRECTOR_TIMER, context_now(context) + 1);
}

static void director_keep(struct director *director, nng_msg *message)
{
    ck_assert_uint_lt(director->count, DIRECTOR_MESSAGES_MAX);
    director->received[director->count++] = message;
}

/* Each record by itself, with copies of all its texts: they may outlive their sender. */
static void director_keep_records(struct director *director, nng_msg *message)
{
    struct record_page *page = message_body(message);
    const int64_t now_ns = message_envelope(message)->now_ns;
    uint32_t place = 0;
    while (place < page->used) {
        struct record *record = record_page_at(page, place, &place);
        record->has_lasting_names = false;
        const size_t size = record_packed_size(record);
        nng_msg *kept = message_create(DIRECTOR_RECORD, now_ns, size);
        ck_assert_ptr_nonnull(kept);
        ck_assert_uint_eq(record_pack(record, message_body(kept), size), size);
        director_keep(director, kept);
    }
}

static enum err director_receive(struct context *context, void *state, nng_msg **message)
{
    struct director *director = *(struct director **)state;
    if (message_envelope(*message)->kind == MESSAGE_RECORDS) {
        director_keep_records(director, *message);
        return ERR_NONE;
    }
    if (message_envelope(*message)->kind != MESSAGE_TIMER) {
        director_keep(director, *message);
        *message = NULL;
        return ERR_NONE;
    }
    /* The clock moves only when nobody can run: everything has come to rest. */
    director_step *step = director->script[director->next_step++];
    if (step == NULL) {
        system_stop(context_system(context));
        return ERR_NONE;
    }
    step(director, context);
    return context_timer(context, DIRECTOR_TIMER, context_now(context) + 1);
}

static const struct actor_class director_class = {
    .name = "director",
    .state_size = sizeof(struct director *),
    .start = director_start,
    .receive = director_receive,
};

void director_play(struct director *director)
{
    const struct system_options options = {.is_virtual = true, .now_ns = 1};
    struct system *system;
    ck_assert_int_eq(system_create(&options, &system), ERR_NONE);
    struct actor_ref ref;
    ck_assert_int_eq(system_spawn(system, &director_class, director, &ref), ERR_NONE);
    ck_assert_int_eq(system_run(system), ERR_NONE);
    system_destroy(system);
}

void director_done(struct director *director)
{
    for (size_t i = 0; i < director->count; i++) {
        message_destroy(director->received[i]);
    }
    director->count = 0;
    message_pool_drain();
}

nng_msg *director_take(struct director *director, uint32_t kind)
{
    while (director->seen < director->count) {
        nng_msg *message = director->received[director->seen++];
        if (message_envelope(message)->kind == kind) {
            return message;
        }
    }
    return NULL;
}

size_t director_count(const struct director *director, uint32_t kind)
{
    size_t count = 0;
    for (size_t i = 0; i < director->count; i++) {
        count += message_envelope(director->received[i])->kind == kind ? 1 : 0;
    }
    return count;
}

void director_send(struct context *context, struct actor_ref to, uint32_t kind, int64_t now_ns,
                   const void *body, size_t size)
{
    ck_assert_int_eq(message_post(context, to, kind, now_ns, body, size), ERR_NONE);
}

void director_ask(struct context *context, struct actor_ref orchestrator, int64_t now_ns,
                  uint32_t executor, const struct executor_request *request)
{
    nng_msg *message = message_create(MESSAGE_WAKE_DONE, now_ns,
                                      sizeof(struct message_wake_done) + sizeof(*request));
    ck_assert_ptr_nonnull(message);
    struct message_wake_done *done = message_body(message);
    *done =
        (struct message_wake_done){.executor = executor, .request_count = 1, .wake = wake_never()};
    done->requests[0] = *request;
    ck_assert_int_eq(context_send(context, orchestrator, &message), ERR_NONE);
}
