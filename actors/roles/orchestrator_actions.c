#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/run_rates.h"
#include "base/log.h"

enum {
    ACTION_TREE_BYTES_MAX = 8 << 20, /* While one is parsed. */
    ACTION_TEXT_MAX = 4096,          /* Of an answer; more problems are cut off. */
};

#define ACTION_CODE_DEFINE(code, doc) static const char CODE_##code[] = #code;
ACTION_CODES(ACTION_CODE_DEFINE)
#undef ACTION_CODE_DEFINE

/* An action at work: what it says and what becomes of it. */
struct verdict {
    const struct action *action;
    const char *code;                  /* Static; "" while nothing speaks against it. */
    struct text text;                  /* Owned: the words to the code. */
    char action_id[ACTION_ID_MAX + 1]; /* Given or made. */
    char executor_id[ACTION_ID_MAX + 1];
    uint32_t executor; /* Number; 0: none. */
    /* Create: what is to be created. */
    struct executor_section section;
    struct executor_owner *owner; /* Owned until the executor has it. */
    /* Update: the parsed struct, in the arena. */
    struct arena arena;
    void *update;
};

static void verdict_refuse(struct verdict *verdict, const char *code, const char *text)
{
    verdict->code = code;
    text_clear(&verdict->text);
    text_append_string(&verdict->text, text);
}

/* Refuses what was read with `err` with all lines there is room for; ERR_MEMORY is no problem. */
static enum err verdict_take_problems(struct verdict *verdict, enum err err, const char *code,
                                      const struct problems *problems)
{
    if (err == ERR_NONE || err == ERR_MEMORY) {
        return err;
    }
    verdict->code = code;
    text_clear(&verdict->text);
    const size_t length = problems->lines.length;
    text_append(&verdict->text, text_string(&problems->lines),
                length < ACTION_TEXT_MAX ? length : ACTION_TEXT_MAX);
    while (verdict->text.length > 0 && verdict->text.data[verdict->text.length - 1] == '\n') {
        verdict->text.data[--verdict->text.length] = '\0';
    }
    return ERR_NONE;
}

static bool verdict_is_refused(const struct verdict *verdict)
{
    return verdict->code[0] != '\0';
}

/* ---- Journal ---- */

static enum err actions_journal(struct orchestrator *orch, const struct verdict *verdict)
{
    struct text request = {0};
    action_print(verdict->action, &request);
    if (text_failed(&request)) {
        text_done(&request);
        return ERR_MEMORY;
    }
    const bool is_refused = verdict_is_refused(verdict);
    const char *controller = verdict->action->controller_id;
    if (verdict->section.config != NULL) {
        controller = verdict->section.config->controller_id;
    } else if (verdict->executor != 0) {
        controller = roster_get(orch, verdict->executor)->config->controller_id;
    }
    struct record record = {
        .kind = is_refused ? RECORD_ACTION_REJECTED : RECORD_ACTION_ACCEPTED,
        .has_more = !is_refused && verdict->action->kind == ACTION_CREATE, /* The executor. */
        .controller_id = controller != NULL ? controller : "",
        .executor_id = verdict->executor_id,
        .data.action = {.action_id = verdict->action_id,
                        .action = field_name_of(action_kind_names, (int)verdict->action->kind),
                        .code = verdict->code,
                        .message = text_string(&verdict->text),
                        .request = text_string(&request),
                        .actor = verdict->action->actor != NULL ? verdict->action->actor
                                                                : ORIGIN_PROGRAM}};
    const enum err err = journal_add(orch, &record);
    text_done(&request);
    return err;
}

/* An accepted action has come to its end: code "" or what became of it. */
static enum err actions_complete(struct orchestrator *orch, uint32_t *number, const char *code,
                                 const char *text)
{
    if (*number == 0) {
        return ERR_NONE;
    }
    const struct action_entry *entry = answers_get(orch, *number);
    *number = 0;
    const uint32_t executor = roster_find(orch, entry->executor_id);
    struct record record = {
        .kind = RECORD_ACTION_COMPLETED,
        .controller_id = executor != 0 ? roster_get(orch, executor)->config->controller_id : "",
        .executor_id = entry->executor_id,
        .data.action = {.action_id = entry->id,
                        .action = field_name_of(action_kind_names, (int)entry->kind),
                        .code = code,
                        .message = text}};
    return journal_add(orch, &record);
}

