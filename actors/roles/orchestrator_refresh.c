#include <stdlib.h>

#include "actors/roles/orchestrator_parts.h"

enum { OWNER_CONFIG_BYTES_MAX = 1 << 20 }; /* What an executor keeps of its configuration. */

/* ---- What an executor has beside its entry ---- */

void executor_owner_destroy(struct executor_owner *owner)
{
    if (owner != NULL) {
        executor_past_destroy(owner->past);
        arena_done(&owner->arena);
        free(owner);
    }
}

struct executor_owner *executor_owner_create(void)
{
    struct executor_owner *owner = calloc(1, sizeof(*owner));
    if (owner != NULL) {
        arena_init(&owner->arena, OWNER_CONFIG_BYTES_MAX);
    }
    return owner;
}

struct executor_owner *executor_owner_of(struct executor_entry *entry)
{
    if (entry->owner == NULL) {
        entry->owner = executor_owner_create();
    }
    return entry->owner;
}

/* ---- Fresh reports ---- */

enum err refresh_on_message(struct orchestrator *orch, const struct message_refresh *refresh,
                            struct actor_ref sender)
{
    const struct waiting_answer to = {.ticket = refresh->ticket, .to = sender};
    enum err err = answers_prepare(orch);
    const uint32_t number = roster_find(orch, refresh->executor_id);
    struct executor_entry *entry = number != 0 ? roster_get(orch, number) : NULL;
    if (err != ERR_NONE || entry == NULL || entry->status == EXECUTOR_TERMINATED ||
        orch->is_finishing || orch->answer_count >= ACTIONS_WAITING_MAX) {
        return err == ERR_NONE ? answers_send(orch, &to) : err;
    }
    struct executor_owner *owner = executor_owner_of(entry);
    if (owner == NULL) {
        return ERR_MEMORY;
    }
    if (!actor_ref_is_nobody(owner->refresh.to)) {
        return answers_send(orch, &to); /* One is under way: what is there is fresh enough. */
    }
    owner->refresh = to;
    err = message_post(orch->context, entry->host, MESSAGE_REPORT_WANTED, orch->now_ns, NULL, 0);
    return err == ERR_NONE ? roster_touch(orch, number) : err;
}

enum err refresh_on_report(struct orchestrator *orch, struct executor_owner *owner)
{
    if (actor_ref_is_nobody(owner->refresh.to)) {
        return ERR_NONE;
    }
    struct waiting_answer to = owner->refresh;
    owner->refresh = (struct waiting_answer){0};
    if (orch->answer_count < ACTIONS_WAITING_MAX) {
        to.seq = orch->seq;
    }
    return answers_send(orch, &to);
}
