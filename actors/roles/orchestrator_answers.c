#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_parts.h"

enum { ANSWERS_FIRST = 16 };

void answers_done(struct orchestrator *orch)
{
    for (uint32_t i = 0; i < orch->action_count; i++) {
        free(orch->actions[i]->text);
        free(orch->actions[i]->request);
        free(orch->actions[i]);
    }
    free(orch->actions);
    free(orch->answers);
    text_index_done(&orch->actions_by_id);
}

enum err answers_prepare(struct orchestrator *orch)
{
    if (orch->answers == NULL) {
        orch->answers = calloc(ACTIONS_WAITING_MAX, sizeof(*orch->answers));
        text_index_init(&orch->actions_by_id, orch->given.epoch);
    }
    return orch->answers != NULL ? ERR_NONE : ERR_MEMORY;
}

struct action_entry *answers_get(const struct orchestrator *orch, uint32_t number)
{
    ASSERT(number >= 1 && number <= orch->action_count);
    return orch->actions[number - 1];
}

uint32_t answers_find(const struct orchestrator *orch, const char *action_id)
{
    return action_id[0] != '\0' ? text_index_get(&orch->actions_by_id, action_id) : 0;
}

bool answers_is_of(const struct orchestrator *orch, uint32_t number, const struct action *action)
{
    const struct action_entry *entry = answers_get(orch, number);
    return entry->kind == action->kind &&
           (action->executor_id == NULL || strcmp(entry->executor_id, action->executor_id) == 0);
}

/* Room for one more; it doubles at each power of two. */
static enum err answers_reserve(struct orchestrator *orch)
{
    if ((orch->action_count & (orch->action_count - 1)) != 0) {
        return ERR_NONE;
    }
    const size_t capacity =
        orch->action_count != 0 ? (size_t)orch->action_count * 2 : ANSWERS_FIRST;
    struct action_entry **actions =
        realloc(orch->actions, capacity * sizeof(struct action_entry *));
    if (actions == NULL) {
        return ERR_MEMORY;
    }
    orch->actions = actions;
    return ERR_NONE;
}

enum err answers_remember(struct orchestrator *orch, const struct action_entry *answer,
                          uint32_t *ret_number)
{
    struct action_entry *entry = malloc(sizeof(*entry));
    if (entry == NULL) {
        return ERR_MEMORY;
    }
    *entry = *answer;
    entry->request = NULL;
    entry->text = strdup(answer->text);
    enum err err = entry->text != NULL ? answers_reserve(orch) : ERR_MEMORY;
    if (err == ERR_NONE) {
        err = text_index_set(&orch->actions_by_id, entry->id, orch->action_count + 1);
    }
    if (err != ERR_NONE) {
        free(entry->text);
        free(entry);
        return err;
    }
    orch->actions[orch->action_count++] = entry;
    *ret_number = orch->action_count;
    return ERR_NONE;
}

enum err answers_send_now(struct orchestrator *orch, const struct action_entry *entry,
                          const struct waiting_answer *to)
{
    /* Without memory for its text the code says it all the same. */
    const char *text = entry->text != NULL ? entry->text : "";
    const size_t size = strlen(text) + 1;
    nng_msg *message =
        message_create(MESSAGE_ANSWER, orch->now_ns, sizeof(struct message_answer) + size);
    if (message == NULL) {
        return ERR_MEMORY;
    }
    struct message_answer *answer = message_body(message);
    *answer = (struct message_answer){.ticket = to->ticket, .is_accepted = entry->code[0] == '\0'};
    memcpy(answer->code, entry->code, sizeof(answer->code));
    memcpy(answer->action_id, entry->id, sizeof(answer->action_id));
    memcpy(answer->executor_id, entry->executor_id, sizeof(answer->executor_id));
    memcpy(answer->texts, text, size);
    answer->text = answer->texts;
    const enum err err = context_send(orch->context, to->to, &message);
    message_destroy(message);
    return err == ERR_FULL ? ERR_NONE : err; /* Whoever cannot take answers in goes without. */
}