/* ---- Create ---- */

/* A second market in another quote asset needs a rate that is known. */
static void actions_check_rate(struct orchestrator *orch, struct verdict *verdict,
                               const struct instrument *instrument, const struct instrument **first)
{
    char text[RUN_RATE_TEXT_MAX];
    *first = *first != NULL ? *first : instrument;
    run_rates_explain(orch->given.config, instrument->quote, (*first)->quote, text);
    if (text[0] != '\0') {
        verdict_refuse(verdict, CODE_invalid_config, "");
        text_printf(&verdict->text, "executor_config.selling_market: %s", text);
        return;
    }
    const struct rate_source rate =
        run_rates_between(orch->given.config, instrument->quote, (*first)->quote);
    if (!decimal_is_valid(books_rate(orch, &rate)) || !books_can_value(orch, instrument->index)) {
        verdict_refuse(verdict, CODE_no_quotes,
                       "the rate of its quote asset has no quote yet: try again when its feed has "
                       "begun");
    }
}

/* The problems of a configuration that only a run file may have, or that this run cannot serve. */
static void actions_check_section(struct orchestrator *orch, struct verdict *verdict)
{
    const struct executor_section *section = &verdict->section;
    if (section->config->has_start_at || section->config->repeat != 1) {
        verdict_refuse(verdict, CODE_invalid_config,
                       "executor_config: start_at and repeat belong into a run file: send the "
                       "action when the executor is to start");
        return;
    }
    const struct instrument *first = NULL;
    for (uint32_t i = 0; i < section->kind->market_count; i++) {
        const char *connector;
        const char *pair;
        section->kind->market(section->config, i, &connector, &pair);
        const struct instrument *instrument =
            run_config_find_instrument(orch->given.config, connector, pair);
        if (instrument == NULL || !orch->is_marked[instrument->index]) {
            verdict_refuse(verdict, instrument == NULL ? CODE_invalid_config : CODE_no_quotes, "");
            text_printf(&verdict->text,
                        instrument == NULL
                            ? "executor_config.trading_pair: this run has no instrument \"%s\" on "
                              "venue \"%s\": see its instruments"
                            : "no quote of \"%s\" on \"%s\" has come yet: try again when its feed "
                              "has begun",
                        pair, connector);
            return;
        }
        actions_check_rate(orch, verdict, instrument, &first);
    }
}

/* Parses the configuration into the memory that the executor will own. */
static enum err actions_read_config(struct verdict *verdict)
{
    verdict->owner = executor_owner_create();
    if (verdict->owner == NULL) {
        return ERR_MEMORY;
    }
    const char *json = verdict->action->executor_config;
    struct problems problems;
    problems_init(&problems, "executor_config");
    const struct node *root;
    enum err err = node_read_json("executor_config", json, strlen(json), NODE_DEPTH_CONTROL_MAX,
                                  &verdict->arena, &problems, &root);
    if (err == ERR_NONE) {
        err = factory_parse(root, "", &verdict->owner->arena, &problems, &verdict->section.kind,
                            &verdict->section.config);
    }
    err = verdict_take_problems(verdict, err, CODE_invalid_config, &problems);
    problems_done(&problems);
    return err;
}

/* The ids that the action gives, that the configuration gives, or that are made. */
static enum err actions_name_executor(struct orchestrator *orch, struct verdict *verdict)
{
    const char *id = verdict->action->executor_id != NULL ? verdict->action->executor_id
                                                          : verdict->section.config->id;
    if (id != NULL) {
        (void)snprintf(verdict->executor_id, sizeof(verdict->executor_id), "%s", id);
    } else {
        configs_make_id(orch, verdict->executor_id);
    }
    const char *controller = verdict->action->controller_id;
    verdict->owner->controller_id =
        controller != NULL ? arena_copy(&verdict->owner->arena, controller, strlen(controller))
                           : verdict->section.config->controller_id;
    return verdict->owner->controller_id != NULL ? ERR_NONE : ERR_MEMORY;
}

