#include "tests/simulation/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/risk_request.h"
#include "base/instant.h"
#include "executors/registry.h"
#include "tests/simulation/draft.h"
#include "tests/simulation/surroundings.h"
#include "tests/simulation/trace.h"

enum { OUTSIDE_EVENTS_MAX = 1 << 16 };

uint64_t outside_checksum(const char *text, size_t length)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
    }
    return sum != 0 ? sum : 1;
}

/* ---- Deeds ---- */

static int deed_compare(const void *a, const void *b)
{
    const struct deed *first = a;
    const struct deed *second = b;
    return first->at_ns < second->at_ns ? -1 : first->at_ns > second->at_ns ? 1 : 0;
}

static enum deed_kind outside_draw_kind(struct outside *outside)
{
    static const enum deed_kind actions[] = {DEED_CREATE, DEED_CREATE, DEED_UPDATE,
                                             DEED_STOP,   DEED_STORE,  DEED_AGAIN};
    static const enum deed_kind risks[] = {DEED_HALT, DEED_REDUCE, DEED_RESUME};
    return prng_below(&outside->prng, 3) < 2 ? actions[prng_below(&outside->prng, 6)]
                                             : risks[prng_below(&outside->prng, 3)];
}

void outside_init(struct outside *outside, const struct plan *plan, uint64_t seed)
{
    prng_init(&outside->prng, seed ^ UINT64_C(0x6f757473));
    outside->published = calloc(OUTSIDE_EVENTS_MAX, sizeof(*outside->published));
    ASSERT(outside->published != NULL);
    outside->deed_count = (size_t)prng_below(&outside->prng, OUTSIDE_DEEDS_MAX + 1);
    struct draft draft = {.prng = &outside->prng, .start_s = plan->start_s};
    for (size_t i = 0; i < outside->deed_count; i++) {
        struct deed *deed = &outside->deeds[i];
        *deed = (struct deed){.kind = outside_draw_kind(outside),
                              .at_ns = prng_between(&outside->prng, 0, plan->calm_ns - 1)};
        if (i == 0 && prng_below(&outside->prng, 3) == 0) {
            deed->kind = DEED_END;
        }
        draft.out = &deed->config;
        (void)draft_executor(&draft, (size_t)prng_below(&outside->prng, executor_kind_count()),
                             NULL);
    }
    qsort(outside->deeds, outside->deed_count, sizeof(outside->deeds[0]), deed_compare);
    for (size_t i = 0; i < outside->deed_count; i++) {
        (void)snprintf(outside->deeds[i].id, sizeof(outside->deeds[i].id), "deed-%zu", i);
        outside->deeds[i].outside = outside;
    }
}

void outside_done(struct outside *outside)
{
    for (size_t i = 0; i < outside->deed_count; i++) {
        text_done(&outside->deeds[i].config);
    }
    free(outside->published);
    outside->published = NULL;
}

int64_t outside_next(const struct outside *outside)
{
    return outside->next_deed < outside->deed_count ? outside->deeds[outside->next_deed].at_ns
                                                    : INSTANT_NEVER;
}

/* ---- Actions ---- */

/* Whether the run remembers such an answer: the others say "try again". */
static bool outside_is_remembered(const struct link_answer *answer)
{
    return answer->is_accepted ||
           (strcmp(answer->code, "no_quotes") != 0 && strcmp(answer->code, "busy") != 0 &&
            strcmp(answer->code, "stopping") != 0);
}

static void outside_on_answer(void *context, const struct link_answer *answer)
{
    struct deed *deed = context;
    if (answer == NULL || !outside_is_remembered(answer)) {
        return;
    }
    trace_line("outside", "%s: %s%s %s", deed->id, answer->is_accepted ? "accepted" : "refused ",
               answer->code, answer->executor_id);
    if (deed->is_answered && (deed->is_accepted != answer->is_accepted ||
                              strcmp(deed->executor_id, answer->executor_id) != 0)) {
        verdict_set(deed->outside->verdict, "action %s: answered %s %s, then %s %s", deed->id,
                    deed->is_accepted ? "accepted" : "refused", deed->executor_id,
                    answer->is_accepted ? "accepted" : "refused", answer->executor_id);
    }
    deed->is_answered = true;
    deed->is_accepted = answer->is_accepted;
    (void)snprintf(deed->code, sizeof(deed->code), "%s", answer->code);
    (void)snprintf(deed->executor_id, sizeof(deed->executor_id), "%s", answer->executor_id);
}

static void outside_submit(struct outside *outside, struct deed *deed)
{
    const char *config = text_string(&deed->config);
    struct action action = {0};
    if (deed->kind == DEED_CREATE) {
        action = action_create(deed->id, NULL, config);
    } else if (deed->kind == DEED_UPDATE) {
        action = action_update(deed->id, deed->target, "{\"volatility\":\"0.01\"}");
    } else if (deed->kind == DEED_STOP) {
        action = action_stop(deed->id, deed->target, (outside->deed_count & 1) == 0);
    } else {
        action = action_store(deed->id, deed->target);
    }
    trace_line("outside", "%s: %s %s", deed->id, field_name_of(action_kind_names, (int)action.kind),
               deed->target);
    deed->is_sent = true;
    (void)!run_submit(outside->run, &action, outside_on_answer, deed);
}

