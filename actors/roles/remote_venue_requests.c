#include <string.h>

#include "actors/roles/remote_venue_parts.h"
#include "base/log.h"

enum err remote_tell(struct remote_venue *remote, const struct venue_update *updates, size_t count)
{
    ASSERT(count > 0 && count <= REMOTE_UPDATES_MAX);
    if (actor_ref_is_nobody(remote->orchestrator)) {
        return ERR_NONE;
    }
    return message_post(remote->context, remote->orchestrator, MESSAGE_VENUE_UPDATE,
                        remote->time_ns, updates, count * sizeof(*updates));
}

enum err remote_ask(struct remote_venue *remote, size_t slot, const struct remote_work *work,
                    struct wire_request *request)
{
    struct remote_slot *taken = &remote->slots[slot];
    ASSERT(taken->token == 0);
    *taken = (struct remote_slot){.token = ++remote->tokens, .work = *work};
    request->id = (int64_t)taken->token;
    request->clock_ns = remote_clock(remote);
    request->recv_window_ms = remote->section->recv_window_ns / NS_PER_MS;
    if (request->clock_ns > remote->newest_stamp_ns) {
        remote->newest_stamp_ns = request->clock_ns;
    }
    struct text bytes = {0};
    wire_print_request(request, &bytes);
    enum err err = text_failed(&bytes)
                       ? ERR_MEMORY
                       : message_post_wire(remote->context, remote->port, MESSAGE_WIRE_REQUEST,
                                           taken->token, &bytes);
    text_done(&bytes);
    if (err == ERR_NONE) {
        err = context_timer(
            remote->context, REMOTE_TIMER_SLOT + slot,
            instant_add(context_now(remote->context), remote->section->request_timeout_ns));
    }
    return err;
}

/* Whoever asked learns what came; NULL is nothing. */
static enum err remote_conclude(struct remote_venue *remote, size_t slot,
                                const struct wire_answer *answer)
{
    const struct remote_work work = remote->slots[slot].work;
    remote->slots[slot].token = 0;
    enum err err = context_timer(remote->context, REMOTE_TIMER_SLOT + slot, INSTANT_NEVER);
    if (err != ERR_NONE) {
        return err;
    }
    switch (slot) {
    case REMOTE_SLOT_PROBE:
        remote->is_answering = remote->is_answering || answer != NULL;
        err = remote_try_connect(remote);
        break;
    case REMOTE_SLOT_SYNC:
        err = remote_sync_answered(remote, answer);
        break;
    default:
        err = remote_work_answered(remote, &work, answer);
        break;
    }
    return err == ERR_NONE ? remote_pump(remote) : err;
}

enum err remote_on_timeout(struct remote_venue *remote, size_t slot)
{
    if (slot >= REMOTE_SLOTS || remote->slots[slot].token == 0) {
        return ERR_NONE; /* It was answered while the timer was on its way. */
    }
    struct text nothing = {0};
    const enum err err = message_post_wire(remote->context, remote->port, MESSAGE_WIRE_FORGET,
                                           remote->slots[slot].token, &nothing);
    return err == ERR_NONE ? remote_conclude(remote, slot, NULL) : err;
}

/* An answer that asks for patience or says nothing certain counts as none. */
static bool remote_is_telling(struct remote_venue *remote, const struct wire_answer *answer)
{
    if (answer->code == WIRE_RATE_LIMITED) {
        const int64_t until_ns =
            instant_add(context_now(remote->context), answer->retry_after_ms * NS_PER_MS);
        if (until_ns > remote->pause_until_ns) {
            remote->pause_until_ns = until_ns;
        }
        return true; /* Certain: it was not carried out. */
    }
    return answer->code != WIRE_SERVER_ERROR;
}

enum err remote_on_answer(struct remote_venue *remote, const struct message_wire *wire)
{
    size_t slot = 0;
    while (slot < REMOTE_SLOTS && remote->slots[slot].token != wire->token) {
        slot++;
    }
    if (slot == REMOTE_SLOTS || wire->token == 0) {
        return ERR_NONE; /* Too late: it counts as unanswered. */
    }
    struct arena arena;
    arena_init(&arena, WIRE_ARENA_BYTES_MAX);
    struct wire_answer answer;
    struct failure failure = {.text = "it belongs to another request"};
    enum err err;
    if (wire_parse_answer(wire->bytes, wire->size, &arena, &answer, &failure) != ERR_NONE ||
        answer.id != (int64_t)wire->token) {
        log_line(LOG_WARNING, remote->section->name, "an answer cannot be read: %s", failure.text);
        err = remote_conclude(remote, slot, NULL);
    } else {
        remote_hear(remote, answer.clock_ns, answer.time_ns);
        err = remote_conclude(remote, slot, remote_is_telling(remote, &answer) ? &answer : NULL);
    }
    arena_done(&arena);
    return err;
}