static enum err actions_judge_create(struct orchestrator *orch, struct verdict *verdict)
{
    enum err err = actions_read_config(verdict);
    if (err == ERR_NONE && !verdict_is_refused(verdict)) {
        err = actions_name_executor(orch, verdict);
    }
    if (err != ERR_NONE || verdict_is_refused(verdict)) {
        return err;
    }
    if (roster_is_known(orch, verdict->executor_id)) {
        verdict_refuse(verdict, CODE_executor_exists,
                       "the id was used before in this run: choose another, or leave it out");
        return ERR_NONE;
    }
    if (orch->executor_count >= RUN_EXECUTORS_MAX) {
        verdict_refuse(verdict, CODE_too_many_executors,
                       "the run holds no more executors: start a new run");
        return ERR_NONE;
    }
    actions_check_section(orch, verdict);
    struct risk_verdict risk;
    if (!verdict_is_refused(verdict) &&
        !guard_check_create(orch, &verdict->section, verdict->owner->controller_id, &risk)) {
        orch->denied[risk.code]++;
        verdict_refuse(verdict, deny_name(risk.code), deny_doc(risk.code));
    }
    return ERR_NONE;
}

static enum err actions_carry_create(struct orchestrator *orch, struct verdict *verdict,
                                     uint32_t number)
{
    verdict->owner->create_action = number;
    const struct roster_origin origin = {.id = verdict->executor_id, .owner = verdict->owner};
    verdict->owner = NULL; /* The executor has it, also when the rest fails. */
    return roster_create(orch, &verdict->section, &origin);
}

/* ---- Stop, store, update ---- */

/* The executor that the action names; refuses when there is none. */
static struct executor_entry *actions_subject(struct orchestrator *orch, struct verdict *verdict)
{
    verdict->executor = roster_find(orch, verdict->executor_id);
    if (verdict->executor == 0) {
        verdict_refuse(verdict, CODE_unknown_executor,
                       "no executor of this run has that id, or it was not created yet");
        return NULL;
    }
    return roster_get(orch, verdict->executor);
}

static enum err actions_judge_stop(struct orchestrator *orch, struct verdict *verdict)
{
    struct executor_entry *entry = actions_subject(orch, verdict);
    if (entry == NULL) {
        return ERR_NONE;
    }
    struct executor_owner *owner = executor_owner_of(entry);
    if (owner == NULL) {
        return ERR_MEMORY;
    }
    if (entry->status == EXECUTOR_SHUTTING_DOWN || entry->status == EXECUTOR_TERMINATED ||
        owner->stop_action != 0) {
        verdict_refuse(verdict, CODE_not_running,
                       entry->status == EXECUTOR_TERMINATED ? "the executor has ended already"
                                                            : "the executor is stopping already");
    }
    return ERR_NONE;
}

static enum err actions_carry_stop(struct orchestrator *orch, struct verdict *verdict,
                                   uint32_t number)
{
    struct executor_entry *entry = roster_get(orch, verdict->executor);
    entry->owner->stop_action = number;
    return roster_stop(orch, verdict->executor, verdict->action->keep_position);
}

static enum err actions_judge_store(struct orchestrator *orch, struct verdict *verdict)
{
    struct executor_entry *entry = actions_subject(orch, verdict);
    if (entry == NULL) {
        return ERR_NONE;
    }
    if (entry->status != EXECUTOR_TERMINATED) {
        verdict_refuse(verdict, CODE_not_ended,
                       "the executor is still active: stop it, and store it when it has ended");
    } else if (entry->is_stored) {
        verdict_refuse(verdict, CODE_already_stored, "the executor was stored before");
    }
    return ERR_NONE;
}

static enum err actions_carry_store(struct orchestrator *orch, struct verdict *verdict,
                                    uint32_t number)
{
    roster_get(orch, verdict->executor)->is_stored = true;
    uint32_t completed = number;
    return actions_complete(orch, &completed, "", "");
}

