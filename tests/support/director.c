#include "tests/support/director.h"

#include <check.h>

#include "actors/messages.h"

enum { DIRECTOR_TIMER = 1 };

static enum err director_start(struct context *context, void *state, void *arguments)
{
    struct director *director = arguments;
    *(struct director **)state = director;
    director->self = context_self(context);
    director->open(director, context);
    return context_timer(context, DIRECTOR_TIMER, context_now(context) + 1);
}

static enum err director_receive(struct context *context, void *state, nng_msg **message)
{
    struct director *director = *(struct director **)state;
    if (message_envelope(*message)->kind != MESSAGE_TIMER) {
        ck_assert_uint_lt(director->count, DIRECTOR_MESSAGES_MAX);
        director->received[director->count++] = *message;
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