static void outside_act(struct outside *outside, struct deed *deed)
{
    if (outside->run == NULL || !chance_takes_place(outside->chances, CHANCE_ACTIONS)) {
        return;
    }
    if (deed->kind == DEED_AGAIN) {
        const size_t other = (size_t)prng_below(&outside->prng, outside->deed_count);
        if (outside->deeds[other].is_sent &&
            chance_takes_place(outside->chances, CHANCE_ACTIONS_AGAIN)) {
            outside_submit(outside, &outside->deeds[other]);
        }
        return;
    }
    if (deed->kind != DEED_CREATE) {
        const char *target =
            outside->executor_count > 0
                ? outside->executors[prng_below(&outside->prng, outside->executor_count)]
                : "nobody";
        (void)snprintf(deed->target, sizeof(deed->target), "%s", target);
    }
    outside_submit(outside, deed);
}

/* ---- Risk ---- */

static void outside_set_risk(struct outside *outside, enum risk_state state)
{
    if (outside->run == NULL) {
        return;
    }
    const struct message_risk request =
        risk_request_make(state, RISK_SCOPE_GLOBAL, "the world wants it", "outside");
    trace_line("outside", "risk state %d", (int)state);
    if (state != RISK_HALTED) {
        witness_on_resume(outside->witness);
    }
    (void)!run_set_risk(outside->run, &request);
}

static void outside_do(struct outside *outside, struct deed *deed)
{
    static const enum risk_state states[DEED_COUNT] = {
        [DEED_HALT] = RISK_HALTED, [DEED_REDUCE] = RISK_REDUCING, [DEED_RESUME] = RISK_ACTIVE};
    if (deed->kind == DEED_END) {
        if (outside->run != NULL && chance_takes_place(outside->chances, CHANCE_STOP_EARLY)) {
            trace_line("outside", "stops the run early");
            (void)!run_stop(outside->run, SHUTDOWN_SIGNAL);
        }
    } else if (states[deed->kind] == 0) {
        outside_act(outside, deed);
    } else if (chance_takes_place(outside->chances, CHANCE_RISK)) {
        outside_set_risk(outside, states[deed->kind]);
    }
}

void outside_move(struct outside *outside, int64_t now_ns)
{
    outside->now_ns = now_ns;
    while (outside_next(outside) <= now_ns) {
        outside_do(outside, &outside->deeds[outside->next_deed++]);
    }
}

void outside_calm(struct outside *outside)
{
    outside_set_risk(outside, RISK_ACTIVE);
    for (size_t i = 0; i < outside->deed_count && outside->run != NULL; i++) {
        struct deed *deed = &outside->deeds[i];
        if (deed->is_sent && !deed->is_answered) {
            outside_submit(outside, deed);
        }
    }
}

void outside_meet(struct outside *outside, struct run *run)
{
    outside->run = run;
}

/* ---- Events ---- */

static void outside_remember(struct outside *outside, const char *json)
{
    static const char key[] = "\"executor_id\":\"";
    const char *id = strstr(json, key);
    if (id == NULL || outside->executor_count == OUTSIDE_IDS_MAX) {
        return;
    }
    id += sizeof(key) - 1;
    (void)snprintf(outside->executors[outside->executor_count++], ACTION_ID_MAX + 1, "%.*s",
                   (int)strcspn(id, "\""), id);
}

void outside_on_event(void *context, const char *topic, const char *json)
{
    static const char data_key[] = ",\"data\":";
    static const char seq_key[] = "\"seq\":";
    struct outside *outside = ((const struct surroundings *)context)->outside;
    const char *data = strstr(json, data_key);
    const char *number = strstr(json, seq_key);
    ASSERT(data != NULL && number != NULL);
    data += sizeof(data_key) - 1;
    const uint64_t seq = strtoull(number + sizeof(seq_key) - 1, NULL, 10);
    trace_line("event", "%llu %s %.200s", (unsigned long long)seq, topic, data);
    ASSERT(seq > 0 && seq < OUTSIDE_EVENTS_MAX);
    const uint64_t sum = outside_checksum(data, strlen(data) - 1);
    if (outside->published[seq] != 0 && outside->published[seq] != sum) {
        verdict_set(outside->verdict, "published: event %llu again, with other data: %s %.200s",
                    (unsigned long long)seq, topic, data);
    }
    outside->published[seq] = sum;
    outside->published_count = seq > outside->published_count ? seq : outside->published_count;
    if (strcmp(topic, "executor.created") == 0) {
        outside_remember(outside, json);
    } else if (strcmp(topic, "risk.state") == 0 && strstr(data, "\"scope\":\"global\"") != NULL) {
        if (strstr(data, "\"state\":\"HALTED\"") != NULL) {
            witness_on_halt(outside->witness);
        } else {
            witness_on_resume(outside->witness);
        }
    }
}