static enum err actions_read_update(const struct executor_kind *kind, struct verdict *verdict)
{
    const char *json = verdict->action->update_data;
    struct problems problems;
    problems_init(&problems, "update_data");
    const struct node *root;
    verdict->update = arena_take(&verdict->arena, kind->update_size);
    enum err err = verdict->update == NULL
                       ? ERR_MEMORY
                       : node_read_json("update_data", json, strlen(json), NODE_DEPTH_CONTROL_MAX,
                                        &verdict->arena, &problems, &root);
    if (err == ERR_NONE) {
        err = field_parse(kind->update_fields, root, "", verdict->update, kind->update_size,
                          &verdict->arena, &problems);
    }
    err = verdict_take_problems(verdict, err, CODE_invalid_update, &problems);
    problems_done(&problems);
    return err;
}

static enum err actions_judge_update(struct orchestrator *orch, struct verdict *verdict)
{
    struct executor_entry *entry = actions_subject(orch, verdict);
    if (entry == NULL) {
        return ERR_NONE;
    }
    struct executor_owner *owner = executor_owner_of(entry);
    if (owner == NULL) {
        return ERR_MEMORY;
    }
    if (entry->kind->update_fields == NULL) {
        verdict_refuse(verdict, CODE_not_updatable,
                       "this kind of executor cannot change while it runs: stop it and create "
                       "another");
    } else if (entry->status != EXECUTOR_RUNNING && entry->status != EXECUTOR_NOT_STARTED) {
        verdict_refuse(verdict, CODE_not_running, "the executor is stopping or has ended");
    } else if (owner->update_action != 0) {
        verdict_refuse(verdict, CODE_busy, "an update of this executor is under way");
    } else {
        return actions_read_update(entry->kind, verdict);
    }
    return ERR_NONE;
}

static enum err actions_carry_update(struct orchestrator *orch, struct verdict *verdict,
                                     uint32_t number)
{
    struct executor_entry *entry = roster_get(orch, verdict->executor);
    entry->owner->update_action = number;
    const enum err err = message_post(orch->context, entry->host, MESSAGE_EXECUTOR_UPDATE,
                                      orch->now_ns, verdict->update, entry->kind->update_size);
    return err == ERR_NONE ? roster_touch(orch, verdict->executor) : err;
}

/* ---- The four of them ---- */

static const struct {
    /* Refuses or prepares; an error is one of the run's own. */
    enum err (*judge)(struct orchestrator *orch, struct verdict *verdict);
    /* Does it; `number` is what the action is remembered by. */
    enum err (*carry)(struct orchestrator *orch, struct verdict *verdict, uint32_t number);
} actions_table[] = {
    [ACTION_CREATE] = {actions_judge_create, actions_carry_create},
    [ACTION_STOP] = {actions_judge_stop, actions_carry_stop},
    [ACTION_STORE] = {actions_judge_store, actions_carry_store},
    [ACTION_UPDATE] = {actions_judge_update, actions_carry_update},
};

static bool actions_ids_fit(const struct action *action)
{
    return (action->action_id == NULL || executor_id_is_valid(action->action_id)) &&
           (action->executor_id == NULL || executor_id_is_valid(action->executor_id)) &&
           (action->controller_id == NULL || controller_id_is_valid(action->controller_id));
}

/* What keeps the run from taking in anything now. */
static void actions_check_room(const struct orchestrator *orch, struct verdict *verdict)
{
    if (orch->is_stopping || orch->is_finishing) {
        verdict_refuse(verdict, CODE_stopping, "the run is ending: it takes no more actions");
    } else if (orch->action_count >= ACTIONS_MAX) {
        verdict_refuse(verdict, CODE_too_many_actions,
                       "the run remembers no more actions: start a new one");
    } else if (!orch->is_begun) {
        /* The journal begins with the run, not with an answer: else no start could go on with it.
         */
        verdict_refuse(verdict, CODE_busy, "the run has not begun yet: try again in a moment");
    } else if (journal_is_behind(orch) || orch->answer_count >= ACTIONS_WAITING_MAX) {
        verdict_refuse(verdict, CODE_busy, "the journal is behind: try again in a moment");
    } else if (!actions_ids_fit(verdict->action)) {
        verdict_refuse(verdict, CODE_invalid_action,
                       "ids have 1 to 63 characters of [A-Za-z0-9_.-]");
    }
}