static enum err answers_send_due(struct orchestrator *orch, const struct waiting_answer *to)
{
    char empty[] = "";
    const struct action_entry plain = {.text = empty}; /* A refresh: it is done. */
    return answers_send_now(orch, to->action != 0 ? answers_get(orch, to->action) : &plain, to);
}

enum err answers_send(struct orchestrator *orch, const struct waiting_answer *to)
{
    if (to->seq <= orch->committed || orch->given.config->durability == DURABILITY_MEMORY) {
        return answers_send_due(orch, to);
    }
    ASSERT(orch->answer_count < ACTIONS_WAITING_MAX);
    orch->answers[(orch->answer_first + orch->answer_count++) % ACTIONS_WAITING_MAX] = *to;
    return ERR_NONE;
}

enum err answers_on_committed(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    while (err == ERR_NONE && orch->answer_count > 0) {
        const struct waiting_answer *next = &orch->answers[orch->answer_first];
        if (next->seq > orch->committed) {
            break;
        }
        err = answers_send_due(orch, next);
        orch->answer_first = (orch->answer_first + 1) % ACTIONS_WAITING_MAX;
        orch->answer_count--;
    }
    return err;
}

/* ---- After a restart ---- */

/* Where an executor keeps its pending action of a kind; NULL: it is none for long. */
static uint32_t *answers_pending(struct executor_owner *owner, enum action_kind kind)
{
    switch (kind) {
    case ACTION_CREATE:
        return &owner->create_action;
    case ACTION_STOP:
        return &owner->stop_action;
    case ACTION_UPDATE:
        return &owner->update_action;
    case ACTION_STORE:
        break;
    }
    return NULL;
}

static enum err answers_restore_accepted(struct orchestrator *orch, const struct record *record,
                                         uint32_t number)
{
    struct action_entry *entry = answers_get(orch, number);
    const uint32_t executor = roster_find(orch, entry->executor_id);
    if (executor == 0) {
        return ERR_NONE; /* It comes with the next record. */
    }
    if (entry->kind == ACTION_STORE) {
        roster_get(orch, executor)->is_stored = true;
    }
    uint32_t *pending = answers_pending(roster_get(orch, executor)->owner, entry->kind);
    if (pending == NULL || record->data.action.request == NULL) {
        return ERR_NONE;
    }
    *pending = number;
    entry->request = strdup(record->data.action.request);
    return entry->request != NULL ? ERR_NONE : ERR_MEMORY;
}

static void answers_restore_completed(struct orchestrator *orch, const char *action_id)
{
    const uint32_t number = answers_find(orch, action_id);
    const uint32_t executor =
        number != 0 ? roster_find(orch, answers_get(orch, number)->executor_id) : 0;
    if (executor == 0) {
        return;
    }
    struct action_entry *entry = answers_get(orch, number);
    uint32_t *pending = answers_pending(roster_get(orch, executor)->owner, entry->kind);
    if (pending != NULL && *pending == number) {
        *pending = 0;
    }
    free(entry->request);
    entry->request = NULL;
}

enum err answers_restore(struct orchestrator *orch, const struct record *record)
{
    const struct record_action *action = &record->data.action;
    if (record->kind == RECORD_ACTION_COMPLETED) {
        answers_restore_completed(orch, action->action_id);
        return ERR_NONE;
    }
    int kind = 0;
    char *text = strdup(action->message != NULL ? action->message : "");
    if (text == NULL) {
        return ERR_MEMORY;
    }
    struct action_entry answer = {.text = text, .seq = record->seq};
    (void)field_value_of(action_kind_names, action->action, &kind);
    answer.kind = (enum action_kind)kind;
    (void)snprintf(answer.id, sizeof(answer.id), "%s", action->action_id);
    (void)snprintf(answer.executor_id, sizeof(answer.executor_id), "%s", record->executor_id);
    (void)snprintf(answer.code, sizeof(answer.code), "%s", action->code);
    orch->denied[deny_find(action->code)]++; /* One that risk refused; else that of DENY_NONE. */
    uint32_t number;
    enum err err = answers_remember(orch, &answer, &number);
    free(text);
    if (err == ERR_NONE && record->kind == RECORD_ACTION_ACCEPTED) {
        err = answers_restore_accepted(orch, record, number);
    }
    return err;
}