/* The ids as far as they fit; those that do not are refused later. */
static void actions_take_ids(struct orchestrator *orch, struct verdict *verdict)
{
    const struct action *action = verdict->action;
    if (action->action_id == NULL) {
        configs_make_id(orch, verdict->action_id);
    } else if (strlen(action->action_id) <= ACTION_ID_MAX) {
        (void)snprintf(verdict->action_id, sizeof(verdict->action_id), "%s", action->action_id);
    }
    if (action->executor_id != NULL && strlen(action->executor_id) <= ACTION_ID_MAX) {
        (void)snprintf(verdict->executor_id, sizeof(verdict->executor_id), "%s",
                       action->executor_id);
    }
}

/* What the verdict says, as it is answered; the text is the verdict's. */
static struct action_entry actions_entry(struct verdict *verdict)
{
    text_append(&verdict->text, "", 0);
    struct action_entry entry = {.kind = verdict->action->kind, .text = verdict->text.data};
    (void)snprintf(entry.code, sizeof(entry.code), "%s", verdict->code);
    memcpy(entry.id, verdict->action_id, sizeof(entry.id));
    memcpy(entry.executor_id, verdict->executor_id, sizeof(entry.executor_id));
    return entry;
}

/* Journals the answer, remembers it and does what was accepted. */
static enum err actions_settle(struct orchestrator *orch, struct verdict *verdict,
                               struct waiting_answer *to)
{
    const struct action_entry entry = actions_entry(verdict);
    enum err err = text_failed(&verdict->text) ? ERR_MEMORY : actions_journal(orch, verdict);
    if (err == ERR_NONE) {
        err = answers_remember(orch, &entry, &to->action);
    }
    if (err == ERR_NONE && !verdict_is_refused(verdict)) {
        err = actions_table[verdict->action->kind].carry(orch, verdict, to->action);
    }
    if (err == ERR_NONE) {
        to->seq = orch->seq;
        answers_get(orch, to->action)->seq = orch->seq;
        err = answers_send(orch, to);
    }
    return err;
}

/* Answers of these codes are not remembered: the same action may be tried again later. */
static bool actions_is_turned_away(const struct verdict *verdict)
{
    return verdict->code == CODE_busy || verdict->code == CODE_stopping ||
           verdict->code == CODE_no_quotes || verdict->code == CODE_memory ||
           verdict->code == CODE_too_many_actions || verdict->code == CODE_invalid_action ||
           verdict->code == CODE_action_id_used;
}

static enum err actions_take(struct orchestrator *orch, struct verdict *verdict,
                             struct waiting_answer *to)
{
    enum err err = answers_prepare(orch);
    if (err != ERR_NONE) {
        return err;
    }
    actions_take_ids(orch, verdict);
    actions_check_room(orch, verdict);
    to->action = answers_find(orch, verdict->action_id);
    if (to->action != 0 && !answers_is_of(orch, to->action, verdict->action)) {
        verdict_refuse(verdict, CODE_action_id_used, "the action id belongs to another action");
    } else if (to->action != 0 && orch->answer_count < ACTIONS_WAITING_MAX) {
        to->seq = answers_get(orch, to->action)->seq;
        return answers_send(orch, to);
    }
    if (!verdict_is_refused(verdict)) {
        err = actions_table[verdict->action->kind].judge(orch, verdict);
    }
    if (err == ERR_MEMORY || text_failed(&verdict->text)) {
        verdict_refuse(verdict, CODE_memory, "no memory to judge it: try again in a moment");
        err = ERR_NONE;
    }
    if (err == ERR_NONE && actions_is_turned_away(verdict)) {
        const struct action_entry entry = actions_entry(verdict);
        return answers_send_now(orch, &entry, to);
    }
    return err == ERR_NONE ? actions_settle(orch, verdict, to) : err;
}

enum err actions_on_action(struct orchestrator *orch, const struct message_action *message,
                           struct actor_ref sender)
{
    struct verdict verdict = {.action = &message->action, .code = ""};
    arena_init(&verdict.arena, ACTION_TREE_BYTES_MAX);
    struct waiting_answer to = {.ticket = message->ticket, .to = sender};
    const enum err err = actions_take(orch, &verdict, &to);
    executor_owner_destroy(verdict.owner);
    arena_done(&verdict.arena);
    text_done(&verdict.text);
    return err;
}

/* ---- What becomes of them ---- */

enum err actions_on_report(struct orchestrator *orch, struct executor_entry *entry,
                           const struct message_report *report)
{
    struct executor_owner *owner = entry->owner;
    if (owner == NULL) {
        return ERR_NONE;
    }
    const enum err refreshed = refresh_on_report(orch, owner);
    if (refreshed != ERR_NONE) {
        return refreshed;
    }
    if (report->cause == REPORT_REFUSED) {
        return actions_complete(orch, &owner->update_action, CODE_update_refused,
                                "the executor refused the values: nothing has changed");
    }
    if (report->cause == REPORT_UPDATED) {
        return actions_complete(orch, &owner->update_action, "", "");
    }
    const bool has_ended = entry->status == EXECUTOR_TERMINATED;
    const char *close_type =
        has_ended ? record_close_type_name((int)report->figures.close_type) : "";
    enum err err = actions_complete(orch, &owner->create_action, close_type, "");
    if (err == ERR_NONE && has_ended) {
        err = actions_complete(orch, &owner->stop_action, close_type, "");
    }
    if (err == ERR_NONE && has_ended) {
        err = actions_complete(orch, &owner->update_action, CODE_not_running,
                               "the executor ended before");
    }
    return err;
}

enum err actions_on_rebuilt(struct orchestrator *orch, struct executor_entry *entry)
{
    return actions_complete(orch, &entry->owner->update_action, CODE_update_refused,
                            "the executor failed and goes on without the values: nothing has "
                            "changed, send the update again");
}

/* ---- After a restart ---- */

/* The request of an action that is not completed, as it was accepted. */
static enum err actions_read_again(const struct action_entry *entry, struct arena *arena,
                                   struct action *ret_action)
{
    struct problems problems;
    problems_init(&problems, "request");
    const struct node *root;
    const char *json = entry->request != NULL ? entry->request : "";
    enum err err =
        node_read_json("request", json, strlen(json), NODE_DEPTH_MAX, arena, &problems, &root);
    if (err == ERR_NONE) {
        err = action_parse(root, "", arena, &problems, ret_action);
    }
    problems_done(&problems);
    return err;
}

static enum err actions_carry_again(struct orchestrator *orch, uint32_t executor, uint32_t number)
{
    if (answers_get(orch, number)->request == NULL) {
        return ERR_NONE; /* Accepted since the restart: it was carried out then. */
    }
    struct action action;
    struct verdict verdict = {.action = &action, .code = "", .executor = executor};
    arena_init(&verdict.arena, ACTION_TREE_BYTES_MAX);
    enum err err = actions_read_again(answers_get(orch, number), &verdict.arena, &action);
    if (err == ERR_NONE && action.kind == ACTION_UPDATE) {
        err = actions_read_update(roster_get(orch, executor)->kind, &verdict);
    }
    if (err == ERR_NONE && !verdict_is_refused(&verdict)) {
        err = actions_table[action.kind].carry(orch, &verdict, number);
    }
    arena_done(&verdict.arena);
    text_done(&verdict.text);
    return err;
}

enum err actions_resume(struct orchestrator *orch, uint32_t number)
{
    const struct executor_owner *owner = roster_get(orch, number)->owner;
    enum err err = ERR_NONE;
    if (owner->update_action != 0) {
        err = actions_carry_again(orch, number, owner->update_action);
    }
    if (err == ERR_NONE && owner->stop_action != 0) {
        err = actions_carry_again(orch, number, owner->stop_action);
    }
    return err;
}
